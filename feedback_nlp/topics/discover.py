"""One call from tokens to keywords, themes and trends: aggregates over the whole first, then maps over rows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics.counts import TermCounts, ThemeCounts, select_terms
from feedback_nlp.topics.keywords import corpus_keywords, item_keywords
from feedback_nlp.topics.stream import units
from feedback_nlp.topics.tables import theme_table
from feedback_nlp.topics.themes import fit_themes
from feedback_nlp.topics.trends import HIGH_FREQUENCY, daily_counts, high_frequency_items, trend_table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Topics:
    """What a corpus is about.

    themes, keywords, trends: the tables. names: object (n_themes,). theme: int32 (n,), the theme of each row, -1 for none.
    item_keywords: object (n,) of joined keywords. day_count: int64 (n,), items that mention the
    row's theme on its day, 0 without either. customers: int64 (n,), as given.
    """

    themes: "pd.DataFrame"
    keywords: "pd.DataFrame"
    trends: "pd.DataFrame"
    names: NDArray[np.object_]
    theme: NDArray[np.int32]
    item_keywords: NDArray[np.object_]
    day_count: NDArray[np.int64]
    customers: NDArray[np.int64]

    @property
    def theme_names(self) -> NDArray[np.object_]:
        """Object (n,): the name of each row's theme, "" for none."""
        return np.asarray(np.append(self.names, "")[self.theme], dtype=object)


def discover(
    tokens: Tokens,
    texts: Sequence[str],
    *,
    days: NDArray[np.datetime64],
    customers: NDArray[np.int64],
    polarity: NDArray[np.float32],
    sentiment: NDArray[np.int8],
    products: Collection[str] = (),
    n_themes: int | None = None,
    daily_items: int = HIGH_FREQUENCY,
) -> Topics:
    """Find keywords, themes and trends of n items.

    texts: n strings to quote from. days: datetime64 (n,) local dates, NaT where unknown. customers: int (n,), -1 where unknown.
    polarity, sentiment: the scorer's. products: names that are no theme by themselves.
    n_themes: themes at most. daily_items: more a day than this are high frequency.
    """
    batch = units(tokens)
    counts = TermCounts.from_tokens(batch)
    model = fit_themes(ThemeCounts.from_tokens(batch, select_terms(counts)), n_themes=n_themes, ignore=products)
    theme, strength = model.assign(batch)
    known = customers.astype(object)
    known[customers < 0] = None
    table = theme_table(
        model.names,
        theme,
        strength=strength,
        keywords=model.keywords,
        texts=texts,
        polarity=polarity,
        sentiment=sentiment,
        customers=known.tolist(),
    )
    # A theme's volume is all items that mention it: one about 登录 and 客服 counts for both, though its main theme is one of them.
    rows, mentioned = model.mentions(batch)
    daily = daily_counts(days, mentioned, len(model.names), rows=rows)
    _, day_count = high_frequency_items(daily, days, theme, threshold=daily_items)
    return Topics(
        themes=table,
        keywords=corpus_keywords(counts),
        trends=trend_table(daily, model.names, threshold=daily_items),
        names=np.asarray(model.names, dtype=object),
        theme=theme,
        item_keywords=item_keywords(batch, counts),
        day_count=day_count,
        customers=customers,
    )
