"""Ids masked as arrays: of those that are plain, what stays is told by where each begins and ends."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.characters import N_CODE_POINTS

#: No telephone number has fewer characters, whatever stands before it.
SHORTEST_NUMBER = 10

_ASCII_BITS = 7


def mask_plain(values: list[str], *, tail: int) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Mask plain values: the first and the last ``tail`` characters stay (C***55).

    Plain are values of ASCII letters and digits with at least three times ``tail`` characters that cannot be a telephone number: with a
    letter, or short. Returns object (n,), the others as they are, and bool (n,), which are plain.
    """
    batch = TextBatch.from_texts(values)
    lengths, starts, stops = batch.lengths, batch.indptr[:-1], batch.indptr[1:]
    kind = np.full(len(values), 2, np.uint8)
    filled = lengths > 0
    if filled.any():
        kind[filled] = np.bitwise_or.reduceat(_kinds()[batch.codes], starts[filled])
    plain = (kind < 2) & (lengths >= 3 * tail) & ((kind == 1) | (lengths < SHORTEST_NUMBER))
    shown = np.zeros(np.count_nonzero(plain), np.int64)
    for places in (starts[plain], *(stops[plain] - place for place in range(tail, 0, -1))):
        shown = shown << _ASCII_BITS | batch.codes[places]
    ends, number = np.unique(shown, return_inverse=True)
    masked = np.array(values, dtype=object)
    masked[plain] = np.array([_spelled(packed, tail) for packed in ends.tolist()], dtype=object)[number]
    return masked, plain


def _spelled(packed: int, tail: int) -> str:
    first, *last = (chr(packed >> _ASCII_BITS * place & 0x7F) for place in range(tail, -1, -1))
    return f"{first}***{''.join(last)}"


@cache
def _kinds() -> NDArray[np.uint8]:
    """uint8 (0x110000,): 0 for the digits and 1 for the letters of ASCII, 2 for all other characters."""
    table = np.full(N_CODE_POINTS, 2, np.uint8)
    for begin, end, kind in (("0", "9", 0), ("A", "Z", 1), ("a", "z", 1)):
        table[ord(begin) : ord(end) + 1] = kind
    table.setflags(write=False)
    return table
