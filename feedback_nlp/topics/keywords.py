"""Keywords of each item and of the corpus, by tf-idf, with frequent phrases in place of their parts."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics.counts import WEIGHT_UNIT, NumberTable, TermCounts, distinct, find_terms, information, npmi
from feedback_nlp.topics.row_lists import best_first, heads, join_rows, ranks
from feedback_nlp.topics.stream import SUBJECT, Units, merge_words, rank_words, spell, units

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

#: Keywords of a table.
TOP = 50


@dataclass(frozen=True, eq=False)
class KeywordBook:
    """What `item_keywords` needs of a corpus.

    vocabulary: object (n_terms,), units sorted by code point; documents: int64 (n_terms,), rows with each, of ``n_documents``.
    pairs: int64 (n_pairs,), ascending, the pairs that are phrases: ``first * n_terms + second``; names: object (n_pairs,), as they are
    written; pair_documents: int64 (n_pairs,), rows with each.
    """

    vocabulary: NDArray[np.object_]
    documents: NDArray[np.int64]
    pairs: NDArray[np.int64]
    names: NDArray[np.object_]
    pair_documents: NDArray[np.int64]
    n_documents: int

    @classmethod
    def from_counts(cls, counts: TermCounts) -> "KeywordBook":
        """Keep the phrases of the pairs, and the words that weigh more or less than unknown ones."""
        weights = _weight(np.append(counts.documents, 0), counts.n_documents)
        kept = counts.only(np.flatnonzero(weights[:-1] != weights[-1]), np.flatnonzero(phrase_mask(counts)))
        every = np.arange(len(kept.pairs))
        pairs = kept.pairs[:, 0] * len(kept.vocabulary) + kept.pairs[:, 1]
        return cls(kept.vocabulary, kept.documents, pairs, _spell(kept, every), kept.pair_documents, kept.n_documents)

    @cached_property
    def places(self) -> NumberTable:
        """Where each of ``pairs`` stands."""
        return NumberTable.of(self.pairs)


def item_keywords(tokens: Tokens | Units, counts: TermCounts | KeywordBook, *, top: int = 5) -> NDArray[np.object_]:
    """Name what each item is about.

    tokens: n rows; counts: the corpus they belong to; top: keywords a row at most.
    Returns object (n,) of strings like "登录失败、验证码", "" where a row has none; ordered by tf-idf, then by the string. A phrase
    stands in place of its parts; words of judgement stand only where a row has nothing else.
    """
    batch = units(tokens)
    book = counts if isinstance(counts, KeywordBook) else KeywordBook.from_counts(counts)
    place = find_terms(batch.vocabulary, book.vocabulary)
    first, pair = _phrases_in(batch, place, book)
    names, *places = merge_words(batch.vocabulary, book.names)
    rank = np.concatenate(places)
    documents = np.where(place >= 0, np.append(book.documents, 0)[place], 0)
    weight = _weight(np.concatenate([documents, book.pair_documents]), book.n_documents)
    free = _free(batch, first)
    words = np.concatenate([batch.ids[free], len(batch.vocabulary) + pair])
    keys = np.concatenate([batch.rows[free], batch.rows[first]]) * max(len(names), 1) + rank[words]
    order = np.argsort(keys)
    keys, words = keys[order], words[order]
    leads = heads(keys)
    scores = np.add.reduceat(weight[words], leads) if len(leads) else keys
    rows, chosen = np.divmod(keys[leads], max(len(names), 1))
    order = best_first(rows, scores)
    order = order[ranks(rows[order]) < top]
    return join_rows(names, chosen[order], rows[order], batch.n_rows)


def corpus_keywords(counts: TermCounts, *, top: int = TOP) -> "pd.DataFrame":
    """List what a corpus talks about.

    counts: merged counts of the corpus; top: rows at most.
    Returns keyword, items (documents), share (of documents), count (occurrences), weight (occurrences times idf, in nats), heaviest first,
    then by the string. A word most of whose documents hold one phrase gives way to the phrase.
    """
    return keyword_table(counts, *choose_keywords(counts, top=top)).reset_index(drop=True)


def choose_keywords(counts: TermCounts, *, top: int = TOP) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The words and the pairs that `corpus_keywords` lists: positions, int64, ascending."""
    pairs = np.flatnonzero(phrase_mask(counts))
    pairs = pairs[find_terms(_spell(counts, pairs), counts.vocabulary) < 0]
    absorbed = np.zeros(len(counts.vocabulary), np.int64)
    for side in (0, 1):
        np.maximum.at(absorbed, counts.pairs[pairs, side], counts.pair_documents[pairs])
    words = np.flatnonzero((counts.kinds == SUBJECT) & (absorbed < ABSORBED_SHARE * counts.documents))
    chosen = np.sort(keyword_table(counts, words, pairs).index.to_numpy()[:top])
    return words[chosen[chosen < len(words)]], pairs[chosen[chosen >= len(words)] - len(words)]


def keyword_table(counts: TermCounts, words: NDArray[np.int64], pairs: NDArray[np.int64]) -> "pd.DataFrame":
    """The columns of `corpus_keywords` for some words and pairs, given by position; the index numbers the words and then the pairs."""
    import pandas as pd

    keyword = np.concatenate([counts.vocabulary[words], _spell(counts, pairs)])
    items = np.concatenate([counts.documents[words], counts.pair_documents[pairs]])
    count = np.concatenate([counts.occurrences[words], counts.pair_occurrences[pairs]])
    weight = count * _weight(items, counts.n_documents)
    order = np.lexsort((rank_words(keyword.tolist())[1], -weight))
    columns = {"keyword": keyword, "items": items, "share": items / max(counts.n_documents, 1), "count": count}
    return pd.DataFrame({**columns, "weight": weight / WEIGHT_UNIT}).iloc[order]


def phrase_mask(counts: TermCounts) -> NDArray[np.bool_]:
    """Tell which of ``counts.pairs`` are phrases, bool (n_pairs,)."""
    first, second = counts.documents[counts.pairs[:, 0]], counts.documents[counts.pairs[:, 1]]
    firm = npmi(counts.pair_documents, first, second, max(counts.n_documents, 1)) >= MIN_PHRASE_NPMI
    return firm & (counts.pair_documents >= MIN_PHRASE_DOCUMENTS)


def _phrases_in(batch: Units, place: NDArray[np.int64], book: KeywordBook) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the phrases of each row: int64 (n,), position of the first unit, and index in ``book.pairs``.

    Of two that share a unit only the more frequent stands.
    """
    first = batch.touching
    places = place.take(batch.ids)
    a, b = places.take(first), places.take(first + 1)
    known = np.flatnonzero((a >= 0) & (b >= 0))
    pair = book.places.find(a[known] * len(book.vocabulary) + b[known])
    first, pair = first[known[pair >= 0]], pair[pair >= 0]
    best = np.lexsort((np.arange(len(book.pairs)), -book.pair_documents))
    standing = np.empty(len(best), np.int64)
    standing[best] = np.arange(len(best))
    clash, mine = np.diff(first) == 1, standing[pair]  # equal pairs never clash, since a unit does not pair with itself
    keep = np.ones(len(pair), bool)
    keep[1:] &= ~clash | (mine[1:] < mine[:-1])
    keep[:-1] &= ~clash | (mine[:-1] < mine[1:])
    return first[keep], pair[keep]


def _free(batch: Units, first: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions of units that may stand alone: subjects no phrase of the row has taken; judgements where the row has no subject."""
    subject = (batch.kinds == SUBJECT).take(batch.ids)
    named = np.bincount(batch.rows[subject], minlength=batch.n_rows) > 0
    opens, closes = batch.roles
    alone = np.flatnonzero(subject | (opens & closes).take(batch.ids) & ~named.take(batch.rows))
    size = max(len(batch.vocabulary), 1)
    parts = np.concatenate([first, first + 1])
    taken = find_terms(batch.rows[alone] * size + batch.ids[alone], distinct(batch.rows[parts] * size + batch.ids[parts])) >= 0
    return alone[~taken]


def _weight(documents: NDArray[np.int64], n_documents: int) -> NDArray[np.int64]:
    weight = information(documents, n_documents, rarest=RARE_SHARE)
    return np.where(documents >= max(2, SOLITARY_SHARE * n_documents), weight, (weight + 1) // 2)


def _spell(counts: TermCounts, pairs: NDArray[np.int64]) -> NDArray[np.object_]:
    return spell(counts.vocabulary[counts.pairs[pairs, 0]], counts.vocabulary[counts.pairs[pairs, 1]])
