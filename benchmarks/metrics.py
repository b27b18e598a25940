"""The package's own figures, under the name the benchmarks know them by."""

from feedback_nlp.evaluate.metrics import (
    BINS,
    RESAMPLES,
    calibration_error,
    confusion,
    f1_scores,
    macro_f1,
    macro_f1_interval,
)

__all__ = ["BINS", "RESAMPLES", "calibration_error", "confusion", "f1_scores", "macro_f1", "macro_f1_interval"]
