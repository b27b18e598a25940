"""The words of a batch as keywords and themes see them: units with a kind, still in their places.

A unit is a word in lower case and one spelling, or a negation joined to the word it denies (不 + 稳定 → 不稳定), so that a complaint is
never listed under its opposite. Everything here is a map over rows.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

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
#: How words begin that may be such, or denied judgements.
_MARKED = frozenset((*"很挺太", *NEGATIONS))


@dataclass(frozen=True, eq=False)
class Folded:
    """The words of a vocabulary in lower case and one spelling.

    words: object (n_words,), sorted by code point; kinds: uint8 (n_words,). places: int32 (n_vocabulary,), where each word of the
    vocabulary stands in ``words``.
    """

    words: NDArray[np.object_]
    kinds: NDArray[np.uint8]
    places: NDArray[np.int32]

    @classmethod
    def of(cls, vocabulary: NDArray[np.object_]) -> "Folded":
        """Fold the words of a vocabulary."""
        folded = list(map(str.casefold, vocabulary.tolist()))
        words, places = rank_words(list(map(VARIANTS.get, folded, folded)))
        return cls(words, unit_kinds(words), places.astype(np.int32))


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

    @cached_property
    def roles(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """`phrase_roles` of the vocabulary."""
        return phrase_roles(self.vocabulary, self.kinds)

    @cached_property
    def touching(self) -> NDArray[np.int64]:
        """Positions of units that may form a phrase with the one behind them, int64 (n_pairs,)."""
        first = np.flatnonzero((np.diff(self.places) == 1) & (np.diff(self.rows) == 0))
        lead, tail = self.roles
        a, b = self.ids[first], self.ids[first + 1]
        subject = self.kinds == SUBJECT
        may: NDArray[np.bool_] = lead[a] & tail[b] & (subject[a] | subject[b]) & (a != b)
        return first[may]

    def among(self, words: NDArray[np.object_]) -> "Units":
        """Only those that are some words; what touches still does. words: object, different."""
        held = few_members(self.vocabulary, words.tolist())
        kept = np.flatnonzero(held.take(self.ids))
        number = np.cumsum(held, dtype=np.int32) - np.int32(1)
        ids, rows, places = number.take(self.ids.take(kept)), self.rows.take(kept), self.places.take(kept)
        return Units(ids, rows, places, self.vocabulary[held], self.kinds[held], self.n_rows)


def units(tokens: Tokens | Units, folded: Folded | None = None) -> Units:
    """Read the units of a batch, linear in tokens. Whoever counts and then assigns the same rows does it once and passes the result on.

    folded: of ``tokens.vocabulary``, where it is at hand.
    """
    if isinstance(tokens, Units):
        return tokens
    return read_units(tokens, folded or Folded.of(tokens.vocabulary), frozenset(TRANSPARENT))[0]


def read_units(tokens: Tokens, folded: Folded, passed: frozenset[str]) -> tuple[Units, NDArray[np.bool_]]:
    """The units of a batch as they stand without the words that are passed over, and which have a negation joined to them, bool (n,)."""
    says, denies = folded.kinds != FILLER, few_members(folded.words, frozenset(NEGATIONS))
    drops = few_members(tokens.vocabulary, passed)
    # Taking is several times as fast as indexing with int32 or bool.
    at = np.flatnonzero(((says | denies)[folded.places] & ~drops).take(tokens.ids))
    rows = np.repeat(np.arange(tokens.n_rows), np.diff(np.searchsorted(at, tokens.indptr)))
    places = at - np.cumsum(drops.take(tokens.ids), dtype=np.int32).take(at)
    ids = folded.places.take(tokens.ids.take(at))
    keep, denial = says.take(ids), denies.take(ids)
    joins = np.flatnonzero(denial[:-1] & ~denial[1:] & (np.diff(places) == 1) & (rows[1:] == rows[:-1]))
    keep[joins] = False
    pairs, number = np.unique(ids[joins].astype(np.int64) * len(folded.words) + ids[joins + 1], return_inverse=True)
    ids[joins + 1] = len(folded.words) + number
    kept = np.flatnonzero(keep)
    ids, rows, places = ids.take(kept), rows.take(kept), places.take(kept)
    numbers, words, kinds = _compact(ids, folded, np.column_stack(np.divmod(pairs, max(len(folded.words), 1))))
    return Units(numbers, rows, places, words, kinds, tokens.n_rows), ids >= len(folded.words)


def without(tokens: Tokens, words: frozenset[str]) -> Tokens:
    """Return tokens without some words; those around them then touch."""
    keep = ~few_members(tokens.vocabulary, words)[tokens.ids]
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(keep, dtype=np.int64)])
    return replace(tokens, ids=tokens.ids[keep], indptr=before[tokens.indptr])


def unit_kinds(words: NDArray[np.object_]) -> NDArray[np.uint8]:
    """Return the kind of each word, uint8 (n,)."""
    quality = evaluative_words()
    kinds = content_mask(words).astype(np.uint8)
    kinds[members(words, quality)] = QUALITY
    heads = [word[:1] for word in words]
    for place in np.flatnonzero(np.fromiter(map(_MARKED.__contains__, heads), np.bool_, len(heads))).tolist():
        word = words[place]
        judged = word[1:] if heads[place] in NEGATIONS else word
        if _DEGREE.fullmatch(judged) or (judged != word and judged in quality):
            kinds[place] = QUALITY
    return kinds


def members(words: NDArray[np.object_], chosen: frozenset[str]) -> NDArray[np.bool_]:
    """Tell which words are among the chosen ones, bool (n,)."""
    return np.fromiter(map(chosen.__contains__, words.tolist()), np.bool_, len(words))


def few_members(words: NDArray[np.object_], chosen: Collection[str]) -> NDArray[np.bool_]:
    """As `members`, of many words sorted by code point and a few chosen ones, which are looked up and not each of the many."""
    found = np.zeros(len(words), bool)
    asked = np.array(list(chosen), dtype=object)
    place = np.searchsorted(words, asked)
    inside = np.flatnonzero(place < len(words))
    place, asked = place[inside], asked[inside]
    found[place[words[place] == asked]] = True
    return found


def rank_words(words: Sequence[str]) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Return the different words by code point, object, and the place of each, int64 (n,); fast where they come nearly in order."""
    listed = sorted(dict.fromkeys(words))
    different = np.empty(len(listed), dtype=object)
    different[:] = listed
    place = dict(zip(listed, range(len(listed)), strict=True))
    return different, np.fromiter(map(place.__getitem__, words), np.int64, len(words))


def phrase_roles(words: NDArray[np.object_], kinds: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell which units may open a phrase and which may close one, bool (n,) each.

    A quality that is a function word (无法) only opens; a single character (慢) only closes.
    """
    subject = kinds == SUBJECT
    return subject | longer_words(words), subject | ~members(words, stop_words())


def longer_words(words: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Tell which words are longer than one character, bool (n,)."""
    return np.fromiter(map(len, words.tolist()), np.int64, len(words)) > 1


def merge_words(words: NDArray[np.object_], more: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.int64], NDArray[np.int64]]:
    """Put a few words among many, which are sorted and different: all by code point, object, and the places of both, int64."""
    different, number = rank_words(more.tolist())
    before = np.searchsorted(words, different) if len(different) else np.zeros(0, np.int64)
    fresh, inside = np.ones(len(different), bool), before < len(words)
    fresh[inside] = words[before[inside]] != different[inside]
    at = before[fresh]
    moved = np.arange(len(words)) + np.searchsorted(at, np.arange(len(words)), side="right")
    place = before + np.concatenate([np.zeros(1, np.int64), np.cumsum(fresh)])[:-1]
    return np.insert(words, at, different[fresh]), moved, place[number]


def spell(first: NDArray[np.object_], second: NDArray[np.object_]) -> NDArray[np.object_]:
    """Write pairs of units as phrases, object (n,): 登录失败, but ``app store`` with a space between Latin words."""
    phrases: NDArray[np.object_] = first + second
    for place in [number for number, (a, b) in enumerate(zip(first, second, strict=True)) if a[-1:].isascii() and b[:1].isascii()]:
        phrases[place] = f"{first[place]} {second[place]}"
    return phrases


@cache
def evaluative_words() -> frozenset[str]:
    """Words that judge or qualify and name no subject."""
    return read_word_list("evaluative_words.txt")


def _compact(
    ids: NDArray[np.int32], folded: Folded, denied: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.object_], NDArray[np.uint8]]:
    """Number the units by spelling: those from len(folded.words) on are pairs, int64 (n_denied, 2), of a negation and the word it joins.

    A joined 不好用 and a token 不好用 are one, of the token's kind whether or not one is at hand.
    Returns numbers, int32 (n,), the vocabulary and its kinds.
    """
    n_words, seen = len(folded.words), np.zeros(len(folded.words) + len(denied), bool)
    seen[ids] = True
    tokens, joins = np.flatnonzero(seen[:n_words]), np.flatnonzero(seen[n_words:])
    first, second = denied[joins].T
    vocabulary, of_tokens, of_joins = merge_words(folded.words[tokens], folded.words[first] + folded.words[second])
    number, kinds = np.zeros(len(seen), np.int32), np.zeros(len(vocabulary), np.uint8)
    number[tokens], number[n_words + joins] = of_tokens, of_joins
    kinds[of_tokens] = folded.kinds[tokens]
    as_token = unit_kinds(vocabulary[of_joins])
    kinds[of_joins] = np.where(as_token != FILLER, as_token, folded.kinds[second])
    return number.take(ids), vocabulary, kinds
