"""Figures against scikit-learn, formulas written out, and slow ways to get the same."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, f1_score, multilabel_confusion_matrix

from feedback_nlp.evaluate import metrics


def labelled(n, n_classes, seed):
    random = np.random.default_rng(seed)
    truth = random.integers(n_classes, size=n)
    return truth, np.where(random.random(n) < 0.7, truth, random.integers(n_classes, size=n))


def flags(n, n_flags, seed):
    random = np.random.default_rng(seed)
    truth = random.random((n, n_flags)) < 0.3
    return truth, truth ^ (random.random((n, n_flags)) < 0.2)


pairs = st.integers(2, 5).flatmap(
    lambda k: st.tuples(st.just(k), st.lists(st.tuples(st.integers(0, k - 1), st.integers(0, k - 1)), min_size=1, max_size=40))
)


@given(pairs)
def test_f1_equals_scikit_learn(drawn):
    n_classes, rows = drawn
    truth, chosen = np.array(rows).T
    counts = metrics.confusion(truth, chosen, n_classes)
    present = np.union1d(truth, chosen)
    np.testing.assert_allclose(metrics.f1_scores(counts)[present], f1_score(truth, chosen, average=None, labels=present, zero_division=0))
    assert np.isnan(np.delete(metrics.f1_scores(counts), present)).all()
    assert metrics.macro_f1(counts) == pytest.approx(f1_score(truth, chosen, average="macro", zero_division=0))


@given(pairs)
def test_kappa_equals_its_formula(drawn):
    """Cohen 1968: one less the weighted disagreement, in parts of what it would be by chance."""
    n_classes, rows = drawn
    truth, chosen = np.array(rows).T
    found = metrics.weighted_kappa(truth, chosen, n_classes)
    observed = sum((t - c) ** 2 for t, c in rows) / len(rows)
    by_chance = sum((t - c) ** 2 for t in truth for c in chosen) / len(rows) ** 2
    if by_chance == 0:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(1 - observed / by_chance)
        assert found == pytest.approx(cohen_kappa_score(truth, chosen, labels=range(n_classes), weights="quadratic"))


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [([1, 0, 3], [2, 5, 3], [0.5, 0, 1]), ([0, 1], [0, 4], [math.nan, 0.25]), ([], [], []), (1, 4, 0.25), (0, 0, math.nan)],
)
def test_shares(part, whole, expected):
    np.testing.assert_equal(metrics.shares(np.array(part), np.array(whole)), np.array(expected))


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.5, 1.0], 0.75), ([math.nan, 0.5], 0.5), ([math.nan], math.nan), ([[0.5, math.nan], [math.nan, math.nan]], [0.5, math.nan])],
)
def test_mean_of_what_is_known(values, expected):
    np.testing.assert_equal(metrics.mean_known(np.array(values)), np.array(expected))


def test_patterns_of_cells_and_of_rows_are_the_same_rows():
    truth, chosen = labelled(200, 4, seed=1)
    classes = np.arange(4)
    cells = metrics.cell_patterns(metrics.confusion(truth, chosen, 4))
    rows = metrics.flag_patterns(truth[:, None] == classes, chosen[:, None] == classes)
    for times, hits, named in (cells, rows):
        assert times.sum() == 200
        np.testing.assert_array_equal(times @ hits, [((truth == k) & (chosen == k)).sum() for k in classes])
        np.testing.assert_array_equal(times @ named, [(truth == k).sum() + (chosen == k).sum() for k in classes])


def test_intervals_of_classes_equal_the_same_draws_written_out_as_rows():
    truth, chosen = labelled(90, 3, seed=5)
    counts = metrics.confusion(truth, chosen, 3)
    macros, singles = [], []
    for draw in np.random.default_rng(7).multinomial(90, counts.ravel() / 90, size=60):
        cells = np.repeat(np.arange(9), draw)
        singles.append(f1_score(cells // 3, cells % 3, average=None, labels=range(3), zero_division=0))
        macros.append(f1_score(cells // 3, cells % 3, average="macro", zero_division=0))
    macro, single = metrics.f1_intervals(metrics.cell_patterns(counts), seed=7, resamples=60)
    np.testing.assert_allclose(macro, np.quantile(macros, [0.025, 0.975]))
    np.testing.assert_allclose(single, np.quantile(singles, [0.025, 0.975], axis=0))


def test_intervals_of_flags_agree_with_resampled_rows():
    """Rows drawn with replacement, another stream of random numbers: the same intervals up to the error of the simulation."""
    truth, chosen = flags(200, 3, seed=11)
    random, values = np.random.default_rng(12), []
    for _ in range(2000):
        rows = random.integers(200, size=200)
        values.append(f1_score(truth[rows], chosen[rows], average=None, zero_division=0))
    macro, single = metrics.f1_intervals(metrics.flag_patterns(truth, chosen))
    np.testing.assert_allclose(single, np.quantile(values, [0.025, 0.975], axis=0), atol=0.015)
    np.testing.assert_allclose(macro, np.quantile(np.mean(values, axis=1), [0.025, 0.975]), atol=0.015)


def test_flag_patterns_equal_scikit_learn():
    truth, chosen = flags(50, 4, seed=2)
    times, hits, named = metrics.flag_patterns(truth, chosen)
    for flag, ((_, false_alarms), (missed, found)) in enumerate(multilabel_confusion_matrix(truth, chosen)):
        assert (times @ hits[:, flag], times @ named[:, flag]) == (found, 2 * found + false_alarms + missed)


@pytest.mark.parametrize("counts", [np.zeros((3, 3), dtype=np.int64), np.diag([4, 0, 0]), np.diag([1, 1, 0])])
def test_intervals_of_little(counts):
    macro, single = metrics.f1_intervals(metrics.cell_patterns(counts))
    np.testing.assert_equal(macro, np.full(2, 1.0 if counts.any() else math.nan))
    np.testing.assert_equal(single, np.where(np.diag(counts) > 0, 1.0, math.nan)[None, :].repeat(2, axis=0))


def test_intervals_of_flags_that_never_hold():
    nothing = np.zeros((5, 2), dtype=bool)
    macro, single = metrics.f1_intervals(metrics.flag_patterns(nothing, nothing))
    assert np.isnan(macro).all() and np.isnan(single).all() and single.shape == (2, 2)


def test_intervals_do_not_depend_on_the_order_of_rows():
    truth, chosen = flags(60, 3, seed=3)
    order = np.random.default_rng(4).permutation(60)
    for one, other in zip(
        metrics.f1_intervals(metrics.flag_patterns(truth, chosen)),
        metrics.f1_intervals(metrics.flag_patterns(truth[order], chosen[order])),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


def wilson(hits, total, z=1.959963984540054):
    """Wilson 1927, as textbooks print it."""
    p = hits / total
    centre, spread = p + z * z / (2 * total), z * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    return (centre - spread) / (1 + z * z / total), (centre + spread) / (1 + z * z / total)


@given(st.integers(1, 500).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_wilson_equals_its_formula(drawn):
    hits, total = drawn
    found = metrics.wilson_intervals(np.array([hits, 0]), np.array([total, 0]))
    np.testing.assert_allclose(found[:, 0], wilson(hits, total), atol=1e-12)
    assert np.isnan(found[:, 1]).all()


@pytest.mark.parametrize("bins", [1, 10, 15])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_reliability_equals_rows_counted_one_by_one(bins, dtype):
    random = np.random.default_rng(bins)
    confidence = np.concatenate([random.random(200), [0.0, 1.0]]).astype(dtype)
    right = random.random(202) < confidence
    rows, means, accuracy = metrics.reliability(confidence, right, bins=bins)
    for k in range(bins):
        inside = [i for i, c in enumerate(confidence) if k / bins < c <= (k + 1) / bins or (k == 0 and c == 0)]
        assert rows[k] == len(inside)
        assert means[k] == pytest.approx(np.mean([float(confidence[i]) for i in inside]))
        assert accuracy[k] == pytest.approx(np.mean([bool(right[i]) for i in inside]))
    error = np.nansum(np.abs(means - accuracy) * rows) / 202
    assert metrics.calibration_error(confidence, right, bins=bins) == pytest.approx(error)


def test_reliability_of_nothing():
    nothing = np.zeros(0, dtype=np.float32)
    rows, means, accuracy = metrics.reliability(nothing, nothing.astype(bool), bins=3)
    assert rows.tolist() == [0, 0, 0] and np.isnan(means).all() and np.isnan(accuracy).all()
    assert math.isnan(metrics.calibration_error(nothing, nothing.astype(bool)))


@pytest.mark.parametrize(
    ("score", "positive", "expected"),
    [
        ([9, 1, 2, 3, 4, 5, 6, 7, 8, 0], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0], (1, 1)),
        ([1, 9, 2, 3, 4, 5, 6, 7, 8, 0], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0], (0, 1)),
        ([9, 8, 2, 3, 4, 5, 6, 7, 1, 0], [1, 1, 0, 0, 0, 0, 0, 0, 0, 0], (0.5, 0.5)),
        ([5] * 10, [1] + [0] * 9, (0.1, 1)),
        ([5] * 10, [0] * 10, (math.nan, math.nan)),
        ([3], [1], (1, 1)),
        ([3, 3], [1, 0], (0.5, 1)),
        # Eleven rows have two places in their tenth.
        ([9, 8, *range(8), 8], [1, 1, *[0] * 8, 1], (2 / 3, 2 / 3)),
    ],
)
def test_recall_at_the_top(score, positive, expected):
    np.testing.assert_allclose(metrics.top_recall(np.array(score, dtype=np.float32), np.array(positive, dtype=bool)), expected)


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=30), st.randoms())
def test_recall_at_the_top_is_the_mean_over_all_orders(rows, random):
    score, positive = map(np.array, zip(*rows, strict=True))
    places = math.ceil(0.1 * len(rows))
    found, most = metrics.top_recall(score, positive)
    if not positive.any():
        assert math.isnan(found)
        return
    assert found <= most
    border = sorted(score)[-places]
    tied, above = [p for s, p in rows if s == border], [p for s, p in rows if s > border]
    expected = (sum(above) + sum(tied) / len(tied) * (places - len(above))) / positive.sum()
    assert found == pytest.approx(expected)
    random.shuffle(rows)
    assert metrics.top_recall(*map(np.array, zip(*rows, strict=True))) == (found, most)
