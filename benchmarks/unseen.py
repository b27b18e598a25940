"""Which evaluation texts the model was trained on: counted, left out, and the leaving out asserted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.clean import clean


@dataclass(frozen=True)
class Overlap:
    """name: of the evaluation set. rows: of it. verbatim, cleaned: rows whose text stands in the training tables, as found or after
    cleaning. unseen: bool (rows,), True where it does neither.
    """

    name: str
    rows: int
    verbatim: int
    cleaned: int
    unseen: NDArray[np.bool_]


def overlap(name: str, texts: Sequence[str], training: Sequence[str]) -> Overlap:
    """Compare an evaluation set with the training texts."""
    known, cleaned_known = set(training), set(clean(training).texts())
    verbatim = np.asarray([text in known for text in texts])
    cleaned = np.asarray([text in cleaned_known for text in clean(texts).texts()])
    unseen = ~(verbatim | cleaned)
    assert known.isdisjoint(text for text, kept in zip(texts, unseen.tolist(), strict=True) if kept)
    return Overlap(name, len(texts), int(verbatim.sum()), int(cleaned.sum()), unseen)
