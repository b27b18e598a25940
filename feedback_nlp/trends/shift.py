"""Shifts that volume does not show: a larger share of negative items, a lower mean polarity, a larger share of all complaints."""

import numpy as np

from feedback_nlp.trends.pooling import Floats, Ints

#: Share of the past that is left after a period, as for the level.
MEMORY = 0.98
#: Latest periods that are not compared with.
GUARD = 2
#: Items' worth of the belief that a key is like all others.
PRIOR_ITEMS = 10.0
#: Correlation of items within a day: what one day differs from the next by itself (Rao & Scott 1992, the design effect).
DAY_CORRELATION = 0.02
#: Least variance of the polarity of an item: five levels of it never agree quite.
LEAST_VARIANCE = 0.02


def share_shift(hits: Ints, trials: Ints, *, memory: float = MEMORY, guard: int = GUARD) -> tuple[Floats, Floats]:
    """Compare the share of hits with that of the past.

    hits, trials: int64 (n_periods, n_keys), hits at most trials.
    Returns (expected, p), float64 of the same shape: the share of the past, shrunk towards that of all keys, and the mid-p value of as
    many hits or more. The tail is that of a beta-binomial, taken from the binomial with items divided by the design effect (Rao & Scott
    1992), the doubt about the past counted in. NaN where there is no past.
    """
    past_hits, past_trials = past(hits, memory, guard), past(trials, memory, guard)
    all_hits, all_trials = (np.add.accumulate(table, axis=1)[:, -1:] if table.shape[1] else table for table in (past_hits, past_trials))
    known = all_trials > 0
    pooled = np.where(known, (all_hits + 0.5) / (all_trials + 1.0), np.nan)
    expected = (past_hits + PRIOR_ITEMS * pooled) / (past_trials + PRIOR_ITEMS)
    # The past is overdispersed as well: its items weigh no more than those of as many days allow.
    weight = 1 / (1 / (past_trials + PRIOR_ITEMS) + DAY_CORRELATION * (1 - memory))
    effect = 1 + np.maximum(trials - 1, 0) * (DAY_CORRELATION + 1 / (weight + 1))
    return expected, _upper(hits, trials, expected, effect)


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
    result[guard + 1 :] = sums[: -guard - 1]
    return result
