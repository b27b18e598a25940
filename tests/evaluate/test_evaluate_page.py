"""The page: what customers write stays text, what is missing is said, and nothing is fetched from anywhere."""

import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_nlp.evaluate import evaluate
from feedback_nlp.evaluate.page import SHOWN_LENGTH, SHOWN_ROWS, cut, marked, number, percent, render

VOID = {"meta"}


class Reader(HTMLParser):
    """Tags, attributes and text; fails where tags do not match."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.attributes, self.texts = [], [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", "".join(self.texts))


HOSTILE = "满意<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&lt;{{ 7 * 7 }}"


def page_of(frame, scorer, **options):
    page = render(evaluate(frame, scorer=scorer, **options))
    return page, Reader(page)


def test_whole_page(labelled_table, scorer):
    page, read = page_of(labelled_table, scorer, suggest=True)
    assert page.startswith("<!doctype html>\n") and 'lang="zh-CN"' in page and '<meta charset="utf-8">' in page
    for part in ("模型评估", "words/1/000000000000", "10 行", "反馈类型", "情感", "紧急程度", "风险", "可疑标注", "最自信的错误", "80.0"):
        assert part in read.text, part
    assert "<mark>请问</mark>" in page and read.tags.count("svg") == 4
    assert len(re.findall(r'<table class="matrix">', page)) == 3, "flags have no matrix"


def test_nothing_is_fetched(labelled_table, scorer):
    page, read = page_of(labelled_table, scorer)
    assert {"script", "link", "img", "iframe", "form"}.isdisjoint(read.tags)
    assert all(value.startswith("#") for name, value in read.attributes if name in ("href", "src"))
    assert not re.search(r"url\(|@import|https?:", page)
    assert "default-src 'none'" in page


def test_customers_write_no_html(scorer):
    frame = pd.DataFrame({"text": [HOSTILE, "满意", "态度"], "type": ["service", "praise", "service"]}, index=[HOSTILE, 1, 2])
    frame = pd.concat([frame, frame.iloc[1:]])
    page, read = page_of(frame, scorer, suggest=True)
    assert {"script", "img"}.isdisjoint(read.tags)
    assert "<script" not in page and "onerror=" not in [name for name, _ in read.attributes]
    assert "{{ 7 * 7 }}" in read.text and "49" not in re.findall(r"<td class=\"text\">.*?</td>", page)[0]


def test_tags_survive_where_cleaning_leaves_them(scorer):
    """Cleaning drops mark-up; what it does not take for mark-up is escaped."""
    frame = pd.DataFrame({"text": ['满意 <3 & <不错> "5>4"'], "type": "service"})
    page, read = page_of(frame, scorer)
    (cell,) = re.findall(r'<td class="text">(.*?)</td>', page)
    assert "&lt;3 &amp;" in cell and "<3" not in cell and "满意" in read.text


def test_a_hostile_signature_and_source(labelled_table, scorer):
    found = evaluate(labelled_table, scorer=scorer)
    source = {"file": "<b>a.csv</b>", "sha256": "<i>", "rows": 3, "labels": "trained on"}
    found.signature.update(model="<u>m</u>", sources=[source])
    page = render(found)
    assert {"b", "i", "u"}.isdisjoint(Reader(page).tags) and "&lt;b&gt;a.csv" in page
    assert "模型用它训练过" in page


def test_personal_data_is_masked(scorer):
    frame = pd.DataFrame({"text": ["满意，电话13812345678", "态度差"] * 3, "type": ["service", "praise"] * 3})
    page, _ = page_of(frame, scorer, suggest=True)
    assert "13812345678" not in page and "138****5678" in page


def test_no_errors(scorer):
    page, read = page_of(pd.DataFrame({"text": ["很满意", "态度差"], "type": ["praise", "service"]}), scorer, suggest=True)
    assert "没有错误。" in read.text and "没有发现可疑的标注。" in read.text and "<mark>" not in page


def test_classes_without_examples(scorer):
    _, read = page_of(pd.DataFrame({"text": ["很满意"], "type": ["praise"]}), scorer)
    assert read.text.count("（没有例子）") == 8
    assert "nan" not in read.text.lower() and "表扬认可" in read.text


def test_a_head_without_labels(scorer):
    _, read = page_of(pd.DataFrame({"text": ["很满意"], "type": [None], "urgency": ["low"]}), scorer)
    assert "这一列没有任何标注" in read.text and "nan" not in read.text.lower()


def test_no_rows_at_all(scorer):
    frame = pd.DataFrame({"text": pd.Series(dtype=object), "type": pd.Series(dtype=object), "risk": pd.Series(dtype=object)})
    _, read = page_of(frame, scorer, suggest=True)
    assert read.text.count("这一列没有任何标注") == 2 and "nan" not in read.text.lower()


def test_an_empty_text_is_said_to_be_empty(scorer):
    _, read = page_of(pd.DataFrame({"text": [""], "type": ["praise"]}), scorer)
    assert "（空）" in read.text


def test_long_lists_and_texts_are_cut(scorer):
    frame = pd.DataFrame({"text": [f"满意{'很好' * 400}{n}" for n in range(SHOWN_ROWS + 5)], "type": "service"})
    page, read = page_of(frame, scorer)
    cells = re.findall(r'<td class="text">(.*?)</td>', page)
    assert len(cells) == SHOWN_ROWS and "更多见 errors.csv" in read.text
    assert all(len(re.sub("<.*?>", "", cell)) == SHOWN_LENGTH + 1 for cell in cells)


def test_equal_evaluations_give_equal_pages(labelled_table, scorer):
    assert render(evaluate(labelled_table, scorer=scorer)) == render(evaluate(labelled_table, scorer=scorer))


@pytest.mark.parametrize(
    ("text", "phrases", "expected"),
    [
        ("一打开就闪退", ["闪退"], [("一打开就", False), ("闪退", True)]),
        ("闪退闪退", ["闪退"], [("闪退", True), ("闪退", True)]),
        ("发动机响", ["发动", "发动机"], [("发动机", True), ("响", False)]),
        ("a.b*c", [".b*"], [("a", False), (".b*", True), ("c", False)]),
        ("没有", ["闪退"], [("没有", False)]),
        ("没有", [], [("没有", False)]),
        ("", ["闪退"], []),
        ("x", [""], [("x", False)]),
    ],
)
def test_marked(text, phrases, expected):
    assert marked(text, phrases) == expected


@given(st.text("闪退<>&a.", max_size=12), st.lists(st.text("闪退<>&a.", max_size=3), max_size=3))
def test_marking_loses_nothing(text, phrases):
    pieces = marked(text, phrases)
    assert "".join(piece for piece, _ in pieces) == text
    assert all(piece in phrases for piece, is_marked in pieces if is_marked)


@pytest.mark.parametrize(("value", "expected"), [(0.5, "50.0"), (0, "0.0"), (1, "100.0"), (np.nan, "—"), (0.12345, "12.3")])
def test_percent(value, expected):
    assert percent(value) == expected


@pytest.mark.parametrize(("value", "expected"), [(0.5, "0.500"), (-0.25, "-0.250"), (np.nan, "—")])
def test_number(value, expected):
    assert number(value) == expected


def test_cut():
    assert (cut("短"), cut("长" * SHOWN_LENGTH)) == ("短", "长" * SHOWN_LENGTH)
    assert cut("长" * (SHOWN_LENGTH + 1)) == "长" * SHOWN_LENGTH + "…"
