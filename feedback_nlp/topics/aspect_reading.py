"""What a text says of each aspect it mentions. Arrays in, arrays out.

Three readings of the scorer, made in one call, and the words of opinion are put together: of the clause that mentions the aspect, of what
goes on about it up to the next aspect, of the whole text.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.scorer.scorer import BatchScorer
from feedback_nlp.scorer.scores import Scores
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.characters import character_table
from feedback_nlp.topics.matching import Found, WordTree, find_words
from feedback_nlp.topics.opinion_clauses import OpinionClauses, opinion_clauses
from feedback_nlp.topics.opinion_words import BASE, COMPARE, LACK, NEGATION, WEAK_KINDS, WORSE, Cues, find_cues, read_cues

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

    start, end: int64 (n,), the word, in characters of the batch. row, word: int64 (n,). opinion: int64 (n, 2), start and end of the phrase
    of opinion, equal where there is none. readings: float64 (n, 5): the scorer on clause, scope and whole text, the words of opinion of
    clause and scope, NaN where there is none. sign: float64 (n,), -1 where the aspect is what another is compared with.
    denied: bool (n,), a negation turns a word of opinion in the clause.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    row: NDArray[np.int64]
    word: NDArray[np.int64]
    opinion: NDArray[np.int64]
    readings: NDArray[np.float64]
    sign: NDArray[np.float64]
    denied: NDArray[np.bool_]


def read_mentions(batch: TextBatch, tree: WordTree, less: NDArray[np.bool_], scorer: BatchScorer) -> Mentions:
    """Read cleaned texts.

    tree: the words of all aspects. less: bool (n_words,), words of which little is wanted.
    """
    folded = character_table().fold[batch.codes]
    found = find_words(folded, batch.indptr, tree)
    cues = find_cues(folded, batch.indptr, found)
    clauses = opinion_clauses(folded, batch.indptr, found, cues)
    clause = clauses.of(found.start)
    row = clauses.row[clause]
    at, group = clauses.of(cues.start), _groups(clauses)
    value, begin, turned = read_cues(cues, _wanted(found, cues, clause, at, group, less))
    by_words = _by_words(cues, value, at, group, len(clauses.row))
    polarity = _scorer_readings(batch, clauses, np.unique(row), scorer)
    readings = np.column_stack([polarity[0][clause], polarity[1][clause], polarity[2][row], by_words[0][clause], by_words[1][clause]])
    denied = np.zeros(len(clauses.row), dtype=bool)
    denied[at[turned]] = True
    opinion = _opinions(found, cues, value, begin, clauses, clause, group)
    return Mentions(found.start, found.end, row, found.word, opinion, readings, _signs(found, cues, clause), denied[clause])


def combine(mentions: Mentions) -> NDArray[np.float64]:
    """The polarity of each mention, float64 (n,) in [-1, 1]: a weighted mean of its readings."""
    known = ~np.isnan(mentions.readings)
    values = np.where(known, mentions.readings, 0)
    worded = known[:, 3] | known[:, 4]
    weights = np.where(worded[:, None], WITH_WORDS, (*WITHOUT_WORDS, 0.0, 0.0)) * known
    weights[worded & (mentions.denied | _contrasted(mentions.row, values[:, 3])), :3] *= TURNED
    mixed = (weights * values).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9)
    strength = 1 - WHOLE_STRENGTH * (1 - np.abs(values[:, 2]))
    return np.asarray(np.round(np.clip(mixed * mentions.sign * strength, -1, 1), 6))


def _contrasted(row: NDArray[np.int64], words: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether one aspect of the text is clearly well, and another badly spoken of; bool (n,)."""
    rows, place = np.unique(row, return_inverse=True)
    good, bad = (np.bincount(place, weights=part, minlength=len(rows)) > 0 for part in (words > CLEAR, words < -CLEAR))
    return np.asarray((good & bad)[place])


def _groups(clauses: OpinionClauses) -> NDArray[np.int64]:
    """Number of the clause with an aspect in whose scope each clause lies, int64 (n_clauses,), -1 for none."""
    owner = np.flatnonzero(clauses.named)
    place = np.searchsorted(owner, np.arange(len(clauses.row)), side="right") - 1
    group = np.append(owner, -1)[place]
    return np.where((group >= 0) & (clauses.start[:-1] < clauses.scope[group]), group, -1)


def _wanted(
    found: Found, cues: Cues, clause: NDArray[np.int64], at: NDArray[np.int64], group: NDArray[np.int64], less: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """-1 where a word of opinion is said of something of which little is wanted, else 1; float64 (n_cues,)."""
    if not len(found):
        return np.ones(len(cues.start))
    before = np.searchsorted(found.start, cues.start, side="right") - 1
    near = (before >= 0) & (clause[before] == group[at])
    after = np.minimum(before + 1, len(found) - 1)
    ahead = ~near & (clause[after] == at)
    said_of = np.where(near, before, after)
    return np.where((near | ahead) & less[found.word[said_of]], -1.0, 1.0)


def _by_words(
    cues: Cues, value: NDArray[np.float64], at: NDArray[np.int64], group: NDArray[np.int64], n_clauses: int
) -> list[NDArray[np.float64]]:
    """Mean of the words of opinion of each clause and of what follows it in its scope, NaN where there is none; float64 (n_clauses,)."""
    lack = cues.lack & np.isin(cues.kind, (LACK, NEGATION))
    value, weak = np.where(lack, BASE[LACK], value), cues.where(*WEAK_KINDS)
    follows = (group[at] >= 0) & (group[at] != at)
    means = []
    for clause, part in ((at, np.ones(len(at), dtype=bool)), (group[at], follows)):
        mean = np.full(n_clauses, np.nan)
        for kind in (~weak & ~lack, weak & ~lack, lack):
            mean = np.where(np.isnan(mean), _means(clause, value, part & (value != 0) & kind, n_clauses), mean)
        means.append(mean)
    return means


def _means(clause: NDArray[np.int64], value: NDArray[np.float64], part: NDArray[np.bool_], n_clauses: int) -> NDArray[np.float64]:
    count = np.bincount(clause[part], minlength=n_clauses)
    total = np.bincount(clause[part], weights=value[part], minlength=n_clauses)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _scorer_readings(
    batch: TextBatch, clauses: OpinionClauses, rows: NDArray[np.int64], scorer: BatchScorer
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Polarity of clauses, of scopes, float64 (n_clauses,), and of rows, (n_rows,), in one call; 0 where no aspect is named."""
    named = np.flatnonzero(clauses.named)
    spans = [(clauses.start[named], clauses.start[named + 1]), (clauses.start[named], clauses.scope[named])]
    spans.append((batch.indptr[rows], batch.indptr[rows + 1]))
    parts = [_pieces(batch, start, end) for start, end in spans]
    lengths = np.concatenate([part.lengths for part in parts])
    joined = TextBatch(np.concatenate([part.codes for part in parts]), np.concatenate([[0], np.cumsum(lengths)]))
    scores = Scores.from_logits(scorer.logits(joined), np.zeros(joined.n_rows, dtype=bool), scorer.model.decision)
    polarity = scores.polarity.astype(np.float64)
    clause, scope, row = np.zeros(len(clauses.row)), np.zeros(len(clauses.row)), np.zeros(batch.n_rows)
    clause[named], scope[named], row[rows] = np.split(polarity, [len(named), 2 * len(named)])
    return clause, scope, row


def _pieces(batch: TextBatch, start: NDArray[np.int64], end: NDArray[np.int64]) -> TextBatch:
    """The characters of some spans as rows; spans ascend and do not overlap."""
    edges = np.zeros(len(batch.codes) + 1, np.int8)
    edges[start] += 1
    np.subtract.at(edges, end, 1)
    return TextBatch(batch.codes[np.cumsum(edges[:-1]) > 0], np.concatenate([[0], np.cumsum(end - start)]))


def _signs(found: Found, cues: Cues, clause: NDArray[np.int64]) -> NDArray[np.float64]:
    """-1 for an aspect right behind 比 or 不如 with another before it in the clause, else 1; float64 (n,)."""
    against = np.isin(found.start, cues.end[cues.where(COMPARE, WORSE)])
    second = np.zeros(len(found), dtype=bool)
    second[1:] = clause[1:] == clause[:-1]
    return np.where(against & second, -1.0, 1.0)


def _opinions(
    found: Found,
    cues: Cues,
    value: NDArray[np.float64],
    begin: NDArray[np.int64],
    clauses: OpinionClauses,
    clause: NDArray[np.int64],
    group: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Start and end of the phrase that says how each aspect is: behind it in its clause, before it, behind it in its scope, else the rest
    of the clause; int64 (n, 2)."""
    end = np.minimum(clauses.start[clause + 1], found.end + QUOTED)
    opinion = np.column_stack([np.minimum(found.end, end), end])
    says = np.flatnonzero(value != 0)
    if not len(says):
        return opinion
    first = np.searchsorted(cues.start[says], found.start)
    after, before = says[np.minimum(first, len(says) - 1)], says[np.maximum(first - 1, 0)]
    after_in = (first < len(says)) & (clauses.of(cues.start[after]) == clause)
    before_in = (first > 0) & (clauses.of(cues.start[before]) == clause)
    later = (first < len(says)) & (group[clauses.of(cues.start[after])] == clause)
    chosen = np.where(after_in | (later & ~before_in), after, before)
    known = after_in | before_in | later
    # The negation before an aspect belongs to the phrase only where the aspect is the opinion: 没有噪音, but 【太差】 of 不是服务太差.
    opens = np.where(cues.start[chosen] >= found.end, np.maximum(begin[chosen], found.end), begin[chosen])
    opinion[known] = np.column_stack([opens, cues.end[chosen]])[known]
    return opinion
