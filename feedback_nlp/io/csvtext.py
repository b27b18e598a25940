"""Columns to the cells of a CSV file, and rows of cells to its bytes, a column at a time.

The bytes are those of ``csv.writer`` with its default dialect and lines that end in a line feed, over the texts of
:func:`feedback_nlp.io.cells.csv_cell`; numbers are written as ``str`` writes them.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from feedback_nlp.io.cells import FORMULA_STARTS, LIST_SEPARATOR, ZONE, csv_cell, encodable

if TYPE_CHECKING:
    import pyarrow as pa

#: Between these Arrow writes a float, double or single, as Python and numpy do: without an exponent, but for ".0" behind whole ones.
_PLAIN = {np.dtype(np.float64): (1e-4, 1e9), np.dtype(np.float32): (1e-3, 1e6)}
_YEARS = (np.datetime64("1000-01-01", "s"), np.datetime64("9999-12-31", "s"))
_NOTHING = {type(None), type(pd.NA), type(pd.NaT)}
_SPECIAL = '[",\r\n]'


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """Return the rows of a frame as bytes of a CSV file in UTF-8; a lone surrogate is a question mark."""
    import pyarrow.compute as pc

    if not frame.shape[1]:
        return b""
    columns = [csv_column(frame.iloc[:, position]) for position in range(frame.shape[1])]
    if len(columns) == 1:
        # A row of one empty cell would be a blank line.
        columns = [pc.if_else(pc.equal(columns[0], _text("")), _text('""'), columns[0])]
    rows = _joined(columns, ",")
    lines = _joined([rows, ""], "\n")
    offsets = np.frombuffer(lines.buffers()[1], dtype=np.int64)[lines.offset : lines.offset + len(lines) + 1]
    return bytes(memoryview(lines.buffers()[2])[offsets[0] : offsets[-1]]) if len(lines) else b""


def csv_column(column: pd.Series) -> "pa.LargeStringArray":
    """Return the cells of a column, in quotes where needed.

    Nothing is empty, lists are joined, times are local, text cannot be a formula.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert(ZONE).dt.tz_localize(None)
    if pd.api.types.is_datetime64_dtype(column.dtype):
        return _times(column.to_numpy().astype("datetime64[s]"))
    if column.dtype in _PLAIN:
        return _floats(column.to_numpy())
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu":
        return pa.array(column.to_numpy()).cast(pa.large_string())
    if column.dtype == bool:
        return pc.if_else(pa.array(column.to_numpy()), _text("True"), _text("False"))
    texts = _texts(column) if isinstance(column.dtype, pd.StringDtype) or column.dtype == object else None
    if texts is None:
        # Single cells: as Python floats half ones would show digits they do not have.
        values = column.to_numpy() if column.dtype == np.float16 else column.astype(object)
        texts = pa.array([encodable(csv_cell(value)) for value in values], pa.large_string())
    return _quoted(texts)


def _texts(column: pd.Series) -> "pa.LargeStringArray | None":
    """Return the cells of a column of strings, or of lists of strings, and missing values; None if there is anything else in it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kinds = set(map(type, column.to_numpy())) - _NOTHING if column.dtype == object else {str}
    try:
        # A float that is no NaN is refused by Arrow.
        if kinds <= {str, float}:
            texts = _flat(pa.array(column, pa.large_string(), from_pandas=True)).fill_null("")
        elif kinds == {list}:
            lists = pa.array(column)
            if lists.type != pa.list_(pa.string()) or lists.flatten().null_count:
                return None
            texts = pc.binary_join(lists, LIST_SEPARATOR).cast(pa.large_string()).fill_null("")
        else:
            return None
    except (pa.ArrowException, UnicodeEncodeError):
        return None
    formula = pc.is_in(pc.utf8_slice_codeunits(texts, 0, 1), pa.array(FORMULA_STARTS, pa.large_string()))
    return pc.if_else(formula, _joined(["'", texts]), texts) if pc.any(formula).as_py() else texts


def _floats(numbers: Any) -> "pa.LargeStringArray":
    import pyarrow as pa
    import pyarrow.compute as pc

    size = np.abs(numbers)
    least, most = _PLAIN[numbers.dtype]
    plain = ((size >= least) & (size < most)) | (size == 0)
    texts = pa.array(numbers).cast(pa.large_string())
    whole = plain & (numbers == np.floor(numbers))
    if whole.any():
        texts = pc.if_else(whole, _joined([texts, ".0"]), texts)
    if not plain.all():
        others = numbers[~plain]
        # As Python floats single ones would show digits they do not have: 0.1 as 0.10000000149011612.
        items = others.tolist() if numbers.dtype == np.float64 else list(others)
        written = pa.array(["" if item != item else str(item) for item in items], pa.large_string())
        texts = pc.replace_with_mask(texts, pa.array(~plain), written)
    return _flat(texts)


def _times(times: Any) -> "pa.LargeStringArray":
    import pyarrow as pa

    known = times[~np.isnat(times)]
    if len(known) and (known.min() < _YEARS[0] or known.max() > _YEARS[1]):
        texts = np.datetime_as_string(times)
        return pa.array(["" if text == "NaT" else text.replace("T", " ") for text in texts.tolist()], pa.large_string())
    return pa.array(times).cast(pa.large_string()).fill_null("")


def _quoted(texts: "pa.LargeStringArray") -> "pa.LargeStringArray":
    import pyarrow.compute as pc

    special = pc.match_substring_regex(texts, _SPECIAL)
    if not pc.any(special).as_py():
        return texts
    return pc.if_else(special, _joined(['"', pc.replace_substring(texts, '"', '""'), '"']), texts)


def _joined(parts: list[Any], separator: str = "") -> Any:
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(*(_text(part) if isinstance(part, str) else part for part in parts), _text(separator))


def _text(text: str) -> Any:
    import pyarrow as pa

    return pa.scalar(text, pa.large_string())


def _flat(array: Any) -> Any:
    return array.combine_chunks() if hasattr(array, "combine_chunks") else array
