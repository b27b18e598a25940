"""From logits to labels: feedback type, urgency and risk flags. Arrays in, arrays out."""

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.vocabulary import TYPE_CODES

OTHER = TYPE_CODES.index("other")


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32 (n, classes) -> probabilities of the same shape, each row summing to 1."""
    # A class at a time over all rows: reductions over rows of three to nine numbers are several times slower.
    columns = np.ascontiguousarray(logits.T)
    powers = np.exp(columns - columns.max(axis=0))
    total = powers[0].copy()
    for power in powers[1:]:  # in this order whatever the number of rows; numpy's own sum changes it for a single row
        total += power
    return np.asarray((powers / total).T)


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32 -> probabilities in [0, 1]; the tanh form does not overflow."""
    return np.asarray(np.float32(0.5) * (np.float32(1) + np.tanh(np.float32(0.5) * logits)))


def best_class(probabilities: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Index of the most probable class of each row, the first at a tie, and its probability."""
    return probabilities.argmax(axis=1), probabilities.max(axis=1)


def abstain(index: NDArray[np.intp], confidence: NDArray[np.float32], *, threshold: float) -> NDArray[np.intp]:
    """Types whose confidence is below the threshold become ``other``; the confidence stays what it was."""
    return np.where(confidence < threshold, OTHER, index)
