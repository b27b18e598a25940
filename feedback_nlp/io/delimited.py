"""CSV and TSV: text with a header line to drafts of strings."""

import re
from collections.abc import Iterator
from itertools import chain

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.io.decoding import MAX_RECORD, Plan, TextBlock, text_blocks
from feedback_nlp.io.encoding import content_kind, head_of, survey
from feedback_nlp.io.fields import Fields
from feedback_nlp.io.headers import clean_headers
from feedback_nlp.io.opened import MAX_PART_SIZE, Opened, no_rows, rows_of_a_part
from feedback_nlp.io.records import NUL, RecordReader, Run
from feedback_nlp.io.sources import Source, changed
from feedback_nlp.io.table import RAW_LENGTH, BadRow, Draft

REASON_NUL = "含有空字符（NUL）"
REASON_ENCODING = "编码无法识别（既不是 UTF-8 也不是 GB18030）"
REASON_QUOTES = "引号不成对或位置不对"
REASON_LONG = f"记录过长（超过 {MAX_RECORD} 个字符）"

#: Tried in this order, the first with the most occurrences in the header wins.
_DELIMITERS = {"csv": ",\t;|", "tsv": "\t,;|"}
_QUOTED = re.compile(r'(?:(?<=[,;\t|\r\n])|\A)"(?:[^"]|"")*"')
_HEADER_SAMPLE = 1 << 16


def open_delimited(source: Source, *, encoding: str | None = None) -> Opened:
    """Open a CSV (``source.format == "csv"``) or TSV file; every cell is a string.

    Blank lines are skipped. Records whose number of fields is not that of the header, with unbalanced quotes, with a NUL or
    undecodable bytes, or of over ``MAX_RECORD`` characters are bad rows. Raises InputError where there is no text or no header.
    """
    plan = survey(source.blocks, where=source.where, encoding=encoding)
    headers, _ = _header(source, plan)

    def drafts(part_rows: int) -> Iterator[Draft]:
        try:
            again, runs = _header(source, plan)
            if again != headers:
                raise changed(source.where)
            yield from _Rows(headers, source.format, plan.encoding).drafts(runs, rows_of_a_part(part_rows, len(headers)))
        except UnicodeError as error:
            raise changed(source.where) from error

    return Opened(no_rows(headers), drafts, plan.encoding)


def find_delimiter(text: str, format: str) -> str:
    """Return the delimiter of the header line: the most frequent candidate outside quotes, else that of the format."""
    head = _QUOTED.sub("", text[:_HEADER_SAMPLE]).lstrip("\r\n\ufeff")
    header = re.split(r"[\r\n]", head, maxsplit=1)[0]
    candidates = _DELIMITERS[format]
    return candidates[0] if format == "tsv" and "\t" in header else max(candidates, key=header.count)


def _header(source: Source, plan: Plan) -> tuple[list[str], Iterator[Run]]:
    """Return the column names and the records behind the header."""
    blocks = text_blocks(source.blocks, plan)
    head: list[TextBlock] = []
    while sum(len(block.text) for block in head) < _HEADER_SAMPLE and (block := next(blocks, None)):
        head.append(block)
    reader = RecordReader(find_delimiter("".join(block.text for block in head), source.format), plan.newline)
    runs = reader.runs(chain(head, blocks))
    for run in runs:
        for number, fields in enumerate(run.rows):
            if fields == [] or (fields and not "".join(fields).strip()):
                continue
            start, stop = run.lines.first + run.starts[number], run.lines.first + run.stops[number]
            where = f"{source.where}, line {start + 1}"
            if run.oversized:
                raise InputError(f"{where}: expected a header of column names, got a line of over {MAX_RECORD} characters; check the file")
            if fields is None:
                raise InputError(f"{where}: the header has unbalanced quotes; expected each quoted name closed")
            if NUL in "".join(fields) or not run.lines.bad.isdisjoint(range(start, stop)):
                kind = content_kind(head_of(source.blocks))
                raise InputError(f"{where}: expected a header of column names, got {kind}; save the file as CSV in UTF-8")
            return clean_headers(fields, where=where), chain((run.behind(number),), runs)
    raise InputError(f"{source.where}: expected a header line, got only blank lines; the first line must name the columns")


class _Rows:
    """Collects the rows of one part."""

    def __init__(self, headers: list[str], format: str, encoding: str) -> None:
        self._headers = headers
        self._format = format
        self._encoding = encoding
        self._clear()

    def _clear(self) -> None:
        self._cells: list[NDArray[np.object_]] = []
        self._starts: list[int] = []
        self._bad: list[BadRow] = []
        self._size = 0

    def drafts(self, runs: Iterator[Run], limit: int) -> Iterator[Draft]:
        """Yield drafts of ``limit`` records, usable or not; fewer at the end, and where the records are very long."""
        for run in runs:
            done = 0
            while done < len(run.rows):
                stop = min(len(run.rows), done + limit - len(self._starts) - len(self._bad))
                self._take(run, done, stop)
                done = stop
                if len(self._starts) + len(self._bad) >= limit or self._size > MAX_PART_SIZE:
                    yield self._draft()
        if self._starts or self._bad:
            yield self._draft()

    def _take(self, run: Run, begin: int, stop: int) -> None:
        rows, starts, stops, lines = run.rows[begin:stop], run.starts[begin:stop], run.stops[begin:stop], run.lines
        if isinstance(rows, Fields) and not lines.bad and not lines.has_nul:
            sound = rows.widths == len(self._headers)
            if sound.any():
                self._add(rows.table(sound), (np.asarray(starts)[sound] + lines.first + 1).tolist(), int(rows.lengths[sound].sum()))
            odd = np.flatnonzero(~sound).tolist()
        else:
            odd = list(range(len(rows)))
        good, good_starts = [], []
        for place in odd:
            fields, first, last = rows[place], lines.first + int(starts[place]), lines.first + int(stops[place])
            reason = REASON_LONG if run.oversized else _fault(fields, len(self._headers), range(first, last), run)
            if reason:
                raw = lines.raw(first - lines.first, last - lines.first, RAW_LENGTH)
                self._bad.append(BadRow(first + 1, reason, raw))
            elif fields is not None and len(fields) == len(self._headers):
                good.append(fields)
                good_starts.append(first + 1)
        if good:
            self._add(np.array(good, dtype=object), good_starts, sum(len(cell) for fields in good for cell in fields))

    def _add(self, cells: NDArray[np.object_], starts: list[int], size: int) -> None:
        self._starts += starts
        self._cells.append(cells)
        # Not that of the run's text: a text is read in many runs where its quotes are odd.
        self._size += size

    def _draft(self) -> Draft:
        cells = np.concatenate([np.empty((len(self._headers), 0), dtype=object), *(part.T for part in self._cells)], axis=1)
        frame = pd.DataFrame(cells.T, columns=self._headers, dtype=object, copy=False)
        draft = Draft(frame, np.array(self._starts, dtype=np.int64), self._format, self._encoding, self._bad)
        self._clear()
        return draft


def without_empty_cells(frame: pd.DataFrame, *, keep: str) -> pd.DataFrame:
    """Return a frame of strings and None with None for the empty ones, but not in the column ``keep``."""
    cells = frame.to_numpy()
    empty = ~cells.astype(bool)
    empty[:, frame.columns.get_loc(keep)] = False
    if not empty.any():
        return frame
    return pd.DataFrame(np.where(empty, None, cells), index=frame.index, columns=frame.columns, dtype=object, copy=False)


def _fault(fields: list[str] | None, width: int, span: range, run: Run) -> str:
    """Say in Chinese what is wrong with a record; empty for a sound one and for a blank line."""
    if fields is not None and (not fields or (len(fields) == 1 < width and not fields[0].strip(" \t\u3000"))):
        return ""
    if not run.lines.bad.isdisjoint(span):
        return REASON_ENCODING
    if fields is None:
        return REASON_QUOTES
    if any(NUL in cell for cell in fields):
        return REASON_NUL
    if len(fields) == width:
        return ""
    return f"字段数{'多' if len(fields) > width else '少'}于表头：表头 {width} 列，本行 {len(fields)} 列"
