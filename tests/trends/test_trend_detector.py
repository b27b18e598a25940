"""What a user sees: the table, its alerts and sentences, and the laws that hold whatever comes in."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.errors import InputError
from feedback_nlp.trends import TrendDetector, TrendState

DETECTOR = TrendDetector()
START = np.datetime64("2025-03-03")
COLUMNS = [
    *(
        "key",
        "period",
        "observed",
        "expected",
        "low",
        "high",
        "ratio",
        "p",
        "q",
        "alert",
        "kind",
        "since",
        "customers",
        "state",
        "sentence",
    ),
    *("new", "spike", "rise", "sentiment", "share", "plain"),
]


def items(n_days=100, seed=0, levels=(("电池续航", 8), ("闪退", 3), ("客服态度", 12), ("物流", 1)), burst=None):
    """One row an item; burst: {(theme, day): items added}."""
    random = np.random.default_rng(seed)
    rows = []
    for day in range(n_days):
        for theme, level in levels:
            n = random.poisson(level) + (burst or {}).get((theme, day), 0)
            rows += [(START + day + np.timedelta64(int(random.integers(1440)), "m"), theme) for _ in range(n)]
    frame = pd.DataFrame(rows, columns=["created_at", "theme"]).astype({"created_at": "datetime64[s]"})
    frame["customer_id"] = [f"c{number}" for number in random.integers(0, 300, len(frame))]
    frame["sentiment"] = random.choice([-2, -1, 0, 1, 2], len(frame), p=[0.1, 0.2, 0.3, 0.3, 0.1])
    frame["polarity"] = np.clip(np.round(random.normal(0.1, 0.4, len(frame)), 2), -1, 1)
    return frame


BURST = {("电池续航", 80): 30, ("电池续航", 81): 20, ("电池续航", 82): 20}


def row(table, key, day):
    found = table[(table["key"] == key) & (table["period"] == pd.Timestamp(START + day))]
    assert len(found) == 1
    return found.iloc[0]


def test_the_table():
    table = DETECTOR.detect(items(burst=BURST))
    assert table.columns[: len(COLUMNS)].tolist() == COLUMNS
    assert table["period"].dtype.kind == "M"
    assert table["alert"].dtype == bool
    assert not table.duplicated(["key", "period"]).any()
    ordered = table.sort_values(["period", "key"], kind="stable")
    assert ordered.index.tolist() == list(range(len(table)))
    counts = items(burst=BURST).groupby("theme").size()
    assert table.groupby("key")["observed"].sum().to_dict() == counts.to_dict()


def test_a_burst_is_named_with_its_beginning():
    table = DETECTOR.detect(items(burst=BURST))
    first, third = row(table, "电池续航", 80), row(table, "电池续航", 82)
    assert (first["alert"], first["kind"], first["state"]) == (True, "spike", "预警")
    assert first["since"] == third["since"] == pd.Timestamp(START + 80)
    assert third["alert"]
    assert third["rise"]
    assert first["observed"] / first["expected"] == pytest.approx(first["ratio"])
    assert first["observed"] > first["high"] >= first["expected"] >= first["low"]
    quiet = table[~table["alert"] & (table["kind"] == "")]
    assert (quiet["sentence"] == "").all()
    assert quiet["since"].isna().all()


def test_the_sentence():
    table = DETECTOR.detect(items(burst=BURST))
    now = row(table, "电池续航", 82)
    times = f"预期 {now['expected']:.1f} 条（{now['ratio']:.1f} 倍）"
    start = f"主题「电池续航」5月24日 {now['observed']} 条，{times}，自 5月22日 起上升，"
    assert now["sentence"].startswith(start)
    assert now["sentence"].endswith(f"超过每日 10 条，属高频，涉及 {now['customers']} 位客户")


def test_the_plain_rule_is_reported_and_no_alert_by_itself():
    table = TrendDetector(daily_items=11).detect(items())
    assert (table["plain"] == (table["observed"] > 11)).all()
    only = table[table["plain"] & ~table["alert"]]
    assert (only["kind"] == "plain").all()
    assert set(only["state"]) <= {"高频", "历史不足"}
    assert only["sentence"].str.contains("超过每日 11 条，属高频").all()
    long = TrendDetector(period="week").detect(items())
    assert (long["plain"] == (long["observed"] > 70)).all()


def test_short_history_is_a_state():
    table = DETECTOR.detect(items(n_days=12, burst={("闪退", 11): 90}))
    assert set(table["state"]) == {"历史不足"}
    assert not table["alert"].any()
    assert table[["expected", "p", "q", "ratio", "low", "high"]].isna().all(axis=None)
    assert row(table, "闪退", 11)["kind"] == "plain"


def test_a_new_key():
    frame = pd.concat([items(), items(n_days=1, levels=()).reindex(range(9)).assign(created_at=START + 60, theme="新功能", sentiment=0)])
    table = DETECTOR.detect(frame, polarity=None)
    first = row(table, "新功能", 60)
    assert (first["alert"], first["kind"]) == (True, "new")
    assert "5月2日 首次出现" in first["sentence"]
    assert table[table["key"] == "新功能"]["period"].min() == pd.Timestamp(START + 60)
    few = pd.concat([items(), frame[frame["theme"] == "新功能"].head(2)])
    quiet = row(DETECTOR.detect(few, polarity=None), "新功能", 60)
    assert (quiet["alert"], quiet["state"]) == (False, "新出现")


def test_days_without_data():
    frame = items()
    hole = frame["created_at"].between(pd.Timestamp(START + 50), pd.Timestamp(START + 53) - pd.Timedelta(minutes=1))
    table = DETECTOR.detect(frame[~hole])
    lost = table[table["period"].between(pd.Timestamp(START + 50), pd.Timestamp(START + 52))]
    assert set(lost["state"]) == {"缺数据"}
    assert lost["p"].isna().all()


def test_worse_sentiment_alerts_without_more_items():
    frame = items()
    worse = (frame["theme"] == "客服态度") & (frame["created_at"] >= pd.Timestamp(START + 90))
    frame.loc[worse, ["sentiment", "polarity"]] = [-2, -0.9]
    table = DETECTOR.detect(frame)
    now = row(table, "客服态度", 91)
    assert now["sentiment"]
    assert now["alert"]
    assert now["negative_share"] == 1
    assert 0.2 < now["negative_expected"] < 0.4
    assert "负面占 100%，平时 3" in now["sentence"] or "负面占 100%，平时 2" in now["sentence"]
    by_polarity = DETECTOR.detect(frame, sentiment=None)
    assert row(by_polarity, "客服态度", 91)["sentiment"]
    assert "情感均值 -0.90" in row(by_polarity, "客服态度", 91)["sentence"]
    before = table[table["period"] < pd.Timestamp(START + 90)]
    assert before["sentiment"].mean() < 0.01


def test_a_larger_share_of_the_complaints():
    frame = items()
    frame["sentiment"] = np.where(np.arange(len(frame)) % 3 == 0, -1, 1)
    more = (frame["theme"] == "闪退") & (frame["created_at"] >= pd.Timestamp(START + 90))
    frame.loc[more, "sentiment"] = -1
    extra = frame[more].sample(60, replace=True, random_state=1)
    table = DETECTOR.detect(pd.concat([frame, extra]), polarity=None)
    some = table[(table["key"] == "闪退") & (table["period"] >= pd.Timestamp(START + 90))]
    assert some["share"].any()
    assert some[some["share"]]["sentence"].str.contains("占投诉").all()
    assert table[table["period"] < pd.Timestamp(START + 90)]["share"].mean() < 0.01


def test_nothing_alerts_where_nothing_happens():
    random = np.random.default_rng(7)
    days = np.repeat(START + np.arange(150), 40)
    table = pd.DataFrame({"theme": np.tile([f"主题{n}" for n in range(40)], 150), "period": days})
    table["observed"] = random.negative_binomial(8, 8 / (8 + np.tile(np.geomspace(0.2, 30, 40), 150)))
    found = DETECTOR.detect_counts(table)
    # The rate of false discoveries bounds days with any false alert to one in twenty.
    assert found.groupby("period")["alert"].any().mean() < 0.1
    rated = TrendDetector(method="rate", rate=1.0).detect_counts(table)
    weeks = 40 * 130 / 7
    assert rated["alert"].sum() / weeks * 100 < 3


def test_methods_are_ordered():
    frame = items(burst={("电池续航", 80): 8, ("闪退", 60): 6})
    bh, by = (TrendDetector(method=method).detect(frame) for method in ("bh", "by"))
    assert (by["q"].dropna() >= bh["q"].dropna() - 1e-12).all()
    assert by["alert"].sum() <= bh["alert"].sum()
    strict = TrendDetector(min_count=1000).detect(frame)
    assert not (strict["spike"] | strict["rise"]).any()


def test_examples_are_the_first_items_of_the_alert():
    frame = items(burst=BURST)
    table = DETECTOR.detect(frame, examples=3)
    first = row(table, "电池续航", 80)
    days = frame["created_at"].dt.normalize()
    same = frame[(frame["theme"] == "电池续航") & (days == pd.Timestamp(START + 80))]
    assert first["examples"] == same.sort_values("created_at", kind="stable").index[:3].tolist()
    assert all(found == [] for found in table[~table["alert"]]["examples"])


def test_keys_of_several_columns():
    frame = items(burst=BURST).assign(channel=lambda table: np.where(np.arange(len(table)) % 2, "APP", "微博"))
    table = DETECTOR.detect(frame, key=["theme", "channel"])
    assert table.columns[:3].tolist() == ["key", "theme", "channel"]
    assert (table["key"] == table["theme"] + " × " + table["channel"]).all()
    found = table[table["alert"] & (table["theme"] == "电池续航")]
    assert found["sentence"].str.startswith("主题「电池续航」、渠道「").all()


@pytest.mark.parametrize("period", ["hour", "day", "week", "month"])
def test_every_period(period):
    table = TrendDetector(period=period).detect(items(n_days=60, burst=BURST))
    assert table["observed"].sum() == len(items(n_days=60))


def test_only_alerts():
    whole = DETECTOR.detect(items(burst=BURST))
    some = DETECTOR.detect(items(burst=BURST), alerts_only=True)
    pd.testing.assert_frame_equal(some, whole[whole["kind"] != ""].reset_index(drop=True))


def test_rows_in_any_order_give_the_same():
    frame = items(burst=BURST)
    pd.testing.assert_frame_equal(DETECTOR.detect(frame.sample(frac=1, random_state=2)), DETECTOR.detect(frame), check_exact=True)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_time_zones_give_the_same(zone):
    frame = items(n_days=40)
    moved = frame.assign(created_at=frame["created_at"].dt.tz_localize("Asia/Shanghai").dt.tz_convert(zone))
    pd.testing.assert_frame_equal(DETECTOR.detect(moved), DETECTOR.detect(frame), check_exact=True)


def test_later_days_change_nothing_before():
    frame = items(burst=BURST)
    whole = DETECTOR.detect(frame)
    for day in (20, 81, 95):
        end = pd.Timestamp(START + day)
        part = DETECTOR.detect(frame[frame["created_at"] < end])
        pd.testing.assert_frame_equal(part, whole[whole["period"] < end].reset_index(drop=True), check_exact=True)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["day", "week", "hour"]), st.integers(1, 30))
def test_day_by_day_is_all_at_once(seed, period, days):
    random = np.random.default_rng(seed)
    frame = items(n_days=days, seed=seed, levels=(("甲", 1), ("乙", 0.2), ("丙", 4)), burst={("丁", days // 2): 6})
    detector, state = TrendDetector(period=period, min_history=4), None
    for _, rows in frame.groupby(frame["created_at"].dt.normalize()):
        state = detector.update(state, rows.sample(frac=1, random_state=int(random.integers(1000))))
        now = detector.detect_state(state)
    if len(frame):
        seen = detector.detect(frame)
        pd.testing.assert_frame_equal(
            now.drop(columns="customers"), seen.drop(columns="customers").assign(sentence=now["sentence"]), check_exact=True
        )
        if period == "day":
            pd.testing.assert_frame_equal(now, seen, check_exact=True)


def test_the_new_day_alone_is_judged_as_in_the_whole():
    frame = items(burst=BURST)
    whole, state = DETECTOR.detect(frame), None
    for day, rows in frame.groupby(frame["created_at"].dt.normalize()):
        state = DETECTOR.update(state, rows)
        if day >= pd.Timestamp(START + 78):
            new = DETECTOR.detect_state(state, since=day)
            pd.testing.assert_frame_equal(new, whole[whole["period"] == day].reset_index(drop=True), check_exact=True)


def test_late_and_corrected_rows():
    frame = items(burst=BURST)
    late = frame["created_at"].between(pd.Timestamp(START + 70), pd.Timestamp(START + 75)) & (np.arange(len(frame)) % 2 == 0)
    state = DETECTOR.update(DETECTOR.update(None, frame[~late]), frame[late])
    whole = DETECTOR.detect(frame)
    found = DETECTOR.detect_state(state)
    pd.testing.assert_frame_equal(found.drop(columns=["customers", "sentence"]), whole.drop(columns=["customers", "sentence"]))
    days = frame["created_at"].dt.normalize()
    wrong = DETECTOR.update(None, pd.concat([frame, frame[days == pd.Timestamp(START + 72)]]))
    right = DETECTOR.update(wrong, frame[days == pd.Timestamp(START + 72)], corrected=True)
    pd.testing.assert_frame_equal(DETECTOR.detect_state(right), whole, check_exact=True)


def test_a_state_is_saved_and_loaded(tmp_path):
    frame = items(burst=BURST)
    state = DETECTOR.update(None, frame)
    state.save(tmp_path / "state.parquet")
    loaded = TrendState.load(tmp_path / "state.parquet")
    whole = DETECTOR.detect(frame)
    pd.testing.assert_frame_equal(DETECTOR.detect_state(loaded), whole, check_exact=True)
    pd.testing.assert_frame_equal(DETECTOR.detect_counts(loaded.frame), whole, check_exact=True)
    assert (tmp_path / "state.parquet").stat().st_size < 20_000
    assert not any(customer.encode() in (tmp_path / "state.parquet").read_bytes() for customer in frame["customer_id"].unique()[:5])


def test_an_empty_state_is_saved_and_loaded(tmp_path):
    state = DETECTOR.update(None, items(0))
    state.save(tmp_path / "state.parquet")
    assert len(DETECTOR.detect_state(TrendState.load(tmp_path / "state.parquet"))) == 0


def test_files_that_are_no_states(tmp_path):
    with pytest.raises(InputError, match=r"none\.parquet: cannot be read"):
        TrendState.load(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("hello")
    with pytest.raises(InputError, match=r"expected a file written by TrendState\.save"):
        TrendState.load(tmp_path / "text.parquet")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(InputError, match=r"expected a file written by TrendState\.save"):
        TrendState.load(tmp_path / "other.parquet")
    with pytest.raises(InputError, match="does not exist"):
        DETECTOR.update(None, items(3)).save(tmp_path / "no" / "state.parquet")


def test_states_of_another_detector():
    state = DETECTOR.update(None, items(5))
    with pytest.raises(InputError, match="the counts are by day, the detector judges by week"):
        TrendDetector(period="week").detect_state(state)
    with pytest.raises(InputError, match="expected counts by day"):
        TrendDetector(period="week").update(state, items(5))


def test_counts_as_they_are():
    frame = items(burst=BURST)
    counted = frame.groupby([frame["created_at"].dt.normalize().rename("period"), "theme"]).size().rename("observed").reset_index()
    whole = DETECTOR.detect(frame, customers=None, sentiment=None, polarity=None)
    pd.testing.assert_frame_equal(DETECTOR.detect_counts(counted), whole, check_exact=True)
    split = pd.concat(
        [counted.assign(observed=counted["observed"] // 2), counted.assign(observed=counted["observed"] - counted["observed"] // 2)]
    )
    pd.testing.assert_frame_equal(DETECTOR.detect_counts(split, key="theme"), whole, check_exact=True)


COUNT_ERRORS = [
    (lambda table: table.drop(columns="observed"), "counts: there is no column 'observed'"),
    (lambda table: table.assign(observed=-1), "observed: expected numbers of 0 or more"),
    (lambda table: table.assign(observed=0.5), "observed: expected whole numbers, got 0.5"),
    (lambda table: table.assign(observed=np.nan), "observed: expected numbers of 0 or more"),
    (lambda table: table.assign(observed="many"), "observed: expected numbers"),
    (lambda table: table.assign(period=pd.NaT), "period: expected a date in every row"),
]


@pytest.mark.parametrize(("change", "message"), COUNT_ERRORS)
def test_errors_of_counts(change, message):
    table = pd.DataFrame({"theme": ["a", "b"], "period": pd.Timestamp("2025-03-03"), "observed": [1, 2]})
    with pytest.raises(InputError, match=message):
        DETECTOR.detect_counts(change(table), key="theme")


OPTION_ERRORS = [
    ({"period": "year"}, "period: expected one of"),
    ({"fdr": 2}, "fdr: expected a number from 0 to 1, got 2"),
    ({"method": "bonferroni"}, "method: expected one of bh, by, rate"),
    ({"min_ratio": 0.5}, "min_ratio: expected"),
    ({"min_count": True}, "min_count: expected"),
    ({"memory": 1.5}, "memory: expected"),
    ({"min_history": "long"}, "min_history: expected"),
]


@pytest.mark.parametrize(("options", "message"), OPTION_ERRORS)
def test_errors_of_options(options, message):
    with pytest.raises(InputError, match=message):
        TrendDetector(**options)


def test_options_by_name():
    from sklearn.base import clone

    detector = TrendDetector(fdr=0.1)
    assert detector.get_params()["fdr"] == 0.1
    assert replace(detector, fdr=0.2).fdr == 0.2
    assert detector.fdr == 0.1
    assert clone(detector) == detector
    with pytest.raises(TypeError, match="fd"):
        replace(detector, fd=1)


def test_other_errors():
    with pytest.raises(InputError, match=r"there is no column 'topic'"):
        DETECTOR.detect(items(3), key="topic")
    with pytest.raises(InputError, match="did you mean 'theme'"):
        DETECTOR.detect(items(3), key="themes")
    with pytest.raises(InputError, match="examples: expected"):
        DETECTOR.detect(items(3), examples=-1)


@pytest.mark.parametrize("n_days", [0, 1])
def test_nothing_and_a_single_day(n_days):
    table = DETECTOR.detect(items(n_days=n_days))
    assert len(table) == (4 if n_days else 0)
    assert table.columns[: len(COLUMNS)].tolist() == COLUMNS
    assert not table["alert"].any()


def test_zeros_and_constants():
    days = START + np.arange(90)
    zeros = pd.DataFrame({"theme": "甲", "period": days, "observed": 0})
    assert not DETECTOR.detect_counts(zeros)["alert"].any()
    for value in (1, 9, 50):
        assert not DETECTOR.detect_counts(zeros.assign(observed=value))["alert"].any()


def test_more_of_everything_is_more_certain():
    days = START + np.arange(90)
    base = pd.DataFrame({"theme": "甲", "period": days, "observed": np.tile([4, 5, 3, 6, 4], 18)})
    base.loc[89, "observed"] = 9
    p = [DETECTOR.detect_counts(base.assign(observed=base["observed"] * scale)).iloc[-1] for scale in (1, 3, 9)]
    assert p[0]["p"] > p[1]["p"] > p[2]["p"]
    np.testing.assert_allclose([found["ratio"] for found in p], p[0]["ratio"], rtol=0.1)
