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


def best_class(
    logits: NDArray[np.float32], probabilities: NDArray[np.float32], decision: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Index of the chosen class of each row, and its probability.

    logits, probabilities: float32 (n, classes). decision: float32 (classes,), added to the logits for the choice alone: it favours
    classes so that a stated aim (equal weight of rare ones, for instance) is met, and leaves the probabilities what they are.
    The first class is chosen at a tie.
    """
    index = (logits + decision).argmax(axis=1)
    return index, np.take_along_axis(probabilities, index[:, None], axis=1)[:, 0]


def abstain(index: NDArray[np.intp], confidence: NDArray[np.float32], *, threshold: float) -> NDArray[np.intp]:
    """Types whose confidence is below the threshold become ``other``; the confidence stays what it was."""
    return np.where(confidence < threshold, OTHER, index)
