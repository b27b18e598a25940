"""Rows out of the tables."""

import datetime as dt
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Text, and_, case, cast, func, or_, select

from feedback_nlp.ledger.policy import Policy
from feedback_nlp.store.columns import DONE, NEW
from feedback_nlp.store.columns import HISTORY as HISTORY_COLUMNS
from feedback_nlp.store.decode import decode, history_frame
from feedback_nlp.store.frames import ordered
from feedback_nlp.store.schema import COLUMNS, EXTRA, HISTORY, LEDGER, RUNS

#: Rows that are Python objects at a time.
PART = 50_000

_COUNTS = ("rows", "added", "changed", "vanished", "reopened")


@dataclass(frozen=True)
class Filter:
    """Which items; None asks for nothing. overdue_at: some promise is past its time at that moment, see ``LedgerStore.load``."""

    feedback_id: str | None = None
    status: str | None = None
    priority: str | None = None
    owner: str | None = None
    overdue_at: pd.Timestamp | None = None

    def clause(self) -> ColumnElement[bool]:
        """The filter as a condition."""
        values = {"feedback_id": self.feedback_id, "status": self.status, "priority": self.priority, "owner": self.owner}
        wanted = [LEDGER.c[name] == value for name, value in values.items() if value is not None]
        if self.overdue_at is not None:
            wanted += _overdue(self.overdue_at.tz_convert("UTC").to_pydatetime())
        return and_(True, *wanted)


def _overdue(moment: dt.datetime) -> list[ColumnElement[bool]]:
    """An item that is done keeps all promises, one that somebody took up is acknowledged."""
    item = LEDGER.c
    late = or_(
        and_(func.coalesce(item.status, NEW) == NEW, item.acknowledged_at.is_(None), item.ack_due_at < moment),
        and_(item.interim_at.is_(None), item.interim_due_at < moment),
        func.coalesce(item.due_at, item.resolve_due_at) < moment,
    )
    return [func.coalesce(item.status, NEW).not_in(DONE), item.resolved_at.is_(None), late]


def load_ledger(connection: Connection, chosen: Filter, limit: int | None, policy: Policy) -> pd.DataFrame:
    """Items with the columns and types of the ledger that was saved, most urgent first."""
    columns = connection.execute(select(COLUMNS).order_by(COLUMNS.c.position)).all()
    types = {row.name: row.dtype for row in columns}
    if not types:
        return pd.DataFrame()
    own = [column.name for column in LEDGER.columns if column.name in types]
    # The JSON as text: its drivers would each make something else of it.
    query = select(*(LEDGER.c[name] for name in own), cast(LEDGER.c[EXTRA], Text)).where(chosen.clause())
    if limit is not None:
        query = query.order_by(*_urgency(policy)).limit(limit)
    found = connection.execution_options(yield_per=PART).execute(query)
    frame = decode(found.partitions(), [*own, EXTRA], types, {row.name for row in columns if row.in_extra})
    return ordered(frame, policy)


def load_history(connection: Connection, feedback_id: str | None) -> pd.DataFrame:
    """The history, of one item or of all, in the order in which it happened."""
    query = select(*(HISTORY.c[name] for name in HISTORY_COLUMNS)).order_by(HISTORY.c.number)
    if feedback_id is not None:
        query = query.where(HISTORY.c.feedback_id == feedback_id)
    return history_frame(connection.execute(query).all(), HISTORY_COLUMNS)


def load_runs(connection: Connection) -> pd.DataFrame:
    """The runs by time, then by name."""
    names = ("run", "at", "who", *_COUNTS)
    rows = connection.execute(select(*(RUNS.c[name] for name in names)).order_by(RUNS.c.at, RUNS.c.run)).all()
    return history_frame(rows, names, whole=_COUNTS)


def count_items(connection: Connection, chosen: Filter) -> int:
    """How many items."""
    return int(connection.execute(select(func.count()).select_from(LEDGER).where(chosen.clause())).scalar_one())


def _urgency(policy: Policy) -> list[ColumnElement[object]]:
    """The order of ``frames.ordered``."""
    places = {level.name: place for place, level in enumerate(policy.levels)}
    level = case(places, value=LEDGER.c.priority, else_=len(places))
    known = case(dict.fromkeys(places, ""), value=LEDGER.c.priority, else_=LEDGER.c.priority)
    score, age = LEDGER.c.priority_score.desc().nulls_last(), LEDGER.c.created_at.asc().nulls_last()
    return [level.asc(), known.asc().nulls_last(), score, age, LEDGER.c.feedback_id.asc()]
