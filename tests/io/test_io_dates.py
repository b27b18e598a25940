"""Dates in the forms they come in."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.io import parse_dates

FULL = "2024-03-05 14:20:00"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-03-05", "2024-03-05 00:00:00"),
        ("2024-03-05 14:20", FULL),
        ("2024-03-05 14:20:00", FULL),
        ("2024-03-05T14:20:00", FULL),
        ("2024-03-05T14:20:00.000", FULL),
        ("2024-03-05T06:20:00Z", FULL),
        ("2024-03-05T06:20:00.000000+00:00", FULL),
        ("2024-03-05 14:20:00 +0800", FULL),
        ("2024-03-05T01:20-05:00", FULL),
        ("2024/3/5 14:20", FULL),
        ("2024.3.5 14:20:00", FULL),
        ("2024年3月5日 14时20分", FULL),
        ("2024年3月5日14点20分00秒", FULL),
        ("2024年03月05日", "2024-03-05 00:00:00"),
        ("2024 年 3 月 5 号 星期二 下午2:20", FULL),
        ("2024/3/5 下午 02:20:00", FULL),
        ("2024/3/5 2:20:00 PM", FULL),
        ("2024/3/5 12:05 AM", "2024-03-05 00:05:00"),
        ("2024/3/5 上午12:05", "2024-03-05 00:05:00"),
        ("2024/3/5 中午12:05", "2024-03-05 12:05:00"),
        ("２０２４－０３－０５　１４：２０", FULL),
        ("20240305", "2024-03-05 00:00:00"),
        ("20240305142000", FULL),
        ("202403051420", FULL),
        ("20240305T062000Z", FULL),
        ("20240305.0", "2024-03-05 00:00:00"),
        ("1709619600", FULL),
        ("1709619600000", FULL),
        ("1709619600.0", FULL),
        ("3/25/2024", "2024-03-25 00:00:00"),
        ("25/3/2024 14:20", "2024-03-25 14:20:00"),
        ("5-5-2024", "2024-05-05 00:00:00"),
        ("Tue Mar 05 14:20:00 +0800 2024", FULL),
        ("Tue Mar 05 14:20:00 CST 2024", FULL),
        ("Tue, 05 Mar 2024 06:20:00 GMT", FULL),
        ("Mar 5, 2024 2:20 PM", FULL),
        ("5 March 2024", "2024-03-05 00:00:00"),
        (1709619600, FULL),
        (1709619600.0, FULL),
        (1709619600000, FULL),
        (np.int64(20240305), "2024-03-05 00:00:00"),
        (45356, "2024-03-05 00:00:00"),
        (45356.59722222222, FULL),
        (dt.datetime(2024, 3, 5, 14, 20), FULL),
        (dt.datetime(2024, 3, 5, 6, 20, tzinfo=dt.UTC), FULL),
        (pd.Timestamp("2024-03-05 06:20", tz="UTC"), FULL),
        (np.datetime64("2024-03-05T14:20"), FULL),
        (dt.date(2024, 3, 5), "2024-03-05 00:00:00"),
        ("1990-01-01", "1990-01-01 00:00:00"),
        ("2100-12-31 23:59:59", "2100-12-31 23:59:59"),
        # The clocks of Shanghai went forward over this hour.
        ("1991-04-14 02:30:00", "1991-04-14 03:00:00"),
    ],
)
def test_read(value, expected):
    for others in ([], ["2024-01-01"] * 70):
        times, bad = parse_dates([*others, value])
        assert str(times.dtype) == "datetime64[us, Asia/Shanghai]"
        assert times.iloc[-1].strftime("%Y-%m-%d %H:%M:%S") == expected
        assert not bad.any()


@pytest.mark.parametrize("value", [None, "", "  ", "\u3000", float("nan"), pd.NaT, pd.NA, np.float32("nan"), np.datetime64("NaT")])
def test_missing(value):
    times, bad = parse_dates([value, "2024-03-05"])
    assert times.isna().tolist() == [True, False]
    assert bad.tolist() == [False, False]


@pytest.mark.parametrize(
    "value",
    ["昨天", "3月5日", "2024年3月", "2024-13-05", "2024-02-30", "2024-03-05 25:00", "2024-03-05 14:61", "24-3-5", "3/5/2024", "12345",
     "45356", "1989-12-31", "2101-01-01", "0001-01-01", "9999-12-31", "2024-03-05T14:20+99:00", "2024-03-05 14:20 abc", "13812345678",
     5, -1, 1e300, float("inf"), True, [], {}, b"2024-03-05", dt.time(14, 20), dt.timedelta(1), "2" * 5000, "20241305", 99999],
)  # fmt: skip
def test_bad(value):
    for others in ([], ["2024-01-01"] * 70):
        times, bad = parse_dates([*others, value])
        assert pd.isna(times.iloc[-1])
        assert bad.tolist() == [False] * len(others) + [True]


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(pd.to_datetime(["2024-03-05 14:20", None])),
        pd.Series(pd.to_datetime(["2024-03-05 06:20", None])).dt.tz_localize("UTC"),
        pd.Series([1709619600.0, None]),
        pd.Series(["2024-03-05 14:20", None], dtype="string"),
        pd.Series(["2024-03-05 14:20", None], dtype="category"),
        pd.Series(["2024-03-05 14:20", None]),
        np.array(["2024-03-05T14:20", "NaT"], dtype="datetime64[ns]"),
        pd.DatetimeIndex(["2024-03-05 14:20", None]),
    ],
)
def test_columns_of_any_type(column):
    times, bad = parse_dates(column)
    assert times.dt.strftime("%F %T").tolist()[0] == FULL
    assert (times.isna().tolist(), bad.tolist()) == ([False, True], [False, False])


def test_index_is_kept_and_empty_is_empty():
    times, _ = parse_dates(pd.Series(["2024-03-05"], index=["x"]))
    assert list(times.index) == ["x"]
    for empty in ([], pd.Series([], dtype=object), pd.Series([], dtype="datetime64[ns]")):
        times, bad = parse_dates(empty)
        assert (len(times), len(bad), str(times.dtype)) == (0, 0, "datetime64[us, Asia/Shanghai]")


#: Pieces of the forms Arrow reads at once, and of some it must leave alone.
DATES = st.builds(
    "{:0{}d}{}{:0{}d}{}{:0{}d}".format,
    st.integers(0, 2105), st.sampled_from([4, 1]), st.sampled_from("-/."), st.integers(0, 13), st.sampled_from([1, 2]),
    st.sampled_from("-/"), st.integers(0, 32), st.sampled_from([1, 2]),
)  # fmt: skip
CLOCKS = st.builds(
    "{}{:0{}d}:{:02d}{}{}{}".format,
    st.sampled_from([" ", "T", "t", "  "]), st.integers(0, 25), st.sampled_from([1, 2]), st.integers(0, 61),
    st.sampled_from(["", ":0", ":07", ":59", ":60"]), st.sampled_from(["", ".5", ".123456", ".999999999", ",5"]),
    st.sampled_from(["", "Z", "z", "+08:00", "-0530", "+14:00", "+15:00", "+08:61", "+8", " +0800", " CST", "x", "\n", "\ud800"]),
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.tuples(DATES, st.one_of(st.just(""), CLOCKS)).map("".join), min_size=64, max_size=90))
def test_reading_a_column_equals_reading_one_by_one(texts):
    times, bad = parse_dates(texts)
    for text, moment, wrong in zip(texts, times, bad, strict=True):
        alone, alone_bad = parse_dates([text])
        assert (wrong, moment) == (alone_bad[0], alone[0]) or (wrong and alone_bad[0])


#: The usual form, with one character of it changed.
NEARLY_USUAL = st.builds(
    lambda moment, place, other: f"{moment[:place]}{other}{moment[place + 1 :]}",
    st.datetimes().map(lambda moment: moment.isoformat(" ", "seconds")), st.integers(0, 18), st.sampled_from("0129-/:. Tt５٣\U0010ffff"),
)  # fmt: skip


@settings(deadline=None)
@given(NEARLY_USUAL)
def test_the_usual_form_is_read_as_any_other(text):
    (alone,), (alone_bad,) = parse_dates([text])
    times, bad = parse_dates([text] * 64)
    assert bad.tolist() == [alone_bad] * 64
    assert times.isna().all() if alone_bad else (times == alone).all()


@settings(deadline=None)
@given(st.one_of(st.text(), st.text(alphabet="0123456789-/:年月日T +.Z", max_size=20), st.floats(), st.integers(), st.binary()))
def test_anything_is_read_or_bad(value):
    times, bad = parse_dates([value])
    missing = (isinstance(value, float) and np.isnan(value)) or (isinstance(value, str) and not value.strip())
    assert pd.isna(times.iloc[0]) == (bool(bad[0]) or missing)
