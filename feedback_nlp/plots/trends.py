"""``plot_series`` and ``plot_rising``: what was observed beside what was expected, with the alerts."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError, did_you_mean
from feedback_nlp.plots.dates import date_numbers, date_ticks
from feedback_nlp.plots.frames import check_counts, flags, moments, need_columns, numbers, ranked
from feedback_nlp.plots.labels import count_text, day_text
from feedback_nlp.plots.letters import FAINT, NORMAL, SMALL, Letters, choose_letters, wrap
from feedback_nlp.plots.look import LINE, WIDTH, above, headline, legend, new_figure, nothing, one_axes, plain
from feedback_nlp.plots.series import COLUMNS, Line, draw_line, shade_since

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Panels beside each other.
ACROSS = 3
#: What rises is judged by the last periods only.
RECENT = 28
#: Periods that fit a small panel.
SPAN = 120


def plot_series(
    table: "pd.DataFrame",
    *,
    key: object = None,
    holidays: "Iterable[Any] | None" = None,
    title: str | None = None,
    font: str | Path | None = None,
    lang: str = "zh",
    ax: "Axes | None" = None,
) -> "Figure":
    """Draw one key's counts with what was expected, the predicted range and the alerts.

    table: key, period (date), observed, expected, low and high (the predicted range), alert (bool), one row a key and period, numbers NaN
        where unknown; kind, since (date) and sentence of an alert are used where they are there. Rows without a period are left out.
    key: which one; None where the table has only one. holidays: dates to shade. title: instead of the key. font: path or family; None finds
    one. lang: "zh" or "en". ax: axes to draw on.
    The days from ``since`` to the last alert are shaded, and its sentence stands below.
    Raises InputError where columns or the key are missing or values are of another kind, MissingExtraError without matplotlib.
    """
    need_columns(table, COLUMNS, where="plot_series")
    days_off = moments(list(holidays or ()), column="holidays")
    if not len(table):
        letters = choose_letters([key], font=font, lang=lang)
        return nothing(letters, title=letters.title(title, letters.name(key, place=1) if key is not None else ""), ax=ax)
    key, place, rows = find_key(table, key)
    line = Line.of(table.iloc[rows])
    sentence = None if line.last_alert is None else line.sentence[line.last_alert]
    letters = choose_letters([key, sentence, *line.kind], font=font, lang=lang)
    heading = letters.title(title, letters.name(key, place=place, columns=60))
    if not len(line.periods):
        return nothing(letters, title=heading, ax=ax)
    figure, axes = one_axes(ax, 4.2)
    plain(axes, letters, grid="y")
    shown = draw_line(axes, line, letters)
    began = shade_since(axes, line)
    if began is not None:
        place_of = float(date_numbers(np.array([began]))[0])
        left = place_of < np.mean(axes.get_xlim())
        spot: dict[str, Any] = {
            "xytext": (3 if left else -8, -3),
            "textcoords": "offset points",
            "ha": "left" if left else "right",
            "va": "top",
        }
        note = letters.word("since", day=day_text(began.item(), letters.lang))
        axes.annotate(note, (place_of, 1), xycoords=axes.get_xaxis_transform(), **spot, **letters.style(SMALL, FAINT))
    shown += _shade(axes, days_off, letters)
    date_ticks(axes, line.periods[0], line.periods[-1], letters, finest=line.step)
    headline(axes, heading, letters, pad=26)
    legend(axes, letters, shown, loc="lower left", bbox_to_anchor=(0, 1), borderpad=0.2, borderaxespad=0.2, columnspacing=1.4)
    if sentence is not None and str(sentence).strip():
        note = wrap(letters.name(sentence, place=place, columns=400), 120)
        axes.set_xlabel(note, loc="left", **letters.style(SMALL + 0.5, FAINT))
    return figure


def plot_rising(
    table: "pd.DataFrame",
    *,
    top: int = 9,
    recent: int = RECENT,
    span: int = SPAN,
    title: str | None = None,
    font: str | Path | None = None,
    lang: str = "zh",
) -> "Figure":
    """Draw the keys that rise, a small panel each: those with an alert first, then by how far they stand above what was expected.

    table: as for `plot_series`. top: panels at most. recent: the last periods of the table that are judged. span: those that are drawn.
    title: instead of the figure's own. font: path or family; None finds one. lang: "zh" or "en".
    How far is the largest (observed + 1) / (expected + 1) of the periods with an alert, of all where there is none; the added 1 keeps keys
    of very few items from coming first. Keys without an alert that nowhere exceed what was expected are left out.
    Raises InputError where columns are missing or values are of another kind, MissingExtraError without matplotlib.
    """
    check_counts(top=top, recent=recent, span=span)
    need_columns(table, COLUMNS, where="plot_rising")
    keys, codes, peaks = _rising(table, top, recent)
    letters = choose_letters([keys[code] for code in peaks], font=font, lang=lang)
    heading = letters.title(title, letters.word("rising"))
    if not peaks:
        return nothing(letters, title=heading, says="nothing_rises" if len(table) else "no_data")
    across = min(len(peaks), ACROSS)
    down = -(-len(peaks) // across)
    figure = new_figure(WIDTH * (0.4 + 0.2 * across), 0.8 + 2.3 * down)
    shown: dict[str, Any] = {}
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(keys) + 1))
    for number, (code, row) in enumerate(peaks.items()):
        line = Line.of(table.iloc[order[bounds[code] : bounds[code + 1]]]).latest(span)
        axes = figure.add_subplot(down, across, number + 1)
        plain(axes, letters, grid="y")
        shown |= {artist.get_label(): artist for artist in draw_line(axes, line, letters, bins=3)}
        began = shade_since(axes, line)
        date_ticks(axes, line.periods[0], line.periods[-1], letters, finest=line.step, most=4)
        headline(axes, letters.name(keys[code], place=code + 1, columns=26), letters, size=NORMAL + 0.5, pad=30)
        note = _peak(table.iloc[[row]], began, letters)
        axes.annotate(
            note, (0, 1), xycoords="axes fraction", xytext=(0, 4), textcoords="offset points", **letters.style(SMALL - 0.5, FAINT)
        )
    above(figure, heading, letters)
    legend(figure, letters, list(shown.values()), loc="outside lower left")
    return figure


def find_key(table: "pd.DataFrame", key: object) -> tuple[object, int, NDArray[np.int64]]:
    """Find the rows of a key: (key, its place among all, from 1, rows). Raises InputError where it is not there, or must be named."""
    import pandas as pd

    codes, keys = pd.factorize(table["key"].astype(object), use_na_sentinel=False)
    names = list(keys)
    if key is None and len(names) != 1:
        raise InputError(f"key: expected one of the table's {len(names)} keys, got None; pass key=")
    code = 0 if key is None else next((code for code, name in enumerate(names) if name == key), -1)
    if code < 0:
        hint = did_you_mean(key, names, most=3, form="; did you mean {}?")
        raise InputError(f"key: expected one of the table's {len(names)} keys, got {key!r}{hint}")
    return names[code], code + 1, np.flatnonzero(codes == code)


def _rising(table: "pd.DataFrame", top: int, recent: int) -> tuple[list[object], NDArray[np.int64], dict[int, int]]:
    """Return (keys, code of each row, code -> row of its peak), the fastest first."""
    import pandas as pd

    codes, keys = pd.factorize(table["key"].astype(object), use_na_sentinel=False)
    periods, observed, alert = moments(table["period"], column="period"), numbers(table, "observed"), flags(table, "alert")
    expected = numbers(table, "expected")
    last = np.unique(periods[~np.isnat(periods)])[-recent:]
    ratio = np.where(np.isnan(expected), np.nan, (observed + 1) / (np.maximum(expected, 0) + 1))
    # An alert counts whether or not something was expected: a key that never occurred before has no ratio.
    ratio = np.where(alert & np.isnan(ratio), observed + 1, ratio)
    judged = np.isin(periods, last) & ~np.isnan(ratio)
    alerted = np.zeros(len(keys), np.bool_)
    alerted[codes[judged & alert]] = True
    judged &= np.where(alerted[codes], alert, ratio > 1)
    rows = np.flatnonzero(judged)
    rows = rows[np.lexsort((periods[rows], -ratio[rows], codes[rows]))]
    found, first = np.unique(codes[rows], return_index=True)
    peak = rows[first]
    score = ratio[peak] + np.where(alerted[found], np.nanmax(ratio, initial=0.0) + 1, 0.0)
    chosen = ranked([keys[code] for code in found], score, top)
    return list(keys), codes.astype(np.int64), {int(found[place]): int(peak[place]) for place in chosen}


def _peak(row: "pd.DataFrame", began: np.datetime64 | None, letters: Letters) -> str:
    """Say when a key was highest above what was expected, and since when it rises."""
    period = moments(row["period"], column="period")[0]
    day = day_text(period.item(), letters.lang)
    observed, expected = float(numbers(row, "observed")[0]), float(numbers(row, "expected")[0])
    note = letters.word("peak", day=day, n=count_text(observed), expected=_rate(expected))
    return f"{note}\n" + ("" if began is None or began > period else letters.word("since", day=day_text(began.item(), letters.lang)))


def _rate(expected: float) -> str:
    return "?" if expected != expected else f"{expected:,.1f}" if expected < 100 else count_text(expected)


def _shade(axes: "Axes", days: NDArray[np.datetime64], letters: Letters) -> list[Any]:
    """Shade days off that are in sight; returns one of them, for the legend."""
    lower, upper = axes.get_xlim()
    places = np.unique(np.floor(date_numbers(days[~np.isnat(days)])))
    style: Any = {"color": LINE, "alpha": 0.55, "linewidth": 0, "zorder": 0.4}
    spans = [
        axes.axvspan(max(place - 0.5, lower), min(place + 0.5, upper), **style)
        for place in places.tolist()
        if place + 0.5 > lower and place - 0.5 < upper
    ]
    for span in spans[:1]:
        span.set_label(letters.word("holiday"))
    return spans[:1]
