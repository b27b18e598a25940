"""Names of themes: the phrase that says best what sets a theme's items apart, as a manager would write it."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.topics.counts import distinct
from feedback_nlp.topics.phrase_book import FIRM_COHESION
from feedback_nlp.topics.phrase_counts import cohesion, number_phrases, spell_phrases
from feedback_nlp.topics.spans import Spans
from feedback_nlp.topics.stream import SUBJECT, Units
from feedback_nlp.topics.themes import Themes

#: Texts a phrase stands in at least, of few bags and of more.
MIN_TEXTS, FIRM_TEXTS, FEW_BAGS = 2, 3, 200
#: Key phrases a theme, and candidates looked at.
KEY_PHRASES, CANDIDATES = 8, 60
#: A phrase of several words names a theme if its gain is this share of the best word's.
NAME_GAIN = 0.18
JOIN = "・"

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Candidates:
    """Phrases of themes, the best of each theme first: theme, gain, the phrase, its words, and whether it names a subject."""

    theme: Ints
    gain: NDArray[np.float64]
    phrase: NDArray[np.object_]
    size: Ints
    subject: NDArray[np.bool_]


def named(themes: Themes, spans: Spans, bag: Ints, ignore: Collection[str] = ()) -> Themes:
    """Give key phrases to all themes and names to those without; new themes that name no subject are dropped.

    spans: of n rows; bag: int64 (n,), rows of one bag count once, -1 for rows that do not count. ignore: names nothing may have.
    """
    theme, _ = themes.assign(spans.batch)
    found = _candidates(spans, bag, theme.astype(np.int64), len(themes))
    names, phrases, keep = list(themes.names), list(themes.phrases), []
    words = themes.top_words(3)
    taken = {name for name in names if name}
    for number, name in enumerate(names):
        own = np.flatnonzero(found.theme == number)
        phrases[number] = tuple(_apart(found.phrase[own].tolist())) or phrases[number]
        if not name:
            options = [option for option in (*_options(found, own), *words[number]) if option not in ignore]
            if not options:
                continue
            names[number] = next((option for option in options if option not in taken), f"{options[0]}{JOIN}{number + 1}")
            taken.add(names[number])
        keep.append(number)
    return replace(themes, names=tuple(names), phrases=tuple(phrases)).take(np.array(keep, np.int64))


def _options(found: _Candidates, own: Ints) -> list[str]:
    """Names a theme may have, best first."""
    single = own[(found.size[own] == 1) & found.subject[own]]
    several = own[found.size[own] > 1]
    best = float(found.gain[single].max(initial=0.0))
    strong = several[found.gain[several] >= NAME_GAIN * best]
    return [*found.phrase[strong].tolist(), *found.phrase[single].tolist(), *found.phrase[several].tolist()]


def _apart(phrases: list[str]) -> list[str]:
    """The first phrases of which none contains another."""
    chosen: list[str] = []
    for phrase in phrases:
        if len(chosen) < KEY_PHRASES and not any(phrase in other or other in phrase for other in chosen):
            chosen.append(phrase)
    return chosen


def _present(batch: Units, bag: Ints) -> Ints:
    """Bags with each word of the vocabulary, int64 (n_words,)."""
    size = max(len(batch.vocabulary), 1)
    inside = bag[batch.rows] >= 0
    pairs = distinct(bag[batch.rows[inside]] * size + batch.ids[inside])
    return np.bincount(pairs % size, minlength=len(batch.vocabulary)).astype(np.int64)


def _candidates(spans: Spans, bag: Ints, theme: Ints, n_themes: int) -> _Candidates:
    batch = spans.batch
    inside = np.flatnonzero(bag[spans.rows] >= 0)
    words, numbers = number_phrases(spans.words_of(inside), max(len(batch.vocabulary), 1))
    size = max(len(words), 1)
    of_bag = np.full(int(bag.max(initial=-1)) + 1, -1, np.int64)
    of_bag[bag[bag >= 0]] = theme[bag >= 0]
    bags, phrase = np.divmod(distinct(bag[spans.rows[inside]] * size + numbers), size)
    documents = np.bincount(phrase, minlength=len(words)).astype(np.int64)
    frequent = (documents >= MIN_TEXTS)[phrase] & (of_bag[bags] >= 0)
    keys, texts = np.unique(of_bag[bags[frequent]] * size + phrase[frequent], return_counts=True)
    home, number = np.divmod(keys, size)
    in_theme = np.bincount(of_bag[of_bag >= 0], minlength=n_themes)[home]
    rest = (documents[number] - texts + 0.5) / (len(of_bag) - in_theme + 1.0)
    gain = texts * np.log(texts / np.maximum(in_theme, 1) / rest)
    together = cohesion(documents, words, _present(batch, bag), max(len(of_bag), 1)) >= FIRM_COHESION
    firm = (words[:, 1] < 0) | together & (documents >= (FIRM_TEXTS if len(of_bag) > FEW_BAGS else MIN_TEXTS))
    good = (gain > 0) & firm[number] & (texts >= MIN_TEXTS)
    home, number, gain = home[good], number[good], gain[good]
    spelled = spell_phrases(words[number], batch.vocabulary)
    long = (words[number] >= 0).sum(axis=1)
    subject = (long > 1) | (np.append(batch.kinds, SUBJECT)[words[number, 0]] == SUBJECT)
    rank = np.unique(spelled, return_inverse=True)[1] if len(spelled) else number
    order = np.lexsort((rank, -gain * np.where(long > 1, 2.0, 1.0), home))
    place = np.arange(len(order)) - np.searchsorted(home[order], home[order])
    order = order[(place < CANDIDATES) & subject[order]]
    return _Candidates(home[order], gain[order], spelled[order], long[order].astype(np.int64), subject[order])
