"""What surrounds an item, against plain loops over sets and dicts."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedback_nlp.ledger.evidence import (
    MIN_CUSTOMERS,
    NEGATION_REACH,
    NEGATIONS,
    People,
    complaints,
    cue_spans,
    cued,
    high_value,
    mentions,
)
from feedback_nlp.ledger.policy import ForceRule, load_policy
from feedback_nlp.text.tokenize import Tokenizer
from feedback_nlp.vocabulary import TYPE_CODES

POLICY = load_policy()
N_THEMES = 4

#: A hash of a customer is a large number.
FAR = 1 << 62
#: (theme, customer, complaint, repeat) a row: few customers, so that they repeat; with a run of others, so that there are enough of them
#: to speak of a share.
ITEMS = st.builds(
    lambda rows, others: rows + [(-1, 100 + number, False, False) for number in range(others)],
    st.lists(
        st.tuples(st.integers(-1, N_THEMES - 1), st.sampled_from([-1, 0, 1, 2, FAR, FAR + 1]), st.booleans(), st.booleans()), max_size=30
    ),
    st.sampled_from([0, MIN_CUSTOMERS - 1, MIN_CUSTOMERS]),
)


def columns(rows):
    theme, customer, complaint, repeat = ([row[place] for row in rows] for place in range(4))
    return np.array(theme, np.int32), np.array(customer, np.int64), np.array(complaint, bool), np.array(repeat, bool)


def people_of(rows):
    return People.of(*columns(rows), N_THEMES)


def slow_people(rows):
    """Reach, people and complaints of each item, by sets and loops, as the documentation says them."""
    touched = [{who for about, who, _, _ in rows if about == number and who >= 0} for number in range(N_THEMES)]
    everyone = {who for _, who, _, _ in rows if who >= 0}
    enough = len(everyone) >= MIN_CUSTOMERS
    strangers = [sum(about == number and who < 0 and not again for about, who, _, again in rows) for number in range(N_THEMES)]
    own = [
        sum((about, who, True, False) == other for other in rows) if about >= 0 and who >= 0 and complains else 0
        for about, who, complains, _ in rows
    ]
    reach = [len(who) / len(everyone) if enough else 0.0 for who in touched]
    return [*reach, 0.0], [*(len(who) + more for who, more in zip(touched, strangers, strict=True)), 0], own


@settings(deadline=None, max_examples=200)
@example([])
@example([(-1, -1, True, False)])
@example([(0, -1, True, False), (-1, FAR, True, False)])
@example([(0, -1, False, False), (0, -1, False, True), (0, 2, False, False)])
@example([(0, 2, True, True)])
@example([(0, 2, True, False), (0, 2, True, True), (1, 2, True, True), (1, 2, True, True), (2, 2, True, False)])
@given(ITEMS)
def test_people_match_the_oracle(rows):
    people, (theme, customer, complaint, _) = people_of(rows), columns(rows)
    reach, count, own = slow_people(rows)
    assert people.reach.tolist() == reach
    assert people.people.tolist() == count
    assert people.complaints(theme, customer, complaint).tolist() == own


@settings(deadline=None)
@given(ITEMS, st.randoms(use_true_random=False))
def test_the_order_of_items_does_not_change_who_says_what(rows, random):
    one, two = people_of(rows), people_of(random.sample(rows, len(rows)))
    for name in ("reach", "people", "customers", "themes", "counts"):
        assert getattr(one, name).tolist() == getattr(two, name).tolist()


@settings(deadline=None)
@given(ITEMS, st.integers(0, 40))
def test_complaints_are_the_same_for_a_part_of_the_items(rows, cut):
    people, (theme, customer, complaint, _) = people_of(rows), columns(rows)
    parts = [people.complaints(theme[here], customer[here], complaint[here]) for here in (slice(cut), slice(cut, None))]
    assert np.concatenate(parts).tolist() == people.complaints(theme, customer, complaint).tolist()


@settings(deadline=None)
@given(ITEMS)
def test_what_is_said_once_is_not_kept(rows):
    people = people_of(rows)
    assert (people.counts != 1).all()
    assert len({*zip(people.customers.tolist(), people.themes.tolist(), strict=True)}) == len(people.counts)


def test_nobody_reaches_no_theme():
    nothing = People.of(*columns([(-1, 0, True, False), (-1, 1, True, False)]), 0)
    assert (nothing.reach.tolist(), nothing.people.tolist()) == ([0.0], [0])
    assert nothing.complaints(*columns([(-1, 0, True, False)])[:3]).tolist() == [0]


@pytest.mark.parametrize("code", TYPE_CODES)
def test_praise_and_other_ask_for_nothing(code):
    assert complaints(np.array([TYPE_CODES.index(code)])).tolist() == [code not in ("praise", "other")]
    assert complaints(np.zeros(0, np.intp)).tolist() == []


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


def rule(*words, idioms=()):
    return ForceRule(risk=0, min_probability=1.0, level=0, label="规则", words=words, idioms=idioms)


RULES = (rule("起火", "漏电", idioms=("起火锅",)), rule("扣了两次", "a.c", "漏电"), rule())
ENDS = ",.!?;，。！？；、 "


def slow_cued(text, one):
    """A word somewhere, not inside an idiom, with no negation in the three characters before it that belong to its clause."""
    inside = {
        place for idiom in one.idioms for at in range(len(text)) if text.startswith(idiom, at) for place in range(at, at + len(idiom))
    }
    for at in range(len(text)):
        before = text[max(at - NEGATION_REACH, 0) : at]
        clause = before[max((before.rfind(end) for end in ENDS), default=-1) + 1 :]
        if any(text.startswith(word, at) for word in one.words) and at not in inside and not NEGATIONS & set(clause):
            return True
    return False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("插座起火了", [True, False, False]),
        ("起火", [True, False, False]),
        ("漏电", [True, True, False]),
        ("不漏电", [False, False, False]),
        ("没起火", [False, False, False]),
        ("没有漏电", [False, False, False]),
        ("不会起火", [False, False, False]),
        ("防漏电保护", [False, False, False]),
        ("怕起火", [False, False, False]),
        ("别漏电", [False, False, False]),
        ("以免漏电", [False, False, False]),
        ("从未漏电", [False, False, False]),
        ("不漏电，但是起火了", [True, False, False]),
        ("昨天没起火，今天起火", [True, False, False]),
        ("不好，漏电", [True, True, False]),  # another clause
        ("不行 漏电", [True, True, False]),
        ("没有想到的事情起火", [True, False, False]),  # out of reach
        ("起火锅真好吃", [False, False, False]),
        ("起火锅的时候起火了", [True, False, False]),
        ("扣了两次", [False, True, False]),
        ("扣了两回", [False, False, False]),
        ("abc", [False, False, False]),  # words are words, not patterns
        ("a.c", [False, True, False]),
        ("", [False, False, False]),
    ],
)
def test_cued_words_and_their_negation(text, expected):
    assert cued([text], RULES).tolist() == [expected]
    assert cued(["起", text, "火"], RULES).tolist() == [[False] * 3, expected, [False] * 3]
    # What stands in one row denies nothing in the next.
    assert cued(["不", text], RULES).tolist() == [[False] * 3, expected]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(alphabet="起火锅漏电不没扣了两次a.c，有 ", max_size=10), max_size=6))
def test_cued_matches_the_oracle_row_by_row(texts):
    assert cued(texts, RULES).tolist() == [[slow_cued(text, one) for one in RULES] for text in texts]


@pytest.mark.parametrize(
    ("text", "words", "options", "expected"),
    [
        ("起火了，又起火", ("起火",), {}, ["起火", "起火"]),
        ("不起火，但漏电", ("起火", "漏电"), {}, ["漏电"]),
        ("不能支付", ("支付",), {}, []),
        ("不能支付", ("支付",), {"negations": False}, ["支付"]),
        ("起火锅", ("起火",), {"idioms": ("起火锅",)}, []),
        ("冒白烟", ("冒", "冒白烟"), {}, ["冒白烟"]),  # the longest word
        ("起火", (), {"idioms": ("起火",)}, []),
        ("", ("起火",), {}, []),
    ],
)
def test_where_words_stand(text, words, options, expected):
    assert [text[start:end] for start, end in cue_spans(text, words, **options)] == expected


def test_cued_words_of_the_policy():
    labels = [one.label for one in POLICY.rules]
    fires = {
        "充电时起火了": ["人身安全"],
        "宝宝被反锁在屋里": ["人身安全"],
        "我的信息泄露了": ["数据泄露"],
        "同一单重复扣款": ["资金损失"],
        "再不退我打12315": ["法律风险"],
        "闪退": [],
        "这款不漏电，放心": [],
        "好吃到爆炸": [],
    }
    found = cued(list(fires), POLICY.rules)
    assert [[labels[number] for number in np.flatnonzero(row)] for row in found] == list(fires.values())


def test_every_word_of_the_policy_can_fire():
    for number, one in enumerate(POLICY.rules):
        assert cued(list(one.words), POLICY.rules)[:, number].all()
        assert not cued([f"不{word}" for word in one.words], POLICY.rules)[:, number].any()
        assert not cued(list(one.idioms), POLICY.rules)[:, number].any()


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
