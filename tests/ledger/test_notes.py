"""What the ledger says of copies."""

import numpy as np
import pandas as pd
import pytest

from feedback_nlp.ledger.notes import copy_notes, duplicate_table
from feedback_nlp.topics import find_duplicates

LONG = "买了三天就坏了，客服一直不回复，要求退货退款"
TEXTS = [LONG, "很好", LONG + "！", "", LONG, "物流太慢了，等了十天还没有到"]


@pytest.mark.parametrize(
    ("count", "customers", "note"),
    [
        (1, 0, ""),
        (1, 1, ""),
        (2, 0, "；相同内容共 2 条"),
        (2, 1, "；相同内容共 2 条（1 位客户）"),
        (12, 3, "；相同内容共 12 条（3 位客户）"),
        (1_000_000, 999_999, "；相同内容共 1000000 条（999999 位客户）"),
    ],
)
def test_what_is_said_of_copies(count, customers, note):
    assert copy_notes(np.array([count]), np.array([customers])).tolist() == [note]
    # What stands beside it does not matter.
    assert copy_notes(np.array([1, count, 5]), np.array([0, customers, 2])).tolist() == ["", note, "；相同内容共 5 条（2 位客户）"]


def test_no_items():
    assert copy_notes(np.zeros(0, np.int64), np.zeros(0, np.int64)).tolist() == []


def test_groups_are_listed_by_the_id_of_what_stands_for_them():
    times = pd.date_range("2026-03-01", periods=6).to_numpy()
    alike = find_duplicates(TEXTS, customers=["甲", "甲", "乙", None, "甲", None], times=times)
    table = duplicate_table(alike, ["A"])
    assert table.columns.tolist() == ["feedback_id", "text", "count", "exact", "customers", "first_time", "last_time"]
    assert table.loc[0, ["feedback_id", "count", "exact", "customers"]].tolist() == ["A", 3, 3, 2]
    assert table.loc[0, ["first_time", "last_time"]].tolist() == [times[0], times[4]]
    assert alike.groups.columns[0] == "representative", "the groups themselves stay as they are"


@pytest.mark.parametrize("texts", [[], ["一", "二"]])
def test_no_groups(texts):
    table = duplicate_table(find_duplicates(texts), [])
    assert (len(table), table.columns[0]) == (0, "feedback_id")
