"""``analyze`` on small tables of anything: every row is in the ledger or in the quarantine, and a second run says the same."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wild_texts import ANY_TEXT, HEADER, WILD, tries

import feedback_nlp as fn

SCORER = fn.BatchScorer.load()
CELL = st.one_of(
    st.none(),
    ANY_TEXT,
    WILD,
    st.integers(),
    st.floats(),
    st.booleans(),
    st.binary(max_size=6),
    st.datetimes(),
    st.lists(st.integers(), max_size=2),
    st.sampled_from(
        ("2024-03-05 14:20", "2024年3月5日", "03/05/2024", "2024-13-45", "昨天", "0", "1e999", "老客户", "不满意", "已解决", "微博")
    ),
)
COLUMNS = (
    "feedback_id",
    "created_at",
    "channel",
    "product",
    "scene",
    "customer_id",
    "customer_name",
    "annual_spend",
    "satisfaction",
    "status",
)


@st.composite
def tables(draw):
    """A table of up to five rows, its text column anything, the others record columns or columns of somebody's own."""
    rows = draw(st.integers(0, 5))
    named = draw(st.lists(st.sampled_from(COLUMNS) | HEADER, unique=True, max_size=4))
    names = ["text", *(name for name in named if name != "text")]
    kinds = {
        name: WILD | st.none() if name == "text" else draw(st.sampled_from((CELL, ANY_TEXT, st.integers(), st.datetimes())))
        for name in names
    }
    cells = {name: draw(st.lists(kind, min_size=rows, max_size=rows)) for name, kind in kinds.items()}
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in cells.items()})


# Years without published holidays are told of; any year may come here.
@pytest.mark.filterwarnings("ignore::feedback_nlp.workdays.CalendarWarning")
@tries(40)
@given(table=tables(), scheme=st.sampled_from(("improvement-plan", "handling-measures")))
def test_tables(tried, tmp_path_factory, table, scheme):
    tried["analyze, rows"] += len(table)
    before = table.copy(deep=True)
    try:
        analysis = fn.analyze(table, model=SCORER, scheme=scheme)
    except fn.FeedbackError as error:
        assert str(error)
        return
    assert len(analysis.ledger) + len(analysis.quarantine) == len(table)
    pd.testing.assert_frame_equal(table, before)
    again = fn.analyze(table, model=SCORER, scheme=scheme)
    pd.testing.assert_frame_equal(analysis.ledger, again.ledger)
    assert analysis.ledger["priority_score"].notna().all()
    json.dumps(analysis.summary, allow_nan=False)
    folder = tmp_path_factory.mktemp("saved")
    analysis.save(folder)
    assert len(pd.read_parquet(folder / "ledger.parquet")) == len(analysis.ledger)


def judged(texts):
    """What is said of each text, in no order; that there is none to read is said as well."""
    try:
        analysis = fn.analyze(texts, model=SCORER)
    except fn.InputError as error:
        return str(error)
    assert len(analysis.ledger) + len(analysis.quarantine) == len(texts)
    return sorted(map(tuple, analysis.ledger[["text", "type", "priority", "priority_score"]].to_numpy().tolist()))


@tries(40)
@given(texts=st.lists(WILD | st.none(), max_size=6))
def test_lists(tried, texts):
    """The order of rows changes nothing: each text is judged the same."""
    tried["analyze, rows"] += 2 * len(texts)
    assert judged(texts) == judged(texts[::-1])
