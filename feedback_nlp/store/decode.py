"""Rows of the tables back to a ledger with the types it had."""

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from feedback_nlp.io.cells import ZONE
from feedback_nlp.store.frames import with_missing

_NUMPY = re.compile(r"(?:u?int|float)(?:8|16|32|64)")
_TIMES = re.compile(r"datetime64\[(?:s|ms|us|ns), .+\]")


def decode(parts: Iterable[Sequence[Sequence[Any]]], names: Sequence[str], types: Mapping[str, str], in_extra: set[str]) -> pd.DataFrame:
    """Rows, read part by part, as a frame with the columns of ``types`` in its order.

    parts: lists of rows, values in the order of ``names``, the last of them JSON. types: column -> pandas type. in_extra: columns some
    rows of which are in the JSON. Whole numbers and truth values with nothing in some row get the type that has room for it.
    """
    pieces: dict[str, list[Any]] = {name: [] for name in types}
    for rows in parts:
        columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}
        more = [json.loads(text) if text else {} for text in columns[names[-1]]] if in_extra and rows else []
        for name, dtype in types.items():
            values: Sequence[Any] = columns.get(name, ()) if more == [] or name in columns else [None] * len(more)
            if name in in_extra:
                values = [row.get(name, value) for row, value in zip(more, values, strict=True)]
            pieces[name].append(_piece(values, dtype))
    return pd.DataFrame({name: _column(pieces[name], dtype) for name, dtype in types.items()})


def _arrow_type(dtype: str) -> pa.DataType | None:
    """The Arrow type that builds a column of the pandas type quickly, None where there is none."""
    if dtype == "str":
        return pa.string()
    if dtype == "bool":
        return pa.bool_()
    if _TIMES.fullmatch(dtype):
        return pa.timestamp("us", tz="UTC")
    return pa.type_for_alias(dtype) if _NUMPY.fullmatch(dtype) else None


def _piece(values: Sequence[Any], dtype: str) -> Any:
    kind = _arrow_type(dtype)
    if kind is None:
        return list(values)
    if pa.types.is_timestamp(kind):
        values = [pd.Timestamp(value) if isinstance(value, str) else value for value in values]
    return pa.array(values, type=kind)


def _column(pieces: list[Any], dtype: str) -> pd.Series:
    kind = _arrow_type(dtype)
    if kind is None:
        return _objects([value for piece in pieces for value in piece], dtype)
    column = pa.chunked_array(pieces, type=kind)
    if column.null_count and with_missing(dtype) != dtype:
        return pd.Series(pd.array(column.to_pylist(), dtype=with_missing(dtype)))
    return pd.Series(column.to_pandas().array).astype(dtype)


def _objects(values: list[Any], dtype: str) -> pd.Series:
    if dtype == "object":
        return pd.Series([_local(value) if isinstance(value, dt.datetime) else value for value in values], dtype=object)
    if dtype.startswith("datetime64"):
        return pd.Series(pd.to_datetime(values, format="ISO8601")).astype(dtype)
    return pd.Series(pd.array(values, dtype=dtype)) if dtype[:1].isupper() or dtype == "boolean" else pd.Series(values).astype(dtype)


def _local(moment: dt.datetime) -> pd.Timestamp:
    """A time of the tables, in UTC whether it says so or not, as a ledger has it."""
    return pd.Timestamp(moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment).tz_convert(ZONE).as_unit("us")


def history_frame(rows: Sequence[Sequence[Any]], names: Sequence[str], *, whole: Sequence[str] = ()) -> pd.DataFrame:
    """Rows of the history or of the runs: texts, ``at`` in Asia/Shanghai, whole numbers."""
    types = {name: f"datetime64[us, {ZONE}]" if name == "at" else "int64" if name in whole else "str" for name in names}
    return decode([rows], [*names], types, set())
