"""Pooled clause features: hashed n-grams, summed over clauses, pooled over texts. Arrays in, arrays out.

``pool`` runs the C function of ``_pool.c`` where it was built, else ``pool_numpy``; ``pool_logits`` adds the dense layers. Both ways give
the same bits: sums are of integers and exact in any order, and everything after them multiplies the same float32 numbers in the same
order.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.scorer.clauses import MAX_CLAUSE
from feedback_nlp.scorer.network import Dense, dense_logits
from feedback_nlp.scorer.ngrams import accumulate, bucket_slots, text_norm
from feedback_nlp.text.native import native

#: Blocks of columns in a pooled row: mean, highest clause, lowest clause, last clause, first clause.
BLOCKS = 5

#: Longest n-grams. A clause then sums to at most 4096 * 8 * 128 = 2**22 per column, exact in float32.
MAX_ORDERS = 8

#: Largest ``norm_limit``: more n-grams than any text has, and far from the end of float32.
MAX_NORM_LIMIT = 1e30

#: Widest embedding.
MAX_COLUMNS = 4096

#: A pooled value lies between -LIMIT and LIMIT.
LIMIT = 127

#: Bytes of a cache line. A table row of 64 bytes that begins on one is fetched at once; elsewhere it costs two.
ALIGNMENT = 64

#: The arrays of ``pool``, in its order: their dtypes and dimensions.
_DTYPES = {
    "folded": (np.uint32, 1),
    "clause_ptr": (np.int64, 1),
    "text_ptr": (np.int64, 1),
    "embedding": (np.int8, 2),
    "scale": (np.float32, 2),
}


def compiled() -> bool:
    """Whether ``pool`` runs the compiled function."""
    return native() is not None


def aligned(embedding: NDArray[np.int8]) -> NDArray[np.int8]:
    """A copy of an int8 (2**bits, D) table that begins on a cache line; made once per model, for ``pool``."""
    raw = np.empty(embedding.size + ALIGNMENT, dtype=np.int8)
    start = -raw.ctypes.data % ALIGNMENT
    copy = raw[start : start + embedding.size].reshape(embedding.shape)
    copy[...] = embedding
    return copy


def float_table(embedding: NDArray[np.int8]) -> NDArray[np.float32]:
    """float32 (2**bits + 1, D), the int8 (2**bits, D) table with a last row of zeros; made once per model, for ``pool_numpy``."""
    table = np.zeros((len(embedding) + 1, embedding.shape[1]), dtype=np.float32)
    table[:-1] = embedding
    return table


def pool(
    folded: NDArray[np.uint32],
    clause_ptr: NDArray[np.int64],
    text_ptr: NDArray[np.int64],
    embedding: NDArray[np.int8],
    scale: NDArray[np.float32],
    *,
    orders: int,
    norm_limit: float,
    table: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Pooled features of every text.

    folded: uint32 (n_chars,), folded code points. clause_ptr: int64 (n_clauses + 1,) and text_ptr: int64 (n_rows + 1,), those of
    ``split_clauses``. embedding: int8 (2**bits, D), C order; fastest where it is ``aligned``. scale: float32 (5, D), finite.
    orders: 1 to 8. norm_limit: number of n-grams beyond which a clause or text counts as long, 1 to 1e30.
    table: ``float_table(embedding)``, read only where ``compiled()`` is False; made anew on each call where it is needed and not given.
    Returns float32 (n_rows, 5 * D), whole numbers from -127 to 127, never -0.0; zeros for a row without n-grams.
    Raises ValueError where an argument is not as said here.

    - n-grams of order 1 to ``orders`` begin at each character and are hashed as in ``ngrams.bucket_slots``. None crosses the end of
      its row; one that crosses the end of a clause belongs to the clause in which it begins.
    - S_c is the sum of the embedding's rows over the n-grams of clause c, S_t that over those of the text; n_c and n_t count them.
    - v_c = float32(S_c) * (1 / norm(n_c)), h = float32(S_t) * (1 / norm(n_t)), norm(n) = sqrt(n * max(n / norm_limit, 1)), float32.
    - Blocks of D columns: h; relu(max of v_c over the clauses); relu(min of v_c over the clauses); v of the last clause; of the first.
    - Column j of block b is clip(rint(block * scale[b, j]), -127, 127), half rounded to even.
    """
    module = native()
    if module is None:
        return pool_numpy(folded, clause_ptr, text_ptr, embedding, scale, orders=orders, norm_limit=norm_limit, table=table)
    _check(folded, clause_ptr, text_ptr, embedding, scale, orders=orders, norm_limit=norm_limit)
    out = np.empty((len(text_ptr) - 1, scale.size), dtype=np.float32)
    module.pool(folded, clause_ptr, text_ptr, embedding, scale, out, orders, norm_limit, module.TARGET)
    return out


def pool_logits(
    folded: NDArray[np.uint32],
    clause_ptr: NDArray[np.int64],
    text_ptr: NDArray[np.int64],
    embedding: NDArray[np.int8],
    scale: NDArray[np.float32],
    dense: Dense,
    *,
    orders: int,
    norm_limit: float,
    table: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """``dense_logits(pool(...), dense)``: float32 (n_rows, K), to the bit; compiled, the features never leave the cache.

    dense: weights of int16. The other arguments and errors are those of ``pool``.
    """
    module = native()
    # Without vector instructions the library behind numpy's products is faster.
    if module is None or not module.TARGET:
        features = pool(folded, clause_ptr, text_ptr, embedding, scale, orders=orders, norm_limit=norm_limit, table=table)
        return dense_logits(features, dense)
    out = np.empty((len(text_ptr) - 1, len(dense.output_scale)), dtype=np.float32)
    module.logits(folded, clause_ptr, text_ptr, embedding, scale, out, *dense.packed, orders, norm_limit, module.TARGET)
    return out


def pool_numpy(
    folded: NDArray[np.uint32],
    clause_ptr: NDArray[np.int64],
    text_ptr: NDArray[np.int64],
    embedding: NDArray[np.int8],
    scale: NDArray[np.float32],
    *,
    orders: int,
    norm_limit: float,
    table: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """What ``pool`` returns, without compiled code; the same arguments, the same bits, the same errors."""
    _check(folded, clause_ptr, text_ptr, embedding, scale, orders=orders, norm_limit=norm_limit)
    table = float_table(embedding) if table is None else table
    if table.shape != (len(embedding) + 1, embedding.shape[1]) or table.dtype != np.float32:
        raise ValueError(f"table: expected float_table(embedding), got {table.dtype} {table.shape}")
    clause_factor, text_factor = _factors(clause_ptr, text_ptr, orders=orders, norm_limit=norm_limit)
    out = np.zeros((len(text_ptr) - 1, *scale.shape), dtype=np.float32)
    filled = text_ptr[1:] > text_ptr[:-1]
    if filled.any():
        slots = bucket_slots(folded, clause_ptr[text_ptr], orders=orders, bits=len(embedding).bit_length() - 1)
        sums = accumulate(slots, clause_ptr, table)
        # reduceat would give an empty row the first clause of the next one; clauses of the other rows still tile the batch.
        first, last = text_ptr[:-1][filled], text_ptr[1:][filled] - 1
        total = np.add.reduceat(sums, first, axis=0, dtype=np.float64).astype(np.float32)
        values = sums * clause_factor[:, None]
        highest, lowest = np.maximum.reduceat(values, first, axis=0), np.minimum.reduceat(values, first, axis=0)
        mean = total * text_factor[filled, None]
        blocks = np.stack([mean, np.maximum(highest, 0), np.maximum(lowest, 0), values[last], values[first]], axis=1)
        with np.errstate(over="ignore", under="ignore"):
            scaled = blocks * scale
        # + 0 turns -0.0 into 0.0.
        out[filled] = np.clip(np.rint(scaled), -LIMIT, LIMIT) + np.float32(0)
    return out.reshape(len(out), scale.size)


def _factors(
    clause_ptr: NDArray[np.int64], text_ptr: NDArray[np.int64], *, orders: int, norm_limit: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """1 / norm of the number of n-grams: float32 (n_clauses,) and float32 (n_rows,)."""
    row_ends = clause_ptr[text_ptr[1:]]
    # Characters from the beginning of a clause, or of a row, to the end of the row.
    room = np.repeat(row_ends, np.diff(text_ptr)) - clause_ptr[:-1]
    row_room = row_ends - clause_ptr[text_ptr[:-1]]
    lengths = np.diff(clause_ptr)
    in_clause, in_text = np.zeros_like(room), np.zeros_like(row_room)
    for shift in range(orders):
        in_clause += np.clip(room - shift, 0, lengths)
        in_text += np.maximum(row_room - shift, 0)
    one = np.float32(1)
    clause_factor: NDArray[np.float32] = one / text_norm(in_clause.astype(np.float32), norm_limit)
    text_factor: NDArray[np.float32] = one / text_norm(in_text.astype(np.float32), norm_limit)
    return clause_factor, text_factor


def _check(
    folded: NDArray[np.uint32],
    clause_ptr: NDArray[np.int64],
    text_ptr: NDArray[np.int64],
    embedding: NDArray[np.int8],
    scale: NDArray[np.float32],
    *,
    orders: int,
    norm_limit: float,
) -> None:
    """Raise ValueError on the first argument that is not as ``pool`` says."""
    arrays: tuple[NDArray[Any], ...] = (folded, clause_ptr, text_ptr, embedding, scale)
    for array, (name, (dtype, ndim)) in zip(arrays, _DTYPES.items(), strict=True):
        if array.dtype != dtype or array.ndim != ndim or not array.flags.c_contiguous:
            want = f"C-contiguous {np.dtype(dtype)} array of {ndim} dimension{'s' * (ndim > 1)}"
            raise ValueError(f"{name}: expected a {want}, got {array.dtype} {array.shape} with strides {array.strides}")
    if not 1 <= orders <= MAX_ORDERS:
        raise ValueError(f"orders: expected 1 to {MAX_ORDERS}, got {orders}")
    if not 1 <= norm_limit <= MAX_NORM_LIMIT:
        raise ValueError(f"norm_limit: expected 1 to {MAX_NORM_LIMIT:g}, got {norm_limit}")
    rows, columns = embedding.shape
    if not 2 <= rows <= 2**30 or rows & (rows - 1) or not 1 <= columns <= MAX_COLUMNS:
        raise ValueError(f"embedding: expected 2**bits rows, bits 1 to 30, and 1 to {MAX_COLUMNS} columns, got shape {embedding.shape}")
    if scale.shape != (BLOCKS, columns) or not np.isfinite(scale).all():
        raise ValueError(f"scale: expected finite numbers of shape {(BLOCKS, columns)}, got shape {scale.shape}")
    _check_pointers("clause_ptr", clause_ptr, len(folded), least=1, most=MAX_CLAUSE)
    _check_pointers("text_ptr", text_ptr, len(clause_ptr) - 1, least=0, most=len(clause_ptr))


def _check_pointers(name: str, pointers: NDArray[np.int64], total: int, *, least: int, most: int) -> None:
    """Raise ValueError unless ``pointers`` go from 0 to ``total`` in steps of ``least`` to ``most``."""
    steps = np.diff(pointers)
    if not len(pointers) or pointers[0] != 0 or pointers[-1] != total:
        raise ValueError(f"{name}: expected pointers from 0 to {total}, got {pointers[[0, -1]].tolist() if len(pointers) else 'none'}")
    if len(steps) and not least <= steps.min() <= steps.max() <= most:
        raise ValueError(f"{name}: expected steps of {least} to {most}, got {steps.min()} to {steps.max()}")
