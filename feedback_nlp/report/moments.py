"""When: the moment a report is read at, and the periods of its curves."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.ledger.day_range import DayRange

if TYPE_CHECKING:
    import pandas as pd

#: Days a curve has points for each day, each week; longer ones have a point a month.
DAILY_UP_TO, WEEKLY_UP_TO = 62, 370

Days = NDArray[np.datetime64]


def local_days(ledger: "pd.DataFrame") -> Days:
    """datetime64[D] (n,): the day of each item in Asia/Shanghai, NaT where unknown."""
    if "created_at" not in ledger:
        return np.full(len(ledger), np.datetime64("NaT", "D"))
    times = ledger["created_at"].dt.tz_convert("Asia/Shanghai").dt.tz_localize(None)
    return np.asarray(times.to_numpy().astype("datetime64[D]"))


def reading_moment(ledger: "pd.DataFrame", as_of: Any, stated: Any) -> "pd.Timestamp | None":
    """The moment at which deadlines are read: ``as_of``, else what the analysis was told, else the last item's time; None without any.

    ledger: with ``created_at`` (Asia/Shanghai) or without. as_of, stated: a time, its text, or None.
    Raises InputError where one is no time.
    """
    import pandas as pd

    from feedback_nlp.io import parse_dates

    wanted = as_of if as_of is not None else stated
    if wanted is not None:
        times, bad = parse_dates([wanted])
        if bad.any() or times.isna().any():
            raise InputError(f"as_of: expected a time such as 2026-03-05 09:00, got {wanted!r}")
        return pd.Timestamp(times.iloc[0])
    days = local_days(ledger)
    _, last = DayRange.from_days(days).recent()
    return None if np.isnat(last) else pd.Timestamp(ledger.loc[days == last, "created_at"].max())


@dataclass(frozen=True, eq=False)
class Periods:
    """The periods of a curve. unit: day, week or month. starts: datetime64[D] (p,), all of them, in order.

    place: int64 (n,), the period of each item, -1 for those without a date or outside. outside: dated items that are in no period.
    """

    unit: str
    starts: Days
    place: NDArray[np.int64]
    outside: int


def make_periods(days: Days) -> Periods:
    """Days, weeks (from Monday) or months from the first item to the last, of the years that trends look at.

    days: datetime64[D] (n,), NaT where unknown.
    """
    (begin, last), known = DayRange.from_days(days).recent(), ~np.isnat(days)
    if np.isnat(last):
        return Periods("day", np.empty(0, "datetime64[D]"), np.full(len(days), -1), 0)
    inside = known & (days <= last) & (days >= begin)
    first = days[inside].min()
    length = int((last - first).astype(np.int64)) + 1
    unit = "day" if length <= DAILY_UP_TO else "week" if length <= WEEKLY_UP_TO else "month"
    numbers = _numbers(days, unit)
    low, high = (int(number) for number in _numbers(np.array([first, last]), unit))
    starts = _starts(np.arange(low, high + 1), unit)
    return Periods(unit, starts, np.where(inside, numbers - low, -1), int((known & ~inside).sum()))


def _numbers(days: Days, unit: str) -> NDArray[np.int64]:
    """The number of each day's period, counted from 1970; of NaT anything."""
    if unit == "month":
        return days.astype("datetime64[M]").astype(np.int64)
    number = days.astype(np.int64)
    # 1970-01-01 was a Thursday.
    return number if unit == "day" else (number + 3) // 7


def _starts(numbers: NDArray[np.int64], unit: str) -> Days:
    if unit == "month":
        return numbers.astype("datetime64[M]").astype("datetime64[D]")
    return (numbers if unit == "day" else numbers * 7 - 3).astype("datetime64[D]")


def period_label(start: np.datetime64, unit: str) -> str:
    """2026-10-12 for a day and for the Monday of a week, 2026-10 for a month."""
    return str(start.astype("datetime64[M]" if unit == "month" else "datetime64[D]"))
