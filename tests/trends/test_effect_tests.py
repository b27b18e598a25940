"""Intervals against the definitions they come from, written out with a root finder, and against chance."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import binom, contingency, norm, poisson, t

from feedback_nlp.trends.effect_tests import (
    HALF,
    Estimate,
    Scatter,
    binomial_scatter,
    poisson_scatter,
    rate,
    rate_ratio,
    ratio_of_ratios,
    share,
    share_ratio,
)

CHANCE = Scatter()


def slow_rate_ratio(counts, exposures, confidence):
    """The ratios at which as few, or as many, items on the second side have the probability left out on one side."""
    (first, second), tail = counts, (1 - confidence) / 2

    def of(probability):
        return probability / (1 - probability) * exposures[0] / exposures[1]

    low = brentq(lambda p: binom.sf(second - 1, first + second, p) - tail, 1e-12, 1 - 1e-12, xtol=1e-14) if second else 0.0
    high = brentq(lambda p: binom.cdf(second, first + second, p) - tail, 1e-12, 1 - 1e-12, xtol=1e-14) if first else None
    return (of(low) if second else 0.0), (of(high) if first else math.inf)


@pytest.mark.parametrize("counts", [(0, 3), (5, 0), (1, 1), (12, 3), (140, 70), (3, 90)])
@pytest.mark.parametrize(("exposures", "confidence"), [((28.0, 28.0), 0.95), ((28.0, 7.0), 0.9), ((1e6, 3.5e5), 0.99)])
def test_rate_ratio_matches_the_oracle(counts, exposures, confidence):
    found = rate_ratio(counts, exposures, CHANCE, confidence=confidence)
    low, high = slow_rate_ratio(counts, exposures, confidence)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-6)
    assert found.value == (pytest.approx(counts[1] / exposures[1] / (counts[0] / exposures[0])) if counts[0] else math.inf)


@pytest.mark.parametrize(("counts", "exposures"), [((0, 0), (7, 7)), ((3, 4), (0, 7)), ((3, 4), (7, 0)), ((0, 0), (0, 0))])
def test_nothing_to_compare(counts, exposures):
    found = rate_ratio(counts, exposures, CHANCE, confidence=0.95)
    assert (found.known, found.fell, found.rose, found.low, found.high) == (False, False, False, 0.0, math.inf)


@pytest.mark.parametrize("count", [0, 1, 7, 200])
def test_rate_matches_the_oracle(count):
    found = rate(count, 28.0, CHANCE, confidence=0.95)
    low = brentq(lambda mean: poisson.sf(count - 1, mean) - 0.025, 1e-9, count + 1) if count else 0.0
    high = brentq(lambda mean: poisson.cdf(count, mean) - 0.025, count, count * 3 + 20)
    assert (found.low, found.value, found.high) == pytest.approx((low / 28, count / 28, high / 28), rel=1e-6)
    assert not rate(count, 0.0, CHANCE, confidence=0.95).known


COUNT = st.integers(0, 500)


@settings(deadline=None)
@given(COUNT, COUNT, st.floats(0.1, 1e4), st.floats(0.1, 1e4), st.floats(1, 2000), st.integers(0, 60))
def test_exchanging_the_sides_inverts_the_rate_ratio(first, second, before, after, phi, freedom):
    scatter = Scatter(phi, freedom)
    there = rate_ratio((first, second), (before, after), scatter, confidence=0.95)
    back = rate_ratio((second, first), (after, before), scatter, confidence=0.95)
    assert same(there.inverse, back)
    assert not there.known or there.low <= there.value <= there.high


@settings(deadline=None)
@given(COUNT, COUNT, COUNT, COUNT, st.floats(1, 2000), st.integers(0, 60))
def test_exchanging_the_sides_inverts_the_ratio_of_ratios(a, b, c, d, phi, freedom):
    scatter = Scatter(phi, freedom)
    there = ratio_of_ratios((a, b), (c, d), scatter, confidence=0.95)
    assert same(there.inverse, ratio_of_ratios((b, a), (d, c), scatter, confidence=0.95))
    assert same(there.inverse, ratio_of_ratios((c, d), (a, b), scatter, confidence=0.95))
    assert not there.known or there.low <= there.value <= there.high


@settings(deadline=None)
@given(st.integers(0, 80), st.integers(1, 80), st.integers(0, 80), st.integers(1, 80))
def test_exchanging_the_sides_inverts_the_share_ratio(a, n, b, m):
    before, after = share(min(a, n), n, confidence=0.95), share(min(b, m), m, confidence=0.95)
    there = share_ratio(before, after)
    assert same(there.inverse, share_ratio(after, before))
    assert not there.known or there.low <= there.value <= there.high


def same(a, b):
    return (a.value, a.low, a.high) == pytest.approx((b.value, b.low, b.high), rel=1e-6, abs=1e-9, nan_ok=True)


def test_ratio_of_ratios_is_woolfs_with_a_half_added():
    found = ratio_of_ratios((30, 12), (400, 380), Scatter(2.0, 0), confidence=0.95)
    assert found.value == pytest.approx((12 / 30) / (380 / 400))
    centre = math.log((12 + HALF) * (400 + HALF) / ((30 + HALF) * (380 + HALF)))
    reach = 1.959964 * math.sqrt(2 * sum(1 / (count + HALF) for count in (30, 12, 400, 380)))
    assert (found.low, found.high) == pytest.approx((math.exp(centre - reach), math.exp(centre + reach)), rel=1e-6)


@pytest.mark.parametrize("table", [((60, 20), (500, 480)), ((200, 210), (900, 450)), ((40, 90), (300, 310))])
def test_ratio_of_ratios_is_near_fishers_exact_limits(table):
    found = ratio_of_ratios(*table, CHANCE, confidence=0.95)
    exact = contingency.odds_ratio([table[0][::-1], table[1][::-1]], kind="conditional").confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), rel=0.08)


@pytest.mark.parametrize("table", [((0, 0), (5, 5)), ((5, 5), (0, 0)), ((0, 4), (0, 5)), ((4, 0), (5, 0))])
def test_ratio_of_ratios_of_an_empty_row_or_column(table):
    assert not ratio_of_ratios(*table, CHANCE, confidence=0.95).known


def test_share_ratio_is_near_katz_where_much_is_known():
    katz = contingency.relative_risk(330, 600, 250, 500).confidence_interval(0.95)
    found = share_ratio(share(250, 500, confidence=0.95), share(330, 600, confidence=0.95))
    assert found.value == pytest.approx(1.1)
    assert (found.low, found.high) == pytest.approx((katz.low, katz.high), rel=0.01)


def test_shares_of_nothing():
    nothing, none, all_ = (share(part, whole, confidence=0.95) for part, whole in ((0, 0), (0, 9), (9, 9)))
    assert (nothing.known, nothing.low, nothing.high) == (False, 0.0, 1.0)
    assert (none.value, all_.value, all_.high) == (0.0, 1.0, pytest.approx(1.0))
    assert [share_ratio(*pair).known for pair in ((nothing, all_), (all_, nothing), (none, none), (none, all_))] == [False] * 3 + [True]
    assert share_ratio(none, all_).value == share_ratio(none, all_).high == math.inf


def days(random, mean, n, k=None):
    return random.poisson(random.gamma(k, mean / k, n) if k else np.full(n, mean)).astype(float)


def test_scatter_of_equal_days_is_pearsons_or_that_of_runs_of_days():
    random = np.random.default_rng(0)
    kinds = set()
    for _ in range(10):
        sides = [days(random, 4.0, 20, k=1.0), days(random, 9.0, 10, k=1.0)]
        squares = runs = 0.0
        for side, lags in zip(sides, (2, 2), strict=True):
            rest = (side - side.mean()) / math.sqrt(side.mean())
            squares += (rest**2).sum()
            near = sum(
                rest[i] * rest[j] * (1 - abs(i - j) / (lags + 1)) for i in range(len(rest)) for j in range(len(rest)) if abs(i - j) <= lags
            )
            runs += near
        found = poisson_scatter([(side, np.ones(len(side))) for side in sides])
        assert found.freedom == 28
        assert found.phi == pytest.approx(max(squares, runs) / 28)
        kinds.add(squares > runs)
    assert kinds == {True, False}


def test_bursts_of_several_days_count_as_more_scatter_than_the_same_days_apart():
    apart, together = np.tile([9.0, 1.0, 1.0, 1.0], 7), np.repeat([9.0, 1.0, 1.0, 1.0], 7)
    assert poisson_scatter([(together, np.ones(28))]).phi > 2 * poisson_scatter([(apart, np.ones(28))]).phi


def test_scatter_finds_what_was_put_in():
    random = np.random.default_rng(1)
    long = 20_000
    assert poisson_scatter([(days(random, 5.0, long), np.ones(long))]).phi == pytest.approx(1.0, abs=0.08)
    assert poisson_scatter([(days(random, 5.0, long, k=2.0), np.ones(long))]).phi == pytest.approx(1 + 5 / 2, rel=0.08)
    exposure = random.gamma(3, 1 / 3, long)
    assert poisson_scatter([(random.poisson(5 * exposure).astype(float), exposure)]).phi == pytest.approx(1.0, abs=0.08)
    # Days that move key and comparison alike scatter much by themselves, and not at all as a share.
    key, others = random.poisson(3 * exposure).astype(float), random.poisson(30 * exposure).astype(float)
    assert poisson_scatter([(key, np.ones(long))]).phi > 1.8
    assert binomial_scatter([(key, key + others)]).phi == pytest.approx(1.0, abs=0.08)


@pytest.mark.parametrize("sides", [[], [(np.zeros(0), np.zeros(0))], [(np.zeros(5), np.ones(5))], [(np.array([4.0]), np.ones(1))]])
def test_where_nothing_varies_chance_is_assumed(sides):
    assert poisson_scatter(sides) == binomial_scatter(sides) == CHANCE


def test_more_scatter_is_a_wider_interval():
    found = [rate_ratio((60, 30), (28, 28), Scatter(phi, 54), confidence=0.95) for phi in (1.0, 2.0, 5.0)]
    assert [one.value for one in found] == [0.5] * 3
    assert [one.low for one in found] == sorted((one.low for one in found), reverse=True)
    assert [one.high for one in found] == sorted(one.high for one in found)


def test_the_quantile_is_students_where_scatter_is_estimated():
    assert norm.isf(Scatter(2.0, 12).tail(0.95)) == pytest.approx(t.isf(0.025, 12))
    assert CHANCE.tail(0.9) == pytest.approx(0.05)


def covered(random, *, mean, k, n, widened, runs=400):
    """How often the interval of the ratio of two equal rates holds 1."""
    hits = 0
    for _ in range(runs):
        sides = [days(random, mean, n, k) for _ in range(2)]
        scatter = poisson_scatter([(side, np.ones(n)) for side in sides]) if widened else CHANCE
        found = rate_ratio((sides[0].sum(), sides[1].sum()), (n, n), scatter, confidence=0.95)
        hits += found.low <= 1 <= found.high
    return hits / runs


@pytest.mark.parametrize(("mean", "k"), [(5.0, None), (30.0, None), (5.0, 2.0), (30.0, 5.0)])
def test_without_an_effect_the_interval_holds_one_as_often_as_it_says(mean, k):
    assert 0.93 <= covered(np.random.default_rng(2), mean=mean, k=k, n=28, widened=True) <= 0.99


def test_few_items_make_the_interval_too_wide_never_too_narrow():
    assert covered(np.random.default_rng(3), mean=0.2, k=None, n=28, widened=True) >= 0.95


def test_without_widening_overdispersed_days_look_like_an_effect():
    assert covered(np.random.default_rng(2), mean=30.0, k=5.0, n=28, widened=False) < 0.75


@pytest.mark.parametrize("decline", [1.0, 0.5])
def test_a_general_decline_is_no_difference_in_differences(decline):
    """Weekdays, shocks of single days and overdispersion included."""
    random, runs, n = np.random.default_rng(4), 400, 28
    level = np.repeat([1.0, decline], n) * np.resize([1.1, 1.1, 1.1, 1.1, 1.1, 0.7, 0.8], 2 * n)
    relative = plain = 0
    for _ in range(runs):
        day = level * random.gamma(6, 1 / 6, 2 * n)
        key, others = (random.poisson(random.gamma(4, mean / 4, 2 * n) * day).astype(float) for mean in (4.0, 40.0))
        halves = [(key[:n], others[:n]), (key[n:], others[n:])]
        scatter = binomial_scatter([(mine, mine + rest) for mine, rest in halves])
        pairs = [tuple(half[side].sum() for half in halves) for side in range(2)]
        found = ratio_of_ratios(*pairs, scatter, confidence=0.95)
        relative += found.low <= 1 <= found.high
        by_days = poisson_scatter([(half[0], np.ones(n)) for half in halves])
        plain += not rate_ratio(pairs[0], (n, n), by_days, confidence=0.95).fell
    assert 0.92 <= relative / runs <= 0.985
    assert decline == 1.0 or plain / runs < 0.5


def test_estimate_of_nothing():
    nothing = Estimate()
    assert (nothing.known, nothing.fell, nothing.rose) == (False, False, False)
    assert same(nothing.inverse, nothing)
