"""Alarms, thresholds that give equal false alarms, days to detection, and the oracle.

- An **alarm** of a key is a run of days with data whose scores reach the threshold; it counts once, on its first day. **False alarms** are
  the alarms of keys without a burst, per 100 key-weeks with data.
- A burst is **found within n days** if an alarm begins on day 0 (its first) to n. One that was on already when the burst began is no find.
- **Ties** are broken at random in the same way for every detector: scores get up to `JITTER` added, so that a threshold can let any share
  of equal scores through. Tails of counts are mid-p values for the oracle, the naive Poisson test and ours.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.trend_baselines import decades, upper_mid_p
from benchmarks.trend_simulation import AFTER, Shape, World

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

JITTER = 1e-6
#: False alarms per 100 key-weeks the detectors are compared at.
RATES = (0.5, 1.0, 2.0, 5.0)
#: Days after its first one within which a burst is looked for.
WITHIN = (0, 1, 3, 7)


def carried(score: Floats, observed: NDArray[np.bool_], random: np.random.Generator) -> Floats:
    """The scores with ties broken; a lost day repeats the score of the day before, so that no alarm begins or ends there."""
    source = np.maximum.accumulate(np.where(observed, np.arange(len(observed)), 0))
    return np.asarray((score + JITTER * random.random(score.shape))[source])


def alarms(score: Floats, threshold: Floats | float) -> NDArray[np.bool_]:
    """Days on which an alarm begins, (n_days - 1, n_keys); the first row of ``score`` only tells what was on already."""
    on = score >= threshold
    return np.asarray(on[1:] & ~on[:-1])


def thresholds(score: Floats, n_alarms: Sequence[float] | Floats) -> Floats:
    """The highest threshold at which as many alarms begin, for each of ``n_alarms``; float64 (len(n_alarms),).

    A day adds one alarm to every threshold above the score of the day before and not above its own.
    """
    rising = score[1:] > score[:-1]
    now, before = np.sort(score[1:][rising])[::-1], np.sort(score[:-1][rising])
    begun = np.arange(1, len(now) + 1) - (len(before) - np.searchsorted(before, now, side="left"))
    most = np.maximum.accumulate(begun)
    place = np.searchsorted(most, np.maximum(np.round(n_alarms), 1), side="left")
    return np.where(place < len(now), now[np.minimum(place, len(now) - 1)], -np.inf) if len(now) else np.full(len(n_alarms), np.inf)


def thresholds_of_kinds(score: Floats, kind: Ints, n_kinds: int, weeks: float) -> Floats:
    """float64 (n_kinds + 1, len(RATES)): a threshold for every kind of key, and in the last row one for all. weeks: weeks with data."""
    rows = [thresholds(score[:, kind == k], np.array(RATES) / 100 * weeks * (kind == k).sum()) for k in range(n_kinds)]
    return np.stack([*rows, thresholds(score, np.array(RATES) / 100 * weeks * len(kind))])


def around(score: Floats, start: Ints) -> Floats:
    """(AFTER + 1, n_keys): the scores from the day before each start on."""
    return np.take_along_axis(score, start - 1 + np.arange(AFTER + 1)[:, None], axis=0)


def first_alarm(window: Floats, threshold: Floats) -> NDArray[np.int16]:
    """int16 (n_keys,): days from the start to the first alarm, AFTER where there is none. window: from `around`; threshold: (n_keys,)."""
    begun = alarms(window, threshold)
    return np.where(begun.any(axis=0), begun.argmax(axis=0), AFTER).astype(np.int16)


def tail_score(world: World) -> Floats:
    """The oracle of a day: -log10 of the mid-p under the true mean and size. Rows before the evaluated ones are -inf."""
    score = np.full(world.mean.shape, -np.inf)
    rows = slice(world.first - 1, None)
    score[rows] = decades(upper_mid_p(world.series.counts[rows], world.mean[rows], world.keys.size))
    return score


def scan_scores(counts: Ints, mean: Floats, size: Floats, shape: Shape) -> Iterator[Floats]:
    """The oracle of a burst, one score for each of WITHIN: log-likelihood ratios under the true mean, size and shape of the burst.

    The score of day t for n days: the largest over j = 0 ... min(n, length - 1) of the sum of log f(y | burst) / f(y | none) over the days
    t - j to t, for a burst that began at t - j (Lai 1998, a window-limited scan; Neyman & Pearson 1933 for a given j).
    """
    factors = shape.factors
    ratio = {factor: log_ratio(counts, mean, size, factor) for factor in set(factors[: max(WITHIN) + 1].tolist())}
    best, total = np.full(mean.shape, -np.inf), np.zeros(mean.shape)
    for lag in range(max(WITHIN) + 1):
        if lag < len(factors):
            longer = ratio[float(factors[lag])].copy()
            longer[1:] += total[:-1]
            total, best = longer, np.maximum(best, longer)
        if lag in WITHIN:
            yield best


def log_ratio(counts: Ints, mean: Floats, size: Floats, factor: float) -> Floats:
    """Log of f(y | factor × mean) / f(y | mean), negative binomial of the given size, Poisson where it is inf; 0 on lost days (mean 0)."""
    ratio = counts * np.log(factor)
    poisson = np.isinf(size)
    ratio[:, poisson] -= (factor - 1) * mean[:, poisson]
    r, m = size[~poisson], mean[:, ~poisson]
    ratio[:, ~poisson] += (counts[:, ~poisson] + r) * np.log((r + m) / (r + factor * m))
    return np.asarray(ratio)
