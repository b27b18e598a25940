"""What the trends say of each item: the busiest of its keys on its day, and the alert."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.ledger.day_keys import Keys
from feedback_nlp.trends.sentences import KINDS

if TYPE_CHECKING:
    import pandas as pd

Objects = NDArray[np.object_]
#: (day_count int64 (n,), busiest object (n,), rising bool (n,), alert object (n,)), see ``feedback_nlp.ledger.rising.Trends``.
OfItems = tuple[NDArray[np.int64], Objects, NDArray[np.bool_], Objects]


@dataclass(frozen=True, eq=False)
class TrendLookup:
    """The trends by day and key, small enough to be sent to every process: 8 bytes for each day and key, and 12 for each row of the table.

    first: the first day, counted from 1970-01-01. n_days: how many. places: {dimension: {label: number of the key}}, in the order in which
    dimensions are named; keys are numbered through, cells day by day and within a day key by key.
    busy: int32 (n_cells,), the rank of each cell by items, then dimension, then label; loud: int32 (n_cells,), the same of those that
    alert, by dimension, then ratio, then label; the number of ranks where a cell has none.
    observed: int64, items by rank; called: int32, the key by rank; names: object, what each key is called; said: object, the alert by rank.
    The last of each of these stands for none.
    """

    first: int
    n_days: int
    places: dict[str, dict[str, int]]
    busy: NDArray[np.int32]
    loud: NDArray[np.int32]
    observed: NDArray[np.int64]
    called: NDArray[np.int32]
    names: Objects
    said: Objects

    @classmethod
    def from_table(cls, table: "pd.DataFrame", nouns: Mapping[str, str]) -> "TrendLookup":
        """Read a table of trends. nouns: the dimensions that are looked up, in the order in which they are named, and their nouns."""
        columns = ["dimension", "key", "period", "observed", "ratio", "alert", "kind"]
        rows = table.loc[table["dimension"].isin(list(nouns)), columns]
        places: dict[str, dict[str, int]] = {}
        dimension, key, n_keys = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64), 0
        for order, name in enumerate(nouns):
            own = (rows["dimension"] == name).to_numpy(np.bool_)
            codes, found = rows.loc[own, "key"].factorize(sort=True)
            places[name] = {label: n_keys + place for place, label in enumerate(found.tolist())}
            dimension[own], key[own] = order, codes + n_keys
            n_keys += len(found)
        names = [f"{nouns[name]}「{label}」" for name, labels in places.items() for label in labels]
        days = rows["period"].to_numpy().astype("datetime64[D]").astype(np.int64)
        first, n_days = (int(days.min()), int(np.ptp(days)) + 1) if len(days) else (0, 0)
        cells = (days - first) * n_keys + key
        observed = rows["observed"].to_numpy(np.int64)
        # Keys are numbered dimension by dimension and by label, so that their numbers decide where all else is equal.
        busy = np.lexsort((key, -observed))
        alerts = np.flatnonzero(rows["alert"].to_numpy(np.bool_))
        ratio = np.nan_to_num(rows["ratio"].to_numpy(np.float64), nan=-np.inf)
        loud = alerts[np.lexsort((key[alerts], -ratio[alerts], dimension[alerts]))]
        kinds = rows["kind"].iloc[loud].tolist()
        return cls(
            first,
            n_days,
            places,
            _ranks(cells[busy], n_days * n_keys),
            _ranks(cells[loud], n_days * n_keys),
            np.append(observed[busy], 0),
            np.append(key[busy], n_keys).astype(np.int32),
            np.array([*names, ""], dtype=object),
            np.array([*(names[number] + KINDS[kind] for number, kind in zip(key[loud], kinds, strict=True)), ""], dtype=object),
        )

    def of_items(self, days: NDArray[np.datetime64], keys: Mapping[str, Keys]) -> OfItems:
        """Look up n items of any part; dimensions that are not looked up are passed over.

        days: datetime64[D] (n,), NaT where unknown. Raises InputError for keys that do not fit.
        """
        n_rows = len(days)
        known = ~np.isnat(days)
        day = np.where(known, days.astype("datetime64[D]").astype(np.int64), self.first - 1) - self.first
        day[(day < 0) | (day >= self.n_days)] = -1
        busiest, loudest = np.full(n_rows, len(self.observed) - 1, np.int32), np.full(n_rows, len(self.said) - 1, np.int32)
        for name, places in self.places.items():
            if name not in keys:
                continue
            rows, codes = keys[name].pairs(n_rows)
            number = keys[name].places(places)[codes]
            own = day if rows is None else day[rows]
            usable = np.flatnonzero((number >= 0) & (own >= 0))
            cells = own[usable] * (len(self.names) - 1) + number[usable]
            at = usable if rows is None else rows[usable]
            np.minimum.at(busiest, at, self.busy[cells])
            np.minimum.at(loudest, at, self.loud[cells])
        return self.observed[busiest], self.names[self.called[busiest]], loudest < len(self.said) - 1, self.said[loudest]


def _ranks(cells: NDArray[np.int64], size: int) -> NDArray[np.int32]:
    """int32 (size,): where each cell is among ``cells``, their number where it is not."""
    ranks = np.full(size, len(cells), np.int32)
    ranks[cells] = np.arange(len(cells))
    return ranks
