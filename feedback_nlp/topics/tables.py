"""The table of themes a manager reads."""

from collections.abc import Sequence, Sized
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.topics.counts import distinct
from feedback_nlp.topics.themes import Themes

if TYPE_CHECKING:
    import pandas as pd

#: Quotes a theme.
N_QUOTES = 5
#: Shorter texts are quoted only where nothing longer is at hand: 「闪退」 explains nothing.
SHORT_QUOTE = 8
SEPARATOR = "、"


def theme_table(
    themes: Themes,
    assignment: NDArray[np.integer],
    *,
    strength: NDArray[np.floating] | None = None,
    texts: Sequence[str] | None = None,
    polarity: NDArray[np.floating] | None = None,
    sentiment: NDArray[np.number] | None = None,
    customers: Sequence[object] | None = None,
    n_quotes: int = N_QUOTES,
) -> "pd.DataFrame":
    """Sum up the items of each theme.

    themes: n_themes of them; assignment: int (n_rows,), positions, -1 for none; strength: float (n_rows,).
    texts: (n_rows,), for quotes; polarity: float (n_rows,) in [-1, 1], NaN where unknown; sentiment: (n_rows,) in -2..2, negative below 0,
    by default the sign of polarity; customers: (n_rows,) identifiers, None or "" where unknown.
    Returns theme_id, theme, parent, items, share (of all rows), customers (distinct), mean_polarity, negative_share,
    strong_negative_share (sentiment -2), key_phrases, quotes; most items first, then by name.
    Themes without items have no row; what was not given is missing. Quotes are lists of distinct texts: strongest first, then shortest,
    then by text.
    Raises InputError where lengths differ.
    """
    import pandas as pd

    n_rows, n_themes = len(assignment), len(themes)
    _check_lengths(n_rows, strength=strength, texts=texts, polarity=polarity, sentiment=sentiment, customers=customers)
    theme = np.asarray(assignment, np.int64)
    items = np.bincount(theme[theme >= 0], minlength=n_themes)
    signs = sentiment if sentiment is not None else polarity
    labels = np.array(themes.names, dtype=object)
    columns = {
        "theme_id": themes.ids,
        "theme": labels,
        "parent": np.array(themes.parents, dtype=object),
        "items": items,
        "share": items / max(n_rows, 1),
        "customers": pd.array(_customers(theme, customers, n_themes), dtype="Int64"),
        "mean_polarity": _means(theme, polarity, n_themes),
        "negative_share": _means(theme, None if signs is None else _below(signs, 0), n_themes),
        "strong_negative_share": _means(theme, None if sentiment is None else _below(sentiment, -1), n_themes),
        "key_phrases": [SEPARATOR.join(phrases) for phrases in themes.phrases],
        "quotes": _quotes(theme, strength, texts, n_themes=n_themes, n_quotes=n_quotes),
    }
    order = np.lexsort((np.unique(labels, return_inverse=True)[1], -items))
    order = order[items[order] > 0]
    return pd.DataFrame(columns).iloc[order].reset_index(drop=True)


def _check_lengths(n_rows: int, **given: Sized | None) -> None:
    for label, values in given.items():
        if values is not None and len(values) != n_rows:
            raise InputError(f"{label}: expected {n_rows} values, one a row, got {len(values)}")


def _below(signs: NDArray[np.number], bound: float) -> NDArray[np.float64]:
    values = np.asarray(signs, np.float64)
    return np.where(np.isnan(values), np.nan, values < bound)


def _means(theme: NDArray[np.int64], values: NDArray[np.floating] | None, n_themes: int) -> NDArray[np.float64]:
    """Mean of the known values of each theme, NaN where there is none; values are rounded to 1e-6 so that order cannot matter."""
    if values is None:
        return np.full(n_themes, np.nan)
    known = (theme >= 0) & ~np.isnan(values)
    whole = np.round(values[known] * 1e6)
    count = np.bincount(theme[known], minlength=n_themes)
    total = np.bincount(theme[known], weights=whole, minlength=n_themes) / 1e6
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _customers(theme: NDArray[np.int64], customers: Sequence[object] | None, n_themes: int) -> list[int | None]:
    """Count the distinct known customers of each theme."""
    if customers is None:
        return [None] * n_themes
    import pandas as pd

    column = np.empty(len(customers), dtype=object)
    column[:] = [None if customer == "" else customer for customer in customers]
    codes, known_ids = pd.factorize(column)
    known = (theme >= 0) & (codes >= 0)
    pairs = distinct(theme[known] * max(len(known_ids), 1) + codes[known])
    counts: list[int | None] = np.bincount(pairs // max(len(known_ids), 1), minlength=n_themes).tolist()
    return counts


def _quotes(
    theme: NDArray[np.int64], strength: NDArray[np.floating] | None, texts: Sequence[str] | None, *, n_themes: int, n_quotes: int
) -> list[list[str]]:
    """Choose the quotes of each theme; only texts that may still be chosen are sorted."""
    quotes: list[list[str]] = [[] for _ in range(n_themes)]
    if texts is None:
        return quotes
    rows = np.flatnonzero(theme >= 0)
    column = np.empty(len(texts), dtype=object)
    column[:] = texts
    chosen, codes = np.unique(column[rows], return_inverse=True)
    length = np.fromiter(map(len, chosen), np.int64, len(chosen))[codes]
    weight = np.zeros(len(rows)) if strength is None else np.asarray(strength, np.float64)[rows]
    order = np.lexsort((codes, length, -weight, length < SHORT_QUOTE, theme[rows]))
    key = theme[rows[order]] * max(len(chosen), 1) + codes[order]
    order = order[np.sort(np.unique(key, return_index=True)[1])]
    group = theme[rows[order]]
    order = order[np.arange(len(order)) - np.searchsorted(group, group) < n_quotes]
    for number, text in zip(theme[rows[order]].tolist(), chosen[codes[order]].tolist(), strict=True):
        quotes[number].append(text)
    return quotes
