"""What themes are judged by: against classes, by their words, and against another run of the same maker.

Labels are int (n,), -1 for an item that was given to no theme. Words are lists of the first words of each theme, the strongest first.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.integer]
#: Words of a theme that are looked at (Lau, Newman & Baldwin 2014 use the same number).
TOP_WORDS = 10
#: Between tokens of a document: no token holds it.
_EDGE = "\x1f"


def one_extra(labels: Labels) -> Labels:
    """The unassigned as one theme of their own."""
    return np.where(labels < 0, labels.max(initial=-1) + 1, labels)


def each_alone(labels: Labels) -> Labels:
    """Each unassigned item as a theme of its own; flatters purity, which is 1 for a theme of one."""
    return np.where(labels < 0, labels.max(initial=-1) + 1 + np.arange(len(labels)), labels)


def nmi(labels: Labels, gold: Labels) -> float:
    """Mutual information over the mean of both entropies (Strehl & Ghosh 2002; arithmetic mean, as scikit-learn), in [0, 1].

    Labels are taken as they are: see ``one_extra`` and ``each_alone``. nan for no items.
    """
    from sklearn.metrics import normalized_mutual_info_score

    return float(normalized_mutual_info_score(gold, labels)) if len(labels) else float("nan")


def purity(labels: Labels, gold: Labels) -> float:
    """Share of items in the most frequent class of their theme (Manning, Raghavan & Schütze 2008, 16.3), in [0, 1]; nan for no items.

    It grows with the number of themes; compare at the same number, or read it beside NMI.
    """
    if not len(labels):
        return float("nan")
    _, theme = np.unique(labels, return_inverse=True)
    classes, gold_class = np.unique(gold, return_inverse=True)
    cells = np.bincount(theme * len(classes) + gold_class, minlength=(theme.max() + 1) * len(classes))
    return float(cells.reshape(-1, len(classes)).max(axis=1).sum() / len(labels))


def ari(labels: Labels, other: Labels) -> float:
    """Adjusted Rand index (Hubert & Arabie 1985): share of agreeing pairs, 0 by chance, 1 for the same groups; nan for no items."""
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(other, labels)) if len(labels) else float("nan")


def stability(runs: Sequence[tuple[NDArray[np.intp], Labels]], n_items: int) -> float:
    """Mean ARI over all pairs of runs, each pair on the items that both read; nan for fewer than two runs.

    runs: (items, labels): which of the ``n_items`` items a run read, in its order, and their labels. The unassigned are one theme:
    to leave an item out in one run and not in the other is a difference.
    """
    absent, columns = -2, []
    for items, labels in runs:
        column = np.full(n_items, absent, np.int64)
        column[items] = labels
        columns.append(column)
    both = [(a[shared], b[shared]) for a, b in combinations(columns, 2) if (shared := (a != absent) & (b != absent)).any()]
    return float(np.mean([ari(one_extra(a), one_extra(b)) for a, b in both])) if both else float("nan")


def diversity(words: Iterable[Sequence[str]]) -> float:
    """Share of distinct words among the first ``TOP_WORDS`` of all themes (Dieng, Ruiz & Blei 2020, with 10 for 25); nan for no words."""
    shown = [word for theme in words for word in theme[:TOP_WORDS]]
    return len(set(shown)) / len(shown) if shown else float("nan")


def typical_words(documents: Sequence[Iterable[str]], labels: Labels) -> list[list[str]]:
    """The first ``TOP_WORDS`` words of each theme by c-TF-IDF (Grootendorst 2022): tf of the word in the theme's documents times
    ln(1 + words of a theme on average / tf of the word in all themes); of equal ones the first by code point.

    documents: the words of n items. The same rule for every contender, whatever words it shows itself.
    """
    counts = [Counter[str]() for _ in range(int(labels.max(initial=-1)) + 1)]
    for document, label in zip(documents, labels.tolist(), strict=True):
        if label >= 0:
            counts[label].update(document)
    counts = [theme for theme in counts if theme]
    total = Counter[str]()
    for theme in counts:
        total.update(theme)
    mean = total.total() / max(len(counts), 1)
    weight = {word: float(np.log1p(mean / count)) for word, count in total.items()}
    return [sorted(theme, key=lambda word, theme=theme: (-theme[word] * weight[word], word))[:TOP_WORDS] for theme in counts]


class Reference:
    """In which documents words stand: each document is a set (boolean window: Röder, Both & Hinneburg 2015)."""

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        """documents: the tokens of n texts, nothing removed."""
        self.n_documents = len(documents)
        self._holders: dict[str, list[int]] = {}
        for number, document in enumerate(documents):
            for word in set(document):
                self._holders.setdefault(word, []).append(number)
        self._running = [f"{_EDGE}{_EDGE.join(document)}{_EDGE}" for document in documents]
        self._known: dict[str, NDArray[np.bool_]] = {}

    def holders(self, word: str) -> NDArray[np.bool_]:
        """bool (n,): the documents with the word. One that is no token (电池续航) is cut by jieba and found where its tokens touch."""
        if word not in self._known:
            found = np.zeros(self.n_documents, dtype=bool)
            found[self._holders[word] if word in self._holders else self._touching(word)] = True
            self._known[word] = found
        return self._known[word]

    def _touching(self, phrase: str) -> list[int]:
        import jieba

        parts = [part for part in jieba.lcut(phrase) if part.strip()]
        if not parts or any(part not in self._holders for part in parts):
            return []
        rarest = min((self._holders[part] for part in parts), key=len)
        run = f"{_EDGE}{_EDGE.join(parts)}{_EDGE}"
        return [number for number in rarest if run in self._running[number]]

    def npmi(self, first: str, second: str) -> float:
        """ln(p(a, b) / p(a) p(b)) / -ln p(a, b) (Bouma 2009), in [-1, 1]; -1 where they never meet, 1 where both are everywhere."""
        a, b = self.holders(first), self.holders(second)
        both = int((a & b).sum())
        if both == 0:
            return -1.0
        if both == self.n_documents:
            return 1.0
        log_both = np.log(both / self.n_documents)
        return float((log_both - np.log(a.mean()) - np.log(b.mean())) / -log_both)

    def coherence(self, words: Iterable[Sequence[str]]) -> float:
        """Mean over themes of the mean NPMI of all pairs of their first words (Lau, Newman & Baldwin 2014); nan without a pair.

        A theme of a single word has no pair and is left out.
        """
        shown = [theme[:TOP_WORDS] for theme in words]
        means = [np.mean([self.npmi(*pair) for pair in combinations(theme, 2)]) for theme in shown if len(theme) > 1]
        return float(np.mean(means)) if means else float("nan")
