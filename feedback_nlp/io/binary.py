"""Parquet and Excel workbooks to a draft; values keep the types the file gives them."""

import functools
import re
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd

from feedback_nlp.errors import InputError
from feedback_nlp.io.encoding import content_kind
from feedback_nlp.io.headers import clean_headers
from feedback_nlp.io.table import Draft

_HEAD = 4096
#: Limits of a workbook: bytes of all its parts, and the rectangle of cells of a sheet.
MAX_UNPACKED = 512 * 1024 * 1024
MAX_SHEET_CELLS = 50_000_000
_BLOCK = 1 << 20
_ADDRESS = re.compile(rb'r="([A-Z]{1,3})([0-9]{1,7})"')
#: Integers up to here are exact in a float, the only number a spreadsheet has.
_EXACT = 2.0**53


def read_parquet(path: Path) -> Draft:
    """Read a Parquet file; lines count records from 1. Raises InputError if it is no Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            table = file.read()
        # Invalid UTF-8 in a string column is found here, and not when the text is used.
        table.validate(full=True)
        # Without integer_object_nulls one missing value turns a column of long customer numbers into rounded floats.
        frame = table.to_pandas(ignore_metadata=True, integer_object_nulls=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _foreign(path, "a Parquet file") from error
    frame.columns = clean_headers(table.column_names, where=str(path))
    return Draft(frame, np.arange(1, len(frame) + 1, dtype=np.int64), "parquet")


def read_excel(path: Path) -> Draft:
    """Read the first visible worksheet that holds anything; lines are the rows as the spreadsheet numbers them.

    The first row with a value is the header; empty rows are skipped. Whole numbers are int, empty cells None.
    """
    grid = _first_grid(path)
    number = next((number for number, cells in enumerate(grid, 1) if not _is_empty(cells)), 0)
    if not number:
        raise InputError(f"{path}: expected a worksheet with a header row, got empty sheets; save the table in the first sheet")
    rows = [(line, cells) for line, cells in enumerate(grid[number:], number + 1) if not _is_empty(cells)]
    columns = list(zip(*(cells for _, cells in rows), strict=True)) or [()] * len(grid[number - 1])
    kept = [position for position, name in enumerate(grid[number - 1]) if name != "" or any(cell != "" for cell in columns[position])]
    headers = clean_headers([_cell(grid[number - 1][position]) for position in kept], where=f"{path}, row {number}")
    frame = pd.DataFrame(
        {name: pd.Series([_cell(cell) for cell in columns[position]], dtype=object) for name, position in zip(headers, kept, strict=True)}
    )
    return Draft(frame, np.array([line for line, _ in rows], dtype=np.int64), "xlsx")


def _check_size(path: Path) -> None:
    """Refuse a workbook whose sheets unpack to more than memory should hold; the reader allocates the whole rectangle of a sheet."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as book:
            size = sum(part.file_size for part in book.infolist())
            if size > MAX_UNPACKED:
                raise InputError(f"{path}: expected at most {MAX_UNPACKED} bytes unpacked, but it unpacks to {size}; split the workbook")
            for part in book.infolist():
                if part.filename.startswith("xl/worksheets/"):
                    with book.open(part) as sheet:
                        _check_corner(sheet, path)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError):
        return  # no zip file, or one with a password: the reader says what is wrong with it


def _check_corner(sheet: IO[bytes], path: Path) -> None:
    """Stream one sheet and look at the cells' addresses."""
    column = row = 0
    tail = b""
    while block := sheet.read(_BLOCK):
        for letters, digits in _ADDRESS.findall(tail + block):
            row = max(row, int(digits))
            column = max(column, functools.reduce(lambda total, letter: total * 26 + letter - 64, letters, 0))
        if row * column > MAX_SHEET_CELLS:
            raise InputError(f"{path}: expected a sheet of at most {MAX_SHEET_CELLS} cells, got {row} rows and {column} columns")
        tail = block[-16:]


def _first_grid(path: Path) -> list[list[object]]:
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    _check_size(path)
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            for sheet in book.sheets_metadata:
                if (sheet.typ, sheet.visible) == (SheetTypeEnum.WorkSheet, SheetVisibleEnum.Visible):
                    grid: list[list[object]] = book.get_sheet_by_name(sheet.name).to_python(skip_empty_area=False)
                    if grid:
                        return grid
            return []
    except BaseException as error:
        # A panic of the Rust reader on a damaged file comes as a BaseException of its own.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise _foreign(path, "an Excel workbook without a password") from error
        raise


def _is_empty(cells: list[object]) -> bool:
    return all(cell == "" or (isinstance(cell, str) and cell.isspace()) for cell in cells)


def _cell(value: object) -> object:
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    return None if value == "" else value


def _foreign(path: Path, expected: str) -> InputError:
    with path.open("rb") as file:
        kind = content_kind(file.read(_HEAD))
    kind = kind.replace("data of another kind", "text or data of another kind")
    return InputError(
        f"{path}: expected {expected}, got {kind} or a damaged file; export it again or give it the suffix of its real format"
    )
