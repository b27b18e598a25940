"""The one look of all figures: colours, axes, bars, and what an empty figure says.

Everything is set on the artists themselves, so that a figure is the same whatever the caller's ``rcParams`` are, and they stay untouched.
"""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from feedback_nlp.plots.fonts import need_matplotlib
from feedback_nlp.plots.frames import Floats
from feedback_nlp.plots.labels import count_text, short_count
from feedback_nlp.plots.letters import FAINT, INK, LARGE, NORMAL, SMALL, Letters, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

DPI = 120
#: Width of a figure, in inches.
WIDTH = 9.0
#: Of the figure's width, the part a title of axes may take: names stand to the left of where it begins.
TITLE_SHARE = 0.65
#: Around each axes, in inches.
MARGIN = 0.1
#: Bars are no thicker than where this many stand in their figure.
FEWEST_BARS = 4
#: Height of a bar where the next one is 1 below.
THICK = 0.68
#: Okabe & Ito (2008), "Color Universal Design": told apart with every kind of colour vision.
BLUE, VERMILION, SKY, ORANGE = "#0072B2", "#D55E00", "#56B4E9", "#E69F00"
BAND, LINE, EMPTY, MARKED = "#D6E4F0", "#D9D9D9", "#F2F2F2", "#7A7A7A"
#: ColorBrewer RdBu (Brewer 2003), rated safe for colour-blind readers; the middle is darkened to be seen on white.
_DIVERGING = ("#B2182B", "#D6604D", "#F4A582", "#D4D4D4", "#92C5DE", "#4393C3", "#2166AC")
#: The same for texts on white, the middle darker still.
_DIVERGING_TEXT = ("#B2182B", "#CF5246", "#858585", "#3C86BA", "#2166AC")
#: ColorBrewer YlGnBu, from its second class on.
_SEQUENTIAL = ("#EAF3DE", "#C7E9B4", "#7FCDBB", "#41B6C4", "#1D91C0", "#225EA8", "#0C2C84")


def new_figure(width: float, height: float) -> "Figure":
    """An empty figure that notebooks show. width, height: in inches. Raises MissingExtraError without matplotlib."""
    need_matplotlib()
    from feedback_nlp.plots.figure import SettledLayout, ShownFigure

    layout = SettledLayout(w_pad=MARGIN, h_pad=MARGIN, wspace=0.02, hspace=0.02)
    return ShownFigure(figsize=(width, height), dpi=DPI, facecolor="white", edgecolor="white", layout=layout)


def one_axes(ax: "Axes | None", height: float, *, width: float = WIDTH) -> "tuple[Figure, Axes]":
    """The figure and axes to draw on: the caller's, or new ones of this size in inches."""
    if ax is not None:
        figure: Any = ax.figure
        return figure.figure if figure.figure is not None else figure, ax
    figure = new_figure(width, height)
    return figure, figure.add_subplot()


def plain(axes: "Axes", letters: Letters, *, grid: Literal["x", "y"] | None = None, spines: str = "bottom left") -> None:
    """Give axes the look: few lines, faint grid behind. grid: along which axis values are marked. spines: those that are drawn."""
    axes.set_facecolor("white")
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set(visible=side in spines.split(), color=LINE, linewidth=1.0)
    axes.grid(visible=False, which="both")
    if grid:
        axes.grid(visible=True, which="major", axis=grid, color="#EBEBEB", linewidth=0.8, linestyle="-")
    axes.tick_params(which="both", direction="out", length=0, width=0.8, color=LINE, labelcolor=FAINT, pad=4)
    axes.tick_params(labelsize=SMALL, labelfontfamily=list(letters.font.families) or "sans-serif", labelrotation=0)
    axes.minorticks_off()
    axes.margins(0)


def headline(axes: "Axes", text: str, letters: Letters, *, size: float = LARGE, pad: float = 10) -> None:
    """Write the title of axes, at the left. pad: above the axes, in points."""
    axes.set_title(_wrapped(text, axes.figure, size, TITLE_SHARE), loc="left", pad=pad, **letters.style(size))


def _wrapped(text: str, figure: Any, size: float, share: float) -> str:
    """Break lines that are wider than a share of the figure; the layout leaves no room for the width of titles."""
    columns = int(share * figure.bbox.width / figure.dpi * 72 / (size / 2))
    return "\n".join(wrap(line, columns) for line in text.split("\n"))


def above(figure: "Figure", text: str, letters: Letters) -> None:
    """Write the title of a figure of several panels, at the left."""
    style = letters.style(LARGE)
    figure.suptitle(_wrapped(text, figure, LARGE, 0.95), x=0.01, ha="left", **style)


def ticks(axis: "Axis", places: Any, labels: list[str], letters: Letters, *, size: float = SMALL, color: str = FAINT) -> None:
    """Set ticks with their labels."""
    axis.set_ticks(places, labels=labels, **letters.style(size, color))


def count_ticks(axis: "Axis", most: float, letters: Letters, *, bins: int = 6) -> None:
    """Set ticks at whole numbers from 0 to ``most``, and end the axis there."""
    from matplotlib.ticker import MaxNLocator

    most = max(most, 1.0)
    places = np.asarray(MaxNLocator(nbins=bins, integer=True, steps=[1, 2, 2.5, 5, 10]).tick_values(0, most))
    places = places[(places >= 0) & (places <= most) & (places == np.round(places))]
    ticks(axis, places, [short_count(place, letters.lang) for place in places.tolist()], letters)
    (axis.axes.set_xlim if axis is axis.axes.xaxis else axis.axes.set_ylim)(0, most)


def key_to_colours(figure: "Figure", drawn: Any, axes: Any, letters: Letters, title: str, ticks_at: dict[float, str], **more: Any) -> None:
    """Draw a colour bar. drawn: what is coloured. title: above it. ticks_at: value -> label. more: arguments of ``Figure.colorbar``."""
    bar = figure.colorbar(drawn, ax=axes, **{"aspect": 30, "pad": 0.02, "shrink": 0.8, **more})
    spine: Any = bar.outline
    spine.set_visible(False)
    ticks(bar.ax.yaxis, list(ticks_at), list(ticks_at.values()), letters)
    bar.ax.tick_params(which="both", length=0, labelcolor=FAINT)
    bar.ax.minorticks_off()
    # The layout leaves no room for the width of a title of axes, but it does for other texts.
    spot: dict[str, Any] = {
        "xycoords": "axes fraction",
        "xytext": (0, 22 if more.get("extend") == "max" else 10),
        "textcoords": "offset points",
    }
    bar.ax.annotate(title, (0, 1), ha="left", va="bottom", **spot, **letters.style(SMALL, FAINT))


def polarity_key(figure: "Figure", axes: "Axes", letters: Letters, *, of_text: bool = False) -> None:
    """Draw the colour bar of polarity; see `polarity_colours`."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    drawn = ScalarMappable(Normalize(-1, 1), polarity_colours(of_text=of_text))
    at: dict[float, str] = {-1: letters.word("worst"), 0: "0", 1: letters.word("best")}
    key_to_colours(figure, drawn, axes, letters, letters.word("polarity"), at, fraction=0.03)


def polarity_colours(*, of_text: bool = False) -> "Colormap":
    """Colours from -1, red, over grey to +1, blue. of_text: dark enough to write with."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("feedback_polarity", list(_DIVERGING_TEXT if of_text else _DIVERGING))


def count_colours() -> "Colormap":
    """Colours of counts, from few, pale, to many, dark."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("feedback_counts", list(_SEQUENTIAL))


def polarity_bars(axes: "Axes", lengths: Floats, polarity: Floats) -> None:
    """Draw horizontal bars, the first on top, coloured by polarity, (n,) in [-1, 1]; those of unknown polarity are dashed outlines."""
    known = ~np.isnan(polarity)
    colours = polarity_colours()((np.where(known, polarity, 0.0) + 1) / 2)
    bars = axes.barh(np.arange(len(lengths)), lengths, height=THICK, color=colours, edgecolor="none", linewidth=0)
    for place in np.flatnonzero(~known).tolist():
        bars[place].set(facecolor="white", edgecolor=MARKED, linestyle="--", linewidth=0.9)


def text_colour(background: Any) -> str:
    """Black or white, whichever is easier to read on a colour (r, g, b, ...) (WCAG 2.1, relative luminance and contrast)."""
    channels = np.asarray(background[:3], np.float64)
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ (0.2126, 0.7152, 0.0722))
    return "white" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "black"


def legend(on: Any, letters: Letters, handles: list[Any], **where: Any) -> None:
    """Draw a legend in a row. on: axes or a figure. handles: labelled artists. where: arguments that place it."""
    if not handles:
        return
    style = letters.style(SMALL, FAINT)
    drawn = on.legend(handles=handles, prop=style["fontproperties"], labelcolor=FAINT, frameon=False, ncols=len(handles), **where)
    for text in drawn.get_texts():
        text.set(parse_math=False, usetex=False)


def nothing(letters: Letters, *, title: str, says: str = "no_data", ax: "Axes | None" = None) -> "Figure":
    """A figure that says there is no data. says: a key of ``LABELS``."""
    figure, axes = one_axes(ax, 2.4)
    plain(axes, letters, spines="")
    axes.set(xticks=[], yticks=[])
    headline(axes, title, letters)
    axes.text(0.5, 0.5, letters.word(says), ha="center", va="center", transform=axes.transAxes, **letters.style(LARGE, FAINT))
    return figure


def bar_names(axes: "Axes", names: list[str], letters: Letters, *, room: int = FEWEST_BARS) -> None:
    """Label horizontal bars 0 to n - 1, the first on top. room: bars there is room for, at least."""
    ticks(axes.yaxis, np.arange(len(names)), names, letters, size=NORMAL, color=INK)
    axes.set_ylim(max(len(names), room) - 0.4, -0.6)


def bar_ends(axes: "Axes", lengths: Floats, labels: list[str], letters: Letters) -> None:
    """Write a label behind the end of each horizontal bar; those of bars to the left of 0 stand at 0."""
    for place, (length, label) in enumerate(zip(np.maximum(lengths, 0).tolist(), labels, strict=True)):
        spot: dict[str, Any] = {"xytext": (5, 0), "textcoords": "offset points", "va": "center", "ha": "left"}
        axes.annotate(label, (length, place), **spot, **letters.style(SMALL, FAINT))


def bars_height(n: int) -> float:
    """Height of a figure of n bars, in inches."""
    return 1.2 + 0.32 * max(n, FEWEST_BARS)


def how_many(letters: Letters, shown: int, total: int) -> str:
    """Name the axis of items, with how many rows of how many are drawn where some are not."""
    what = letters.word("items")
    return what if shown >= total else letters.word("of", what=what, shown=count_text(shown), total=count_text(total))
