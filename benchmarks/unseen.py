"""Which evaluation texts the model was trained on: counted, left out, and the leaving out asserted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import read_table
from feedback_nlp.scorer.model import BUNDLED, bundled_models, read_manifest
from feedback_nlp.text.clean import clean
from feedback_nlp.train.labels import held_out


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


def training_texts() -> list[str]:
    """Every text the bundled model was trained on, by its manifest: the tables without held-out polarity and without excluded texts."""
    sources = read_manifest(bundled_models() / BUNDLED)["training"]["sources"]
    texts: list[str] = []
    excluded: set[str] = set()
    for source in sources:
        found = read_table(source["file"].removesuffix(".parquet"))["text"].dropna().tolist()
        if source["labels"] == "excluded":
            excluded.update(clean(found).texts())
            continue
        keep = ~held_out(found) if source["labels"] == "polarity" else np.ones(len(found), dtype=bool)
        texts += [text for text, kept in zip(found, keep.tolist(), strict=True) if kept]
    return [text for text, cleaned in zip(texts, clean(texts).texts(), strict=True) if cleaned not in excluded]


def overlap(name: str, texts: Sequence[str], training: Sequence[str]) -> Overlap:
    """Compare an evaluation set with the training texts."""
    known, cleaned_known = set(training), set(clean(training).texts())
    verbatim = np.asarray([text in known for text in texts])
    cleaned = np.asarray([text in cleaned_known for text in clean(texts).texts()])
    unseen = ~(verbatim | cleaned)
    assert known.isdisjoint(text for text, kept in zip(texts, unseen.tolist(), strict=True) if kept)
    return Overlap(name, len(texts), int(verbatim.sum()), int(cleaned.sum()), unseen)
