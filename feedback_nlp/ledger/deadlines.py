"""Deadlines of the ledger's items: when they came in, at which level, under which policy."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.io import parse_dates
from feedback_nlp.io.cells import ZONE
from feedback_nlp.ledger.clock import due_dates
from feedback_nlp.ledger.policy import Policy
from feedback_nlp.workdays import Calendar


def deadlines(frame: pd.DataFrame, level: NDArray[np.int64], policy: Policy, *, as_of: str | pd.Timestamp | None) -> pd.DataFrame:
    """The three deadlines of each item, DataFrame (n, 3), NaT where an item has no date and no ``as_of`` is given.

    frame: with ``created_at`` (Asia/Shanghai) or without. level: int (n,) into ``policy.levels``. as_of: stands in for missing dates.
    Raises InputError where ``as_of`` is no time.
    """
    nowhere = pd.Series(pd.NaT, index=frame.index, dtype=f"datetime64[us, {ZONE}]")
    start = frame.get("created_at", nowhere)
    if as_of is not None:
        stand_in, bad = parse_dates([as_of])
        if bad.any() or stand_in.isna().any():
            raise InputError(f"as_of: expected a time such as 2026-03-05 09:00, got {as_of!r}")
        start = start.fillna(stand_in.iloc[0])
    years = start.dt.year.dropna()
    calendar = Calendar.china(int(years.min()), int(years.max())) if len(years) else Calendar.china(2024, 2024)
    return due_dates(start, level, tuple(entry.clock for entry in policy.levels), calendar)
