"""Where the clocks stand, against one item and one promise read at a time."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.errors import InputError, PolicyError
from feedback_nlp.io.cells import ZONE
from feedback_nlp.ledger.clock import DUE_COLUMNS, PROMISES
from feedback_nlp.ledger.clock_state import ITEM_COLUMNS, SHARE_COLUMNS, STATES, clock_state
from feedback_nlp.vocabulary import STATUSES

NOON = "2026-03-05 12:00"
HEADERS = {
    **{"feedback_id": "反馈编号", "priority": "优先级", "status": "处理状态", "acknowledged_at": "响应时间", "interim_at": "方案时间"},
    **{"resolved_at": "解决时间", "ack_due_at": "响应期限", "interim_due_at": "方案期限", "resolve_due_at": "解决期限"},
}


def item(**cells):
    """An item of level 高, received at ten, of which nothing has been done."""
    due = {"ack_due_at": "2026-03-05 12:00", "interim_due_at": "2026-03-06 10:00", "resolve_due_at": "2026-03-10 10:00"}
    base = {"feedback_id": "F1", "priority": "高", "status": "待分析", "acknowledged_at": None, "interim_at": None, "resolved_at": None}
    return {**base, **due, **cells}


def states(*items, as_of=NOON):
    found = clock_state(pd.DataFrame(list(items)), as_of=as_of).items
    assert tuple(found.columns) == ITEM_COLUMNS
    return found[list(PROMISES)].to_numpy().tolist()


@pytest.mark.parametrize(
    ("cells", "as_of", "expected"),
    [
        ({}, "2026-03-05 10:00", ["pending", "pending", "pending"]),
        ({}, "2026-03-05 12:00", ["pending", "pending", "pending"]),  # due now is not yet overdue
        ({}, "2026-03-05 12:00:01", ["overdue", "pending", "pending"]),
        ({}, "2026-03-10 10:01", ["overdue", "overdue", "overdue"]),
        ({"acknowledged_at": "2026-03-05 12:00"}, "2026-03-06", ["in_time", "pending", "pending"]),
        ({"acknowledged_at": "2026-03-05 12:01"}, "2026-03-06", ["late", "pending", "pending"]),
        ({"acknowledged_at": "2026-03-05 13:00"}, "2026-03-05 12:30", ["overdue", "pending", "pending"]),  # not yet happened
        ({"acknowledged_at": "2026-03-05"}, "2026-03-06", ["in_time", "pending", "pending"]),  # on the day
        ({"status": "处理中"}, "2026-03-06 12:00", ["untimed", "overdue", "pending"]),
        ({"status": "已解决"}, "2026-03-12", ["untimed", "untimed", "untimed"]),
        # A solution in time answers for the rest; one too late for an answer does not say when somebody answered.
        ({"resolved_at": "2026-03-05 11:00"}, "2026-03-06", ["in_time", "in_time", "in_time"]),
        ({"resolved_at": "2026-03-06 11:00"}, "2026-03-07", ["untimed", "untimed", "in_time"]),
        ({"resolved_at": "2026-03-11 11:00"}, "2026-03-12", ["untimed", "untimed", "late"]),
        ({"resolved_at": "2026-03-06 11:00", "acknowledged_at": "2026-03-05 11:00"}, "2026-03-07", ["in_time", "untimed", "in_time"]),
        ({"interim_at": "2026-03-06 09:00"}, "2026-03-07", ["overdue", "in_time", "pending"]),
        ({"interim_due_at": None}, "2026-03-12", ["overdue", "", "overdue"]),
        ({"ack_due_at": None, "interim_due_at": None, "resolve_due_at": None}, "2026-03-12", ["", "", ""]),
    ],
)
def test_states(cells, as_of, expected):
    # Another item keeps the columns of times columns of times.
    assert states(item(**cells), item(), as_of=as_of)[0] == expected


def test_what_is_left_and_what_is_next():
    ledger = pd.DataFrame([item(), item(acknowledged_at="2026-03-05 11:00"), item(status="已关闭")], index=[7, 3, 3])
    found = clock_state(ledger, as_of="2026-03-05 14:30")
    assert found.items.index.tolist() == [7, 3, 3]
    assert found.as_of == pd.Timestamp("2026-03-05 14:30", tz=ZONE)
    assert found.items["overdue"].tolist() == [True, False, False]
    assert found.items["next"].tolist() == ["ack", "interim", ""]
    assert found.items["time_left"].tolist()[:2] == [pd.Timedelta(hours=-2.5), pd.Timedelta(hours=19.5)]
    assert found.items["time_left"].isna().tolist() == found.items["next_due_at"].isna().tolist() == [False, False, True]
    assert found.items["next_due_at"].iloc[0] == pd.Timestamp("2026-03-05 12:00", tz=ZONE)


def test_the_longest_overdue_comes_first():
    ledger = pd.DataFrame([item(feedback_id=str(hour), ack_due_at=f"2026-03-05 {hour:02d}:00") for hour in (11, 9, 13, 10)])
    assert clock_state(ledger, as_of=NOON).overdue["feedback_id"].tolist() == ["9", "10", "11"]


MOMENT = st.sampled_from([None, *(f"2026-03-{day:02d} {hour:02d}:00" for day in (4, 5, 6) for hour in (0, 9, 18))])
ITEM = st.fixed_dictionaries(
    {
        **dict.fromkeys((*DUE_COLUMNS, "acknowledged_at", "interim_at", "resolved_at"), MOMENT),
        "priority": st.sampled_from(["高", "中", "低", "", "特急"]),
        "status": st.sampled_from([*STATUSES, "", "无此状态"]),
    }
)
KEPT = {"ack": "acknowledged_at", "interim": "interim_at", "resolve": "resolved_at"}


def slow_state(row, promise, now):
    """One promise of one item. Times of one form compare as text."""
    due, kept, solved = row[f"{promise}_due_at"], row[KEPT[promise]], row["resolved_at"]
    if due is None:
        return ""
    if kept is not None and kept <= now:
        return "in_time" if kept <= due else "late"
    if solved is not None and solved <= now and solved <= due:
        return "in_time"
    evident = row["status"] in (STATUSES[1:] if promise == "ack" else STATUSES[3:])
    if evident or (solved is not None and solved <= now):
        return "untimed"
    return "overdue" if due < now else "pending"


@settings(deadline=None)
@given(st.lists(ITEM, max_size=8), MOMENT.filter(bool))
def test_states_and_shares_match_the_oracle(rows, now):
    ledger = pd.DataFrame(rows, columns=[*DUE_COLUMNS, *KEPT.values(), "priority", "status"], dtype=object)
    found = clock_state(ledger, as_of=now)
    expected = [[slow_state(row, promise, now) for promise in PROMISES] for row in rows]
    assert found.items[list(PROMISES)].to_numpy().tolist() == expected
    assert found.items["overdue"].tolist() == ["overdue" in line for line in expected]
    assert tuple(found.shares.columns) == SHARE_COLUMNS
    for line in found.shares.to_dict("records"):
        here = [
            state[PROMISES.index(line["clock"])]
            for state, row in zip(expected, rows, strict=True)
            if line["priority"] in ("", row["priority"])
        ]
        assert {state: here.count(state) for state in STATES[1:]} == {state: line[state] for state in STATES[1:]}
        assert line["promised"] == len(here) - here.count("")
        judged = [state for state in here if state in ("in_time", "late", "overdue")]
        assert np.isnan(line["share"]) if not judged else line["share"] == judged.count("in_time") / len(judged)


def test_other_headers_orders_and_forms():
    ledger = pd.DataFrame([item(), item(feedback_id="F2", resolved_at="2026-03-05 11:00"), item(feedback_id="F3", status="处理中")])
    plain = clock_state(ledger, as_of="2026-03-05 13:00")
    chinese = clock_state(ledger.rename(columns=HEADERS), as_of=pd.Timestamp("2026-03-05 05:00", tz="UTC"))
    pd.testing.assert_frame_equal(plain.items, chinese.items)
    pd.testing.assert_frame_equal(plain.shares, chinese.shares)
    turned = clock_state(ledger.iloc[::-1], as_of="2026-03-05 13:00")
    pd.testing.assert_frame_equal(turned.items.iloc[::-1], plain.items)
    before = ledger.copy()
    clock_state(ledger, as_of=NOON)
    pd.testing.assert_frame_equal(ledger, before)


def test_deadlines_are_reckoned_where_the_ledger_has_none():
    ledger = pd.DataFrame({"priority": ["高", "低"], "created_at": ["2026-03-05 09:00", "2026-03-05"], "status": ["待分析", "待分析"]})
    found = clock_state(ledger, as_of=NOON).items
    assert found["ack"].tolist() == ["overdue", "pending"]
    assert found["next_due_at"].astype(str).tolist() == ["2026-03-05 11:00:00+08:00", "2026-03-07 18:00:00+08:00"]
    plan = clock_state(ledger.assign(priority=["紧急", "长期"]), as_of=NOON, policy="improvement-plan").items
    assert plan["next"].tolist() == ["resolve", "resolve"]


def test_no_items():
    ledger = pd.DataFrame(columns=[*item()], dtype=object)
    found = clock_state(ledger, as_of=NOON)
    assert len(found.items) == 0 and found.items.dtypes.astype(str).to_dict() == clock_state(
        pd.DataFrame([item()]), as_of=NOON
    ).items.dtypes.astype(str).to_dict() | {"feedback_id": "object"}
    assert found.shares["promised"].eq(0).all() and found.shares["share"].isna().all()


@pytest.mark.parametrize(
    ("ledger", "options", "message"),
    [
        ({"text": ["闪退"]}, {}, "expected ack_due_at, interim_due_at, resolve_due_at, or priority and created_at"),
        ({"priority": ["紧急"], "created_at": [NOON]}, {}, "priority: expected 高, 中, 低 of the policy handling-measures, got 紧急"),
        ({"ack_due_at": [NOON]}, {"as_of": "whenever"}, "as_of: expected a time such as"),
        ({"ack_due_at": [NOON]}, {"as_of": None}, "as_of: expected a time such as"),
        ({"ack_due_at": [NOON]}, {"policy": "handling"}, "handling: expected one of"),
    ],
)
def test_what_cannot_be_read(ledger, options, message):
    with pytest.raises((InputError, PolicyError), match=message):
        clock_state(pd.DataFrame(ledger), **{"as_of": NOON, **options})
