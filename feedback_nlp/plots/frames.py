"""Checks and conversions of the tables that are drawn."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


def need_columns(table: "pd.DataFrame", columns: Sequence[str], *, where: str) -> None:
    """Raise InputError where ``table`` is no frame or lacks a column. where: the function that draws it."""
    import pandas as pd

    if not isinstance(table, pd.DataFrame):
        raise InputError(f"{where}: expected a pandas DataFrame, got {type(table).__name__}")
    lacking = [name for name in columns if name not in table.columns]
    if lacking:
        got = ", ".join(map(str, table.columns)) or "none"
        raise InputError(f"{where}: expected the columns {', '.join(columns)}; missing: {', '.join(lacking)}; got: {got}")


def one_column(table: "pd.DataFrame", names: Sequence[str], *, where: str) -> str:
    """Return the first of the columns that is there. Raises InputError where none is."""
    need_columns(table, (), where=where)
    found = next((name for name in names if name in table.columns), None)
    if found is None:
        got = ", ".join(map(str, table.columns)) or "none"
        raise InputError(f"{where}: expected one of the columns {', '.join(names)}; got: {got}")
    return found


def numbers(table: "pd.DataFrame", column: str) -> Floats:
    """Return a column as float64 (n,), NaN where missing or infinite and where there is no such column. InputError for other values."""
    import pandas as pd

    if column not in table.columns:
        return np.full(len(table), np.nan)
    try:
        values = pd.to_numeric(table[column]).to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise InputError(f"column {column!r}: expected numbers, got {table[column].dtype} with other values ({error})") from error
    return np.where(np.isfinite(values), values, np.nan)


def flags(table: "pd.DataFrame", column: str) -> NDArray[np.bool_]:
    """Return a column as bool (n,), False where missing or where there is no such column. Raises InputError for other values."""
    import pandas as pd

    if column not in table.columns:
        return np.zeros(len(table), np.bool_)
    if table[column].dtype == np.bool_:
        return np.asarray(table[column].to_numpy(np.bool_))
    try:
        return np.asarray(pd.array(table[column].tolist(), dtype="boolean").to_numpy(dtype=np.bool_, na_value=False))
    except (ValueError, TypeError) as error:
        raise InputError(f"column {column!r}: expected True or False, got {table[column].dtype} with other values ({error})") from error


def moments(values: Any, *, column: str) -> NDArray[np.datetime64]:
    """Return dates as datetime64[s] (n,), the clock of their zone where they have one, NaT where missing. InputError for what is no date.

    values: (n,) dates, times, periods or their text (ISO 8601). column: their name in the message.
    """
    import pandas as pd

    series = pd.Series(values)
    if isinstance(series.dtype, pd.PeriodDtype):
        series = series.dt.to_timestamp()
    elif series.isna().all():
        return np.full(len(series), np.datetime64("NaT", "s"))
    elif pd.api.types.is_numeric_dtype(series.dtype):
        raise InputError(f"{column}: expected dates, got numbers ({series.dtype})")
    elif not pd.api.types.is_datetime64_any_dtype(series.dtype):
        series = _parsed(series, column)
    if series.dt.tz is not None:
        series = series.dt.tz_localize(None)
    return np.asarray(series.to_numpy().astype("datetime64[s]"))


def texts(table: "pd.DataFrame", column: str) -> list[object]:
    """Return a column as a list, None where missing; all None where there is no such column."""
    if column not in table.columns:
        return [None] * len(table)
    return [None if _missing(value) else value for value in table[column].tolist()]


def ranked(names: Sequence[object], weights: Floats, top: int) -> NDArray[np.int64]:
    """Up to ``top`` rows by weight, the largest first, then by name as text; those without a weight are left out."""
    known = np.flatnonzero(~np.isnan(weights))
    spelled = np.array([str(names[row]) for row in known.tolist()], dtype=object)
    return np.asarray(known[np.lexsort((spelled, -weights[known]))][:top] if len(known) else known, np.int64)


def check_counts(**options: int) -> None:
    """Raise InputError where an option is no whole number of 1 or more."""
    for name, value in options.items():
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise InputError(f"{name}: expected a whole number of 1 or more, got {value!r}")


def first_places(names: Sequence[object]) -> Mapping[object, int]:
    """Number distinct names from 1, in the order in which they first come."""
    return {name: place for place, name in enumerate(dict.fromkeys(names), start=1)}


def _parsed(series: "pd.Series", column: str) -> "pd.Series":
    import pandas as pd

    try:
        return pd.to_datetime(series, format="ISO8601")
    except (ValueError, TypeError) as error:
        raise InputError(f"{column}: expected dates, or texts like 2025-10-01, got others ({str(error).splitlines()[0]})") from error


def _missing(value: object) -> bool:
    import pandas as pd

    return bool(pd.isna(value)) if pd.api.types.is_scalar(value) else False
