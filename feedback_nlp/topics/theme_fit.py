"""``fit_themes``: find the themes of a corpus, beside those already known and those a user asks for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.text.tokenize import Tokens
from feedback_nlp.topics.bags import Bags
from feedback_nlp.topics.counts import find_terms
from feedback_nlp.topics.mixture import fit_mixture
from feedback_nlp.topics.spans import DEGREES, Spans, find_spans
from feedback_nlp.topics.stream import SUBJECT, Units, unit_kinds, units, without
from feedback_nlp.topics.theme_names import named
from feedback_nlp.topics.theme_tree import with_parents
from feedback_nlp.topics.theme_vectors import bag_vectors, directions
from feedback_nlp.topics.themes import QUALITY_TENTHS, Themes, affinity, no_themes

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Different bags a fit looks at; of more, so many by chance.
FIT_BAGS = 30_000
#: Themes a fit begins with where their number is not given: the root of half the bags (Mardia, Kent & Bibby 1979), at most so many.
MAX_THEMES = 80
#: Texts a word needs to tell themes apart: two, and this share of the corpus; and so many words at most.
MIN_DOCUMENTS, MIN_SHARE, MAX_WORDS = 2, 0.0002, 8_000
#: Texts a theme needs: two, in a few hundred up to four, and this share.
FEW_TEXTS, ENOUGH_TEXTS, THEME_SHARE = 2, 4, 0.002
#: A known theme weighs so many texts in a refit, whatever its size was; a seed word so many occurrences.
KNOWN_TEXTS, SEED_OCCURRENCES = 50.0, 5.0
#: A text begins in a known theme if that theme has this share of its words.
CLEAR = 0.15
#: Rounded weights are exact in a file.
DIGITS = 3

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Corpus:
    """Bags over the words that tell themes apart. present: (n_bags, n_words), 1 where a word is; weights: (n_bags,)."""

    present: "csr_array"
    vocabulary: NDArray[np.object_]
    kinds: NDArray[np.uint8]
    documents: Ints
    weights: Floats
    bag: Ints


def fit_themes(
    tokens: Tokens | Spans,
    *,
    n_themes: int | None = None,
    seeds: Mapping[str, Sequence[str]] | None = None,
    previous: Themes | None = None,
    ignore: Collection[str] = (),
) -> Themes:
    """Find the themes of n rows.

    tokens: the rows; equal rows count little more than one of them, so that pasted texts make no theme.
    n_themes: how many, those of ``seeds`` and ``previous`` included; fewer where the data do not show so many. None: as the data show.
    seeds: name -> words (as the tokeniser cuts them) of themes that are wanted; they are pinned.
    previous: themes of an earlier fit; they keep ids and names, and move with the data. Those of which nothing is said any more rest.
    ignore: names (of products, say) whose parts form no theme of their own.
    The result does not depend on the order of rows, nor on threads. Raises InputError for other numbers, and for a seed without words.
    """
    if n_themes is not None and n_themes < 0:
        raise InputError(f"n_themes: expected 0 or more, or None to let the data decide, got {n_themes!r}")
    from threadpoolctl import threadpool_limits

    spans = tokens if isinstance(tokens, Spans) else find_spans(_sample(tokens))
    known, words = _with_seeds(previous, seeds or {})
    with threadpool_limits(1):  # sums of floats depend on how many threads share them
        corpus = _corpus(spans, known, ignore)
        prior, seeded = _prior(known, words, corpus)
        start, held = _start(corpus, prior, seeded, n_themes)
        tenths = np.where(corpus.kinds == SUBJECT, 1.0, QUALITY_TENTHS / 10)
        bags = _scaled(corpus.present, tenths)
        least = FEW_TEXTS if n_themes is not None else _least(corpus.present.shape[0])
        occurrences, sizes = fit_mixture(bags, start, prior + seeded, held=held, weights=corpus.weights, least=least)
    return with_parents(named(_themes(corpus, known, occurrences, sizes), spans, corpus.bag, _parts(spans.batch, ignore)))


def _sample(tokens: Tokens) -> Tokens:
    """The rows of the first ``FIT_BAGS`` bags, so that phrases are looked for in these alone."""
    if tokens.n_rows <= FIT_BAGS:
        return tokens
    rows = Bags.from_units(units(without(tokens, DEGREES)), limit=FIT_BAGS).bag >= 0
    lengths = np.diff(tokens.indptr)
    indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths[rows])])
    return replace(tokens, ids=tokens.ids[np.repeat(rows, lengths)], indptr=indptr)


def _corpus(spans: Spans, known: Themes, ignore: Collection[str]) -> _Corpus:
    """The bags, over the frequent words and those of the known themes."""
    batch = spans.batch
    bags = Bags.from_units(batch, limit=FIT_BAGS)
    n_bags = bags.present.shape[0]
    frequency = np.asarray(bags.present.sum(axis=0), np.float64).astype(np.int64)
    parts = _parts(batch, ignore)
    free = np.fromiter((word not in parts for word in batch.vocabulary), np.bool_, len(batch.vocabulary))
    frequent = np.flatnonzero((frequency >= max(MIN_DOCUMENTS, MIN_SHARE * n_bags)) & free)
    frequent = frequent[np.lexsort((frequent, -frequency[frequent]))][:MAX_WORDS]
    vocabulary = np.unique(np.concatenate([batch.vocabulary[frequent], known.vocabulary]))
    place = find_terms(vocabulary, batch.vocabulary)
    held = np.flatnonzero(place >= 0)
    columns = bags.present[:, place[held]].tocoo()
    from scipy.sparse import csr_array

    present = csr_array((columns.data, (columns.row, held[columns.col])), shape=(n_bags, len(vocabulary)))
    documents = np.zeros(len(vocabulary), np.int64)
    documents[held] = frequency[place[held]]
    return _Corpus(present, vocabulary, unit_kinds(vocabulary), documents, 1.0 + np.log(bags.rows), bags.bag)


def _parts(batch: Units, ignore: Collection[str]) -> frozenset[str]:
    """Words that are part of one of the names."""
    names = " ".join(sorted(ignore)).casefold()
    return frozenset(word for word in batch.vocabulary.tolist() if word in names)


def _least(n_bags: int) -> float:
    """How many texts a theme must have."""
    return max(FEW_TEXTS, min(n_bags // 100, ENOUGH_TEXTS), THEME_SHARE * n_bags)


def _with_seeds(previous: Themes | None, seeds: Mapping[str, Sequence[str]]) -> tuple[Themes, dict[int, list[str]]]:
    """The known themes: those of before, then the new seeds, pinned; and the seeds' words by position."""
    known, words = previous if previous is not None else no_themes(), {}
    for name, given in seeds.items():
        listed = [given] if isinstance(given, str) else list(given)
        if not listed or not all(isinstance(word, str) and word.strip() for word in listed):
            raise InputError(f"seeds[{name!r}]: expected words that are not empty, got {listed!r}; give a list of str for each theme")
        if name not in known.names:
            known = known.extended(name)
        words[known.names.index(name)] = sorted({word.casefold() for word in listed})
        known = known.pin(name)
    vocabulary = np.unique(np.array([*known.vocabulary, *(word for group in words.values() for word in group)], dtype=object))
    return known.over(vocabulary), words


def _prior(known: Themes, seeds: dict[int, list[str]], corpus: _Corpus) -> tuple[Floats, Floats]:
    """What known themes bring, as many words as ``KNOWN_TEXTS`` texts have, and the seeds' words; float64 (n_words, n_known) each."""
    occurrences = known.over(corpus.vocabulary).occurrences
    words = float(corpus.present.sum()) / max(corpus.present.shape[0], 1)
    scaled = occurrences * (KNOWN_TEXTS * max(words, 1.0) / np.maximum(occurrences.sum(axis=0), 1e-9))
    seeded = np.zeros_like(scaled)
    for place, group in seeds.items():
        seeded[find_terms(np.array(group, dtype=object), corpus.vocabulary), place] = SEED_OCCURRENCES
    return scaled, seeded


def _start(corpus: _Corpus, prior: Floats, seeded: Floats, n_themes: int | None) -> tuple[Ints, NDArray[np.bool_]]:
    """The component in which each bag begins: a known theme that it speaks of, else a group of bags that are alike, -1 for none; and
    whether it stays there, for it has a seed's word."""
    n_bags, n_known = corpus.present.shape[0], prior.shape[1]
    start, length = np.full(n_bags, -1, np.int64), np.asarray(corpus.present.sum(axis=1), np.float64)
    held = np.zeros(n_bags, bool)
    if n_known:
        speaks = np.asarray(corpus.present @ affinity(prior))
        clear = speaks.max(axis=1) >= CLEAR * np.maximum(length, 1.0)
        start[clear] = speaks[clear].argmax(axis=1)
        named = np.asarray(corpus.present @ (seeded > 0).astype(np.float64))
        held = named.max(axis=1) > 0
        start[held] = named[held].argmax(axis=1)
    left = np.flatnonzero((start < 0) & (length > 0))
    most = min(MAX_THEMES, max(1, round((len(left) / 2) ** 0.5))) if n_themes is None else max(n_themes - n_known, 0)
    if len(left) and most:
        idf = np.log((n_bags + 2) / (corpus.documents + 1)) * np.where(corpus.kinds == SUBJECT, 1.0, QUALITY_TENTHS / 10)
        used = np.flatnonzero(corpus.documents > 0)
        start[left] = n_known + directions(bag_vectors(corpus.present[left][:, used], idf[used]), most)
    return start, held


def _scaled(present: "csr_array", weights: Floats) -> "csr_array":
    from scipy.sparse import csr_array

    return csr_array((weights[present.indices] * present.data, present.indices, present.indptr), shape=present.shape)


def _themes(corpus: _Corpus, known: Themes, occurrences: Floats, sizes: Floats) -> Themes:
    """Known themes in their order, new ones by size; names of new ones still "" ."""
    n_known = len(known)
    order = n_known + np.lexsort((np.arange(len(sizes) - n_known), -sizes[n_known:]))
    order = np.concatenate([np.arange(n_known), order]).astype(np.int64)
    n_new = len(sizes) - n_known
    return Themes(
        ids=np.concatenate([known.ids, known.next_id + np.arange(n_new, dtype=np.int64)]),
        names=(*known.names, *[""] * n_new),
        parents=(*known.parents, *[""] * n_new),
        phrases=(*known.phrases, *[()] * n_new),
        pinned=np.concatenate([known.pinned, np.zeros(n_new, bool)]),
        vocabulary=corpus.vocabulary,
        kinds=corpus.kinds,
        documents=corpus.documents,
        occurrences=np.round(occurrences[:, order], DIGITS),
        sizes=np.round(sizes[order], DIGITS),
        n_documents=corpus.present.shape[0],
        next_id=known.next_id + n_new,
    )
