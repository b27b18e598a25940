"""Key phrases of each item: 电池续航, 客服态度差, 登录失败 rather than single words.

A phrase is worth the information of its words, more if the text repeats them, and more if other texts use the phrase too and its words
belong together; of phrases that share a place only the best stands.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics.counts import information
from feedback_nlp.topics.phrase_counts import Ints, PhraseCounts, Words, cohesion, covered, number_phrases, spell_phrases
from feedback_nlp.topics.spans import MAX_WORDS, Spans, find_spans
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
#: What a repetition of its words inside the text adds, per mille of the phrase a natural logarithm.
REPEAT_WEIGHT = 2000
SEPARATOR = "、"


@dataclass(frozen=True, eq=False)
class RowPhrases:
    """Phrases of each row, best first.

    ids: int32 (n,), positions in ``vocabulary``. rows: int64 (n,), ascending. scores: int64 (n,), in thousandths of a nat.
    vocabulary: object (n_distinct,), phrases sorted by code point. n_rows: rows, those without a phrase included.
    """

    ids: NDArray[np.int32]
    rows: Ints
    scores: Ints
    vocabulary: NDArray[np.object_]
    n_rows: int

    def to_lists(self) -> list[list[str]]:
        """One list of phrases a row."""
        found: list[list[str]] = [[] for _ in range(self.n_rows)]
        for row, phrase in zip(self.rows.tolist(), self.vocabulary[self.ids].tolist(), strict=True):
            found[row].append(phrase)
        return found

    def joined(self, separator: str = SEPARATOR) -> NDArray[np.object_]:
        """Object (n_rows,): the phrases of each row in one string, "" for none."""
        joined = np.full(self.n_rows, "", dtype=object)
        joined[:] = [separator.join(phrases) for phrases in self.to_lists()]
        return joined


def item_phrases(tokens: Tokens | Spans, counts: PhraseCounts, *, top: int = 5) -> RowPhrases:
    """Name what each item is about.

    tokens: n rows; counts: of the corpus they belong to; top: phrases a row at most, at least 1.
    Returns phrases of one to four words by score, then by the string. Those of a row share no place in the text, and none contains
    another. Words of the corpus that come in one longer phrase only give way to it.
    """
    if top < 1:
        raise InputError(f"top: expected 1 or more, got {top}")
    spans = tokens if isinstance(tokens, Spans) else find_spans(tokens)
    batch = spans.batch
    words, codes = number_phrases(spans.words, max(len(batch.vocabulary), 1))
    vocabulary, rank = np.unique(spell_phrases(words, batch.vocabulary), return_inverse=True)
    documents, present = counts.documents_of(words, batch.vocabulary)
    weights = phrase_weights(words, documents, present, batch.kinds, counts.n_documents)
    weights[_only_inside(counts, words, batch.vocabulary)] = 0
    scores = weights[codes] * (1000 + _repetition(spans)) // 1000
    order = np.lexsort((spans.first, rank[codes], -scores, spans.rows))
    chosen = order[_best(spans.rows[order], spans.first[order], spans.words[order], top=top)]
    used, ids = np.unique(rank[codes[chosen]], return_inverse=True)
    return RowPhrases(ids.astype(np.int32), spans.rows[chosen], scores[chosen], vocabulary[used], batch.n_rows)


def phrase_weights(words: Words, documents: Ints, present: Ints, kinds: NDArray[np.uint8], n_documents: int) -> Ints:
    """Return the weight of each phrase, int64 (n,), in thousandths of a nat; at least 1.

    words: int32 (n, MAX_WORDS); documents: rows with each phrase; present, kinds: of the words; n_documents: rows of the corpus.
    """
    inform = information(present, n_documents, rarest=RARE_SHARE)
    inform = inform * np.maximum(present, 1) // (np.maximum(present, 1) + 1)  # a word of one text says little to anyone else
    inform = np.where(kinds == SUBJECT, inform, inform * QUALITY_WEIGHT // 1000)
    total = np.where(words >= 0, np.append(inform, 0)[words], 0).sum(axis=1)
    size = (words >= 0).sum(axis=1)
    alone = (size == 1) & (np.append(kinds, SUBJECT)[words[:, 0]] != SUBJECT)
    total = np.where(alone, total * QUALITY_ALONE // QUALITY_WEIGHT, total) * np.array(SIZE_WEIGHT)[size] // 1000
    firm = firm_phrases(words, documents, present, n_documents)
    weight: Ints = np.maximum(np.where(firm, total, total * np.array(LOOSE_WEIGHT)[size] // 1000), 1)
    return weight


def firm_phrases(words: Words, documents: Ints, present: Ints, n_documents: int) -> NDArray[np.bool_]:
    """Tell which phrases are more than a chance meeting of their words, bool (n,); single words all are."""
    single = words[:, 1] < 0
    firm: NDArray[np.bool_] = single | (documents >= FIRM_DOCUMENTS) & (cohesion(documents, words, present, n_documents) >= FIRM_COHESION)
    return firm


def _only_inside(counts: PhraseCounts, words: Words, vocabulary: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Tell which phrases stand in two rows of the corpus or more, and always within one longer phrase."""
    inside = (counts.documents > 1) & (covered(counts.words, counts.documents, len(counts.vocabulary)) == counts.documents)
    within = PhraseCounts(
        counts.vocabulary, counts.kinds, counts.words[inside], counts.documents[inside], counts.occurrences[inside], counts.present, 0
    )
    return within.documents_of(words, vocabulary)[0] > 0


def _repetition(spans: Spans) -> Ints:
    """Thousandths that the repetition of its words adds to each span, int64 (n,): the mean over its words of ln(occurrences in the row)."""
    batch = spans.batch
    _, codes, times = np.unique(batch.rows * max(len(batch.vocabulary), 1) + batch.ids, return_inverse=True, return_counts=True)
    extra = np.round(REPEAT_WEIGHT * np.log(times)).astype(np.int64)[codes]
    total = np.concatenate([[0], np.cumsum(extra)])
    size = spans.size
    mean: Ints = (total[spans.first + size] - total[spans.first]) // size
    return mean


def _best(rows: Ints, first: Ints, words: Words, *, top: int) -> Ints:
    """Choose greedily, all rows at once, a round for each rank.

    rows, first: int64 (n,), and words: int32 (n, MAX_WORDS), of spans by row, the best of each row first.
    Returns positions, int64 (m,), by row and rank.
    """
    left, picked = np.arange(len(rows)), [np.zeros(0, np.int64)]
    for _ in range(top):
        here = rows[left]
        heads = np.flatnonzero(np.append(True, here[1:] != here[:-1])[: len(left)])
        picked.append(left[heads])
        best = np.repeat(left[heads], np.diff(np.append(heads, len(left))))
        left = left[~(_overlap(first, words, left, best) | _contain(words[left], words[best]) | _contain(words[best], words[left]))]
    chosen = np.concatenate(picked)
    return chosen[np.argsort(rows[chosen], kind="stable")]


def _overlap(first: Ints, words: Words, a: Ints, b: Ints) -> NDArray[np.bool_]:
    size = (words >= 0).sum(axis=1)
    result: NDArray[np.bool_] = (first[a] < first[b] + size[b]) & (first[b] < first[a] + size[a])
    return result


def _contain(parts: Words, wholes: Words) -> NDArray[np.bool_]:
    """Tell, pair by pair, whether all words of one phrase are words of the other."""
    inside = np.ones(len(parts), bool)
    for step in range(MAX_WORDS):
        word = parts[:, step]
        inside &= (word < 0) | (wholes == word[:, None]).any(axis=1)
    return inside
