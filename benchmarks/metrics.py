"""Metrics from arrays of class numbers: macro-F1 with its bootstrap interval, calibration error."""

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
BINS = 15


def confusion(truth: NDArray[np.intp], chosen: NDArray[np.intp], n_classes: int) -> NDArray[np.int64]:
    """int64 (n_classes, n_classes): rows truth, columns chosen."""
    return np.bincount(truth * n_classes + chosen, minlength=n_classes**2).reshape(n_classes, n_classes)


def f1_scores(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """F1 of each class, NaN where a class is neither true nor chosen; counts: (..., n, n) -> (..., n)."""
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    total = counts.sum(axis=-1) + counts.sum(axis=-2)
    return np.divide(2 * hits, total, out=np.full(total.shape, np.nan), where=total > 0)


def macro_f1(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean F1 over the classes that are true or chosen (scikit-learn's default); counts: (..., n, n) -> (...)."""
    return np.nanmean(f1_scores(counts), axis=-1)


def macro_f1_interval(counts: NDArray[np.int64], *, seed: int, resamples: int = RESAMPLES, level: float = 0.95) -> tuple[float, float]:
    """Percentile bootstrap interval of macro-F1; counts: (n, n).

    To draw rows with replacement is to draw a multinomial over the cells of the confusion matrix (Efron & Tibshirani 1993, 6 and 13).
    """
    total = counts.sum()
    draws = np.random.default_rng(seed).multinomial(total, counts.ravel() / total, size=resamples)
    values = macro_f1(draws.reshape(resamples, *counts.shape))
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def calibration_error(confidence: NDArray[np.floating], right: NDArray[np.bool_], *, bins: int = BINS) -> float:
    """Expected calibration error (Guo et al. 2017): mean |accuracy - confidence| over equal bins of confidence, weighted by rows.

    confidence: (n,) in [0, 1] of the chosen class. right: bool (n,). Bin k holds (k / bins, (k + 1) / bins], 0 belongs to the first.
    """
    number = np.clip(np.ceil(confidence.astype(np.float64) * bins).astype(int) - 1, 0, bins - 1)
    gap = np.bincount(number, weights=right.astype(np.float64) - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))
