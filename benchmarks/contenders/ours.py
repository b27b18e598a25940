"""feedback_nlp: ``BatchScorer.score``, from raw str to the DataFrame with type, sentiment, urgency and six risk flags."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

NAME = "feedback_nlp BatchScorer.score, all heads"
NEEDS = {"feedback_nlp": "feedback_nlp"}
SAYS = "type, five levels, polarity, urgency, six risk flags, confidences"
TEXTS = 200_000

#: Texts on which the batch is compared with row by row before anything is timed.
CHECKED = 200


def load(folder: Path) -> Any:
    """The bundled model; it was trained on the same data."""
    from feedback_nlp import BatchScorer

    return BatchScorer.load()


def prepare(texts: Sequence[str]) -> Any:
    """The loaded scorer, after one warm-up and after proof that a batch equals its rows one by one."""
    import pandas as pd

    from feedback_nlp import BatchScorer

    scorer = BatchScorer.load()
    scorer.score(list(texts[:1000]))
    sample = list(texts[:CHECKED])
    rows = pd.concat([scorer.score([text]) for text in sample], ignore_index=True)
    pd.testing.assert_frame_equal(scorer.score(sample), rows, check_exact=True)
    return scorer


def run(state: Any, texts: Sequence[str]) -> Any:
    """Score all texts in one call."""
    return state.score(texts)
