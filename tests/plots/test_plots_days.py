"""The calendar: every day once, under its month and beside its weekday, as a slow oracle places it."""

import datetime

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import QuadMesh
from plot_tables import trend

from feedback_nlp.errors import InputError
from feedback_nlp.plots import plot_calendar

pytestmark = pytest.mark.usefixtures("font")


def table_of(first, last):
    days = pd.date_range(first, last)
    return pd.DataFrame({"period": days, "observed": np.arange(len(days)) + 1.0})


def squares(axes):
    (mesh,) = (drawn for drawn in axes.collections if isinstance(drawn, QuadMesh))
    return mesh.get_array().filled(np.nan)


def panels(figure):
    return [axes for axes in figure.axes if any(isinstance(drawn, QuadMesh) for drawn in axes.collections) and len(axes.get_yticks()) == 7]


def found_in(axes):
    """(weekday, week) -> count, as drawn."""
    cells = squares(axes)
    return {(int(row), int(week)): cells[row, week] for row, week in np.argwhere(~np.isnan(cells))}


def oracle(table, first):
    """(weekday, week) -> count, counting weeks day by day from the Monday on or before ``first``."""
    monday = first - datetime.timedelta(days=first.weekday())
    return {(day.weekday(), (day - monday).days // 7): count for day, count in zip(table["period"].dt.date, table["observed"], strict=True)}


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2025-03-03", "2025-03-09"),
        ("2025-03-09", "2025-03-10"),
        ("2024-02-28", "2024-03-01"),
        ("2024-11-06", "2025-09-30"),
        ("1969-12-25", "1970-01-08"),
    ],
)
def test_each_day_stands_in_its_week(first, last):
    table = table_of(first, last)
    (axes,) = panels(plot_calendar(table))
    assert found_in(axes) == oracle(table, table["period"].dt.date[0])
    assert [label.get_text() for label in axes.get_yticklabels()] == list("一二三四五六日")


def test_more_than_a_year_has_a_row_a_year():
    table = table_of("2024-11-06", "2026-02-01")
    rows = panels(plot_calendar(table))
    assert [axes.get_title(loc="left") for axes in rows] == ["2024年", "2025年", "2026年"]
    for axes, year in zip(rows, (2024, 2025, 2026), strict=True):
        found, own = squares(axes), table[table["period"].dt.year == year]
        assert {(int(row), int(week)): found[row, week] for row, week in np.argwhere(~np.isnan(found))} == oracle(
            own, datetime.date(year, 1, 1)
        )
    # The same months stand below each other.
    assert len({axes.get_xlim() for axes in rows}) == 1


def test_years_without_a_day_have_no_row():
    table = pd.concat([table_of("2020-05-01", "2020-05-03"), table_of("2025-05-01", "2025-05-03")])
    assert [axes.get_title(loc="left") for axes in panels(plot_calendar(table))] == ["2020年", "2025年"]


def test_months_are_named_once():
    (axes,) = panels(plot_calendar(table_of("2024-11-06", "2025-03-20")))
    assert [label.get_text() for label in axes.get_xticklabels()] == ["11月\n2024年", "12月", "1月\n2025年", "2月", "3月"]
    (axes,) = panels(plot_calendar(table_of("2024-11-06", "2025-01-20"), lang="en"))
    assert [label.get_text() for label in axes.get_xticklabels()] == ["Nov\n2024", "Dec", "Jan\n2025"]


def test_hours_and_keys_of_a_day_are_summed_unless_one_is_chosen():
    table = trend(48, keys=("闪退", "物流慢"), freq="h", start="2025-03-03")
    (axes,) = panels(plot_calendar(table))
    assert squares(axes)[:2, 0].tolist() == table.groupby(table["period"].dt.date)["observed"].sum().tolist()
    figure = plot_calendar(table, key="物流慢")
    own = table[table["key"] == "物流慢"]
    assert squares(panels(figure)[0])[:2, 0].tolist() == own.groupby(own["period"].dt.date)["observed"].sum().tolist()
    assert figure.get_suptitle() == "每日反馈量：物流慢"


def test_short_calendars_have_their_numbers():
    (axes,) = panels(plot_calendar(table_of("2025-03-03", "2025-03-05")))
    assert [text.get_text() for text in axes.texts] == ["1", "2", "3"]
    assert not panels(plot_calendar(table_of("2025-03-03", "2025-12-05")))[0].texts


def test_days_without_a_row_are_outlined_and_those_with_an_alert_framed():
    table = table_of("2025-03-03", "2025-03-12").assign(alert=False).drop(index=[2, 3])
    table.loc[5, "alert"] = True
    figure = plot_calendar(table)
    (axes,) = panels(figure)
    assert [(round(patch.get_x()), round(patch.get_y())) for patch in axes.patches] == [(0, 2), (0, 3), (0, 5)]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["预警", "无记录"]
    assert not plot_calendar(table_of("2025-03-03", "2025-03-12")).legends


def test_a_single_burst_does_not_pale_all_other_days():
    table = table_of("2025-01-01", "2025-12-31").assign(observed=10.0)
    table.loc[100, "observed"] = 1000
    (axes,) = panels(plot_calendar(table))
    assert axes.collections[0].norm.vmax == 10
    table.loc[100, "observed"] = 15
    (axes,) = panels(plot_calendar(table))
    assert axes.collections[0].norm.vmax == 15


def test_nothing_counted():
    table = table_of("2025-01-01", "2025-01-31")
    assert plot_calendar(table.assign(observed=np.nan)).axes[0].texts[0].get_text() == "没有数据"
    (axes,) = panels(plot_calendar(table.assign(observed=0)))
    assert (axes.collections[0].norm.vmin, axes.collections[0].norm.vmax) == (0, 1)


def test_a_key_that_is_not_there():
    with pytest.raises(InputError, match="plot_calendar: expected the columns key, period, observed; missing: key"):
        plot_calendar(table_of("2025-01-01", "2025-01-31"), key="闪退")
    with pytest.raises(InputError, match="got '闪腿'; did you mean '闪退'"):
        plot_calendar(trend(keys=("闪退", "物流慢")), key="闪腿")
