import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_nlp.errors import InputError
from feedback_nlp.scorer.explain import Explanation
from feedback_nlp.scorer.highlight import CHINESE, COLOURED, ENGLISH, LISTED, MIN_LEFT_OUT, Legend, figure, highlight_html
from feedback_nlp.text.tokenize import Tokenizer

TOKENIZER = Tokenizer()


def tiles(*pairs):
    """Text and frame of (phrase, contribution) pairs, in the order of the text."""
    phrases = [phrase for phrase, _ in pairs]
    ends = np.cumsum([len(phrase) for phrase in phrases]).astype(np.int64)
    starts = ends - [len(phrase) for phrase in phrases]
    values = np.array([value for _, value in pairs], dtype=np.float64)
    # As objects: a column of strings cannot hold a lone surrogate.
    column = pd.Series(phrases, dtype=object)
    return "".join(phrases), pd.DataFrame({"phrase": column, "start": starts, "end": ends, "contribution": values})


class Reader(HTMLParser):
    """What a browser sees: tags, the text of the paragraph, and its spans as (text, tooltip, style)."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.tags, self.spans, self.text, self.outside, self.open = [], [], "", "", []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)
        if tag == "span" and "p" in self.open:
            self.spans.append(["", dict(attrs).get("title"), dict(attrs).get("style", "")])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "p" in self.open:
            self.text += data
            self.spans[-1][0] += data
        else:
            self.outside += data + " "


def drawn(*pairs, **options):
    text, frame = tiles(*pairs)
    return Reader(highlight_html(text, frame, title="标题", **options))


def kind(style):
    return "for" if "solid" in style else "against" if "dashed" in style else ""


def opacity(style):
    return float(re.search(r"rgba\(\d+,\d+,\d+,([\d.]+)\)", style)[1])


def test_one_span_per_phrase_with_its_figure_and_sign():
    seen = drawn(("软件", -0.5), ("总是闪退", 2.0), ("，", 1.0), ("了", 0.01))
    assert [(text, tip, kind(style)) for text, tip, style in seen.spans] == [
        ("软件", "−0.50", "against"),
        ("总是闪退", "+2.00", "for"),
        ("，", "+1.00", ""),  # a pause is never coloured
        ("了", "+0.010", ""),
    ]
    assert seen.text == "软件总是闪退，了"


def test_depth_follows_weight_and_colours_differ():
    _, strong, weak, against = drawn(("，", 9.0), ("强", 2.0), ("弱", 0.5), ("反", -2.0)).spans
    assert opacity(strong[2]) == opacity(against[2]) > opacity(weak[2]) > 0.1
    warm, cool = (list(map(int, re.search(r"rgba\((\d+),\d+,(\d+)", style).groups())) for style in (strong[2], against[2]))
    assert warm[0] > warm[1] and cool[0] < cool[1]


def test_the_legend_lists_the_strongest_with_figures():
    pairs = [(f"词{letter}", value) for letter, value in zip("甲乙丙丁戊己庚", [7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0], strict=True)]
    outside = drawn(*pairs, ("反", -3.0), ("词甲", 2.0)).outside.split()
    assert outside[:3] == ["标题", "支持", "词甲"]
    assert "".join(outside[3:5]) == "×2+9.00"
    assert outside[outside.index("反对") + 1 :] == ["反", "−3.00"]
    assert len([word for word in outside if word.startswith("词")]) == LISTED
    assert "词己" not in outside


def test_where_nothing_speaks_the_legend_says_so():
    assert drawn(("好", 1.0)).outside.split() == ["标题", "支持", "好", "+1.00", "反对", "没有明显的短语"]
    assert drawn(("好", 0.0), ("，", 2.0)).outside.split() == ["标题", "支持", "没有明显的短语", "反对", "没有明显的短语"]
    assert "none of weight" in drawn(("好", 1.0), legend=ENGLISH).outside


@pytest.mark.parametrize(
    ("legend", "message"), [(CHINESE, "（空文本，没有可以解释的内容）"), (ENGLISH, "(an empty text: nothing to explain)")]
)
def test_an_empty_text(legend, message):
    seen = drawn(legend=legend)
    assert seen.text == message
    assert seen.outside.split() == ["标题"]


def test_words_of_your_own_and_a_note():
    own = Legend("fr", "pour", "contre", "rien", "vide", "{chars}: {total}")
    seen = drawn(("好", 1.0), legend=own, note="1 < 2")
    assert seen.outside.split() == ["标题", "1", "<", "2", "pour", "好", "+1.00", "contre", "rien"]
    assert seen.tags[0][1]["lang"] == "fr"


def test_at_most_so_many_phrases_are_coloured():
    pairs = [(f"词{number};", 1.0 if number % 2 else -1.0) for number in range(3 * COLOURED)]
    coloured = [text for text, _, style in drawn(*pairs, ("最强", 1.5)).spans if kind(style)]
    assert len(coloured) == COLOURED
    # Equal ones in the order of the text.
    assert coloured == [text for text, _ in pairs[: COLOURED - 1]] + ["最强"]


def test_stretches_without_weight_are_shortened_on_request():
    filler = [("填充词", 0.001)] * 20
    pairs = [("开头", 0.0), *filler, ("闪退", 1.0), *filler, ("发票", -1.0), ("好", 0.0), *filler]
    plain, short = drawn(*pairs), drawn(*pairs, shorten=True)
    assert plain.text == tiles(*pairs)[0]
    assert short.text == "开头填充词填充词 … 填充词填充词填充词闪退填充词填充词填充词 … 填充词填充词填充词发票好填充词填充词 … "
    assert [tip for text, tip, _ in short.spans if text == " … "] == [
        "省略 45 字，合计 +0.015",
        "省略 42 字，合计 +0.014",
        "省略 54 字，合计 +0.018",
    ]
    assert "characters left out, +0.015 in all" in drawn(*pairs, shorten=True, legend=ENGLISH).spans[3][1]


def test_short_stretches_are_not_worth_leaving_out():
    pairs = [("闪退", 1.0), *[("一", 0.0)] * (6 + MIN_LEFT_OUT - 1), ("闪退", 1.0)]
    assert drawn(*pairs, shorten=True).text == tiles(*pairs)[0]


def test_a_text_without_weight_is_shortened_to_its_beginning():
    assert drawn(*[("一二三四", 0.0)] * 10, shorten=True).text == "一二三四" * 3 + " … "


HOSTILE = [
    "<script>alert(1)</script>",
    "\"'&<>`=/",
    "&lt;b&gt;&#60;",
    "</p></div><img src=x onerror=alert(1)>",
    "{chars}%s{0}",
    "😡👍🏽",
    "\u202e倒\u2066",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text(text):
    one, frame = tiles((text, 1.0), (text, -0.5), (text, 0.0))
    seen = Reader(highlight_html(one, frame, title=text, note=text, legend=Legend(text, text, text, text, text, "{chars}")))
    assert seen.text == one
    assert {tag for tag, _ in seen.tags} == {"div", "p", "span", "bdi"}
    assert {name for _, attributes in seen.tags for name in attributes} <= {"style", "title", "lang"}


def test_what_html_cannot_hold_is_replaced():
    text, frame = tiles(("a\x00\ud83d", 1.0), ("\udc00b\x1b", -1.0))
    page = highlight_html(text, frame, title="\ud800")
    assert Reader(page).text == "a\ufffd\ufffd\ufffdb\ufffd"
    page.encode("utf-8")


def test_the_fragment_needs_nothing_else():
    text, frame = tiles(("闪退", 1.0), ("好", -1.0))
    page = highlight_html(text, frame, title="标题")
    assert page.startswith("<div") and page.endswith("</div>")
    assert re.search(r"<(script|style|link|img|iframe)|https?:|url\(|@import|\bon\w+=|class=|id=", page) is None


@given(st.lists(st.tuples(st.text(min_size=1, max_size=6), st.floats(-1e6, 1e6)), max_size=30), st.booleans())
def test_any_text_is_shown_as_it_is_and_the_order_of_rows_changes_nothing(pairs, shorten):
    text, frame = tiles(*pairs)
    page = highlight_html(text, frame, title="t", shorten=shorten)
    assert page == highlight_html(text, frame[::-1], title="t", shorten=shorten)
    if text and not shorten:
        expected = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "\ufffd", text)
        assert Reader(page).text == expected
        assert len(Reader(page).spans) == len(pairs)


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame[1:],
        lambda frame: frame[:-1],
        lambda frame: frame.drop(index=1),
        lambda frame: pd.concat([frame, frame]),
        lambda frame: frame.assign(end=frame["end"] + 1),
    ],
)
def test_phrases_of_another_text_are_refused(change):
    text, frame = tiles(("软件", 1.0), ("总是", 1.0), ("闪退", 1.0))
    with pytest.raises(
        InputError, match="phrases: expected rows that tile the 6 characters of the text, got others; make them with merge_phrases"
    ):
        highlight_html(text, change(frame), title="标题")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.234, "+1.23"),
        (-1.235, "−1.24"),
        (0.0, "0"),
        (-0.0, "0"),
        (0.0004, "0"),
        (-0.0004, "0"),
        (0.0123, "+0.012"),
        (-1234.5, "−1234.50"),
    ],
)
def test_figures(value, shown):
    assert figure(value) == shown


# ---------------------------------------------------------------------------------------------------------------------------------
# Explanations


def explanation(text="总是闪退，不好用", values=((2, 4, 2.0), (5, 8, -1.0)), **fields):
    start, end, value = (np.array([row[place] for row in values]) for place in range(3)) if values else (np.empty(0, np.int64),) * 3
    grams = [text[a:b] for a, b, _ in values]
    frame = pd.DataFrame({"ngram": grams, "start": start, "end": end, "contribution": value.astype(np.float64)})
    known = {"head": "type", "label": "defect", "bias": 0.25, "logit": 0.25 + sum(row[2] for row in values), "tokenizer": TOKENIZER}
    return Explanation(text=text, contributions=frame, **{**known, **fields})


@pytest.mark.parametrize(
    ("fields", "language", "expected"),
    [
        ({}, "zh", "反馈类型：产品故障 logit +1.25 = 常数 +0.25 + 短语合计 +1.00"),
        ({}, "en", "type: defect logit +1.25 = constant +0.25 + phrases +1.00"),
        ({"against": "price"}, "zh", "反馈类型：「产品故障」对比「价格费用」 logit"),
        ({"against": "price"}, "en", "type: defect versus price logit"),
        ({"head": "sentiment", "label": "-2"}, "zh", "情感：强烈负面 logit"),
        ({"head": "sentiment", "label": "-2"}, "en", "sentiment: strongly negative logit"),
        ({"head": "urgency", "label": "high"}, "zh", "紧急程度：高 logit"),
        ({"head": "risk", "label": "outage"}, "zh", "风险：服务中断 logit"),
        ({"head": "mood", "label": "odd"}, "zh", "mood：odd logit"),
    ],
)
def test_explanations_are_named(fields, language, expected):
    assert " ".join(Reader(explanation(**fields).html(language=language)).outside.split()).startswith(expected)


@pytest.mark.parametrize(
    ("fields", "language", "expected"),
    [
        ({}, "zh", "支持「产品故障」 闪退 +2.00 反对「产品故障」 不好用 −1.00"),
        ({}, "en", "for defect 闪退 +2.00 against defect 不好用 −1.00"),
        ({"against": "price"}, "zh", "支持「产品故障」 闪退 +2.00 支持「价格费用」 不好用 −1.00"),
        ({"against": "price"}, "en", "for defect 闪退 +2.00 for price 不好用 −1.00"),
    ],
)
def test_what_speaks_against_a_label_speaks_for_the_other(fields, language, expected):
    assert " ".join(Reader(explanation(**fields).html(language=language)).outside.split()).endswith(expected)


def test_phrases_of_an_explanation_are_made_once_and_sum_to_its_logit():
    told = explanation()
    assert told.phrases is told.phrases
    assert told.bias + told.phrases["contribution"].sum() == told.logit
    assert told.phrases["phrase"].tolist() == ["闪退", "不好用", "总是", "，"]


def test_notebooks_show_the_same():
    told = explanation()
    assert told._repr_html_() == told.html() == explanation().html()
    assert "tokenizer" not in repr(told)


def test_an_empty_explanation():
    seen = Reader(explanation("", ()).html())
    assert (seen.text, len(seen.spans)) == ("（空文本，没有可以解释的内容）", 1)


def test_a_long_explanation_is_short_on_request():
    text = "我的软件总是闪退，太影响工作了。" * 320
    told = explanation(text, tuple((start, start + 2, 5.0 if start == 2550 else 0.001) for start in range(0, 5000, 3)))
    assert Reader(told.html()).text == text
    assert len(Reader(told.html(shorten=True)).text) < 60


@pytest.mark.parametrize("language", ["de", "", None, "ZH"])
def test_other_languages_are_refused(language):
    with pytest.raises(InputError, match=f"unknown language {language!r}; expected one of zh, en"):
        explanation().html(language=language)
