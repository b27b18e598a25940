"""The mixture against a slow reading of its formulas, and on texts of which the themes are known."""

import math

import numpy as np
import pytest
from scipy.sparse import csr_array

from feedback_nlp.topics.mixture import NOISE_SHARE, SMOOTH_SHARE, SMOOTH_WORD, fit_mixture, memberships, word_logs


def slow_logs(occurrences, noise):
    n_words, n_parts = occurrences.shape
    mean = occurrences.sum() / n_parts
    smooth = [
        [occurrences[w, k] + SMOOTH_WORD + SMOOTH_SHARE * mean * noise[w] / noise.sum() for k in range(n_parts)] for w in range(n_words)
    ]
    return np.array([[math.log(smooth[w][k] / sum(row[k] for row in smooth)) for k in range(n_parts)] for w in range(n_words)])


def slow_memberships(bags, occurrences, size, noise):
    logs, found = slow_logs(occurrences, noise), []
    for bag in bags:
        joint = [
            math.log((size[k] + 1) / (size + 1).sum() * (1 - NOISE_SHARE)) + sum(bag[w] * logs[w, k] for w in range(len(bag)))
            for k in range(len(size))
        ]
        joint.append(math.log(NOISE_SHARE) + sum(bag[w] * math.log(noise[w] / noise.sum()) for w in range(len(bag))))
        total = sum(math.exp(value) for value in joint)
        found.append([math.exp(value) / total for value in joint[:-1]])
    return found


def test_memberships_match_the_oracle():
    random = np.random.default_rng(3)
    bags = (random.random((20, 9)) < 0.4) * random.choice([0.3, 1.0], 9)
    occurrences, size, noise = random.integers(0, 9, (9, 3)) / 2, random.random(3) * 9, random.random(9) + 0.1
    np.testing.assert_allclose(word_logs(occurrences, noise), slow_logs(occurrences, noise), rtol=1e-12)
    np.testing.assert_allclose(
        memberships(csr_array(bags), occurrences, size, noise), slow_memberships(bags, occurrences, size, noise), rtol=1e-5
    )


def made_up(n_bags=300, seed=0):
    """Bags of five of ten words of one theme among three, and one of ten words of all."""
    random = np.random.default_rng(seed)
    theme = random.integers(0, 3, n_bags)
    bags = np.zeros((n_bags, 40))
    for row, number in enumerate(theme):
        bags[row, number * 10 + random.choice(10, 5, replace=False)] = 1
        bags[row, 30 + random.integers(0, 10)] = 1
    return csr_array(bags), theme


def test_finds_known_themes_from_a_wrong_start():
    bags, theme = made_up()
    start = np.where(np.random.default_rng(1).random(len(theme)) < 0.4, np.random.default_rng(2).integers(0, 3, len(theme)), theme)
    weights = np.ones(len(theme))
    occurrences, sizes = fit_mixture(bags, start, np.zeros((40, 0)), held=np.zeros(len(theme), bool), weights=weights, least=2)
    assert occurrences.shape == (40, 3)
    best = occurrences[:30].reshape(3, 10, 3).sum(axis=1).argmax(axis=1)
    np.testing.assert_allclose(sizes[best], np.bincount(theme), atol=1.0)


def test_small_components_die_and_fixed_ones_stay():
    bags, theme = made_up()
    weights = np.ones(len(theme))
    start = theme + 1
    start[:3] = 4
    prior = np.zeros((40, 1))
    _, sizes = fit_mixture(bags, start, prior, held=np.zeros(len(theme), bool), weights=weights, least=20)
    assert len(sizes) == 4 and sizes[0] < 1  # nothing speaks of the fixed one, and it is still the first


def test_held_bags_stay():
    bags, theme = made_up()
    start = np.where(np.arange(len(theme)) < 30, (theme + 1) % 3, theme)
    held = np.arange(len(theme)) < 30
    _, sizes = fit_mixture(bags, start, np.zeros((40, 0)), held=held, weights=np.ones(len(theme)), least=2)
    np.testing.assert_allclose(sizes, np.bincount(start), atol=1.0)


@pytest.mark.parametrize("shape", [(0, 0), (0, 4), (3, 0)])
def test_nothing_to_fit(shape):
    start = np.full(shape[0], -1, np.int64)
    occurrences, sizes = fit_mixture(csr_array(shape), start, np.zeros((shape[1], 0)), held=start == 0, weights=np.ones(shape[0]), least=2)
    assert occurrences.shape == (shape[1], 0) and sizes.shape == (0,)
