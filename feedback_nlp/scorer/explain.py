"""Why a text has the score it has: the exact share of each n-gram in one logit."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.scorer.model import HEADS, Model, head_slices
from feedback_nlp.scorer.ngrams import bucket_slots, text_norm
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.characters import character_table


@dataclass(frozen=True)
class Explanation:
    """The logit of one label, taken apart.

    text: the cleaned text that was read. head, label: what is explained. logit: the model's value. bias: its constant part.
    contributions: DataFrame [ngram, start, end, contribution], a row per n-gram occurrence, largest absolute value first;
    ``text[start:end]`` is the n-gram. ``bias + contributions.contribution.sum()`` is the logit, up to float rounding.
    """

    text: str
    head: str
    label: str
    logit: float
    bias: float
    contributions: pd.DataFrame


def explain_text(
    model: Model,
    batch: TextBatch,
    logits: Callable[[TextBatch], NDArray[np.float32]],
    *,
    head: str,
    label: str | None,
) -> Explanation:
    """Explain a batch of one cleaned text; see ``BatchScorer.explain``."""
    if head not in HEADS:
        raise InputError(f"unknown head {head!r}; expected one of {', '.join(HEADS)}")
    labels = HEADS[head]
    if label is not None and str(label) not in labels:
        raise InputError(f"unknown label {label!r} of head {head!r}; expected one of {', '.join(labels)}")
    values = logits(batch)[0]
    part = head_slices()[head]
    chosen = int(values[part].argmax()) if label is None else labels.index(str(label))
    column = part.start + chosen

    slots = bucket_slots(character_table().fold[batch.codes], batch.indptr, orders=model.orders, bits=model.bits)
    start, order = np.nonzero(slots < 1 << model.bits)
    norm = text_norm(model.table[slots, -1].sum(dtype=np.float64, keepdims=True).ravel(), model.norm_limit)
    share = model.table[slots[start, order], column].astype(np.float64) / norm
    text = batch.to_texts()[0]
    end = start + order + 1
    ngrams = [text[first:last] for first, last in zip(start.tolist(), end.tolist(), strict=True)]
    frame = pd.DataFrame({"ngram": ngrams, "start": start, "end": end, "contribution": share})
    ranked = frame.iloc[np.lexsort((start, order, -np.abs(share)))].reset_index(drop=True)
    return Explanation(text, head, labels[chosen], float(values[column]), float(model.bias[column]), ranked)
