"""Columns to the cells of a CSV file, and rows of cells to its bytes, a column at a time.

The bytes are those of ``csv.writer`` with its default dialect and lines that end in a line feed, over the texts of
:func:`feedback_nlp.io.cells.csv_cell`; numbers are written as ``str`` writes them.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.io.cells import FORMULA_STARTS, LIST_SEPARATOR, ZONE, csv_cell, encodable
from feedback_nlp.io.joined import constant, joined

if TYPE_CHECKING:
    import pyarrow as pa

#: Between these Arrow writes a float, double or single, as Python and numpy do: without an exponent, but for ".0" behind whole ones.
_PLAIN = {np.dtype(np.float64): (1e-4, 1e9), np.dtype(np.float32): (1e-3, 1e6)}
_YEARS = (np.datetime64("1000-01-01", "s"), np.datetime64("9999-12-31", "s"))
_NOTHING = {type(None), type(pd.NA), type(pd.NaT)}
#: The bytes that make quotes necessary; and, by byte, whether what a spreadsheet takes for a formula may begin with it.
_SPECIAL = np.frombuffer(b'",\r\n', np.uint8)
_FORMULA = np.isin(np.arange(256), [start.encode()[0] for start in FORMULA_STARTS])


def csv_bytes(frame: pd.DataFrame) -> "memoryview | bytes":
    """Return the rows of a frame as bytes of a CSV file in UTF-8; a lone surrogate is a question mark."""
    import pyarrow.compute as pc

    if not frame.shape[1] or not len(frame):
        return b""
    columns = [csv_column(frame.iloc[:, position]) for position in range(frame.shape[1])]
    if len(columns) == 1:
        # A row of one empty cell would be a blank line.
        columns = [pc.if_else(pc.equal(columns[0], constant("")), constant('""'), columns[0])]
    columns[-1] = joined(columns[-1], "\n")
    offsets, data = _parts(joined(*columns, separator=","))
    return data[offsets[0] : offsets[-1]].data


def csv_column(column: pd.Series) -> "pa.LargeStringArray":
    """Return the cells of a column, in quotes where needed.

    Nothing is empty, lists are joined, times are local, text cannot be a formula.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy()
        return csv_column(pd.Series(column.cat.categories)).take(pa.array(codes, mask=codes < 0)).fill_null("")
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert(ZONE).dt.tz_localize(None)
    if pd.api.types.is_datetime64_dtype(column.dtype):
        return _times(column.to_numpy().astype("datetime64[s]"))
    if column.dtype in _PLAIN:
        return _floats(column.to_numpy())
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu":
        return pa.array(column.to_numpy()).cast(pa.large_string())
    if column.dtype == bool:
        return pc.if_else(pa.array(column.to_numpy()), constant("True"), constant("False"))
    texts = _texts(column) if isinstance(column.dtype, pd.StringDtype) or column.dtype == object else None
    text_only = texts is not None
    if texts is None:
        # Single cells: as Python floats half ones would show digits they do not have.
        values = column.to_numpy() if column.dtype == np.float16 else column.astype(object)
        texts = pa.array([encodable(csv_cell(value)) for value in values], pa.large_string())
    return _guarded(texts, formulas=text_only)


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
    return texts


def _floats(numbers: Any) -> "pa.LargeStringArray":
    """Each different number is spelled once: rounded ones are few. They are told apart by their bits, as 0.0 and -0.0 are equal."""
    import pyarrow as pa

    bits = pa.array(numbers.view(f"i{numbers.itemsize}")).dictionary_encode()
    return _spelled(bits.dictionary.to_numpy().view(numbers.dtype)).take(bits.indices)


def _spelled(numbers: Any) -> "pa.LargeStringArray":
    import pyarrow as pa
    import pyarrow.compute as pc

    size = np.abs(numbers)
    least, most = _PLAIN[numbers.dtype]
    plain = ((size >= least) & (size < most)) | (size == 0)
    texts = pa.array(numbers).cast(pa.large_string())
    whole = plain & (numbers == np.floor(numbers))
    if whole.any():
        texts = pc.if_else(whole, joined(texts, ".0"), texts)
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


def _guarded(texts: "pa.LargeStringArray", *, formulas: bool) -> "pa.LargeStringArray":
    """Cells in quotes where needed, and no formulas among them. Only those whose bytes make it possible are looked at closely."""
    import pyarrow as pa
    import pyarrow.compute as pc

    offsets, data = _parts(texts)
    # One look at all bytes for what they could be, and one at those for what they are.
    places = np.flatnonzero(data[offsets[0] : offsets[-1]] <= _SPECIAL.max()) + offsets[0]
    places = places[np.isin(data[places], _SPECIAL)]
    special = np.zeros(len(texts), bool)
    special[np.searchsorted(offsets, places, "right") - 1] = True
    rows = special.copy()
    if formulas:
        filled = np.flatnonzero(offsets[1:] > offsets[:-1])
        rows[filled] |= _FORMULA[data[offsets[filled]]]
    if not rows.any():
        return texts
    cells = texts.filter(pa.array(rows))
    if formulas:
        formula = pc.is_in(pc.utf8_slice_codeunits(cells, 0, 1), pa.array(FORMULA_STARTS, pa.large_string()))
        cells = pc.if_else(formula, joined("'", cells), cells)
    quoted = joined('"', pc.replace_substring(cells, '"', '""'), '"')
    return pc.replace_with_mask(texts, pa.array(rows), pc.if_else(pa.array(special[rows]), quoted, cells))


def _parts(texts: "pa.LargeStringArray") -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """int64 (n + 1,), where each text starts and the last one ends; uint8, the bytes of all."""
    _, offsets, data = texts.buffers()
    starts = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1] if len(texts) else np.zeros(1, np.int64)
    return starts, np.zeros(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)


def _flat(array: Any) -> Any:
    return array.combine_chunks() if hasattr(array, "combine_chunks") else array
