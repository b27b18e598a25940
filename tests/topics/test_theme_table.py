"""The table of themes."""

from dataclasses import replace

import numpy as np
import pytest

from feedback_nlp.errors import InputError
from feedback_nlp.topics import theme_table
from feedback_nlp.topics.themes import no_themes

ROWS = {
    "assignment": np.array([0, 0, 1, -1, 0, 1]),
    "strength": np.array([1.0, 0.5, 1.0, 0.0, 1.0, 1.0], np.float32),
    "texts": ["登录失败了，怎么办呢", "登录时总是失败，没法用", "慢", "", "登录失败了，怎么办呢", "快递实在是太慢了"],
    "polarity": np.array([-0.5, -1.0, np.nan, 1.0, 0.0, 0.5]),
    "sentiment": np.array([-1, -2, 0, 2, 0, 1]),
    "customers": ["a", "b", None, "c", "a", ""],
}


def made(*names, phrases=None):
    return replace(
        no_themes(),
        names=names,
        ids=np.arange(len(names)) + 7,
        parents=("",) * len(names),
        phrases=phrases or ((),) * len(names),
        occurrences=np.zeros((0, len(names))),
    )


def test_theme_table():
    table = theme_table(made("登录", "快递", "空", phrases=(("登录失败", "密码"), ("快递",), ())), **ROWS)
    assert table["theme"].tolist() == ["登录", "快递"] and table["theme_id"].tolist() == [7, 8]
    assert table["items"].tolist() == [3, 2]
    assert table["share"].tolist() == [3 / 6, 2 / 6]
    assert table["key_phrases"].tolist() == ["登录失败、密码", "快递"]
    assert table["mean_polarity"].tolist() == [-0.5, 0.5]
    assert table["negative_share"].tolist() == pytest.approx([2 / 3, 0.0])
    assert table["strong_negative_share"].tolist() == pytest.approx([1 / 3, 0.0])
    assert table["customers"].tolist() == [2, 0]
    assert table["quotes"].tolist() == [["登录失败了，怎么办呢", "登录时总是失败，没法用"], ["快递实在是太慢了", "慢"]]


def test_row_order_does_not_matter():
    expected = theme_table(made("登录", "快递"), **ROWS)
    order = [5, 3, 0, 4, 2, 1]
    shuffled = {name: [values[i] for i in order] if isinstance(values, list) else values[order] for name, values in ROWS.items()}
    assert theme_table(made("登录", "快递"), **shuffled).equals(expected)


def test_what_is_not_given_is_missing():
    table = theme_table(made("登录"), np.array([0, -1]))
    assert table[["mean_polarity", "negative_share", "strong_negative_share", "customers"]].isna().all(axis=None)
    assert table["quotes"].tolist() == [[]]
    by_polarity = theme_table(made("登录"), np.array([0, 0]), polarity=np.array([-0.1, 0.2]))
    assert by_polarity["negative_share"].tolist() == [0.5]
    with pytest.raises(InputError, match="texts: expected 2 values, one a row, got 1"):
        theme_table(made("登录"), np.array([0, -1]), texts=["x"])
