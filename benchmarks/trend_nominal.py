"""Whether a p value means what it says: nothing is injected, and the share of key-days below a level is compared with the level."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np

from benchmarks.common import markdown_table
from benchmarks.trend_baselines import Floats, upper_mid_p
from benchmarks.trend_experiment import NOMINAL, Grid
from benchmarks.trend_scoring import RATES, alarms
from benchmarks.trend_simulation import EVERYTHING, PLAIN, Kind, Series, World

LEVELS = (0.05, 0.01, 0.001)
FDR = 0.05
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

PValues = Callable[[Series], tuple[Floats, Floats]]


def our_p(series: Series) -> tuple[Floats, Floats]:
    """The package's p of the day alone, and of the day and the last days together, (n_days, n_keys) each; NaN where there is none."""
    from feedback_nlp.trends.alerts import find_alerts
    from feedback_nlp.trends.baseline import Settings, find_baseline

    settings = Settings()
    found = find_alerts(
        series.counts, find_baseline(series.counts, series.exposure, series.off, series.weekday, settings=settings), settings
    )
    return found.spike.p, found.p


def true_p(world: World) -> Floats:
    """The same under the true distribution, on the evaluated days: what a discrete count allows."""
    return upper_mid_p(world.series.counts[world.first :], world.mean[world.first :], world.keys.size)


def nominal_tables(grid: Grid, p_values: PValues = our_p) -> list[str]:
    """Two tables by kind of world: how often p is small, and what alarms p values that are taken at their word would raise."""
    shares, raised = [], []
    for number, (kind, sizes) in enumerate(KINDS):
        keys = KEYS * grid.calibration_keys // len(sizes)
        world = replace(grid, sizes=sizes, calibration_keys=keys).simulated(NOMINAL, number, kind=kind)
        days = np.flatnonzero(world.series.observed[world.first :])
        ours = [p[world.first :][days] for p in p_values(world.series)]
        row = [kind.name]
        for low, high in pairwise(BANDS):
            inside = (world.keys.rate >= low) & (world.keys.rate < high)
            row += [_realised(p[:, inside]) for p in (true_p(world)[days], *ours)]
        shares.append(row)
        raised.append([kind.name, *(f"{_false_alarms(ours[1], rate):.2f}" for rate in RATES), *_days_with_discoveries(ours[1])])
    columns = [f"{name}: {whose}" for name in ("under 1.5 a day", "1.5 to 7", "7 and more") for whose in ("true", "day", "all")]
    return [
        markdown_table(["realised / nominal at " + " · ".join(map(str, LEVELS)), *columns], shares),
        markdown_table(
            ["alarms that p itself raises", *(f"{rate:g} per 100 key-weeks" for rate in RATES), f"days with any q <= {FDR}", "days"], raised
        ),
    ]


def _realised(p: Floats) -> str:
    return " · ".join(f"{(p <= level).mean() / level:.2f}" for level in LEVELS) if p.size else "-"


def _false_alarms(p: Floats, rate: float) -> float:
    """Alarms per 100 key-weeks where p is at most ``rate`` in 700 days."""
    begun = alarms(-p, -rate / 700)
    return float(begun.mean() * 700)


def _days_with_discoveries(p: Floats) -> tuple[str, str]:
    """Share of days on which any key is found at a false discovery rate of ``FDR`` over the keys; and the days."""
    from scipy.stats import false_discovery_control

    found = (false_discovery_control(np.where(np.isnan(p), 1, p), axis=1) <= FDR).any(axis=1)
    return f"{found.mean():.3f}", str(len(found))
