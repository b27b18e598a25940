"""The parts of a report on their own: when, what is late, what is marked, how items divide, and all words in both languages."""

import itertools
import re
from importlib import resources

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback_nlp.errors import InputError
from feedback_nlp.ledger.rising import DIMENSIONS
from feedback_nlp.report import showing
from feedback_nlp.report.cells import breadth, lines_of
from feedback_nlp.report.curves import rising_topics
from feedback_nlp.report.headlines import headline
from feedback_nlp.report.marks import phrase_spans, pieces, urgent_spans
from feedback_nlp.report.moments import make_periods, period_label, reading_moment
from feedback_nlp.report.overdue import CLOCKS, find_overdue
from feedback_nlp.report.sections import heat_style
from feedback_nlp.report.tables import split_by
from feedback_nlp.report.urgent import split_reasons
from feedback_nlp.report.words import ENGLISH, asset, words_of
from feedback_nlp.scorer.scorer import BatchScorer
from feedback_nlp.trends.sentences import KINDS
from feedback_nlp.vocabulary import INPUT_COLUMNS, SENTIMENTS, STATUSES, TYPES

ZONE = "Asia/Shanghai"


def days(*texts):
    return np.array(texts, dtype="datetime64[D]")


@pytest.mark.parametrize(
    ("given", "unit", "labels", "place", "outside"),
    [
        ([], "day", [], [], 0),
        (["NaT"], "day", [], [-1], 0),
        (["2026-02-27", "NaT", "2026-03-01"], "day", ["2026-02-27", "2026-02-28", "2026-03-01"], [0, -1, 2], 0),
        # 63 days are weeks, from Monday.
        (
            ["2026-01-01", "2026-03-04"],
            "week",
            ["2025-12-29", *(str(day) for day in np.arange("2026-01-05", "2026-03-03", 7, dtype="datetime64[D]"))],
            [0, 9],
            0,
        ),
        (
            ["2025-01-31", "2025-09-10", "2026-02-28"],
            "month",
            [*(f"2025-{month:02}" for month in range(1, 13)), "2026-01", "2026-02"],
            [0, 8, 13],
            0,
        ),
        # More than three years back is history.
        (["2019-05-05", "2026-01-01", "2026-01-02"], "day", ["2026-01-01", "2026-01-02"], [-1, 0, 1], 1),
    ],
)
def test_periods(given, unit, labels, place, outside):
    periods = make_periods(np.array(given, dtype="datetime64[D]"))
    assert periods.unit == unit and periods.place.tolist() == place and periods.outside == outside
    assert [period_label(start, unit) for start in periods.starts] == labels


@given(
    st.lists(st.dates(min_value=pd.Timestamp("2020-01-01").date(), max_value=pd.Timestamp("2026-12-31").date()), min_size=1, max_size=50)
)
def test_every_day_is_in_the_period_it_is_in(dates):
    found = np.array(dates, dtype="datetime64[D]")
    periods = make_periods(found)
    ends = [*periods.starts[1:], np.datetime64("2100-01-01")]
    for day, place in zip(found, periods.place, strict=True):
        assert place < 0 or periods.starts[place] <= day < ends[place]
    assert (periods.place < 0).sum() == periods.outside and len(periods.starts) <= 62


def test_a_wrong_date_is_in_no_period():
    many = np.repeat(days("2026-01-01", "2026-01-05"), 100)
    periods = make_periods(np.append(many, days("2099-01-01")))
    assert periods.starts[-1] == np.datetime64("2026-01-05") and periods.outside == 1
    assert make_periods(days("2026-01-05", "2026-01-20")).starts[-1] == np.datetime64("2026-01-20")
    assert not len(make_periods(days("NaT")).starts)


@pytest.mark.parametrize(
    ("as_of", "stated", "expected"),
    [
        (None, None, "2026-03-02 18:00"),
        (None, "2026-04-01 09:00", "2026-04-01 09:00"),
        ("2026-05-01", "2026-04-01", "2026-05-01 00:00"),
        (pd.Timestamp("2026-05-01 00:00", tz="UTC"), None, "2026-05-01 08:00"),
    ],
)
def test_when_deadlines_are_read(as_of, stated, expected):
    ledger = pd.DataFrame({"created_at": pd.to_datetime(["2026-03-02 18:00", "2026-03-01 20:00", None]).tz_localize(ZONE)})
    assert showing.moment(reading_moment(ledger, as_of, stated)) == expected


def test_nothing_dated_has_no_moment():
    assert reading_moment(pd.DataFrame({"text": ["a"]}), None, None) is None
    with pytest.raises(InputError, match="as_of: expected a time"):
        reading_moment(pd.DataFrame({"text": ["a"]}), "soon", None)


OVERDUE = [
    # status, ack, interim, resolve (hours before the moment; None: no deadline), clocks that are late
    ("待分析", 1, None, None, ["响应"]),
    ("待分析", 0, None, None, []),
    ("待分析", -1, -1, -1, []),
    ("待分析", 5, 3, 2, ["响应", "方案", "解决"]),
    ("处理中", 5, 3, -2, ["方案"]),
    ("已解决", 5, 3, 2, []),
    ("已关闭", 5, 3, 2, []),
    (None, 5, None, None, ["响应"]),
    ("等配件", 5, None, 2, ["解决"]),
]


def test_what_is_overdue():
    moment = pd.Timestamp("2026-03-05 12:00", tz=ZONE)
    columns = {"ack_due_at": 1, "interim_due_at": 2, "resolve_due_at": 3}
    due = {
        name: pd.Series([pd.NaT if row[place] is None else moment - pd.Timedelta(hours=row[place]) for row in OVERDUE]).dt.tz_convert(ZONE)
        for name, place in columns.items()
    }
    ledger = pd.DataFrame({"status": [row[0] for row in OVERDUE], "priority": "中", **due})
    found = find_overdue(ledger, ["高", "中"], moment)
    for number, row in enumerate(OVERDUE):
        assert [clock for clock in CLOCKS.values() if found.late[clock][number]] == row[4], row
    assert found.rows.tolist() == [number for number, row in enumerate(OVERDUE) if row[4]] and found.items == len(found.rows)
    assert found.counts["响应"].tolist() == [0, 3] and found.open == 7 and not found.untouched
    assert found.hours[3] == 5 and found.hours[4] == 3
    later = find_overdue(ledger, ["高", "中"], moment + pd.Timedelta(days=400))
    assert set(found.rows) <= set(later.rows) and all((later.late[clock] >= found.late[clock]).all() for clock in CLOCKS.values())


def test_without_a_moment_nothing_is_overdue(analysis):
    found = find_overdue(analysis.ledger, ["高", "中", "低"], None)
    assert found.items == 0 and found.with_deadline == 0 and found.untouched


@pytest.mark.parametrize(
    ("sentence", "parts", "rest"),
    [
        ("紧急程度高（+31.2）、强烈负面（+22）；评为高优先级。", [("紧急程度高", "31.2"), ("强烈负面", "22")], "评为高优先级。"),
        (
            "触发规则「人身安全」（+38）；评为高优先级；相同内容共 3 条。",
            [("触发规则「人身安全」", "38")],
            "评为高优先级；相同内容共 3 条。",
        ),
        ("没有明显的升级因素；评为低优先级。", [], "没有明显的升级因素；评为低优先级。"),
        ("主题「甲、乙」突增（+3）；评为低优先级。", [("主题「甲、乙」突增", "3")], "评为低优先级。"),
        ("", [], ""),
        ("自己写的", [], "自己写的"),
    ],
)
def test_reasons_in_parts(sentence, parts, rest):
    found, left = split_reasons(sentence)
    assert [part[:2] for part in found] == parts and left == rest
    assert all(0.15 <= depth <= 1 for *_, depth in found)


def test_the_reasons_of_a_real_ledger_all_come_apart(analysis):
    for sentence in analysis.ledger["reasons"]:
        parts, rest = split_reasons(sentence)
        written = "、".join(f"{name}（+{points}）" for name, points, _ in parts)
        assert (f"{written}；{rest}" if parts else rest) == sentence
        assert bool(parts) == ("（+" in sentence)


@given(st.text("ab甲乙、", max_size=60), st.lists(st.text("ab甲乙", max_size=3), max_size=6), st.integers(1, 30))
def test_pieces_are_the_text(text, phrases, length):
    spans = phrase_spans(text, phrases)
    assert all(text[first:last] in phrases for first, last in spans)
    assert all(one[1] <= two[0] for one, two in itertools.pairwise(spans))
    whole = pieces(text, spans, len(text) + 1)
    assert "".join(piece for piece, _ in whole) == text
    assert [piece for piece, marked in whole if marked] == [text[first:last] for first, last in spans]
    shown = "".join(piece for piece, _ in pieces(text, spans, length))
    assert len(shown) <= length + 2 and shown.strip("…") in text


def test_an_excerpt_shows_the_mark_that_is_far_away():
    text = "前" * 500 + "起火" + "后" * 500
    shown = pieces(text, [(500, 502)], 100)
    assert ("起火", True) in shown and shown[0] == ("…", False) and shown[-1] == ("…", False)


def test_urgent_words_are_marked():
    text = "昨天收到的，包装不错。扫地机在基站充电的时候起火了！！墙面熏黑一大片。"
    marked = "".join(text[first:last] for first, last in urgent_spans(text, BatchScorer.load()))
    assert "起火" in marked and "收到" not in marked and "包装" not in marked


@pytest.mark.parametrize("text", ["", "。。。", "👍", "a" * 5000])
def test_marks_of_odd_texts(text):
    assert all(0 <= first < last <= len(text) for first, last in urgent_spans(text, BatchScorer.load()))


def test_a_split():
    ledger = pd.DataFrame({"channel": ["b", "a", "b", None, "", "c"], "priority": ["高", "中", "中", "高", "高", "中"]})
    split, chart = split_by(ledger, "channel", ["高", "中"], str)
    assert [(name, n) for name, n, *_ in split.rows] == [("b", 2), ("a", 1), ("c", 1)] and split.named == 4 and split.others == 0
    assert split.rows[0][2:] == (0.5, 0.5) and [series["values"] for series in chart["series"]] == [[1, 0, 0], [1, 1, 1]]
    many = pd.DataFrame({"channel": [f"{number:02}" for number in range(30)], "priority": "高"})
    assert split_by(many, "channel", ["高"], str)[0].others == 18 and split_by(many, "product", ["高"], str)[1] is None


def test_rising_topics_of_the_sample(analysis):
    found = rising_topics(analysis.trends, str)
    names = {(line.noun, line.key) for line in found.lines}
    assert ("主题", "登录失败") in names and found.lines[0].ongoing
    assert [line.ongoing for line in found.lines] == sorted((line.ongoing for line in found.lines), reverse=True)
    alerts = analysis.trends[analysis.trends["alert"]]
    assert len(found.lines) + found.more + found.earlier == len(alerts[["dimension", "key"]].drop_duplicates())
    for line in found.lines:
        own = alerts[(alerts["key"] == line.key) & (alerts["dimension"].map(DIMENSIONS) == line.noun)]
        assert line.peak == own["observed"].max() and line.days == len(own)
    assert [chart["id"] for chart in found.charts] == [line.curve for line in found.lines if line.curve]


def test_old_alerts_are_only_counted(analysis):
    trends = analysis.trends
    later = trends[trends["period"] == trends["period"].max()].assign(period=trends["period"].max() + np.timedelta64(200, "D"), alert=False)
    found = rising_topics(pd.concat([trends, later]), str)
    assert found.lines == [] and found.charts == [] and found.earlier > 0


def test_headline(analysis):
    ledger = analysis.ledger
    figures = headline(analysis, ["高", "中", "低"], find_overdue(ledger, ["高", "中", "低"], None), rising_topics(analysis.trends, str))
    assert figures.urgent == (ledger["priority"] == "高").sum() and figures.negative == (ledger["sentiment"] < 0).sum()
    assert figures.strong == (ledger["sentiment"] == -2).sum() and figures.items == len(ledger)


@pytest.mark.parametrize(
    ("function", "value", "expected"),
    [
        (showing.percent, 0, "0%"),
        (showing.percent, 0.004, "0.4%"),
        (showing.percent, 0.0996, "10%"),
        (showing.percent, 1.0, "100%"),
        (showing.percent, float("nan"), "—"),
        (showing.signed, 0.001, "0"),
        (showing.signed, -0.5, "−0.50"),
        (showing.signed, None, "—"),
        (showing.count, 1234567, "1,234,567"),
        (showing.count, pd.NA, "—"),
        (showing.moment, pd.Timestamp("2026-01-01", tz="UTC"), "2026-01-01 08:00"),
        (showing.moment, pd.NaT, ""),
        (showing.span, 0.2, (1, "小时")),
        (showing.span, 47.9, (47, "小时")),
        (showing.span, 49, (2, "天")),
        (showing.clean_text, None, ""),
        (showing.clean_text, "a\x00\ud800b\n", "a\ufffd\ufffdb\n"),
        (heat_style, 0.0, "background:rgba(47,115,179,0.00)"),
        (heat_style, -1.0, "background:rgba(165,54,42,0.65)"),
        (breadth, "ab中文", 6),
    ],
)
def test_how_values_are_shown(function, value, expected):
    assert function(value) == expected


@pytest.mark.parametrize(("text", "lines"), [("", 1), ("中" * 10, 1), ("中" * 11, 2), ("a\nb\n", 3), (5, 1), (None, 1)])
def test_lines_of_a_cell(text, lines):
    assert lines_of(text, 20) == lines


def written_words():
    """Every Chinese word the templates and modules of the package look up."""
    sources = [path.read_text(encoding="utf-8") for path in resources.files("feedback_nlp.report").iterdir() if path.name.endswith(".py")]
    found = {
        match[1]
        for source in [*sources, asset("report.html.jinja")]
        for match in re.findall(r"(?<![\w.])(?:_|words)\(([\"'])(.*?)\1\)", source)
    }
    return {word.encode().decode("unicode_escape") if "\\" in word else word for word in found}


def test_every_word_has_its_english():
    english = words_of("en")
    words = written_words()
    assert len(words) > 120
    words |= {*TYPES.values(), *SENTIMENTS.values(), *STATUSES, *CLOCKS.values(), *DIMENSIONS.values(), *KINDS.values()}
    words |= {column.header for column in INPUT_COLUMNS}
    assert sorted(word for word in words if english(word) == word) == []
    assert not re.search(r"[\u4e00-\u9fff]", "".join(english(word) for word in words))


def test_translations_keep_their_blanks():
    english = words_of("en")
    for word in written_words():
        assert set(re.findall(r"\{\w+\}", word)) >= set(re.findall(r"\{\w+\}", english(word))), word


def test_words_that_are_not_there_stay_as_they_are():
    assert words_of("en")("扫地机器人") == words_of("zh")("扫地机器人") == "扫地机器人" and ENGLISH.endswith(".toml")
    with pytest.raises(InputError, match="unknown lang 'xx'"):
        words_of("xx")
