"""What surrounds an item, against plain loops over sets and dicts."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedback_nlp.ledger.evidence import NEGATIONS, cued, customer_theme_count, customers_of_theme, high_value, mentions, theme_reach
from feedback_nlp.ledger.policy import load_policy
from feedback_nlp.text.tokenize import Tokenizer

POLICY = load_policy()
N_THEMES = 4
PAIRS = st.lists(st.tuples(st.integers(-1, N_THEMES - 1), st.integers(-1, 5), st.booleans()), max_size=30)


def columns(rows):
    theme, customer, counted = ([row[place] for row in rows] for place in range(3))
    return np.array(theme, dtype=np.int32), np.array(customer, dtype=np.int64), np.array(counted, dtype=bool)


@example([])
@example([(-1, -1, True)])
@example([(0, -1, True), (-1, 3, True)])
@given(PAIRS)
def test_reach_matches_the_oracle(rows):
    theme, customer, _ = columns(rows)
    touched = [{who for about, who, _ in rows if about == number and who >= 0} for number in range(N_THEMES)]
    everyone = {who for _, who, _ in rows if who >= 0}
    per_theme, total = customers_of_theme(theme, customer, N_THEMES)
    assert (per_theme.tolist(), total) == ([len(who) for who in touched], len(everyone))
    expected = [len(touched[about]) / max(len(everyone), 1) if about >= 0 else 0.0 for about, _, _ in rows]
    assert theme_reach(theme, customer, N_THEMES).tolist() == expected


def test_reach_without_themes():
    assert theme_reach(np.array([-1, -1], dtype=np.int32), np.array([0, 1]), 0).tolist() == [0.0, 0.0]


@example([])
@example([(-1, -1, True)])
@given(PAIRS)
def test_repeats_match_the_oracle(rows):
    theme, customer, counted = columns(rows)
    expected = [
        sum((about, who, True) == other for other in rows) if about >= 0 and who >= 0 and complains else 0 for about, who, complains in rows
    ]
    assert customer_theme_count(theme, customer, counted).tolist() == expected


#: Document 3: over 100,000 a year, or more than 3 years.
SPENDS = [
    (100_000, False),
    (100_000.5, True),
    (128_500, True),
    ("128500", True),
    ("128,500", True),
    ("128，500.00", True),
    ("99,999", False),
    (" 128 500 元", True),
    ("¥128,500", True),
    ("￥128500元", True),
    ("12万", True),
    ("12.5万元", True),
    ("10万", False),
    ("9.9万", False),
    ("-200000", False),
    ("100000以上", False),
    ("十二万", False),
    ("保密", False),
    ("", False),
    (None, False),
    (float("nan"), False),
    (float("inf"), False),
    (True, False),
    ([128_500], False),
]


@pytest.mark.parametrize(("value", "expected"), SPENDS)
def test_high_value_by_spend(value, expected):
    frame = pd.DataFrame({"annual_spend": pd.Series([value, 1], dtype=object)})
    assert high_value(frame, POLICY).tolist() == [expected, False]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, False),
        (3.5, True),
        ("4", True),
        ("4年", True),
        ("3年", False),
        ("３．５", False),
        ("", False),
        (None, False),
        ("三年以上", False),
    ],
)
def test_high_value_by_years(value, expected):
    frame = pd.DataFrame({"tenure_years": pd.Series([value], dtype=object)})
    assert high_value(frame, POLICY).tolist() == [expected]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("高价值客户", True), (" 高价值客户 ", True), ("老客户", False), ("非高价值客户", False), (None, False), (5, False)],
)
def test_high_value_by_type(value, expected):
    frame = pd.DataFrame({"customer_type": pd.Series([value], dtype=object)})
    assert high_value(frame, POLICY).tolist() == [expected]


@pytest.mark.parametrize("dtype", [object, "str", "category", "float64", "Int64"])
def test_high_value_reads_columns_of_any_dtype(dtype):
    column = pd.Series([128_500, None, 50], dtype=object)
    column = column.map(lambda value: value if value is None else str(value)) if dtype in ("str", "category") else column
    assert high_value(pd.DataFrame({"annual_spend": column.astype(dtype)}), POLICY).tolist() == [True, False, False]


def test_high_value_takes_any_of_the_three_and_the_policys_bounds():
    frame = pd.DataFrame(
        {"customer_type": ["高价值客户", "", "", ""], "annual_spend": [0, 200_000, 0, 10], "tenure_years": [0, 0, 4, 1]}, index=[7, 7, 8, 9]
    )
    assert high_value(frame, POLICY).tolist() == [True, True, True, False]
    assert high_value(frame, replace(POLICY, annual_spend=5, tenure_years=0.5)).tolist() == [True] * 4
    assert high_value(frame[[]], POLICY).tolist() == [False] * 4


RULE_WORDS = [("起火", "漏电"), ("扣了两次", "a.c", "漏电"), ()]


def slow_cued(text, words):
    """A word at a place where no negation stands right before it."""
    return any(text.startswith(word, at) and text[at - 1 : at] not in tuple(NEGATIONS) for word in words for at in range(len(text)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("插座起火了", [True, False, False]),
        ("起火", [True, False, False]),
        ("漏电", [True, True, False]),
        ("不漏电", [False, False, False]),
        ("没起火", [False, False, False]),
        ("防漏电保护", [False, False, False]),
        ("怕起火", [False, False, False]),
        ("别漏电", [False, False, False]),
        ("无漏电", [False, False, False]),
        ("不漏电，但是起火了", [True, False, False]),
        ("昨天没起火，今天起火", [True, False, False]),
        ("没想到漏电", [True, True, False]),
        ("扣了两次", [False, True, False]),
        ("扣了两回", [False, False, False]),
        ("abc", [False, False, False]),  # words are words, not patterns
        ("a.c", [False, True, False]),
        ("", [False, False, False]),
    ],
)
def test_cued_words_and_their_negation(text, expected):
    assert cued([text], RULE_WORDS).tolist() == [expected]
    assert cued(["起", text, "火"], RULE_WORDS).tolist() == [[False] * 3, expected, [False] * 3]


@settings(max_examples=200)
@given(st.lists(st.text(alphabet="起火漏电不没扣了两次a.c ", max_size=8), max_size=6))
def test_cued_matches_the_oracle_row_by_row(texts):
    assert cued(texts, RULE_WORDS).tolist() == [[slow_cued(text, words) for words in RULE_WORDS] for text in texts]


def test_cued_words_of_the_policy():
    words = [rule.words for rule in POLICY.rules]
    labels = [rule.label for rule in POLICY.rules]
    fires = {
        "充电时起火了": ["人身安全"],
        "宝宝被反锁在屋里": ["人身安全"],
        "我的信息泄露了": ["数据泄露"],
        "同一单重复扣款": ["资金损失"],
        "再不退我打12315": ["法律风险"],
        "闪退": [],
        "这款不漏电，放心": [],
    }
    found = cued(list(fires), words)
    assert [[labels[number] for number in np.flatnonzero(row)] for row in found] == list(fires.values())


@pytest.mark.parametrize(
    ("texts", "words", "expected"),
    [
        (["登录失败", "登录", "闪退", ""], ("登录",), [True, True, False, False]),
        (["无法登录和支付", "支付宝付款"], ("支付",), [True, True]),
        (["登录失败"], (), [False]),
        ([], ("登录",), []),
        (["", ""], ("登录",), [False, False]),
    ],
)
def test_mentions(texts, words, expected):
    assert mentions(Tokenizer().tokenize(texts), words).tolist() == expected
