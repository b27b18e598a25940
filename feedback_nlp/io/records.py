"""Delimited text to records, each with the line it starts on, in time linear in the text however broken its quotes are.

The csv module does the work as long as it can. It cannot in two cases: a stray quote, and a field longer than
``csv.field_size_limit()``, which is global to the process and therefore not ours to raise. Then :func:`_parse_record` decides
about that one record; it reads what the csv module in strict mode reads, and also a bare carriage return inside a line.
"""

import csv
import io
import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate
from typing import cast

#: First line (from 0), the line after the last one, and the fields; None where the quotes do not add up.
Record = tuple[int, int, list[str] | None]

_QUOTED = re.compile(r'"((?:[^"]++|"")*+)"')


class Lines:
    """A text and its physical lines, which end at a line feed (at a carriage return where there is no line feed at all)."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\n" if "\n" in text or "\r" not in text else "\r"
        self.items = list(io.StringIO(text, newline=self.newline))

    @cached_property
    def offsets(self) -> list[int]:
        """Where each line starts in the text, and the length of the text."""
        return list(accumulate(map(len, self.items), initial=0))

    def line_at(self, offset: int) -> int:
        """Return the line (from 0) that holds the character at this offset; the number of lines at the end."""
        return bisect_right(self.offsets, offset) - 1

    def raw(self, start: int, stop: int, length: int) -> str:
        """Return the first characters of some lines without the line end."""
        return "".join(line[: length + 2] for line in self.items[start : min(stop, start + length)]).rstrip("\r\n")[:length]


def iter_records(lines: Lines, delimiter: str) -> Iterator[Record]:
    """Yield every record, blank lines as ``[]``.

    A record with unbalanced quotes is its first line only, without fields; reading goes on at the next line.
    """
    start, total = 0, len(lines.items)
    # A record that failed on line f was inside a quoted field at the start of each line up to f. A later record that reaches one of
    # these lines inside a quoted field must fail on f as well, so before f only records of one line are tried. Without this,
    # a file of unbalanced quotes costs quadratic time.
    failed = 0
    while start < total:
        if start < failed:
            yield start, start + 1, _parse_line(lines.items[start], delimiter)
            start += 1
            continue
        for record in _iter_sound(lines, start, delimiter):
            yield record
            start = record[1]
        if start < total:
            fields, offset = _parse_record(lines.text, lines.offsets[start], delimiter, lines.newline)
            stop = lines.line_at(offset)
            if fields is None:
                failed, stop = stop, start + 1
            yield start, stop, fields
            start = stop


def _iter_sound(lines: Lines, start: int, delimiter: str) -> Iterator[Record]:
    """Yield records from a line on, up to the first one the csv module cannot read."""
    reader = csv.reader(map(lines.items.__getitem__, range(start, len(lines.items))), delimiter=delimiter, strict=True)
    first = start
    try:
        for fields in reader:
            stop = start + reader.line_num
            yield first, stop, fields
            first = stop
    except csv.Error:
        return


def _parse_line(line: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader((line,), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return _parse_record(line, 0, delimiter, "\n")[0]


def _parse_record(text: str, position: int, delimiter: str, newline: str) -> tuple[list[str] | None, int]:
    """Read one record; returns its fields and the offset after it, or None and the offset where it went wrong."""
    plain = re.compile(f"[^{re.escape(delimiter)}{newline}]*+")
    end = re.compile(r"\r*(?:\n|\Z)" if newline == "\n" else r"\r|\Z")
    fields = []
    while True:
        if text.startswith('"', position):
            match = _QUOTED.match(text, position)
            if match is None:
                return None, len(text)
            fields.append(match[1].replace('""', '"'))
        else:
            match = cast(re.Match[str], plain.match(text, position))  # matches anywhere, be it nothing
            fields.append(match[0] if text.startswith(delimiter, match.end()) else match[0].rstrip("\r"))
        position = match.end()
        if text.startswith(delimiter, position):
            position += 1
            continue
        closing = end.match(text, position)
        return (None, position) if closing is None else (fields, closing.end())
