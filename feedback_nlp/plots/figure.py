"""The figure that is returned. This module imports matplotlib and is itself imported where a figure is made."""

from io import BytesIO

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

#: The layout of most figures stands still after two passes.
MOST_PASSES = 5


class SettledLayout(ConstrainedLayoutEngine):
    """matplotlib's constrained layout, repeated until axes stand still.

    One pass makes room for texts where they stood before it; a first drawing could cut some off, and a second one would differ.
    """

    def execute(self, fig: Figure) -> None:
        """Place the axes of a figure."""
        places: list[tuple[float, ...]] | None = None
        for _ in range(MOST_PASSES):
            super().execute(fig)
            before, places = places, [axes.get_position().bounds for axes in fig.axes]
            if before is not None and _alike(before, places):
                return


class ShownFigure(Figure):
    """A matplotlib ``Figure`` that a notebook shows where it is the last expression of a cell.

    It belongs to no ``pyplot`` state: it needs no window system, it is freed with its last reference, and it may be drawn in any thread.
    ``savefig`` and every other method are matplotlib's own.
    """

    def _repr_png_(self) -> bytes:
        """Draw it for a notebook."""
        picture = BytesIO()
        self.savefig(picture, format="png", dpi=self.dpi, facecolor=self.get_facecolor(), metadata={"Software": None})
        return picture.getvalue()


def _alike(first: list[tuple[float, ...]], second: list[tuple[float, ...]]) -> bool:
    """Tell whether places are the same but for what no eye and no pixel shows."""
    return all(abs(a - b) < 1e-7 for own, other in zip(first, second, strict=True) for a, b in zip(own, other, strict=True))
