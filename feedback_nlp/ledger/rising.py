"""What is frequent and what is rising, for the whole and for each item: the detector over themes, keywords, types, products, channels."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.ledger.reasons import take_names
from feedback_nlp.scorer.scores import Scores
from feedback_nlp.topics import Duplicates, Topics
from feedback_nlp.trends.detector import TrendDetector
from feedback_nlp.trends.sentences import KINDS
from feedback_nlp.vocabulary import TYPES

Objects = NDArray[np.object_]
Days = NDArray[np.datetime64]

#: What a trend may be about, in the order in which it is named, and how people call it. The first three are also looked up for each item.
DIMENSIONS = {"theme": "主题", "parent": "主题组", "keyword": "关键词", "type": "类型", "product": "产品", "channel": "渠道"}
OF_ITEMS = ("theme", "parent", "keyword")
#: Products and channels that are looked at, the most frequent.
MAX_KEYS = 200
#: Days that are looked at, up to so many after all but one in a hundred items.
MAX_DAYS, SLACK_DAYS = 1096, 31

_Pairs = tuple[NDArray[np.int64], Objects]


@dataclass(frozen=True, eq=False)
class Trends:
    """Trends of n items.

    table: one row a dimension, key and day: dimension, then the columns of `TrendDetector.detect`. day_count: int64 (n,), items on the
    item's day of the busiest of its keys, what the same customer says again left out; busiest: object (n,), 「主题「登录」」, "" for none.
    rising: bool (n,), one of its keys alerts on its day; alert: object (n,), 「主题「登录失败」突增」, "" for none.
    """

    table: pd.DataFrame
    day_count: NDArray[np.int64]
    busiest: Objects
    rising: NDArray[np.bool_]
    alert: Objects


def find_trends(frame: pd.DataFrame, days: Days, scores: Scores, found: Topics, alike: Duplicates, *, daily_items: float) -> Trends:
    """Judge all keys of n items by day.

    frame: product and channel of the items, masked, where they are there. days: datetime64[D] (n,), NaT where unknown;
    what is more than ``MAX_DAYS`` before the last ones, or long after nearly all, is a wrong date or history, and counts in no trend.
    daily_items: more a day than this are of high frequency.
    """
    n_rows = len(frame)
    days = _recent(days).astype("datetime64[s]")
    items = pd.DataFrame({"created_at": days, "sentiment": scores.sentiment, "polarity": scores.polarity, "repeat": alike.repeat})
    items["customer_id"] = np.where(found.customers < 0, "", found.customers.astype(str).astype(object))
    detector, keys = TrendDetector(daily_items=daily_items), _keys(frame, scores, found)
    tables = [detector.detect(items, key=DIMENSIONS[name], pairs=pairs, repeat="repeat") for name, pairs in keys.items()]
    for name, table in zip(keys, tables, strict=True):
        table.insert(0, "dimension", pd.Series(name, index=table.index, dtype="str"))
    table = pd.concat(tables, ignore_index=True)
    own = _of_items(days, {name: keys[name] for name in OF_ITEMS}, table)
    busy = own.sort_values(["row", "observed", "order", "key"], ascending=[True, False, True, True]).drop_duplicates("row")
    loud = own[own["alert"]].sort_values(["row", "order", "ratio", "key"], ascending=[True, True, False, True]).drop_duplicates("row")
    day_count, rising = np.zeros(n_rows, np.int64), np.zeros(n_rows, np.bool_)
    busiest, alert = np.full(n_rows, "", dtype=object), np.full(n_rows, "", dtype=object)
    day_count[busy["row"]], rising[loud["row"]] = busy["observed"], True
    busiest[busy["row"]], alert[loud["row"]] = _called(busy), _called(loud) + loud["kind"].map(KINDS).to_numpy(dtype=object)
    return Trends(table, day_count, busiest, rising, alert)


def _recent(days: Days) -> Days:
    """The days, NaT for those outside the years that are looked at."""
    known = np.sort(days[~np.isnat(days)])
    if not len(known):
        return days
    last = known[int(0.99 * (len(known) - 1))] + np.timedelta64(SLACK_DAYS, "D")
    inside = (days <= last) & (days > last - np.timedelta64(MAX_DAYS, "D"))
    return np.where(inside, days, np.datetime64("NaT"))


def _keys(frame: pd.DataFrame, scores: Scores, found: Topics) -> dict[str, _Pairs]:
    """Pairs of item and key by dimension."""
    every = np.arange(len(frame))
    parents = np.array([*found.model.parents, ""], dtype=object)[found.theme]
    types = take_names(list(TYPES.values()), scores.type_index)
    keys = {"theme": (every, found.theme_names), "parent": (every, parents), "keyword": found.mentions, "type": (every, types)}
    for name in ("product", "channel"):
        if name in frame:
            labels = frame[name].astype(object).where(frame[name].notna(), "").astype(str)
            counts = labels[labels != ""].value_counts()
            often = sorted(counts.index, key=lambda label: (-counts[label], label))[:MAX_KEYS]
            keys[name] = (every, labels.where(labels.isin(often), "").to_numpy(dtype=object))
    return keys


def _of_items(days: Days, keys: Mapping[str, _Pairs], table: pd.DataFrame) -> pd.DataFrame:
    """One row an item and key that is in the table on the item's day: row, dimension, order, key, and the table's columns."""
    parts = [
        pd.DataFrame({"row": rows, "dimension": name, "order": order, "key": labels, "period": days[rows]})
        for order, (name, (rows, labels)) in enumerate(keys.items())
    ]
    pairs = pd.concat(parts, ignore_index=True).astype({"dimension": "str", "key": "str"})
    columns = table[["dimension", "key", "period", "observed", "alert", "kind", "ratio"]]
    return pairs.merge(columns.assign(period=columns["period"].astype("datetime64[s]")), on=["dimension", "key", "period"])


def _called(rows: pd.DataFrame) -> Objects:
    names = rows["dimension"].map(DIMENSIONS).to_numpy(dtype=object)
    return np.asarray(names + "「" + rows["key"].to_numpy(dtype=object) + "」", dtype=object)
