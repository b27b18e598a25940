"""Operating figures against a loop over rows; each figure's rule as a table; what must not change them."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest

from feedback_nlp.errors import InputError
from feedback_nlp.trends.operations import CHANNEL_LIMIT, COLUMNS, FIELDS, operating_figures
from feedback_nlp.trends.operations_wide import wide_figures
from feedback_nlp.trends.operations_words import FIGURES, FLAGS
from feedback_nlp.vocabulary import INPUT_COLUMNS, LEDGER_HEADERS, STATUSES, TYPES

ZONE = "Asia/Shanghai"
HEADERS = {column.name: column.header for column in INPUT_COLUMNS} | LEDGER_HEADERS


def ledger(n=400, seed=0):
    random = np.random.default_rng(seed)
    minutes = pd.to_timedelta(random.integers(0, 60 * 24 * 60, n), unit="min")
    created = pd.Series(pd.Timestamp("2025-12-15", tz=ZONE) + minutes).astype(f"datetime64[us, {ZONE}]")
    answered, solved = (created + pd.to_timedelta(random.exponential(hours * 60, n).round(), unit="min") for hours in (6, 60))
    types = random.choice(list(TYPES), n)
    frame = pd.DataFrame(
        {
            "feedback_id": [f"F{place:04d}" for place in range(n)],
            "created_at": created.mask(random.random(n) < 0.05),
            "channel": random.choice(["APP", "门店", "邮件", ""], n, p=[0.5, 0.3, 0.1, 0.1]),
            "text": random.choice(["闪退", ""], n, p=[0.9, 0.1]),
            "type": types,
            "priority": random.choice(["高", "中", "低"], n),
            "ack_due_at": created + pd.Timedelta(hours=8),
            "resolve_due_at": created + pd.Timedelta(hours=72),
            "acknowledged_at": answered.mask(random.random(n) < 0.2),
            "resolved_at": solved.mask(random.random(n) < 0.3),
            "status": random.choice([*STATUSES, "", "挂起"], n),
            "satisfaction": random.choice(["满意", "不满意", "4.5", "", "??"], n),
            "no_information": random.random(n) < 0.1,
            "reopened": random.choice(["是", "否", "", "也许"], n),
        }
    )
    frame["priority_score"] = frame["priority"].map({"高": 80.0, "中": 30.0, "低": 5.0}) + random.random(n)
    return frame


def look_up(figures):
    return {(row.period, row.figure, row.group): (row.count, row.of, row.flag) for row in figures.itertuples()}


def slow_figures(frame, form, as_of):
    """(period, figure, group) -> (count, of), a row at a time."""
    found = {}

    def add(period, figure, group, hit, base=True):
        count, of = found.get((period, figure, group), (0, 0))
        found[period, figure, group] = (count + bool(hit and base), of + bool(base))

    for row in frame.itertuples():
        period = "无日期" if pd.isna(row.created_at) else row.created_at.strftime(form)
        add(period, "volume", "", True)
        for group in ("APP", "门店", "邮件", "未注明"):
            add(period, "channel_share", group, (row.channel or "未注明") == group)
        for group, label in TYPES.items():
            add(period, "type_share", label, row.type == group)
        for group in ("高", "中", "低"):
            add(period, "priority_share", group, row.priority == group)
        for figure, when, due, evident in (
            ("response_in_time", row.acknowledged_at, row.ack_due_at, row.status in STATUSES[1:]),
            ("resolution_in_time", row.resolved_at, row.resolve_due_at, row.status in STATUSES[3:]),
        ):
            if pd.isna(when):
                add(period, figure, "", False, not evident and due < as_of)
            elif when <= as_of:
                add(period, figure, "", when <= due)
            else:
                add(period, figure, "", False, due < as_of)
        add(period, "resolved_share", "", row.status in ("已解决", "已关闭"), row.status in STATUSES)
        again = row.reopened == "是"
        add(period, "reopened_share", "", again, row.reopened != "也许" and (again or row.status in ("已解决", "已关闭")))
        add(period, "satisfied_share", "", row.satisfaction in ("满意", "4.5"), row.satisfaction in ("满意", "不满意", "4.5"))
        add(period, "invalid_share", "", row.type == "other" or row.no_information)
        for name in ("created_at", "channel", "text", "satisfaction"):
            filled = not pd.isna(getattr(row, name)) and getattr(row, name) != ""
            add(period, "completeness", HEADERS[name], filled)
            add(period, "completeness", "", filled)
    return found


@pytest.mark.parametrize(("period", "form"), [("day", "%Y-%m-%d"), ("week", "%G-W%V"), ("month", "%Y-%m")])
@pytest.mark.parametrize("as_of", ["2026-01-20 10:00", "2026-03-01 00:00"])
def test_figures_match_the_loop(period, form, as_of):
    frame = ledger()
    figures = operating_figures(frame, period=period, as_of=as_of)
    assert figures.columns.tolist() == list(COLUMNS)
    expected = slow_figures(frame, form, pd.Timestamp(as_of, tz=ZONE))
    found = {key: numbers[:2] for key, numbers in look_up(figures).items()}
    silent = {key: (0, 0) for key in found if found[key] == (0, 0)}
    assert {key: numbers for key, numbers in found.items() if key[1] != "mean_score"} == {
        key: numbers for key, numbers in {**silent, **expected}.items() if key[1] != "mean_score"
    }
    told = figures["of"] > 0
    ratio = ~figures["figure"].isin(["volume", "mean_score"])
    np.testing.assert_allclose(figures.loc[told & ratio, "value"], (figures["count"] / figures["of"].where(told))[told & ratio])
    assert figures.loc[~told & ratio, "value"].isna().all()


def test_nothing_vanishes():
    frame = ledger()
    for period in ("day", "week", "month"):
        figures = operating_figures(frame, period=period)
        for figure in ("volume", "channel_share", "type_share", "priority_share"):
            assert figures.loc[figures["figure"] == figure, "count"].sum() == len(frame)
        undated = figures[figures["period"] == "无日期"]
        assert undated["start"].isna().all()
        assert undated.iloc[0]["count"] == frame["created_at"].isna().sum() > 0
        assert (undated.iloc[0]["flag"], figures.iloc[-1]["period"]) == ("undated", "无日期")
        assert set(undated["flag"]) <= {"undated", "not_available", ""}


def test_the_order_of_rows_changes_nothing():
    frame = ledger()
    kept = frame.copy(deep=True)
    pd.testing.assert_frame_equal(operating_figures(frame), operating_figures(frame.sample(frac=1, random_state=1)))
    pd.testing.assert_frame_equal(frame, kept)


def test_chinese_headers_and_text_cells_read_the_same():
    frame = ledger()
    chinese = frame.rename(columns=HEADERS | {"acknowledged_at": "响应时间", "resolved_at": "解决时间", "reopened": "是否重开"})
    times = ["反馈时间", "响应期限", "解决期限", "响应时间", "解决时间"]
    chinese[times] = chinese[times].apply(lambda column: column.dt.strftime("%Y-%m-%d %H:%M:%S").fillna(""))
    pd.testing.assert_frame_equal(operating_figures(chinese.astype("str")), operating_figures(frame))


def test_a_whole_is_the_sum_of_its_days():
    frame = ledger()
    days, months = (operating_figures(frame, period=period, as_of="2026-03-01") for period in ("day", "month"))
    days = days.assign(period=days["period"].str.slice(0, 7))
    keys = ["period", "figure", "group"]
    pd.testing.assert_series_equal(days.groupby(keys)["of"].sum(), months.groupby(keys)["of"].sum())
    pd.testing.assert_series_equal(days.groupby(keys)["count"].sum(), months.groupby(keys)["count"].sum())


def rows(*times, **columns):
    return pd.DataFrame({"created_at": list(times), "text": "x", **columns})


def only(figures, figure, group="", period=None):
    found = figures[(figures["figure"] == figure) & (figures["group"] == group)]
    found = found if period is None else found[found["period"] == period]
    return found.iloc[0]


def test_periods_are_those_of_shanghai():
    frame = rows("2026-01-31T15:59:59Z", "2026-01-31T16:00:00Z", "2026-03-01 00:00", "2026-02-28 23:59:59")
    figures = operating_figures(frame, period="month")
    volume = figures[figures["figure"] == "volume"]
    assert dict(zip(volume["period"], volume["count"], strict=True)) == {"2026-01": 1, "2026-02": 2, "2026-03": 1}
    assert volume["end"].dt.strftime("%Y-%m-%d").tolist() == ["2026-01-31", "2026-02-28", "2026-03-31"]


def test_channels_over_the_limit_and_silent_ones():
    frame = rows(*["2026-01-05"] * 5, *["2026-01-14"] * 2, channel=["APP", "APP", "门店", "邮件", "", "APP", "门店"])
    figures = operating_figures(frame, known_channels=["APP", "短信", "邮件"])
    found = {
        (row.period, row.group): (row.count, row.of, row.flag, row.note)
        for row in figures[figures["figure"] == "channel_share"].itertuples()
    }
    assert found == {
        # Two of five are 40 %, which is not over it.
        ("2026-W02", "APP"): (2, 5, "", ""),
        ("2026-W02", "门店"): (1, 5, "", ""),
        ("2026-W02", "邮件"): (1, 5, "", ""),
        ("2026-W02", "短信"): (0, 5, "silent", "本期无反馈"),
        ("2026-W02", "未注明"): (1, 5, "", ""),
        ("2026-W03", "APP"): (1, 2, "over_limit", "占比超过 40%"),
        ("2026-W03", "门店"): (1, 2, "over_limit", "占比超过 40%"),
        ("2026-W03", "邮件"): (0, 2, "silent", "本期无反馈"),
        ("2026-W03", "短信"): (0, 2, "silent", "本期无反馈"),
        ("2026-W03", "未注明"): (0, 2, "", ""),
    }
    every = operating_figures(frame, channel_limit=0.5)
    assert "over_limit" not in set(every["flag"])
    # Not known: every channel that occurs at all.
    assert every.loc[every["flag"] == "silent", ["period", "group"]].values.tolist() == [["2026-W03", "邮件"]]


def test_items_without_a_channel_are_no_channel():
    figures = operating_figures(rows(*["2026-01-05"] * 3, channel=["", None, "APP"]))
    assert only(figures, "channel_share", "未注明")[["count", "of", "flag"]].tolist() == [2, 3, ""]


DUE = "2026-01-05 10:00"


@pytest.mark.parametrize(
    ("happened", "status", "as_of", "count", "of", "note"),
    [
        ("2026-01-05 09:00", "处理中", "2026-01-06", 1, 1, ""),
        (DUE, "处理中", "2026-01-06", 1, 1, ""),
        ("2026-01-05 10:01", "处理中", "2026-01-06", 0, 1, ""),
        # Not there, and due: late. Not yet due: not counted.
        (None, "待分析", "2026-01-06", 0, 1, ""),
        (None, "待分析", DUE, 0, 0, "另有 1 条尚未到期，未计入"),
        # It happened after the clocks were read.
        ("2026-01-07", "处理中", "2026-01-06", 0, 1, ""),
        ("2026-01-05 09:00", "处理中", "2026-01-05 08:00", 0, 0, "另有 1 条尚未到期，未计入"),
        # The status says that it happened, nothing says when.
        (None, "已关闭", "2026-01-06", 0, 0, "另有 1 条已处理但无时间，未计入"),
    ],
)
@pytest.mark.parametrize("figure", ["response_in_time", "resolution_in_time"])
def test_clocks(figure, happened, status, as_of, count, of, note):
    names = {"response_in_time": ("响应时间", "ack_due_at"), "resolution_in_time": ("解决时间", "resolve_due_at")}[figure]
    frame = rows("2026-01-05 08:00", **dict(zip(names, ([happened], [DUE]), strict=True)), status=[status])
    found = only(operating_figures(frame, as_of=as_of), figure)
    assert (found["count"], found["of"], found["note"]) == (count, of, note)


def test_a_status_in_progress_says_nothing_about_the_solution():
    frame = rows("2026-01-05 08:00", resolved_at=[None], resolve_due_at=[DUE], status=["处理中"])
    assert only(operating_figures(frame, as_of="2026-01-06"), "resolution_in_time")[["count", "of"]].tolist() == [0, 1]


def test_the_clocks_are_read_at_the_last_time_of_the_ledger():
    frame = rows("2026-01-05 08:00", "2026-01-05 09:00", ack_due_at=DUE, acknowledged_at=[None, "2026-01-05 09:30"])
    assert only(operating_figures(frame), "response_in_time")["of"] == 1
    frame.loc[1, "acknowledged_at"] = "2026-01-05 10:30"
    assert only(operating_figures(frame), "response_in_time")[["count", "of"]].tolist() == [0, 2]

    del frame["acknowledged_at"]
    solved = frame.assign(resolve_due_at=DUE, resolved_at=[None, "2026-01-05 10:30"])
    assert only(operating_figures(solved), "resolution_in_time")[["count", "of"]].tolist() == [0, 2]


def test_what_a_ledger_does_not_hold_is_not_available():
    figures = operating_figures(rows("2026-01-05"))
    absent = figures[figures["flag"] == "not_available"]
    assert set(FIGURES) - set(absent["figure"]) == {"volume"}
    assert (absent["value"].isna() & (absent["count"] == 0) & (absent["of"] == 0)).all()
    assert only(figures, "response_in_time")["note"] == "台账没有「响应时间、响应期限」列，无法计算"
    assert only(figures, "completeness", "渠道")["note"] == "台账没有「渠道」列，无法计算"
    assert only(figures, "reopened_share")["note"] == "台账没有「是否重开、状态历史」列，无法计算"
    english = operating_figures(rows("2026-01-05"), lang="en")
    assert only(english, "response_in_time")["note"] == "the ledger has no column acknowledged_at, ack_due_at: not available"


def test_without_a_status_reopened_is_of_all_items():
    frame = rows(*["2026-01-05"] * 4, reopened=[1, 0, None, 2])
    assert only(operating_figures(frame), "reopened_share")[["count", "of"]].tolist() == [2, 4]


def test_mean_score_and_unread_answers():
    frame = rows(*["2026-01-05"] * 5, satisfaction=["5", "一般", None, "糟", "4分"])
    figures = operating_figures(frame)
    mean, share = only(figures, "mean_score"), only(figures, "satisfied_share")
    assert mean[["value", "count", "of"]].tolist() == [4.0, 3, 3]
    assert share[["count", "of", "note"]].tolist() == [2, 3, "另有 1 条的值无法识别，未计入"]
    nobody = only(operating_figures(rows("2026-01-05", satisfaction=[None])), "mean_score")
    assert (math.isnan(nobody["value"]), nobody["of"]) == (True, 0)


@pytest.mark.parametrize(
    ("columns", "count", "note"),
    [
        ({"type": ["other", "defect", "defect"], "no_information": [False, True, False]}, 2, ""),
        ({"type_label": ["其他无效", "产品故障", "产品故障"], "no_information": ["True", "False", "False"]}, 1, ""),
        ({"type": ["other", "defect", "other"]}, 2, "仅按「类型代码」列统计"),
        ({"no_information": [True, False, False]}, 1, "仅按「无有效信息」列统计"),
    ],
)
def test_invalid_feedback(columns, count, note):
    found = only(operating_figures(rows(*["2026-01-05"] * 3, **columns)), "invalid_share")
    assert found[["count", "of", "note"]].tolist() == [count, 3, note]


def test_completeness_of_chosen_fields():
    frame = rows(*["2026-01-05"] * 4, channel=["APP", "", None, " "], owner=["甲"] * 4)
    figures = operating_figures(frame, fields=["channel", "owner", "result"])
    found = {row.group: (row.count, row.of) for row in figures[figures["figure"] == "completeness"].itertuples()}
    assert found == {"": (5, 8), "渠道": (1, 4), "负责人": (4, 4), "处理结果": (0, 0)}


def test_groups_and_their_order():
    frame = rows(*["2026-01-05"] * 4, priority=["低", "高", "", "中"], priority_score=[1, 90, 3, 40], type=["defect", "新类", "", "praise"])
    figures = operating_figures(frame)
    assert figures.loc[figures["figure"] == "priority_share", "group"].tolist() == ["高", "中", "低", "未注明"]
    assert figures.loc[figures["figure"] == "type_share", "group"].tolist() == [*TYPES.values(), "新类", "未注明"]
    english = operating_figures(frame, lang="en")
    assert english.loc[english["figure"] == "type_share", "group"].tolist() == [*TYPES, "新类", "unspecified"]
    assert figures["figure"].drop_duplicates().tolist() == list(FIGURES)


def test_silent_periods_and_the_one_that_is_not_over():
    figures = operating_figures(rows("2026-01-05", "2026-01-19", channel="APP"), as_of="2026-01-28 09:00")
    volume = figures[figures["figure"] == "volume"]
    assert volume["period"].tolist() == ["2026-W02", "2026-W03", "2026-W04", "2026-W05"]
    assert volume["count"].tolist() == [1, 0, 1, 0]
    assert volume["flag"].tolist() == ["", "", "", "incomplete"]
    assert figures.loc[figures["flag"] == "silent", "period"].tolist() == ["2026-W03", "2026-W05"]
    assert only(figures, "channel_share", "APP", "2026-W03")[["count", "of"]].tolist() == [0, 0]
    sunday = operating_figures(rows("2026-01-05", "2026-01-18 01:00"))
    assert "incomplete" not in set(sunday["flag"])


@pytest.mark.parametrize("frame", [ledger().head(0), pd.DataFrame({"text": []}), ledger().head(1), rows(None, None)])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_edges(frame, lang):
    figures = operating_figures(frame, lang=lang)
    assert figures.columns.tolist() == list(COLUMNS)
    assert figures.dtypes.astype(str).to_dict() == {
        **dict.fromkeys(COLUMNS, "str"),
        **dict.fromkeys(("start", "end"), "datetime64[s]"),
        **dict.fromkeys(("count", "of"), "int64"),
        "value": "float64",
    }
    assert figures.loc[figures["figure"] == "volume", "count"].sum() == len(frame)
    assert len(wide_figures(figures, lang=lang)) == figures["period"].nunique()


def test_the_report_for_people():
    frame = rows(*["2026-01-05"] * 5, None, channel=["APP"] * 3 + ["门店"] * 3, satisfaction=["5", "1", "4", "", "", "5"], status="已关闭")
    report = wide_figures(operating_figures(frame, as_of="2026-01-07", known_channels=["短信"]))
    first, last = report.iloc[0], report.iloc[1]
    assert report.columns.tolist()[:4] == ["周期", "开始", "结束", "反馈量"]
    assert first[["周期", "开始", "结束", "反馈量"]].tolist() == ["2026-W02", "2026-01-05", "2026-01-11", 5]
    assert first[["渠道占比·APP", "渠道占比·短信", "满意率", "平均评分", "解决率"]].tolist() == [
        *("60.0%（3/5）", "0.0%（0/5）", "66.7%（2/3）", "3.33（3 个回答）", "100.0%（5/5）"),
    ]
    assert first["响应及时率"] == "—"
    assert first["提示"] == "本期尚未结束；APP：占比超过 40%；短信：本期无反馈"
    assert last[["周期", "开始", "反馈量", "提示"]].tolist() == ["无日期", "", 1, "这些反馈没有可用的反馈时间，不属于任何一期"]
    assert "信息完整率·渠道" not in report
    assert wide_figures(operating_figures(frame), fields=True)["信息完整率·渠道"].tolist() == ["100.0%（5/5）", "100.0%（1/1）"]


def test_every_flag_and_figure_has_a_name():
    figures = operating_figures(ledger(), as_of="2026-02-11", known_channels=["短信"])
    assert set(figures["flag"]) - {""} == set(FLAGS)
    assert set(figures["figure"]) == set(FIGURES)
    assert 0 < CHANNEL_LIMIT < 1
    assert {"feedback_id", "status"}.isdisjoint(FIELDS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"period": "year"}, "period: expected one of day, week, month, got 'year'"),
        ({"lang": "fr"}, "unknown language 'fr'"),
        ({"channel_limit": 0}, "channel_limit: expected a share"),
        ({"channel_limit": 40}, "channel_limit: expected a share"),
        ({"known_channels": "APP"}, "got one string"),
        ({"fields": ["渠道"]}, r"fields: expected columns of the record .*, got '渠道'"),
        ({"as_of": "later"}, "as_of: expected a date or a time, got 'later'"),
    ],
)
def test_errors(options, message):
    with pytest.raises(InputError, match=message):
        operating_figures(ledger(5), **options)


def test_errors_of_the_report():
    with pytest.raises(InputError, match="expected the columns period, start"):
        wide_figures(pd.DataFrame({"period": []}))
    with pytest.raises(InputError, match="unknown language 'fr'"):
        wide_figures(operating_figures(ledger(5)), lang="fr")


def test_as_of_may_be_any_form_of_a_time():
    frame = ledger(50)
    forms = ["2026-02-11", dt.date(2026, 2, 11), pd.Timestamp("2026-02-10T16:00Z"), np.datetime64("2026-02-11T00:00")]
    found = [operating_figures(frame, as_of=form) for form in forms]
    for other in found[1:]:
        pd.testing.assert_frame_equal(found[0], other)
