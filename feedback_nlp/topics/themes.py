"""Themes: what groups of items speak of, and the one each item is about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError, did_you_mean
from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics.bags import row_words
from feedback_nlp.topics.counts import find_terms, information
from feedback_nlp.topics.mixture import word_logs
from feedback_nlp.topics.spans import DEGREES
from feedback_nlp.topics.stream import QUALITY, SUBJECT, Units, unit_kinds, units, without

#: A word of judgement weighs this much of a word that names a subject, in tenths.
QUALITY_TENTHS = 3
#: A word rarer than this share weighs no more than one of this share.
RARE_SHARE = 0.002
#: A word is shown for a theme if it occurs so often in it, and in this share of its texts.
MIN_SHOWN, MIN_SHOWN_SHARE = 2.0, 0.02
#: An item of less strength has no theme.
MIN_STRENGTH = 0.05
#: A word begins with so many occurrences spread over all themes: one that was met once says little.
PRIOR_OCCURRENCES = 0.5
ROWS_AT_ONCE = 16_384
#: Logarithms of probabilities are summed in these units, so that sums are exact in any order.
LOG_UNIT = 2.0**-20

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Themes:
    """What is needed to give an item its theme; made by `fit_themes`, never changed: edits return a new one.

    ids: int64 (n_themes,), numbers that stay with a theme through refits and are never given again below ``next_id``.
    names: (n_themes,), distinct. parents: (n_themes,), names of the broader themes, "" where there is one level only.
    phrases: (n_themes,), the key phrases of each, best first.
    pinned: bool (n_themes,), themes that a refit keeps whatever the data show.
    vocabulary: object (n_words,), sorted by code point; kinds: uint8 (n_words,), see `stream`.
    documents: int64 (n_words,), texts with each word, of ``n_documents``.
    occurrences: float64 (n_words, n_themes), in whole thousandths: how often each word speaks of each theme. sizes: float64 (n_themes,).
    """

    ids: NDArray[np.int64]
    names: tuple[str, ...]
    parents: tuple[str, ...]
    phrases: tuple[tuple[str, ...], ...]
    pinned: NDArray[np.bool_]
    vocabulary: NDArray[np.object_]
    kinds: NDArray[np.uint8]
    documents: NDArray[np.int64]
    occurrences: Floats
    sizes: Floats
    n_documents: int
    next_id: int

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        return f"<Themes: {len(self)} ({', '.join(self.names[:5])}{' …' if len(self) > 5 else ''})>"

    def assign(self, tokens: Tokens | Units) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Give each row its theme: the most probable one, if it explains enough of what the row says.

        Returns (theme, strength): int32 (n_rows,), position in ``names``, -1 for none; float32 (n_rows,) in [0, 1], the share of the
        row's words, by weight, that belong to the theme; 0 for none. A row's answer does not depend on other rows.
        """
        batch = tokens if isinstance(tokens, Units) else units(without(tokens, DEGREES))
        theme, strength = np.full(batch.n_rows, -1, np.int32), np.zeros(batch.n_rows, np.float32)
        if not len(self):
            return theme, strength
        row, word = row_words(batch)
        place, weight = self._known(batch)
        bounds = np.searchsorted(row, np.arange(0, batch.n_rows + ROWS_AT_ONCE, ROWS_AT_ONCE))
        for number, (begin, end) in enumerate(pairwise(bounds.tolist())):
            first = number * ROWS_AT_ONCE
            rows = min(batch.n_rows - first, ROWS_AT_ONCE)
            words = word[begin:end]
            found = self._assign(row[begin:end] - first, place.take(words), weight.take(words), rows)
            theme[first : first + rows], strength[first : first + rows] = found
        return theme, strength

    def _assign(
        self, row: NDArray[np.int64], place: NDArray[np.int64], weight: NDArray[np.int64], n_rows: int
    ) -> tuple[NDArray[np.int64], Floats]:
        """The theme of some rows. row, place, weight: of each word of each row."""
        from scipy.sparse import csr_array

        known = np.flatnonzero(place >= 0)
        home, column = row[known], place[known]
        indptr = np.searchsorted(home, np.arange(n_rows + 1))
        logs = np.asarray(csr_array((self._tenths[column], column, indptr), shape=(n_rows, len(self.vocabulary))) @ self._logs)
        logs += self._priors
        best = logs.argmax(axis=1)
        total = np.bincount(row, weights=weight, minlength=n_rows)
        affinity = self._affinity.ravel().take(column * len(self) + best[home])
        own = np.bincount(home, weights=weight[known] * affinity, minlength=n_rows)
        share = own / np.maximum(total, 1)
        enough = share >= MIN_STRENGTH
        return np.where(enough, best, -1), np.where(enough, share, 0.0)

    def top_words(self, n_words: int = 10) -> list[list[str]]:
        """The words that speak most of each theme, best first, fewer where it has fewer."""
        known = self.occurrences >= np.maximum(MIN_SHOWN, MIN_SHOWN_SHARE * self.sizes)
        gain = self.occurrences * self._affinity * (known & (self.kinds == SUBJECT)[:, None])
        found = []
        for column in gain.T:
            order = np.lexsort((np.arange(len(column)), -column))[:n_words]
            found.append(self.vocabulary[order[column[order] > 0]].tolist())
        return found

    def rename(self, names: Mapping[str, str]) -> "Themes":
        """Give themes, or their parents, other names, old -> new; they keep them through refits. InputError for unknown or equal names."""
        own = {old: new for old, new in names.items() if old not in self.parents or old in self.names}
        self._positions(own)
        for name in names.values():
            if not isinstance(name, str) or not name.strip():
                raise InputError(f"rename: expected names that are not empty, got {name!r}")
        changed = tuple(names.get(name, name) for name in self.names)
        if len(set(changed)) < len(changed):
            raise InputError(f"rename: expected names that no other theme has, got {', '.join(names.values())}; merge() joins two themes")
        return replace(self, names=changed, parents=tuple(names.get(name, name) for name in self.parents))

    def pin(self, *names: str) -> "Themes":
        """Keep themes through refits even where no item speaks of them. InputError for unknown names."""
        pinned = self.pinned.copy()
        pinned[self._positions(names)] = True
        return replace(self, pinned=pinned)

    def merge(self, *names: str, into: str | None = None) -> "Themes":
        """Join two themes or more into one, called ``into`` (by default the first of ``names``), with the first one's id; it is pinned.

        InputError for unknown names, fewer than two, or a name another theme has.
        """
        if len(set(names)) < 2:
            raise InputError(f"merge: expected the names of two themes or more, got {', '.join(map(repr, names)) or 'none'}")
        places = self._positions(names)
        home, gone = places[0], places[1:]
        called = into if into is not None else names[0]
        if called in set(self.names) - set(names):
            raise InputError(f"merge: expected a new name, got {called!r}, which another theme has; add it to the themes to merge")
        occurrences, sizes, pinned = self.occurrences.copy(), self.sizes.copy(), self.pinned.copy()
        occurrences[:, home] = self.occurrences[:, places].sum(axis=1)
        sizes[home], pinned[home] = self.sizes[places].sum(), True
        phrases, joined = list(self.phrases), dict.fromkeys(phrase for place in places for phrase in self.phrases[place])
        phrases[home] = tuple(joined)
        keep = np.setdiff1d(np.arange(len(self)), gone)
        renamed = [called if place == home else name for place, name in enumerate(self.names)]
        taken = replace(self, names=tuple(renamed), phrases=tuple(phrases), occurrences=occurrences, sizes=sizes, pinned=pinned)
        return taken.take(keep)

    def take(self, places: NDArray[np.int64]) -> "Themes":
        """Some of the themes, in the order given."""
        chosen = places.tolist()
        return replace(
            self,
            ids=self.ids[places],
            names=tuple(self.names[place] for place in chosen),
            parents=tuple(self.parents[place] for place in chosen),
            phrases=tuple(self.phrases[place] for place in chosen),
            pinned=self.pinned[places],
            occurrences=self.occurrences[:, places],
            sizes=self.sizes[places],
        )

    def over(self, vocabulary: NDArray[np.object_]) -> "Themes":
        """The same themes over other words, sorted; words that are not among them are forgotten."""
        place = find_terms(vocabulary, self.vocabulary)
        occurrences = (
            np.where((place >= 0)[:, None], self.occurrences[place], 0.0) if len(self.vocabulary) else np.zeros((len(place), len(self)))
        )
        documents = np.where(place >= 0, np.append(self.documents, 0)[place], 0)
        return replace(self, vocabulary=vocabulary, kinds=unit_kinds(vocabulary), documents=documents, occurrences=occurrences)

    def extended(self, name: str) -> "Themes":
        """With one more theme at the end, of which no words are known."""
        return replace(
            self,
            ids=np.append(self.ids, self.next_id),
            names=(*self.names, name),
            parents=(*self.parents, ""),
            phrases=(*self.phrases, ()),
            pinned=np.append(self.pinned, False),
            occurrences=np.column_stack([self.occurrences, np.zeros(len(self.vocabulary))]),
            sizes=np.append(self.sizes, 0.0),
            next_id=self.next_id + 1,
        )

    def _positions(self, names: Iterable[str]) -> list[int]:
        wrong = [name for name in names if name not in self.names]
        if wrong:
            hint = did_you_mean(wrong[0], self.names) or f"; expected one of {', '.join(self.names)}"
            raise InputError(f"themes: no theme is called {wrong[0]!r}{hint}")
        return [self.names.index(name) for name in names]

    def _known(self, batch: Units) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Place among the known words, -1 for none, and weight of each word of a batch, int64 (n,) each."""
        place = find_terms(batch.vocabulary, self.vocabulary)
        documents = np.where(place >= 0, np.append(self.documents, 0)[place], 0)
        weight = information(documents, self.n_documents, rarest=RARE_SHARE)
        return place, np.where(batch.kinds == QUALITY, weight * QUALITY_TENTHS // 10, weight)

    @cached_property
    def _tenths(self) -> Floats:
        return np.where(self.kinds == SUBJECT, 10, QUALITY_TENTHS).astype(np.float64)

    @cached_property
    def _noise(self) -> Floats:
        noise: Floats = self.documents.astype(np.float64) + 1.0
        return noise

    @cached_property
    def _logs(self) -> Floats:
        """Log-probabilities of words by theme, in units that add exactly."""
        logs: Floats = np.round(word_logs(self.occurrences, self._noise) / LOG_UNIT)
        return logs

    @cached_property
    def _priors(self) -> Floats:
        share = (self.sizes + 1.0) / (self.sizes + 1.0).sum()
        logs: Floats = np.round(10 * np.log(share) / LOG_UNIT)
        return logs

    @cached_property
    def _affinity(self) -> Floats:
        return affinity(self.occurrences)


def affinity(occurrences: Floats) -> Floats:
    """How much each word speaks of each theme, float64 (n_words, n_themes) in [0, 1], in thousandths.

    The share of the word's occurrences that are the theme's, less what the theme has of all words, over what is left: 0 for a word that the
    theme uses no more than others do, 1 for a word of its own. Merged themes have what both had, and more.
    """
    base = occurrences.sum(axis=0) / max(float(occurrences.sum()), 1e-9)
    total = occurrences.sum(axis=1, keepdims=True) + PRIOR_OCCURRENCES
    share = (occurrences + PRIOR_OCCURRENCES * base) / total
    found: Floats = np.round(np.maximum(share - base, 0.0) / np.maximum(1.0 - base, 1e-3), 3)
    return np.where(base > 1.0 - 1e-9, (occurrences > 0).astype(np.float64), found)


def no_themes() -> Themes:
    """Themes of nothing: where a first fit begins."""
    words, whole = np.empty(0, dtype=object), np.zeros(0, np.int64)
    return Themes(
        whole, (), (), (), np.zeros(0, bool), words, np.zeros(0, np.uint8), whole, np.zeros((0, 0)), np.zeros(0), n_documents=0, next_id=0
    )
