"""Deadlines on the Chinese calendar: holidays are skipped, make-up working Saturdays and Sundays count.

Three ways to count, all over whole arrays:

- hours: plain elapsed time on a 24-hour clock, day and night, holidays included.
- working days: the same time of day on the n-th working day after the start day. A start on a non-working day counts as
  received at 00:00 of the next working day, so Friday 15:00 + 3 is Wednesday 15:00, and Saturday 15:00 + 1 is Tuesday 00:00,
  the end of Monday: the customer's weekend costs nobody a working day, and a later start never has an earlier deadline.
- working hours: only time within the policy's working hours of working days counts, see ``Calendar.after_hours``.

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
from feedback_nlp.workdays import Calendar, Dates, Integers, Spans, WorkingHours

UTC_OFFSET = np.timedelta64(8, "h")
SECONDS_PER_HOUR = 3600
#: Longest clock in hours, about ten years; longer ones are typing errors and could overflow nanoseconds.
MAX_HOURS = 10 * 366 * 24
#: Longest clock in working days, about ten years.
MAX_WORKING_DAYS = 10 * 261
#: What is promised, in the order of DUE_COLUMNS, and the ways to count until then, the first elapsed.
PROMISES = ("ack", "interim", "resolve")
UNITS = ("hours", "working_hours", "working_days")
DUE_COLUMNS = tuple(f"{promise}_due_at" for promise in PROMISES)


@dataclass(frozen=True)
class Clock:
    """What one priority level promises; None promises nothing.

    ack, interim, resolve: until the acknowledgement, the interim plan, the solution; each in one of three units.
    …_hours: elapsed hours, 0 or more. …_working_hours: hours within working hours. …_working_days: whole working days.

    >>> Clock(ack_working_hours=2, resolve_working_days=5).resolve_working_days
    5

    Raises PolicyError for a value that is not such a number, and for two ways of counting to one promise.
    """

    ack_hours: float | None = None
    interim_hours: float | None = None
    resolve_hours: float | None = None
    ack_working_hours: float | None = None
    interim_working_hours: float | None = None
    resolve_working_hours: float | None = None
    ack_working_days: float | None = None
    interim_working_days: float | None = None
    resolve_working_days: float | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            problem = _problem(getattr(self, field.name), working_days=field.name.endswith("_days"))
            if problem:
                raise PolicyError(f"clock field {field.name!r} {problem}")
        for promise in PROMISES:
            given = [f"{promise}_{unit}" for unit in UNITS if self.span(promise, unit) is not None]
            if len(given) > 1:
                raise PolicyError(f"a clock has either {' or '.join(given)}, got {len(given)} of them; remove one")

    def span(self, promise: str, unit: str) -> float | None:
        """The span until one of ``PROMISES`` in one of ``UNITS``; None where it is not promised so."""
        value: float | None = getattr(self, f"{promise}_{unit}")
        return value


#: Names of what a level's clock may say in a policy file.
CLOCK_KEYS = tuple(field.name for field in fields(Clock))


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


def due_dates(
    start: pd.Series, level_index: Integers, clocks: tuple[Clock, ...], calendar: Calendar, *, hours: WorkingHours | None = None
) -> pd.DataFrame:
    """Find the three deadlines of every item from the clock of its level.

    start: (n,) datetime64 with a time zone, any unit. level_index: (n,) integers, the entry of ``clocks`` for each row.
    clocks: one per level. calendar: must cover the years of ``start`` if any clock counts working time.
    hours: what working hours are; 09:00 to 18:00 by default.

    Returns a frame of (n,) rows with the index of ``start`` and the columns ``ack_due_at``, ``interim_due_at`` and
    ``resolve_due_at``, datetime64 in Asia/Shanghai; NaT where ``start`` is NaT or the clock promises nothing.
    Raises InputError for a start without a time zone, for levels of another length, of another type or without a clock.
    """
    utc, levels = _utc(start), _levels(level_index, len(start), len(clocks))
    found = {}
    for name, promise in zip(DUE_COLUMNS, PROMISES, strict=True):
        spans = {unit: [clock.span(promise, unit) for clock in clocks] for unit in UNITS}
        due = _seconds(spans["hours"])[levels] + utc
        rows = _rows_with(spans["working_days"], levels)
        if len(rows):
            counts = np.array([span or 0 for span in spans["working_days"]], dtype=np.int64)[levels[rows]]
            due[rows] = _after_working_days(utc[rows], counts, calendar)
        rows = _rows_with(spans["working_hours"], levels)
        if len(rows):
            due[rows] = _after_working_hours(utc[rows], _seconds(spans["working_hours"])[levels[rows]], calendar, hours or WorkingHours())
        found[name] = _localised(due, start)
    return pd.DataFrame(found, index=start.index)


def _rows_with(spans: Sequence[float | None], levels: Integers) -> npt.NDArray[np.intp]:
    """Rows whose level has a span."""
    return np.flatnonzero(np.array([span is not None for span in spans], dtype=np.bool_)[levels])


def _after_working_days(utc: Dates, counts: Integers, calendar: Calendar) -> Dates:
    return calendar.after(utc + UTC_OFFSET, counts) - UTC_OFFSET


def _after_working_hours(utc: Dates, spans: Spans, calendar: Calendar, hours: WorkingHours) -> Dates:
    return calendar.after_hours(utc + UTC_OFFSET, spans, hours) - UTC_OFFSET


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
