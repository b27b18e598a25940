"""Day counts whose true distribution is known, with bursts at known days.

A key's count of a day is negative binomial with mean ``rate × its weekday factor × its holiday factor × volume of the day`` and size r
(variance mu + mu²/r; r = inf: Poisson), drawn as Poisson(mu × G) with G ~ Gamma(r)/r. A burst of factor f adds Poisson((f - 1) × mu × G)
with the G of its day, so that the sum is exactly negative binomial with mean f × mu and the same size.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Shared weekday pattern, Monday to Sunday; a make-up working day has the mean of Monday to Friday, a weekend day off its own.
WEEK = np.array([1.12, 1.08, 1.04, 1.02, 1.06, 0.86, 0.82])
#: Days that belong to a public holiday, in addition.
HOLIDAY = 0.75
#: Log-scale spread of a key's own weekday and holiday factors, and of the volume from day to day.
OWN_WEEKDAY, OWN_HOLIDAY, DAILY = 0.15, 0.2, 0.06
#: Items of no key a day, for each item of a key; the volume of a day is the sum of both, bursts included.
OTHERS = 1.0
MISSING = 0.02
OUTAGE = 3
#: Days looked at from the start of a burst on; no burst begins later than this before the end.
AFTER = 15
#: A ramp stays at its last factor so many days.
PLATEAU = 8
NONE = -1


@dataclass(frozen=True)
class Shape:
    """A burst. factors: what the mean is multiplied by, from its first day on. days: length of a spike, or of the rising part of a ramp."""

    kind: str
    factor: float
    days: int

    @property
    def factors(self) -> NDArray[np.float64]:
        """float64 (length,), at least 1."""
        if self.kind == "spike":
            return np.full(self.days, self.factor)
        rising = 1 + (self.factor - 1) * np.arange(1, self.days + 1) / self.days
        return np.concatenate([rising, np.full(PLATEAU, self.factor)])

    def __str__(self) -> str:
        return f"{self.factor:g}x {self.days} d" if self.kind == "spike" else f"ramp to {self.factor:g}x"


@dataclass(frozen=True)
class Kind:
    """What a world has besides Poisson noise. missing: lost days, of which the counts and the volume are 0."""

    name: str
    weekday: bool = True
    holidays: bool = True
    missing: bool = True
    drift: bool = True
    daily: bool = True


EVERYTHING = Kind("everything")
PLAIN = Kind("plain", False, False, False, False, False)


@dataclass(frozen=True, eq=False)
class Keys:
    """The keys of a world, each array (n_keys,). rate: items a day; size: dispersion r, inf for Poisson; shape: its burst, -1 for none."""

    rate: NDArray[np.float64]
    size: NDArray[np.float64]
    shape: NDArray[np.int64]

    @classmethod
    def grid(cls, rates: Sequence[float], sizes: Sequence[float], n_shapes: int, *, each: int, free: int) -> "Keys":
        """``each`` keys for every rate, size and shape, and ``free`` without a burst for every rate and size."""
        shapes = np.concatenate([np.repeat(np.arange(n_shapes), each), np.full(free, NONE)])
        rate, size, shape = np.meshgrid(rates, sizes, shapes, indexing="ij")
        return cls(rate.ravel(), size.ravel(), shape.ravel())

    def __len__(self) -> int:
        return len(self.rate)


@dataclass(frozen=True, eq=False)
class Series:
    """What a detector sees.

    counts: int64 (n_days, n_keys). exposure: int64 (n_days,), items of the day, 0 where it is missing. off: bool (n_days,), days nobody
    works. weekday: int64 (n_days,), from Monday = 0.
    """

    counts: NDArray[np.int64]
    exposure: NDArray[np.int64]
    off: NDArray[np.bool_]
    weekday: NDArray[np.int64]

    @property
    def observed(self) -> NDArray[np.bool_]:
        """bool (n_days,)."""
        return self.exposure > 0


@dataclass(frozen=True, eq=False)
class World:
    """A simulated stretch of days.

    series: bursts included. mean: float64 (n_days, n_keys), the true mean without a burst. keys: see there.
    start: int64 (n_keys,), first day of the burst, -1 for none. first: first day that is evaluated.
    """

    series: Series
    mean: NDArray[np.float64]
    keys: Keys
    start: NDArray[np.int64]
    first: int


def calendar(last: str, n_days: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
    """The ``n_days`` days up to ``last``: (nobody works, belongs to a public holiday, weekday from Monday = 0), each (n_days,)."""
    from chinese_calendar import get_holiday_detail

    days = np.arange(np.datetime64(last, "D") - n_days + 1, np.datetime64(last, "D") + 1)
    details = [get_holiday_detail(day) for day in days.tolist()]
    off = np.array([free for free, _ in details])
    festive = np.array([free and name is not None for free, name in details])
    return off, festive, (days.astype(np.int64) + 3) % 7


def simulate(
    keys: Keys, shapes: Sequence[Shape], random: np.random.Generator, *, kind: Kind = EVERYTHING, last: str, n_days: int, evaluated: int
) -> World:
    """A world of ``n_days`` days up to ``last``, whose bursts begin in the last ``evaluated`` days."""
    off, festive, weekday = calendar(last, n_days)
    first = n_days - evaluated
    observed = _observed(kind, n_days, first, random)
    volume = _volume(kind, off, festive, weekday, random)
    mean = keys.rate * (volume[:, None] * _own_factors(kind, len(keys), festive, weekday, random))
    mean[~observed] = 0
    scale = _gamma(keys.size, n_days, random)
    start = _starts(keys.shape, observed, first, random)
    counts = random.poisson(mean * scale)
    burst = np.flatnonzero(start != NONE)
    extra = extra_factors(shapes, keys.shape[burst], start[burst], n_days)
    counts[:, burst] += random.poisson(mean[:, burst] * scale[:, burst] * extra)
    others = 1 + random.poisson(OTHERS * keys.rate.sum() * volume)
    exposure = np.where(observed, counts.sum(axis=1) + others, 0)
    return World(Series(counts, exposure, off, weekday), mean, keys, start, first)


def extra_factors(shapes: Sequence[Shape], shape: NDArray[np.int64], start: NDArray[np.int64], n_days: int) -> NDArray[np.float64]:
    """float64 (n_days, n): the factor of each key's burst minus 1, 0 outside it."""
    longest = max(len(s.factors) for s in shapes)
    table = np.stack([np.pad(s.factors, (0, longest - len(s.factors)), constant_values=1) for s in shapes]) - 1
    offset = np.arange(n_days)[:, None] - start
    inside = (offset >= 0) & (offset < longest)
    return np.where(inside, table[shape, np.where(inside, offset, 0)], 0)


def of_keys(world: World, keys: NDArray[Any]) -> World:
    """The world of some of its keys; the volume stays."""
    chosen = Keys(world.keys.rate[keys], world.keys.size[keys], world.keys.shape[keys])
    series = replace(world.series, counts=world.series.counts[:, keys])
    return World(series, world.mean[:, keys], chosen, world.start[keys], world.first)


def _observed(kind: Kind, n_days: int, first: int, random: np.random.Generator) -> NDArray[np.bool_]:
    observed = np.ones(n_days, np.bool_)
    if kind.missing:
        observed = random.random(n_days) >= MISSING
        outage = random.integers(first // 2, first - OUTAGE)
        observed[outage : outage + OUTAGE] = False
    return observed


def _volume(
    kind: Kind, off: NDArray[np.bool_], festive: NDArray[np.bool_], weekday: NDArray[np.int64], random: np.random.Generator
) -> NDArray[np.float64]:
    """float64 (n_days,), around 1."""
    n_days = len(off)
    volume = np.ones(n_days)
    if kind.weekday:
        volume *= np.where(~off & (weekday >= 5), WEEK[:5].mean(), WEEK[weekday]) / WEEK.mean()
    if kind.holidays:
        volume[festive] *= HOLIDAY
    if kind.drift:
        year, (slope, swing, phase) = np.arange(n_days) / 365, random.uniform([-0.4, 0.1, 0], [0.4, 0.25, 2 * np.pi])
        volume *= np.exp(slope * (year - year[-1]) + swing * np.sin(2 * np.pi * year + phase))
    if kind.daily:
        volume *= np.exp(DAILY * random.standard_normal(n_days))
    return volume


def _own_factors(
    kind: Kind, n_keys: int, festive: NDArray[np.bool_], weekday: NDArray[np.int64], random: np.random.Generator
) -> NDArray[np.float64]:
    """float64 (n_days, n_keys): deviations of a key from the shared pattern; a key's weekday factors have the mean 1."""
    factors = np.ones((len(festive), n_keys))
    if kind.weekday:
        own = np.exp(OWN_WEEKDAY * random.standard_normal((7, n_keys)))
        factors *= (own * WEEK.mean() / (own * WEEK[:, None]).mean(axis=0))[weekday]
    if kind.holidays:
        factors[festive] *= np.exp(OWN_HOLIDAY * random.standard_normal(n_keys))
    return factors


def _gamma(size: NDArray[np.float64], n_days: int, random: np.random.Generator) -> NDArray[np.float64]:
    scale = np.ones((n_days, len(size)))
    spread = np.isfinite(size)
    scale[:, spread] = random.standard_gamma(size[spread], (n_days, int(spread.sum()))) / size[spread]
    return scale


def _starts(shape: NDArray[np.int64], observed: NDArray[np.bool_], first: int, random: np.random.Generator) -> NDArray[np.int64]:
    possible = np.flatnonzero(observed[first : len(observed) - AFTER + 1]) + first
    return np.where(shape == NONE, NONE, random.choice(possible, len(shape)))
