"""The sample that ships, and the ledger made of it: what a newcomer sees first has to make sense."""

import re

import pandas as pd
import pytest

import feedback_nlp
from feedback_nlp.ledger.settings import shipped

SAMPLE = shipped("policies")["handling-measures"].parents[1] / "sample.csv"
LOGIN = re.compile("登录|登陆|登不|登都|登入|(?<!攀)登上")


@pytest.fixture(scope="module")
def sample():
    return pd.read_csv(SAMPLE, dtype=str, keep_default_na=False, parse_dates=["反馈时间"])


@pytest.fixture(scope="module")
def analysis():
    return feedback_nlp.analyze(SAMPLE)


def test_size_and_variety(sample):
    assert len(sample) >= 300
    assert sample["反馈编号"].is_unique
    days = sample["反馈时间"].dt.normalize()
    assert (days.max() - days.min()).days >= 6 * 7 - 2
    assert days.nunique() >= 35
    assert sample["渠道"].nunique() >= 5 and sample["产品"].nunique() >= 3
    assert (sample["渠道"].value_counts(normalize=True) <= 0.4).all()  # document 1


def test_one_burst_about_login(sample):
    about = sample[sample["问题描述"].str.contains(LOGIN)]
    daily = about.groupby(about["反馈时间"].dt.date).size()
    assert (daily > 10).sum() == 1  # document 0
    assert str(daily.idxmax()) == "2026-10-12"


def test_no_real_person(sample):
    """Every number is of a shape that is masked, every address of a domain nobody can own (RFC 2606)."""
    texts = "\n".join(sample["问题描述"]) + "\n".join(sample["联系方式"])
    assert set(re.findall(r"@([\w.-]+)", "\n".join(re.findall(r"[\w.]+@[\w.-]+", texts)))) <= {"example.com", "example.net", "example.org"}


def test_the_whole_sample_becomes_a_ledger(sample, analysis):
    assert len(analysis.ledger) + len(analysis.quarantine) == len(sample)
    assert len(analysis.quarantine) <= 5
    counts = analysis.summary["priority"]
    # Few are urgent, most can wait: a ledger in which everything is urgent says nothing.
    assert 0.02 * len(sample) < counts["高"] < 0.2 * len(sample)
    assert counts["低"] > counts["中"] > counts["高"] or counts["低"] > 0.4 * len(sample)


#: The planted emergencies, by words that stand in no other row.
EMERGENCIES = {
    "fire": "扫地机在基站充电的时候起火了",
    "smoke of a purifier": "突然啪一声冒黑烟",
    "smoke of a lock": "门锁电池仓今晚冒白烟",
    "child locked in": "三岁孩子一个人被反锁在屋内",
    "leaked video": "监控录像片段被人发到了一个群里",
    "double charge": "买年费会员扣了我两次钱",
}


@pytest.mark.parametrize("name", EMERGENCIES)
def test_emergencies_come_first(analysis, name):
    place = analysis.ledger.index[analysis.ledger["text"].str.contains(EMERGENCIES[name], regex=False)]
    assert len(place) == 1
    assert place[0] < 20
    row = analysis.ledger.loc[place[0]]
    assert (row["priority"], row["tag"].endswith("-紧急")) == ("高", True)
    assert row["ack_due_at"] - row["created_at"] == pd.Timedelta(hours=2)


def test_praise_comes_last(analysis):
    ledger = analysis.ledger
    quiet = ledger["type"].isin(["praise", "other"])
    assert not ledger.loc[quiet, "priority"].eq("高").any()
    assert ledger.index[ledger["type"] == "praise"].to_series().median() > 0.75 * len(ledger)
    assert quiet.tail(20).mean() >= 0.65
    assert not ledger.tail(50)["type"].isin(["defect", "service"]).any()


def test_templates_hold_no_information(sample, analysis):
    said = analysis.ledger[analysis.ledger["no_information"]]["text_original"]
    assert len(said) >= 3
    assert (said.eq("") | said.str.contains("评价|好评")).all()


def test_the_burst_is_seen(analysis):
    bursts = {(burst["dimension"], burst["key"]): burst["date"] for burst in reversed(analysis.summary["high_frequency"])}
    assert bursts["keyword", "登录"] == "2026-10-12"
    alerts = [alert for alert in analysis.summary["alerts"] if "登录" in alert["key"] and alert["date"] == "2026-10-12"]
    assert {"theme", "keyword"} <= {alert["dimension"] for alert in alerts}
    assert all("10月12日" in alert["sentence"] and "预期" in alert["sentence"] for alert in alerts)
    named = analysis.ledger[analysis.ledger["created_at"].dt.strftime("%m-%d").eq("10-12") & analysis.ledger["text"].str.contains("登录")]
    complaints = named[~named["type"].isin(["praise", "other"])]
    assert len(complaints) >= 8 and complaints["reasons"].str.contains("「.*登录.*」(?:突增|当日)").mean() > 0.8


def test_nobody_is_given_away(sample, analysis):
    shown = (
        analysis.ledger.to_csv()
        + analysis.themes.to_csv()
        + analysis.keywords.to_csv()
        + analysis.quarantine.to_csv()
        + str(analysis.summary)
    )
    for column in ("联系方式", "客户编号"):
        given = {value for value in sample[column] if value}
        assert len(given) > 50
        assert [value for value in given if value in shown] == []
    names = {value for value in sample["客户姓名"] if len(value) > 2 and not value.endswith(("先生", "女士"))}
    texts = "".join(sample["问题描述"])
    assert [value for value in names if value in shown and value not in texts] == []
