"""Whose job an item is, against one item read at a time; and what it is called."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_nlp.ledger.policy import load_policy
from feedback_nlp.ledger.priority import Priority
from feedback_nlp.ledger.routing import NO_PRODUCT, route, tags
from feedback_nlp.vocabulary import TYPE_CODES

POLICY = load_policy()
ROUTED = replace(
    POLICY,
    channel_departments={"400热线": {"service": "质检"}, "APP": dict.fromkeys(TYPE_CODES, "线上组")},
    level_departments={"高": {"defect": "应急小组", "service": "应急小组"}},
)

CHANNELS = [None, "", "门店", "400热线", " 400 热线 ", "APP", "app", "ＡＰＰ", float("nan"), 400]


def slow_route(code, channel, level):
    department = ROUTED.departments[code]
    if isinstance(channel, str) and channel.replace(" ", "") == "400热线" and code == "service":
        department = "质检"
    if channel in ("APP", "app", "ＡＰＰ"):
        department = "线上组"
    if level == 0 and code in ("defect", "service"):
        department = "应急小组"
    return department


@given(st.lists(st.tuples(st.sampled_from(TYPE_CODES), st.sampled_from(CHANNELS), st.integers(0, 2))))
def test_departments_match_the_oracle(rows):
    types = np.array([TYPE_CODES.index(code) for code, _, _ in rows], dtype=np.intp)
    level = np.array([level for _, _, level in rows], dtype=np.int64)
    channel = pd.Series([channel for _, channel, _ in rows], dtype=object)
    assert route(ROUTED, types, level, channel=channel).tolist() == [slow_route(*row) for row in rows]


@pytest.mark.parametrize("policy", [POLICY, ROUTED])
@pytest.mark.parametrize("dtype", ["str", "category", object])
def test_without_an_exception_the_type_decides(policy, dtype):
    types, level = np.arange(len(TYPE_CODES)), np.full(len(TYPE_CODES), 2)
    expected = [policy.departments[code] for code in TYPE_CODES]
    assert route(policy, types, level).tolist() == expected
    assert route(policy, types, level, channel=pd.Series(["门店"] * len(types), dtype=dtype)).tolist() == expected


#: DESIGN, section 4 (document 4).
DOCUMENT_4 = {"request": "产品经理", "service": "客服主管", "defect": "技术支持", "inquiry": "客服", "price": "运营", "process": "运营"}


def test_document_4():
    types = np.array([TYPE_CODES.index(code) for code in DOCUMENT_4])
    assert route(POLICY, types, np.zeros(len(types), np.int64)).tolist() == list(DOCUMENT_4.values())


def test_tags():
    n = 4
    zeros = np.zeros(n, np.int64)
    forced = np.array([-1, -1, 0, -1])
    priority = Priority(np.zeros((n, 9), np.int64), np.array([0, 1, 0, 2]), forced, zeros - 1, zeros)
    types = np.array(["产品故障", "服务投诉", "产品故障", "表扬认可"], dtype=object)
    theme = np.array(["登录失败", "", "登录失败", "物流"], dtype=object)
    product = ["产品A", None, "", 7]
    expected = ["产品A-登录失败-紧急", f"{NO_PRODUCT}-服务投诉-重要", f"{NO_PRODUCT}-人身安全-紧急", "7-物流-一般"]
    assert tags(POLICY, priority, types, theme, product=product).tolist() == expected
    without = [f"{NO_PRODUCT}-{tag.split('-', 1)[1]}" for tag in expected]
    assert tags(POLICY, priority, types, theme).tolist() == without
