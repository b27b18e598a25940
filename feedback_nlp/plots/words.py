"""``plot_keywords`` and ``plot_contrast``: phrases as bars."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from feedback_nlp.plots.frames import Floats, check_counts, need_columns, numbers, one_column, ranked, texts
from feedback_nlp.plots.labels import count_text, share_text
from feedback_nlp.plots.letters import FAINT, NORMAL, SMALL, Letters, choose_letters
from feedback_nlp.plots.look import (
    BLUE,
    FEWEST_BARS,
    THICK,
    WIDTH,
    above,
    bar_ends,
    bar_names,
    bars_height,
    count_ticks,
    headline,
    how_many,
    new_figure,
    nothing,
    one_axes,
    plain,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Names of a column of phrases.
PHRASE_COLUMNS = ("phrase", "keyword")
CONTRAST_COLUMNS = ("group", "phrase", "count", "rest_count", "z")
#: Panels beside each other.
ACROSS = 2


def plot_keywords(
    table: "pd.DataFrame",
    *,
    top: int = 20,
    title: str | None = None,
    font: str | Path | None = None,
    lang: str = "zh",
    ax: "Axes | None" = None,
) -> "Figure":
    """Draw the heaviest phrases as bars of their items.

    table: phrase or keyword, items; chosen by weight where there is one, else by items; share (0 to 1) is written where there is one.
        Rows without items are left out.
    top: bars at most. title: instead of the figure's own. font: path or family; None finds one. lang: "zh" or "en". ax: axes to draw on.
    Raises InputError where columns are missing or values are no numbers, MissingExtraError without matplotlib.
    """
    check_counts(top=top)
    column = one_column(table, PHRASE_COLUMNS, where="plot_keywords")
    need_columns(table, (column, "items"), where="plot_keywords")
    names, items, shares = texts(table, column), numbers(table, "items"), numbers(table, "share")
    weights = np.where(np.isnan(items), np.nan, numbers(table, "weight" if "weight" in table.columns else "items"))
    chosen = ranked(names, weights, top)
    rows = chosen[ranked([names[row] for row in chosen], items[chosen], top)].tolist()
    letters = choose_letters([names[row] for row in rows], font=font, lang=lang)
    heading = letters.title(title, letters.word("keywords"))
    if not rows:
        return nothing(letters, title=heading, ax=ax)
    figure, axes = one_axes(ax, bars_height(len(rows)))
    ends = [_ends(letters, count, share) for count, share in zip(items[rows].tolist(), shares[rows].tolist(), strict=True)]
    _bars(axes, [letters.name(names[row], place=row + 1, columns=32) for row in rows], items[rows], ends, letters)
    axes.set_xlabel(how_many(letters, len(rows), int((~np.isnan(weights)).sum())), **letters.style(NORMAL, FAINT))
    headline(axes, heading, letters)
    return figure


def plot_contrast(
    table: "pd.DataFrame", *, top: int = 10, panels: int = 12, title: str | None = None, font: str | Path | None = None, lang: str = "zh"
) -> "Figure":
    """Draw what each group says more than the others, a panel a group, bars as long as the difference is sure.

    table: group, phrase, count, rest_count, z, as `feedback_nlp.topics.contrast_keywords` makes it; rows without z are left out.
    top: bars a group at most. panels: groups at most, those with the most items first; they are drawn in the order of their labels.
    title: instead of the figure's own. font: path or family; None finds one. lang: "zh" or "en".
    Raises InputError where columns are missing or values are no numbers, MissingExtraError without matplotlib.
    """
    check_counts(top=top, panels=panels)
    need_columns(table, CONTRAST_COLUMNS, where="plot_contrast")
    groups, names, z = texts(table, "group"), texts(table, "phrase"), numbers(table, "z")
    groups_of = {label: np.array([row for row, group in enumerate(groups) if group == label and z[row] == z[row]]) for label in set(groups)}
    count, rest = numbers(table, "count"), numbers(table, "rest_count")
    labels = [label for label in groups_of if len(groups_of[label])]
    size = np.array([np.nansum(count[groups_of[label]]) for label in labels])
    kept = sorted((labels[place] for place in ranked(labels, size, panels)), key=str)
    shown = {label: groups_of[label][ranked([names[row] for row in groups_of[label]], z[groups_of[label]], top)] for label in kept}
    rows = [row for some in shown.values() for row in some.tolist()]
    letters = choose_letters([*kept, *(names[row] for row in rows)], font=font, lang=lang)
    heading = letters.title(title, letters.word("contrast"))
    if not rows:
        return nothing(letters, title=heading)
    places = {label: place for place, label in enumerate(dict.fromkeys(groups), start=1)}
    room = max(map(len, shown.values()))
    figure, grid = _panels(len(kept), room)
    most = max(float(z[rows].max()), 1.0)
    for axes, (label, own) in zip(grid, shown.items(), strict=False):
        ends = [f"{_count(count[row])} / {_count(rest[row])}" for row in own.tolist()]
        _bars(
            axes,
            [letters.name(names[row], place=row + 1, columns=22) for row in own.tolist()],
            np.maximum(z[own], 0),
            ends,
            letters,
            room=room,
        )
        count_ticks(axes.xaxis, most, letters, bins=4)
        headline(axes, letters.name(label, place=places[label], columns=30), letters, size=NORMAL + 1)
    note = letters.word("contrast_axis")
    if len(kept) < len(labels):
        note = letters.word("of", what=note, shown=len(kept), total=len(labels))
    figure.supxlabel(note, **letters.style(SMALL, FAINT))
    above(figure, heading, letters)
    return figure


def _panels(n: int, bars: int) -> "tuple[Figure, Sequence[Axes]]":
    """A figure of n panels of as many bars, in rows."""
    across = min(n, ACROSS)
    down = -(-n // across)
    figure = new_figure(WIDTH if across > 1 else WIDTH * 0.75, 0.7 + down * bars_height(bars))
    return figure, [figure.add_subplot(down, across, place + 1) for place in range(n)]


def _bars(axes: "Axes", names: list[str], lengths: Floats, ends: list[str], letters: Letters, *, room: int = FEWEST_BARS) -> None:
    plain(axes, letters, spines="left")
    axes.barh(np.arange(len(names)), lengths, height=THICK, color=BLUE, edgecolor="none")
    bar_names(axes, names, letters, room=max(room, FEWEST_BARS))
    bar_ends(axes, lengths, ends, letters)
    count_ticks(axes.xaxis, float(lengths.max()), letters)


def _ends(letters: Letters, count: float, share: float) -> str:
    label = letters.word("count", n=count_text(count))
    return label if share != share else letters.word("join").join((label, letters.word("share", share=share_text(share))))


def _count(number: float) -> str:
    return "?" if number != number else count_text(number)
