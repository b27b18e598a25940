"""Clauses of a batch: where a text pauses. Arrays in, arrays out.

Clauses tile the flat batch of ``text.batch`` as its rows do, so a second pair of pointers is all they need.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.characters import N_CODE_POINTS, character_table
from feedback_nlp.text.native import native

#: A clause ends after a run of these. Cleaned text and folded text (ASCII punctuation) use different ones; both kinds stand here.
CLAUSE_END = "，。！？；,.!?;…~\n:：、 "

#: Characters in a clause at most; the rest of a longer one is the next clause. Sums over a clause stay exact in float32, see ``pool``.
MAX_CLAUSE = 4096


@cache
def clause_end_table() -> NDArray[np.bool_]:
    """bool (0x110000,), True at the characters of ``CLAUSE_END``; built on the first call, shared read-only by all threads."""
    table = np.zeros(N_CODE_POINTS, dtype=bool)
    table[list(map(ord, CLAUSE_END))] = True
    table.setflags(write=False)
    return table


def split_clauses(codes: NDArray[np.uint32], indptr: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split every row into clauses.

    codes: uint32 (n_chars,), code points below 0x110000. indptr: int64 (n_rows + 1,), where each row starts.
    Returns ``clause_ptr``, int64 (n_clauses + 1,), and ``text_ptr``, int64 (n_rows + 1,): clause ``k`` is
    ``codes[clause_ptr[k]:clause_ptr[k + 1]]`` and row ``i`` owns the clauses ``text_ptr[i]`` to ``text_ptr[i + 1]``.

    A clause ends after a run of ``CLAUSE_END`` characters, at the end of its row, and after ``MAX_CLAUSE`` characters. It is never
    empty: a row without characters has no clause, and one that begins with punctuation begins with it in its first clause.
    """
    ends = clause_end_table().take(codes)
    begins = np.zeros(len(codes), dtype=bool)
    np.greater(ends[:-1], ends[1:], out=begins[1:])
    begins[indptr[:-1][indptr[1:] > indptr[:-1]]] = True
    starts = _cut_long(np.flatnonzero(begins), len(codes))
    return np.append(starts, len(codes)), np.searchsorted(starts, indptr)


def fold_and_split(batch: TextBatch) -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.int64]]:
    """What the scorer reads of cleaned texts: uint32 (n_chars,) folded characters, and ``split_clauses`` of these."""
    module, fold = native(), character_table().fold
    if module is None:
        folded = fold[batch.codes]
        return folded, *split_clauses(folded, batch.indptr)
    folded, clause_ptr = np.empty_like(batch.codes), np.empty(len(batch.codes) + 1, np.int64)
    text_ptr = np.empty_like(batch.indptr)
    module.split(batch.codes, batch.indptr, fold, clause_end_table(), folded, clause_ptr, text_ptr)
    return folded, clause_ptr[: text_ptr[-1] + 1], text_ptr


def _cut_long(starts: NDArray[np.int64], n_chars: int) -> NDArray[np.int64]:
    """Starts of the same clauses with one more after every ``MAX_CLAUSE`` characters of a clause; int64, both."""
    lengths = np.diff(starts, append=n_chars)
    if not np.any(lengths > MAX_CLAUSE):
        return starts
    pieces = -(-lengths // MAX_CLAUSE)
    before = np.cumsum(pieces) - pieces
    piece = np.arange(pieces.sum()) - np.repeat(before, pieces)
    cut: NDArray[np.int64] = np.repeat(starts, pieces) + piece * MAX_CLAUSE
    return cut
