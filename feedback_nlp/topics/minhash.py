"""Near-equal texts by MinHash with banded locality-sensitive hashing, then by their very sets. Arrays in, arrays out.

Broder 1997, "On the resemblance and containment of documents"; Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", 3.4. Two texts
share the minimum of a random order of their n-grams with a probability of their Jaccard similarity ``s``, the minima of a band of ``r``
orders with ``s**r``, and at least one of ``b`` bands with ``1 - (1 - s**r)**b``. Bands only propose pairs; ``similarities`` decides.
"""

from collections.abc import Iterator
from math import ceil, log

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.scorer.ngrams import bucket_slots
from feedback_nlp.topics.counts import distinct

Ints = NDArray[np.int64]
Pairs = NDArray[np.int32]
Sets = tuple[NDArray[np.int32], Ints]

#: Characters from here on (CJK radicals, kana, ideographs, Hangul, emoji) say much each: n-grams of 2. Before it are letters and digits.
FIRST_WIDE = 0x2E80
WIDE_ORDER, NARROW_ORDER = 2, 4
#: The scorer's hash of an n-gram, to so many bits: the most it gives.
GRAM_BITS = 30

#: A pair that is exactly as similar as the threshold is proposed with at least this probability.
MIN_RECALL = 0.995
#: Minima in a band at most, and in all bands together. More in a band: fewer pairs that only look similar, but more bands.
MAX_BAND, MAX_MINIMA = 8, 192

#: How much less than a change counts what one text merely adds to the other: 0 not less (Jaccard), 1 nothing (containment).
ADDED = 0.5

#: In a bucket of up to so many texts, each is paired with the so many that rank best and with the one before it; in a fuller one with
#: the best only: linear, however full the buckets are.
STARS, SMALL_BUCKET = 3, 64
#: Proposed pairs are merged whenever so many have come together; similarities are computed for so many n-grams at a time.
PAIRS_HELD, GRAMS_HELD = 1 << 23, 1 << 22

_STEP = np.uint32(0x85EBCA77)
_SHIFT = np.uint32(15)


def gram_hashes(codes: NDArray[np.uint32], indptr: Ints) -> tuple[NDArray[np.uint32], Ints]:
    """Hash the n-grams of each row: of 2 characters where the first is an ideograph, of 4 where it is a letter or digit.

    codes: uint32 (n_chars,). indptr: int64 (n_rows + 1,). Returns uint32 (n_grams,), below 2**30, and int64 (n_rows + 1,).
    """
    slots = bucket_slots(codes, indptr, orders=NARROW_ORDER, bits=GRAM_BITS)
    chosen = np.where(codes >= FIRST_WIDE, slots[:, WIDE_ORDER - 1], slots[:, NARROW_ORDER - 1])
    inside = chosen < 1 << GRAM_BITS
    return chosen[inside].astype(np.uint32), np.concatenate([[0], np.cumsum(inside)])[indptr]


def gram_sets(grams: NDArray[np.uint32], indptr: Ints) -> Sets:
    """The distinct n-grams of each row, ascending: int32 (n_distinct,) and int64 (n_rows + 1,)."""
    rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    keys = distinct(rows << GRAM_BITS | grams)
    values = (keys & ((1 << GRAM_BITS) - 1)).astype(np.int32)
    return values, np.searchsorted(keys, np.arange(len(indptr)) << GRAM_BITS)


def plan(jaccard: float) -> tuple[int, int]:
    """(minima a band, bands) for pairs from a Jaccard similarity in (0, 1] on: the longest bands within the limits above."""
    for size in range(MAX_BAND, 0, -1):
        miss = 1 - jaccard**size
        bands = ceil(log(1 - MIN_RECALL) / log(miss)) if miss > 0 else 1
        if size * bands <= MAX_MINIMA:
            return size, bands
    raise ValueError(f"no bands of at most {MAX_MINIMA} minima for a Jaccard similarity of {jaccard}")


def _mixed(number: int) -> int:
    """A 32-bit number for each number (the finaliser of MurmurHash3, Appleby 2011); a fixed stream of multipliers and offsets."""
    value = (number * 0x9E3779B9 + 0x7F4A7C15) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        value = ((value ^ value >> shift) * factor) & 0xFFFFFFFF
    return value ^ value >> 16


def band_keys(grams: NDArray[np.uint32], indptr: Ints, *, size: int, bands: int) -> NDArray[np.uint32]:
    """A hash of the minima of each band: uint32 (bands, n_rows). No row may be empty.

    The k-th order of n-grams is that of ``gram * a + b`` modulo 2**32 with an odd ``a``, which never ties two n-grams.
    """
    starts = indptr[:-1]
    keys = np.zeros((bands, len(starts)), np.uint32)
    values = np.empty_like(grams)
    for number in range(bands * size):
        np.multiply(grams, np.uint32(_mixed(2 * number) | 1), out=values)
        values += np.uint32(_mixed(2 * number + 1))
        key = keys[number // size]
        key ^= np.minimum.reduceat(values, starts)
        key *= _STEP
        key ^= key >> _SHIFT
    return keys


def _buckets(band: NDArray[np.uint32]) -> tuple[Ints, Ints]:
    """Texts ordered by key, then by number, int64 (n,); and where each of their buckets starts, int64 (n_buckets + 1,)."""
    entries = np.sort(band.astype(np.uint64) << np.uint64(32) | np.arange(len(band), dtype=np.uint64))
    keys = entries >> np.uint64(32)
    starts = np.flatnonzero(keys[1:] != keys[:-1]) + 1
    return (entries & np.uint64(0xFFFFFFFF)).astype(np.int64), np.concatenate([[0], starts, [len(band)]])


def company(keys: NDArray[np.uint32], rows: Ints) -> Ints:
    """How many rows each text meets in its buckets, itself and all bands counted: int64 (n,), most for the most typical of a group.

    keys: uint32 (bands, n). rows: int64 (n,), how many rows each text stands for.
    """
    met = np.zeros(len(rows), np.int64)
    for band in keys if len(rows) else ():
        texts, starts = _buckets(band)
        met[texts] += np.repeat(np.add.reduceat(rows[texts], starts[:-1]), np.diff(starts))
    return met


def bucket_pairs(keys: NDArray[np.uint32]) -> Pairs:
    """Pairs of texts that share a key in some band: int32 (n_pairs, 2), the better-ranked (lower) number first, sorted.

    keys: uint32 (bands, n), columns in order of rank. A bucket of m texts gives at most (STARS + 1) * m pairs.
    """
    pairs, fresh = np.empty(0, np.int64), [np.empty(0, np.int64)]
    for band in keys:
        fresh += [first << 32 | second for first, second in _linked(*_buckets(band))]
        if sum(map(len, fresh)) > PAIRS_HELD:
            pairs, fresh = distinct(np.concatenate([pairs, *fresh])), []
    pairs = distinct(np.concatenate([pairs, *fresh]))
    return np.column_stack([(pairs >> 32).astype(np.int32), pairs.astype(np.int32)])


def _linked(texts: Ints, starts: Ints) -> Iterator[tuple[Ints, Ints]]:
    """The pairs of one band; see ``_buckets``."""
    sizes = np.diff(starts)
    start, size = np.repeat(starts[:-1], sizes), np.repeat(sizes, sizes)
    place = np.arange(len(texts)) - start
    for star in range(STARS):
        behind = np.flatnonzero((place > star) & ((size <= SMALL_BUCKET) | (star == 0)))
        yield texts[start[behind] + star], texts[behind]
    behind = np.flatnonzero((place > STARS) & (size <= SMALL_BUCKET))
    yield texts[behind - 1], texts[behind]


def similarities(sets: Sets, pairs: Pairs, *, threshold: float) -> NDArray[np.float64]:
    """Similarity of the sets of each pair: float64 (n_pairs,) in [0, 1], 0 where the sizes alone keep it below the threshold.

    sets: of ``gram_sets``. pairs: int32 (n_pairs, 2).
    common / (common + (1 + ADDED) * less + (1 - ADDED) * more), where less and more are the n-grams that only the one or only the
    other has (Tversky 1977; symmetric as in Jimenez, Becerra, Gelbukh 2013): Jaccard where both have as many, and what one text
    merely adds counts half.
    """
    from scipy.sparse import csr_array

    values, indptr = sets
    table = csr_array((np.ones(len(values), np.int32), values, indptr), shape=(len(indptr) - 1, 1 << GRAM_BITS), copy=False)
    sizes = np.diff(indptr).astype(np.int32)[pairs]
    able = np.flatnonzero(sizes.min(axis=1) >= jaccard_bound(threshold) * sizes.max(axis=1))
    result = np.zeros(len(pairs))
    weight = np.cumsum(sizes[able].sum(axis=1), dtype=np.int64) // GRAMS_HELD
    for part in np.split(able, np.flatnonzero(np.diff(weight)) + 1):
        common = np.diff(table[pairs[part, 0]].multiply(table[pairs[part, 1]]).indptr)
        own = sizes[part] - common[:, None]
        result[part] = common / (common + (1 + ADDED) * own.min(axis=1) + (1 - ADDED) * own.max(axis=1))
    return result


def jaccard_bound(threshold: float) -> float:
    """The least Jaccard similarity of sets that are as similar as the threshold: one of them holds the other."""
    return 1 / (1 + (1 / threshold - 1) / (1 - ADDED))


def joined_sets(parts: list[Sets]) -> Sets:
    """The rows of all parts, one part behind the other."""
    lengths = [np.diff(indptr) for _, indptr in parts]
    values = np.concatenate([np.empty(0, np.int32), *(values for values, _ in parts)])
    return values, np.concatenate([[0], np.cumsum(np.concatenate([np.empty(0, np.int64), *lengths]))])


def leaders(pairs: Pairs, similarity: NDArray[np.float64], size: int) -> tuple[Ints, NDArray[np.float32]]:
    """Leader of each text, int64 (size,), itself where it has none, and the similarity to it, float32 (size,), 1 to itself.

    pairs: int32 (n_pairs, 2) of similar texts, the better-ranked (lower) number first, sorted. similarity: float64 (n_pairs,).
    In order of rank, a text that no leader is similar to leads (Hartigan 1975, leader algorithm). The others follow the most similar
    leader, of equal ones the best-ranked. So a group never reaches further than one step from its leader.
    """
    first, second = pairs.T
    texts, begins = np.unique(first, return_index=True)
    ends = np.append(begins, len(first))[1:]
    follows = np.zeros(size, bool)
    for text, begin, end in zip(texts.tolist(), begins.tolist(), ends.tolist(), strict=True):
        if not follows[text]:
            follows[second[begin:end]] = True
    led = np.flatnonzero(~follows[first])
    order = led[np.lexsort((first[led], -similarity[led], second[led]))]
    followers, best = np.unique(second[order], return_index=True)
    leader, alike = np.arange(size), np.ones(size, np.float32)
    leader[followers], alike[followers] = first[order[best]], similarity[order[best]]
    return leader, alike
