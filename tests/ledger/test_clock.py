import warnings
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import chinese_calendar
import numpy as np
import pandas as pd
import pytest

from feedback_nlp.errors import InputError, PolicyError
from feedback_nlp.io.cells import ZONE
from feedback_nlp.ledger.clock import DUE_COLUMNS, MAX_HOURS, PROMISES, Clock, deadline, due_dates
from feedback_nlp.ledger.clock import UNITS as UNITS_OF_CLOCKS
from feedback_nlp.workdays import Calendar, CalendarWarning, WorkingHours, minutes_of

SHANGHAI = ZoneInfo(ZONE)
CALENDAR = Calendar.china(2024, 2026)
UNITS = ["s", "ms", "us", "ns"]

WORKING_DAY_CASES = [
    # start, working days, deadline
    ("2024-03-08 15:00", 3, "2024-03-13 15:00"),  # Friday to Wednesday
    ("2024-03-08 15:00", 0, "2024-03-08 15:00"),
    ("2024-03-08 23:59:59", 1, "2024-03-11 23:59:59"),
    ("2024-03-09 15:00", 1, "2024-03-12 00:00"),  # Saturday counts from Monday 00:00: one working day ends with Monday
    ("2024-03-09 15:00", 0, "2024-03-11 00:00"),
    ("2024-03-10 00:00", 5, "2024-03-18 00:00"),
    ("2024-01-31 09:30", 1, "2024-02-01 09:30"),  # month end
    ("2024-02-28 09:30", 2, "2024-03-01 09:30"),  # leap day
    ("2024-12-31 18:00", 1, "2025-01-02 18:00"),  # New Year's Day is off
    ("2025-01-26 10:00", 1, "2025-01-27 10:00"),  # a Sunday worked before the Spring Festival
    ("2025-01-27 10:00", 1, "2025-02-05 10:00"),
    ("2025-02-07 10:00", 1, "2025-02-08 10:00"),  # a Saturday worked after it
    ("2025-09-28 10:00", 3, "2025-10-09 10:00"),  # worked Sunday, then National Day to 8 October
    ("2025-10-10 10:00", 1, "2025-10-11 10:00"),  # Friday to a worked Saturday
    ("2025-10-01 10:00", 1, "2025-10-10 00:00"),
    ("2026-02-14 10:00", 1, "2026-02-24 10:00"),  # worked Saturday, then the Spring Festival
    ("2026-09-30 10:00", 2, "2026-10-09 10:00"),
    ("2026-10-09 10:00", 1, "2026-10-10 10:00"),
]

HOUR_CASES = [
    ("2024-03-08 15:00", 2, "2024-03-08 17:00"),
    ("2024-03-08 15:00", 24, "2024-03-09 15:00"),
    ("2024-03-08 15:00", 48.0, "2024-03-10 15:00"),
    ("2024-03-08 15:00", 0, "2024-03-08 15:00"),
    ("2024-03-08 15:00", 0.5, "2024-03-08 15:30"),
    ("2025-09-30 23:00", 336, "2025-10-14 23:00"),
]

BAD_SPANS = [
    ({}, "exactly one"),
    ({"hours": 1, "working_days": 1}, "exactly one"),
    ({"hours": -1}, "from 0 to"),
    ({"hours": float("nan")}, "from 0 to"),
    ({"hours": float("inf")}, "from 0 to"),
    ({"hours": MAX_HOURS + 1}, "from 0 to"),
    ({"hours": True}, "got bool"),
    ({"hours": "2"}, "got str"),
    ({"working_days": 1.5}, "whole days"),
    ({"working_days": -1}, "from 0 to"),
    ({"working_days": 100_000}, "from 0 to"),
]

BAD_CLOCKS = [
    ({"ack_hours": -2.0}, "'ack_hours' expects a number from 0"),
    ({"interim_hours": "24"}, "'interim_hours' expects a number, got str"),
    ({"resolve_hours": float("nan")}, "'resolve_hours' expects a number from 0"),
    ({"resolve_working_days": 2.5}, "'resolve_working_days' expects whole days"),
    ({"resolve_working_days": False}, "got bool"),
    ({"resolve_hours": 24.0, "resolve_working_days": 1.0}, "remove one"),
]


def at(*values, unit="us"):
    return pd.Series(pd.to_datetime(list(values))).dt.tz_localize(ZONE).dt.as_unit(unit)


@cache
def is_working_day(day):
    """The package's own answer; Monday to Friday where it has none."""
    try:
        return chinese_calendar.is_workday(day)
    except NotImplementedError:
        return day.weekday() < 5


def slow_deadline(start, working_days):
    """The oracle: one row, one day at a time, so that the rule can be read off the code."""
    day, clock = start.date(), start.time()
    while not is_working_day(day):
        day, clock = day + timedelta(days=1), time(0, 0)
    for _ in range(working_days):
        day += timedelta(days=1)
        while not is_working_day(day):
            day += timedelta(days=1)
    return datetime.combine(day, clock, tzinfo=SHANGHAI)


@pytest.mark.parametrize(("start", "working_days", "expected"), WORKING_DAY_CASES)
def test_working_days(start, working_days, expected):
    assert deadline(at(start), working_days=working_days, calendar=CALENDAR).tolist() == at(expected).tolist()


@pytest.mark.parametrize(("start", "hours", "expected"), HOUR_CASES)
def test_hours(start, hours, expected):
    assert deadline(at(start), hours=hours, calendar=CALENDAR).tolist() == at(expected).tolist()


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("span", [{"hours": 1.5}, {"working_days": 2.0}])
def test_unit_index_name_and_nat_are_kept(unit, span):
    start = at("2024-03-09 15:00:01", None, "2024-03-08 15:00:01", unit=unit)
    start.index, start.name = [7, 7, 3], "created_at"
    before = start.copy()
    due = deadline(start, **span, calendar=CALENDAR)
    pd.testing.assert_series_equal(start, before)
    assert due.dtype == start.dtype
    assert due.index.tolist() == [7, 7, 3]
    assert due.name == "created_at"
    assert due.isna().tolist() == [False, True, False]


@pytest.mark.parametrize("span", [{"hours": 1}, {"working_days": 1}])
@pytest.mark.parametrize("rows", [0, 3])
def test_nothing_to_add_to(span, rows):
    assert deadline(at(*[None] * rows), **span, calendar=CALENDAR).isna().tolist() == [True] * rows


def test_other_zones_are_read_in_shanghai():
    start = at("2024-03-08 20:00").dt.tz_convert("America/New_York")
    assert deadline(start, working_days=1, calendar=CALENDAR).tolist() == at("2024-03-11 20:00").tolist()
    friday_evening_in_london = pd.Series(pd.to_datetime(["2024-03-08 20:00"])).dt.tz_localize("UTC")
    assert deadline(friday_evening_in_london, working_days=1, calendar=CALENDAR).tolist() == at("2024-03-12 00:00").tolist()


@pytest.mark.parametrize("working_days", [0, 1, 2, 3, 5, 7, 10, 22])
@pytest.mark.parametrize("unit", ["s", "ns"])
def test_three_years_of_starts_against_the_oracle(working_days, unit):
    hours = pd.date_range("2024-01-01", "2026-11-20", freq="7h13min", tz=ZONE)
    due = deadline(pd.Series(hours).dt.as_unit(unit), working_days=working_days, calendar=CALENDAR)
    assert due.tolist() == [pd.Timestamp(slow_deadline(start, working_days)) for start in hours]


def test_later_starts_never_have_earlier_deadlines():
    starts = pd.Series(pd.date_range("2025-01-01", "2025-12-31", freq="3h", tz=ZONE))
    assert deadline(starts, working_days=3, calendar=CALENDAR).is_monotonic_increasing


def test_rows_do_not_see_each_other():
    starts = pd.Series(pd.date_range("2025-09-20", "2025-10-15", freq="5h", tz=ZONE))
    whole = deadline(starts, working_days=2, calendar=CALENDAR)
    order = np.random.default_rng(0).permutation(len(starts))
    pd.testing.assert_series_equal(deadline(starts.iloc[order], working_days=2, calendar=CALENDAR), whole.iloc[order])
    halves = [deadline(part, working_days=2, calendar=CALENDAR) for part in (starts[:50], starts[50:])]
    pd.testing.assert_series_equal(pd.concat(halves), whole, check_freq=False)


def test_years_without_data_warn_once_and_use_weekdays():
    with pytest.warns(CalendarWarning, match="holidays of 2030, 2031 are not known") as caught:
        calendar = Calendar.china(2030, 2031)
    assert len(caught) == 1
    starts = pd.date_range("2030-01-01", "2031-12-31", freq="11h", tz=ZONE)
    due = deadline(pd.Series(starts), working_days=4, calendar=calendar)
    assert due.tolist() == [pd.Timestamp(slow_deadline(start, 4)) for start in starts]


def test_a_deadline_that_crosses_into_a_year_without_data_warns():
    last = max(chinese_calendar.constants.holidays).year
    calendar = Calendar.china(last, last)
    deadline(at(f"{last}-12-01 10:00"), working_days=5, calendar=calendar)
    with pytest.warns(CalendarWarning, match=f"holidays of {last + 1} are not known") as caught:
        deadline(at(f"{last}-12-30 10:00"), working_days=5, calendar=calendar)
    assert [warning.filename for warning in caught] == [__file__]


def test_a_deadline_that_crosses_into_a_known_year_knows_its_holidays():
    due = deadline(at("2025-12-31 10:00"), working_days=1, calendar=Calendar.china(2025, 2025))
    assert due.tolist() == at("2026-01-04 10:00").tolist()  # 1 to 3 January off, Sunday 4 January worked


def test_calendar_days_off_are_the_packages():
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(3 * 365)]
    got = CALENDAR.is_working_day(np.array(days, dtype="datetime64[D]"))
    assert got.tolist() == [chinese_calendar.is_workday(day) for day in days]


@pytest.mark.parametrize("years", [(2025, 2024), (0, 2024), (2024, 9999)])
def test_calendar_needs_years_in_order(years):
    with pytest.raises(InputError, match="first_year <= last_year"):
        Calendar.china(*years)


@pytest.mark.parametrize("start", ["2023-12-31 23:59", "2028-01-01 00:00"])
def test_starts_outside_the_calendar(start):
    with pytest.raises(InputError, match=r"covers starts in 2024 to 2026 .* got 20"):
        deadline(at(start), working_days=1, calendar=CALENDAR)


def test_deadlines_outside_the_calendar():
    with pytest.raises(InputError, match="covers starts"):
        deadline(at("2024-06-01 10:00"), working_days=2000, calendar=CALENDAR)


@pytest.mark.parametrize(("span", "message"), BAD_SPANS)
def test_bad_spans(span, message):
    with pytest.raises(InputError, match=message):
        deadline(at("2024-03-08 15:00"), **span, calendar=CALENDAR)


@pytest.mark.parametrize("start", [pd.Series(pd.to_datetime(["2024-03-08"])), pd.Series(["2024-03-08"]), pd.Series([1])])
def test_starts_need_a_zone(start):
    with pytest.raises(InputError, match="with a time zone"):
        deadline(start, hours=1, calendar=CALENDAR)


@pytest.mark.parametrize(("values", "message"), BAD_CLOCKS)
def test_bad_clocks(values, message):
    with pytest.raises(PolicyError, match=message):
        Clock(**values)


NINE_TO_SIX = WorkingHours()

WORKING_HOUR_CASES = [
    # start, working hours, deadline
    ("2024-03-07 10:00", 2, "2024-03-07 12:00"),
    ("2024-03-07 17:00", 2, "2024-03-08 10:00"),  # Thursday evening to Friday morning
    ("2024-03-08 17:00", 2, "2024-03-11 10:00"),  # over the weekend
    ("2024-03-08 15:00", 3, "2024-03-08 18:00"),  # used up at closing time, not at the next opening
    ("2024-03-08 09:00", 9, "2024-03-08 18:00"),
    ("2024-03-08 09:00", 9.5, "2024-03-11 09:30"),
    ("2024-03-08 00:00", 2, "2024-03-08 11:00"),  # before opening
    ("2024-03-08 18:00", 2, "2024-03-11 11:00"),  # at closing time
    ("2024-03-08 23:59:59", 2, "2024-03-11 11:00"),
    ("2024-03-09 12:00", 2, "2024-03-11 11:00"),  # on a Saturday
    ("2024-03-08 10:00", 0, "2024-03-08 10:00"),
    ("2024-03-08 20:00", 0, "2024-03-11 09:00"),  # nothing is due before it came in
    ("2024-03-09 12:00", 0, "2024-03-11 09:00"),
    ("2024-03-08 10:00", 48, "2024-03-15 13:00"),
    ("2025-01-26 17:30", 1, "2025-01-27 09:30"),  # a Sunday worked before the Spring Festival
    ("2025-01-27 17:30", 1, "2025-02-05 09:30"),
    ("2024-03-08 17:59:59", 1 / 3600, "2024-03-08 18:00"),
    ("2024-03-08 17:59:59", 2 / 3600, "2024-03-11 09:00:01"),
]


@pytest.mark.parametrize(("start", "hours", "expected"), WORKING_HOUR_CASES)
@pytest.mark.parametrize("unit", UNITS)
def test_working_hours(start, hours, expected, unit):
    due = due_dates(at(start, unit=unit), np.array([0]), (Clock(ack_working_hours=hours),), CALENDAR)["ack_due_at"]
    assert due.tolist() == at(expected).tolist()
    assert due.dtype == at(start, unit=unit).dtype


def slow_working_hours(start, minutes, hours):
    """The oracle: one minute at a time."""
    now = start
    while True:
        of_day = now.hour * 60 + now.minute
        if is_working_day(now.date()) and hours.start <= of_day < hours.end:
            if minutes == 0:
                return now
            now, minutes = now + timedelta(minutes=1), minutes - 1
            if minutes == 0:
                return now
        else:
            now += timedelta(minutes=1)


@pytest.mark.parametrize("hours", [NINE_TO_SIX, WorkingHours.parse("08:30", "12:00"), WorkingHours.parse("00:00", "24:00")])
@pytest.mark.parametrize("minutes", [0, 1, 60, 540, 1000])
def test_working_hours_against_the_oracle(hours, minutes):
    starts = pd.date_range("2025-09-24", "2025-10-13", freq="23h17min", tz=ZONE)
    due = due_dates(pd.Series(starts), np.zeros(len(starts), int), (Clock(resolve_working_hours=minutes / 60),), CALENDAR, hours=hours)
    assert due["resolve_due_at"].tolist() == [slow_working_hours(start, minutes, hours) for start in starts]


def test_a_later_start_never_has_an_earlier_deadline_in_working_hours():
    starts = pd.Series(pd.date_range("2025-09-20", "2025-10-15", freq="37min", tz=ZONE))
    for hours in (0, 1, 9, 12.5):
        due = due_dates(starts, np.zeros(len(starts), int), (Clock(ack_working_hours=hours),), CALENDAR)["ack_due_at"]
        assert due.is_monotonic_increasing
        assert (due >= starts).all()


def test_working_hours_outside_the_calendar_and_without_a_start():
    clocks = (Clock(ack_working_hours=2),)
    assert due_dates(at(None, "2024-03-08 10:00"), np.array([0, 0]), clocks, CALENDAR)["ack_due_at"].isna().tolist() == [True, False]
    assert due_dates(at(None), np.array([0]), clocks, CALENDAR)["ack_due_at"].isna().all()
    with pytest.raises(InputError, match="covers starts"):
        due_dates(at("2023-12-29 10:00"), np.array([0]), clocks, CALENDAR)
    last = max(chinese_calendar.constants.holidays).year
    with pytest.warns(CalendarWarning, match=f"holidays of {last + 1} are not known"):
        due_dates(at(f"{last}-12-31 17:30"), np.array([0]), clocks, Calendar.china(last, last))


@pytest.mark.parametrize(
    ("value", "minutes"),
    [
        ("00:00", 0),
        ("09:05", 545),
        ("24:00", 1440),
        ("24:01", None),
        ("9:00", None),
        ("09:60", None),
        ("０9:00", None),
        ("", None),
        (9, None),
    ],
)
def test_times_of_day(value, minutes):
    assert minutes_of(value) == minutes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("18:00", "09:00"), "expected 0 <= start < end <= 1440 minutes, got 1080 and 540"),
        (("09:00", "09:00"), "start < end"),
        (("9", "18:00"), "expected times such as '09:00' and '18:00', got '9'"),
    ],
)
def test_bad_working_hours(arguments, message):
    with pytest.raises(InputError, match=message):
        WorkingHours.parse(*arguments)
    with pytest.raises(InputError, match="dates_from: expected 'start' or 'end', got 'noon'"):
        WorkingHours(dates_from="noon")


@pytest.mark.parametrize("promise", ["ack", "interim", "resolve"])
@pytest.mark.parametrize("other", ["working_hours", "working_days"])
def test_one_way_of_counting_to_a_promise(promise, other):
    with pytest.raises(PolicyError, match=f"either {promise}_hours or {promise}_{other}, got 2 of them; remove one"):
        Clock(**{f"{promise}_hours": 1, f"{promise}_{other}": 1})


CLOCKS = (
    Clock(ack_hours=2, interim_hours=24),
    Clock(ack_hours=24, resolve_working_days=5),
    Clock(ack_hours=48, resolve_hours=336),
    Clock(),
)
MORE_CLOCKS = (
    *CLOCKS,
    Clock(ack_working_days=1, interim_working_hours=20.5, resolve_hours=3),
    Clock(ack_working_hours=2, interim_working_days=4),
)


def test_due_dates_by_level():
    starts = at("2024-03-08 15:00", "2024-03-08 15:00", "2024-03-08 15:00", "2024-03-08 15:00", None)
    starts.index = list("abcde")
    due = due_dates(starts, np.array([0, 1, 2, 3, 1]), CLOCKS, CALENDAR)
    assert tuple(due.columns) == DUE_COLUMNS
    assert due.index.tolist() == list("abcde")
    assert set(due.dtypes.astype(str)) == {f"datetime64[us, {ZONE}]"}
    assert due["ack_due_at"].tolist()[:3] == at("2024-03-08 17:00", "2024-03-09 15:00", "2024-03-10 15:00").tolist()
    assert due["interim_due_at"].tolist()[0] == at("2024-03-09 15:00")[0]
    assert due["resolve_due_at"].tolist()[1:3] == at("2024-03-15 15:00", "2024-03-22 15:00").tolist()
    assert due.notna().sum(axis=1).tolist() == [2, 2, 2, 0, 0]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int64])
def test_due_dates_equal_one_deadline_per_row(unit, dtype):
    starts = pd.Series(pd.date_range("2025-09-15", "2025-10-20", freq="7h", tz=ZONE)).dt.as_unit(unit)
    levels = np.arange(len(starts), dtype=dtype) % len(MORE_CLOCKS)
    due = due_dates(starts, levels, MORE_CLOCKS, CALENDAR)
    for row, level in enumerate(levels):
        clock, one = MORE_CLOCKS[level], starts.iloc[[row]]
        for name, promise in zip(DUE_COLUMNS, PROMISES, strict=True):
            spans = {unit: clock.span(promise, unit) for unit in UNITS_OF_CLOCKS if clock.span(promise, unit) is not None}
            if "working_hours" in spans:
                alone = Clock(**{f"{promise}_working_hours": spans["working_hours"]})
                expected = due_dates(one, np.array([0]), (alone,), CALENDAR)[name].iloc[0]
            else:
                expected = deadline(one, **spans, calendar=CALENDAR).iloc[0] if spans else pd.NaT
            assert due[name].iloc[row] is expected or due[name].iloc[row] == expected


def test_due_dates_of_no_rows():
    due = due_dates(at(), np.array([]), (), CALENDAR)
    assert due.shape == (0, 3)
    assert set(due.dtypes.astype(str)) == {f"datetime64[us, {ZONE}]"}


@pytest.mark.parametrize("levels", [[0], [0, 4], [0, -1], [0.0, 1.0], [[0, 1]], ["0", "1"]])
def test_due_dates_need_one_clock_per_row(levels):
    with pytest.raises(InputError, match="level_index expects"):
        due_dates(at("2024-03-08", "2024-03-09"), np.array(levels), CLOCKS, CALENDAR)


def test_due_dates_warn_once_however_many_levels_count_working_days():
    last = max(chinese_calendar.constants.holidays).year
    clocks = (Clock(resolve_working_days=5), Clock(resolve_working_days=9))
    with pytest.warns(CalendarWarning) as caught:
        due_dates(at(f"{last}-12-30", f"{last}-12-31"), np.array([0, 1]), clocks, Calendar.china(last, last))
    assert len(caught) == 1


def test_elapsed_hours_do_not_need_the_calendars_years():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert deadline(at("2031-05-01 10:00"), hours=24, calendar=CALENDAR).tolist() == at("2031-05-02 10:00").tolist()
