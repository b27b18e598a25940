"""The words of a batch as keywords and themes see them: units with a kind, still in their places.

A unit is a word in lower case and one spelling, or a negation joined to the word it denies (不 + 稳定 → 不稳定), so that a complaint is
never listed under its opposite. Everything here is a map over rows.
"""

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.tokenize import Tokens, content_mask, read_word_list, stop_words

#: Kinds of a unit.
FILLER, SUBJECT, QUALITY = 0, 1, 2

#: Denials that join the word behind them.
NEGATIONS = ("不", "没", "未")
#: Words that do not part two words: 客服的态度 counts as 客服态度.
TRANSPARENT = ("的",)
#: Spellings of one word, so that they are counted together.
VARIANTS = {
    "登陆": "登录",
    "登入": "登录",
    "登不上": "登录",
    "登不进": "登录",
    "登不了": "登录",
    "帐号": "账号",
    "帐户": "账户",
    "转帐": "转账",
    "wi-fi": "wifi",
    "其它": "其他",
}
#: A degree word with what it qualifies, cut as one: 很漂亮, 太垃圾; 太阳 is a thing.
_DEGREE = re.compile(r"(?:很|挺|太(?![阳原太极平湖古子])).+")


@dataclass(frozen=True, eq=False)
class Units:
    """The units of a batch, fillers left out but for the gap they leave.

    ids: int32 (n,), positions in ``vocabulary``.
    rows: int64 (n,), the row of each unit, ascending.
    places: int64 (n,), place in the running text; two units of a row touch where places differ by one.
    vocabulary: object (n_distinct,), distinct units sorted by code point.
    kinds: uint8 (n_distinct,), SUBJECT (what it is about) or QUALITY (how it is).
    n_rows: rows of the batch, empty ones included.
    """

    ids: NDArray[np.int32]
    rows: NDArray[np.int64]
    places: NDArray[np.int64]
    vocabulary: NDArray[np.object_]
    kinds: NDArray[np.uint8]
    n_rows: int

    def touching(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions (first, second), int64 (n_pairs,) each, of neighbours that may form a phrase."""
        first = np.flatnonzero((np.diff(self.places) == 1) & (np.diff(self.rows) == 0))
        lead, tail = phrase_roles(self.vocabulary, self.kinds)
        a, b = self.ids[first], self.ids[first + 1]
        subject = self.kinds == SUBJECT
        first = first[lead[a] & tail[b] & (subject[a] | subject[b]) & (a != b)]
        return first, first + 1


def units(tokens: Tokens | Units) -> Units:
    """Read the units of a batch, linear in tokens. Whoever counts and then assigns the same rows does it once and passes the result on."""
    if isinstance(tokens, Units):
        return tokens
    words, fold = _fold(tokens.vocabulary)
    ids, rows = fold[tokens.ids], tokens.rows()
    transparent = np.isin(words, np.array(TRANSPARENT, dtype=object))[ids] if len(words) else np.zeros(0, bool)
    ids, rows = ids[~transparent], rows[~transparent]
    kinds = unit_kinds(words)
    places = np.arange(len(ids), dtype=np.int64)
    ids, words, kinds, absorbed = _join_negations(ids, rows, words, kinds)
    keep = (kinds[ids] != FILLER) & ~absorbed
    numbers, words, kinds = _compact(ids[keep], words, kinds)
    return Units(numbers, rows[keep], places[keep], words, kinds, tokens.n_rows)


def unit_kinds(words: NDArray[np.object_]) -> NDArray[np.uint8]:
    """Return the kind of each word, uint8 (n,)."""
    quality = evaluative_words()
    kinds = content_mask(words).astype(np.uint8)
    kinds[np.fromiter((word in quality or _DEGREE.fullmatch(word) is not None for word in words), np.bool_, len(words))] = QUALITY
    kinds[np.fromiter((word[:1] in NEGATIONS and word[1:] in quality for word in words), np.bool_, len(words))] = QUALITY
    return kinds


def phrase_roles(words: NDArray[np.object_], kinds: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which units may open a phrase and which may close one, bool (n,) each.

    A quality that is a function word (无法) only opens; a single character (慢) only closes.
    """
    long = np.fromiter((len(word) > 1 for word in words), np.bool_, len(words))
    stop = np.fromiter((word in stop_words() for word in words), np.bool_, len(words))
    subject = kinds == SUBJECT
    return subject | long, subject | ~stop


def spell(first: NDArray[np.object_], second: NDArray[np.object_]) -> NDArray[np.object_]:
    """Write pairs of units as phrases, object (n,): 登录失败, but ``app store`` with a space between Latin words."""
    gap = [" " if a[-1:].isascii() and b[:1].isascii() else "" for a, b in zip(first, second, strict=True)]
    phrases: NDArray[np.object_] = first + np.array(gap, dtype=object) + second
    return phrases


@cache
def evaluative_words() -> frozenset[str]:
    """Words that judge or qualify and name no subject."""
    return read_word_list("evaluative_words.txt")


def _fold(vocabulary: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    folded = np.empty(len(vocabulary), dtype=object)
    folded[:] = [VARIANTS.get(word, word) for word in map(str.casefold, vocabulary)]
    words, inverse = np.unique(folded, return_inverse=True)
    return words, inverse.astype(np.int64)


def _join_negations(
    ids: NDArray[np.int64], rows: NDArray[np.int64], words: NDArray[np.object_], kinds: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.object_], NDArray[np.uint8], NDArray[np.bool_]]:
    """Replace the word behind a negation by the joined unit; also say which tokens a join has absorbed."""
    denies = np.fromiter((word in NEGATIONS for word in words), np.bool_, len(words))
    absorbed = np.zeros(len(ids), dtype=bool)
    at = np.flatnonzero(denies[ids[:-1]] & (kinds[ids[1:]] != FILLER) & ~denies[ids[1:]] & (rows[:-1] == rows[1:]))
    absorbed[at] = True
    pairs, inverse = np.unique(ids[at] * len(words) + ids[at + 1], return_inverse=True)
    first, second = np.divmod(pairs, max(len(words), 1))
    ids = ids.copy()
    ids[at + 1] = len(words) + inverse
    return ids, np.concatenate([words, words[first] + words[second]]), np.concatenate([kinds, kinds[second]]), absorbed


def _compact(
    ids: NDArray[np.int64], words: NDArray[np.object_], kinds: NDArray[np.uint8]
) -> tuple[NDArray[np.int32], NDArray[np.object_], NDArray[np.uint8]]:
    """Drop unused words and sort the rest; equal spellings (a joined 不好用 and a token 不好用) become one, of the lists' kind."""
    used, inverse = np.unique(ids, return_inverse=True)
    vocabulary, first, rank = np.unique(words[used], return_index=True, return_inverse=True)
    return rank.astype(np.int32)[inverse], vocabulary, kinds[used[first]]
