"""Words of a list in running text, without cutting it into words first: a walk through a tree of characters, for all places at once.

Arrays in, arrays out, but for the building of the tree.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.characters import N_CODE_POINTS, character_table
from feedback_nlp.text.clean import clean

#: A key of the tree is node * NODE + character.
NODE = 1 << 21


@dataclass(frozen=True, eq=False)
class WordTree:
    """A tree of characters (Fredkin's trie, 1960) over folded words.

    keys: int64 (n_edges,), sorted, node * ``NODE`` + character. child: int64 (n_edges,), the node an edge leads to.
    word: int64 (n_nodes,), the word that ends in a node, -1 for none. first: bool (0x110000,), characters a word begins with.
    n_words: words of the list.
    """

    keys: NDArray[np.int64]
    child: NDArray[np.int64]
    word: NDArray[np.int64]
    first: NDArray[np.bool_]
    n_words: int

    @classmethod
    def build(cls, words: Sequence[str]) -> "WordTree":
        """The tree of some words; each is cleaned and folded as texts are. Of equal ones the first counts, empty ones are never found."""
        edges: dict[int, int] = {}
        ends: dict[int, int] = {}
        fold = character_table().fold
        for number, text in enumerate(clean(list(words)).texts()):
            node = 0
            for code in fold[[*map(ord, text)]].tolist() if text else ():
                node = edges.setdefault(node * NODE + code, len(edges) + 1)
            ends.setdefault(node, number)
        ends.pop(0, None)
        keys = np.array(sorted(edges), dtype=np.int64)
        word = np.full(len(edges) + 1, -1, np.int64)
        word[list(ends)] = list(ends.values())
        first = np.zeros(N_CODE_POINTS, dtype=bool)
        first[keys[keys < NODE]] = True
        return cls(keys, np.array([edges[key] for key in keys.tolist()], dtype=np.int64), word, first, len(words))


@dataclass(frozen=True, eq=False)
class Found:
    """Words found in a batch, from left to right, none over another: int64 (n,) each; ``word`` counts in the list of the tree."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    word: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.start)


def find_words(folded: NDArray[np.uint32], indptr: NDArray[np.int64], tree: WordTree) -> Found:
    """Find words: from left to right, the longest first, within rows; a word of Latin letters only where no letter touches it.

    folded: uint32 (n_chars,), folded code points. indptr: int64 (n_rows + 1,), where each row starts.
    """
    start = np.flatnonzero(tree.first[folded])
    limit = indptr[np.searchsorted(indptr, start, side="right")]
    best_end, best_word = np.zeros(len(start), np.int64), np.full(len(start), -1, np.int64)
    alive, node, end = np.arange(len(start)), np.zeros(len(start), np.int64), start
    while len(alive):
        inside = end < limit[alive]
        alive, node, end = alive[inside], node[inside], end[inside]
        key = node * NODE + folded[end]
        place = np.minimum(np.searchsorted(tree.keys, key), len(tree.keys) - 1)
        known = tree.keys[place] == key
        alive, node, end = alive[known], tree.child[place[known]], end[known] + 1
        word = tree.word[node]
        done = (word >= 0) & _free(folded, indptr, start[alive], end)
        best_end[alive[done]], best_word[alive[done]] = end[done], word[done]
    hit = best_word >= 0
    start, end, word = start[hit], best_end[hit], best_word[hit]
    keep = _without_overlap(start, end)
    return Found(start[keep], end[keep], word[keep])


def _letter(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    return np.asarray((codes >= ord("a")) & (codes <= ord("z")))


def _free(folded: NDArray[np.uint32], indptr: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether no Latin letter goes on outside a match: 「app」 does not stand in 「happy」; bool (n,)."""
    last = len(folded) - 1
    row = np.searchsorted(indptr, start, side="right")
    left = _letter(folded[start]) & _letter(folded[np.maximum(start - 1, 0)]) & (start > indptr[row - 1])
    right = _letter(folded[end - 1]) & _letter(folded[np.minimum(end, last)]) & (end < indptr[row])
    return ~(left | right)


def _without_overlap(start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Keep, from left to right, what does not begin inside something kept; bool (n,). start: ascending, each once."""
    keep = np.zeros(len(start), dtype=bool)
    left = np.arange(len(start))
    while len(left):
        # What begins behind all that is left before it is kept whatever happens; then what it covers goes.
        reach = np.maximum.accumulate(end[left])
        sure = np.ones(len(left), dtype=bool)
        sure[1:] = start[left[1:]] >= reach[:-1]
        keep[left[sure]] = True
        owner = left[np.flatnonzero(sure)[np.cumsum(sure) - 1]]
        left = left[start[left] >= end[owner]]
    return keep
