"""Exact shares of a text's n-grams in a logit.

The network is piecewise linear: at a given text it is a linear function of its n-grams' vectors (relu, highest and lowest clause,
clipping and rounding decide which one). The share of an n-gram is its vector times the slope of that function at the text.
"""

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.scorer.clauses import split_clauses
from feedback_nlp.scorer.model import Model
from feedback_nlp.scorer.network import ACTIVATION_LIMIT, hidden_values
from feedback_nlp.scorer.ngrams import bucket_slots, text_norm
from feedback_nlp.scorer.pool import BLOCKS, LIMIT
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.characters import character_table

F64 = NDArray[np.float64]


def attribute(
    model: Model, batch: TextBatch, features: NDArray[np.float32], column: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp], F64]:
    """Start, length and share of each n-gram occurrence of a batch of one text.

    features: float32 (1, 5 * D) of the text. column: float64 (K,), weights of the logits; 1 for a label, -1 for what it is compared with.
    Returns intp (m,), intp (m,) and float64 (m,). The shares' sum and ``column @ logits`` differ by the constant part of the function.
    """
    folded = character_table().fold[batch.codes]
    slots = bucket_slots(folded, batch.indptr, orders=model.orders, bits=len(model.embedding).bit_length() - 1)
    start, order = np.nonzero(slots < len(model.embedding))
    if not len(start):
        return start, order + 1, np.zeros(0)
    clause_ptr, _ = split_clauses(folded, batch.indptr)
    clause = np.searchsorted(clause_ptr, start, side="right") - 1
    vectors = model.embedding[slots[start, order]].astype(np.float64)
    slopes = _clause_slopes(model, vectors, clause, feature_slopes(model, features, column))
    return start, order + 1, (vectors * slopes[clause]).sum(axis=1)


def feature_slopes(model: Model, features: NDArray[np.float32], column: F64) -> F64:
    """Slope of ``column @ logits`` in each quantised feature of one text: float64 (5, D)."""
    dense = model.dense
    hidden = hidden_values(features, dense)[0]
    active = (hidden > 0) & (hidden < ACTIVATION_LIMIT)
    through = dense.output_weights.astype(np.float64) @ (column * dense.output_scale)
    units = len(dense.hidden_scale)
    slope = dense.hidden_weights.astype(np.float64) @ (through[:units] * dense.hidden_scale * active)
    slope[: dense.mean_width] += through[units:]
    return np.where(np.abs(features[0]) < LIMIT, slope, 0).reshape(BLOCKS, -1)


def _clause_slopes(model: Model, vectors: F64, clause: NDArray[np.intp], slopes: F64) -> F64:
    """Slope of the function in the sum of vectors of each clause: float64 (n_clauses, D)."""
    edges = np.searchsorted(clause, np.arange(clause[-1] + 1))
    sums = np.add.reduceat(vectors, edges, axis=0)
    counts = np.diff(np.append(edges, len(clause))).astype(np.float32)
    factor = 1 / text_norm(counts, model.norm_limit).astype(np.float64)
    whole = 1 / text_norm(counts.sum(keepdims=True), model.norm_limit).astype(np.float64)
    values = sums * factor[:, None]
    mean, highest, lowest, last, first = slopes * model.scale
    columns = np.arange(vectors.shape[1])
    result = np.zeros_like(sums)
    for extreme, slope in ((values.argmax(axis=0), highest), (values.argmin(axis=0), lowest)):
        result[extreme, columns] += np.where(values[extreme, columns] > 0, slope, 0)
    result[-1] += last
    result[0] += first
    return np.asarray(result * factor[:, None] + mean * whole)
