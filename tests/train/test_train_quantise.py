"""Rounding: the scorer with the whole numbers says what the float network says."""

import random

import numpy as np
import pytest

from feedback_nlp.scorer.model import DENSE_ARRAYS, N_LOGITS, Model
from feedback_nlp.scorer.network import Dense
from feedback_nlp.scorer.scorer import BatchScorer
from feedback_nlp.text.clean import clean
from feedback_nlp.train.network import Task, features_and_logits, new_network, read_clauses
from feedback_nlp.train.quantise import quantise

BITS, ORDERS = 10, 3


def texts_of(seed, count=300):
    dice = random.Random(seed)
    return ["".join(dice.choices("软件总是闪退客服态度好不用，。！ab ", k=dice.choice([0, 1, 5, 20, 60]))) for _ in range(count)]


def network_of(seed, *, width=16, hidden=12, outputs=N_LOGITS, norm_limit=60.0):
    tasks = (Task("all", np.zeros((1, outputs), np.float32), np.zeros(1, np.float32)),)
    network = new_network(tasks, bits=BITS, width=width, hidden=hidden, norm_limit=norm_limit, seed=seed)
    dice = np.random.default_rng(seed)
    network.embedding *= dice.uniform(0.2, 5, size=(1 << BITS, 1)).astype(np.float32)
    network.hidden_bias[:] = dice.normal(size=hidden) * 0.3
    network.output_bias[:] = dice.normal(size=outputs)
    return network


def rounded(network, texts, columns=None):
    """The quantised arrays as a scorer, and the float network's logits of ``texts``."""
    data = read_clauses(texts, orders=ORDERS, bits=BITS)
    features, logits = features_and_logits(network, data)
    columns = np.arange(len(network.output_bias)) if columns is None else columns
    arrays = quantise(network, features, columns)
    dense = Dense(**{name: arrays[name].astype(np.float32) for name in DENSE_ARRAYS})
    zeros, nothing = np.zeros(len(columns), np.float32), np.zeros(1 << 10, np.uint8)
    details = {"orders": ORDERS, "norm_limit": network.norm_limit, "thresholds": {"type": 0.5}, "reference": {}, "signature": "r/2/0"}
    return BatchScorer(Model(arrays["embedding"], arrays["scale"], dense, zeros, nothing, **details)), logits[:, columns], arrays


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("width", "hidden", "norm_limit"), [(16, 12, 60.0), (64, 64, 60.0), (4, 3, 8.0), (1, 1, 1e6)])
def test_logits_are_near_those_of_the_float_network(seed, width, hidden, norm_limit):
    texts = texts_of(seed)
    scorer, logits, _ = rounded(network_of(seed, width=width, hidden=hidden, norm_limit=norm_limit), texts)
    found = scorer.logits(clean(texts).batch)
    spread = logits.std()
    assert np.abs(found - logits).mean() < 0.02 * spread
    assert np.abs(found - logits).max() < 0.5 * spread
    assert np.corrcoef(found.ravel(), logits.ravel())[0, 1] > 0.999


def test_logits_of_other_texts_are_near_as_well():
    network, others = network_of(1), texts_of(77)
    scorer, _, _ = rounded(network, texts_of(1))
    _, logits = features_and_logits(network, read_clauses(others, orders=ORDERS, bits=BITS))
    assert np.abs(scorer.logits(clean(others).batch) - logits).mean() < 0.02 * logits.std()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("factor", [1e-3, 1, 1e3])
def test_sums_stay_exact_and_dtypes_are_those_of_a_model(seed, factor):
    network = network_of(seed, width=64, hidden=200)
    for array in (network.embedding, *network.dense()):
        array *= factor
    scorer, _, arrays = rounded(network, texts_of(seed))
    assert scorer.model.dense.exact()
    assert {name: array.dtype.name for name, array in arrays.items()} == {
        "embedding": "int8",
        "scale": "float32",
        "hidden_weights": "int16",
        "hidden_scale": "float32",
        "hidden_bias": "float32",
        "output_weights": "int16",
        "output_scale": "float32",
        "output_bias": "float32",
    }
    assert all(np.isfinite(array).all() for array in arrays.values())
    assert np.abs(arrays["embedding"]).max() == 127


def test_one_heavy_weight_is_exact_too():
    """A column that is one large number and many small ones; the largest must fit int16, and the sum 2**24."""
    network = network_of(3, width=64, hidden=64)
    network.hidden[:, 0] = 1e-6
    network.hidden[5, 0] = 1e3
    network.hidden[:, 1] = 1
    scorer, _, arrays = rounded(network, texts_of(3))
    assert scorer.model.dense.exact()
    assert np.abs(arrays["hidden_weights"].astype(int)).max() <= 32767


@pytest.mark.parametrize("what", ["hidden unit", "hidden at rest", "feature", "output", "embedding", "everything"])
def test_what_is_always_zero(what):
    network, texts = network_of(2), texts_of(2)
    if what in ("hidden unit", "everything"):
        network.hidden[:, 3] = 0
        network.hidden_bias[3] = 0
    if what == "hidden at rest":
        network.hidden_bias[3] = -1e3
    if what == "feature":
        network.embedding[:, 1] = 0
    if what in ("output", "everything"):
        network.output[:, 2] = 0
    if what in ("embedding", "everything"):
        network.embedding[:] = 0
    scorer, logits, arrays = rounded(network, texts)
    assert all(np.isfinite(array).all() for array in arrays.values())
    assert scorer.model.dense.exact()
    np.testing.assert_allclose(scorer.logits(clean(texts).batch), logits, atol=0.5 * max(logits.std(), 0.1))


def test_texts_without_ngrams_set_no_range():
    network = network_of(4)
    scorer, logits, arrays = rounded(network, ["", "", ""])
    assert all(np.isfinite(array).all() for array in arrays.values())
    assert np.abs(scorer.logits(clean([""]).batch) - logits[:1]).max() < 0.05


def test_columns_are_kept_in_the_order_asked_for():
    network, texts = network_of(5), texts_of(5)
    every, _, _ = rounded(network, texts)
    some, _, _ = rounded(network, texts, np.array([7, 0, 23]))
    batch = clean(texts).batch
    assert (some.logits(batch) == every.logits(batch)[:, [7, 0, 23]]).all()


def test_the_network_is_left_alone():
    network = network_of(6)
    before = [array.copy() for array in (network.embedding, *network.dense())]
    rounded(network, texts_of(6))
    assert all((array == kept).all() for array, kept in zip((network.embedding, *network.dense()), before, strict=True))
