"""Files and data in memory to a table: rows, lines, quarantine and refusals."""

import csv
import datetime as dt
import io
import json
import subprocess
import sys

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import feedback_nlp.io
from feedback_nlp.errors import InputError, RowError, TextTypeError
from feedback_nlp.io import read_frame, read_table


@pytest.fixture
def write(tmp_path):
    def put(content, name="f.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return put


def bad(table):
    return list(table.quarantine[["source_line", "reason"]].itertuples(index=False, name=None))


def test_public_names():
    assert feedback_nlp.io.__all__ == [
        "Table",
        "atomic_path",
        "fingerprint",
        "map_columns",
        "parse_dates",
        "read_frame",
        "read_parts",
        "read_table",
        "write_csv",
        "write_json",
        "write_jsonl",
        "write_parquet",
        "write_table",
    ]


def test_import_loads_no_file_library():
    code = "import sys, pandas; old = set(sys.modules); import feedback_nlp.io; print(*sorted(set(sys.modules) - old))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pyarrow.parquet", "pyarrow.dataset", "openpyxl", "python_calamine"} & set(loaded)
    assert not [name for name in loaded if name.startswith("pyarrow")]


def test_table_of_a_csv(write):
    table = read_table(write("编号,内容,评分,foo\n007,闪退,,1\n\n008,,5,\n"))
    assert table.frame.to_dict("list") == {
        "feedback_id": ["007", "008"],
        "text": ["闪退", ""],
        "satisfaction": [None, "5"],
        "foo": ["1", None],
    }
    assert (table.lines.dtype, table.lines.tolist()) == (np.int64, [2, 4])
    assert (table.n_rows, table.encoding, table.format) == (2, "utf-8", "csv")
    assert table.quarantine.dtypes.astype(str).to_dict() == {"source_line": "int64", "reason": "object", "raw": "object"}


@pytest.mark.parametrize(
    ("content", "texts", "lines", "quarantine"),
    [
        ("text,a\nx,1\n", ["x"], [2], []),
        ("\n\ntext,a\nx,1\n   \ny,2\n", ["x", "y"], [4, 6], []),
        ('text,a\n"x\ny",1\nz,2\n', ["x\ny", "z"], [2, 4], []),
        ("text,a\nx,1,2\ny,2\n", ["y"], [3], [(2, "字段数多于表头：表头 2 列，本行 3 列")]),
        ("text,a\nx\ny,2\n", ["y"], [3], [(2, "字段数少于表头：表头 2 列，本行 1 列")]),
        ('text,a\n"x,1\ny,2\n', ["y"], [3], [(2, "引号不成对或位置不对")]),
        ("text,a\nx\0,1\ny,2\n", ["y"], [3], [(2, "含有空字符（NUL）")]),
        ('text,a\n"x\ny\0",1\ny,2\n', ["y"], [4], [(2, "含有空字符（NUL）")]),
        ("text,a\n,1\n,\n", ["", ""], [2, 3], []),
        ("text\nx\n  \n\ny\n", ["x", "  ", "y"], [2, 3, 5], []),
        ("text，a\nx\n", None, None, None),
        ("text;a,b;c\nx;1;2\n", ["x"], [2], []),
        ("text\ta\nx,y\t1\n", ["x,y"], [2], []),
        ("text|a\nx|1\n", ["x"], [2], []),
        ('"text","a;b;c"\nx,1\n', ["x"], [2], []),
        ('"te\nxt",text\nx,y\n', ["y"], [3], []),
        ("text,a\r\nx,1\r\ny,2", ["x", "y"], [2, 3], []),
        ("text,a\rx,1\ry,2", ["x", "y"], [2, 3], []),
    ],
)
def test_csv(write, content, texts, lines, quarantine):
    path = write(content)
    if texts is None:
        with pytest.raises(InputError):
            read_table(path)
        return
    table = read_table(path)
    assert (table.frame["text"].tolist(), table.lines.tolist(), bad(table)) == (texts, lines, quarantine)
    assert table.n_rows == len(texts) + len(quarantine)
    if quarantine:
        with pytest.raises(RowError, match=f"line {quarantine[0][0]}: {quarantine[0][1]}"):
            read_table(path, strict=True)
    else:
        assert read_table(path, strict=True).n_rows == len(texts)


@pytest.mark.parametrize("name", ["f.tsv", "f.TAB", "f.txt"])
def test_tab_separated(write, name):
    table = read_table(write("text\ta,b,c\nx,y\t007\n", name))
    assert (table.frame.to_dict("list"), table.format) == ({"text": ["x,y"], "a,b,c": ["007"]}, "tsv")


def test_headers_without_a_name(write):
    assert list(read_table(write("text,, ,column_3\nx,1,2,3\n")).frame.columns) == ["text", "column_2", "column_3_2", "column_3"]


def test_line_of_an_undecodable_record(write):
    content = b"text,a\n" + "软件总是闪退,1\n".encode() * 3 + b'"\xe8\xbd\xaf\xe4\xbb\xb6\xff\n\xe9\x97\xaa",1\n' + "好,1\n".encode()
    table = read_table(write(content))
    assert bad(table) == [(5, "编码无法识别（既不是 UTF-8 也不是 GB18030）")]
    assert table.lines.tolist() == [2, 3, 4, 7]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_encodings(write, encoding):
    table = read_table(write("编号,问题描述\n1,我的软件总是闪退，太影响工作了\n", encoding=encoding))
    assert (table.frame["text"].tolist(), table.encoding) == (["我的软件总是闪退，太影响工作了"], encoding)


def test_long_texts(write):
    texts = ["好" * 100_000, 'a"\n' * 1_000_000]
    out = io.StringIO()
    csv.writer(out).writerows([["text", "n"], [texts[0], 1], [texts[1], 2], ["短", 3]])
    limit = csv.field_size_limit()
    table = read_table(write(out.getvalue()), strict=True)
    assert table.frame["text"].tolist() == [*texts, "短"]
    assert table.lines.tolist() == [2, 3, 1_000_004]
    assert csv.field_size_limit() == limit


def test_raw_is_cut(write):
    table = read_table(write(f"text,a\n{'x' * 500}\ny,1\n"))
    assert table.quarantine["raw"].tolist() == ["x" * 200]


CELL = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=12))
def test_every_csv_record_is_in_the_frame_or_in_quarantine(write, rows):
    out = io.StringIO()
    csv.writer(out).writerows([["text", "甲", "乙"], ["行", "", ""], *rows])
    table = read_table(write(out.getvalue()), encoding="utf-8")
    good = [["行", "", ""], *(row for row in rows if len(row) == 3)]
    assert table.frame.fillna("").to_numpy().tolist() == good
    assert table.n_rows == len(rows) + 1
    starts = sorted([*table.lines.tolist(), *table.quarantine["source_line"].tolist()])
    for row, (first, after) in zip([["行"], *rows], zip(starts, [*starts[1:], None], strict=True), strict=True):
        assert after is None or after - first == 1 + "".join(row).count("\n")


@pytest.mark.parametrize("name", ["f.jsonl", "f.ndjson"])
def test_json_lines(write, name):
    lines = [
        '{"内容": "闪退", "n": 1}',
        "",
        '{"内容": null, "tags": ["a", {"b": 1}]}',
        "[1]",
        '{"内容": 5}',
        "oops",
        '{"内容": "\0"}',
        '"x"',
    ]
    table = read_table(write("\n".join(lines), name))
    assert table.frame.to_dict("list") == {"text": ["闪退", ""], "n": [1, None], "tags": [None, ["a", {"b": 1}]]}
    assert table.lines.tolist() == [1, 3]
    assert bad(table) == [
        (4, "不是 JSON 对象，而是数组"),
        (5, "文本应为字符串，实际为 int"),
        (6, "不是合法的 JSON（第 1 个字符处）"),
        (7, "含有空字符（NUL）"),
        (8, "不是 JSON 对象，而是字符串"),
    ]
    with pytest.raises(RowError, match="line 4: 不是 JSON 对象"):
        read_table(write("\n".join(lines), name), strict=True)


@pytest.mark.parametrize(("line", "reason"), [("[" * 100_000, "嵌套过深"), ('{"text": ' + "9" * 5000 + "}", "不是合法的 JSON")])
def test_hostile_json(write, line, reason):
    table = read_table(write('{"text": "x"}\n' + line + "\n", "f.jsonl"))
    assert reason in table.quarantine["reason"].item()


def test_lone_surrogates_in_json(write):
    table = read_table(write('{"text": "a\\ud800", "\\ud801": 1}\n', "f.jsonl"))
    assert table.frame.to_dict("list") == {"text": ["a\ud800"], "?": [1]}


def test_parquet_with_invalid_text(tmp_path):
    whole = pa.array([b"a", b"\xff"], type=pa.binary())
    pq.write_table(pa.table({"text": pa.Array.from_buffers(pa.string(), 2, whole.buffers())}), tmp_path / "f.parquet")
    with pytest.raises(InputError, match="a damaged file"):
        read_table(tmp_path / "f.parquet")


def test_json_lines_with_data_as_names(write):
    with pytest.raises(InputError, match="expected the same names in every object"):
        read_table(write("\n".join(json.dumps({f"k{n}": "x"}) for n in range(3000)), "f.jsonl"))


def test_parquet(tmp_path):
    path = tmp_path / "date=2024" / "f.parquet"
    path.parent.mkdir()
    when = pd.Timestamp("2024-03-05 14:20", tz="Asia/Shanghai")
    frame = pd.DataFrame({"内容": ["x", None, ""], "客户号": pd.array([12345678901234567, None, 1], dtype="Int64"), "时间": [when] * 3})
    frame.to_parquet(path)
    table = read_table(path)
    assert table.frame["text"].tolist() == ["x", "", ""]
    assert table.frame["customer_id"].tolist()[0] == 12345678901234567
    assert table.frame["created_at"].tolist() == [when] * 3
    assert (table.lines.tolist(), table.format, table.encoding, table.n_rows) == ([1, 2, 3], "parquet", None, 3)
    assert list(table.frame.columns) == ["text", "customer_id", "created_at"]


@pytest.mark.parametrize("name", ["f.xlsx", "f.xlsm"])
def test_excel(tmp_path, name):
    book = openpyxl.Workbook()
    sheet = book.create_sheet("数据")
    for cell, value in {
        "B3": "内容", "C3": "电话", "D3": "时间",
        "B4": "闪退", "C4": 13812345678, "D4": dt.datetime(2024, 3, 5, 14, 20),
        "B6": 12, "C6": 1.5, "C7": "007", "E7": "x",
    }.items():  # fmt: skip
        sheet[cell] = value
    book.save(tmp_path / name)
    table = read_table(tmp_path / name)
    assert table.frame.to_dict("list") == {
        "text": ["闪退", ""],
        "contact": [13812345678, "007"],
        "created_at": [dt.datetime(2024, 3, 5, 14, 20), None],
        "column_4": [None, "x"],
    }
    assert (table.lines.tolist(), bad(table), table.format) == ([4, 7], [(6, "文本应为字符串，实际为 int")], "xlsx")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("f.doc", b"x", r"expected one of \.csv, .*\.xls, got the suffix '\.doc'"),
        ("f", b"x", "got no suffix"),
        ("f.csv", b"", "the file is empty"),
        ("f.csv", b"\n \n", "got only blank lines"),
        ("f.csv", b"\xef\xbb\xbf", "got only blank lines"),
        ("f.csv", b"text,a\n", "expected rows with a text, got no rows at all"),
        ("f.jsonl", b"\n\n", "got no rows at all"),
        ("f.csv", b"text,text,a\nx,y,z\n", "line 1: expected different headers, got text more than once"),
        ("f.csv", b'"text,a\nx,y\n', "line 1: the header has unbalanced quotes"),
        ("f.csv", b"te\0xt,a\nx,y\n", "line 1: expected a header"),
        ("f.csv", b"\x89PNG\r\n\x1a\n" + bytes(100), "expected text, got a PNG image"),
        ("f.csv", b"PK\x03\x04" + bytes(100), "got a zip archive"),
        ("f.csv", bytes(1000), "got binary data"),
        ("f.csv", b"a,b\n1,2\n", "no column holds the feedback text: got a, b"),
        ("f.csv", b"text,a\nx\ny\n", "got 2 unusable of 2 rows; the first is line 2: 字段数少于表头"),
        ("f.jsonl", b'{"text": 1}\n', "the first is line 1: 文本应为字符串，实际为 int"),
        ("f.jsonl", b"[1]\n[2]\n", "got 2 unusable of 2 rows; the first is line 1: 不是 JSON 对象，而是数组"),
        ("f.jsonl", b'{"text": null}\n', "got 1 rows without any text"),
        ("f.parquet", b"\x89PNG\r\n\x1a\n" + bytes(100), "expected a Parquet file, got a PNG image"),
        ("f.parquet", b"text,a\nx,y\n", "expected a Parquet file, got text"),
        ("f.parquet", b"PAR1" + bytes(100) + b"PAR1", "expected a Parquet file, got a Parquet file or a damaged file"),
        ("f.xlsx", b"\x89PNG\r\n\x1a\n" + bytes(100), "expected an Excel workbook without a password, got a PNG image"),
        ("f.xls", b"<html><table>", "got HTML or XML"),
        ("f.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "got an old or password-protected Office document"),
    ],
)
def test_refused_files(write, name, content, message):
    with pytest.raises(InputError, match=message) as caught:
        read_table(write(content, name))
    assert name in str(caught.value)


def test_refused_paths(tmp_path):
    with pytest.raises(InputError, match=r"there is no such file; check the path"):
        read_table(tmp_path / "none.csv")
    for folder in (tmp_path, tmp_path / "f.csv"):
        folder.mkdir(exist_ok=True)
        with pytest.raises(InputError, match="expected a file, got a folder"):
            read_table(folder)
    with pytest.raises(InputError, match="cannot be read"):
        read_table(tmp_path / ("x" * 300 + ".csv"))


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet"])
def test_tables_without_rows(tmp_path, suffix):
    path = tmp_path / f"f{suffix}"
    pd.DataFrame({"text": pd.Series([], dtype=object)}).to_parquet(path) if suffix == ".parquet" else _empty_book(path)
    with pytest.raises(InputError, match="expected rows with a text, got no rows at all"):
        read_table(path)


def _empty_book(path):
    book = openpyxl.Workbook()
    book.active["A1"] = "text"
    book.save(path)


def test_sheets_that_are_not_read(tmp_path):
    book = openpyxl.Workbook()
    book.create_chartsheet("图", 0)
    book.active = 1
    book.create_sheet("隐藏", 1).append(["内容", "x"])
    book["隐藏"].sheet_state = "hidden"
    for row in (["内容", 2024], ["好", "x"]):
        book["Sheet"].append(row)
    book.save(tmp_path / "f.xlsx")
    assert read_table(tmp_path / "f.xlsx").frame.to_dict("list") == {"text": ["好"], "2024": ["x"]}


def test_empty_workbook(tmp_path):
    openpyxl.Workbook().save(tmp_path / "f.xlsx")
    with pytest.raises(InputError, match="got empty sheets"):
        read_table(tmp_path / "f.xlsx")


@pytest.mark.parametrize(
    "data",
    [["a", "", "b"], ("a", None, "b"), np.array(["a", "", "b"]), np.array(["a", np.nan, "b"], dtype=object), pd.Series(["a", pd.NA, "b"]),
     pd.Series(["a", None, "b"], dtype="category"), pd.DataFrame({"内容": ["a", None, "b"]}), [np.str_("a"), float("nan"), "b"]],
)  # fmt: skip
def test_data_in_memory(data):
    table = read_frame(data)
    assert table.frame["text"].tolist() == ["a", "", "b"]
    assert table.frame["text"].dtype == object
    assert {type(text) for text in table.frame["text"]} == {str}
    assert (table.lines.tolist(), table.n_rows, table.format, table.encoding) == ([1, 2, 3], 3, "memory", None)


def test_index_of_a_frame_is_kept():
    frame = pd.DataFrame({"内容": ["a", 5, "c"], "n": [1, 2, 3]}, index=["x", "y", "z"])
    table = read_frame(frame)
    assert (list(table.frame.index), table.lines.tolist(), table.frame["n"].tolist()) == (["x", "z"], [1, 3], [1, 3])
    assert frame["内容"].tolist() == ["a", 5, "c"]


@pytest.mark.parametrize(
    ("value", "kind"), [(5, "int"), (1.5, "float"), (b"x", "bytes"), (["x"], "list"), ({"a": 1}, "dict"), (True, "bool")]
)
def test_values_that_are_no_text(value, kind):
    table = read_frame(["a", value])
    assert bad(table) == [(2, f"文本应为字符串，实际为 {kind}")]
    with pytest.raises(RowError, match=f"data, line 2: 文本应为字符串，实际为 {kind}"):
        read_frame(["a", value], strict=True)
    with pytest.raises(TextTypeError, match=f"the first is line 1: 文本应为字符串，实际为 {kind}"):
        read_frame([value])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "got no rows at all"),
        ([None], "got 1 rows without any text"),
        ("我的软件总是闪退", r"a string of 8 characters is not the path of a file; put one text into a list"),
        ("x" * 5000, "a string of 5000 characters"),
        ("a\0b", "a string of 3 characters"),
        (5, "got int"),
        (None, "got NoneType"),
        ({"text": ["a"]}, "got dict"),
        (np.array([["a"]]), "got ndarray of 2 dimensions"),
        (pd.Series([1, 2]), "got dtype int64"),
        (pd.DataFrame({"标题": ["x"]}), "no column holds the feedback text: got 标题"),
    ],
)
def test_refused_data(data, message):
    with pytest.raises(InputError, match=message) as caught:
        read_frame(data)
    assert "闪退" not in str(caught.value)


def test_paths_as_data(write):
    path = write("标题,入库\nx,2024\n", encoding="utf-16")
    options = {"text_column": "标题", "columns": {"入库": "created_at"}, "strict": True, "encoding": "utf-16"}
    for data in (path, str(path)):
        assert read_frame(data, **options).frame.to_dict("list") == {"text": ["x"], "created_at": ["2024"]}
