"""What keys have in common: dispersion and day factors of each key, shrunk towards those of all keys by how much keys really differ.

All sums run from left to right over the keys, so that keys without data at the end change not a bit of a result.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

#: Dispersion believed before anything is known, in keys' worth of evidence; and the variance of it between keys.
PRIOR_DISPERSION, PRIOR_KEYS, PRIOR_BETWEEN = 0.05, 1.0, 0.05**2
#: Variance of the dispersion between keys: never believed to be less, nor more.
BETWEEN_RANGE = (0.01**2, 1.0)
#: Items' worth of the belief that a day is like any other, for all keys together; and the variance of factors between keys.
PRIOR_ITEMS, FACTOR_BETWEEN = 30.0, 0.1**2
#: The same variance for what holidays and make-up days do to a key; they are few, so it is not learned.
OCCASION_BETWEEN = 0.2**2
#: Keys and days' worth of evidence that belief in FACTOR_BETWEEN is worth, and its range.
PRIOR_CELLS, FACTOR_RANGE = 5.0, (0.03**2, 0.5**2)


def total(values: Floats) -> float:
    """Sum from left to right: zeros at the end do not change a bit of it."""
    return float(np.add.accumulate(values)[-1]) if len(values) else 0.0


def clipped(items: Floats, mean: Floats, dispersion: Floats, deviations: float) -> Floats:
    """Counts, no higher than so many standard deviations and half an item above the mean; all of one shape."""
    limit: Floats = mean + deviations * np.sqrt(mean + dispersion * mean * mean) + 0.5
    return np.asarray(np.minimum(items, limit))


@dataclass(frozen=True, eq=False)
class Kinds:
    """Which periods are alike.

    codes: int64 (n_periods,), the kind of each, such as its weekday. ordinary: number of kinds that have a factor of their own, the first
    ones. like: for each further kind, the ordinary ones whose mean it has. occasions: int64 (n_periods,), what a period is besides, 0 for
    nothing; n_occasions: their number, 0 left out.
    """

    codes: Ints
    occasions: Ints
    ordinary: int = 1
    like: tuple[tuple[int, ...], ...] = ()
    n_occasions: int = 0


def kinds_of_days(n_days: int, off: Mask | None, weekday: Ints | None, festive: Mask | None = None) -> Kinds:
    """Monday to Sunday, and besides holidays and worked weekend days; without weekdays days off and others.

    off: bool (n_days,), days nobody works. weekday: int (n_days,), 0 Monday to 6 Sunday. festive: bool (n_days,), days of a holiday;
    without it, all days off of a stretch that has a weekday off in it.
    """
    none = np.zeros(n_days, np.int64)
    if weekday is None:
        return Kinds(none, none if off is None else np.asarray(off, np.int64), n_occasions=1)
    codes = np.asarray(weekday, np.int64)
    if off is None:
        return Kinds(codes, none, ordinary=7)
    worked = ~off & (codes >= 5)
    if festive is None:
        festive = festive_days(off, codes)
    return Kinds(np.where(worked, 7, codes), np.where(worked, 2, festive.astype(np.int64)), 7, ((0, 1, 2, 3, 4),), 2)


def kinds_of_hours(hour: Ints, off: Mask) -> Kinds:
    """Hours 0 to 23, and besides days that are off. hour: int (n_hours,); off: bool (n_hours,)."""
    return Kinds(np.asarray(hour, np.int64), np.asarray(off, np.int64), 24, n_occasions=1)


def festive_days(off: Mask, weekday: Ints) -> Mask:
    """bool (n_days,): days off of a stretch of days off that has a weekday in it. The calendar is known beforehand: it looks ahead."""
    if not len(off):
        return np.zeros(0, np.bool_)
    stretch = np.cumsum(np.append(True, off[1:] != off[:-1])) - 1
    return np.asarray(off & (np.bincount(stretch, off & (weekday < 5)) > 0)[stretch])


def shrunk_dispersion(excess: Floats, information: Floats, between: float) -> tuple[Floats, float]:
    """Dispersion of each key from moments, shrunk towards the mean of the keys (random effects, DerSimonian & Laird 1986).

    excess: float64 (n_keys,), weighted sum of (y - mean)² - y, whose mean is dispersion · mean² (Dean & Lawless 1989, eq. 7: uncorrelated
        with y for a Poisson, so its variance is 2 · mean² only).
    information: the same sum of mean²; the estimate's variance is 2 / information.
    between: variance of the dispersion between keys, as known so far.
    Returns (dispersion, between): float64 (n_keys,), 0 or more, and the renewed variance.
    """
    strength = 2 / between
    weight = information / (information + strength)
    weights = total(weight) + PRIOR_KEYS
    pooled = max((total(excess / (information + strength)) + PRIOR_KEYS * PRIOR_DISPERSION) / weights, 0.0)
    known = information > 0
    apart = np.where(known, (excess - pooled * information) ** 2 / np.where(known, information, 1.0) - 2, 0.0) / (information + strength)
    renewed = (total(apart) + PRIOR_KEYS * PRIOR_BETWEEN) / weights
    renewed = float(np.clip(renewed, *BETWEEN_RANGE))
    strength = 2 / renewed
    return np.maximum((excess + strength * pooled) / (information + strength), 0.0), renewed


class DayFactors:
    """How the kinds of period differ, for all keys together and for each key, and what holidays add to that.

    Sums of kinds: float64 (ordinary, n_keys), discounted items and what the level alone would have given; of occasions: float64
    (n_occasions, n_keys), discounted items and what level and kind together would have given. The pools are those of all keys together.
    """

    def __init__(self, kinds: Kinds, n_keys: int, memory: float) -> None:
        self.kinds, self.memory, self.between = kinds, memory, FACTOR_BETWEEN
        self.items, self.expected = np.zeros((kinds.ordinary, n_keys)), np.zeros((kinds.ordinary, n_keys))
        self.more, self.more_expected = np.zeros((kinds.n_occasions, n_keys)), np.zeros((kinds.n_occasions, n_keys))
        self.pool, self.more_pool = np.ones(kinds.ordinary), np.ones(kinds.n_occasions)

    def learn(self, period: int, items: Floats, level: Floats, ordinary: Floats) -> None:
        """Add a period: items, what the level alone gives, 0 where not seen yet, and the factor of its kind; float64 (n_keys,)."""
        kind, occasion = int(self.kinds.codes[period]), int(self.kinds.occasions[period]) - 1
        if occasion >= 0:
            self.more[occasion] = self.memory * self.more[occasion] + items
            self.more_expected[occasion] = self.memory * self.more_expected[occasion] + level * ordinary
        elif kind < self.kinds.ordinary:
            self.items[kind] = self.memory * self.items[kind] + items
            self.expected[kind] = self.memory * self.expected[kind] + level

    def renew(self, spread: Floats) -> None:
        """Pool over the keys again. spread: float64 (n_keys,), variance of a count over its mean."""
        self.pool = _pooled(self.items, self.expected, spread)
        self.more_pool = _pooled(self.more, self.more_expected, spread)
        evidence = self.expected * self.pool[:, None] / spread
        weight = evidence + 1 / self.between
        known = evidence > 0
        apart = (self.items / spread - evidence) ** 2 / np.where(known, evidence, 1.0) - 1
        found = total((np.where(known, apart, 0.0) / weight).sum(axis=0)) + PRIOR_CELLS * FACTOR_BETWEEN
        self.between = float(np.clip(found / (total((evidence / weight).sum(axis=0)) + PRIOR_CELLS), *FACTOR_RANGE))

    def expect(self, period: int, spread: Floats) -> tuple[Floats, Floats, Floats]:
        """(factor, doubt, ordinary) of each key in a period, float64 (n_keys,).

        factor: of kind and occasion; the mean over kinds is 1. doubt: its squared relative error. ordinary: of the kind alone.
        """
        kind, occasion, ordinary = int(self.kinds.codes[period]), int(self.kinds.occasions[period]) - 1, self.kinds.ordinary
        factor, doubt = np.ones(len(spread)), np.zeros(len(spread))
        if ordinary > 1:
            strength = spread / self.between
            own = (self.items + strength * self.pool[:, None]) / (self.expected + strength)
            alike = (kind,) if kind < ordinary else self.kinds.like[kind - ordinary]
            factor = own[list(alike)].sum(axis=0) / len(alike) / (own.sum(axis=0) / ordinary)
            doubt = spread / (self.expected[alike[0]] + strength)
        if occasion < 0:
            return factor, doubt, factor
        strength = spread / OCCASION_BETWEEN
        own = (self.more[occasion] + strength * self.more_pool[occasion]) / (self.more_expected[occasion] + strength)
        return factor * own, doubt + spread / (self.more_expected[occasion] + strength), factor


def _pooled(items: Floats, expected: Floats, spread: Floats) -> Floats:
    """(n_kinds,): items of all keys together over what was expected of them, a key's items counting less the more it varies."""
    if not items.shape[1]:
        return np.ones(len(items))
    found, sought = (np.add.accumulate(table / spread, axis=1)[:, -1] for table in (items, expected))
    return np.asarray((found + PRIOR_ITEMS) / (sought + PRIOR_ITEMS))
