"""From whatever a caller has (a path, a frame, a list of texts) to a checked table."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from feedback_nlp.errors import InputError, RowError, TextTypeError
from feedback_nlp.io.binary import read_excel, read_parquet
from feedback_nlp.io.columns import TEXT, map_columns
from feedback_nlp.io.delimited import read_delimited
from feedback_nlp.io.jsonlines import read_jsonlines
from feedback_nlp.io.table import Draft, Table, quarantine_frame
from feedback_nlp.io.texts import judge_texts, no_text

#: Suffix -> format.
FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".txt": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xls": "xlsx",
}

#: What :func:`read_frame` accepts.
Data: TypeAlias = pd.DataFrame | pd.Series | np.ndarray | list[str] | tuple[str, ...] | str | os.PathLike[str]


def read_table(
    path: str | os.PathLike[str],
    *,
    text_column: str | None = None,
    columns: Mapping[str, str] | None = None,
    strict: bool = False,
    encoding: str | None = None,
) -> Table:
    """Read a file of feedback: .csv, .tsv (.tab, .txt), .jsonl (.ndjson), .parquet (.pq), .xlsx (.xlsm, .xls).

    text_column, columns: which header means what, see :func:`map_columns`.
    strict: raise at the first unusable record instead of putting it into quarantine.
    encoding: of a text file; without it UTF-8, UTF-16 with a byte order mark and GB18030 are told apart.
    CSV cells stay strings, empty ones are None (``""`` in the text column). Parquet and Excel values keep their types.
    Raises InputError if the file cannot be read, has no usable row or no text column; RowError with ``strict``.
    """
    file = Path(path)
    format = _format_of(file)
    draft = _read(file, format, encoding)
    if strict:
        _raise_first(draft, str(file))
    if draft.frame.empty:
        raise no_text(draft, [], str(file))
    try:
        frame = map_columns(draft.frame, text_column=text_column, columns=columns)
    except InputError as error:
        raise InputError(f"{file}: {error}") from error
    if format in ("csv", "tsv"):
        frame = _without_empty_cells(frame)
    table = _finish(replace(draft, frame=frame), str(file), strict)
    return replace(table, frame=table.frame.reset_index(drop=True))


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
    if isinstance(data, os.PathLike) or (isinstance(data, str) and _exists(data)):
        return read_table(data, text_column=text_column, columns=columns, strict=strict, encoding=encoding)
    frame = _frame_of(data, text_column, columns)
    draft = Draft(frame, np.arange(1, len(frame) + 1, dtype=np.int64), "memory")
    return _finish(draft, "data", strict)


def _frame_of(data: object, text_column: str | None, columns: Mapping[str, str] | None) -> pd.DataFrame:
    if isinstance(data, pd.DataFrame):
        return map_columns(data, text_column=text_column, columns=columns)
    if isinstance(data, pd.Series):
        return map_columns(data.to_frame(TEXT))
    if isinstance(data, list | tuple):
        return pd.DataFrame({TEXT: pd.Series(list(data), dtype=object)})
    if isinstance(data, np.ndarray) and data.ndim == 1:
        return pd.DataFrame({TEXT: pd.Series(data.tolist(), dtype=object)})
    if isinstance(data, str):
        # The string itself is not shown: it may be a customer's text.
        raise InputError(f"data: a string of {len(data)} characters is not the path of a file; put one text into a list: [text]")
    got = type(data).__name__ + (f" of {data.ndim} dimensions" if isinstance(data, np.ndarray) else "")
    raise TextTypeError(f"data: expected a DataFrame, a list, tuple, Series or one-dimensional array of strings, or a path, got {got}")


def _finish(draft: Draft, where: str, strict: bool) -> Table:
    judged = judge_texts(draft, where=where)
    if strict:
        _raise_first(judged, where)
    return Table(judged.frame, judged.lines, quarantine_frame(judged.bad), judged.encoding, judged.format)


def _raise_first(draft: Draft, where: str) -> None:
    if draft.bad:
        first = min(draft.bad, key=lambda row: row.line)
        raise RowError(f"{where}, line {first.line}: {first.reason}; repair this row, or read without strict=True to set it aside")


def _without_empty_cells(frame: pd.DataFrame) -> pd.DataFrame:
    columns = {
        name: frame[name] if name == TEXT else pd.Series([cell or None for cell in frame[name].to_numpy()], dtype=object) for name in frame
    }
    return pd.DataFrame(columns)


def _read(path: Path, format: str, encoding: str | None) -> Draft:
    try:
        _check_file(path)
        if format == "parquet":
            return read_parquet(path)
        if format == "xlsx":
            return read_excel(path)
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); check its permissions") from error
    if format == "jsonl":
        return read_jsonlines(data, where=str(path), encoding=encoding)
    return read_delimited(data, where=str(path), format=format, encoding=encoding)


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise InputError(f"{path}: expected a file, got a folder; name one file in it")
    if not path.exists():
        raise InputError(f"{path}: there is no such file; check the path (looked in {path.absolute().parent})")
    if not path.is_file():
        raise InputError(f"{path}: expected an ordinary file, got a device or pipe; save the data to a file first")
    if not path.stat().st_size:
        raise InputError(f"{path}: the file is empty; expected a header and records")


def _format_of(path: Path) -> str:
    format = FORMATS.get(path.suffix.lower())
    if format is None and not path.is_dir():
        got = f"the suffix {path.suffix!r}" if path.suffix else "no suffix"
        raise InputError(f"{path}: expected one of {', '.join(FORMATS)}, got {got}; save the table in one of these formats")
    return format or ""


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False
