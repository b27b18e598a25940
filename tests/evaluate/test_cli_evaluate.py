"""``feedback-nlp evaluate``: what it reads, shows, writes and refuses."""

import csv
import hashlib
import json
import os
import re
import subprocess
import sys

import pandas as pd
import pytest

from feedback_nlp.cli import evaluate as command
from feedback_nlp.cli import main
from feedback_nlp.evaluate import evaluate
from feedback_nlp.io.cells import plain
from feedback_nlp.scorer.model import HEADS

#: The model is wrong about the type of the last two and the risk of the first.
ROWS = [
    ("我的软件总是闪退，太影响工作了", "defect", "-1", "medium", "legal"),
    ("客服态度很差", "service", "-1", "low", ""),
    ("很好用，推荐", "praise", "2", "low", ""),
    ("请问怎么开发票", "inquiry", "0", "low", ""),
    ("很满意，电话13812345678", "service", "1", "low", ""),
    ("很好用，推荐给朋友", "defect", "2", "low", ""),
]
HEADER = "text,type,sentiment,urgency,risk"
FILES = {"evaluation.html", "errors.csv", "metrics.json"}


def write(path, rows=ROWS, header=HEADER, encoding="utf-8"):
    path.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n", encoding=encoding)
    return path


def read_csv(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def files_of(folder):
    return {path.name for path in folder.iterdir()}


# What it does


def test_figures_on_the_terminal(tmp_path, capsys):
    assert main(["evaluate", str(write(tmp_path / "f.csv"))]) == 0
    out, err = capsys.readouterr()
    for part in ("模型 default/", "6 行", "总览", "反馈类型", "情感", "紧急程度", "风险", "宏平均 F1", "66.7 30.0–90.3", "最自信的错误"):
        assert part in out, part
    assert "有全部高紧急反馈" not in out, "no row is labelled so"
    assert "最常混淆：" in out and "138****5678" in out and "13812345678" not in out and "结果：" not in out
    assert err == "" and files_of(tmp_path) == {"f.csv"}


def test_recall_at_the_top_is_said(tmp_path, capsys):
    assert main(["evaluate", str(write(tmp_path / "f.csv", [("吃完拉肚子进医院了", "defect", "-2", "high", "safety"), *ROWS]))]) == 0
    assert "有全部高紧急反馈的 100.0 %（最多能有 100.0 %）" in capsys.readouterr().out


def test_files(tmp_path, capsys):
    path = write(tmp_path / "f.csv")
    assert main(["evaluate", str(path), "--out", str(tmp_path / "out")]) == 0
    out = tmp_path / "out"
    assert f"结果：{out}" in capsys.readouterr().out
    assert files_of(out) == FILES
    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    (source,) = metrics["signature"]["sources"]
    assert source == {"file": "f.csv", "labels": "evaluated", "rows": 6, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    assert metrics["files"] == {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in FILES - {"metrics.json"}}
    expected = evaluate(pd.read_csv(path))
    for name in ("heads", "classes", "confusion", "reliability"):
        assert metrics[name] == plain(getattr(expected, name).to_dict("records"))
    assert (out / "evaluation.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    rows = read_csv(out / "errors.csv")
    assert list(rows[0]) == ["任务", "位置", "问题描述", "人工标注", "模型判断", "置信度", "依据"]
    wrong = {(row["任务"], row["位置"], row["人工标注"], row["模型判断"]) for row in rows}
    assert {("反馈类型", "7", "产品故障", "表扬认可"), ("风险", "2", "法律风险", "无")} <= wrong
    assert "13812345678" not in (out / "errors.csv").read_text(encoding="utf-8")


def test_a_second_run_writes_the_same_bytes(tmp_path):
    path, contents = write(tmp_path / "f.csv"), []
    for _ in range(2):
        assert main(["evaluate", str(path), "--out", str(tmp_path / "out"), "--suggest"]) == 0
        contents.append({name: (tmp_path / "out" / name).read_bytes() for name in (*FILES, "suggestions.csv")})
    assert contents[0] == contents[1]


def test_byte_order_mark(tmp_path):
    assert main(["evaluate", str(write(tmp_path / "f.csv")), "--out", str(tmp_path / "out"), "--bom"]) == 0
    assert (tmp_path / "out" / "errors.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_heads(tmp_path, capsys):
    path = write(tmp_path / "f.csv")
    assert main(["evaluate", str(path), "--head", "urgency", "--head", "type", "--out", str(tmp_path / "out")]) == 0
    assert "情感" not in capsys.readouterr().out
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert [row["head"] for row in metrics["heads"]] == ["type", "urgency"]


def test_the_choices_are_the_heads():
    (option,) = [option for option in command.params if option.name == "heads"]
    assert tuple(option.type.choices) == tuple(HEADS)


def test_several_files_and_labels_that_are_missing(tmp_path, capsys):
    first = write(tmp_path / "a.csv", [(row[0], row[1]) for row in ROWS], "text,type")
    second = write(tmp_path / "b.csv", [(row[0], row[3]) for row in ROWS] + [("x", "y", "z")], "text,urgency")
    assert main(["evaluate", str(first), str(second), "--out", str(tmp_path / "out")]) == 0
    out = capsys.readouterr().out
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["rows"] == 12 and [row["left_out"] for row in metrics["heads"]] == [6, 6]
    assert {row["位置"] for row in read_csv(tmp_path / "out" / "errors.csv")} >= {"a.csv:7"}
    assert "隔离 1 条" in out and "b.csv:8" in out and "字段数多于表头" in out


def test_quarantine_names_no_file_that_is_not_there(tmp_path, capsys):
    write(tmp_path / "f.csv", [*ROWS, *[("a", "b", "c", "d", "e", "f")] * 12])
    assert main(["evaluate", str(tmp_path / "f.csv")]) == 0
    out = capsys.readouterr().out
    assert "其余 2 条同样没有参加评估" in out and "quarantine.parquet" not in out


WRITERS = {
    "gbk.csv": lambda path, frame: frame.to_csv(path, index=False, encoding="gbk"),
    "t.tsv": lambda path, frame: frame.to_csv(path, index=False, sep="\t"),
    "lines.jsonl": lambda path, frame: frame.to_json(path, orient="records", lines=True, force_ascii=False),
    "t.parquet": lambda path, frame: frame.to_parquet(path),
    "book.xlsx": lambda path, frame: frame.to_excel(path, index=False),
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("numbers", [True, False])
def test_every_format_gives_the_same_figures(tmp_path, name, numbers):
    frame = pd.DataFrame(ROWS, columns=HEADER.split(","))
    frame["sentiment"] = frame["sentiment"].astype(int) if numbers else frame["sentiment"]
    chinese = frame.rename(columns={"text": "问题描述", "type": "反馈类型", "sentiment": "情感", "urgency": "紧急程度", "risk": "风险"})
    WRITERS[name](tmp_path / name, chinese)
    assert main(["evaluate", str(tmp_path / name), "--out", str(tmp_path / "out")]) == 0
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["heads"] == plain(evaluate(frame).heads.to_dict("records"))


def test_columns_can_be_named(tmp_path, capsys):
    write(tmp_path / "f.csv", [row[:2] for row in ROWS], "甲,乙")
    assert main(["evaluate", str(tmp_path / "f.csv"), "--text-column", "甲", "--map", "乙=type"]) == 0
    assert "66.7" in capsys.readouterr().out


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model of no worth, and the table it was trained on."""
    folder = tmp_path_factory.mktemp("trained")
    known = [("闪退", "defect", -1, "medium", ""), ("起火了", "defect", -2, "high", "safety"), ("很好", "praise", 2, "low", "")]
    known += [("态度差", "service", -1, "low", "churn"), ("怎么用", "inquiry", 0, "low", "")]
    rows = [(f"{text}{number}", *rest) for text, *rest in known for number in range(6)]
    pd.DataFrame(rows, columns=HEADER.split(",")).to_csv(folder / "labels.csv", index=False)
    arguments = ["--bits", "10", "--orders", "2", "--folds", "0", "--name", "tiny"]
    assert main(["train", str(folder / "labels.csv"), "--out", str(folder / "model"), *arguments]) == 0
    return folder / "model", folder / "labels.csv"


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_table_of_the_training_is_named(tmp_path, capsys, trained):
    model, labels = trained
    warning = "模型用 labels.csv 训练过"
    assert main(["evaluate", str(labels), "--model", str(model), "--out", str(tmp_path / "out")]) == 0
    out = capsys.readouterr().out
    assert warning in out and "模型 tiny/" in out
    assert "模型用它训练过" in (tmp_path / "out" / "evaluation.html").read_text(encoding="utf-8")
    assert main(["evaluate", str(labels)]) == 0
    assert warning not in capsys.readouterr().out


# Suggestions


def test_suggestions(tmp_path, capsys):
    path = write(tmp_path / "f.csv", [*ROWS[:4] * 3, ("很好用，推荐", "defect", "2", "low", "")])
    assert main(["evaluate", str(path), "--suggest", "--out", str(tmp_path / "out")]) == 0
    out = capsys.readouterr().out
    rows = read_csv(tmp_path / "out" / "suggestions.csv")
    assert list(rows[0]) == ["任务", "位置", "问题描述", "人工标注", "建议标注", "标注可信度"]
    assert f"可疑标注 {len(rows)} 条" in out
    assert {(row["位置"], row["人工标注"], row["建议标注"]) for row in rows} >= {("14", "产品故障", "表扬认可")}
    # Without --suggest, those of the run before are gone: they may be another model's.
    assert main(["evaluate", str(path), "--out", str(tmp_path / "out")]) == 0
    assert files_of(tmp_path / "out") == FILES


def test_no_suggestions(tmp_path, capsys):
    assert main(["evaluate", str(write(tmp_path / "f.csv", ROWS[:4])), "--head", "type", "--suggest"]) == 0
    assert "没有发现可疑的标注" in capsys.readouterr().out


def test_without_cleanlab(tmp_path):
    write(tmp_path / "f.csv")
    code = "import sys; sys.modules['cleanlab'] = None; from feedback_nlp.cli import main; sys.exit(main(sys.argv[1:]))"
    for more, status in ((["--suggest"], 2), ([], 0)):
        arguments = ["evaluate", "f.csv", "--out", "out", *more]
        done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == status
        if more:
            assert (
                done.stderr.startswith("Error: suggested label errors need the package cleanlab") and "feedback_nlp[labels]" in done.stderr
            )
            assert not (tmp_path / "out").exists() and "Traceback" not in done.stderr


# What it refuses


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ([], "Missing argument 'LABELS...'"),
        (["f.csv", "--head", "topic"], "'topic' is not one of 'type', 'sentiment', 'urgency', 'risk'"),
        (["f.csv", "--out", "f.csv"], "f.csv: expected a folder, got a file; give another --out"),
        (["f.csv", "--model", "nope"], "nope is no model folder"),
        (["missing.csv"], "missing.csv: there is no such file"),
        (["none.csv"], "expected a column of labels, at least one of type (反馈类型), sentiment (情感), urgency (紧急程度), risk (风险)"),
        (["none.csv", "--head", "type"], "type: there is no column of labels named type or 反馈类型, did you mean 'typ'?"),
        (["bad.csv"], "type: 'defct' (row 2) is no label, did you mean 'defect'?"),
        (["f.csv", "bad.csv"], "type: 'defct' (row bad.csv:2) is no label"),
        (["f.csv", "--map", "甲=type"], "f.csv: columns: there is no column '甲'"),
        (["f.csv", "--map", "text=typ"], "got 'typ', did you mean 'type'?"),
        (["f.csv", "--map", "甲"], "--map: expected HEADER=COLUMN"),
    ],
)
def test_bad_usage(tmp_path, monkeypatch, capsys, argv, expected):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "f.csv")
    write(tmp_path / "none.csv", [("x", "defect")], "text,typ")
    write(tmp_path / "bad.csv", [("x", "defct", "0", "low", "")])
    before = files_of(tmp_path)
    assert main(["evaluate", *argv, *([] if "--out" in argv else ["--out", "out"])]) == 2
    out, err = capsys.readouterr()
    assert expected in err and "Traceback" not in err and out == ""
    assert files_of(tmp_path) == before


def test_strict(tmp_path, capsys):
    write(tmp_path / "f.csv", [*ROWS, ("a", "b", "c", "d", "e", "f")])
    assert main(["evaluate", str(tmp_path / "f.csv"), "--strict"]) == 2
    assert "line 8: 字段数多于表头" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["errors.csv", "suggestions.csv"])
def test_the_input_is_never_replaced(tmp_path, capsys, name):
    before = write(tmp_path / name).read_bytes()
    assert main(["evaluate", str(tmp_path / name), "--out", str(tmp_path)]) == 2
    assert "would replace the input; give another --out" in capsys.readouterr().err
    assert (tmp_path / name).read_bytes() == before


def test_figures_of_others_are_never_replaced(tmp_path, capsys):
    write(tmp_path / "f.csv")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "metrics.json").write_text('{"loss": 1}', encoding="utf-8")
    assert main(["evaluate", str(tmp_path / "f.csv"), "--out", str(tmp_path / "out")]) == 2
    assert "metrics.json was not written by feedback_nlp and would be replaced" in capsys.readouterr().err
    assert files_of(tmp_path / "out") == {"metrics.json"}


# What it shows


def test_customers_cannot_steer_the_terminal_or_the_page(tmp_path, capsys):
    rows = [{"text": text, "type": "praise"} for text in ("闪退\x1b[2J", "闪退\u202e", "闪退<script>alert(1)</script>", "闪退\ud800")]
    rows = [{**row, "text": f"[bold]{row['text']}[/bold]"} for row in rows]
    (tmp_path / "f.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert main(["evaluate", str(tmp_path / "f.jsonl"), "--out", str(tmp_path / "out"), "--suggest"]) == 0
    shown = capsys.readouterr().out
    page = (tmp_path / "out" / "evaluation.html").read_text(encoding="utf-8")
    for found in (shown, page, (tmp_path / "out" / "errors.csv").read_text(encoding="utf-8")):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", found)
        assert "[bold]" in re.sub("</?mark>", "", found) and "<script" not in found


@pytest.mark.parametrize("columns", ["80", "160"])
def test_tables_fit_the_terminal(tmp_path, columns):
    write(tmp_path / "f.csv", ROWS * 20)
    environment = {**os.environ, "COLUMNS": columns, "FORCE_COLOR": "1", "TERM": "xterm"}
    code = [sys.executable, "-m", "feedback_nlp", "evaluate", "f.csv", "--suggest"]
    done = subprocess.run(code, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    from rich.cells import cell_len

    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in done.stdout.splitlines()]
    assert max(map(cell_len, lines)) <= int(columns)
    assert any("反馈类型" in line for line in lines)


def test_help_lists_the_command(capsys):
    assert main(["--help"]) == 0
    assert "evaluate" in capsys.readouterr().out
    assert main(["evaluate", "--help"]) == 0
    assert "--suggest" in capsys.readouterr().out
