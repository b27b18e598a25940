"""What a notebook shows: small, escaped, and the ledger stays what it is."""

import re

import pandas as pd
import pytest
from test_report_page import Reader

from feedback_nlp.report import analysis_html, ledger_style


def test_an_analysis(analysis):
    page = analysis_html(analysis)
    read = Reader(page)
    assert len(page) < 40_000 and page.count("<tr style") == 10
    for part in ("395 条反馈", "2026-09-07", "登录失败", "预警", "主题", "触发规则"):
        assert part in read.text, part
    assert "<mark" in page and {"script", "style", "link", "img"}.isdisjoint(read.tags)
    assert page == analysis_html(analysis)


def test_hostile_texts(hostile):
    page = analysis_html(hostile)
    assert {"script", "img"}.isdisjoint(Reader(page).tags) and "&lt;script&gt;" in page and "{{ 7 * 7 }}" in page
    table = ledger_style(hostile.ledger).to_html()
    assert "<script" not in table and "<img" not in table and "&lt;script&gt;" in table


def test_an_empty_analysis(empty, undated):
    assert "0 条反馈" in Reader(analysis_html(empty)).text
    assert analysis_html(undated).count("<tr style") == 10


def test_a_ledger(analysis):
    before = analysis.ledger.copy(deep=True)
    style = ledger_style(analysis.ledger)
    table = style.to_html()
    assert table.count("<tr>") == 51 and "<mark" in table and "points_urgency" not in table
    assert table == ledger_style(analysis.ledger).to_html()
    first = analysis.ledger.iloc[0]
    assert f"{first['created_at']:%Y-%m-%d %H:%M}" in table and f"{first['priority_score']:.1f}" in table
    pd.testing.assert_frame_equal(before, analysis.ledger)


@pytest.mark.parametrize(
    "select",
    [
        lambda ledger: ledger.query("product == '云栖智家App' and priority == '高'"),
        lambda ledger: ledger[["feedback_id", "text"]],
        lambda ledger: ledger[["keywords"]],
        lambda ledger: ledger[["priority"]],
        lambda ledger: ledger.iloc[:0],
        lambda ledger: ledger.sort_values("polarity").head(3),
    ],
)
def test_any_selection_of_a_ledger(analysis, select):
    chosen = select(analysis.ledger)
    table = ledger_style(chosen, rows=5).to_html()
    assert table.count("<tr>") == min(len(chosen), 5) + 1


def test_colours_are_by_priority(analysis):
    table = ledger_style(analysis.ledger, levels=["高", "中", "低"], rows=395).to_html()
    colours = re.findall(r"background-color: ?(#\w+)", table)
    assert len(set(colours)) == 3
    # A selection without the most urgent keeps the colours where the levels are named.
    alone = ledger_style(analysis.ledger[analysis.ledger["priority"] == "低"], levels=["高", "中", "低"]).to_html()
    assert set(re.findall(r"background-color: ?(#\w+)", alone)) == {colours[-1]}
