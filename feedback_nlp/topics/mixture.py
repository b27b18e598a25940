"""A mixture of multinomials over bags of words: each bag speaks of one theme (Nigam et al. 2000; for short texts Yin & Wang 2014).

Arrays in, arrays out. Components are fitted by expectation and maximisation; those that lose their bags die out. Memberships are float32:
they are soft, and only sums of many are shown.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Imaginary occurrences that smooth a component: so many of each word, and this share of a mean component, spread as in the corpus.
SMOOTH_WORD, SMOOTH_SHARE = 0.1, 0.1
#: Share of bags expected to speak of nothing in particular.
NOISE_SHARE = 0.05
MAX_ROUNDS = 40
#: Rounds end when the mean change of a bag's memberships falls below this.
ENOUGH = 4e-3

Floats = NDArray[np.float64]
Shares = NDArray[np.float32]


def fit_mixture(
    bags: "csr_array", start: NDArray[np.int64], prior: Floats, *, held: NDArray[np.bool_], weights: Floats, least: float
) -> tuple[Floats, Floats]:
    """Fit components by EM.

    bags: (n_bags, n_words), weights of the words of each bag. start: int64 (n_bags,), the component each bag begins in, -1 for the noise.
    prior: (n_words, n_fixed), imaginary occurrences of the first components, which never die; others have none.
    held: bool (n_bags,), bags that stay where they begin. weights: (n_bags,), how much each bag counts.
    least: a component of less weight dies.
    Returns occurrences (n_words, n_components), prior included, and weight of bags (n_components,); fixed components first.
    """
    n_fixed = prior.shape[1]
    n_parts = max(n_fixed, int(start.max(initial=-1)) + 1)
    if not n_parts or not min(bags.shape):
        return np.zeros((bags.shape[1], n_fixed)) + prior, np.zeros(n_fixed)
    prior = np.hstack([prior, np.zeros((bags.shape[1], n_parts - n_fixed))])
    noise = np.asarray(bags.T @ weights) + SMOOTH_WORD
    bags, weights = bags.astype(np.float32), weights.astype(np.float32)
    member = np.zeros((bags.shape[0], n_parts), np.float32)
    member[np.flatnonzero(start >= 0), start[start >= 0]] = 1.0
    for _ in range(MAX_ROUNDS):
        size = (weights @ member).astype(np.float64)
        alive = (size >= least) | (np.arange(n_parts) < n_fixed)
        member, prior, n_parts, size = member[:, alive], prior[:, alive], int(alive.sum()), size[alive]
        occurrences = np.asarray(bags.T @ (member * weights[:, None])) + prior
        before, member = member, memberships(bags, occurrences, size, noise)
        member[held] = before[held]
        if np.abs(member - before).sum() <= ENOUGH * max(len(member), 1):
            break
    size = (weights @ member).astype(np.float64)
    alive = (size >= least) | (np.arange(n_parts) < n_fixed)
    return np.asarray(bags.T @ (member[:, alive] * weights[:, None])) + prior[:, alive], size[alive]


def memberships(bags: "csr_array", occurrences: Floats, size: Floats, noise: Floats) -> Shares:
    """Probability of each component for each bag, float32 (n_bags, n_components); what is missing to 1 is the noise's.

    occurrences: (n_words, n_components). size: (n_components,), weight of bags. noise: (n_words,), occurrences in the whole corpus.
    """
    share = (size + 1.0) / (size + 1.0).sum() * (1.0 - NOISE_SHARE) if len(size) else size
    every = np.column_stack([word_logs(occurrences, noise), np.log(noise / noise.sum())]).astype(np.float32)
    logs = np.asarray(bags.astype(np.float32, copy=False) @ every)
    logs += np.log(np.append(share, NOISE_SHARE)).astype(np.float32)
    logs -= logs.max(axis=1, keepdims=True)
    np.exp(logs, out=logs)
    logs /= logs.sum(axis=1, keepdims=True)
    return logs[:, :-1]


def word_logs(occurrences: Floats, noise: Floats) -> Floats:
    """Log-probability of each word in each component, float64 (n_words, n_components)."""
    mean = occurrences.sum() / max(occurrences.shape[1], 1)
    smooth = occurrences + SMOOTH_WORD + (SMOOTH_SHARE * mean / noise.sum()) * noise[:, None]
    logs: Floats = np.log(smooth / smooth.sum(axis=0))
    return logs
