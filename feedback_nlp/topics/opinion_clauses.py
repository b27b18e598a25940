"""Clauses that say something of an aspect: where they begin, which words of opinion they hold, how far they reach.

Finer than the scorer's clauses: 「屏幕很好但是电池不行」 is two. Arrays in, arrays out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.scorer.clauses import split_clauses
from feedback_nlp.topics.matching import Found
from feedback_nlp.topics.opinion_words import (
    ADDITION,
    BASE,
    CONTRAST,
    FILLER,
    LINK,
    PAUSE_MARK,
    SENTENCE_MARK,
    WEAK_KINDS,
    WORSE,
    Cues,
    Running,
)


@dataclass(frozen=True, eq=False)
class OpinionClauses:
    """Clauses of a batch; they tile it as its rows do.

    start: int64 (n_clauses + 1,), where each begins, the end of the batch last. at: int32 (n_chars,), the clause of each character.
    row: int64 (n_clauses,). named: bool (n_clauses,), an aspect is mentioned there.
    scope: int64 (n_clauses,), where the clauses that go on about it end: at the next aspect, or at the end of the sentence.
    """

    start: NDArray[np.int64]
    at: NDArray[np.int32]
    row: NDArray[np.int64]
    named: NDArray[np.bool_]
    scope: NDArray[np.int64]

    def groups(self) -> NDArray[np.int64]:
        """Number of the clause with an aspect in whose scope each clause lies, itself where it has one; int64 (n_clauses,), -1 for none."""
        owner = np.append(np.flatnonzero(self.named), -1)[np.cumsum(self.named) - 1]
        return np.where((owner >= 0) & (self.start[:-1] < self.scope[owner]), owner, -1)


def opinion_clauses(text: Running, aspects: Found, cues: Cues) -> OpinionClauses:
    """Cut rows at pauses, before 但是 and 而且, and before the next aspect once something is said of the last one.

    A clause that names an aspect and says nothing (续航方面，) is one with the next. aspects, cues: words found in the text.
    """
    begins = np.zeros(len(text.folded) + 1, dtype=bool)
    begins[split_clauses(text.folded, text.indptr)[0]] = True
    begins[text.blanks + 1] = False
    begins[cues.start[cues.where(CONTRAST, ADDITION)]] = True
    begins[_cuts_between(text, begins, aspects, cues)] = True
    begins[-1] = True
    begins[_after_bare(text, begins, aspects, cues)] = False
    start, at = np.flatnonzero(begins), _numbers(begins)
    row = np.repeat(np.arange(len(text.indptr) - 1), np.diff(text.indptr))[start[:-1]]
    named = np.zeros(len(start) - 1, dtype=bool)
    named[at[aspects.start]] = True
    return OpinionClauses(start, at, row, named, _scopes(text, start, row, named))


def _numbers(begins: NDArray[np.bool_]) -> NDArray[np.int32]:
    """The clause of each character, int32 (n_chars,)."""
    return np.asarray(np.cumsum(begins[:-1], dtype=np.int32) - np.int32(1))


def _says(cues: Cues) -> NDArray[np.bool_]:
    """Whether a word is one of opinion, bool (n,)."""
    return np.asarray((BASE[cues.kind] != 0) & ~cues.where(*WEAK_KINDS))


def _cuts_between(text: Running, begins: NDArray[np.bool_], aspects: Found, cues: Cues) -> NDArray[np.int64]:
    """Places to cut between two aspects of one clause where the first has had its opinion: 屏幕好【】电池差, 很好的屏幕【】和很差的电池."""
    if len(aspects) < 2:
        return np.zeros(0, np.int64)
    pauses = _numbers(begins)
    first = aspects.start[:-1]
    near = np.flatnonzero(pauses[first] == pauses[aspects.start[1:]])
    first, left, right = first[near], aspects.end[near], aspects.start[near + 1]
    says = _says(cues)
    starts, ends = cues.start[says], cues.end[says]
    between = np.searchsorted(ends, right, side="right") > np.searchsorted(starts, left)
    attribute = between & (text.folded[right - 1] == ord("的"))
    # The opinion in between is the second aspect's where a 的 joins them; the cut then is behind the first, if that one has its own.
    own = np.zeros(len(near), dtype=bool)
    if len(starts):
        earlier = np.maximum(np.searchsorted(starts, first) - 1, 0)
        own = (starts[earlier] < left) & (pauses[starts[earlier]] == pauses[left - 1])
    return np.concatenate([right[between & ~attribute], left[attribute & own]])


def _after_bare(text: Running, begins: NDArray[np.bool_], aspects: Found, cues: Cues) -> NDArray[np.int64]:
    """Beginnings of clauses to join to the one before, because that one only names an aspect."""
    start, at = np.flatnonzero(begins), _numbers(begins)
    names, speaks = np.zeros((2, len(start) - 1), dtype=bool)
    names[at[aspects.start]] = True
    speaks[at[cues.start[_says(cues) | cues.where(WORSE)]]] = True
    clauses = np.flatnonzero(names & ~speaks & ~text.edge[start[1:]])
    open_words = cues.where(FILLER, LINK, CONTRAST, ADDITION)
    edges = np.zeros(len(text.folded) + 1, np.int8)
    # Words of one list do not overlap, so no place counts twice within one statement.
    for begin, end in ((aspects.start, aspects.end), (cues.start[open_words], cues.end[open_words])):
        edges[begin] += 1
        edges[end] -= 1
    covered = (np.cumsum(edges[:-1], dtype=np.int8) > 0) | ((text.marks & PAUSE_MARK) != 0)
    count = np.concatenate([[0], np.cumsum(covered, dtype=np.int32)])
    first, last = start[clauses], start[clauses + 1]
    joined: NDArray[np.int64] = last[count[last] - count[first] == last - first]
    return joined


def _scopes(text: Running, start: NDArray[np.int64], row: NDArray[np.int64], named: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Where what is said of the aspects of each clause ends; int64 (n_clauses,)."""
    new = np.ones(len(start), dtype=bool)
    # A sentence ends after a run of its marks; what follows no longer speaks of the aspect before it.
    new[1:-1] = named[1:] | text.edge[start[1:-1]] | ((text.marks[start[1:-1] - 1] & SENTENCE_MARK) != 0)
    ends: NDArray[np.int64] = start[np.flatnonzero(new)[np.cumsum(new[:-1])]]
    return ends
