"""A slow rise: the cumulated log-likelihood ratio of a negative binomial (Höhle & Paul 2008, eq. 6), back at zero while nothing rises."""

import numpy as np

from feedback_nlp.trends.pooling import Floats, Ints

#: The rises the sums wait for: half as much again, and twice as much.
RISES = (1.5, 2.0)
#: The most a sum may reach, in nats: what is past is forgotten in a few days.
HIGHEST = 12.0


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
