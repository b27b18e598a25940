"""Values to what a worksheet can hold: dates, numbers, and texts of any length and content."""

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from feedback_nlp.io.cells import LIST_SEPARATOR, ZONE, as_text
from feedback_nlp.io.texts import is_missing
from feedback_nlp.report.showing import UNSHOWABLE

if TYPE_CHECKING:
    import pandas as pd

#: Characters Excel can hold in a cell; a cut text ends in an ellipsis.
MAX_CHARACTERS = 32_767
#: Lines that a row shows at most.
MAX_LINES = 10
#: Columns of running text, wrapped in a wide column.
WRAPPED = ("text", "tag", "reasons", "expectation", "scene", "result", "remark", "sentence", "quotes", "key_phrases")
#: Earliest date Excel has.
_FIRST = dt.datetime(1900, 1, 1)


def kind_of(column: "pd.Series", name: str) -> str:
    """What the cells of a column are: date, day, whole, number, score, share, flag, wrapped or text."""
    import pandas as pd

    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return "date"
    if pd.api.types.is_datetime64_dtype(column.dtype):
        return "day"
    if pd.api.types.is_bool_dtype(column.dtype):
        return "flag"
    if pd.api.types.is_integer_dtype(column.dtype):
        return "whole"
    if pd.api.types.is_float_dtype(column.dtype):
        if name == "share" or name.endswith("_share"):
            return "share"
        return "score" if name.endswith("score") or name.startswith("points_") else "number"
    return "wrapped" if name in WRAPPED else "text"


def values_of(column: "pd.Series", kind: str) -> list[Any]:
    """The cells as str, int, float, bool, datetime without zone, or None."""
    if kind in ("date", "day"):
        local = column.dt.tz_convert(ZONE).dt.tz_localize(None) if kind == "date" else column
        return [_date(value) for value in local.astype("datetime64[us]").astype(object)]
    if kind in ("text", "wrapped"):
        return [_loose(value) for value in column.astype(object)]
    if kind == "flag":
        return [None if is_missing(value) else bool(value) for value in column.astype(object)]
    if kind == "whole":
        return [_loose(value) for value in column.astype(object)]
    numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    # Figures of single precision have no more than four digits that mean something.
    return [value if np.isfinite(value) else _odd(value) for value in np.round(numbers, 4).tolist()]


def _odd(value: float) -> str | None:
    """What stands for a number that is none: nothing for NaN, a text for an infinite one."""
    return None if np.isnan(value) else str(value)


def _date(value: Any) -> dt.datetime | str | None:
    """A moment Excel has; its text where it is too early."""
    if is_missing(value):
        return None
    moment: dt.datetime = value.to_pydatetime(warn=False) if hasattr(value, "to_pydatetime") else value
    return moment if moment >= _FIRST else moment.isoformat(sep=" ")


def _loose(value: Any) -> str | int | float | bool | None:
    """A cell of a column of any kind: numbers stay numbers, all else is text."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | float | np.integer | np.floating) and not is_missing(value):
        number = value.item() if isinstance(value, np.generic) else value
        # A spreadsheet has 15 digits: a longer number, such as that of an account, is a text.
        return number if -1e15 < number < 1e15 else str(number)
    return cell_text(value) or None


def cell_text(value: Any) -> str:
    """A value as the text of a cell; "" where there is none."""
    if isinstance(value, list | tuple | np.ndarray):
        return LIST_SEPARATOR.join(cell_text(item) for item in value)
    return as_text(value) or ""


def clean_cell(text: str) -> tuple[str, bool]:
    """A text that a cell can hold, and whether it was cut. Excel counts characters above U+FFFF twice."""
    clean = UNSHOWABLE.sub("\ufffd", text)
    length = len(clean.encode("utf-16-le")) // 2
    if length <= MAX_CHARACTERS:
        return clean, False
    short = clean.encode("utf-16-le")[: 2 * (MAX_CHARACTERS - 1)].decode("utf-16-le", "ignore")
    return short + "…", True


def breadth(text: str) -> int:
    """About how many Latin letters a text is as wide as; a Chinese character, three bytes long, counts two."""
    return (len(text) + len(text.encode("utf-8", "replace"))) // 2


def lines_of(value: Any, width: int) -> int:
    """Lines that a cell needs in a column of ``width`` letters."""
    if type(value) is not str:
        return 1
    return sum(max(1, -(-breadth(line) // width)) for line in value[: width * MAX_LINES].split("\n"))
