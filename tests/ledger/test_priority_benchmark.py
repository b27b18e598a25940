"""The figures of ``benchmarks/priority.py`` against slow oracles and values worked out by hand."""

import math
import sys
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks import priority

ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("urgency", "sentiment", "grade"),
    [
        ("high", -2, 3),
        ("high", 1, 3),
        ("medium", -2, 2),
        ("medium", -1, 1),
        ("low", -2, 1),
        ("low", -1, 0),
        ("low", 2, 0),
    ],
)
def test_grades(urgency, sentiment, grade):
    assert priority.grades([urgency], [sentiment]).tolist() == [grade]
    assert priority.gains(np.array([grade])).tolist() == [[0, 1, 3, 7][grade]]


@given(ROWS)
def test_ties_are_the_mean_of_all_their_orders(rows):
    score, value = np.array([row[0] for row in rows], float), np.array([row[1] for row in rows], float)
    orders = [order for order in permutations(range(len(rows))) if all(np.diff(score[list(order)]) <= 0)]
    expected = np.mean([value[list(order)] for order in orders], axis=0)
    assert priority.by_place(score, value) == pytest.approx(expected)


@given(st.permutations(range(12)), st.lists(st.integers(0, 3), min_size=12, max_size=12), st.integers(1, 12))
def test_ndcg_is_scikit_learns_where_nothing_ties(order, grade, places):
    score, gain = np.array(order, float), priority.gains(np.array(grade))
    got = priority.ndcg(priority.by_place(score, gain), np.sort(gain)[::-1], places)
    if gain.any():
        assert got == pytest.approx(ndcg_score(gain[None], score[None], k=places))
    else:
        assert math.isnan(got)


def test_figures_by_hand():
    # 20 texts: the first place is 5 %, the first two are 10 %.
    gain = np.array([7.0, 3.0, 1.0, *[0.0] * 17])
    high, strong = gain == 7, (gain == 3) | (gain == 1)
    best = priority.figures(gain, gain, high, strong)
    assert best == [1, 1, 1, 0.5, 0, 0.5, 1, 1]
    swapped = priority.figures(np.array([2.0, 3.0, 1.0, *[0.0] * 17]), gain, high, strong)
    discount = 1 / math.log2(3)
    assert swapped == pytest.approx([3 / 7, (3 + 7 * discount) / (7 + 3 * discount), 0, 0.5, 1, 0.5, 1, 1])
    level = priority.figures(np.zeros(20), gain, high, strong)
    assert level == pytest.approx([11 / 20 / 7, (11 / 20) * (1 + discount) / (7 + 3 * discount), 0.05, 0.05, 0.1, 0.1, 0.15, 0.15])


def test_intervals_are_seeded_and_hold_the_figure():
    random = np.random.default_rng(1)
    grade = random.integers(4, size=60)
    gain, high, strong = priority.gains(grade), grade == 3, grade == 2
    scores = {"good": grade + random.normal(size=60), "none": np.zeros(60)}
    one, two = (priority.intervals(scores, gain, high, strong, draws=50) for _ in range(2))
    for name, score in scores.items():
        assert one[name].shape == (50, 8)
        np.testing.assert_array_equal(one[name], two[name])
        low, high_end = np.quantile(one[name], [0, 1], axis=0)
        found = priority.figures(score, gain, high, strong)
        assert (low <= found).all() and (found <= high_end).all()
