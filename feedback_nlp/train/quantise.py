"""From float parameters to the whole numbers of ``scorer.model``."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.scorer.network import ACTIVATION_LIMIT, EXACT
from feedback_nlp.scorer.pool import BLOCKS, LIMIT
from feedback_nlp.train.network import F32, Network

#: Share of the values of a feature or hidden unit that lie within the representable range; the rest is clipped.
RANGE_QUANTILE = 0.999


def quantise(network: Network, features: F32, columns: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
    """The arrays of ``scorer.model.save_model`` except ``decision`` and ``familiar``.

    features: float32 (n, 5 * D) of the float network on typical texts; they set the ranges. columns: which outputs are kept, in order.
    """
    step = (np.abs(network.embedding).max() or 1) / LIMIT  # all 0 where no text has an n-gram
    span = _span(np.abs(features))
    hidden_span = _span(np.maximum(features @ network.hidden + network.hidden_bias, 0))
    units, width = len(hidden_span), network.embedding.shape[1]
    hidden_weights, hidden_step = _whole(network.hidden * (span[:, None] / LIMIT))
    output_span = np.concatenate([hidden_span / ACTIVATION_LIMIT, span[:width] / LIMIT])
    output_weights, output_step = _whole(network.output[:, columns] * output_span[:, None])
    stretch = ACTIVATION_LIMIT / hidden_span
    return {
        "embedding": np.rint(network.embedding / step).astype(np.int8),
        "scale": (step * LIMIT / span).reshape(BLOCKS, width).astype(np.float32),
        "hidden_weights": hidden_weights,
        "hidden_scale": (hidden_step * stretch).astype(np.float32).reshape(units),
        "hidden_bias": (network.hidden_bias * stretch).astype(np.float32),
        "output_weights": output_weights,
        "output_scale": output_step.astype(np.float32),
        "output_bias": network.output_bias[columns].astype(np.float32),
    }


def _span(values: F32) -> F32:
    """The range that is represented, per column; 1 where a column is always 0."""
    span = np.quantile(values, RANGE_QUANTILE, axis=0).astype(np.float32)
    highest = values.max(axis=0, initial=0)
    span = np.where(span > 0, span, highest)
    return np.where(span > 0, span, np.float32(1)).astype(np.float32)


def _whole(weights: NDArray[np.floating]) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
    """int16 weights whose products with activations sum exactly, and the value of 1 in each column."""
    room = (EXACT // ACTIVATION_LIMIT - len(weights)) * 0.99
    magnitude = np.abs(weights.astype(np.float64))
    step = np.maximum(magnitude.sum(axis=0) / room, magnitude.max(axis=0) / np.iinfo(np.int16).max)
    step[step == 0] = 1
    return np.rint(weights / step).astype(np.int16), step
