"""Working days of the Chinese calendar: holidays and weekends are off, make-up Saturdays and Sundays are worked."""

import re
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from feedback_nlp.errors import InputError

#: Weekends are listed with the holidays instead, because a make-up working Saturday is not one of them.
EVERY_DAY = "1111111"

Dates = npt.NDArray[np.datetime64]
Spans = npt.NDArray[np.timedelta64]
Integers = npt.NDArray[np.integer[Any]]

MINUTES_PER_DAY = 24 * 60


class CalendarWarning(UserWarning):
    """Official holidays of some years are not known; Monday to Friday were taken as their working days."""


@dataclass(frozen=True)
class WorkingHours:
    """When people work on a working day.

    start, end: minutes since midnight, 0 <= start < end <= 1440; the same on every working day, breaks are not taken out.
    dates_from: what a date without a time of day counts as, "end" (received when the day's work ends) or "start".

    >>> WorkingHours.parse("09:00", "18:00")
    WorkingHours(start=540, end=1080, dates_from='end')
    """

    start: int = 9 * 60
    end: int = 18 * 60
    dates_from: str = "end"

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= MINUTES_PER_DAY:
            raise InputError(f"working hours: expected 0 <= start < end <= {MINUTES_PER_DAY} minutes, got {self.start} and {self.end}")
        if self.dates_from not in ("start", "end"):
            raise InputError(f"working hours: dates_from: expected 'start' or 'end', got {self.dates_from!r}")

    @classmethod
    def parse(cls, start: str, end: str, *, dates_from: str = "end") -> "WorkingHours":
        """From times such as 09:00 and 18:00; an end of 24:00 is midnight. Raises InputError."""
        opens, closes = minutes_of(start), minutes_of(end)
        if opens is None or closes is None:
            raise InputError(f"working hours: expected times such as '09:00' and '18:00', got {start!r} and {end!r}")
        return cls(opens, closes, dates_from)

    @property
    def of_dates(self) -> int:
        """Minutes since midnight at which a date without a time of day counts as received."""
        return self.end if self.dates_from == "end" else self.start


def minutes_of(value: object) -> int | None:
    """Minutes since midnight of a time such as 09:00, up to 24:00; None for anything else."""
    found = re.fullmatch(r"(\d\d):([0-5]\d)", value, re.ASCII) if isinstance(value, str) else None
    minutes = 60 * int(found[1]) + int(found[2]) if found else MINUTES_PER_DAY + 1
    return minutes if minutes <= MINUTES_PER_DAY else None


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
        days, opened = self._opened(local)
        due = self._working_days_on(opened, counts)
        time_of_day = local - days
        time_of_day[opened != days] = np.timedelta64(0)
        return np.asarray(due + time_of_day, dtype=local.dtype)

    def after_hours(self, local: Dates, spans: Spans, hours: WorkingHours) -> Dates:
        """Count working time forward from local wall-clock times: only what lies within the working hours of working days counts.

        local: (n,) datetime64 of any unit but days, NaT allowed. spans: (n,) timedelta64, 0 or more.
        What begins outside working hours counts from the next opening, and what is used up at closing time ends there and not at the
        next opening: with 09:00 to 18:00, Friday 17:00 + 2 h is Monday 10:00, Friday 15:00 + 3 h is Friday 18:00.
        Returns (n,) datetime64 of the same unit, NaT where ``local`` is. Raises and warns as ``after``.
        """
        known = np.flatnonzero(~np.isnat(local))
        due = local.copy()
        days, opened = self._opened(local[known])
        start, length = np.timedelta64(hours.start, "m"), np.timedelta64(hours.end - hours.start, "m")
        spent = np.clip(local[known] - days - start, np.timedelta64(0), length)
        spent[opened != days] = np.timedelta64(0)
        total = spent + spans[known]
        full = total // length
        at_closing = (total == full * length) & (spans[known] > np.timedelta64(0))
        full = full - at_closing
        due[known] = self._working_days_on(opened, full) + start + (total - full * length)
        return due

    def _opened(self, local: Dates) -> tuple[Dates, Dates]:
        """The days of local times, and the first working day from each on."""
        days = local.astype("datetime64[D]")
        if bool(np.any(days < _new_year(self.first_year)) or np.any(days >= self.end)):
            raise self._outside(days)
        return days, np.busday_offset(days, 0, roll="forward", weekmask=EVERY_DAY, holidays=self.days_off)

    def _working_days_on(self, opened: Dates, counts: Integers) -> Dates:
        due = np.busday_offset(opened, counts, roll="forward", weekmask=EVERY_DAY, holidays=self.days_off)
        if bool(np.any(due >= self.end)):
            raise self._outside(due)
        if not self.official and bool(np.any(due >= _new_year(self.last_year + 1))):
            warnings.warn(_unknown_years([self.last_year + 1]), CalendarWarning, stacklevel=5)
        return due

    def _outside(self, days: Dates) -> InputError:
        real = days[~np.isnat(days)]
        covered = f"{self.first_year} to {self.last_year} and deadlines up to the end of {self.last_year + 1}"
        return InputError(f"the calendar covers starts in {covered}, got {real.min()} to {real.max()}; build it with Calendar.china")


def _new_year(year: int) -> np.datetime64:
    return np.datetime64(f"{year:04d}-01-01", "D")


def _unknown_years(years: list[int]) -> str:
    named = ", ".join(map(str, years)) if len(years) <= 3 else f"{years[0]} ... {years[-1]}"
    return f"the official holidays of {named} are not known to chinesecalendar; Monday to Friday count as working days"
