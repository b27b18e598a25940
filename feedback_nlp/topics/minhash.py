"""Near-equal texts by MinHash with banded locality-sensitive hashing, then by their very sets. Arrays in, arrays out.

Broder 1997, "On the resemblance and containment of documents"; Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", 3.4. Two texts
share the minimum of a random order of their n-grams with a probability of their Jaccard similarity ``s``, the minima of a band of ``r``
orders with ``s**r``, and at least one of ``b`` bands with ``1 - (1 - s**r)**b``. Bands only propose pairs; ``similarities`` decides.
"""

from collections.abc import Iterable, Iterator
from math import ceil, log

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.topics.counts import distinct
from feedback_nlp.topics.kernels import GRAM_BITS, Codes, Ints, Pairs, Sets, mark_followers, shared

#: A pair that is exactly as similar as the threshold is proposed with at least this probability.
MIN_RECALL = 0.995
#: Minima in a band at most, and in all bands together. More in a band: fewer pairs that only look similar, but more bands.
MAX_BAND, MAX_MINIMA = 8, 192

#: How much less than a change counts what one text merely adds to the other: 0 not less (Jaccard), 1 nothing (containment).
ADDED = 0.5

#: In a bucket of up to so many texts, each is paired with the so many that rank best and with the one before it; in a fuller one with
#: the best only: linear, however full the buckets are.
STARS, SMALL_BUCKET = 3, 64
#: Proposed pairs are merged whenever so many have come together, or as many as are known.
PAIRS_HELD = 1 << 22


def gram_sets(grams: Codes, indptr: Ints) -> Sets:
    """The distinct n-grams of each row, ascending: int32 (n_distinct,) and int64 (n_rows + 1,). grams: below 2**30."""
    rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    keys = distinct(rows << GRAM_BITS | grams)
    values = (keys & ((1 << GRAM_BITS) - 1)).astype(np.int32)
    return values, np.searchsorted(keys, np.arange(len(indptr)) << GRAM_BITS)


def joined_sets(parts: list[Sets]) -> Sets:
    """The rows of all parts, one part behind the other."""
    lengths = [np.diff(indptr) for _, indptr in parts]
    values = np.concatenate([np.empty(0, np.int32), *(values for values, _ in parts)])
    return values, np.concatenate([[0], np.cumsum(np.concatenate([np.empty(0, np.int64), *lengths]))])


def plan(jaccard: float) -> tuple[int, int]:
    """(minima a band, bands) for pairs from a Jaccard similarity in (0, 1] on: the longest bands within the limits above."""
    for size in range(MAX_BAND, 0, -1):
        miss = 1 - jaccard**size
        bands = ceil(log(1 - MIN_RECALL) / log(miss)) if miss > 0 else 1
        if size * bands <= MAX_MINIMA:
            return size, bands
    raise ValueError(f"no bands of at most {MAX_MINIMA} minima for a Jaccard similarity of {jaccard}")


def jaccard_bound(threshold: float) -> float:
    """The least Jaccard similarity of sets that are as similar as the threshold: one of them holds the other."""
    return 1 / (1 + (1 / threshold - 1) / (1 - ADDED))


def _buckets(band: NDArray[np.uint32]) -> tuple[Ints, Ints]:
    """Texts that share a key, by key, then by number, int64 (n_sharing,); and where each bucket starts, int64 (n_buckets + 1,)."""
    entries = band.astype(np.uint64)
    entries <<= np.uint64(32)
    entries |= np.arange(len(band), dtype=np.uint32)
    entries.sort()
    keys = (entries >> np.uint64(32)).astype(np.uint32)
    again = np.zeros(len(band) + 1, bool)
    np.equal(keys[1:], keys[:-1], out=again[1:-1])
    del keys
    # An entry has company where its key is that of the one before it or of the one behind it.
    kept = np.flatnonzero(again[:-1] | again[1:])
    starts = np.flatnonzero(~again[kept])
    return (entries[kept] & np.uint64(0xFFFFFFFF)).astype(np.int64), np.append(starts, len(kept))


def company(bands: Iterable[NDArray[np.uint32]], rows: NDArray[np.integer]) -> Ints:
    """How many rows each text meets in its buckets, itself and all bands counted: int64 (n,), most for the most typical of a group.

    bands: of each band the keys, uint32 (n,). rows: (n,), how many rows each text stands for.
    """
    met = np.zeros(len(rows), np.int64)
    for band in bands:
        met += rows
        texts, starts = _buckets(band)
        if len(texts):
            weights = rows[texts]
            met[texts] += np.repeat(np.add.reduceat(weights, starts[:-1]), np.diff(starts)) - weights
    return met


def bucket_pairs(bands: Iterable[NDArray[np.uint32]]) -> Pairs:
    """Pairs of texts that share a key in some band: int32 (n_pairs, 2), the better-ranked (lower) number first, sorted.

    bands: of each band the keys, uint32 (n,), in order of rank. A bucket of m texts gives at most (STARS + 1) * m pairs.
    """
    pairs = np.empty(0, np.int64)
    fresh: list[Ints] = []
    for band in bands:
        fresh += [first << 32 | second for first, second in _linked(*_buckets(band))]
        if sum(map(len, fresh)) > max(PAIRS_HELD, len(pairs)):
            pairs, fresh = _merged([pairs, *fresh]), []
    pairs = _merged([pairs, *fresh])
    found = np.empty((len(pairs), 2), np.int32)
    found[:, 0], found[:, 1] = pairs >> 32, pairs & 0xFFFFFFFF
    return found


def _merged(parts: list[Ints]) -> Ints:
    """The distinct values of all parts, ascending."""
    values = np.concatenate(parts)
    values.sort()
    fresh = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=fresh[1:])
    return values[fresh]


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
    sizes = np.diff(sets[1]).astype(np.int32)[pairs]
    result = np.zeros(len(pairs))
    able = np.flatnonzero((sizes.min(axis=1) >= jaccard_bound(threshold) * sizes.max(axis=1)) & (sizes.max(axis=1) > 0))
    common = shared(sets, pairs[able])
    own = sizes[able] - common[:, None]
    result[able] = common / (common + (1 + ADDED) * own.min(axis=1) + (1 - ADDED) * own.max(axis=1))
    return result


def leaders(pairs: Pairs, similarity: NDArray[np.floating], size: int) -> tuple[Ints, NDArray[np.float32]]:
    """Leader of each text, int64 (size,), itself where it has none, and the similarity to it, float32 (size,), 1 to itself.

    pairs: int32 (n_pairs, 2) of similar texts, the better-ranked (lower) number first, sorted. similarity: (n_pairs,).
    In order of rank, a text that no leader is similar to leads (Hartigan 1975, leader algorithm). The others follow the most similar
    leader, of equal ones the best-ranked. So a group never reaches further than one step from its leader.
    """
    first, second = pairs.T
    led = np.flatnonzero(~mark_followers(pairs, size)[first])
    order = led[np.lexsort((first[led], -similarity[led], second[led]))]
    followers, best = np.unique(second[order], return_index=True)
    leader, alike = np.arange(size), np.ones(size, np.float32)
    leader[followers], alike[followers] = first[order[best]], similarity[order[best]]
    return leader, alike
