"""The rows of all parts as one sequence: which stay, and their values without reading what is not asked for."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.batch.first import First
from feedback_nlp.batch.space import Space
from feedback_nlp.intake import renamed
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


def settle_rows(space: Space, n_parts: int) -> Rows:
    """Find ids that clash among the results of the first map."""
    parts = [space.read(First, number, "names.keys", "names.given", "names.ties") for number in range(n_parts)]
    keys, given, ties = (np.concatenate(column) for column in zip(*parts, strict=True))
    starts = np.cumsum([0, *(len(part[0]) for part in parts)])
    settled = settle(keys, given, ties, lambda rows: picked(space, starts, "names.names", rows))
    return Rows(starts - np.searchsorted(settled.again, starts), starts, settled)


def picked(
    space: Space, starts: Ints, name: str, rows: Ints, change: Callable[[int, NDArray[Any]], NDArray[Any]] = lambda number, values: values
) -> list[str]:
    """A field of `First` of some rows, in any order; parts without any of them are not read. change: of (part, its values)."""
    order = np.argsort(rows, kind="stable")
    ranked, found = rows[order], np.empty(len(rows), dtype=object)
    bounds = np.searchsorted(ranked, starts)
    for number, (first, last) in enumerate(pairwise(bounds.tolist())):
        if first < last:
            values = change(number, space.read(First, number, name)[0])
            found[order[first:last]] = values[ranked[first:last] - starts[number]]
    texts: list[str] = found.tolist()
    return texts


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
        return self.concatenated("names.keys", np.uint64) + self.concatenated("names.ties", np.uint64)

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
        return picked(self.space, self.rows.starts, "read", rows, self.rows.kept)

    def names(self, rows: Ints) -> list[str]:
        """Final ids of some rows, in any order."""
        change = lambda number, names: self.rows.kept(number, self.rows.names(number, names))  # noqa: E731
        return picked(self.space, self.rows.starts, "names.names", rows, change)

    def _place(self, number: int) -> slice:
        return slice(int(self.rows.starts[number]), int(self.rows.starts[number + 1]))
