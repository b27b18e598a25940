"""The inner loops of duplicates, arrays in and arrays out: hashes of rows and of their n-grams, minima of these, what sets share.

Each runs the C function of ``_minhash.c`` where it was built, else its twin ``..._numpy``. It is all integer arithmetic: both give the
same bits.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.scorer.ngrams import bucket_slots
from feedback_nlp.text.native import load

Ints = NDArray[np.int64]
Codes = NDArray[np.uint32]
Pairs = NDArray[np.int32]
#: Of each row distinct numbers, ascending: int32 (n_values,), and int64 (n_rows + 1,), where each row starts.
Sets = tuple[NDArray[np.int32], Ints]

#: Characters from here on (CJK radicals, kana, ideographs, Hangul, emoji) say much each: n-grams of 2. Before it are letters and digits.
FIRST_WIDE = 0x2E80
WIDE_ORDER, NARROW_ORDER = 2, 4
#: The scorer's hash of an n-gram, to so many bits: the most it gives.
GRAM_BITS = 30
#: Without compiled code, sets are compared for so many of their numbers at a time.
GRAMS_HELD = 1 << 22

#: The compiled module, top-level so that a source checkout finds the one in site-packages, and the version of its functions.
_MODULE = "_feedback_nlp_minhash"
_VERSION = 2

_STEP = np.uint32(0x85EBCA77)
_SHIFT = np.uint32(15)


def compiled() -> bool:
    """Whether the compiled functions run."""
    return compiled_module() is not None


@cache
def compiled_module() -> Any:
    """The module built from ``_minhash.c``; None where it is missing, cannot be loaded or is of another version."""
    return load(_MODULE, _VERSION)


def hash_rows(codes: Codes, indptr: Ints) -> NDArray[np.uint64]:
    """A hash of each row, uint64 (n_rows,): 0 of an empty row and of no other.

    codes: uint32 (n_chars,), below 2**21. indptr: int64 (n_rows + 1,).
    The sum over the row of splitmix64 (Steele, Lea, Flood 2014) of ``place << 21 | code``, modulo 2**64. Two of a million different
    rows have the same hash once in 37 million times (n**2 / 2**65).
    """
    module = compiled_module()
    if module is None:
        return hash_rows_numpy(codes, indptr)
    out = np.empty(len(indptr) - 1, np.uint64)
    module.hash_rows(codes, indptr, out)
    return out


def hash_rows_numpy(codes: Codes, indptr: Ints) -> NDArray[np.uint64]:
    """What ``hash_rows`` returns, without compiled code."""
    lengths = np.diff(indptr)
    place = (np.arange(len(codes)) - np.repeat(indptr[:-1], lengths)).astype(np.uint64)
    x = (place << np.uint64(21) | codes) + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ x >> np.uint64(shift)) * np.uint64(factor)
    x ^= x >> np.uint64(31)
    out = np.zeros(len(lengths), np.uint64)
    filled = lengths > 0
    # reduceat would give an empty row the first character of the next one.
    out[filled] = np.add.reduceat(x, indptr[:-1][filled]) if filled.any() else 0
    out[filled & (out == 0)] = 1
    return out


def gram_hashes(codes: Codes, indptr: Ints) -> tuple[Codes, Ints]:
    """Hash the n-grams of each row: of 2 characters where the first is an ideograph, of 4 where it is a letter or digit.

    codes: uint32 (n_chars,). indptr: int64 (n_rows + 1,). Returns uint32 (n_grams,), below 2**30, and int64 (n_rows + 1,).
    The hash is that of ``scorer.ngrams.bucket_slots``.
    """
    module = compiled_module()
    if module is None:
        return gram_hashes_numpy(codes, indptr)
    out, out_ptr = np.empty(len(codes), np.uint32), np.empty(len(indptr), np.int64)
    module.gram_hashes(codes, indptr, out, out_ptr)
    return out[: out_ptr[-1]], out_ptr


def gram_hashes_numpy(codes: Codes, indptr: Ints) -> tuple[Codes, Ints]:
    """What ``gram_hashes`` returns, without compiled code."""
    slots = bucket_slots(codes, indptr, orders=NARROW_ORDER, bits=GRAM_BITS)
    chosen = np.where(codes >= FIRST_WIDE, slots[:, WIDE_ORDER - 1], slots[:, NARROW_ORDER - 1])
    inside = chosen < 1 << GRAM_BITS
    return chosen[inside].astype(np.uint32), np.concatenate([[0], np.cumsum(inside)])[indptr]


def band_keys(grams: Codes, indptr: Ints, *, size: int, bands: int) -> NDArray[np.uint32]:
    """A hash of the minima of each band: uint32 (bands, n_rows).

    grams: uint32 (n_grams,), of ``gram_hashes``. indptr: int64 (n_rows + 1,). size: minima a band; size * bands is at most 256.
    The k-th order of n-grams is that of ``gram * a + b`` modulo 2**32 with an odd ``a``, which never ties two n-grams.
    Raises ValueError where a row has no n-gram.
    """
    if len(indptr) > 1 and np.diff(indptr).min() < 1:
        raise ValueError("indptr: expected at least one n-gram in each row")
    module = compiled_module()
    if module is None:
        return band_keys_numpy(grams, indptr, size=size, bands=bands)
    keys = np.empty((bands, len(indptr) - 1), np.uint32)
    module.band_keys(grams, indptr, *_orders(size * bands), keys)
    return keys


def band_keys_numpy(grams: Codes, indptr: Ints, *, size: int, bands: int) -> NDArray[np.uint32]:
    """What ``band_keys`` returns, without compiled code."""
    starts = indptr[:-1]
    keys = np.zeros((bands, len(starts)), np.uint32)
    values = np.empty_like(grams)
    for number, (factor, offset) in enumerate(zip(*_orders(size * bands), strict=True)):
        np.multiply(grams, factor, out=values)
        values += offset
        key = keys[number // size]
        key ^= np.minimum.reduceat(values, starts) if len(starts) else key
        key *= _STEP
        key ^= key >> _SHIFT
    return keys


@cache
def _orders(count: int) -> tuple[Codes, Codes]:
    """Factors, odd, and offsets of so many orders of n-grams, uint32 (count,) each: a fixed stream of 32-bit numbers."""
    numbers = np.array([_mixed(number) for number in range(2 * count)], np.uint32).reshape(-1, 2)
    return np.ascontiguousarray(numbers[:, 0] | np.uint32(1)), np.ascontiguousarray(numbers[:, 1])


def _mixed(number: int) -> int:
    """A 32-bit number for each number: the finaliser of MurmurHash3 (Appleby 2011)."""
    value = (number * 0x9E3779B9 + 0x7F4A7C15) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        value = ((value ^ value >> shift) * factor) & 0xFFFFFFFF
    return value ^ value >> 16


def shared(sets: Sets, pairs: Pairs) -> NDArray[np.int32]:
    """How many numbers the sets of each pair share: int32 (n_pairs,). pairs: int32 (n_pairs, 2), rows of ``sets``."""
    module = compiled_module()
    if module is None:
        return shared_numpy(sets, pairs)
    out = np.empty(len(pairs), np.int32)
    module.shared(*sets, np.ascontiguousarray(pairs), out)
    return out


def shared_numpy(sets: Sets, pairs: Pairs) -> NDArray[np.int32]:
    """What ``shared`` returns, without compiled code; numbers below 2**30."""
    from scipy.sparse import csr_array

    values, indptr = sets
    table = csr_array((np.ones(len(values), np.int32), values, indptr), shape=(len(indptr) - 1, 1 << GRAM_BITS), copy=False)
    weight = np.cumsum(np.diff(indptr)[pairs].sum(axis=1)) // GRAMS_HELD
    out = [np.empty(0, np.int32)]
    for part in np.split(pairs, np.flatnonzero(np.diff(weight)) + 1):
        out.append(np.diff(table[part[:, 0]].multiply(table[part[:, 1]]).indptr).astype(np.int32))
    return np.concatenate(out)


def mark_followers(pairs: Pairs, size: int) -> NDArray[np.bool_]:
    """bool (size,), False for the texts that lead: in order of rank, each that is in no pair with a leader before it.

    pairs: int32 (n_pairs, 2), the better-ranked (lower) number first, sorted by it.
    """
    follows = np.zeros(size, bool)
    module = compiled_module()
    if module is None:
        return mark_followers_numpy(pairs, follows)
    module.mark_followers(np.ascontiguousarray(pairs), follows)
    return follows


def mark_followers_numpy(pairs: Pairs, follows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What ``mark_followers`` returns, without compiled code; fills ``follows``, which is all False."""
    texts, begins = np.unique(pairs[:, 0], return_index=True)
    ends = np.append(begins, len(pairs))[1:]
    for text, begin, end in zip(texts.tolist(), begins.tolist(), ends.tolist(), strict=True):
        if not follows[text]:
            follows[pairs[begin:end, 1]] = True
    return follows
