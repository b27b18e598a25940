"""Clauses that say something of an aspect: where they begin, which words of opinion they hold, how far they reach.

Finer than the scorer's clauses: 「屏幕很好但是电池不行」 is two. Arrays in, arrays out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.scorer.clauses import split_clauses
from feedback_nlp.topics.matching import Found
from feedback_nlp.topics.opinion_words import ADDITION, BASE, CONTRAST, FILLER, LINK, WEAK_KINDS, WORSE, Cues, blanks_between_letters

#: A sentence ends after a run of these; what follows no longer speaks of the aspect before it.
SENTENCE_END = "。！？!?;；\n"
_PAUSES = "，。！？；,.!?;…~\n:：、 （）()\"'“”"


@dataclass(frozen=True, eq=False)
class OpinionClauses:
    """Clauses of a batch; they tile it as its rows do.

    start: int64 (n_clauses + 1,), where each begins, the end of the batch last.
    row: int64 (n_clauses,). named: bool (n_clauses,), an aspect is mentioned there.
    scope: int64 (n_clauses,), where the clauses that go on about it end: at the next aspect, or at the end of the sentence.
    """

    start: NDArray[np.int64]
    row: NDArray[np.int64]
    named: NDArray[np.bool_]
    scope: NDArray[np.int64]

    def of(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """The clause of each character, int64 (n,)."""
        return np.searchsorted(self.start, places, side="right") - 1


def opinion_clauses(folded: NDArray[np.uint32], indptr: NDArray[np.int64], aspects: Found, cues: Cues) -> OpinionClauses:
    """Cut rows at pauses, before 但是 and 而且, and before the next aspect once something is said of the last one.

    A clause that names an aspect and says nothing (续航方面，) is one with the next.
    folded: uint32 (n_chars,). indptr: int64 (n_rows + 1,). aspects, cues: words found there.
    """
    begins = np.zeros(len(folded) + 1, dtype=bool)
    begins[split_clauses(folded, indptr)[0]] = True
    begins[1:-1] &= ~blanks_between_letters(folded)[:-1]
    begins[cues.start[cues.where(CONTRAST, ADDITION)]] = True
    begins[_cuts_between(folded, begins, aspects, cues)] = True
    begins[-1] = True
    begins[_after_bare(folded, indptr, begins, aspects, cues)] = False
    start = np.flatnonzero(begins)
    row = np.searchsorted(indptr, start[:-1], side="right") - 1
    named = np.zeros(len(start) - 1, dtype=bool)
    named[np.searchsorted(start, aspects.start, side="right") - 1] = True
    return OpinionClauses(start, row, named, _scopes(folded, start, row, named))


def _says(cues: Cues) -> NDArray[np.bool_]:
    """Whether a word is one of opinion, bool (n,)."""
    return np.asarray((BASE[cues.kind] != 0) & ~cues.where(*WEAK_KINDS))


def _cuts_between(folded: NDArray[np.uint32], begins: NDArray[np.bool_], aspects: Found, cues: Cues) -> NDArray[np.int64]:
    """Places to cut between two aspects of one clause where the first has had its opinion: 屏幕好【】电池差, 很好的屏幕【】和很差的电池."""
    pauses = np.cumsum(begins)
    left, right = aspects.end[:-1], aspects.start[1:]
    near = np.flatnonzero(pauses[aspects.start[:-1]] == pauses[right]) if len(aspects) > 1 else np.zeros(0, np.int64)
    left, right = left[near], right[near]
    starts, ends = cues.start[_says(cues)], cues.end[_says(cues)]
    first, last = np.searchsorted(starts, left), np.searchsorted(ends, right, side="right")
    between = last > first
    attribute = between & (folded[np.maximum(right - 1, 0)] == ord("的"))
    # The opinion in between is the second aspect's where a 的 joins them; the cut then is behind the first, if that one has its own.
    own = np.zeros(len(near), dtype=bool)
    if len(starts):
        earlier = np.maximum(np.searchsorted(starts, aspects.start[:-1][near]) - 1, 0)
        own = (starts[earlier] < left) & (pauses[starts[earlier]] == pauses[np.maximum(left - 1, 0)])
    return np.concatenate([right[between & ~attribute], left[attribute & own]])


def _after_bare(
    folded: NDArray[np.uint32], indptr: NDArray[np.int64], begins: NDArray[np.bool_], aspects: Found, cues: Cues
) -> NDArray[np.int64]:
    """Beginnings of clauses to join to the one before, because that one only names an aspect."""
    start = np.flatnonzero(begins)
    filled = np.isin(folded, [*map(ord, _PAUSES)]).astype(np.int8)
    open_words = cues.where(FILLER, LINK, CONTRAST, ADDITION)
    edges = np.zeros(len(folded) + 1, np.int64)
    for begin, end in ((aspects.start, aspects.end), (cues.start[open_words], cues.end[open_words])):
        np.add.at(edges, begin, 1)
        np.add.at(edges, end, -1)
    covered = np.concatenate([[0], np.cumsum((np.cumsum(edges[:-1]) > 0) | (filled > 0))])
    bare = covered[start[1:]] - covered[start[:-1]] == np.diff(start)
    clause = np.searchsorted(start, aspects.start, side="right") - 1
    names = np.zeros(len(start) - 1, dtype=bool)
    names[clause] = True
    says = _says(cues) | cues.where(WORSE)
    speaks = np.zeros(len(start) - 1, dtype=bool)
    speaks[np.searchsorted(start, cues.start[says], side="right") - 1] = True
    ends = start[1:]
    joined: NDArray[np.int64] = ends[bare & names & ~speaks & ~np.isin(ends, indptr)]
    return joined


def _scopes(folded: NDArray[np.uint32], start: NDArray[np.int64], row: NDArray[np.int64], named: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Where what is said of the aspects of each clause ends; int64 (n_clauses,)."""
    n_clauses = len(row)
    new = np.ones(n_clauses + 1, dtype=bool)
    if n_clauses:
        stops = np.isin(folded[start[1:-1] - 1], [*map(ord, SENTENCE_END)])
        new[1:-1] = named[1:] | (np.diff(row) != 0) | stops
    edges = np.flatnonzero(new)
    ends: NDArray[np.int64] = start[edges[np.searchsorted(edges, np.arange(n_clauses), side="right")]]
    return ends
