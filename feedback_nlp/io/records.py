"""Delimited text to records, each with the line it starts on, in time linear in the text however broken its quotes are.

Arrays tell the records whose quotes are sound (see `fields`). :func:`_parse_record` decides about each of the others; it reads what the
csv module in strict mode reads, and also a bare carriage return inside a line.
"""

import csv
import io
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np

from feedback_nlp.io.decoding import MAX_RECORD, TextBlock
from feedback_nlp.io.fields import Places, SoundRecords

NUL = "\0"
_QUOTED = re.compile(r'"((?:[^"]++|"")*+)"')


class Lines:
    """A piece of a text and its physical lines. ``first``: the number of its first line in the whole text, from 0."""

    def __init__(self, text: str, newline: str = "\n", first: int = 0, bad: frozenset[int] = frozenset()) -> None:
        self.text = text
        self.newline = newline
        self.first = first
        self.bad = bad

    @cached_property
    def items(self) -> list[str]:
        """The lines with their line ends."""
        return list(io.StringIO(self.text, newline=self.newline))

    @cached_property
    def has_nul(self) -> bool:
        """Whether there is a NUL in the text."""
        return NUL in self.text

    def raw(self, start: int, stop: int, length: int) -> str:
        """Return the first characters of some lines without the line end."""
        return "".join(line[: length + 2] for line in self.items[start : min(stop, start + length)]).rstrip("\r\n")[:length]


@dataclass(frozen=True, eq=False)
class Run:
    """Records that follow each other: the piece of text they are in, and for each its first line, the line after its last one
    (both within that piece) and its fields: ``[]`` for a blank line, None where the quotes do not add up or the line is too long.
    """

    lines: Lines
    starts: Sequence[int] | Places
    stops: Sequence[int] | Places
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
        sound = SoundRecords(text, self._delimiter, self._newline, self._limit)
        start, total = 0, len(sound.offsets) - 1
        while start < total:
            if lines.first + start < self._failed:
                stop = min(total, self._failed - lines.first)
                rows = [_parse_line(line, self._delimiter) for line in lines.items[start:stop]]
                yield Run(lines, range(start, stop), range(start + 1, stop + 1), rows)
                start = stop
                continue
            found = sound.read(start)
            if found is not None:
                fields_of, stops = found
                yield Run(lines, np.append(start, stops[:-1]), stops, fields_of)
                start = int(stops[-1])
                if start == total:
                    break
            begin = int(sound.offsets[start])
            fields, end = _parse_record(text, begin, self._delimiter, self._newline)
            if fields is None and end == len(text) and not final and end - begin <= self._limit:
                return [TextBlock(text[begin:], lines.first + start, lines.bad)]
            stop = sound.line_at(end)
            if end - begin > self._limit and stop - start > 1:
                fields, stop = None, max(start + 1, sound.line_at(begin + self._limit))
            if fields is None:
                self._failed, stop = lines.first + stop, start + 1
            yield Run(lines, (start,), (stop,), (fields,))
            start = stop
        return []


def _parse_line(line: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader((line,), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return _parse_record(line, 0, delimiter, "\n")[0]


def _parse_record(text: str, position: int, delimiter: str, newline: str) -> tuple[list[str] | None, int]:
    """Read one record; returns its fields and the offset after it, or None and the offset where it went wrong."""
    plain = re.compile(f"[^{re.escape(delimiter)}{newline}]*+")
    end = re.compile(r"\r*(?:\n|\Z)" if newline == "\n" else r"\r|\Z")
    quoted = text.startswith('"', position)
    fields: list[str] = []
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
        if closing is None:
            return None, position
        return [] if fields == [""] and not quoted else fields, closing.end()
