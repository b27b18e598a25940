"""Key phrases of each item: 电池续航, 客服态度差, 登录失败 rather than single words.

A phrase is worth the information of its words, more if the text repeats them, and more if other texts use the phrase too and its words
belong together; of phrases that share a place only the best stands.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics.phrase_book import PhraseBook
from feedback_nlp.topics.phrase_counts import Ints, PhraseCounts, Words, number_phrases, spell_phrases
from feedback_nlp.topics.row_lists import SEPARATOR, best_first, heads, join_rows
from feedback_nlp.topics.spans import MAX_WORDS, Spans, find_spans
from feedback_nlp.topics.stream import Units, rank_words

#: What a repetition of its words inside the text adds, per mille of the phrase a natural logarithm.
REPEAT_WEIGHT = 2000


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
        phrases = self.vocabulary[self.ids].tolist()
        ends = np.searchsorted(self.rows, np.arange(self.n_rows), side="right").tolist()
        return [phrases[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]

    def joined(self, separator: str = SEPARATOR) -> NDArray[np.object_]:
        """Object (n_rows,): the phrases of each row in one string, "" for none."""
        return join_rows(self.vocabulary[self.ids], self.rows, self.n_rows, separator)


def item_phrases(tokens: Tokens | Spans, counts: PhraseCounts | PhraseBook, *, top: int = 5) -> RowPhrases:
    """Name what each item is about.

    tokens: n rows; counts: of the corpus they belong to; top: phrases a row at most, at least 1.
    Returns phrases of one to four words by score, then in the order of the text. Those of a row share no place in the text, and none
    contains another. Words of the corpus that come in one longer phrase only give way to it.
    """
    if top < 1:
        raise InputError(f"top: expected 1 or more, got {top}")
    spans = tokens if isinstance(tokens, Spans) else find_spans(tokens)
    book = counts if isinstance(counts, PhraseBook) else PhraseBook.from_counts(counts)
    scores = span_scores(spans, book)
    chosen = best_spans(spans, scores, top=top)
    phrases, numbers = spelled(spans, chosen)
    vocabulary, rank = rank_words(phrases.tolist())
    return RowPhrases(rank[numbers].astype(np.int32), spans.rows[chosen], scores[chosen], vocabulary, spans.batch.n_rows)


def span_scores(spans: Spans, book: PhraseBook) -> Ints:
    """How well each span names its row, int64 (n,), in thousandths of a nat."""
    scores: Ints = book.weights(spans) * (1000 + _mean(_repetition(spans.batch), spans)) // 1000
    return scores


def spelled(spans: Spans, chosen: Ints) -> tuple[NDArray[np.object_], Ints]:
    """Write the chosen spans: different runs of words as strings, object (n_distinct,), and the number of each span, int64 (m,)."""
    vocabulary = spans.batch.vocabulary
    words, numbers = number_phrases(spans.words_of(chosen), max(len(vocabulary), 1))
    return spell_phrases(words, vocabulary), numbers


def _repetition(batch: Units) -> Ints:
    """Thousandths that each unit adds for being said again in its row, int64 (n,): the logarithm of its occurrences."""
    keys = batch.rows * max(len(batch.vocabulary), 1) + batch.ids
    order = np.argsort(keys, kind="stable")
    starts = heads(keys[order])
    times = np.diff(np.append(starts, len(keys)))
    extra = np.zeros(len(keys), np.int64)
    extra[order] = np.repeat(np.round(REPEAT_WEIGHT * np.log(times)).astype(np.int64), times)
    return extra


def _mean(values: Ints, spans: Spans) -> Ints:
    """Mean over the units of each span, rounded down, int64 (n,)."""
    total = np.concatenate([np.zeros(1, np.int64), np.cumsum(values)])
    mean: Ints = ((total[spans.first + spans.size] - total[spans.first]) / spans.size).astype(np.int64)  # exact: far below 2**53
    return mean


def best_spans(spans: Spans, scores: Ints, *, top: int) -> Ints:
    """Choose greedily, all rows at once, a round for each rank.

    scores: int64 (n,), of all spans. Returns positions, int64 (m,), by row and rank.
    """
    by_place = np.argsort(spans.first, kind="stable")
    left, picked = by_place[best_first(spans.rows[by_place], scores[by_place])], [np.zeros(0, np.int64)]
    first, last, bits = spans.first, spans.first + spans.size - 1, _word_bits(spans)
    for _ in range(top):
        leads = heads(spans.rows[left])
        picked.append(left[leads])
        best = np.repeat(left[leads], np.diff(np.append(leads, len(left))))
        free = np.flatnonzero((first[left] > last[best]) | (last[left] < first[best]))
        left, best = left[free], best[free]
        common = bits[left] & bits[best]
        unsure = np.flatnonzero((common == bits[left]) | (common == bits[best]))
        one, other = spans.words_of(left[unsure]), spans.words_of(best[unsure])
        left = np.delete(left, unsure[_contain(one, other) | _contain(other, one)])
    chosen = np.concatenate(picked)
    return chosen[np.argsort(spans.rows[chosen], kind="stable")]


def _word_bits(spans: Spans) -> NDArray[np.uint64]:
    """A set of bits for the words of each span, uint64 (n,): if it contains another, so do its bits."""
    unit = np.uint64(1) << (spans.batch.ids & 63).astype(np.uint64)
    bits = unit[spans.first]
    for step in range(1, MAX_WORDS):
        at = np.flatnonzero(spans.size > step)
        bits[at] |= unit[spans.first[at] + step]
    return bits


def _contain(parts: Words, wholes: Words) -> NDArray[np.bool_]:
    """Tell, pair by pair, whether all words of one phrase are words of the other."""
    inside = np.ones(len(parts), bool)
    for step in range(MAX_WORDS):
        word = parts[:, step]
        inside &= (word < 0) | (wholes == word[:, None]).any(axis=1)
    return inside
