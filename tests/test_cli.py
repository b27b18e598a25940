"""The command line: what it does, what it says, how it ends."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import feedback_nlp
from feedback_nlp.cli import main

CRASH = "我的软件总是闪退，太影响工作了"
ROWS = [(CRASH, "手机"), ("客服态度很差", "手表"), ("很好用，推荐", "手机")]
FILES = {
    "ledger.csv",
    "summary.json",
    "manifest.json",
    *(
        f"{name}.parquet"
        for name in ("ledger", "themes", "keywords", "phrases", "duplicates", "aspects", "trends", "quarantine", "history")
    ),
    "themes.json",
    ".lock",
}
#: How the command is started by a shell: the installed script, and the module where it is not on the path.
SCRIPT = Path(sys.executable).parent / "feedback-nlp"
MODULE = [sys.executable, "-m", "feedback_nlp"]


def write(path, rows=ROWS, header="问题描述,产品", encoding="utf-8"):
    lines = [header, *(",".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def ledger(folder):
    return pd.read_parquet(folder / "ledger.parquet")


def quarantine(folder):
    return list(pd.read_parquet(folder / "quarantine.parquet")[["source_line", "reason"]].itertuples(index=False, name=None))


# What it does


def test_run(tmp_path, capsys):
    assert main(["run", str(write(tmp_path / "f.csv")), "--out", str(tmp_path / "out")]) == 0
    out, err = capsys.readouterr()
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    assert ledger(tmp_path / "out")["text"][0] == CRASH
    assert "台账 3 条（高 1，中 " in out and f"结果：{tmp_path / 'out'}" in out and CRASH in out
    assert err == ""


@pytest.mark.parametrize(("lang", "header"), [("zh", "反馈编号"), ("en", "feedback_id")])
def test_demo(tmp_path, capsys, lang, header):
    assert main(["demo", "--out", str(tmp_path), "--lang", lang]) == 0
    assert "最紧急的 10 条" in capsys.readouterr().out
    assert (tmp_path / "ledger.csv").read_text(encoding="utf-8").startswith(header + ",")


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_score(tmp_path, capsys, suffix):
    out = tmp_path / f"scores{suffix}"
    assert main(["score", str(write(tmp_path / "f.csv")), "--out", str(out)]) == 0
    assert f"3 rows scored, 0 quarantined: {out}" in capsys.readouterr().err
    read = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".jsonl": lambda path: pd.read_json(path, lines=True)}[suffix](out)
    assert read["source_line"].tolist() == [2, 3, 4]
    assert read["type"].tolist() == feedback_nlp.BatchScorer.load().score([text for text, _ in ROWS])["type"].tolist()
    assert "text" not in read


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    """A few labels, each repeated, enough for a model of no worth."""
    known = [("闪退", "defect", -1, "medium", ""), ("起火了", "defect", -2, "high", "safety"), ("很好", "praise", 2, "low", "")]
    known += [("态度差", "service", -1, "low", "churn"), ("怎么用", "inquiry", 0, "low", "")]
    rows = [(f"{text}{number}", *rest) for text, *rest in known for number in range(6)]
    path = tmp_path_factory.mktemp("labels") / "labels.csv"
    pd.DataFrame(rows, columns=["text", "type", "sentiment", "urgency", "risk"]).to_csv(path, index=False)
    polarity = path.with_name("polarity.csv")
    pd.DataFrame([(f"好{n}" if n % 2 else f"差{n}", 1 if n % 2 else -1) for n in range(40)], columns=["text", "polarity"]).to_csv(
        polarity, index=False
    )
    return [str(path), str(polarity)]


def test_train_then_run(tmp_path, capsys, labels):
    model = tmp_path / "model"
    arguments = ["train", *labels, "--out", str(model), "--bits", "10", "--orders", "2", "--folds", "2", "--name", "tiny"]
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert f"model written to {model}" in err
    figures = [line.split("\t") for line in out.splitlines()]
    assert {part for part, _, _ in figures} == {"all", "natural"}
    assert {"texts", "type_macro_f1", "risk_churn_f1"} <= {name for _, name, _ in figures}
    assert all(re.fullmatch(r"\d+|[01]|0\.\d+", value) for _, _, value in figures)
    assert main(["run", str(write(tmp_path / "f.csv")), "--out", str(tmp_path / "out"), "--model", str(model)]) == 0
    assert json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["signature"]["model"].startswith("tiny/")


def test_train_from_the_bundled_model_then_run(tmp_path, capsys, monkeypatch):
    """A table as people in the office write it, one head of two labelled in part: the gain is shown, and the model runs."""
    monkeypatch.chdir(tmp_path)
    rows = [("呼叫器按了没反应", "产品故障", "高"), ("排队叫号又过号了", "业务流程", ""), ("怎么取号", "使用咨询", "低")] * 5
    rows = [(f"{text}，{n}号窗", *labels) for n, (text, *labels) in enumerate(rows)]
    frame = pd.DataFrame(rows, columns=["留言原文", "类型", "紧急程度"])
    frame.to_csv("mine.csv", index=False, encoding="gbk")
    assert main(["train", "mine.csv", "--start", "bundled", "--out", "model", "--text-column", "留言原文", "--name", "ours"]) == 0
    out, err = capsys.readouterr()
    assert "model written to model" in err
    lines = [line.split() for line in out.splitlines()]
    assert "留出文本上的宏平均" in out
    assert [line[1:4:2] for line in lines if line[:1] == ["│"]] == [["反馈类型", "15"], ["紧急程度", "10"]]
    assert main(["run", str(write(tmp_path / "f.csv")), "--out", str(tmp_path / "out"), "--model", str(tmp_path / "model")]) == 0
    assert json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["signature"]["model"].startswith("ours/")


def test_few_labels_for_a_model_from_scratch(tmp_path, capsys, labels):
    assert main(["train", *labels, "--out", str(tmp_path / "model"), "--bits", "10", "--orders", "2"]) == 0
    assert "labelled texts are few for a model from scratch; compare it with --start bundled" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "out", "options", "expected"),
    [
        (0, "model", [], "expected rows with a text, got no rows at all"),
        (30, "labels.csv", [], "expected a folder that can be written"),
        (30, "model", ["--exclude", "labels.csv"], "all their texts are excluded"),
        (30, "model", ["--split", "source"], "all 30 labelled texts are in fifth 1 by source; give more texts or sources, or folds 0"),
    ],
)
def test_nothing_to_train_on(tmp_path, monkeypatch, capsys, labels, rows, out, options, expected):
    monkeypatch.chdir(tmp_path)
    pd.read_csv(labels[0], keep_default_na=False).head(rows).to_csv("labels.csv", index=False)
    assert main(["train", "labels.csv", "--out", out, *options]) == 2
    assert expected in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["labels.csv"]


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["--help"], ["run", "score", "demo", "train", "feedback-nlp demo --out out"]),
        (["-h"], ["Usage: feedback-nlp"]),
        (["doctor", "--help"], ["--json", "Examples:"]),
        (["run", "--help"], ["--text-column", "--map", "--policy", "--scheme", "--strict", "--as-of", "[default: handling-measures]"]),
        (["score", "--help"], ["--abstain"]),
        (["train", "--help"], ["--folds"]),
        (["--version"], [feedback_nlp.__version__]),
    ],
)
def test_help_and_version(argv, expected, capsys):
    assert main(argv) == 0
    out = capsys.readouterr().out
    assert [part for part in expected if part not in out] == []


def test_the_installed_command(tmp_path):
    command = [str(SCRIPT)] if SCRIPT.exists() else MODULE
    done = subprocess.run([*command, "run", write(tmp_path / "f.csv"), "--out", tmp_path / "out"], capture_output=True, check=False)
    assert done.returncode == 0
    assert done.stderr == b""
    # In a pipe: no escape codes, no carriage returns of a progress bar.
    assert b"\x1b" not in done.stdout and b"\r" not in done.stdout
    assert "台账 3 条" in done.stdout.decode()


def test_the_module_in_a_narrow_encoding(tmp_path):
    write(tmp_path / "f.csv", [("闪退😀", "手机")])
    environment = {**os.environ, "PYTHONIOENCODING": "gbk"}
    done = subprocess.run([*MODULE, "run", "f.csv", "--out", "out"], capture_output=True, check=False, cwd=tmp_path, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "闪退?" in done.stdout.decode("gbk")


# What it reads


def as_excel(path, frame):
    frame.to_excel(path, index=False)


WRITERS = {
    "utf8.csv": lambda path, frame: frame.to_csv(path, index=False),
    "bom.csv": lambda path, frame: frame.to_csv(path, index=False, encoding="utf-8-sig"),
    "gbk.csv": lambda path, frame: frame.to_csv(path, index=False, encoding="gbk"),
    "utf16.csv": lambda path, frame: frame.to_csv(path, index=False, encoding="utf-16"),
    "semicolon.csv": lambda path, frame: frame.to_csv(path, index=False, sep=";"),
    "t.tsv": lambda path, frame: frame.to_csv(path, index=False, sep="\t"),
    "lines.jsonl": lambda path, frame: frame.to_json(path, orient="records", lines=True, force_ascii=False),
    "t.parquet": lambda path, frame: frame.to_parquet(path),
    "book.xlsx": as_excel,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_scores(tmp_path, name):
    frame = pd.DataFrame([(*row, "2026-03-05 14:20") for row in ROWS], columns=["问题描述", "产品", "反馈时间"])
    WRITERS[name](tmp_path / name, frame)
    assert main(["run", str(tmp_path / name), "--out", str(tmp_path / "out")]) == 0
    expected = feedback_nlp.analyze(frame).ledger.drop(columns="source_line")
    found = ledger(tmp_path / "out").drop(columns="source_line")
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


@pytest.mark.parametrize(
    ("header", "options"),
    [
        ("留言详情,主题", ["--map", "主题=product"]),
        ("甲,乙", ["--text-column", "甲", "--map", "乙=产品"]),
        ("甲,乙", ["--map", "甲=text", "--map", "乙=product"]),
        ("产品,问题描述", ["--text-column", "产品", "--map", "问题描述=product"]),
        ("a=b,产品", ["--map", "a=b=text"]),
    ],
)
def test_headers_can_be_named(tmp_path, header, options):
    path = write(tmp_path / "f.csv", header=header)
    assert main(["run", str(path), "--out", str(tmp_path / "out"), *options]) == 0
    found = ledger(tmp_path / "out").sort_values("source_line")
    assert list(found[["text", "product"]].itertuples(index=False, name=None)) == ROWS


# What it refuses


def nothing(path):
    path.write_bytes(b"")


BAD_INPUTS = {
    "missing.csv": (None, ["missing.csv: there is no such file; check the path"]),
    "f.docx": (nothing, ["f.docx: expected one of .csv", "got the suffix '.docx'; save the table in one of these formats"]),
    "f": (nothing, ["expected one of .csv", "got no suffix"]),
    "columns.csv": (
        lambda path: path.write_text("标题,详情\n甲,乙\n", encoding="utf-8"),
        ["columns.csv: no column holds the feedback text: got 标题, 详情; name one with text_column=... (command line: --text-column ...)"],
    ),
    "numbers.parquet": (
        lambda path: pd.DataFrame({"text": [1, 2]}).to_parquet(path),
        ["numbers.parquet: text column 'text': expected strings, got dtype int64; name the column that holds the text"],
    ),
    "numbers.xlsx": (
        lambda path: pd.DataFrame({"text": [1, 2]}).to_excel(path, index=False),
        ["expected rows with a text, got 2 unusable of 2 rows"],
    ),
    "empty.csv": (nothing, ["empty.csv: the file is empty; expected a header and records"]),
    "blank.csv": (
        lambda path: path.write_bytes(b"\n\n"),
        ["blank.csv: expected a header line, got only blank lines; the first line must name"],
    ),
    "header.csv": (
        lambda path: path.write_text("text\n", encoding="utf-8"),
        ["header.csv: expected rows with a text, got no rows at all; check"],
    ),
    "twice.csv": (
        lambda path: path.write_text("text,text\na,b\n", encoding="utf-8"),
        ["line 1: expected different headers, got text more than once"],
    ),
    "picture.csv": (
        lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        ["expected text, got a PNG image; give the file the suffix of its real format"],
    ),
    "not.parquet": (lambda path: path.write_text("text\na\n", encoding="utf-8"), ["not.parquet: expected a Parquet file, got"]),
    "not.xlsx": (
        lambda path: path.write_text("text\na\n", encoding="utf-8"),
        ["not.xlsx: expected an Excel workbook without a password, got"],
    ),
    "broken.jsonl": (
        lambda path: path.write_text("{\n[1]\n", encoding="utf-8"),
        ["broken.jsonl: expected rows with a text, got 2 unusable of 2 rows"],
    ),
    "folder.csv": (Path.mkdir, ["folder.csv: expected a folder with files, got none"]),
}


@pytest.mark.parametrize("command", ["run", "score"])
@pytest.mark.parametrize("name", BAD_INPUTS)
def test_inputs_that_cannot_be_used(tmp_path, capsys, name, command):
    make, expected = BAD_INPUTS[name]
    if make:
        make(tmp_path / name)
    out = tmp_path / ("out" if command == "run" else "out.csv")
    assert main([command, str(tmp_path / name), "--out", str(out)]) == 2
    shown, err = capsys.readouterr()
    assert shown == ""
    assert err.startswith("Error: ") and "Traceback" not in err
    assert [part for part in expected if part not in err] == []
    assert not out.exists()


BAD_ROWS = {
    "ids": (b"id,text\n7,a\n7,b\n", [(3, "反馈编号重复：7，首次出现在第 2 行")]),
    "dates": (
        "text,时间\na,2026-01-01\nb,昨天\nc,3/5/2024\n".encode(),
        [(3, "无法识别的反馈时间：昨天"), (4, "无法识别的反馈时间：3/5/2024")],
    ),
    "encodings": ("text\n好用\n".encode() + b"\xff\xff\xff\n" + "差\n".encode(), [(3, "编码无法识别（既不是 UTF-8 也不是 GB18030）")]),
    "nul": (b"text,p\na,b\na\0,b\n", [(3, "含有空字符（NUL）")]),
    "quotes": (b'text,p\na,b\n"c,d\ne,f\n', [(3, "引号不成对或位置不对")]),
    "fields": (b"text,p\na,b\na,b,c\na\n", [(3, "字段数多于表头：表头 2 列，本行 3 列"), (4, "字段数少于表头：表头 2 列，本行 1 列")]),
    "lines": (b'text,p\n"a\nb",c\nd,e,f\n', [(4, "字段数多于表头：表头 2 列，本行 3 列")]),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_rows_that_cannot_be_used(tmp_path, capsys, name):
    content, expected = BAD_ROWS[name]
    (tmp_path / "f.csv").write_bytes(content)
    arguments = [str(tmp_path / "f.csv"), "--out"]
    assert main(["run", *arguments, str(tmp_path / "out")]) == 0
    assert quarantine(tmp_path / "out") == expected
    shown = capsys.readouterr().out
    for line, reason in expected:
        assert f"隔离 {len(expected)} 条" in shown and reason in shown and re.search(rf"│ +{line} │", shown)
    assert main(["score", *arguments, str(tmp_path / "s.csv")]) == 0
    assert f"{len(expected)} quarantined" in capsys.readouterr().err
    for command, out in (("run", "strict"), ("score", "strict.csv")):
        assert main([command, *arguments, str(tmp_path / out), "--strict"]) == 2
        err = capsys.readouterr().err
        assert f"line {expected[0][0]}: {expected[0][1]}; repair this row, or read without strict=True" in err
        assert not (tmp_path / out).exists()


def test_two_encodings_in_one_file(tmp_path):
    (tmp_path / "f.csv").write_bytes("text\n好用\n".encode() + "闪退\n".encode("gbk"))
    assert main(["run", str(tmp_path / "f.csv"), "--out", str(tmp_path / "out")]) == 0
    assert sorted(ledger(tmp_path / "out")["text"]) == ["好用", "闪退"]


def test_only_bad_rows(tmp_path, capsys):
    (tmp_path / "f.csv").write_text("text,时间\na,昨天\n", encoding="utf-8")
    assert main(["run", str(tmp_path / "f.csv"), "--out", str(tmp_path / "out")]) == 3
    assert "台账 0 条" in capsys.readouterr().out
    assert (len(ledger(tmp_path / "out")), quarantine(tmp_path / "out")) == (0, [(2, "无法识别的反馈时间：昨天")])
    assert main(["score", str(tmp_path / "f.csv"), "--out", str(tmp_path / "s.csv")]) == 3


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ([], "Usage: feedback-nlp"),
        (["walk"], "No such command 'walk'"),
        (["run", "f.csv"], "Missing option '--out'"),
        (["run", "--out", "out"], "Missing argument 'INPUT...'"),
        (["run", "f.csv", "--out", "out", "--lang", "de"], "'de' is not one of 'zh', 'en'"),
        (["run", "f.csv", "--out", "out", "--themes", "0"], "0 is not in the range x>=1"),
        (["run", "f.csv", "--out", "out", "--map", "主题"], "--map: expected HEADER=COLUMN, for instance --map 留言详情=text"),
        (["run", "f.csv", "--out", "out", "--map", "=text"], "--map: expected HEADER=COLUMN"),
        (["run", "f.csv", "--out", "out", "--map", "产品=prodct"], "did you mean 'product'?"),
        (["run", "f.csv", "--out", "out", "--map", "产=product"], "there is no column '产', did you mean '产品'?"),
        (["run", "f.csv", "--out", "out", "--text-column", "描述"], "there is no column '描述', did you mean '问题描述'?"),
        (["run", "f.csv", "--out", "out", "--encoding", "utf-9"], "encoding='utf-9' is not a known text encoding; use"),
        (["run", "f.csv", "--out", "out", "--policy", "handling-measure"], "Did you mean 'handling-measures'?"),
        (["run", "f.csv", "--out", "out", "--scheme", "nope"], "nope: expected one of adoption-mechanism"),
        (["run", "f.csv", "--out", "out", "--model", "nope"], "nope is no model folder"),
        (["run", "f.csv", "--out", "out", "--as-of", "soon"], "as_of: expected a time such as 2026-03-05 09:00, got 'soon'"),
        (["run", "f.csv", "--out", "out", "--user-dictionary", "nope"], "user dictionary nope: cannot be read"),
        (["run", "f.csv", "--out", "f.csv"], "f.csv: expected a folder, got a file; give another --out"),
        (["score", "f.csv", "--out", "scores.txt"], "expected one of .csv, .parquet, .jsonl, got the suffix '.txt'"),
        (["score", "f.csv", "--out", "no/such/folder.csv"], "does not exist; create it first"),
        (["train", "f.csv", "--out", "model", "--folds", "6"], "6 is not in the range 0<=x<=5"),
        (["train", "f.csv", "--out", "model", "--passes", "-1"], "passes: expected 0 to 1000, got -1.0"),
        (["train", "f.csv", "--out", "model", "--passes", "nan"], "passes: expected 0 to 1000, got nan"),
        (["train", "f.csv", "--out", "model", "--split", "row"], "'row' is not one of 'text', 'source'"),
        (["train", "f.csv", "--out", "model", "--exclude", "none.csv"], "none.csv: there is no such file"),
        (["train", "f.csv", "--out", "model"], "no table with a text and labels of type, sentiment, urgency, risk was given"),
        (["train", "f.csv", "--out", "model", "--start", "none"], "none is no model folder"),
        (["train", "f.csv", "--out", "model", "--start", "bundled", "--bits", "9"], "--bits: not with --start"),
        (["train", "--out", "model"], "Missing argument 'LABELS...'"),
    ],
)
def test_bad_usage(tmp_path, monkeypatch, capsys, argv, expected):
    monkeypatch.chdir(tmp_path)
    before = write(tmp_path / "f.csv").read_bytes()
    assert main(argv) == 2
    assert expected in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["f.csv"]
    assert before == (tmp_path / "f.csv").read_bytes()


# What it shows


def test_customers_cannot_steer_the_terminal(tmp_path, capsys):
    rows = [{"text": "闪退\x1b[2J", "product": "\x1b[31m红\u202e", "时间": None}, {"text": "x", "product": "p", "时间": "\x1b]0;t\x07"}]
    rows.append({"text": "闪退[bold]了[/bold]", "product": "\ud800", "时间": None})
    (tmp_path / "f.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert main(["run", str(tmp_path / "f.jsonl"), "--out", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", shown)
    assert "[bold]" in shown, "brackets are no markup"


def test_quarantine_shows_ten(tmp_path, capsys):
    write(tmp_path / "f.csv", [(CRASH, "手机"), *[("a", "b", "c")] * 12])
    assert main(["run", str(tmp_path / "f.csv"), "--out", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert "隔离 12 条" in shown and "其余 2 条见 quarantine.parquet" in shown and shown.count("字段数多于表头") == 10


def test_unknown_holidays_are_one_note(tmp_path, capsys):
    write(tmp_path / "f.csv", [(CRASH, "2090-01-01")] * 3, header="text,时间")
    assert main(["run", str(tmp_path / "f.csv"), "--out", str(tmp_path / "out")]) == 0
    (note,) = capsys.readouterr().err.splitlines()
    assert note.startswith("Note: the official holidays of 2090") and "Monday to Friday" in note


# How it is interrupted


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_a_killed_run_leaves_whole_files_only(tmp_path):
    write(tmp_path / "big.csv", [(f"登录失败{number}，太影响工作了", "手机") for number in range(6000)])
    process = subprocess.Popen([*MODULE, "run", "big.csv", "--out", "out"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    # The moment it starts writing.
    while not (tmp_path / "out").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert all(np.load(path, allow_pickle=False).files for path in (tmp_path / "out" / ".work").glob("*.npz"))
    left = [path for path in (tmp_path / "out").iterdir() if path.name not in (".work", ".lock")]
    assert {path.name for path in left} < FILES and "manifest.json" not in {path.name for path in left}
    for path in left:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else path.read_text(encoding="utf-8")
        assert len(table)
    assert main(["run", str(tmp_path / "big.csv"), "--out", str(tmp_path / "out")]) == 0
    assert {path.name for path in (tmp_path / "out").iterdir() if path.suffix != ".tmp"} == FILES


@pytest.mark.skipif(os.name != "posix", reason="interval timers")
def test_ctrl_c_is_said_in_one_line(tmp_path):
    write(tmp_path / "big.csv", [(f"登录失败{number}，太影响工作了", "手机") for number in range(20_000)])
    # In a process of its own: in this one, the interrupt could fall into a test tool's callback and be swallowed there.
    code = (
        "import signal, sys; from feedback_nlp.cli import main; import feedback_nlp.pipeline; "
        "signal.signal(signal.SIGALRM, signal.default_int_handler); signal.setitimer(signal.ITIMER_REAL, 0.1); "
        "sys.exit(main(['run', 'big.csv', '--out', 'out']))"
    )
    # An interrupt that falls into a library's own callback or import is that library's to answer, so it is pressed up to three times.
    runs = (subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False) for _ in range(3))
    said = [(run.returncode, run.stdout, run.stderr.strip()) for run in itertools.islice(runs, 1)]
    while said[-1] != (130, "", "interrupted") and (run := next(runs, None)):
        said.append((run.returncode, run.stdout, run.stderr.strip()))
    assert said[-1] == (130, "", "interrupted"), said
    assert not (tmp_path / "out" / "manifest.json").exists()


@pytest.mark.skipif(os.name != "posix", reason="a shell's pipe")
def test_a_reader_that_leaves_is_no_error(tmp_path):
    write(tmp_path / "f.csv", ROWS * 4)
    command = f"{' '.join(MODULE)} run f.csv --out out; echo $? >&2"
    done = subprocess.run(f"({command}) | true", shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "0"
    assert (tmp_path / "out" / "manifest.json").exists()
