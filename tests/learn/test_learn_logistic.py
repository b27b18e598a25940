"""The learner against slow and independent ones: scikit-learn's optimum, the definition written out, and its own second way."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression

from feedback_nlp.learn import logistic
from feedback_nlp.learn.logistic import Posterior, update


def table(n, m, n_classes, seed=0):
    """A sparse matrix whose last columns no row has, targets, weights and base logits."""
    random = np.random.default_rng(seed)
    dense = np.where(random.random((n, m)) < 0.3, random.normal(size=(n, m)), 0.0)
    dense[:, -2:] = 0
    target = np.concatenate([np.arange(n_classes), random.integers(n_classes, size=n - n_classes)])
    return dense, target, random.uniform(0.5, 2, size=n), random.normal(size=(n, n_classes))


def wide(posterior, m):
    """Mean and precision of all m columns."""
    full = posterior.spread(np.arange(m))
    return full.mean, full.precision


@pytest.mark.parametrize("variance", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("n_classes", [3, 5])
def test_fit_is_the_optimum_of_scikit_learn(n_classes, variance):
    """The oracle shares no code with the learner; for two classes it has one weight vector and another penalty, hence three or more."""
    dense, target, weight, base = table(60, 20, n_classes)
    found = update(Posterior.prior(n_classes, 1 / variance), csr_array(dense), target, weight, base * 0)
    oracle = LogisticRegression(C=variance, fit_intercept=False, tol=1e-9, max_iter=10_000).fit(dense, target, sample_weight=weight)
    np.testing.assert_allclose(wide(found, 20)[0], oracle.coef_.T, atol=1e-4)
    np.testing.assert_allclose(found.logits(csr_array(dense)), oracle.decision_function(dense), atol=1e-3)


def test_two_classes_are_scikit_learns_with_twice_the_variance():
    """Weights w and -w with the penalty of both are one vector 2w with half of it."""
    dense, target, weight, base = table(60, 20, 2)
    found = update(Posterior.prior(2, 1 / 0.7), csr_array(dense), target, weight, base * 0).logits(csr_array(dense))
    oracle = LogisticRegression(C=2 * 0.7, fit_intercept=False, tol=1e-9, max_iter=10_000).fit(dense, target, sample_weight=weight)
    np.testing.assert_allclose(found[:, 1] - found[:, 0], oracle.decision_function(dense), atol=1e-3)


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("kernels", [True, False])
def test_with_prior_and_base_the_gradient_is_zero_and_the_precision_grows_by_the_curvature(kernels, monkeypatch):
    """The definition in the docstring, written out over dense arrays, after a second step from an uneven prior."""
    if not kernels:
        monkeypatch.setattr(logistic, "KERNEL_ENTRIES", 0)
    first, target, weight, base = table(40, 15, 4)
    prior = update(Posterior.prior(4, 0.5), csr_array(first), target, weight, base)
    dense, target, weight, base = table(30, 15, 4, seed=1)
    dense[:, 3] = 0  # known before, not spoken about now
    (mean, precision), (old_mean, old_precision) = (
        wide(found, 15) for found in (update(prior, csr_array(dense), target, weight, base), prior)
    )
    p = softmax(base + dense @ mean)
    error = (p - np.eye(4)[target]) * weight[:, None]
    np.testing.assert_allclose(dense.T @ error + old_precision * (mean - old_mean), 0, atol=2e-3)
    np.testing.assert_allclose(precision - old_precision, (dense**2).T @ (weight[:, None] * p * (1 - p)), atol=1e-4)
    assert (mean[3] == old_mean[3]).all()
    assert (precision[3] == old_precision[3]).all()


@pytest.mark.parametrize("rows", [1, 7, 40])
def test_both_ways_to_the_optimum_agree(rows, monkeypatch):
    dense, target, weight, base = table(40, 15, 3)
    matrix = csr_array(np.concatenate([dense, dense])[:rows])  # equal rows have a singular kernel
    arguments = matrix, np.resize(target, rows), np.resize(weight, rows), np.resize(base, (rows, 3))
    by_rows = update(Posterior.prior(3, 1.0), *arguments)
    monkeypatch.setattr(logistic, "KERNEL_ENTRIES", 0)
    by_weights = update(Posterior.prior(3, 1.0), *arguments)
    np.testing.assert_allclose(by_rows.mean, by_weights.mean, atol=1e-4)
    np.testing.assert_allclose(by_rows.precision, by_weights.precision, atol=1e-4)


def test_equal_rows_have_a_root():
    dense = np.ones((50, 4))
    found = update(Posterior.prior(2, 1.0), csr_array(dense), np.arange(50) % 2, np.ones(50), np.zeros((50, 2)))
    np.testing.assert_allclose(found.mean, 0, atol=1e-5)


def test_the_same_rows_give_the_same_bytes():
    dense, target, weight, base = table(60, 30, 4)
    one, two = (update(Posterior.prior(4, 1.0), csr_array(dense), target, weight, base) for _ in range(2))
    assert (one.mean.tobytes(), one.precision.tobytes()) == (two.mean.tobytes(), two.precision.tobytes())


def test_nothing_moves_nothing():
    dense, target, weight, base = table(20, 10, 3)
    prior = update(Posterior.prior(3, 1.0), csr_array(dense), target, weight, base)
    for rows in (np.zeros((0, 10)), np.zeros((5, 10))):
        after = update(prior, csr_array(rows), target[: len(rows)], weight[: len(rows)], base[: len(rows)])
        assert after.mean.tobytes() == prior.mean.tobytes()
        assert after.precision.tobytes() == prior.precision.tobytes()


def test_an_update_leaves_its_prior_and_its_matrix_alone():
    dense, target, weight, base = table(20, 10, 3)
    matrix = csr_array(dense)
    prior = update(Posterior.prior(3, 1.0), matrix, target, weight, base)
    before = prior.mean.copy(), prior.precision.copy(), matrix.toarray()
    update(prior, matrix, target, weight, base)
    for was, now in zip(before, (prior.mean, prior.precision, matrix.toarray()), strict=True):
        np.testing.assert_array_equal(was, now)


def test_only_columns_that_rows_have_are_kept():
    dense, target, weight, base = table(20, 10, 3)
    prior = Posterior.prior(3, 4.0)
    assert (prior.logits(csr_array(dense)) == 0).all()
    found = update(prior, csr_array(dense), target, weight, base)
    assert found.columns.tolist() == list(range(8))
    assert found.logits(csr_array(np.eye(10)))[8:].tolist() == [[0, 0, 0]] * 2
    assert (wide(found, 10)[1][8:] == 4.0).all()


def test_no_end_is_a_warning(monkeypatch):
    from sklearn.exceptions import ConvergenceWarning

    monkeypatch.setattr(logistic, "MAX_ITERATIONS", 1)
    dense, target, weight, base = table(20, 10, 3)
    with pytest.warns(ConvergenceWarning, match="a smaller C helps"):
        update(Posterior.prior(3, 0.01), csr_array(dense), target, weight, base)
