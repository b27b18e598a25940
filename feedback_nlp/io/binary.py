"""Parquet and Excel workbooks to drafts; values keep the types the file gives them."""

import functools
import re
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

import numpy as np
import pandas as pd

from feedback_nlp.errors import InputError
from feedback_nlp.io.encoding import content_kind
from feedback_nlp.io.headers import clean_headers
from feedback_nlp.io.opened import MAX_PART_SIZE, Opened, no_rows, rows_of_a_part
from feedback_nlp.io.sources import Source, changed
from feedback_nlp.io.table import Draft

if TYPE_CHECKING:
    import pyarrow as pa

_HEAD = 4096
#: Rows asked of a Parquet file at once: cells of many megabytes are noticed after so many.
_BATCH = 4096
#: Limits of a workbook: bytes of all its parts, and the rectangle of cells of a sheet.
MAX_UNPACKED = 512 * 1024 * 1024
MAX_SHEET_CELLS = 50_000_000
_BLOCK = 1 << 20
_ADDRESS = re.compile(rb'r="([A-Z]{1,3})([0-9]{1,7})"')
#: Integers up to here are exact in a float, the only number a spreadsheet has.
_EXACT = 2.0**53


def open_parquet(source: Source) -> Opened:
    """Open a Parquet file, local or not; lines count records from 1. Raises InputError if it is no Parquet file, at once or later.

    Columns written as dictionaries come as plain values: parts have different dictionaries.
    """
    import pyarrow.parquet as pq

    try:
        with source.open() as file, pq.ParquetFile(file) as parquet:
            schema = parquet.schema_arrow
            template = _to_frame(schema.empty_table(), source.where)
    except Exception as error:
        raise _foreign(source, "a Parquet file", error) from error

    def drafts(part_rows: int) -> Iterator[Draft]:
        line = 1
        for table in _tables(source, schema, rows_of_a_part(part_rows, len(template.columns))):
            frame = _to_frame(table, source.where)
            yield Draft(frame, np.arange(line, line + len(frame), dtype=np.int64), "parquet")
            line += len(frame)

    return Opened(template, drafts)


def _tables(source: Source, schema: "pa.Schema", limit: int) -> Iterator["pa.Table"]:
    """Yield tables of ``limit`` rows; of fewer at the end, and where a row is very long."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    batches: list[pa.RecordBatch] = []
    n_rows = size = 0
    try:
        with source.open() as file, pq.ParquetFile(file) as parquet:
            if parquet.schema_arrow != schema:
                raise changed(source.where)
            for batch in parquet.iter_batches(batch_size=min(limit, _BATCH)):
                # Invalid UTF-8 in a string column is found here, and not when the text is used.
                batch.validate(full=True)
                while n_rows + batch.num_rows >= limit:
                    batches.append(batch.slice(0, limit - n_rows))
                    batch = batch.slice(limit - n_rows)
                    yield pa.Table.from_batches(batches, schema)
                    batches, n_rows, size = [], 0, 0
                batches.append(batch)
                n_rows, size = n_rows + batch.num_rows, size + batch.nbytes
                if size > MAX_PART_SIZE and n_rows:
                    yield pa.Table.from_batches(batches, schema)
                    batches, n_rows, size = [], 0, 0
        if n_rows:
            yield pa.Table.from_batches(batches, schema)
    except Exception as error:
        raise _foreign(source, "a Parquet file", error) from error


def _to_frame(table: "pa.Table", where: str) -> pd.DataFrame:
    import pyarrow as pa

    headers = clean_headers(table.column_names, where=where)
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(place, field.name, table.column(place).cast(field.type.value_type))
    # Without integer_object_nulls one missing value turns a column of long customer numbers into rounded floats.
    frame = table.to_pandas(ignore_metadata=True, integer_object_nulls=True)
    frame.columns = headers
    return frame


def open_excel(source: Source) -> Opened:
    """Open the first visible worksheet that holds anything; lines are the rows as the spreadsheet numbers them.

    The first row with a value is the header; empty rows are skipped. Whole numbers are int, empty cells None. Read as a whole.
    """
    with source.open() as file:
        grid = _first_grid(source, file)
    number = next((number for number, cells in enumerate(grid, 1) if not _is_empty(cells)), 0)
    if not number:
        raise InputError(f"{source.where}: expected a worksheet with a header row, got empty sheets; save the table in the first sheet")
    rows = [(line, cells) for line, cells in enumerate(grid[number:], number + 1) if not _is_empty(cells)]
    columns = list(zip(*(cells for _, cells in rows), strict=True)) or [()] * len(grid[number - 1])
    kept = [position for position, name in enumerate(grid[number - 1]) if name != "" or any(cell != "" for cell in columns[position])]
    headers = clean_headers([_cell(grid[number - 1][position]) for position in kept], where=f"{source.where}, row {number}")
    frame = pd.DataFrame(
        {name: pd.Series([_cell(cell) for cell in columns[position]], dtype=object) for name, position in zip(headers, kept, strict=True)}
    )
    lines = np.array([line for line, _ in rows], dtype=np.int64)

    def drafts(part_rows: int) -> Iterator[Draft]:
        for start in range(0, len(frame), part_rows):
            cut = slice(start, start + part_rows)
            yield Draft(frame.iloc[cut].reset_index(drop=True), lines[cut], "xlsx")

    return Opened(no_rows(headers), drafts)


def _check_size(file: IO[bytes], where: str) -> None:
    """Refuse a workbook whose sheets unpack to more than memory should hold; the reader allocates the whole rectangle of a sheet."""
    import zipfile

    try:
        with zipfile.ZipFile(file) as book:
            size = sum(part.file_size for part in book.infolist())
            if size > MAX_UNPACKED:
                raise InputError(f"{where}: expected at most {MAX_UNPACKED} bytes unpacked, but it unpacks to {size}; split the workbook")
            for part in book.infolist():
                if part.filename.startswith("xl/worksheets/"):
                    with book.open(part) as sheet:
                        _check_corner(sheet, where)
    except InputError:
        raise
    except Exception:  # no zip file, a damaged one or one with a password: the reader says what is wrong with it
        return


def _check_corner(sheet: IO[bytes], where: str) -> None:
    """Stream one sheet and look at the cells' addresses."""
    column = row = 0
    tail = b""
    while block := sheet.read(_BLOCK):
        for letters, digits in _ADDRESS.findall(tail + block):
            row = max(row, int(digits))
            column = max(column, functools.reduce(lambda total, letter: total * 26 + letter - 64, letters, 0))
        if row * column > MAX_SHEET_CELLS:
            raise InputError(f"{where}: expected a sheet of at most {MAX_SHEET_CELLS} cells, got {row} rows and {column} columns")
        tail = block[-16:]


def _first_grid(source: Source, file: IO[bytes]) -> list[list[object]]:
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    _check_size(file, source.where)
    file.seek(0)
    try:
        with CalamineWorkbook.from_filelike(file) as book:
            for sheet in book.sheets_metadata:
                if (sheet.typ, sheet.visible) == (SheetTypeEnum.WorkSheet, SheetVisibleEnum.Visible):
                    grid: list[list[object]] = book.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
                    if grid:
                        return grid
            return []
    except BaseException as error:
        # A panic of the Rust reader on a damaged file comes as a BaseException of its own.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise _foreign(source, "an Excel workbook without a password", error) from error
        raise


def _is_empty(cells: list[object]) -> bool:
    return all(cell == "" or (isinstance(cell, str) and cell.isspace()) for cell in cells)


def _cell(value: object) -> object:
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return None if value == "" else value


def _foreign(source: Source, expected: str, error: BaseException) -> InputError:
    if isinstance(error, InputError):
        return error
    kind = content_kind(next(source.blocks(), b"")[:_HEAD])
    kind = kind.replace("data of another kind", "text or data of another kind")
    return InputError(
        f"{source.where}: expected {expected}, got {kind} or a damaged file; export it again or give it the suffix of its real format"
    )
