"""Rising topics: what each alert is about, how strong it was, and the curve of its days with the band of what is usual."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feedback_nlp.ledger.rising import DIMENSIONS
from feedback_nlp.report.showing import clean_text, cut
from feedback_nlp.report.words import Words
from feedback_nlp.trends.sentences import KINDS

if TYPE_CHECKING:
    import pandas as pd

#: Days of alerts that a report is about, days a curve shows, and curves and lines at most.
RECENT_DAYS, CURVE_DAYS = 28, 56
MAX_CURVES, MAX_LINES = 6, 20
#: An alert goes on where its last day is one of so many last ones.
ONGOING_DAYS = 3
NAME_LENGTH = 30


@dataclass(frozen=True)
class Rising:
    """One key that alerted: its strongest day, and whether it goes on.

    first, last: days of its first and last alert, 「10-12」. days: alerts. kinds: what it was reported as.
    curve: id of its chart, "" for none.
    """

    noun: str
    key: str
    kinds: str
    first: str
    last: str
    days: int
    peak: int
    expected: float | None
    sentence: str
    ongoing: bool
    curve: str = ""


@dataclass(frozen=True)
class RisingTopics:
    """lines: the keys that alerted lately, those that go on first, themes before keywords and the rest. more: those that are not shown.

    earlier: keys whose alerts are all older. charts: the curves, as plain values for the page's scripts.
    """

    lines: list[Rising]
    more: int
    earlier: int
    charts: list[dict[str, Any]]


def rising_topics(trends: "pd.DataFrame", words: Words) -> RisingTopics:
    """Read the trends of an analysis: one row a dimension, key and day."""
    alerts = trends[trends["alert"].astype(bool)]
    if not len(alerts):
        return RisingTopics([], 0, 0, [])
    end = trends["period"].max()
    by_key = alerts.groupby(["dimension", "key"], sort=True)["period"].transform("max")
    recent = alerts[by_key > end - np.timedelta64(RECENT_DAYS, "D")]
    found = [_line(rows, end, words) for _, rows in recent.groupby(["dimension", "key"], sort=True)]
    order = {words(noun): place for place, noun in enumerate(DIMENSIONS.values())}
    found.sort(key=lambda entry: (not entry[0].ongoing, order.get(entry[0].noun, len(order)), entry[1], entry[0].key))
    lines: list[Rising] = []
    charts: list[dict[str, Any]] = []
    for number, (line, _, (dimension, key)) in enumerate(found[:MAX_LINES]):
        curve = f"curve{number}" if len(charts) < MAX_CURVES else ""
        if curve:
            rows = trends[(trends["dimension"] == dimension) & (trends["key"] == key)]
            charts.append({"id": curve, **_curve(rows, end, words)})
        lines.append(Rising(**{**vars(line), "curve": curve}))
    n_keys = len(alerts[["dimension", "key"]].drop_duplicates())
    return RisingTopics(lines, len(found) - len(lines), n_keys - len(found), charts)


def _line(rows: "pd.DataFrame", end: Any, words: Words) -> tuple[Rising, float, tuple[str, str]]:
    """A key, the smallest q of its alerts, and what it is called in the table."""
    rows = rows.sort_values("period")
    top = rows.loc[rows["observed"].idxmax()]
    kinds = [name for name in KINDS if name in rows and rows[name].any()]
    expected = float(top["expected"])
    line = Rising(
        noun=words(DIMENSIONS.get(top["dimension"], top["dimension"])),
        key=cut(top["key"], NAME_LENGTH),
        kinds="、".join(words(KINDS[name]) for name in kinds),
        first=_day(rows["period"].iloc[0]),
        last=_day(rows["period"].iloc[-1]),
        days=len(rows),
        peak=int(top["observed"]),
        expected=None if np.isnan(expected) else expected,
        sentence=clean_text(top["sentence"]),
        ongoing=bool(rows["period"].iloc[-1] > end - np.timedelta64(ONGOING_DAYS, "D")),
    )
    return line, float(np.nan_to_num(rows["q"].min(), nan=1.0)), (str(top["dimension"]), str(top["key"]))


def _curve(rows: "pd.DataFrame", end: Any, words: Words) -> dict[str, Any]:
    """The last days of a key; a day that is not in the table had no item."""
    import pandas as pd

    first = max(rows["period"].min(), end - np.timedelta64(CURVE_DAYS - 1, "D"))
    days = pd.date_range(first, end, freq="D")
    table = rows.drop_duplicates("period").set_index("period").reindex(days)
    observed = table["observed"].fillna(0).astype(int)
    return {
        "kind": "curve",
        "labels": [_day(day) for day in days],
        "observed": observed.tolist(),
        "expected": _rounded(table["expected"]),
        "low": _rounded(table["low"]),
        "high": _rounded(table["high"]),
        "alerts": np.flatnonzero(table["alert"].fillna(False).to_numpy(bool)).tolist(),
        "names": {
            name: words(noun) for name, noun in (("observed", "实际"), ("expected", "预期"), ("band", "正常范围"), ("alert", "预警"))
        },
    }


def _rounded(column: "pd.Series") -> list[float | None]:
    return [None if np.isnan(value) else round(float(value), 2) for value in column]


def _day(moment: Any) -> str:
    return str(moment.strftime("%m-%d"))
