"""Whether a p value means what it says: nothing is injected, and the share of key-days below a level is compared with the level."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np

from benchmarks.common import markdown_table
from benchmarks.trend_baselines import Floats, upper_mid_p
from benchmarks.trend_experiment import NOMINAL, Grid
from benchmarks.trend_simulation import EVERYTHING, PLAIN, Kind, Series, World

LEVELS = (0.05, 0.01, 0.001)
#: Bands of items a day.
BANDS = (0.0, 1.5, 7.0, np.inf)
#: Keys of every rate in each world, for one of ``Grid.calibration_keys``.
KEYS = 12
POISSON, ALL = (np.inf,), (np.inf, 20.0, 8.0)
KINDS: tuple[tuple[Kind, tuple[float, ...]], ...] = (
    (replace(PLAIN, name="Poisson"), POISSON),
    (replace(PLAIN, name="negative binomial, r = 20"), (20.0,)),
    (replace(PLAIN, name="negative binomial, r = 8"), (8.0,)),
    (replace(PLAIN, name="weekdays", weekday=True), ALL),
    (replace(PLAIN, name="weekdays and holidays", weekday=True, holidays=True), ALL),
    (replace(PLAIN, name="missing days", missing=True), ALL),
    (replace(PLAIN, name="slow drift of the volume", drift=True), ALL),
    (replace(PLAIN, name="volume up and down by the day", daily=True), ALL),
    (EVERYTHING, ALL),
)

PValues = Callable[[Series], Floats]


def our_p(series: Series) -> Floats:
    """The package's p of every day and key, NaN where there is none."""
    from feedback_nlp.trends.spike import spike_scores

    return spike_scores(series.counts, series.exposure, series.off, series.weekday).p


def true_p(world: World) -> Floats:
    """The same under the true distribution, on the evaluated days: what a discrete count allows."""
    return upper_mid_p(world.series.counts[world.first :], world.mean[world.first :], world.keys.size)


def nominal_table(grid: Grid, p_values: PValues = our_p) -> str:
    """Share of key-days with p at most the level, over the level: ours (the true distribution), by kind of world and items a day."""
    rows = []
    for number, (kind, sizes) in enumerate(KINDS):
        keys = KEYS * grid.calibration_keys // len(sizes)
        world = replace(grid, sizes=sizes, calibration_keys=keys).simulated(NOMINAL, number, kind=kind)
        days = np.flatnonzero(world.series.observed[world.first :])
        ours, true = p_values(world.series)[world.first :][days], true_p(world)[days]
        row = [kind.name]
        for low, high in pairwise(BANDS):
            inside = (world.keys.rate >= low) & (world.keys.rate < high)
            row += [_realised(ours[:, inside]), _realised(true[:, inside])]
        rows.append(row)
    columns = [f"{name}: {whose}" for name in ("under 1.5 a day", "1.5 to 7", "7 and more") for whose in ("ours", "true")]
    return markdown_table(["realised / nominal at " + " · ".join(map(str, LEVELS)), *columns], rows)


def _realised(p: Floats) -> str:
    return " · ".join(f"{(p <= level).mean() / level:.2f}" for level in LEVELS) if p.size else "-"
