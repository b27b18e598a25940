"""Moments to numbered periods and back: hours, days, ISO weeks from Monday on, months; and which of them are off."""

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.trends.baseline import Settings
from feedback_nlp.trends.pooling import Ints, Kinds, festive_days, kinds_of_days, kinds_of_hours
from feedback_nlp.workdays import Calendar

Moments = NDArray[np.datetime64]

#: How a baseline learns from periods of each length. Weeks and months know no weekday, and few of them are there.
SETTINGS = {
    "hour": Settings(
        memory=0.9992,
        factor_memory=0.998,
        dispersion_memory=0.9998,
        guard=24,
        warm_up=168,
        min_history=336,
        windows=(1, 2, 3, 4),
        handicaps=(0.0, 0.1, 0.15, 0.2),
        lasting=False,
    ),
    "day": Settings(),
    "week": Settings(memory=0.9, dispersion_memory=0.98, guard=1, warm_up=4, min_history=8, windows=(1, 2, 3), handicaps=(0.0, 0.1, 0.2)),
    "month": Settings(memory=0.85, dispersion_memory=0.95, guard=0, warm_up=3, min_history=6, windows=(1, 2), handicaps=(0.0, 0.1)),
}
#: Days after the last one in which a stretch of days off may go on.
LOOK_AHEAD = np.timedelta64(12, "D")
#: 1970-01-01 was a Thursday: so many days lie between its Monday and it.
_MONDAY = 3
_UNITS = {"hour": "h", "day": "D", "month": "M"}


def check_period(period: str) -> None:
    """Raise InputError for a period other than hour, day, week and month."""
    if period not in SETTINGS:
        raise InputError(f"period: expected one of {', '.join(SETTINGS)}, got {period!r}")


def period_numbers(local: Moments, period: str) -> Ints:
    """int64 (n,): the period of each moment of the local clock, counted from that of 1970-01-01. local: datetime64 (n,) without NaT."""
    if period == "week":
        return np.asarray((local.astype("datetime64[D]").astype(np.int64) + _MONDAY) // 7)
    return np.asarray(local.astype(f"datetime64[{_UNITS[period]}]"), dtype=np.int64)


def period_starts(numbers: Ints, period: str) -> Moments:
    """datetime64[s] (n,): the first second of each period by the local clock."""
    if period == "week":
        return (numbers * 7 - _MONDAY).astype("datetime64[D]").astype("datetime64[s]")
    return numbers.astype(f"datetime64[{_UNITS[period]}]").astype("datetime64[s]")


def period_days(starts: Moments, period: str) -> Ints:
    """int64 (n,): the days of each period; 1 for an hour, whose items are items of a day as well."""
    if period == "month":
        months = starts.astype("datetime64[M]")
        return np.asarray((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]"), dtype=np.int64)
    return np.full(len(starts), 7 if period == "week" else 1, np.int64)


def days_off(starts: Moments) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(off, festive), bool (n,) each, of the days of these moments by the official Chinese calendar.

    off: nobody works. festive: a day off of a stretch with a weekday in it, also where that is still to come: the calendar is known
    beforehand. One CalendarWarning for years of which it is not known.
    """
    if not len(starts):
        return np.zeros(0, np.bool_), np.zeros(0, np.bool_)
    first, last = starts[0].astype("datetime64[D]"), starts[-1].astype("datetime64[D]")
    calendar = Calendar.china(first.astype(object).year, last.astype(object).year)
    days = np.arange(first, min(last + LOOK_AHEAD, calendar.end))
    off = ~calendar.is_working_day(days)
    place = (starts.astype("datetime64[D]") - first).astype(np.int64)
    return off[place], festive_days(off, weekdays(days))[place]


def weekdays(starts: Moments) -> Ints:
    """int64 (n,): 0 Monday to 6 Sunday."""
    return (starts.astype("datetime64[D]").astype(np.int64) + _MONDAY) % 7


def kinds_of_periods(starts: Moments, off: NDArray[np.bool_], festive: NDArray[np.bool_], period: str) -> Kinds:
    """Which periods are alike: weekdays, holidays and make-up days; hours, and days off; all weeks, all months."""
    if period == "hour":
        return kinds_of_hours(starts.astype("datetime64[h]").astype(np.int64) % 24, off)
    if period == "day":
        return kinds_of_days(len(starts), off, weekdays(starts), festive)
    return kinds_of_days(len(starts), None, None)
