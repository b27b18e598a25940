"""The tables, and how a store of an older version becomes one of this.

The tables below are those of the newest version; a new store gets them as they are. A new version is a change of them and a step in
``MIGRATIONS`` that makes it out of the one before; a step is never changed once it was released.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    DateTime,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.types import TypeEngine

from feedback_nlp.errors import InputError

#: Columns of a ledger that have a column of their own; any other is part of ``extra``, one JSON object a row.
TEXTS = (
    *("feedback_id", "priority", "tag", "text", "reasons", "type_label", "category", "sentiment_label", "urgency_label", "theme"),
    *("key_phrases", "keywords", "aspects", "product", "channel", "department", "expectation", "scene", "customer_id", "customer_name"),
    *("contact", "customer_type", "industry", "annual_spend", "tenure_years", "satisfaction", "duplicate_of", "type", "urgency"),
    *("text_original", "machine_priority", "machine_category"),
    *("status", "owner", "result", "remark", "corrected_type", "corrected_priority"),
)
TIMES = ("created_at", "ack_due_at", "interim_due_at", "resolve_due_at", "due_at", "acknowledged_at", "interim_at", "resolved_at")
WHOLE_NUMBERS = ("sentiment", "duplicates", "source_line", "reopened")
NUMBERS = (
    *("priority_score", "type_confidence", "polarity", "sentiment_confidence", "urgency_confidence"),
    *("risk_safety", "risk_money", "risk_data", "risk_outage", "risk_legal", "risk_churn"),
    *("points_urgency", "points_negativity", "points_risk", "points_frequency", "points_trend", "points_reach", "points_customer"),
    *("points_repeat", "points_core"),
)
FLAGS = ("no_information", "damaged", "vanished")

#: What the ledger's table has besides a ledger's columns: the rest of the row, and the satisfaction as a number from 1 to 5.
EXTRA, SCORE = "extra", "satisfaction_score"

METADATA = MetaData()


def _text() -> TypeEngine[Any]:
    # Ids sort by code points on every system, as Python sorts them.
    return Text().with_variant(Text(collation="C"), "postgresql")


def _time() -> TypeEngine[Any]:
    return DateTime(timezone=True)


def _columns() -> list[Column[Any]]:
    """The columns of the ledger's table, version 1."""
    kinds: dict[str, Callable[[], TypeEngine[Any]]] = {
        **dict.fromkeys(TEXTS, _text),
        **dict.fromkeys(TIMES, _time),
        **dict.fromkeys(WHOLE_NUMBERS, BigInteger),
        **dict.fromkeys((*NUMBERS, SCORE), Double),
        **dict.fromkeys(FLAGS, Boolean),
        EXTRA: JSON,
    }
    return [Column(name, kind(), primary_key=name == "feedback_id") for name, kind in kinds.items()]


#: The ledger.
LEDGER = Table(
    "feedback_ledger",
    METADATA,
    *_columns(),
    Index("feedback_ledger_status", "status"),
    Index("feedback_ledger_owner", "owner"),
)

#: Every change of a tracked column of an item, in the order in which it happened.
HISTORY = Table(
    "feedback_history",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("feedback_id", _text(), nullable=False),
    Column("column", Text, nullable=False),
    Column("from", Text),
    Column("to", Text),
    Column("who", Text),
    Column("run", Text),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("feedback_history_feedback_id", "feedback_id"),
)

#: The runs, each with what it changed when it was last saved and changed anything.
RUNS = Table(
    "feedback_runs",
    METADATA,
    Column("run", _text(), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("who", Text),
    *(Column(name, BigInteger, nullable=False) for name in ("rows", "added", "changed", "vanished", "reopened")),
    Column("signature", JSON),
)

#: The columns of the ledger that was saved, in order: the name of the pandas type, and whether some rows keep it in ``extra``.
COLUMNS = Table(
    "feedback_columns",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("dtype", Text, nullable=False),
    Column("in_extra", Boolean, nullable=False),
)

#: One row: the version of the tables.
VERSION = Table("feedback_schema", MetaData(), Column("version", Integer, nullable=False))


#: A step that makes a version out of the one before, inside a transaction.
Step = Callable[[Connection], None]

#: The first makes version 2 out of version 1, and so on.
MIGRATIONS: tuple[Step, ...] = ()


def newest(steps: Sequence[Step]) -> int:
    """The version that the steps lead to."""
    return 1 + len(steps)


def version_of(connection: Connection) -> int:
    """The version of the store's tables, 0 where there are none."""
    if not inspect(connection).has_table(VERSION.name):
        return 0
    return int(connection.execute(select(VERSION.c.version)).scalar_one())


def check_version(version: int, steps: Sequence[Step], *, where: str) -> None:
    """Raise InputError where the store is newer than this library."""
    if version > newest(steps):
        raise InputError(
            f"{where}: the store has version {version}, this feedback_nlp knows versions up to {newest(steps)}; "
            "use the version of feedback_nlp that last wrote it, or a later one"
        )


def migrate(connection: Connection, steps: Sequence[Step], *, where: str) -> None:
    """Make the store, or bring it to the newest version, inside the caller's transaction. Raises InputError where it is newer."""
    version = version_of(connection)
    check_version(version, steps, where=where)
    if version == 0:
        METADATA.create_all(connection, checkfirst=False)
        VERSION.create(connection, checkfirst=False)
        connection.execute(insert(VERSION).values(version=newest(steps)))
    elif version < newest(steps):
        for step in steps[version - 1 :]:
            step(connection)
        connection.execute(update(VERSION).values(version=newest(steps)))
