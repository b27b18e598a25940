"""What keys have in common: dispersion and day factors of each key, shrunk towards those of all keys by how much keys really differ.

All sums run from left to right over the keys, so that keys without data at the end change not a bit of a result.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

#: Kinds of day: Monday to Sunday, a weekday that is off, a weekend day that is worked.
HOLIDAY, MAKE_UP = 7, 8
HOURS = 24

#: Dispersion believed before anything is known, in keys' worth of evidence; and the variance of it between keys.
PRIOR_DISPERSION, PRIOR_KEYS, PRIOR_BETWEEN = 0.05, 1.0, 0.05**2
#: Variance of the dispersion between keys: never believed to be less, nor more.
BETWEEN_RANGE = (0.01**2, 1.0)
#: Items' worth of the belief that a day is like any other, for all keys together; and the variance of factors between keys.
PRIOR_ITEMS, FACTOR_BETWEEN = 30.0, 0.1**2
#: Keys and days' worth of evidence that belief in FACTOR_BETWEEN is worth, and its range.
PRIOR_CELLS, FACTOR_RANGE = 5.0, (0.03**2, 0.5**2)


def total(values: Floats) -> float:
    """Sum from left to right: zeros at the end do not change a bit of it."""
    return float(np.add.accumulate(values)[-1]) if len(values) else 0.0


@dataclass(frozen=True, eq=False)
class Kinds:
    """Which periods are alike.

    codes: int64 (n_periods,), the kind of each. ordinary: number of kinds that the mean is taken of, the first ones.
    like: for each further kind, the ordinary ones it is taken for until it is known.
    """

    codes: Ints
    ordinary: int = 1
    like: tuple[tuple[int, ...], ...] = ()

    @property
    def number(self) -> int:
        """All kinds."""
        return self.ordinary + len(self.like)


def kinds_of_days(n_days: int, off: Mask | None, weekday: Ints | None) -> Kinds:
    """Monday to Sunday, weekdays off and weekend days worked; without weekdays worked days and others, without both all days are alike.

    off: bool (n_days,), days nobody works. weekday: int (n_days,), 0 Monday to 6 Sunday.
    """
    if weekday is None:
        return Kinds(np.zeros(n_days, np.int64) if off is None else np.asarray(off, np.int64), 1, () if off is None else ((0,),))
    kinds = np.asarray(weekday, np.int64)
    if off is not None:
        kinds = np.where(off & (kinds < 5), HOLIDAY, np.where(~off & (kinds >= 5), MAKE_UP, kinds))
    return Kinds(kinds, 7, ((5, 6), (0, 1, 2, 3, 4)))


def kinds_of_hours(hour: Ints, off: Mask) -> Kinds:
    """Hours 0 to 23 of days that are worked, and of days that are off. hour: int (n_hours,); off: bool (n_hours,)."""
    return Kinds(np.where(off, hour + HOURS, hour), HOURS, tuple((number,) for number in range(HOURS)))


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
    """How the kinds of period differ, for all keys together and for each key.

    items, expected: float64 (n_kinds, n_keys), discounted items by kind and what the level alone would have given.
    pool: float64 (n_kinds,), the factors of all keys together. between: variance of factors between keys.
    """

    def __init__(self, kinds: Kinds, n_keys: int, memory: float) -> None:
        self.kinds, self.memory = kinds, memory
        self.items, self.expected = np.zeros((kinds.number, n_keys)), np.zeros((kinds.number, n_keys))
        self.pool = np.ones(kinds.number)
        self.between = FACTOR_BETWEEN

    def learn(self, kind: int, items: Floats, expected: Floats) -> None:
        """Add a period of this kind: what was counted and what the level alone gives, float64 (n_keys,), 0 for keys not seen yet."""
        self.items[kind] = self.memory * self.items[kind] + items
        self.expected[kind] = self.memory * self.expected[kind] + expected

    def renew(self, spread: Floats) -> None:
        """Pool over the keys again. spread: float64 (n_keys,), variance of a count over its mean."""
        ordinary = self.kinds.ordinary
        items, expected = (np.add.accumulate(table / spread, axis=1)[:, -1] for table in (self.items, self.expected))
        self.pool = (items + PRIOR_ITEMS) / (expected + PRIOR_ITEMS)
        for kind, like in enumerate(self.kinds.like, start=ordinary):
            self.pool[kind] = (items[kind] + PRIOR_ITEMS * self.pool[list(like)].mean()) / (expected[kind] + PRIOR_ITEMS)
        evidence = self.expected[:ordinary] * self.pool[:ordinary, None] / spread
        weight = evidence + 1 / self.between
        known = evidence > 0
        apart = (self.items[:ordinary] / spread - evidence) ** 2 / np.where(known, evidence, 1.0) - 1
        found = total((np.where(known, apart, 0.0) / weight).sum(axis=0)) + PRIOR_CELLS * FACTOR_BETWEEN
        self.between = float(np.clip(found / (total((evidence / weight).sum(axis=0)) + PRIOR_CELLS), *FACTOR_RANGE))

    def of_kind(self, kind: int, spread: Floats) -> tuple[Floats, Floats]:
        """(factor, doubt) of each key in a period of this kind, float64 (n_keys,): their mean is 1; doubt is squared and relative."""
        ordinary, strength = self.kinds.ordinary, spread / self.between
        own = (self.items[:ordinary] + strength * self.pool[:ordinary, None]) / (self.expected[:ordinary] + strength)
        chosen = own[kind] if kind < ordinary else (self.items[kind] + strength * self.pool[kind]) / (self.expected[kind] + strength)
        doubt = spread / (self.expected[kind] + strength) if self.kinds.number > 1 else np.zeros(len(spread))
        return chosen / (own.sum(axis=0) / ordinary), doubt
