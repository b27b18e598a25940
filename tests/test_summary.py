"""What a summary tells of the days that are over the daily limit: how many, and the largest of each dimension."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp import summary
from feedback_nlp.ledger.rising import DIMENSIONS
from feedback_nlp.summary import MAX_FREQUENT, Figures, summarise

NOTHING = Figures(0, 0, 0, 0, 0, "", "", {}, {}, {}, {}, {})


def table(rows):
    """Trends without alerts. rows: (dimension, key, day of March, items, over the limit)."""
    columns = dict(zip(("dimension", "key", "day", "observed", "plain"), zip(*rows, strict=True) if rows else [()] * 5, strict=True))
    days = np.array(columns.pop("day"), np.int64) + np.datetime64("2026-03-01")
    trends = pd.DataFrame({**columns, "period": days.astype("datetime64[us]")})
    types = {"dimension": "str", "key": "str", "observed": np.int64, "plain": bool}
    return trends.astype(types).assign(alert=False, kind="plain", q=1.0, sentence="")


def told(trends):
    found = summarise(NOTHING, duplicated=0, masked=0, reasons={}, trends=trends, levels=("高",), other_columns=[], unfamiliar=(0.0, 0.0))
    return found["n_high_frequency"], found["high_frequency"]


def slow(trends, most):
    """Row by row: themes first, then the largest, then as the trends have them."""
    over = [row for row in trends.to_dict("records") if row["plain"]]
    chosen = []
    for name in DIMENSIONS:
        own = [row for row in over if row["dimension"] == name]
        chosen += sorted(own, key=lambda row: -row["observed"])[:most]
    shown = [
        {"dimension": row["dimension"], "key": row["key"], "date": f"{row['period']:%Y-%m-%d}", "count": row["observed"]} for row in chosen
    ]
    return len(over), shown


ROWS = st.tuples(st.sampled_from(list(DIMENSIONS)), st.sampled_from("甲乙丙"), st.integers(0, 5), st.integers(0, 4), st.booleans())


@settings(deadline=None)
@given(st.lists(ROWS, max_size=30, unique_by=lambda row: row[:3]), st.integers(1, 4))
def test_the_largest_of_each_dimension(rows, most):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(summary, "MAX_FREQUENT", most)
        assert told(table(rows)) == slow(table(rows), most)


def test_all_are_counted_and_few_are_told():
    rows = [("keyword", f"词{number:04}", 0, 11 + number % 300, True) for number in range(2000)]
    count, shown = told(table([*rows, ("theme", "登录", 1, 12, True), ("theme", "登录", 2, 9, False)]))
    assert count == 2001 and len(shown) == MAX_FREQUENT + 1
    assert shown[0] == {"dimension": "theme", "key": "登录", "date": "2026-03-02", "count": 12}
    assert [entry["count"] for entry in shown[1:]] == sorted((row[3] for row in rows), reverse=True)[:MAX_FREQUENT]
    assert shown[1]["key"] == "词0299"


def test_nothing_is_frequent():
    assert told(table([])) == told(table([("theme", "登录", 0, 3, False)])) == (0, [])
