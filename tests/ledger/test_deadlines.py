"""When an item is due under a policy; the arithmetic of clocks has its own tests."""

from dataclasses import replace

import chinese_calendar
import numpy as np
import pandas as pd
import pytest

from feedback_nlp.errors import InputError
from feedback_nlp.ledger.clock import DUE_COLUMNS, ZONE
from feedback_nlp.ledger.deadlines import deadlines
from feedback_nlp.ledger.policy import load_policy
from feedback_nlp.workdays import CalendarWarning, WorkingHours

POLICY = load_policy()
#: Sunday 2026-03-01 is an ordinary weekend, Friday 2026-03-06 an ordinary Friday.
FRIDAY = "2026-03-06 15:00"


def due(created, levels, policy=POLICY, **options):
    frame = pd.DataFrame(index=range(len(levels)))
    if created is not None:
        frame["created_at"] = pd.to_datetime(pd.Series(created), format="mixed").dt.tz_localize(ZONE)
    found = deadlines(frame, np.array(levels), policy, **{"as_of": None, **options})
    assert tuple(found.columns) == DUE_COLUMNS
    return [[None if pd.isna(time) else time.strftime("%m-%d %H:%M") for time in row] for row in found.itertuples(index=False)]


def test_each_level_has_its_clocks():
    assert due([FRIDAY] * 3, [0, 1, 2]) == [
        ["03-06 17:00", "03-07 15:00", "03-11 15:00"],
        ["03-07 15:00", None, "03-13 15:00"],
        ["03-08 15:00", None, "03-20 15:00"],
    ]


NOTHING = [None, None, None]
NINE = ["03-02 11:00", "03-03 09:00", "03-05 09:00"]


@pytest.mark.parametrize(
    ("created", "as_of", "expected"),
    [
        (None, None, [NOTHING]),
        ([None], None, [NOTHING]),
        (None, "2026-03-02 09:00", [NINE]),
        ([None], "2026-03-02 09:00", [NINE]),
        ([None], "2026年3月2日 9时", [NINE]),
        ([None], "2026-03-02T01:00:00Z", [NINE]),
        ([None], pd.Timestamp("2026-03-02 01:00", tz="UTC"), [NINE]),
        ([None], pd.Timestamp("2026-03-02 09:00"), [NINE]),
        (["2026-03-02 09:00"], "2026-01-01", [NINE]),
        ([], None, []),
    ],
)
def test_items_without_a_date(created, as_of, expected):
    assert due(created, [0] * len(expected), as_of=as_of) == expected


@pytest.mark.parametrize("as_of", ["whenever", "", "1900-01-01", pd.NaT, float("nan"), object()])
def test_a_moment_that_is_none(as_of):
    with pytest.raises(InputError, match="as_of: expected a time such as"):
        due([FRIDAY], [0], as_of=as_of)


START_OF_WORK = replace(POLICY, working_hours=WorkingHours.parse("08:30", "17:30", dates_from="start"))


@pytest.mark.parametrize(
    ("created", "policy", "expected"),
    [
        # Nobody could have begun at midnight: a date alone is the end of that day's work, 18:00 …
        ("2026-03-05", POLICY, ["03-05 20:00", "03-06 18:00", "03-10 18:00"]),
        # … or its beginning, if the policy says so.
        ("2026-03-05", START_OF_WORK, ["03-05 10:30", "03-06 08:30", "03-10 08:30"]),
        ("2026-03-05 00:00:01", POLICY, ["03-05 02:00", "03-06 00:00", "03-10 00:00"]),
        ("2026-03-07", POLICY, ["03-07 20:00", "03-08 18:00", "03-12 00:00"]),  # a Saturday; working days count from Monday 00:00
    ],
)
def test_a_date_without_a_time_of_day(created, policy, expected):
    assert due([created], [0], policy) == [expected]
    assert due([None], [0], policy, as_of=created) == [expected]


def test_a_date_alone_is_read_the_same_whatever_stands_beside_it():
    days = ["2026-03-05", "2026-03-05 10:00", "2026-03-06", None]
    assert due(days, [0] * 4) == [row for day in days for row in due([day], [0])]


def test_a_policy_of_long_clocks_reaches_beyond_the_calendar_with_a_warning():
    longest = replace(POLICY, levels=(replace(POLICY.levels[0], clock=replace(POLICY.levels[0].clock, resolve_working_days=1000)),))
    last = max(chinese_calendar.constants.holidays).year
    with pytest.warns(CalendarWarning, match="Monday to Friday count as working days"):
        ((_, _, resolve),) = due([f"{last}-03-05 10:00"], [0], longest)
    assert resolve.endswith("10:00")


def test_years_the_calendar_does_not_know_have_weekdays():
    with pytest.warns(CalendarWarning, match="holidays of 2040 are not known"):
        assert due(["2040-03-02 15:00"], [1]) == [["03-03 15:00", None, "03-09 15:00"]]
