"""A ledger as merging wants it: one row per id, people's columns there and of one type, the machine's own figures named."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from feedback_nlp.errors import InputError
from feedback_nlp.io import parse_dates
from feedback_nlp.io.cells import ZONE, as_text
from feedback_nlp.io.texts import is_missing
from feedback_nlp.ledger.policy import DEFAULT_POLICY, Policy, load_policy
from feedback_nlp.ledger.scheme import DEFAULT_SCHEME, Scheme, load_scheme
from feedback_nlp.store.columns import ADDED, NEW, PEOPLE, PEOPLES_TIMES, REQUIRED
from feedback_nlp.text.privacy import mask_texts

#: Columns in which people write sentences, and perhaps a customer's telephone number.
FREE_TEXTS = ("result", "remark")

#: Ids named in a message, at most.
NAMED = 5

#: Nothing is reopened more often.
MAX_COUNT = 1_000_000

Moment = str | dt.datetime | None


def prepare(ledger: pd.DataFrame, *, what: str) -> pd.DataFrame:
    """A ledger with all of ``PEOPLE`` and ``ADDED`` and plain dtypes; the input is never changed.

    ledger: n rows, one per ``feedback_id``, with ``REQUIRED``. what: how messages call it.
    People's times are read in whatever form they have; what cannot be read is kept as text in ``input_due_at`` and the like.
    Returns n rows in the same order, RangeIndex. Raises InputError where columns are missing or ids missing or repeated.
    """
    missing = [name for name in REQUIRED if name not in ledger]
    if missing:
        raise InputError(f"{what}: expected a ledger as analyze makes it; columns missing: {', '.join(missing)}")
    frame = ledger.reset_index(drop=True)
    frame.columns = pd.Index([str(name) for name in frame.columns])
    repeated = sorted(set(frame.columns[frame.columns.duplicated()]))
    if repeated:
        raise InputError(f"{what}: expected different column names, got {', '.join(repeated)} more than once")
    frame["feedback_id"] = checked_ids(frame["feedback_id"], what=what)
    for name in [name for name in frame.columns if isinstance(frame[name].dtype, pd.CategoricalDtype)]:
        frame[name] = frame[name].astype(frame[name].cat.categories.dtype)
    for name in PEOPLE:
        given = frame[name] if name in frame else pd.Series(index=frame.index, dtype="str")
        if name not in PEOPLES_TIMES:
            frame[name] = _masked(plain_texts(given)) if name in FREE_TEXTS else plain_texts(given)
            continue
        times, bad = parse_dates(given)
        frame[name] = times
        if bad.any():
            frame[f"input_{name}"] = plain_texts(given).where(bad)
    frame["status"] = frame["status"].mask(frame["status"].isna() | frame["status"].eq(""), NEW)
    for name in ("priority", "category"):
        frame[f"machine_{name}"] = frame[f"machine_{name}" if f"machine_{name}" in frame else name].astype("str")
        frame[name] = frame[name].astype("str")
    frame["type_label"] = frame["type_label"].astype("str")
    frame["reopened"] = _counts(frame["reopened"]) if "reopened" in frame else np.int64(0)
    frame["vanished"] = _counts(frame["vanished"]) > 0 if "vanished" in frame else False
    return frame[[name for name in frame.columns if name not in ADDED] + list(ADDED)]


def checked_ids(ids: pd.Series, *, what: str) -> pd.Series:
    """The ids as text. Raises InputError where one is missing, no text or there twice."""
    values = ids.astype(object)
    wrong = [row for row, value in enumerate(values) if not isinstance(value, str) or not value]
    if wrong:
        raise InputError(f"{what}: feedback_id: expected a text in every row, got {values.iloc[wrong[0]]!r} in row {wrong[0]}")
    again = sorted(set(values[values.duplicated()]))
    if again:
        raise InputError(f"{what}: feedback_id: expected each once, got {', '.join(again[:NAMED])} more than once")
    # A zero character has no place in PostgreSQL's texts.
    return values.str.replace("\x00", "\ufffd", regex=False).astype("str")


def plain_texts(column: pd.Series) -> pd.Series:
    """Cells as text, missing ones missing; 1001.0 (a spreadsheet's integer) is 1001."""
    if isinstance(column.dtype, pd.StringDtype):
        return column.astype("str")
    return pd.Series([_plain_text(value) for value in column.astype(object)], index=column.index, name=column.name, dtype="str")


def _plain_text(value: Any) -> str | None:
    if is_missing(value):
        return None
    return as_text(int(value) if isinstance(value, float) and value.is_integer() else value)


def _counts(column: pd.Series) -> pd.Series:
    """Whole numbers from 0 on, however a file spells them: a data export says 2, "2", True or 是; anything else is 0."""
    words = column.astype(object).where(column.notna(), 0).map(lambda value: str(value).strip().casefold())
    numbers = pd.to_numeric(words.replace({"true": "1", "yes": "1", "y": "1", "是": "1", "有": "1"}), errors="coerce")
    return numbers.fillna(0).clip(0, MAX_COUNT).astype(np.int64)


def _masked(column: pd.Series) -> pd.Series:
    """The texts without personal data."""
    rows = np.flatnonzero(column.notna().to_numpy(bool))
    if not len(rows):
        return column
    result = column.copy()
    result.iloc[rows] = mask_texts(column.iloc[rows].tolist())
    return result


def moment(at: Moment, *, name: str = "at") -> pd.Timestamp:
    """A time in Asia/Shanghai; None is now. Raises InputError for what is no time."""
    if at is None:
        return pd.Timestamp.now(tz=ZONE).floor("s").as_unit("us")
    times, bad = parse_dates([at])
    if bad.any() or times.isna().any():
        raise InputError(f"{name}: expected a time such as 2026-03-05 09:00, got {at!r}")
    return times.iloc[0]


def named(value: object, *, name: str) -> str:
    """A name that says something. Raises InputError."""
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{name}: expected a text that is not empty, got {value!r}")
    return value.strip()


def rules(scheme: Scheme | str | Path | None, policy: Policy | str | Path | None) -> tuple[Scheme, Policy]:
    """The scheme and the policy, given themselves or by slug or path; the defaults for None."""
    view = scheme if isinstance(scheme, Scheme) else load_scheme(scheme or DEFAULT_SCHEME)
    return view, policy if isinstance(policy, Policy) else load_policy(policy or DEFAULT_POLICY)


def check_rules(ledger: pd.DataFrame, scheme: Scheme, policy: Policy) -> None:
    """Raise InputError where a run's ledger was made under another scheme or policy than the one it is merged under."""
    words = {
        "machine_priority": ("policy", policy.slug, {level.name for level in policy.levels}),
        "machine_category": ("scheme", scheme.slug, {entry.name for entry in scheme.classes}),
    }
    for column, (kind, slug, allowed) in words.items():
        others = sorted(set(ledger[column].dropna().unique()) - allowed)
        if others:
            raise InputError(
                f"{column.removeprefix('machine_')}: expected the words of the {kind} {slug} ({', '.join(sorted(allowed))}), "
                f"got {', '.join(others[:NAMED])}; give the {kind} the ledger was made under as {kind}=…"
            )
