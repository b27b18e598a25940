"""``word_cloud``: phrases as large as they weigh, placed by the package ``wordcloud`` and drawn as outlines of matplotlib."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from feedback_nlp.errors import InputError, MissingExtraError
from feedback_nlp.plots.fonts import Font
from feedback_nlp.plots.frames import Floats, check_counts, numbers, one_column, ranked, texts
from feedback_nlp.plots.letters import FAINT, SMALL, choose_letters, width
from feedback_nlp.plots.look import headline, nothing, one_axes, plain, polarity_colours, polarity_key

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME_COLUMNS = ("phrase", "keyword", "word", "theme")
WEIGHT_COLUMNS = ("weight", "items", "count")
POLARITY_COLUMNS = ("mean_polarity", "polarity")
#: The canvas, in the units of its axes.
CANVAS = (960, 540)
#: Letters at least and at most this high, and together about this share of the canvas.
SMALLEST, LARGEST, FILLED = 8, 110, 0.7
#: Where the places are tried; the same phrases are always placed alike.
SEED = 20
#: Colours from the heaviest phrase to the lightest.
_SHADES = ("#08306B", "#0072B2", "#2B8CBE", "#4E7F9E")


def word_cloud(
    words: "pd.DataFrame | Mapping[str, float]",
    *,
    top: int = 100,
    title: str | None = None,
    font: str | Path | None = None,
    lang: str = "zh",
    ax: "Axes | None" = None,
) -> "Figure":
    """Draw phrases as large as they weigh.

    words: phrase -> weight, or a table with a name (phrase, keyword, word or theme) and a weight (weight, items or count), coloured by
        mean_polarity or polarity (-1 to 1) where there is one. What weighs nothing is left out; weights of the same name are added.
    top: phrases at most. title: above it, none by default. font: path or family; None finds one. lang: "zh" or "en". ax: axes to draw on.
    Where there is no room for the lightest, a line says how many are drawn.
    Raises InputError where a column is missing or a weight is no number, MissingExtraError without matplotlib or wordcloud.
    """
    check_counts(top=top)
    names, weights, polarity = _entries(words)
    rows = ranked(names, np.where(weights > 0, weights, np.nan), top).tolist()
    letters = choose_letters([names[row] for row in rows], font=font, lang=lang)
    heading = letters.title(title, letters.word("cloud")) if title is not None or not rows else ""
    if not rows:
        return nothing(letters, title=heading, ax=ax)
    load_word_cloud()
    written = [letters.name(names[row], place=row + 1, columns=32) for row in rows]
    first = dict(zip(written[::-1], rows[::-1], strict=True))
    sums = dict.fromkeys(written, 0.0)
    for name, row in zip(written, rows, strict=True):
        sums[name] += float(weights[row])
    figure, axes = one_axes(ax, 5.4)
    plain(axes, letters, spines="")
    axes.set(xticks=[], yticks=[], xlim=(0, CANVAS[0]), ylim=(CANVAS[1], 0), aspect="equal")
    placed = _places(dict(sorted(sums.items(), key=lambda entry: -entry[1])), letters.font)
    known = bool((~np.isnan(polarity[rows])).any())
    for number, (name, size, left, upper) in enumerate(placed):
        colour = _colour(polarity[first[name]]) if known else _SHADES[min(len(_SHADES) * number // len(placed), len(_SHADES) - 1)]
        axes.add_patch(_outline(name, size, left, upper, letters.font, colour))
    if len(placed) < len(sums):
        note = letters.word("of", what=letters.word("phrases"), shown=len(placed), total=len(sums))
        axes.set_xlabel(note, **letters.style(SMALL, FAINT))
    if known:
        polarity_key(figure, axes, letters, of_text=True)
    if heading:
        headline(axes, heading, letters)
    return figure


def load_word_cloud() -> Any:
    """Import the class ``WordCloud``. Raises MissingExtraError where it is not installed."""
    try:
        return import_module("wordcloud").WordCloud
    except ImportError as error:
        raise MissingExtraError(
            f"a word cloud needs the package wordcloud, which cannot be imported ({error}); "
            "install it with: python -m pip install 'feedback_nlp[plot]'"
        ) from error


def _entries(words: "pd.DataFrame | Mapping[str, float]") -> tuple[list[object], Floats, Floats]:
    """Names, weights and polarities, (n,) each."""
    if isinstance(words, Mapping):
        try:
            weights = np.array([float(weight) for weight in words.values()], np.float64)
        except (TypeError, ValueError) as error:
            raise InputError(f"word_cloud: expected numbers as weights, got others ({error})") from error
        return list(words), np.where(np.isfinite(weights), weights, np.nan), np.full(len(weights), np.nan)
    name = one_column(words, NAME_COLUMNS, where="word_cloud")
    weight = one_column(words, WEIGHT_COLUMNS, where="word_cloud")
    polarity = next((column for column in POLARITY_COLUMNS if column in words.columns), POLARITY_COLUMNS[0])
    return texts(words, name), numbers(words, weight), numbers(words, polarity)


def _places(weights: Mapping[str, float], font: Font) -> list[tuple[str, float, float, float]]:
    """Place phrases: (name, size, left, upper edge), heaviest first, in units of the canvas."""
    heaviest = max(weights.values())
    area = sum(weight / heaviest * width(name) / 2 for name, weight in weights.items())
    largest = min(LARGEST, (FILLED * CANVAS[0] * CANVAS[1] / area) ** 0.5)
    cloud = load_word_cloud()(
        width=CANVAS[0], height=CANVAS[1], font_path=font.path, random_state=SEED, prefer_horizontal=1.0, max_words=len(weights),
        min_font_size=SMALLEST, max_font_size=max(round(largest), SMALLEST), margin=6, relative_scaling=0.5, color_func=_black, font_step=2,
    ).generate_from_frequencies(weights)  # fmt: skip
    return [(name, float(size), float(left), float(upper)) for (name, _), size, (upper, left), _, _ in cloud.layout_]


def _black(*_: object, **__: object) -> str:
    """Stand in for the colours of wordcloud, which would bring pyplot; ours are given later."""
    return "black"


def _outline(name: str, size: float, left: float, upper: float, font: Font, colour: Any) -> Any:
    """Draw a name with the left upper corner of its ink at a place, y growing downwards."""
    from matplotlib.patches import PathPatch
    from matplotlib.textpath import TextPath
    from matplotlib.transforms import Affine2D

    # An escaped dollar is a dollar; two bare ones would enclose a formula.
    path = TextPath((0, 0), name.replace("$", r"\$"), size=size, prop=font.properties(size), usetex=False)
    ink = path.get_extents()
    moved = path.transformed(Affine2D().translate(-ink.x0, -ink.y1).scale(1, -1).translate(left, upper))
    return PathPatch(moved, facecolor=colour, edgecolor="none", linewidth=0, label=name)


def _colour(polarity: float) -> Any:
    return polarity_colours(of_text=True)((polarity + 1) / 2) if polarity == polarity else "#9A9A9A"
