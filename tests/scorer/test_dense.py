"""The dense layers: float32 matrix products that are exact, so that no library, batch or thread count can change a bit."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits
from whole_oracle import random_model, slow_dense

from feedback_nlp.scorer.network import ACTIVATION_LIMIT, EXACT, Dense, dense_logits, hidden_values

SHAPES = [(1, 1), (2, 2), (3, 5), (7, 1), (1, 9), (16, 64), (64, 64)]


def dense_of(seed, width, hidden):
    return random_model(seed, width=width, hidden=hidden).dense


def rows_of(seed, n, width):
    return np.random.default_rng(seed).integers(-127, 128, size=(n, 5 * width)).astype(np.float32)


def to_the_edge(dense):
    """Weights as large as ``exact`` allows, all of one sign, and scales that bring the sums back into range."""
    room = (EXACT - 1) // ACTIVATION_LIMIT
    layers = {"hidden": dense.hidden_weights.shape, "output": dense.output_weights.shape}
    changed = {}
    for name, shape in layers.items():
        changed[f"{name}_weights"] = np.full(shape, room // shape[0], np.float32)
        changed[f"{name}_scale"] = np.full(shape[1], 1e-5, np.float32)
    return replace(dense, **changed)


@pytest.mark.parametrize(("width", "hidden"), SHAPES)
@pytest.mark.parametrize("seed", range(3))
def test_logits_are_the_oracles_to_the_bit(width, hidden, seed):
    dense, rows = dense_of(seed, width, hidden), rows_of(seed, 20, width)
    rows[3], rows[4], rows[5] = 0, 127, -127
    found = dense_logits(rows, dense)
    assert found.dtype == np.float32
    assert found.tolist() == [[float(value) for value in slow_dense(row, dense)] for row in rows.astype(int).tolist()]


@pytest.mark.parametrize("fill", [127, -127])
def test_the_largest_sums_are_exact(fill):
    dense = to_the_edge(dense_of(0, 64, 64))
    assert dense.exact()
    rows = np.full((1, 320), fill, np.float32)
    assert dense_logits(rows, dense)[0].tolist() == [float(value) for value in slow_dense([fill] * 320, dense)]


@settings(deadline=None, max_examples=60, database=None)
@given(st.data())
def test_any_whole_weights_that_are_exact_give_the_oracles_logits(data):
    weight = st.integers(-32768, 32767)
    matrix = {name: data.draw(st.lists(st.lists(weight, min_size=k, max_size=k), min_size=n, max_size=n)) for name, n, k in LAYERS}
    bias = st.floats(-200, 200, width=32)
    dense = Dense(
        np.array(matrix["hidden"], np.float32),
        np.array(data.draw(st.lists(st.floats(-0.5, 0.5, width=32), min_size=2, max_size=2)), np.float32),
        np.array(data.draw(st.lists(bias, min_size=2, max_size=2)), np.float32),
        np.array(matrix["output"], np.float32),
        np.full(3, 2.0**-10, np.float32),
        np.array(data.draw(st.lists(bias, min_size=3, max_size=3)), np.float32),
    )
    rows = data.draw(st.lists(st.lists(st.integers(-127, 127), min_size=5, max_size=5), min_size=1, max_size=4))
    columns = [abs(sum(map(abs, column))) for layer in matrix.values() for column in zip(*layer, strict=True)]
    assert dense.exact() == (max(columns) * ACTIVATION_LIMIT < EXACT)
    if dense.exact():
        expected = [[float(value) for value in slow_dense(row, dense)] for row in rows]
        assert dense_logits(np.array(rows, np.float32), dense).tolist() == expected


LAYERS = [("hidden", 5, 2), ("output", 3, 3)]


@pytest.mark.parametrize(
    ("layer", "total", "exact"),
    [
        ("hidden", (EXACT - 1) // ACTIVATION_LIMIT, True),
        ("hidden", EXACT // ACTIVATION_LIMIT + 1, False),
        ("output", (EXACT - 1) // ACTIVATION_LIMIT, True),
        ("output", EXACT // ACTIVATION_LIMIT + 1, False),
        ("hidden", 10**7, False),
    ],
)
@pytest.mark.parametrize("signs", [1, -1])
def test_what_counts_as_exact(layer, total, exact, signs):
    """The sum of magnitudes of one column decides; those of other columns do not add to it."""
    dense = dense_of(0, 2, 2)
    weights = np.zeros_like(vars(dense)[f"{layer}_weights"])
    weights[0, 0], weights[1, 0] = signs * (total // 2), -signs * (total - total // 2)
    weights[0, 1] = (EXACT - 1) // ACTIVATION_LIMIT
    assert replace(dense, **{f"{layer}_weights": weights}).exact() == exact


@pytest.mark.parametrize(("width", "hidden"), SHAPES)
def test_a_row_does_not_know_its_batch(width, hidden):
    dense, rows = dense_of(1, width, hidden), rows_of(1, 500, width)
    whole = dense_logits(rows, dense)
    for row in [0, 1, 250, 499]:
        assert dense_logits(rows[row : row + 1], dense).tolist() == whole[row : row + 1].tolist()
    order = random.Random(1).sample(range(500), 500)
    assert (dense_logits(rows[order], dense) == whole[order]).all()
    for cut in (1, 7, 8, 63, 64, 65, 333):
        assert (np.concatenate([dense_logits(rows[:cut], dense), dense_logits(rows[cut:], dense)]) == whole).all()


@pytest.mark.parametrize("layout", ["C", "F", "strided"])
def test_the_layout_in_memory_changes_nothing(layout):
    dense, rows = dense_of(2, 16, 8), rows_of(2, 40, 16)
    laid = {"C": rows, "F": np.asfortranarray(rows), "strided": np.repeat(rows, 2, axis=0)[::2]}[layout]
    assert (dense_logits(laid, dense) == dense_logits(rows, dense)).all()


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_number_of_threads_changes_nothing(threads):
    dense, rows = to_the_edge(dense_of(3, 64, 64)), rows_of(3, 3000, 64)
    with threadpool_limits(1):
        expected = dense_logits(rows, dense)
    with threadpool_limits(threads):
        assert (dense_logits(rows, dense) == expected).all()


def test_no_rows():
    dense = dense_of(0, 2, 3)
    assert dense_logits(np.zeros((0, 10), np.float32), dense).shape == (0, len(dense.output_bias))
    assert hidden_values(np.zeros((0, 10), np.float32), dense).shape == (0, 3)


def test_the_input_is_left_alone():
    dense, rows = dense_of(0, 4, 4), rows_of(0, 5, 4)
    before = rows.copy()
    dense_logits(rows, dense)
    assert (rows == before).all()


def test_one_network_by_hand():
    """Two features, of which D = 2 are means; hidden units below 0, in range, and beyond 127; halves round to even."""
    dense = Dense(
        np.array([[1, 1, -1, 1], [1, 0, 0, 0]] + [[0] * 4] * 8, np.float32),
        np.array([0.5, 100, 1, 0.25], np.float32),
        np.array([0, 0, 0, 0.5], np.float32),
        np.array([[1], [10], [100], [1000], [7], [0]], np.float32),
        np.array([2], np.float32),
        np.array([-1], np.float32),
    )
    features = np.array([[3, 2] + [0] * 8], np.float32)
    assert hidden_values(features, dense).tolist() == [[2.5, 300, -3, 1.25]]
    # rint(2.5) = 2, 300 -> 127, -3 -> 0, rint(1.25) = 1; the means 3 and 2 follow.
    assert dense_logits(features, dense).tolist() == [[(2 * 1 + 127 * 10 + 0 + 1 * 1000 + 3 * 7 + 0) * 2 - 1]]
    assert dense.mean_width == 2
