"""A slow rise: the cumulated log-likelihood ratio of a negative binomial (Höhle & Paul 2008, eq. 6), back at zero while nothing rises."""

import numpy as np

from feedback_nlp.trends.pooling import Floats, Ints

#: The rises the sums wait for: half as much again, and twice as much.
RISES = (1.5, 2.0)
#: Rows before an alert in which the beginning of its rise is looked for, its own included.
LONGEST = 28
#: The most a sum may reach, in nats: what is past is forgotten in a few days.
HIGHEST = 8.0


def rise_scores(counts: Ints, expected: Floats, dispersion: Floats, *, rises: tuple[float, ...] = RISES) -> tuple[Floats, Ints]:
    """Cumulate the evidence for a rise that lasts.

    counts: int64 (n_days, n_keys). expected: float64 (n_days, n_keys), the mean if nothing rises; NaN where unknown, which adds nothing.
    dispersion: float64, the same shape: variance = mean + dispersion · mean².
    rises: the factors waited for, each above 1; the largest sum counts.
    Returns (statistic, start): float64 (n_days, n_keys) in nats, 0 to HIGHEST; int64, the same shape, the row at which the present run
    above zero began, the row itself where the statistic is 0.
    """
    n_days, n_keys = counts.shape
    known = np.isfinite(expected)
    mean = np.where(known, np.maximum(expected, 1e-9), 1.0)
    size = 1 / np.maximum(dispersion, 1e-6)
    steps = [np.where(known, counts * np.log(rise) + (counts + size) * np.log((size + mean) / (size + rise * mean)), 0.0) for rise in rises]
    statistic, start = np.zeros((n_days, n_keys)), np.zeros((n_days, n_keys), np.int64)
    sums, begun = np.zeros((len(rises), n_keys)), np.zeros((len(rises), n_keys), np.int64)
    columns = np.arange(n_keys)
    for day in range(n_days):
        begun = np.where(sums <= 0, day, begun)
        sums = np.clip(sums + np.stack([step[day] for step in steps]), 0.0, HIGHEST)
        best = sums.argmax(axis=0)
        statistic[day] = sums[best, columns]
        start[day] = np.where(statistic[day] > 0, begun[best, columns], day)
    return statistic, start


def rise_began(counts: Ints, expected: Floats, rows: Ints, keys: Ints) -> Ints:
    """Find the row from which on the counts up to an alert are most unlike what was expected, int64 (n,), at most the alert's.

    counts: int64 (n_periods, n_keys); expected: float64, the same shape, NaN counting nothing. rows, keys: int64 (n,), the alerts.
    The start has the largest likelihood ratio of a rise whose size is that of the stretch itself, Y log(Y / M) - (Y - M) with Y items and
    M expected (Kulldorff 2001, eq. 1); of equal ones the latest.
    """
    places = rows[:, None] - np.arange(LONGEST)
    inside = places >= 0
    cells = (np.maximum(places, 0), keys[:, None])
    mean = np.where(inside, expected[cells], np.nan)
    known = np.isfinite(mean)
    items, whole = np.cumsum(np.where(known, counts[cells], 0), axis=1), np.cumsum(np.where(known, mean, 0.0), axis=1)
    some = known & (items > whole)
    ratio = np.where(some, items, 1.0) / np.where(some, np.maximum(whole, 1e-9), 1.0)
    found = np.where(some, items * np.log(ratio) - (items - whole), -1.0)
    return np.asarray(rows - found.argmax(axis=1) if len(rows) else rows)
