"""Key phrases of each item: 电池续航, 客服态度差, 登录失败 rather than single words.

A phrase is worth the information of its words, more if the text repeats them, and more if other texts use the phrase too and its words
belong together; of phrases that share a place only the best stands.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics.phrase_book import PhraseBook
from feedback_nlp.topics.phrase_counts import Ints, PhraseCounts, number_phrases, spell_phrases
from feedback_nlp.topics.row_lists import SEPARATOR, best_first, heads, join_rows, write_rows
from feedback_nlp.topics.span_choice import best_spans
from feedback_nlp.topics.spans import MAX_WORDS, Spans, find_spans
from feedback_nlp.topics.stream import Units, rank_words

#: What a repetition of its words inside the text adds, per mille of the phrase a natural logarithm.
REPEAT_WEIGHT = 2000
#: Code points below are ASCII.
N_ASCII = 128


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
        return join_rows(self.vocabulary, self.ids, self.rows, self.n_rows, separator)


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


def joined_phrases(spans: Spans, chosen: Ints) -> NDArray[np.object_]:
    """The chosen spans of each row in one string, object (n_rows,), "" for none. chosen: int64 (m,), in order of rows."""
    rows, words = spans.rows[chosen], spans.words_of(chosen)
    texts = TextBatch.from_texts([*spans.batch.vocabulary.tolist(), SEPARATOR, " "])
    between, blank = texts.n_rows - 2, texts.n_rows - 1
    opens, closes = texts.codes[texts.indptr[:-1]] < N_ASCII, texts.codes[texts.indptr[1:] - 1] < N_ASCII
    pieces = np.full((len(chosen), 2 * MAX_WORDS), -1, np.int32)
    pieces[:, 1::2] = words
    pieces[np.diff(rows, prepend=-1) == 0, 0] = between
    for step in range(1, MAX_WORDS):  # as `spell` does
        longer = np.flatnonzero(words[:, step] >= 0)
        apart = closes[words[longer, step - 1]] & opens[words[longer, step]]
        pieces[longer[apart], 2 * step] = blank
    return write_rows(texts, pieces, rows, spans.batch.n_rows)


def spelled(spans: Spans, chosen: Ints) -> tuple[NDArray[np.object_], Ints]:
    """Write the chosen spans: different runs of words as strings, object (n_distinct,), and the number of each span, int64 (m,)."""
    vocabulary = spans.batch.vocabulary
    words, numbers = number_phrases(spans.words_of(chosen), max(len(vocabulary), 1))
    return spell_phrases(words, vocabulary), numbers


def _repetition(batch: Units) -> Ints:
    """Thousandths that each unit adds for being said again in its row, int64 (n,): the logarithm of its occurrences."""
    keys = batch.rows * max(len(batch.vocabulary), 1) + batch.ids
    order = best_first(batch.rows, batch.ids.astype(np.int64))
    starts = heads(keys[order])
    times = np.diff(np.append(starts, len(keys)))
    extra = np.zeros(len(keys), np.int64)
    extra[order] = np.repeat(np.round(REPEAT_WEIGHT * np.log(times)).astype(np.int64), times)
    return extra


def _mean(values: Ints, spans: Spans) -> Ints:
    """Mean over the units of each span, rounded down, int64 (n,)."""
    total = np.concatenate([np.zeros(1, np.int64), np.cumsum(values)])
    mean: Ints = ((total.take(spans.first + spans.size) - total.take(spans.first)) / spans.size).astype(np.int64)  # exact: far below 2**53
    return mean
