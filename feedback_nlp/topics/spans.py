"""Where phrases may stand: runs of one to four touching units of a row, as flat arrays.

The rules are about words, not about the corpus: what may open and close a phrase, and which negations it must not lose.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics.stream import SUBJECT, TRANSPARENT, Folded, Units, few_members, longer_words, read_units

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

    first: int64 (n,), the place of its first unit in ``batch``. size: int64 (n,), its words. batch: the units of all rows.
    """

    first: Ints
    size: Ints
    batch: Units

    @cached_property
    def rows(self) -> Ints:
        """int64 (n,): the row of each."""
        rows: Ints = self.batch.rows.take(self.first)
        return rows

    @cached_property
    def words(self) -> NDArray[np.int32]:
        """int32 (n, MAX_WORDS): units by number, -1 behind the last."""
        return self.words_of(np.arange(len(self.first)))

    def words_of(self, chosen: Ints) -> NDArray[np.int32]:
        """int32 (m, MAX_WORDS): the words of some."""
        words = np.full((len(chosen), MAX_WORDS), -1, np.int32)
        first, size = self.first[chosen], self.size[chosen]
        for step in range(MAX_WORDS):
            at = np.flatnonzero(size > step)
            words[at, step] = self.batch.ids[first[at] + step]
        return words

    def among(self, words: NDArray[np.object_]) -> "Spans":
        """Those all of whose words are among some, in a batch of these words alone. words: object, different."""
        inside = few_members(self.batch.vocabulary, words.tolist()).take(self.batch.ids)
        before = np.concatenate([np.zeros(1, np.int64), np.cumsum(inside)])
        held = np.flatnonzero(inside.take(self.first))
        first, size = self.first.take(held), self.size.take(held)
        whole = before.take(first + size) - before.take(first) == size
        return Spans(before[first[whole]], size[whole], self.batch.among(words))


def find_spans(tokens: Tokens, folded: Folded | None = None) -> Spans:
    """Find all possible phrases of n rows, linear in tokens. folded: of ``tokens.vocabulary``, where it is at hand."""
    batch, joined = read_units(tokens, folded or Folded.of(tokens.vocabulary), DEGREES | frozenset(TRANSPARENT))
    runs = list(_runs(batch, _touching(batch, joined)))
    size = np.repeat(np.arange(1, MAX_WORDS + 1), [len(run) for run in runs])
    return Spans(np.concatenate(runs), size, batch)


def _touching(batch: Units, joined: Bools) -> Bools:
    """Tell which units the next one follows at once, bool (n,). joined: a negation is, so that the unit begins one place earlier."""
    begin = batch.places - joined
    return np.append((begin[1:] - batch.places[:-1] == 1) & (batch.rows[1:] == batch.rows[:-1]), False)[: len(joined)]


def _runs(batch: Units, touches: Bools) -> Iterator[Ints]:
    """Yield, for each size, the places of first units of runs. touches: units that the next one follows at once."""
    (lead, tail, inner, deny, complement), ids = (role.take(batch.ids) for role in _roles(batch)), batch.ids
    subject = (batch.kinds == SUBJECT).take(ids)
    bound = np.zeros(len(ids), bool)  # a negation stands before
    bound[1:] = touches[:-1] & deny[:-1]
    lead &= ~bound
    tail[:-1] &= ~(touches[:-1] & complement[1:])
    alive = np.arange(len(ids), dtype=np.int64)
    named, passes = subject, touches  # alone, anything touched may go on; inside, not all may stand
    yield np.flatnonzero(lead & tail)
    for size in range(2, MAX_WORDS + 1):
        more = np.flatnonzero(passes.take(alive + (size - 2)))
        alive, named = alive.take(more), named.take(more)
        last = alive + (size - 1)
        named |= subject.take(last)
        fresh = np.flatnonzero(np.logical_and.reduce([ids.take(alive + step) != ids.take(last) for step in range(size - 1)]))
        alive, named, last = alive.take(fresh), named.take(fresh), last.take(fresh)
        yield alive.take(np.flatnonzero(lead.take(alive) & tail.take(last) & named))
        passes = touches & inner


def _roles(batch: Units) -> tuple[Bools, Bools, Bools, Bools, Bools]:
    """What each word of the vocabulary may do: open, close, stand inside; and whether it denies what follows, or what it follows."""
    words = batch.vocabulary
    lead, tail = batch.roles
    deny, complement = few_members(words, DENIALS), few_members(words, COMPLEMENTS)
    return lead & ~complement, tail | complement, (batch.kinds == SUBJECT) | longer_words(words), deny, complement
