"""Shifts that volume does not show: a larger share of negative items, a lower mean polarity, a larger share of all complaints."""

import numpy as np

from feedback_nlp.trends.pooling import Floats, Ints, Mask

#: Share of the past that is left after a period, as for the level.
MEMORY = 0.98
#: Latest periods that are not compared with.
GUARD = 3
#: Items' worth of the belief that a key is like all others.
PRIOR_ITEMS = 10.0
#: Correlation of items within a day, what one day differs from the next by itself: believed before anything is known, and the weight of
#: that belief in days of a key.
DAY_CORRELATION, PRIOR_DAYS = 0.02, 50.0
#: Its memory, a period; and the most that one day may say, in squared standard deviations.
CORRELATION_MEMORY, MOST = 0.995, 9.0
#: Least variance of the polarity of an item: five levels of it never agree quite.
LEAST_VARIANCE = 0.02


def share_shift(
    hits: Ints, trials: Ints, seen: Mask, *, prior: float | None = None, memory: float = MEMORY, guard: int = GUARD
) -> tuple[Floats, Floats]:
    """Compare the share of hits with that of the past.

    hits, trials: int64 (n_periods, n_keys), hits at most trials. seen: bool, the same shape: the key has come by then; rows and keys where
    it has not count for nothing. prior: the share believed before anything is known; None: that of all keys together.
    Returns (expected, p), float64 of the same shape: the share of the past, shrunk towards the prior, and the mid-p value of as many hits
    or more. The tail is that of a beta-binomial, taken from the binomial with items divided by the design effect (Rao & Scott 1992), the
    doubt about the past counted in. NaN where there is no past.
    """
    past_hits, past_trials = past(hits, memory, guard), past(trials, memory, guard)
    pooled: Floats | float = prior if prior is not None else 0.0
    if prior is None:
        pooled = (_over_keys(past_hits) + 0.5) / (_over_keys(past_trials) + 1.0)
    known = _over_keys(past_trials) > 0
    expected = np.where(known, (past_hits + PRIOR_ITEMS * pooled) / (past_trials + PRIOR_ITEMS), np.nan)
    alike = _day_correlation(hits, trials, np.where(seen, expected, np.nan), guard)
    # The past is overdispersed as well: its items weigh no more than those of as many days allow.
    doubt = 1 / (past_trials + PRIOR_ITEMS) + alike * (1 - memory)
    effect = 1 + np.maximum(trials - 1, 0) * (alike + doubt)
    return expected, _upper(hits, trials, expected, effect)


def _day_correlation(hits: Ints, trials: Ints, expected: Floats, guard: int) -> Floats:
    """(n_periods, 1): the correlation of items within a day of all keys so far, by moments (Kleinman 1973), NaN counting nothing."""
    some = np.isfinite(expected) & (trials > 1) & (expected > 0) & (expected < 1)
    mean = np.where(some, expected, 0.5)
    square = np.minimum((hits - trials * mean) ** 2 / np.maximum(trials * mean * (1 - mean), 1e-9), MOST)
    weight = np.where(some, 1 / (1 + np.maximum(trials - 1, 0) * DAY_CORRELATION), 0.0)
    above = _over_keys(weight * (square - 1)), _over_keys(weight * np.maximum(trials - 1, 0))
    found, possible = (past(sums, CORRELATION_MEMORY, guard) for sums in above)
    return np.clip((found + PRIOR_DAYS * DAY_CORRELATION) / (possible + PRIOR_DAYS), 0.0, 0.9)


def _over_keys(table: Floats) -> Floats:
    """(n_periods, 1): sums over the keys from left to right, so that keys to come change not a bit of them."""
    return np.add.accumulate(table, axis=1)[:, -1:] if table.shape[1] else np.zeros((len(table), 1))


def _upper(hits: Ints, trials: Ints, share: Floats, effect: Floats) -> Floats:
    """Mid-p of as many hits or more: P(X >= x) is a regularised incomplete beta function (Johnson, Kemp & Kotz 2005, eq. 3.40)."""
    from scipy.special import betainc

    p = np.where(np.isnan(share), np.nan, 1.0)
    some = np.nonzero((hits > 0) & np.isfinite(share))
    x, n, e, rate = hits[some], trials[some], effect[some], share[some]
    at_least = betainc(x / e, (n - x + 1) / e, rate)
    more = np.where(n > x, betainc((x + 1) / e, np.maximum(n - x, 1) / e, rate), 0.0)
    p[some] = (at_least + more) / 2
    return p


def polarity_shift(items: Ints, total: Floats, squares: Floats, *, memory: float = MEMORY, guard: int = GUARD) -> tuple[Floats, Floats]:
    """Compare the mean polarity with that of the past.

    items: int64 (n_periods, n_keys), items with a polarity; total, squares: float64, the sums of their polarities and of the squares.
    Returns (expected, p), float64 of the same shape: the mean of the past and the lower tail of z = (mean - expected) / sqrt(v/n + doubt),
    v the variance of the past; NaN where there is no past or no item.
    """
    from scipy.special import ndtr

    n, s, q = (past(table, memory, guard) for table in (items, total, squares))
    known = n > 0
    expected = np.where(known, s / np.where(known, n, 1.0), np.nan)
    variance = np.maximum(q / np.where(known, n, 1.0) - expected**2, LEAST_VARIANCE) * (n + PRIOR_ITEMS) / np.maximum(n, 1.0)
    some = np.maximum(items, 1)
    error = variance * (1 / some + DAY_CORRELATION + 1 / np.maximum(n, 1.0))
    p = ndtr((total / some - expected) / np.sqrt(error))
    return expected, np.where((items > 0) & known, p, np.nan)


def past(values: Ints | Floats, memory: float, guard: int) -> Floats:
    """Discounted sums over the rows before the last ``guard`` ones: row t holds the rows up to t - guard - 1, the last with weight 1."""
    from scipy.signal import lfilter

    sums = lfilter([1.0], [1.0, -memory], np.asarray(values, dtype=np.float64), axis=0)
    result = np.zeros(values.shape)
    result[guard + 1 :] = sums[: max(len(sums) - guard - 1, 0)]
    return result
