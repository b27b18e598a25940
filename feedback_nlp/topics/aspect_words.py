"""Which words mention which aspect: lists that are given, shipped, or found in the texts."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError, did_you_mean
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics.counts import distinct
from feedback_nlp.topics.matching import WordTree, find_in_rows
from feedback_nlp.topics.opinion_clauses import opinion_clauses
from feedback_nlp.topics.opinion_words import BASE, WEAK_KINDS, Running, find_cues, read_word_groups
from feedback_nlp.topics.stream import SUBJECT, Units, evaluative_words, units

if TYPE_CHECKING:
    from feedback_nlp.topics.themes import Themes

#: Lists that ship, ``data/aspects_NAME.txt``.
SHIPPED = ("car", "goods", "restaurant")
#: Found aspects at most, and candidates that are looked at.
MAX_ASPECTS, MAX_CANDIDATES = 40, 400
#: A word is an aspect if so many texts mention it, this share of them, and if opinions stand in its clauses so often.
MIN_DOCUMENTS, MIN_SHARE, MIN_OPINIONATED = 2, 0.003, 0.35


@dataclass(frozen=True, eq=False)
class AspectWords:
    """The words of all aspects.

    names: the aspects, in order. words: distinct words. word, aspect: int64 (n,), pairs of positions in the two, ascending.
    tree: of the words. less: bool (n_words,), words of which little is wanted.
    """

    names: tuple[str, ...]
    words: tuple[str, ...]
    word: NDArray[np.int64]
    aspect: NDArray[np.int64]
    tree: WordTree
    less: NDArray[np.bool_]

    @classmethod
    def build(cls, aspects: Mapping[str, Iterable[str]]) -> "AspectWords":
        """From aspect -> words; a word may belong to several. Raises InputError where something else is given."""
        pairs = [(aspect, word) for aspect, words in _checked(aspects).items() for word in words]
        words = tuple(dict.fromkeys(word for _, word in pairs))
        names, numbers = tuple(aspects), {word: number for number, word in enumerate(words)}
        places = {name: number for number, name in enumerate(names)}
        joined = np.array(sorted({(numbers[word], places[aspect]) for aspect, word in pairs}), dtype=np.int64).reshape(-1, 2)
        little = read_word_groups("opinion_words.txt")["less_is_better"]
        less = np.array([word.endswith(little) for word in words], dtype=bool)
        return cls(names, words, joined[:, 0], joined[:, 1], WordTree.build(words), less)


def _checked(aspects: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    if not isinstance(aspects, Mapping):
        raise InputError(f"aspects: expected a dict of aspect -> words such as {{'电池': ['电池', '续航']}}, got {type(aspects).__name__}")
    lists = {}
    for aspect, words in aspects.items():
        lists[aspect] = [words] if isinstance(words, str) else list(words)
        wrong = [word for word in (aspect, *lists[aspect]) if not isinstance(word, str) or not word.strip()]
        if wrong:
            raise InputError(
                f"aspects[{aspect!r}]: expected words that are not empty, got {wrong[0]!r}; give a list of str for each aspect"
            )
    return lists


def shipped_aspects(name: str) -> dict[str, tuple[str, ...]]:
    """A list that ships: car, goods or restaurant. Raises InputError on another name."""
    if name not in SHIPPED:
        raise InputError(
            f"aspects: expected one of {', '.join(SHIPPED)}, got {name!r}{did_you_mean(name, SHIPPED)}; or give a dict of aspect -> words"
        )
    return read_word_groups(f"aspects_{name}.txt")


def theme_aspects(themes: "Themes", *, n_words: int = 12) -> dict[str, tuple[str, ...]]:
    """The themes of a corpus as aspects: name -> the words that speak most of it, at most ``n_words``; themes without such are left out."""
    return {name: tuple(words) for name, words in zip(themes.names, themes.top_words(n_words), strict=True) if words}


def learn_aspects(
    batch: TextBatch, tokens: Tokens | Units, *, ignore: Collection[str] = (), most: int = MAX_ASPECTS
) -> dict[str, tuple[str, ...]]:
    """Find aspects: frequent subjects whose clauses often hold an opinion; a longer word that ends in one (手机屏幕) is a word of it.

    batch: cleaned texts, all or a sample. tokens: their words, or units. ignore: names (of products) that are no aspect.
    most: aspects at most, those with most opinions. The order of rows changes nothing.
    Raises InputError where there are more or fewer rows of tokens than of texts.
    """
    if tokens.n_rows != batch.n_rows:
        raise InputError(f"tokens: expected the words of {batch.n_rows} texts, got those of {tokens.n_rows}; tokenise the same texts")
    candidates = _candidates(units(tokens), ignore)
    if not candidates:
        return {}
    _, part, found = find_in_rows(batch, WordTree.build(candidates))
    text = Running.read(part)
    cues = find_cues(text, found)
    clauses = opinion_clauses(text, found, cues)
    judged = np.zeros(len(clauses.row), dtype=bool)
    judged[clauses.at[cues.start[(BASE[cues.kind] != 0) & ~cues.where(*WEAK_KINDS)]]] = True
    clause = clauses.at[found.start]
    total, with_opinion = (
        _documents(clauses.row[clause[part]], found.word[part], len(candidates)) for part in (slice(None), judged[clause])
    )
    enough = (total >= max(MIN_DOCUMENTS, MIN_SHARE * batch.n_rows)) & (with_opinion >= MIN_OPINIONATED * total)
    order = sorted(np.flatnonzero(enough).tolist(), key=lambda number: (-with_opinion[number], candidates[number]))
    return _joined([candidates[number] for number in order], most)


def _candidates(words: Units, ignore: Collection[str]) -> list[str]:
    """The most frequent subjects, in order of the strings."""
    documents = _documents(words.rows, words.ids.astype(np.int64), len(words.vocabulary))
    named = " ".join(sorted(ignore)).casefold()
    chosen = np.flatnonzero((words.kinds == SUBJECT) & (documents >= MIN_DOCUMENTS))
    chosen = chosen[np.lexsort((chosen, -documents[chosen]))][:MAX_CANDIDATES]
    quality = evaluative_words()
    return [word for word in words.vocabulary[np.sort(chosen)].tolist() if word not in quality and word not in named]


def _documents(rows: NDArray[np.int64], words: NDArray[np.int64], n_words: int) -> NDArray[np.int64]:
    """int64 (n_words,): rows that hold each word."""
    return np.bincount(distinct(rows * n_words + words) % max(n_words, 1), minlength=n_words)


def _joined(words: list[str], most: int) -> dict[str, tuple[str, ...]]:
    """The first words as aspects; later ones that end in one of them, or begin it, join it."""
    aspects: dict[str, list[str]] = {}
    for word in words:
        home = next((name for name in aspects if word.endswith(name)), None)
        if home is not None:
            aspects[home].append(word)
        elif len(aspects) < most:
            aspects[word] = [word]
    return {name: tuple(members) for name, members in aspects.items()}
