"""Themes: small groups of words that occur together, and the one each item is about."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics.counts import ThemeCounts, distinct, find_terms, information
from feedback_nlp.topics.grouping import coverage, group_terms
from feedback_nlp.topics.naming import describe
from feedback_nlp.topics.stream import SUBJECT, Units, units

#: Themes kept where ``n_themes`` is not given; the data may show fewer.
MAX_THEMES = 60
FEW_THEMES = 8
DOCUMENTS_PER_THEME = 12
#: Documents a term needs to belong to a theme: two, and this share of the corpus.
MIN_DOCUMENTS = 2
MIN_SHARE = 0.002
#: In a corpus of a few hundred, two or three documents are still chance: one in a hundred, up to this many.
ENOUGH_DOCUMENTS = 4
#: A word rarer than this share weighs no more than one of this share: a rare word is not the subject for being rare.
RARE_SHARE = 0.08


@dataclass(frozen=True, eq=False)
class ThemeModel:
    """What is needed to give an item its theme.

    names: one distinct name a theme, larger themes first.
    keywords: a few phrases and words of each theme, for display.
    terms: object (n_terms,), known subjects sorted by code point.
    term_theme: int32 (n_terms,), the theme of each, -1 for none.
    term_weight: int64 (n_terms,), its information in thousandths of a nat.
    unknown_weight: the weight of any other subject.
    """

    names: list[str]
    keywords: list[list[str]]
    terms: NDArray[np.object_]
    term_theme: NDArray[np.int32]
    term_weight: NDArray[np.int64]
    unknown_weight: int

    def assign(self, tokens: Tokens | Units) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Give each row its theme: the one whose words in the row weigh most, the earlier theme where equal.

        Returns (theme, strength): int32 (n_rows,), -1 for none; float32 (n_rows,) in [0, 1], the share of the row's subjects, by
        weight, that belong to the theme. Each word counts once a row.
        """
        batch = units(tokens)
        place, theme = self._themes_of(batch)
        weight = np.where(place >= 0, np.append(self.term_weight, 0)[place], self.unknown_weight) * (batch.kinds == SUBJECT)
        size = max(len(batch.vocabulary), 1)
        rows, ids = np.divmod(distinct(batch.rows * size + batch.ids), size)
        return _heaviest(rows, theme[ids], weight[ids], batch.n_rows, len(self.names))

    def mentions(self, tokens: Tokens | Units) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """All themes each row has a word of: (rows, themes), int64 (m,) each, every pair once, in order of rows and themes."""
        batch = units(tokens)
        theme = self._themes_of(batch)[1][batch.ids]
        size = max(len(self.names), 1)
        return np.divmod(distinct(batch.rows[theme >= 0] * size + theme[theme >= 0]), size)

    def _themes_of(self, batch: Units) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Place among the terms and theme of each word of the vocabulary, -1 where it has none."""
        place = find_terms(batch.vocabulary, self.terms)
        return place, np.where(place >= 0, np.append(self.term_theme, -1)[place], -1).astype(np.int64)


def fit_themes(counts: ThemeCounts, *, n_themes: int | None = None, ignore: Collection[str] = ()) -> ThemeModel:
    """Find the themes of a corpus.

    counts: merged counts of the corpus over the terms of `select_terms`.
    n_themes: themes to keep at most, by default one for twelve documents, 8 to 60; each has at least two items.
    ignore: names (of products, say) whose parts form no theme of their own: 门锁 of 智能门锁S2; 门锁电池 still does, by 电池.
    """
    frequent = max(MIN_DOCUMENTS, min(counts.n_documents // 100, ENOUGH_DOCUMENTS), MIN_SHARE * counts.n_documents)
    frequency = np.diag(counts.together)
    named = " ".join(sorted(ignore)).casefold()
    free = np.fromiter((term not in named for term in counts.terms), np.bool_, len(counts.terms))
    chosen = np.flatnonzero((counts.kinds == SUBJECT) & (frequency >= frequent) & free)
    together = counts.together[np.ix_(chosen, chosen)]
    weight = information(frequency[chosen], counts.n_documents, rarest=RARE_SHARE)
    found = group_terms(together, counts.n_documents)
    mass = np.array([int((together[group, group] * weight[group]).sum()) for group in found], np.int64)
    most = _most_themes(counts.n_documents) if n_themes is None else n_themes
    order = np.lexsort((np.array([group[0] for group in found], np.int64), -mass))[:most]
    theme = np.full(len(chosen), -1, np.int32)
    for number, index in enumerate(order):
        theme[found[index]] = number
    typical = [np.lexsort((group, -(together[group, group] * weight[group]))) for group in found]
    groups = [chosen[found[index][typical[index]]] for index in order]
    sizes = np.array([coverage(counts.together, group) for group in groups], np.int64)
    names, keywords = describe(counts, groups, sizes)
    unknown = int(information(np.array([0]), counts.n_documents, rarest=RARE_SHARE)[0])
    return ThemeModel(names, keywords, counts.terms[chosen], theme, weight, unknown)


def _most_themes(n_documents: int) -> int:
    """One theme for twelve documents is as many as anyone wants to read, at least FEW_THEMES and at most MAX_THEMES."""
    return min(MAX_THEMES, max(FEW_THEMES, n_documents // DOCUMENTS_PER_THEME))


def _heaviest(
    rows: NDArray[np.int64], theme: NDArray[np.int64], weight: NDArray[np.int64], n_rows: int, n_themes: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Sum weights by row and theme and keep the heaviest theme of each row."""
    total = np.bincount(rows, weights=weight, minlength=n_rows)  # exact: integers far below 2**53
    best = np.full(n_rows, -1, np.int32)
    strength = np.zeros(n_rows, np.float32)
    rows, theme, weight = rows[theme >= 0], theme[theme >= 0], weight[theme >= 0]
    keys, codes = np.unique(rows * max(n_themes, 1) + theme, return_inverse=True)
    sums = np.bincount(codes, weights=weight, minlength=len(keys))
    row, number = np.divmod(keys, max(n_themes, 1))
    order = np.lexsort((number, -sums, row))
    row, number, sums = row[order], number[order], sums[order]
    first = np.flatnonzero(np.diff(row, prepend=-1))
    best[row[first]] = number[first]
    strength[row[first]] = sums[first] / total[row[first]]
    return best, strength
