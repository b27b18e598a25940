import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.classify.heads import OTHER, abstain, best_class, sigmoid, softmax
from feedback_nlp.vocabulary import TYPE_CODES

FLOATS = st.floats(-(2.0**100), 2.0**100, width=32)


def matrix(rows):
    return np.array(rows, dtype=np.float32)


@pytest.mark.parametrize(
    ("logits", "probabilities"),
    [
        ([0, 0], [0.5, 0.5]),
        ([5, 5, 5, 5], [0.25] * 4),
        ([0, math.log(3)], [0.25, 0.75]),
        ([math.log(2), math.log(3), math.log(5)], [0.2, 0.3, 0.5]),
        ([1000, 0], [1, 0]),
        ([-1000, -1000], [0.5, 0.5]),
        ([1e38, -1e38], [1, 0]),
        ([7], [1]),
    ],
)
def test_softmax(logits, probabilities):
    result = softmax(matrix([logits]))
    assert result.dtype == np.float32
    assert result[0] == pytest.approx(probabilities, abs=1e-6)


@pytest.mark.parametrize(
    ("logit", "probability"), [(0, 0.5), (math.log(3), 0.75), (-math.log(3), 0.25), (100, 1), (-100, 0), (3e38, 1), (-3e38, 0), (-0.0, 0.5)]
)
def test_sigmoid(logit, probability):
    result = sigmoid(matrix([logit]))
    assert result.dtype == np.float32
    assert result[0] == pytest.approx(probability, abs=1e-6)


@settings(deadline=None, database=None)
@given(st.lists(st.lists(FLOATS, min_size=5, max_size=5), max_size=6))
def test_softmax_rows_are_distributions_and_keep_the_order_of_the_logits(rows):
    logits = matrix(rows).reshape(-1, 5)
    result = softmax(logits)
    assert result.shape == logits.shape
    assert ((result >= 0) & (result <= 1)).all()
    assert result.sum(axis=1) == pytest.approx(np.ones(len(rows)), abs=1e-6)
    for row, probabilities in zip(logits, result, strict=True):
        assert (np.diff(probabilities[np.argsort(row)]) >= 0).all()


@settings(deadline=None, database=None)
@given(st.lists(FLOATS, max_size=20))
def test_sigmoid_is_a_rising_probability(values):
    result = sigmoid(np.sort(matrix(values)))
    assert ((result >= 0) & (result <= 1)).all()
    assert (np.diff(result) >= 0).all()


@pytest.mark.parametrize("function", [softmax, sigmoid])
def test_no_rows(function):
    assert function(np.zeros((0, 9), dtype=np.float32)).shape == (0, 9)


@pytest.mark.parametrize(
    ("logits", "decision", "index"),
    [
        ([0, 2, 1], [0, 0, 0], 1),
        ([0, 0], [0, 0], 0),
        ([-1, 3, 3], [0, 0, 0], 1),
        ([5], [0], 0),
        ([5], [-9], 0),
        ([0, 2, 1], [0, 0, 1.5], 2),  # favoured beyond its distance
        ([0, 2, 1], [0, 0, 0.5], 1),  # favoured, but not enough
        ([0, 2, 1], [0, 0, 1], 1),  # a tie goes to the first
        ([0, 2, 1], [2, 0, 0], 0),
        ([0, 2, 1], [-7, -7, -7], 1),
        ([-100, 100], [9, 0], 1),
    ],
)
def test_the_chosen_class_and_its_probability(logits, decision, index):
    rows = matrix([logits, logits])
    probabilities = softmax(rows)
    before = probabilities.copy()
    found, value = best_class(rows, probabilities, matrix(decision))
    assert found.tolist() == [index, index]
    assert value.tolist() == before[:, index].tolist()
    assert value.dtype == np.float32
    assert (probabilities == before).all() and (rows == matrix([logits, logits])).all()


@settings(deadline=None, database=None)
@given(st.lists(st.lists(st.floats(-50, 50, width=32), min_size=4, max_size=4), max_size=6), st.floats(-8, 8, width=32))
def test_without_a_preference_the_most_probable_class_is_chosen(rows, shift):
    """An equal offset for all classes is no preference."""
    logits = matrix(rows).reshape(-1, 4)
    probabilities = softmax(logits)
    found, value = best_class(logits, probabilities, np.full(4, 0, dtype=np.float32))
    assert found.tolist() == [row.index(max(row)) for row in logits.tolist()]
    assert value.tolist() == probabilities.max(axis=1).tolist()
    shifted, _ = best_class(logits, probabilities, np.full(4, shift, dtype=np.float32))
    apart = np.partition(logits, -2, axis=1)[:, -2:] @ matrix([-1, 1]) > 1e-4
    assert (found == shifted)[apart].all()


def test_best_class_of_no_rows():
    found, value = best_class(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32), np.zeros(3, np.float32))
    assert found.shape == value.shape == (0,)


@pytest.mark.parametrize(
    ("index", "confidence", "threshold", "expected"),
    [
        (0, 0.49, 0.5, OTHER),
        (0, 0.5, 0.5, 0),  # at the threshold a type stands
        (7, 0.51, 0.5, 7),
        (OTHER, 0.1, 0.5, OTHER),
        (3, 0.0, 0.0, 3),
        (3, 0.99, 1.0, OTHER),
        (3, 1.0, 1.0, 3),
    ],
)
def test_abstain(index, confidence, threshold, expected):
    assert abstain(np.array([index]), matrix([confidence]), threshold=threshold).tolist() == [expected]


def test_abstaining_changes_neither_input():
    index, confidence = np.array([1, 2]), matrix([0.1, 0.9])
    assert abstain(index, confidence, threshold=0.5).tolist() == [OTHER, 2]
    assert index.tolist() == [1, 2]
    assert TYPE_CODES[OTHER] == "other"
