"""Counts by period and key as full tables: zeros filled, the calendar attached, all items of the period beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.trends.items import CUSTOMER_COLUMN, POLARITY_COLUMN, SENTIMENT_COLUMN, Columns, Pairs, count_items, read_items
from feedback_nlp.trends.periods import Moments, days_off, period_numbers, period_starts, weekdays
from feedback_nlp.trends.pooling import Ints, Mask
from feedback_nlp.trends.tally import OBSERVED, Labels, Tally

if TYPE_CHECKING:
    import pandas as pd

#: Cells a table may have; more are a wrong date among the right ones, or keys that are no keys.
MAX_CELLS = 50_000_000
#: What stands between the parts of a key made of several columns.
JOIN = " × "


@dataclass(frozen=True, eq=False)
class Series:
    """Counts of every key in every period from the first with an item to the last.

    period: hour, day, week or month. names: the key's columns. periods: datetime64[s] (n_periods,), first second by the clock of Shanghai.
    keys: object (n_keys, n_names) str, in the order of their first item, then by label. first: int64 (n_keys,), the row of that item.
    values: {measure: int64 (n_periods, n_keys)}, see ``feedback_nlp.trends.tally``; whole: {measure: int64 (n_periods,)} of all items.
    off: bool (n_periods,), nobody works on that day; festive: bool, of a stretch of days off with a weekday in it; weekday: int64, 0
    Monday to 6 Sunday, of its first day.
    """

    period: str
    names: tuple[str, ...]
    periods: Moments
    keys: Labels
    first: Ints
    values: dict[str, Ints]
    whole: dict[str, Ints]
    off: Mask
    festive: Mask
    weekday: Ints

    @property
    def counts(self) -> Ints:
        """Items, int64 (n_periods, n_keys)."""
        return self.values[OBSERVED]

    @property
    def customers(self) -> Ints | None:
        """Distinct known customers, int64 (n_periods, n_keys)."""
        return self.values.get("customers")

    @property
    def negative(self) -> Ints | None:
        """Items of negative sentiment, int64 (n_periods, n_keys)."""
        return self.values.get("negative")

    @property
    def exposure(self) -> Ints:
        """All items of the period, those of no key included, int64 (n_periods,)."""
        return self.whole[OBSERVED]

    @property
    def labels(self) -> Labels:
        """object (n_keys,) str, the parts of a key joined."""
        joined = np.empty(len(self.keys), dtype=object)
        joined[:] = [JOIN.join(parts) for parts in self.keys.tolist()]
        return joined

    def __len__(self) -> int:
        return len(self.periods)


def count_series(
    frame: "pd.DataFrame",
    *,
    date: str = "created_at",
    key: str | Sequence[str] = "theme",
    period: str = "day",
    customers: str | None = CUSTOMER_COLUMN,
    sentiment: str | None = SENTIMENT_COLUMN,
    polarity: str | None = POLARITY_COLUMN,
    repeat: str | None = None,
    pairs: Pairs | None = None,
    until: object = None,
) -> Series:
    """Count items by period and key.

    frame: one row an item. date: column of dates in any form; Asia/Shanghai where there is no zone; rows without a date are left out.
    key: a column, or several, whose combinations are counted; a cell may hold a list. pairs: (rows, keys) instead, see `read_items`.
    period: hour, day, week (from Monday) or month. customers, sentiment (a number below 0 or 负面, 强烈负面 is negative), polarity (-1 to
    1): columns, read where they are there. repeat: column of True for repeated items, which are left out.
    until: a date up to which zeros are filled beyond the last item.
    Raises InputError for what cannot be read, with the column and what to do.
    """
    names = key if isinstance(key, str) else tuple(key)
    columns = Columns(date, names, customers, sentiment, polarity, repeat)
    return fill_series(count_items(frame, read_items(frame, columns, period, pairs), columns, period), until=until)


def fill_series(tally: Tally, *, until: object = None) -> Series:
    """Lay a tally out as full tables. until: a date up to which zeros are filled. Raises InputError for more than MAX_CELLS cells."""
    last = _until(until, tally.period)
    start = int(tally.numbers[0]) if len(tally.numbers) else 0
    end = max(int(tally.numbers[-1]), start if last is None else last) + 1 if len(tally.numbers) else start
    rows, width = end - start, len(tally.keys)
    starts = period_starts(np.arange(start, end), tally.period)
    if rows * max(width, 1) > MAX_CELLS:
        raise InputError(
            f"{rows:,} periods ({tally.period}) from {starts[0]} to {starts[-1]} and {width:,} keys: expected at most {MAX_CELLS:,} cells; "
            "leave out wrong dates, or count by longer periods or fewer keys"
        )
    first = np.full(width, rows, np.int64)
    own = tally.codes >= 0
    np.minimum.at(first, tally.codes[own], tally.numbers[own] - start)
    # Keys in the order of their first item, so that those still to come change nothing of the earlier ones, not even a rounding.
    order = np.argsort(first, kind="stable")
    place = np.empty(width, np.int64)
    place[order] = np.arange(width)
    values, whole = {}, {}
    for name, value in tally.values.items():
        table, total = np.zeros((rows, width), np.int64), np.zeros(rows, np.int64)
        table[tally.numbers[own] - start, place[tally.codes[own]]] = value[own]
        total[tally.numbers[~own] - start] = value[~own]
        values[name], whole[name] = table, total
    none = np.zeros(rows, np.bool_)
    off, festive = days_off(starts) if tally.period in ("hour", "day") else (none, none)
    return Series(tally.period, tally.names, starts, tally.keys[order], first[order], values, whole, off, festive, weekdays(starts))


def _until(until: object, period: str) -> int | None:
    if until is None:
        return None
    from feedback_nlp.io.dates import parse_dates

    times, bad = parse_dates([until])
    if bad.any() or times.isna().any():
        raise InputError(f"until: expected a date, got {until!r}")
    numbers: NDArray[np.int64] = period_numbers(times.dt.tz_localize(None).to_numpy(), period)
    return int(numbers[0])
