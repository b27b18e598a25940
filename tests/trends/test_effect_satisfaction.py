import math

import numpy as np
import pandas as pd
import pytest

from feedback_nlp.trends.satisfaction import SATISFIED, read_satisfaction


@pytest.mark.parametrize(
    ("value", "score"),
    [
        *[("非常满意", 5), ("满意", 4), ("比较满意", 4), ("一般", 3), ("不满意", 2), ("非常不满意", 1), ("Satisfied", 4)],
        *[(1, 1), (5, 5), (4.5, 4.5), ("5", 5), ("4.0", 4), ("3分", 3), ("4 星", 4), ("５", 5), (" 满意 ", 4), (np.int8(2), 2)],
    ],
)
def test_what_is_an_answer(value, score):
    found, bad = read_satisfaction(pd.Series([value]))
    assert (found.tolist(), bad.tolist()) == ([score], [False])


@pytest.mark.parametrize("value", [None, math.nan, pd.NA, "", "  "])
def test_what_is_no_answer(value):
    found, bad = read_satisfaction(pd.Series([value], dtype=object))
    assert (np.isnan(found).tolist(), bad.tolist()) == ([True], [False])


@pytest.mark.parametrize("value", [0, 6, -1, 99, "0", "6分", "10", "好", "满意吗", True, "4/5", math.inf])
def test_what_cannot_be_read(value):
    found, bad = read_satisfaction(pd.Series([value], dtype=object))
    assert (np.isnan(found).tolist(), bad.tolist()) == ([True], [True])


def test_a_column_is_its_cells():
    values = ["满意", None, "5", "满意", "坏值", 3, "", "不满意"] * 3
    score, bad = read_satisfaction(pd.Series(values, dtype=object))
    alone = [read_satisfaction(pd.Series([value], dtype=object)) for value in values]
    np.testing.assert_array_equal(score, [one[0][0] for one in alone])
    assert bad.tolist() == [bool(one[1][0]) for one in alone]
    assert read_satisfaction(pd.Series([], dtype=object))[0].shape == (0,)


def test_the_documents_three_words():
    """满意 is satisfied, 一般 and 不满意 are not."""
    assert (read_satisfaction(pd.Series(["满意", "一般", "不满意"]))[0] >= SATISFIED).tolist() == [True, False, False]
