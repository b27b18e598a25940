"""From n-grams to phrases: the same sum, on words that can be read.

A model reads overlapping n-grams, which nobody else can. Each gives every character it covers an equal part of its value; a phrase
has the parts of its characters. Nothing is lost or estimated: the phrases of a text sum to what its n-grams sum to.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.scorer.words import OPENERS, PARTICLES, is_word, read_together
from feedback_nlp.text.tokenize import Tokenizer

#: Longest phrase that words are merged to, in characters. A single word, or a negation with its verb, may be longer.
MAX_PHRASE = 8

#: A word carries weight from this share of the text's strongest word on; words below it are not merged.
MIN_SHARE = 0.1

_SURROGATE = re.compile("[\ud800-\udfff]")

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def merge_phrases(text: str, start: Ints, end: Ints, value: Floats, *, tokenizer: Tokenizer | None = None) -> pd.DataFrame:
    """Distribute contributions of n-grams to the phrases of a text.

    text: the text as the model read it. start, end: int (m,), n-gram ``i`` is ``text[start[i]:end[i]]``, not empty.
    value: float64 (m,), its contribution to one logit, or to the difference of two; its order is of no importance.
    tokenizer: cuts the text to words; share one between calls, for a new one (None) takes 0.1 s to build.
    Returns a DataFrame [phrase, start, end, contribution], largest absolute contribution first, then by position. Every character
    is in one phrase, and the contributions sum to ``value.sum()``, up to float rounding. A lone surrogate shows as U+FFFD.
    Raises InputError where an n-gram does not lie in the text.
    """
    _check(len(text), start, end, value)
    readable = _SURROGATE.sub("\ufffd", text)
    words = read_together((tokenizer or Tokenizer()).cut(readable))
    share = spread(start, end, value / (end - start), n_chars=len(text))
    crossed = spread(start + 1, end, np.abs(value), n_chars=len(text))
    first = _starts(words)
    closes, opens = _where(PARTICLES.__contains__, words), _where(OPENERS.__contains__, words)
    alike = mergeable(_sums(share, first), _where(is_word, words), closes=closes, opens=opens)
    awkward = alike & (closes | _shifted(opens))
    first = first[phrase_starts(alike, _lengths(words), awkward=awkward, cost=crossed[first])]
    phrases = [readable[begin:stop] for begin, stop in pairwise([*first.tolist(), len(text)])]
    contribution = _sums(share, first)
    columns = {"phrase": pd.Series(phrases, dtype="str"), "start": first, "end": first + _lengths(phrases), "contribution": contribution}
    return pd.DataFrame(columns).iloc[np.lexsort((first, -np.abs(contribution)))].reset_index(drop=True)


def spread(start: Ints, end: Ints, value: Floats, *, n_chars: int) -> Floats:
    """Sum over intervals at each character: float64 (n_chars,), the same to the last bit in whatever order the intervals come.

    start, end: int (m,), the characters ``start[i]`` to ``end[i] - 1``, perhaps none; value: float64 (m,), counted at each of them.
    """
    order = np.lexsort((value, end, start))
    start, length, value = start[order], (end - start)[order], value[order]
    position = np.arange(length.sum()) + np.repeat(start - np.cumsum(length) + length, length)
    return np.bincount(position, weights=np.repeat(value, length), minlength=n_chars).astype(np.float64, copy=False)


def mergeable(value: Floats, word: Bools, *, closes: Bools, opens: Bools) -> Bools:
    """Whether each word may share a phrase with the one before it: both carry weight, of one sign, and no punctuation is between.

    value: float64 (k,), contributions of the words in text order. word: bool (k,), false for punctuation. closes, opens: bool (k,),
    particles, which begin no phrase of several words (了), and words that introduce the next, which end none (把).
    Returns bool (k,), the first false.
    """
    sign = np.sign(value) * word * (np.abs(value) >= MIN_SHARE * np.abs(value).max(initial=0))
    alike: Bools = (sign != 0) & _shifted(sign != 0) & np.append(False, sign[1:] == sign[:-1])[: len(sign)]
    alike &= ~opens | np.append(alike[1:], False)[: len(sign)]
    alike[1:] &= ~closes[:-1] | alike[:-1]
    return alike


def phrase_starts(alike: Bools, length: Ints, *, awkward: Bools, cost: Floats) -> Bools:
    """Where phrases begin: with as few awkward cuts as can be, then as few phrases as fit in ``MAX_PHRASE``, then at the least cost.

    alike: bool (k,), from ``mergeable``. length: int (k,), characters of each word. awkward: bool (k,), before which words no cut
    should be. cost: float64 (k,), of a cut before each word. Returns bool (k,).
    """
    best: list[tuple[int, int, float]] = [(0, 0, 0.0)]
    origin: list[int] = []
    sizes, joined = length.tolist(), alike.tolist()
    cuts = list(zip(awkward.tolist(), cost.tolist(), strict=True))
    for last, size in enumerate(sizes):
        first = last
        options = []
        while first == last or size <= MAX_PHRASE:
            bad, number, total = best[first]
            options.append(((bad + cuts[first][0], number + 1, total + cuts[first][1]), first))
            if not joined[first]:
                break
            first -= 1
            size += sizes[first]
        chosen = min(options)
        best.append(chosen[0])
        origin.append(chosen[1])
    begins = np.zeros(len(sizes), dtype=np.bool_)
    place = len(sizes)
    while place:
        place = origin[place - 1]
        begins[place] = True
    return begins


def _shifted(flags: Bools) -> Bools:
    """What held of the word before; false of the first."""
    return np.append(False, flags[:-1])[: len(flags)]


def _sums(share: Floats, first: Ints) -> Floats:
    """Sums of ``share`` from each of ``first`` (ascending from 0) to the next."""
    return np.add.reduceat(share, first) if len(first) else np.zeros(0)


def _where(test: Callable[[str], bool], words: Sequence[str]) -> Bools:
    return np.fromiter(map(test, words), dtype=np.bool_, count=len(words))


def _lengths(pieces: Sequence[str]) -> Ints:
    return np.fromiter(map(len, pieces), dtype=np.int64, count=len(pieces))


def _starts(pieces: Sequence[str]) -> Ints:
    lengths = _lengths(pieces)
    return np.cumsum(lengths) - lengths


def _check(n_chars: int, start: Ints, end: Ints, value: Floats) -> None:
    if not len(start) == len(end) == len(value):
        raise InputError(f"expected start, end and value of the same length, got {len(start)}, {len(end)} and {len(value)}")
    outside = np.flatnonzero((start < 0) | (start >= end) | (end > n_chars))
    if len(outside):
        row = outside[0]
        raise InputError(f"n-gram {row}: expected 0 <= start < end <= {n_chars}, the length of the text; got {start[row]} and {end[row]}")
