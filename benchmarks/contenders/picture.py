"""Documents per second against accuracy, one point for each contender."""

from collections.abc import Sequence
from pathlib import Path

#: Margins of the axes beyond the points: factors for speed, the right one with room for a name, and a difference for accuracy.
BEFORE, BEHIND, ABOVE = 4.0, 40.0, 0.06
#: A name stands below its point where another one, a little more right and slower by less than this factor, would run into it.
CLOSE = 0.03


def draw(points: Sequence[tuple[str, float, float]], path: Path) -> None:
    """Write the plot as SVG, PNG or PDF, as the suffix says. points: (name, documents per second, accuracy in [0, 1]); ours first."""
    from feedback_nlp.plots.letters import INK, NORMAL, choose_letters
    from feedback_nlp.plots.look import BLUE, MARKED, headline, one_axes, plain, ticks

    letters = choose_letters([name for name, _, _ in points], font=None, lang="en")
    figure, axes = one_axes(None, 4.6)
    plain(axes, letters, grid="y")
    axes.set_xscale("log")
    speeds, rights = [speed for _, speed, _ in points], [right for _, _, right in points]
    axes.set_xlim(min(speeds) / BEFORE, max(speeds) * BEHIND)
    axes.set_ylim(min(rights) - ABOVE, min(max(rights) + ABOVE, 1))
    for place, (name, speed, right) in enumerate(points):
        axes.plot([speed], [right], "o", markersize=9, color=BLUE if place == 0 else MARKED, clip_on=False)
        below = any(0 <= other - right < CLOSE and slower < speed < slower * BEHIND for _, slower, other in points)
        axes.annotate(name, (speed, right), xytext=(9, -15 if below else 5), textcoords="offset points", **letters.style(NORMAL))
    powers = [10**power for power in range(1, 9) if min(speeds) / BEFORE <= 10**power <= max(speeds) * BEHIND]
    ticks(axes.xaxis, powers, [f"{power:,}" for power in powers], letters)
    shown = [step / 20 for step in range(21) if axes.get_ylim()[0] <= step / 20 <= axes.get_ylim()[1]]
    ticks(axes.yaxis, shown, [f"{right:.2f}" for right in shown], letters)
    axes.minorticks_off()
    axes.set_xlabel("documents per second on one core (log)", **letters.style(NORMAL, INK))
    axes.set_ylabel("binary sentiment, mean over sources", **letters.style(NORMAL, INK))
    headline(axes, "Speed against accuracy", letters)
    figure.savefig(path, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)
