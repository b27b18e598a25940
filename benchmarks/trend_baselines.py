"""The detectors that are compared: day counts in, one score for every day and key out, higher where it is more alarming.

A score of day t uses the days before it and day t. The baselines are given the days with data only, as if the lost ones had never been, and
nothing else; ours is given the volume, the calendar and the lost days (volume 0). -inf where a detector has no score yet.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.trend_simulation import Series

Floats = NDArray[np.float64]

#: Least standard deviation of the standardised baselines, for counts that are mostly 0; the ``minSigma`` of R's surveillance::earsC, whose
#: manual gives 0.5 or 1 for sparse data. Of 0.2, 0.35, 0.5, 1, 1.5, 2 and 3, 1 serves them best under one threshold for all keys.
LEAST_DEVIATION = 1.0
#: Mean of the naive Poisson test where 28 days had no item: half an item in all of them.
LEAST_MEAN = 0.5 / 28


def ours(series: Series) -> Floats:
    """The package's detector: one-day tails and windows of several days."""
    from feedback_nlp.trends.alerts import alert_scores

    return filled(alert_scores(series.counts, series.exposure, series.off, series.weekday))


def ours_one_day(series: Series) -> Floats:
    """The package's test of a single day."""
    from feedback_nlp.trends.spike import spike_scores

    return decades(spike_scores(series.counts, series.exposure, series.off, series.weekday).p)


def ears_c1(series: Series) -> Floats:
    """C1 = (y - mean) / deviation of days t-7 to t-1 (Hutwagner, Thompson, Seeman & Treadwell 2003, J. Urban Health 80 suppl. 1)."""
    return on_days_with_data(series, lambda counts: standardised(counts, 7, 0, LEAST_DEVIATION))


def ears_c2(series: Series) -> Floats:
    """C2: C1 with a gap of two days, the baseline being t-9 to t-3 (same source)."""
    return on_days_with_data(series, _c2)


def ears_c3(series: Series) -> Floats:
    """C3 = sum of max(0, C2 - 1) over days t-2 to t (same source)."""

    def c3(counts: NDArray[np.int64]) -> Floats:
        above = np.maximum(_c2(counts) - 1, 0)
        score = above.copy()
        score[1:] += above[:-1]
        score[2:] += above[:-2]
        score[:11] = -np.inf
        return score

    return on_days_with_data(series, c3)


def mean_and_deviations(series: Series) -> Floats:
    """(y - mean) / deviation of days t-28 to t-1; 3 is the rule of three sigma."""
    return on_days_with_data(series, lambda counts: standardised(counts, 28, 0, LEAST_DEVIATION))


def naive_poisson(series: Series) -> Floats:
    """-log10 of the mid-p of the count for a Poisson with the mean of days t-28 to t-1."""

    def score(counts: NDArray[np.int64]) -> Floats:
        mean = np.maximum(_sums(counts, 28, 0) / 28, LEAST_MEAN)
        return np.where(np.isnan(mean), -np.inf, decades(upper_mid_p(counts, mean, np.full(counts.shape[1], np.inf))))

    return on_days_with_data(series, score)


def count_itself(series: Series) -> Floats:
    """The count; more than 10 a day is the plain rule of the documents."""
    return series.counts.astype(np.float64)


Detector = Callable[[Series], Floats]
OURS, SPIKE, C2, COUNT = "ours", "ours, one day", "EARS C2", "count > 10"
DETECTORS: dict[str, Detector] = {
    OURS: ours,
    SPIKE: ours_one_day,
    "EARS C1": ears_c1,
    C2: ears_c2,
    "EARS C3": ears_c3,
    "mean + 3σ": mean_and_deviations,
    "Poisson": naive_poisson,
    COUNT: count_itself,
}
BASELINES = tuple(name for name in DETECTORS if name not in (OURS, SPIKE))


def standardised(counts: NDArray[np.int64], days: int, gap: int, least: float) -> Floats:
    """(y - mean) / max(sample deviation, least), of the ``days`` days that end ``gap`` + 1 days before; -inf in the first days."""
    mean = _sums(counts, days, gap) / days
    squares = _sums(counts * counts, days, gap)
    variance = np.maximum(squares - days * mean * mean, 0) / (days - 1)
    return filled((counts - mean) / np.maximum(np.sqrt(variance), least))


def upper_mid_p(counts: NDArray[np.int64], mean: Floats, size: Floats) -> Floats:
    """P(Y > y) + P(Y = y) / 2 of a negative binomial of this mean and size r, inf for Poisson; 1 where y is at most the mean.

    counts, mean: (n_days, n_keys); size: (n_keys,). Tails as incomplete gamma and beta functions (Johnson, Kemp & Kotz 2005, 4.9 and 5.6).
    """
    from scipy.special import betainc, gammainc

    p = np.ones(counts.shape)
    day, key = np.nonzero(counts > mean)
    y, m, r = counts[day, key], mean[day, key], size[key]
    poisson = np.isinf(r)
    found = np.empty(len(y))
    found[poisson] = (gammainc(y[poisson], m[poisson]) + gammainc(y[poisson] + 1, m[poisson])) / 2
    y, m, r = y[~poisson], m[~poisson], r[~poisson]
    found[~poisson] = (betainc(y, r, m / (r + m)) + betainc(y + 1, r, m / (r + m))) / 2
    p[day, key] = found
    return p


def decades(p: Floats) -> Floats:
    """-log10 of p; -inf for NaN."""
    return filled(-np.log10(np.maximum(p, 1e-300)))


def filled(score: Floats) -> Floats:
    """NaN, no score yet, as -inf."""
    return np.asarray(np.where(np.isnan(score), -np.inf, score))


def on_days_with_data(series: Series, score: Callable[[NDArray[np.int64]], Floats]) -> Floats:
    """Score the days with data as if they were consecutive; -inf on the others."""
    result = np.full(series.counts.shape, -np.inf)
    result[series.observed] = score(series.counts[series.observed])
    return result


def _c2(counts: NDArray[np.int64]) -> Floats:
    return standardised(counts, 7, 2, LEAST_DEVIATION)


def _sums(values: NDArray[Any], days: int, gap: int) -> Floats:
    """Sum of rows t - gap - days to t - gap - 1; NaN where there are not so many."""
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
    result = np.full(values.shape, np.nan)
    first = days + gap
    result[first:] = (total[days:-1] - total[: -days - 1])[: len(values) - first]
    return result
