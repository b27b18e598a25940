"""The trends benchmark: simulation, baselines, scoring and the oracle against slow, obvious versions, on tiny grids."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nbinom, poisson

from benchmarks import (
    trend_baselines,
    trend_experiment,
    trend_nominal,
    trend_scoring,
    trend_simulation,
    trend_streams,
    trend_tables,
    trends,
)
from benchmarks.trend_experiment import DAY_ORACLE, EACH, ONE, Grid
from benchmarks.trend_scoring import RATES, WITHIN
from benchmarks.trend_simulation import AFTER, NONE, PLAIN, Keys, Series, Shape, simulate

SHAPES = (Shape("spike", 3.0, 2), Shape("ramp", 2.0, 4))
TINY = Grid(
    rates=(1, 8), sizes=(np.inf, 8.0), shapes=SHAPES, worlds=2, each=3, free=4, calibration=2, calibration_keys=10, n_days=120, evaluated=50
)


def series(counts, exposure=None) -> Series:
    counts = np.asarray(counts, np.int64)
    n_days = len(counts)
    exposure = np.full(n_days, 100) if exposure is None else np.asarray(exposure)
    return Series(counts, exposure, np.zeros(n_days, np.bool_), np.arange(n_days) % 7)


def random_series(seed: int, n_days: int = 60, n_keys: int = 5) -> Series:
    random = np.random.default_rng(seed)
    lost = random.random(n_days) < 0.1
    counts = random.poisson(random.uniform(0.1, 6, n_keys), (n_days, n_keys))
    return series(np.where(lost[:, None], 0, counts), np.where(lost, 0, 100))


class TestSimulation:
    @pytest.mark.parametrize(
        ("shape", "factors"),
        [
            (Shape("spike", 5.0, 1), [5.0]),
            (Shape("spike", 2.0, 3), [2.0, 2.0, 2.0]),
            (Shape("ramp", 3.0, 4), [1.5, 2.0, 2.5, 3.0] + [3.0] * trend_simulation.PLATEAU),
        ],
    )
    def test_factors_of_a_burst(self, shape, factors):
        np.testing.assert_allclose(shape.factors, factors)

    @pytest.mark.parametrize("size", [np.inf, 20.0, 8.0])
    @pytest.mark.parametrize("factor", [1.0, 3.0])
    def test_counts_have_the_mean_and_the_variance_they_claim(self, size, factor):
        shape = Shape("spike", factor, 200)
        keys = Keys(np.full(400, 5.0), np.full(400, size), np.zeros(400, np.int64))
        world = simulate(keys, (shape,), np.random.default_rng(3), kind=PLAIN, last="2024-06-30", n_days=220, evaluated=AFTER)
        counts = np.concatenate([world.series.counts[np.minimum(start + np.arange(5), 219), key] for key, start in enumerate(world.start)])
        mean = 5 * factor
        variance = mean + mean**2 / size
        assert counts.mean() == pytest.approx(mean, abs=4 * np.sqrt(variance / len(counts)))
        assert counts.var() == pytest.approx(variance, rel=0.15)

    def test_extra_factors_equal_a_loop(self):
        shape, start = np.array([0, 1, 1]), np.array([2, 0, 9])
        found = trend_simulation.extra_factors(SHAPES, shape, start, 12)
        expected = np.zeros((12, 3))
        for key in range(3):
            for offset, factor in enumerate(SHAPES[shape[key]].factors):
                if start[key] + offset < 12:
                    expected[start[key] + offset, key] = factor - 1
        np.testing.assert_allclose(found, expected)

    def test_nothing_happens_on_a_lost_day(self):
        world = TINY.simulated(trend_experiment.TEST, 0)
        lost = ~world.series.observed
        assert lost.any()
        assert not world.series.counts[lost].any()
        assert not world.mean[lost].any()
        assert world.series.observed[world.start[world.start != NONE]].all()

    def test_volume_holds_all_counts(self):
        world = TINY.simulated(trend_experiment.TEST, 1)
        observed = world.series.observed
        assert (world.series.exposure[observed] > world.series.counts[observed].sum(axis=1)).all()

    def test_a_week_has_the_rate_as_its_mean(self):
        keys = Keys(np.full(50, 7.0), np.full(50, 8.0), np.full(50, NONE))
        kind = replace(PLAIN, weekday=True)
        world = simulate(keys, SHAPES, np.random.default_rng(1), kind=kind, last="2023-03-31", n_days=28, evaluated=20)
        np.testing.assert_allclose(world.mean[:7].mean(axis=0), 7.0)

    def test_calendar_of_a_make_up_sunday(self):
        off, festive, weekday = trend_simulation.calendar("2024-02-18", 9)  # from Saturday, the first day of the Spring Festival
        assert weekday.tolist() == [5, 6, 0, 1, 2, 3, 4, 5, 6]
        assert off.tolist() == [True] * 8 + [False]
        assert festive.tolist() == [True] * 8 + [False]

    def test_repeats_with_the_seed_and_differs_without(self):
        first, again, other = TINY.simulated(0, 0), TINY.simulated(0, 0), replace(TINY, seed=1).simulated(0, 0)
        np.testing.assert_array_equal(first.series.counts, again.series.counts)
        assert (first.series.counts != other.series.counts).any()

    def test_grid_has_every_point(self):
        world = TINY.simulated(trend_experiment.TEST, 0)
        points = pd.DataFrame({"rate": world.keys.rate, "size": world.keys.size, "shape": world.keys.shape}).value_counts()
        assert len(points) == 2 * 2 * 3
        assert points.xs(NONE, level="shape").eq(TINY.free).all()
        assert points.drop(NONE, level="shape").eq(TINY.each).all()


def slow_standardised(counts, days, gap):
    """(y - mean) / deviation, one day and one key at a time."""
    score = np.full(counts.shape, -np.inf)
    for t in range(days + gap, len(counts)):
        for key in range(counts.shape[1]):
            past = counts[t - gap - days : t - gap, key]
            score[t, key] = (counts[t, key] - past.mean()) / max(past.std(ddof=1), trend_baselines.LEAST_DEVIATION)
    return score


class TestBaselines:
    @pytest.mark.parametrize(("name", "days", "gap"), [("EARS C1", 7, 0), ("EARS C2", 7, 2), ("mean + 3σ", 28, 0)])
    def test_standardised_equals_a_loop_over_days_with_data(self, name, days, gap):
        given = random_series(1)
        observed = given.observed
        found = trend_baselines.DETECTORS[name](given)
        np.testing.assert_allclose(found[observed], slow_standardised(given.counts[observed], days, gap), atol=1e-9)
        assert (found[~observed] == -np.inf).all()

    def test_c3_sums_three_days_of_c2(self):
        given = random_series(2)
        observed = given.observed
        above = np.maximum(slow_standardised(given.counts[observed], 7, 2) - 1, 0)
        expected = [above[t] + above[t - 1] + above[t - 2] for t in range(11, observed.sum())]
        np.testing.assert_allclose(trend_baselines.ears_c3(given)[observed][11:], expected, atol=1e-9)

    def test_poisson_equals_scipy(self):
        given = random_series(3)
        counts = given.counts[given.observed]
        found = trend_baselines.naive_poisson(given)[given.observed]
        for t in range(28, len(counts)):
            mean = np.maximum(counts[t - 28 : t].mean(axis=0), trend_baselines.LEAST_MEAN)
            p = poisson.sf(counts[t], mean) + poisson.pmf(counts[t], mean) / 2
            np.testing.assert_allclose(found[t], np.where(counts[t] > mean, -np.log10(p), 0), atol=1e-9)
        assert (found[:28] == -np.inf).all()

    @pytest.mark.parametrize("name", trend_baselines.DETECTORS)
    def test_a_later_day_changes_no_earlier_score(self, name):
        given = random_series(4, n_days=50)
        changed = replace(given, counts=given.counts + 30 * (np.arange(50) == 40)[:, None])
        detect = trend_baselines.DETECTORS[name]
        np.testing.assert_array_equal(detect(given)[:40], detect(changed)[:40])

    @pytest.mark.parametrize("name", trend_baselines.DETECTORS)
    def test_more_is_more_alarming_and_nothing_is_nan(self, name):
        given = series(np.random.default_rng(5).poisson(3, (60, 2)))
        more = replace(given, counts=given.counts + np.where(np.arange(60)[:, None] == 59, [[20, 0]], 0))
        before, after = (trend_baselines.DETECTORS[name](which) for which in (given, more))
        assert after[59, 0] > before[59, 0]
        assert not np.isnan(after).any()

    def test_mid_p_equals_scipy(self):
        random = np.random.default_rng(6)
        counts, mean, size = random.integers(0, 30, (40, 3)), random.uniform(0.1, 9, (40, 3)), np.array([np.inf, 20.0, 8.0])
        found = trend_baselines.upper_mid_p(counts, mean, size)
        for key, law in enumerate([poisson(mean[:, 0]), *(nbinom(r, r / (r + mean[:, k])) for k, r in ((1, 20.0), (2, 8.0)))]):
            p = law.sf(counts[:, key]) + law.pmf(counts[:, key]) / 2
            np.testing.assert_allclose(found[:, key], np.where(counts[:, key] > mean[:, key], p, 1), rtol=1e-9)


def slow_alarms(column, threshold):
    """Days (from the second row on) on which a run of scores at or above the threshold begins."""
    return [t - 1 for t in range(1, len(column)) if column[t] >= threshold and column[t - 1] < threshold]


class TestScoring:
    @pytest.mark.parametrize("threshold", [0.2, 0.5, 0.9])
    def test_alarms_equal_a_loop(self, threshold):
        score = np.random.default_rng(1).random((30, 4))
        found = trend_scoring.alarms(score, threshold)
        assert [np.flatnonzero(found[:, key]).tolist() for key in range(4)] == [slow_alarms(score[:, key], threshold) for key in range(4)]

    @pytest.mark.parametrize("seed", range(4))
    @pytest.mark.parametrize("smooth", [False, True])
    def test_threshold_gives_the_alarms_asked_for_and_is_the_highest(self, seed, smooth):
        score = np.random.default_rng(seed).standard_normal((40, 6))
        if smooth:  # long alarms
            score = np.cumsum(score, axis=0)
        wanted = [1, 4, 9]
        found = trend_scoring.thresholds(score, wanted)
        for limit, number in zip(found, wanted, strict=True):
            assert trend_scoring.alarms(score, limit).sum() == number
            assert all(trend_scoring.alarms(score, higher).sum() < number for higher in score[score > limit])

    def test_threshold_lets_a_share_of_equal_scores_through(self):
        observed = np.ones(11, np.bool_)
        score = trend_scoring.carried(np.tile([[0.0], [1.0]], (6, 50))[:11], observed, np.random.default_rng(0))
        limit = trend_scoring.thresholds(score, [20])[0]
        assert trend_scoring.alarms(score, limit).sum() == 20
        assert 1 <= limit <= 1 + trend_scoring.JITTER

    @pytest.mark.parametrize("score", [np.zeros((5, 2)), np.full((5, 2), -np.inf), np.zeros((5, 0)), np.zeros((1, 3))])
    def test_what_never_rises_never_alarms(self, score):
        assert not trend_scoring.alarms(score, trend_scoring.thresholds(score, [1])[0]).any()

    def test_lost_days_neither_begin_nor_end_an_alarm(self):
        observed = np.array([True, True, False, True, False, True])
        score = trend_scoring.carried(np.array([[0.0, 5, 0, 5, 9, 0]]).T, observed, np.random.default_rng(0))
        assert np.flatnonzero(trend_scoring.alarms(score, 4.0)).tolist() == [0]
        assert np.round(score[:, 0]).tolist() == [0, 5, 5, 5, 5, 0]

    @pytest.mark.parametrize(
        ("scores", "days"),
        [([0, 9, 9], 0), ([0, 0, 9], 1), ([9, 9, 9], AFTER), ([9, 0, 9], 1), ([0, 0, 0], AFTER)],
    )
    def test_days_to_the_first_alarm(self, scores, days):
        window = np.zeros((AFTER + 1, 1))
        window[: len(scores), 0] = scores
        window[len(scores) :, 0] = 9 if scores == [9, 9, 9] else 0
        assert trend_scoring.first_alarm(window, np.array([5.0])).tolist() == [days]

    @pytest.mark.parametrize("size", [np.inf, 8.0])
    def test_log_ratio_equals_scipy(self, size):
        random = np.random.default_rng(2)
        counts, mean = random.integers(0, 20, (15, 3)), random.uniform(0.2, 9, (15, 3))
        laws = [poisson(m) if np.isinf(size) else nbinom(size, size / (size + m)) for m in (2.5 * mean, mean)]
        found = trend_scoring.log_ratio(counts, mean, np.full(3, size), 2.5)
        np.testing.assert_allclose(found, laws[0].logpmf(counts) - laws[1].logpmf(counts), atol=1e-9)

    @pytest.mark.parametrize("shape", [*SHAPES, Shape("spike", 2.0, 1)])
    def test_scan_equals_a_loop_over_starts(self, shape):
        random = np.random.default_rng(3)
        counts, mean, size = random.integers(0, 12, (20, 2)), random.uniform(0.5, 6, (20, 2)), np.array([np.inf, 8.0])
        found = list(trend_scoring.scan_scores(counts, mean, size, shape))
        factors = shape.factors
        for within, score in zip(WITHIN, found, strict=True):
            for t in range(10, 20):
                sums = []
                for lag in range(min(within, len(factors) - 1) + 1):
                    ratios = [
                        trend_scoring.log_ratio(counts[[t - lag + i]], mean[[t - lag + i]], size, factors[i])[0] for i in range(lag + 1)
                    ]
                    sums.append(np.sum(ratios, axis=0))
                np.testing.assert_allclose(score[t], np.max(sums, axis=0), atol=1e-9)

    def test_the_day_oracle_is_at_its_level_and_finds_what_theory_says(self):
        """5 items a day, r = 8, a threefold spike: at one alarm in 700 days a third is found on the first day."""
        keys = Keys(np.full(4000, 5.0), np.full(4000, 8.0), np.zeros(4000, np.int64))
        world = simulate(keys, (Shape("spike", 3.0, 1),), np.random.default_rng(4), kind=PLAIN, last="2024-06-30", n_days=60, evaluated=40)
        score = trend_scoring.carried(trend_scoring.tail_score(world), world.series.observed, np.random.default_rng(5))
        quiet, loud = nbinom(8, 8 / 13), nbinom(8, 8 / 23)
        limit = int(quiet.isf(1 / 700))  # between two counts, so the share found lies between theirs
        hit = score[world.start, np.arange(4000)] >= -np.log10(quiet.sf(limit) + quiet.pmf(limit) / 2)
        assert hit.mean() == pytest.approx(loud.sf(limit - 1), abs=0.03)
        assert loud.sf(limit) < 0.4
        assert loud.sf(limit - 1) > 0.3


@pytest.fixture(scope="module")
def outcome():
    return trend_experiment.run(TINY)


class TestExperiment:
    def test_every_burst_is_counted_once_for_every_detector(self, outcome):
        bursts = TINY.worlds * TINY.each * len(SHAPES) * TINY.n_kinds
        assert set(outcome.days) == {*trend_baselines.DETECTORS, DAY_ORACLE}
        assert {found.shape for found in outcome.days.values()} == {(2, len(RATES), bursts)}
        assert outcome.scan.shape == (len(RATES), len(WITHIN), bursts)
        assert all(((found >= 0) & (found <= AFTER)).all() for found in outcome.days.values())

    def test_the_oracle_knows_the_kind_of_a_key(self, outcome):
        np.testing.assert_array_equal(outcome.days[DAY_ORACLE][ONE], outcome.days[DAY_ORACLE][EACH])

    def test_recall_equals_a_count(self, outcome):
        found = trend_tables.recall(outcome, "EARS C2", 3)
        days = outcome.days["EARS C2"][ONE, trend_tables.GOAL]
        for rate in range(2):
            for shape in range(2):
                here = (outcome.rate == rate) & (outcome.shape == shape)
                assert found[rate, shape] == pytest.approx((days[here] <= 3).mean())

    def test_paired_difference_and_its_error(self, outcome):
        difference, error = trend_tables.paired(outcome, "EARS C1", 1)
        mine, theirs = (outcome.days[name][ONE, trend_tables.GOAL] <= 1 for name in ("ours", "EARS C1"))
        here = (outcome.rate == 1) & (outcome.shape == 0)
        pairs = mine[here].astype(float) - theirs[here]
        assert difference[1, 0] == pytest.approx(pairs.mean())
        assert error[1, 0] == pytest.approx(pairs.std() / np.sqrt(here.sum()))

    def test_a_detector_that_is_told_the_burst_finds_all(self):
        """Perfect scores for one, noise for the other: recall 1 and about the level; false alarms 0 and at the rate asked for."""

        def told(given: Series):
            return np.where(given.counts > 40, 1e3, 0.0) + np.random.default_rng(given.counts.sum()).random(given.counts.shape)

        def noise(given: Series):
            return np.random.default_rng(given.counts.sum()).random(given.counts.shape)

        grid = replace(TINY, rates=(8,), sizes=(np.inf,), shapes=(Shape("spike", 12.0, 1),), each=100, free=100, calibration_keys=200)
        found = trend_experiment.run(grid, {"told": told, "noise": noise})
        target = RATES.index(5.0)
        assert (found.days["told"][ONE, target] == 0).mean() > 0.95
        assert (found.days["noise"][ONE, target] == 0).mean() < 0.05
        assert found.false["noise"][ONE, target].mean() == pytest.approx(5, abs=2)
        assert found.scan[target, 0].mean() > 0.95

    @pytest.mark.parametrize("matching", [ONE, EACH])
    def test_tables_are_tables(self, outcome, matching):
        for table in (trend_tables.curve_table, trend_tables.ahead_table, trend_tables.ramp_curve_table):
            lines = table(outcome, matching).splitlines()
            assert len({line.count("|") for line in lines}) == 1
        assert isinstance(trend_tables.losses(outcome, matching), str)

    def test_remaining_tables(self, outcome):
        for table in (trend_tables.delay_table, trend_tables.false_table, trend_tables.by_size_table):
            assert len({line.count("|") for line in table(outcome).splitlines()}) == 1
        assert "1.00 / 1.00" not in trend_tables.ratio_lines(outcome)
        assert "times the recall of EARS C2" in trend_tables.ramp_table(outcome)
        assert trend_tables.point_table(outcome, 1).count("/") == 3


def test_nominal_shares_of_uniform_p_values_are_one():
    """p values that are uniform by construction: every ratio about 1, alarms at their rate; twice as small: about 2."""

    def uniform(given: Series):
        return np.random.default_rng(given.counts.sum()).random(given.counts.shape)

    grid = replace(TINY, calibration_keys=20)
    for factor, expected in ((1.0, 1.0), (0.5, 2.0)):
        shares, raised = trend_nominal.nominal_tables(grid, lambda s, factor=factor: (uniform(s) * factor, uniform(s) * factor))
        lines = shares.splitlines()[2:]
        assert len(lines) == len(trend_nominal.KINDS)
        cells = [line.split("|")[3].split("·")[0] for line in lines]
        assert np.mean([float(cell) for cell in cells]) == pytest.approx(expected, rel=0.1)
        at_five, days_found = np.mean([list(map(float, line.split("|")[5:7])) for line in raised.splitlines()[2:]], axis=0)
        assert at_five == pytest.approx(5 * expected, rel=0.2)
        assert days_found == pytest.approx(trend_nominal.FDR * expected, abs=0.03)


@pytest.fixture
def stream(tmp_path, monkeypatch):
    """A tiny stream of made-up reviews, one text pasted over and over."""
    random = np.random.default_rng(0)
    words = ("电池", "屏幕", "快递", "客服", "价格")
    days = np.datetime64("2024-01-01") + random.integers(0, 150, 3000)
    texts = [
        f"{words[i]}{words[j]}不错{'很' * int(n)}"
        for i, j, n in zip(*random.integers(0, 5, (2, 3000)), random.integers(1, 9, 3000), strict=True)
    ]
    texts[:200] = ["这是一段被反复粘贴的很长的垃圾广告文字请大家都来看一看吧"] * 200
    table = pd.DataFrame({"created_at": days.astype("datetime64[us]"), "product": "甲", "text": texts})
    monkeypatch.setattr(trend_streams, "read_table", lambda name: table)
    return trend_streams.read_stream("any", "2024-01-01", "2024-05-29")


class TestStreams:
    def test_counts_words_once_a_text_and_pastes_once(self, stream):
        assert stream.counts.shape[0] == 150
        assert stream.exposure.sum() == 3000 - 199
        assert stream.counts[:, 0].sum() == stream.exposure.sum()  # the one product
        assert (stream.counts.max(axis=1) <= stream.exposure).all()

    def test_bursts_only_add_and_only_where_they_are(self, stream):
        changed, shape, start = trend_streams.with_bursts(stream, SHAPES, np.random.default_rng(1))
        added = changed.counts - stream.counts
        assert added.any()
        inside = trend_simulation.extra_factors(SHAPES, shape, start, len(added)) > 0
        assert (added >= 0).all()
        assert not added[~inside].any()

    def test_false_alarms_are_matched_on_the_series_itself(self, stream):
        detectors = {"count": trend_baselines.count_itself}
        (name, _, days, shape), *rest = trend_streams.stream_results([("any", stream)], seed=0, repeats=2, detectors=detectors)
        assert (name, rest) == ("any", [])
        assert days["count"].shape == (len(RATES), 2 * stream.counts.shape[1])
        assert (np.diff((days["count"] <= 3).sum(axis=1)) >= 0).all()  # more false alarms, more found
        assert len(shape) == days["count"].shape[1]


class TestMain:
    def test_prints_and_records(self, monkeypatch, tmp_path, capsys):
        readme = tmp_path / "README.md"
        readme.write_text(f"# Benchmarks\n\n{trends.START}\nold\n{trends.END}\n\nrest\n", encoding="utf-8")
        monkeypatch.setattr(trends, "README", readme)
        monkeypatch.setattr(trends, "pin_to_core", lambda: None)
        monkeypatch.setattr(trends, "quick_grid", lambda seed: replace(TINY, seed=seed))
        monkeypatch.setattr(trends, "KEYS", 20)
        monkeypatch.setattr(trends, "DAYS", 80)
        assert trends.main(["--quick", "--seed", "3", "--record"]) == 0
        printed = capsys.readouterr().out
        assert "Seed 3." in printed
        assert readme.read_text(encoding="utf-8") == f"# Benchmarks\n\n{trends.START}\n\n{printed.strip()}\n\n{trends.END}\n\nrest\n"

    def test_full_run_reads_the_streams(self, monkeypatch, stream, capsys, tmp_path):
        monkeypatch.setattr(trends, "pin_to_core", lambda: None)
        monkeypatch.setattr(trends, "Grid", lambda seed: replace(TINY, seed=seed))
        monkeypatch.setattr(trends, "read_stream", lambda *_: stream)
        monkeypatch.setattr(trends, "stream_results", lambda streams, seed: trend_streams.stream_results(streams[:1], seed=seed, repeats=1))
        monkeypatch.setattr(trends, "speed_table", lambda *_: "speed")
        assert trends.main(["--data", str(tmp_path)]) == 0
        assert "real day counts" in capsys.readouterr().out

    def test_speed_is_of_the_size_asked_for(self, monkeypatch):
        seen = []

        def spy(given: Series):
            seen.append(given.counts.shape)

        monkeypatch.setattr(trends, "DETECTORS", {"ours": spy, "ours, one day": spy})
        assert "30 x 90" in trends.speed_table(TINY, 30, 90, repeats=2)
        assert set(seen) == {(90, 30)}
