"""The result of scoring a batch: arrays, row by row those that went in."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.classify import heads
from feedback_nlp.scorer.model import HEADS, head_slices
from feedback_nlp.sentiment import levels
from feedback_nlp.vocabulary import RISK_CODES, TYPE_CODES, URGENCY_CODES

#: Columns of ``Scores.to_frame``, in order.
SCORE_COLUMNS = (
    "type",
    "type_confidence",
    "sentiment",
    "polarity",
    "sentiment_confidence",
    "urgency",
    "urgency_confidence",
    *(f"risk_{code}" for code in RISK_CODES),
)


@dataclass(frozen=True)
class Scores:
    """Scores of n texts.

    type_index: int (n,) into ``TYPE_CODES``; type_confidence: float32 in [0, 1].
    sentiment: int8 in -2..2; polarity: float32 in [-1, 1]; sentiment_confidence: float32 in [0, 1].
    urgency_index: int (n,) into ``URGENCY_CODES``; urgency_confidence: float32 in [0, 1]; urgency_level: float32 in [0, 2], expected index.
    risk: float32 (n, 6), probabilities in the order of ``RISK_CODES``.
    """

    type_index: NDArray[np.intp]
    type_confidence: NDArray[np.float32]
    sentiment: NDArray[np.int8]
    polarity: NDArray[np.float32]
    sentiment_confidence: NDArray[np.float32]
    urgency_index: NDArray[np.intp]
    urgency_confidence: NDArray[np.float32]
    urgency_level: NDArray[np.float32]
    risk: NDArray[np.float32]

    @classmethod
    def from_logits(cls, logits: NDArray[np.float32], no_information: NDArray[np.bool_]) -> "Scores":
        """Decode logits, float32 (n, N_LOGITS). Rows without information are ``other``, neutral, low and free of risk, with certainty."""
        parts = head_slices()
        if no_information.any():
            logits = np.where(no_information[:, None], _no_information_logits(), logits)
        type_index, type_confidence = heads.best_class(heads.softmax(logits[:, parts["type"]]))
        level_probabilities = heads.softmax(logits[:, parts["sentiment"]])
        level_index, sentiment_confidence = heads.best_class(level_probabilities)
        urgency_probabilities = heads.softmax(logits[:, parts["urgency"]])
        urgency_index, urgency_confidence = heads.best_class(urgency_probabilities)
        return cls(
            type_index,
            type_confidence,
            levels.levels(level_index),
            levels.polarity(level_probabilities),
            sentiment_confidence,
            urgency_index,
            urgency_confidence,
            urgency_probabilities[:, 1] + 2 * urgency_probabilities[:, 2],
            heads.sigmoid(logits[:, parts["risk"]]),
        )

    def __len__(self) -> int:
        return len(self.type_index)

    def to_frame(self, index: Any = None) -> pd.DataFrame:
        """A DataFrame with the columns of ``SCORE_COLUMNS``."""
        columns = (
            _names(TYPE_CODES).take(self.type_index),
            self.type_confidence,
            self.sentiment,
            self.polarity,
            self.sentiment_confidence,
            _names(URGENCY_CODES).take(self.urgency_index),
            self.urgency_confidence,
            *self.risk.T,
        )
        return pd.DataFrame(dict(zip(SCORE_COLUMNS, columns, strict=True)), index=index, copy=False)


@cache
def _names(codes: tuple[str, ...]) -> Any:
    """Names as pandas' own string array: taking from it is much faster than making one from strings."""
    return pd.Series(codes, dtype=str).array


@cache
def _no_information_logits() -> NDArray[np.float32]:
    """Logits of a text that says nothing."""
    certain = {("type", "other"), ("sentiment", "0"), ("urgency", "low")}
    pairs = [(head, label) for head, labels in HEADS.items() for label in labels]
    return np.asarray([100.0 if pair in certain else -100.0 for pair in pairs], dtype=np.float32)
