"""Many rows at once: prepared statements for SQLite, COPY for PostgreSQL."""

import io
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql
from pyarrow import csv
from sqlalchemy import Column, Connection, MetaData, Table, Text, cast, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable, DropTable
from sqlalchemy.sql.dml import Insert

from feedback_nlp.store.columns import PEOPLE
from feedback_nlp.store.schema import EXTRA, LEDGER

#: Rows that are Python objects, or one piece of a COPY, at a time.
CHUNK = 20_000

#: Rows to come, before they become rows of the ledger; only PostgreSQL needs them.
_STAGED = Table(
    "feedback_staged",
    MetaData(),
    *(Column(column.name, column.type, primary_key=column.primary_key) for column in LEDGER.columns),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)


def fill(connection: Connection, table: Table, rows: pa.Table) -> int:
    """Insert rows, columns by name. Returns how many."""
    if connection.dialect.name == "postgresql":
        _copy(connection, table, rows)
        return int(rows.num_rows)
    return _execute(connection, insert(table), rows)


def upsert(connection: Connection, rows: pa.Table) -> int:
    """Insert rows into the ledger; of those that are there, renew what is not people's. Returns how many were new or differed."""
    names = rows.column_names
    if connection.dialect.name != "postgresql":
        statement = sqlite.insert(LEDGER)
        return _execute(connection, _renewing(statement, names), rows)
    connection.execute(CreateTable(_STAGED))
    _copy(connection, _STAGED, rows)
    source = select(*(_STAGED.c[name] for name in names))
    # Without the option the number of rows is not kept of an INSERT.
    counting = connection.execution_options(preserve_rowcount=True)
    done = counting.execute(_renewing(postgresql.insert(LEDGER).from_select(names, source), names))
    connection.execute(DropTable(_STAGED))
    return int(done.rowcount)


def _renewing(statement: Any, names: list[str]) -> Any:
    """The insertion that renews a row already there, if anything differs."""
    machine = [name for name in names if name not in (*PEOPLE, "feedback_id")]
    new = {name: statement.excluded[name] for name in machine}
    # JSON has no equality in PostgreSQL.
    different = [
        cast(LEDGER.c[name], Text).is_distinct_from(cast(new[name], Text)) if name == EXTRA else LEDGER.c[name].is_distinct_from(new[name])
        for name in machine
    ]
    return statement.on_conflict_do_update(index_elements=[LEDGER.c.feedback_id], set_=new, where=or_(*different))


def _execute(connection: Connection, statement: Insert, rows: pa.Table) -> int:
    """Run a statement for each row, without a dictionary a row."""
    compiled = statement.compile(dialect=connection.dialect, column_keys=rows.column_names)
    order = compiled.positiontup or []
    count = 0
    for values in _tuples(rows.select(order)):
        count += connection.exec_driver_sql(str(compiled), values).rowcount
    return count


def _tuples(rows: pa.Table) -> Iterator[list[tuple[Any, ...]]]:
    """Rows as the driver of SQLite takes them, in parts; times as SQLAlchemy writes them there."""
    for start in range(0, rows.num_rows, CHUNK):
        columns = [_plain(column).to_pylist() for column in rows.slice(start, CHUNK).itercolumns()]
        yield list(zip(*columns, strict=True))


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column.cast(pa.timestamp("us")), "%Y-%m-%d %H:%M:%S")
    return column


def _copy(connection: Connection, table: Table, rows: pa.Table) -> None:
    """COPY in CSV; nothing is unquoted there, an empty text is quoted."""
    names = sql.SQL(", ").join(map(sql.Identifier, rows.column_names))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(sql.Identifier(table.name), names)
    options = csv.WriteOptions(include_header=False, quoting_style="all_valid")
    driver: Any = connection.connection
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for start in range(0, rows.num_rows, CHUNK):
            piece = io.BytesIO()
            csv.write_csv(rows.slice(start, CHUNK), piece, options)
            copy.write(piece.getvalue())
