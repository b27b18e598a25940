"""Calibration: what is done to a head's logits so that its probabilities mean what they say, and how a class is then chosen.

Everything here is fitted on logits of texts that the network was not trained on.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

#: Strength of the pull of the class offsets towards 0, in texts.
OFFSET_PULL = 2.0

#: Tried shares of the class mix that a choice makes up for: 0 chooses the most probable class, 1 weighs all classes alike.
PRIOR_SHARES = np.arange(0, 1.01, 0.1)

#: Share of a class at least, where shares are compared.
LEAST_SHARE = 1e-9


@dataclass(frozen=True)
class Calibration:
    """calibrated = slope * logits + offset. offset: float64 (k,). decision: float64 (k,), added where a class is chosen."""

    slope: float
    offset: F64
    decision: F64

    def apply(self, logits: NDArray[Any]) -> F64:
        """Calibrated logits, float64, same shape."""
        return np.asarray(self.slope * logits + self.offset)


def log_softmax(logits: F64) -> F64:
    """Log-probabilities of mutually exclusive classes, same shape."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def calibrate_classes(logits: NDArray[Any], target: NDArray[np.intp]) -> Calibration:
    """Temperature and class offsets of least log loss (Guo et al. 2017, with offsets), then the prior share of best macro-F1.

    logits: (n, k). target: intp (n,), class numbers.
    """
    from scipy.optimize import minimize
    from sklearn.metrics import f1_score

    z, k = logits.astype(np.float64), logits.shape[1]
    truth = np.eye(k)[target]

    def loss(parameters: F64) -> tuple[float, F64]:
        slope, offset = np.exp(parameters[0]), parameters[1:]
        log_p = log_softmax(slope * z + offset)
        error = np.exp(log_p) - truth
        gradient = np.concatenate([[slope * (error * z).sum()], error.sum(axis=0) + OFFSET_PULL * offset])
        return -(truth * log_p).sum() + OFFSET_PULL / 2 * float(offset @ offset), gradient

    found = minimize(loss, np.zeros(k + 1), jac=True, method="L-BFGS-B").x
    slope, offset = float(np.exp(found[0])), found[1:]
    calibrated = slope * z + offset
    # A class that never occurs is not made up for: nothing could show that it was chosen too often.
    prior = np.where(truth.any(axis=0), np.log(np.maximum(np.exp(log_softmax(calibrated)).mean(axis=0), LEAST_SHARE)), 0)
    scores = [f1_score(target, (calibrated - share * prior).argmax(axis=1), average="macro", zero_division=0) for share in PRIOR_SHARES]
    return Calibration(slope, offset, -PRIOR_SHARES[int(np.argmax(scores))] * prior)


def calibrate_flag(logits: NDArray[Any], target: NDArray[np.bool_]) -> Calibration:
    """Platt scaling (Platt 1999) of one yes-no question: logits (n,), bool (n,). Unchanged where only one answer occurs."""
    from scipy.optimize import minimize

    if target.all() or not target.any():
        return Calibration(1.0, np.zeros(1), np.zeros(1))
    z = logits.astype(np.float64)

    def loss(parameters: F64) -> float:
        value = np.exp(parameters[0]) * z + parameters[1]
        return float((np.logaddexp(0, value) - target * value).sum() + OFFSET_PULL / 2 * parameters @ parameters)

    found = minimize(loss, np.zeros(2), method="L-BFGS-B").x
    return Calibration(float(np.exp(found[0])), found[1:], np.zeros(1))


def flag_threshold(probabilities: F64, target: NDArray[np.bool_]) -> float:
    """Probability from which raising a flag has the best F1, in steps of 0.05, the highest at a tie; 0.5 where no flag holds."""
    if not target.any():
        return 0.5
    steps = np.arange(19, 0, -1) / 20
    raised = probabilities[:, None] >= steps
    hits = (raised & target[:, None]).sum(axis=0)
    return float(steps[int(np.argmax(2 * hits / (raised.sum(axis=0) + target.sum())))])


def abstain_threshold(probabilities: F64, chosen: NDArray[np.intp], target: NDArray[np.intp], accuracy: float) -> float:
    """Lowest confidence, in steps of 0.01, above which choices are right with the given accuracy; 1.0 where none is."""
    confidence = probabilities[np.arange(len(chosen)), chosen]
    right = chosen == target
    for step in range(100):
        kept = confidence >= step / 100
        if kept.any() and right[kept].mean() >= accuracy:
            return step / 100
    return 1.0


def rounded_f1(truth: NDArray[Any], chosen: NDArray[Any], *, average: str) -> float:
    """F1 to four digits; macro: the mean over the classes that occur in either; 0 of no rows."""
    from sklearn.metrics import f1_score

    return round(float(f1_score(truth, chosen, average=average, zero_division=0)), 4) if len(truth) else 0.0
