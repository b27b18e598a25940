"""What is frequent and what is rising, for the whole and for each item: the detector over themes, keywords, types, products, channels.

days and labels of all parts (`DayRange`, `LabelCounts`) -> what is looked at -> `DayCounts` of each part -> `judge_days` -> the rows of
each part (`TrendLookup.of_items`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.ledger.day_arrays import Arrays
from feedback_nlp.ledger.day_counts import DayCounts, saved_tallies
from feedback_nlp.ledger.day_keys import Keys
from feedback_nlp.ledger.trend_lookup import OfItems, TrendLookup
from feedback_nlp.trends.detector import TrendDetector
from feedback_nlp.trends.state import TrendState
from feedback_nlp.trends.tally import Tally

Objects = NDArray[np.object_]
Days = NDArray[np.datetime64]

#: What a trend may be about, in the order in which it is named, and how people call it. The first three are also looked up for each item.
DIMENSIONS = {"theme": "主题", "parent": "主题组", "keyword": "关键词", "type": "类型", "product": "产品", "channel": "渠道"}
OF_ITEMS = ("theme", "parent", "keyword")
#: Products and channels that are looked at, the most frequent.
MAX_KEYS = 200
#: Days without an alert that do not end a burst.
QUIET_DAYS = 2


@dataclass(frozen=True, eq=False)
class TrendTable:
    """All trends.

    table: one row a dimension, key and day: dimension, then the columns of `TrendDetector.detect`.
    lookup: what the rows of a part are looked up in, all that has to be sent to where they are.
    """

    table: pd.DataFrame
    lookup: TrendLookup

    def of_items(self, days: Days, keys: Mapping[str, Keys]) -> OfItems:
        """(day_count, busiest, rising, alert) of n items. days: datetime64[D] (n,); keys: by dimension; see `TrendLookup.of_items`."""
        return self.lookup.of_items(days, keys)

    @property
    def first_alerts(self) -> pd.DataFrame:
        """One row a burst, see `find_bursts`."""
        return find_bursts(self.table)


def judge_days(counts: DayCounts, *, daily_items: float) -> TrendTable:
    """Judge every key and day of the merged counts. daily_items: more a day than this are of high frequency.

    Raises InputError for a dimension that is none of ``DIMENSIONS``.
    """
    return _judged(counts.whole, ((name, each.tally) for name, each in counts.dimensions.items()), daily_items)


def judge_saved(parts: Sequence[Arrays], *, daily_items: float) -> TrendTable:
    """The same of one or more parts as ``DayCounts.to_arrays`` saved them, such as open files of ``numpy.savez``, a dimension at a time."""
    return _judged(*saved_tallies(parts), daily_items)


def find_bursts(table: pd.DataFrame) -> pd.DataFrame:
    """The alerts of each key without their repetitions on the days that follow.

    table: of trends. Days of alerts with at most ``QUIET_DAYS`` others between them are one burst. Returns one row a dimension, key and
    burst, in the order of dimensions, then first days, then keys: dimension, key, first and last (its days), alerts (how many of them do),
    items (from the first to the last, those between included), and of the first day kind, q and sentence.
    """
    order = {name: place for place, name in enumerate(DIMENSIONS)}
    rows = table.assign(order=table["dimension"].map(order)).sort_values(["order", "key", "period"], ignore_index=True)
    changes = rows[["dimension", "key"]].ne(rows[["dimension", "key"]].shift()).any(axis=1)
    alerts = np.flatnonzero(rows["alert"].to_numpy(np.bool_))
    key = np.cumsum(changes.to_numpy(np.bool_))[alerts]
    days = rows["period"].to_numpy().astype("datetime64[D]").astype(np.int64)[alerts]
    opens = (np.diff(key, prepend=0) != 0) | (np.diff(days, prepend=0) > QUIET_DAYS + 1)
    start = np.flatnonzero(opens)
    first, last = alerts[start], alerts[np.flatnonzero(np.append(opens[1:], True)[: len(opens)])]
    items = np.append(0, np.cumsum(rows["observed"].to_numpy(np.int64)))
    bursts = rows.loc[first, ["order", "dimension", "key", "period", "kind", "q", "sentence"]].rename(columns={"period": "first"})
    bursts.insert(4, "last", rows["period"].to_numpy()[last])
    bursts.insert(5, "alerts", np.diff(np.append(start, len(alerts))))
    bursts.insert(6, "items", items[last + 1] - items[first])
    return bursts.sort_values(["order", "first", "key"], ignore_index=True).drop(columns="order")


def _judged(whole: Tally, tallies: Iterable[tuple[str, Tally]], daily_items: float) -> TrendTable:
    detector, tables = TrendDetector(daily_items=daily_items), {}
    for name, tally in tallies:
        if name not in DIMENSIONS:
            raise InputError(f"keys: expected dimensions of {', '.join(DIMENSIONS)}, got {name!r}")
        named = replace(whole.add(tally), names=(DIMENSIONS[name],))
        tables[name] = detector.detect_state(TrendState(named))
        tables[name].insert(0, "dimension", pd.Series(name, index=tables[name].index, dtype="str"))
    table = pd.concat([tables[name] for name in DIMENSIONS if name in tables], ignore_index=True)
    return TrendTable(table, TrendLookup.from_table(table, {name: DIMENSIONS[name] for name in OF_ITEMS}))
