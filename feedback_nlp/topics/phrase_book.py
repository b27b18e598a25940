"""What key phrases need to know of a corpus: which runs of words stand for a subject, and how many texts have each word."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.topics.counts import NumberTable, find_terms, information
from feedback_nlp.topics.phrase_counts import Ints, PhraseCounts, Words, cohesion, covered
from feedback_nlp.topics.spans import MAX_WORDS, Spans
from feedback_nlp.topics.stream import SUBJECT

#: Words rarer than this share weigh alike: a word is not the subject for being rare.
RARE_SHARE = 0.08
#: Weight of a word of judgement in a phrase, and alone, per mille: it completes a phrase, and names no subject.
QUALITY_WEIGHT, QUALITY_ALONE = 900, 300
#: The words of a phrase of k count together k ** -0.5 of their sum, in thousandths.
SIZE_WEIGHT = (0, 1000, 707, 577, 500)
#: Each word beyond the first of a phrase that no other texts use, or whose words do not belong together, costs a tenth.
LOOSE_WEIGHT = (0, 1000, 900, 810, 729)
FIRM_DOCUMENTS = 3
FIRM_COHESION = 0.2
#: Marks of runs: more than a chance meeting of words; always within one longer phrase.
FIRM, INSIDE = 1, 2


@dataclass(frozen=True, eq=False)
class PhraseBook:
    """The phrases of a corpus that differ from any run of words, as a tree of words.

    vocabulary: object (n_words,), sorted by code point; present: int64 (n_words,), texts with each word, of ``n_documents``.
    edges: int64 (n_edges,), ascending: ``node * n_words + word``; it leads to node ``n_words + `` its place. The first words are nodes
    0 to n_words - 1. marks: uint8 (n_words + n_edges,), FIRM and INSIDE, of the run of words that ends in each node.
    """

    vocabulary: NDArray[np.object_]
    present: Ints
    edges: Ints
    marks: NDArray[np.uint8]
    n_documents: int

    @classmethod
    def from_counts(cls, counts: PhraseCounts) -> "PhraseBook":
        """Keep what `item_phrases` asks for; phrases of one text, and most of its words, are no different from unknown ones."""
        held = np.flatnonzero(counts.documents > 1)
        words, documents, n_words = counts.words[held], counts.documents[held], len(counts.vocabulary)
        firm = (words[:, 1] >= 0) & firm_phrases(words, documents, counts.present, counts.n_documents)
        inside = covered(words, documents, n_words) == documents
        marked = firm | inside
        words, mark = words[marked], (FIRM * firm + INSIDE * inside)[marked].astype(np.uint8)
        inform = word_weights(np.append(counts.present, 0), np.append(counts.kinds, SUBJECT), counts.n_documents)
        unknown = np.where(counts.kinds == SUBJECT, inform[-1], inform[-1] * QUALITY_WEIGHT // 1000)
        kept = np.unique(np.concatenate([np.flatnonzero(inform[:-1] != unknown), words[words >= 0]]))
        words = np.append(find_terms(np.arange(n_words), kept), -1)[words]
        edges, nodes = _tree(words, len(kept))
        marks = np.zeros(len(kept) + len(edges), np.uint8)
        marks[nodes] = mark
        return cls(counts.vocabulary[kept], counts.present[kept], edges, marks, counts.n_documents)

    def weights(self, spans: Spans) -> Ints:
        """The weight of each span, int64 (n,), in thousandths of a nat: as `phrase_weights`, but 0 for those always inside another."""
        batch, size = spans.batch, spans.size
        place = find_terms(batch.vocabulary, self.vocabulary)
        inform = word_weights(np.where(place >= 0, np.append(self.present, 0)[place], 0), batch.kinds, self.n_documents)
        total = np.concatenate([np.zeros(1, np.int64), np.cumsum(inform.take(batch.ids))])
        marks = self._marks(spans, place)
        alone = (size == 1) & (batch.kinds != SUBJECT).take(batch.ids.take(spans.first))
        said = total.take(spans.first + size) - total.take(spans.first)
        weights = run_weights(said, size, alone=alone, firm=(marks & FIRM > 0) | (size == 1))
        weights[marks & INSIDE > 0] = 0
        return weights

    @cached_property
    def _edges(self) -> NumberTable:
        return NumberTable.of(self.edges)

    def _marks(self, spans: Spans, place: Ints) -> NDArray[np.uint8]:
        """uint8 (n,): the marks of each span. place: int64, of the words of the batch in ``vocabulary``, -1 for unknown ones."""
        marks, known = np.zeros(len(spans.first), np.uint8), place.take(spans.batch.ids)
        node = known.take(spans.first)
        left = np.flatnonzero(node >= 0)
        node = node[left]
        for step in range(1, MAX_WORDS + 1):
            ends = spans.size[left] == step
            marks[left[ends]] = self.marks[node[ends]]
            if step == MAX_WORDS:
                break
            left, node = left[~ends], node[~ends]
            word = known[spans.first[left] + step]
            on = np.flatnonzero(word >= 0)
            edge = self._edges.find(node[on] * len(self.vocabulary) + word[on])
            there = edge >= 0
            left, node = left[on[there]], edge[there] + len(self.vocabulary)
        return marks


def _tree(words: Ints, n_words: int) -> tuple[Ints, Ints]:
    """The edges of `PhraseBook` for different runs of words, which number less than ``n_words``, and the node each ends in, int64 (n,)."""
    node, edges, nodes = words[:, 0].copy(), [np.zeros(0, np.int64)], n_words
    for step in range(1, MAX_WORDS):
        longer = np.flatnonzero(words[:, step] >= 0)
        level, place = np.unique(node[longer] * n_words + words[longer, step], return_inverse=True)
        node[longer] = nodes + place
        edges.append(level)
        nodes += len(level)
    return np.concatenate(edges), node


def phrase_weights(words: Words, documents: Ints, present: Ints, kinds: NDArray[np.uint8], n_documents: int) -> Ints:
    """Return the weight of each phrase, int64 (n,), in thousandths of a nat; at least 1.

    words: int32 (n, MAX_WORDS); documents: rows with each phrase; present, kinds: of the words; n_documents: rows of the corpus.
    """
    inform = np.append(word_weights(present, kinds, n_documents), 0)
    size = (words >= 0).sum(axis=1)
    alone = (size == 1) & (np.append(kinds, SUBJECT)[words[:, 0]] != SUBJECT)
    firm = firm_phrases(words, documents, present, n_documents)
    return run_weights(np.where(words >= 0, inform[words], 0).sum(axis=1), size, alone=alone, firm=firm)


def word_weights(present: Ints, kinds: NDArray[np.uint8], n_documents: int) -> Ints:
    """What each word brings to a phrase, int64 (n_words,), in thousandths of a nat. present: texts with each; kinds: see `stream`."""
    inform = information(present, n_documents, rarest=RARE_SHARE)
    inform = inform * np.maximum(present, 1) // (np.maximum(present, 1) + 1)  # a word of one text says little to anyone else
    weights: Ints = np.where(kinds == SUBJECT, inform, inform * QUALITY_WEIGHT // 1000)
    return weights


def run_weights(total: Ints, size: Ints, *, alone: NDArray[np.bool_], firm: NDArray[np.bool_]) -> Ints:
    """The weight of runs of words, int64 (n,), at least 1: total, what their words bring; alone: a single word of judgement."""
    total = np.where(alone, total * QUALITY_ALONE // QUALITY_WEIGHT, total) * np.array(SIZE_WEIGHT).take(size) // 1000
    weights: Ints = np.maximum(np.where(firm, total, total * np.array(LOOSE_WEIGHT).take(size) // 1000), 1)
    return weights


def firm_phrases(words: Words, documents: Ints, present: Ints, n_documents: int) -> NDArray[np.bool_]:
    """Tell which phrases are more than a chance meeting of their words, bool (n,); single words all are."""
    single = words[:, 1] < 0
    firm: NDArray[np.bool_] = single | (documents >= FIRM_DOCUMENTS) & (cohesion(documents, words, present, n_documents) >= FIRM_COHESION)
    return firm
