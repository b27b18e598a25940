"""One line of a trend: what was observed, what was expected, and where it alerts. `plot_series` and `plot_rising` draw with it."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.plots.dates import date_numbers
from feedback_nlp.plots.frames import Floats, flags, moments, numbers, texts
from feedback_nlp.plots.labels import KINDS
from feedback_nlp.plots.letters import Letters
from feedback_nlp.plots.look import BAND, BLUE, MARKED, ORANGE, VERMILION, count_ticks

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

COLUMNS = ("key", "period", "observed", "expected", "low", "high", "alert")
#: Shapes that tell kinds of alerts apart.
_MARKERS = "ovsD^P*X"
#: With more periods than this single ones are not marked on the line.
_DOTTED = 62


@dataclass(frozen=True, eq=False)
class Line:
    """The periods of one key, in order.

    periods: datetime64[s] (n,). observed, expected, low, high: float (n,), NaN where unknown. alert: bool (n,). kind, sentence: (n,), None
    for none. since: datetime64[s] (n,), when what alerts began, NaT where unknown.
    """

    periods: NDArray[np.datetime64]
    observed: Floats
    expected: Floats
    low: Floats
    high: Floats
    alert: NDArray[np.bool_]
    kind: list[Any]
    sentence: list[Any]
    since: NDArray[np.datetime64]

    @classmethod
    def of(cls, table: "pd.DataFrame") -> "Line":
        """Read the rows of one key; those without a period are left out. Raises InputError for two rows of one period."""
        periods = moments(table["period"], column="period")
        order = np.argsort(periods, kind="stable")
        order = order[~np.isnat(periods[order])]
        table, periods = table.iloc[order], periods[order]
        if len(periods) and (periods[1:] == periods[:-1]).any():
            raise InputError("trend table: expected one row for each key and period, got several for one; choose rows or sum them up first")
        columns = (numbers(table, name) for name in ("observed", "expected", "low", "high"))
        observed, expected, low, high = columns
        alert, kind, sentence = flags(table, "alert"), texts(table, "kind"), texts(table, "sentence")
        since = moments(table["since"], column="since") if "since" in table.columns else np.full(len(table), np.datetime64("NaT", "s"))
        return cls(periods, observed, expected, low, high, alert, kind, sentence, since)

    def latest(self, periods: int) -> "Line":
        """The last periods only."""
        return Line(**{field.name: getattr(self, field.name)[-periods:] for field in fields(self)})

    @property
    def step(self) -> float:
        """Days from one period to the next; 1 where there is only one."""
        return float(np.median(np.diff(date_numbers(self.periods)))) if len(self.periods) > 1 else 1.0

    @property
    def highest(self) -> float:
        """The largest number drawn; 0 where there is none."""
        values = np.concatenate([self.observed, self.expected, self.high])
        return float(np.nanmax(values, initial=0.0)) if len(values) else 0.0

    @property
    def last_alert(self) -> int | None:
        """The place of the last alert; None where there is none."""
        places = np.flatnonzero(self.alert)
        return int(places[-1]) if len(places) else None


def draw_line(axes: "Axes", line: Line, letters: Letters, *, bins: int = 6) -> list[Any]:
    """Draw one line with its expected values, band and alerts; returns the artists of a legend."""
    days = date_numbers(line.periods)
    band = axes.fill_between(days, line.low, line.high, color=BAND, linewidth=0, label=letters.word("band"))
    (expected,) = axes.plot(days, line.expected, color=MARKED, linewidth=1.2, linestyle="--", marker="", label=letters.word("expected"))
    dots = {"marker": "o", "markersize": 3.0} if len(days) <= _DOTTED else {"marker": ""}
    thin = 1.6 if len(days) <= 200 else 1.0
    (observed,) = axes.plot(days, line.observed, color=BLUE, linewidth=thin, linestyle="-", label=letters.word("observed"), **dots)
    pad = max(line.step / 2, (days[-1] - days[0]) * 0.01)
    axes.set_xlim(days[0] - pad, days[-1] + pad)
    count_ticks(axes.yaxis, line.highest * 1.12, letters, bins=bins)
    shown: list[Any] = [observed]
    if not np.isnan(line.expected).all():
        shown.append(expected)
    if not (np.isnan(line.low) | np.isnan(line.high)).all():
        shown.append(band)
    return shown + _alerts(axes, line, days, letters)


def shade_since(axes: "Axes", line: Line) -> np.datetime64 | None:
    """Shade from the day on which the last alert's rise began to that alert; returns that day, None where it is unknown."""
    last = line.last_alert
    if last is None or np.isnat(line.since[last]):
        return None
    first, end = float(date_numbers(line.since[last : last + 1])[0]), float(date_numbers(line.periods[last : last + 1])[0])
    lower, upper = axes.get_xlim()
    axes.axvspan(max(first - line.step / 2, lower), min(end + line.step / 2, upper), color=ORANGE, alpha=0.16, linewidth=0, zorder=0.5)
    day: np.datetime64 = line.since[last]
    return day


def _alerts(axes: "Axes", line: Line, days: Floats, letters: Letters) -> list[Any]:
    """Mark alerts, each kind by its own shape."""
    kinds = [None if not alert else str(kind or "") for alert, kind in zip(line.alert.tolist(), line.kind, strict=True)]
    drawn = []
    for number, kind in enumerate(sorted({kind for kind in kinds if kind is not None})):
        places = np.array([place for place, own in enumerate(kinds) if own == kind])
        named = letters.name(KINDS[letters.lang].get(kind, kind), place=number + 1, columns=16) if kind else ""
        label = letters.word("alert_kind", kind=named) if named else letters.word("alert")
        style: Any = {"color": VERMILION, "edgecolors": "white", "linewidths": 0.8, "s": 46 if len(days) <= 200 else 30, "zorder": 3}
        drawn.append(axes.scatter(days[places], line.observed[places], marker=_MARKERS[number % len(_MARKERS)], label=label, **style))
    return drawn
