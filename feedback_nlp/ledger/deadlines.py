"""Deadlines of the ledger's items: when they came in, at which level, under which policy.

A date without a time of day, which is what exactly 00:00:00 is taken for, counts as received when that day's work ends (or begins, if the
policy says so): at midnight nobody could have begun, and no item is late before the day it came in is over. The rule looks at one value
alone, so that splitting a file changes nothing; a feedback that really came at midnight gets a few hours more.
"""

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.io import parse_dates
from feedback_nlp.io.cells import ZONE
from feedback_nlp.ledger.clock import PROMISES, UTC_OFFSET, due_dates
from feedback_nlp.ledger.policy import Policy
from feedback_nlp.workdays import Calendar, WorkingHours

#: No year has fewer working days.
LEAST_WORKING_DAYS = 200


def deadlines(frame: pd.DataFrame, level: NDArray[np.int64], policy: Policy, *, as_of: str | pd.Timestamp | None) -> pd.DataFrame:
    """The three deadlines of each item, DataFrame (n, 3), NaT where an item has no date and no ``as_of`` is given.

    frame: with ``created_at`` (Asia/Shanghai) or without. level: int (n,) into ``policy.levels``. as_of: stands in for missing dates.
    Raises InputError where ``as_of`` is no time.
    """
    nowhere = pd.Series(pd.NaT, index=frame.index, dtype=f"datetime64[us, {ZONE}]")
    start = frame.get("created_at", nowhere)
    if as_of is not None:
        start = start.fillna(read_as_of(as_of))
    start = received(start, policy.working_hours)
    clocks = tuple(entry.clock for entry in policy.levels)
    return due_dates(start, level, clocks, _calendar(start, policy), hours=policy.working_hours)


def received(start: pd.Series, hours: WorkingHours) -> pd.Series:
    """When items count as received: dates without a time of day get one; see the module. start: (n,) with a time zone, or NaT."""
    local = start.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy() + UTC_OFFSET
    dated = local == local.astype("datetime64[D]")
    return start.mask(pd.Series(dated, index=start.index), start + pd.Timedelta(minutes=hours.of_dates))


def read_as_of(value: Any) -> pd.Timestamp:
    """A moment in Asia/Shanghai. Raises InputError for what is none."""
    moment, bad = parse_dates([value])
    if bad.any() or moment.isna().any():
        raise InputError(f"as_of: expected a time such as 2026-03-05 09:00, got {value!r}")
    return moment.iloc[0]


def _calendar(start: pd.Series, policy: Policy) -> Calendar:
    """The calendar of the starts' years, and of as many more as the longest clock may need."""
    years = start.dt.year.dropna()
    days = [level.clock.span(promise, "working_days") or 0 for level in policy.levels for promise in PROMISES]
    length = policy.working_hours.end - policy.working_hours.start
    days += [(level.clock.span(promise, "working_hours") or 0) * 60 / length for level in policy.levels for promise in PROMISES]
    more = math.floor(max(days, default=0) / LEAST_WORKING_DAYS)
    return Calendar.china(int(years.min()), int(years.max()) + more) if len(years) else Calendar.china(2024, 2024)
