"""Versions of the tables."""

import pandas as pd
import pytest
from ledgers import ledger
from sqlalchemy import inspect, text

from feedback_nlp.errors import InputError
from feedback_nlp.ledger.assemble import FIRST_COLUMNS, OWN_COLUMNS
from feedback_nlp.store import LedgerStore, database, schema
from feedback_nlp.store.columns import ADDED, MERGED_HEADERS, PEOPLE


def add_note(connection):
    """A step to a version that does not exist."""
    connection.execute(text("ALTER TABLE feedback_ledger ADD COLUMN note TEXT"))


def fail(connection):
    raise RuntimeError("power failure")


def columns_of(store):
    with store._database.reading() as connection:
        return [column["name"] for column in inspect(connection).get_columns("feedback_ledger")]


@pytest.fixture
def store(url):
    with LedgerStore(url) as opened:
        opened.save(ledger(("a", "高", 80)), run="run 1")
        yield opened


@pytest.mark.parametrize("first", [lambda store: store.load(), lambda store: store.save(ledger(("a", "高", 80)), run="run 2")])
def test_an_older_store_is_brought_up_by_whoever_comes_first(store, url, monkeypatch, first):
    before = store.load()
    monkeypatch.setattr(database, "MIGRATIONS", (*schema.MIGRATIONS, add_note))
    with LedgerStore(url, create=False) as newer:
        first(newer)
        assert "note" in columns_of(newer)
        pd.testing.assert_frame_equal(newer.load(), before)
        first(newer)
    monkeypatch.undo()
    with pytest.raises(
        InputError, match=r"the store has version 2, this feedback_nlp knows versions up to 1; use the version of feedback_nlp"
    ):
        store.load()
    with pytest.raises(InputError, match="the store has version 2"):
        store.save(ledger(("a", "高", 80)), run="run 2")


def test_a_step_that_fails_leaves_the_old_version(store, monkeypatch):
    before = store.load()
    monkeypatch.setattr(database, "MIGRATIONS", (*schema.MIGRATIONS, add_note, fail))
    with pytest.raises(RuntimeError, match="power failure"):
        store.load()
    monkeypatch.undo()
    assert "note" not in columns_of(store)
    pd.testing.assert_frame_equal(store.load(), before)


def test_tables_of_somebody_else_are_left_alone(url):
    with LedgerStore(url) as other:
        with other._database._engine.connect() as connection, connection.begin():
            connection.execute(text("CREATE TABLE feedback_ledger (mine TEXT)"))
        with pytest.raises(InputError, match=r"the database says: .*already exists"):
            other.save(ledger(("a", "高", 80)), run="run 1")
        with other._database._engine.connect() as connection:
            assert inspect(connection).get_table_names() == ["feedback_ledger"]


def test_version_1_is_what_it_was():
    """Columns of a released version do not change: another one is another migration."""
    kinds = {column.name: type(column.type).__name__ for column in schema.LEDGER.columns}
    assert len(kinds) == 75
    assert {name for name, kind in kinds.items() if kind == "DateTime"} == set(schema.TIMES)
    assert {name for name, kind in kinds.items() if kind == "Boolean"} == {"no_information", "damaged", "vanished"}
    assert {name for name, kind in kinds.items() if kind == "JSON"} == {"extra"}
    assert schema.LEDGER.primary_key.columns.keys() == ["feedback_id"]


def test_the_columns_of_a_ledger_have_columns_of_their_own_and_headers():
    own = {column.name for column in schema.LEDGER.columns}
    assert {*PEOPLE, *ADDED} <= own
    # What the pipeline learns to write later is part of ``extra`` until a migration gives it a column.
    known = {*FIRST_COLUMNS, *OWN_COLUMNS} & own
    assert len(known) >= 50
    assert [name for name in (*PEOPLE, *ADDED) if name not in MERGED_HEADERS] == []
