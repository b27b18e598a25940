"""The rows of all parts as one sequence: which stay, and their values without reading what is not asked for."""

from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.batch.first import First
from feedback_nlp.batch.space import Space
from feedback_nlp.intake import first_row_error, quarantined, renamed, repeated_reasons
from feedback_nlp.ledger.identity import Settled, customer_column, settle
from feedback_nlp.topics.sketches import Sketches

Ints = NDArray[np.int64]
Objects = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of all parts, and which of them stay: those whose id did not come before.

    starts: int64 (n_parts + 1,), where each part starts among the rows that stay. raw_starts: the same among all rows read.
    settled: clashes of ids, by number among all rows read.
    """

    starts: Ints
    raw_starts: Ints
    settled: Settled

    def __len__(self) -> int:
        return int(self.starts[-1])

    @property
    def n_parts(self) -> int:
        """Number of parts."""
        return len(self.starts) - 1

    def raw(self, rows: Ints) -> Ints:
        """Numbers among all rows read of some that stay."""
        again = self.settled.again
        return rows + np.searchsorted(again - np.arange(len(again)), rows, side="right")

    def again(self, number: int) -> tuple[Ints, Ints]:
        """Rows of a part that do not stay, and where their ids came first (among all rows read)."""
        first, last = self.raw_starts[number : number + 2]
        here = slice(*np.searchsorted(self.settled.again, [first, last]).tolist())
        return self.settled.again[here] - first, self.settled.first[here]

    def kept(self, number: int, values: NDArray[Any], *, axis: int = 0) -> NDArray[Any]:
        """Of values, one a row read of a part, those of the rows that stay."""
        rows, _ = self.again(number)
        return np.delete(values, rows, axis=axis) if len(rows) else values

    def names(self, number: int, names: Objects) -> Objects:
        """Final ids of all rows read of a part."""
        return renamed(names, self.settled, int(self.raw_starts[number]))


def settle_rows(space: Space, n_parts: int, kind: type[Any] = First, *, strict: bool = False) -> Rows:
    """Find ids that clash among the results of a map. kind: of result, with ``names`` and ``lines`` as `First` has them.

    Raises RowError for the first that came before if ``strict``.
    """
    parts = [space.read(kind, number, "names.keys", "names.given", "names.ties") for number in range(n_parts)]
    keys, given, ties = (np.concatenate(column) for column in zip(*parts, strict=True))
    starts = np.cumsum([0, *(len(part[0]) for part in parts)])
    settled = settle(keys, given, ties, lambda rows: picked(space, kind, starts, "names.names", rows))
    if strict and len(settled.again):
        row, first = settled.again[0], settled.first[0]
        lines = [picked(space, kind, starts, "lines", np.array([place]))[0] for place in (row, first)]
        name = picked(space, kind, starts, "names.names", np.array([row]))
        raise first_row_error(int(lines[0]), repeated_reasons(np.array(name, dtype=object), np.array([int(lines[1])]))[0])
    return Rows(starts - np.searchsorted(settled.again, starts), starts, settled)


def quarantine_of(space: Space, rows: Rows, kind: type[Any] = First) -> pd.DataFrame:
    """All rows that were set aside, those whose id came before included, by file and line. kind: as in ``settle_rows``."""
    found = []
    for number in range(rows.n_parts):
        aside, source = space.read(kind, number, "quarantine", "source")
        again, first = rows.again(number)
        if len(again):
            own, names, originals = space.read(kind, number, "lines", "names.names", "originals")
            lines = np.array(picked(space, kind, rows.raw_starts, "lines", first), dtype=np.int64)
            why = repeated_reasons(rows.names(number, names)[again], lines)
            aside = pd.concat([aside, quarantined(own[again], why, originals[again].tolist())])
            aside = aside.sort_values("source_line", kind="stable")
        found.append(aside.assign(source_file=source) if source else aside)
    return pd.concat(found, ignore_index=True).astype({"source_line": "int64", "reason": object, "raw": object})


def picked(space: Space, kind: type[Any], starts: Ints, name: str, rows: Ints) -> list[Any]:
    """A field of some of all rows read, in any order; nothing else is read. starts: where each part starts among them."""
    order = np.argsort(rows, kind="stable")
    ranked, found = rows[order], np.empty(len(rows), dtype=object)
    bounds = np.searchsorted(ranked, starts)
    for number, (first, last) in enumerate(pairwise(bounds.tolist())):
        if first < last:
            found[order[first:last]] = space.values(kind, number, name, ranked[first:last] - starts[number])
    values_found: list[Any] = found.tolist()
    return values_found


@dataclass(frozen=True, eq=False)
class Reader:
    """Values of the rows that stay, by their number over all parts."""

    space: Space
    rows: Rows

    def concatenated(self, name: str, dtype: Any) -> NDArray[Any]:
        """One field of `First` of all rows, (n,)."""
        result = np.empty(len(self.rows), dtype)
        for number in range(self.rows.n_parts):
            result[self._place(number)] = self.rows.kept(number, self.space.read(First, number, name)[0])
        return result

    def order(self) -> NDArray[np.uint64]:
        """uint64 (n,): a hash of each row, by its id, or by all it holds where others have the same made id."""
        return np.asarray(self.concatenated("names.keys", np.uint64) + self.concatenated("names.ties", np.uint64))

    def customers(self) -> tuple[str | None, Ints]:
        """The column that tells customers apart, None for none, and a hash for each row's customer, int64 (n,), -1 where unknown."""
        given = [self.space.read(First, number, "customers")[0] for number in range(self.rows.n_parts)]
        column = customer_column(name for part in given for name, keys in part.items() if (keys >= 0).any())
        result = np.full(len(self.rows), -1, np.int64)
        for number, part in enumerate(given):
            if column in part:
                result[self._place(number)] = self.rows.kept(number, part[column])
        return column, result

    def sketches(self) -> list[Sketches]:
        """The sketches of all parts."""
        names = [field.name for field in fields(Sketches)]
        found = []
        for number in range(self.rows.n_parts):
            arrays = self.space.mapped(First, number, *(f"sketches.{name}" for name in names))
            found.append(Sketches(*(self.rows.kept(number, values, axis=-1) for values in arrays)))
        return found

    def texts(self, rows: Ints) -> list[str]:
        """What is analysed of some rows, in any order."""
        return picked(self.space, First, self.rows.raw_starts, "read", self.rows.raw(rows))

    def names(self, rows: Ints) -> list[str]:
        """Final ids of some rows, in any order."""
        raw, settled = self.rows.raw(rows), self.rows.settled
        names = picked(self.space, First, self.rows.raw_starts, "names.names", raw)
        place = np.searchsorted(settled.renamed, raw)
        for at in np.flatnonzero(np.isin(raw, settled.renamed)).tolist():
            names[at] = f"{names[at]}-{settled.number[place[at]]}"
        return names

    def _place(self, number: int) -> slice:
        return slice(int(self.rows.starts[number]), int(self.rows.starts[number + 1]))
