"""Series with their band and alerts, the rising keys side by side, and the axis of time."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.dates import date2num
from plot_tables import NAMES, SENTENCE, trend

from feedback_nlp.errors import InputError
from feedback_nlp.plots import plot_rising, plot_series
from feedback_nlp.plots.dates import date_numbers, date_ticks

pytestmark = pytest.mark.usefixtures("font")

KEY = NAMES[0]


def lines(axes):
    return {line.get_label(): line for line in axes.lines}


def alerts(axes):
    return {drawn.get_label(): drawn.get_offsets().tolist() for drawn in axes.collections if isinstance(drawn, PathCollection)}


def legend_of(owner):
    legend = owner.get_legend() if hasattr(owner, "get_legend") else owner.legends[0]
    return [text.get_text() for text in legend.get_texts()]


def test_observed_and_expected_are_drawn_over_their_dates():
    table = trend(keys=(KEY, "闪退"))
    axes = plot_series(table, key=KEY).axes[0]
    own = table[table["key"] == KEY]
    assert lines(axes)["实际"].get_xdata().tolist() == date2num(own["period"].to_numpy()).tolist()
    assert lines(axes)["实际"].get_ydata().tolist() == own["observed"].tolist()
    assert np.array_equal(lines(axes)["预期"].get_ydata(), own["expected"], equal_nan=True)
    assert axes.get_title(loc="left") == KEY


def test_alerts_are_marked_by_kind_and_shaded_since_they_began():
    axes = plot_series(trend(), key=KEY).axes[0]
    days = date2num(pd.date_range("2025-05-18", "2025-05-20").to_numpy()).tolist()
    assert alerts(axes) == {"预警（持续上升）": [[days[0], 60], [days[1], 60]], "预警（突增）": [[days[2], 60]]}
    (span,) = axes.patches
    assert (span.get_x(), span.get_x() + span.get_width()) == (days[0] - 1.5, days[-1] + 0.5)
    assert "自5月17日起" in [text.get_text() for text in axes.texts]
    assert axes.get_xlabel().replace("\n", "") == SENTENCE
    assert legend_of(axes) == ["实际", "预期", "预测区间", "预警（持续上升）", "预警（突增）"]


def test_kinds_of_others_are_written_as_they_are():
    table = trend().assign(kind="X7")
    assert set(alerts(plot_series(table, key=KEY).axes[0])) == {"预警（X7）"}
    bare = trend().drop(columns=["kind", "since", "sentence"])
    axes = plot_series(bare, key=KEY).axes[0]
    assert (set(alerts(axes)), axes.get_xlabel(), len(axes.patches), len(axes.texts)) == ({"预警"}, "", 0, 0)


def test_without_alerts_or_expectations_the_legend_names_neither():
    quiet = trend(keys=("闪退",)).assign(alert=False, expected=np.nan, low=np.nan, high=np.nan)
    assert legend_of(plot_series(quiet).axes[0]) == ["实际"]


def test_holidays_in_sight_are_shaded():
    days = ["2025-04-04", "2025-04-05", "2025-04-05", "1999-01-01", None]
    axes = plot_series(trend(), key=NAMES[1], holidays=days).axes[0]
    first = date2num(np.datetime64("2025-04-04"))
    assert [span.get_x() for span in axes.patches] == [first - 0.5, first + 0.5]
    assert "节假日" in legend_of(axes)


def test_rows_without_a_period_are_left_out_and_the_order_is_that_of_time():
    table = trend(5, keys=("闪退",))
    table.loc[2, "period"] = pd.NaT
    assert lines(plot_series(table[::-1]).axes[0])["实际"].get_ydata().tolist() == table["observed"].drop(2).tolist()
    assert plot_series(table.assign(period=pd.NaT)).axes[0].texts[0].get_text() == "没有数据"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"key": "登陆失败"}, "key: expected one of the table's 3 keys, got '登陆失败'; did you mean '登录失败'"),
        ({"key": "x"}, "key: expected one of the table's 3 keys, got 'x'$"),
        ({}, "key: expected one of the table's 3 keys, got None; pass key="),
        ({"key": KEY, "holidays": ["someday"]}, "holidays: expected dates"),
    ],
)
def test_keys_and_holidays_that_cannot_be_used(options, message):
    with pytest.raises(InputError, match=message):
        plot_series(trend(), **options)


def test_a_key_may_be_a_pair():
    pair = ("闪退", "APP")
    table = trend(keys=("闪退", "物流慢"))
    table["key"] = [pair if key == "闪退" else ("物流慢", "APP") for key in table["key"]]
    assert len(lines(plot_series(table, key=pair).axes[0])["实际"].get_xdata()) == 60


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"period": range(180)}, "period: expected dates, got numbers"),
        ({"period": "soon"}, "period: expected dates, or texts like 2025-10-01"),
        ({"alert": "yes"}, "column 'alert': expected True or False"),
        ({"observed": "x"}, "column 'observed': expected numbers"),
    ],
)
def test_columns_of_another_kind(change, message):
    for draw in (lambda table: plot_series(table, key=KEY), plot_rising):
        with pytest.raises(InputError, match=message):
            draw(trend().assign(**change))


def test_two_rows_of_a_period():
    with pytest.raises(InputError, match="expected one row for each key and period"):
        plot_series(pd.concat([trend(keys=("闪退",))] * 2))


def test_dates_of_every_kind_are_read():
    table = trend(10, keys=("闪退",))
    once = lines(plot_series(table).axes[0])["实际"].get_xdata().tolist()
    for periods in (
        table["period"].dt.tz_localize("Asia/Shanghai"),
        table["period"].dt.to_period("D"),
        table["period"].dt.date,
        table["period"].dt.strftime("%Y-%m-%d"),
    ):
        assert lines(plot_series(table.assign(period=periods)).axes[0])["实际"].get_xdata().tolist() == once


def test_the_caller_may_add_to_it_by_dates():
    figure = plot_series(trend(keys=("闪退",)))
    mark = figure.axes[0].axvline(pd.Timestamp("2025-04-01"))
    assert mark.get_xdata()[0] in (pd.Timestamp("2025-04-01"), date2num(np.datetime64("2025-04-01")))
    figure.draw_without_rendering()


def test_rising_keys_with_alerts_come_first_then_those_far_above_what_was_expected():
    table = trend(40, keys=("物流慢", "闪退", "价格贵", "退款难"))
    table = table.assign(alert=False, observed=table["expected"].fillna(5))
    last = table["period"] == table["period"].max()
    table.loc[last & (table["key"] == "闪退"), "observed"] = 90
    table.loc[last & (table["key"] == "退款难"), "observed"] = 40
    table.loc[last & (table["key"] == "价格贵"), ["observed", "alert"]] = [14, True]
    figure = plot_rising(table)
    # What is as expected does not rise.
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["价格贵", "闪退", "退款难"]
    assert [axes.get_title(loc="left") for axes in plot_rising(table, top=1).axes] == ["价格贵"]
    assert [axes.texts[-1].get_text().split("：")[0] for axes in figure.axes] == ["4月30日"] * 3
    assert figure.axes[1].texts[-1].get_text().split("：")[1].startswith("90 条，预期 ")


def test_only_the_last_periods_are_judged_and_drawn():
    table = trend(100, keys=("闪退", "物流慢"))
    table = table.assign(alert=False, observed=table["expected"].fillna(5))
    table.loc[30, ["observed", "alert"]] = [90, True]
    assert [text.get_text() for text in plot_rising(table).axes[0].texts] == ["没有上升的项"]
    (axes,) = plot_rising(table, recent=70, span=80).axes
    assert (axes.get_title(loc="left"), len(lines(axes)["实际"].get_xdata())) == ("闪退", 80)


def test_a_key_that_never_occurred_before_rises():
    table = trend(30, keys=("闪退",)).assign(expected=np.nan, low=np.nan, high=np.nan)
    (axes,) = plot_rising(table).axes
    assert axes.texts[-1].get_text() == "4月18日：60 条，预期 ?\n自4月17日起"


@pytest.mark.parametrize("option", ["top", "recent", "span"])
def test_wrong_numbers(option):
    with pytest.raises(InputError, match=f"{option}: expected a whole number of 1 or more, got 0"):
        plot_rising(trend(), **{option: 0})


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        ("2025-03-01", "2025-03-01", ["3月1日\n2025年"]),
        ("2025-03-01", "2025-03-05", ["3月1日\n2025年", "3月2日", "3月3日", "3月4日", "3月5日"]),
        # Weeks are marked at their Mondays.
        ("2024-12-20", "2025-01-14", ["12月23日\n2024年", "12月30日", "1月6日\n2025年", "1月13日"]),
        ("2024-11-15", "2025-04-15", ["12月\n2024年", "1月\n2025年", "2月", "3月", "4月"]),
        ("2023-11-15", "2026-02-15", ["1月\n2024年", "7月", "1月\n2025年", "7月", "1月\n2026年"]),
        ("2012-05-01", "2025-02-01", ["2014年", "2016年", "2018年", "2020年", "2022年", "2024年"]),
        ("2025-03-01T22:00", "2025-03-02T04:00", ["22:00\n2025年", "23:00", "3月2日", "01:00", "02:00", "03:00", "04:00"]),
    ],
)
def test_ticks_of_time(first, last, labels, font):
    from matplotlib.figure import Figure

    from feedback_nlp.plots.letters import choose_letters

    axes = Figure().add_subplot()
    hourly = "T" in first
    first, last = np.datetime64(first, "s"), np.datetime64(last, "s")
    date_ticks(axes, first, last, choose_letters([], font=None, lang="zh"), finest=1 / 24 if hourly else 1)
    assert [label.get_text() for label in axes.get_xticklabels()] == labels
    low, high = date_numbers(np.array([first, last]))
    assert all(low <= place <= high for place in axes.get_xticks())


def test_date_numbers_are_those_of_matplotlib():
    moments = np.array(["1969-12-31T12:00", "2025-03-01T06:30"], "datetime64[s]")
    assert date_numbers(moments).tolist() == date2num(moments).tolist()
