"""How values are shown: counts, shares, moments, and texts of any length and content."""

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from feedback_nlp.io.cells import ZONE
from feedback_nlp.io.texts import is_missing

if TYPE_CHECKING:
    from jinja2 import Environment

    from feedback_nlp.analysis import Analysis

MISSING = "—"

#: Characters that HTML, XML or UTF-8 cannot hold.
UNSHOWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def clean_text(value: Any) -> str:
    """A value as a text that any page can hold; "" where there is none."""
    return "" if is_missing(value) else UNSHOWABLE.sub("\ufffd", str(value))


def cut(text: Any, length: int) -> str:
    """At most ``length`` characters of a text, an ellipsis where it goes on."""
    shown = clean_text(text)
    return shown if len(shown) <= length else shown[: length - 1] + "…"


def count(number: Any) -> str:
    """A whole number with separators; a dash for none."""
    return MISSING if is_missing(number) else f"{int(number):,}"


def percent(share: Any) -> str:
    """A share in [0, 1] in per cent, one decimal below ten; a dash for none."""
    if is_missing(share):
        return MISSING
    value = 100 * float(share)
    return f"{value:.1f}%" if 0 < value < 9.95 else f"{value:.0f}%"


def signed(value: Any) -> str:
    """A polarity with its sign and two decimals; a dash for none."""
    if is_missing(value):
        return MISSING
    shown = f"{float(value):+.2f}"
    return "0" if float(shown) == 0 else shown.replace("-", "−")


def moment(value: Any, form: str = "%Y-%m-%d %H:%M") -> str:
    """A time of Asia/Shanghai; "" for none."""
    if is_missing(value):
        return ""
    stamp = pd.Timestamp(value)
    return str((stamp if stamp.tz is None else stamp.tz_convert(ZONE)).strftime(form))


def span(hours: float) -> tuple[int, str]:
    """A length of time as a number and its unit, 小时 below two days, else 天, rounded down and at least 1."""
    return (max(int(hours), 1), "小时") if hours < 48 else (int(hours // 24), "天")


def showable(analysis: "Analysis") -> "Analysis":
    """The analysis with tables whose texts any page can hold. Only columns of objects need a look: others hold no lone surrogates."""
    names = ("ledger", "themes", "duplicates", "aspects", "trends", "quarantine")
    return replace(analysis, **{name: _showable_table(getattr(analysis, name)) for name in names})


def _showable_table(table: pd.DataFrame) -> pd.DataFrame:
    loose = [name for name in table.columns if table[name].dtype == object]
    cleaned = {name: table[name].map(lambda value: clean_text(value) if isinstance(value, str) else value) for name in loose}
    return table.assign(**cleaned) if cleaned else table


def page_environment() -> "Environment":
    """Where all pages are made: everything is escaped and can be shown, and a name that is missing is an error."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: clean_text(value) if type(value) is str else value,
    )
    environment.filters.update(count=count, percent=percent, signed=signed)
    return environment
