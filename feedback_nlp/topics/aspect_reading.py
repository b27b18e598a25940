"""What a text says of each aspect it mentions. Arrays in, arrays out.

Readings of the scorer, made in one call, and the words of opinion are put together: of the clause that mentions the aspect, of what goes on
about it up to the next aspect, of the whole text. Texts that mention no aspect are not looked at further.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.classify import heads
from feedback_nlp.scorer.model import POLARITY, head_slices
from feedback_nlp.scorer.scorer import BatchScorer
from feedback_nlp.sentiment import levels
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.topics.matching import Found, WordTree, find_in_rows
from feedback_nlp.topics.opinion_clauses import OpinionClauses, opinion_clauses
from feedback_nlp.topics.opinion_words import (
    BASE,
    COMPARE,
    LACK,
    LESS,
    MORE,
    NEGATION,
    TRIM_MARK,
    WEAK_KINDS,
    WORSE,
    Cues,
    Running,
    find_cues,
    mark_table,
    read_cues,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Weights of clause, scope and whole text, and of the words of opinion in clause and scope; where no word of opinion is found, the second.
#: Chosen on one half of the tables of ``benchmarks.aspects``, reported on the other.
WITH_WORDS = (0.15, 0.1, 0.2, 0.45, 0.1)
WITHOUT_WORDS = (0.2, 0.2, 0.6)
#: Share of their weight the scorer's readings keep where a negation turns the words, or the text holds both good and bad words:
#: it misreads negations more often than they do, and the whole then says little of a part.
TURNED = 0.5
#: How much of the strength depends on that of the whole: a text that only asks or tells judges its parts less.
WHOLE_STRENGTH = 0.3
#: Words of opinion that say so much are clear.
CLEAR = 0.3
#: An opinion of no known word is quoted to this many characters.
QUOTED = 10


@dataclass(frozen=True, eq=False)
class Mentions:
    """Words of aspects in a batch and what is said there, from left to right.

    row, word: int64 (n,). start, end: int64 (n,), the word, in characters of its row. polarity: float64 (n,) in [-1, 1], six digits.
    opinions: n phrases of opinion, empty where there is none.
    """

    row: Ints
    word: Ints
    start: Ints
    end: Ints
    polarity: Floats
    opinions: TextBatch

    def shifted(self, rows: int) -> "Mentions":
        """The same, of rows so many further on."""
        return replace(self, row=self.row + rows)

    @classmethod
    def join(cls, parts: Sequence["Mentions"]) -> "Mentions":
        """One after the other."""
        row, word, start, end, polarity = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("row", "word", "start", "end", "polarity")
        )
        lengths = np.concatenate([[0], *(part.opinions.lengths for part in parts)])
        opinions = TextBatch(np.concatenate([part.opinions.codes for part in parts]), np.cumsum(lengths))
        return cls(row, word, start, end, polarity, opinions)


def read_mentions(
    batch: TextBatch, tree: WordTree, less: Bools, scorer: BatchScorer, polarity: NDArray[np.floating] | None = None
) -> Mentions:
    """Read cleaned texts.

    tree: the words of all aspects. less: bool (n_words,), words of which little is wanted.
    polarity: (n_rows,), what the scorer says of each whole text, where that is known already.
    """
    rows, part, found = find_in_rows(batch, tree)
    text = Running.read(part)
    cues = find_cues(text, found)
    clauses = opinion_clauses(text, found, cues)
    clause, group = clauses.at[found.start], clauses.groups()
    at = clauses.at[cues.start]
    value, begin, turned = read_cues(cues, _wanted(found, cues, clause, at, group, less))
    number = (np.cumsum(clauses.named) - 1)[clause]
    whole = None if polarity is None else polarity[rows]
    readings = np.column_stack([*_scorer_readings(part, clauses, scorer, whole), *_by_words(cues, value, clauses, at, group)])[number]
    denied = np.zeros(len(clauses.row), dtype=bool)
    denied[at[turned]] = True
    row = clauses.row[clause]
    mixed = _combine(readings, _signs(found, cues, clause), denied[clause], row, len(rows))
    opinion = _trimmed(part, *_opinions(found, cues, value, begin, clauses, clause, group))
    begins = part.indptr[row]
    return Mentions(rows[row], found.word, found.start - begins, found.end - begins, mixed, opinion)


def _combine(readings: Floats, sign: Floats, denied: Bools, row: Ints, n_rows: int) -> Floats:
    """The polarity of each mention, float64 (n,) in [-1, 1]: a weighted mean of its readings.

    readings: float64 (n, 5): the scorer on clause, scope and whole text, the words of opinion of clause and scope, NaN where there is none.
    sign: float64 (n,), -1 where the aspect is what another is compared with.
    denied: bool (n,), a negation turns a word of opinion in the clause.
    """
    known = ~np.isnan(readings)
    values = np.where(known, readings, 0)
    worded = known[:, 3] | known[:, 4]
    weights = np.where(worded[:, None], WITH_WORDS, (*WITHOUT_WORDS, 0.0, 0.0)) * known
    weights[worded & (denied | _contrasted(row, values[:, 3], n_rows)), :3] *= TURNED
    mixed = (weights * values).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9)
    strength = 1 - WHOLE_STRENGTH * (1 - np.abs(values[:, 2]))
    return np.asarray(np.round(np.clip(mixed * sign * strength, -1, 1), 6))


def _contrasted(row: Ints, words: Floats, n_rows: int) -> Bools:
    """Whether one aspect of the text is clearly well, and another badly spoken of; bool (n,)."""
    good, bad = np.zeros((2, n_rows), dtype=bool)
    good[row[words > CLEAR]] = True
    bad[row[words < -CLEAR]] = True
    return np.asarray((good & bad)[row])


def _wanted(found: Found, cues: Cues, clause: NDArray[np.int32], at: NDArray[np.int32], group: Ints, less: Bools) -> Floats:
    """-1 where a word of opinion is said of something of which little is wanted, else 1; float64 (n_cues,)."""
    wanted = np.ones(len(cues.start))
    scaled = np.flatnonzero(cues.where(MORE, LESS))
    if not len(found) or not len(scaled):
        return wanted
    at = at[scaled]
    before = np.searchsorted(found.start, cues.start[scaled], side="right") - 1
    near = (before >= 0) & (clause[before] == group[at])
    after = np.minimum(before + 1, len(found) - 1)
    ahead = ~near & (clause[after] == at)
    said_of = np.where(near, before, after)
    wanted[scaled[(near | ahead) & less[found.word[said_of]]]] = -1
    return wanted


def _by_words(cues: Cues, value: Floats, clauses: OpinionClauses, at: NDArray[np.int32], group: Ints) -> list[Floats]:
    """Mean of the words of opinion of each clause with an aspect and of what follows it in its scope, NaN where there is none; two
    float64 (n_named,). Words of trouble count where there are no others, what lacks where there are none of both."""
    lack = cues.lack & cues.where(LACK, NEGATION)
    value, rank = np.where(lack, BASE[LACK], value), np.where(lack, 2, cues.where(*WEAK_KINDS))
    used = np.flatnonzero((value != 0) & (group[at] >= 0))
    owner = group[at[used]]
    number, n_named = np.cumsum(clauses.named) - 1, int(clauses.named.sum())
    place = (number[owner] * 2 + (owner != at[used])) * 3 + rank[used]
    count = np.bincount(place, minlength=6 * n_named).reshape(n_named, 2, 3)
    total = np.bincount(place, weights=value[used], minlength=6 * n_named).reshape(n_named, 2, 3)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    first = np.where(count[..., 0] > 0, mean[..., 0], np.where(count[..., 1] > 0, mean[..., 1], mean[..., 2]))
    return [first[:, 0], first[:, 1]]


def _scorer_readings(
    batch: TextBatch, clauses: OpinionClauses, scorer: BatchScorer, whole: NDArray[np.floating] | None
) -> tuple[Floats, Floats, Floats]:
    """Polarity of each clause with an aspect, of its scope and of its row, float64 (n_named,) each. What is the same is read once."""
    named = np.flatnonzero(clauses.named)
    start, end, scope, row = clauses.start[named], clauses.start[named + 1], clauses.scope[named], clauses.row[named]
    begins, ends = batch.indptr[:-1], batch.indptr[1:]
    behind = start > begins[row]
    part = np.flatnonzero(behind | (end < ends[row]))
    longer = np.flatnonzero((scope > end) & (behind | (scope < ends[row])))
    spans = [(start[part], end[part]), (start[longer], scope[longer]), *([(begins, ends)] if whole is None else [])]
    logits = scorer.logits(pieces(batch.codes, *(np.concatenate(bounds) for bounds in zip(*spans, strict=True))))
    polarity = levels.polarity(heads.softmax(logits[:, head_slices()["sentiment"]]), logits[:, POLARITY]).astype(np.float64)
    of_part, of_longer, of_rows = np.split(polarity, [len(part), len(part) + len(longer)])
    of_row = (of_rows if whole is None else whole.astype(np.float64))[row]
    of_clause = of_row.copy()
    of_clause[part] = of_part
    of_scope = np.where(scope > end, of_row, of_clause)
    of_scope[longer] = of_longer
    return of_clause, of_scope, of_row


def pieces(codes: NDArray[np.uint32], start: Ints, end: Ints) -> TextBatch:
    """The characters of some spans as rows."""
    bounds = np.concatenate([[0], np.cumsum(end - start)])
    places = np.repeat(start - bounds[:-1], end - start) + np.arange(bounds[-1])
    return TextBatch(codes.take(places), bounds)


def _signs(found: Found, cues: Cues, clause: NDArray[np.int32]) -> Floats:
    """-1 for an aspect right behind 比 or 不如 with another before it in the clause, else 1; float64 (n,)."""
    against = np.isin(found.start, cues.end[cues.where(COMPARE, WORSE)])
    second = np.zeros(len(found), dtype=bool)
    second[1:] = clause[1:] == clause[:-1]
    return np.where(against & second, -1.0, 1.0)


def _opinions(
    found: Found, cues: Cues, value: Floats, begin: Ints, clauses: OpinionClauses, clause: NDArray[np.int32], group: Ints
) -> tuple[Ints, Ints]:
    """Start and end of the phrase that says how each aspect is: behind it in its clause, before it, behind it in its scope, else the rest
    of the clause; int64 (n,) each."""
    end = np.minimum(clauses.start[clause + 1], found.end + QUOTED)
    start = np.minimum(found.end, end)
    says = np.flatnonzero(value != 0)
    if not len(says):
        return start, end
    first = np.searchsorted(cues.start[says], found.start)
    after, before = says[np.minimum(first, len(says) - 1)], says[np.maximum(first - 1, 0)]
    at = clauses.at[cues.start[after]]
    after_in = (first < len(says)) & (at == clause)
    before_in = (first > 0) & (clauses.at[cues.start[before]] == clause)
    later = (first < len(says)) & (group[at] == clause)
    chosen = np.where(after_in | (later & ~before_in), after, before)
    known = after_in | before_in | later
    # The negation before an aspect belongs to the phrase only where the aspect is the opinion: 没有噪音, but 【太差】 of 不是服务太差.
    opens = np.where(cues.start[chosen] >= found.end, np.maximum(begin[chosen], found.end), begin[chosen])
    return np.where(known, opens, start), np.where(known, cues.end[chosen], end)


def _trimmed(batch: TextBatch, start: Ints, end: Ints) -> TextBatch:
    """The phrases without the marks and particles at their ends."""
    marks = mark_table()
    for bound, step, side in ((start, 1, 0), (end, -1, -1)):
        left = np.flatnonzero(start < end)
        while len(left):
            left = left[(marks[batch.codes[bound[left] + side]] & TRIM_MARK) != 0]
            bound[left] += step
            left = left[start[left] < end[left]]
    return pieces(batch.codes, start, end)
