"""The arrays behind the detector: baseline, tails, windows, lasting rises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from feedback_nlp.trends.alerts import alert_scores, find_alerts
from feedback_nlp.trends.baseline import Settings, find_baseline
from feedback_nlp.trends.common import Movement
from feedback_nlp.trends.cusum import HIGHEST, rise_began, rise_scores
from feedback_nlp.trends.discoveries import adjusted
from feedback_nlp.trends.pooling import festive_days, kinds_of_days, shrunk_dispersion
from feedback_nlp.trends.spike import band, mid_p, spike_scores

SETTINGS = Settings()


def world(n_days=200, levels=(0.3, 1, 4, 12, 40), size=8.0, seed=0, each=6):
    """Negative binomial counts with a weekday pattern all keys share; (counts, exposure, off, weekday)."""
    random = np.random.default_rng(seed)
    level = np.repeat(np.array(levels, float), each)
    weekday = np.arange(n_days) % 7
    mean = level * np.array([1.2, 1.1, 1, 1, 1, 0.8, 0.9])[weekday][:, None]
    counts = random.negative_binomial(size, size / (size + mean))
    return counts.astype(np.int64), counts.sum(axis=1) + random.poisson(50, n_days), weekday >= 5, weekday, mean


def slow_kinds(days):
    """Festive days one by one: walk the stretch of days off around each."""
    off, weekday = days
    found = []
    for place in range(len(off)):
        stretch = [place]
        for step in (-1, 1):
            other = place + step
            while 0 <= other < len(off) and off[other]:
                stretch.append(other)
                other += step
        found.append(bool(off[place]) and any(weekday[day] < 5 for day in stretch))
    return found


@pytest.mark.parametrize("mean", [0.05, 0.7, 3.0, 40.0, 900.0])
@pytest.mark.parametrize("spread", [0.0, 0.01, 0.125, 2.0])
def test_mid_p_is_that_of_scipy(mean, spread):
    counts = np.unique(np.concatenate([np.arange(8), np.round(mean * np.linspace(0, 4, 30))])).astype(np.int64)[None]
    given = mid_p(counts, np.full(counts.shape, mean), np.full(counts.shape, spread))
    law = stats.poisson(mean) if spread == 0 else stats.nbinom(1 / spread, 1 / (1 + spread * mean))
    np.testing.assert_allclose(given, law.sf(counts) + law.pmf(counts) / 2, rtol=0.01 if spread == 0 else 1e-6, atol=1e-12)


def test_mid_p_is_unknown_where_the_mean_is():
    assert np.isnan(mid_p(np.array([[0, 3]]), np.full((1, 2), np.nan), np.zeros((1, 2)))).all()


@pytest.mark.parametrize("mean", [0.4, 3.0, 25.0, 200.0])
@pytest.mark.parametrize("spread", [0.02, 0.125, 0.5])
def test_the_band_holds_about_95_percent(mean, spread):
    law = stats.nbinom(1 / spread, 1 / (1 + spread * mean))
    low, high = (float(bound[0, 0]) for bound in band(np.full((1, 1), mean), np.full((1, 1), spread)))
    assert low < mean < high
    assert law.cdf(low - 1) <= 0.03
    assert law.sf(high) <= 0.03
    assert law.sf(high * 0.7 - 1) > 0.025, "the band is no wider than it must be"


def test_expected_is_near_the_truth_and_p_is_uniform():
    counts, exposure, off, weekday, mean = world(n_days=400, each=20)
    scores = spike_scores(counts, exposure, off, weekday)
    error = scores.expected[100:] / mean[100:] - 1
    assert np.abs(error[:, 60:]).mean() < 0.08
    assert np.abs(error[:, 40:].mean()) < 0.02
    for level in (0.5, 0.1, 0.01):
        assert 0.75 < (scores.p[100:, 40:] <= level).mean() / level < 1.25


def test_a_burst_is_seen_on_its_first_day_and_dated():
    counts, exposure, off, weekday, _ = world()
    counts[150:154, 20] = 60
    found = find_alerts(counts, find_baseline(counts, exposure, off, weekday), SETTINGS)
    assert found.p[150, 20] < 1e-4
    began = rise_began(counts, found.spike.expected, np.arange(150, 154), np.full(4, 20))
    assert began.tolist() == [150] * 4
    assert found.score[150, 20] == found.score[150].max()


def test_a_slow_rise_is_found_by_the_days_together():
    counts, exposure, off, weekday, _ = world(seed=3)
    counts[150:160, 20] = np.round(12 * 1.7)
    scores = alert_scores(counts, exposure, off, weekday)[:, 20]
    single = -np.log10(spike_scores(counts, exposure, off, weekday).p[:, 20])
    assert scores[150:160].max() > single[150:160].max() + 1


@pytest.mark.parametrize("day", [1, 15, 60, 150, 199])
def test_later_days_change_nothing_before(day):
    counts, exposure, off, weekday, _ = world()
    whole = find_alerts(counts, find_baseline(counts, exposure, off, weekday), SETTINGS)
    changed = counts.copy()
    changed[day:] *= 7
    part = find_alerts(changed, find_baseline(changed, exposure, off, weekday), SETTINGS)
    short = find_alerts(counts[:day], find_baseline(counts[:day], exposure[:day], off[:day], weekday[:day]), SETTINGS)
    for name in ("score", "p", "since"):
        np.testing.assert_array_equal(getattr(part, name)[:day], getattr(whole, name)[:day])
        np.testing.assert_array_equal(getattr(short, name), getattr(whole, name)[:day])


def test_keys_that_come_later_change_not_a_bit():
    counts, exposure, off, weekday, _ = world()
    later = np.zeros((len(counts), 3), np.int64)
    later[180:] = 4
    wide = np.concatenate([counts, later], axis=1)
    few, many = (find_baseline(table[:180], exposure[:180], off[:180], weekday[:180]) for table in (counts, wide))
    for name in ("expected", "dispersion", "doubt"):
        np.testing.assert_array_equal(getattr(many, name)[:, : counts.shape[1]], getattr(few, name))


def test_order_of_keys_does_not_matter():
    counts, exposure, off, weekday, _ = world()
    order = np.random.default_rng(1).permutation(counts.shape[1])
    np.testing.assert_allclose(
        alert_scores(counts[:, order], exposure, off, weekday), alert_scores(counts, exposure, off, weekday)[:, order], rtol=1e-8
    )


def test_a_general_rise_of_traffic_is_no_news_of_each_key():
    counts, _, off, weekday, _ = world()
    counts[150] *= 3
    together = alert_scores(counts, counts.sum(axis=1), off, weekday)[150]
    alone = counts.copy()
    alone[150, 1:] //= 3
    assert together[24:].max() < 3
    counts = world()[0]
    counts[150, 29] *= 3
    assert alert_scores(counts, counts.sum(axis=1), off, weekday)[150, 29] > 3


def test_a_past_burst_does_not_hide_the_next():
    counts, exposure, off, weekday, _ = world()
    clean = find_baseline(counts, exposure, off, weekday).expected[150, 20]
    counts[120:123, 20] = 200
    after = find_baseline(counts, exposure, off, weekday).expected[150, 20]
    assert after < 1.25 * clean


@pytest.mark.parametrize("level", [(2, 8), (5, 15), (0, 6)])
def test_a_new_level_is_learned_in_weeks(level):
    counts, exposure, off, weekday, _ = world(n_days=240)
    random = np.random.default_rng(9)
    counts[:, 20] = random.poisson(np.where(np.arange(240) < 120, *level))
    found = find_alerts(counts, find_baseline(counts, exposure, off, weekday), SETTINGS)
    assert (found.p[121:127, 20] < 0.001).mean() > 0.8
    assert found.spike.expected[195, 20] > 0.75 * level[1]
    assert (found.p[200:, 20] < 0.001).mean() < 0.1


def test_missing_days_are_not_zeros():
    counts, exposure, off, weekday, mean = world()
    counts[100:110], exposure[100:110] = 0, 0
    baseline = find_baseline(counts, exposure, off, weekday)
    assert baseline.missing.nonzero()[0].tolist() == list(range(100, 110))
    assert np.isnan(alert_scores(counts, exposure, off, weekday)[100:110]).all()
    assert np.abs(baseline.expected[115, 20:] / mean[115, 20:] - 1).mean() < 0.25


def test_a_quiet_world_may_have_days_without_items():
    counts = np.zeros((100, 1), np.int64)
    counts[::3] = 1
    assert not find_baseline(counts, counts[:, 0]).missing.any()


@pytest.mark.parametrize("n_days", [0, 1, 14, 17])
def test_short_histories_have_no_score(n_days):
    counts = np.ones((n_days, 2), np.int64)
    score = alert_scores(counts, counts.sum(axis=1), np.zeros(n_days, bool), np.arange(n_days) % 7)
    assert score.shape == (n_days, 2)
    assert np.isnan(score[: SETTINGS.min_history + SETTINGS.guard]).all()


def test_zeros_and_constants_are_silent():
    for value in (0, 1, 30):
        score = alert_scores(np.full((120, 3), value), None, None, np.arange(120) % 7)
        assert np.nanmax(score) < 1.5


def test_without_keys():
    assert alert_scores(np.zeros((30, 0), np.int64), np.full(30, 5)).shape == (30, 0)


def slow_cusum(counts, expected, dispersion, rises):
    statistic, start = np.zeros(counts.shape), np.zeros(counts.shape, int)
    for key in range(counts.shape[1]):
        sums, begun = [0.0] * len(rises), [0] * len(rises)
        for day in range(len(counts)):
            for number, rise in enumerate(rises):
                if sums[number] <= 0:
                    begun[number] = day
                y, m, k = counts[day, key], expected[day, key], dispersion[day, key]
                now, before = (stats.nbinom.logpmf(y, 1 / k, 1 / (1 + k * mean)) for mean in (rise * m, m))
                sums[number] = min(max(sums[number] + now - before, 0.0), HIGHEST)
            best = int(np.argmax(sums))
            statistic[day, key], start[day, key] = sums[best], begun[best] if sums[best] > 0 else day
    return statistic, start


def test_cusum_is_the_likelihood_ratio_summed_up():
    random = np.random.default_rng(2)
    expected, dispersion = random.uniform(0.5, 9, (40, 4)), random.uniform(0.02, 0.3, (40, 4))
    counts = random.poisson(expected * np.where(np.arange(40) > 25, 2.5, 1)[:, None])
    statistic, start = rise_scores(counts, expected, dispersion)
    slow, slow_start = slow_cusum(counts, expected, dispersion, (1.5, 2.0))
    np.testing.assert_allclose(statistic, slow, atol=1e-8)
    np.testing.assert_array_equal(start, slow_start)


def test_cusum_does_nothing_where_nothing_is_known():
    statistic, start = rise_scores(np.full((5, 1), 9), np.full((5, 1), np.nan), np.ones((5, 1)))
    assert statistic.tolist() == [[0.0]] * 5
    assert start[:, 0].tolist() == [0, 1, 2, 3, 4]


def test_dispersion_is_shrunk_to_the_keys_that_are_known():
    information = np.array([1e6, 1e6, 0.0])
    own, between = shrunk_dispersion(np.array([0.1, 0.3, 0.0]) * information, information, 0.01)
    np.testing.assert_allclose(own[:2], [0.1, 0.3], atol=0.01)
    assert 0.1 < own[2] < 0.3
    assert between > 0


def test_kinds_of_days_around_a_holiday():
    # Friday to Thursday; Saturday to Tuesday off, and the next Saturday worked.
    weekday = np.array([4, 5, 6, 0, 1, 2, 3, 4, 5, 6])
    off = np.array([0, 1, 1, 1, 1, 0, 0, 0, 0, 1], bool)
    assert festive_days(off, weekday).tolist() == [False, True, True, True, True, *[False] * 5]
    kinds = kinds_of_days(10, off, weekday)
    assert kinds.codes.tolist() == [4, 5, 6, 0, 1, 2, 3, 4, 7, 6]
    assert kinds.occasions.tolist() == [0, 1, 1, 1, 1, 0, 0, 0, 2, 0]


def test_festive_days_match_the_oracle():
    random = np.random.default_rng(4)
    for _ in range(20):
        weekday = (np.arange(60) + random.integers(7)) % 7
        off = (weekday >= 5) ^ (random.random(60) < 0.1)
        assert festive_days(off, weekday).tolist() == slow_kinds((off, weekday))


@pytest.mark.parametrize("arbitrary", [False, True])
def test_adjusted_p_values_are_those_of_scipy(arbitrary):
    p = np.random.default_rng(5).random((6, 30)) ** 3
    p[:, 3:6] = p[:, :1]
    for found, expected in zip(adjusted(p, arbitrary=arbitrary), p, strict=True):
        np.testing.assert_allclose(found, stats.false_discovery_control(expected, method="by" if arbitrary else "bh"))


def test_what_was_not_tested_does_not_count():
    p = np.array([[0.01, np.nan, 0.02], [np.nan] * 3])
    np.testing.assert_allclose(adjusted(p), [[0.02, np.nan, 0.02], [np.nan] * 3])
    assert adjusted(np.zeros((2, 0))).shape == (2, 0)


def test_a_movement_that_lasts_is_left_to_the_levels():
    movement, factor = Movement(), np.array([2.0, 0.5, 1.0])
    relative = [movement.beside_drift(factor) for _ in range(300)]
    np.testing.assert_allclose(relative[0], factor)
    np.testing.assert_allclose(relative[-1], 1, atol=1e-3)


def test_traffic_that_doubles_for_good_becomes_the_level():
    counts, _, off, weekday, mean = world(n_days=400)
    counts[150:] = np.random.default_rng(1).poisson(2 * mean[150:])
    baseline = find_baseline(counts, counts.sum(axis=1), off, weekday)
    assert np.abs(baseline.expected[160:, 12:] / mean[160:, 12:] / 2 - 1).mean() < 0.12


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(0, 5), st.floats(0, 1e4), st.floats(0, 1))
def test_whatever_is_counted_the_figures_make_sense(seed, n_days, n_keys, level, zeros):
    random = np.random.default_rng(seed)
    counts = random.poisson(level * random.gamma(0.3, 3, (n_days, n_keys))) * (random.random((n_days, n_keys)) >= zeros)
    exposure = counts.sum(axis=1) + random.integers(0, 3, n_days)
    weekday = (np.arange(n_days) + seed) % 7
    found = find_alerts(counts, find_baseline(counts, exposure, random.random(n_days) < 0.3, weekday), Settings(min_history=5))
    known = np.isfinite(found.spike.expected)
    assert (found.spike.expected[known] > 0).all()
    for p in (found.spike.p, found.p):
        assert np.isfinite(p).sum() == known.sum()
        assert ((p[known] >= 0) & (p[known] <= 1)).all()
    assert (found.spike.low[known] <= found.spike.high[known]).all()
    assert (found.since <= np.arange(n_days)[:, None]).all()
