"""Figures from arrays of class numbers: counts, F1, intervals, calibration, ordered agreement, recall at the top.

No figure here knows about texts or tables. A share of nothing is NaN.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Draws of the bootstrap, bins of confidence, coverage of every interval, and where the draws start.
RESAMPLES = 2000
BINS = 15
LEVEL = 0.95
SEED = 20_240_601

#: The part of the texts that people can look at first.
TOP_SHARE = 0.1


def confusion(truth: NDArray[np.intp], chosen: NDArray[np.intp], n_classes: int) -> NDArray[np.int64]:
    """int64 (n_classes, n_classes): rows truth, columns chosen."""
    return np.bincount(truth * n_classes + chosen, minlength=n_classes**2).reshape(n_classes, n_classes)


def shares(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[np.float64]:
    """part / whole, NaN where the whole is 0; numbers of any shape, two single ones give a single one."""
    found: NDArray[np.float64] = np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) > 0)[()]
    return found


def f1_scores(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """F1 of each class, NaN where a class is neither true nor chosen; counts: (..., n, n) -> (..., n)."""
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    return shares(2 * hits, counts.sum(axis=-1) + counts.sum(axis=-2))


def mean_known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the last axis of what is not NaN; NaN where everything is."""
    known = (~np.isnan(values)).sum(axis=-1)
    return shares(np.nansum(values, axis=-1), known)


def macro_f1(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean F1 over the classes that are true or chosen (scikit-learn's default); counts: (..., n, n) -> (...)."""
    return mean_known(f1_scores(counts))


def cell_patterns(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Rows of a confusion matrix (n, n) by cell: how many (n * n,), and for each cell and class whether a row of it is a hit, and how often
    it names the class, as truth or as choice: int64 (n * n, n)."""
    classes = np.arange(len(counts))
    true = np.repeat(classes, len(counts))[:, None] == classes
    chosen = np.tile(classes, len(counts))[:, None] == classes
    return counts.ravel(), (true & chosen).astype(np.int64), true.astype(np.int64) + chosen


def flag_patterns(truth: NDArray[np.bool_], chosen: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The same for n flags that may hold together, bool (m, n) each: a pattern is a set of true and raised flags that occurs."""
    patterns, times = np.unique(np.hstack([truth, chosen]), axis=0, return_counts=True)
    true, raised = np.hsplit(patterns, 2)
    return times.astype(np.int64), (true & raised).astype(np.int64), true.astype(np.int64) + raised


def f1_intervals(
    patterns: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
    *,
    seed: int = SEED,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile bootstrap intervals of macro-F1, float64 (2,), and of each class' F1, float64 (2, n): low, high.

    patterns: of ``cell_patterns`` or ``flag_patterns``.
    To draw rows with replacement is to draw a multinomial over the patterns of rows (Efron & Tibshirani 1993, 6 and 13).
    Draws in which a figure does not exist, because its class does not occur, do not count for it.
    """
    times, hits, named = patterns
    total = times.sum()
    if not total:
        return np.full(2, np.nan), np.full((2, hits.shape[1]), np.nan)
    draws = np.random.default_rng(seed).multinomial(total, times / total, size=resamples)
    values = shares(2 * (draws @ hits), draws @ named)
    bounds = np.array([(1 - level) / 2, (1 + level) / 2])
    columns = [column[~np.isnan(column)] for column in (mean_known(values), *values.T)]
    found = np.array([np.quantile(column, bounds) if len(column) else np.full(2, np.nan) for column in columns])
    return found[0], found[1:].T


def macro_f1_interval(counts: NDArray[np.int64], *, seed: int, resamples: int = RESAMPLES, level: float = LEVEL) -> tuple[float, float]:
    """Percentile bootstrap interval of macro-F1 from a confusion matrix (n, n); see ``f1_intervals``."""
    low, high = f1_intervals(cell_patterns(counts), seed=seed, resamples=resamples, level=level)[0].tolist()
    return low, high


def wilson_intervals(hits: NDArray[np.integer], totals: NDArray[np.integer], *, level: float = LEVEL) -> NDArray[np.float64]:
    """Wilson's score interval (1927) of each share hits / totals: float64 (2, n), low and high; NaN where the total is 0."""
    from scipy.stats import binomtest

    found = np.full((2, len(totals)), np.nan)
    for place, (hit, total) in enumerate(zip(hits.tolist(), totals.tolist(), strict=True)):
        if total:
            found[:, place] = binomtest(hit, total).proportion_ci(level, method="wilson")
    return found


def reliability(
    confidence: NDArray[np.floating], right: NDArray[np.bool_], *, bins: int = BINS
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """How many decisions fall into each of equal bins of confidence, their mean confidence, and the share that is right: (bins,) each.

    confidence: (n,) in [0, 1] of what was chosen. right: bool (n,). Bin k holds (k / bins, (k + 1) / bins], 0 belongs to the first.
    """
    number = _bin_numbers(confidence, bins)
    rows = np.bincount(number, minlength=bins)
    means = shares(np.bincount(number, weights=confidence, minlength=bins), rows)
    return rows, means, shares(np.bincount(number, weights=right, minlength=bins), rows)


def calibration_error(confidence: NDArray[np.floating], right: NDArray[np.bool_], *, bins: int = BINS) -> float:
    """Expected calibration error (Guo et al. 2017, equation 3): |share right - mean confidence| of each bin, weighted by its rows.

    Arguments and bins: as for ``reliability``.
    """
    if not len(confidence):
        return float("nan")
    gap = np.bincount(_bin_numbers(confidence, bins), weights=right.astype(np.float64) - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))


def _bin_numbers(confidence: NDArray[np.floating], bins: int) -> NDArray[np.intp]:
    return np.clip(np.ceil(confidence.astype(np.float64) * bins).astype(np.intp) - 1, 0, bins - 1)


def weighted_kappa(truth: NDArray[np.intp], chosen: NDArray[np.intp], n_classes: int) -> float:
    """Cohen's kappa with quadratic weights (Cohen 1968) for ordered classes; NaN where truth and choice are one and the same class."""
    from sklearn.metrics import cohen_kappa_score

    if len(np.union1d(truth, chosen)) < 2:
        return float("nan")
    return float(cohen_kappa_score(truth, chosen, labels=range(n_classes), weights="quadratic"))


def top_recall(score: NDArray[np.floating], positive: NDArray[np.bool_], *, share: float = TOP_SHARE) -> tuple[float, float]:
    """Recall of the positive rows within the ``share`` of rows with the highest score, and the highest recall possible there.

    score: (n,). positive: bool (n,). The share is rounded up to whole rows. Rows that tie at its border count in proportion, as on
    average over all ways to order them, so that the order of rows changes nothing.
    """
    found = int(positive.sum())
    if not found:
        return float("nan"), float("nan")
    places = int(np.ceil(share * len(score)))
    border = np.partition(score, len(score) - places)[len(score) - places]
    above, tied = score > border, score == border
    inside = (positive & above).sum() + (positive & tied).sum() * (places - above.sum()) / tied.sum()
    return float(inside / found), min(1.0, places / found)
