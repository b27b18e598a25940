"""A run into the tables, inside one transaction of the caller."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import Column, Connection, MetaData, Table, bindparam, delete, exists, insert, select, update
from sqlalchemy.schema import CreateTable, DropTable

from feedback_nlp.ledger.policy import Policy
from feedback_nlp.ledger.scheme import Scheme
from feedback_nlp.store.bulk import fill, upsert
from feedback_nlp.store.columns import PEOPLE, PEOPLES_TIMES, REOPENED
from feedback_nlp.store.decode import decode
from feedback_nlp.store.encode import encode, encode_history, extra_columns
from feedback_nlp.store.frames import column_types, join_types
from feedback_nlp.store.merge import Rows, Stamp, merge_rows
from feedback_nlp.store.schema import COLUMNS, HISTORY, LEDGER, RUNS, SCORE

#: Rows that are encoded at a time.
PART = 100_000

#: What merging needs of the items that are there.
_NEEDED = {
    **dict.fromkeys(("feedback_id", "priority", *PEOPLE), "str"),
    **dict.fromkeys(PEOPLES_TIMES, "datetime64[us, Asia/Shanghai]"),
    "reopened": "int64",
    SCORE: "float64",
}

#: The ids of the run.
_INCOMING = Table(
    "feedback_incoming", MetaData(), Column("feedback_id", LEDGER.c.feedback_id.type, primary_key=True), prefixes=["TEMPORARY"]
)


@dataclass(frozen=True)
class Saved:
    """What saving a run did, in numbers of items.

    rows: in the run. added: not there before. changed: added, or different from before. vanished: newly marked so.
    reopened: by a dissatisfied answer. history: rows of the history.
    """

    run: str
    rows: int
    added: int
    changed: int
    vanished: int
    reopened: int
    history: int


def save_run(
    connection: Connection,
    ledger: pd.DataFrame,
    stamp: Stamp,
    *,
    scheme: Scheme,
    policy: Policy,
    partial: bool,
    signature: Mapping[str, Any] | None,
) -> Saved:
    """Merge a prepared ledger of a run into the tables; the arguments are those of ``merge_ledger``."""
    connection.execute(CreateTable(_INCOMING))
    fill(connection, _INCOMING, pa.table({"feedback_id": pa.array(ledger["feedback_id"].astype(object), pa.string())}))
    merged = merge_rows(ledger, _known(connection), stamp, scheme=scheme, policy=policy)
    elsewhere = ~exists().where(_INCOMING.c.feedback_id == LEDGER.c.feedback_id)
    _save_columns(connection, merged.ledger, others=connection.execute(select(LEDGER.c.feedback_id).where(elsewhere).limit(1)).first())
    changed = _save_rows(connection, merged)
    vanished = 0
    if not partial:
        gone = update(LEDGER).where(elsewhere, LEDGER.c.vanished.is_distinct_from(True)).values(vanished=True)
        vanished = connection.execute(gone).rowcount
    connection.execute(DropTable(_INCOMING))
    if len(merged.history):
        fill(connection, HISTORY, encode_history(merged.history))
    added, reopened = int((~merged.known).sum()), int(merged.reopened.sum())
    saved = Saved(str(stamp.run), len(ledger), added, changed, vanished, reopened, len(merged.history))
    _save_run(connection, saved, stamp, signature)
    return saved


def _known(connection: Connection) -> pd.DataFrame:
    """What the tables know of the run's items."""
    columns = [LEDGER.c[name] for name in _NEEDED]
    found = connection.execute(select(*columns).join(_INCOMING, _INCOMING.c.feedback_id == LEDGER.c.feedback_id))
    return decode(found.partitions(PART), list(_NEEDED), _NEEDED, set()).rename(columns={SCORE: "satisfaction"})


def _save_rows(connection: Connection, merged: Rows) -> int:
    """The rows themselves; returns how many were new or differed."""
    ledger, changed = merged.ledger, 0
    extra = extra_columns(ledger)
    # By id, as the index has them: in any other order every row is another page of it.
    order = np.argsort(ledger["feedback_id"].to_numpy(dtype=object), kind="stable")
    for start in range(0, len(ledger), PART):
        changed += upsert(connection, encode(ledger.iloc[order[start : start + PART]], extra))
    ids = ledger.loc[merged.reopened, "feedback_id"].tolist()
    if ids:
        # All of people's columns that a run may change, and only in these rows.
        again = update(LEDGER).where(LEDGER.c.feedback_id == bindparam("item")).values(status=REOPENED, resolved_at=None)
        connection.execute(again, [{"item": name} for name in ids])
    return changed


def _save_columns(connection: Connection, ledger: pd.DataFrame, *, others: object) -> None:
    """Names, order and types of the ledger's columns, as merging joins them. others: anything where the run lacks some items."""
    kept = connection.execute(select(COLUMNS).order_by(COLUMNS.c.position)).all()
    types = join_types(column_types(ledger), {row.name: row.dtype for row in kept}, others=others is not None)
    in_extra = set(extra_columns(ledger)) | ({row.name for row in kept if row.in_extra} if others is not None else set())
    rows = [(name, place, dtype, name in in_extra) for place, (name, dtype) in enumerate(types.items())]
    if rows == [tuple(row) for row in kept]:
        return
    connection.execute(delete(COLUMNS))
    connection.execute(insert(COLUMNS), [dict(zip(COLUMNS.c.keys(), row, strict=True)) for row in rows])


def _save_run(connection: Connection, saved: Saved, stamp: Stamp, signature: Mapping[str, Any] | None) -> None:
    """The run's row: new for a new name, renewed where the run changed anything."""
    counts = {"rows": saved.rows, "added": saved.added, "changed": saved.changed, "vanished": saved.vanished, "reopened": saved.reopened}
    values = {
        **counts,
        "at": stamp.at.tz_convert("UTC").to_pydatetime(),
        "who": stamp.who,
        "signature": dict(signature) if signature else None,
    }
    if connection.execute(select(RUNS.c.run).where(RUNS.c.run == saved.run)).first() is None:
        connection.execute(insert(RUNS).values(run=saved.run, **values))
    elif saved.changed or saved.vanished or saved.history:
        connection.execute(update(RUNS).where(RUNS.c.run == saved.run).values(**values))
