"""How often each run of characters occurs and what stands beside it: integer counts over one flat array, a length at a time.

Characters are read as units: a Chinese character, or a short run of Latin letters and digits (5G, app) as a whole. Everything else parts
runs. Numbers of units and of substrings follow their spelling, and all sums run in that order, so the order of texts changes no bit.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.characters import N_CODE_POINTS

#: Longest run of Latin letters and digits that is a unit; it must fit 64 bits with a mark. Longer ones part, like punctuation.
MAX_RUN = 7
#: Positions whose keys are sorted at a time; the counts do not depend on it.
SLICE = 1 << 20

_BREAK, _HAN, _DIGIT, _LETTER = range(4)
_HAN_NAMES = ("CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH")

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class UnitText:
    """Texts as one row of units.

    units: int32 (n,), 0 for a break, else a number from 1 in the order of code points, runs after characters; the first and the last are
        breaks, and one stands after each text.
    rows: int32 (n,), the text each unit stands in.
    start, end: int64 (n,), its characters in ``text``.
    text: the texts, one line each.
    """

    units: NDArray[np.int32]
    rows: NDArray[np.int32]
    start: Ints
    end: Ints
    text: str

    @classmethod
    def from_texts(cls, texts: Sequence[str]) -> "UnitText":
        """Read texts, linear in characters. A line feed inside a text parts like any punctuation."""
        text = "\n" + "".join([line.replace("\n", " ") + "\n" for line in texts])
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        kinds = _kinds(codes)
        latin = kinds >= _DIGIT
        first = latin & ~np.append(False, latin[:-1])
        start = np.flatnonzero(~latin | first)
        end = np.append(start[1:], len(codes))
        numbers = np.zeros(N_CODE_POINTS, np.int32)
        han = distinct_codes(codes[kinds == _HAN])
        numbers[han] = np.arange(1, len(han) + 1, dtype=np.int32)
        units = numbers[codes[start]]
        runs = np.flatnonzero(first[start])
        units[runs] = _run_numbers(codes, kinds, start[runs], end[runs], len(han))
        rows = np.cumsum(codes[start] == ord("\n"), dtype=np.int32)
        return cls(units, np.append(np.int32(0), rows[:-1] - 1), start, end, text)

    @property
    def size(self) -> int:
        """Numbers of units, the break included."""
        return int(self.units.max(initial=0)) + 1

    def spell(self, position: Ints, length: int) -> list[str]:
        """The substrings of ``length`` units that begin at each position."""
        bounds = zip(self.start[position].tolist(), self.end[position + length - 1].tolist(), strict=True)
        return [self.text[a:b] for a, b in bounds]


@dataclass(frozen=True, eq=False)
class Level:
    """The substrings of ``length`` units that occur often enough, in the order of their units.

    at: int32 (n_units,), which one begins at each place, -1 for none.
    count: int64 (m,), occurrences. position: int64 (m,), one of them, of no meaning but to spell it.
    prefix, suffix: int64 (m,), the substring without its last, or first, unit, as a number of the level below.
    """

    length: int
    at: NDArray[np.int32]
    count: Ints
    position: Ints
    prefix: Ints
    suffix: Ints


def levels(text: UnitText, *, min_count: int, max_length: int) -> Iterator[Level]:
    """Yield the frequent substrings of one unit, of two, and so on to ``max_length``."""
    counts = np.bincount(text.units, minlength=text.size)
    counts[0] = 0
    frequent = np.flatnonzero(counts >= min_count)
    level = _level(text.units.astype(np.int64), frequent, counts[frequent], text.size, None)
    yield level
    for length in range(2, max_length + 1):
        inside = (level.at[:-1] >= 0) & (level.at[1:] >= 0)
        keys = np.full(len(level.at), -1, np.int64)
        last = text.units[length - 1 :][: len(inside)]
        here = np.flatnonzero(inside[: len(last)])
        keys[here] = level.at[here].astype(np.int64) * text.size + last[here]
        found, counts = tally(keys[a : a + SLICE] for a in range(0, len(keys), SLICE))
        frequent = np.flatnonzero((counts >= min_count) & (found >= 0))
        level = _level(keys, found[frequent], counts[frequent], text.size, level)
        yield level


def _level(keys: Ints, frequent: Ints, counts: Ints, size: int, below: Level | None) -> Level:
    at = np.full(len(keys), -1, np.int32)
    if len(frequent):
        for a in range(0, len(keys), SLICE):
            part = keys[a : a + SLICE]
            place = np.minimum(np.searchsorted(frequent, part), len(frequent) - 1)
            at[a : a + SLICE] = np.where(frequent[place] == part, place, -1)
    position = np.zeros(len(frequent), np.int64)
    where = np.flatnonzero(at >= 0)
    position[at[where]] = where
    nothing = np.zeros(0, np.int64)
    if below is None:
        return Level(1, at, counts, position, nothing, nothing)
    suffix = below.at[position + 1].astype(np.int64) if len(frequent) else nothing
    return Level(below.length + 1, at, counts, position, frequent // size, suffix)


def cohesions(built: Sequence[Level], n_units: int) -> NDArray[np.float64]:
    """Return the cohesion of the last level's substrings, float64 (m,), in nats.

    built: all levels from the first on; n_units: units counted, breaks left out.
    The least pointwise mutual information over the ways to cut it in two, ln(count(ab) n / (count(a) count(b))) (Church & Hanks 1990).
    """
    *_, last = built
    prefix = suffix = np.arange(len(last.count))
    prefixes, suffixes = [], []
    for level, below in zip(reversed(built[1:]), reversed(built[:-1]), strict=True):
        prefix, suffix = level.prefix[prefix], level.suffix[suffix]
        prefixes.append(below.count[prefix])
        suffixes.append(below.count[suffix])
    expected = [a * b for a, b in zip(prefixes, reversed(suffixes), strict=True)]  # int64: exact below 3e9 units
    worst = np.max(expected, axis=0) if len(last.count) else np.zeros(0)
    return np.asarray(np.log(last.count * (n_units / worst)) if len(last.count) else worst, dtype=np.float64)


def entropies(text: UnitText, level: Level, chosen: NDArray[np.bool_], *, side: int) -> NDArray[np.float64]:
    """Return the entropy of the units beside each substring, float64 (m,), in nats; 0 where not chosen.

    side: -1 for the left neighbour, 1 for the right. A break is a neighbour of its own each time: who stands alone stands freely.
    """
    where = np.flatnonzero(np.append(chosen, False)[level.at])
    step = -1 if side < 0 else level.length
    slices = (where[a : a + SLICE] for a in range(0, len(where), SLICE))
    keys, counts = tally(level.at[part].astype(np.int64) * text.size + text.units[part + step] for part in slices)
    owner, neighbour = np.divmod(keys, text.size)
    bits = np.where(neighbour > 0, counts * np.log(counts), 0.0)
    total = np.bincount(owner, weights=bits, minlength=len(level.count))
    return np.where(chosen, np.maximum(np.log(level.count) - total / level.count, 0.0), 0.0)


def tally(parts: Iterable[Ints]) -> tuple[Ints, Ints]:
    """Count equal keys over parts: (keys, counts), int64, keys ascending. How the keys are split into parts changes nothing."""
    found = [np.unique(part, return_counts=True) for part in parts]
    keys, codes = np.unique(np.concatenate([np.zeros(0, np.int64), *(part for part, _ in found)]), return_inverse=True)
    counts = np.zeros(len(keys), np.int64)
    np.add.at(counts, codes, np.concatenate([np.zeros(0, np.int64), *(count for _, count in found)]))
    return keys, counts


def distinct_codes(codes: NDArray[np.uint32]) -> NDArray[np.intp]:
    """The different code points, ascending."""
    seen = np.zeros(N_CODE_POINTS, bool)
    seen[codes] = True
    return np.flatnonzero(seen)


def _kinds(codes: NDArray[np.uint32]) -> NDArray[np.uint8]:
    table = np.zeros(N_CODE_POINTS, np.uint8)
    found = distinct_codes(codes)
    table[found] = [_kind(chr(code)) for code in found.tolist()]
    kinds: NDArray[np.uint8] = table[codes]
    return kinds


def _kind(char: str) -> int:
    if char.isascii():
        return _LETTER if char.isalpha() else _DIGIT if char.isdigit() else _BREAK
    return _HAN if unicodedata.name(char, "").startswith(_HAN_NAMES) else _BREAK


def _run_numbers(codes: NDArray[np.uint32], kinds: NDArray[np.uint8], start: Ints, end: Ints, before: int) -> NDArray[np.int32]:
    """Number runs from ``before + 1`` on, by their letters, shorter first; 0 for those too long or without a letter."""
    letters = np.append(0, np.cumsum(kinds == _LETTER))
    good = (end - start <= MAX_RUN) & (letters[end] > letters[start])
    packed = np.zeros(len(start), np.int64)
    for step in range(MAX_RUN):
        inside = start + step < end
        packed[inside] = packed[inside] << 8 | codes[start[inside] + step]
    numbers = np.zeros(len(start), np.int32)
    numbers[good] = np.unique(packed[good], return_inverse=True)[1] + before + 1
    return numbers
