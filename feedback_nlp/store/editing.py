"""People's changes of one item, inside one transaction of the caller."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from sqlalchemy import Connection, insert, select, update

from feedback_nlp.errors import InputError, did_you_mean
from feedback_nlp.io.cells import ZONE
from feedback_nlp.io.texts import is_missing
from feedback_nlp.ledger.policy import Policy
from feedback_nlp.ledger.scheme import Scheme
from feedback_nlp.store.columns import PEOPLE, PEOPLES_TIMES
from feedback_nlp.store.corrected import apply_corrections, type_places
from feedback_nlp.store.decode import decode
from feedback_nlp.store.frames import changes
from feedback_nlp.store.merge import Stamp
from feedback_nlp.store.prepare import FREE_TEXTS, moment
from feedback_nlp.store.schema import HISTORY, LEDGER
from feedback_nlp.text.privacy import mask_texts
from feedback_nlp.vocabulary import STATUSES, TYPES

#: What an edit reads, and what it may write of it.
_SHOWN = ("type_label", "category", "priority")
_READ = {
    **dict.fromkeys(("feedback_id", "text", "type", "machine_priority", "machine_category", *_SHOWN, *PEOPLE), "str"),
    **dict.fromkeys(PEOPLES_TIMES, f"datetime64[us, {ZONE}]"),
    "reopened": "int64",
}

#: From an item's row to the values it shall have.
Wish = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def edit_item(connection: Connection, feedback_id: str, wish: Wish, stamp: Stamp, *, scheme: Scheme, policy: Policy) -> pd.DataFrame:
    """Change people's columns of one item; ``wish`` gets its row and returns the new values, ``reopened`` among them if need be.

    Returns the rows of history that were written, none where nothing differs. Raises InputError where there is no such item or a value
    is none the column can have.
    """
    columns = [LEDGER.c[name] for name in _READ]
    found = connection.execute(select(*columns).where(LEDGER.c.feedback_id == feedback_id)).all()
    if not found:
        raise InputError(f"feedback_id: there is no item {feedback_id!r} in this store")
    before = decode([found], list(_READ), _READ, set())
    row = {name: None if is_missing(value) else value for name, value in before.iloc[0].items()}
    wanted = dict(wish(row))
    reopened = wanted.pop("reopened", row["reopened"])
    values = checked_changes(wanted, policy)
    after = before.assign(
        **{name: pd.Series([value], dtype=_READ[name]) for name, value in values.items()},
        reopened=pd.Series([reopened], dtype="int64"),
    )
    after = apply_corrections(after, scheme, policy)
    history = changes(before, after, run=stamp.run, who=stamp.who, at=stamp.at)
    if len(history):
        written = {name: _bound(after[name].iloc[0]) for name in (*PEOPLE, *_SHOWN, "reopened")}
        connection.execute(update(LEDGER).where(LEDGER.c.feedback_id == feedback_id).values(**written))
        connection.execute(insert(HISTORY), [{str(k): _bound(v) for k, v in entry.items()} for entry in history.to_dict("records")])
    return history


def checked_changes(wanted: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """The values as the columns hold them; None and "" clear. Raises InputError for a column that is not people's, or a wrong value."""
    unknown = [name for name in wanted if name not in PEOPLE]
    if unknown:
        hint = did_you_mean(unknown[0], PEOPLE, form="; did you mean {}?")
        raise InputError(f"edit: expected columns out of {', '.join(PEOPLE)}, got {unknown[0]!r}{hint}")
    return {name: _checked(name, None if is_missing(value) or value == "" else value, policy) for name, value in wanted.items()}


def _checked(name: str, value: Any, policy: Policy) -> Any:
    if name == "status":
        return _one_of(name, value, STATUSES)
    if value is None:
        return None
    if name in PEOPLES_TIMES:
        return moment(value, name=name)
    if not isinstance(value, str):
        raise InputError(f"{name}: expected a text, got {type(value).__name__}")
    if name == "corrected_priority":
        return _one_of(name, value, [level.name for level in policy.levels])
    if name == "corrected_type":
        place = int(type_places(pd.Series([value], dtype="str"))[0])
        return list(TYPES.values())[place] if place >= 0 else _one_of(name, value, [*TYPES, *TYPES.values()])
    value = value.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")
    return mask_texts([value])[0] if name in FREE_TEXTS else value


def _one_of(name: str, value: Any, allowed: "list[str] | tuple[str, ...]") -> Any:
    if value not in allowed:
        raise InputError(f"{name}: expected one of {', '.join(allowed)}, got {value!r}")
    return value


def _bound(value: Any) -> Any:
    """A cell as the driver takes it; times in UTC."""
    if is_missing(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.tz_convert("UTC").to_pydatetime()
    return value.item() if hasattr(value, "item") else value
