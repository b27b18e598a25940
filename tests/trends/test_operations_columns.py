import math

import numpy as np
import pandas as pd
import pytest

from feedback_nlp.errors import InputError
from feedback_nlp.trends.operations_columns import OPTIONAL_COLUMNS, LedgerColumns
from feedback_nlp.trends.operations_periods import PERIODS, make_periods


@pytest.mark.parametrize("header", ["acknowledged_at", "响应时间", "首次响应时间", " Acknowledged At "])
def test_a_column_is_found_by_either_name(header):
    assert LedgerColumns(pd.DataFrame({header: ["2026-01-01"]})).find("acknowledged_at").tolist() == ["2026-01-01"]


def test_the_english_name_wins_and_others_are_not_taken():
    columns = LedgerColumns(pd.DataFrame({"渠道": ["b"], "channel": ["a"], "响应期限": ["x"]}))
    assert columns.find("channel").tolist() == ["a"]
    assert [columns.find(name) for name in OPTIONAL_COLUMNS] == [None] * len(OPTIONAL_COLUMNS)
    assert columns.find("ack_due_at").tolist() == ["x"]


@pytest.mark.parametrize(
    ("value", "raised", "unread"),
    [
        *[(value, True, False) for value in (True, 1, 2.0, "是", "true", "Yes", "2", "1.0", "已重开")],
        *[(value, False, False) for value in (False, 0, None, math.nan, "", " ", "否", "no", "0", "0.0")],
        *[(value, False, True) for value in ("也许", "-", "1次", "²")],
    ],
)
def test_flags(value, raised, unread):
    found = LedgerColumns(pd.DataFrame({"reopened": pd.Series([value], dtype=object)})).flags("reopened")
    assert [part.tolist() for part in found] == [[raised], [unread]]


@pytest.mark.parametrize(
    ("history", "reopened"),
    [
        *[("待分析>处理中>已解决>处理中", True), ("已关闭→待分析→已关闭", True), ("处理中\n已解决\n待测试", True)],
        *[("待分析>处理中>已解决>已关闭", False), ("处理中>待测试>处理中", False), ("", False), (None, False), ("已关闭", False)],
    ],
)
def test_reopened_from_the_history_of_statuses(history, reopened):
    found = LedgerColumns(pd.DataFrame({"状态历史": pd.Series([history], dtype=object)})).reopened
    assert [part.tolist() for part in found] == [[reopened], [False]]


def test_the_column_of_reopened_wins_over_the_history():
    found = LedgerColumns(pd.DataFrame({"status_history": ["已关闭>处理中"], "重开次数": [0]})).reopened
    assert found[0].tolist() == [False]
    assert LedgerColumns(pd.DataFrame({"text": ["x"]})).reopened is None


def test_filled_cells():
    values = ["x", "", " ", None, math.nan, 0, pd.NaT, False]
    found = LedgerColumns(pd.DataFrame({"owner": pd.Series(values, dtype=object)})).filled("owner")
    assert found.tolist() == [True, False, False, False, False, True, False, True]


DAYS = np.arange(np.datetime64("2023-12-20"), np.datetime64("2027-02-10"))


@pytest.mark.parametrize("period", PERIODS)
def test_periods_match_the_calendar(period):
    """Years of 52 and 53 weeks, leap days and month ends, against the standard library."""
    made = make_periods(DAYS, period, until=np.datetime64("NaT", "D"))
    form = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}[period]
    assert [made.labels[code] for code in made.codes] == [day.strftime(form) for day in DAYS.tolist()]
    assert (made.starts[made.codes] <= DAYS).all()
    assert (made.ends[made.codes] >= DAYS).all()
    assert (made.starts[1:] == made.ends[:-1] + 1).all()
    if period == "week":
        assert {day.weekday() for day in made.starts.tolist()} == {0}
    assert not made.undated


def test_silent_periods_are_there_and_those_up_to_a_day():
    days = np.array(["2026-01-31", "NaT", "2026-04-01"], dtype="datetime64[D]")
    made = make_periods(days, "month", until=np.datetime64("2026-05-02"))
    assert made.labels == ("2026-01", "2026-02", "2026-03", "2026-04", "2026-05")
    assert made.codes.tolist() == [0, 5, 3]
    assert (made.undated, made.n_lines) == (True, 6)
    assert made.count(np.array([True, True, True])).tolist() == [1, 0, 0, 1, 0, 1]
    # A day before the last item takes nothing away.
    assert make_periods(days, "month", until=np.datetime64("2020-01-01")).labels == made.labels[:4]


@pytest.mark.parametrize("days", [[], ["NaT", "NaT"]])
def test_no_period_without_a_day(days):
    made = make_periods(np.array(days, dtype="datetime64[D]"), "week", until=np.datetime64("2026-05-02"))
    assert (made.labels, made.undated, made.n_lines) == ((), bool(days), int(bool(days)))


def test_another_period():
    with pytest.raises(InputError, match="period: expected one of day, week, month, got 'quarter'"):
        make_periods(DAYS, "quarter", until=np.datetime64("NaT", "D"))
