"""From logits to labels: feedback type, urgency and risk flags. Arrays in, arrays out."""

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.vocabulary import TYPE_CODES

OTHER = TYPE_CODES.index("other")


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32 (n, classes) -> probabilities of the same shape, each row summing to 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32 -> probabilities in [0, 1]; the tanh form does not overflow."""
    return np.asarray(np.float32(0.5) * (np.float32(1) + np.tanh(np.float32(0.5) * logits)))


def best_class(probabilities: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Index of the most probable class of each row, the first at a tie, and its probability."""
    index = probabilities.argmax(axis=1)
    return index, np.take_along_axis(probabilities, index[:, None], axis=1)[:, 0]


def abstain(index: NDArray[np.intp], confidence: NDArray[np.float32], *, threshold: float) -> NDArray[np.intp]:
    """Types whose confidence is below the threshold become ``other``; the confidence stays what it was."""
    return np.where(confidence < threshold, OTHER, index)
