"""Integer aggregates over units: exact, mergeable in any order, the only thing keywords know of a corpus.

They are counts of documents in int64, so merging is associative and commutative and the result does not depend on how rows were split.
"""

from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics.stream import Units, units

#: Weights are counted in thousandths of a nat.
WEIGHT_UNIT = 1000


@dataclass(frozen=True, eq=False)
class TermCounts:
    """How often each unit and each pair of touching units occurs.

    vocabulary: object (n_terms,), units sorted by code point.
    kinds: uint8 (n_terms,), see `stream`.
    documents, occurrences: int64 (n_terms,), rows with the unit, and all its occurrences.
    pairs: int64 (n_pairs, 2), ordered pairs (first, second) that touch somewhere, as positions in ``vocabulary``, sorted.
    pair_documents, pair_occurrences: int64 (n_pairs,), rows in which the pair touches, and how often it does.
    n_documents: rows counted, empty ones included.
    """

    vocabulary: NDArray[np.object_]
    kinds: NDArray[np.uint8]
    documents: NDArray[np.int64]
    occurrences: NDArray[np.int64]
    pairs: NDArray[np.int64]
    pair_documents: NDArray[np.int64]
    pair_occurrences: NDArray[np.int64]
    n_documents: int

    @classmethod
    def from_tokens(cls, tokens: Tokens | Units) -> "TermCounts":
        """Count one chunk of rows."""
        batch = units(tokens)
        size = len(batch.vocabulary)
        first = batch.touching
        keys, codes = np.unique(batch.ids[first].astype(np.int64) * size + batch.ids[first + 1], return_inverse=True)
        return cls(
            batch.vocabulary,
            batch.kinds,
            _documents(batch.rows, batch.ids.astype(np.int64), size),
            np.bincount(batch.ids, minlength=size).astype(np.int64),
            np.column_stack(np.divmod(keys, max(size, 1))),
            _documents(batch.rows[first], codes, len(keys)),
            np.bincount(codes, minlength=len(keys)).astype(np.int64),
            batch.n_rows,
        )

    def merge(self, *others: "TermCounts") -> "TermCounts":
        """Add counts of other rows. Exact, associative, commutative; merging many at once is cheaper than one by one."""
        parts = (self, *others)
        vocabulary, index, codes = np.unique(np.concatenate([part.vocabulary for part in parts]), return_index=True, return_inverse=True)
        places = np.split(codes, np.cumsum([len(part.vocabulary) for part in parts])[:-1])
        size = max(len(vocabulary), 1)
        pairs = [place[part.pairs[:, 0]] * size + place[part.pairs[:, 1]] for place, part in zip(places, parts, strict=True)]
        keys, pair_codes = np.unique(np.concatenate(pairs), return_inverse=True)
        return TermCounts(
            vocabulary,
            np.concatenate([part.kinds for part in parts])[index],
            _sum_by(codes, [part.documents for part in parts], len(vocabulary)),
            _sum_by(codes, [part.occurrences for part in parts], len(vocabulary)),
            np.column_stack(np.divmod(keys, size)),
            _sum_by(pair_codes, [part.pair_documents for part in parts], len(keys)),
            _sum_by(pair_codes, [part.pair_occurrences for part in parts], len(keys)),
            sum(part.n_documents for part in parts),
        )

    def only(self, terms: NDArray[np.int64], pairs: NDArray[np.int64]) -> "TermCounts":
        """The counts of some terms and pairs, given by their positions, ascending; terms with the parts of the pairs."""
        kept = np.unique(np.concatenate([terms, self.pairs[pairs].ravel()]))
        return TermCounts(
            self.vocabulary[kept],
            self.kinds[kept],
            self.documents[kept],
            self.occurrences[kept],
            find_terms(self.pairs[pairs].ravel(), kept).reshape(-1, 2),
            self.pair_documents[pairs],
            self.pair_occurrences[pairs],
            self.n_documents,
        )

    def of(self, other: "TermCounts") -> "TermCounts":
        """What these are of the terms and pairs of other counts, 0 for those not counted."""
        place = find_terms(other.vocabulary, self.vocabulary)
        size = max(len(self.vocabulary), 1)
        a, b = place[other.pairs[:, 0]], place[other.pairs[:, 1]]
        pair = find_terms(np.where((a >= 0) & (b >= 0), a * size + b, -1), self.pairs[:, 0] * size + self.pairs[:, 1])
        documents, occurrences = (np.append(values, 0)[place] for values in (self.documents, self.occurrences))
        pair_documents, pair_occurrences = (np.append(values, 0)[pair] for values in (self.pair_documents, self.pair_occurrences))
        return TermCounts(
            other.vocabulary, other.kinds, documents, occurrences, other.pairs, pair_documents, pair_occurrences, self.n_documents
        )


def find_terms(vocabulary: NDArray[Any], terms: NDArray[Any]) -> NDArray[np.int64]:
    """Return the position of each word (or number) among the sorted terms, int64 (len(vocabulary),), -1 where absent."""
    if not len(terms) or not len(vocabulary):
        return np.full(len(vocabulary), -1, np.int64)
    if terms.dtype == object and len(vocabulary) > len(terms) // 16:  # many words are found faster by their hash
        places = dict(zip(terms.tolist(), range(len(terms)), strict=True))
        return np.fromiter(map(places.get, vocabulary.tolist(), repeat(-1)), np.int64, len(vocabulary))
    place = np.minimum(np.searchsorted(terms, vocabulary), len(terms) - 1)
    return np.where(terms[place] == vocabulary, place, -1).astype(np.int64)


@dataclass(frozen=True, eq=False)
class NumberTable:
    """Where each of some different numbers stands, as a hash table with open addressing; faster than a search where many are looked up.

    numbers: int64 (n,), different. slots: int32 (2**bits,), the place of a number in ``numbers``, -1 where there is none; at most a quarter
    is taken. A number stands in the slot that its product with 2**64 / golden ratio (Knuth 1973, 6.4) begins with, or the next free one.
    """

    numbers: NDArray[np.int64]
    slots: NDArray[np.int32]

    @classmethod
    def of(cls, numbers: NDArray[np.int64]) -> "NumberTable":
        """The table of some different numbers."""
        table = cls(numbers, np.full(4 << len(numbers).bit_length(), -1, np.int32))
        slot, left = table._slots(numbers), np.arange(len(numbers), dtype=np.int32)
        while len(left):
            free = table.slots[slot] < 0
            table.slots[slot[free]] = left[free]
            out = table.slots[slot] != left
            left, slot = left[out], (slot[out] + 1) & (len(table.slots) - 1)
        return table

    def find(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """The place of each number, int64 (m,), -1 where absent."""
        found = np.full(len(numbers), -1, np.int64)
        if not len(self.numbers):
            return found
        slot, left = self._slots(numbers), np.arange(len(numbers))
        while len(left):
            place = self.slots.take(slot)
            taken = np.flatnonzero(place >= 0)
            left, slot, place = left[taken], slot[taken], place[taken]
            same = self.numbers.take(place) == numbers.take(left)
            found[left[same]] = place[same]
            left, slot = left[~same], (slot[~same] + 1) & (len(self.slots) - 1)
        return found

    def _slots(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        shift = np.uint64(65 - len(self.slots).bit_length())
        slots: NDArray[np.int64] = (numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) >> shift).astype(np.int64)
        return slots


def npmi(met: NDArray[np.int64], first: NDArray[np.int64], second: NDArray[np.int64], n_documents: int) -> NDArray[np.float64]:
    """Normalised pointwise mutual information, ln(p(a,b) / p(a)p(b)) / -ln p(a,b) (Bouma 2009).

    met: documents with both terms; first, second: documents with each; int64 arrays that broadcast; n_documents: at least 1.
    Returns float64 in [-1, 1]: -1 where terms never meet, 0 where both are everywhere.
    """
    pairs = np.maximum(met, 1) / n_documents
    expected = (first / n_documents) * (second / n_documents)
    value = np.log(pairs / np.maximum(expected, np.finfo(float).tiny)) / np.maximum(-np.log(pairs), np.finfo(float).tiny)
    value = np.where(pairs >= 1.0, 0.0, value)
    return np.clip(np.where(met > 0, value, -1.0), -1.0, 1.0)


def information(frequency: NDArray[np.int64], n_documents: int, *, rarest: float) -> NDArray[np.int64]:
    """Return -ln of the share of documents with a term (idf, Spärck Jones 1972), int64, in thousandths of a nat, at least 1.

    Whole numbers, so that sums do not depend on order. A term rarer than ``rarest`` weighs like one of that share.
    """
    share = (frequency + 1) / (n_documents + 2)
    return np.maximum(np.round(-WEIGHT_UNIT * np.log(np.clip(share, rarest, 1.0))), 1).astype(np.int64)


def distinct(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the distinct values in ascending order; for millions of keys several times as fast as the hash table of ``np.unique``."""
    values = np.sort(values)
    return values.take(np.flatnonzero(np.diff(values, prepend=values[:1] - 1)))


def _documents(rows: NDArray[np.int64], codes: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Count the distinct rows of each code in [0, size), int64 (size,)."""
    seen = distinct(rows * max(size, 1) + codes)
    return np.bincount(seen % max(size, 1), minlength=size).astype(np.int64)


def _sum_by(codes: NDArray[np.int64], values: list[NDArray[np.int64]], size: int) -> NDArray[np.int64]:
    total = np.zeros(size, np.int64)
    np.add.at(total, codes, np.concatenate(values))
    return total
