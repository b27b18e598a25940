"""Input that is damaged, malicious or enormous: a table or an error of this library, soon and in little memory."""

import json
import random
import subprocess
import sys
import zipfile
from collections import Counter
from typing import ClassVar

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from feedback_nlp.errors import FeedbackError, InputError
from feedback_nlp.io import read_parts, read_table
from feedback_nlp.io.decoding import MAX_RECORD
from feedback_nlp.io.sources import FORMATS

TEXT = "软件总是闪退，太影响工作了"
MEGABYTE = 1 << 20


def outcome(path, part_rows=100, **options):
    """The number of records, or the error; any other exception fails the test."""
    try:
        return sum(table.n_rows for table in read_parts(path, part_rows=part_rows, **options))
    except FeedbackError as error:
        assert path.name in str(error), "an error names the file"
        return error


def sample_frame(rows=400):
    return pd.DataFrame(
        {
            "内容": [TEXT + str(row) for row in range(rows)],
            "n": np.arange(rows),
            "价格": np.arange(rows) / 3,
            "时间": pd.date_range("2024-01-01", periods=rows, tz="Asia/Shanghai"),
            "类别": pd.Categorical(["甲", "乙"] * (rows // 2)),
            "标签": [["a", str(row)] for row in range(rows)],
        }
    )


class TestTruncated:
    @pytest.mark.parametrize("twentieth", range(1, 20))
    def test_parquet(self, tmp_path, twentieth):
        sample_frame().to_parquet(tmp_path / "whole.parquet", row_group_size=50)
        data = (tmp_path / "whole.parquet").read_bytes()
        path = tmp_path / "f.parquet"
        path.write_bytes(data[: len(data) * twentieth // 20])
        assert "expected a Parquet file, got a Parquet file or a damaged file; export it again" in str(outcome(path))

    @pytest.mark.parametrize("name", ["csv", "jsonl"])
    @pytest.mark.parametrize("cut", range(1, 60, 3))
    def test_text(self, tmp_path, name, cut):
        whole = f'text,a\n好,1\n"{TEXT}\n{TEXT}",2\n' if name == "csv" else f'{{"text": "好"}}\n{{"text": "{TEXT * 3}"}}\n'
        path = tmp_path / f"f.{name}"
        path.write_bytes(whole.encode()[:-cut])
        found = outcome(path)
        assert isinstance(found, InputError) or found >= 1

    def test_a_csv_cut_in_a_quoted_field_keeps_what_is_before(self, tmp_path):
        path = tmp_path / "f.csv"
        path.write_text(f'text,a\n好,1\n"{TEXT}\n还有', encoding="utf-8")
        table = read_table(path)
        assert table.frame["text"].tolist() == ["好"]
        assert table.quarantine[["source_line", "reason"]].to_numpy().tolist() == [
            [3, "引号不成对或位置不对"],
            [4, "字段数少于表头：表头 2 列，本行 1 列"],
        ]


#: Reads a file in a process of its own, prints what comes of it and the peak of its memory above what the libraries take.
MEASURE = """
import resource, sys
import pyarrow, pyarrow.parquet, python_calamine
from feedback_nlp.io import read_parts
from feedback_nlp.errors import FeedbackError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    tables = [(table.n_rows, list(table.quarantine["reason"][:2])) for table in read_parts(sys.argv[1])]
    print(sum(rows for rows, _ in tables), max((reason for _, reasons in tables for reason in reasons), default=""))
except FeedbackError as error:
    print(type(error).__name__, error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def measured(path):
    """(what is said, megabytes)."""
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, timeout=120, check=True)
    said, megabytes = done.stdout.rsplit("\n", 2)[:2]
    return said, int(megabytes)


class TestEnormous:
    @pytest.mark.parametrize("quotes", ["", '"'])
    @pytest.mark.parametrize("line_feeds", [False, True])
    def test_a_cell_of_200_megabytes(self, tmp_path, quotes, line_feeds):
        path = tmp_path / "f.csv"
        piece = b"x" * (MEGABYTE - 1) + (b"\n" if line_feeds else b"x")
        with path.open("wb") as file:
            file.write(f"text,a\n好,1\n{quotes}".encode())
            for _ in range(200):
                file.write(piece)
            file.write(f"{quotes},2\n坏,3\n".encode())
        said, megabytes = measured(path)
        if line_feeds:
            # 200 lines: the quote that opens the cell is not closed within a record's length, so each line is one record.
            assert said == f"203 {'引号不成对或位置不对' if quotes else '字段数少于表头：表头 2 列，本行 1 列'}"
        else:
            assert said == f"3 记录过长（超过 {MAX_RECORD} 个字符）"
        assert megabytes < 300

    def test_one_line_of_json_of_200_megabytes(self, tmp_path):
        path = tmp_path / "f.jsonl"
        with path.open("wb") as file:
            file.write(b'{"text": "a"}\n{"text": "')
            for _ in range(200):
                file.write(b"x" * MEGABYTE)
            file.write(b'"}\n{"text": "b"}\n')
        said, megabytes = measured(path)
        assert said == f"3 记录过长（超过 {MAX_RECORD} 个字符）"
        assert megabytes < 300

    def test_a_packed_file_that_unpacks_to_one_long_line(self, tmp_path):
        path = tmp_path / "f.csv.gz"
        with pa.CompressedOutputStream(str(path), "gzip") as file:
            file.write(b"text,a\n")
            for _ in range(400):
                file.write(b"x" * MEGABYTE)
        said, megabytes = measured(path)
        assert said.startswith("InputError") and "got 1 unusable of 1 rows" in said
        assert megabytes < 300

    def test_the_memory_is_that_of_a_part_not_of_the_file(self, tmp_path):
        used = {}
        for rows in (100_000, 400_000):
            path = tmp_path / f"{rows}.csv"
            line = f"{TEXT * 4},2024-01-01,甲,{'y' * 50}\n"
            path.write_text("text,date,product,x\n" + line * rows, encoding="utf-8")
            said, used[rows] = measured(path)
            assert said == f"{rows} "
        assert used[400_000] < used[100_000] + 30

    def test_the_memory_of_parquet_too(self, tmp_path):
        used = {}
        for rows in (100_000, 400_000):
            path = tmp_path / f"{rows}.parquet"
            texts = pa.array([f"{TEXT * 4}{row}" for row in range(rows)])
            pq.write_table(pa.table({"text": texts, "x": texts}), path, row_group_size=50_000, use_dictionary=False)
            said, used[rows] = measured(path)
            assert said == f"{rows} "
        assert used[400_000] < used[100_000] + 60

    @pytest.mark.parametrize("suffix", ["csv", "parquet"])
    def test_ten_thousand_columns(self, tmp_path, suffix):
        names = ["text", *(f"k{number}" for number in range(9_999))]
        path = tmp_path / f"f.{suffix}"
        if suffix == "csv":
            path.write_text("".join(",".join(row) + "\n" for row in (names, *[["x"] * 10_000] * 100)), encoding="utf-8")
        else:
            pq.write_table(pa.table({name: ["x"] * 100 for name in names}), path)
        parts = list(read_parts(path, part_rows=64))
        assert [table.frame.shape for table in parts] == [(64, 10_000), (36, 10_000)]

    def test_a_workbook_that_unpacks_to_gigabytes(self, tmp_path):
        path = tmp_path / "bomb.xlsx"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as book, book.open("xl/worksheets/sheet1.xml", "w") as part:
            for _ in range(600):
                part.write(b"0" * MEGABYTE)
        said, megabytes = measured(path)
        assert "expected at most 536870912 bytes unpacked, but it unpacks to 629145600; split the workbook" in said
        assert megabytes < 50

    def test_quotes_that_never_close_cost_linear_time(self, tmp_path, monkeypatch):
        monkeypatch.setattr("feedback_nlp.io.sources._BLOCK", 4096)
        path = tmp_path / "f.csv"
        path.write_text("text,a\n好,1\n" + '1,"broken\n' * 60_000, encoding="utf-8")
        assert outcome(path, part_rows=10_000) == 60_001


class TestOddCharacters:
    ODD = ("a\0b", "\u202eabc\u202c", "\u200f好\u200e", "\ufeff好", "\u2028x\u2029", "\U000e0041", "e\u0301" * 50, "\x1b[31m", "\ufffe")

    @pytest.mark.parametrize("text", ODD, ids=ascii)
    def test_they_are_kept_or_set_aside(self, tmp_path, text):
        body = f"text,a\n{TEXT},1\n{text},2\n{TEXT},3\n"
        for path, content in {
            tmp_path / "f.csv": body,
            tmp_path / "f.jsonl": "".join(json.dumps({"text": value}) + "\n" for value in (TEXT, text, TEXT)),
        }.items():
            path.write_text(content, encoding="utf-8", newline="\n")
            table = read_table(path)
            assert table.n_rows == 3
            if "\0" in text and path.suffix == ".csv":
                assert table.quarantine["reason"].tolist() == ["含有空字符（NUL）"]
            else:
                assert table.frame["text"].tolist() == [TEXT, text, TEXT]

    def test_lone_surrogates(self, tmp_path):
        (tmp_path / "f.csv").write_bytes(f"text\n{TEXT}\n".encode() + "\ud800好\n".encode("utf-8", "surrogatepass") + f"{TEXT}\n".encode())
        assert read_table(tmp_path / "f.csv").quarantine["source_line"].tolist() == [3]
        (tmp_path / "f.jsonl").write_text('{"text": "a\\ud800"}\n{"text": "b", "\\udc00": 1}\n', encoding="utf-8")
        assert read_table(tmp_path / "f.jsonl").frame.to_dict("list") == {"text": ["a\ud800", "b"], "?": [None, 1]}
        data = "text\n好\n".encode("utf-16") + b"\x00\xd8\n\x00" + "坏\n".encode("utf-16-le")
        (tmp_path / "g.csv").write_bytes(data)
        assert read_table(tmp_path / "g.csv").n_rows == 3


def test_parquet_columns_of_any_type(tmp_path):
    rows = 5
    columns = {
        "text": pa.array([TEXT] * rows).dictionary_encode(),
        "bytes": pa.array([b"\xff\x00"] * rows),
        "fixed": pa.array([b"ab"] * rows, pa.binary(2)),
        "record": pa.array([{"a": {"b": [1]}}, None] * 2 + [None]),
        "map": pa.array([[("k", 1)]] * rows, pa.map_(pa.string(), pa.int64())),
        "lists": pa.array([[["a"], None], None, [], [[]], [["b"]]]),
        "decimal": pa.array([1, None, 3, 4, 5]).cast(pa.decimal128(30, 2)),
        "clock": pa.array([1, 2, 3, 4, None], pa.time64("us")),
        "far": pa.array([2**62, None, 0, 1, 2], pa.timestamp("ms")),
        "duration": pa.array([1, None, 0, 1, 2], pa.duration("s")),
        "half": pa.array(np.arange(rows, dtype=np.float16)),
        "nothing": pa.nulls(rows),
        "large": pa.array(["x"] * rows, pa.large_string()),
        "numbers": pa.array([2**63, 1, None, 3, 4], pa.uint64()),
    }
    pq.write_table(pa.table(columns), tmp_path / "f.parquet", row_group_size=2)
    parts = list(read_parts(tmp_path / "f.parquet", part_rows=2))
    assert [len(table.frame) for table in parts] == [2, 2, 1]
    assert {tuple(table.frame.columns) for table in parts} == {tuple(columns)}
    assert [text for table in parts for text in table.frame["text"]] == [TEXT] * rows
    assert parts[0].frame["bytes"].tolist() == [b"\xff\x00"] * 2
    assert parts[0].frame["numbers"].tolist() == [2**63, 1]


@pytest.mark.parametrize("kind", [pa.int64(), pa.binary(), pa.list_(pa.string())])
def test_a_parquet_text_column_of_a_wrong_type(tmp_path, kind):
    values = {pa.int64(): [1, None], pa.binary(): [b"x", None]}.get(kind, [["x"], None])
    pq.write_table(pa.table({"text": pa.array(values, kind)}), tmp_path / "f.parquet")
    with pytest.raises(InputError, match=r"text column 'text': expected strings|文本应为字符串，实际为"):
        list(read_parts(tmp_path / "f.parquet"))


def valid_files():
    """One small valid file of each format."""
    import io

    frame = sample_frame(20).drop(columns="标签")
    packed = {}
    for suffix in ("parquet", "xlsx", "csv", "tsv", "jsonl"):
        out = io.BytesIO()
        if suffix == "parquet":
            sample_frame(20).to_parquet(out)
        elif suffix == "xlsx":
            book = openpyxl.Workbook()
            for row in frame.drop(columns="时间").itertuples(index=False):
                book.active.append(list(row))
            book.save(out)
        elif suffix == "jsonl":
            frame.to_json(out, orient="records", lines=True, force_ascii=False, date_format="iso")
        else:
            frame.to_csv(out, index=False, sep="\t" if suffix == "tsv" else ",")
        packed[suffix] = out.getvalue()
    return packed


VALID = valid_files()


@st.composite
def mutated(draw):
    """(suffix, bytes): a valid file with some bytes changed, dropped or put in, or another format's bytes under its suffix."""
    suffix = draw(st.sampled_from(sorted(VALID)))
    data = bytearray(VALID[draw(st.sampled_from(sorted(VALID))) if draw(st.integers(0, 9)) == 0 else suffix])
    rng = random.Random(draw(st.integers(0, 2**32)))
    for _ in range(draw(st.integers(1, 12))):
        place, kind = rng.randrange(len(data) + 1), rng.randrange(4)
        if kind == 0:
            data[place : place + 1] = bytes([rng.randrange(256)])
        elif kind == 1:
            del data[place : place + rng.randrange(1, 40)]
        elif kind == 2:
            data[place:place] = rng.choice([b'"', b"\n", b"\0", b"\xff", b",", b"\r", b"PAR1", b"\xed\xa0\x80", rng.randbytes(8)])
        else:
            data[place:place] = data[: rng.randrange(1, 60)]
    return suffix, bytes(data)


RANDOM = st.tuples(st.sampled_from(sorted(suffix[1:] for suffix in FORMATS)), st.binary(max_size=300))


class TestFuzz:
    """Every input ends in records or in an error of this library; ``tried`` says on how many that was seen."""

    tried: ClassVar = Counter()

    def check(self, kind, tmp_path, suffix, data, part_rows, encoding):
        path = tmp_path / f"f.{suffix}"
        path.write_bytes(data)
        found = outcome(path, part_rows=part_rows, encoding=encoding)
        self.tried[kind] += 1
        self.tried["read"] += not isinstance(found, FeedbackError)

    FUZZ = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    ENCODING = st.sampled_from([None] * 6 + ["utf-8", "gbk", "utf-16-le", "big5", "latin-1", "utf-7", "klingon"])

    @FUZZ
    @given(file=RANDOM, part_rows=st.integers(1, 30), encoding=ENCODING)
    @example(file=("csv", b"text\n\x80"), part_rows=1, encoding=None)
    def test_random_bytes(self, tmp_path, file, part_rows, encoding):
        self.check("random", tmp_path, *file, part_rows, encoding)

    @FUZZ
    @given(file=mutated(), part_rows=st.integers(1, 30), encoding=ENCODING)
    def test_mutated_files(self, tmp_path, file, part_rows, encoding):
        self.check("mutated", tmp_path, *file, part_rows, encoding)

    def test_enough_was_tried(self):
        """Runs behind the other two; shown with ``pytest -rP``."""
        print(f"inputs tried: {dict(self.tried)}")
        if self.tried["random"] and self.tried["mutated"]:
            assert min(self.tried["random"], self.tried["mutated"]) >= 300
            assert self.tried["read"] >= 50
