"""SnowNLP: ``SnowNLP(text).sentiments``, one text at a time, because it has no batch call. One score: polarity."""

from collections.abc import Sequence
from typing import Any

NAME = "SnowNLP sentiments, polarity only"


def prepare(texts: Sequence[str]) -> Any:
    """The class; its import loads the models, and a first call warms them."""
    from snownlp import SnowNLP

    for text in texts[:20]:
        _ = SnowNLP(text).sentiments
    return SnowNLP


def run(state: Any, texts: Sequence[str]) -> Any:
    """Probability of positive for each text."""
    return [state(text).sentiments for text in texts]
