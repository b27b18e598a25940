"""Small models, and the scorer one n-gram at a time: slow, obvious, written from the docstrings of ``pool`` and ``dense_logits``.

The library hashes whole batches, sums in 16 bits or through a sparse matrix, pools in one pass and multiplies with BLAS. Here are only
Python's integers and single float32 operations; ``float_logits`` is the same function in float64 without rounding and clipping.
"""

import math
from dataclasses import replace
from functools import cache

import numpy as np

from feedback_nlp.scorer.clauses import CLAUSE_END, MAX_CLAUSE
from feedback_nlp.scorer.model import HEADS, N_LOGITS, Model
from feedback_nlp.scorer.network import Dense
from feedback_nlp.text.characters import character_table

F = np.float32
FIRST, STEP, MIX, SHIFT = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 15


@cache
def slow_bucket(gram, bits):
    """hash(c1) = c1 * FIRST; hash(c1..cn) = (hash(c1..c(n-1)) + cn) * STEP; (h ^ h >> 15) * MIX; top ``bits`` bits; modulo 2**32."""
    value = ord(gram[0]) * FIRST % 2**32
    for char in gram[1:]:
        value = (value + ord(char)) * STEP % 2**32
    return ((value ^ value >> SHIFT) * MIX % 2**32) >> (32 - bits)


def slow_fold(text):
    return "".join(chr(character_table().fold[ord(char)]) for char in text)


def slow_clauses(text):
    """(start, end) of each: a clause ends after a run of ``CLAUSE_END``, at the end of the text, and after ``MAX_CLAUSE`` characters."""
    found, start = [], 0
    for at in range(1, len(text) + 1):
        ends = at == len(text) or (text[at - 1] in CLAUSE_END and text[at] not in CLAUSE_END)
        if ends or at - start == MAX_CLAUSE:
            found.append((start, at))
            start = at
    return found


def slow_grams(text, start, end, orders):
    """The n-grams that begin in text[start:end]; none crosses the end of the text."""
    return [text[at : at + n] for at in range(start, end) for n in range(1, orders + 1) if at + n <= len(text)]


def slow_norm(count, limit):
    n = F(count)
    return np.sqrt(n * max(n / F(limit), F(1)))


def slow_features(text, model):
    """The five blocks of a cleaned text, lists of D whole numbers."""
    text = slow_fold(text)
    bits, width = len(model.embedding).bit_length() - 1, model.embedding.shape[1]
    if not text:
        return [[0] * width] * 5
    vectors = model.embedding.tolist()
    sums = []
    for start, end in slow_clauses(text):
        grams = slow_grams(text, start, end, model.orders)
        rows = [vectors[slow_bucket(gram, bits)] for gram in grams]
        sums.append(([sum(column) for column in zip(*rows, strict=True)], len(grams)))
    values = [[F(number) * (F(1) / slow_norm(count, model.norm_limit)) for number in total] for total, count in sums]
    whole = F(1) / slow_norm(sum(count for _, count in sums), model.norm_limit)
    mean = [F(sum(column)) * whole for column in zip(*(total for total, _ in sums), strict=True)]
    highest = [max(*column, F(0)) for column in zip(*values, strict=True)]
    lowest = [max(min(column), F(0)) for column in zip(*values, strict=True)]
    blocks = [mean, highest, lowest, values[-1], values[0]]
    return [
        [int(min(max(np.rint(value * weight), F(-127)), F(127))) for value, weight in zip(block, weights, strict=True)]
        for block, weights in zip(blocks, model.scale, strict=True)
    ]


def slow_dense(features, dense):
    """Logits of whole-numbered features (5 * D,): sums with Python's integers, everything else a float32 operation at a time."""
    inner = [[int(weight) for weight in row] for row in dense.hidden_weights.T.tolist()]
    outer = [[int(weight) for weight in row] for row in dense.output_weights.T.tolist()]
    hidden = []
    for row, scale, bias in zip(inner, dense.hidden_scale, dense.hidden_bias, strict=True):
        value = F(sum(a * b for a, b in zip(features, row, strict=True))) * scale + bias
        hidden.append(int(min(max(np.rint(value), F(0)), F(127))))
    mixed = hidden + list(features[: dense.mean_width])
    pairs = zip(outer, dense.output_scale, dense.output_bias, strict=True)
    return [F(sum(a * b for a, b in zip(mixed, row, strict=True))) * scale + bias for row, scale, bias in pairs]


def slow_logits(text, model):
    """float32 (N_LOGITS,) of a cleaned text."""
    return np.array(slow_dense([value for block in slow_features(text, model) for value in block], model.dense), dtype=np.float32)


def float_logits(text, model, embedding=None):
    """The network in float64 without rounding and clipping to 127. embedding: float64, in place of the model's."""
    text = slow_fold(text)
    vectors = model.embedding.astype(np.float64) if embedding is None else embedding
    bits, width = len(vectors).bit_length() - 1, vectors.shape[1]
    blocks = np.zeros((5, width))
    if text:
        grams = [slow_grams(text, start, end, model.orders) for start, end in slow_clauses(text)]
        sums = np.array([sum(vectors[slow_bucket(gram, bits)] for gram in part) for part in grams])
        counts = [len(part) for part in grams]

        def norm(n):
            return math.sqrt(n * max(n / model.norm_limit, 1))

        values = sums / np.array([[norm(n)] for n in counts])
        extremes = np.maximum(values.max(axis=0), 0), np.maximum(values.min(axis=0), 0)
        blocks = np.array([sums.sum(axis=0) / norm(sum(counts)), *extremes, values[-1], values[0]])
    features = (blocks * model.scale.astype(np.float64)).ravel()
    dense = {name: array.astype(np.float64) for name, array in vars(model.dense).items()}
    hidden = np.maximum(features @ dense["hidden_weights"] * dense["hidden_scale"] + dense["hidden_bias"], 0)
    return np.concatenate([hidden, features[:width]]) @ dense["output_weights"] * dense["output_scale"] + dense["output_bias"]


def random_model(seed=0, *, orders=3, bits=8, width=2, hidden=2, norm_limit=1e30, spread=3):
    """A model of random numbers whose activations fill their range; a larger ``spread`` clips more of them."""
    dice = np.random.default_rng([seed, orders, bits, width, hidden])

    def whole(limit, *shape):
        return dice.integers(-limit, limit + 1, size=shape)

    def normal(scale, *shape):
        return (dice.standard_normal(shape) * scale).astype(np.float32)

    dense = Dense(
        whole(300, 5 * width, hidden).astype(np.float32),
        np.full(hidden, 0.02 / math.sqrt(5 * width), np.float32),
        normal(20, hidden),
        whole(300, hidden + width, N_LOGITS).astype(np.float32),
        np.full(N_LOGITS, 1e-4, np.float32),
        normal(1, N_LOGITS),
    )
    return Model(
        embedding=whole(127, 1 << bits, width).astype(np.int8),
        scale=(dice.uniform(0.1, 0.4, (5, width)) * spread / 3).astype(np.float32),
        dense=dense,
        decision=normal(0.5, N_LOGITS),
        familiar=dice.integers(256, size=1 << 10).astype(np.uint8),
        orders=orders,
        norm_limit=norm_limit,
        thresholds={"type": 0.5},
        reference={**{head: [1 / len(labels)] * len(labels) for head, labels in HEADS.items()}, "unfamiliar": 0.1},
        signature="random/2/0",
    )


def without_bounds(model):
    """The same model with features and hidden units so small that none is clipped at 127."""
    dense = replace(model.dense, hidden_scale=model.dense.hidden_scale / F(50), hidden_bias=model.dense.hidden_bias / F(50))
    return replace(model, scale=model.scale / F(4), dense=dense)
