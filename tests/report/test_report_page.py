"""The page as text: nothing is fetched, customers' words stay words, what is missing is said, and its size does not grow."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest
from hostile_text import HOSTILE

from feedback_nlp.errors import InputError
from feedback_nlp.report import write_report
from feedback_nlp.report.page import MAX_TOP, render
from feedback_nlp.report.words import asset

VOID = {"meta", "br", "input"}


class Reader(HTMLParser):
    """Tags, attributes and text by the tag they stand in; fails where tags do not match."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.attributes, self.texts, self.inside = [], [], [], [], {}
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.inside.setdefault(self.open[-1] if self.open else "", []).append(data)
        if not {"script", "style"} & set(self.open):
            self.texts.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", "".join(self.texts))


@pytest.fixture(scope="module")
def page(analysis):
    return render(analysis)


def charts_of(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S).group(1))


def test_whole_page(page):
    read = Reader(page)
    assert page.startswith('<!doctype html>\n<html lang="zh-CN">')
    parts = (
        "最紧急的反馈",
        "上升的话题",
        "已逾期的反馈",
        "主题与原话",
        "走势",
        "渠道、产品与类型",
        "方面评价",
        "重复的反馈",
        "数据质量",
        "依据",
    )
    for part in (*parts, "2026-09-07", "395", "触发规则「数据泄露」", "handling-measures/"):
        assert part in read.text, part
    assert "<mark>" in page
    assert [text for text in read.texts if "{{" in text or "None" in text or "nan" in text] == []


def test_nothing_is_fetched(page):
    read = Reader(page)
    assert {"link", "img", "iframe", "base", "object", "embed"}.isdisjoint(read.tags)
    links = [(tag, name, value) for tag, name, value in read.attributes if name in ("href", "src", "action", "srcset")]
    assert links and all(tag == "a" and value.startswith("#") for tag, _, value in links)
    ids = {value for _, name, value in read.attributes if name == "id"}
    assert {value[1:] for *_, value in links} <= ids, "a link of the contents leads nowhere"
    assert not re.search(r"url\(|@import", asset("report.css"))


def test_only_its_own_scripts_may_run(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1).replace("&#39;", "'")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.S)
    assert len(scripts) == 2
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{value}'" for value in hashes)
    assert policy == f"default-src 'none'; style-src 'unsafe-inline'; script-src {allowed}; base-uri 'none'; form-action 'none'"
    # What would end a script early, or change how the rest of it is read.
    assert not any(re.search(r"<!--|</?script", script, re.I) for script in scripts)


def test_the_library_is_the_one_its_licences_speak_of():
    found = hashlib.sha256(asset("report_echarts.common.min.js").encode()).hexdigest()
    licences = asset("report_echarts_licences.txt")
    assert found in licences and "Apache License" in licences and licences.count("Redistribution and use in source") == 2
    assert 't.version="6.1.0"' in asset("report_echarts.common.min.js") and "6.1.0" in licences


def test_customers_write_no_html(hostile):
    page = render(hostile)
    read, plain = Reader(page), Reader(render(replace(hostile, ledger=hostile.ledger.iloc[1:])))
    assert read.tags.count("script") == plain.tags.count("script") == 3 and "img" not in read.tags
    assert not any(name.startswith("on") for _, name, _ in read.attributes)
    assert "{{ 7 * 7 }}" in read.text and "window.hacked" in read.text
    for part in ("themes", "quarantine", "signature", "duplicates", "aspects", "rising"):
        section = page[page.index('id="quality"' if part == "quarantine" else f'id="{part}"') :].partition("</section>")[0]
        assert "&lt;script&gt;" in section, part
    assert any("<script>" in str(chart) for chart in charts_of(page)), "the data block holds the name, and is not cut short by it"
    page.encode("utf-8")
    assert "\x07" not in page


def test_charts_hold_plain_numbers(page, analysis):
    charts = {chart["id"]: chart for chart in charts_of(page)}
    assert {"volume", "sentiment", "by_channel", "by_product", "by_type_label", "curve0"} <= charts.keys()
    for name in ("volume", "sentiment", "by_channel", "by_product", "by_type_label"):
        assert sum(sum(series["values"]) for series in charts[name]["series"]) == len(analysis.ledger), name
    by_level = {series["name"]: sum(series["values"]) for series in charts["volume"]["series"]}
    assert by_level == analysis.summary["priority"]
    curve = charts["curve0"]
    assert len({len(curve[name]) for name in ("labels", "observed", "expected", "low", "high")}) == 1 and curve["alerts"]
    assert all(curve["observed"][day] > (curve["expected"][day] or 0) for day in curve["alerts"])


def test_the_same_analysis_gives_the_same_bytes(analysis, tmp_path, page):
    one, two = (write_report(analysis, tmp_path / name) for name in ("one.html", "two.html"))
    assert one.read_bytes() == two.read_bytes() == page.encode("utf-8")


def test_aggregates_do_not_depend_on_the_order_of_rows(page, shuffled):
    assert charts_of(render(shuffled)) == charts_of(page)
    figures = r'<section class="tiles".*?</section>'
    assert re.search(figures, render(shuffled), re.S).group() == re.search(figures, page, re.S).group()


@pytest.mark.parametrize("times", [1, 40])
def test_the_page_does_not_grow_with_the_ledger(analysis, times):
    ledger = pd.concat([analysis.ledger] * times, ignore_index=True)
    summary = {**analysis.summary, "items": len(ledger)}
    assert len(render(replace(analysis, ledger=ledger, summary=summary)).encode()) < len(asset("report_echarts.common.min.js")) + 200_000


def test_long_fields_are_cut(analysis):
    long = "长" * 50_000
    names = ["text", "tag", "product", "channel", "theme", "reasons", "department", "status", "feedback_id", "key_phrases"]
    ledger = analysis.ledger.assign(**dict.fromkeys(names, long))
    size = len(render(replace(analysis, ledger=ledger)).encode())
    assert size < len(asset("report_echarts.common.min.js")) + 400_000


@pytest.mark.parametrize(("top", "rows", "said"), [(0, 0, "没有要列出的反馈"), (3, 3, "最靠前的 3 条"), (MAX_TOP, 395, "全部 395 条")])
def test_top(analysis, top, rows, said):
    page = render(analysis, top=top)
    assert page.count("<tr data-priority=") == rows and said in page


def test_an_empty_analysis(empty):
    read = Reader(render(empty))
    said = (
        "没有要列出的反馈",
        "看不出变化",
        "没有未关闭且有期限的反馈",
        "分不出主题",
        "画不出走势",
        "台账没有这一项",
        "没有找到被评价的方面",
        "没有重复的反馈",
    )
    for part in said:
        assert part in read.text, part
    assert charts_of(render(empty)) == []


def test_texts_alone(undated):
    page = render(undated)
    read = Reader(page)
    assert page.count("<tr data-priority=") == 10
    for part in ("反馈没有日期", "看不出变化", "没有未关闭且有期限的反馈", "画不出走势", "台账没有这一项"):
        assert part in read.text, part
    assert [chart["id"] for chart in charts_of(page)] == ["by_type_label"]


def test_english(analysis, page):
    english = render(analysis, lang="en")
    read = Reader(english)
    assert '<html lang="en">' in english
    for part in ("Customer feedback report", "The most urgent feedback", "Rising topics", "Overdue feedback", "Data quality"):
        assert part in read.text, part
    assert len(charts_of(english)) == len(charts_of(page))
    headings = [re.sub(r"<[^>]*>", "", text) for text in re.findall(r"<h2>(.*?)</h2>|<th[^>]*>(.*?)</th>", english, re.S) for text in text]
    fixed = [text for text in headings if text and text not in "".join(analysis.ledger["product"].unique())]
    assert [text for text in fixed if re.search(r"最|的|天数|优先级", text)] == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lang": "fr"}, "unknown lang 'fr'; expected one of zh, en"),
        ({"top": -1}, f"top: expected a whole number from 0 to {MAX_TOP}, got -1"),
        ({"top": MAX_TOP + 1}, f"got {MAX_TOP + 1}"),
        ({"top": 2.0}, "got 2.0"),
        ({"as_of": "neulich"}, "as_of: expected a time such as 2026-03-05 09:00, got 'neulich'"),
    ],
)
def test_what_is_wrong_is_said(analysis, tmp_path, options, message):
    with pytest.raises(InputError, match=re.escape(message)):
        write_report(analysis, tmp_path / "report.html", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_an_input_error(analysis, tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        write_report(analysis, tmp_path / "no" / "report.html")


def test_marks_come_from_the_scorer_that_made_it(analysis):
    assert "使它显得紧急的词" in render(analysis)
    foreign = replace(analysis, signature={**analysis.signature, "model": "mine/1/000000000000"})
    page = render(foreign)
    assert "它的关键短语" in page and "<mark>" in page


def test_hostile_text_is_what_it_says():
    assert "<script>" in HOSTILE and "onerror" in HOSTILE
