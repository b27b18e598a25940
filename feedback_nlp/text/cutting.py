"""One string of many texts to tokens: words of the lexicon, then what is between them.

The rules are those of jieba 0.42.1's ``cut``. ``_cut.c`` does it where it was built, row by row; else its twin ``cut_numpy``, where a step
does its work in all texts before the next begins. Both form the same sums in the same order: they give the same tokens and keys.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text import hmm
from feedback_nlp.text.lexicon import BREAK, HAN, LATIN, N_CODES, OTHER, Bools, Ints, Lexicon, kinds, places
from feedback_nlp.text.native import load
from feedback_nlp.text.routes import Words, best_words

#: What the model does not read: a number or Latin word is one token, and so is what stands between two (jieba's ``re_skip``).
_LATIN_PARTS = re.compile(r"([a-zA-Z0-9]+(?:\.\d+)?%?)")

#: Key of a token whose slot is not known: made of characters that the lexicon does not hold as this word, or not known to.
UNKNOWN = -1

#: The compiled module, top-level so that a source checkout finds the one in site-packages, and the version of its function.
_MODULE = "_feedback_nlp_cut"
_VERSION = 1
_NONE = np.zeros(0, np.bool_)


@dataclass(frozen=True, eq=False)
class Cut:
    """The tokens of a chunk of rows, in order.

    text: the rows, each with one character more at its end that belongs to no token. codes: uint32 (n_chars,), its code points.
    start, stop: int64 (n_tokens,), places in ``text``.
    key: int64 (n_tokens,): two tokens with the same key are the same word, but for UNKNOWN ones, which have two characters or more.
    counts: int64 (n_rows,), tokens of each row.
    """

    text: str
    codes: NDArray[np.uint32]
    start: Ints
    stop: Ints
    key: Ints
    counts: Ints


def encode(texts: list[str]) -> tuple[str, NDArray[np.uint32], Ints]:
    """Rows as one string with a NUL behind each, its code points, uint32 (n_chars,), and where each row starts, int64 (n_rows + 1,)."""
    text = "\0".join([*texts, ""])
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint32, copy=False)
    indptr = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1, out=indptr[1:])
    return text, codes, indptr


def compiled() -> bool:
    """Whether the compiled function runs."""
    return _compiled_module() is not None


@cache
def _compiled_module() -> Any:
    """The module built from ``_cut.c``; None where it is missing, cannot be loaded or is of another version."""
    return load(_MODULE, _VERSION)


def cut(texts: list[str], lexicon: Lexicon, *, use_hmm: bool) -> Cut:
    """Cut rows to tokens; every character of a row is in one."""
    module = _compiled_module()
    if module is None:
        return cut_numpy(texts, lexicon, use_hmm=use_hmm)
    text, codes, indptr = encode(texts)
    model = hmm.jieba_model()
    start, stop, key = np.empty((3, len(codes)), np.int64)
    counts = np.empty(len(texts), np.int64)
    whole = _NONE if lexicon.whole is None else lexicon.whole
    words = (lexicon.keys, lexicon.weight, whole, lexicon.first, lexicon.single, kinds())
    total = module.cut(codes, indptr, *words, model.start, model.move, model.emit, start, stop, key, counts, use_hmm)
    return Cut(text, codes, start[:total], stop[:total], key[:total], counts)


def cut_numpy(texts: list[str], lexicon: Lexicon, *, use_hmm: bool) -> Cut:
    """What ``cut`` returns, without compiled code."""
    text, points, indptr = encode(texts)
    codes = points.astype(np.int64)
    codes[indptr[1:] - 1] = BREAK
    chosen, words = best_words(codes, lexicon)
    key, inside = codes.copy(), np.zeros(len(codes) + 1, np.bool_)
    key[chosen.start] = chosen.slot + N_CODES
    at, length, place = chosen.start, chosen.length, 1
    while len(at):
        inside[at + place] = True
        place += 1
        longer = places(length > place)
        at, length = at[longer], length[longer]
    alone = ~(inside[:-1] | inside[1:])
    kind = kinds().take(codes)
    glued = _glue_unknown(text, codes, kind, alone, words) if use_hmm else _after_same(alone & (kind == LATIN))
    line_feeds = places(codes == 0x0A)
    glued[line_feeds] = (codes[line_feeds - 1] == 0x0D) & alone[line_feeds] & alone[line_feeds - 1]  # \r\n is one token
    inside[:-1] |= glued
    key[places(glued) - 1] = UNKNOWN
    start = places(~inside[:-1])
    stop = np.concatenate([start[1:], [len(codes)]])
    ends = codes.take(start) == BREAK
    breaks, keep = places(ends), places(~ends)
    counts = breaks - np.concatenate([[-1], breaks[:-1]]) - 1
    start = start[keep]
    return Cut(text, points, start, stop[keep], key[start], counts)


def _after_same(mask: Bools) -> Bools:
    """bool (n,): true, and so is the one before."""
    both = mask.copy()
    both[1:] &= mask[:-1]
    both[:1] = False
    return both


def _runs(mask: Bools) -> tuple[Ints, Ints]:
    """Starts and lengths of the runs of true, int64 (n_runs,) each."""
    padded = np.zeros(len(mask) + 2, np.bool_)
    padded[1:-1] = mask
    edges = places(padded[1:] != padded[:-1])
    return edges[::2], edges[1::2] - edges[::2]


def _glue_unknown(text: str, codes: Ints, kind: NDArray[np.uint8], alone: Bools, words: Words) -> Bools:
    """bool (n_chars,): the character joins the one before it though no word of the lexicon holds both.

    jieba asks its model about every run of characters left alone, unless the run as a whole is a word of the dictionary.
    """
    left = alone & (kind != OTHER)
    starts, lengths = _runs(left)
    size = np.zeros(len(codes), np.int32)
    size[starts] = lengths
    known = words.start[size[words.start] == words.length]
    size[known] = 0
    asked = size[starts] > 1
    left = np.zeros(len(codes), np.bool_)
    starts, lengths = starts[asked], lengths[asked]
    left[_spread(starts, lengths)] = True
    glued = np.zeros(len(codes), np.bool_)
    chinese = left & (kind == HAN)
    starts, lengths = _runs(chinese)
    long = lengths > 1
    where = _spread(starts[long], lengths[long])
    glued[where] = hmm.joins(codes[where], np.concatenate([[0], np.cumsum(lengths[long])]))
    _glue_latin(text, kind, left & ~chinese, glued)
    return glued


def _glue_latin(text: str, kind: NDArray[np.uint8], mask: Bools, glued: Bools) -> None:
    """Join Latin letters, digits and signs; only a run that holds a sign needs the pattern."""
    glued[_after_same(mask)] = True
    signs = np.zeros(len(mask) + 1, np.int64)
    np.cumsum(mask & (kind != LATIN), out=signs[1:])
    starts, lengths = _runs(mask)
    mixed = (signs[starts + lengths] > signs[starts]) & (lengths > 1)
    for start, length in zip(starts[mixed].tolist(), lengths[mixed].tolist(), strict=True):
        place = start
        for part in _LATIN_PARTS.split(text[start : start + length]):
            if part:
                glued[place] = False
                place += len(part)


def _spread(starts: Ints, lengths: Ints) -> Ints:
    """int64 (sum of lengths,): the places of all runs, one after another."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + lengths, lengths)
