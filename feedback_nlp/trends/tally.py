"""Items counted by period and key, sparsely: what a trend rests on, and all that is kept of the items."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError, did_you_mean
from feedback_nlp.trends.pooling import Ints

if TYPE_CHECKING:
    import pandas as pd

Labels = NDArray[np.object_]

#: What can be counted of a period and key. rated: items with a polarity; polarity, squares: sums of it and of its square, in units of
#: 1 / SCALE, so that sums do not depend on the order of items.
OBSERVED, CUSTOMERS, NEGATIVE, RATED, POLARITY, SQUARES = "observed", "customers", "negative", "rated", "polarity", "squares"
MEASURES = (OBSERVED, CUSTOMERS, NEGATIVE, RATED, POLARITY, SQUARES)
SCALE = 10_000
#: Tables of so many entries for each value are counted in, larger ones are sorted.
DENSE = 16
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
        return cls(period, names, np.zeros((0, len(names)), object), none, none, dict.fromkeys(MEASURES, none))

    def add(self, *others: "Tally") -> "Tally":
        """Counts of all together, over the keys of any; a measure that not all of them have is dropped, those without cells aside.

        Customers of a cell in several are added: one who is in two counts twice.
        Raises InputError where the period or the names differ.
        """
        for other in others:
            if (self.period, self.names) != (other.period, other.names):
                raise InputError(f"counts by {other.period} of {other.names}: expected counts by {self.period} of {self.names}, as before")
        full = [tally for tally in (self, *others) if len(tally.numbers)]
        if len(full) < 2:
            return full[0] if full else self
        keys, places = number_keys([coded(column) for column in np.concatenate([tally.keys for tally in full]).T])
        own = np.split(places, np.cumsum([len(tally.keys) for tally in full])[:-1])
        codes = [np.append(place, WHOLE)[tally.codes] for tally, place in zip(full, own, strict=True)]
        measures = [name for name in full[0].values if all(name in tally.values for tally in full)]
        values = {name: np.concatenate([tally.values[name] for tally in full]) for name in measures}
        numbers = np.concatenate([tally.numbers for tally in full])
        return tallied(self.period, self.names, keys, numbers, np.concatenate(codes), values)

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
    cells = (numbers - first) * width + codes + 1
    size = int(cells.max(initial=-1)) + 1
    if size <= DENSE * max(len(cells), 1_000_000):
        found = np.flatnonzero(np.bincount(cells, minlength=size))
        # Sums of whole numbers are exact as floats up to 2**53.
        summed = {name: np.bincount(cells, value, minlength=size)[found].astype(np.int64) for name, value in values.items()}
    else:
        found, place = np.unique(cells, return_inverse=True)
        summed = {name: np.bincount(place, value, minlength=len(found)).astype(np.int64) for name, value in values.items()}
    return Tally(period, names, keys, found // width + first, found % width - 1, summed)


def number_keys(parts: Sequence[tuple[Labels, Ints]]) -> tuple[Labels, Ints]:
    """Number the combinations of labels that occur.

    parts: for each column its distinct labels, object (n_labels,), and each row's number among them, int64 (n,).
    Returns (keys, codes): object (n_keys, n_columns), sorted; int64 (n,), each row's key.
    """
    sorted_labels, codes = [], np.zeros(len(parts[0][1]), np.int64)
    for labels, numbers in parts:
        order = np.argsort(labels.astype(str), kind="stable")
        place = np.empty(len(labels), np.int64)
        place[order] = np.arange(len(labels))
        sorted_labels.append(labels[order])
        codes = codes * max(len(labels), 1) + (place[numbers] if len(labels) else 0)
    found = distinct(codes)
    columns, rest = [], found
    for labels in reversed(sorted_labels):
        columns.append(labels[rest % max(len(labels), 1)])
        rest = rest // max(len(labels), 1)
    return np.stack(columns[::-1], axis=1), np.searchsorted(found, codes).astype(np.int64)


def distinct(values: Ints) -> Ints:
    """Distinct values, ascending. values: int64 (n,), 0 or more."""
    if len(values) and int(values.max()) <= DENSE * len(values):
        return np.flatnonzero(np.bincount(values)).astype(np.int64)
    ordered = np.sort(values)
    return np.asarray(ordered[np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]])


def label_codes(column: "pd.Series") -> tuple[Labels, Ints]:
    """Distinct values of a column as str, object (n_labels,), and each row's number among them, int64 (n,), -1 where missing or ""."""
    codes, values = column.factorize()
    texts = [str(value) for value in values]
    places = {text: place for place, text in enumerate(sorted({text for text in texts if text}))}
    lookup = np.array([places.get(text, -1) for text in texts] + [-1], np.int64)
    names = np.empty(len(places), dtype=object)
    names[:] = list(places)
    return names, lookup[codes]


def coded(labels: Labels) -> tuple[Labels, Ints]:
    """Distinct labels, sorted, object (m,), and the number of each among them, int64 (n,). labels: object (n,) of str, few."""
    texts = labels.tolist()
    places = {text: place for place, text in enumerate(sorted(set(texts)))}
    names = np.empty(len(places), dtype=object)
    names[:] = list(places)
    return names, np.fromiter((places[text] for text in texts), np.int64, len(texts))


def unknown_column(name: str, columns: Sequence[object], option: str) -> InputError:
    """The error for a column that is not there, with the one that is meant."""
    words = [str(column) for column in columns]
    known = ", ".join(words[:20]) or "(none)"
    return InputError(f"{option}: there is no column {name!r}{did_you_mean(name, words)}; the columns are {known}")
