"""Results to files: CSV for people, Parquet and JSON Lines for programs, JSON for settings and summaries.

Equal input gives equal bytes. Every file is complete or not there, see :func:`atomic_path`. The index of a frame is not written.
"""

import codecs
import csv
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from feedback_nlp.errors import InputError
from feedback_nlp.io.atomic import atomic_path
from feedback_nlp.io.cells import ZONE, arrow_column, neutral, plain, plain_or_text
from feedback_nlp.io.csvtext import csv_bytes

PathLike = str | os.PathLike[str]


#: Rows turned into text at once.
_ROWS = 16_384


def write_csv(
    frame: pd.DataFrame,
    path: PathLike | IO[bytes],
    *,
    headers: Mapping[str, str] | None = None,
    bom: bool = False,
    header: bool = True,
) -> None:
    """Write a CSV file in UTF-8, lines ending in a line feed; ``bom`` puts a byte order mark first, for Excel.

    path: also an open binary file, which is written on. headers: {column name: header to show}; other columns show their name.
    header: whether there is a line of them.
    Text and headers that start like a formula (= + - @ tab CR) get an apostrophe in front. Lists are joined with ；,
    times are local (Asia/Shanghai) without zone, missing values are empty.
    """
    shown = headers or {}
    line = io.StringIO()
    # Told that lines end in both, the writer quotes a carriage return as well as a line feed.
    csv.writer(line, lineterminator="\r\n").writerow([neutral(shown.get(name, str(name))) for name in frame.columns])
    with _opened(path) as file:
        file.write(codecs.BOM_UTF8 if bom else b"")
        if header:
            file.write(f"{line.getvalue().removesuffix(chr(13) + chr(10))}\n".encode("utf-8", "replace"))
        for start in range(0, len(frame), _ROWS):
            file.write(csv_bytes(frame.iloc[start : start + _ROWS]))


def write_parquet(frame: pd.DataFrame, path: PathLike) -> None:
    """Write a Parquet file; columns of mixed types become strings, times keep their zone."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = [str(name) for name in frame.columns]
    table = pa.table([arrow_column(frame.iloc[:, position]) for position in range(len(names))], names=names)
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary)


def write_json(obj: object, path: PathLike) -> None:
    """Write one JSON value: keys sorted, indented, not escaped, a line feed at the end; NaN is null, times are ISO 8601."""
    text = json.dumps(plain(obj), ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False)
    with atomic_path(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8", errors="replace", newline="\n")


def write_jsonl(frame: pd.DataFrame, path: PathLike | IO[bytes]) -> None:
    """Write one JSON object a row, names in the order of the columns; missing values are null, times ISO 8601.

    path: also an open binary file, which is written on.
    """
    names = [str(name) for name in frame.columns]
    columns = [_json_values(frame.iloc[:, position]) for position in range(len(names))]
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    with _opened(path) as file:
        for values in zip(*columns, strict=True):
            file.write(f"{encode(dict(zip(names, values, strict=True)))}\n".encode("utf-8", "replace"))


def write_table(frame: pd.DataFrame, path: PathLike) -> None:
    """Write a frame in the format its suffix names: .csv, .parquet or .jsonl. Raises InputError for another one."""
    writers = {".csv": write_csv, ".parquet": write_parquet, ".jsonl": write_jsonl}
    suffix = Path(path).suffix
    writer = writers.get(suffix.lower())
    if writer is None:
        raise InputError(f"{path}: expected one of {', '.join(writers)}, got {f'the suffix {suffix!r}' if suffix else 'no suffix'}")
    writer(frame, path)


@contextmanager
def _opened(path: PathLike | IO[bytes]) -> Iterator[IO[bytes]]:
    """The open file that it is, or the one that takes its place when it is whole."""
    if not isinstance(path, str | os.PathLike):
        yield path
        return
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        yield file


def _json_values(column: pd.Series) -> list[Any]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert(ZONE)
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iub":
        return list(column.tolist())
    return [value if type(value) is str else plain_or_text(value) for value in column.astype(object)]
