"""Inputs that once crashed, hung, overwrote or leaked: each keeps its row, ends soon, and says what is wrong."""

import datetime as dt
import decimal
import json
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import feedback_nlp as fn
from feedback_nlp.cli import main
from feedback_nlp.io import parse_dates, read_table
from feedback_nlp.ledger.policy import load_policy

TEXT = "登录失败，太影响工作了"


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-01 1:" + " " * 4000 + "x",
        "2024-01-01" + " " * 4000 + "x",
        "1" * 100_000,
        "2024-" * 20_000,
    ],
    ids=["blanks before x", "blanks behind a day", "digits", "years"],
)
def test_no_date_takes_long(text):
    start = time.monotonic()
    times, bad = parse_dates([text])
    assert (times.isna().tolist(), bad.tolist()) == ([True], [True])
    assert time.monotonic() - start < 5


def test_dates_may_stand_among_blanks():
    times, bad = parse_dates(["  2024年3月5日   14:20  " + " " * 100])
    assert (times.dt.strftime("%Y-%m-%d %H:%M").tolist(), bad.tolist()) == (["2024-03-05 14:20"], [False])


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([pd.Timestamp.min, pd.Timestamp("2024-01-01")]),
        pd.Series(np.array([2**62, 0], dtype="datetime64[s]")),
        pd.Series(pd.array([dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31)], dtype="datetime64[us]")).dt.tz_localize("UTC"),
        pd.Series([np.timedelta64(5, "D"), ([1],)], dtype=object),
    ],
    ids=["least nanosecond", "beyond years", "years 1 and 9999", "no dates at all"],
)
def test_times_at_the_edge_of_their_unit_are_bad_not_fatal(column):
    analysis = fn.analyze(pd.DataFrame({"text": [TEXT, TEXT], "created_at": column}))
    assert len(analysis.ledger) + len(analysis.quarantine) == 2
    assert analysis.quarantine["reason"].str.startswith("无法识别的反馈时间").all()


CELLS = {
    "list": ["a", "b"],
    "record": {"a": {"b": 1}},
    "bytes": b"\xff\x00",
    "huge integer": 10**5000,
    "signalling NaN": decimal.Decimal("sNaN"),
    "surrogate": "坏\ud800",
    "long double": np.longdouble(3),
    "year one": dt.datetime(1, 1, 1, tzinfo=dt.UTC),
    "array": np.arange(3000),
}


@pytest.mark.parametrize("column", ["product", "channel", "status", "scene", "customer_type", "annual_spend", "customer_id", "自定义"])
@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS.keys())
def test_odd_cells_anywhere_keep_their_row(tmp_path, column, cell):
    values = np.array([None, None], dtype=object)
    values[0] = cell
    analysis = fn.analyze(pd.DataFrame({"text": [TEXT, "很好"], column: pd.Series(values, dtype=object)}))
    assert len(analysis.ledger) == 2
    analysis.save(tmp_path)


@pytest.mark.parametrize("dtype", ["category", "Int64", "boolean", "Float64", "string[python]"])
def test_scene_of_any_dtype_is_joined(dtype):
    values = {"category": ["夜里", None], "string[python]": ["夜里", None]}.get(dtype, [1, None])
    frame = pd.DataFrame(
        {"text": [TEXT, "很好"], "scene": pd.array(values, dtype=dtype) if dtype != "category" else pd.Categorical(values)}
    )
    assert len(fn.analyze(frame).ledger) == 2


def test_a_huge_entity_is_an_ordinary_row():
    assert fn.analyze(["&#" + "1" * 5000 + ";登录失败"]).ledger.loc[0, "text"] == "登录失败"


def test_results_never_replace_the_input(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    before = "问题描述\n" + TEXT + "\n"
    for name in ("f.csv", "own/ledger.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(before, encoding="utf-8")
    assert main(["score", "f.csv", "--out", "f.csv"]) == 2
    assert main(["run", "own/ledger.csv", "--out", "own"]) == 2
    assert capsys.readouterr().err.count("would replace the input; give another --out") == 2
    assert (tmp_path / "f.csv").read_text(encoding="utf-8") == (tmp_path / "own/ledger.csv").read_text(encoding="utf-8") == before


def test_somebody_elses_manifest_stays(tmp_path):
    (tmp_path / "manifest.json").write_text('{"name": "web app"}', encoding="utf-8")
    with pytest.raises(fn.InputError, match=r"was not written by feedback_nlp"):
        fn.analyze([TEXT]).save(tmp_path)
    assert json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8")) == {"name": "web app"}
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_a_file_without_headers_shows_no_customer(tmp_path, capsys):
    (tmp_path / "f.csv").write_text("1,王小明,13812345678,登录失败\n2,李晓红,13912345678,闪退\n", encoding="utf-8")
    assert main(["run", str(tmp_path / "f.csv"), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "header row" in said and "13812345678" not in said and "王小明" not in said


@pytest.mark.parametrize(
    ("columns", "planted"),
    [
        ({"姓名": ["王小明"], "昵称*": ["李晓红"]}, "李晓红"),
        ({"用户名（微博）": ["李晓红"]}, "李晓红"),
        ({"买家昵称": ["李晓红"]}, "李晓红"),
        ({"QQ号": ["123456789"]}, "123456789"),
        ({"satisfaction": ["很差，打我电话13812345678"]}, "13812345678"),
        ({"自定义": [["电话\u300013812345678"]]}, "13812345678"),
        ({"卡号": [6222021234567890128]}, "6222021234567890128"),
        ({"自定义": [8613812345678]}, "13812345678"),
        ({"备忘": ["138\u200b1234\u200b5678"]}, "5678\u200b"),
        ({"渠道": ["①③⑧①②③④⑤⑥⑦⑧"]}, "①③⑧①②③④⑤⑥⑦⑧"),
    ],
    ids=str,
)
def test_personal_data_under_unusual_headers_and_spellings(tmp_path, columns, planted):
    analysis = fn.analyze(pd.DataFrame({"text": [TEXT], **columns}))
    analysis.save(tmp_path)
    for path in tmp_path.iterdir():
        assert planted.encode() not in path.read_bytes(), path.name
    assert planted not in analysis.ledger.to_string() and planted not in json.dumps(analysis.summary, ensure_ascii=False)


@pytest.mark.parametrize("start", ["＝1+1", "＋1", "－1", "＠x", "\n=1", "=1", "\t=1"])
def test_full_width_formulas_are_neutralised(tmp_path, start):
    fn.analyze(pd.DataFrame({"text": [TEXT], "备忘": [start]})).save(tmp_path)
    assert pd.read_csv(tmp_path / "ledger.csv", dtype=str)["备忘"].tolist() == ["'" + start]


def test_words_of_a_policy_cannot_reach_across_rows(tmp_path):
    shipped = Path(fn.__path__[0]) / "data" / "policies" / "handling-measures.toml"
    broken = shipped.read_text(encoding="utf-8")
    broken = broken.replace('"起火"', '"败\\n退"').replace("weights]\nurgency = 38", "weights]\nurgency = 1" + "0" * 400)
    path = tmp_path / "policy.toml"
    path.write_text(broken, encoding="utf-8")
    with pytest.raises(fn.PolicyError) as caught:
        load_policy(path)
    assert "rules[0].words" in str(caught.value) and "weights.urgency" in str(caught.value)


def test_json_lines_of_many_names_do_not_fill_the_memory(tmp_path):
    path = tmp_path / "f.jsonl"
    path.write_text("".join(json.dumps({"text": "好", f"k{i % 1990}": 1}) + "\n" for i in range(30_000)), encoding="utf-8")
    with pytest.raises(fn.InputError, match="cells"):
        read_table(path)


def test_a_workbook_that_claims_the_far_corner_is_refused(tmp_path):
    path = tmp_path / "corner.xlsx"
    pd.DataFrame({"text": [TEXT]}).to_excel(path, index=False)
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, data in parts.items():
            book.writestr(name, data)
    with pytest.raises(fn.InputError, match="cells"):
        read_table(path)


def test_a_workbook_that_unpacks_to_gigabytes_is_refused(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as book, book.open("xl/worksheets/sheet1.xml", "w") as part:
        for _ in range(600):
            part.write(b"0" * (1 << 20))
    with pytest.raises(fn.InputError, match="unpacks"):
        read_table(path)


def test_parquet_lists_in_record_columns(tmp_path):
    pq.write_table(pa.table({"text": [TEXT], "status": [["a", "b"]], "product": [["甲"]]}), tmp_path / "f.parquet")
    assert len(fn.analyze(tmp_path / "f.parquet").ledger) == 1
