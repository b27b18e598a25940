"""New words: what the dictionary lacks, found in the corpus by cohesion and by freedom of neighbours.

A word holds together whichever way it is cut, and stands beside many different neighbours (Jin & Tanaka-Ishii
2006). Nothing is asked of a dictionary but which words it has already.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError, TextTypeError
from feedback_nlp.text.tokenize import Tokenizer, stop_words
from feedback_nlp.topics.stream import evaluative_words
from feedback_nlp.topics.substrings import Level, UnitText, cohesions, entropies, levels, tally

if TYPE_CHECKING:
    import pandas as pd

#: Different texts a word stands in at least.
MIN_COUNT = 8
#: Units of the longest word.
MAX_LENGTH = 6
#: Least cohesion, in nats: e ** 3 = 20 times as often together as by chance.
MIN_COHESION = 3.0
#: Least cohesion of what is made of whole words only (扫地 + 机器人): below, it is a phrase (输入 + 密码).
MIN_COMPOUND = 5.0
#: Least entropy of the neighbours on the poorer side, in nats.
MIN_FREEDOM = 1.5
#: A word gives way to a longer one that accounts for this share of its occurrences.
ABSORBED_SHARE = 0.6
#: Examples a word, and characters of an example around the word.
EXAMPLES = 2
EXAMPLE_BEFORE, EXAMPLE_AFTER = 12, 24

#: Characters no new word holds: pronouns, particles, and the glue of sentences.
NEVER = frozenset("的了着吗呢吧啊呀哦嘛嗎么我你您他她它们这那哪是就都也很太越个")
#: Characters no new word begins with, or ends in: function words, and numbers that count something.
NEVER_EITHER = "在有和与及或但而还又再才更最真好挺蛮超不没未把被让给跟对从向为以因所个之后前时过要会能可想请已将只每各该用等到"
NEVER_FIRST = frozenset(NEVER_EITHER + "里上下去来说多一两几半其次比刚被")
NEVER_LAST = frozenset(NEVER_EITHER + "里上下中完又说")
#: What cannot be done is a word of its own: 登不上, 抢不到.
CANNOT = ("不上", "不下", "不到", "不完", "不过")
#: Judgements of one character: behind a word they make a phrase (反应 + 慢).
JUDGEMENTS = frozenset("快慢好差贵高低丑烂坏强弱")


@dataclass(frozen=True)
class _Word:
    """A candidate: count, cohesion, entropy on either side, and its place in the counts."""

    word: str
    count: int
    cohesion: float
    left: float
    right: float
    length: int
    number: int

    @property
    def score(self) -> float:
        return self.cohesion * min(self.left, self.right) * float(np.log(self.count))


def find_new_words(
    texts: Iterable[str],
    *,
    known: Tokenizer | None = None,
    min_count: int = MIN_COUNT,
    max_length: int = MAX_LENGTH,
    min_cohesion: float = MIN_COHESION,
    min_freedom: float = MIN_FREEDOM,
    top: int | None = None,
) -> "pd.DataFrame":
    """Find words the dictionary lacks.

    texts: n strings, cleaned and masked if the examples are to be shown; equal texts count once.
    known: whose words are left out: what it cuts as one token; by default the dictionary alone, without the hidden Markov model.
    min_count: different texts with the word, at least 2. max_length: 2 or more, in Chinese characters; a run of up to seven Latin letters
        and digits with a letter (5G) counts as one, and every word has a Chinese character.
    min_cohesion, min_freedom: in nats, see the columns. top: rows at most.
    Returns [word, count, documents, cohesion, left_entropy, right_entropy, score, examples], best first, then by the word: occurrences,
    texts, the least pointwise mutual information over its binary splits, entropy of its left and right neighbours (a break is a new
    neighbour each time), cohesion x the lesser entropy x ln(count), and a list of quotes. ``table["word"].tolist()`` is a user dictionary.
    Raises InputError for an option out of range, TextTypeError for a text that is no string.
    """
    if min_count < 2 or max_length < 2:
        raise InputError(f"min_count and max_length: expected 2 or more, got {min_count} and {max_length}")
    text = UnitText.from_texts(_distinct(texts))
    built: list[Level] = []
    candidates: list[_Word] = []
    for level in levels(text, min_count=min_count, max_length=max_length):
        built.append(level)
        if level.length > 1:
            candidates += _candidates(text, built, min_cohesion=min_cohesion, min_freedom=min_freedom)
    words = _resolve(candidates, known or Tokenizer(hmm=False))
    return _table(text, built, sorted(words, key=lambda word: (-word.score, word.word)), min_count=min_count, top=top)


def _distinct(texts: Iterable[str]) -> list[str]:
    """The different texts; good examples first, neither cryptic nor long."""
    if isinstance(texts, str):
        raise TextTypeError("texts: expected a sequence of strings, got one string; wrap it in a list")
    rows = list(texts)
    for row, text in enumerate(rows):
        if not isinstance(text, str):
            raise TextTypeError(f"text in row {row}: expected a string, got {type(text).__name__}; replace missing texts by ''")
    return sorted(set(rows), key=lambda text: (len(text) < EXAMPLE_BEFORE, len(text), text))


def _candidates(text: UnitText, built: Sequence[Level], *, min_cohesion: float, min_freedom: float) -> list[_Word]:
    """The cohesive and free substrings of the last level, in its order."""
    level = built[-1]
    cohesion = cohesions(built, int(np.count_nonzero(text.units)))
    chosen = cohesion >= min_cohesion
    sides = []
    for side in (-1, 1):
        sides.append(entropies(text, level, chosen, side=side))
        chosen &= sides[-1] >= min_freedom
    left, right = sides
    numbers = np.flatnonzero(chosen)
    columns = (level.count[numbers], cohesion[numbers], left[numbers], right[numbers])
    rows = zip(text.spell(level.position[numbers], level.length), *(column.tolist() for column in columns), numbers.tolist(), strict=True)
    return [_Word(word, count, c, a, b, level.length, number) for word, count, c, a, b, number in rows]


def _resolve(candidates: Sequence[_Word], known: Tokenizer) -> list[_Word]:
    """Leave out what the dictionary has, what is a phrase of words, and parts of longer words. Shorter candidates come first."""
    wholes = [word for word in candidates if _is_plausible(word.word)]
    accepted: dict[str, _Word] = {}
    for word, tokens in zip(wholes, known.tokenize([word.word for word in wholes]).to_lists(), strict=True):
        parts = join_parts(tokens, accepted)
        if len(parts) > 1 and _may_be_word(parts, word.cohesion):
            accepted[word.word] = word
    absorbed = {
        part
        for word in accepted.values()
        for part in _inner(word.word)
        if part in accepted and word.count >= ABSORBED_SHARE * accepted[part].count
    }
    return [word for word in accepted.values() if word.word not in absorbed]


def join_parts(tokens: Sequence[str], words: Collection[str]) -> list[str]:
    """Join neighbouring tokens that spell one of the words, longest first from the left."""
    parts, first = [], 0
    while first < len(tokens):
        last = next((last for last in range(len(tokens), first + 1, -1) if "".join(tokens[first:last]) in words), first + 1)
        parts.append("".join(tokens[first:last]))
        first = last
    return parts


def _is_plausible(word: str) -> bool:
    ends_well = word[-1] not in NEVER_LAST or (len(word) > 2 and word.endswith(CANNOT))
    return word[0] not in NEVER_FIRST and ends_well and NEVER.isdisjoint(word) and not word.isascii() and len(set(word)) > 1


def _may_be_word(parts: Sequence[str], cohesion: float) -> bool:
    """Tell a word from a phrase by the words it is made of."""
    ends = {parts[0], parts[-1]}
    if ends & stop_words() or any(len(part) > 1 and part in evaluative_words() for part in ends):
        return False
    if len(parts[0]) > 1 and (parts[-1] in JUDGEMENTS or "".join(parts).endswith(CANNOT)):  # 反应 + 慢, 登录 + 不上
        return False
    if len(parts) == 3 and parts[1] == "不" and parts[0] == parts[2]:  # 烦不烦
        return False
    return cohesion >= MIN_COMPOUND or any(len(part) == 1 for part in parts)


def _inner(word: str) -> set[str]:
    return {word[a:b] for a in range(len(word)) for b in range(a + 2, len(word) + 1)} - {word}


def _table(text: UnitText, built: Sequence[Level], words: Sequence[_Word], *, min_count: int, top: int | None) -> "pd.DataFrame":
    import pandas as pd

    documents, examples = _evidence(text, built, words)
    table = pd.DataFrame(
        {
            "word": pd.Series([word.word for word in words], dtype="str"),
            "count": np.array([word.count for word in words], np.int64),
            "documents": documents,
            "cohesion": np.array([word.cohesion for word in words], np.float64),
            "left_entropy": np.array([word.left for word in words], np.float64),
            "right_entropy": np.array([word.right for word in words], np.float64),
            "score": np.array([word.score for word in words], np.float64),
            "examples": pd.Series(examples, dtype=object),
        }
    )
    return table[documents >= min_count].reset_index(drop=True).head(top if top is not None else len(table))


def _evidence(text: UnitText, built: Sequence[Level], words: Sequence[_Word]) -> tuple[NDArray[np.int64], list[list[str]]]:
    """Count the texts of each word and quote the first of them."""
    documents = np.zeros(len(words), np.int64)
    examples: list[list[str]] = [[] for _ in words]
    n_rows = int(text.rows.max(initial=0)) + 1
    for level in built[1:]:
        own = np.array([place for place, word in enumerate(words) if word.length == level.length], np.int64)
        owner = np.full(len(level.count) + 1, -1, np.int64)
        owner[[words[place].number for place in own.tolist()]] = own
        where = np.flatnonzero(owner[level.at] >= 0)
        keys, first = np.unique(owner[level.at[where]] * n_rows + text.rows[where], return_index=True)
        found, counts = tally([keys // n_rows])
        documents[found] = counts
        starts = np.searchsorted(keys // n_rows, found)
        for place, start, count in zip(found.tolist(), starts.tolist(), counts.tolist(), strict=True):
            examples[place] = [_quote(text, int(where[at])) for at in first[start : start + min(count, EXAMPLES)]]
    return documents, examples


def _quote(text: UnitText, position: int) -> str:
    at = int(text.start[position])
    begin = max(text.text.rfind("\n", 0, at) + 1, at - EXAMPLE_BEFORE)
    return text.text[begin : min(text.text.find("\n", at), at + EXAMPLE_AFTER)]
