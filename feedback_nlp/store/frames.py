"""Columns of two ledgers as one: types that last, an order that lasts, and a history of what differs."""

import re
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.io.cells import ZONE
from feedback_nlp.ledger.policy import Policy
from feedback_nlp.store.columns import ADDED, HISTORY, PEOPLE, PEOPLES_TIMES, TRACKED

#: Types of a history's columns.
HISTORY_TYPES = {**dict.fromkeys(HISTORY, "str"), "at": f"datetime64[us, {ZONE}]"}


def common_type(first: str | None, second: str | None) -> str:
    """The type that holds the values of both; None is a ledger without the column, whose rows have nothing there."""
    known = [name for name in (first, second) if name is not None]
    if len(known) == 2:
        return str(pd.concat([pd.Series(dtype=name) for name in known]).dtype)
    return with_missing(known[0])


def with_missing(name: str) -> str:
    """The type of the same values with room for none."""
    if name == "bool":
        return "boolean"
    return name.replace("int", "Int").replace("uInt", "UInt") if re.fullmatch(r"u?int\d+", name) else name


def join_types(new: dict[str, str], old: dict[str, str], *, others: bool) -> dict[str, str]:
    """Column -> type of a merged ledger, in order. others: the old ledger has rows that the new one lacks."""
    names = column_order(new, old if others else {})
    return {name: common_type(new.get(name), old.get(name)) if others else new[name] for name in names}


def column_order(new: Iterable[str], old: Iterable[str]) -> list[str]:
    """The new ledger's columns, people's behind its ``department`` and deadlines, then what only the old one has, then ``ADDED``."""
    first = list(new)
    names = [*first, *(name for name in old if name not in set(first))]
    machine = [name for name in names if name not in (*PEOPLE, *ADDED)]
    # Where the pipeline shows the status, people's other columns follow it.
    place = next((machine.index(name) + 1 for name in ("resolve_due_at", "department", "created_at", "text") if name in machine), 0)
    return [*machine[:place], *PEOPLE, *machine[place:], *ADDED]


def column_types(frame: pd.DataFrame) -> dict[str, str]:
    """Column -> name of its type."""
    return {str(name): str(dtype) for name, dtype in frame.dtypes.items()}


def stack(frames: Sequence[pd.DataFrame], types: dict[str, str]) -> pd.DataFrame:
    """The rows of all frames under the columns and types of ``types``; what a frame lacks is missing in its rows."""
    columns = {}
    for name, dtype in types.items():
        parts = [
            _of_type(frame[name] if name in frame else pd.Series(index=frame.index, dtype=dtype), dtype)
            for frame in frames
            if len(frame) or len(frames) == 1
        ]
        columns[name] = pd.concat(parts, ignore_index=True) if parts else pd.Series(dtype=dtype)
    return pd.DataFrame(columns)


def _of_type(column: pd.Series, dtype: str) -> pd.Series:
    """The column under a type that holds its values; among objects nothing is None."""
    result = column.astype(dtype)
    return result.where(result.notna(), None) if dtype == "object" else result


def ordered(ledger: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """The ledger most urgent first: by level, then score, then age, then id; levels the policy does not know come last, by name."""
    names = [level.name for level in policy.levels]
    unknown = sorted(set(ledger["priority"].dropna().unique()) - set(names))
    level = ledger["priority"].map({name: place for place, name in enumerate([*names, *unknown])}).fillna(np.inf).to_numpy(np.float64)
    age = np.zeros(len(ledger))
    if "created_at" in ledger and isinstance(ledger["created_at"].dtype, pd.DatetimeTZDtype):
        age = ledger["created_at"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    ids = pd.factorize(ledger["feedback_id"].astype(object), sort=True)[0]
    rows = np.lexsort((ids, age, -ledger["priority_score"].to_numpy(np.float64, na_value=-np.inf), level))
    return ledger.iloc[rows].reset_index(drop=True)


def changes(before: pd.DataFrame, after: pd.DataFrame, *, run: str | None, who: str | None, at: pd.Timestamp) -> pd.DataFrame:
    """The history of what differs between two states of the same n items, rows alike.

    Returns ``HISTORY``, by id, then in the order of ``TRACKED``; values as text, times ISO 8601. Columns that ``before`` lacks are new,
    not changed.
    """
    names = [name for name in TRACKED if name in before]
    found = [np.flatnonzero(differs(before[name], after[name])) for name in names]
    rows = np.concatenate([np.empty(0, np.intp), *found])
    places = np.repeat(np.arange(len(names)), [len(part) for part in found])
    ids = after["feedback_id"].astype(object).to_numpy()[rows]
    sides = {
        side: np.concatenate(
            [np.empty(0, object), *(spelled(frame[name].iloc[part]) for name, part in zip(names, found, strict=True) if len(part))]
        )
        for side, frame in (("from", before), ("to", after))
    }
    columns = np.asarray(names, dtype=object)[places]
    table = {"feedback_id": ids, "column": columns, **sides, "who": who, "run": run, "at": at}
    order = np.lexsort((places, pd.factorize(ids, sort=True)[0]))
    history = pd.DataFrame(table, columns=list(HISTORY), index=pd.RangeIndex(len(rows))).astype(HISTORY_TYPES)
    return history.iloc[order].reset_index(drop=True)


def differs(before: pd.Series, after: pd.Series) -> NDArray[np.bool_]:
    """Where two columns of one type differ, bool (n,); nothing equals nothing."""
    same = before.eq(after).fillna(False).to_numpy(bool) | (before.isna() & after.isna()).to_numpy(bool)
    return np.asarray(~same)


def spelled(column: pd.Series) -> pd.Series:
    """Values as a history spells them: text, times ISO 8601 in Asia/Shanghai; object (n,), None where there is none."""
    if column.name in PEOPLES_TIMES:
        column = pd.Series([None if pd.isna(time) else time.isoformat() for time in column], dtype=object)
    values = column.astype(object).reset_index(drop=True)
    return values.where(values.notna(), None)
