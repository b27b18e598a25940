"""Where the mixture of themes begins: groups of bags whose words are alike, by their directions in two low-rank spaces."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Dimensions of the two spaces.
TEXT_RANK, WORD_RANK = 100, 64
#: Contexts count to this power (Levy, Goldberg & Dagan 2015), so that rare ones do not look too special.
CONTEXT_POWER = 0.75
#: Starts of the grouping, of which the tightest stands; they are tried on so many vectors at most, each for so many rounds.
STARTS, TRIED, ROUNDS = 5, 6_000, 20
#: Passes over the matrix by which its factors are found, and directions beyond those kept (Halko, Martinsson & Tropp 2011).
PASSES, EXTRA = 2, 10

Floats = NDArray[np.float32]


def bag_vectors(bags: "csr_array", weights: NDArray[np.float64]) -> Floats:
    """Place bags in a space where those of one subject lie in one direction, float32 (n_bags, rank); rows are of length 1 or 0.

    Half of it is the latent semantic space of the bags (Deerwester et al. 1990); the other half are the mean vectors of their words from
    positive pointwise mutual information of words in one bag (Levy & Goldberg 2014), which join bags that share no word.

    bags: (n_bags, n_words), 1 where the bag has the word. weights: (n_words,), how telling each word is.
    """
    from scipy.sparse import diags_array

    bags = bags.astype(np.float32)  # the space is a start for the mixture, and no number of it is shown
    weighted = bags @ diags_array(weights.astype(np.float32))
    left, values = _factors(_unit_rows(weighted), TEXT_RANK)
    both: Floats = np.hstack([unit(left * values), unit(np.asarray(weighted @ word_vectors(bags)))]) * np.float32(0.5**0.5)
    return both


def word_vectors(bags: "csr_array") -> Floats:
    """Vectors of words from the bags they share, float32 (n_words, rank), of length 1, or 0 for words that meet no other."""
    from scipy.sparse import csr_array

    together = csr_array(bags.T @ bags)
    together.setdiag(0)
    together.eliminate_zeros()
    total = np.asarray(together.sum(axis=1), np.float64)
    context = total**CONTEXT_POWER
    pairs = together.tocoo()
    expected = total[pairs.row] * context[pairs.col] / max(float(context.sum()), 1.0)
    found = np.maximum(np.log(pairs.data / expected), 0.0).astype(np.float32)
    left, _ = _factors(csr_array((found, (pairs.row, pairs.col)), shape=together.shape), WORD_RANK)
    return unit(left)


def directions(vectors: Floats, n_groups: int) -> NDArray[np.int64]:
    """Group vectors by direction: spherical k-means (Dhillon & Modha 2001) from seeded starts; the tightest stands.

    vectors: (n, rank), rows of length 1 or 0, in an order by chance: where they are many, the first ones decide between the starts.
    Returns int64 (n,), groups numbered from 0 without gaps; at most ``n_groups``.
    """
    if n_groups < 2:
        return np.zeros(len(vectors), np.int64)
    from sklearn.cluster import kmeans_plusplus

    tried, best, centres = vectors[:TRIED], -1.0, vectors[:0]
    for seed in range(STARTS):
        start, _ = kmeans_plusplus(tried, min(n_groups, len(tried)), random_state=seed)
        _, found, tight = _settled(tried, start)
        if tight > best:
            best, centres = tight, found
    group, _, _ = _settled(vectors, centres)
    return np.unique(group, return_inverse=True)[1].astype(np.int64)


def _settled(vectors: Floats, centres: Floats) -> tuple[NDArray[np.int64], Floats, float]:
    """Move each vector to the nearest centre and each centre to its vectors, in turn: groups int64 (n,), centres, sum of cosines."""
    group = np.full(len(vectors), -1, np.int64)
    for _ in range(ROUNDS):
        near = vectors @ unit(centres).T
        before, group = group, near.argmax(axis=1)
        if np.array_equal(group, before):
            break
        centres = _sums(group, vectors, len(centres))
    return group, centres, float(near.max(axis=1).sum(dtype=np.float64))


def unit(vectors: Floats) -> Floats:
    """The vectors, each divided by its length; zeros stay."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    length[length == 0] = 1.0
    scaled: Floats = vectors / length
    return scaled


def _sums(group: NDArray[np.int64], vectors: Floats, n_groups: int) -> Floats:
    from scipy.sparse import csr_array

    chosen = csr_array((np.ones(len(group), np.float32), (group, np.arange(len(group)))), shape=(n_groups, len(group)))
    return np.asarray(chosen @ vectors)


def _unit_rows(matrix: "csr_array") -> "csr_array":
    from scipy.sparse import diags_array

    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1), np.float32))
    return diags_array(1.0 / np.where(length > 0, length, 1.0)) @ matrix


def _factors(matrix: "csr_array", rank: int) -> tuple[Floats, Floats]:
    """Left singular vectors and singular values, the largest ``rank``, by a random sketch; exact where the matrix is small."""
    from sklearn.utils.extmath import randomized_range_finder

    smaller = min(matrix.shape)
    if smaller <= rank + EXTRA:
        left, values, _ = np.linalg.svd(matrix.toarray(), full_matrices=False)
        return left[:, : min(rank, smaller)], values[: min(rank, smaller)]
    basis = randomized_range_finder(matrix, size=rank + EXTRA, n_iter=PASSES, power_iteration_normalizer="none", random_state=0)
    small = np.asarray(matrix.T @ basis, np.float64)
    squares, turn = np.linalg.eigh(small.T @ small)  # of a narrow matrix many times as fast as its singular values
    best = slice(None, -rank - 1, -1)
    return basis @ turn[:, best].astype(np.float32), np.sqrt(np.maximum(squares[best], 0.0)).astype(np.float32)
