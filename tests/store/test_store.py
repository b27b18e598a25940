"""The store: what goes in comes out, in SQLite and in PostgreSQL alike."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from ledgers import ledger, row, told
from model import STEPS, Model, as_ledger, check

from feedback_nlp.errors import InputError, MissingExtraError
from feedback_nlp.store import LedgerStore, merge_ledger

MONDAY, TUESDAY = "2026-03-02 09:00", "2026-03-03 09:00"


@pytest.fixture
def store(url):
    with LedgerStore(url) as opened:
        yield opened


def some(**columns):
    """Three items."""
    return ledger(("a", "高", 80), ("b", "中", 50), ("c", "低", 10), **columns)


def test_what_is_saved_is_loaded_as_merging_makes_it(store):
    saved = store.save(some(), run="run 1", at=MONDAY, who="批处理")
    assert (saved.rows, saved.added, saved.changed, saved.vanished, saved.reopened, saved.history) == (3, 3, 3, 0, 0, 0)
    pd.testing.assert_frame_equal(store.load(), merge_ledger(some(), None, run="run 1", at=MONDAY).ledger)
    assert store.runs().astype(object).values.tolist() == [["run 1", pd.Timestamp(MONDAY, tz="Asia/Shanghai"), "批处理", 3, 3, 3, 0, 0]]
    assert len(store.history()) == 0


#: Columns that are none of the table's, or hold other types than it: they come back as they were.
ODD = {
    "text of one's own": (["甲", None, "丙"], "str"),
    "whole numbers": ([1, 2, 2**60], "int64"),
    "small numbers": ([1, 2, 3], "int8"),
    "numbers": ([0.1, float("nan"), 1e300], "float64"),
    "single": ([0.1, 2.5, float("nan")], "float32"),
    "truth": ([True, False, True], "bool"),
    "maybe": (pd.array([True, None, False], dtype="boolean"), "boolean"),
    "maybe a number": (pd.array([1, None, 3], dtype="Int64"), "Int64"),
    "mixed": (["甲", 3, None], "object"),
    "lists": ([["甲", "乙"], None, []], "object"),
    "local times": (pd.to_datetime(["2026-03-02 09:00", None, "2026-03-02 09:00:00.000001"], format="ISO8601"), "datetime64[us]"),
    "times": (pd.to_datetime(["2026-03-02 09:00+08:00", None, "1990-07-01 00:00+09:00"], utc=True).tz_convert("Asia/Shanghai"), None),
    "nanoseconds": (pd.Series(pd.to_datetime(["2026-03-02", None, "2026-03-03"])).astype("datetime64[ns]"), "datetime64[ns]"),
    "satisfaction": ([4, 2, 5], "int64"),
    "annual_spend": ([1000.5, None, 3.0], "float64"),
    "tenure_years": (["三年", 3, None], "object"),
    "channel": ([1.0, 2.0, float("nan")], "float64"),
    "industry": ([None, None, None], "object"),
    "sentiment": ([-1.5, 0.5, 2], "float64"),
    "polarity": (["高", "低", "低"], "str"),
    "created_at": (["昨天", "今天", None], "str"),
    "sentiment_label": (pd.Categorical(["负面", "正面", "负面"]), None),
    "select": (["a\tb\r\nc", '"quoted", \\N \\.', "\\."], "str"),
    "x; DROP TABLE feedback_ledger": ([1, 2, 3], "int64"),
    "🙂 %s :name ?": (["'", '"', "%s ? :x"], "str"),
    "": (["a", "b", "c"], "str"),
}


@pytest.mark.parametrize("name", ODD)
def test_any_column_comes_back_as_it_was(store, name):
    values, dtype = ODD[name]
    column = pd.Series(values, dtype=dtype)
    frame = some().assign(**{name: column.array})
    store.save(frame, run="run 1", at=MONDAY)
    pd.testing.assert_frame_equal(store.load(), merge_ledger(frame, None, run="run 1", at=MONDAY).ledger)
    assert store.save(frame, run="run 1").changed == 0


def test_all_odd_columns_at_once_and_gone_again(store):
    frame = some().assign(**{name: pd.Series(values, dtype=dtype).array for name, (values, dtype) in ODD.items()})
    expected = merge_ledger(frame, None, run="run 1", at=MONDAY).ledger
    store.save(frame, run="run 1", at=MONDAY)
    pd.testing.assert_frame_equal(store.load(), expected)
    later = some().iloc[1:]
    expected = merge_ledger(later, expected, run="run 2", at=TUESDAY).ledger
    store.save(later, run="run 2", at=TUESDAY)
    pd.testing.assert_frame_equal(store.load(), expected)


def test_characters_a_database_cannot_hold_are_replaced(store):
    frame = some(theme=["a\x00b", "正常", None], 备用=pd.Series(["c\x00d", "\ud800e", {"键\x00": ["\x00"]}], dtype=object))
    frame.loc[0, "feedback_id"] = "a\x001"
    store.save(frame, run="run 1")
    found = store.load()
    assert found["feedback_id"].tolist() == ["a\ufffd1", "b", "c"]
    assert found["theme"].fillna("").tolist() == ["a\ufffdb", "正常", ""]
    assert found["备用"].tolist() == ["c\ufffdd", "?e", {"键\ufffd": ["\ufffd"]}]
    assert store.save(frame, run="run 1").changed == 0


def test_saving_the_same_again_changes_no_byte(tmp_path):
    file = tmp_path / "ledger.db"
    frame = some(地区=["东", "西", None])
    with LedgerStore(f"sqlite:///{file}") as store:
        store.save(frame, run="run 1", at=MONDAY)
        store.close("b", result="已修复", who="王工")
        dumped = "\n".join(dump(file))
        again = store.save(frame.iloc[::-1], run="run 1", at=TUESDAY, who="别人")
        assert (again.changed, again.history) == (0, 0)
    assert "\n".join(dump(file)) == dumped


def dump(file):
    """All a SQLite file holds, as SQL."""
    import contextlib
    import sqlite3

    with contextlib.closing(sqlite3.connect(file)) as connection:
        return list(connection.iterdump())


def test_a_run_of_another_name_that_changes_nothing_is_known_and_no_more(store):
    store.save(some(), run="run 1", at=MONDAY)
    before = store.load()
    store.save(some(), run="run 2", at=TUESDAY)
    pd.testing.assert_frame_equal(store.load(), before)
    assert store.runs()[["run", "changed"]].values.tolist() == [["run 1", 3], ["run 2", 0]]
    assert len(store.history()) == 0


@pytest.mark.parametrize("scenario", [0, 1, 2])
def test_the_store_does_what_merging_does(store, scenario):
    """Three runs with people in between, once in frames and once in the store."""
    rng = np.random.default_rng(scenario)
    frame, history = None, []
    for number in range(3):
        names = [f"n{place}" for place in range(8) if rng.random() < 0.7] or ["n0"]
        new = ledger(
            *((name, rng.choice(["高", "中", "低"]), float(rng.integers(100)), rng.choice(["defect", "service"])) for name in names)
        )
        new = new.assign(satisfaction=rng.choice(np.array([None, "满意", "不满意"], object), len(new))).astype({"satisfaction": "str"})
        new[f"col{number % 2}"] = np.arange(len(new))
        merged = merge_ledger(new, frame, run=f"run {number}", at=MONDAY)
        saved = store.save(new, run=f"run {number}", at=MONDAY)
        assert saved.history == len(merged.history)
        pd.testing.assert_frame_equal(store.load(), merged.ledger)
        history += told(merged.history)
        frame = merged.ledger
        for name in names[:3]:
            edit = (
                {"status": "已关闭", "corrected_type": "服务投诉"} if rng.random() < 0.5 else {"corrected_priority": "高", "owner": "王工"}
            )
            history += told(store.edit(name, who="王工", at=TUESDAY, **edit))
            frame.loc[frame["feedback_id"] == name, list(edit)] = list(edit.values())
        frame = merge_ledger(new.iloc[:0], frame, run="r", at=MONDAY, partial=True).ledger
        pd.testing.assert_frame_equal(store.load(), frame, check_dtype=False)
    assert told(store.history()) == history


@settings(max_examples=25, deadline=None)
@given(STEPS)
def test_people_never_lose_anything_and_the_history_leads_to_the_present(steps):
    model = Model()
    with LedgerStore("sqlite://") as store:
        for step in steps:
            if step[0] == "run":
                model.run(step[1], partial=step[2])
                store.save(as_ledger(step[1]), run="r", at=MONDAY, partial=step[2])
            elif step[1] in model.items:
                model.edit(*step[1:])
                store.edit(step[1], who="王工", **{step[2]: step[3]})
        if model.items:
            check(model, store.load())
        assert sorted(told(store.history()), key=repr) == sorted(model.history, key=repr)


def test_the_items_of_a_work_day(store):
    store.save(some(), run="run 1", at=MONDAY)
    assert told(store.assign("a", "王工", who="李经理", at=MONDAY)) == [
        ("a", "status", "待分析", "处理中"),
        ("a", "owner", None, "王工"),
        ("a", "acknowledged_at", None, "2026-03-02T09:00:00+08:00"),
    ]
    assert told(store.assign("a", "赵工", who="李经理", at=TUESDAY)) == [("a", "owner", "王工", "赵工")]
    assert told(store.close("a", result="已更换，致电13812345678", who="赵工", at=TUESDAY)) == [
        ("a", "status", "处理中", "已关闭"),
        ("a", "result", None, "已更换，致电138****5678"),
        ("a", "resolved_at", None, "2026-03-03T09:00:00+08:00"),
    ]
    assert told(store.reopen("a", reason="客户说还是坏的", who="客服", at="2026-03-04 09:00")) == [
        ("a", "status", "已关闭", "处理中"),
        ("a", "remark", None, "重新打开：客户说还是坏的"),
        ("a", "resolved_at", "2026-03-03T09:00:00+08:00", None),
    ]
    store.close("a", result="换新", who="赵工", at="2026-03-05 09:00")
    store.reopen("a", reason="仍不行", who="客服", at="2026-03-06 09:00")
    item = row(store.load(), "a")
    assert item[["status", "owner", "remark", "reopened"]].tolist() == ["处理中", "赵工", "重新打开：客户说还是坏的；重新打开：仍不行", 2]
    history = store.history("a")
    assert history["who"].unique().tolist() == ["李经理", "赵工", "客服"]
    assert history["run"].isna().all()
    assert history["at"].is_monotonic_increasing
    assert len(store.history("b")) == 0


def test_a_resolved_item_keeps_its_time_when_it_is_closed(store):
    store.save(some(), run="run 1", at=MONDAY)
    store.edit("a", who="王工", status="已解决", resolved_at=MONDAY)
    store.close("a", result="好了", who="王工", at=TUESDAY)
    assert row(store.load(), "a")["resolved_at"] == pd.Timestamp(MONDAY, tz="Asia/Shanghai")


def test_an_edit_is_seen_at_once_and_outlives_runs(store):
    store.save(some(), run="run 1", at=MONDAY)
    written = store.edit("c", who="王工", at=TUESDAY, corrected_priority="高", corrected_type="inquiry", due_at="2026年3月9日")
    assert told(written) == [
        ("c", "priority", "低", "高"),
        ("c", "due_at", None, "2026-03-09T00:00:00+08:00"),
        ("c", "corrected_type", None, "使用咨询"),
        ("c", "corrected_priority", None, "高"),
    ]
    shown = ["高", "低", "使用咨询", "使用咨询", "功能故障", "defect"]
    for _ in range(2):
        item = row(store.load(), "c")
        assert item[["priority", "machine_priority", "type_label", "category", "machine_category", "type"]].tolist() == shown
        store.save(some(), run="run 2", at=TUESDAY)
    assert store.load()["feedback_id"].tolist() == ["a", "c", "b"]
    store.edit("c", who="王工", corrected_priority=None, corrected_type="", due_at=None)
    pd.testing.assert_frame_equal(store.load(), merge_ledger(some(), None, run="run 1", at=MONDAY).ledger)
    assert len(store.edit("c", who="王工", corrected_priority=None)) == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"status": "完成"}, "status: expected one of 待分析, 处理中, 待测试, 已解决, 已关闭, got '完成'"),
        ({"status": None}, "status: expected one of"),
        ({"corrected_priority": "紧急"}, "corrected_priority: expected one of 高, 中, 低, got '紧急'"),
        ({"corrected_type": "投诉"}, "corrected_type: expected one of defect, .*, got '投诉'"),
        ({"owner": 7}, "owner: expected a text, got int"),
        ({"due_at": "尽快"}, "due_at: expected a time such as"),
        ({"priority": "高"}, "edit: expected columns out of status, .*, got 'priority'"),
        ({"ovner": "王工"}, "got 'ovner'; did you mean 'owner'"),
    ],
)
def test_an_edit_that_cannot_be_changes_nothing(store, changes, message):
    store.save(some(), run="run 1", at=MONDAY)
    with pytest.raises(InputError, match=message):
        store.edit("a", who="王工", remark="新", **changes)
    assert len(store.history()) == 0
    pd.testing.assert_frame_equal(store.load(), merge_ledger(some(), None, run="run 1", at=MONDAY).ledger)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda store: store.edit("z", who="王工", owner="甲"), "there is no item 'z' in this store"),
        (lambda store: store.assign("a' OR '1'='1", "甲", who="王工"), "there is no item"),
        (lambda store: store.assign("a", " ", who="王工"), "owner: expected a text that is not empty"),
        (lambda store: store.close("a", result="", who="王工"), "result: expected a text that is not empty"),
        (
            lambda store: store.reopen("a", reason="x", who="王工"),
            "a: expected an item that is 已解决 or 已关闭 to reopen, this one is 待分析",
        ),
        (lambda store: store.edit("a", who="", owner="甲"), "who: expected a text that is not empty"),
        (lambda store: store.load(limit=-1), "limit: expected 0 or more, got -1"),
        (lambda store: store.load(overdue_at="bald"), "overdue_at: expected a time such as"),
        (
            lambda store: store.save(some().drop(columns="text"), run="r"),
            "ledger: expected a ledger as analyze makes it; columns missing: text",
        ),
        (lambda store: store.save(some(), run=" "), "run: expected a text that is not empty"),
        (lambda store: store.save(some().assign(priority="紧急"), run="r"), "priority: expected the words of the policy"),
    ],
)
def test_what_cannot_be_done_is_told(store, call, message):
    store.save(some(), run="run 1", at=MONDAY)
    with pytest.raises(InputError, match=message):
        call(store)
    pd.testing.assert_frame_equal(store.load(), merge_ledger(some(), None, run="run 1", at=MONDAY).ledger)


def test_a_dissatisfied_answer_reopens_whatever_its_type(store):
    store.save(some(satisfaction=[5, 5, 5]), run="run 1", at=MONDAY)
    for name in ("a", "b"):
        store.close(name, result="好了", who="王工", at=MONDAY)
    for number, answers in enumerate(([2, 5, 1], ["2星", "满意", "1"], [2, 4, 1])):
        saved = store.save(some(satisfaction=answers), run=f"run {number + 2}", at=TUESDAY)
        assert saved.reopened == (1 if number == 0 else 0)
        assert store.load()[["status", "reopened"]].values.tolist() == [["处理中", 1], ["已关闭", 0], ["待分析", 0]]
    assert row(store.load(), "a").isna()["resolved_at"]


def test_filters_and_limits(store):
    store.save(some(), run="run 1", at=MONDAY)
    store.assign("b", "王工", who="李经理")
    store.edit("c", who="王工", due_at="2026-03-20")

    def ids(**wanted):
        found = store.load(**wanted)["feedback_id"].tolist()
        assert store.count(**{name: value for name, value in wanted.items() if name != "limit"}) >= len(found)
        return found

    assert ids() == ["a", "b", "c"]
    assert ids(status="处理中") == ids(owner="王工") == ids(priority="中") == ["b"]
    assert ids(owner="王工", priority="高") == []
    assert ids(limit=2) == ["a", "b"]
    assert ids(limit=0) == []
    # resolve_due_at is the 5th; somebody moved the date of c.
    assert ids(overdue_at="2026-03-05 08:59") == []
    assert ids(overdue_at="2026-03-05 09:01") == ["a", "b"]
    assert ids(overdue_at="2026-03-21") == ["a", "b", "c"]
    store.close("b", result="好了", who="王工")
    assert ids(overdue_at="2026-03-21") == ["a", "c"]
    assert ids(overdue_at="2026-03-21", limit=1) == ["a"]


@pytest.mark.parametrize(
    ("deadline", "edit", "late"),
    [
        ("ack_due_at", {}, True),
        ("ack_due_at", {"status": "处理中"}, False),
        ("ack_due_at", {"acknowledged_at": MONDAY}, False),
        ("interim_due_at", {"status": "处理中"}, True),
        ("interim_due_at", {"interim_at": MONDAY}, False),
        ("interim_due_at", {"status": "已解决"}, False),
        ("resolve_due_at", {"resolved_at": MONDAY}, False),
        ("resolve_due_at", {"status": "待测试"}, True),
    ],
)
def test_each_promise_has_its_own_end(store, deadline, edit, late):
    never = pd.Series(pd.NaT, index=range(1), dtype="datetime64[us, Asia/Shanghai]")
    item = ledger(("a", "高", 80)).assign(resolve_due_at=never, ack_due_at=never, interim_due_at=never)
    store.save(item.assign(**{deadline: pd.Timestamp(MONDAY, tz="Asia/Shanghai").as_unit("us")}), run="r")
    if edit:
        store.edit("a", who="王工", **edit)
    assert store.count(overdue_at=TUESDAY) == late


def test_the_limit_takes_the_first_of_the_whole_order(store):
    names = [f"{place:02}" for place in np.random.default_rng(1).permutation(30)]
    times = (
        pd.Series(pd.to_datetime(["2026-03-02", "2026-03-01", None] * 10))
        .dt.tz_localize("Asia/Shanghai")
        .astype("datetime64[us, Asia/Shanghai]")
    )
    frame = ledger(*((name, "高中低"[int(name) % 3], float(int(name) % 4)) for name in names)).assign(created_at=times)
    store.save(frame, run="run 1")
    store.edit("05", who="王工", corrected_priority="高")
    whole = store.load()["feedback_id"].tolist()
    assert [store.load(limit=limit)["feedback_id"].tolist() for limit in (1, 7, 30)] == [whole[:1], whole[:7], whole]


def test_ids_sort_by_code_points_as_in_python(store):
    names = ["B", "a", "Z", "é", "中", "_", "10", "9"]
    store.save(ledger(*((name, "高", 1) for name in names)), run="run 1")
    assert store.load(limit=8)["feedback_id"].tolist() == sorted(names)


def test_an_analysis_is_saved_with_its_signature(store):
    from types import SimpleNamespace

    from sqlalchemy import text

    store.save(SimpleNamespace(ledger=some(), signature={"model": "模型/1"}), run="run 1")
    with store._database.reading() as connection:
        assert "模型/1" in connection.execute(text("SELECT CAST(signature AS TEXT) FROM feedback_runs")).scalar_one().encode().decode(
            "unicode_escape"
        )
    assert len(store.load()) == 3


def test_before_the_first_run(store):
    assert (len(store.load()), store.count(), len(store.history()), len(store.runs())) == (0, 0, 0, 0)
    assert store.save(ledger(), run="run 0").rows == 0
    assert "owner" in store.load()


def test_a_store_closed_opens_again(url):
    with LedgerStore(url) as store:
        store.save(some(), run="run 1")
    assert len(store.load()) == 3
    store.dispose()
    with LedgerStore(url, create=False) as again:
        assert again.count() == 3


def test_times_are_written_in_utc_and_read_in_shanghai(store):
    store.save(some(), run="run 1")
    store.edit("a", who="王工", due_at=dt.datetime(2026, 3, 9, 1, tzinfo=dt.UTC))
    assert row(store.load(), "a")["due_at"] == pd.Timestamp("2026-03-09 09:00", tz="Asia/Shanghai")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ledger.db", "store: expected sqlite:///ledger.db, .*, got something that is no URL"),
        ("", "store: expected sqlite"),
        ("mysql://user:secret@host/db", "got mysql://…"),
        ("sqlite:////no/such/folder/ledger.db", "sqlite:////no/such/folder/ledger.db: the database says: unable to open"),
        ("postgresql://user:secret@localhost:1/db", r"postgresql://user:\*\*\*@localhost:1/db: the database says: connection .*refused"),
        ("postgres://user:secret@localhost:1/db", "the database says"),
    ],
)
def test_a_place_that_is_no_store(url, message):
    with pytest.raises(InputError, match=message) as caught, LedgerStore(url, timeout=3) as store:
        store.load()
    assert "secret" not in str(caught.value)


def test_a_store_is_not_made_where_none_is_wanted(url, tmp_path):
    with LedgerStore(url, create=False) as store, pytest.raises(InputError, match="there is no store here; save a run into it first"):
        store.load()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database(tmp_path):
    file = tmp_path / "ledger.db"
    file.write_bytes(b"PK not a database at all" * 100)
    with LedgerStore(f"sqlite:///{file}") as store, pytest.raises(InputError, match="the database says: file is not a database"):
        store.save(some(), run="run 1")
    assert file.read_bytes()[:2] == b"PK"


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_timeout_that_is_none(timeout):
    with pytest.raises(InputError, match="timeout: expected seconds, more than 0"):
        LedgerStore("sqlite://", timeout=timeout)


def test_errors_of_the_database_do_not_tell_what_was_stored(store, monkeypatch):
    from feedback_nlp.store import saving

    def broken(connection, rows):
        from sqlalchemy import text

        connection.execute(text("INSERT INTO feedback_ledger (feedback_id, text) VALUES (:a, :b), (:a, :b)"), {"a": "x", "b": "客户的话"})

    monkeypatch.setattr(saving, "upsert", broken)
    with pytest.raises(InputError, match=r"the database says: .*(UNIQUE|unique)") as caught:
        store.save(some(), run="run 1")
    assert "客户的话" not in str(caught.value)
    assert caught.value.__cause__ is None
    monkeypatch.undo()
    assert store.count() == 0


def test_without_the_packages(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(MissingExtraError, match=r"python -m pip install 'feedback_nlp\[sql\]'"):
        LedgerStore("sqlite://")
