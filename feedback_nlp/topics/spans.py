"""Where phrases may stand: runs of one to four touching units of a row, as flat arrays.

The rules are about words, not about the corpus: what may open and close a phrase, and which negations it must not lose.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics.stream import NEGATIONS, SUBJECT, Units, phrase_roles, units

#: Words of the longest phrase.
MAX_WORDS = 4
#: Words that do not part two others, and say nothing in a phrase: 态度也特别恶劣 counts as 态度恶劣.
_DEGREES = (
    "很 太 挺 蛮 真 超 最 更 略 非常 特别 十分 比较 相当 极其 极度 超级 有点 有点儿 有些 稍微 略微 过于 实在 真的 真心 确实 简直 完全 根本 "
    "的 越来越 多么 这么 那么 如此 也 都 就 又 再 才 还 总 老 还是 也是 都是 老是 总是 一直 经常 了 着 得 地"
)
#: Words that deny the one behind them; a phrase does not begin behind one.
_DENIALS = "无法 没有 没法 不能 不会 不让 不给 不可 拒绝 禁止 难以 很难 毫无 没 不 未 无"
#: Words that deny the one before them (登录 + 不了): a phrase does not end before one, and may end with it.
_COMPLEMENTS = "不了 不上 不出 不出来 不动 不起来 不开 不进去 不下 不来 不全 不清 不见"

DEGREES, DENIALS, COMPLEMENTS = (frozenset(words.split()) for words in (_DEGREES, _DENIALS, _COMPLEMENTS))

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Spans:
    """Runs of units that may be phrases, by size and then by place.

    words: int32 (n, MAX_WORDS), units by number, -1 behind the last.
    rows, first: int64 (n,), its row, and the place of its first unit in ``batch``.
    batch: the units of all rows.
    """

    words: NDArray[np.int32]
    rows: Ints
    first: Ints
    batch: Units

    @property
    def size(self) -> Ints:
        """int64 (n,): words of each."""
        size: Ints = np.sum(self.words >= 0, axis=1, dtype=np.int64)
        return size


def find_spans(tokens: Tokens) -> Spans:
    """Find all possible phrases of n rows, linear in tokens."""
    dense = without(tokens, DEGREES)
    batch = units(dense)
    parts = list(_runs(batch, _touching(dense, batch)))
    words = np.concatenate([part for _, part in parts])
    first = np.concatenate([part for part, _ in parts])
    return Spans(words, batch.rows[first], first, batch)


def without(tokens: Tokens, words: frozenset[str]) -> Tokens:
    """Return tokens without some words; those around them then touch."""
    dropped = np.fromiter((word in words for word in tokens.vocabulary), np.bool_, len(tokens.vocabulary))
    keep = ~dropped[tokens.ids] if len(tokens.ids) else np.zeros(0, bool)
    before = np.concatenate([[0], np.cumsum(keep, dtype=np.int64)])
    return replace(tokens, ids=tokens.ids[keep], indptr=before[tokens.indptr])


def _touching(tokens: Tokens, batch: Units) -> Bools:
    """Tell which units the next one follows at once, bool (n,). A unit with a negation joined to it begins where the negation stands.

    tokens: what ``batch`` was read from, without transparent words, so that places are positions in it.
    """
    denies = np.fromiter((word in NEGATIONS for word in tokens.vocabulary), np.bool_, len(tokens.vocabulary))[tokens.ids]
    joined = np.append(False, denies)[batch.places] & ~denies[batch.places]
    if len(joined):  # the first of a row has nothing before it
        joined &= batch.places > tokens.indptr[batch.rows]
    begin = batch.places - joined
    return np.append((begin[1:] - batch.places[:-1] == 1) & (np.diff(batch.rows) == 0), False)[: len(joined)]


def _runs(batch: Units, touches: Bools) -> Iterator[tuple[Ints, NDArray[np.int32]]]:
    """Yield, for each size, the places of first units and the words of runs. touches: units that the next one follows at once."""
    lead, tail, inner, deny, complement = _roles(batch)
    subject, ids = batch.kinds == SUBJECT, batch.ids
    bound = np.zeros(len(ids), bool)  # a negation stands before
    bound[1:] = touches[:-1] & deny[ids[:-1]]
    open_end = touches & np.append(complement[ids[1:]], False)[: len(ids)]
    alive = np.arange(len(ids), dtype=np.int64)
    for size in range(1, MAX_WORDS + 1):
        last = alive + size - 1
        words = np.full((len(alive), MAX_WORDS), -1, np.int32)
        for step in range(size):
            words[:, step] = ids[alive + step]
        named = subject[words[:, :size]].any(axis=1) if size > 1 else np.ones(len(alive), bool)
        repeated = _repeats(words, size)
        good = lead[words[:, 0]] & tail[words[:, size - 1]] & named & ~bound[alive] & ~open_end[last] & ~repeated
        yield alive[good], words[good]
        alive = alive[touches[last] & (inner[ids[last]] | (size == 1))]


def _roles(batch: Units) -> tuple[Bools, Bools, Bools, Bools, Bools]:
    """What each word of the vocabulary may do: open, close, stand inside; and whether it denies what follows, or what it follows."""
    words = batch.vocabulary
    lead, tail = phrase_roles(words, batch.kinds)
    deny, complement = (np.fromiter((word in chosen for word in words), np.bool_, len(words)) for chosen in (DENIALS, COMPLEMENTS))
    long = np.fromiter((len(word) > 1 for word in words), np.bool_, len(words))
    return lead & ~complement, tail | complement, (batch.kinds == SUBJECT) | long, deny, complement


def _repeats(words: NDArray[np.int32], size: int) -> Bools:
    found = np.zeros(len(words), bool)
    for a in range(size):
        for b in range(a + 1, size):
            found |= words[:, a] == words[:, b]
    return found
