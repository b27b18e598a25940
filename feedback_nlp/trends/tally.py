"""Items counted by period and key, sparsely: what a trend rests on, and all that is kept of the items."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.trends.pooling import Ints

Labels = NDArray[np.object_]

#: What can be counted of a period and key. rated: items with a polarity; polarity, squares: sums of it and of its square, in units of
#: 1 / SCALE, so that sums do not depend on the order of items.
OBSERVED, CUSTOMERS, NEGATIVE, RATED, POLARITY, SQUARES = "observed", "customers", "negative", "rated", "polarity", "squares"
MEASURES = (OBSERVED, CUSTOMERS, NEGATIVE, RATED, POLARITY, SQUARES)
SCALE = 10_000
#: The key of the rows that count all items of a period, those of no key included.
WHOLE = -1


@dataclass(frozen=True, eq=False)
class Tally:
    """Counts of n cells, none for a cell without items.

    period: hour, day, week or month. names: the columns the keys are made of. keys: object (n_keys, n_names) str, sorted.
    numbers: int64 (n,), the period, counted from that of 1970-01-01. codes: int64 (n,), the key, WHOLE for all items of the period.
    values: {measure: int64 (n,)}; ``observed`` is always there. Cells are sorted by period and key.
    """

    period: str
    names: tuple[str, ...]
    keys: Labels
    numbers: Ints
    codes: Ints
    values: dict[str, Ints]

    @classmethod
    def empty(cls, period: str, names: tuple[str, ...]) -> "Tally":
        """Nothing counted yet."""
        none = np.zeros(0, np.int64)
        return cls(period, names, np.zeros((0, len(names)), object), none, none, {OBSERVED: none})

    def add(self, other: "Tally") -> "Tally":
        """Counts of both together, over the keys of either; a measure only one of them has is dropped, unless the other is empty.

        Customers of a cell in both are added: one who is in both counts twice.
        Raises InputError where the period or the names differ.
        """
        if (self.period, self.names) != (other.period, other.names):
            raise InputError(f"counts by {other.period} of {other.names}: expected counts by {self.period} of {self.names}, as before")
        if not len(self.numbers) or not len(other.numbers):
            return self if len(self.numbers) else other
        keys, codes = number_keys(np.concatenate([self.keys, other.keys]))
        places = np.append(codes, WHOLE)
        mine, theirs = places[self.codes], places[np.where(other.codes < 0, WHOLE, other.codes + len(self.keys))]
        measures = [name for name in self.values if name in other.values]
        values = {name: np.concatenate([self.values[name], other.values[name]]) for name in measures}
        return tallied(self.period, self.names, keys, np.concatenate([self.numbers, other.numbers]), np.concatenate([mine, theirs]), values)

    def without(self, numbers: Ints) -> "Tally":
        """All but these periods; keys without any cell left are dropped."""
        kept = ~np.isin(self.numbers, numbers)
        used = np.unique(self.codes[kept & (self.codes >= 0)])
        places = np.full(len(self.keys) + 1, WHOLE, np.int64)
        places[used] = np.arange(len(used))
        values = {name: value[kept] for name, value in self.values.items()}
        return replace(self, keys=self.keys[used], numbers=self.numbers[kept], codes=places[self.codes[kept]], values=values)


def tallied(period: str, names: tuple[str, ...], keys: Labels, numbers: Ints, codes: Ints, values: dict[str, Ints]) -> Tally:
    """Sum the values of equal cells. numbers, codes and each of the values: int64 (n,); keys: sorted."""
    width = len(keys) + 1
    first = int(numbers.min()) if len(numbers) else 0
    cells, place = np.unique((numbers - first) * width + codes + 1, return_inverse=True)
    summed = {name: _summed(place, value, len(cells)) for name, value in values.items()}
    return Tally(period, names, keys, cells // width + first, cells % width - 1, summed)


def _summed(place: Ints, values: Ints, size: int) -> Ints:
    result = np.zeros(size, np.int64)
    np.add.at(result, place, values)
    return result


def number_keys(labels: Labels) -> tuple[Labels, Ints]:
    """Distinct rows of labels, sorted, and the number of each row among them: object (n_keys, n_names), int64 (n,)."""
    codes, tables = np.zeros(len(labels), np.int64), []
    for column in labels.T:
        names, code = np.unique(column.astype(str) if not len(column) else column, return_inverse=True)
        tables.append(names.astype(object))
        codes = codes * len(names) + code
    found, codes = np.unique(codes, return_inverse=True)
    parts = []
    for names in reversed(tables):
        parts.append(names[found % max(len(names), 1)])
        found = found // max(len(names), 1)
    return np.stack(parts[::-1], axis=1) if parts else np.zeros((0, 0), object), codes.astype(np.int64)


def unknown_column(name: str, columns: Sequence[object], option: str) -> InputError:
    """The error for a column that is not there, with the one that is meant."""
    import difflib

    words = [str(column) for column in columns]
    close = difflib.get_close_matches(name, words, n=1, cutoff=0.5)
    meant = f", did you mean {close[0]!r}?" if close else ""
    return InputError(f"{option}: there is no column {name!r}{meant}; the columns are {', '.join(words[:20]) or '(none)'}")
