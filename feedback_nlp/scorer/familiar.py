"""How much of a text the model has seen before: a bitmap of character pairs (a Bloom filter with one hash, Bloom 1970)."""

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.scorer.ngrams import bucket_slots


def pair_places(folded: NDArray[np.uint32], indptr: NDArray[np.int64], *, bits: int) -> NDArray[np.int32]:
    """Place of each pair of adjacent characters in a bitmap of ``2**bits`` bits.

    folded: uint32 (n_chars,). indptr: int64 (n_rows + 1,). Returns int32 (n_chars,), by the position of the first character;
    ``2**bits`` at the last character of a row, which begins no pair.
    """
    return np.ascontiguousarray(bucket_slots(folded, indptr, orders=2, bits=bits)[:, 1])


def make_bitmap(places: NDArray[np.int32], *, bits: int, least: int) -> NDArray[np.uint8]:
    """uint8 (2**(bits - 3),): a bit for each place that occurs at least ``least`` times."""
    counts = np.bincount(places, minlength=(1 << bits) + 1)[: 1 << bits]
    return np.packbits(counts >= least, bitorder="little")


def unfamiliar_share(folded: NDArray[np.uint32], indptr: NDArray[np.int64], bitmap: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Share of each text's character pairs that the bitmap does not hold: float32 (n_rows,) in [0, 1], 0 for a text without pairs."""
    bits = len(bitmap).bit_length() + 2
    places = pair_places(folded, indptr, bits=bits)
    padded = np.append(bitmap, np.uint8(255))  # the place of no pair counts as known
    known = (padded[places >> 3] >> (places & 7).astype(np.uint8)) & 1
    before = np.concatenate([[0], np.cumsum(known == 0)])
    unknown = before[indptr[1:]] - before[indptr[:-1]]
    return np.asarray(unknown / np.maximum(np.diff(indptr) - 1, 1), dtype=np.float32)
