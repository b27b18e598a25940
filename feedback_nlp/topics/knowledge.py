"""What is learned of a corpus from a sample, and the map that reads a part by it: a row's answer depends on the row and on that alone."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics.counts import TermCounts, distinct, find_terms
from feedback_nlp.topics.key_phrases import joined_phrases, span_scores
from feedback_nlp.topics.keywords import KeywordBook, choose_keywords, item_keywords
from feedback_nlp.topics.phrase_book import PhraseBook
from feedback_nlp.topics.phrase_counts import PhraseCounts
from feedback_nlp.topics.phrase_tables import choose_phrases
from feedback_nlp.topics.row_lists import pack_texts, unpack_texts
from feedback_nlp.topics.span_choice import best_spans
from feedback_nlp.topics.spans import Spans, find_spans
from feedback_nlp.topics.stream import SUBJECT, Folded, Units, units
from feedback_nlp.topics.theme_fit import fit_themes
from feedback_nlp.topics.themes import Themes

#: Rows that topics are learned from; of more, so many are drawn by the caller.
SAMPLE_ROWS = 100_000
#: Subjects that are counted by day: so many at most, each named by so many items and this share of them.
MAX_SUBJECTS, MIN_ITEMS, MIN_SHARE = 150, 5, 0.003
#: Keywords and phrases of a row.
PER_ROW = 5


@dataclass(frozen=True, eq=False)
class PartWords:
    """The words of a part as keywords see them, and as phrases and themes do: read once, for all that is asked of the part."""

    batch: Units
    spans: Spans

    @classmethod
    def of(cls, tokens: "Tokens | PartWords") -> "PartWords":
        """Read the words of n rows."""
        if isinstance(tokens, PartWords):
            return tokens
        folded = Folded.of(tokens.vocabulary)
        return cls(units(tokens, folded), find_spans(tokens, folded))


@dataclass(frozen=True, eq=False)
class ItemTopics:
    """What each of n rows is about.

    theme: int32 (n,), position in ``Knowledge.themes``, -1 for none; strength: float32 (n,) in [0, 1], 0 for none.
    keywords, key_phrases: object (n,) of joined strings, "" for none.
    mention_rows, mention_subjects: int64 (m,), who names which of ``Knowledge.subjects``, each pair once, in order of rows.
    """

    theme: NDArray[np.int32]
    strength: NDArray[np.float32]
    keywords: NDArray[np.object_]
    key_phrases: NDArray[np.object_]
    mention_rows: NDArray[np.int64]
    mention_subjects: NDArray[np.int64]

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays of numbers by name, for a file that can run no code."""
        plain = {name: getattr(self, name) for name in ("theme", "strength", "mention_rows", "mention_subjects")}
        return {**plain, **pack_texts("keywords", self.keywords), **pack_texts("key_phrases", self.key_phrases)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "ItemTopics":
        """The inverse of ``to_arrays``."""
        keywords, phrases = unpack_texts("keywords", arrays), unpack_texts("key_phrases", arrays)
        return cls(arrays["theme"], arrays["strength"], keywords, phrases, arrays["mention_rows"], arrays["mention_subjects"])


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What `learn_topics` learns; it pickles.

    themes: the themes. subjects: object (n_subjects,), the frequent ones, sorted by code point.
    words, phrases: what keywords and key phrases know of the sample.
    listed_keywords, listed_phrases: the counts in the sample of what the tables list; listed_words: int64, which terms of the former are
    listed themselves, and not only as parts of a listed pair.
    """

    themes: Themes
    subjects: NDArray[np.object_]
    words: KeywordBook
    phrases: PhraseBook
    listed_keywords: TermCounts
    listed_words: NDArray[np.int64]
    listed_phrases: PhraseCounts

    def read(self, tokens: Tokens | PartWords) -> ItemTopics:
        """Say what each of n rows is about, linear in tokens. Whoever also sums the part up reads its `PartWords` once for both."""
        part = PartWords.of(tokens)
        spans = part.spans
        theme, strength = self.themes.assign(spans.batch)
        chosen = best_spans(spans, span_scores(spans, self.phrases), top=PER_ROW)
        rows, subjects = self._mentions(part.batch)
        return ItemTopics(
            theme=theme,
            strength=strength,
            keywords=item_keywords(part.batch, self.words, top=PER_ROW),
            key_phrases=joined_phrases(spans, chosen),
            mention_rows=rows,
            mention_subjects=subjects,
        )

    def _mentions(self, batch: Units) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        subject = find_terms(batch.vocabulary, self.subjects).take(batch.ids)
        at = np.flatnonzero(subject >= 0)
        size = max(len(self.subjects), 1)
        return np.divmod(distinct(batch.rows[at] * size + subject[at]), size)


def learn_topics(
    tokens: Tokens | PartWords, *, products: Collection[str] = (), n_themes: int | None = None, previous: Themes | None = None
) -> Knowledge:
    """Learn what a corpus is about from a sample of its rows.

    tokens: of the sample, see ``SAMPLE_ROWS``. products: names that are no theme by themselves. n_themes: themes at most.
    previous: themes that keep their names and numbers. Nothing depends on the order of rows.
    """
    part = PartWords.of(tokens)
    terms, phrases = TermCounts.from_tokens(part.batch), PhraseCounts.from_tokens(part.spans)
    words, pairs = choose_keywords(terms)
    listed = terms.only(words, pairs)
    return Knowledge(
        themes=fit_themes(part.spans, n_themes=n_themes, previous=previous, ignore=products),
        subjects=_frequent_subjects(terms),
        words=KeywordBook.from_counts(terms),
        phrases=PhraseBook.from_counts(phrases),
        listed_keywords=listed,
        listed_words=find_terms(terms.vocabulary[words], listed.vocabulary),
        listed_phrases=phrases.only(choose_phrases(phrases, phrases.documents, phrases.n_documents)),
    )


def _frequent_subjects(counts: TermCounts) -> NDArray[np.object_]:
    """The most frequent subjects of a corpus, object, sorted by code point."""
    subjects = np.flatnonzero((counts.kinds == SUBJECT) & (counts.documents >= max(MIN_ITEMS, MIN_SHARE * counts.n_documents)))
    return counts.vocabulary[np.sort(subjects[np.lexsort((subjects, -counts.documents[subjects]))][:MAX_SUBJECTS])]
