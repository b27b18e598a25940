"""One call from tokens to keywords, phrases, themes and trends: aggregates over the whole first, then maps over rows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics.counts import TermCounts
from feedback_nlp.topics.key_phrases import item_phrases
from feedback_nlp.topics.keywords import corpus_keywords, item_keywords
from feedback_nlp.topics.phrase_counts import PhraseCounts
from feedback_nlp.topics.phrase_tables import corpus_phrases
from feedback_nlp.topics.spans import find_spans
from feedback_nlp.topics.stream import units
from feedback_nlp.topics.tables import theme_table
from feedback_nlp.topics.theme_fit import fit_themes
from feedback_nlp.topics.themes import Themes
from feedback_nlp.topics.trends import HIGH_FREQUENCY, daily_counts, high_frequency_items, trend_table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Topics:
    """What a corpus is about.

    themes, keywords, phrases, trends: the tables. model: the themes themselves. theme: int32 (n,), the theme of each row, -1 for none.
    item_keywords, item_phrases: object (n,) of joined strings. day_count: int64 (n,), items of the row's theme on its day, what the same
    customer says again left out; 0 without either. customers: int64 (n,), as given.
    """

    themes: "pd.DataFrame"
    keywords: "pd.DataFrame"
    phrases: "pd.DataFrame"
    trends: "pd.DataFrame"
    model: Themes
    theme: NDArray[np.int32]
    item_keywords: NDArray[np.object_]
    item_phrases: NDArray[np.object_]
    day_count: NDArray[np.int64]
    customers: NDArray[np.int64]

    @property
    def theme_names(self) -> NDArray[np.object_]:
        """Object (n,): the name of each row's theme, "" for none."""
        return np.array([*self.model.names, ""], dtype=object)[self.theme]


def discover(
    tokens: Tokens,
    texts: Sequence[str],
    *,
    days: NDArray[np.datetime64],
    customers: NDArray[np.int64],
    repeat: NDArray[np.bool_],
    polarity: NDArray[np.float32],
    sentiment: NDArray[np.int8],
    products: Collection[str] = (),
    n_themes: int | None = None,
    previous: Themes | None = None,
    daily_items: int = HIGH_FREQUENCY,
) -> Topics:
    """Find keywords, phrases, themes and trends of n items.

    texts: n strings to quote from. days: datetime64 (n,) local dates, NaT where unknown. customers: int (n,), -1 where unknown.
    repeat: bool (n,), what a customer said before; it counts in no trend. polarity, sentiment: the scorer's.
    products: names that are no theme by themselves. n_themes: themes at most. previous: themes that keep their names and numbers.
    daily_items: more a day than this are high frequency.
    """
    batch, spans = units(tokens), find_spans(tokens)
    counts, phrases = TermCounts.from_tokens(batch), PhraseCounts.from_tokens(spans)
    model = fit_themes(spans, n_themes=n_themes, previous=previous, ignore=products)
    theme, strength = model.assign(spans.batch)
    known = customers.astype(object)
    known[customers < 0] = None
    table = theme_table(model, theme, strength=strength, texts=texts, polarity=polarity, sentiment=sentiment, customers=known.tolist())
    daily = daily_counts(days, np.where(repeat, -1, theme), len(model))
    _, day_count = high_frequency_items(daily, days, theme, threshold=daily_items)
    return Topics(
        themes=table,
        keywords=corpus_keywords(counts),
        phrases=corpus_phrases(phrases),
        trends=trend_table(daily, model.names, threshold=daily_items),
        model=model,
        theme=theme,
        item_keywords=item_keywords(batch, counts),
        item_phrases=item_phrases(spans, phrases).joined(),
        day_count=day_count,
        customers=customers,
    )
