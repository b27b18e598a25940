"""One value to a point in time: the forms of dates, each as one small rule."""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable

import numpy as np

#: Offset of a moment that carries no zone.
NAIVE = -(2**31)
#: No moment; the number pandas uses for NaT.
MISSING = -(2**63)

#: Wall clock time in microseconds since 1970 and its offset from UTC in seconds, or NAIVE.
Moment = tuple[int, int]

_EPOCH = dt.datetime(1970, 1, 1)
#: No way to write a time is longer.
MAX_LENGTH = 64
_EXCEL_EPOCH = dt.datetime(1899, 12, 30)
_EXCEL_RANGE = (20000, 80000)
_MICROSECOND = dt.timedelta(microseconds=1)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_HALF = r"(?P<{0}>上午|早上|凌晨|中午|下午|晚上|[ap]\.?m\.?)?"
_TIME = (
    r"(?:[\s,]*" + _HALF.format("half") + r"\s*(?P<hour>\d{1,2})\s*[:时点]\s*(?P<minute>\d{1,2})?(?:\s*[:分]\s*"
    r"(?:(?P<second>\d{1,2})(?:[.,](?P<fraction>\d{1,9}))?\s*秒?)?)?\s*" + _HALF.format("after") + r")?"
)
_ZONE = r"\s*(?P<zone>z|utc|gmt|cst|(?:utc|gmt)?[+-]\d{2}:?(?:\d{2})?)?"
_WEEKDAY = r"(?:\s*\(?(?:星期|周|礼拜)[一二三四五六日天]\)?)?"
_DAY_NAME = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
_MONTH_NAME = r"(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"

_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4})\s*(?:[-/.]\s*(?P<month>\d{1,2})\s*[-/.]|年\s*(?P<m>\d{1,2})\s*月)\s*(?P<day>\d{1,2})\s*[日号]?"
    + _WEEKDAY
    + r"t?"
    + _TIME
    + _ZONE
)
_YEAR_LAST = re.compile(r"(?P<a>\d{1,2})(?P<mark>[-/.])(?P<b>\d{1,2})(?P=mark)(?P<year>\d{4})" + _TIME + _ZONE)
_NAMED = (
    re.compile(_DAY_NAME + r"(?P<day>\d{1,2})[\s-]+" + _MONTH_NAME + r"[\s,-]+(?P<year>\d{4})" + _TIME + _ZONE),
    re.compile(_DAY_NAME + _MONTH_NAME + r"\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})" + _TIME + _ZONE),
    re.compile(_DAY_NAME + _MONTH_NAME + r"\s+(?P<day>\d{1,2})" + _TIME + _ZONE + r"\s+(?P<year>\d{4})"),
)
_NUMBER = re.compile(r"\d{8,14}(?:\.\d+)?")
_COMPACT = re.compile(r"(?P<date>\d{8})(?P<mark>t?)(?P<time>\d{4}(?:\d{2})?)" + _ZONE)


def read_moment(value: object) -> Moment | None:
    """Return the moment a string, number, date or datetime means, or None if it means none."""
    try:
        if isinstance(value, str):
            return _read_text(value)
        if isinstance(value, bool | np.bool_):
            return None
        if isinstance(value, int | float | np.integer | np.floating):
            return _read_number(float(value))
        return _read_object(value)
    except (ValueError, OverflowError, TypeError):
        return None


def _read_object(value: object) -> Moment | None:
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    if isinstance(value, dt.datetime):
        east = value.utcoffset()
        wall = dt.datetime(value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond)
        return _micros(wall), NAIVE if east is None else int(east.total_seconds())
    if isinstance(value, dt.date):
        return _micros(dt.datetime(value.year, value.month, value.day)), NAIVE
    return None


def _read_number(value: float) -> Moment | None:
    if _EXCEL_RANGE[0] <= value <= _EXCEL_RANGE[1]:
        return _micros(_EXCEL_EPOCH + dt.timedelta(seconds=round(value * 86400))), NAIVE
    return _read_digits(str(int(value)), value - int(value)) if 1e7 <= value < 1e15 else None


def _read_text(value: str) -> Moment | None:
    # Runs of blanks would let the patterns try every way to share them out; no date is this long.
    text = " ".join(value.split())
    if len(text) > MAX_LENGTH:
        return None
    text = unicodedata.normalize("NFKC", text).strip().lower()
    if _NUMBER.fullmatch(text):
        digits, _, fraction = text.partition(".")
        return _read_digits(digits, float(f"0.{fraction}" if fraction else 0))
    match = _YEAR_FIRST.fullmatch(text)
    if match:
        return _build(match, int(match["month"] or match["m"]), int(match["day"]))
    match = _YEAR_LAST.fullmatch(text)
    if match:
        return _read_year_last(match)
    match = _COMPACT.fullmatch(text)
    if match and (match["mark"] or match["zone"]):
        moment = _read_digits(match["date"] + match["time"], 0)
        return None if moment is None else (moment[0], offset(match["zone"]))
    for form in _NAMED:
        match = form.fullmatch(text)
        if match:
            return _build(match, _MONTHS.index(match["name"]) + 1, int(match["day"]))
    return None


def _read_year_last(match: re.Match[str]) -> Moment | None:
    first, second = int(match["a"]), int(match["b"])
    if first == second or second > 12:
        return _build(match, first, second)
    return _build(match, second, first) if first > 12 else None


def _read_digits(digits: str, fraction: float) -> Moment | None:
    """Read 8, 12 or 14 digits as a calendar time, 10 and 13 as seconds and milliseconds since 1970."""
    if len(digits) in (10, 13):
        unit = 1_000_000 if len(digits) == 10 else 1000
        return int(digits) * unit + round(fraction * unit), 0
    if fraction or len(digits) not in (8, 12, 14):
        return None
    pairs = (digits[:4], *(digits[start : start + 2] for start in range(4, len(digits), 2)))
    return _micros(dt.datetime(*map(int, pairs))), NAIVE  # type: ignore[arg-type]


def _build(match: re.Match[str], month: int, day: int) -> Moment | None:
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    half = match["half"] or match["after"]
    if half:
        hour = _HALVES[half.replace(".", "")](hour)
    fraction = int((match["fraction"] or "").ljust(6, "0")[:6])
    return _micros(dt.datetime(int(match["year"]), month, day, hour, minute, second, fraction)), offset(match["zone"])


def _morning(hour: int) -> int:
    return 0 if hour == 12 else hour


def _afternoon(hour: int) -> int:
    return hour + 12 if hour < 12 else hour


def _noon(hour: int) -> int:
    return hour + 12 if hour < 3 else hour


_HALVES: dict[str, Callable[[int], int]] = {
    **dict.fromkeys(("上午", "早上", "凌晨", "am"), _morning),
    **dict.fromkeys(("下午", "晚上", "pm"), _afternoon),
    "中午": _noon,
}


def offset(zone: str | None) -> int:
    """Return the seconds east of UTC of a zone in lower case, NAIVE for none. Raises ValueError for one that is not on Earth."""
    # In Chinese exports CST is China Standard Time.
    if zone is None or zone == "cst":
        return NAIVE
    numbers = zone.removeprefix("utc").removeprefix("gmt").replace(":", "")
    if numbers in ("", "z"):
        return 0
    hours, minutes = int(numbers[1:3]), int(numbers[3:] or 0)
    if hours > 14 or minutes > 59:
        raise ValueError(zone)
    return (-1 if numbers[0] == "-" else 1) * (hours * 3600 + minutes * 60)


def _micros(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND
