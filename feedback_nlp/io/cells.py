"""Values to what a file format can hold: text of a CSV cell, plain JSON values, an Arrow column."""

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from feedback_nlp.io.texts import is_missing

if TYPE_CHECKING:
    import pyarrow as pa

#: The zone of all times without one, and the one times are shown in.
ZONE = "Asia/Shanghai"
#: First characters a spreadsheet takes for the start of a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
LIST_SEPARATOR = "；"


def neutral(text: str) -> str:
    """Return the text with an apostrophe before it if a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def csv_cell(value: Any) -> str:
    """Return the text of one cell of a CSV file: nothing is empty, lists are joined, times are local, text cannot be a formula."""
    if isinstance(value, str):
        return neutral(value)
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return neutral(LIST_SEPARATOR.join(str(item) for item in items))
    if is_missing(value):
        return ""
    if isinstance(value, dt.datetime):
        moment = pd.Timestamp(value)
        try:
            return (moment if moment.tz is None else moment.tz_convert(ZONE)).strftime("%Y-%m-%d %H:%M:%S")  # type: ignore[no-any-return]
        except (NotImplementedError, OverflowError, ValueError):  # years that neither pandas nor C can write
            return str(value)
    if isinstance(value, Mapping):
        return json.dumps(plain_or_text(value), ensure_ascii=False, sort_keys=True)
    number = isinstance(value, int | float | np.number)
    return str(value) if number else neutral(str(value))


def plain(value: Any) -> Any:
    """Return the value with JSON types only: NaN and missing are None, times ISO 8601, keys strings, arrays and sets lists.

    Raises TypeError for an object JSON has no form for.
    """
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return [plain(item) for item in sorted(value, key=str)]
    if isinstance(value, list | tuple | np.ndarray | pd.Series | pd.Index):
        return [plain(item) for item in (value.tolist() if hasattr(value, "tolist") else value)]
    if isinstance(value, np.datetime64):
        return plain(pd.Timestamp(value))
    if isinstance(value, np.generic):
        return plain(value.item())
    if is_missing(value) or (isinstance(value, float) and not np.isfinite(value)):
        return None
    if isinstance(value, int | float):
        return value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    raise TypeError(f"expected a value JSON can hold, got {type(value).__name__}")


def plain_or_text(value: Any) -> Any:
    """Return the value with JSON types only, or its text if JSON has no form for it: a stray column must not stop a run."""
    try:
        return plain(value)
    except RecursionError:
        return "…"
    except (TypeError, ValueError, OverflowError):
        return _text_of(value)


def _text_of(value: Any) -> str:
    """``str(value)``, or the name of its type where it has no text (an integer of over 4,300 digits)."""
    try:
        return str(value)
    except (ValueError, OverflowError):
        return f"<{type(value).__name__}>"


def arrow_column(column: pd.Series) -> "pa.Array":
    """Return an Arrow array; a column of mixed types or of objects becomes one of strings, an empty one too."""
    import pyarrow as pa

    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    try:
        array = pa.array(column, from_pandas=True)
    except (pa.ArrowException, UnicodeEncodeError, OverflowError, ValueError, TypeError):
        return pa.array([as_text(value) for value in column], type=pa.string())
    if pa.types.is_null(array.type):
        return array.cast(pa.string())
    if pa.types.is_list(array.type) and pa.types.is_null(array.type.value_type):
        return array.cast(pa.list_(pa.string()))
    nested = pa.types.is_nested(array.type) and not pa.types.is_list(array.type)
    if nested or (pa.types.is_list(array.type) and pa.types.is_nested(array.type.value_type)):
        return pa.array([as_text(value) for value in column], type=pa.string())
    return array


def to_frame(table: "pa.Table") -> pd.DataFrame:
    """Return an Arrow table as a DataFrame whose texts are pandas' own."""
    import pyarrow as pa

    # Arrow before 19 knows no texts of pandas 3.
    texts = dict.fromkeys((pa.string(), pa.large_string()), pd.StringDtype(na_value=np.nan))
    return table.to_pandas(types_mapper=texts.get)


def as_text(value: Any) -> str | None:
    """A cell of any type as text: JSON where it is nested, None where it is missing."""
    if is_missing(value):
        return None
    loose = plain_or_text(value)
    try:
        return encodable(loose if isinstance(loose, str) else json.dumps(loose, ensure_ascii=False, sort_keys=True))
    except ValueError:
        return _text_of(loose)


def encodable(text: str) -> str:
    """Return the text with a question mark for each lone surrogate, which no encoding can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
