"""A ledger to what the tables hold: one Arrow table, columns of their own and one of JSON."""

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from feedback_nlp.io.cells import arrow_column, encodable, plain_or_text
from feedback_nlp.io.texts import is_missing
from feedback_nlp.store.schema import EXTRA, FLAGS, NUMBERS, SCORE, TEXTS, TIMES, WHOLE_NUMBERS
from feedback_nlp.trends.satisfaction import read_satisfaction

UTC = pa.timestamp("us", tz="UTC")

_KINDS = {
    **dict.fromkeys(TEXTS, pa.string()),
    **dict.fromkeys(TIMES, UTC),
    **dict.fromkeys(WHOLE_NUMBERS, pa.int64()),
    **dict.fromkeys((*NUMBERS, SCORE), pa.float64()),
    **dict.fromkeys(FLAGS, pa.bool_()),
    EXTRA: pa.string(),
}


def extra_columns(frame: pd.DataFrame) -> list[str]:
    """Columns that are none of the table's, or hold values of another type than it."""
    return [name for name in frame.columns if name not in _KINDS or not _fits(frame[name], _KINDS[name])]


def encode(frame: pd.DataFrame, extra: Sequence[str]) -> pa.Table:
    """The rows of a ledger as those of ``schema.LEDGER``, types as they are in the table; times in UTC. extra: of ``extra_columns``."""
    columns = {
        name: _column(frame[name], kind) if name in frame and name not in extra else pa.nulls(len(frame), kind)
        for name, kind in _KINDS.items()
    }
    if "satisfaction" in frame:
        columns[SCORE] = pa.array(read_satisfaction(frame["satisfaction"])[0], from_pandas=True)
    if extra:
        columns[EXTRA] = pa.array(_json_rows(frame[list(extra)]), type=pa.string())
    return pa.table(columns)


def encode_history(history: pd.DataFrame) -> pa.Table:
    """A history as rows of ``schema.HISTORY``."""
    return pa.table({str(name): _column(history[name], UTC if name == "at" else pa.string()) for name in history})


def _fits(column: pd.Series, kind: pa.DataType) -> bool:
    dtype = column.dtype
    if kind == pa.string():
        return isinstance(dtype, pd.StringDtype) or all(isinstance(value, str) or is_missing(value) for value in column.astype(object))
    if kind == UTC:
        return isinstance(dtype, pd.DatetimeTZDtype)
    if kind == pa.bool_():
        return bool(pd.api.types.is_bool_dtype(dtype))
    numeric = pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype) and dtype.kind != "c"
    return bool(numeric and (kind == pa.float64() or dtype.kind in "iu"))


def _column(column: pd.Series, kind: pa.DataType) -> pa.Array:
    if kind == pa.string():
        texts = column if isinstance(column.dtype, pd.StringDtype) else column.astype(object).where(column.notna(), None)
        array = arrow_column(texts)
        array = array if pa.types.is_string(array.type) else array.cast(pa.string())
        # PostgreSQL's texts cannot hold a zero character.
        return pc.replace_substring(array, "\x00", "\ufffd")
    if kind == pa.float64():
        return pa.array(column.to_numpy(np.float64, na_value=np.nan), from_pandas=True)
    return pa.array(column, from_pandas=True).cast(kind, safe=False)


def _json_rows(frame: pd.DataFrame) -> list[str | None]:
    """One JSON object a row with what is not missing, None where all is."""
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
    names = [_storable(str(name)) for name in frame.columns]
    rows = []
    for values in zip(*(_json_values(frame[name]) for name in frame.columns), strict=True):
        row = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        rows.append(encode(row) if row else None)
    return rows


def _json_values(column: pd.Series) -> list[Any]:
    return [_json_value(value) for value in column.astype(object)]


def _json_value(value: Any) -> Any:
    if isinstance(value, str):
        return _storable(value)
    if is_missing(value) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return _storable_parts(plain_or_text(value))


def _storable_parts(value: Any) -> Any:
    if isinstance(value, list):
        return [_storable_parts(part) for part in value]
    if isinstance(value, dict):
        return {_storable(name): _storable_parts(part) for name, part in value.items()}
    return _storable(value) if isinstance(value, str) else value


def _storable(value: str) -> str:
    return (value if value.isascii() else encodable(value)).replace("\x00", "\ufffd")
