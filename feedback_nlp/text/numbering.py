"""Tokens to numbers: one number a distinct word, in the order of the sorted vocabulary."""

import re
from collections import defaultdict
from itertools import count

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.cutting import UNKNOWN, Cut
from feedback_nlp.text.lexicon import N_CODES, Ints, Lexicon, word_table

#: Words of so many characters fit into one number, so many bits a character.
_SHORT, _CODE_BITS = 3, 21
_CODE = (1 << _CODE_BITS) - 1

#: Words are sorted by so many first characters as numbers; only those that share them are compared as strings.
_HEAD = 8

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)*%?")
_LATIN = re.compile(r"(?=.*[A-Za-z])[0-9A-Za-z+#&._%\- ]+")
#: Parts of speech of words the dictionary does not hold: numbers, words with Latin letters, all else.
NUMBER, FOREIGN, UNTAGGED = "m", "eng", "x"


class Numbering:
    """Give each distinct token of the chunks it is shown a number. Strings are made once for each distinct word, not for each token."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._number = np.zeros(N_CODES + len(lexicon.keys), np.int32)  # by key; 0: not met yet. Pages never touched take no memory.
        self._known: list[str] = []
        self._unknown: defaultdict[str, int] = defaultdict(count(-1, -1).__next__)
        self._short, self._short_at = [np.empty(0, np.int64)], [np.empty(0, np.int64)]  # short unknown words, packed; their places
        self._parts = [np.empty(0, np.int32)]
        self._size = 0

    def add(self, cut: Cut) -> None:
        """Number the tokens of the next chunk."""
        numbers = self._number_known(cut)
        at = np.flatnonzero(cut.key == UNKNOWN)
        short = cut.stop[at] - cut.start[at] <= _SHORT
        self._short.append(_pack(cut, at[short]))
        self._short_at.append(at[short] + self._size)
        at = at[~short]
        spans = zip(cut.start[at].tolist(), cut.stop[at].tolist(), strict=True)
        strings = [cut.text[start:stop] for start, stop in spans]
        numbers[at] = np.fromiter(map(self._unknown.__getitem__, strings), np.int32, len(at))
        self._parts.append(numbers)
        self._size += len(numbers)

    def finish(self) -> tuple[NDArray[np.int32], NDArray[np.object_]]:
        """All tokens as int32 (n_tokens,) positions in the sorted vocabulary, object (n_distinct,)."""
        numbers = np.concatenate(self._parts)
        short, place = np.unique(np.concatenate(self._short), return_inverse=True)
        numbers[np.concatenate(self._short_at)] = len(self._known) + place
        # Long unknown words count from the end: -1, -2 ...
        vocabulary, rank = sorted_vocabulary([*self._known, *_unpack(short), *reversed(self._unknown)])
        return rank[numbers], vocabulary

    def _number_known(self, cut: Cut) -> NDArray[np.int32]:
        """int32 (n_tokens,): positions in ``_known``, to which new words are added; without meaning for UNKNOWN tokens."""
        numbers = self._number.take(cut.key)
        new = np.flatnonzero((numbers == 0) & (cut.key != UNKNOWN))
        keys, marks = cut.key[new], np.arange(1, len(new) + 1, dtype=np.int32)
        self._number[keys] = marks  # of several tokens with one key one wins
        winners = self._number[keys] == marks
        new_once = new[winners]
        self._number[keys[winners]] = np.arange(len(self._known) + 1, len(self._known) + len(new_once) + 1, dtype=np.int32)
        spans = zip(cut.start[new_once].tolist(), cut.stop[new_once].tolist(), strict=True)
        self._known += [cut.text[start:stop] for start, stop in spans]
        numbers[new] = self._number[keys]
        return numbers - np.int32(1)


def _pack(cut: Cut, at: Ints) -> Ints:
    """int64 (n,): the code points of tokens of two or three characters, side by side in one number; different words, different numbers."""
    start = cut.start[at]
    third = np.where(cut.stop[at] - start == _SHORT, cut.codes[start + 2], 0).astype(np.int64)
    packed: Ints = (third << _CODE_BITS | cut.codes[start + 1]) << _CODE_BITS | cut.codes[start]
    return packed


def _unpack(packed: Ints) -> list[str]:
    """The words of ``_pack``; none of them holds a NUL, which would be lost at its end."""
    codes = (packed[:, None] >> np.arange(0, _SHORT * _CODE_BITS, _CODE_BITS)) & _CODE
    words: list[str] = codes.astype(np.uint32).view(f"U{_SHORT}").ravel().tolist()
    return words


def sorted_vocabulary(words: list[str]) -> tuple[NDArray[np.object_], NDArray[np.int32]]:
    """Sort words by code point and drop repeated ones; (object (n_distinct,), int32 (len(words),) the place of each word there)."""
    vocabulary, rank = np.empty(len(words), object), np.empty(len(words), np.int32)
    vocabulary[:] = words
    if not words:
        return vocabulary, rank
    heads = np.array(words, dtype=f"U{_HEAD}")
    order = np.argsort(heads, kind="stable")
    # Long words, and words that differ by a NUL at the end, may look alike to numpy: strings decide.
    alike = np.flatnonzero(np.diff(heads[order[1:]] == heads[order[:-1]], prepend=False, append=False))
    for first, last in alike.reshape(-1, 2).tolist():
        order[first : last + 1] = sorted(order[first : last + 1].tolist(), key=words.__getitem__)
    vocabulary = vocabulary[order]
    new = np.concatenate([[True], vocabulary[1:] != vocabulary[:-1]])
    rank[order] = np.cumsum(new) - 1
    return vocabulary[new], rank


def tag_words(words: list[str], lexicon: Lexicon) -> tuple[NDArray[np.int8], tuple[str, ...]]:
    """Parts of speech: int8 (n_words,) positions in the tuple of names; from the dictionary, else by what a word is made of."""
    tags = tuple(dict.fromkeys((*lexicon.tags, NUMBER, FOREIGN, UNTAGGED)))
    tag = _find_tags(words, lexicon)
    place = {NUMBER: tags.index(NUMBER), FOREIGN: tags.index(FOREIGN), UNTAGGED: tags.index(UNTAGGED)}
    for row in np.flatnonzero(tag < 0).tolist():
        kind = NUMBER if _NUMBER.fullmatch(words[row]) else FOREIGN if _LATIN.fullmatch(words[row]) else UNTAGGED
        tag[row] = place[kind]
    return tag, tags


def _find_tags(words: list[str], lexicon: Lexicon) -> NDArray[np.int8]:
    """int8 (n_words,): the tag in the dictionary, -1 for none."""
    count = len(words)
    table = word_table(words, np.zeros(count, np.int64), np.zeros(count, np.int8), lexicon.tags)
    slots: Ints = lexicon.find(table)
    found = (slots >= 0) & (lexicon.weight[slots] > -np.inf)
    return np.where(found, lexicon.tag[slots], -1).astype(np.int8)
