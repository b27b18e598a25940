"""Hashed character n-grams: arrays in, arrays out.

An n-gram that starts at position ``p`` of the flat batch has a slot of its own in a (n_chars, orders) array of bucket numbers, so
nothing has to be compacted, grouped or sorted: row ``i`` owns the slots ``orders * indptr[i]`` to ``orders * indptr[i + 1]``. A slot
whose n-gram would run over the end of its row holds ``n_buckets``, the number of an extra table row of zeros.
"""

import numpy as np
from numpy.typing import NDArray

# Odd 32-bit constants of the golden-ratio family (Knuth, TAOCP 6.4; Steele & Vigna 2021 for the multipliers); arithmetic wraps.
_FIRST = np.uint32(0x9E3779B1)
_STEP = np.uint32(0x85EBCA77)
_MIX = np.uint32(0xC2B2AE3D)
_SHIFT = np.uint32(15)


def bucket_slots(codes: NDArray[np.uint32], indptr: NDArray[np.int64], *, orders: int, bits: int) -> NDArray[np.int32]:
    """Bucket of every n-gram of order 1 to ``orders``.

    codes: uint32 (n_chars,), folded code points. indptr: int64 (n_rows + 1,). bits: the table has ``2**bits`` buckets, bits <= 30.
    Returns int32 (n_chars, orders); entry (p, n - 1) is the bucket of ``codes[p:p + n]``, or ``2**bits`` where the row ends before.

    hash(c1..cn) = (hash(c1..c(n-1)) + cn) * STEP, mixed by (h ^ h >> 15) * MIX, top ``bits`` bits; all modulo 2**32.
    """
    n_chars = len(codes)
    slots = np.empty((n_chars, orders), dtype=np.int32)
    last = np.zeros(n_chars, dtype=bool)  # positions whose n-gram of the present order would cross the end of the row
    ends = indptr[1:][indptr[1:] > indptr[:-1]]
    top = np.uint32(32 - bits)
    rolling = codes * _FIRST
    for order in range(1, orders + 1):
        if order > 1:
            # last[p] for order n: p is one of the final n - 1 positions of its row.
            last[ends[ends >= order - 1] - (order - 1)] = True
            rolling = (rolling[: n_chars - order + 1] + codes[order - 1 :]) * _STEP
        slot = slots[: len(rolling), order - 1]
        np.right_shift((rolling ^ (rolling >> _SHIFT)) * _MIX, top, out=slot, casting="unsafe")
        if order > 1:
            slots[last, order - 1] = 1 << bits
            slots[max(n_chars - order + 1, 0) :, order - 1] = 1 << bits
    return slots


def accumulate(slots: NDArray[np.int32], indptr: NDArray[np.int64], table: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sum of table rows over each text's n-grams, one pass for all heads.

    slots: int32 (n_chars, orders) of ``bucket_slots``. table: float32 (2**bits + 1, heads), C order, last row zeros.
    Returns float32 (n_rows, heads). Each row is summed in the order of its text, so its value does not depend on the batch.
    """
    from scipy.sparse import csr_array

    n_slots, orders = slots.size, slots.shape[1]
    offsets = (indptr * orders).astype(np.int32 if n_slots < 2**31 else np.int64)
    ones = np.ones(n_slots, dtype=np.float32)
    counts = csr_array((ones, slots.reshape(-1), offsets), shape=(len(indptr) - 1, len(table)), copy=False)
    return np.asarray(counts @ table)


def text_norm(squares: NDArray[np.floating], limit: float) -> NDArray[np.floating]:
    """What a text's sums are divided by; same shape and dtype, never 0.

    squares: sum over the text's n-grams of the squared idf. limit: the largest such sum that training knew well.
    sqrt(squares) up to the limit. A longer text is divided by squares / sqrt(limit), so that its logits are those of a text of the
    limit's length with the same share of each n-gram: they stop growing where nothing was learned about how they grow.
    """
    norm: NDArray[np.floating] = np.sqrt(squares * np.maximum(squares / squares.dtype.type(limit), 1))
    norm[norm == 0] = 1
    return norm
