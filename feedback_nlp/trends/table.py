"""A judged series as a table: one row for each key and period from the key's first item on."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.trends.judging import Judgement
from feedback_nlp.trends.options import Options
from feedback_nlp.trends.periods import period_days
from feedback_nlp.trends.pooling import Floats, Mask
from feedback_nlp.trends.sentences import ALERT, FREQUENT, KINDS, MISSING, NEW, NORMAL, SHORT, Facts, sentence
from feedback_nlp.trends.series import Series
from feedback_nlp.trends.tally import CUSTOMERS, NEGATIVE, POLARITY, RATED, SCALE

if TYPE_CHECKING:
    import pandas as pd

#: Rows and columns of the cells a table shows, in its order.
Cells = tuple[NDArray[np.intp], NDArray[np.intp]]

#: The kind of a row that is nothing.
_NONE = ""


def trend_rows(series: Series, judgement: Judgement, options: Options, *, alerts_only: bool = False) -> "pd.DataFrame":
    """The table of `TrendDetector.detect`, ordered by period, then key."""
    import pandas as pd

    kinds = _kinds(judgement)
    reported = np.logical_or.reduce(list(kinds.values()))
    alert = np.logical_or.reduce([mask for name, mask in kinds.items() if name != "plain"])
    wanted = (np.arange(len(series))[:, None] >= series.first) & ((reported | alert) if alerts_only else True)
    rank = np.argsort(np.argsort(series.labels.astype(str), kind="stable"), kind="stable")
    day, key = np.nonzero(wanted)
    order = np.lexsort((rank[key], day))
    day, key = day[order], key[order]
    cell = (day, key)
    expected = judgement.volume.expected[cell]
    ratio = np.where(expected > 0, series.counts[cell] / np.where(expected > 0, expected, 1.0), np.nan)
    chosen = {name: mask[cell] for name, mask in kinds.items()}
    since = np.where(judgement.volume.alert[cell], series.periods[judgement.since[cell]], np.datetime64("NaT"))
    customers = series.values.get(CUSTOMERS)
    columns: dict[str, Any] = {
        "key": series.labels[key],
        **({name: series.keys[key, number] for number, name in enumerate(series.names)} if len(series.names) > 1 else {}),
        "period": series.periods[day],
        "observed": series.counts[cell],
        "expected": expected,
        "low": judgement.alerts.spike.low[cell],
        "high": judgement.alerts.spike.high[cell],
        "ratio": ratio,
        "p": judgement.volume.p[cell],
        "q": judgement.volume.q[cell],
        "alert": alert[cell],
        "kind": _main_kind(chosen, len(day)),
        "since": since,
        "customers": pd.array([pd.NA] * len(day), dtype="Int64") if customers is None else pd.array(customers[cell], dtype="Int64"),
        "state": _states(judgement, series, kinds, alert)[cell],
        **chosen,
        **_shift_columns(series, judgement, cell),
    }
    table = pd.DataFrame(columns)
    for name in ("key", "kind", "state", *(series.names if len(series.names) > 1 else ())):
        table[name] = table[name].astype("str")
    table.insert(list(columns).index("state") + 1, "sentence", _sentences(table, series, judgement, options, cell))
    return table


def _kinds(judgement: Judgement) -> dict[str, Mask]:
    """What each cell is reported as, by the order in which the main kind is taken."""
    none = np.zeros(judgement.plain.shape, np.bool_)
    worse = [channel.alert for channel in (judgement.shares, judgement.polarity) if channel is not None]
    kinds = {
        "new": judgement.new,
        "spike": judgement.spike,
        "rise": judgement.rise | (judgement.volume.alert & ~judgement.spike),
        "sentiment": np.logical_or.reduce(worse) if worse else none,
        "share": none if judgement.complaints is None else judgement.complaints.alert,
        "plain": judgement.plain,
    }
    return {name: kinds[name] for name in KINDS}


def _main_kind(kinds: dict[str, Mask], size: int) -> NDArray[np.object_]:
    main = np.full(size, _NONE, dtype=object)
    for name in reversed(kinds):
        main[kinds[name]] = name
    return main


def _states(judgement: Judgement, series: Series, kinds: dict[str, Mask], alert: Mask) -> NDArray[np.object_]:
    states = np.full(alert.shape, NORMAL, dtype=object)
    fresh = np.arange(len(series))[:, None] == series.first
    states[fresh] = NEW
    states[kinds["plain"]] = FREQUENT
    states[judgement.history < judgement.needed] = SHORT
    states[judgement.missing] = MISSING
    states[alert] = ALERT
    return states


def _shift_columns(series: Series, judgement: Judgement, cell: Cells) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    if judgement.shares is not None and judgement.complaints is not None:
        negative, every = series.values[NEGATIVE][cell], series.whole[NEGATIVE][cell[0]]
        columns |= {
            "negative": negative,
            "negative_share": _share(negative, series.counts[cell]),
            "negative_expected": judgement.shares.expected[cell],
            "negative_q": judgement.shares.q[cell],
            "complaint_share": _share(negative, every),
            "complaint_expected": judgement.complaints.expected[cell],
            "complaint_q": judgement.complaints.q[cell],
        }
    if judgement.polarity is not None:
        columns |= {
            "polarity": _share(series.values[POLARITY][cell] / SCALE, series.values[RATED][cell]),
            "polarity_expected": judgement.polarity.expected[cell],
            "polarity_q": judgement.polarity.q[cell],
        }
    return columns


def _share(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)


def _sentences(table: "pd.DataFrame", series: Series, judgement: Judgement, options: Options, cell: Cells) -> "pd.Series":
    """A sentence for every row that is reported as something, "" for others."""
    import pandas as pd

    found = np.full(len(table), "", dtype=object)
    rows = np.flatnonzero(table["kind"].to_numpy() != _NONE)
    worse = [
        np.zeros(len(table), np.bool_) if channel is None else channel.alert[cell] for channel in (judgement.shares, judgement.polarity)
    ]
    limits = options.daily_items * period_days(series.periods, series.period)
    for row, record in zip(rows.tolist(), table.iloc[rows].to_dict("records"), strict=True):
        day, key = int(cell[0][row]), int(cell[1][row])
        known = record["expected"] == record["expected"]
        found[row] = sentence(
            Facts(
                period=series.period,
                names=series.names,
                parts=series.keys[key].tolist(),
                moment=series.periods[day],
                kinds=tuple(name for name in KINDS if record[name]),
                observed=record["observed"],
                expected=record["expected"] if known else None,
                ratio=record["ratio"] if known else None,
                since=series.periods[series.first[key]] if record["new"] else record["since"].to_datetime64() if record["rise"] else None,
                customers=None if pd.isna(record["customers"]) else int(record["customers"]),
                limit=float(limits[day]),
                negative=_pair(record, "negative_share", "negative_expected") if worse[0][row] else None,
                polarity=_pair(record, "polarity", "polarity_expected") if worse[1][row] else None,
                complaints=_pair(record, "complaint_share", "complaint_expected"),
            )
        )
    return pd.Series(found, dtype="str")


def _pair(record: dict[Any, Any], now: str, before: str) -> tuple[float, float] | None:
    return (record[now], record[before]) if now in record and record[now] == record[now] and record[before] == record[before] else None
