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
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import pandas as pd

from feedback_nlp.errors import InputError, PolicyError
from feedback_nlp.io.cells import ZONE
from feedback_nlp.workdays import Calendar, Dates, Integers

UTC_OFFSET = np.timedelta64(8, "h")
SECONDS_PER_HOUR = 3600
#: Longest clock in hours, about ten years; longer ones are typing errors and could overflow nanoseconds.
MAX_HOURS = 10 * 366 * 24
#: Longest clock in working days, about ten years.
MAX_WORKING_DAYS = 10 * 261
DUE_COLUMNS = ("ack_due_at", "interim_due_at", "resolve_due_at")

Spans = npt.NDArray[np.timedelta64]


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
