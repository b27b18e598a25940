"""Features and dense layers in one compiled call: the bits of the two steps in numpy."""

import os
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_dense import to_the_edge
from test_pool import MANY, NO_COMPILER, TEXTS, random_embedding, random_scale
from whole_oracle import random_model

from feedback_nlp.scorer import pool as pool_module
from feedback_nlp.scorer.clauses import split_clauses
from feedback_nlp.scorer.network import LANES, dense_logits
from feedback_nlp.scorer.pool import pool_logits, pool_numpy
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.native import native

pytestmark = pytest.mark.skipif(bool(os.environ.get(NO_COMPILER)), reason=f"{NO_COMPILER} is set")

SHAPES = [(1, 1), (2, 2), (3, 5), (7, 1), (1, 17), (16, 16), (31, 33), (64, 48), (64, 64), (80, 128)]


def dense_of(seed, width, hidden):
    return random_model(seed, width=width, hidden=hidden).dense


def arrays(texts, width):
    batch = TextBatch.from_texts(texts)
    return batch.codes, *split_clauses(batch.codes, batch.indptr), random_embedding(10, width), random_scale(width)


def check(texts, dense, *, orders=3):
    given = arrays(texts, dense.mean_width)
    expected = dense_logits(pool_numpy(*given, orders=orders, norm_limit=50.0), dense)
    found = pool_logits(*given, dense, orders=orders, norm_limit=50.0)
    assert found.shape == (len(texts), len(dense.output_scale))
    assert found.tobytes() == expected.tobytes()
    for target in range(1, native().TARGET + 1):
        out = np.full_like(expected, 99)
        native().logits(*given, out, *dense.packed, orders, 50.0, target)
        assert out.tobytes() == expected.tobytes()


@pytest.mark.parametrize(("width", "hidden"), SHAPES)
@pytest.mark.parametrize("seed", range(2))
def test_every_shape_and_set_of_instructions_gives_the_same_bits(width, hidden, seed):
    check(MANY[:300], dense_of(seed, width, hidden), orders=1 + 2 * seed)


@pytest.mark.parametrize("count", range(10))
def test_every_rest_of_a_block_of_rows(count):
    check(MANY[:count], dense_of(0, 5, 7))


def test_the_largest_sums():
    check(["好" * 300, "坏", "", *MANY[:50]], to_the_edge(dense_of(0, 64, 64)))


@settings(deadline=None, max_examples=100, database=None)
@given(texts=TEXTS, seed=st.integers(0, 3))
def test_any_texts_give_the_same_bits(texts, seed):
    check(texts, dense_of(seed, 3, 5))


def test_a_row_does_not_know_its_batch():
    dense = dense_of(1, 64, 64)
    whole = pool_logits(*arrays(MANY, 64), dense, orders=3, norm_limit=50.0)
    for cut in (1, 3, 4, 5, 1000):
        parts = [pool_logits(*arrays(part, 64), dense, orders=3, norm_limit=50.0) for part in (MANY[:cut], MANY[cut:])]
        assert np.concatenate(parts).tobytes() == whole.tobytes()


@pytest.mark.parametrize("extension", [lambda: None, lambda: native().__class__("no vectors")], ids=["none", "portable"])
def test_without_vector_instructions_it_is_two_steps(monkeypatch, extension):
    given, dense = arrays(MANY[:100], 6), dense_of(0, 6, 6)
    expected = pool_logits(*given, dense, orders=2, norm_limit=9.0)
    module = extension()
    if module is not None:
        module.TARGET, module.pool = 0, native().pool
    monkeypatch.setattr(pool_module, "native", lambda: module)
    assert pool_logits(*given, dense, orders=2, norm_limit=9.0).tobytes() == expected.tobytes()


def test_packed_weights_by_hand():
    """Two means, three hidden units: pairs side by side, units filled up; the rest of the inputs follows the filled-up units."""
    dense = dense_of(0, 2, 3)
    hidden, scale, bias, output, *_ = dense.packed
    assert hidden.shape == (5, LANES, 2)
    assert hidden[1, :3].tolist() == dense.hidden_weights[2:4].T.tolist()
    assert not hidden[:, 3:].any()
    assert scale.tolist() == [*dense.hidden_scale.tolist(), *[0] * (LANES - 3)]
    assert bias.tolist() == [*dense.hidden_bias.tolist(), *[0] * (LANES - 3)]
    logits = len(dense.output_scale)
    assert output.shape == (LANES // 2 + 1, -(-logits // LANES) * LANES, 2)
    assert output[0, :logits].tolist() == dense.output_weights[:2].T.tolist()
    assert output[1, :logits, 0].tolist() == dense.output_weights[2].tolist()
    assert not output[1, :, 1].any()
    assert not output[2 : LANES // 2].any()
    assert output[-1, :logits].tolist() == dense.output_weights[3:].T.tolist()


@pytest.mark.parametrize("weight", [0.5, 32768, -32769, np.nan])
def test_weights_that_are_no_int16_are_refused(weight):
    dense = dense_of(0, 2, 3)
    changed = dense.hidden_weights.copy()
    changed[1, 1] = weight
    with pytest.raises(ValueError, match="weights: expected whole numbers"), np.errstate(invalid="ignore"):
        _ = replace(dense, hidden_weights=changed).packed


def test_what_was_packed_is_not_pickled():
    dense = dense_of(0, 64, 64)
    before = pickle.dumps(dense)
    _ = dense.packed
    assert pickle.dumps(dense) == before
    again = pickle.loads(before)  # noqa: S301
    assert again.packed[0].tobytes() == dense.packed[0].tobytes()


NAMES = ["hidden_weights", "hidden_scale", "hidden_bias", "output_weights", "output_scale", "output_bias"]
WRONG = [
    ("hidden_weights", lambda array: array[:-1]),
    ("hidden_weights", lambda array: array.astype(np.int32)),
    ("hidden_weights", lambda array: np.ascontiguousarray(array[:, :8])),
    ("hidden_weights", lambda array: array[:, :0].copy()),
    ("hidden_weights", lambda array: np.ascontiguousarray(array[:, :, :1])),
    ("hidden_weights", lambda array: array.reshape(-1, 2)),
    ("hidden_scale", lambda array: array[:-1]),
    ("hidden_bias", lambda array: array.astype(np.float64)),
    ("output_weights", lambda array: array[1:]),
    ("output_weights", lambda array: np.ascontiguousarray(array[:, :16])),
    ("output_weights", lambda array: np.ascontiguousarray(array[:, :24])),
    ("output_scale", lambda array: np.append(array, np.float32(1))),
    ("output_bias", lambda array: array[:-1]),
]


@pytest.mark.parametrize(("name", "change"), WRONG, ids=[f"{name}-{at}" for at, (name, _) in enumerate(WRONG)])
def test_the_extension_checks_every_buffer_itself(name, change):
    given, dense = arrays(MANY[:9], 6), dense_of(0, 6, 6)
    packed = dict(zip(NAMES, dense.packed, strict=True))
    out = np.zeros((9, len(dense.output_scale)), np.float32)
    native().logits(*given, out, *packed.values(), 3, 50.0, native().TARGET)
    packed[name] = change(packed[name])
    with pytest.raises(ValueError, match=": expected "):
        native().logits(*given, out, *packed.values(), 3, 50.0, native().TARGET)


@pytest.mark.parametrize("target", [-1, 0, 99])
def test_a_target_without_vector_instructions_is_refused(target):
    given, dense = arrays(MANY[:9], 6), dense_of(0, 6, 6)
    with pytest.raises(ValueError, match="target: expected"):
        native().logits(*given, np.zeros((9, len(dense.output_scale)), np.float32), *dense.packed, 3, 50.0, target)
