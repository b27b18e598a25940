"""Soundly quoted records of a delimited text, all at once: the marks between fields are found and cut out as arrays.

A quote is sound where it stands at the start of a field, at its end, or beside another quote inside a field. Up to the first quote
that is none of these, what is inside quotes is told by whether the number of quotes before it is odd.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.batch import TextBatch

Places = NDArray[np.int64]

#: One of these that the text does not hold takes the place of the marks between fields.
_SEPARATORS = "\0\x01\x02\x03\x04\x05\x06\x07\x08"
#: Line ends put before the text and behind it, so that each mark has two characters on either side.
_PAD = 2
_QUOTE, _RETURN = ord('"'), ord("\r")


class Fields(Sequence[list[str]]):
    """The fields of n records; a blank line has none.

    cells: object (n_cells,), those of all records, one record after another. indptr: int64 (n + 1,), where each record starts.
    lengths: int64 (n,), characters of each record as it stands in the text.
    """

    def __init__(self, cells: NDArray[np.object_], indptr: Places, lengths: Places) -> None:
        self.cells = cells
        self.indptr = indptr
        self.lengths = lengths

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @overload
    def __getitem__(self, place: int) -> list[str]: ...
    @overload
    def __getitem__(self, place: slice) -> "Fields": ...
    def __getitem__(self, place: int | slice) -> "list[str] | Fields":
        if isinstance(place, slice):
            start, stop, _ = place.indices(len(self))
            return Fields(self.cells, self.indptr[start : max(start, stop) + 1], self.lengths[start:stop])
        number = range(len(self))[place]
        found: list[str] = self.cells[self.indptr[number] : self.indptr[number + 1]].tolist()
        return found

    @property
    def widths(self) -> Places:
        """int64 (n,), fields of each record."""
        return np.diff(self.indptr)

    def table(self, chosen: NDArray[np.bool_]) -> NDArray[np.object_]:
        """object (n_chosen, width): the chosen records, bool (n,), one at least; they must have the same number of fields."""
        cells = self.cells[self.indptr[0] : self.indptr[-1]]
        if not chosen.all():
            cells = cells[np.repeat(chosen, self.widths)]
        return cells.reshape(np.count_nonzero(chosen), -1)


class SoundRecords:
    """The records of one text. limit: the characters a record of several lines may have."""

    def __init__(self, text: str, delimiter: str, newline: str, limit: int) -> None:
        self._length = len(text)
        self._limit = limit
        self._separator = next((mark for mark in _SEPARATORS if mark not in text), None)
        self._feed, self._delimiter = ord(newline), ord(delimiter)
        # One more, as what has no line end at its end gets one.
        self._codes = TextBatch.from_texts([newline * _PAD, text, newline * (_PAD + 1)]).codes
        inside = self._codes[: len(text) + _PAD + (not text.endswith(newline))]
        self._at = np.flatnonzero((inside == _QUOTE) | (inside == self._delimiter) | (inside == self._feed))[_PAD:]
        kinds = inside[self._at]
        self._is_feed = kinds == self._feed
        self._is_quote = kinds == _QUOTE
        #: Quotes up to each mark, itself included.
        self._quotes = np.cumsum(self._is_quote)

    @cached_property
    def offsets(self) -> Places:
        """int64 (n_lines + 1,), where each line starts in the text, and the length of the text."""
        ends = self._at[self._is_feed] + 1 - _PAD
        return np.asarray(np.minimum(np.append(0, ends), self._length))

    @cached_property
    def _broken(self) -> tuple[Places, Places]:
        """The marks at which sound records end: where the first, and where the second of two quotes opens a field."""
        quotes = np.flatnonzero(self._is_quote)
        at = self._at[quotes]
        after = self._codes[at + 1]
        opens, closes = self._is_mark(self._codes[at - 1]), self._is_mark(after)
        returned = np.empty(0, np.int64)
        if self._feed != _RETURN:
            closes |= (after == _RETURN) & (self._codes[at + 2] == self._feed)
            returned = np.flatnonzero(self._is_feed & (self._codes[self._at - 1] == _RETURN) & (self._codes[self._at - 2] == _RETURN))
        odd = np.arange(len(quotes)) & 1 == 0
        first, second = quotes[~np.where(odd, opens, closes)], quotes[~np.where(odd, closes, opens)]
        return (np.union1d(first, returned), np.union1d(second, returned)) if len(returned) else (first, second)

    def line_at(self, offset: int) -> int:
        """The line (from 0) that holds the character at this offset; the number of lines at the end."""
        return int(np.searchsorted(self.offsets, offset, side="right")) - 1

    def _is_mark(self, codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
        return np.asarray((codes == _QUOTE) | (codes == self._delimiter) | (codes == self._feed))

    def read(self, line: int) -> tuple[Fields, Places] | None:
        """The records from a line on, up to the first that is not sound, not complete or too long, and the line after each.

        None where there is none. ``line`` must be the first one of a record.
        """
        if self._separator is None:
            return None
        begin = int(self.offsets[line]) + _PAD
        first = int(np.searchsorted(self._at, begin))
        before = int(self._quotes[first - 1]) if first else 0
        broken = self._broken[before & 1]
        place = int(np.searchsorted(broken, first))
        chosen = slice(first, int(broken[place]) if place < len(broken) else len(self._at))
        between = ~self._is_quote[chosen] & ((self._quotes[chosen] - before) & 1 == 0)
        ends = np.flatnonzero(between & self._is_feed[chosen])
        stops = line + np.cumsum(self._is_feed[chosen])[ends]
        ends = ends[: self._not_too_long(line, stops)]
        if not len(ends):
            return None
        chosen = slice(first, first + int(ends[-1]) + 1)
        return self._cut(self._separator, begin, chosen, before, between[: ends[-1] + 1], ends), stops[: len(ends)]

    def _not_too_long(self, line: int, stops: Places) -> int:
        """How many records there are before the first of several lines that is too long."""
        if self._length <= self._limit:
            return len(stops)
        starts = np.append(line, stops[:-1])
        long = (stops - starts > 1) & (self.offsets[stops] - self.offsets[starts] > self._limit)
        return int(np.argmax(long)) if long.any() else len(stops)

    def _cut(self, separator: str, begin: int, chosen: slice, before: int, between: NDArray[np.bool_], ends: Places) -> Fields:
        """The fields between marks.

        separator: stands between them until they are parted. begin: place of the first character. chosen: the marks, the last one the
        end of a record. before: quotes before them. between: bool (n_marks,), those that part fields. ends: int64 (n,), those that
        end a record.
        """
        marks = self._at[chosen] - begin
        codes = self._codes[begin : begin + int(marks[-1]) + 1].copy()
        codes[marks[between]] = ord(separator)
        lengths, dropped = self._lengths(begin + marks[ends], begin)
        # Of two quotes beside each other inside a field the first stays.
        is_quote = self._is_quote[chosen]
        doubled = (codes[np.minimum(marks + 1, len(codes) - 1)] == _QUOTE) & ((self._quotes[chosen] - before) & 1 == 0)
        keep = np.ones(len(codes), bool)
        keep[marks[is_quote & ~doubled]] = False
        keep[dropped - begin] = False
        pieces = str(codes[keep].data, "utf-32-le", "surrogatepass").split(separator)[:-1]
        cells = np.empty(len(pieces), dtype=object)
        cells[:] = pieces
        widths = np.where(lengths > 0, np.diff(np.cumsum(between)[ends], prepend=0), 0)
        return Fields(cells, np.append(0, np.cumsum(widths)), lengths)

    def _lengths(self, ends: Places, begin: int) -> tuple[Places, Places]:
        """The characters of each record without its line end, and the places of carriage returns and of the ends of blank lines."""
        lengths = np.diff(ends, prepend=begin - 1) - 1
        if self._feed == _RETURN:
            return lengths, ends[lengths == 0]
        returned = self._codes[ends - 1] == _RETURN
        lengths -= returned
        return lengths, np.concatenate([ends[returned] - 1, ends[lengths == 0]])
