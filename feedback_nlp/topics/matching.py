"""Words of a list in running text, without cutting it into words first: a walk through a tree of characters, for all places at once.

Arrays in, arrays out, but for the building of the tree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.characters import character_table
from feedback_nlp.text.clean import clean

#: The node where every word begins.
ROOT = 0


@dataclass(frozen=True, eq=False)
class WordTree:
    """A tree of characters (Fredkin's trie, 1960) over folded words, laid out as a double array (Aoe 1989): one look per step.

    A node is a slot; the one that character number c leads to from ``node`` is ``base[node] + c`` if its ``owner`` is ``node``.
    number: unsigned (largest code point + 2,), a number for each character of the words, those that begin one first, from 1; 0 for others.
    n_first: how many begin a word. base, owner, word: int32 (n_slots,), owner and word (the one that ends in a node) -1 for none.
    latin: bool (n_slots,), the word that ends here begins or ends with a Latin letter. n_words: words of the list.
    """

    number: NDArray[np.unsignedinteger]
    n_first: int
    base: NDArray[np.int32]
    owner: NDArray[np.int32]
    word: NDArray[np.int32]
    latin: NDArray[np.bool_]
    n_words: int

    @classmethod
    def build(cls, words: Sequence[str]) -> "WordTree":
        """The tree of some words; each is cleaned and folded as texts are. Of equal ones the first counts, empty ones are never found."""
        batch = clean(list(words)).batch
        codes, bounds = character_table().fold[batch.codes], batch.indptr
        number, n_first = _numbers(codes, bounds)
        edges: dict[tuple[int, int], int] = {}
        ends: dict[int, int] = {}
        for place, (start, end) in enumerate(pairwise(bounds.tolist())):
            node = ROOT
            for char in number[codes[start:end]].tolist():
                node = edges.setdefault((node, char), len(edges) + 1)
            ends.setdefault(node, place)
        ends.pop(ROOT, None)
        parent, char = np.array(list(edges), dtype=np.int64).reshape(-1, 2).T
        slots, base, owner = _double_array(parent, char, n_chars=int(number.max()))
        word, latin = np.full(len(base), -1, np.int32), np.zeros(len(base), dtype=bool)
        at, found = slots[list(ends)], np.array(list(ends.values()), dtype=np.int64)
        word[at] = found
        latin[at] = _letter(codes[bounds[found]]) | _letter(codes[bounds[found + 1] - 1])
        return cls(number, n_first, base, owner, word, latin, len(words))


def _numbers(codes: NDArray[np.uint32], bounds: NDArray[np.int64]) -> tuple[NDArray[np.unsignedinteger], int]:
    """The number of each character, 0 for the largest code point + 1 too; and how many begin a word."""
    first = np.unique(codes[bounds[:-1][np.diff(bounds) > 0]])
    chars = np.concatenate([first, np.setdiff1d(codes, first)])
    number = np.zeros(int(codes.max(initial=0)) + 2, dtype=np.min_scalar_type(len(chars)))
    number[chars] = np.arange(1, len(chars) + 1)
    return number, len(first)


def _double_array(
    parent: NDArray[np.int64], char: NDArray[np.int64], *, n_chars: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """The slot of each node, int64 (n_nodes,), and base and owner of each slot: nodes with most children first, each where it first fits.

    parent, char: int64 (n_nodes - 1,), of every node but the root, characters from 1 to ``n_chars``.
    """
    count, by_parent = np.bincount(parent, minlength=len(parent) + 1), np.argsort(parent, kind="stable")
    children = np.split(char[by_parent], np.cumsum(count)[:-1])
    bases, free, top = np.zeros(len(count), np.int64), np.ones(2 * n_chars + 2, dtype=bool), 0
    branching = np.flatnonzero((count > 1) | (np.arange(len(count)) == ROOT))
    for node in branching[np.lexsort((-count[branching], branching != ROOT))].tolist():
        if len(free) <= top + n_chars:
            free = np.append(free, np.ones(len(free), dtype=bool))
        # Everything behind ``top``, the highest slot taken, is free, so the last of these bases fits.
        fits = np.ones(top + 1, dtype=bool)
        for number in children[node].tolist():
            fits &= free[number : number + top + 1]
        bases[node] = fits.argmax()
        taken = bases[node] + children[node]
        free[taken] = False
        top = max(top, int(taken.max(initial=0)))
    single = np.flatnonzero((count == 1) & (np.arange(len(count)) != ROOT))
    spots = np.flatnonzero(np.append(free[n_chars:], np.ones(len(single), dtype=bool)))[: len(single)] + n_chars
    bases[single] = spots - char[by_parent][np.cumsum(count)[single] - 1]
    slots = np.concatenate([[ROOT], bases[parent] + char])
    size = int(bases.max()) + n_chars + 1
    base, owner = np.zeros(size, np.int32), np.full(size, -1, np.int32)
    base[slots] = bases
    owner[slots[1:]] = slots[parent]
    return slots, base, owner


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
    number = np.append(tree.number.take(folded, mode="clip"), tree.number.dtype.type(0))
    # 0 - 1 is the largest unsigned number.
    start = np.flatnonzero(number[:-1] - 1 < tree.n_first)
    node = number.take(start).astype(np.int32)
    number[indptr] = 0  # no word goes on in the next row
    best_end, best_word = np.zeros(len(start), np.int64), np.full(len(start), -1, np.int64)
    alive, end = np.arange(len(start)), start + 1
    while len(alive):
        word = tree.word.take(node)
        done = np.flatnonzero(word >= 0)
        latin = np.flatnonzero(tree.latin.take(node.take(done)))
        if len(latin):
            free = _free(folded, indptr, start[alive[done[latin]]], end[done[latin]])
            done = np.delete(done, latin[~free])
        at = alive.take(done)
        best_end[at], best_word[at] = end.take(done), word.take(done)
        step = tree.base.take(node) + number.take(end)
        goes = np.flatnonzero(tree.owner.take(step) == node)
        alive, node, end = alive.take(goes), step.take(goes), end.take(goes) + 1
    hit = np.flatnonzero(best_word >= 0)
    hit = hit[_without_overlap(start[hit], best_end[hit])]
    return Found(start[hit], best_end[hit], best_word[hit])


def find_in_rows(batch: TextBatch, tree: WordTree) -> tuple[NDArray[np.int64], TextBatch, Found]:
    """The rows of a batch that hold a word, int64 (n_holding,), these rows alone, and the words found in them."""
    found = find_words(character_table().fold.take(batch.codes), batch.indptr, tree)
    row = np.searchsorted(batch.indptr, found.start, side="right") - 1
    holds = np.zeros(batch.n_rows, dtype=bool)
    holds[row] = True
    lengths = batch.lengths
    rows = np.flatnonzero(holds)
    part = TextBatch(batch.codes.take(np.flatnonzero(np.repeat(holds, lengths))), np.concatenate([[0], np.cumsum(lengths[rows])]))
    moved = (part.indptr[np.cumsum(holds) - 1] - batch.indptr[:-1])[row]
    return rows, part, Found(found.start + moved, found.end + moved, found.word)


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
