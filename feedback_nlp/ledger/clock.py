"""Deadlines on the Chinese calendar: holidays are skipped, make-up working Saturdays and Sundays count.

Two ways to count, both over whole arrays:

- hours: plain elapsed time on a 24-hour clock, day and night, holidays included.
- working days: the same time of day on the n-th working day after the start day. A start on a non-working day counts as
  received at 00:00 of the next working day, so Friday 15:00 + 3 is Wednesday 15:00, and Saturday 15:00 + 1 is Tuesday 00:00,
  the end of Monday: the customer's weekend costs nobody a working day, and a later start never has an earlier deadline.

Times of day are read at UTC+8, what the clocks of Asia/Shanghai have shown since summer time ended on 1991-09-15; feedback
from before that date may be read an hour off in summer.
"""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from feedback_nlp.errors import InputError, PolicyError
from feedback_nlp.io.cells import ZONE

UTC_OFFSET = np.timedelta64(8, "h")
SECONDS_PER_HOUR = 3600
#: Longest clock in hours, about ten years; longer ones are typing errors and could overflow nanoseconds.
MAX_HOURS = 10 * 366 * 24
#: Longest clock in working days, about ten years.
MAX_WORKING_DAYS = 10 * 261
#: Weekends are listed with the holidays instead, because a make-up working Saturday is not one of them.
EVERY_DAY = "1111111"
DUE_COLUMNS = ("ack_due_at", "interim_due_at", "resolve_due_at")

Dates = npt.NDArray[np.datetime64]
Spans = npt.NDArray[np.timedelta64]
Integers = npt.NDArray[np.integer[Any]]


class CalendarWarning(UserWarning):
    """Official holidays of some years are not known; Monday to Friday were taken as their working days."""


@dataclass(frozen=True, eq=False)
class Calendar:
    """The days nobody works.

    days_off: (k,) datetime64[D], sorted: weekends and holidays without the make-up working days, from 1 January of ``first_year``.
    first_year, last_year: the years of the starts it serves.
    end: datetime64[D], the first day no longer covered; one more year than ``last_year``, for deadlines across New Year.
    official: whether the holidays of that additional year are known.

    >>> Calendar.china(2025, 2025).is_working_day(np.array(["2025-10-11"], dtype="datetime64[D]"))
    array([ True])
    """

    days_off: Dates
    first_year: int
    last_year: int
    end: np.datetime64
    official: bool = True

    @classmethod
    def china(cls, first_year: int, last_year: int) -> "Calendar":
        """Build the official Chinese calendar for starts in the years given, both included.

        Years the ``chinesecalendar`` package does not know have Monday to Friday as working days, named in one CalendarWarning.

        Raises InputError if the years are not in order or outside 1 to 9998.
        """
        from chinese_calendar import constants

        if not 1 <= first_year <= last_year <= 9998:
            raise InputError(f"Calendar.china expects 1 <= first_year <= last_year <= 9998, got {first_year} and {last_year}")
        known = {day.year for day in constants.holidays}
        unknown = [year for year in range(first_year, last_year + 1) if year not in known]
        if unknown:
            warnings.warn(_unknown_years(unknown), CalendarWarning, stacklevel=2)
        days = np.arange(_new_year(first_year), _new_year(last_year + 2))
        off = ~np.is_busday(days) | np.isin(days, np.array(list(constants.holidays), dtype="datetime64[D]"))
        off &= ~np.isin(days, np.array(list(constants.workdays), dtype="datetime64[D]"))
        # A last year already named in the warning above is not reported again by each deadline that crosses it.
        official = last_year + 1 in known or last_year in unknown
        return cls(days[off], first_year, last_year, _new_year(last_year + 2), official)

    def is_working_day(self, days: Dates) -> npt.NDArray[np.bool_]:
        """Tell for (n,) datetime64[D] which are working days: (n,) bool, False for NaT."""
        return np.asarray(np.is_busday(days, weekmask=EVERY_DAY, holidays=self.days_off), dtype=np.bool_)

    def after(self, local: Dates, counts: Integers) -> Dates:
        """Count working days forward from local wall-clock times.

        local: (n,) datetime64 of any unit, NaT allowed. counts: (n,) whole working days, 0 or more.
        Returns (n,) datetime64 of the same unit, NaT where ``local`` is.
        Raises InputError where a start or a deadline lies outside the calendar; gives one CalendarWarning where a deadline
        lies in a year whose holidays are not known yet.
        """
        days = local.astype("datetime64[D]")
        if bool(np.any(days < _new_year(self.first_year)) or np.any(days >= self.end)):
            raise self._outside(days)
        rules = np.busdaycalendar(weekmask=EVERY_DAY, holidays=self.days_off)
        opened = np.busday_offset(days, 0, roll="forward", busdaycal=rules)
        due = np.busday_offset(opened, counts, roll="forward", busdaycal=rules)
        if bool(np.any(due >= self.end)):
            raise self._outside(due)
        if not self.official and bool(np.any(due >= _new_year(self.last_year + 1))):
            warnings.warn(_unknown_years([self.last_year + 1]), CalendarWarning, stacklevel=4)
        time_of_day = local - days
        time_of_day[opened != days] = np.timedelta64(0)
        return np.asarray(due + time_of_day, dtype=local.dtype)

    def _outside(self, days: Dates) -> InputError:
        real = days[~np.isnat(days)]
        covered = f"{self.first_year} to {self.last_year} and deadlines up to the end of {self.last_year + 1}"
        return InputError(f"the calendar covers starts in {covered}, got {real.min()} to {real.max()}; build it with Calendar.china")


@dataclass(frozen=True)
class Clock:
    """What one priority level promises; None promises nothing.

    ack_hours, interim_hours, resolve_hours: elapsed hours until the acknowledgement, the interim plan and the solution, 0 or more.
    resolve_working_days: whole working days until the solution, instead of ``resolve_hours``.

    >>> Clock(ack_hours=24.0, resolve_working_days=5.0)
    Clock(ack_hours=24.0, interim_hours=None, resolve_hours=None, resolve_working_days=5.0)

    Raises PolicyError for a value that is not such a number, and for both ways of counting at once.
    """

    ack_hours: float | None = None
    interim_hours: float | None = None
    resolve_hours: float | None = None
    resolve_working_days: float | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            problem = _problem(getattr(self, field.name), working_days=field.name == "resolve_working_days")
            if problem:
                raise PolicyError(f"clock field {field.name!r} {problem}")
        if self.resolve_hours is not None and self.resolve_working_days is not None:
            raise PolicyError("a clock has either resolve_hours or resolve_working_days, got both; remove one")


def deadline(start: pd.Series, *, hours: float | None = None, working_days: float | None = None, calendar: Calendar) -> pd.Series:
    """Add a span to every start.

    start: (n,) datetime64 with a time zone, any unit; NaT stays NaT.
    hours: elapsed hours, 0 or more, fractions to the second. working_days: whole working days, 0 or more; exactly one of the two.
    calendar: must cover the years of ``start``.

    Returns (n,) datetime64 in Asia/Shanghai of the same unit, with the index of ``start``.
    Raises InputError for a start without a time zone, for neither or both spans, for a bad span, for starts outside the calendar.
    """
    if (hours is None) == (working_days is None):
        raise InputError(f"deadline expects exactly one of hours and working_days, got hours={hours!r}, working_days={working_days!r}")
    name, span = ("working_days", working_days) if hours is None else ("hours", hours)
    problem = _problem(span, working_days=hours is None)
    if problem:
        raise InputError(f"deadline: {name} {problem}")
    utc = _utc(start)
    due = utc + _seconds((hours,))[0] if hours is not None else _after_working_days(utc, np.full(len(utc), span, np.int64), calendar)
    return _localised(due, start)


def due_dates(start: pd.Series, level_index: Integers, clocks: tuple[Clock, ...], calendar: Calendar) -> pd.DataFrame:
    """Find the three deadlines of every item from the clock of its level.

    start: (n,) datetime64 with a time zone, any unit. level_index: (n,) integers, the entry of ``clocks`` for each row.
    clocks: one per level. calendar: must cover the years of ``start`` if any clock counts working days.

    Returns a frame of (n,) rows with the index of ``start`` and the columns ``ack_due_at``, ``interim_due_at`` and
    ``resolve_due_at``, datetime64 in Asia/Shanghai; NaT where ``start`` is NaT or the clock promises nothing.
    Raises InputError for a start without a time zone, for levels of another length, of another type or without a clock.
    """
    utc, levels = _utc(start), _levels(level_index, len(start), len(clocks))
    hours = ([c.ack_hours for c in clocks], [c.interim_hours for c in clocks], [c.resolve_hours for c in clocks])
    due = [_seconds(values)[levels] + utc for values in hours]
    counted = np.array([clock.resolve_working_days is not None for clock in clocks], dtype=np.bool_)
    rows = np.flatnonzero(counted[levels])
    if len(rows):
        counts = np.array([clock.resolve_working_days or 0 for clock in clocks], dtype=np.int64)[levels[rows]]
        due[2][rows] = _after_working_days(utc[rows], counts, calendar)
    return pd.DataFrame({name: _localised(values, start) for name, values in zip(DUE_COLUMNS, due, strict=True)}, index=start.index)


def _after_working_days(utc: Dates, counts: Integers, calendar: Calendar) -> Dates:
    return calendar.after(utc + UTC_OFFSET, counts) - UTC_OFFSET


def _problem(value: object, *, working_days: bool) -> str | None:
    """Say what is wrong with a span, or None."""
    limit = MAX_WORKING_DAYS if working_days else MAX_HOURS
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        return f"expects a number, got {type(value).__name__}"
    if not math.isfinite(value) or not 0 <= value <= limit:
        return f"expects a number from 0 to {limit}, got {value!r}"
    return f"expects whole days, got {value!r}; use hours for parts of a day" if working_days and value != int(value) else None


def _seconds(hours: Sequence[float | None]) -> Spans:
    """(k,) hours to (k,) timedelta64[s], NaT for None."""
    return np.array(["NaT" if h is None else round(h * SECONDS_PER_HOUR) for h in hours], dtype=object).astype("timedelta64[s]")


def _levels(level_index: Integers, rows: int, levels: int) -> Integers:
    index = np.asarray(level_index)
    if index.shape != (rows,) or not (np.issubdtype(index.dtype, np.integer) or not rows):
        raise InputError(f"level_index expects {rows} integers, one per start, got shape {index.shape} of {index.dtype}")
    if rows and not 0 <= int(index.min()) <= int(index.max()) < levels:
        raise InputError(f"level_index expects 0 to {levels - 1}, one clock per level, got {index.min()} to {index.max()}")
    return index.astype(np.intp)


def _utc(start: pd.Series) -> Dates:
    if not isinstance(start.dtype, pd.DatetimeTZDtype):
        raise InputError(f"start expects datetime64 with a time zone, got {start.dtype}; use start.dt.tz_localize({ZONE!r})")
    return np.asarray(start.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy())


def _localised(utc: Dates, like: pd.Series) -> pd.Series:
    due: pd.Series = pd.Series(utc, index=like.index, name=like.name).dt.tz_localize("UTC").dt.tz_convert(ZONE)
    return due


def _new_year(year: int) -> np.datetime64:
    return np.datetime64(f"{year:04d}-01-01", "D")


def _unknown_years(years: list[int]) -> str:
    named = ", ".join(map(str, years)) if len(years) <= 3 else f"{years[0]} ... {years[-1]}"
    return f"the official holidays of {named} are not known to chinesecalendar; Monday to Friday count as working days"
