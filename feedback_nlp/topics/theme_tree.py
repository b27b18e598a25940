"""Broader themes above many narrow ones, so that a list of dozens reads as a list of a few."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.topics.themes import Themes

#: Up to so many themes are read as they are; above them stand as many broader ones as this times the root of their number.
FLAT, BREADTH = 12, 1.5
#: Words looked at, the most frequent.
MAX_WORDS = 1_500
JOIN = "・"

Floats = NDArray[np.float64]


def with_parents(themes: Themes) -> Themes:
    """Give themes a broader theme each, where there are many.

    Those that have one keep it; where some have and others not, the others join that of the theme they are most like.
    """
    with_one = np.flatnonzero([parent != "" for parent in themes.parents])
    if len(themes) <= FLAT and not len(with_one):
        return themes
    total = themes.occurrences.sum(axis=1)
    frequent = np.sort(np.lexsort((np.arange(len(total)), -total))[:MAX_WORDS])
    shares = themes.occurrences[frequent] / np.maximum(themes.occurrences[frequent].sum(axis=0), 1e-9)
    if len(with_one):
        costs = merge_costs(shares, np.maximum(themes.sizes, 1.0))
        names = [parent or themes.parents[with_one[costs[number, with_one].argmin()]] for number, parent in enumerate(themes.parents)]
        return replace(themes, parents=tuple(names))
    group = merge_down(shares, np.maximum(themes.sizes, 1.0), round(BREADTH * len(themes) ** 0.5))
    return replace(themes, parents=tuple(_names(themes, group)[number] for number in group))


def merge_costs(shares: Floats, sizes: Floats) -> Floats:
    """What joining two themes loses of the information that themes give about words (Slonim & Tishby 1999, eq. 5).

    shares: (n_words, n), probabilities of words by theme; sizes: (n,). Returns float64 (n, n), (a + b) times the Jensen-Shannon divergence
    of a and b, weighted by their sizes; infinite on the diagonal.
    """
    entropies = _entropy(shares)
    costs = np.stack([_costs_of(one, shares, sizes, entropies) for one in range(len(sizes))])
    np.fill_diagonal(costs, np.inf)
    return costs


def _costs_of(one: int, shares: Floats, sizes: Floats, entropies: Floats) -> Floats:
    """What joining one theme with each of them loses, float64 (n,)."""
    total = sizes + sizes[one]
    mixed = (shares * sizes + shares[:, [one]] * sizes[one]) / total
    costs: Floats = total * _entropy(mixed) - sizes * entropies - sizes[one] * entropies[one]
    return costs


def merge_down(shares: Floats, sizes: Floats, n_groups: int) -> NDArray[np.int64]:
    """Join the two cheapest until ``n_groups`` are left, the agglomerative information bottleneck; int64 (n,), groups by first member."""
    shares, sizes = shares.copy(), sizes.astype(np.float64).copy()
    group, costs, entropies = np.arange(len(sizes)), merge_costs(shares, sizes), _entropy(shares)
    for _ in range(len(sizes) - n_groups):
        a, b = sorted(divmod(int(np.round(costs, 6).argmin()), len(sizes)))
        shares[:, a] = (shares[:, a] * sizes[a] + shares[:, b] * sizes[b]) / (sizes[a] + sizes[b])
        sizes[a] += sizes[b]
        entropies[a] = _entropy(shares[:, [a]])[0]
        group[group == b] = a
        left = np.flatnonzero(np.isin(np.arange(len(sizes)), group) & (np.arange(len(sizes)) != a))
        costs[b], costs[:, b] = np.inf, np.inf
        pair = np.concatenate([[a], left])
        costs[a, left] = costs[left, a] = _costs_of(0, shares[:, pair], sizes[pair], entropies[pair])[1:]
    return np.unique(group, return_inverse=True)[1].astype(np.int64)


def _entropy(shares: Floats) -> Floats:
    logs = np.log(np.where(shares > 0, shares, 1.0))
    entropy: Floats = -(shares * logs).sum(axis=0)
    return entropy


def _names(themes: Themes, group: NDArray[np.int64]) -> list[str]:
    """Two words that speak most of each group."""
    columns = [themes.occurrences[:, group == number].sum(axis=1) for number in range(int(group.max()) + 1)]
    joined = replace(themes.take(np.arange(len(columns))), occurrences=np.column_stack(columns))
    names: list[str] = []
    for number, words in enumerate(joined.top_words(6)):
        pairs = [JOIN.join((words[0], word)) for word in words[1:] if word not in words[0] and words[0] not in word]
        options = pairs or words[:1] or [f"{number + 1}"]
        names.append(next((option for option in options if option not in names), f"{options[0]}{JOIN}{number + 1}"))
    return names
