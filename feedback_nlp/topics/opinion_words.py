"""Words of opinion in a batch: what they say with the negations and degrees before them, and what they say it of.

The words stand in ``data/opinion_words.txt``. Arrays in, arrays out, but for the reading of that file.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.scorer.clauses import CLAUSE_END
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.characters import N_CODE_POINTS, character_table
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
_FACTOR = np.ones(len(GROUPS), dtype=np.float64)
_FACTOR[[NEGATION, WORSE]], _FACTOR[[STRONG, TOO]], _FACTOR[SLIGHTLY] = DENIED, STRENGTHENED, WEAKENED
#: Words of degree and negation that reach one word of opinion at most, and characters between two of them at most (没有【想象中】好).
CHAIN, GAP = 4, 3

#: Read where a clause has no other word of opinion.
WEAK_KINDS = (PROBLEM, LACK, WORSE)
#: Kinds before which 好 is a degree; kinds behind which 大 says how something is.
_JUDGING = (NEGATIVE, MORE, LESS)
_LEADING = (NEGATION, TOO, SLIGHTLY, STRONG, COMPARE, LINK, FILLER, ADDITION, CONTRAST)

#: Marks of a character: a clause ends there; nothing is said there; a sentence ends there; it may stand behind a single 大, 高, 快 that
#: says how something is; no quoted opinion begins or ends with it.
CLAUSE_MARK, PAUSE_MARK, SENTENCE_MARK, BEHIND_MARK, TRIM_MARK = 1, 2, 4, 8, 16
_MARKED = {
    CLAUSE_MARK: CLAUSE_END,
    PAUSE_MARK: "，。！？；,.!?;…~\n:：、 （）()\"'“”",
    SENTENCE_MARK: "。！？!?;；\n",
    BEHIND_MARK: "，。！？；,.!?;…~ :：、了啊呀吧呢哦哈的得点些一不也很但又,)）",
    TRIM_MARK: " ，。！？；,.!?;…~\n:：、（）()\"'“”的了呢吧啊",
}


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


def kind_table(*kinds: int) -> NDArray[np.bool_]:
    """bool (n_groups,): whether each kind is one of these."""
    table = np.zeros(len(GROUPS), dtype=bool)
    table[list(kinds)] = True
    return table


@cache
def mark_table() -> NDArray[np.uint8]:
    """uint8 (0x110000,), the marks of each character; built on the first call, shared read-only by all threads."""
    table = np.zeros(N_CODE_POINTS, dtype=np.uint8)
    for mark, chars in _MARKED.items():
        table[[ord(char) for char in set(chars)]] |= mark
    table.setflags(write=False)
    return table


@dataclass(frozen=True, eq=False)
class Running:
    """Cleaned texts as they are read here.

    folded: uint32 (n_chars,). indptr: int64 (n_rows + 1,), where each row starts. marks: uint8 (n_chars,), of each character.
    edge: bool (n_chars + 1,), a row starts there, or the batch ends. blanks: int64, blanks that part Latin words and are no pause.
    """

    folded: NDArray[np.uint32]
    indptr: NDArray[np.int64]
    marks: NDArray[np.uint8]
    edge: NDArray[np.bool_]
    blanks: NDArray[np.int64]

    @classmethod
    def read(cls, batch: TextBatch) -> "Running":
        """Fold and mark."""
        folded = character_table().fold.take(batch.codes)
        edge = np.zeros(len(folded) + 1, dtype=bool)
        edge[batch.indptr] = True
        blanks = np.flatnonzero(folded == ord(" "))
        blanks = blanks[(blanks > 0) & (blanks < len(folded) - 1)]
        blanks = blanks[_latin(folded[blanks - 1]) & _latin(folded[blanks + 1])]
        return cls(folded, batch.indptr, mark_table().take(folded), edge, blanks)


def _latin(folded: NDArray[np.uint32]) -> NDArray[np.bool_]:
    return np.asarray((folded >= ord("a")) & (folded <= ord("z")))


@dataclass(frozen=True, eq=False)
class Cues:
    """Words of the lists in a batch, from left to right.

    start, end: int64 (n,), characters of the batch. kind: int64 (n,), positions in ``GROUPS``. lack: bool (n,).
    part: int32 (n,), the same where no pause and no end of a row parts two words.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    kind: NDArray[np.int64]
    lack: NDArray[np.bool_]
    part: NDArray[np.int32]

    def where(self, *kinds: int) -> NDArray[np.bool_]:
        """bool (n,): the words of these kinds."""
        return kind_table(*kinds)[self.kind]


def find_cues(text: Running, aspects: Found) -> Cues:
    """Find the words of all lists; 好 before another word of opinion is a degree, and 大 in 大屏幕 or 大理石 is none.

    aspects: the words of aspects in the text; a single 大, 高, 快 counts next to one, to a degree, or at the end of a clause.
    """
    tree, kinds, lacks = opinion_tree()
    found = find_words(text.folded, text.indptr, tree)
    kind = kinds[found.word]
    touching = (found.end[:-1] == found.start[1:]) & ~text.edge[found.start[1:]]
    good = (text.folded[found.start] == ord("好")) & (found.end == found.start + 1)
    kind[:-1][good[:-1] & touching & kind_table(*_JUDGING)[kind[1:]]] = STRONG
    led = np.zeros(len(found), dtype=bool)
    led[1:] = kind_table(*_LEADING)[kind[:-1]] & touching
    scaled = np.flatnonzero(kind_table(MORE, LESS)[kind])
    kind[scaled[~(led[scaled] | _predicates(text, found.start[scaled], found.end[scaled], aspects))]] = NEUTRAL
    parting = text.edge[:-1] | ((text.marks & CLAUSE_MARK) != 0)
    parting[text.blanks] = False
    return Cues(found.start, found.end, kind, lacks[found.word], np.cumsum(parting, dtype=np.int32)[found.start])


def _predicates(text: Running, start: NDArray[np.int64], end: NDArray[np.int64], aspects: Found) -> NDArray[np.bool_]:
    """Whether a word stands beside an aspect, or where a clause may end; bool (n,)."""
    begins, ends = np.zeros((2, len(text.edge)), dtype=bool)
    begins[aspects.start] = True
    ends[aspects.end] = True
    last = text.edge[end]
    beside = (ends[start] & ~text.edge[start]) | (begins[end] & ~last)
    return np.asarray(beside | last | ((text.marks[np.minimum(end, len(text.marks) - 1)] & BEHIND_MARK) != 0))


def read_cues(cues: Cues, wanted: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """What each word says: float64 (n,) in [-1, 1], 0 for words that say nothing; where its phrase starts, int64 (n,); and
    whether a negation turns it, bool (n,).

    wanted: float64 (n,), -1 where little is wanted of what 大 or 小 is said of, else 1.
    """
    scaled = cues.where(MORE, LESS)
    value = BASE[cues.kind] * np.where(scaled, wanted, 1)
    begin = cues.start.copy()
    says = value != 0
    reached, turning = ~says | cues.where(WORSE), kind_table(NEGATION, WORSE)
    denied = np.zeros(len(cues.start), dtype=bool)
    alive = np.flatnonzero(says & ~cues.where(WORSE, WISH))
    reach = cues.start[alive]
    for back in range(1, CHAIN + 1):
        at = alive - back
        linked = np.flatnonzero((at >= 0) & (cues.part[at] == cues.part[alive]) & (reach - cues.end[at] <= GAP) & reached[at])
        alive, at, reach = alive[linked], at[linked], reach[linked]
        kind = cues.kind[at]
        factor = _FACTOR[kind]
        value[alive] *= factor
        denied[alive[turning[kind]]] = True
        # 太大, 有点小: too much and too little are both bad, unless denied before.
        bad = alive[scaled[alive] & kind_table(TOO, SLIGHTLY)[kind] & (cues.end[at] == reach)]
        value[bad] = -np.abs(value[bad])
        said = factor != 1
        begin[alive[said]] = cues.start[at[said]]
        reach = np.where(said | (kind == LINK), cues.start[at], reach)
    return np.clip(value, -1, 1), begin, denied
