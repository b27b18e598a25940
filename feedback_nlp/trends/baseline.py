"""What every key would count on every day if nothing had happened: levels, weekday and holiday factors, common movement, dispersion.

    expected[t, k] = level[k] · factor[k, kind of day t] · common[t, k]

- level: a Gamma posterior of the rate with exponential forgetting (West & Harrison 1997, ch. 10.8; Harvey & Fernandes 1989, eq. 3.3), its
  counts clipped from above where they stand out, so that a past burst cannot hide the next one (Farrington et al. 1996 weigh such weeks
  down; clipping the standardised residual is Huber's form of the same).
- factor: of the weekday, for every key shrunk towards that of all keys together (Gamma-Poisson empirical Bayes, Clayton & Kaldor 1987);
  weekdays that are off and weekend days that are worked have their own.
- common: the same day's volume of all other keys over what was expected of them, shrunk by how far it moved by itself in the past: a
  general rise of traffic is no news of each key, and a key's own burst does not excuse itself.
- dispersion: of a negative binomial, by moments, shrunk towards that of all keys (as Robinson & Smyth 2007 do for counts of genes).

Row t uses the rows before it, guard days left out, and of day t itself the counts of the *other* keys. Pooled sums run over the keys seen
so far, in the order of the columns, so that a key that comes later changes nothing before.
"""

from dataclasses import dataclass

import numpy as np

from feedback_nlp.trends.common import LEAST, Movement
from feedback_nlp.trends.pooling import (
    PRIOR_BETWEEN,
    DayFactors,
    Floats,
    Ints,
    Kinds,
    Mask,
    clipped,
    kinds_of_days,
    shrunk_dispersion,
    total,
)

#: Share of what was known that is left after a day: 0.98 remembers about 50 days, seven weeks.
MEMORY = 0.98
#: The same for weekday factors, after a week: 0.985 remembers about 67 weeks.
FACTOR_MEMORY = 0.985
#: The same for dispersion, after a day: about 500 days.
DISPERSION_MEMORY = 0.998
#: Latest days that are not yet learned from: a rise would be taken for the level.
GUARD = 3
#: Standard deviations above the expected count from which a count is clipped before it is learned from, and the same for dispersion.
CLIP, DISPERSION_CLIP = 3.0, 4.0
#: A key that was clipped on nearly all of the last days has a new level, no burst: from 0.65 on, seven days in a row, its older days are
#: forgotten faster, and it is learned from as it is.
HIGH_MEMORY, STAYED, STAYED_MEMORY = 0.85, 0.65, 0.85
#: Days after which factors, dispersion and common movement are learned as well, and after which counts are judged: every weekday twice.
WARM_UP, MIN_HISTORY = 7, 14
#: Lengths in days of the stretches that are judged as one, and by how many decades each must be more unlikely than a single day.
WINDOWS, HANDICAPS = (1, 2, 3, 7), (0.0, 0.1, 0.2, 0.3)
#: A day without any item is a day without data where at least this many were expected.
MISSING_FROM = 5.0
#: Items and days that a level starts from.
PRIOR_ITEMS, PRIOR_DAYS = 0.5, 1.0
#: Times the traffic is taken again without the keys that stand out from it.
PASSES = 3


@dataclass(frozen=True, eq=False)
class Baseline:
    """What was expected; all arrays float64 (n_days, n_keys) unless said otherwise.

    expected: the mean count. dispersion: variance of counts about the true mean = mean + dispersion · mean².
    doubt: squared relative error of ``expected``. history: int64 (n_days,), days learned from. missing: bool (n_days,), days without data.
    """

    expected: Floats
    dispersion: Floats
    doubt: Floats
    history: Ints
    missing: Mask


@dataclass(frozen=True)
class Settings:
    """Memory and robustness of a baseline, in periods; see the constants of the module. What is given fits days.

    windows, handicaps: stretches judged as one. lasting: whether a lasting rise alerts by itself; not where neighbours are alike anyway.
    """

    memory: float = MEMORY
    factor_memory: float = FACTOR_MEMORY
    dispersion_memory: float = DISPERSION_MEMORY
    guard: int = GUARD
    clip: float = CLIP
    warm_up: int = WARM_UP
    min_history: int = MIN_HISTORY
    windows: tuple[int, ...] = WINDOWS
    handicaps: tuple[float, ...] = HANDICAPS
    lasting: bool = True


def find_baseline(
    counts: Ints, exposure: Ints | None = None, off: Mask | None = None, weekday: Ints | None = None, *, settings: Settings | None = None
) -> Baseline:
    """Expect a count for every day and key from the days before.

    counts: int64 (n_days, n_keys), consecutive days. exposure: int64 (n_days,), all items of the day, 0 for a day without data; without it,
        the sum of the counts. off: bool (n_days,), days nobody works. weekday: int (n_days,), 0 Monday to 6 Sunday.
    """
    return learn_baseline(counts, exposure, kinds_of_days(len(counts), off, weekday), settings or Settings())


def learn_baseline(counts: Ints, exposure: Ints | None, kinds: Kinds, settings: Settings) -> Baseline:
    """The same for periods of any length, whose kinds are known."""
    n_days = len(counts)
    whole = counts.sum(axis=1)
    volume = whole if exposure is None else np.asarray(exposure, np.int64)
    # Items of no key move with the rest of the traffic: one more column, the first, so that later keys come after all others.
    table = np.concatenate([np.maximum(volume - whole, 0)[:, None], counts], axis=1).astype(np.float64)
    empty = np.zeros(n_days, np.bool_) if exposure is None else volume == 0
    learner = _Learner(table, empty, kinds, settings)
    for day in range(n_days):
        learner.learn(day - settings.guard - 1)
        learner.expect(day)
    return Baseline(learner.expected[:, 1:], learner.dispersion[:, 1:], learner.doubt[:, 1:], learner.history, learner.missing)


class _Learner:
    """The running sums of a baseline. Keys are columns; every step is arithmetic on whole rows."""

    def __init__(self, table: Floats, empty: Mask, kinds: Kinds, settings: Settings) -> None:
        n_days, n_keys = table.shape
        self.table, self.empty, self.kinds, self.settings = table, empty, kinds, settings
        self.seen = np.logical_or.accumulate(table > 0, axis=0)
        self.expected, self.dispersion, self.doubt, self.rate, self.level, self.ordinary = (np.zeros((n_days, n_keys)) for _ in range(6))
        self.history, self.missing = np.zeros(n_days, np.int64), np.zeros(n_days, np.bool_)
        self.items, self.days = np.zeros(n_keys), np.zeros(n_keys)
        self.excess, self.information, self.between = np.zeros(n_keys), np.zeros(n_keys), PRIOR_BETWEEN
        self.factors, self.movement = DayFactors(kinds, n_keys, settings.factor_memory), Movement()
        self.high = np.zeros(n_keys)
        self.learned = 0

    def expect(self, day: int) -> None:
        """Fill the row of a day."""
        level = (self.items + PRIOR_ITEMS) / (self.days + PRIOR_DAYS)
        dispersion, self.between = shrunk_dispersion(self.excess, self.information, self.between)
        spread = 1 + dispersion * level
        if self.learned and self.learned % 7 == 0:
            self.factors.renew(spread)
        factor, unsure, self.ordinary[day] = self.factors.expect(day, spread)
        mean = level * factor
        doubt = 0.6 * spread / (self.items + PRIOR_ITEMS) + unsure
        known = np.where(self.seen[day], mean, 0.0)
        self.missing[day] = self.empty[day] and self.learned > 0 and total(known) >= MISSING_FROM
        common = np.ones(len(mean))
        if self.learned >= self.settings.warm_up and not self.missing[day] and total(known) > 0:
            variance = known + (dispersion + doubt) * known**2
            common, more = self.movement.read(self._ordinary(day, known, dispersion), known, variance)
            doubt = doubt + more
        self.history[day] = self.learned
        self.expected[day], self.dispersion[day], self.doubt[day] = mean * common, dispersion, doubt
        self.level[day], self.rate[day] = level, factor * self.movement.beside_drift(common)

    def _ordinary(self, day: int, known: Floats, dispersion: Floats) -> Floats:
        """The counts of a day, those clipped that stand out even where all traffic is as much larger as the rest of it."""
        items = self.table[day]
        ordinary, whole = items, total(known)
        for _ in range(PASSES):
            mean = known * max(total(ordinary) / whole, LEAST)
            ordinary = np.where(known > 0, clipped(items, mean, dispersion, self.settings.clip), 0.0)
        return np.asarray(ordinary)

    def learn(self, day: int) -> None:
        """Take a day into the sums."""
        if day < 0 or self.missing[day]:
            return
        keep, mean, dispersion = self.settings, self.expected[day], self.dispersion[day]
        early = self.learned < self.settings.warm_up
        items = self.table[day] if early else clipped(self.table[day], mean, dispersion, keep.clip)
        above = self.table[day] > items
        stayed = self.high > STAYED
        items = np.where(stayed, self.table[day], items)
        if not early:
            known = self.seen[day]
            spread = (1 + dispersion * mean) ** 2
            wide = clipped(self.table[day], mean, dispersion, DISPERSION_CLIP)
            excess = (wide - mean) ** 2 - wide - mean**2 * self.doubt[day]
            self.excess = keep.dispersion_memory * self.excess + np.where(known, excess / spread, 0.0)
            self.information = keep.dispersion_memory * self.information + np.where(known, mean**2 / spread, 0.0)
            # The common movement is left out of it: what comes back every Monday belongs to Mondays.
            self.factors.learn(day, np.where(known, items, 0.0), np.where(known, self.level[day], 0.0), self.ordinary[day])
        self.high = HIGH_MEMORY * self.high + (1 - HIGH_MEMORY) * above
        memory = np.where(stayed, STAYED_MEMORY, keep.memory)
        self.items = memory * self.items + items
        self.days = memory * self.days + self.rate[day]
        self.learned += 1
