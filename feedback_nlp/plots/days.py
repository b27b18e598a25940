"""``plot_calendar``: each day a square, weeks side by side."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.plots.fonts import need_matplotlib
from feedback_nlp.plots.frames import Floats, flags, moments, need_columns, numbers
from feedback_nlp.plots.labels import LABELS, month_name, short_count
from feedback_nlp.plots.letters import INK, NORMAL, SMALL, Letters, choose_letters
from feedback_nlp.plots.look import (
    LINE,
    MARKED,
    VERMILION,
    above,
    count_colours,
    key_to_colours,
    legend,
    new_figure,
    nothing,
    plain,
    text_colour,
    ticks,
)
from feedback_nlp.plots.trends import find_key

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

#: Weeks in one row of a calendar that goes on across New Year; longer ones have a row a year.
LONGEST = 54
#: Weeks there is room for, at least.
FEWEST = 5
#: With as many weeks or fewer the squares are large enough for their numbers.
LARGE_SQUARES = 12

#: Sides of the squares, in inches.
LARGE, SMALL_SQUARE = 0.5, 0.21

_MISSING: dict[str, Any] = {"facecolor": "none", "edgecolor": LINE, "linewidth": 0.6}
_ALERT: dict[str, Any] = {"facecolor": "none", "edgecolor": VERMILION, "linewidth": 1.8, "zorder": 3}

Days = NDArray[np.datetime64]


@dataclass(frozen=True)
class _Row:
    """One row of the calendar.

    first, last: its days. origin: a day of its first week. weeks: there is room for. whole_year: whether it stands for one year.
    """

    first: np.datetime64
    last: np.datetime64
    origin: np.datetime64
    weeks: int
    whole_year: bool

    def week(self, days: Days) -> NDArray[np.int64]:
        """Number of the column of each day."""
        return np.asarray(((days - self.origin).astype(np.int64) + _weekday(np.array([self.origin]))[0]) // 7)


def plot_calendar(
    table: "pd.DataFrame", *, key: object = None, title: str | None = None, font: str | Path | None = None, lang: str = "zh"
) -> "Figure":
    """Draw the counts of each day as a calendar, a square a day, a column a week from Monday to Sunday.

    table: period (date or time) and observed, summed by day, NaN counting nothing; key where one is chosen; days with alert (bool), where
        there is such a column, are framed. Days between the first and the last without a row are left white.
    key: only its rows; None takes all. title: instead of the figure's own. font: path or family; None finds one. lang: "zh" or "en".
    Colours end at the 98th percentile where single days stand far above it; the colour bar then has a pointed end.
    Raises InputError where columns or the key are missing or values are of another kind, MissingExtraError without matplotlib.
    """
    need_matplotlib()
    from matplotlib.patches import Patch

    need_columns(table, ("period", "observed") if key is None else ("key", "period", "observed"), where="plot_calendar")
    place = 1
    if key is not None and len(table):
        key, place, chosen = find_key(table, key)
        table = table.iloc[chosen]
    letters = choose_letters([key], font=font, lang=lang)
    own = letters.word("calendar")
    if key is not None:
        own = (
            f"{own}: {letters.name(key, place=place, columns=40)}"
            if lang == "en"
            else f"{own}：{letters.name(key, place=place, columns=40)}"
        )
    heading = letters.title(title, own)
    days, counts, alert = _by_day(table)
    if not len(days):
        return nothing(letters, title=heading)
    rows = _rows(days)
    size = LARGE if rows[0].weeks <= LARGE_SQUARES else SMALL_SQUARE
    figure = new_figure(max(1.9 + size * rows[0].weeks, 5.5), 0.9 + len(rows) * (7 * size + 0.6))
    scale, pointed = _scale(counts)
    panels = [figure.add_subplot(len(rows), 1, number + 1) for number in range(len(rows))]
    for axes, row in zip(panels, rows, strict=True):
        inside = (days >= row.first) & (days <= row.last)
        _panel(axes, row, (days[inside], counts[inside], alert[inside]), scale, letters)
        if row.whole_year:
            axes.set_title(letters.word("year", year=str(row.first)[:4]), loc="left", pad=6, **letters.style(NORMAL, INK))
    _key(figure, panels, scale, pointed, letters)
    missing = sum(int((row.last - row.first).astype(int)) + 1 for row in rows) > len(days)
    frames = [Patch(**_ALERT, label=letters.word("alert"))] * bool(alert.any()) + [
        Patch(**_MISSING, label=letters.word("no_row"))
    ] * missing
    legend(figure, letters, frames, loc="outside lower left")
    above(figure, heading, letters)
    return figure


def _by_day(table: "pd.DataFrame") -> tuple[Days, Floats, NDArray[np.bool_]]:
    """Days with a row, ascending, their counts and whether they alert."""
    days, observed = moments(table["period"], column="period").astype("datetime64[D]"), numbers(table, "observed")
    known = ~np.isnat(days) & ~np.isnan(observed)
    found, code = np.unique(days[known], return_inverse=True)
    alert = np.bincount(code, weights=flags(table, "alert")[known], minlength=len(found)) > 0
    counts = np.bincount(code, weights=observed[known], minlength=len(found)).astype(np.float64)
    return found, counts, np.asarray(alert)


def _rows(days: Days) -> list[_Row]:
    """One row of all days, or where they are too many one for each year that has any."""
    whole = _Row(days[0], days[-1], days[0], 1, False)
    weeks = int(whole.week(days[-1:])[0]) + 1
    if weeks <= LONGEST:
        return [replace(whole, weeks=max(weeks, FEWEST))]
    years = np.unique(days.astype("datetime64[Y]"))
    begins, ends = years.astype("datetime64[D]"), (years + 1).astype("datetime64[D]") - 1
    # All rows have room for as many weeks, so that the same months stand below each other.
    return [_Row(max(begin, days[0]), min(end, days[-1]), begin, LONGEST, True) for begin, end in zip(begins, ends, strict=True)]


def _weekday(days: Days) -> NDArray[np.int64]:
    """0 for Monday to 6; 1970-01-01 was a Thursday."""
    return np.asarray((days.astype("datetime64[D]").astype(np.int64) + 3) % 7)


def _scale(counts: Floats) -> "tuple[Normalize, bool]":
    """The scale of colours, and whether days stand above it."""
    from matplotlib.colors import Normalize

    most, usual = float(counts.max()), float(np.quantile(counts, 0.98))
    pointed = most > 2 * usual > 0
    return Normalize(0, max(usual if pointed else most, 1.0)), pointed


def _panel(axes: "Axes", row: _Row, data: tuple[Days, Floats, NDArray[np.bool_]], scale: "Normalize", letters: Letters) -> None:
    """Draw one row of the calendar. data: days with a row, their counts, whether they alert."""
    from matplotlib.patches import Rectangle

    plain(axes, letters, spines="")
    axes.set(xlim=(-0.06, row.weeks + 0.06), ylim=(7.06, -0.06), aspect="equal", anchor="W")
    every = np.arange(row.first, row.last + 1)
    days, counts, alert = data
    squares = np.full((7, row.weeks), np.nan)
    squares[_weekday(days), row.week(days)] = counts
    style: Any = {"cmap": count_colours(), "norm": scale, "edgecolors": "white", "linewidth": 1.2}
    axes.pcolormesh(np.arange(row.weeks + 1), np.arange(8), np.ma.masked_invalid(squares), **style)
    for frame, some in ((_MISSING, every[~np.isin(every, days)]), (_ALERT, days[alert])):
        for x, y in zip(row.week(some).tolist(), _weekday(some).tolist(), strict=True):
            axes.add_patch(Rectangle((x + 0.06, y + 0.06), 0.88, 0.88, **frame))
    if row.weeks <= LARGE_SQUARES:
        for x, y, count in zip(row.week(days).tolist(), _weekday(days).tolist(), counts.tolist(), strict=True):
            colour = text_colour(count_colours()(scale(count)))
            axes.text(x + 0.5, y + 0.5, short_count(count, letters.lang), ha="center", va="center", **letters.style(SMALL - 1, colour))
    _months(axes, every, row, letters)
    ticks(axes.yaxis, np.arange(7) + 0.5, list(LABELS[letters.lang]["weekdays"]), letters, size=SMALL - 1)


def _months(axes: "Axes", every: Days, row: _Row, letters: Letters) -> None:
    """Name the months above their first full week, and draw a line where each begins."""
    starts = every[every == every.astype("datetime64[M]").astype("datetime64[D]")]
    for x, y in zip(row.week(starts).tolist(), _weekday(starts).tolist(), strict=True):
        if (x, y) != (row.week(every[:1])[0], _weekday(every[:1])[0]):
            steps = ([x, x, x + 1, x + 1], [7, y, y, 0]) if y else ([x, x], [7, 0])
            axes.plot(*steps, color=MARKED, linewidth=0.9, marker="", linestyle="-", zorder=2)
    months = np.unique(every.astype("datetime64[M]"))
    begins = np.maximum(months.astype("datetime64[D]"), every[0])
    places = row.week(begins) + np.where((_weekday(begins) > 0) & (begins > every[0]), 1, 0)
    labels = [letters.word("month", month=month_name(month.month, letters.lang)) for month in months.tolist()]
    if not row.whole_year:
        years = [month.year for month in months.tolist()]
        labels = [
            label if number and year == years[number - 1] else f"{label}\n{letters.word('year', year=year)}"
            for number, (label, year) in enumerate(zip(labels, years, strict=True))
        ]
    # The name of a month that ends in the row's first weeks would run into the next one.
    kept = [number for number in range(len(places)) if number + 1 == len(places) or places[number + 1] - places[number] >= 2]
    axes.xaxis.tick_top()
    ticks(axes.xaxis, places[kept] + 0.1, [labels[number] for number in kept], letters)
    for label in axes.get_xticklabels():
        label.set_horizontalalignment("left")


def _key(figure: "Figure", panels: "list[Axes]", scale: "Normalize", pointed: bool, letters: Letters) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.ticker import MaxNLocator

    drawn = ScalarMappable(scale, count_colours())
    places = np.asarray(MaxNLocator(nbins=4, integer=True).tick_values(0, float(scale.vmax or 1)))
    places = places[(places >= 0) & (places <= float(scale.vmax or 1))]
    at = {place: short_count(place, letters.lang) for place in places.tolist()}
    more: dict[str, Any] = {
        "aspect": 16,
        "fraction": 0.05,
        "extend": "max" if pointed else "neither",
        "shrink": 0.9 if len(panels) == 1 else 0.5,
    }
    key_to_colours(figure, drawn, panels, letters, letters.word("items"), at, **more)
