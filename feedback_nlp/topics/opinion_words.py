"""Words of opinion in a batch: what they say with the negations and degrees before them, and what they say it of.

The words stand in ``data/opinion_words.txt``. Arrays in, arrays out, but for the reading of that file.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.scorer.clauses import clause_end_table
from feedback_nlp.topics.matching import Found, WordTree, find_words

#: Groups of ``data/opinion_words.txt``, those that say something first; a kind is the position.
_SAYING = ("positive", "negative", "mild_positive", "mild_negative", "more", "less", "problem", "lack", "negation")
_TURNING = ("too", "slightly", "strong", "wish", "contrast", "addition", "worse", "compare", "link", "filler", "neutral")
GROUPS = _SAYING + _TURNING
POSITIVE, NEGATIVE, MILD_POSITIVE, MILD_NEGATIVE, MORE, LESS, PROBLEM, LACK, NEGATION = range(9)
TOO, SLIGHTLY, STRONG, WISH, CONTRAST, ADDITION, WORSE, COMPARE, LINK, FILLER, NEUTRAL = range(9, 20)

#: What a word of each kind says by itself.
BASE = np.array([0.7, -0.7, 0.3, -0.4, 0.5, -0.5, -0.5, -0.4, 0, 0, 0, 0, -0.6, 0, 0, -0.5, 0, 0, 0, 0], dtype=np.float64)
#: A word behind 很, behind 有点, behind 不: 「不是很好」 is bad, though less than 「差」 is.
STRENGTHENED, WEAKENED, DENIED = 1.3, 0.6, -0.8
#: Words of degree and negation that reach one word of opinion at most, and characters between two of them at most (没有【想象中】好).
CHAIN, GAP = 4, 3

#: Read where a clause has no other word of opinion.
WEAK_KINDS = (PROBLEM, LACK, WORSE)


def read_word_groups(name: str) -> dict[str, tuple[str, ...]]:
    """A file of the data folder with lines "group: words": the words of each group, in order, each once; ``#`` starts a comment."""
    text = resources.files("feedback_nlp").joinpath("data").joinpath(name).read_text("utf-8")
    groups: dict[str, dict[str, None]] = {}
    for line in text.splitlines():
        group, colon, words = line.partition("#")[0].partition(":")
        if colon:
            groups.setdefault(group.strip(), {}).update(dict.fromkeys(words.split()))
    return {group: tuple(words) for group, words in groups.items()}


@cache
def opinion_tree() -> tuple[WordTree, NDArray[np.int64], NDArray[np.bool_]]:
    """The tree of all words, and of each its kind, int64 (n,), and whether it may be a lack too, bool (n,); built on the first call."""
    groups = read_word_groups("opinion_words.txt")
    words = [word for group in GROUPS for word in groups[group]]
    kinds = np.repeat(np.arange(len(GROUPS)), [len(groups[group]) for group in GROUPS])
    lacks = np.isin(words, groups["lack"])
    # 没有 lacks where nothing follows that it could deny.
    kinds[lacks & np.isin(words, groups["negation"])] = NEGATION
    return WordTree.build(words), kinds.astype(np.int64), lacks


def blanks_between_letters(folded: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Blanks that part Latin words and are no pause; bool (n_chars,)."""
    letter = (folded >= ord("a")) & (folded <= ord("z"))
    between = np.zeros(len(folded), dtype=bool)
    between[1:-1] = (folded[1:-1] == ord(" ")) & letter[:-2] & letter[2:]
    return between


@dataclass(frozen=True, eq=False)
class Cues:
    """Words of the lists in a batch, from left to right.

    start, end: int64 (n,), characters of the batch. kind: int64 (n,), positions in ``GROUPS``. lack: bool (n,).
    part: int64 (n,), the same where no pause and no end of a row parts two words.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    kind: NDArray[np.int64]
    lack: NDArray[np.bool_]
    part: NDArray[np.int64]

    def where(self, *kinds: int) -> NDArray[np.bool_]:
        """bool (n,): the words of these kinds."""
        return np.isin(self.kind, kinds)


def find_cues(folded: NDArray[np.uint32], indptr: NDArray[np.int64], aspects: Found) -> Cues:
    """Find the words of all lists; 好 before another word of opinion is a degree, and 大 in 大屏幕 or 大理石 is none.

    aspects: the words of aspects in the batch; a single 大, 高, 快 counts next to one, to a degree, or at the end of a clause.
    """
    tree, kinds, lacks = opinion_tree()
    found = find_words(folded, indptr, tree)
    kind, lack = kinds[found.word], lacks[found.word]
    following = np.zeros(len(found), dtype=bool)
    judging = np.isin(kind, (NEGATIVE, MORE, LESS))
    following[:-1] = judging[1:] & _touching(found, indptr)
    good = (folded[found.start] == ord("好")) & (found.end == found.start + 1)
    kind = np.where(good & following, STRONG, kind)
    kind = np.where(np.isin(kind, (MORE, LESS)) & ~_predicates(folded, indptr, found, kind, aspects), NEUTRAL, kind)
    pauses = np.cumsum(clause_end_table()[folded] & ~blanks_between_letters(folded), dtype=np.int64)
    row = np.searchsorted(indptr, found.start, side="right")
    return Cues(found.start, found.end, kind, lack, pauses[found.start] + row)


def _touching(found: Found, indptr: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each word but the last touches the next one in its row; bool (n - 1,)."""
    return np.asarray((found.end[:-1] == found.start[1:]) & ~np.isin(found.start[1:], indptr))


#: What may stand behind a single 大, 高, 快 that says how something is.
_BEHIND = "，。！？；,.!?;…~ :：、了啊呀吧呢哦哈的得点些一不也很但又,)）"


def _predicates(
    folded: NDArray[np.uint32], indptr: NDArray[np.int64], found: Found, kind: NDArray[np.int64], aspects: Found
) -> NDArray[np.bool_]:
    """Whether a word stands where it may say how something is; bool (n,)."""
    before = np.zeros(len(found), dtype=bool)
    degree = np.isin(kind, (NEGATION, TOO, SLIGHTLY, STRONG, COMPARE, LINK, FILLER, ADDITION, CONTRAST))
    before[1:] = degree[:-1] & _touching(found, indptr)
    at_start, at_end = np.isin(found.start, indptr), np.isin(found.end, indptr)
    before |= (np.isin(found.start, aspects.end) & ~at_start) | (np.isin(found.end, aspects.start) & ~at_end)
    after = np.isin(folded[np.minimum(found.end, len(folded) - 1)], [*map(ord, _BEHIND)])
    return before | at_end | after


def read_cues(cues: Cues, wanted: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """What each word says: float64 (n,) in [-1, 1], 0 for words that say nothing; where its phrase starts, int64 (n,); and
    whether a negation turns it, bool (n,).

    wanted: float64 (n,), -1 where little is wanted of what 大 or 小 is said of, else 1.
    """
    scaled = np.isin(cues.kind, (MORE, LESS))
    value = BASE[cues.kind] * np.where(scaled, wanted, 1)
    begin = cues.start.copy()
    says = value != 0
    denied = np.zeros(len(cues.start), dtype=bool)
    alive = np.flatnonzero(says & ~cues.where(WORSE, WISH))
    reach = cues.start[alive]
    for back in range(1, CHAIN + 1):
        at = alive - back
        linked = (at >= 0) & (cues.part[at] == cues.part[alive]) & (reach - cues.end[at] <= GAP) & (~says[at] | (cues.kind[at] == WORSE))
        alive, at, reach = alive[linked], at[linked], reach[linked]
        kind = cues.kind[at]
        denies, much, little = np.isin(kind, (NEGATION, WORSE)), np.isin(kind, (STRONG, TOO)), kind == SLIGHTLY
        value[alive] *= np.select([denies, much, little], [DENIED, STRENGTHENED, WEAKENED], 1.0)
        denied[alive[denies]] = True
        # 太大, 有点小: too much and too little are both bad, unless denied before.
        bad = scaled[alive] & np.isin(kind, (TOO, SLIGHTLY)) & (cues.end[at] == reach)
        value[alive] = np.where(bad, -np.abs(value[alive]), value[alive])
        said = denies | much | little
        begin[alive[said]] = cues.start[at[said]]
        reach = np.where(said | (kind == LINK), cues.start[at], reach)
    return np.clip(value, -1, 1), begin, denied
