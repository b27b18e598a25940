"""Words with their weights, in a trie laid out as one hash table that is asked about many characters at once.

A node of the trie is a slot of the table. The key of a slot is ``parent slot << 21 | code point``, so one look tells whether a word, or the
beginning of one, goes on with a character. Nothing here is a Python object per word: 650,000 words take no longer to ask than 350,000.
"""

import importlib.util
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Stands between rows; no text holds it, and no word.
BREAK = 0x110000
N_CODES = BREAK + 1

#: Kinds of characters. A block of jieba is a run of SIGN, LATIN and HAN; every other character is a token of its own.
OTHER, SIGN, LATIN, HAN = 0, 1, 2, 3

_EMPTY = -1
_CODE_BITS = 21
_MULTIPLIER = np.int64(-7046029254386353131)  # 2**64 / golden ratio (Knuth, The Art of Computer Programming 3, 6.4), as a signed number
_LEAST_BITS = 21


@cache
def kinds() -> NDArray[np.uint8]:
    """uint8 (N_CODES,): the kind of each code point, by jieba's ``re_han_default`` and its range of ideographs."""
    table = np.zeros(N_CODES, np.uint8)
    table[[ord(char) for char in "+#&._%-"]] = SIGN
    table[[*range(0x30, 0x3A), *range(0x41, 0x5B), *range(0x61, 0x7B)]] = LATIN
    table[0x4E00:0x9FD6] = HAN
    return table


def places(mask: Bools) -> Ints:
    """int64 (n_true,): where a mask holds; ``np.flatnonzero`` without its checks, which count in a call with one text."""
    return mask.nonzero()[0]


@dataclass(frozen=True, eq=False)
class WordTable:
    """A list of words before it becomes a lexicon. The words must differ.

    codes: int64 (n_chars,), the code points of all words, one after another. indptr: int64 (n_words + 1,), none of them empty.
    frequency: int64 (n_words,). tag: int8 (n_words,), positions in ``tags``, -1 for none.
    """

    codes: Ints
    indptr: Ints
    frequency: Ints
    tag: NDArray[np.int8]
    tags: tuple[str, ...]

    @property
    def lengths(self) -> Ints:
        """int64 (n_words,), characters of each word."""
        return np.diff(self.indptr)


@dataclass(frozen=True, eq=False)
class Lexicon:
    """What is asked while cutting. Never written to once it is made, so threads and tokenisers share the one without user words.

    keys: int64 (2**bits,), key of each slot, -1 where it is free.
    weight: float64 (2**bits,), log probability of the word that ends in the slot, -inf where none does.
    tag: int8 (2**bits,), its part of speech, a position in ``tags``, -1 for none.
    whole: bool (2**bits,) or None, the word may not stand inside a longer run of Latin letters and digits.
    first: int64 (N_CODES,), the slot of each first character, -1 where no word begins with it.
    single: float64 (N_CODES,), log probability of each character as a word; that of a word seen once where it is none.
    """

    keys: Ints
    weight: Floats
    tag: NDArray[np.int8]
    whole: Bools | None
    first: Ints
    single: Floats
    tags: tuple[str, ...]
    log_total: float
    n_nodes: int

    def follow(self, slots: Ints, codes: Ints) -> Ints:
        """int64 (n,): the slot reached from each slot by a code point, -1 where no word goes on like that. A slot of -1 leads nowhere."""
        return look_up(self.keys, (slots << _CODE_BITS) | codes)

    def find(self, words: WordTable) -> Ints:
        """int64 (n_words,): the slot of each word, -1 where it is not in the trie."""
        slots = self.first[words.codes[words.indptr[:-1]]]
        active, place = places(words.lengths > 1), 1
        while len(active):
            slots[active] = self.follow(slots[active], words.codes[words.indptr[active] + place])
            place += 1
            active = active[(words.lengths[active] > place) & (slots[active] >= 0)]
        return slots


def look_up(keys: Ints, wanted: Ints) -> Ints:
    """int64 (n,): the slot of each wanted key, -1 where it is not in the table."""
    shift = 64 - (len(keys) - 1).bit_length()
    slots = ((wanted * _MULTIPLIER).view(np.uint64) >> np.uint64(shift)).view(np.int64)
    found = keys.take(slots)
    wrong = found != wanted
    again = places(wrong & (found != _EMPTY))
    home = slots[again]
    slots[wrong] = -1
    while len(again):
        home = (home + 1) & (len(keys) - 1)
        found = keys[home]
        hit = found == wanted[again]
        slots[again[hit]] = home[hit]
        more = ~hit & (found != _EMPTY)
        again, home = again[more], home[more]
    return slots


def _add(keys: Ints, wanted: Ints) -> Ints:
    """Put keys into the table where they are missing; int64 (n,): the slot of each. The same key may come more than once."""
    shift = np.uint64(64 - (len(keys) - 1).bit_length())
    home = ((wanted * _MULTIPLIER).view(np.uint64) >> shift).view(np.int64)
    slots = np.empty(len(wanted), np.int64)
    left = np.arange(len(wanted))
    while len(left):
        free = keys[home] == _EMPTY
        keys[home[free]] = wanted[left[free]]  # of several for one slot one wins; the others see it and move on
        done = keys[home] == wanted[left]
        slots[left[done]] = home[done]
        left, home = left[~done], (home[~done] + 1) & (len(keys) - 1)
    return slots


def _insert(keys: Ints, words: WordTable) -> tuple[int, Ints]:
    """Put words into the trie, all first characters, then all second ones ...; (new nodes, int64 (n_words,) the slot of each word)."""
    before = np.count_nonzero(keys != _EMPTY)
    slots = np.full(len(words.frequency), len(keys), np.int64)  # the root is a number no slot has
    active = np.arange(len(slots))
    lengths = words.lengths
    for place in range(int(lengths.max(initial=0))):
        active = active[lengths[active] > place]
        slots[active] = _add(keys, (slots[active] << _CODE_BITS) | words.codes[words.indptr[active] + place])
    return int(np.count_nonzero(keys != _EMPTY) - before), slots


def make_lexicon(words: WordTable, *, room: int = 0) -> Lexicon:
    """Build a lexicon of words, with room for so many nodes more."""
    bits = max(_LEAST_BITS, math.ceil(math.log2(3 * (len(words.codes) // 2 + room) + 1)))
    keys = np.full(1 << bits, _EMPTY, np.int64)
    nodes, slots = _insert(keys, words)
    total = math.log(int(words.frequency.sum()))
    weight, tag = np.full(len(keys), -np.inf), np.full(len(keys), -1, np.int8)
    # jieba splits at every character that is OTHER, so it never finds a word of its dictionary that holds one.
    counted = (words.frequency > 0) & (np.add.reduceat(kinds()[words.codes] == OTHER, words.indptr[:-1]) == 0)
    weight[slots[counted]] = np.log(words.frequency[counted]) - total
    tag[slots] = words.tag
    heads = np.unique(words.codes[words.indptr[:-1]])
    first, single = np.full(N_CODES, -1, np.int64), np.full(N_CODES, -total)
    first[heads] = found = look_up(keys, (np.int64(len(keys)) << _CODE_BITS) | heads)
    single[heads] = np.where(weight[found] > -np.inf, weight[found], -total)
    return Lexicon(keys, weight, tag, None, first, single, words.tags, total, nodes)


def extend(lexicon: Lexicon, words: WordTable, base: WordTable) -> tuple[Lexicon, Ints]:
    """A lexicon with more nodes, and int64 (n_words,) the slots of the new words; their weights are still to be set.

    base: the words ``lexicon`` was made of, for a larger table where the new words do not fit.
    """
    if 2 * (lexicon.n_nodes + len(words.codes)) > len(lexicon.keys):
        lexicon = make_lexicon(base, room=len(words.codes))
    keys = lexicon.keys.copy()
    added, slots = _insert(keys, words)
    first = lexicon.first.copy()
    heads = words.codes[words.indptr[:-1]]
    first[heads] = look_up(keys, (np.int64(len(keys)) << _CODE_BITS) | heads)
    tag = lexicon.tag.copy()
    tag[slots[words.tag >= 0]] = words.tag[words.tag >= 0]
    latin = kinds() == LATIN
    ends_latin = latin[words.codes[words.indptr[1:] - 1]]
    whole = np.zeros(len(keys), np.bool_)
    whole[slots] = (latin[heads] | ends_latin) & (words.lengths > 1)
    weight, single = lexicon.weight.copy(), lexicon.single.copy()
    return replace(
        lexicon,
        keys=keys,
        weight=weight,
        tag=tag,
        whole=whole,
        first=first,
        single=single,
        tags=words.tags,
        n_nodes=lexicon.n_nodes + added,
    ), slots


def jieba_file(*parts: str) -> Path:
    """A file of the installed jieba, found without importing it."""
    found = importlib.util.find_spec("jieba")
    if found is None or not found.submodule_search_locations:
        raise InputError("the dictionary of jieba: expected the package jieba to be installed, found none; pip install jieba")
    return Path(found.submodule_search_locations[0], *parts)


@cache
def jieba_words() -> WordTable:
    """jieba's dictionary: 349,046 words with frequency and part of speech."""
    fields = jieba_file("dict.txt").read_text("utf-8").split()
    tags = tuple(sorted(set(fields[2::3])))
    place = {tag: number for number, tag in enumerate(tags)}
    frequency = np.fromiter(map(int, fields[1::3]), np.int64, len(fields) // 3)
    tag = np.fromiter(map(place.__getitem__, fields[2::3]), np.int8, len(frequency))
    return word_table(fields[0::3], frequency, tag, tags)


def word_table(words: Sequence[str], frequency: Ints, tag: NDArray[np.int8], tags: tuple[str, ...]) -> WordTable:
    """Flatten a list of words."""
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    codes = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), "<u4").astype(np.int64)
    return WordTable(codes, np.concatenate([[0], np.cumsum(lengths)]), frequency, tag, tags)


@cache
def jieba_lexicon() -> Lexicon:
    """The lexicon of jieba's dictionary, built on the first call (0.3 s) and shared."""
    return make_lexicon(jieba_words())
