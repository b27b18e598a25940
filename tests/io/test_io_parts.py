"""Tables in parts: put together they are the table read at once, whatever the files and however they are split."""

import bz2
import csv
import gzip
import io
import json

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import feedback_nlp.io.sources
from feedback_nlp.errors import InputError, MissingExtraError, RowError, TextTypeError
from feedback_nlp.io import fingerprint, read_frame, read_parts, read_table

TEXT = "软件总是闪退，太影响工作了"


def together(tables):
    """What a list of parts holds, as plain values."""
    return {
        "columns": [list(table.frame.columns) for table in tables[:1]],
        "rows": [row for table in tables for row in table.frame.astype(object).where(table.frame.notna(), None).to_numpy().tolist()],
        "lines": [line for table in tables for line in table.lines.tolist()],
        "bad": [row for table in tables for row in table.quarantine.to_numpy().tolist()],
        "kind": {(table.encoding, table.format) for table in tables},
    }


def assert_parts_are_the_whole(data, part_rows, **options):
    try:
        whole = read_frame(data, **options)
    except InputError as error:
        with pytest.raises(type(error)):
            list(read_parts(data, part_rows=part_rows, **options))
        return None
    parts = list(read_parts(data, part_rows=part_rows, **options))
    assert together(parts) == together([whole])
    assert all(table.n_rows <= part_rows for table in parts)
    assert all(list(table.frame.columns) == list(whole.frame.columns) for table in parts)
    return whole


PIECES = st.sampled_from(["好", "a", ",", '"', '""', "\n", "\r\n", "\r", '"x\ny"', "\0", "\ufffd", "text", " ", TEXT, f"{TEXT},1\n"])
BODIES = st.lists(PIECES, max_size=40).map("".join)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"])
HEADERS = st.sampled_from(["text,a\n", "text\n", "\n内容,a\n", '"te""xt",内容\n', "a,b\n", ""])
SPLITS = {"part_rows": st.integers(1, 9), "block": st.integers(1, 40)}
WILD = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@WILD
@given(
    header=HEADERS,
    body=BODIES,
    encoding=ENCODINGS,
    spoilt=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=2),
    **SPLITS,
)
def test_csv_in_parts_and_blocks(tmp_path, monkeypatch, header, body, encoding, spoilt, part_rows, block):
    data = bytearray((header + body).encode(encoding, "replace"))
    for place, byte in spoilt:
        if place < len(data):
            data[place] = byte
    path = tmp_path / "f.csv"
    path.write_bytes(bytes(data))
    with monkeypatch.context() as patch:
        whole = assert_parts_are_the_whole(path, part_rows)
        patch.setattr(feedback_nlp.io.sources, "_BLOCK", block)
        small = assert_parts_are_the_whole(path, part_rows)
    assert (whole is None) == (small is None)
    if whole is not None:
        assert together([small]) == together([whole])


VALUES = st.one_of(st.none(), st.text(max_size=4), st.integers(), st.booleans(), st.lists(st.integers(), max_size=2))
OBJECTS = st.dictionaries(st.sampled_from(["text", "内容", "n", "产品", "x"]), VALUES, max_size=4)
JSON_LINES = st.lists(st.one_of(OBJECTS.map(json.dumps), st.sampled_from(["", " ", "[1]", "oops", '{"text": "好"}'])), max_size=12)


@WILD
@given(lines=JSON_LINES, **SPLITS)
def test_json_lines_in_parts_and_blocks(tmp_path, monkeypatch, lines, part_rows, block):
    path = tmp_path / "f.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    with monkeypatch.context() as patch:
        patch.setattr(feedback_nlp.io.sources, "_BLOCK", block)
        assert_parts_are_the_whole(path, part_rows)


COLUMNS = {
    "内容": st.one_of(st.none(), st.text(max_size=5)),
    "n": st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
    "价格": st.one_of(st.none(), st.floats(allow_nan=False)),
    "标签": st.one_of(st.none(), st.lists(st.text(max_size=2), max_size=2)),
}
SCHEMA = pa.schema({"内容": pa.string(), "n": pa.int64(), "价格": pa.float64(), "标签": pa.list_(pa.string())})


@WILD
@given(rows=st.lists(st.fixed_dictionaries(COLUMNS), max_size=20), group=st.integers(1, 7), part_rows=st.integers(1, 9))
def test_parquet_in_parts(tmp_path, rows, group, part_rows):
    path = tmp_path / "f.parquet"
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), path, row_group_size=group)
    frame = pd.DataFrame({"内容": [row["内容"] for row in rows]}, dtype=object)
    try:
        parts = list(read_parts(path, part_rows=part_rows))
    except InputError:
        assert frame["内容"].isna().all()
        return
    assert [text for table in parts for text in table.frame["text"]] == [row["内容"] or "" for row in rows]
    assert [cell for table in parts for cell in table.frame["n"].astype(object).where(table.frame["n"].notna(), None)] == [
        row["n"] for row in rows
    ]
    assert [line for table in parts for line in table.lines] == list(range(1, len(rows) + 1))
    assert {len(table.frame) for table in parts[:-1]} <= {part_rows}


@pytest.mark.parametrize("part_rows", [1, 2, 3, 4, 100])
def test_workbooks_and_memory_in_parts(tmp_path, part_rows):
    book = openpyxl.Workbook()
    for row in (["内容", "n"], ["好", 1], [5, 2], [None, None], ["坏", "x"], [None, 7]):
        book.active.append(row)
    book.save(tmp_path / "f.xlsx")
    assert assert_parts_are_the_whole(tmp_path / "f.xlsx", part_rows).lines.tolist() == [2, 5, 6]
    for data in (["a", None, 5, "b"], np.array(["a", "", "b"]), pd.Series(["a", 1.5], index=["x", "y"])):
        assert_parts_are_the_whole(data, part_rows)
    frame = pd.DataFrame({"内容": ["a", 5, "c"], "n": [1, 2, 3]}, index=["x", "y", "z"])
    assert [key for table in read_parts(frame, part_rows=part_rows) for key in table.frame.index] == ["x", "z"]


def test_parts_have_the_rows_asked_for(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text("text,a\n" + "".join(f"{row},1\n" if row % 3 else f"{row}\n" for row in range(10)), encoding="utf-8")
    assert [table.n_rows for table in read_parts(path, part_rows=4)] == [4, 4, 2]
    with pytest.raises(InputError, match="part_rows: expected at least 1, got 0"):
        read_parts(path, part_rows=0)


def put(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def rows_of(data, **options):
    """(file, line, cells) of every row."""
    return [
        (table.source, line, *row)
        for table in read_parts(data, **options)
        for line, row in zip(table.lines.tolist(), table.frame.astype(object).to_numpy().tolist(), strict=True)
    ]


def test_a_folder_is_read_in_the_order_of_names_with_all_columns(tmp_path):
    put(
        tmp_path,
        {"b.csv": "产品,内容\n甲,b1\n", "a.csv": "text;n\na1;1\n\na2;\n", "c/d.csv": "内容,x\n,3\n", "e.csv": "", "f.csv": "内容\n"},
    )
    put(tmp_path, {"_SUCCESS": "", ".a.csv.crc": "x", "a.csv.crc": "x", "_temporary/0.csv": "oops", ".git/x.csv": "oops"})
    expected = [
        ("a.csv", 2, "a1", "1", None, None, None),
        ("a.csv", 4, "a2", None, None, None, None),
        ("b.csv", 2, None, None, "甲", "b1", None),
        ("c/d.csv", 2, None, None, None, "", "3"),
    ]
    found = rows_of(tmp_path, columns={"内容": "text"}, part_rows=1)
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    assert list(next(read_parts(tmp_path)).frame.columns) == ["text", "n", "product", "内容", "x"]


def test_rows_of_two_files_are_never_in_one_part(tmp_path):
    put(tmp_path, {f"{n}.csv": f"text\nx{n}\ny{n}\nz{n}\n" for n in range(3)})
    assert [(table.source, table.frame["text"].tolist()) for table in read_parts(str(tmp_path), part_rows=2)] == [
        (f"{n}.csv", texts) for n in range(3) for texts in ([f"x{n}", f"y{n}"], [f"z{n}"])
    ]


def test_a_list_of_paths_keeps_its_order(tmp_path):
    put(tmp_path, {"b/x.csv": "text\nb\n", "a.csv": "text\na\n"})
    assert rows_of([tmp_path / "b/x.csv", tmp_path / "a.csv"]) == [("b/x.csv", 2, "b"), ("a.csv", 2, "a")]
    # A list of strings is a list of texts, whatever they say.
    assert [table.frame["text"].tolist() for table in read_parts([str(tmp_path / "a.csv")])] == [[str(tmp_path / "a.csv")]]


FOLDERS = ["region=华东/batch=2026-01-01", "region=a%2Fb/batch=__HIVE_DEFAULT_PARTITION__", "region=/batch=7"]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_columns_from_folder_names_are_those_arrow_reads(tmp_path, suffix):
    for number, folder in enumerate(FOLDERS):
        (tmp_path / folder).mkdir(parents=True)
        frame = pd.DataFrame({"内容": [f"x{number}"]})
        frame.to_csv(tmp_path / folder / "f.csv", index=False) if suffix == "csv" else frame.to_parquet(tmp_path / folder / "f.parquet")
    found = {table.source.rpartition("/")[0]: table.frame.iloc[0].to_dict() for table in read_parts(tmp_path)}
    partitioning = ds.partitioning(pa.schema({"region": pa.string(), "batch": pa.string()}), flavor="hive")
    for number, folder in enumerate(FOLDERS[:2]):
        keys = ds.get_partition_keys(partitioning.parse(f"{folder}/f.{suffix}"))
        assert {name: found[folder][name] for name in ("region", "batch")} == {"region": None, "batch": None} | keys
        assert found[folder]["text"] == f"x{number}"
    assert (found[FOLDERS[2]]["region"], found[FOLDERS[2]]["batch"]) == (None, "7")


def test_a_column_of_the_file_is_kept_where_a_folder_names_it_too(tmp_path):
    put(tmp_path, {"产品=乙/渠道=微博/f.csv": "内容,产品\nx,甲\n", "产品=乙/渠道=电话/f.csv": "内容\ny\n"})
    assert rows_of(tmp_path) == [("产品=乙/渠道=微博/f.csv", 2, "x", "甲", "微博"), ("产品=乙/渠道=电话/f.csv", 2, "y", "乙", "电话")]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "expected a folder with files, got none"),
        ({"_SUCCESS": "x"}, "expected a folder with files, got none"),
        ({"a.csv": "text\nx\n", "b.jsonl": "{}"}, r"expected files of one format, got csv \(a.csv\), jsonl \(b.jsonl\)"),
        ({"a.csv": "text\nx\n", "b.doc": "x"}, r"expected one of \.csv, .*, got the suffix '\.doc'"),
        ({"a.csv": "x\n1\n", "b.csv": "y\n1\n"}, "no column holds the feedback text: got x, y"),
        ({"a.csv": "text\n", "b.csv": "text\n"}, "expected rows with a text, got no rows at all"),
        ({"a.csv": ""}, "got no rows at all|no column"),
        ({"a.csv": "text,a\nx\n", "b.csv": "text,a\ny\n"}, "got 2 unusable of 2 rows; the first is line 2"),
    ],
)
def test_refused_folders(tmp_path, files, message):
    put(tmp_path, files)
    with pytest.raises(InputError, match=message):
        list(read_parts(tmp_path))


def test_refused_lists(tmp_path):
    put(tmp_path, {"a.csv": "text\nx\n"})
    with pytest.raises(InputError, match="expected each file once, got it 2 times"):
        read_parts([tmp_path / "a.csv", tmp_path / "a.csv"])
    with pytest.raises(InputError, match="got a folder in it"):
        read_parts([tmp_path, tmp_path / "a.csv"])
    with pytest.raises(InputError, match="there is no such file"):
        read_parts([tmp_path / "none.csv"])


def test_errors_come_at_once_or_where_they_are_known(tmp_path):
    put(tmp_path, {"a/f.csv": "a,b\n1,2\n", "b/f.csv": "text,a\nx,1\ny\nz,1\n", "c/f.jsonl": '{"text": 1}\n{"text": 2}\n'})
    with pytest.raises(InputError, match="no column holds"):
        read_parts(tmp_path / "a/f.csv")
    parts = read_parts(tmp_path / "b/f.csv", strict=True, part_rows=1)
    assert next(parts).frame["text"].tolist() == ["x"]
    with pytest.raises(RowError, match=r"b/f\.csv, line 3: 字段数少于表头"):
        next(parts)
    parts = read_parts(tmp_path / "c/f.jsonl", part_rows=1)
    assert [next(parts).n_rows, next(parts).n_rows] == [1, 1]
    with pytest.raises(TextTypeError, match="got 2 unusable of 2 rows; the first is line 1"):
        next(parts)


@pytest.mark.parametrize("name", ["a.csv", "b.csv"])
def test_a_file_that_goes_while_others_are_read(tmp_path, name):
    put(tmp_path, {"a.csv": "text\n" + "x\n" * 5, "b.csv": "text\ny\n"})
    parts = read_parts(tmp_path, part_rows=2)
    if name == "b.csv":
        next(parts)
    (tmp_path / name).unlink()
    with pytest.raises(InputError, match=rf"{name}: the file has gone since it was found; keep the files in place"):
        list(parts)


@pytest.mark.parametrize("content", ["text,b\nx,1\n", "text\n", b"text\n\xff\xff\xff\xff\n"], ids=["header", "shorter", "bytes"])
def test_a_file_that_is_replaced_while_it_is_read(tmp_path, content):
    put(tmp_path, {"f.csv": "text\nxx\nyy\n"})
    parts = read_parts(tmp_path / "f.csv")
    put(tmp_path, {"f.csv": content})
    with pytest.raises(InputError, match="the file was changed while it was read"):
        list(parts)


def test_rows_appended_while_a_file_is_read_are_left_out(tmp_path):
    path = put(tmp_path, {"f.csv": "text\nx\n"}) / "f.csv"
    parts = read_parts(path)
    path.write_text("text\nx\nyyy\n", encoding="utf-8")
    assert [table.frame["text"].tolist() for table in parts] == [["x"]]


def test_a_parquet_file_of_another_schema_while_it_is_read(tmp_path):
    pd.DataFrame({"text": ["a"]}).to_parquet(tmp_path / "f.parquet")
    parts = read_parts(tmp_path / "f.parquet")
    pd.DataFrame({"text": ["a"], "b": [1]}).to_parquet(tmp_path / "f.parquet")
    with pytest.raises(InputError, match="the file was changed while it was read"):
        list(parts)


@pytest.mark.parametrize(
    ("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("zst", lambda data: pa.compress(data, "zstd", asbytes=True))]
)
def test_packed_text_files(tmp_path, suffix, pack):
    plain = f"text,n\n{TEXT},1\n".encode() + b"x,2\n" * 1000
    put(tmp_path, {f"f.csv.{suffix}": pack(plain), f"cut.csv.{suffix}": pack(plain)[:-20], f"no.csv.{suffix}": b"not packed at all" * 9})
    table = read_table(tmp_path / f"f.csv.{suffix}")
    assert (table.frame["text"].tolist(), table.format) == ([TEXT, *["x"] * 1000], "csv")
    for name in ("cut", "no"):
        with pytest.raises(InputError, match=r"expected a whole .* file, got a damaged one"):
            read_table(tmp_path / f"{name}.csv.{suffix}")
    with pytest.raises(InputError, match=f"got the suffix '.{suffix}'"):
        read_table(tmp_path / f"f.parquet.{suffix}")


class TestAddresses:
    """Files behind a URL; memory:// and file:// need nothing but fsspec."""

    @pytest.fixture(params=["memory", "file"])
    def root(self, request, tmp_path):
        fsspec = pytest.importorskip("fsspec")
        root = f"memory://{tmp_path.name}" if request.param == "memory" else f"file://{tmp_path}/data"
        yield root
        system, path = fsspec.core.url_to_fs(root)
        if system.exists(path):
            system.rm(path, recursive=True)

    @staticmethod
    def put(url, content):
        import fsspec

        system, path = fsspec.core.url_to_fs(url)
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        with system.open(path, "wb") as file:
            file.write(content)

    def test_one_file_of_each_format(self, root, tmp_path):
        frame = pd.DataFrame({"内容": [TEXT, "x"], "n": ["1", "2"]})
        for suffix, write in {"csv": frame.to_csv, "parquet": frame.to_parquet, "xlsx": frame.to_excel, "jsonl": frame.to_json}.items():
            local = tmp_path / f"local.{suffix}"
            write(local, **({"orient": "records", "lines": True} if suffix == "jsonl" else {"index": False}))
            self.put(f"{root}/f.{suffix}", local.read_bytes())
            for data in (f"{root}/f.{suffix}", local):
                table = read_frame(data)
                assert (table.frame["text"].tolist(), table.frame["n"].astype(str).tolist()) == ([TEXT, "x"], ["1", "2"])
            assert fingerprint(f"{root}/f.{suffix}")["files"][0]["sha256"] == fingerprint(local)["files"][0]["sha256"]

    def test_a_folder(self, root):
        for name in ("region=华东/b.csv", "region=华东/a.csv", "region=华南/a.csv", "_SUCCESS", "_x/c.csv"):
            self.put(f"{root}/{name}", f"text\n{name[-5]}\n".encode())
        assert rows_of(root) == [
            ("region=华东/a.csv", 2, "a", "华东"), ("region=华东/b.csv", 2, "b", "华东"), ("region=华南/a.csv", 2, "a", "华南"),
        ]  # fmt: skip

    def test_what_is_not_there(self, root):
        with pytest.raises(InputError, match="there is no such file or folder; check the address"):
            read_parts(f"{root}/none.csv")

    def test_a_file_that_goes(self, root):
        import fsspec

        self.put(f"{root}/f.csv", b"text\nx\n")
        parts = read_parts(f"{root}/f.csv")
        system, path = fsspec.core.url_to_fs(f"{root}/f.csv")
        system.rm(path)
        with pytest.raises(InputError, match="the file has gone"):
            list(parts)


def test_addresses_of_unknown_kind():
    pytest.importorskip("fsspec")
    with pytest.raises(InputError, match=r"klingon://x/f\.csv: cannot be reached \(ValueError\); check the address"):
        read_parts("klingon://me:secret@x/f.csv?sig=secret")


def test_without_fsspec_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fsspec", None)
    with pytest.raises(MissingExtraError, match=r"s3://bucket/f\.csv: reading a URL needs fsspec; pip install 'feedback_nlp\[remote\]'"):
        read_parts("s3://bucket/f.csv")


def test_texts_that_are_addresses_are_texts():
    assert [table.frame["text"].tolist() for table in read_parts(["http://a.example/f.csv"])] == [["http://a.example/f.csv"]]


class TestFingerprint:
    def test_of_files(self, tmp_path):
        put(tmp_path, {"a.csv": "text\nx\n", "b/c.csv": "text\ny\n", "_SUCCESS": ""})
        first = fingerprint(tmp_path)
        assert [(file["name"], file["bytes"]) for file in first["files"]] == [("a.csv", 7), ("b/c.csv", 7)]
        assert first == fingerprint(str(tmp_path)) == json.loads(json.dumps(first))
        assert fingerprint(tmp_path / "a.csv")["files"] == first["files"][:1]
        put(tmp_path, {"a.csv": "text\nz\n"})
        assert fingerprint(tmp_path) != first

    FRAME = pd.DataFrame(
        {
            "text": pd.Series(["a", "\ud800"], dtype=object),
            "n": [1, 2],
            "tags": [["x"], None],
            "mixed": [1, "1"],
            "t": pd.to_datetime(["2024-01-01", None]),
        }
    )

    def test_of_data_in_memory(self):
        first = fingerprint(self.FRAME)
        assert (first["rows"], first["columns"]) == (2, ["text", "n", "tags", "mixed", "t"])
        assert first == fingerprint(self.FRAME.set_axis(["x", "y"])) == json.loads(json.dumps(first))
        assert fingerprint(["a", "b"]) == fingerprint(("a", "b")) == fingerprint(pd.Series(["a", "b"], dtype=object))

    @pytest.mark.parametrize(
        "change",
        [
            {"text": ["a", "b"]},
            {"n": [1, 3]},
            {"n": [2, 1]},
            {"n": [1.0, 2.0]},
            {"tags": [["y"], None]},
            {"mixed": [1, "2"]},
            {"more": [1, 1]},
        ],
    )
    def test_any_change_is_seen(self, change):
        assert fingerprint(self.FRAME.assign(**change)) != fingerprint(self.FRAME)


def test_a_record_in_quotes_over_many_blocks(tmp_path, monkeypatch):
    out = io.StringIO()
    rows = [["text", "n"], ["a\n" * 5000, "1"], ["b", "2"], ['"' * 999, "3"]]
    csv.writer(out).writerows(rows)
    path = put(tmp_path, {"f.csv": out.getvalue()}) / "f.csv"
    monkeypatch.setattr(feedback_nlp.io.sources, "_BLOCK", 64)
    table = read_table(path, strict=True)
    assert table.frame.to_numpy().tolist() == rows[1:]
    assert table.lines.tolist() == [2, 5003, 5004]
