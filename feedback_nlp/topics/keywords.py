"""Keywords of each item and of the corpus, by tf-idf, with frequent phrases in place of their parts."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics.counts import WEIGHT_UNIT, TermCounts, find_terms, information, npmi
from feedback_nlp.topics.stream import SUBJECT, Units, phrase_roles, spell, units

if TYPE_CHECKING:
    import pandas as pd

#: Two touching units are a phrase if so many documents have them and their normalised PMI (Bouma 2009) reaches this.
MIN_PHRASE_DOCUMENTS = 3
MIN_PHRASE_NPMI = 0.2
#: Terms rarer than this share of the documents weigh alike: a rare word is not the subject for being rare.
RARE_SHARE = 0.01
#: Terms in a smaller share of the documents, or in one only, weigh half: they say little to anyone else.
SOLITARY_SHARE = 0.0005
#: A word is left out of the corpus's keywords if one phrase accounts for this share of its documents.
ABSORBED_SHARE = 0.6
SEPARATOR = "、"


def item_keywords(tokens: Tokens | Units, counts: TermCounts, *, top: int = 5) -> NDArray[np.object_]:
    """Name what each item is about.

    tokens: n rows; counts: the corpus they belong to; top: keywords a row at most.
    Returns object (n,) of strings like "登录失败、验证码", "" where a row has none; ordered by tf-idf, then by the string. A phrase
    stands in place of its parts; words of judgement stand only where a row has nothing else.
    """
    batch = units(tokens)
    place = find_terms(batch.vocabulary, counts.vocabulary)
    first, pair = _phrases_in(batch, place, counts)
    pairs, codes = np.unique(pair, return_inverse=True)
    names, rank = np.unique(np.concatenate([batch.vocabulary, _spell(counts, pairs)]), return_inverse=True)
    documents = np.where(place >= 0, np.append(counts.documents, 0)[place], 0)
    weight = _weight(np.concatenate([documents, counts.pair_documents[pairs]]), counts)
    free = _free(batch, first)
    words = np.concatenate([batch.ids[free], len(batch.vocabulary) + codes])
    size = max(len(names), 1)
    keys, groups = np.unique(np.concatenate([batch.rows[free], batch.rows[first]]) * size + rank[words], return_inverse=True)
    scores = np.bincount(groups, weights=weight[words], minlength=len(keys)).astype(np.int64)  # exact: far below 2**53
    rows, chosen = np.divmod(keys, size)
    return _join_top(rows, names[chosen], scores, n_rows=batch.n_rows, top=top)


def corpus_keywords(counts: TermCounts, *, top: int = 50) -> "pd.DataFrame":
    """List what a corpus talks about.

    counts: merged counts of the corpus; top: rows at most.
    Returns keyword, items (documents), share (of documents), count (occurrences), weight (occurrences times idf, in nats), heaviest first,
    then by the string. A word most of whose documents hold one phrase gives way to the phrase.
    """
    import pandas as pd

    pairs = np.flatnonzero(phrase_mask(counts))
    pairs = pairs[find_terms(_spell(counts, pairs), counts.vocabulary) < 0]
    absorbed = np.zeros(len(counts.vocabulary), np.int64)
    for side in (0, 1):
        np.maximum.at(absorbed, counts.pairs[pairs, side], counts.pair_documents[pairs])
    words = np.flatnonzero((counts.kinds == SUBJECT) & (absorbed < ABSORBED_SHARE * counts.documents))
    keyword = np.concatenate([counts.vocabulary[words], _spell(counts, pairs)])
    items = np.concatenate([counts.documents[words], counts.pair_documents[pairs]])
    count = np.concatenate([counts.occurrences[words], counts.pair_occurrences[pairs]])
    weight = count * _weight(items, counts)
    order = np.lexsort((np.unique(keyword, return_inverse=True)[1], -weight))[:top]
    share = items[order] / max(counts.n_documents, 1)
    columns = {"keyword": keyword[order], "items": items[order], "share": share, "count": count[order]}
    return pd.DataFrame({**columns, "weight": weight[order] / WEIGHT_UNIT})


def phrase_mask(counts: TermCounts) -> NDArray[np.bool_]:
    """Tell which of ``counts.pairs`` are phrases, bool (n_pairs,)."""
    first, second = counts.documents[counts.pairs[:, 0]], counts.documents[counts.pairs[:, 1]]
    firm = npmi(counts.pair_documents, first, second, max(counts.n_documents, 1)) >= MIN_PHRASE_NPMI
    return firm & (counts.pair_documents >= MIN_PHRASE_DOCUMENTS)


def _phrases_in(batch: Units, place: NDArray[np.int64], counts: TermCounts) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the phrases of each row: int64 (n,), position of the first unit, and index in ``counts.pairs``.

    Of two that share a unit only the more frequent stands.
    """
    first, second = batch.touching()
    a, b = place[batch.ids[first]], place[batch.ids[second]]
    size = max(len(counts.vocabulary), 1)
    pair = find_terms(np.where((a >= 0) & (b >= 0), a * size + b, -1), counts.pairs[:, 0] * size + counts.pairs[:, 1])
    known = np.flatnonzero(np.append(phrase_mask(counts), False)[pair])
    first, pair = first[known], pair[known]
    best = np.lexsort((pair, -counts.pair_documents[pair]))
    standing = np.empty(len(pair), np.int64)
    standing[best] = np.arange(len(pair))
    clash = np.diff(first) == 1  # equal pairs never clash, since a unit does not pair with itself
    keep = np.ones(len(pair), bool)
    keep[1:] &= ~clash | (standing[1:] < standing[:-1])
    keep[:-1] &= ~clash | (standing[:-1] < standing[1:])
    return first[keep], pair[keep]


def _free(batch: Units, first: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions of units that may stand alone: subjects no phrase of the row has taken; judgements where the row has no subject."""
    size = max(len(batch.vocabulary), 1)
    keys = batch.rows * size + batch.ids
    taken = np.isin(keys, keys[np.concatenate([first, first + 1])])
    subject = (batch.kinds == SUBJECT)[batch.ids]
    named = np.bincount(batch.rows[subject], minlength=batch.n_rows) > 0
    opens, closes = phrase_roles(batch.vocabulary, batch.kinds)
    return np.flatnonzero(~taken & (subject | (opens & closes)[batch.ids] & ~named[batch.rows]))


def _weight(documents: NDArray[np.int64], counts: TermCounts) -> NDArray[np.int64]:
    weight = information(documents, counts.n_documents, rarest=RARE_SHARE)
    return np.where(documents >= max(2, SOLITARY_SHARE * counts.n_documents), weight, (weight + 1) // 2)


def _spell(counts: TermCounts, pairs: NDArray[np.int64]) -> NDArray[np.object_]:
    return spell(counts.vocabulary[counts.pairs[pairs, 0]], counts.vocabulary[counts.pairs[pairs, 1]])


def _join_top(
    rows: NDArray[np.int64], words: NDArray[np.object_], scores: NDArray[np.int64], *, n_rows: int, top: int
) -> NDArray[np.object_]:
    """Join each row's best words, object (n_rows,); words of a row come in the order of strings and keep it where scores tie."""
    order = np.lexsort((np.arange(len(rows)), -scores, rows))
    rows, words = rows[order], words[order]
    starts = np.searchsorted(rows, rows)
    position = np.arange(len(rows)) - starts
    joined = np.full(n_rows, "", dtype=object)
    for number in range(top):
        at = position == number
        joined[rows[at]] += (SEPARATOR if number else "") + words[at]
    return joined
