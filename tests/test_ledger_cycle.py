"""The ledger through a cycle: a run, people's edits, the next run, corrections that teach; by Python and by the command line."""

import re

import pandas as pd
import pytest

import feedback_nlp as fn
from feedback_nlp.cli import main
from feedback_nlp.commands.train import _correction_tables
from feedback_nlp.train.labels import read_labels

TEXTS = ["我的软件总是闪退，太影响工作了", "客服态度很差", "请问怎么开发票", "物流太慢了，等了十天"]


@pytest.fixture(scope="module")
def frame():
    return pd.DataFrame({"feedback_id": ["A", "B", "C", "D"], "text": TEXTS, "created_at": "2026-03-02 10:00"})


@pytest.fixture(scope="module")
def first(frame):
    return fn.analyze(frame, as_of="2026-03-03")


def edited(analysis, **changes):
    ledger = analysis.ledger.copy()
    for name, value in changes.items():
        ledger[name] = ledger[name].astype(object) if name in ledger else None
        ledger.loc[ledger["feedback_id"] == "B", name] = value
    return ledger


def test_the_same_again_changes_nothing(frame, first, tmp_path):
    again = fn.analyze(frame, as_of="2026-03-03", previous=first.ledger, run="2")
    more = fn.analyze(frame, as_of="2026-03-03", previous=again.ledger, run="3")
    assert len(again.history) == len(more.history) == 0
    assert (
        again.save(tmp_path / "a").joinpath("ledger.parquet").read_bytes()
        == more.save(tmp_path / "b").joinpath("ledger.parquet").read_bytes()
    )


def test_peoples_columns_stay_and_nothing_vanishes(frame, first):
    ledger = edited(first, status="处理中", owner="王工", corrected_type="price")
    result = fn.analyze(frame[frame["feedback_id"] != "A"], as_of="2026-03-03", previous=ledger, run="2")
    rows = result.ledger.set_index("feedback_id")
    assert rows.loc["B", ["status", "owner", "type_label"]].tolist() == ["处理中", "王工", "价格费用"]
    assert sorted(rows.index) == ["A", "B", "C", "D"] and bool(rows.loc["A", "vanished"])
    assert "4 items" in repr(result)


def test_what_an_analysis_shows(first, tmp_path):
    why = first.explain("A")
    assert why.to_frame()["points"].sum() == pytest.approx(first.ledger.set_index("feedback_id").loc["A", "priority_score"])
    with pytest.raises(fn.InputError):
        first.explain("X")
    page = first.report(tmp_path / "report.html").read_text(encoding="utf-8")
    assert TEXTS[2] in re.sub(r"</?mark[^>]*>", "", page) and "default-src" in page
    sheets = pd.read_excel(first.workbook(tmp_path / "ledger.xlsx"), sheet_name=None, engine="calamine")
    listed = next(sheet for sheet in sheets.values() if "反馈编号" in sheet)
    assert listed["反馈编号"].tolist() == first.ledger["feedback_id"].tolist()
    assert TEXTS[0] in first._repr_html_()


def test_a_correction_is_a_label(frame, first, tmp_path):
    ledger = fn.analyze(frame, as_of="2026-03-03", previous=edited(first, corrected_type="price"), run="2").ledger
    ledger.to_parquet(tmp_path / "ledger.parquet")
    with _correction_tables((str(tmp_path / "ledger.parquet"),)) as tables:
        labels = read_labels(tables)
    assert labels.heads[["text", "type"]].values.tolist() == [[TEXTS[1], "price"]]
    with pytest.raises(fn.InputError, match="expected the Parquet file of a ledger"), _correction_tables((str(tmp_path / "none.parquet"),)):
        pass


def test_the_command_line_closes_the_loop(frame, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame.to_csv("f.csv", index=False)
    command = [
        "run",
        "f.csv",
        "--out",
        "out",
        "--store",
        "sqlite:///l.db",
        "--report",
        "r.html",
        "--workbook",
        "l.xlsx",
        "--as-of",
        "2026-03-03",
    ]
    assert main([*command, "--run", "1"]) == main([*command, "--run", "2"]) == 0
    assert (tmp_path / "r.html").stat().st_size > 10_000 and (tmp_path / "l.xlsx").exists()
    assert main(["ledger", "--store", "sqlite:///l.db", "assign", "A", "王工", "--who", "李经理"]) == 0
    assert main([*command, "--run", "3"]) == 0
    with fn.LedgerStore("sqlite:///l.db") as store:
        assert store.load(feedback_id="A").loc[0, "owner"] == "王工"
        assert sorted(store.history("A")["column"]) == ["acknowledged_at", "owner", "status"], (
            "three runs of the same input changed nothing"
        )
        assert store.count() == 4
    capsys.readouterr()
