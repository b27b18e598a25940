"""fastText supervised, as ``contenders/rjieba_fasttext.py`` trains it: one classifier a head, on the same data."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.contenders.rjieba_fasttext import NEEDS, chosen, lines, probability, trained
from benchmarks.peers.training import ONE_OF, SIGN, THREE, Training

__all__ = ["NAME", "NEEDS", "FastTextWords", "fit", "lines"]

NAME = "fastText"


class FastTextWords:
    """Classifiers by head, ``SIGN`` and ``THREE``."""

    def __init__(self, models: dict[str, Any]) -> None:
        self.models = models

    def predict(self, head: str, texts: Sequence[str]) -> list[str]:
        """The most probable class."""
        return chosen(self.models[head], lines(texts))

    def polarity(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """P(positive) - P(negative)."""
        return 2 * np.asarray(probability(self.models[SIGN], "1", lines(texts))) - 1

    def urgent(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Probability of high urgency."""
        return np.asarray(probability(self.models["urgency"], "high", lines(texts)))


def fit(training: Training) -> FastTextWords:
    """Train all classifiers."""
    return FastTextWords({head: trained(*training.lesson(head)) for head in (*ONE_OF, SIGN, THREE)})
