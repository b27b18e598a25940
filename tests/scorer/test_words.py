from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_nlp.scorer import words as module
from feedback_nlp.scorer.words import is_word, read_together
from feedback_nlp.text.tokenize import Tokenizer

TOKENIZER = Tokenizer()

#: Tokens as the tokeniser cuts them, and what is read as one.
JOINED = [
    # a negation with what it negates
    ("不|推荐|购买", "不推荐|购买"),
    ("没|反应", "没反应"),
    ("没有|收到|货", "没有收到|货"),
    ("无法|使用", "无法使用"),
    ("千万别|买", "千万别买"),
    ("不|WiFi", "不WiFi"),
    # and across what it reaches through
    ("不是|很|好", "不是很好"),
    ("不|是|很|好|用", "不是很好|用"),
    ("不会|再|买|了", "不会再买|了"),
    ("不会|再|，|好", "不会再|，|好"),
    ("没有|任何|答复", "没有任何答复"),
    # a negation of a negation
    ("不是|不好|用", "不是不好用"),
    ("不能|不|退", "不能不退"),
    # the verb that was cut off
    ("不好|用", "不好用"),
    ("不太好|用", "不太好用"),
    ("没收|到", "没收到"),
    # a result that does not come
    ("登录|不上", "登录不上"),
    ("一直|用|不了", "一直|用不了"),
    ("登|不|上去", "登不上去"),
    # a question
    ("能|不能|调", "能不能|调"),
    ("是|不是|坏", "是不是|坏"),
    ("收|没收|到", "收没收到"),
    # marks
    ("！|！|！", "！！！"),
    ("…|…|。", "……。"),
    ("😡|😡|👍", "😡😡👍"),
    ("e|\u0301|t", "e\u0301|t"),
    ("，|\u0301", "，\u0301"),
]

LEFT_ALONE = [
    "",
    "好",
    "不",
    "软件|总是|闪退",
    "没|了",
    "不是|吗",
    "不|，|好",
    "不|！",
    "不错|用|了",
    "不过|还|行",
    "非常|好",
    "才|不到|一周",
    "我|不上|班",
    "。|不了",
    "，|😡",
    "好|！|好",
    "好| |好",
    "能|不用",
]


@pytest.mark.parametrize(("tokens", "expected"), JOINED)
def test_words_that_are_read_as_one(tokens, expected):
    assert read_together(tokens.split("|")) == expected.split("|")


@pytest.mark.parametrize("tokens", LEFT_ALONE)
def test_words_that_stay_apart(tokens):
    given_tokens = tokens.split("|") if tokens else []
    assert read_together(given_tokens) == given_tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("不好用，不太好用", "不好用|，|不太好用"),
        ("登录不上，一直登录不上去", "登录不上|，|一直|登录不上去"),
        ("根本打不开，收不到验证码", "根本|打不开|，|收不到|验证码"),
        ("不推荐购买😡😡！！", "不推荐|购买|😡😡|！！"),
    ],
)
def test_together_with_the_tokeniser(text, expected):
    assert read_together(TOKENIZER.cut(text)) == expected.split("|")


@given(st.lists(st.text(st.sampled_from("不没有好用能是上了，！😡\u0301 ae"), min_size=1, max_size=3), max_size=12))
def test_nothing_is_lost_or_moved(tokens):
    together = read_together(tokens)
    assert "".join(together) == "".join(tokens)
    assert all(together)
    bounds = [set(accumulate(map(len, pieces))) for pieces in (together, tokens)]
    assert bounds[0] <= bounds[1]


@pytest.mark.parametrize(
    ("token", "expected"), [("好", True), ("K-12", True), ("3%", True), ("é", True), ("，", False), (" ", False), ("😡", False)]
)
def test_what_a_word_is(token, expected):
    assert is_word(token) is expected


def test_no_list_contradicts_another():
    assert not module.NEGATIONS & module.PARTICLES
    assert not module.NEGATIONS & module.CARRIERS
    assert not module.PARTICLES & module.OPENERS
    assert not module.CARRIERS & module.PARTICLES
