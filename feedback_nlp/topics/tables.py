"""The table of themes a manager reads, and the sums it is made of: exact, and merged over parts in any order."""

from collections.abc import Sequence, Sized
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.topics.row_lists import SEPARATOR, heads, ranks
from feedback_nlp.topics.stream import rank_words
from feedback_nlp.topics.themes import Themes

if TYPE_CHECKING:
    import pandas as pd

#: Quotes a theme.
N_QUOTES = 5
#: Shorter texts are quoted only where nothing longer is at hand: 「闪退」 explains nothing.
SHORT_QUOTE = 8
#: Polarities are summed in millionths, so that order cannot matter.
POLARITY_UNIT = 1e6

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Quotes:
    """The best texts of each theme, best first.

    theme: int64 (n,), ascending. strength: float64 (n,). text: object (n,), distinct in a theme.
    """

    theme: Ints
    strength: Floats
    text: NDArray[np.object_]

    @classmethod
    def best(cls, theme: Ints, strength: Floats, text: NDArray[np.object_], *, n_quotes: int) -> "Quotes":
        """Choose from n rows: longer than ``SHORT_QUOTE`` first, then strongest, then shortest, then by text. theme: -1 for none."""
        import pandas as pd

        rows = np.flatnonzero(theme >= 0)
        length = np.fromiter(map(len, text[rows].tolist()), np.int64, len(rows))
        keys = np.stack([length, -strength[rows], length < SHORT_QUOTE, theme[rows]])
        order = np.lexsort(keys)
        codes, different = pd.factorize(text[rows][order])
        order = order[np.sort(np.unique(theme[rows][order] * max(len(different), 1) + codes, return_index=True)[1])]
        begin = heads(theme[rows][order])
        size = np.diff(np.append(begin, len(order)))
        last = np.repeat(order[begin + np.minimum(n_quotes, size) - 1], size)
        tied = (keys[:, order] == keys[:, last]).all(axis=0)  # who is quoted depends on the text, which is compared for these few alone
        order = order[(ranks(theme[rows][order]) < n_quotes) | tied]
        order = order[np.lexsort((rank_words(text[rows[order]].tolist())[1], *keys[:, order]))]
        chosen = rows[order[ranks(theme[rows][order]) < n_quotes]]
        return cls(theme[chosen], strength[chosen], text[chosen])


@dataclass(frozen=True, eq=False)
class ThemeSums:
    """What the table of n_themes themes counts over ``n_rows`` rows.

    items: int64 (n_themes,). totals, known: int64 (3, n_themes): polarity in millionths, negative and strongly negative items, and how many
    items each of these is known of. customers: int64 (m, 2), distinct (theme, customer), in order; None where they were not given.
    """

    n_rows: int
    items: Ints
    totals: Ints
    known: Ints
    customers: Ints | None
    quotes: Quotes

    @classmethod
    def from_rows(
        cls,
        assignment: NDArray[np.integer],
        n_themes: int,
        *,
        strength: NDArray[np.floating] | None = None,
        texts: Sequence[str] | None = None,
        polarity: NDArray[np.floating] | None = None,
        sentiment: NDArray[np.number] | None = None,
        customers: Ints | None = None,
        n_quotes: int = N_QUOTES,
    ) -> "ThemeSums":
        """Sum up rows as `theme_table` takes them; customers: int64 (n,), -1 where unknown. Raises InputError where lengths differ."""
        _check_lengths(len(assignment), strength=strength, texts=texts, polarity=polarity, sentiment=sentiment, customers=customers)
        theme: Ints = np.asarray(assignment, np.int64)
        signs = sentiment if sentiment is not None else polarity
        millionths = None if polarity is None else np.round(polarity * POLARITY_UNIT)
        columns = (millionths, None if signs is None else _below(signs, 0), None if sentiment is None else _below(sentiment, -1))
        totals, known = zip(*(_sums(theme, values, n_themes) for values in columns), strict=True)
        column = np.empty(len(theme) if texts is not None else 0, dtype=object)
        column[:] = [] if texts is None else texts
        weight = np.zeros(len(theme)) if strength is None else np.asarray(strength, np.float64)
        return cls(
            len(theme),
            np.bincount(theme[theme >= 0], minlength=n_themes).astype(np.int64),
            np.stack(totals),
            np.stack(known),
            None if customers is None else _distinct_pairs(np.column_stack([theme, customers])[(theme >= 0) & (customers >= 0)]),
            Quotes.best(theme[: len(column)], weight[: len(column)], column, n_quotes=n_quotes),
        )

    def merge(self, *others: "ThemeSums", n_quotes: int = N_QUOTES) -> "ThemeSums":
        """Add sums of other rows. Exact, associative, commutative."""
        parts = (self, *others)
        pairs = [part.customers for part in parts if part.customers is not None]
        theme, strength, text = (np.concatenate([getattr(part.quotes, name) for part in parts]) for name in ("theme", "strength", "text"))
        return ThemeSums(
            sum(part.n_rows for part in parts),
            np.sum([part.items for part in parts], axis=0),
            np.sum([part.totals for part in parts], axis=0),
            np.sum([part.known for part in parts], axis=0),
            _distinct_pairs(np.concatenate(pairs)) if pairs else None,
            Quotes.best(theme, strength, text, n_quotes=n_quotes),
        )

    def table(self, themes: Themes) -> "pd.DataFrame":
        """The table that `theme_table` describes."""
        import pandas as pd

        n_themes, labels = len(themes), np.array(themes.names, dtype=object)
        count = [None] * n_themes if self.customers is None else np.bincount(self.customers[:, 0], minlength=n_themes).tolist()
        means = np.where(self.known > 0, self.totals / np.maximum(self.known, 1), np.nan)
        quotes: list[list[str]] = [[] for _ in range(n_themes)]
        for number, text in zip(self.quotes.theme.tolist(), self.quotes.text.tolist(), strict=True):
            quotes[number].append(text)
        columns = {
            "theme_id": themes.ids,
            "theme": labels,
            "parent": np.array(themes.parents, dtype=object),
            "items": self.items,
            "share": self.items / max(self.n_rows, 1),
            "customers": pd.array(count, dtype="Int64"),
            "mean_polarity": means[0] / POLARITY_UNIT,
            "negative_share": means[1],
            "strong_negative_share": means[2],
            "key_phrases": [SEPARATOR.join(phrases) for phrases in themes.phrases],
            "quotes": quotes,
        }
        order = np.lexsort((np.unique(labels, return_inverse=True)[1], -self.items))
        order = order[self.items[order] > 0]
        return pd.DataFrame(columns).iloc[order].reset_index(drop=True)


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
    sums = ThemeSums.from_rows(
        assignment,
        len(themes),
        strength=strength,
        texts=texts,
        polarity=polarity,
        sentiment=sentiment,
        customers=None if customers is None else _numbered(customers),
        n_quotes=n_quotes,
    )
    return sums.table(themes)


def _check_lengths(n_rows: int, **given: Sized | None) -> None:
    for label, values in given.items():
        if values is not None and len(values) != n_rows:
            raise InputError(f"{label}: expected {n_rows} values, one a row, got {len(values)}")


def _below(signs: NDArray[np.number], bound: float) -> NDArray[np.float64]:
    values = np.asarray(signs, np.float64)
    return np.where(np.isnan(values), np.nan, values < bound)


def _sums(theme: Ints, values: NDArray[np.floating] | None, n_themes: int) -> tuple[Ints, Ints]:
    """Sum of the known values of each theme, which are whole numbers, and how many there are: int64 (n_themes,) each."""
    if values is None:
        return np.zeros(n_themes, np.int64), np.zeros(n_themes, np.int64)
    known = (theme >= 0) & ~np.isnan(values)
    total = np.bincount(theme[known], weights=values[known], minlength=n_themes)
    return total.astype(np.int64), np.bincount(theme[known], minlength=n_themes).astype(np.int64)


def _distinct_pairs(pairs: Ints) -> Ints:
    """The different rows of int64 (n, 2), in order."""
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    first: NDArray[np.bool_] = np.append(True, (pairs[1:] != pairs[:-1]).any(axis=1))[: len(pairs)]
    return pairs[first]


def _numbered(customers: Sequence[object]) -> Ints:
    """Number the identifiers, int64 (n,), -1 for None and ""."""
    import pandas as pd

    column = np.empty(len(customers), dtype=object)
    column[:] = [None if customer == "" else customer for customer in customers]
    return np.asarray(pd.factorize(column)[0], np.int64)
