"""From whatever a caller has to checked tables of bounded size, in file order: the memory needed is that of a part."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import pandas as pd

from feedback_nlp.errors import InputError, RowError
from feedback_nlp.io.binary import open_excel, open_parquet
from feedback_nlp.io.columns import TEXT, map_columns
from feedback_nlp.io.delimited import open_delimited, without_empty_cells
from feedback_nlp.io.jsonlines import open_jsonlines
from feedback_nlp.io.memory import Data, frame_of
from feedback_nlp.io.opened import Opened
from feedback_nlp.io.sources import Source, Sources, find_sources, is_named
from feedback_nlp.io.table import Draft, Table, quarantine_frame
from feedback_nlp.io.texts import Tally, judge_texts

#: Rows of a part: enough for array code to be fast, few enough for many parts to be in work at once.
PART_ROWS = 32_768

#: What :func:`read_parts` accepts besides: several files.
Parts: TypeAlias = Data | Sequence[os.PathLike[str]]


def read_parts(
    data: Parts,
    *,
    text_column: str | None = None,
    columns: Mapping[str, str] | None = None,
    strict: bool = False,
    encoding: str | None = None,
    part_rows: int = PART_ROWS,
) -> Iterator[Table]:
    """Return tables of at most ``part_rows`` records, in order; put together they are what :func:`read_frame` gives.

    data: what :func:`read_frame` takes, a folder, a list of ``Path`` objects, or a URL like ``s3://bucket/folder`` (extra
        ``remote``). Files in a folder are read by name, those that start with ``_`` or ``.`` are left out; folders below it called
        ``key=value`` give a column ``key``. Text files may be packed (.csv.gz, .bz2, .zst).
    text_column, columns, strict, encoding: as in :func:`read_table`. Which header means what is decided once, for the columns
        of all files together; all parts have the same columns, None where a file does not have one.
    part_rows: the most records, usable or not, in a part; a part of very long or very wide records has fewer.
    ``source`` of a table is the name of its file in the folder; no part has rows of two files, and ``lines`` count within the file.
    A column of a Parquet file may have other dtypes in parts with and without missing values. Excel workbooks are read whole.
    Raises InputError at once if a file cannot be read or the text column is not there; while reading if a file turns out to be
    damaged, has gone or was changed, and at the end if there was no text at all; RowError at the first bad row with ``strict``.
    """
    if part_rows < 1:
        raise InputError(f"part_rows: expected at least 1, got {part_rows}; leave it out for {PART_ROWS}")
    if not is_named(data):
        return _memory_parts(frame_of(data, text_column, columns), strict, part_rows)
    sources = find_sources(data)
    return _file_parts(_Reading(sources, text_column, columns, encoding), strict, part_rows)


def open_source(source: Source, encoding: str | None) -> Opened:
    """Open one file of any format. Raises InputError if it is not what its suffix says."""
    if source.format == "parquet":
        return open_parquet(source)
    if source.format == "xlsx":
        return open_excel(source)
    return (open_jsonlines if source.format == "jsonl" else open_delimited)(source, encoding=encoding)


@dataclass(frozen=True)
class _Columns:
    """names: {header in a file: name in the tables}, for all columns in their order."""

    names: dict[str, str]
    partitioned: bool

    def apply(self, frame: pd.DataFrame, keys: Mapping[str, str | None]) -> pd.DataFrame:
        if not self.partitioned and len(frame.columns) == len(self.names):
            return frame.set_axis(list(self.names.values()), axis="columns")
        length = len(frame)
        columns = {
            name: frame[header] if header in frame.columns else pd.Series([keys.get(header)] * length, index=frame.index, dtype=object)
            for header, name in self.names.items()
        }
        return pd.DataFrame(columns, index=frame.index)


class _Reading:
    """Files whose columns have been looked at, and the names these get."""

    def __init__(self, sources: Sources, text_column: str | None, columns: Mapping[str, str] | None, encoding: str | None) -> None:
        self.sources = sources
        self._encoding = encoding
        self._opened: dict[str, Opened] = {}
        union: dict[str, pd.Series] = {}
        for source in sources.files:
            opened = open_source(source, encoding)
            for header in opened.template.columns:
                union.setdefault(header, opened.template[header])
            # A workbook holds its rows; of many of them one at a time is kept.
            if source.format != "xlsx" or not sources.folder:
                self._opened[source.name] = opened
        keys = [key for source in sources.files for key in source.keys]
        for key in keys:
            union.setdefault(key, pd.Series([], dtype=object))
        try:
            template = pd.DataFrame(union) if sources.folder else opened.template
            mapped = map_columns(template, text_column=text_column, columns=columns) if union else template
        except InputError as error:
            raise InputError(f"{sources.where}: {error}") from error
        self.columns = _Columns(dict(zip(union, mapped.columns, strict=True)), sources.folder)

    def drafts(self, source: Source, part_rows: int) -> Iterator[Draft]:
        opened = self._opened.get(source.name) or open_source(source, self._encoding)
        for draft in opened.drafts(part_rows):
            frame = self.columns.apply(draft.frame, source.keys)
            if source.format in ("csv", "tsv"):
                frame = without_empty_cells(frame, keep=TEXT)
            # A file without one record has no columns either, and no part of it has rows.
            yield replace(draft, frame=frame if TEXT in frame.columns else frame.assign(**{TEXT: pd.Series([], dtype=object)}))


def _file_parts(reading: _Reading, strict: bool, part_rows: int) -> Iterator[Table]:
    tally = Tally()
    for source in reading.sources.files:
        for draft in reading.drafts(source, part_rows):
            yield _finish(draft, source.where, source.name, strict, tally)
    tally.check(reading.sources.where)


def _memory_parts(frame: pd.DataFrame, strict: bool, part_rows: int) -> Iterator[Table]:
    tally = Tally()
    for start in range(0, len(frame), part_rows):
        part = frame.iloc[start : start + part_rows]
        lines = np.arange(start + 1, start + len(part) + 1, dtype=np.int64)
        yield _finish(Draft(part, lines, "memory"), "data", "", strict, tally)
    tally.check("data")


def _finish(draft: Draft, where: str, name: str, strict: bool, tally: Tally) -> Table:
    judged = judge_texts(draft)
    tally.add(draft, judged)
    if strict and judged.bad:
        first = min(judged.bad, key=lambda row: row.line)
        raise RowError(f"{where}, line {first.line}: {first.reason}; repair this row, or read without strict=True to set it aside")
    frame = judged.frame if judged.format == "memory" else judged.frame.reset_index(drop=True)
    return Table(frame, judged.lines, quarantine_frame(judged.bad), judged.encoding, judged.format, name)
