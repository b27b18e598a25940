"""``plot_aspects``: which aspects are praised and which are blamed, product by product."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from feedback_nlp.plots.frames import Floats, check_counts, first_places, need_columns, numbers, ranked, texts
from feedback_nlp.plots.labels import count_text
from feedback_nlp.plots.letters import FAINT, INK, NORMAL, SMALL, Letters, choose_letters
from feedback_nlp.plots.look import (
    EMPTY,
    MARKED,
    WIDTH,
    bar_ends,
    bar_names,
    bars_height,
    headline,
    nothing,
    one_axes,
    plain,
    polarity_bars,
    polarity_colours,
    polarity_key,
    text_colour,
    ticks,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = ("aspect", "items", "polarity")


def plot_aspects(
    summary: "pd.DataFrame",
    *,
    top: int = 20,
    products: int = 12,
    title: str | None = None,
    font: str | Path | None = None,
    lang: str = "zh",
    ax: "Axes | None" = None,
) -> "Figure":
    """Draw the polarity of each aspect: a heat map of aspects and products, or bars where the summary has no products.

    summary: aspect, items, polarity (-1 to 1), and product (None or "" for unknown) where products are compared: the table ``summary`` of
        `feedback_nlp.topics.find_aspects`. Lines without items are left out.
    top: aspects at most. products: products at most; of both the ones with the most items, in that order.
    title: instead of the figure's own. font: path or family; None finds one. lang: "zh" or "en". ax: axes to draw on.
    Each cell has its polarity and the items it rests on; an empty one was not mentioned.
    Raises InputError where columns are missing or values are no numbers, MissingExtraError without matplotlib.
    """
    check_counts(top=top, products=products)
    need_columns(summary, COLUMNS, where="plot_aspects")
    items, polarity = numbers(summary, "items"), numbers(summary, "polarity")
    compared = "product" in summary.columns
    aspects = _Axis(texts(summary, "aspect"), items, top)
    kinds = _Axis(texts(summary, "product"), items, products)
    letters = choose_letters([*aspects.names, *kinds.names], font=font, lang=lang)
    heading = letters.title(title, letters.word("aspects_by_product" if compared else "aspects"))
    if not aspects.names:
        return nothing(letters, title=heading, ax=ax)
    weight, mean = _cells(aspects, kinds, items, polarity)
    names = aspects.written(letters, columns=24)
    if compared:
        figure = _heat_map(mean, weight, names, kinds.written(letters, columns=14), letters, heading, ax)
    else:
        figure = _bars(mean[:, 0], weight[:, 0], names, letters, heading, ax)
    return figure


class _Axis:
    """The names of one side of the map, those with the most items first.

    names: drawn. of: int (n_rows,), the place of each row's name, -1 where it is not drawn. total: how many there are.
    """

    def __init__(self, names: Sequence[object], items: Floats, top: int) -> None:
        known = [(None if name == "" else name) if count == count else _ABSENT for name, count in zip(names, items.tolist(), strict=True)]
        self.places = first_places([None if name == "" else name for name in names])
        found = [name for name in dict.fromkeys(known) if name is not _ABSENT]
        number = {name: place for place, name in enumerate(found)}
        codes = np.array([number.get(name, -1) for name in known], np.int64)
        sums = np.bincount(codes[codes >= 0], weights=items[codes >= 0], minlength=len(found)).astype(np.float64)
        chosen = ranked(found, sums, top).tolist()
        self.total = len(found)
        self.names = [found[place] for place in chosen]
        rank = np.full(len(found) + 1, -1, np.int64)
        rank[chosen] = np.arange(len(chosen))
        self.of = rank[codes]

    def written(self, letters: Letters, *, columns: int) -> list[str]:
        return [letters.name(name, place=self.places[name], columns=columns) for name in self.names]


_ABSENT = object()


def _cells(aspects: _Axis, kinds: _Axis, items: Floats, polarity: Floats) -> tuple[Floats, Floats]:
    """Items and mean polarity of each cell, (n_aspects, n_products), NaN where nothing is known."""
    shape = (len(aspects.names), len(kinds.names))
    here = np.flatnonzero((aspects.of >= 0) & (kinds.of >= 0))
    # Sums of one cell are taken in an order of their own, so that they do not depend on that of the rows.
    here = here[np.lexsort((polarity[here], items[here]))]
    cell = aspects.of[here] * shape[1] + kinds.of[here]
    weight = np.bincount(cell, weights=items[here], minlength=shape[0] * shape[1])
    rated = ~np.isnan(polarity[here])
    base = np.bincount(cell[rated], weights=items[here][rated], minlength=len(weight))
    total = np.bincount(cell[rated], weights=(items * polarity)[here][rated], minlength=len(weight))
    mean = np.divide(total, base, out=np.full(len(weight), np.nan), where=base > 0)
    mentioned = np.bincount(cell, minlength=len(weight)) > 0
    return np.where(mentioned, weight, np.nan).reshape(shape), mean.reshape(shape)


def _heat_map(
    mean: Floats, weight: Floats, rows: list[str], columns: list[str], letters: Letters, title: str, ax: "Axes | None"
) -> "Figure":
    width = min(max(3.4 + 0.95 * len(columns), 5.0), 16.0)
    figure, axes = one_axes(ax, 1.7 + 0.5 * len(rows), width=width)
    plain(axes, letters, spines="")
    axes.set_facecolor(EMPTY)
    style: Any = {"vmin": -1, "vmax": 1, "cmap": polarity_colours(), "edgecolors": "white", "linewidth": 2}
    axes.pcolormesh(np.arange(len(columns) + 1), np.arange(len(rows) + 1), np.ma.masked_invalid(mean), **style)
    axes.set(xlim=(0, len(columns)), ylim=(len(rows), 0))
    for row, column in np.argwhere(~np.isnan(weight)).tolist():
        value, colour = float(mean[row, column]), FAINT
        if value == value:
            colour = text_colour(polarity_colours()((value + 1) / 2))
        label = letters.word("cell", polarity=_signed(value), n=count_text(weight[row, column]))
        axes.text(column + 0.5, row + 0.5, label, ha="center", va="center", linespacing=1.15, **letters.style(SMALL, colour))
    ticks(axes.yaxis, np.arange(len(rows)) + 0.5, rows, letters, size=NORMAL, color=INK)
    ticks(axes.xaxis, np.arange(len(columns)) + 0.5, columns, letters, size=NORMAL, color=INK)
    axes.xaxis.tick_top()
    headline(axes, title, letters)
    polarity_key(figure, axes, letters)
    return figure


def _bars(mean: Floats, weight: Floats, names: list[str], letters: Letters, title: str, ax: "Axes | None") -> "Figure":
    figure, axes = one_axes(ax, bars_height(len(names)), width=WIDTH * 0.85)
    plain(axes, letters, spines="")
    lengths = np.where(np.isnan(mean), 0.0, mean)
    polarity_bars(axes, lengths, mean)
    axes.axvline(0, color=MARKED, linewidth=1.0, linestyle="-", marker="")
    bar_names(axes, names, letters)
    ends = [
        letters.word("join").join((_signed(value), letters.word("count", n=count_text(count))))
        for value, count in zip(mean.tolist(), weight.tolist(), strict=True)
    ]
    bar_ends(axes, lengths, ends, letters)
    axes.set_xlim(-1, 1)
    ticks(axes.xaxis, [-1, -0.5, 0, 0.5, 1], [letters.word("worst"), "-0.5", "0", "+0.5", letters.word("best")], letters)
    axes.set_xlabel(letters.word("polarity_axis"), **letters.style(SMALL, FAINT))
    headline(axes, title, letters)
    return figure


def _signed(polarity: float) -> str:
    """Write a polarity with its sign; the minus is the one every font has."""
    return f"{polarity:+.2f}" if polarity == polarity else "?"
