import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.sentiment.levels import LEVELS_PART, levels, polarity
from feedback_nlp.sentiment.second_opinion import BACKENDS, polarity_levels, snownlp_polarity
from feedback_nlp.vocabulary import SENTIMENT_LEVELS


def matrix(rows):
    return np.array(rows, dtype=np.float32)


def test_levels_are_those_of_the_vocabulary():
    result = levels(np.arange(5))
    assert tuple(result.tolist()) == SENTIMENT_LEVELS == (-2, -1, 0, 1, 2)
    assert result.dtype == np.int8
    assert levels(np.array([], dtype=np.intp)).shape == (0,)


def read(rows, logits=None):
    """``polarity`` of lists; logits of 0 say nothing."""
    rows = matrix(rows).reshape(-1, 5)
    return polarity(rows, np.zeros(len(rows), np.float32) if logits is None else matrix(logits))


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        ([1, 0, 0, 0, 0], -1),
        ([0, 1, 0, 0, 0], -0.5),
        ([0, 0, 1, 0, 0], 0),
        ([0, 0, 0, 1, 0], 0.5),
        ([0, 0, 0, 0, 1], 1),
        ([0.5, 0, 0, 0, 0.5], 0),
        ([0.2] * 5, 0),
        ([0, 0, 0, 0.5, 0.5], 0.75),
        ([0.25, 0.75, 0, 0, 0], -0.625),
    ],
)
@pytest.mark.parametrize(
    ("logit", "sign"), [(0, 0), (math.log(3), 0.5), (-math.log(3), -0.5), (100, 1), (-100, -1), (3e38, 1), (-3e38, -1)]
)
def test_polarity_mixes_half_the_expected_level_and_the_sign(probabilities, expected, logit, sign):
    result = read([probabilities], [logit])
    assert result.dtype == np.float32
    assert result[0] == pytest.approx(LEVELS_PART * expected + (1 - LEVELS_PART) * sign, abs=1e-6)
    assert -1 <= result[0] <= 1


@pytest.mark.parametrize(("probabilities", "logit", "end"), [([0, 0, 0, 0, 1.000001], 100, 1), ([1.000001, 0, 0, 0, 0], -100, -1)])
def test_rounding_never_leaves_the_range(probabilities, logit, end):
    assert read([probabilities], [logit]).tolist() == [end]


def test_polarity_changes_neither_input():
    rows, logits = matrix([[0.2] * 5]), matrix([1.5])
    polarity(rows, logits)
    assert (rows == matrix([[0.2] * 5])).all() and logits.tolist() == [1.5]


DISTRIBUTIONS = st.lists(st.integers(0, 1000), min_size=5, max_size=5).filter(any).map(lambda parts: [part / sum(parts) for part in parts])


@settings(deadline=None, database=None)
@given(st.lists(st.tuples(DISTRIBUTIONS, st.floats(-(2.0**100), 2.0**100, width=32)), max_size=8))
def test_polarity_of_a_batch_is_that_of_each_row_and_mirrors(pairs):
    rows, logits = [row for row, _ in pairs], [logit for _, logit in pairs]
    together = read(rows, logits)
    assert together.tolist() == [read([row], [logit])[0] for row, logit in pairs]
    assert ((together >= -1) & (together <= 1)).all()
    mirrored = read([row[::-1] for row in rows], [-logit for logit in logits])
    assert mirrored == pytest.approx(-together, abs=1e-6)


@settings(deadline=None, database=None)
@given(DISTRIBUTIONS, st.integers(0, 3), st.floats(0, 1))
def test_probability_moved_to_a_higher_level_never_lowers_polarity(row, level, share):
    moved = list(row)
    moved[level + 1] += row[level] * share
    moved[level] -= row[level] * share
    before, after = read([row, moved]).tolist()
    assert after >= before - 1e-6


@settings(deadline=None, database=None)
@given(DISTRIBUTIONS, st.floats(-30, 30, width=32), st.floats(0, 30, width=32))
def test_a_higher_logit_never_lowers_polarity(row, logit, more):
    before, after = read([row, row], [logit, logit + more]).tolist()
    assert after >= before - 1e-6


@pytest.mark.parametrize(
    ("value", "level"),
    [(-1, -2), (-0.81, -2), (-0.79, -1), (-0.21, -1), (-0.19, 0), (0, 0), (0.19, 0), (0.21, 1), (0.79, 1), (0.81, 2), (1, 2)],
)
def test_polarity_levels_of_the_second_opinion(value, level):
    result = polarity_levels(matrix([value]))
    assert result.tolist() == [level]
    assert result.dtype == np.int8


def test_snownlp_is_a_second_opinion():
    texts = ["质量很好，非常喜欢", "", "太差了，垃圾，不要买", " \n", "👍", "。"]
    result = snownlp_polarity(texts)
    assert result.shape == (6,)
    assert result.dtype == np.float32
    assert (np.abs(result) <= 1).all()
    assert result[0] > 0.2
    assert result[2] < -0.2
    assert result[[1, 3]].tolist() == [0, 0]
    assert result[0] == snownlp_polarity(texts[:1])[0]
    assert polarity_levels(result)[[0, 2]].tolist()[0] > 0 > polarity_levels(result)[2]
    assert BACKENDS == ("scorer", "snownlp")
