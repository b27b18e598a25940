"""SnowNLP as a selectable second opinion on polarity (``sentiment_backend="snownlp"``).

SnowNLP's import loads its models (about 3 s and 430 MB) and it reads one text at a time (a few hundred a second), so it is imported
here and nowhere else, and only when asked for.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: The selectable backends of the sentiment columns.
BACKENDS = ("scorer", "snownlp")

#: Bounds between the five levels on the polarity axis.
_BOUNDS = np.asarray([-0.8, -0.2, 0.2, 0.8], dtype=np.float32)


def snownlp_polarity(texts: Sequence[str]) -> NDArray[np.float32]:
    """``2 * SnowNLP(text).sentiments - 1`` for each text; float32 (n,) in [-1, 1], 0 for a text without characters."""
    from snownlp import SnowNLP

    return np.asarray([2 * SnowNLP(text).sentiments - 1 if text.strip() else 0.0 for text in texts], dtype=np.float32)


def polarity_levels(polarity: NDArray[np.float32]) -> NDArray[np.int8]:
    """Level -2..2 of a polarity: the axis cut at ±0.2 and ±0.8, because SnowNLP has no levels of its own."""
    return (np.searchsorted(_BOUNDS, polarity) - 2).astype(np.int8)
