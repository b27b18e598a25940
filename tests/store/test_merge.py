"""Merging a run into the ledger people work on."""

import numpy as np
import pandas as pd
import pytest
from ledgers import ledger, row, told

from feedback_nlp.errors import InputError, PolicyError
from feedback_nlp.io import write_parquet
from feedback_nlp.store import merge_ledger
from feedback_nlp.store.columns import ADDED, HISTORY, PEOPLE

MONDAY, TUESDAY = "2026-03-02 09:00", "2026-03-03 09:00"


def merged(new, previous=None, **options):
    return merge_ledger(new, previous, **{"run": "run 1", "at": MONDAY, **options})


def with_values(frame, feedback_id, **values):
    """The ledger after people wrote into one row of it."""
    frame = frame.copy()
    for name, value in values.items():
        if name not in frame:
            frame[name] = pd.Series(index=frame.index, dtype="str")
        frame.loc[frame["feedback_id"] == feedback_id, name] = value
    return frame


def test_a_first_run_gets_the_columns_people_write_and_no_history():
    new = ledger(("a", "高", 80), ("b", "中", 50))
    found = merged(new)
    assert found.ledger["feedback_id"].tolist() == ["a", "b"]
    assert set(found.ledger.columns) - set(new.columns) == {*PEOPLE, *ADDED} - {"status"}
    pd.testing.assert_frame_equal(found.ledger[new.columns], new)
    assert found.ledger[["status", "owner", "machine_priority", "machine_category", "reopened", "vanished"]].fillna("").values.tolist() == [
        ["待分析", "", "高", "功能故障", 0, False],
        ["待分析", "", "中", "功能故障", 0, False],
    ]
    assert list(found.history.columns) == list(HISTORY)
    assert len(found.history) == 0


def test_people_columns_stand_together_behind_the_deadlines():
    columns = list(merged(ledger(("a", "高", 80), owner=["甲"], remark=["急"])).ledger.columns)
    place = columns.index("resolve_due_at") + 1
    assert columns[place : place + len(PEOPLE)] == list(PEOPLE)
    assert columns[-len(ADDED) :] == list(ADDED)


def test_the_machine_columns_are_new_and_peoples_stay():
    before = with_values(merged(ledger(("a", "高", 80))).ledger, "a", status="待测试", owner="王工", result="换了服务器", remark="见群")
    new = ledger(("a", "中", 55.5), owner=["某人"], status=["已关闭"])
    found = merged(new, before, run="run 2", at=TUESDAY)
    item = row(found.ledger, "a")
    assert item[["priority", "priority_score", "machine_priority"]].tolist() == ["中", 55.5, "中"]
    assert item[["status", "owner", "result", "remark"]].tolist() == ["待测试", "王工", "换了服务器", "见群"]
    assert told(found.history) == [("a", "priority", "高", "中")]
    assert found.history[["who", "run", "at"]].astype(object).values.tolist() == [
        [np.nan, "run 2", pd.Timestamp(TUESDAY, tz="Asia/Shanghai")],
    ]


def test_what_people_cleared_is_not_filled_again():
    new = ledger(("a", "高", 80), owner=["甲"], due_at=["2026-03-09"])
    before = merged(new).ledger
    before = before.assign(owner=pd.Series([None], dtype="str"), due_at=pd.Series(pd.NaT, index=[0], dtype=before["due_at"].dtype))
    item = row(merged(new, before).ledger, "a")
    assert item[["owner", "due_at"]].isna().all()


def test_a_column_that_was_not_there_at_all_comes_from_the_run():
    found = merged(ledger(("a", "高", 80), owner=["甲"]), ledger(("a", "高", 80)))
    assert row(found.ledger, "a")["owner"] == "甲"
    assert len(found.history) == 0


def test_new_items_come_in_and_vanished_ones_stay():
    before = with_values(merged(ledger(("a", "高", 80), ("b", "中", 50))).ledger, "a", owner="王工")
    found = merged(ledger(("b", "中", 50), ("c", "低", 10)), before)
    assert dict(zip(found.ledger["feedback_id"], found.ledger["vanished"], strict=True)) == {"a": True, "b": False, "c": False}
    assert row(found.ledger, "a")["owner"] == "王工"
    again = merged(ledger(("a", "高", 80)), found.ledger)
    assert dict(zip(again.ledger["feedback_id"], again.ledger["vanished"], strict=True)) == {"a": False, "b": True, "c": True}
    part = merged(ledger(("b", "中", 50)), found.ledger, partial=True)
    assert part.ledger["vanished"].tolist() == found.ledger["vanished"].tolist()


@pytest.mark.parametrize("word", ["service", "服务投诉"])
def test_a_corrected_type_wins_in_what_is_shown(word):
    before = with_values(merged(ledger(("a", "高", 80))).ledger, "a", corrected_type=word)
    item = row(merged(ledger(("a", "高", 80)), before).ledger, "a")
    assert item[["type_label", "category", "corrected_type"]].tolist() == ["服务投诉", "服务投诉", word]
    assert item[["type", "machine_category"]].tolist() == ["defect", "功能故障"]
    back = with_values(merged(ledger(("a", "高", 80)), before).ledger, "a", corrected_type=None)
    assert row(merged(ledger(("a", "高", 80)), back).ledger, "a")[["type_label", "category"]].tolist() == ["产品故障", "功能故障"]


def test_a_corrected_priority_wins_and_is_recorded_until_it_is_taken_back():
    before = with_values(merged(ledger(("a", "高", 80), ("b", "中", 50))).ledger, "b", corrected_priority="高")
    found = merged(ledger(("a", "中", 45), ("b", "低", 10)), before, run="run 2")
    # Shown and sorted by what people say, whatever the machine finds.
    assert found.ledger[["feedback_id", "priority", "machine_priority"]].values.tolist() == [["b", "高", "低"], ["a", "中", "中"]]
    assert told(found.history) == [("a", "priority", "高", "中"), ("b", "priority", "中", "高")]
    back = merged(ledger(("b", "低", 10)), with_values(found.ledger, "b", corrected_priority=None))
    assert told(back.history) == [("b", "priority", "高", "低")]


@pytest.mark.parametrize("word", ["投诉", "DEFECT", ""])
def test_a_correction_that_names_nothing_changes_nothing_and_stays(word):
    before = with_values(merged(ledger(("a", "高", 80))).ledger, "a", corrected_type=word, corrected_priority=word)
    item = row(merged(ledger(("a", "高", 80)), before).ledger, "a")
    assert item[["type_label", "priority", "corrected_type", "corrected_priority"]].tolist() == ["产品故障", "高", word, word]


def test_the_correction_of_a_vanished_item_is_shown_too():
    before = with_values(merged(ledger(("a", "高", 80))).ledger, "a", corrected_priority="低")
    found = merged(ledger(("b", "中", 50)), before)
    assert row(found.ledger, "a")["priority"] == "低"
    assert told(found.history) == [("a", "priority", "高", "低")]


@pytest.mark.parametrize(
    ("status", "before", "now", "reopens"),
    [
        ("已解决", None, "不满意", True),
        ("已关闭", None, "不满意", True),
        ("已关闭", "满意", "不满意", True),
        ("已关闭", "满意", 2, True),
        ("已关闭", None, "1星", True),
        ("已关闭", None, "非常不满意", True),
        ("已关闭", "不满意", "非常不满意", True),
        ("处理中", None, "不满意", False),
        ("待测试", None, "不满意", False),
        ("待分析", None, "不满意", False),
        ("已关闭", None, "一般", False),
        ("已关闭", None, 3, False),
        ("已关闭", None, "满意", False),
        ("已关闭", "不满意", None, False),
        # The answer was there when people closed the item: they knew it.
        ("已关闭", "不满意", "不满意", False),
        ("已关闭", "不满意", 2, False),
        ("已关闭", None, "说不好", False),
    ],
)
def test_a_dissatisfied_answer_reopens_what_is_done(status, before, now, reopens):
    answers = {} if before is None else {"satisfaction": [before]}
    old = with_values(
        merged(ledger(("a", "高", 80), **answers)).ledger, "a", status=status, owner="王工", resolved_at=pd.Timestamp(MONDAY, tz="UTC")
    )
    found = merged(ledger(("a", "高", 80), satisfaction=[now]), old, run="run 2")
    item = row(found.ledger, "a")
    assert (item["status"], item["reopened"]) == (("处理中", 1) if reopens else (status, 0))
    assert pd.isna(item["resolved_at"]) == reopens
    assert item["owner"] == "王工"
    changed = [("a", "status", status, "处理中"), ("a", "resolved_at", "2026-03-02T17:00:00+08:00", None)]
    assert told(found.history) == (changed if reopens else [])


def test_an_item_is_reopened_once_for_one_answer_and_again_for_another():
    unhappy, happy = ledger(("a", "高", 80), satisfaction=["不满意"]), ledger(("a", "高", 80), satisfaction=["满意"])
    closed = with_values(merged(ledger(("a", "高", 80))).ledger, "a", status="已关闭")
    first = merged(unhappy, closed).ledger
    second = merged(unhappy, with_values(first, "a", status="已关闭")).ledger
    assert row(second, "a")[["status", "reopened"]].tolist() == ["已关闭", 1]
    third = merged(unhappy, merged(happy, second).ledger).ledger
    assert row(third, "a")[["status", "reopened"]].tolist() == ["处理中", 2]


def test_an_item_a_run_brings_closed_stays_closed():
    found = merged(ledger(("a", "高", 80), status=["已关闭"], satisfaction=["不满意"]), merged(ledger(("b", "高", 80))).ledger)
    assert row(found.ledger, "a")["status"] == "已关闭"


def test_running_the_same_twice_changes_nothing_byte_for_byte(tmp_path):
    new = ledger(("a", "高", 80), ("b", "中", 50), ("c", "低", 10), satisfaction=["不满意", None, 4], 地区=["东", "西", None], 数=[1, 2, 3])
    old = merged(ledger(("b", "高", 90), ("z", "低", 1), 旧列=[1, 2]))
    old = with_values(old.ledger, "b", status="已关闭", corrected_type="inquiry", corrected_priority="低")
    once = merged(new, old, run="run 2", at=TUESDAY)
    twice = merged(new.iloc[::-1], once.ledger, run="run 3")
    assert len(once.history) == 1
    assert len(twice.history) == 0
    pd.testing.assert_frame_equal(once.ledger, twice.ledger)
    for name, frame in (("once", once.ledger), ("twice", twice.ledger)):
        write_parquet(frame, tmp_path / name)
    assert (tmp_path / "once").read_bytes() == (tmp_path / "twice").read_bytes()


def test_the_order_of_rows_does_not_matter_and_inputs_are_left_alone():
    new = ledger(("a", "中", 50), ("b", "中", 50), ("c", "高", 20))
    old = merged(ledger(("c", "低", 1), ("d", "中", 50), ("e", "低", 3))).ledger
    copies = new.copy(), old.copy()
    found = merged(new, old)
    pd.testing.assert_frame_equal(new, copies[0])
    pd.testing.assert_frame_equal(old, copies[1])
    other = merged(new.iloc[[2, 0, 1]], old.iloc[[1, 2, 0]])
    pd.testing.assert_frame_equal(found.ledger, other.ledger)
    pd.testing.assert_frame_equal(found.history, other.history)
    assert found.ledger["feedback_id"].tolist() == ["c", "a", "b", "d", "e"]


def test_no_rows_on_either_side():
    some = merged(ledger(("a", "高", 80))).ledger
    assert len(merged(ledger()).ledger) == 0
    assert merged(ledger(), some).ledger["vanished"].tolist() == [True]
    assert merged(ledger(("a", "高", 80)), merged(ledger()).ledger).ledger["feedback_id"].tolist() == ["a"]
    kept = merged(ledger(), some).ledger
    assert kept.dtypes.to_dict() == some.dtypes.to_dict()


def test_columns_that_come_and_go_keep_types_that_hold_their_values():
    old = merged(ledger(("a", "高", 80), ("b", "高", 70), 数=[1, 2], 真=[True, False], 名=["甲", "乙"], 量=[1.5, 2.5])).ledger
    new = ledger(("b", "高", 70), 新数=[7], 名=[3])
    found = merged(new, old).ledger.set_index("feedback_id")
    assert {name: str(found[name].dtype) for name in ("数", "真", "名", "量", "新数")} == {
        "数": "Int64",
        "真": "boolean",
        "名": "object",
        "量": "float64",
        "新数": "Int64",
    }
    assert found.loc["a", ["数", "真", "名", "量"]].tolist() == [1, True, "甲", 1.5]
    # The machine's columns of an item are those of the run: what it no longer brings is gone.
    assert found.loc["b", ["数", "真", "量"]].isna().all()
    assert found.loc["b", ["名", "新数"]].tolist() == [3, 7]
    assert "数" not in merged(ledger(("a", "高", 80), ("b", "高", 70)), old).ledger


def test_times_people_write_are_read_in_any_form_and_kept_where_they_cannot_be():
    found = merged(ledger(("a", "高", 80), ("b", "中", 50), due_at=["2026年3月9日 18时", "尽快"])).ledger
    assert found["due_at"].tolist()[0] == pd.Timestamp("2026-03-09 18:00", tz="Asia/Shanghai")
    assert pd.isna(found["due_at"].tolist()[1])
    assert found["input_due_at"].fillna("").tolist() == ["", "尽快"]
    again = merged(ledger(("a", "高", 80), ("b", "中", 50), due_at=["2026年3月9日 18时", "尽快"]), found).ledger
    pd.testing.assert_frame_equal(again, found)


def test_personal_data_people_write_is_masked():
    before = with_values(merged(ledger(("a", "高", 80))).ledger, "a", result="已致电13812345678", remark="见 zhang@example.com")
    item = row(merged(ledger(("a", "高", 80)), before).ledger, "a")
    assert item[["result", "remark"]].tolist() == ["已致电138****5678", "见 z***@example.com"]


@pytest.mark.parametrize(
    ("given", "expected"), [(["是", "否"], [1, 0]), ([2, 0], [2, 0]), (["2", None], [2, 0]), ([True, False], [1, 0]), ([-1, 0.0], [0, 0])]
)
def test_reopened_is_a_count_however_the_data_spell_it(given, expected):
    assert merged(ledger(("a", "高", 80), ("b", "中", 50), reopened=given)).ledger["reopened"].tolist() == expected


@pytest.mark.parametrize(
    ("new", "message"),
    [
        (ledger(("a", "高", 80)).drop(columns="priority"), "new: expected a ledger as analyze makes it; columns missing: priority"),
        (ledger(("a", "高", 80), ("a", "中", 50)), "new: feedback_id: expected each once, got a more than once"),
        (ledger(("", "高", 80)), "new: feedback_id: expected a text in every row, got '' in row 0"),
        (ledger((None, "高", 80)), "new: feedback_id: expected a text in every row, got nan in row 0"),
        (ledger(("a", "紧急", 80)), "priority: expected the words of the policy handling-measures .*, got 紧急; give the policy"),
        (ledger(("a", "高", 80)).assign(category="产品类"), "category: expected the words of the scheme handling-measures .*, got 产品类"),
    ],
)
def test_what_is_no_ledger(new, message):
    with pytest.raises(InputError, match=message):
        merged(new)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"run": ""}, InputError, "run: expected a text that is not empty, got ''"),
        ({"run": 7}, InputError, "run: expected a text"),
        ({"at": "someday"}, InputError, "at: expected a time such as 2026-03-05 09:00, got 'someday'"),
        ({"scheme": "channels"}, PolicyError, "channels"),
        ({"policy": "none"}, PolicyError, "none"),
    ],
)
def test_options_that_cannot_be(options, error, message):
    with pytest.raises(error, match=message):
        merged(ledger(("a", "高", 80)), **options)


def test_another_scheme_names_the_class_of_a_corrected_type():
    new = ledger(("a", "高", 80)).assign(category="产品质量类")
    before = with_values(merged(new, scheme="improvement-plan").ledger, "a", corrected_type="request")
    assert row(merged(new, before, scheme="improvement-plan").ledger, "a")["category"] == "需求建议类"


def test_without_a_time_it_is_now_in_shanghai():
    before = pd.Timestamp.now(tz="Asia/Shanghai").floor("s")
    found = merge_ledger(ledger(("a", "高", 80)), ledger(("a", "低", 8)), run="run 1").history
    assert before <= found["at"].iloc[0] <= pd.Timestamp.now(tz="Asia/Shanghai")
    assert str(found["at"].dtype) == "datetime64[us, Asia/Shanghai]"
