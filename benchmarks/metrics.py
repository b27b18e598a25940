"""The package's own figures, under the name the benchmarks know them by, and what only the benchmarks ask about them."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.evaluate.metrics import (
    BINS,
    RESAMPLES,
    TOP_SHARE,
    calibration_error,
    confusion,
    f1_scores,
    macro_f1,
    macro_f1_interval,
    top_recall,
    wilson_intervals,
)

__all__ = [
    "BINS",
    "RESAMPLES",
    "SIMULATIONS",
    "TOP_SHARE",
    "calibrated_errors",
    "calibration_error",
    "confusion",
    "equal_mass_error",
    "f1_scores",
    "macro_f1",
    "macro_f1_interval",
    "right_share",
    "three_class_figures",
    "top_recall",
    "wilson_intervals",
]

#: Draws that say how large an error of calibration chance alone makes.
SIMULATIONS = 1000


def equal_mass_error(confidence: NDArray[np.floating], right: NDArray[np.bool_], *, bins: int = BINS) -> float:
    """Expected calibration error with bins of equal size instead of equal width (Nguyen & O'Connor 2015; Nixon et al. 2019).

    Arguments: as for ``calibration_error``. Rows of the same confidence share their mean of ``right``, so that the order of rows
    changes nothing. Sizes differ by one row at most.
    """
    if not len(confidence):
        return float("nan")
    values, place, times = np.unique(confidence.astype(np.float64), return_inverse=True, return_counts=True)
    gap = np.bincount(place, weights=right.astype(np.float64)) / times - values
    parts = np.array_split(np.repeat(gap, times), bins)
    return float(sum(abs(part.sum()) for part in parts) / len(confidence))


def calibrated_errors(
    confidence: NDArray[np.floating], *, seed: int, draws: int = SIMULATIONS, error: Callable[..., float] = calibration_error
) -> tuple[float, float]:
    """What ``error`` comes to for a perfectly calibrated model: mean and 95th percentile over simulated outcomes.

    confidence: (n,) of the model; in each draw a row is right with just that probability.
    """
    if not len(confidence):
        return float("nan"), float("nan")
    random = np.random.default_rng(seed)
    found = [error(confidence, random.random(len(confidence)) < confidence) for _ in range(draws)]
    return float(np.mean(found)), float(np.quantile(found, 0.95))


def right_share(polarity: NDArray[np.floating], truth: NDArray[np.integer]) -> float:
    """Share of texts whose polarity has the sign of the label; a polarity of exactly 0 is wrong."""
    return float((np.sign(polarity) == np.sign(truth)).mean()) if len(truth) else float("nan")


def three_class_figures(sign: NDArray[np.integer], truth: NDArray[np.integer]) -> tuple[float, float]:
    """Accuracy and macro-F1 of negative, neutral and positive; both arrays (n,) in -1, 0, 1."""
    counts = confusion(truth.astype(np.intp) + 1, sign.astype(np.intp) + 1, 3)
    return float(np.trace(counts) / max(counts.sum(), 1)), float(macro_f1(counts))
