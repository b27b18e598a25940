"""Scores of files of any size: the same as those of one batch, in the order of the input."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import feedback_nlp as fn
from feedback_nlp import scoring
from feedback_nlp.cli import main
from feedback_nlp.errors import InputError, RowError
from feedback_nlp.io import read_parts
from feedback_nlp.scorer.scores import SCORE_COLUMNS
from feedback_nlp.scoring import score_file

TEXTS = ["登录失败，一直闪退", "很好用，推荐", "", "客服态度恶劣，再不退我打12315", "请打13912345678", "好" * 300, "快递破损", "😀"]


@pytest.fixture(scope="module")
def frame():
    """Some forty rows; some ids given, one of them twice, texts that come again, a day that is none."""
    rows = [
        {
            "text": TEXTS[number % 8] + ("" if number % 3 else f"，第{number // 9}次"),
            "feedback_id": {2: f"F{number}", 5: "F-again"}.get(number % 12, ""),
            "created_at": "不详" if number == 17 else "2026-03-01",
            "channel": "APP",
        }
        for number in range(40)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def in_parts(monkeypatch):
    """Let ``score_file`` read parts of so many rows."""

    def parted(part_rows):
        monkeypatch.setattr(scoring, "read_parts", lambda data, **options: read_parts(data, **options, part_rows=part_rows))

    return parted


def written(frame, path):
    frame.to_csv(path, index=False)
    return path


def scored(data, out, **options):
    """The table of scores, its quarantine and the number of rows it tells of."""
    quarantine, rows = score_file(data, out, **options)
    readers = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".jsonl": lambda path: pd.read_json(path, lines=True)}
    return readers[out.suffix](out), quarantine, rows


def test_scores_are_those_of_one_batch(frame, tmp_path):
    table, quarantine, rows = scored(written(frame, tmp_path / "f.csv"), tmp_path / "scores.parquet")
    assert table.columns.tolist() == ["source_line", "feedback_id", *SCORE_COLUMNS]
    kept = frame.iloc[table["source_line"] - 2]
    pd.testing.assert_frame_equal(table[list(SCORE_COLUMNS)], fn.BatchScorer.load().score(kept["text"].tolist()), check_dtype=False)
    assert rows == len(table) == len(frame) - len(quarantine)
    assert sorted([*table["source_line"], *quarantine["source_line"]]) == list(range(2, len(frame) + 2))
    assert table["source_line"].is_monotonic_increasing, "in the order of the input"
    assert table["feedback_id"].is_unique
    analysed = fn.analyze(tmp_path / "f.csv").ledger.set_index("source_line").sort_index()
    assert table["feedback_id"].tolist() == analysed["feedback_id"].tolist()
    assert table["polarity"].tolist() == analysed["polarity"].tolist()


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize(("part_rows", "n_jobs"), [(1, 1), (7, 1), (7, 2)])
def test_parts_and_processes_change_no_byte(frame, tmp_path, in_parts, suffix, part_rows, n_jobs):
    data = written(frame, tmp_path / "f.csv")
    aside, rows = score_file(data, tmp_path / f"whole{suffix}")
    in_parts(part_rows)
    again, same = score_file(data, tmp_path / f"parts{suffix}", n_jobs=n_jobs)
    pd.testing.assert_frame_equal(again, aside)
    assert same == rows
    if suffix == ".parquet":  # its rows stand in groups, one a part
        whole, parts = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("whole", "parts"))
        pd.testing.assert_frame_equal(parts, whole)
    else:
        assert (tmp_path / f"parts{suffix}").read_bytes() == (tmp_path / f"whole{suffix}").read_bytes()


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.integers(0, 39), min_size=1, max_size=12), part_rows=st.integers(1, 12))
def test_any_rows_in_any_parts(frame, tmp_path, in_parts, rows, part_rows):
    data = written(frame.iloc[rows], tmp_path / "f.csv")
    in_parts(100)
    one = scored(data, tmp_path / "one.parquet")
    in_parts(part_rows)
    two = scored(data, tmp_path / "two.parquet")
    pd.testing.assert_frame_equal(one[0], two[0])
    pd.testing.assert_frame_equal(one[1], two[1])
    assert one[2] == two[2]


def test_formats_say_the_same(frame, tmp_path):
    data = written(frame, tmp_path / "f.csv")
    tables = [scored(data, tmp_path / f"s{suffix}")[0] for suffix in (".csv", ".jsonl", ".parquet")]
    for table in tables[:2]:
        assert table.columns.tolist() == tables[2].columns.tolist()
        for name in table:
            one, two = table[name], tables[2][name]
            if one.dtype.kind == "f":
                np.testing.assert_allclose(one, two, rtol=1e-6)
            else:
                assert one.tolist() == two.tolist(), name


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_inputs_of_any_format(frame, tmp_path, suffix):
    plain = frame.assign(feedback_id=[f"F{number}" for number in range(len(frame))])
    path = tmp_path / f"f{suffix}"
    writers = {".csv": lambda: plain.to_csv(path, index=False), ".parquet": lambda: plain.to_parquet(path)}
    writers.get(suffix, lambda: plain.to_json(path, orient="records", lines=True, force_ascii=False))()
    table, quarantine, rows = scored(path, tmp_path / "scores.parquet")
    assert table["feedback_id"].tolist() == [f"F{number}" for number in range(len(frame)) if number != 17]
    assert (len(quarantine), rows) == (1, len(frame) - 1)
    expected = fn.BatchScorer.load().score(plain["text"].drop(index=17).tolist())
    assert table["type"].tolist() == expected["type"].tolist()


def test_repeated_ids(frame, tmp_path, in_parts):
    in_parts(6)
    table, quarantine, _ = scored(written(frame, tmp_path / "f.csv"), tmp_path / "scores.csv")
    assert quarantine.columns.tolist() == ["source_line", "reason", "raw"]
    assert quarantine["reason"].tolist() == [
        "反馈编号重复：F-again，首次出现在第 7 行" if row != 17 else "无法识别的反馈时间：不详" for row in (17, 29)
    ]
    assert (table["feedback_id"] == "F-again").sum() == 1
    with pytest.raises(RowError):
        score_file(tmp_path / "f.csv", tmp_path / "strict.csv", strict=True)
    assert not (tmp_path / "strict.csv").exists()
    equal = written(pd.DataFrame({"text": ["坏了"] * 5}), tmp_path / "equal.csv")
    in_parts(2)
    ids = scored(equal, tmp_path / "equal-scores.csv")[0]["feedback_id"].tolist()
    assert ids == [ids[0], *(f"{ids[0]}-{number}" for number in range(2, 6))]


def test_folders(frame, tmp_path):
    (tmp_path / "in").mkdir()
    written(frame[:15], tmp_path / "in" / "a.csv")
    written(frame[15:], tmp_path / "in" / "b.csv")
    table, quarantine, _ = scored(tmp_path / "in", tmp_path / "scores.parquet")
    assert table.columns.tolist()[:3] == ["source_file", "source_line", "feedback_id"]
    alone = scored(written(frame, tmp_path / "f.csv"), tmp_path / "alone.parquet")[0]
    pd.testing.assert_frame_equal(table.drop(columns=["source_file", "source_line"]), alone.drop(columns=["source_line"]))
    assert sorted(set(table["source_file"])) == ["a.csv", "b.csv"] and (table["source_file"] == "a.csv").sum() == 15
    assert set(quarantine["source_file"]) == {"b.csv"}


def test_a_url(frame, tmp_path):
    data = written(frame, tmp_path / "f.csv")
    pd.testing.assert_frame_equal(scored(data.as_uri(), tmp_path / "a.csv")[0], scored(data, tmp_path / "b.csv")[0])


def test_no_texts_are_written(tmp_path):
    data = written(pd.DataFrame({"text": ["绿皮西瓜汁", "请打13912345678"], "created_at": ["", "不详"]}), tmp_path / "f.csv")
    for suffix in (".csv", ".jsonl", ".parquet"):
        _, quarantine, _ = scored(data, tmp_path / f"s{suffix}")
        assert "西瓜".encode() not in (tmp_path / f"s{suffix}").read_bytes()
        assert "13912345678" not in str(quarantine.to_dict())


def test_parts_whose_rows_are_all_set_aside(tmp_path, in_parts):
    days = ["不详", "不详", "2026-03-01", "不详", "不详", "2026-03-02"]
    data = written(pd.DataFrame({"text": ["坏了"] * 6, "created_at": days}), tmp_path / "f.csv")
    for suffix in (".csv", ".jsonl", ".parquet"):
        in_parts(2)
        table, quarantine, rows = scored(data, tmp_path / f"s{suffix}")
        assert (table["source_line"].tolist(), len(quarantine), rows) == ([4, 7], 4, 2)
        in_parts(100)
        pd.testing.assert_frame_equal(scored(data, tmp_path / f"w{suffix}")[0], table)


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("f.csv", "the scores would replace the input; give another --out"),
        ("scores.txt", r"expected one of \.csv, \.parquet, \.jsonl, got the suffix '\.txt'"),
        ("scores", "got the suffix ''"),
    ],
)
def test_places_where_no_scores_can_go(frame, tmp_path, out, message):
    data = written(frame, tmp_path / "f.csv")
    before = data.read_bytes()
    with pytest.raises(InputError, match=message):
        score_file(data, tmp_path / out)
    assert data.read_bytes() == before and [path.name for path in tmp_path.iterdir()] == ["f.csv"]


def test_what_cannot_be_written_leaves_the_old_scores(frame, tmp_path):
    data = written(frame, tmp_path / "f.csv")
    with pytest.raises(InputError, match="does not exist; create it first"):
        score_file(data, tmp_path / "nowhere" / "scores.csv")
    (tmp_path / "scores.csv").write_text("mine", encoding="utf-8")
    (tmp_path / "bad.csv").write_text("问题描述\n", encoding="utf-8")
    with pytest.raises(InputError):
        score_file(tmp_path / "bad.csv", tmp_path / "scores.csv")
    assert (tmp_path / "scores.csv").read_text(encoding="utf-8") == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "f.csv", "scores.csv"]


def test_the_command(frame, tmp_path, capsys):
    data = written(frame, tmp_path / "f.csv")
    assert main(["score", str(data), "--out", str(tmp_path / "scores.jsonl"), "--jobs", "1"]) == 0
    told = capsys.readouterr()
    assert "38 rows scored, 2 quarantined" in told.err or "38" in told.err
    lines = Path(tmp_path / "scores.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 38 and list(json.loads(lines[0])) == ["source_line", "feedback_id", *SCORE_COLUMNS]
    assert main(["score", str(tmp_path / "none.csv"), "--out", str(tmp_path / "s.csv")]) == 2
