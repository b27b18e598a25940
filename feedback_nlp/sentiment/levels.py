"""Five ordered sentiment levels and the continuous polarity, from the probabilities of the levels."""

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.vocabulary import SENTIMENT_LEVELS

_LEVELS = np.asarray(SENTIMENT_LEVELS, dtype=np.float32)


def levels(index: NDArray[np.intp]) -> NDArray[np.int8]:
    """Class index 0..4 -> level -2..2."""
    return _LEVELS.astype(np.int8)[index]


def polarity(probabilities: NDArray[np.float32], logit: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean of two readings of the sign and strength: float32 (n,) in [-1, 1].

    probabilities: float32 (n, 5), columns in the order of ``SENTIMENT_LEVELS``; their expected level divided by 2 orders texts within a
    level. logit: float32 (n,), positive against negative; tanh(logit / 2) is P(positive) - P(negative). The labels behind the two differ:
    careful readers' levels, and a great many ratings.
    """
    # Summed column by column, not by BLAS, so that a row's value cannot depend on how many rows there are.
    total = np.tanh(np.float32(0.5) * logit) / np.float32(2)
    for column, level in enumerate(_LEVELS / 4):
        total += probabilities[:, column] * level
    return np.asarray(np.clip(total, -1, 1))
