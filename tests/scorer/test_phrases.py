import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedback_nlp.errors import InputError
from feedback_nlp.scorer.phrases import MAX_PHRASE, merge_phrases, mergeable, phrase_starts, spread
from feedback_nlp.scorer.words import is_word, read_together
from feedback_nlp.text.tokenize import Tokenizer

TOKENIZER = Tokenizer()


def merged(text, grams):
    """``grams``: (start, end, value) of each n-gram."""
    start, end = (np.array([gram[place] for gram in grams], dtype=np.int64) for place in (0, 1))
    return merge_phrases(text, start, end, np.array([gram[2] for gram in grams], dtype=np.float64), tokenizer=TOKENIZER)


def found(text, values):
    """The n-grams of ``values`` (n-gram -> value) wherever they stand in the text."""
    places = [(start, gram, value) for gram, value in values.items() for start in range(len(text)) if text.startswith(gram, start)]
    return [(start, start + len(gram), value) for start, gram, value in places]


def read(frame):
    """Phrases in the order of the text."""
    return "|".join(frame.sort_values("start")["phrase"])


TABLE = [
    # words of one sign that carry weight become a phrase
    ("太影响工作", {"太": 0.5, "影响": 1.0, "工作": 0.8}, "太影响工作"),
    ("软件总是闪退", {"软件": -0.5, "总是": 0.6, "闪退": 3.0}, "软件|总是闪退"),
    # not those of different signs, nor those that weigh nothing
    ("太影响工作", {"太": 0.5, "影响": -1.0, "工作": 0.8}, "太|影响|工作"),
    ("软件总是闪退", {"软件": 0.01, "总是": 0.02, "闪退": 3.0}, "软件|总是|闪退"),
    ("软件总是闪退", {}, "软件|总是|闪退"),
    ("软件总是闪退", {"软件": -1, "总是": -1, "闪退": -1}, "软件总是闪退"),
    # never across punctuation, space or emoji
    ("闪退，闪退", {"闪退": 1.0, "，": 1.0}, "闪退|，|闪退"),
    ("很贵 闪退", {"很贵": 1.0, " ": 1.0, "闪退": 1.0}, "很贵| |闪退"),
    ("闪退！！！😡😡", {"闪退": 1.0, "！": 1.0, "😡": 1.0}, "闪退|！！！|😡😡"),
    # a negation stays with what it negates, whatever their signs
    ("不好用", {"不": 1.0, "好用": -3.0}, "不好用"),
    ("不推荐购买", {"不": 1.0, "推荐": -3.0, "购买": 0.5}, "不推荐|购买"),
    ("一直登录不上", {"登录": -1.0, "不上": 2.0}, "一直|登录不上"),
    # no phrase begins with a particle or ends with a word that introduces the next
    ("等了一晚上", {"等": -1.0, "了": 1.0, "一晚上": 1.0}, "等|了|一晚上"),
    ("等了一晚上", {"等": 1.0, "了": 1.0, "一晚上": 1.0}, "等了一晚上"),
    ("快递员把包裹扔了", {"快递员": 1.0, "把": 1.0}, "快递员|把|包裹|扔|了"),
    # not longer than eight characters, cut where the fewest n-grams cross
    ("登录失败一直提示验证码", {"登录失败": 1.0, "一直提示": 1.0, "提示验证码": 2.0}, "登录失败|一直提示验证码"),
    ("登录失败一直提示验证码", {"登录失败": 1.0, "失败一直": 2.0, "一直提示": 2.0, "验证码": 1.0}, "登录失败一直提示|验证码"),
    ("闪退" * 9, {"闪退": 1.0}, "闪退|闪退闪退闪退闪退|闪退闪退闪退闪退"),
    # a word alone may be longer
    ("internationalization", {"inter": 1.0}, "internationalization"),
    # what needs no words
    ("", {}, ""),
    ("好", {"好": 1.0}, "好"),
    ("。", {"。": 1.0}, "。"),
    ("e\u0301t", {"e": 1.0}, "e\u0301|t"),
    ("<script>alert('x')", {"script": 1.0}, "<|script|>|alert|('|x|')"),
    ("坏\ud83d了\udc00", {"坏": 1.0, "\ud83d了": 1.0}, "坏|\ufffd|了|\ufffd"),
]


@pytest.mark.parametrize(("text", "values", "expected"), TABLE)
def test_phrases(text, values, expected):
    frame = merged(text, found(text, values))
    assert read(frame) == expected


def test_an_ngram_is_split_equally_over_its_characters():
    frame = merged("软件总是闪退", [(0, 2, 1.0), (1, 4, 3.0), (4, 6, -4.0), (5, 6, -1.0)])
    assert frame.to_dict("list") == {"phrase": ["闪退", "软件总是"], "start": [4, 0], "end": [6, 4], "contribution": [-5.0, 4.0]}
    assert frame["contribution"].dtype == np.float64
    assert [str(frame[name].dtype) for name in ("start", "end", "phrase")] == ["int64", "int64", "str"]
    assert list(frame.index) == [0, 1]


def test_an_empty_text_has_the_same_columns():
    frame = merged("", [])
    full = merged("好", [(0, 1, 1.0)])
    assert len(frame) == 0
    assert frame.dtypes.to_dict() == full.dtypes.to_dict()


def test_equal_contributions_stand_in_the_order_of_the_text():
    frame = merged("好，坏，好", [(0, 1, 1.0), (2, 3, -1.0), (4, 5, 1.0)])
    assert frame["start"].tolist() == [0, 2, 4, 1, 3]


def test_a_contrast_is_the_difference_of_two():
    text, grams = "软件闪退", np.array([[0, 2], [2, 4], [1, 3]])
    label, other = np.array([1.0, 3.0, 0.5]), np.array([1.0, 1.0, 1.0])
    frames = [merge_phrases(text, *grams.T, value, tokenizer=TOKENIZER) for value in (label, other, label - other)]
    parts = [spread(*grams.T, value / 2, n_chars=4) for value in (label, other, label - other)]
    np.testing.assert_allclose(parts[0] - parts[1], parts[2], atol=1e-15)
    assert math.fsum(frames[2]["contribution"]) == pytest.approx(
        math.fsum(frames[0]["contribution"]) - math.fsum(frames[1]["contribution"])
    )
    assert read(frames[2]) == "软件|闪退"


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ([0], [3], "n-gram 0: expected 0 <= start < end <= 2, the length of the text; got 0 and 3"),
        ([0, 1], [1, 1], "n-gram 1: expected 0 <= start < end <= 2, the length of the text; got 1 and 1"),
        ([-1], [1], "n-gram 0: .* got -1 and 1"),
        ([0], [1, 2], "expected start, end and value of the same length, got 1, 2 and 1"),
    ],
)
def test_ngrams_outside_the_text_are_refused(start, end, message):
    with pytest.raises(InputError, match=message):
        merge_phrases("好用", np.array(start), np.array(end), np.ones(len(start)))


# ---------------------------------------------------------------------------------------------------------------------------------
# Laws

CHARACTERS = "不没了的太，。！？ <&>'\"\n😡👍\u0301\ud83dae1"
VOCABULARY = [*CHARACTERS, "软件", "总是", "闪退", "登录", "不上", "非常", "好用", "没有", "WiFi", "<script>"]
TEXTS = st.lists(st.sampled_from(VOCABULARY), max_size=25).map("".join)


@st.composite
def explained(draw):
    """A text with n-grams of 1 to 4 characters anywhere in it."""
    text = draw(TEXTS)
    values = st.one_of(st.sampled_from([0.0, 1.0, -1.0, 0.1]), st.floats(-1e6, 1e6))
    if not text:
        return text, []
    starts = draw(st.lists(st.integers(0, len(text) - 1), max_size=40))
    return text, [(start, min(start + draw(st.integers(1, 4)), len(text)), draw(values)) for start in starts]


@given(explained())
@example(("", []))
@example(("好用", []))
def test_phrases_tile_the_text_and_sum_to_its_ngrams(case):
    text, grams = case
    frame = merged(text, grams)
    ordered = frame.sort_values("start")
    assert [*ordered["start"], len(text)] == [0, *ordered["end"]]
    assert (frame["start"] < frame["end"]).all()
    shown = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    assert [shown[start:end] for start, end in zip(frame["start"], frame["end"], strict=True)] == frame["phrase"].tolist()
    size = math.fsum(abs(value) for *_, value in grams)
    assert math.fsum(frame["contribution"]) == pytest.approx(math.fsum(value for *_, value in grams), rel=0, abs=1e-12 * size + 1e-300)
    strength = frame["contribution"].abs()
    assert list(zip(-strength, frame["start"], strict=True)) == sorted(zip(-strength, frame["start"], strict=True))


@given(explained())
def test_phrases_agree_with_the_slow_sum(case):
    """Oracle: character by character, as the definition says it."""
    text, grams = case
    shares = [0.0] * len(text)
    for start, end, value in grams:
        for place in range(start, end):
            shares[place] += value / (end - start)
    for row in merged(text, grams).itertuples():
        size = sum(abs(value) for *_, value in grams)
        assert row.contribution == pytest.approx(sum(shares[row.start : row.end]), rel=0, abs=1e-12 * size + 1e-300)


@given(explained(), st.randoms())
def test_the_order_of_the_ngrams_changes_nothing(case, random):
    text, grams = case
    mixed = random.sample(grams, len(grams))
    pd.testing.assert_frame_equal(merged(text, grams), merged(text, mixed), check_exact=True)


@given(explained())
def test_phrases_are_short_and_of_one_kind(case):
    text, grams = case
    frame = merged(text, grams)
    words = read_together(TOKENIZER.cut("".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)))
    for phrase in frame["phrase"]:
        if phrase not in words:
            assert len(phrase) <= MAX_PHRASE
            assert not set(phrase) & set("，。！？ <&>'\"\n😡👍\ufffd")


@given(explained())
def test_merged_words_have_one_sign(case):
    text, grams = case
    shares = spread(*(np.array([gram[place] for gram in grams], dtype=np.int64) for place in (0, 1)), per_char(grams), n_chars=len(text))
    place = 0
    for row in merged(text, grams).sort_values("start").itertuples():
        words = [word for word in units_of(text) if row.start <= word[0] < row.end]
        values = [shares[start:end].sum() for start, end in words]
        if len(words) > 1:
            assert len({np.sign(value) for value in values}) == 1
            assert all(is_word(row.phrase[start - row.start : end - row.start]) for start, end in words)
        place = row.end
    assert place == len(text)


def per_char(grams):
    return np.array([value / (end - start) for start, end, value in grams], dtype=np.float64)


def units_of(text):
    ends = np.cumsum([len(word) for word in read_together(TOKENIZER.cut(text.replace("\ud83d", "\ufffd")))])
    return list(zip([0, *ends[:-1]], ends, strict=True)) if len(ends) else []


@given(st.lists(st.tuples(st.integers(1, 5), st.booleans(), st.booleans(), st.integers(0, 3)), min_size=1, max_size=9))
def test_cuts_are_the_best_of_all(rows):
    """Oracle: every way to cut, tried."""
    length, alike, awkward, cost = (np.array(column) for column in zip(*rows, strict=True))
    alike[0] = False
    awkward = awkward & alike
    options = []
    for number in range(1 << len(rows)):
        begins = np.array([bool(number >> place & 1) for place in range(len(rows))])
        pieces = np.split(length, np.flatnonzero(begins)[1:]) if begins[0] else None
        if pieces is None or (~alike & ~begins).any() or any(len(piece) > 1 and piece.sum() > MAX_PHRASE for piece in pieces):
            continue
        options.append((awkward[begins].sum(), begins.sum(), cost[begins].sum()))
    begins = phrase_starts(alike, length, awkward=awkward, cost=cost.astype(np.float64))
    assert (awkward[begins].sum(), begins.sum(), cost[begins].sum()) == min(options)


@pytest.mark.parametrize(
    ("value", "closes", "opens", "expected"),
    [
        ([], [], [], []),
        ([1.0], [0], [0], [0]),
        ([1.0, 1.0, -1.0, -1.0], [0] * 4, [0] * 4, [0, 1, 0, 1]),
        ([1.0, 0.05, 1.0], [0] * 3, [0] * 3, [0, 0, 0]),
        ([0.0, 0.0], [0] * 2, [0] * 2, [0, 0]),
        ([-1.0, 1.0, 1.0], [0, 1, 0], [0] * 3, [0, 0, 0]),
        ([1.0, 1.0, -1.0], [0] * 3, [0, 1, 0], [0, 0, 0]),
        ([1.0, 1.0, 1.0], [0] * 3, [0, 1, 0], [0, 1, 1]),
    ],
)
def test_mergeable(value, closes, opens, expected):
    flags = [np.array(flag, dtype=np.bool_) for flag in (closes, opens)]
    word = np.ones(len(value), dtype=np.bool_)
    assert mergeable(np.array(value, dtype=np.float64), word, closes=flags[0], opens=flags[1]).tolist() == list(map(bool, expected))


def test_a_long_text():
    text = "我的软件总是闪退，太影响工作了！" * 320
    grams = [(start, min(start + order, len(text)), math.sin(start * order)) for start in range(len(text)) for order in (1, 2, 3)]
    frame = merged(text, grams)
    assert len(text) > 5000
    assert frame["end"].sub(frame["start"]).sum() == len(text)
    assert math.fsum(frame["contribution"]) == pytest.approx(math.fsum(value for *_, value in grams), abs=1e-9)


def test_a_tokenizer_is_made_where_none_is_given():
    grams = np.array([0]), np.array([2]), np.array([1.0])
    pd.testing.assert_frame_equal(merge_phrases("好用", *grams), merge_phrases("好用", *grams, tokenizer=TOKENIZER))
