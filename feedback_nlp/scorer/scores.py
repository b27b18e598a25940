"""The result of scoring a batch: arrays, row by row those that went in."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.classify import heads
from feedback_nlp.scorer.model import HEADS, N_LOGITS, POLARITY, head_slices
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
    def from_logits(
        cls, logits: NDArray[np.float32], no_information: NDArray[np.bool_], decision: NDArray[np.float32] | None = None
    ) -> "Scores":
        """Decode logits, float32 (n, N_LOGITS). Rows without information are ``other``, neutral, low and free of risk, with certainty.

        decision: float32 (N_LOGITS,) of the model, see ``heads.best_class``; zeros for None.
        """
        decision = np.zeros(N_LOGITS, np.float32) if decision is None else decision
        if no_information.any():
            logits = np.where(no_information[:, None], _no_information_logits(), logits)
        probabilities, chosen = {}, {}
        for head in ("type", "sentiment", "urgency"):
            part = head_slices()[head]
            probabilities[head] = heads.softmax(logits[:, part])
            chosen[head] = heads.best_class(logits[:, part], probabilities[head], decision[part])
        urgency = probabilities["urgency"]
        return cls(
            *chosen["type"],
            levels.levels(chosen["sentiment"][0]),
            levels.polarity(probabilities["sentiment"], logits[:, POLARITY]),
            chosen["sentiment"][1],
            *chosen["urgency"],
            urgency[:, 1] + 2 * urgency[:, 2],
            heads.sigmoid(logits[:, head_slices()["risk"]]),
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


def part_probabilities(logits: NDArray[np.float32], no_information: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Probabilities of all classes and flags, float32 (n, 23) in the order of the logits; certainty where a text says nothing."""
    logits = np.where(no_information[:, None], _no_information_logits(), logits)
    parts = [heads.sigmoid(logits[:, part]) if head == "risk" else heads.softmax(logits[:, part]) for head, part in head_slices().items()]
    return np.concatenate(parts, axis=1)


@cache
def _names(codes: tuple[str, ...]) -> Any:
    """Names as pandas' own string array: taking from it is much faster than making one from strings."""
    return pd.Series(codes, dtype=str).array


@cache
def _no_information_logits() -> NDArray[np.float32]:
    """Logits of a text that says nothing."""
    certain = {("type", "other"), ("sentiment", "0"), ("urgency", "low")}
    pairs = [(head, label) for head, labels in HEADS.items() for label in labels]
    return np.asarray([*(100.0 if pair in certain else -100.0 for pair in pairs), 0.0], dtype=np.float32)
