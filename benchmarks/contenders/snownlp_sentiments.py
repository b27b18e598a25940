"""SnowNLP: ``SnowNLP(text).sentiments``, one text at a time, because it has no batch call. One score: polarity."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

NAME = "SnowNLP sentiments, polarity only"
NEEDS = {"snownlp": "snownlp"}
SAYS = "polarity; its own model"
TEXTS = 300


def load(folder: Path) -> Any:
    """The class; its import loads the models."""
    from snownlp import SnowNLP

    return SnowNLP


def prepare(texts: Sequence[str]) -> Any:
    """The class, after a few calls that warm its models."""
    state = load(Path())
    run(state, texts[:20])
    return state


def run(state: Any, texts: Sequence[str]) -> dict[str, list[float]]:
    """Probability of positive for each text, as -1 to 1; it cannot read a text without characters."""
    return {"polarity": [2 * state(text).sentiments - 1 if text.strip() else 0.0 for text in texts]}
