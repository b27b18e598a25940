"""Counts of one dimension by day and key, and who the customers behind them are, to be merged with those of other parts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.trends.tally import CUSTOMERS, Tally, distinct

Ints = NDArray[np.int64]
Places = NDArray[np.int32]

#: What is counted by, and the one column that keys are made of.
DAY, KEY = "day", ("key",)
#: Cells that wait to be added at once.
AT_ONCE = 1_000_000


@dataclass(frozen=True, eq=False)
class KeyCounts:
    """Counts of one dimension.

    tally: cells of a day and a key, ``customers`` being distinct known ones; the cells of all items are left out.
    members: int32, who the customers of each cell are, cell after cell: places in the list of all, ascending.
    """

    tally: Tally
    members: Places


#: A dimension without any item.
NOTHING = KeyCounts(Tally.empty(DAY, KEY), np.zeros(0, np.int32))


def merge_keys(counts: Iterable[KeyCounts], places: Sequence[Places], n_customers: int, *, count_only: bool = False) -> KeyCounts:
    """One dimension of all parts together.

    counts: of each part, gone through twice. places: of each part, int32 (c,), where its customers are among all of them.
    count_only: leave out who the customers are, which no further merging is possible without.
    """
    tally = _added(each.tally for each in counts)
    place_of = {label: place for place, label in enumerate(tally.keys[:, 0].tolist())}
    first, width, filled = int(tally.numbers[0]) if len(tally.numbers) else 0, len(place_of), 0
    packed = np.empty(int(tally.values[CUSTOMERS].sum()), np.int64)
    for each, place in zip(counts, places, strict=True):
        if not len(each.members):
            continue
        keys = np.array([place_of[label] for label in each.tally.keys[:, 0].tolist()], np.int64)
        cells = (each.tally.numbers - first) * width + keys[each.tally.codes]
        mine = packed[filled : filled + len(each.members)]
        mine[:] = np.repeat(cells * n_customers, each.tally.values[CUSTOMERS])
        mine += place[each.members]
        filled += len(mine)
    return with_customers(tally, packed, first, n_customers, count_only=count_only)


def with_customers(tally: Tally, packed: Ints, first: int, n_customers: int, *, count_only: bool = False) -> KeyCounts:
    """Count the distinct customers of each cell. packed: cell · n_customers + customer, cells counted from day ``first``; it is sorted."""
    packed.sort()
    fresh = np.append(True, packed[1:] != packed[:-1])[: len(packed)]
    cells = (tally.numbers - first) * len(tally.keys) + tally.codes
    starts = np.searchsorted(packed, cells * n_customers)
    some = np.diff(starts, append=len(packed)) > 0
    counts = np.zeros(len(cells), np.int64)
    if some.any():
        counts[some] = np.add.reduceat(fresh, starts[some], dtype=np.int64)
    members = np.zeros(0, np.int32) if count_only else (packed[fresh] % max(n_customers, 1)).astype(np.int32)
    return KeyCounts(replace(tally, values={**tally.values, CUSTOMERS: counts}), members)


def _added(tallies: Iterable[Tally]) -> Tally:
    """All together, many at once, but never so many that their cells matter beside those of the sum."""
    waiting, cells, limit = [Tally.empty(DAY, KEY)], 0, AT_ONCE
    for tally in tallies:
        waiting.append(tally)
        cells += len(tally.numbers)
        if cells > limit:
            waiting = [waiting[0].add(*waiting[1:])]
            cells = len(waiting[0].numbers)
            limit = AT_ONCE + 2 * cells
    return waiting[0].add(*waiting[1:])


def put_together(customers: Sequence[Ints]) -> tuple[Ints, list[Places]]:
    """The distinct customers of all parts, ascending, and for each part where its own are among them."""
    every = distinct(np.concatenate(customers)) if customers else np.zeros(0, np.int64)
    return every, [np.searchsorted(every, own).astype(np.int32) for own in customers]
