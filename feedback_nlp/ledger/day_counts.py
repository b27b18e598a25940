"""Items by day and key of a part, to be merged with those of others: all that is kept of the rows for the trends.

Counts are bounded by keys x days. Distinct customers are not: who came on a day about a key is kept until all parts are together.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.ledger.day_arrays import Arrays, pack, short, taken, unpack
from feedback_nlp.ledger.day_keys import Keys
from feedback_nlp.ledger.key_counts import DAY, KEY, NOTHING, KeyCounts, merge_keys, put_together, with_customers
from feedback_nlp.trends.periods import period_numbers
from feedback_nlp.trends.tally import (
    CUSTOMERS,
    NEGATIVE,
    OBSERVED,
    POLARITY,
    RATED,
    SCALE,
    SQUARES,
    WHOLE,
    Tally,
    coded,
    distinct,
    tallied,
)

Ints = NDArray[np.int64]
Days = NDArray[np.datetime64]

#: How the names of arrays begin.
_WHOLE, _OF = "whole", "of."


@dataclass(frozen=True, eq=False)
class DayCounts:
    """Counts by dimension, day and key. Merging is exact, associative and commutative.

    whole: all items of each day, those of no key included. customers: int64 (c,), distinct, ascending. dimensions: by name, sorted.
    """

    whole: Tally
    customers: Ints
    dimensions: dict[str, KeyCounts]

    @classmethod
    def from_part(
        cls,
        days: Days,
        sentiment: NDArray[np.integer[Any]],
        polarity: NDArray[np.floating[Any]],
        repeat: NDArray[np.bool_],
        customers: Ints,
        keys: Mapping[str, Keys],
    ) -> "DayCounts":
        """Count n rows.

        days: datetime64[D] (n,), NaT where unknown or not looked at (see ``within``). sentiment: int (n,), negative below 0. polarity:
        float (n,), -1 to 1, NaN where not rated. repeat: bool (n,), what the same customer says again, which is left out.
        customers: int64 (n,), a number of 0 or more for each customer, -1 where unknown. keys: by dimension.
        Raises InputError for arrays that are not of one length.
        """
        for name, values in (("sentiment", sentiment), ("polarity", polarity), ("repeat", repeat), ("customers", customers)):
            if len(values) != len(days):
                raise InputError(f"{name}: expected one value for each of {len(days)} days, got {len(values)}")
        rows = _Rows.read(days, sentiment, polarity, repeat, customers)
        whole = tallied(DAY, KEY, np.zeros((0, 1), object), rows.numbers, np.full(len(rows.numbers), WHOLE), rows.values)
        whole = replace(whole, values={**whole.values, CUSTOMERS: np.zeros(len(whole.numbers), np.int64)})
        return cls(whole, rows.customers, {name: rows.count(keys[name]) for name in sorted(keys)})

    def merge(self, *others: "DayCounts") -> "DayCounts":
        """The counts of all together."""
        every = (self, *others)
        customers, places = put_together([each.customers for each in every])
        dimensions = {
            name: merge_keys([each.dimensions.get(name, NOTHING) for each in every], places, len(customers))
            for name in sorted({name for each in every for name in each.dimensions})
        }
        return DayCounts(self.whole.add(*(each.whole for each in others)), customers, dimensions)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays of numbers, as ``numpy.savez`` takes them."""
        arrays = {"customers": self.customers, **pack(_WHOLE, self.whole)}
        for name, counts in self.dimensions.items():
            arrays |= {**pack(_OF + name, counts.tally), f"{_OF}{name}.members": short(counts.members)}
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> "DayCounts":
        """What ``to_arrays`` gave. Raises InputError where something of it is missing."""
        dimensions = {name: _read_keys(arrays, name) for name in _dimensions(arrays)}
        return cls(unpack(_WHOLE, arrays, DAY, KEY), taken(arrays, "customers").astype(np.int64), dimensions)


@dataclass(frozen=True, eq=False)
class _Saved:
    """One dimension of saved parts, read again each time it is gone through, one part after the other."""

    parts: Sequence[Arrays]
    name: str

    def __iter__(self) -> Iterator[KeyCounts]:
        return (_read_keys(part, self.name) if f"{_OF}{self.name}.numbers" in part else NOTHING for part in self.parts)


def saved_tallies(parts: Sequence[Arrays]) -> tuple[Tally, Iterator[tuple[str, Tally]]]:
    """All items of each day, and the merged tally of each dimension, of parts that ``DayCounts.to_arrays`` saved.

    parts: one or more. One dimension at a time is in memory, with 9 bytes for each customer of a day, a key and a part (at most the rows
    of the table times their keys); besides the counts, and for each customer of a part 4 bytes, 28 while they are put together.
    Raises InputError where arrays are missing.
    """
    first, *others = (unpack(_WHOLE, part, DAY, KEY) for part in parts)
    whole = first.add(*others)
    customers, places = put_together([taken(part, "customers").astype(np.int64) for part in parts])
    names = sorted({name for part in parts for name in _dimensions(part)})
    return whole, ((name, merge_keys(_Saved(parts, name), places, len(customers), count_only=True).tally) for name in names)


def _dimensions(arrays: Arrays) -> list[str]:
    return sorted(name.removeprefix(_OF).removesuffix(".members") for name in arrays if name.startswith(_OF) and name.endswith(".members"))


def _read_keys(arrays: Arrays, name: str) -> KeyCounts:
    return KeyCounts(unpack(_OF + name, arrays, DAY, KEY), taken(arrays, f"{_OF}{name}.members").astype(np.int32))


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows of a part that count, m of n. numbers: int64 (m,), their days. values: {measure: int64 (m,)}. who: int64 (m,), the place of
    each one's customer, -1 where unknown. customers: int64 (c,), distinct, ascending. place: int64 (n,), where each row is, -1 if left out.
    """

    numbers: Ints
    values: dict[str, Ints]
    who: Ints
    customers: Ints
    place: Ints

    @classmethod
    def read(
        cls,
        days: Days,
        sentiment: NDArray[np.integer[Any]],
        polarity: NDArray[np.floating[Any]],
        repeat: NDArray[np.bool_],
        customers: Ints,
    ) -> "_Rows":
        days = days.astype("datetime64[D]")
        kept = np.flatnonzero(~np.isnat(days) & ~repeat)
        scores = polarity[kept].astype(np.float64)
        rated = ~np.isnan(scores)
        whole = np.rint(np.where(rated, scores, 0.0) * SCALE).astype(np.int64)
        values = {
            OBSERVED: np.ones(len(kept), np.int64),
            NEGATIVE: (sentiment[kept] < 0).astype(np.int64),
            RATED: rated.astype(np.int64),
            POLARITY: whole,
            SQUARES: whole * whole // SCALE,
        }
        known, who = np.unique(customers[kept], return_inverse=True)
        unknown = int(np.searchsorted(known, 0))
        place = np.full(len(days), -1, np.int64)
        place[kept] = np.arange(len(kept))
        return cls(period_numbers(days[kept], DAY), values, np.maximum(who - unknown, -1), known[unknown:].astype(np.int64), place)

    def count(self, keys: Keys) -> KeyCounts:
        """Count the rows of each key and day."""
        rows, codes = keys.pairs(len(self.place))
        labels, _ = coded(np.array([label for label in keys.labels if label], dtype=object))
        codes = keys.places({label: place for place, label in enumerate(labels.tolist())})[codes]
        at = self.place if rows is None else self.place[rows]
        usable = (at >= 0) & (codes >= 0)
        at, codes = at[usable], codes[usable]
        if rows is not None:
            pairs = at * len(labels) + codes
            if not np.all(pairs[1:] > pairs[:-1]):
                pairs = distinct(pairs)
                at, codes = pairs // max(len(labels), 1), pairs % max(len(labels), 1)
        used = np.flatnonzero(np.bincount(codes, minlength=len(labels)))
        shift = np.zeros(len(labels), np.int64)
        shift[used] = np.arange(len(used))
        numbers, codes, who = self.numbers[at], shift[codes], self.who[at]
        tally = tallied(DAY, KEY, labels[used][:, None], numbers, codes, {name: value[at] for name, value in self.values.items()})
        first = int(numbers.min()) if len(numbers) else 0
        packed = ((numbers - first) * len(used) + codes)[who >= 0] * len(self.customers) + who[who >= 0]
        return with_customers(tally, packed, first, len(self.customers))
