"""Delimited text to records, each with the line it starts on, in time linear in the text however broken its quotes are.

The csv module does the work as long as it can. It cannot in two cases: a stray quote, and a field longer than
``csv.field_size_limit()``, which is global to the process and therefore not ours to raise. Then :func:`_parse_record` decides
about that one record; it reads what the csv module in strict mode reads, and also a bare carriage return inside a line.
"""

import csv
import io
import re
from bisect import bisect_right
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, islice
from typing import cast

from feedback_nlp.io.decoding import MAX_RECORD, TextBlock

NUL = "\0"
_QUOTED = re.compile(r'"((?:[^"]++|"")*+)"')
#: Rows read before they become columns: few enough to be still in the cache of the processor.
_RUN = 512


class Lines:
    """A piece of a text and its physical lines. ``first``: the number of its first line in the whole text, from 0."""

    def __init__(self, text: str, newline: str = "\n", first: int = 0, bad: frozenset[int] = frozenset()) -> None:
        self.text = text
        self.newline = newline
        self.first = first
        self.bad = bad

    @cached_property
    def total(self) -> int:
        """The number of lines."""
        return self.text.count(self.newline) + (not self.text.endswith(self.newline) and self.text != "")

    @cached_property
    def items(self) -> list[str]:
        """The lines with their line ends."""
        return list(io.StringIO(self.text, newline=self.newline))

    def after(self, start: int) -> Iterator[str]:
        """Return the lines from one on."""
        if not start:
            return io.StringIO(self.text, newline=self.newline)
        return map(self.items.__getitem__, range(start, len(self.items)))

    @cached_property
    def has_nul(self) -> bool:
        """Whether there is a NUL in the text."""
        return NUL in self.text

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


@dataclass(frozen=True, eq=False)
class Run:
    """Records that follow each other: the piece of text they are in, and for each its first line, the line after its last one
    (both within that piece) and its fields: ``[]`` for a blank line, None where the quotes do not add up or the line is too long.
    """

    lines: Lines
    starts: Sequence[int]
    stops: Sequence[int]
    rows: Sequence[list[str] | None]
    oversized: bool = False

    def behind(self, number: int) -> "Run":
        """Return the records behind the one at this place."""
        cut = slice(number + 1, None)
        return Run(self.lines, self.starts[cut], self.stops[cut], self.rows[cut], self.oversized)


class RecordReader:
    """Turns pieces of a text into records. limit: the characters a record may have."""

    def __init__(self, delimiter: str, newline: str = "\n", *, limit: int = MAX_RECORD) -> None:
        self._delimiter = delimiter
        self._newline = newline
        self._limit = limit
        #: A record that failed on line f was inside a quoted field at the start of each line up to f. A later record that reaches
        #: one of these lines inside a quoted field must fail on f as well, so before f only records of one line are tried.
        #: Without this, a file of unbalanced quotes costs quadratic time.
        self._failed = 0

    def runs(self, blocks: Iterable[TextBlock]) -> Iterator[Run]:
        """Yield every record. A record with unbalanced quotes is its first line only; reading goes on at the next line."""
        waiting: list[TextBlock] = []
        length = open_length = 0
        for block in blocks:
            if block.oversized:
                yield from self._flush(waiting, final=True)
                waiting, length, open_length = [], 0, 0
                lines = Lines(block.text, self._newline, block.first, block.bad)
                yield Run(lines, (0,), (1,), (None,), oversized=True)
                continue
            waiting.append(block)
            length += len(block.text)
            # A record that was not complete is tried again when there is twice the text: linear time however long it is.
            if length >= 2 * open_length:
                waiting = yield from self._flush(waiting, final=False)
                length = open_length = sum(len(block.text) for block in waiting)
        yield from self._flush(waiting, final=True)

    def _flush(self, blocks: list[TextBlock], *, final: bool) -> Generator[Run, None, list[TextBlock]]:
        """Yield the records of some blocks; returns what is left: the start of a record that goes on in the next block."""
        if not blocks:
            return []
        text = blocks[0].text if len(blocks) == 1 else "".join(block.text for block in blocks)
        lines = Lines(text, self._newline, blocks[0].first, frozenset().union(*(block.bad for block in blocks)))
        start, total = 0, lines.total
        while start < total:
            if lines.first + start < self._failed:
                stop = min(total, self._failed - lines.first)
                rows = [_parse_line(line, self._delimiter) for line in lines.items[start:stop]]
                yield Run(lines, range(start, stop), range(start + 1, stop + 1), rows)
                start = stop
                continue
            start = yield from self._sound(lines, start)
            if start == total:
                break
            begin = lines.offsets[start]
            fields, end = _parse_record(text, begin, self._delimiter, self._newline)
            if fields is None and end == len(text) and not final and end - begin <= self._limit:
                return [TextBlock(text[begin:], lines.first + start, lines.bad)]
            stop = lines.line_at(end)
            if end - begin > self._limit and stop - start > 1:
                fields, stop = None, max(start + 1, lines.line_at(begin + self._limit))
            if fields is None:
                self._failed, stop = lines.first + stop, start + 1
            yield Run(lines, (start,), (stop,), (fields,))
            start = stop
        return []

    def _sound(self, lines: Lines, start: int) -> Generator[Run, None, int]:
        """Yield records from a line on, up to the first one the csv module cannot read; returns its line."""
        reader = csv.reader(lines.after(start), delimiter=self._delimiter, strict=True)
        begin, sound = start, True
        while sound and begin < lines.total:
            rows: list[list[str]] = []
            ends: list[int] = []
            try:
                for fields in islice(reader, _RUN):
                    rows.append(fields)
                    ends.append(start + reader.line_num)
            except csv.Error:
                sound = False
            if len(lines.text) > self._limit:
                number = self._first_long(lines, begin, ends)
                sound, rows, ends = sound and number == len(rows), rows[:number], ends[:number]
            if rows:
                yield Run(lines, (begin, *ends[:-1]), ends, rows)
                begin = ends[-1]
        return begin

    def _first_long(self, lines: Lines, begin: int, ends: Sequence[int]) -> int:
        """Return the place of the first record that is too long, the number of records if there is none."""
        for number, (start, stop) in enumerate(zip((begin, *ends), ends, strict=False)):
            if stop - start > 1 and lines.offsets[stop] - lines.offsets[start] > self._limit:
                return number
        return len(ends)


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
