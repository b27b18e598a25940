"""A column of dates in whatever form people and systems write them to times in Asia/Shanghai.

One value is always read the same way, whatever stands beside it, so that splitting a file changes nothing. That is why
``3/5/2024`` is not read at all: only the rest of the column could tell whether March or May is meant. ``3/25/2024`` and
``25/3/2024`` are read.
"""

import datetime as dt
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from feedback_nlp.io.cells import ZONE
from feedback_nlp.io.moments import MISSING, NAIVE, offset, read_moment
from feedback_nlp.io.texts import is_missing
from feedback_nlp.text.batch import TextBatch

FIRST_YEAR, LAST_YEAR = 1990, 2100

#: The forms most systems write, of which Arrow reads a whole column at once. What it does not match, or gives no date, is left to
#: :func:`read_moment`, which reads these forms the same way.
_COMMON = (
    r"^(?P<year>[0-9]{4})[-/](?P<month>[0-9]{1,2})[-/](?P<day>[0-9]{1,2})"
    r"(?:[ T](?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{1,2})(?::(?P<second>[0-9]{1,2})(?:\.(?P<fraction>[0-9]{1,9}))?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?$"
)
#: The commonest of them, 2026-03-05 14:20:00, is read without a pattern.
_USUAL_LENGTH = 19
_USUAL_MARKS = [4, 7, 10, 13, 16]
_USUAL_DIGITS = [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18]
#: Fewer values are read one by one.
_FAST_LEAST = 64

_Micros = npt.NDArray[np.int64]
_Mask = npt.NDArray[np.bool_]


def parse_dates(values: Sequence[Any] | pd.Series | pd.Index | npt.NDArray[Any]) -> tuple[pd.Series, _Mask]:
    """Return (times, bad): a Series of dtype ``datetime64[us, Asia/Shanghai]`` and where a value could not be read.

    values: strings (ISO 8601 with or without zone, 2024/3/5 14:20, 2024年3月5日 14时20分, 20240305, 20240305143000, English
        month names, 上午/下午 and AM/PM), date and datetime objects, seconds or milliseconds since 1970 as numbers or as 10 or 13
        digits, and numbers from 20000 to 80000 as the days of a spreadsheet. The index of a Series is kept.
    Times without a zone are taken as Asia/Shanghai, others converted. A missing or empty value is NaT and not bad; an unreadable
    one, and a year outside 1990-2100, is NaT and bad.
    """
    column = values if isinstance(values, pd.Series) else pd.Series(list(values), dtype=getattr(values, "dtype", object))
    if isinstance(column.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(column.dtype):
        missing = column.isna().to_numpy()
        column = column.where(_plausible(column))
        times = column if column.dt.tz is not None else _localised(column)
        return _checked(times.dt.tz_convert(ZONE), missing)
    wall, zone, missing = _read_column(column.astype(object).to_numpy())
    naive = zone == NAIVE
    utc = np.where(naive, MISSING, wall - np.where(naive, 0, zone) * 1_000_000)
    times = pd.Series(utc.view("datetime64[us]"), index=column.index).dt.tz_localize("UTC").dt.tz_convert(ZONE)
    if naive.any():
        local = _localised(pd.Series(np.where(naive, wall, MISSING).view("datetime64[us]"), index=column.index))
        times = local if naive.all() else times.where(~naive, local)
    return _checked(times, missing)


def _plausible(column: pd.Series) -> _Mask:
    """Within a year of the accepted ones: what lies at the edge of its unit cannot even be moved to another zone."""
    utc = column.dt.tz_convert("UTC").dt.tz_localize(None) if column.dt.tz is not None else column
    days = utc.to_numpy().astype("datetime64[D]")
    low, high = np.datetime64(f"{FIRST_YEAR - 1}-01-01"), np.datetime64(f"{LAST_YEAR + 2}-01-01")
    return np.asarray((days >= low) & (days < high), dtype=bool)


def _localised(column: pd.Series) -> pd.Series:
    # Clocks in Shanghai were changed in summer until 1991: of a repeated hour the second is meant, a skipped one moves on.
    repeated = np.zeros(len(column), dtype=bool)
    local: pd.Series = column.dt.tz_localize(ZONE, ambiguous=repeated, nonexistent="shift_forward")
    return local


def _checked(times: pd.Series, missing: _Mask) -> tuple[pd.Series, _Mask]:
    years = times.dt.year
    times = times.where((years >= FIRST_YEAR) & (years <= LAST_YEAR)).astype(pd.DatetimeTZDtype("us", ZONE))
    return times, np.asarray(times.isna().to_numpy() & ~missing, dtype=bool)


def _read_column(values: npt.NDArray[np.object_]) -> tuple[_Micros, _Micros, _Mask]:
    """Return wall clock times in microseconds, their offset from UTC in seconds (or NAIVE), and where there is no value."""
    wall, zone, todo = _read_fast(values)
    missing = np.zeros(len(values), dtype=bool)
    seen: dict[Hashable, tuple[int, int] | None] = {}
    for row in np.flatnonzero(todo).tolist():
        value = values[row]
        if is_missing(value) or (isinstance(value, str) and not value.strip()):
            missing[row] = True
            continue
        # 1, 1.0 and True are equal keys and different values.
        key = (type(value), value) if isinstance(value, str | int | float | dt.date | np.generic) else None
        moment = seen.get(key, MISSING) if key is not None else MISSING
        if isinstance(moment, int):
            moment = read_moment(value)
            if key is not None:
                seen[key] = moment
        if moment is not None:
            wall[row], zone[row] = moment
    return wall, zone, missing


def _read_fast(values: npt.NDArray[np.object_]) -> tuple[_Micros, _Micros, _Mask]:
    """Read all strings of a common form; returns what :func:`_read_column` does and where work is left."""
    wall = np.full(len(values), MISSING, dtype=np.int64)
    zone = np.full(len(values), NAIVE, dtype=np.int64)
    todo = np.ones(len(values), dtype=bool)
    rows = np.flatnonzero([type(value) is str for value in values])
    if len(rows) >= _FAST_LEAST:
        micros, sound = _read_usual(values[rows].tolist())
        wall[rows[sound]], todo[rows[sound]] = micros[sound], False
        rows = rows[~sound]
    if len(rows) >= _FAST_LEAST:
        micros, zones, sound = _read_common(values[rows])
        done = rows[sound]
        wall[done], zone[done], todo[done] = micros[sound], zones[sound], False
    return wall, zone, todo


def _read_usual(texts: list[str]) -> tuple[_Micros, _Mask]:
    """Return wall clock times, and which of the texts are one in the form 2026-03-05 14:20:00, / and T allowed."""
    batch = TextBatch.from_texts(texts)
    rows = np.flatnonzero(batch.lengths == _USUAL_LENGTH)
    codes = batch.codes[batch.indptr[rows] + np.arange(_USUAL_LENGTH)[:, None]]
    digits = codes[_USUAL_DIGITS].astype(np.int64) - ord("0")
    are_digits = (digits >= 0) & (digits <= 9)
    digits[~are_digits] = 0
    year = ((digits[0] * 10 + digits[1]) * 10 + digits[2]) * 10 + digits[3]
    month, day, hour, minute, second = digits[4::2] * 10 + digits[5::2]
    micros, exists = _micros(year, month, day, hour, minute, second)
    first, second_mark, blank, *colons = codes[_USUAL_MARKS]
    marked = ((first == ord("-")) | (first == ord("/"))) & ((second_mark == ord("-")) | (second_mark == ord("/")))
    marked &= ((blank == ord(" ")) | (blank == ord("T"))) & (colons[0] == ord(":")) & (colons[1] == ord(":"))
    result, sound = np.zeros(len(texts), np.int64), np.zeros(len(texts), bool)
    result[rows] = micros
    sound[rows] = exists & marked & are_digits.all(axis=0)
    return result, sound


def _read_common(texts: npt.NDArray[np.object_]) -> tuple[_Micros, _Micros, _Mask]:
    """Return wall clock times and offsets as :func:`_read_column` does, and which of the texts are a time in a common form."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        found = pc.extract_regex(pa.array(texts, pa.string()), _COMMON)
    except (UnicodeEncodeError, pa.ArrowException):  # a lone surrogate, or more text than an array holds
        return np.zeros(len(texts), np.int64), np.zeros(len(texts), np.int64), np.zeros(len(texts), dtype=bool)
    *digits, zones = (part.fill_null("") for part in found.flatten())
    digits[-1] = pc.utf8_slice_codeunits(pc.utf8_rpad(digits[-1], 6, "0"), 0, 6)
    year, month, day, hour, minute, second, fraction = (
        pc.if_else(pc.equal(part, ""), "0", part).cast(pa.int64()).to_numpy(zero_copy_only=False) for part in digits
    )
    micros, sound = _micros(year, month, day, hour, minute, second)
    names = zones.dictionary_encode()
    # An offset that does not exist is left to the careful reading, which refuses it.
    known = np.array([_offset_of(name) for name in names.dictionary.to_pylist()], dtype=np.int64)[names.indices.to_numpy()]
    return micros + fraction, known, np.asarray(found.is_valid()) & sound & (known != MISSING)


def _micros(year: _Micros, month: _Micros, day: _Micros, hour: _Micros, minute: _Micros, second: _Micros) -> tuple[_Micros, _Mask]:
    """Return microseconds since 1970 on the wall clock, and which of the times exist; of others the number means nothing."""
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    first = months.astype("datetime64[D]").astype(np.int64)
    length = (months + 1).astype("datetime64[D]").astype(np.int64) - first
    exists = (year > 0) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= length) & (hour < 24) & (minute < 60) & (second < 60)
    seconds = ((first + day - 1) * 24 + hour) * 3600 + minute * 60 + second
    return seconds * 1_000_000, exists


def _offset_of(name: str) -> int:
    try:
        return offset(name.lower() or None)
    except ValueError:
        return MISSING
