"""Columns as numbers: each cell's text, its place among names, where nothing is written, and how items divide."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.report.codes import codes_of, cross, is_blank, look_up, places
from feedback_nlp.report.tables import split_by

#: Columns as a ledger may hold them: texts, anything, and few values as categories.
CELLS = {
    "texts": (pd.Series(["甲", None, "", "乙", "甲"], dtype="str"), ["甲", None, "", "乙", "甲"]),
    "anything": (pd.Series(["甲", 1, 1.5, np.nan, pd.NA, ["乙"], True], dtype=object), ["甲", "1", "1.5", None, None, "['乙']", "True"]),
    "categories": (pd.Series(["甲", None, "乙", "甲"], dtype="category"), ["甲", None, "乙", "甲"]),
    "numbers": (pd.Series([2, 1, 2]), ["2", "1", "2"]),
    "no cell": (pd.Series([], dtype="str"), []),
}


@pytest.mark.parametrize(("column", "expected"), CELLS.values(), ids=CELLS)
def test_codes_stand_for_texts(column, expected):
    code, texts = codes_of(column)
    assert [None if number < 0 else texts[number] for number in code] == expected
    assert len(set(texts)) == len(texts) and code.dtype == np.int64


@settings(deadline=None)
@given(st.lists(st.none() | st.sampled_from("甲乙丙丁"), max_size=20), st.lists(st.sampled_from("甲乙丙戊"), unique=True))
def test_places_are_found(cells, names):
    expected = [names.index(cell) if cell in names else -1 for cell in cells]
    assert places(pd.Series(cells, dtype="str"), names).tolist() == expected
    assert look_up(*codes_of(pd.Series(cells, dtype="str")), names).tolist() == expected


def test_places_of_numbers():
    assert places(pd.Series([-2, 0, 2, 1], dtype="int8"), [-2, -1, 0, 1]).tolist() == [0, 2, -1, 3]


def test_blank_is_what_python_strips():
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    assert is_blank(pd.Series(characters, dtype="str")).tolist() == [not character.strip() for character in characters]


@settings(deadline=None)
@given(st.lists(st.none() | st.text("a 甲\u3000\t\n\x1f", max_size=4), max_size=10))
def test_blank_cells(cells):
    expected = [cell is None or not cell.strip() for cell in cells]
    for dtype in ("str", object):
        assert is_blank(pd.Series(cells, dtype=dtype)).tolist() == expected


@settings(deadline=None)
@given(st.lists(st.tuples(st.none() | st.sampled_from(["", "甲", "乙", "丙"]), st.sampled_from(["高", "中", "无"])), max_size=30))
def test_a_split_counts_every_row(rows):
    ledger = pd.DataFrame({"product": pd.Series([name for name, _ in rows], dtype="str"), "priority": [level for _, level in rows]})
    split, chart = split_by(ledger, "product", ["高", "中"], str)
    named = [name for name, _ in rows if name]
    names = sorted(set(named), key=lambda name: (-named.count(name), name))
    assert split.named == len(named) and split.others == 0 and [name for name, *_ in split.rows] == names
    assert (chart is None) == (not named) and (chart is None or chart["labels"] == names)
    for place, (name, items, share, urgent) in enumerate(split.rows):
        counts = [rows.count((name, level)) for level in ("高", "中")]
        assert [series["values"][place] for series in chart["series"]] == counts
        assert (items, share, urgent) == (sum(counts), sum(counts) / len(named), counts[0] / max(sum(counts), 1))


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 2)), max_size=40))
def test_cross_counts_pairs(pairs):
    rows, columns = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    table = cross(rows, columns, 4, 3)
    assert all(table[row, column] == pairs.count((row, column)) for row in range(4) for column in range(3))
