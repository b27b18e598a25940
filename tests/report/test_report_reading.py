"""A saved ledger read for its report: the page is that of the whole ledger, and texts that it does not show are not kept."""

from dataclasses import replace

import pandas as pd
import pytest

from feedback_nlp.analysis import Analysis
from feedback_nlp.cli import main
from feedback_nlp.report import reading
from feedback_nlp.report.page import COLUMNS, LATE_ITEMS, TOP
from feedback_nlp.report.reading import MARK, read_reported


def blanked(analysis):
    """Missing, empty and blank cells in every column of texts that a page looks at."""
    ledger = analysis.ledger.copy()
    for place, name in enumerate(("text", "key_phrases", "product", "channel", "theme", "customer_id", "status")):
        values = ledger[name].astype(object)
        values.iloc[60 + place :: 7], values.iloc[61 + place :: 7], values.iloc[62 + place :: 7] = "", None, " \u3000"
        ledger[name] = values.astype("str")
    return replace(analysis, ledger=ledger)


CASES = {
    "as it is": lambda analysis: analysis,
    "blank cells": blanked,
    "settled items": lambda analysis: replace(analysis, ledger=analysis.ledger.assign(status="已解决", owner="王")),
    "late ones far down": lambda analysis: replace(
        analysis, ledger=analysis.ledger.assign(status=["已解决"] * (len(analysis.ledger) - 30) + ["待分析"] * 30)
    ),
    "numbers as products": lambda analysis: replace(analysis, ledger=analysis.ledger.assign(product=range(len(analysis.ledger)))),
    "a few items": lambda analysis: replace(analysis, ledger=analysis.ledger.head(3)),
    "columns that are not there": lambda analysis: replace(analysis, ledger=analysis.ledger.drop(columns=["channel", "customer_id"])),
}


def reported(folder):
    """The analysis as ``run --report`` reads it."""
    analysis = Analysis.load(folder, rows=0)
    levels, stated = list(analysis.summary["priority"]), analysis.signature["options"]["as_of"]
    return replace(analysis, ledger=read_reported(folder / "ledger.parquet", levels, stated=stated))


def page(analysis, path):
    return analysis.report(path).read_bytes()


@pytest.mark.parametrize("at_once", [7, reading.AT_ONCE])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_page_is_that_of_the_whole_ledger(analysis, tmp_path, monkeypatch, case, at_once):
    monkeypatch.setattr(reading, "AT_ONCE", at_once)
    folder = case(analysis).save(tmp_path / "out")
    assert page(reported(folder), tmp_path / "thin.html") == page(Analysis.load(folder), tmp_path / "whole.html")


@pytest.mark.parametrize("name", ["undated", "empty"])
def test_the_page_of_what_has_no_dates_or_no_items(request, tmp_path, name):
    folder = request.getfixturevalue(name).save(tmp_path / "out")
    assert page(reported(folder), tmp_path / "thin.html") == page(Analysis.load(folder), tmp_path / "whole.html")


def test_texts_that_are_not_shown_are_a_mark_and_names_are_codes(analysis, tmp_path):
    folder = analysis.save(tmp_path / "out")
    ledger, whole = reported(folder).ledger, Analysis.load(folder).ledger
    assert list(ledger) == [name for name in whole if name in COLUMNS]
    kept = ledger["text"] == whole["text"]
    assert kept.iloc[:TOP].all() and TOP <= kept.sum() <= TOP + LATE_ITEMS < len(whole)
    assert set(ledger["text"][~kept]) == {MARK}
    high = whole["priority"] == "高"
    assert (ledger["reasons"] == whole["reasons"])[high].all() and (ledger["reasons"] == MARK)[~high & ~kept].all()
    assert all(isinstance(ledger[name].dtype, pd.CategoricalDtype) for name in ("priority", "theme", "product", "status"))


def test_the_command_line_writes_that_page(tmp_path, capsys):
    (tmp_path / "f.csv").write_text("text,created_at\n一打开就闪退,2026-03-05\n很好用,2026-03-06\n", encoding="utf-8")
    assert main(["run", str(tmp_path / "f.csv"), "--out", str(tmp_path / "out"), "--report", str(tmp_path / "thin.html")]) == 0
    assert (tmp_path / "thin.html").read_bytes() == page(Analysis.load(tmp_path / "out"), tmp_path / "whole.html")
