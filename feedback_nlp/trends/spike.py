"""How unlikely a day's count is: the upper tail of a Gamma-Poisson predictive distribution, for one day and for the last few together."""

from dataclasses import dataclass

import numpy as np

from feedback_nlp.trends.baseline import MIN_HISTORY, Baseline, Settings, find_baseline
from feedback_nlp.trends.pooling import Floats, Ints, Mask

#: A negative binomial of this dispersion is a Poisson.
LEAST_SPREAD = 1e-6
#: Normal quantile of the band: central 95 %.
BAND_Z = 1.959964


@dataclass(frozen=True, eq=False)
class SpikeScores:
    """What was expected of every day and key and how far the count is above it; float64 (n_days, n_keys), NaN where history is too short.

    expected: the mean. low, high: the central 95 % of the predictive distribution, in items.
    p: mid-p value of the upper tail, P(Y > y) + P(Y = y) / 2: 0.5 on average where nothing happens, whatever the mean.
    """

    expected: Floats
    low: Floats
    high: Floats
    p: Floats


def spike_scores(
    counts: Ints, exposure: Ints | None = None, off: Mask | None = None, weekday: Ints | None = None, *, settings: Settings | None = None
) -> SpikeScores:
    """Judge every count by the days before it.

    counts: int64 (n_days, n_keys), consecutive days. exposure: int64 (n_days,), all items of the day, 0 for a day without data.
    off: bool (n_days,), days nobody works. weekday: int (n_days,), 0 Monday to 6 Sunday.
    Row t uses rows before t, guard days left out, and of row t the other keys' counts.
    """
    settings = settings or Settings()
    return score_spikes(counts, find_baseline(counts, exposure, off, weekday, settings=settings), settings.min_history)


def score_spikes(counts: Ints, baseline: Baseline, min_history: int = MIN_HISTORY) -> SpikeScores:
    """The same from a baseline that is known already; ``min_history``: periods learned from before a count is judged."""
    expected = np.where(judged(baseline, min_history), baseline.expected, np.nan)
    spread = baseline.dispersion + baseline.doubt
    low, high = band(expected, spread)
    return SpikeScores(expected, low, high, mid_p(counts, expected, spread))


def judged(baseline: Baseline, min_history: int) -> Mask:
    """bool (n_days, 1): days with data and enough history."""
    return np.asarray(((baseline.history >= min_history) & ~baseline.missing)[:, None])


def mid_p(counts: Ints, expected: Floats, spread: Floats) -> Floats:
    """P(Y > y) + P(Y = y) / 2 of a negative binomial of the given mean and variance mean + spread · mean²; NaN where the mean is.

    The tail is a regularised incomplete beta function (Johnson, Kemp & Kotz 2005, eq. 5.27), computed once; half of P(Y = y) is taken off.
    """
    from scipy.special import betainc, gammaln

    size = 1 / np.maximum(spread, LEAST_SPREAD)
    share = expected / (expected + size)
    tail = np.where(np.isnan(expected), np.nan, 1.0)
    some = np.nonzero(counts > 0)
    tail[some] = betainc(counts[some], size[some], share[some])
    log_point = gammaln(counts + size) - gammaln(size) - gammaln(counts + 1.0) + size * np.log1p(-share)
    log_point[some] += counts[some] * np.log(share[some])
    # P(Y = y) is part of the tail: more than half of that it takes off by rounding only.
    return np.asarray(np.maximum(tail - np.exp(log_point) / 2, tail / 2))


def band(expected: Floats, spread: Floats) -> tuple[Floats, Floats]:
    """The central 95 % in items, by the Cornish-Fisher expansion to skewness (Abramowitz & Stegun 26.2.49), rounded outwards."""
    mean = np.maximum(expected, 1e-12)
    deviation = np.sqrt(mean + spread * mean * mean)
    skew = (1 + 2 * spread * mean) / deviation
    bend = (BAND_Z * BAND_Z - 1) * skew / 6
    low = np.floor(np.maximum(mean + deviation * (bend - BAND_Z), 0.0))
    return low, np.ceil(np.maximum(mean + deviation * (bend + BAND_Z) - 0.5, 0.0))
