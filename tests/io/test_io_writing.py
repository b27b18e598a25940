"""Frames and values to files, each complete or not there."""

import csv
import datetime as dt
import io
import json
import os
import signal
import stat
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import feedback_nlp.io.writing
from feedback_nlp.errors import InputError
from feedback_nlp.io import atomic_path, read_table, write_csv, write_json, write_jsonl, write_parquet, write_table
from feedback_nlp.io.cells import FORMULA_STARTS, csv_cell

WHEN = pd.Timestamp("2024-03-05 06:20:00", tz="UTC")


@pytest.mark.parametrize(
    ("values", "cells"),
    [
        (["a", "b,c", None, ""], ["a", '"b,c"', '""', '""']),
        (["=1+1", "+1", "-1", "@x", "\tx", "\rx", "a=b"], ["'=1+1", "'+1", "'-1", "'@x", "'\tx", '"\'\rx"', "a=b"]),
        ([["甲", "乙"], [], ("=a", "b"), np.array(["x", "y"])], ["甲；乙", '""', "'=a；b", "x；y"]),
        ([-1, 2], ["-1", "2"]),
        ([-1.5, float("nan")], ["-1.5", '""']),
        (np.array([0.1, np.nan], dtype=np.float32), ["0.1", '""']),
        ([True, False], ["True", "False"]),
        (pd.Series([WHEN, pd.NaT]), ["2024-03-05 14:20:00", '""']),
        (pd.Series([WHEN.tz_localize(None), pd.NaT]), ["2024-03-05 06:20:00", '""']),
        (pd.Series([WHEN, dt.date(2024, 3, 5), 5, "x"], dtype=object), ["2024-03-05 14:20:00", "2024-03-05", "5", "x"]),
        (pd.Series(["=x", None], dtype="category"), ["'=x", '""']),
        (pd.Series(["=x", pd.NA], dtype="string"), ["'=x", '""']),
        ([{"a": [1]}, {"b"}], ['"{""a"": [1]}"', "b"]),
        (["\ud800", "x\ny"], ["?", '"x\ny"']),
    ],
)
def test_csv_cells(tmp_path, values, cells):
    column = values if isinstance(values, pd.Series | np.ndarray) else pd.Series(values, dtype=object)
    write_csv(pd.DataFrame({"=h": column}), tmp_path / "f.csv")
    assert (tmp_path / "f.csv").read_bytes().decode() == "\n".join(["'=h", *cells]) + "\n"


def test_csv_headers(tmp_path):
    frame = pd.DataFrame({"text": ["x"], 5: [1]})
    write_csv(frame, tmp_path / "f.csv", headers={"text": "问题描述"})
    assert (tmp_path / "f.csv").read_bytes() == "问题描述,5\nx,1\n".encode()


@pytest.mark.parametrize(("write", "suffix"), [(write_csv, "csv"), (write_jsonl, "jsonl")])
def test_an_open_file_is_written_on(tmp_path, write, suffix):
    frame = pd.DataFrame({"a": ["x", "=y", "甲,乙"], "b": [0.5, np.nan, 2.0]})
    write(frame, tmp_path / f"whole.{suffix}")
    with (tmp_path / f"pieces.{suffix}").open("wb") as file:
        for start in range(3):
            write(frame.iloc[start : start + 1], file, **({"header": not start} if suffix == "csv" else {}))
        assert not file.closed
    assert (tmp_path / f"pieces.{suffix}").read_bytes() == (tmp_path / f"whole.{suffix}").read_bytes()


def test_csv_without_a_header(tmp_path):
    write_csv(pd.DataFrame({"a": [1]}), tmp_path / "f.csv", header=False, bom=True)
    assert (tmp_path / "f.csv").read_bytes() == b"\xef\xbb\xbf1\n"
    write_csv(pd.DataFrame({"a": []}), tmp_path / "f.csv", header=False)
    assert (tmp_path / "f.csv").read_bytes() == b""


def test_numbers_that_are_equal_and_written_differently(tmp_path):
    """Each different number is spelled once."""
    write_csv(pd.DataFrame({"a": [0.0, -0.0, np.nan, 1e-05, 0.0, 1e-05, np.nan]}), tmp_path / "f.csv")
    assert (tmp_path / "f.csv").read_text().split("\n")[1:-1] == ["0.0", "-0.0", '""', "1e-05", "0.0", "1e-05", '""']


CELL = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=8))
def test_csv_is_read_back(tmp_path, rows):
    rows = [("'", "文本"), *(tuple("" if cell.startswith(FORMULA_STARTS) else cell for cell in row) for row in rows)]
    write_csv(pd.DataFrame(rows, columns=["text", "甲"]), tmp_path / "f.csv")
    with (tmp_path / "f.csv").open(encoding="utf-8", newline="") as file:
        assert [tuple(row) for row in csv.reader(file)][1:] == rows
    # The encoding is told: cells full of control characters look like binary data to the detection, which is tested elsewhere.
    table = read_table(tmp_path / "f.csv", strict=True, encoding="utf-8")
    assert list(table.frame.fillna("").itertuples(index=False, name=None)) == rows


def slow_csv(frame):
    """The file ``csv.writer`` writes, cell by cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    written = []
    for row in [list(frame.columns), *zip(*(slow_column(frame[name]) for name in frame), strict=True)]:
        out.seek(out.truncate(0))
        writer.writerow(row)
        written.append(out.getvalue().removesuffix("\r\n") + "\n")
    return "".join(written).encode("utf-8", "replace")


def slow_column(column):
    if column.dtype == "datetime64[s]":
        return [str(moment).replace("T", " ") for moment in column.to_numpy()]
    if column.dtype == np.float32:
        return ["" if number != number else str(number) for number in column.to_numpy()]
    return [csv_cell(value) for value in column.astype(object)]


ODD = st.sampled_from(['a"b', ",", "\r", "\n", "", "=1", "＝", "'x", "\0", "\ud800", "好", "\u2028", " "])
FLOATS = st.one_of(
    st.floats(),
    st.integers(-(10**18), 10**18).map(float),
    st.floats(1e-6, 1e-3),
    st.floats(1e8, 1e17),
    st.sampled_from([-0.0, 1e9, 1e16, 1e-4]),
)
KINDS = {
    "texts": st.one_of(st.none(), CELL, ODD),
    "mixed": st.one_of(st.none(), ODD, st.integers(), FLOATS, st.booleans(), st.lists(ODD, max_size=2), st.binary(max_size=2)),
    "lists": st.one_of(st.none(), st.lists(ODD, max_size=3)),
    "floats": FLOATS,
    "singles": st.floats(width=32),
    "whole": st.integers(-(2**63), 2**63 - 1),
    "bools": st.booleans(),
    "kinds": st.sampled_from(["a", "=b", "c,d"]),
    "times": st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31)).map(lambda moment: moment.replace(microsecond=0)),
}
DTYPES = {"floats": np.float64, "singles": np.float32, "whole": np.int64, "bools": bool, "kinds": "category", "times": "datetime64[s]"}


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=4, unique=True), st.data())
def test_csv_is_what_the_csv_module_writes(tmp_path, monkeypatch, names, data):
    rows = data.draw(st.lists(st.tuples(*(KINDS[name] for name in names)), max_size=8))
    columns = {name: pd.Series([row[place] for row in rows], dtype=DTYPES.get(name, object)) for place, name in enumerate(names)}
    frame = pd.DataFrame(columns)
    with monkeypatch.context() as patch:
        patch.setattr(feedback_nlp.io.writing, "_ROWS", 3)
        write_csv(frame, tmp_path / "f.csv")
    assert (tmp_path / "f.csv").read_bytes() == slow_csv(frame)


MIXED = pd.DataFrame(
    {
        "text": pd.Series(["好", "\ud800", None], dtype=object),
        "mixed": pd.Series([1, "a", [1]], dtype=object),
        "lists": pd.Series([["a"], [], None], dtype=object),
        "empty": pd.Series([None] * 3, dtype=object),
        "no_items": pd.Series([[]] * 3, dtype=object),
        "objects": pd.Series([{}, {"a": 1}, None], dtype=object),
        "other": pd.Series([Decimal("1.5"), b"x", dt.timedelta(1)], dtype=object),
        "time": pd.Series([WHEN, pd.NaT, WHEN]),
        "kind": pd.Series(["a", "b", None], dtype="category"),
        "number": [1.5, float("nan"), 2],
        "count": np.arange(3, dtype=np.int32),
    }
)


def test_parquet(tmp_path):
    write_parquet(MIXED, tmp_path / "f.parquet")
    write_parquet(MIXED.set_index(pd.Index(list("abc"))), tmp_path / "g.parquet")
    assert (tmp_path / "f.parquet").read_bytes() == (tmp_path / "g.parquet").read_bytes()
    frame = pd.read_parquet(tmp_path / "f.parquet")
    assert list(frame.columns) == list(MIXED.columns)
    assert frame["text"].tolist()[:2] == ["好", "?"]
    assert frame["mixed"].tolist() == ["1", "a", "[1]"]
    assert frame["objects"].tolist()[:2] == ["{}", '{"a": 1}']
    assert frame["lists"].tolist()[0].tolist() == ["a"]
    assert frame["time"].tolist()[0] == WHEN


def test_jsonl(tmp_path):
    write_jsonl(MIXED, tmp_path / "f.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "f.jsonl").read_text("utf-8").splitlines()]
    assert list(rows[0]) == list(MIXED.columns)
    assert rows[0] == {
        "text": "好", "mixed": 1, "lists": ["a"], "empty": None, "no_items": [], "objects": {}, "other": 1.5,
        "time": "2024-03-05T14:20:00+08:00", "kind": "a", "number": 1.5, "count": 0,
    }  # fmt: skip
    assert (rows[1]["text"], rows[1]["number"], rows[1]["time"], rows[2]["text"]) == ("?", None, None, None)


def test_json(tmp_path):
    value = {"乙": np.float32(0.5), "a": [np.int64(1), float("nan"), np.bool_(True)], 3: {"z"}, "t": WHEN, "n": None, "arr": np.arange(2)}
    write_json(value, tmp_path / "f.json")
    text = (tmp_path / "f.json").read_text("utf-8")
    assert text.endswith("}\n")
    assert json.loads(text) == {
        "乙": 0.5, "a": [1, None, True], "3": ["z"], "t": "2024-03-05T06:20:00+00:00", "n": None, "arr": [0, 1],
    }  # fmt: skip
    assert list(json.loads(text)) == sorted(json.loads(text))
    assert "乙" in text
    with pytest.raises(TypeError, match="got object"):
        write_json({"a": object()}, tmp_path / "g.json")
    assert not (tmp_path / "g.json").exists()


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl", ".CSV"])
def test_table_by_suffix(tmp_path, suffix):
    frame = pd.DataFrame({"text": ["闪退", "x"], "n": ["1", "2"]})
    path = tmp_path / f"f{suffix}"
    write_table(frame, path)
    first = path.read_bytes()
    write_table(frame, path)
    assert path.read_bytes() == first
    assert read_table(path).frame.astype(object).equals(frame.astype(object))


@pytest.mark.parametrize("name", ["f.xlsx", "f"])
def test_table_of_unknown_suffix(tmp_path, name):
    with pytest.raises(InputError, match=r"expected one of \.csv, \.parquet, \.jsonl, got"):
        write_table(pd.DataFrame(), tmp_path / name)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_interrupted_write_leaves_the_old_file(tmp_path, error):
    path = tmp_path / "f.txt"
    path.write_text("old")

    def interrupted():
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        interrupted()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_killed_process_leaves_no_half_file(tmp_path):
    code = (
        "import sys, time; from feedback_nlp.io import atomic_path\n"
        "with atomic_path(sys.argv[1]) as path:\n"
        "    path.write_text('half'); print('written', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "f.txt")], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"written\n"
        process.send_signal(signal.SIGKILL)
    assert not (tmp_path / "f.txt").exists()


@pytest.mark.parametrize("durable", [True, False])
def test_a_file_that_need_not_be_durable_is_not_waited_for(tmp_path, monkeypatch, durable):
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    with atomic_path(tmp_path / "f.txt", durable=durable) as temporary:
        temporary.write_text("new")
    assert (tmp_path / "f.txt").read_text() == "new"
    assert bool(synced) == durable


def test_permissions_and_links_are_kept(tmp_path):
    path, link = tmp_path / "f.csv", tmp_path / "link.csv"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_csv(pd.DataFrame({"a": ["x"]}), link)
    assert link.is_symlink()
    assert path.read_text() == "a\nx\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_refused_places(tmp_path):
    frame = pd.DataFrame({"a": ["x"]})
    with pytest.raises(InputError, match=r"the folder .* does not exist; create it first"):
        write_csv(frame, tmp_path / "none" / "f.csv")
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(InputError, match="got a folder; add a file name"):
        write_csv(frame, tmp_path / "d.csv")


def test_full_disk(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match=r"f\.csv: cannot be written \(No space left on device\); check permissions and free space"):
        write_csv(pd.DataFrame({"a": ["x"]}), tmp_path / "f.csv")
    assert not list(tmp_path.iterdir())
