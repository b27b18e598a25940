"""Counts of themes by day: trends, and what is high frequency (more than 10 a day, document 0)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

#: A theme is of high frequency on a day with more items than this (document 0).
HIGH_FREQUENCY = 10

Days = NDArray[np.datetime64]


@dataclass(frozen=True, eq=False)
class DailyCounts:
    """Items by day and key.

    days: datetime64[D] (n_days,), the days with any item, ascending.
    counts: int64 (n_days, n_keys), zeros filled.
    totals: int64 (n_days,), all items of the day, those without a key included.
    undated: int64 (n_keys,), items whose day is unknown; they count on no day. n_undated: all such items, those without a key included.
    """

    days: Days
    counts: NDArray[np.int64]
    totals: NDArray[np.int64]
    undated: NDArray[np.int64]
    n_undated: int

    @property
    def n_items(self) -> int:
        """All items counted, dated or not."""
        return int(self.totals.sum()) + self.n_undated

    def merge(self, *others: "DailyCounts") -> "DailyCounts":
        """Add counts of other rows over the same keys. Exact, associative, commutative. Raises InputError where the keys differ."""
        parts = (self, *others)
        n_keys = self.counts.shape[1]
        if any(part.counts.shape[1] != n_keys for part in parts):
            raise InputError(f"daily counts: expected {n_keys} keys in every part, got {[part.counts.shape[1] for part in parts]}")
        days, codes = np.unique(np.concatenate([part.days for part in parts]), return_inverse=True)
        counts, totals = np.zeros((len(days), n_keys), np.int64), np.zeros(len(days), np.int64)
        np.add.at(counts, codes, np.concatenate([part.counts for part in parts]))
        np.add.at(totals, codes, np.concatenate([part.totals for part in parts]))
        undated = np.stack([part.undated for part in parts]).sum(axis=0)
        return DailyCounts(days, counts, totals, undated, sum(part.n_undated for part in parts))

    def every_day(self) -> tuple[Days, NDArray[np.int64]]:
        """Return (days, counts) with the silent days between the first and the last filled by zeros."""
        if not len(self.days):
            return self.days, self.counts
        days = np.arange(self.days[0], self.days[-1] + 1)
        counts = np.zeros((len(days), self.counts.shape[1]), np.int64)
        counts[np.searchsorted(days, self.days)] = self.counts
        return days, counts


def daily_counts(days: Days, keys: NDArray[np.integer], n_keys: int, *, rows: NDArray[np.integer] | None = None) -> DailyCounts:
    """Count items by day and key.

    days: datetime64 (n,), NaT where unknown; keys: int (n,) in [0, n_keys), -1 for none; n_keys: number of keys.
    rows: int (m,), the item of each key where items may have several or none; keys is then (m,), each pair of item and key once.
    Raises InputError where lengths differ or a key is out of range.
    """
    key_days = _as_days(days if rows is None else days[rows], keys, n_keys)
    days = days.astype("datetime64[D]")
    dated, known = ~np.isnat(days), ~np.isnat(key_days) & (keys >= 0)
    present, day = np.unique(days[dated], return_inverse=True)
    cell = np.searchsorted(present, key_days[known]) * n_keys + keys[known].astype(np.int64)
    counts = np.bincount(cell, minlength=len(present) * n_keys).reshape(len(present), n_keys)
    lost = keys[np.isnat(key_days)]
    return DailyCounts(
        present,
        counts.astype(np.int64),
        np.bincount(day, minlength=len(present)).astype(np.int64),
        np.bincount(lost[lost >= 0], minlength=n_keys).astype(np.int64),
        int((~dated).sum()),
    )


def trend_table(counts: DailyCounts, names: Sequence[str], *, threshold: int = HIGH_FREQUENCY) -> "pd.DataFrame":
    """One row for each theme and day with any item.

    names: the name of each key; threshold: more items a day than this are high frequency.
    Returns theme, date, count, share (of that day's items), total (that day's items), high_frequency; by date, then count descending, then
    theme. Raises InputError where the names do not fit the keys.
    """
    import pandas as pd

    if len(names) != counts.counts.shape[1]:
        raise InputError(f"names: expected {counts.counts.shape[1]}, one a key, got {len(names)}")
    labels = np.array(names, dtype=object)
    day, key = np.nonzero(counts.counts)
    count = counts.counts[day, key]
    rank = np.unique(labels, return_inverse=True)[1]
    order = np.lexsort((rank[key], -count, day))
    day, key, count = day[order], key[order], count[order]
    total = counts.totals[day]
    columns = {"theme": labels[key], "date": pd.to_datetime(counts.days[day]), "count": count, "share": count / total, "total": total}
    return pd.DataFrame({**columns, "high_frequency": count > threshold})


def high_frequency_items(
    counts: DailyCounts, days: Days, keys: NDArray[np.integer], *, threshold: int = HIGH_FREQUENCY
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Tell which items belong to a theme that is of high frequency on their day.

    counts: of the whole corpus; days, keys: (n,) as for `daily_counts`.
    Returns (flag, count): bool (n,), and int64 (n,), the items of the row's theme on its day; 0 without a day or a theme.
    """
    days = _as_days(days, keys, counts.counts.shape[1])
    count = np.zeros(len(days), np.int64)
    usable = np.flatnonzero(~np.isnat(days) & (keys >= 0))
    if len(counts.days):
        place = np.minimum(np.searchsorted(counts.days, days[usable]), len(counts.days) - 1)
        count[usable] = np.where(counts.days[place] == days[usable], counts.counts[place, keys[usable]], 0)
    return count > threshold, count


def _as_days(days: Days, keys: NDArray[np.integer], n_keys: int) -> Days:
    if len(days) != len(keys):
        raise InputError(f"days and keys: expected one each a row, got {len(days)} days and {len(keys)} keys")
    if len(keys) and (keys.min() < -1 or keys.max() >= n_keys):
        raise InputError(f"keys: expected codes from -1 to {n_keys - 1}, got {keys.min()} to {keys.max()}")
    return days.astype("datetime64[D]")
