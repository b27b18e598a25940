"""CSV and TSV: text with a header line to a draft of strings."""

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from feedback_nlp.errors import InputError
from feedback_nlp.io.encoding import Decoded, content_kind, decode
from feedback_nlp.io.headers import clean_headers
from feedback_nlp.io.records import Lines, Record, iter_records
from feedback_nlp.io.table import RAW_LENGTH, BadRow, Draft

NUL = "\0"
REASON_NUL = "含有空字符（NUL）"
REASON_ENCODING = "编码无法识别（既不是 UTF-8 也不是 GB18030）"
REASON_QUOTES = "引号不成对或位置不对"

#: Tried in this order, the first with the most occurrences in the header wins.
_DELIMITERS = {"csv": ",\t;|", "tsv": "\t,;|"}
_QUOTED = re.compile(r'(?:(?<=[,;\t|\r\n])|\A)"(?:[^"]|"")*"')
_HEADER_SAMPLE = 1 << 16
_BLOCK = 4096


def read_delimited(data: bytes, *, where: str, format: str, encoding: str | None = None) -> Draft:
    """Read a CSV (``format="csv"``) or TSV file; every cell is a string.

    Blank lines are skipped. Records whose number of fields is not that of the header, with unbalanced quotes, with a NUL or
    undecodable bytes are returned as bad rows. Raises InputError where there is no text or no header.
    """
    decoded = decode(data, where=where, encoding=encoding)
    lines = Lines(decoded.text)
    records = iter_records(lines, find_delimiter(decoded.text, format))
    headers = _read_header(records, decoded, where, content_kind(data))
    return _read_rows(records, lines, headers, decoded, format)


def find_delimiter(text: str, format: str) -> str:
    """Return the delimiter of the header line: the most frequent candidate outside quotes, else that of the format."""
    head = _QUOTED.sub("", text[:_HEADER_SAMPLE]).lstrip("\r\n\ufeff")
    header = re.split(r"[\r\n]", head, maxsplit=1)[0]
    candidates = _DELIMITERS[format]
    return candidates[0] if format == "tsv" and "\t" in header else max(candidates, key=header.count)


def _read_header(records: Iterator[Record], decoded: Decoded, where: str, kind: str) -> list[str]:
    for start, stop, fields in records:
        if fields == [] or (fields and not "".join(fields).strip()):
            continue
        if fields is None:
            raise InputError(f"{where}, line {start + 1}: the header has unbalanced quotes; expected each quoted name closed")
        if NUL in "".join(fields) or not decoded.bad_lines.isdisjoint(range(start + 1, stop + 1)):
            raise InputError(f"{where}, line {start + 1}: expected a header of column names, got {kind}; save the file as CSV in UTF-8")
        return clean_headers(fields, where=f"{where}, line {start + 1}")
    raise InputError(f"{where}: expected a header line, got only blank lines; the first line must name the columns")


def _read_rows(records: Iterator[Record], lines: Lines, headers: list[str], decoded: Decoded, format: str) -> Draft:
    width = len(headers)
    columns: list[list[str]] = [[] for _ in headers]
    starts: list[int] = []
    bad: list[BadRow] = []
    block: list[list[str]] = []
    suspicious = NUL in decoded.text or bool(decoded.bad_lines)
    for start, stop, fields in records:
        whole = fields is not None and len(fields) == width
        reason = "" if whole and not suspicious else _fault(fields, width, range(start + 1, stop + 1), decoded)
        if fields is not None and whole and not reason:
            starts.append(start + 1)
            block.append(fields)
            if len(block) == _BLOCK:
                _extend(columns, block)
        elif reason:
            bad.append(BadRow(start + 1, reason, lines.raw(start, stop, RAW_LENGTH)))
    _extend(columns, block)
    frame = pd.DataFrame({name: pd.Series(column, dtype=object) for name, column in zip(headers, columns, strict=True)})
    return Draft(frame, np.array(starts, dtype=np.int64), format, decoded.encoding, bad)


def _extend(columns: list[list[str]], block: list[list[str]]) -> None:
    for column, cells in zip(columns, zip(*block, strict=True), strict=False):
        column.extend(cells)
    block.clear()


def _fault(fields: list[str] | None, width: int, span: range, decoded: Decoded) -> str:
    """Say in Chinese what is wrong with a record; empty for a sound one and for a blank line."""
    if fields is not None and (not fields or (len(fields) == 1 < width and not fields[0].strip(" \t\u3000"))):
        return ""
    if not decoded.bad_lines.isdisjoint(span):
        return REASON_ENCODING
    if fields is None:
        return REASON_QUOTES
    if any(NUL in cell for cell in fields):
        return REASON_NUL
    if len(fields) == width:
        return ""
    return f"字段数{'多' if len(fields) > width else '少'}于表头：表头 {width} 列，本行 {len(fields)} 列"
