"""One call from tokens to keywords, phrases and themes: aggregates over the whole first, then maps over rows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics.bags import row_words
from feedback_nlp.topics.counts import TermCounts, find_terms
from feedback_nlp.topics.key_phrases import item_phrases
from feedback_nlp.topics.keywords import corpus_keywords, item_keywords
from feedback_nlp.topics.phrase_counts import PhraseCounts
from feedback_nlp.topics.phrase_tables import corpus_phrases
from feedback_nlp.topics.spans import find_spans
from feedback_nlp.topics.stream import SUBJECT, Units, units
from feedback_nlp.topics.tables import theme_table
from feedback_nlp.topics.theme_fit import fit_themes
from feedback_nlp.topics.themes import Themes

if TYPE_CHECKING:
    import pandas as pd

#: Subjects that are counted by day: so many at most, each named by so many items and this share of them.
MAX_SUBJECTS, MIN_ITEMS, MIN_SHARE = 150, 5, 0.003


@dataclass(frozen=True)
class Topics:
    """What a corpus is about.

    themes, keywords, phrases: the tables. model: the themes themselves. theme: int32 (n,), the theme of each row, -1 for none;
    strength: float32 (n,).
    item_keywords, item_phrases: object (n,) of joined strings. mentions: the most frequent subjects and who names them, (rows int64 (m,),
    words object (m,)), each pair once. customers: int64 (n,), as given.
    """

    themes: "pd.DataFrame"
    keywords: "pd.DataFrame"
    phrases: "pd.DataFrame"
    model: Themes
    theme: NDArray[np.int32]
    strength: NDArray[np.float32]
    item_keywords: NDArray[np.object_]
    item_phrases: NDArray[np.object_]
    mentions: tuple[NDArray[np.int64], NDArray[np.object_]]
    customers: NDArray[np.int64]

    @property
    def theme_names(self) -> NDArray[np.object_]:
        """Object (n,): the name of each row's theme, "" for none."""
        return np.array([*self.model.names, ""], dtype=object)[self.theme]


def discover(
    tokens: Tokens,
    texts: Sequence[str],
    *,
    customers: NDArray[np.int64],
    polarity: NDArray[np.float32],
    sentiment: NDArray[np.int8],
    products: Collection[str] = (),
    n_themes: int | None = None,
    previous: Themes | None = None,
) -> Topics:
    """Find keywords, phrases and themes of n items.

    texts: n strings to quote from. customers: int (n,), -1 where unknown. polarity, sentiment: the scorer's.
    products: names that are no theme by themselves. n_themes: themes at most. previous: themes that keep their names and numbers.
    """
    batch, spans = units(tokens), find_spans(tokens)
    counts, phrases = TermCounts.from_tokens(batch), PhraseCounts.from_tokens(spans)
    model = fit_themes(spans, n_themes=n_themes, previous=previous, ignore=products)
    theme, strength = model.assign(spans.batch)
    known = customers.astype(object)
    known[customers < 0] = None
    table = theme_table(model, theme, strength=strength, texts=texts, polarity=polarity, sentiment=sentiment, customers=known.tolist())
    return Topics(
        themes=table,
        keywords=corpus_keywords(counts),
        phrases=corpus_phrases(phrases),
        model=model,
        theme=theme,
        strength=strength,
        item_keywords=item_keywords(batch, counts),
        item_phrases=item_phrases(spans, phrases).joined(),
        mentions=_mentions(batch, counts),
        customers=customers,
    )


def _mentions(batch: Units, counts: TermCounts) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """The most frequent subjects of a corpus, and the rows that name each."""
    subjects = np.flatnonzero((counts.kinds == SUBJECT) & (counts.documents >= max(MIN_ITEMS, MIN_SHARE * counts.n_documents)))
    chosen = np.sort(subjects[np.lexsort((subjects, -counts.documents[subjects]))][:MAX_SUBJECTS])
    row, word = row_words(batch)
    place = find_terms(batch.vocabulary, counts.vocabulary[chosen])[word]
    return row[place >= 0], counts.vocabulary[chosen][place[place >= 0]]
