"""A frame of items to one key's items with their days, and the days before and after a change."""

import datetime as dt
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError, did_you_mean
from feedback_nlp.trends.satisfaction import read_satisfaction

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Days = NDArray[np.datetime64]

_DAY = np.timedelta64(1, "D")
#: So many names or days stand in a message.
SHOWN = 5


@dataclass(frozen=True)
class DaySpan:
    """Days from ``first`` to before ``end``, datetime64[D]; none where ``end`` is not later."""

    first: np.datetime64
    end: np.datetime64

    @property
    def n_days(self) -> int:
        """How many days; 0 where there is none."""
        return max(0, int((self.end - self.first) // _DAY))

    @property
    def limits(self) -> tuple[dt.date | None, dt.date | None]:
        """The first and the last day; None twice where there is none."""
        if not self.n_days:
            return None, None
        return dt.date.fromisoformat(str(self.first)), dt.date.fromisoformat(str(self.end - _DAY))

    @property
    def days(self) -> Days:
        """datetime64[D] (n_days,)."""
        return self.first + np.arange(self.n_days) * _DAY

    @property
    def halves(self) -> tuple["DaySpan", "DaySpan"]:
        """Its first and second half; of an odd number of days the middle one is left out, so that both are of equal length."""
        half = self.n_days // 2 * _DAY
        return DaySpan(self.first, self.first + half), DaySpan(self.end - half, self.end)


@dataclass(frozen=True, eq=False)
class KeyItems:
    """Items as one key sees them, repeats left out; arrays are (n,).

    days: datetime64[D], NaT where unknown. own: items of the key. others: items of the comparison. score: satisfaction from 1 to 5 or NaN.
    repeats: items of the key that were left out as repeats.
    """

    days: Days
    own: Bools
    others: Bools
    score: Floats
    repeats: int

    @property
    def undated(self) -> int:
        """Items of the key without a day."""
        return int((self.own & np.isnat(self.days)).sum())

    @property
    def observed(self) -> DaySpan:
        """From the first to the last day with any item; no day where there is none."""
        known = self.days[~np.isnat(self.days)]
        start = np.datetime64(0, "D")
        return DaySpan(known.min(), known.max() + _DAY) if len(known) else DaySpan(start, start)

    def within(self, span: DaySpan) -> Bools:
        """bool (n,): items on these days."""
        # NaT is on no side of any day.
        return np.asarray((self.days >= span.first) & (self.days < span.end), bool)

    def daily(self, chosen: Bools, span: DaySpan) -> Floats:
        """float64 (n_days,): the chosen items of each day of the span."""
        places = (self.days[chosen & self.within(span)] - span.first) // _DAY
        return np.bincount(places.astype(np.int64), minlength=span.n_days).astype(np.float64)


def key_items(
    frame: "pd.DataFrame",
    key: Hashable,
    *,
    key_column: str,
    date: str,
    satisfaction: str | None,
    comparison: Sequence[Hashable] | None,
    repeat: str | None,
) -> KeyItems:
    """Read the columns of a frame; see `verify_effect`. Raises InputError for keys that are not there and dates that are none."""
    left_out = np.zeros(len(frame), bool) if repeat is None else _flags(frame[repeat], repeat)
    keys = frame[key_column]
    own = _is_key(keys, key, key_column)
    if comparison is None:
        others = ~own
    elif key in comparison or isinstance(comparison, str):
        raise InputError(f"comparison: expected a list of other keys than {key!r}, got {comparison!r}")
    else:
        others = np.logical_or.reduce([np.zeros(len(frame), bool), *(_is_key(keys, other, key_column) for other in comparison)])
    score = np.full(len(frame), np.nan)
    if satisfaction is not None and satisfaction in frame:
        score = read_satisfaction(frame[satisfaction])[0]
    days = read_days(frame[date], where=f"column {date!r}")
    kept = ~left_out
    return KeyItems(days[kept], own[kept], others[kept], score[kept], int((own & left_out).sum()))


def read_days(values: Any, *, where: str) -> Days:
    """Days in Asia/Shanghai, datetime64[D] (n,), NaT where there is none. Raises InputError for what is no date."""
    from feedback_nlp.io.dates import parse_dates

    times, bad = parse_dates(values)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InputError(
            f"{where}: expected dates, got {int(bad.sum())} values that are none, the first at position {row}; correct or empty them"
        )
    return np.asarray(times.dt.tz_localize(None).to_numpy().astype("datetime64[D]"))


def find_spans(
    changed_at: Any, items: KeyItems, *, window_days: int, before: tuple[Any, Any] | None, after: tuple[Any, Any] | None
) -> tuple[np.datetime64, tuple[DaySpan, DaySpan]]:
    """The day of the change and the days on both sides. Raises InputError for what is no day and for windows out of order."""
    changed = _one_day(changed_at, "changed_at")
    observed, width = items.observed, window_days * _DAY
    first = _explicit(before, "before") if before is not None else _cut(DaySpan(changed - width, changed), observed)
    second = _explicit(after, "after") if after is not None else _cut(DaySpan(changed + _DAY, changed + _DAY + width), observed)
    if first.n_days and second.n_days and first.end > second.first:
        raise InputError(
            f"before and after: expected windows one after the other, got one up to {first.end - _DAY} and one from {second.first}"
        )
    return changed, (first, second)


def read_exposure(exposure: "str | Mapping[Any, float] | pd.Series | None", items: KeyItems, spans: tuple[DaySpan, ...]) -> list[Floats]:
    """What the rate is taken over on every day of each span, float64 (n_days,); see `verify_effect`.

    Raises InputError for another word, for days it does not know or knows twice, for numbers below 0 or none.
    """
    import pandas as pd

    if exposure is None:
        return [np.ones(span.n_days) for span in spans]
    if isinstance(exposure, str):
        if exposure != "total":
            raise InputError(f"exposure: expected None, 'total' or numbers by day, got {exposure!r}")
        return [items.daily(np.ones(len(items.days), bool), span) for span in spans]
    series = pd.Series(exposure, dtype=float)
    series.index = pd.Index(read_days(series.index, where="exposure"))
    if series.index.has_duplicates or series.index.hasnans:
        raise InputError("exposure: expected one number for every day, got days twice or none; sum them by day")
    volumes = [series.reindex(span.days).to_numpy(dtype=np.float64) for span in spans]
    wrong = np.concatenate([span.days[~(np.isfinite(volume) & (volume >= 0))] for span, volume in zip(spans, volumes, strict=True)])
    if len(wrong):
        named = ", ".join(map(str, wrong[:SHOWN])) + (" …" if len(wrong) > SHOWN else "")
        raise InputError(f"exposure: expected a number from 0 on for every day of the windows, got none for {named}")
    return volumes


def _flags(values: "pd.Series", name: str) -> Bools:
    if values.dtype != bool:
        raise InputError(f"repeat column {name!r}: expected True or False in every row, got dtype {values.dtype}")
    return np.asarray(values, bool)


def _is_key(keys: "pd.Series", key: Hashable, name: str) -> Bools:
    """Rows of a key. Raises InputError where rows there are, and none has it."""
    own = np.asarray((keys == key).fillna(False), bool)
    if len(own) and not own.any():
        known = sorted({str(value) for value in keys.dropna().unique()})
        hint = did_you_mean(key, known) or f"; it has {len(known)} keys"
        raise InputError(f"column {name!r} has no key {key!r}{hint}")
    return own


def _one_day(value: Any, name: str) -> np.datetime64:
    day: np.datetime64 = read_days([value], where=name)[0]
    if np.isnat(day):
        raise InputError(f"{name}: expected a date, got {value!r}")
    return day


def _explicit(window: tuple[Any, Any], name: str) -> DaySpan:
    if not isinstance(window, tuple | list) or len(window) != 2:
        raise InputError(f"{name}: expected (first day, last day), got {window!r}")
    first, last = (_one_day(value, name) for value in window)
    if last < first:
        raise InputError(f"{name}: expected the first day not after the last, got {first} and {last}")
    return DaySpan(first, last + _DAY)


def _cut(span: DaySpan, to: DaySpan) -> DaySpan:
    return DaySpan(max(span.first, to.first), min(span.end, to.end))
