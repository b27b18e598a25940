"""The laws of the steps: no result depends on how rows are parted, on their order, or on what runs the maps."""

import json
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from varied import varied

import feedback_nlp as fn
from feedback_nlp import pipeline
from feedback_nlp.batch import learn
from feedback_nlp.batch.learn import lowest
from feedback_nlp.engines.local import LocalEngine
from feedback_nlp.io import read_parts

TABLES = ("ledger", "themes", "keywords", "phrases", "duplicates", "aspects", "trends", "quarantine", "history")


@pytest.fixture(scope="module")
def scorer():
    return fn.BatchScorer.load()


def analyzed(frame, scorer, *, part_rows=None, **options):
    """``analyze`` with parts of this size."""
    with pytest.MonkeyPatch.context() as patch:
        if part_rows is not None:
            patch.setattr(pipeline, "read_parts", partial(read_parts, part_rows=part_rows))
        return fn.analyze(frame, **{"model": scorer, "as_of": "2026-03-30", **options})


def assert_same(first, second, *, but=()):
    for name in TABLES:
        one, two = (getattr(result, name).drop(columns=[*but], errors="ignore") for result in (first, second))
        if name == "quarantine" and but:
            one, two = (table.sort_values(["reason", "raw"], ignore_index=True) for table in (one, two))
        pd.testing.assert_frame_equal(one, two, obj=name)
    assert first.summary == second.summary
    assert first.theme_model.names == second.theme_model.names


@pytest.fixture(scope="module")
def whole(scorer):
    return analyzed(varied(), scorer)


def test_the_made_up_rows_have_all_that_goes_wrong(whole):
    reasons = whole.summary["quarantine_reasons"]
    assert {"反馈编号重复", "无法识别的反馈时间", "文本应为字符串，实际为 float"} <= set(reasons)
    ids = whole.ledger["feedback_id"]
    assert ids.str.fullmatch(r"FB-[0-9a-f]{16}-2").any() and not ids.str.fullmatch(r"FB-[0-9a-f]{16}").all()
    assert len(whole.themes) > 1 and len(whole.duplicates) > 3 and len(whole.trends) and len(whole.aspects)
    assert whole.summary["masked"] and whole.summary["undated"] and whole.summary["no_information"]
    assert whole.ledger["points_repeat"].max() > 0 and whole.ledger["points_reach"].max() >= 0


@pytest.mark.parametrize("part_rows", [7, 64])
def test_parts_change_nothing(scorer, whole, part_rows):
    assert_same(analyzed(varied(), scorer, part_rows=part_rows), whole)


def test_parts_of_one_row_change_nothing(scorer):
    rows = varied(36)
    assert_same(analyzed(rows, scorer, part_rows=1), analyzed(rows, scorer))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.integers(0, 155), min_size=1, max_size=30, unique=True), part_rows=st.integers(2, 31))
def test_any_rows_in_any_parts(scorer, rows, part_rows):
    frame = varied().iloc[rows]
    assume(any(isinstance(text, str) and text.strip() for text in frame["text"]))
    assert_same(analyzed(frame, scorer, part_rows=part_rows), analyzed(frame, scorer))


def test_processes_change_nothing(scorer, whole):
    assert_same(analyzed(varied(), scorer, part_rows=40, n_jobs=2), whole)


def without_given_ids_of_others():
    """The rows; a given id that comes again is left out, since which row comes first is a matter of order."""
    frame = varied()
    again = frame["feedback_id"].notna() & frame["feedback_id"].duplicated()
    return frame.assign(feedback_id=frame["feedback_id"].mask(again, None))


@pytest.mark.parametrize(("seed", "part_rows"), [(0, None), (1, 17)])
def test_the_order_of_rows_changes_nothing(scorer, seed, part_rows):
    frame = without_given_ids_of_others()
    order = np.random.default_rng(seed).permutation(len(frame))
    one, two = analyzed(frame, scorer), analyzed(frame.iloc[order], scorer, part_rows=part_rows)
    assert_same(one, two, but=["source_line"])
    back = order[two.ledger["source_line"].to_numpy() - 1] + 1
    # Of rows that are equal in all they hold, it does not matter which is which.
    texts = frame["text"].map(lambda text: "" if text is None else str(text)).tolist()
    assert [texts[line - 1] for line in back] == [texts[line - 1] for line in one.ledger["source_line"]]


# More rows than the sample


@pytest.fixture(scope="module")
def sampled(scorer):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learn, "SAMPLE_ROWS", 60)
        return analyzed(varied(), scorer)


@pytest.mark.parametrize("part_rows", [7, 64])
def test_parts_change_nothing_where_a_sample_is_learned_from(scorer, sampled, monkeypatch, part_rows):
    monkeypatch.setattr(learn, "SAMPLE_ROWS", 60)
    assert_same(analyzed(varied(), scorer, part_rows=part_rows), sampled)


def test_the_order_of_rows_does_not_change_the_sample(scorer, monkeypatch):
    monkeypatch.setattr(learn, "SAMPLE_ROWS", 60)
    frame = without_given_ids_of_others()
    order = np.random.default_rng(5).permutation(len(frame))
    assert_same(analyzed(frame, scorer), analyzed(frame.iloc[order], scorer, part_rows=40), but=["source_line"])


@pytest.mark.parametrize("which", ["whole", "sampled"])
def test_counts_are_of_all_rows(which, request):
    analysis = request.getfixturevalue(which)
    ledger, summary = analysis.ledger, analysis.summary
    assert summary["rows"] == len(varied()) == len(ledger) + len(analysis.quarantine)
    assert sum(summary["priority"].values()) == sum(summary["type"].values()) == len(ledger)
    counts = ledger["theme"].value_counts()
    assert dict(zip(analysis.themes["theme"], analysis.themes["items"], strict=True)) == {
        name: int(counts.get(name, 0)) for name in analysis.themes["theme"]
    }
    dated = ledger["created_at"].dropna()
    trends = analysis.trends[analysis.trends["dimension"] == "type"] if "type" in set(analysis.trends["dimension"]) else analysis.trends[:0]
    assert len(dated) + summary["undated"] == len(ledger)
    assert trends["observed"].sum() <= len(dated)
    for name, members in ledger[ledger["duplicates"] > 1].groupby(
        ledger["duplicate_of"].where(ledger["duplicate_of"] != "", ledger["feedback_id"])
    ):
        row = analysis.duplicates.set_index("feedback_id").loc[name]
        assert row["count"] == len(members) == members["duplicates"].iloc[0]


def test_the_sample_is_another_one(whole, sampled):
    assert whole.themes["theme"].tolist() != sampled.themes["theme"].tolist() or not whole.keywords.equals(sampled.keywords)
    pd.testing.assert_frame_equal(whole.duplicates, sampled.duplicates)
    pd.testing.assert_frame_equal(whole.quarantine, sampled.quarantine)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=30), st.integers(1, 40))
def test_the_sample_has_the_lowest_hashes(hashes, size):
    order = np.array(hashes, np.uint64)
    chosen = lowest(order, size)
    assert len(chosen) == min(size, len(hashes)) and sorted(set(chosen.tolist())) == chosen.tolist()
    assert sorted(order[chosen].tolist()) == sorted(hashes)[:size]


# Odd parts


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"text": ["坏了"]}),
        pd.DataFrame({"text": ["坏了"] * 5}),
        pd.DataFrame({"text": ["坏了"] * 5, "feedback_id": ["A"] * 5}),
        pd.DataFrame({"text": ["坏了", "好", "差", "行"], "created_at": ["不详", "不详", "2026-03-01", "不详"]}),
        pd.DataFrame({"text": ["坏了", "好", "差"], "数": [1, 2, 3]}),
        pd.DataFrame({"text": ["坏了", "好", "差", "行"], "数": [None, None, 5, 6]}, dtype=object),
        pd.DataFrame({"text": ["坏了", "好", "差", "行"], "数": ["a", "b", 5, 6]}, dtype=object),
        pd.DataFrame({"text": ["坏了", "好", "差", "行"], "数": [True, False, None, 6]}, dtype=object),
        pd.DataFrame({"text": ["坏了", "好", "差"], "时": pd.to_datetime(["2026-03-01", None, None])}),
        pd.DataFrame({"text": ["坏了", "", None, "好"]}, dtype=object),
    ],
    ids=["one row", "equal rows", "one id", "parts of bad rows", "integers", "late integers", "late numbers", "flags", "times", "no texts"],
)
def test_small_frames_in_parts_of_two(scorer, frame):
    assert_same(analyzed(frame, scorer, part_rows=2), analyzed(frame, scorer))


def test_columns_of_a_parquet_file_with_late_gaps(scorer, tmp_path):
    """What stands in a column of integers looks the same in a part without gaps: ids of equal texts are numbered by it."""
    n_rows = 12
    columns = {
        "text": ["登录失败，一直闪退"] * n_rows,
        "数": pd.array([*range(1, n_rows), None], dtype="Int64"),
        "旗": pd.array([True] * (n_rows - 1) + [None], dtype="boolean"),
        "时": pd.to_datetime(["2026-03-01"] * (n_rows - 1) + [None]),
    }
    pd.DataFrame(columns).to_parquet(tmp_path / "f.parquet")
    whole = analyzed(tmp_path / "f.parquet", scorer)
    for part_rows in (3, 4, 11):
        assert_same(analyzed(tmp_path / "f.parquet", scorer, part_rows=part_rows), whole)
    assert whole.ledger["feedback_id"].str.endswith("-12").any()


@pytest.mark.parametrize(
    "values",
    [
        [5, 5, "甲", "乙"],
        [5, 2.5, "甲", "乙"],
        [True, False, 1, 2],
        [None, None, 1, 2],
        [None, None, ["甲"], ["乙"]],
        [1, 2, 2.5, None],
        [["甲"], ["乙"], "甲", "乙"],
        [{"甲": 1}, {"甲": 2}, None, "乙"],
    ],
    ids=str,
)
def test_columns_of_json_lines_that_change_their_type(scorer, tmp_path, values):
    with (tmp_path / "f.jsonl").open("w", encoding="utf-8") as file:
        for number, value in enumerate(values):
            file.write(json.dumps({"text": f"登录失败，第{number}次", "数": value}, ensure_ascii=False) + "\n")
    found = {}
    for part_rows in (2, 100):
        fn.run_files(tmp_path / "f.jsonl", tmp_path / f"out-{part_rows}", part_rows=part_rows, engine=LocalEngine(1), model=scorer)
        found[part_rows] = fn.Analysis.load(tmp_path / f"out-{part_rows}").ledger
    pd.testing.assert_frame_equal(found[2], found[100])


def test_parts_with_other_columns(scorer, tmp_path):
    """Files of a folder need not have the same columns."""
    for name, text in {
        "a.csv": "问题描述,产品\n登录失败,手机\n闪退,\n",
        "b.csv": "问题描述,渠道,反馈时间\n快递破损,APP,2026-03-01\n",
        "c.csv": "问题描述,产品\n很好用,手表\n",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    one, two = analyzed(tmp_path, scorer), analyzed(tmp_path, scorer, part_rows=1)
    assert_same(one, two)
    found = one.ledger.set_index(["source_file", "source_line"]).sort_index()
    assert found["product"].fillna("").tolist() == ["手机", "", "", "手表"]
    assert found["channel"].fillna("").tolist() == ["", "", "APP", ""]


def test_files_are_what_the_analysis_says(scorer, whole, tmp_path):
    """``run_files`` and ``Analysis.save`` give equal tables, and ledger.csv to the byte."""
    whole.save(tmp_path / "saved")
    for part_rows in (23, 1000):
        out = tmp_path / f"run-{part_rows}"
        assert fn.run_files(varied(), out, part_rows=part_rows, engine=LocalEngine(1), model=scorer, as_of="2026-03-30")
        loaded = fn.Analysis.load(out)
        assert_same(loaded, fn.Analysis.load(tmp_path / "saved"))
        assert (out / "ledger.csv").read_bytes() == (tmp_path / "saved" / "ledger.csv").read_bytes()
        assert loaded.signature == whole.signature


def test_an_engine_may_run_tasks_in_any_order(scorer, whole):
    """What a map leaves does not depend on which part came first."""

    class Backwards(LocalEngine):
        def map(self, function, tasks, shared):
            found = {}
            for place, task in reversed(list(enumerate(tasks))):
                found[place] = function(task, shared)
            return iter([found[place] for place in sorted(found)])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "LocalEngine", Backwards)
        assert_same(analyzed(varied(), scorer, part_rows=29), whole)
