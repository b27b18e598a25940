"""What the detectors found, as Markdown."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import markdown_table
from benchmarks.trend_baselines import BASELINES, C2, OURS
from benchmarks.trend_experiment import DAY_ORACLE, EACH, ONE, Outcome
from benchmarks.trend_scoring import RATES, WITHIN, Floats
from benchmarks.trend_simulation import AFTER

BURST_ORACLE = "oracle of the burst"
MATCHINGS = {ONE: "one threshold for all keys", EACH: "a threshold for every rate and dispersion"}
#: Position in RATES of the false-alarm rate the goals are set at.
GOAL = RATES.index(1.0)
#: The oracle finds at least this share where a ratio of a single point is looked at.
FINDABLE = 0.05


def spikes(outcome: Outcome) -> NDArray[np.bool_]:
    """bool (n_shapes,)."""
    return np.array([shape.kind == "spike" for shape in outcome.grid.shapes])


def recall(outcome: Outcome, name: str, within: int, *, matching: int = ONE, target: int = GOAL) -> Floats:
    """Share of bursts found within so many days, float64 (n_rates, n_shapes).

    The oracle of the burst is at each point the better of the oracle of the day and the scan that knows factor, shape and days.
    """
    if name == BURST_ORACLE:
        scan = _by_point(outcome, outcome.scan[target, WITHIN.index(within)])
        return np.maximum(scan, recall(outcome, DAY_ORACLE, within, target=target))
    return _by_point(outcome, outcome.days[name][matching, target] <= within)


def _by_point(outcome: Outcome, values: NDArray[np.generic]) -> Floats:
    shape = (len(outcome.grid.rates), len(outcome.grid.shapes))
    place = outcome.rate * shape[1] + outcome.shape
    total = np.bincount(place, np.asarray(values, np.float64), shape[0] * shape[1])
    return np.asarray((total / np.bincount(place, minlength=len(total))).reshape(shape))


def curve_table(outcome: Outcome, matching: int) -> str:
    """Mean recall over the spikes of the grid, first day / within one day / within three days, along the false alarms."""
    some, days = spikes(outcome), WITHIN[:3]
    means = {
        name: np.array([[recall(outcome, name, n, matching=matching, target=t)[:, some].mean() for n in days] for t in range(len(RATES))])
        for name in (*outcome.days, BURST_ORACLE)
    }
    rows = [[name, *(_joined(cell, ".3f") for cell in found)] for name, found in means.items()]
    for oracle in (DAY_ORACLE, BURST_ORACLE):
        rows.append([f"{OURS} / {oracle}", *(_joined(cell, ".2f") for cell in means[OURS] / means[oracle])])
    header = [f"spikes, {MATCHINGS[matching]}: first day / 1 day / 3 days", *(f"{rate:g} false alarms" for rate in RATES)]
    return markdown_table(header, rows)


def ramp_curve_table(outcome: Outcome, matching: int) -> str:
    """Mean recall within seven days over the ramps of the grid."""
    some, week = ~spikes(outcome), WITHIN[-1]
    rows = []
    for name in (*outcome.days, BURST_ORACLE):
        means = [recall(outcome, name, week, matching=matching, target=target)[:, some].mean() for target in range(len(RATES))]
        rows.append([name, *(f"{mean:.3f}" for mean in means)])
    header = [f"ramps, {MATCHINGS[matching]}: 7 days", *(f"{rate:g} false alarms" for rate in RATES)]
    return markdown_table(header, rows)


def point_table(outcome: Outcome, within: int, *, matching: int = ONE) -> str:
    """Ours / the oracle of the burst, for every rate and spike."""
    some = spikes(outcome)
    mine, best = recall(outcome, OURS, within, matching=matching)[:, some], recall(outcome, BURST_ORACLE, within)[:, some]
    names = [str(shape) for shape in outcome.grid.shapes if shape.kind == "spike"]
    rows = [
        [f"{rate:g}", *(f"{a:.2f}/{b:.2f}" for a, b in zip(*line, strict=True))]
        for rate, *line in zip(outcome.grid.rates, mine, best, strict=True)
    ]
    return markdown_table([f"items a day; {_days(within)}, ours/oracle", *names], rows)


def ratio_lines(outcome: Outcome) -> str:
    """How much of the oracles' recall ours reaches, over the grid and at its points."""
    some, lines = spikes(outcome), []
    for matching in MATCHINGS:
        for within in WITHIN[:3]:
            mine, best = recall(outcome, OURS, within, matching=matching)[:, some], recall(outcome, BURST_ORACLE, within)[:, some]
            day = recall(outcome, DAY_ORACLE, within)[:, some]
            ratio = (mine / np.maximum(best, 1e-9))[best >= FINDABLE]
            shares = ", ".join(f"{(ratio >= limit).mean():.0%} of them at {limit:g} or more" for limit in (0.9, 0.8))
            lines.append(
                f"- {MATCHINGS[matching]}, {_days(within)}: {mine.sum() / best.sum():.3f} of the oracle of the burst,"
                f" {mine.sum() / day.sum():.3f} of the oracle of the day; {len(ratio)} points the former finds at {FINDABLE:.0%} or more:"
                f" {shares}, lowest {ratio.min():.2f}, median {np.median(ratio):.2f}."
            )
    return "\n".join(lines)


def ahead_table(outcome: Outcome, matching: int) -> str:
    """Points of the grid where a baseline finds more than ours by over two standard errors, where ours does, and the rest."""
    some = spikes(outcome)
    columns = [(some, 0), (some, 1), (some, 3), (~some, 7)]
    rows = []
    for name in BASELINES:
        row = [name]
        for shapes, within in columns:
            difference, error = paired(outcome, name, within, matching=matching)
            ahead, behind = difference > 2 * error, difference < -2 * error
            counted = [(where & shapes).sum() for where in (behind, ahead, ~ahead & ~behind)]
            row.append(" / ".join(map(str, counted)))
        rows.append(row)
    names = [*(f"spikes, {_days(n)}" for n in WITHIN[:3]), "ramps, 7 days"]
    return markdown_table([f"{MATCHINGS[matching]}: baseline ahead / ours ahead / neither", *names], rows)


def paired(outcome: Outcome, name: str, within: int, *, matching: int = ONE) -> tuple[Floats, Floats]:
    """Recall of ours minus that of a baseline, and its standard error, on the same bursts; each (n_rates, n_shapes)."""
    mine, theirs = (np.asarray(outcome.days[which][matching, GOAL] <= within, np.float64) for which in (OURS, name))
    difference = _by_point(outcome, mine - theirs)
    variance = _by_point(outcome, (mine - theirs) ** 2) - difference**2
    return difference, np.sqrt(variance / (len(outcome.rate) / difference.size))


def losses(outcome: Outcome, matching: int, limit: int = 12) -> str:
    """The points where a baseline is ahead, the widest first: recall of ours minus that of the baseline, ± one standard error."""
    found = []
    for name in BASELINES:
        for within in (0, 1, 3, 7):
            difference, error = paired(outcome, name, within, matching=matching)
            relevant = spikes(outcome) == (within < 7)
            for rate, shape in np.argwhere((difference < -2 * error) & relevant).tolist():
                place = f"{outcome.grid.rates[rate]:g} a day, {outcome.grid.shapes[shape]}, {_days(within)}"
                value, noise = float(difference[rate, shape]), float(error[rate, shape])
                found.append((value, f"- {name}, {place}: {value:+.3f} ± {noise:.3f}"))
    if not found:
        return f"{MATCHINGS[matching]}: no baseline is ahead by more than noise at any point."
    lines = [line for _, line in sorted(found)[:limit]]
    points = len(outcome.grid.rates) * sum(3 if spike else 1 for spike in spikes(outcome))
    cases = f"{len(found)} of {points * len(BASELINES):,} cases of a baseline ahead by more than noise"
    return "\n".join([f"{MATCHINGS[matching]}: {cases}, the widest:", "", *lines])


def ramp_table(outcome: Outcome) -> str:
    """Within seven days: ours, EARS C2, the oracle, for every rate and ramp."""
    some = ~spikes(outcome)
    found = [recall(outcome, name, WITHIN[-1])[:, some] for name in (OURS, C2, BURST_ORACLE)]
    names = [str(shape) for shape in outcome.grid.shapes if shape.kind != "spike"]
    rows = [
        [f"{rate:g}", *(" / ".join(f"{value:.2f}" for value in cell) for cell in zip(*line, strict=True))]
        for rate, *line in zip(outcome.grid.rates, *found, strict=True)
    ]
    gentle = np.array([shape.factor <= 2 for shape in outcome.grid.shapes if shape.kind != "spike"])
    rows.append(["mean", *(" / ".join(f"{value:.3f}" for value in cell) for cell in zip(*(f.mean(axis=0) for f in found), strict=True))])
    times = found[0][:, gentle].mean() / max(found[1][:, gentle].mean(), 1e-9)
    header = [f"items a day; ramps, 7 days, {OURS} / {C2} / oracle of the burst", *names]
    return markdown_table(header, rows) + f"\n\nRamps to 1.5x and 2x: {times:.1f} times the recall of {C2}."


def false_table(outcome: Outcome) -> str:
    """False alarms of the burst-free keys by rate and by dispersion, one threshold for all at the goal."""
    grid = outcome.grid
    rows = []
    for name, found in outcome.false.items():
        cells = found[ONE, GOAL].reshape(len(grid.rates), len(grid.sizes))
        rows.append([name, f"{cells.mean():.2f}", *(f"{value:.2f}" for value in (*cells.mean(axis=1), *cells.mean(axis=0)))])
    sizes = ["Poisson" if np.isinf(size) else f"r = {size:g}" for size in grid.sizes]
    return markdown_table(["false alarms per 100 key-weeks", "all", *(f"{rate:g} a day" for rate in grid.rates), *sizes], rows)


def delay_table(outcome: Outcome) -> str:
    """Median days to the first alarm where at least half are found in 14 days, all rates together."""
    rows = []
    for name, found in outcome.days.items():
        medians = [np.median(found[ONE, GOAL][outcome.shape == number]) for number in range(len(outcome.grid.shapes))]
        rows.append([name, *("-" if median >= AFTER else f"{median:g}" for median in medians)])
    return markdown_table(["median days to the first alarm", *map(str, outcome.grid.shapes)], rows)


def by_size_table(outcome: Outcome) -> str:
    """Ours / the oracle of the burst by dispersion and band of rates, mean over the spikes."""
    grid, some = outcome.grid, spikes(outcome)[outcome.shape]
    size, rows = outcome.kind % len(grid.sizes), []
    edges = [0, *(place for place in (3, 6) if place < len(grid.rates)), len(grid.rates)]
    for low, high in pairwise(edges):
        for number, value in enumerate(grid.sizes):
            where = some & (size == number) & (outcome.rate >= low) & (outcome.rate < high)
            cells = []
            for place, within in enumerate(WITHIN[:3]):
                best = max(outcome.scan[GOAL, place, where].mean(), (outcome.days[DAY_ORACLE][ONE, GOAL, where] <= within).mean())
                mine = [(outcome.days[OURS][matching, GOAL, where] <= within).mean() for matching in MATCHINGS]
                cells.append(" / ".join(f"{v:.3f}" for v in (*mine, best)))
            label = "Poisson" if np.isinf(value) else f"r = {value:g}"
            rows.append([f"{grid.rates[low]:g} to {grid.rates[high - 1]:g} a day, {label}", *cells])
    return markdown_table(["ours, one threshold / ours, a threshold each / oracle of the burst", *map(_days, WITHIN[:3])], rows)


def _joined(values: Sequence[float] | Floats, form: str) -> str:
    return " / ".join(format(value, form) for value in values)


def _days(within: int) -> str:
    return "first day" if within == 0 else f"{within} day{'s' * (within > 1)}"
