"""Tokens to numbers: one number a distinct word, in the order of the sorted vocabulary."""

import re

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.cutting import UNKNOWN, Cut
from feedback_nlp.text.lexicon import N_CODES, Ints, Lexicon, word_table

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
        self._unknown: dict[str, int] = {}
        self.words: list[str] = []

    def number(self, cut: Cut) -> NDArray[np.int32]:
        """int32 (n_tokens,): positions in ``words``, to which new ones are added; a word may get more than one."""
        known = cut.key != UNKNOWN
        if known.all():
            return self._number_known(cut)
        numbers = np.empty(len(cut.key), np.int32)
        numbers[known] = self._number_known(Cut(cut.text, cut.start[known], cut.stop[known], cut.key[known], cut.counts))
        spans = zip(cut.start[~known].tolist(), cut.stop[~known].tolist(), strict=True)
        numbers[~known] = [self._number_string(cut.text[start:stop]) for start, stop in spans]
        return numbers

    def _number_known(self, cut: Cut) -> NDArray[np.int32]:
        new = np.flatnonzero(self._number.take(cut.key) == 0)
        keys, marks = cut.key[new], np.arange(1, len(new) + 1, dtype=np.int32)
        self._number[keys] = marks  # of several tokens with one key one wins
        winners = self._number[keys] == marks
        new, keys = new[winners], keys[winners]
        self._number[keys] = np.arange(len(self.words) + 1, len(self.words) + len(new) + 1, dtype=np.int32)
        self.words += [cut.text[start:stop] for start, stop in zip(cut.start[new].tolist(), cut.stop[new].tolist(), strict=True)]
        return self._number.take(cut.key) - np.int32(1)

    def _number_string(self, word: str) -> int:
        number = self._unknown.get(word)
        if number is None:
            number = self._unknown[word] = len(self.words)
            self.words.append(word)
        return number


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
