"""Tables on their way to another process."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_nlp.io.table import Table, quarantine_frame

CELLS = st.none() | st.sampled_from(["", "\0", "\x01", "a\0b", "\ud800", "好\n", "\U0001f600"]) | st.text(max_size=3)


def table_of(frame, format="csv"):
    return Table(frame, np.arange(len(frame), dtype=np.int64), quarantine_frame([]), "utf-8", format)


def assert_comes_back(table):
    again = pickle.loads(pickle.dumps(table))  # noqa: S301
    pd.testing.assert_frame_equal(again.frame, table.frame, check_exact=True)
    assert [*map(type, again.frame.to_numpy().ravel())] == [*map(type, table.frame.to_numpy().ravel())]
    assert again.lines.tolist() == table.lines.tolist()
    assert again.quarantine.equals(table.quarantine)
    assert (again.encoding, again.format, again.source) == (table.encoding, table.format, table.source)


@given(st.integers(1, 3).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=5)))
def test_a_table_of_strings_comes_back_from_a_pickle(rows):
    columns = [f"列{place}" for place in range(len(rows[0]) if rows else 1)]
    assert_comes_back(table_of(pd.DataFrame(rows, columns=columns, dtype=object)))


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"text": pd.Series(["好", "差"], dtype=object), "n": [1, 2]}),
        pd.DataFrame({"text": pd.Series(["好", "差"], dtype=object, index=[3, 1])}),
        pd.DataFrame({"text": pd.Series(["好", "差"], dtype=object)}, index=pd.RangeIndex(2)),
        pd.DataFrame({"text": pd.Series([], dtype=object)}),
        pd.DataFrame({"text": pd.Series(["好", 1, None, 2.5], dtype=object)}),
    ],
    ids=["numbers", "an index", "plain", "no rows", "mixed cells"],
)
def test_any_table_comes_back_from_a_pickle(frame):
    assert_comes_back(table_of(frame, "memory"))
