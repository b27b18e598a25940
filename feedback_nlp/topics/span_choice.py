"""The phrases that stand for each row: of runs of words that share a place, or words, only the best.

The C function of ``_minhash.c`` where it was built, else its twin ``..._numpy``: integer arithmetic, the same choice.
"""

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.topics.kernels import compiled_module
from feedback_nlp.topics.row_lists import best_first, heads
from feedback_nlp.topics.spans import MAX_WORDS, Spans

Ints = NDArray[np.int64]
Words = NDArray[np.int32]


def best_spans(spans: Spans, scores: Ints, *, top: int) -> Ints:
    """Choose greedily: the best of each row, of equal ones the first and shortest, then the best that is left, until there are ``top``.

    What shares a place with one chosen, or holds all its words, or only words of it, is left no more.
    scores: int64 (n,), of all spans, 0 or more. Returns positions, int64 (m,), by row and rank.
    """
    module = compiled_module()
    if module is None:
        return best_spans_numpy(spans, scores, top=top)
    batch = spans.batch
    indptr = np.searchsorted(batch.rows, np.arange(batch.n_rows + 1))
    chosen = np.empty((batch.n_rows, top), np.int64)
    module.best_spans(batch.ids, indptr, spans.first, spans.size, scores, np.empty(2 * len(scores), np.int64), chosen)
    return chosen[chosen >= 0]


def best_spans_numpy(spans: Spans, scores: Ints, *, top: int) -> Ints:
    """What `best_spans` returns, without compiled code: all rows at once, a round for each rank."""
    by_place = np.argsort(spans.first, kind="stable")
    left, picked = by_place[best_first(spans.rows[by_place], scores[by_place])], [np.zeros(0, np.int64)]
    first, last, bits = spans.first, spans.first + spans.size - 1, _word_bits(spans)
    for _ in range(top):
        leads = heads(spans.rows[left])
        picked.append(left[leads])
        best = np.repeat(left[leads], np.diff(np.append(leads, len(left))))
        free = np.flatnonzero((first[left] > last[best]) | (last[left] < first[best]))
        left, best = left[free], best[free]
        common = bits[left] & bits[best]
        unsure = np.flatnonzero((common == bits[left]) | (common == bits[best]))
        one, other = spans.words_of(left[unsure]), spans.words_of(best[unsure])
        left = np.delete(left, unsure[_contain(one, other) | _contain(other, one)])
    chosen = np.concatenate(picked)
    return chosen[np.argsort(spans.rows[chosen], kind="stable")]


def _word_bits(spans: Spans) -> NDArray[np.uint64]:
    """A set of bits for the words of each span, uint64 (n,): if it contains another, so do its bits."""
    unit = np.uint64(1) << (spans.batch.ids & 63).astype(np.uint64)
    bits = unit[spans.first]
    for step in range(1, MAX_WORDS):
        at = np.flatnonzero(spans.size > step)
        bits[at] |= unit[spans.first[at] + step]
    return bits


def _contain(parts: Words, wholes: Words) -> NDArray[np.bool_]:
    """Tell, pair by pair, whether all words of one phrase are words of the other."""
    inside = np.ones(len(parts), bool)
    for step in range(MAX_WORDS):
        word = parts[:, step]
        inside &= (word < 0) | (wholes == word[:, None]).any(axis=1)
    return inside
