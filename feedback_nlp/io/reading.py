"""From whatever a caller has (a path, a frame, a list of texts) to one checked table."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from feedback_nlp.errors import InputError
from feedback_nlp.io.memory import Data
from feedback_nlp.io.parts import read_parts
from feedback_nlp.io.sources import is_named, is_url
from feedback_nlp.io.table import Table

#: Cells of a JSON Lines file read as a whole; objects that share few names would fill the memory with nothing.
MAX_CELLS = 50_000_000
_ALL = 1 << 62


def read_table(
    path: str | os.PathLike[str],
    *,
    text_column: str | None = None,
    columns: Mapping[str, str] | None = None,
    strict: bool = False,
    encoding: str | None = None,
) -> Table:
    """Read a file of feedback: .csv, .tsv (.tab, .txt), .jsonl (.ndjson), .parquet (.pq), .xlsx (.xlsm, .xls).

    path: of one file, or its URL (extra ``remote``); text files may be packed (.gz, .bz2, .zst). For folders and for files larger
        than the memory see :func:`read_parts`.
    text_column, columns: which header means what, see :func:`map_columns`.
    strict: raise at the first unusable record instead of putting it into quarantine.
    encoding: of a text file; without it UTF-8, UTF-16 with a byte order mark and GB18030 are told apart.
    CSV cells stay strings, empty ones are None (``""`` in the text column). Parquet and Excel values keep their types.
    Raises InputError if the file cannot be read, has no usable row or no text column; RowError with ``strict``.
    """
    data = str(path) if isinstance(path, str) and is_url(path) else Path(path)
    if isinstance(data, Path) and _is_folder(data):
        raise InputError(f"{path}: expected a file, got a folder; name one file in it, or read all of them with read_parts")
    return _put_together(
        read_parts(data, text_column=text_column, columns=columns, strict=strict, encoding=encoding, part_rows=_ALL), str(path)
    )


def read_frame(
    data: Data,
    *,
    text_column: str | None = None,
    columns: Mapping[str, str] | None = None,
    strict: bool = False,
    encoding: str | None = None,
) -> Table:
    """Read feedback from memory, or from a file if ``data`` is a path.

    data: a DataFrame (``text_column`` and ``columns`` as in :func:`map_columns`), a list, tuple, Series or one-dimensional array
        of texts, or the path of a file for :func:`read_table`, the only case in which ``encoding`` matters.
    The index of a frame or Series is kept; ``lines`` counts rows from 1. None and NaN are the empty text, other values than
    strings are put into quarantine (RowError with ``strict``).
    Raises InputError if nothing in it is a text.
    """
    if isinstance(data, str | os.PathLike) and is_named(data):
        return read_table(data, text_column=text_column, columns=columns, strict=strict, encoding=encoding)
    return _put_together(read_parts(data, text_column=text_column, columns=columns, strict=strict, part_rows=_ALL), "data")


def _put_together(parts: Iterable[Table], where: str) -> Table:
    tables = []
    cells = 0
    for table in parts:
        cells += table.frame.size
        if table.format == "jsonl" and cells > MAX_CELLS:
            raise InputError(
                f"{where}: expected at most {MAX_CELLS} cells, got more in objects of {len(table.frame.columns)} names; "
                "split the file, or read it with read_parts"
            )
        tables.append(table)
    if len(tables) == 1:
        return tables[0]
    return replace(
        tables[0],
        frame=pd.concat([table.frame for table in tables], ignore_index=True),
        lines=np.concatenate([table.lines for table in tables]),
        quarantine=pd.concat([table.quarantine for table in tables], ignore_index=True),
    )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
