"""Items to counts: periods, keys, customers, calendar, what is left out."""

import warnings
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.errors import InputError
from feedback_nlp.trends.series import count_series
from feedback_nlp.workdays import CalendarWarning

THEMES = ["登录", "客服", "物流"]


def sample(n=400, seed=0):
    random = np.random.default_rng(seed)
    times = pd.Timestamp("2024-02-20", tz="Asia/Shanghai") + pd.to_timedelta(random.integers(0, 20 * 1440, n), unit="min")
    frame = pd.DataFrame({"created_at": times, "theme": random.choice([*THEMES, None], n), "channel": random.choice(["APP", "微博"], n)})
    frame["customer_id"] = random.choice(["a", "b", "c", None, ""], n)
    frame["sentiment"] = random.integers(-2, 3, n)
    frame["polarity"] = np.round(random.uniform(-1, 1, n), 3)
    frame.loc[random.random(n) < 0.05, "created_at"] = pd.NaT
    return frame


def as_dict(series, values):
    return {
        (str(series.periods[day])[:13], series.labels[key]): int(values[day, key]) for day, key in zip(*np.nonzero(values), strict=True)
    }


STARTS = {
    "hour": lambda time: time.floor("h"),
    "day": lambda time: time.normalize(),
    "week": lambda time: time.normalize() - pd.Timedelta(days=time.weekday()),
    "month": lambda time: time.normalize().replace(day=1),
}


@pytest.mark.parametrize("period", STARTS)
def test_counts_match_the_oracle(period):
    frame = sample()
    series = count_series(frame, period=period)
    items, negative, customers, polarity, whole = Counter(), Counter(), {}, Counter(), Counter()
    for row in frame.dropna(subset="created_at").to_dict("records"):
        start = str(STARTS[period](row["created_at"].tz_localize(None)).to_datetime64().astype("datetime64[s]"))[:13]
        whole[start] += 1
        if isinstance(row["theme"], str):
            cell = (start, row["theme"])
            items[cell] += 1
            negative[cell] += row["sentiment"] < 0
            polarity[cell] += row["polarity"]
            customers.setdefault(cell, set()).update({row["customer_id"]} - {None, "", np.nan} if row["customer_id"] else set())
    assert as_dict(series, series.counts) == dict(items)
    assert as_dict(series, series.negative) == {cell: n for cell, n in negative.items() if n}
    assert as_dict(series, series.customers) == {cell: len([x for x in who if x == x]) for cell, who in customers.items() if who}
    assert {str(start)[:13]: int(n) for start, n in zip(series.periods, series.exposure, strict=True) if n} == dict(whole)
    found = {
        (str(series.periods[d])[:13], series.labels[k]): series.values["polarity"][d, k] / 10_000 for d, k in np.argwhere(series.counts)
    }
    assert found == pytest.approx({cell: float(total) for cell, total in polarity.items()}, abs=1e-3)


def test_silent_periods_are_zeros_and_keys_stand_in_the_order_of_their_first_item():
    frame = pd.DataFrame({"created_at": ["2024-02-28", "2024-03-02 23:59", "2024-03-02"], "theme": ["物流", "客服", "登录"]})
    series = count_series(frame, until="2024-03-04")
    assert [str(day)[:10] for day in series.periods] == [f"2024-{day}" for day in ("02-28", "02-29", "03-01", "03-02", "03-03", "03-04")]
    assert series.labels.tolist() == ["物流", "客服", "登录"]
    assert series.first.tolist() == [0, 3, 3]
    assert series.counts.sum(axis=0).tolist() == [1, 1, 1]
    assert series.exposure.tolist() == [1, 0, 0, 2, 0, 0]
    assert len(series) == 6


TIMES = [
    # a time as it comes, the day it lies in at Shanghai
    ("2024-03-01T00:30:00", "2024-03-01"),
    ("2024-02-29T16:30:00Z", "2024-03-01"),
    ("2024-02-29T15:59:59Z", "2024-02-29"),
    ("2024-02-29T23:30:00-05:00", "2024-03-01"),
    ("2024年3月1日 9时5分", "2024-03-01"),
]


@pytest.mark.parametrize(("time", "day"), TIMES)
def test_days_are_those_of_shanghai(time, day):
    series = count_series(pd.DataFrame({"created_at": [time], "theme": ["登录"]}))
    assert str(series.periods[0])[:10] == day


def test_time_zones_say_the_same():
    frame = sample()
    here = count_series(frame)
    for zone in ("UTC", "America/New_York"):
        there = count_series(frame.assign(created_at=frame["created_at"].dt.tz_convert(zone)))
        np.testing.assert_array_equal(there.counts, here.counts)
        np.testing.assert_array_equal(there.periods, here.periods)


def test_calendar_is_attached():
    days = pd.date_range("2025-09-26", "2025-10-12").astype(str)
    series = count_series(pd.DataFrame({"created_at": days, "theme": "登录"}))
    off = [str(day)[5:10] for day in series.periods[series.off]]
    assert off == ["09-27", *(f"10-0{day}" for day in range(1, 9)), "10-12"]
    assert [str(day)[5:10] for day in series.periods[series.festive]] == [f"10-0{day}" for day in range(1, 9)]
    assert series.weekday[0] == 4


def test_a_holiday_that_goes_on_after_the_last_day_is_known():
    # Saturday before a Monday off: Tomb Sweeping Day 2022 was Sunday 3 to Tuesday 5 April.
    series = count_series(pd.DataFrame({"created_at": ["2022-04-01", "2022-04-03"], "theme": "登录"}))
    assert series.festive.tolist() == [False, False, True]


def test_unknown_years_are_told():
    with pytest.warns(CalendarWarning, match="2099"):
        count_series(pd.DataFrame({"created_at": ["2099-03-01"], "theme": ["登录"]}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        count_series(pd.DataFrame({"created_at": ["2099-03-01"], "theme": ["登录"]}), period="month")


def test_rows_in_any_order():
    frame = sample()
    one, other = count_series(frame), count_series(frame.sample(frac=1, random_state=3))
    assert one.labels.tolist() == other.labels.tolist()
    for name, values in one.values.items():
        np.testing.assert_array_equal(other.values[name], values)


def test_repeats_are_left_out():
    frame = pd.DataFrame({"created_at": ["2024-03-01"] * 3, "theme": ["登录"] * 3, "repeat": [False, True, None]})
    assert count_series(frame, repeat="repeat").counts.tolist() == [[2]]
    assert count_series(frame).counts.tolist() == [[3]]


def test_pairs_of_columns_are_keys():
    series = count_series(sample(), key=["theme", "channel"])
    assert set(series.labels) <= {f"{theme} × {channel}" for theme in THEMES for channel in ("APP", "微博")}
    assert series.names == ("theme", "channel")
    assert series.keys.shape == (len(series.labels), 2)
    alone = count_series(sample())
    for place, theme in enumerate(alone.labels):
        both = series.counts[:, series.keys[:, 0] == theme].sum(axis=1)
        np.testing.assert_array_equal(both, alone.counts[:, place])


def test_an_item_may_have_several_keys():
    lists = pd.DataFrame({"created_at": ["2024-03-01"] * 4, "theme": [["登录", "客服", "登录"], ["客服"], [], None]})
    tuples = lists.assign(theme=[("登录", "客服"), {"客服"}, (), None])
    pairs = ([0, 0, 1, 0], ["登录", "客服", "客服", "登录"])
    for series in (count_series(lists), count_series(tuples), count_series(lists.drop(columns="theme"), pairs=pairs)):
        assert dict(zip(series.labels, series.counts[0].tolist(), strict=True)) == {"客服": 2, "登录": 1}
        assert series.exposure.tolist() == [4]


@pytest.mark.parametrize("labels", [["强烈负面", "负面", "中性", None], [-2, -1, 0, None], ["-2", "-1", "1", ""]])
def test_negative_sentiment_by_number_or_name(labels):
    frame = pd.DataFrame({"created_at": ["2024-03-01"] * 4, "theme": ["登录"] * 4, "sentiment": labels})
    assert count_series(frame).negative.tolist() == [[2]]


def test_keys_of_any_type():
    frame = pd.DataFrame({"created_at": ["2024-03-01"] * 3, "theme": [3, 3, 11]})
    assert dict(zip(count_series(frame).labels, count_series(frame).counts[0].tolist(), strict=True)) == {"11": 1, "3": 2}
    assert count_series(frame.astype({"theme": "category"})).counts.sum() == 3


@pytest.mark.parametrize("frame", [sample(0), sample(5).assign(created_at=pd.NaT)])
def test_nothing_to_count(frame):
    series = count_series(frame)
    assert series.counts.shape == (0, 0)
    assert len(series) == 0


ERRORS = [
    ({"key": "them"}, r"key: there is no column 'them', did you mean 'theme'\?"),
    ({"date": "created"}, r"date: there is no column 'created', did you mean 'created_at'\?"),
    ({"customers": "customer"}, r"customers: there is no column 'customer', did you mean 'customer_id'\?"),
    ({"repeat": "repeated"}, "repeat: there is no column 'repeated'"),
    ({"repeat": "theme"}, "theme: expected True or False"),
    ({"polarity": "theme"}, "theme: expected numbers from -1 to 1"),
    ({"sentiment": "theme"}, "theme: expected numbers or 强烈负面"),
    ({"date": "theme"}, "theme: expected dates, got"),
    ({"period": "year"}, "period: expected one of hour, day, week, month, got 'year'"),
    ({"key": []}, "key: expected the name of a column"),
    ({"until": "soon"}, "until: expected a date"),
    ({"pairs": ([0, 400], ["a", "b"])}, "pairs: expected rows from 0 to 399, got 0 to 400"),
    ({"pairs": ([0], ["a", "b"])}, "pairs: expected as many"),
]


@pytest.mark.parametrize(("options", "message"), ERRORS)
def test_errors(options, message):
    with pytest.raises(InputError, match=message):
        count_series(sample(), **options)


def test_no_frame_and_too_many_cells():
    with pytest.raises(InputError, match="expected a pandas DataFrame, got list"):
        count_series([1])
    frame = pd.DataFrame({"created_at": ["1991-01-01", "2025-01-01"], "theme": ["a", "b"]})
    many = pd.DataFrame({"created_at": "2025-01-01", "theme": range(6000)})
    with pytest.raises(InputError, match="leave out wrong dates"):
        count_series(pd.concat([frame, many]))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.datetimes(min_value=pd.Timestamp("2023-01-01"), max_value=pd.Timestamp("2024-12-31")),
            st.one_of(st.none(), st.text(max_size=3)),
            st.one_of(st.none(), st.text(max_size=2), st.integers(0, 3)),
        ),
        max_size=30,
    ),
    st.sampled_from(list(STARTS)),
)
def test_every_dated_item_is_counted_once(rows, period):
    frame = pd.DataFrame(rows, columns=["created_at", "theme", "customer_id"]).astype({"created_at": "datetime64[us]", "theme": object})
    series = count_series(frame, period=period)
    assert series.exposure.sum() == len(frame)
    assert series.counts.sum() == sum(isinstance(theme, str) and theme != "" for theme in frame["theme"])
    assert (series.customers <= series.counts).all()
