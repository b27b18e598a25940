"""``feedback-nlp ledger``: the loop closed without writing code."""

import json
import re

import click
import pandas as pd
import pytest
from rich.cells import cell_len

from feedback_nlp import cli
from feedback_nlp.commands.ledger import ledger
from feedback_nlp.store import LedgerStore


def items(*rows):
    """A ledger as analyze makes it, one row per (id, priority, score, text)."""
    ids, priorities, scores, texts = zip(*rows, strict=True)
    due = pd.Series(pd.Timestamp("2026-03-05 09:00", tz="Asia/Shanghai"), index=range(len(rows)), dtype="datetime64[us, Asia/Shanghai]")
    columns = {"feedback_id": ids, "priority": priorities, "priority_score": scores, "text": texts, "type_label": "产品故障"}
    more = {"category": "功能故障", "status": "待分析", "type": "defect", "resolve_due_at": due, "polarity": 1 / 3}
    return pd.DataFrame({**columns, **more})


@pytest.fixture
def url(tmp_path):
    place = f"sqlite:///{tmp_path / 'ledger.db'}"
    with LedgerStore(place) as store:
        store.save(items(("a", "高", 80.0, "登录不了"), ("b", "中", 50.0, "太慢"), ("=c", "低", 10.0, "\x1b[31m红[bold]字")), run="run 1")
    return place


@pytest.fixture
def run(url, capsys, monkeypatch):
    """Run the command line with the group in it; returns (exit code, standard output, standard error)."""
    group = click.Group("feedback-nlp", commands={"ledger": ledger})
    monkeypatch.setattr(cli, "cli", group)

    def run(*arguments, store=url):
        code = cli.main(["ledger", *(("--store", store) if store else ()), *map(str, arguments)])
        return (code, *capsys.readouterr())

    return run


def stored(url, name):
    with LedgerStore(url) as store:
        return store.load(feedback_id=name).iloc[0]


def test_the_loop_is_closed(run, url):
    code, out, err = run("assign", "a", "王工", "--who", "李经理")
    assert (code, err) == (0, "")
    assert [line.split(" ", 2)[2] for line in out.splitlines()][:2] == ["李经理 处理状态：待分析 → 处理中", "李经理 负责人：（空） → 王工"]
    assert "处理状态：处理中 → 已关闭" in run("close", "a", "--result", "已修复", "--who", "王工")[1]
    assert "处理状态：已关闭 → 处理中" in run("reopen", "a", "--reason", "没修好", "--who", "客服")[1]
    assert "优先级：高 → 低" in run("correct", "a", "--priority", "低", "--type", "服务投诉", "--who", "王工")[1]
    assert "优先级：低 → 高" in run("correct", "a", "--priority", "", "--who", "王工")[1]
    assert "没有变更" in run("correct", "a", "--priority", "", "--who", "王工")[1]
    item = stored(url, "a")
    assert item[["status", "owner", "result", "remark", "reopened"]].tolist() == ["处理中", "王工", "已修复", "重新打开：没修好", 1]
    assert item[["type_label", "corrected_type"]].tolist() == ["服务投诉", "服务投诉"]


def test_who_is_the_login_name_by_default(run, url, monkeypatch):
    monkeypatch.setenv("LOGNAME", "xiaoli")
    assert " xiaoli 负责人" in run("assign", "b", "王工")[1]


def test_a_list_is_most_urgent_first_and_filtered(run):
    def listed(*options):
        code, out, _ = run("list", *options)
        assert code == 0
        head, *lines = out.splitlines()
        return head.strip(), [name for line in lines for name in ("a", "b", "=c") if line.startswith(f"│ {name} ")]

    assert listed() == ("3 条，显示 3 条", ["a", "b", "=c"])
    assert listed("--limit", "1") == ("3 条，显示 1 条", ["a"])
    assert listed("--priority", "中") == ("1 条，显示 1 条", ["b"])
    assert listed("--status", "处理中") == ("0 条，显示 0 条", [])
    run("assign", "b", "王工", "--who", "李经理")
    assert listed("--status", "处理中", "--owner", "王工") == ("1 条，显示 1 条", ["b"])
    # The deadlines of this made-up ledger are long past.
    assert listed("--overdue") == ("3 条，显示 3 条", ["a", "b", "=c"])
    run("close", "b", "--result", "好了", "--who", "王工")
    assert listed("--overdue") == ("2 条，显示 2 条", ["a", "=c"])


@pytest.mark.parametrize(("length", "whole"), [(24, True), (60, False)])
def test_a_list_fits_the_terminal_and_keeps_ids_whole(run, url, monkeypatch, length, whole):
    name = "x" * length
    with LedgerStore(url) as store:
        store.save(items((name, "高", 90.0, "登录不了，" * 30)), run="run 2")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    out = re.sub(r"\x1b\[[0-9;]*m", "", run("list")[1])
    assert {cell_len(line) for line in out.splitlines()[1:]} == {80}
    assert (name in out) == whole


def test_show_tells_all_and_the_history(run):
    run("assign", "a", "王工", "--who", "李经理")
    code, out, _ = run("show", "a")
    assert code == 0
    for line in ("反馈编号：a", "优先级得分：80", "问题描述：登录不了", "负责人：王工", "解决期限：2026-03-05 09:00", "系统优先级：高"):
        assert line in out.splitlines()
    assert out.splitlines()[-1].split(" ", 2)[2].startswith("李经理 响应时间：（空） → ")
    assert "处理结果" not in out


@pytest.mark.parametrize("arguments", [("list",), ("show", "=c")])
def test_a_customers_words_do_not_steer_the_terminal(run, arguments):
    out = run(*arguments)[1]
    assert "\x1b" not in out
    assert "红[bold]字" in out


@pytest.mark.parametrize(("lang", "header"), [("zh", "反馈编号"), ("en", "feedback_id")])
def test_export_as_csv(run, tmp_path, lang, header):
    code, _, err = run("export", tmp_path / "ledger.csv", "--lang", lang, "--bom")
    assert (code, err) == (0, f"3 items written to {tmp_path / 'ledger.csv'}\n")
    frame = pd.read_csv(tmp_path / "ledger.csv", encoding="utf-8-sig")
    assert (tmp_path / "ledger.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    # No cell is a formula.
    assert frame[header].tolist() == ["a", "b", "'=c"]
    assert 0.3333 in frame.iloc[0].tolist()


def test_export_for_programs(run, tmp_path, url):
    assert run("export", tmp_path / "ledger.parquet")[0] == 0
    with LedgerStore(url) as store:
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "ledger.parquet"), store.load())
    assert run("export", tmp_path / "some.jsonl", "--priority", "高")[0] == 0
    lines = (tmp_path / "some.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["feedback_id"] for line in lines] == ["a"]


def test_export_as_workbook(run, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    assert run("export", tmp_path / "ledger.xlsx")[0] == 0
    book = openpyxl.load_workbook(tmp_path / "ledger.xlsx", read_only=True)
    cells = [cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
    book.close()
    assert {"反馈编号", "登录不了"} <= set(cells)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "z"), "there is no item 'z' in this store"),
        (("assign", "z", "王工", "--who", "我"), "there is no item 'z' in this store"),
        (("reopen", "a", "--reason", "x", "--who", "我"), "expected an item that is 已解决 or 已关闭 to reopen"),
        (("close", "a", "--who", "我"), "Missing option '--result'"),
        (("close", "a", "--result", "", "--who", "我"), "result: expected a text that is not empty"),
        (("correct", "a", "--who", "我"), "expected --type, --priority or both"),
        (("correct", "a", "--priority", "紧急", "--who", "我"), "corrected_priority: expected one of 高, 中, 低"),
        (("list", "--limit", "0"), "0 is not in the range x>=1"),
        (("export", "ledger.txt"), "ledger.txt: expected one of .csv, .parquet, .jsonl, .xlsx, got .txt"),
        (("list", "--store", "ledger.db"), "store: expected sqlite:///ledger.db"),
        (("list", "--store", "sqlite:///nowhere.db"), "there is no store here; save a run into it first"),
    ],
)
def test_what_cannot_be_done_ends_with_2(run, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert message in " ".join(err.split())
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.db"]


def test_the_store_stands_in_the_environment_or_in_the_folder(run, url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "3 条" in run("list", store=None)[1]
    monkeypatch.chdir("/")
    monkeypatch.setenv("FEEDBACK_NLP_STORE", url)
    assert "3 条" in run("list", store=None)[1]
    assert "3 条" in run("list", "--store", url, store="sqlite:///nowhere.db")[1]
