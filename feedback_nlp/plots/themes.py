"""``plot_themes``: what customers talk about, how much, and in which mood."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from feedback_nlp.plots.frames import Floats, check_counts, need_columns, numbers, ranked, texts
from feedback_nlp.plots.labels import count_text, share_text
from feedback_nlp.plots.letters import FAINT, NORMAL, Letters, choose_letters
from feedback_nlp.plots.look import (
    bar_ends,
    bar_names,
    bars_height,
    count_ticks,
    headline,
    how_many,
    nothing,
    one_axes,
    plain,
    polarity_bars,
    polarity_key,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = ("theme", "items", "mean_polarity", "negative_share")


def plot_themes(
    themes: "pd.DataFrame",
    *,
    top: int = 20,
    title: str | None = None,
    font: str | Path | None = None,
    lang: str = "zh",
    ax: "Axes | None" = None,
) -> "Figure":
    """Draw the largest themes as bars of their items, coloured by mean polarity.

    themes: theme, items, mean_polarity (-1 to 1), negative_share (0 to 1), each NaN where unknown; rows without items are left out.
        strong_negative_share (0 to 1) and parent (name of the larger theme, None or "" for none) are used where they are there.
    top: bars at most. title: instead of the figure's own. font: path or family; None finds one. lang: "zh" or "en". ax: axes to draw on.
    At a bar's end stand the items, the negative share and the strongly negative share.
    Raises InputError where columns are missing or values are no numbers, MissingExtraError without matplotlib.
    """
    check_counts(top=top)
    need_columns(themes, COLUMNS, where="plot_themes")
    items, names, parents = numbers(themes, "items"), texts(themes, "theme"), texts(themes, "parent")
    rows = ranked(names, items, top).tolist()
    letters = choose_letters([names[row] for row in rows] + [parents[row] for row in rows], font=font, lang=lang)
    heading = letters.title(title, letters.word("themes"))
    if not rows:
        return nothing(letters, title=heading, ax=ax)
    figure, axes = one_axes(ax, bars_height(len(rows)))
    plain(axes, letters, spines="left")
    lengths = items[rows]
    polarity_bars(axes, lengths, numbers(themes, "mean_polarity")[rows])
    bar_names(axes, [_name(letters, names[row], parents[row], row + 1) for row in rows], letters)
    ends = _ends(letters, lengths, numbers(themes, "negative_share")[rows], numbers(themes, "strong_negative_share")[rows])
    bar_ends(axes, lengths, ends, letters)
    count_ticks(axes.xaxis, float(lengths.max()), letters)
    axes.set_xlabel(how_many(letters, len(rows), int((~np.isnan(items)).sum())), **letters.style(NORMAL, FAINT))
    headline(axes, heading, letters)
    polarity_key(figure, axes, letters)
    return figure


def _name(letters: Letters, name: object, parent: object, place: int) -> str:
    own = letters.name(name, place=place, columns=28)
    return own if parent in (None, "", name) else f"{letters.name(parent, place=place, columns=14)} / {own}"


def _ends(letters: Letters, items: Floats, negative: Floats, strong: Floats) -> list[str]:
    labels = []
    for count, share, strongly in zip(items.tolist(), negative.tolist(), strong.tolist(), strict=True):
        parts = [letters.word("count", n=count_text(count))]
        if share == share:
            parts.append(letters.word("negative", share=share_text(share)))
        if strongly == strongly:
            parts.append(letters.word("strong", share=share_text(strongly)))
        labels.append(letters.word("join").join(parts))
    return labels
