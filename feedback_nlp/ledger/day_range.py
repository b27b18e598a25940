"""The years that trends look at: the last ones, wrong dates far behind all others left out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.datetime64]

#: Days that are looked at.
MAX_DAYS = 1096
#: What follows so many days without any item may be a wrong date.
PAUSE_DAYS = 31
#: One item in so many may have a wrong date.
WRONG = 100


@dataclass(frozen=True, eq=False)
class DayRange:
    """Items by day; its size is the number of distinct days. days: datetime64[D] (d,), ascending; counts: int64 (d,)."""

    days: Days
    counts: NDArray[np.int64]

    @classmethod
    def from_days(cls, days: Days) -> "DayRange":
        """Count items by day. days: datetime64 (n,), NaT where unknown, which is left out."""
        days = days.astype("datetime64[D]")
        found, counts = np.unique(days[~np.isnat(days)], return_counts=True)
        return cls(found, counts.astype(np.int64))

    def merge(self, *others: "DayRange") -> "DayRange":
        """The items of all together."""
        every = (self, *others)
        days, place = np.unique(np.concatenate([each.days for each in every]), return_inverse=True)
        counts = np.zeros(len(days), np.int64)
        np.add.at(counts, place, np.concatenate([each.counts for each in every]))
        return DayRange(days, counts)

    def recent(self) -> tuple[np.datetime64, np.datetime64]:
        """First and last day that trends look at, ``MAX_DAYS`` of them; NaT for both where no item has a date.

        They end with the newest item, unless it has a wrong date, which is taken for granted of what comes
        - more than ``PAUSE_DAYS`` after the item before, and is at most one in a hundred of all: none of fewer than a hundred; or
        - ``MAX_DAYS`` or more after the item before, and is one against two or more: a trend of one item would cost all others.
        """
        if not len(self.days):
            never = np.datetime64("NaT", "D")
            return never, never
        before = np.cumsum(self.counts)
        after = before[-1] - before
        pause = np.diff(self.days, append=self.days[-1]).astype(np.int64)
        wrong = (pause > PAUSE_DAYS) & (after <= before[-1] // WRONG)
        wrong |= (pause >= MAX_DAYS) & (after == 1) & (before > 1)
        last = self.days[np.argmax(wrong) if wrong.any() else -1]
        return last - np.timedelta64(MAX_DAYS - 1, "D"), last


def within(days: Days, first: np.datetime64, last: np.datetime64) -> Days:
    """datetime64[D] (n,): the days from ``first`` to ``last``, NaT for all others. days: datetime64 (n,)."""
    days = days.astype("datetime64[D]")
    return np.where((days >= first) & (days <= last), days, np.datetime64("NaT", "D"))
