"""Days to the periods of a report: days, ISO weeks from Monday to Sunday, calendar months."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError

#: Period -> the report it makes.
PERIODS = {"day": "日报", "week": "周报", "month": "月报"}

Days = NDArray[np.datetime64]
Ints = NDArray[np.int64]

#: 1970-01-01 was a Thursday: so many days lie between its Monday and it.
_MONDAY = 3
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, eq=False)
class Periods:
    """Consecutive periods, those without items included, and which each item lies in.

    starts, ends: datetime64[D] (n,), first and last day. labels: 2026-10-12, 2026-W42 (ISO 8601) or 2026-10.
    codes: int64 (n_items,), the item's period, n where it has no day.
    """

    starts: Days
    ends: Days
    labels: tuple[str, ...]
    codes: Ints

    @property
    def undated(self) -> bool:
        """Some items have no day; they are period n."""
        return bool((self.codes == len(self.starts)).any())

    @property
    def n_lines(self) -> int:
        """Periods, and one more for items without a day where there are any."""
        return len(self.starts) + self.undated

    def count(self, chosen: NDArray[np.bool_]) -> Ints:
        """int64 (n_lines,): the chosen items of each period; chosen: bool (n_items,)."""
        return np.bincount(self.codes[chosen], minlength=self.n_lines).astype(np.int64)


def make_periods(days: Days, period: str, *, until: np.datetime64) -> Periods:
    """Cut the days from the first to the last, or to ``until`` where that is later, into periods.

    days: datetime64[D] (n_items,), NaT where unknown; period: a key of ``PERIODS``; until: datetime64[D], NaT for the last day.
    Raises InputError for another period.
    """
    if period not in PERIODS:
        raise InputError(f"period: expected one of {', '.join(PERIODS)}, got {period!r}")
    known = ~np.isnat(days)
    numbers = _numbers(days[known], period)
    if not len(numbers):
        none = np.zeros(0, "datetime64[D]")
        return Periods(none, none, (), np.zeros(len(days), np.int64))
    first = int(numbers.min())
    last = max(int(numbers.max()), first if np.isnat(until) else int(_numbers(np.asarray([until], "datetime64[D]"), period)[0]))
    bounds = _bounds(np.arange(first, last + 2), period)
    codes = np.full(len(days), last - first + 1, np.int64)
    codes[known] = numbers - first
    ends: Days = bounds[1:] - np.ones(len(bounds) - 1, "timedelta64[D]")
    return Periods(bounds[:-1], ends, _labels(bounds[:-1], period), codes)


def _numbers(days: Days, period: str) -> Ints:
    """The number of the period each day lies in, counted from that of 1970-01-01."""
    if period == "month":
        return days.astype("datetime64[M]").astype(np.int64)
    number = days.astype(np.int64)
    return number if period == "day" else (number + _MONDAY) // 7


def _bounds(numbers: Ints, period: str) -> Days:
    """The first day of the periods of these numbers."""
    if period == "month":
        return numbers.astype("datetime64[M]").astype("datetime64[D]")
    return (numbers if period == "day" else numbers * 7 - _MONDAY).astype("datetime64[D]")


def _labels(starts: Days, period: str) -> tuple[str, ...]:
    if period != "week":
        return tuple(np.datetime_as_string(starts, unit="M" if period == "month" else "D").tolist())
    # The ISO year of a week is that of its Thursday.
    thursdays = starts + _MONDAY * _DAY
    years = thursdays.astype("datetime64[Y]")
    weeks = (thursdays - years.astype("datetime64[D]")).astype(np.int64) // 7 + 1
    return tuple(f"{year}-W{week:02d}" for year, week in zip(years, weeks.tolist(), strict=True))
