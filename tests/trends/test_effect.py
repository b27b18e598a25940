"""What `verify_effect` counts, against loops; what it says, as a table; what must not change it."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest

from feedback_nlp.errors import InputError
from feedback_nlp.trends.effect import verify_effect
from feedback_nlp.trends.effect_counts import DaySpan
from feedback_nlp.trends.effect_verdicts import VERDICTS, EffectTargets

CHANGE = dt.date(2026, 3, 1)


def day(offset):
    return CHANGE + dt.timedelta(days=offset)


def items(key, *, before, after, n=28, answers=None):
    """Rows of a key: so many on each of n days before and after the change (a list: one day after the other)."""
    rows = []
    for start, counts in ((-n, before), (1, after)):
        counts = [counts] * n if isinstance(counts, int) else counts
        rows += [(key, f"{day(start + place)} 12:00") for place, count in enumerate(counts) for _ in range(count)]
    frame = pd.DataFrame(rows, columns=["theme", "created_at"])
    return frame if answers is None else frame.assign(satisfaction=answers)


def month(*, key_before, key_after, others_before=20, others_after=20):
    return pd.concat(
        [items("登录", before=key_before, after=key_after), items("物流", before=others_before, after=others_after)], ignore_index=True
    )


def rated(frame, *, before, after):
    """The key's items answered: so many satisfied, so many not, on each side."""
    own = (frame["theme"] == "登录").to_numpy()
    early = (pd.to_datetime(frame["created_at"]).dt.date < CHANGE).to_numpy()
    answers = np.full(len(frame), "", dtype=object)
    for side, (happy, unhappy) in ((own & early, before), (own & ~early, after)):
        rows = np.flatnonzero(side)
        answers[rows[:happy]] = "满意"
        answers[rows[happy : happy + unhappy]] = "不满意"
    return frame.assign(satisfaction=answers)


def wild(n=900, seed=0):
    random = np.random.default_rng(seed)
    times = pd.Timestamp("2026-01-20") + pd.to_timedelta(random.integers(0, 80 * 24 * 60, n), unit="min")
    frame = pd.DataFrame({"theme": random.choice(["登录", "物流", "客服", ""], n), "created_at": times})
    frame["satisfaction"] = random.choice(["满意", "一般", "不满意", "5", "2", ""], n)
    frame["copied"] = random.random(n) < 0.1
    frame.loc[random.random(n) < 0.05, "created_at"] = pd.NaT
    return frame


def test_what_is_counted_matches_a_loop():
    frame = wild()
    effect = verify_effect(frame, "登录", "2026-03-01 09:30", window_days=21, repeat="copied", comparison=["客服"])
    for side, first, last in ((effect.before, day(-21), day(-1)), (effect.after, day(1), day(21))):
        rows = [
            row for row in frame.itertuples() if not row.copied and not pd.isna(row.created_at) and first <= row.created_at.date() <= last
        ]
        own = [row for row in rows if row.theme == "登录"]
        answers = [row.satisfaction for row in own if row.satisfaction]
        assert (side.first, side.last, side.days, side.exposure) == (first, last, 21, 21.0)
        assert (side.count, side.total, side.others) == (len(own), len(rows), sum(row.theme == "客服" for row in rows))
        assert (side.answers, side.satisfied) == (len(answers), sum(answer in ("满意", "5") for answer in answers))
        scores = {"满意": 4, "一般": 3, "不满意": 2, "5": 5, "2": 2}
        assert side.mean_score == pytest.approx(np.mean([scores[answer] for answer in answers]))
        assert (side.per_day, side.share_of_all) == (len(own) / 21, len(own) / len(rows))
    own = frame[frame["theme"] == "登录"]
    assert effect.undated == (own["created_at"].isna() & ~own["copied"]).sum() > 0
    assert effect.repeats == own["copied"].sum() > 0


def test_the_change_day_is_on_no_side():
    frame = month(key_before=1, key_after=1)
    more = pd.DataFrame({"theme": "登录", "created_at": [f"{CHANGE} 00:00", f"{CHANGE} 23:59:59"]})
    whole = verify_effect(pd.concat([frame, more]), "登录", "2026-03-01 12:00")
    assert (whole.before.count, whole.after.count) == (28, 28)
    # Who gives the windows decides.
    with_it = verify_effect(pd.concat([frame, more]), "登录", CHANGE, before=(day(-28), day(-1)), after=(day(0), day(28)))
    assert (with_it.before.count, with_it.after.count, with_it.after.days) == (28, 30, 29)


def test_days_are_those_of_shanghai():
    frame = month(key_before=1, key_after=1)
    times = pd.to_datetime(["2026-02-28T15:59:59Z", "2026-02-28T16:00:00Z", "2026-03-01T15:59:59Z", "2026-03-01T16:00:00Z"])
    local = pd.to_datetime(frame["created_at"]).dt.tz_localize("Asia/Shanghai")
    both = pd.concat([frame.assign(created_at=local.dt.tz_convert("UTC")), pd.DataFrame({"theme": "登录", "created_at": times})])
    effect = verify_effect(both, "登录", pd.Timestamp("2026-02-28T16:30Z"))
    assert effect.changed_on == CHANGE
    assert (effect.before.count, effect.after.count) == (29, 29)


def test_windows_end_where_the_frame_does():
    frame = month(key_before=2, key_after=[0] * 28)
    short = frame[pd.to_datetime(frame["created_at"]).dt.date <= day(9)]
    effect = verify_effect(short, "登录", CHANGE)
    assert (effect.after.first, effect.after.last, effect.after.days, effect.after.count) == (day(1), day(9), 9, 0)
    # A frame of the key alone ends with its last item: nobody knows whether silence followed, unless the window is given.
    alone = frame[frame["theme"] == "登录"]
    silent = verify_effect(alone, "登录", CHANGE)
    assert (silent.after.days, silent.after.first, silent.verdict) == (0, None, "too_little_data")
    known = verify_effect(alone, "登录", CHANGE, after=(day(1), "2026年3月15日"))
    assert (known.after.days, known.ratio.value, known.ratio.low, known.verdict) == (14, 0.0, 0.0, "met")
    assert "没有对照" in known.why


def test_exchanging_before_and_after_inverts_every_ratio():
    frame = wild().dropna(subset="created_at")
    mirrored = frame.assign(created_at=mirror(frame["created_at"]))
    there, back = (verify_effect(one, "登录", CHANGE, window_days=21) for one in (frame, mirrored))
    assert (there.before.count, there.after.count) == (back.after.count, back.before.count)
    for name in ("ratio", "relative", "satisfaction_ratio"):
        inverse, other = getattr(there, name).inverse, getattr(back, name)
        assert (inverse.value, inverse.low, inverse.high) == pytest.approx((other.value, other.low, other.high))


def mirror(times):
    middle = pd.Timestamp("2026-03-01 12:00")
    return middle - (times - middle)


def test_the_order_of_rows_changes_nothing():
    frame = wild()
    shuffled = frame.sample(frac=1, random_state=3)
    kept = frame.copy(deep=True)
    a, b = (verify_effect(one, "登录", CHANGE, repeat="copied") for one in (frame, shuffled))
    assert a == b
    assert (a.sentence, a.verdict) == (b.sentence, b.verdict)
    pd.testing.assert_frame_equal(frame, kept)


def test_repeats_are_as_if_they_were_not_there():
    frame = wild()
    assert verify_effect(frame, "登录", CHANGE, repeat="copied").ratio == verify_effect(frame[~frame["copied"]], "登录", CHANGE).ratio


NOISY = [7, 2, 5, 6, 3, 8, 4] * 4
MANY = [count + 20 for count in NOISY]
VERDICT_CASES = [
    # frame, targets, verdict, plain verdict, what the reason names
    (month(key_before=NOISY, key_after=[1, 0, 1, 1, 0, 0, 1] * 4), {}, "met", "met", "日均不高于 1 条"),
    (month(key_before=NOISY, key_after=[3, 2, 1, 2, 2, 1, 3] * 4), {}, "below", "below", "日均仍高于 1 条"),
    (month(key_before=NOISY, key_after=[3, 2, 1, 2, 2, 1, 3] * 4), {"per_day": None}, "met", "too_little_data", "数量下降"),
    (month(key_before=MANY, key_after=MANY), {"per_day": None}, "below", "too_little_data", "没有下降 20% 以上"),
    (month(key_before=[1, 0, 1, 0, 0, 1, 0] * 4, key_after=[0, 0, 1, 0, 1, 0, 0] * 4), {}, "too_little_data", "met", "包含 1"),
    (month(key_before=NOISY, key_after=[1, 0, 1, 1, 0, 0, 1] * 4, others_after=3), {}, "general", "met", "无法区分"),
    (month(key_before=NOISY, key_after=[1, 2, 1, 0, 2, 1, 1] * 4), {}, "too_little_data", "below", "尚不能断定"),
    (month(key_before=NOISY, key_after=[1] * 6), {}, "too_little_data", "met", "少于 7 天"),
    (month(key_before=[1] + [0] * 27, key_after=[1] + [0] * 27), {}, "too_little_data", "met", "少于 10 条"),
]


@pytest.mark.parametrize(("frame", "targets", "verdict", "plain", "why"), VERDICT_CASES)
def test_verdicts(frame, targets, verdict, plain, why):
    if why == "少于 7 天":
        frame = frame[pd.to_datetime(frame["created_at"]).dt.date <= day(6)]
    effect = verify_effect(frame, "登录", CHANGE, targets=EffectTargets(**targets))
    assert (effect.verdict, effect.plain_verdict) == (verdict, plain)
    assert why in effect.why
    assert effect.verdict_label == VERDICTS[verdict]
    assert VERDICTS[verdict] in effect.sentence
    assert why in effect.sentence


FEWER = {"key_before": [12] * 28, "key_after": [6] * 28}


@pytest.mark.parametrize(
    ("before", "after", "verdict", "plain"),
    [
        # The whole interval of the gain lies under 5 %: the fall in volume does not help.
        ((200, 100), (70, 90), "below", "below"),
        # It lies over 5 %.
        ((100, 200), (120, 40), "met", "met"),
        # It holds 5 %: satisfaction decides nothing, the plain rule does not know that.
        ((100, 100), (40, 42), "met", "below"),
        # Too few answers, on one side or the other.
        ((9, 0), (0, 90), "met", "below"),
        ((90, 0), (0, 9), "met", "below"),
        # A gain of 3 %.
        ((50, 50), (52, 49), "met", "below"),
    ],
)
def test_satisfaction(before, after, verdict, plain):
    effect = verify_effect(rated(month(**FEWER), before=before, after=after), "登录", CHANGE, targets=EffectTargets(per_day=10))
    assert (effect.before.satisfied, effect.before.answers) == (before[0], sum(before))
    assert (effect.after.satisfied, effect.after.answers) == (after[0], sum(after))
    assert (effect.verdict, effect.plain_verdict) == (verdict, plain)
    assert effect.gain == pytest.approx(after[0] / sum(after) / (before[0] / sum(before)) - 1)
    assert ("满意率提升不足 5%" in effect.why) == (verdict == "below")


def test_satisfaction_is_optional():
    frame = rated(month(**FEWER), before=(50, 50), after=(50, 50))
    for effect in (
        verify_effect(frame.drop(columns="satisfaction"), "登录", CHANGE),
        verify_effect(frame, "登录", CHANGE, satisfaction=None),
    ):
        assert (effect.before.answers, effect.before.satisfaction.known, effect.enough_answers) == (0, False, False)
        assert math.isnan(effect.gain)
        assert math.isnan(effect.before.mean_score)
        assert "满意率" not in effect.sentence


def test_a_general_decline_is_not_sold_as_success():
    """Everything halves; of 60 such histories the plain ratio falls in nearly all, success is told in hardly any."""
    random, told, fell = np.random.default_rng(5), 0, 0
    for _ in range(60):
        counts = [random.poisson(mean, 28).tolist() for mean in (4.0, 2.0, 40.0, 20.0)]
        frame = month(key_before=counts[0], key_after=counts[1], others_before=counts[2], others_after=counts[3])
        effect = verify_effect(frame, "登录", CHANGE, targets=EffectTargets(per_day=None))
        told, fell = told + (effect.verdict == "met"), fell + effect.ratio.fell
    assert fell >= 55
    assert told <= 4  # one in forty is what the interval allows


def test_a_key_that_burst_before_is_named():
    frame = month(key_before=[1] * 14 + [9] * 14, key_after=[1] * 28)
    effect = verify_effect(frame, "登录", CHANGE)
    assert effect.placebo.rose
    assert "改动之前" in effect.sentence
    calm = verify_effect(month(key_before=5, key_after=1), "登录", CHANGE)
    assert calm.placebo.low <= 1 <= calm.placebo.high
    assert "改动之前" not in calm.sentence


def test_exposure():
    frame = month(key_before=6, key_after=3)
    days = pd.date_range(day(-28), day(28))
    users = pd.Series(np.where(days < pd.Timestamp(CHANGE), 1000.0, 500.0), index=days)
    by_users = verify_effect(frame, "登录", CHANGE, exposure=users)
    assert by_users.ratio.value == pytest.approx(1.0)
    assert (by_users.before.exposure, by_users.after.exposure) == (28_000.0, 14_000.0)
    assert verify_effect(frame, "登录", CHANGE, exposure={str(d.date()): v for d, v in users.items()}) == by_users
    total = verify_effect(frame, "登录", CHANGE, exposure="total")
    assert total.ratio.value == pytest.approx((3 / 23) / (6 / 26))
    assert verify_effect(frame, "登录", CHANGE, exposure=users * 7).ratio.low == pytest.approx(by_users.ratio.low)


def test_comparison_of_chosen_keys():
    frame = pd.concat([month(key_before=6, key_after=3), items("客服", before=8, after=4)])
    assert verify_effect(frame, "登录", CHANGE, comparison=["客服"]).relative.value == pytest.approx(1.0)
    assert verify_effect(frame, "登录", CHANGE, comparison=["物流"]).relative.value == pytest.approx(0.5)
    both, every = (verify_effect(frame, "登录", CHANGE, comparison=keys) for keys in (["物流", "客服"], None))
    assert (both.relative, both.before.others) == (every.relative, every.before.others)


@pytest.mark.parametrize("short", ["before", "after"])
def test_a_week_is_needed_on_either_side(short):
    windows = {"before": (day(-20), day(-1)), "after": (day(1), day(20))}
    few = {"before": (day(-6), day(-1)), "after": (day(1), day(6))}
    frame = month(key_before=8, key_after=1)
    assert verify_effect(frame, "登录", CHANGE, **windows).verdict == "met"
    effect = verify_effect(frame, "登录", CHANGE, **{**windows, short: few[short]})
    assert (effect.verdict, effect.why) == ("too_little_data", "一侧只有 6 天数据，少于 7 天")


def test_halves_of_a_window():
    first, second = DaySpan(np.datetime64("2026-02-01"), np.datetime64("2026-02-08")).halves
    assert [str(d) for d in first.days] == ["2026-02-01", "2026-02-02", "2026-02-03"]
    assert [str(d) for d in second.days] == ["2026-02-05", "2026-02-06", "2026-02-07"]


def test_bursts_widen_the_items_a_day_as_well():
    calm, bursts = (verify_effect(month(key_before=4, key_after=after), "登录", CHANGE).daily_after for after in (2, [0, 0, 0, 8] * 7))
    assert calm.value == bursts.value == 2
    assert bursts.low < calm.low < calm.high < bursts.high


@pytest.mark.parametrize("changed", ["2026-03-01", "1999-01-01", "2099-01-01"])
@pytest.mark.parametrize("rows", [0, 1])
def test_empty_sides(changed, rows):
    frame = month(key_before=1, key_after=1)[:rows]
    effect = verify_effect(frame, "登录", changed)
    assert (effect.verdict, effect.plain_verdict, effect.reached) == ("too_little_data", "too_little_data", None)
    assert effect.after.days == 0
    assert math.isnan(effect.after.per_day)
    assert math.isnan(effect.after.share_of_all)
    assert not effect.ratio.known and not effect.relative.known
    assert "数据不足" in effect.sentence
    assert len(effect.to_frame()) == 8


def test_undated_rows_only():
    frame = pd.DataFrame({"theme": ["登录", "登录"], "created_at": [None, ""]})
    effect = verify_effect(frame, "登录", CHANGE)
    assert (effect.undated, effect.before.days, effect.verdict) == (2, 0, "too_little_data")


def test_the_table_and_the_page():
    frame = rated(month(key_before=6, key_after=1), before=(40, 60), after=(15, 5)).replace("登录", "<b>登录")
    effect = verify_effect(frame, "<b>登录", CHANGE)
    table = effect.to_frame().set_index("figure")
    assert table.columns.tolist() == ["label", "before", "after", "ratio", "low", "high"]
    assert table.loc["per_day", ["before", "after", "ratio"]].tolist() == pytest.approx([6, 1, 1 / 6])
    assert table.loc["rate", ["ratio", "low", "high"]].tolist() == [effect.ratio.value, effect.ratio.low, effect.ratio.high]
    assert table.loc["satisfaction", ["before", "after", "ratio"]].tolist() == pytest.approx([0.4, 0.75, 1.875])
    assert table.loc["others_per_day", ["before", "after", "ratio"]].tolist() == pytest.approx([20, 20, 1])
    assert table.loc["relative", "ratio"] == pytest.approx(1 / 6)
    page = effect._repr_html_()
    assert "&lt;b&gt;登录" in page
    assert "<b>登录" not in page
    assert effect.sentence.startswith("「<b>登录」于 2026-03-01 改动：前 28 天 168 条，后 28 天 28 条；日均 6.0 → 1.0 条；为此前的 0.17 倍")
    assert "满意率 40%（40/100） → 75%（15/20），相对变化 +87.5%" in effect.sentence


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"key": "登陆"}, "no key '登陆', did you mean '登录'"),
        ({"key_column": "topic"}, "there is no column 'topic'"),
        ({"date": "day"}, "there is no column 'day'"),
        ({"repeat": "copied"}, "there is no column 'copied'"),
        ({"repeat": "theme"}, "expected True or False"),
        ({"changed_at": "soon"}, "changed_at: expected dates"),
        ({"changed_at": None}, "changed_at: expected a date, got None"),
        ({"window_days": 0}, "window_days: expected a whole number from 1"),
        ({"confidence": 1.0}, "confidence: expected a number between 0 and 1"),
        ({"before": (day(-7), day(2)), "after": (day(1), day(7))}, "one after the other"),
        ({"before": (day(-1), day(-7))}, "first day not after the last"),
        ({"before": "2026-01-01"}, r"expected \(first day, last day\)"),
        ({"comparison": ["物流", "登录"]}, "other keys than '登录'"),
        ({"comparison": "物流"}, "expected a list of other keys"),
        ({"comparison": ["快递"]}, "has no key '快递'"),
        ({"exposure": "volume"}, "expected None, 'total' or numbers by day"),
        ({"exposure": {day(-1): 5}}, "got none for 2026-02-01, .* …"),
        ({"exposure": dict.fromkeys([day(place) for place in range(-28, 29)], -1.0)}, "a number from 0 on for every day"),
        ({"exposure": pd.Series([1.0, 2.0], index=[day(-1), day(-1)])}, "days twice"),
    ],
)
def test_errors(options, message):
    given = {"key": "登录", "changed_at": CHANGE} | options
    with pytest.raises(InputError, match=message):
        verify_effect(month(key_before=2, key_after=1), **given)


def test_a_date_that_is_none():
    frame = pd.DataFrame({"theme": ["登录"] * 2, "created_at": ["2026-03-01", "某天"]})
    with pytest.raises(InputError, match="1 values that are none, the first at position 1"):
        verify_effect(frame, "登录", CHANGE)


@pytest.mark.parametrize(
    "wrong", [{"per_day": 0}, {"per_day": -1}, {"gain": -0.1}, {"drop": 1.0}, {"days": 0}, {"gain": math.nan}, {"items": "3"}]
)
def test_targets_are_checked(wrong):
    with pytest.raises(InputError, match=f"EffectTargets: {next(iter(wrong))}: expected a number"):
        EffectTargets(**wrong)
