"""Axes of time: where the ticks stand and what is written at them."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.plots.labels import day_text, month_name
from feedback_nlp.plots.letters import Letters
from feedback_nlp.plots.look import ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DAY = 86_400
#: Units of ticks with their days, and how many of them may lie between two.
_UNITS = (("h", 1 / 24, (1, 3, 6, 12)), ("D", 1.0, (1, 2)), ("W", 7.0, (1, 2)), ("M", 30.4, (1, 2, 3, 6)), ("Y", 365.0, (1, 2, 5)))


def date_numbers(moments: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Return datetime64 (n,) as matplotlib's dates: days since 1970-01-01."""
    return moments.astype("datetime64[s]").astype(np.int64) / _DAY


def date_ticks(axes: "Axes", first: np.datetime64, last: np.datetime64, letters: Letters, *, finest: float = 0.0, most: int = 9) -> None:
    """Give the x axis ticks at full years, months, days or hours from ``first`` to ``last``, at most about ``most`` of them.

    finest: days between them at least.
    The year stands below the first tick and below the first one of another year.
    """
    # Tells the axis that its numbers are dates, so that the caller may add to it by dates.
    axes.xaxis_date()
    places = _places(first.astype("datetime64[s]"), last.astype("datetime64[s]"), finest, most)
    labels, year = [], None
    gap = int(np.diff(places).min().astype(int)) if len(places) > 1 else _DAY
    for moment in places.tolist():
        labels.append(_label(moment, gap, letters))
        if moment.year != year and gap < 300 * _DAY:
            labels[-1] += "\n" + letters.word("year", year=moment.year)
        year = moment.year
    ticks(axes.xaxis, date_numbers(places), labels, letters)


def _places(first: np.datetime64, last: np.datetime64, finest: float, most: int) -> NDArray[np.datetime64]:
    """Full units between two moments, of the finest step that gives at most ``most``."""
    days = (last - first).astype(int) / _DAY
    for unit, length, steps in _UNITS:
        for step in steps:
            if days <= most * length * step and length >= min(finest, 1):
                return _full(first, last, unit, step)
    return _full(first, last, "Y", max(int(days / 365 / most), 10))


def _full(first: np.datetime64, last: np.datetime64, unit: str, step: int) -> NDArray[np.datetime64]:
    start = first.astype(f"datetime64[{unit}]")
    # Weeks of datetime64 begin on Thursday, the day of 1970-01-01; ours begin on Monday.
    shift = np.timedelta64(-3 * _DAY if unit == "W" else 0, "s")
    if unit in "WMY" or unit == "h":
        start = start - start.astype(int) % step
    grid = np.arange(start, last.astype(f"datetime64[{unit}]") + 2 * step, step).astype("datetime64[s]") + shift
    inside = grid[(grid >= first) & (grid <= last)]
    return np.asarray(inside if len(inside) else np.array([first]), "datetime64[s]")


def _label(moment: "object", gap: int, letters: Letters) -> str:
    year, month, hour = getattr(moment, "year", 0), getattr(moment, "month", 1), getattr(moment, "hour", 0)
    if gap < _DAY and hour:
        return f"{hour:02d}:00"
    if gap < 28 * _DAY:
        return day_text(moment, letters.lang)
    return letters.word("month", month=month_name(month, letters.lang)) if gap < 300 * _DAY else letters.word("year", year=year)
