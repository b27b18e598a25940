"""The ledger of many parts in one order, piece by piece, against one sort of all rows."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from feedback_nlp.batch import ordering
from feedback_nlp.batch.ordering import as_schema, common_schema, known_schema, order_pieces
from feedback_nlp.batch.space import FolderSpace
from feedback_nlp.batch.third import Third
from feedback_nlp.ledger.assemble import order_of_ledger
from feedback_nlp.summary import Figures

LEVELS = ("高", "中", "低")
ROW = st.tuples(
    st.sampled_from(LEVELS),
    st.integers(0, 3),
    st.sampled_from(["2026-03-01", "2026-03-02", None]),
    st.text(alphabet="aA9中𠮷", min_size=1, max_size=2),
)
PARTS = st.lists(st.lists(ROW, max_size=6), min_size=1, max_size=6)


def ledger_of(rows, *, dated=True):
    """A ledger in its order, of rows (priority, tenths, day, id)."""
    names, tenths, days, ids = ([row[place] for row in rows] for place in range(4))
    columns = {
        "feedback_id": pd.Series(ids, dtype="str"),
        "priority": pd.Series(names, dtype="str"),
        "priority_score": np.array(tenths, float) / 10,
        "created_at": pd.to_datetime(pd.Series(days, dtype="datetime64[us]")).dt.tz_localize("Asia/Shanghai"),
        "no_information": np.zeros(len(rows), bool),
        "damaged": np.zeros(len(rows), bool),
        "polarity": np.zeros(len(rows), np.float32),
    }
    ledger = pd.DataFrame({name: values for name, values in columns.items() if dated or name != "created_at"})
    return ledger.iloc[order_of_ledger(ledger, LEVELS)].reset_index(drop=True)


def pieces_of(folder, parts):
    for old in folder.glob("*.npz"):
        old.unlink()
    space = FolderSpace(folder)
    for number, ledger in enumerate(parts):
        space.put(number, Third(ledger, Figures.from_ledger(ledger)))
    return order_pieces(space, len(parts), LEVELS)


def whole(pieces):
    return pa.concat_tables(map(pieces.read, pieces)).to_pydict()


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([[]])
@example([[], [("高", 1, None, "a")], []])
@example([[("高", 1, None, "a")] * 2, [("高", 1, None, "a")] * 3])
@given(PARTS)
def test_parts_in_order_are_one_sort_of_all(tmp_path, parts):
    ledgers = [ledger_of(rows) for rows in parts]
    pieces = pieces_of(tmp_path, ledgers)
    together = pd.concat(ledgers, ignore_index=True)
    expected = together.iloc[order_of_ledger(together, LEVELS)]
    assert whole(pieces) == pa.Table.from_pandas(expected, preserve_index=False).to_pydict()
    assert [len(rows) for rows in pieces][:-1] == [ordering.PIECE_PARTS * max(map(len, parts))] * (len(list(pieces)) - 1)
    assert sorted(np.concatenate(list(pieces)).tolist()) == list(range(sum(map(len, parts))))


def test_no_rows_are_one_piece_without_rows(tmp_path):
    pieces = pieces_of(tmp_path, [ledger_of([]), ledger_of([])])
    assert [pieces.read(rows).num_rows for rows in pieces] == [0]


def test_ledgers_without_dates(tmp_path):
    parts = [ledger_of([("低", 1, None, "b"), ("高", 1, None, "c")], dated=False), ledger_of([("高", 1, None, "a")], dated=False)]
    assert whole(pieces_of(tmp_path, parts))["feedback_id"] == ["a", "c", "b"]


def test_a_piece_reads_each_part_once(tmp_path):
    rows = [[("高", number % 4, None, f"{part}{number}") for number in range(9)] for part in range(8)]
    pieces = pieces_of(tmp_path, [ledger_of(part) for part in rows])
    assert {len(piece) for piece in pieces} == {9 * ordering.PIECE_PARTS}
    for piece in pieces:
        for start, end in zip(pieces.starts[:-1], pieces.starts[1:], strict=True):
            here = np.sort(piece[(piece >= start) & (piece < end)])
            assert (np.diff(here) == 1).all(), "a stretch of the part"
        assert pieces.read(piece)["feedback_id"].to_pylist() == pieces.read(piece)["feedback_id"].to_pylist(), "also the second time"


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        (pa.int64(), pa.int64(), pa.int64()),
        (pa.string(), pa.string(), pa.string()),
        (pa.int64(), pa.float64(), pa.float64()),
        (pa.int64(), pa.string(), pa.string()),
        (pa.float64(), pa.string(), pa.string()),
        (pa.bool_(), pa.string(), pa.string()),
        (pa.bool_(), pa.int64(), pa.string()),
        (pa.string(), pa.large_string(), pa.string()),
        (pa.timestamp("us"), pa.string(), pa.string()),
    ],
)
def test_common_types(one, other, common):
    first, second = pa.schema({"a": one, "b": pa.int8()}), pa.schema({"b": pa.int8(), "a": other})
    assert common_schema([first, second]) == pa.schema({"a": common, "b": pa.int8()})
    assert common_schema([second, first]).field("a").type == common
    assert common_schema([first, second, first]) == common_schema([first, second])


@pytest.mark.parametrize("empty", [pa.string(), pa.large_string()])
@pytest.mark.parametrize(
    "values", [pa.array([1, 2]), pa.array([0.5, None]), pa.array([True, None]), pa.array(["甲", None]), pa.array([["甲"], None])], ids=str
)
def test_an_empty_column_of_text_takes_the_type_of_the_others(empty, values):
    nothing, something = pa.table({"a": pa.nulls(3, empty)}), pa.table({"a": values})
    for tables in ([nothing, something], [something, nothing], [nothing, something, nothing]):
        schema = common_schema(map(known_schema, tables))
        assert schema.field("a").type == values.type
        assert as_schema(nothing, schema).to_pydict() == {"a": [None] * 3}
        assert as_schema(something, schema).to_pydict() == something.to_pydict()
    assert common_schema([known_schema(nothing)] * 2).field("a").type == pa.string()


def test_an_empty_column_of_another_type_keeps_it():
    nothing = pa.table({"a": pa.nulls(3, pa.timestamp("us"))})
    assert common_schema([known_schema(nothing)]).field("a").type == pa.timestamp("us")
    assert common_schema([known_schema(pa.table({"a": pa.array([], pa.int64())}))]).field("a").type == pa.int64()


def test_columns_that_not_all_parts_have():
    schema = common_schema([pa.schema({"a": pa.int64()}), pa.schema({"b": pa.string()}), pa.schema({"a": pa.int64(), "c": pa.bool_()})])
    assert schema.names == ["a", "b", "c"]
    assert as_schema(pa.table({"b": ["甲"]}), schema).to_pydict() == {"a": [None], "b": ["甲"], "c": [None]}
    assert as_schema(pa.table({"c": [True], "a": [5]}), schema).to_pydict() == {"a": [5], "b": [None], "c": [True]}
    with pytest.raises(pa.ArrowInvalid):
        as_schema(pa.table({"a": ["甲"]}), schema)
