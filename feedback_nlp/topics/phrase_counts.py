"""Counts of phrases of one to four words: exact, mergeable in any order, all that key phrases know of a corpus."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics.counts import distinct, find_terms
from feedback_nlp.topics.spans import MAX_WORDS, Spans, find_spans
from feedback_nlp.topics.stream import Units, spell

Ints = NDArray[np.int64]
Words = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class PhraseCounts:
    """In how many texts each phrase of one to four words stands.

    vocabulary: object (n_words,), units sorted by code point; kinds: uint8 (n_words,), see `stream`.
    words: int32 (n, MAX_WORDS), phrases as positions in ``vocabulary``, -1 behind the last, in lexicographic order.
    documents, occurrences: int64 (n,), rows with the phrase, and all its occurrences.
    present: int64 (n_words,), rows with each word, in a phrase or not.
    n_documents: rows counted, empty ones included.
    """

    vocabulary: NDArray[np.object_]
    kinds: NDArray[np.uint8]
    words: Words
    documents: Ints
    occurrences: Ints
    present: Ints
    n_documents: int

    @classmethod
    def from_tokens(cls, tokens: Tokens | Spans) -> "PhraseCounts":
        """Count one chunk of rows."""
        spans = tokens if isinstance(tokens, Spans) else find_spans(tokens)
        batch = spans.batch
        words, codes = number_phrases(spans.words, max(len(batch.vocabulary), 1))
        rows = distinct(spans.rows * max(len(words), 1) + codes)
        return cls(
            batch.vocabulary,
            batch.kinds,
            words,
            np.bincount(rows % max(len(words), 1), minlength=len(words)).astype(np.int64),
            np.bincount(codes, minlength=len(words)).astype(np.int64),
            rows_with(batch),
            batch.n_rows,
        )

    def merge(self, *others: "PhraseCounts") -> "PhraseCounts":
        """Add counts of other rows. Exact, associative, commutative."""
        parts = (self, *others)
        vocabulary, index, codes = np.unique(np.concatenate([part.vocabulary for part in parts]), return_index=True, return_inverse=True)
        places = np.split(codes.astype(np.int32), np.cumsum([len(part.vocabulary) for part in parts])[:-1])
        moved = [np.append(place, np.int32(-1))[part.words] for place, part in zip(places, parts, strict=True)]
        words, numbers = number_phrases(np.concatenate(moved), max(len(vocabulary), 1))
        documents, occurrences, present = (
            np.zeros(len(words), np.int64),
            np.zeros(len(words), np.int64),
            np.zeros(len(vocabulary), np.int64),
        )
        np.add.at(documents, numbers, np.concatenate([part.documents for part in parts]))
        np.add.at(occurrences, numbers, np.concatenate([part.occurrences for part in parts]))
        np.add.at(present, codes, np.concatenate([part.present for part in parts]))
        kinds = np.concatenate([part.kinds for part in parts])[index]
        return PhraseCounts(vocabulary, kinds, words, documents, occurrences, present, sum(part.n_documents for part in parts))

    def only(self, chosen: Ints) -> "PhraseCounts":
        """The counts of some phrases and their words. chosen: int64 (m,), positions, ascending."""
        words = self.words[chosen]
        kept = np.unique(words[words >= 0])
        moved = np.append(find_terms(np.arange(len(self.vocabulary)), kept), -1)[words].astype(np.int32)
        documents, occurrences = self.documents[chosen], self.occurrences[chosen]
        return PhraseCounts(self.vocabulary[kept], self.kinds[kept], moved, documents, occurrences, self.present[kept], self.n_documents)

    def of(self, other: "PhraseCounts") -> "PhraseCounts":
        """What these are of the phrases and words of other counts, 0 for those not counted."""
        place = find_terms(other.vocabulary, self.vocabulary)
        moved = np.append(place, -1)[other.words].astype(np.int32)
        known = ((moved >= 0) | (other.words < 0)).all(axis=1)
        at = np.full(len(moved), -1, np.int64)
        at[known] = find_phrases(moved[known], self.words, len(self.vocabulary))
        documents, occurrences = np.append(self.documents, 0)[at], np.append(self.occurrences, 0)[at]
        present = np.append(self.present, 0)[place]
        return PhraseCounts(other.vocabulary, other.kinds, other.words, documents, occurrences, present, self.n_documents)


def rows_with(batch: Units) -> Ints:
    """Rows with each word of the vocabulary, int64 (n_words,)."""
    size = max(len(batch.vocabulary), 1)
    pairs = distinct(batch.rows * size + batch.ids)
    return np.bincount(pairs % size, minlength=len(batch.vocabulary)).astype(np.int64)


def number_phrases(words: Words, size: int) -> tuple[Words, Ints]:
    """Return the different rows of (n, MAX_WORDS) in lexicographic order, and the number of each row among them."""
    number = words[:, 0].astype(np.int64)
    for step in range(1, MAX_WORDS):
        longer = np.flatnonzero(words[:, step] >= 0)
        keys = number * (size + 1)
        keys[longer] += words[longer, step] + 1
        number = np.unique(keys, return_inverse=True)[1] if len(keys) else keys
    first = np.zeros(int(number.max(initial=-1)) + 1, np.int64)
    first[number] = np.arange(len(number))
    return words[first], number


def find_phrases(words: Words, known: Words, size: int) -> Ints:
    """Return the position of each phrase among ``known`` (different rows), int64 (n,), -1 where absent; words number less than size."""
    different, numbers = number_phrases(np.concatenate([known, words]), max(size, 1))
    position = np.full(len(different), -1, np.int64)
    position[numbers[: len(known)]] = np.arange(len(known))
    return position[numbers[len(known) :]]


def parts_of(words: Words) -> Iterator[tuple[Ints, Words]]:
    """Yield the shorter runs of words inside each phrase: whose they are, int64 (m,), and the runs, int32 (m, MAX_WORDS)."""
    for first in range(MAX_WORDS):
        for last in range(first, MAX_WORDS):
            owner = np.flatnonzero(words[:, last] >= 0)
            if first == 0:
                owner = owner[words[owner, last + 1] >= 0] if last + 1 < MAX_WORDS else owner[:0]
            part = np.full((len(owner), MAX_WORDS), -1, np.int32)
            part[:, : last - first + 1] = words[owner, first : last + 1]
            yield owner, part


def covered(words: Words, documents: Ints, size: int) -> Ints:
    """Return the most rows that any one longer phrase shares with each phrase, int64 (n,); 0 for those in none.

    words: int32 (n, MAX_WORDS), different phrases of words that number less than ``size``; documents: int64 (n,).
    """
    most = np.zeros(len(words), np.int64)
    for owner, part in parts_of(words):
        at = find_phrases(part, words, size)
        np.maximum.at(most, at[at >= 0], documents[owner[at >= 0]])
    return most


def cohesion(documents: Ints, words: Words, present: Ints, n_documents: int) -> NDArray[np.float64]:
    """Normalised total correlation of the words of each phrase, float64 (n,), 1 where they only come together; 1 for single words.

    ln(p(w) / prod p(w_i)) / (-(k - 1) ln p(w)): NPMI (Bouma 2009) for k words (Van de Cruys 2011).
    """
    total = max(n_documents, 1)
    size = (words >= 0).sum(axis=1)
    share = np.where(words >= 0, np.append(present, total)[words], total) / total
    joint = -np.log(np.maximum(documents, 1) / total)
    gain = -np.log(np.maximum(share, 0.5 / total)).sum(axis=1) - joint
    scale = (size - 1) * joint
    return np.where(size > 1, np.where(scale > 0, gain / np.where(scale > 0, scale, 1.0), 0.0), 1.0)


def spell_phrases(words: Words, vocabulary: NDArray[np.object_]) -> NDArray[np.object_]:
    """Write phrases as strings, object (n,)."""
    text = vocabulary[words[:, 0]] if len(words) else np.empty(0, dtype=object)
    for step in range(1, MAX_WORDS):
        at = np.flatnonzero(words[:, step] >= 0)
        text[at] = spell(text[at], vocabulary[words[at, step]])
    return text
