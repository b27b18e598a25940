"""Texts as bags of words: what themes are learned from, in an order that depends on the words alone."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.topics.counts import distinct
from feedback_nlp.topics.stream import Units

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Bags:
    """The different bags of words of some rows; rows that hold the same words are one bag.

    present: csr (n_bags, n_words), float64, 1 where the bag has the word; columns are positions in the vocabulary of the units.
    bag: int64 (n_rows,), the bag of each row, -1 for rows without words and for those left out by ``limit``.
    rows: int64 (n_bags,), how many rows are of each bag.

    Bags stand in the order of a checksum of their words: neither the order of rows, nor how often one occurs, changes it.
    """

    present: "csr_array"
    bag: Ints
    rows: Ints

    @classmethod
    def from_units(cls, batch: Units, *, limit: int) -> "Bags":
        """Collect the bags of a batch; of more than ``limit`` those with the lowest checksums, which is a sample by chance."""
        from scipy.sparse import csr_array

        row, word = row_words(batch)
        start = np.searchsorted(row, np.arange(batch.n_rows + 1))
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(checksums(batch.vocabulary)[word], dtype=np.uint64)])
        key = sums[start[1:]] - sums[start[:-1]]
        filled = np.flatnonzero(np.diff(start))
        _, first, code, count = np.unique(key[filled], return_index=True, return_inverse=True, return_counts=True)
        size = min(len(first), limit)
        chosen, bag = filled[first[:size]], np.full(batch.n_rows, -1, np.int64)
        bag[filled] = np.where(code < size, code, -1)
        lengths = (start[1:] - start[:-1])[chosen]
        indptr = np.concatenate([[0], np.cumsum(lengths)])
        at = np.repeat(start[chosen] - indptr[:-1], lengths) + np.arange(indptr[-1])
        present = csr_array((np.ones(len(at)), word[at], indptr), shape=(size, len(batch.vocabulary)))
        return cls(present, bag, count[:size].astype(np.int64))


def row_words(batch: Units) -> tuple[Ints, Ints]:
    """Return (row, word), int64 (n,) each, every pair once, in order of rows and words."""
    size = max(len(batch.vocabulary), 1)
    return np.divmod(distinct(batch.rows * size + batch.ids), size)


def checksums(words: NDArray[np.object_]) -> NDArray[np.uint64]:
    """Return a checksum of each word, uint64 (n,), the same on every machine."""
    digests = b"".join(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest() for word in words)
    return np.frombuffer(digests, "<u8").astype(np.uint64)
