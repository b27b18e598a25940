"""Simulated worlds without bursts set every detector's thresholds, others with bursts show what it finds there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from benchmarks.trend_baselines import DETECTORS, Detector, Floats
from benchmarks.trend_scoring import RATES, WITHIN, Ints, alarms, around, carried, first_alarm, scan_scores, tail_score, thresholds_of_kinds
from benchmarks.trend_simulation import EVERYTHING, NONE, Keys, Kind, Shape, World, of_keys, simulate

#: The oracle of a day, kept beside the detectors.
DAY_ORACLE = "oracle of the day"
#: Thresholds: one for all keys, as a user sets it, or one for every rate and dispersion.
ONE, EACH = range(2)
#: Ends of the simulated stretches lie between; the official calendar is known there.
FIRST_END, LAST_END = np.datetime64("2018-06-01"), np.datetime64("2025-06-30")
#: Streams of random numbers.
CALIBRATION, TEST, NOMINAL, SPEED, REAL = range(5)
SPIKES = tuple(Shape("spike", factor, days) for factor in (1.5, 2.0, 3.0, 5.0) for days in (1, 3, 7))
RAMPS = tuple(Shape("ramp", factor, 7) for factor in (1.5, 2.0, 3.0))


@dataclass(frozen=True)
class Grid:
    """What is simulated. sizes: dispersion r, inf for Poisson. each: keys a world with each rate, size and shape. free: without a burst.

    worlds: number of worlds with bursts. calibration: number without; each has ``calibration_keys`` keys of every rate and size.
    """

    rates: tuple[float, ...] = (0.2, 0.5, 1, 2, 5, 10, 20, 50)
    sizes: tuple[float, ...] = (np.inf, 20.0, 8.0)
    shapes: tuple[Shape, ...] = SPIKES + RAMPS
    worlds: int = 40
    each: int = 5
    free: int = 20
    calibration: int = 40
    calibration_keys: int = 30
    n_days: int = 420
    evaluated: int = 154
    seed: int = 0

    @property
    def n_kinds(self) -> int:
        """Pairs of rate and size."""
        return len(self.rates) * len(self.sizes)

    def kind(self, keys: Keys) -> Ints:
        """int64 (n_keys,): which pair of rate and size."""
        size = np.argmax(keys.size[:, None] == np.array(self.sizes), axis=1)
        return np.asarray(np.searchsorted(self.rates, keys.rate) * len(self.sizes) + size)

    def simulated(self, stream: int, number: int, *, kind: Kind = EVERYTHING) -> World:
        """World ``number`` of a stream, without bursts but in the stream ``TEST``."""
        random = np.random.default_rng([self.seed, stream, number])
        each, free = (self.each, self.free) if stream == TEST else (0, self.calibration_keys)
        keys = Keys.grid(self.rates, self.sizes, len(self.shapes), each=each, free=free)
        last = FIRST_END + random.integers((LAST_END - FIRST_END).astype(int))
        return simulate(keys, self.shapes, random, kind=kind, last=str(last), n_days=self.n_days, evaluated=self.evaluated)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What was found. rate, shape: int64 (n_bursts,), positions in the grid; kind: pair of rate and size.

    days: for every detector int16 (2, len(RATES), n_bursts), days to the first alarm with ONE threshold and with EACH its own; AFTER: none.
    scan: bool (len(RATES), len(WITHIN), n_bursts), found by the oracle that knows the burst.
    false: for every detector float64 (2, len(RATES), n_kinds), alarms per 100 key-weeks of the keys without a burst.
    """

    grid: Grid
    rate: Ints
    shape: Ints
    kind: Ints
    days: dict[str, NDArray[np.int16]]
    scan: NDArray[np.bool_]
    false: dict[str, Floats]


@dataclass(eq=False)
class _Parts:
    """What the worlds gave so far."""

    shape: list[Ints] = field(default_factory=list)
    kind: list[Ints] = field(default_factory=list)
    days: dict[str, list[NDArray[np.int16]]] = field(default_factory=dict)
    scan: list[NDArray[np.bool_]] = field(default_factory=list)
    false: dict[str, Floats] = field(default_factory=dict)
    weeks: float = 0.0


def run(grid: Grid, detectors: dict[str, Detector] = DETECTORS) -> Outcome:
    """Set the thresholds, then look for the bursts."""
    limits, scan_limits = calibrate(grid, detectors)
    parts = _Parts()
    for number in range(grid.worlds):
        world = grid.simulated(TEST, number)
        random = np.random.default_rng([grid.seed, TEST, number, 1])
        kind, burst = grid.kind(world.keys), np.flatnonzero(world.start != NONE)
        parts.shape.append(world.keys.shape[burst])
        parts.kind.append(kind[burst])
        for name, score in scores_of(world, detectors, random):
            _look(parts, name, score, world, kind, limits[name], grid)
        parts.scan.append(_scan_found(world, kind, scan_limits, grid, random)[:, :, burst])
        parts.weeks += _weeks(world) * grid.free
    kinds = np.concatenate(parts.kind)
    return Outcome(
        grid,
        kinds // len(grid.sizes),
        np.concatenate(parts.shape),
        kinds,
        {name: np.concatenate(found, axis=2) for name, found in parts.days.items()},
        np.concatenate(parts.scan, axis=2),
        {name: 100 * counted / max(parts.weeks, 1e-9) for name, counted in parts.false.items()},
    )


def scores_of(world: World, detectors: dict[str, Detector], random: np.random.Generator) -> Iterator[tuple[str, Floats]]:
    """The scores of every detector and the oracle of the day from the day before the evaluated ones on, ties broken."""
    observed = world.series.observed
    for name, detect in detectors.items():
        yield name, carried(detect(world.series), observed, random)[world.first - 1 :]
    yield DAY_ORACLE, carried(tail_score(world), observed, random)[world.first - 1 :]


def calibrate(grid: Grid, detectors: dict[str, Detector]) -> tuple[dict[str, Floats], Floats]:
    """Thresholds on worlds without bursts.

    Returns those of every detector, (n_kinds + 1, len(RATES)), and of the oracle that knows the burst, (n_shapes, len(WITHIN), n_kinds + 1,
    len(RATES)).
    """
    worlds = [grid.simulated(CALIBRATION, number) for number in range(grid.calibration)]
    randoms = [np.random.default_rng([grid.seed, CALIBRATION, number, 1]) for number in range(grid.calibration)]
    kind = np.concatenate([grid.kind(world.keys) for world in worlds])
    weeks = float(np.mean([_weeks(world) for world in worlds]))
    scores: dict[str, list[Floats]] = {}
    for world, random in zip(worlds, randoms, strict=True):
        for name, score in scores_of(world, detectors, random):
            scores.setdefault(name, []).append(score)
    limits = {name: thresholds_of_kinds(np.concatenate(scores.pop(name), axis=1), kind, grid.n_kinds, weeks) for name in list(scores)}
    scans = []
    for shape in grid.shapes:
        found = [scan_of(world, shape, random) for world, random in zip(worlds, randoms, strict=True)]
        within = [np.concatenate(pieces, axis=1) for pieces in zip(*found, strict=True)]
        scans.append([thresholds_of_kinds(score, kind, grid.n_kinds, weeks) for score in within])
    return limits, np.array(scans)


def scan_of(world: World, shape: Shape, random: np.random.Generator) -> list[Floats]:
    """The scores of the oracle that knows the burst, for each of WITHIN, from the day before the evaluated ones on."""
    rows = slice(world.first - 1 - max(WITHIN), None)
    found = scan_scores(world.series.counts[rows], world.mean[rows], world.keys.size, shape)
    return [carried(score, world.series.observed[rows], random)[max(WITHIN) :] for score in found]


def _look(parts: _Parts, name: str, score: Floats, world: World, kind: Ints, limits: Floats, grid: Grid) -> None:
    """Add what one detector finds and raises in a world."""
    burst, free = np.flatnonzero(world.start != NONE), np.flatnonzero(world.start == NONE)
    window = around(score[:, burst], world.start[burst] - world.first + 1)
    counted = parts.false.setdefault(name, np.zeros((2, len(RATES), grid.n_kinds)))
    days = np.empty((2, len(RATES), len(burst)), np.int16)
    for matching in (ONE, EACH):
        # The oracle knows the kind of a key, so its false alarms are the same for all of them.
        row = np.full(len(kind), grid.n_kinds) if matching == ONE and name != DAY_ORACLE else kind
        for target in range(len(RATES)):
            limit = limits[row, target]
            days[matching, target] = first_alarm(window, limit[burst])
            begun = alarms(score[:, free], limit[free]).sum(axis=0)
            counted[matching, target] += np.bincount(kind[free], begun, grid.n_kinds)
    parts.days.setdefault(name, []).append(days)


def _scan_found(world: World, kind: Ints, limits: Floats, grid: Grid, random: np.random.Generator) -> NDArray[np.bool_]:
    """bool (len(RATES), len(WITHIN), n_keys): bursts found by the oracle that knows them."""
    found = np.zeros((len(RATES), len(WITHIN), len(kind)), np.bool_)
    for number, shape in enumerate(grid.shapes):
        keys = np.flatnonzero(world.keys.shape == number)
        for place, score in enumerate(scan_of(of_keys(world, keys), shape, random)):
            window = around(score, world.start[keys] - world.first + 1)
            for target in range(len(RATES)):
                days = first_alarm(window, limits[number, place, kind[keys], target])
                found[target, place, keys] = days <= WITHIN[place]
    return found


def _weeks(world: World) -> float:
    """Weeks with data among the evaluated days."""
    return float(world.series.observed[world.first :].sum()) / 7


def quick_grid(rates: Sequence[float] = (0.5, 2, 5, 20), seed: int = 0) -> Grid:
    """A coarse grid for tuning."""
    shapes = tuple(s for s in SPIKES if s.days < 7 and s.factor < 5) + RAMPS[:2]
    return Grid(rates=tuple(rates), shapes=shapes, worlds=12, each=5, free=20, calibration=12, calibration_keys=60, seed=seed)
