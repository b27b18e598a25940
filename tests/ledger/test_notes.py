"""What the ledger says of aspects and of copies."""

import numpy as np
import pandas as pd

from feedback_nlp.ledger.notes import aspect_notes, copies, copy_notes, duplicate_of, duplicate_table
from feedback_nlp.topics import find_duplicates

LONG = "买了三天就坏了，客服一直不回复，要求退货退款"
TEXTS = [LONG, "很好", LONG + "！", "", LONG, "物流太慢了，等了十天还没有到"]
IDS = np.array(["A", "B", "C", "D", "E", "F"], dtype=object)


def test_aspect_notes():
    items = pd.DataFrame({"row": [0, 0, 2], "aspect": ["屏幕", "电池", "价格"], "polarity": [0.6, -0.8, 0.05]})
    assert aspect_notes(items, 4).tolist() == ["屏幕+、电池−", "", "价格", ""]
    assert aspect_notes(items.head(0), 2).tolist() == ["", ""]


def test_copies():
    alike = find_duplicates(TEXTS, customers=["甲", "甲", "乙", None, "甲", None])
    assert copies(alike).tolist() == [3, 1, 3, 1, 3, 1]
    assert copy_notes(alike).tolist() == [
        "；相同内容共 3 条（2 位客户）",
        "",
        "；相同内容共 3 条（2 位客户）",
        "",
        "；相同内容共 3 条（2 位客户）",
        "",
    ]
    stands = IDS[alike.representative[0]]
    assert duplicate_of(alike, IDS).tolist() == ["" if row in (stands, "B", "D", "F") else stands for row in IDS]
    assert duplicate_table(alike, IDS.tolist())[["feedback_id", "count"]].values.tolist() == [[stands, 3]]


def test_copies_of_unknown_customers():
    assert set(copy_notes(find_duplicates([LONG] * 2)).tolist()) == {"；相同内容共 2 条"}
    assert set(copy_notes(find_duplicates([LONG] * 2, customers=[None, ""])).tolist()) == {"；相同内容共 2 条"}


def test_no_copies():
    for texts in ([], ["一", "二"]):
        alike = find_duplicates(texts)
        assert copies(alike).tolist() == [1] * len(texts)
        assert copy_notes(alike).tolist() == duplicate_of(alike, IDS[: len(texts)]).tolist() == [""] * len(texts)
        assert len(duplicate_table(alike, IDS[: len(texts)].tolist())) == 0
