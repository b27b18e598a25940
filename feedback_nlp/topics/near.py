"""Which contents say nearly the same: pairs that ``minhash`` proposes, read and compared piece by piece."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.scorer.scorer import text_chunks
from feedback_nlp.topics.contents import Readings, content_batch
from feedback_nlp.topics.kernels import Ints, Pairs
from feedback_nlp.topics.minhash import bucket_pairs, company, leaders, similarities

#: Texts are fetched by so many, and compared in pieces that hold contents of so many characters together.
TEXTS_FETCHED = 1 << 16
PIECE_CHARS = 1 << 24

#: ``keys(chosen)``: of each band the keys of the chosen contents, uint32 (n_chosen,). ``fetch(chosen)``: their texts; ascending numbers.
Keys = Callable[[Ints | slice], Iterable[NDArray[np.uint32]]]
Fetch = Callable[[Ints], list[str]]
Numbers = NDArray[np.int32]


def near_groups(
    keys: Keys, fetch: Fetch, *, bands: int, rows: Numbers, lengths: Numbers, rank: Numbers, threshold: float, guard: bool, cleaned: bool
) -> tuple[Numbers, NDArray[np.float32]]:
    """The leader of each of n contents, int32 (n,), itself where it has none, and the similarity to it, float32 (n,); see ``leaders``.

    rows: int32 (n,), how many rows say each. lengths: int32 (n,), characters. rank: int32 (n,), settles what is equal otherwise.
    guard: pairs that contradict each other, see ``Readings.agreed``, are not near. Those lead that are in the company of most rows,
    of equals the commonest, then the first by rank. Texts are fetched of the contents in proposed pairs only. cleaned: they are so.
    """
    met = company(keys(slice(None)), rows)
    lively = np.flatnonzero(met > bands * rows.astype(np.int64))
    ranked = lively[np.lexsort((rank[lively], -rows[lively], -met[lively]))]
    del met, lively
    pairs = bucket_pairs(keys(ranked))
    read = partial(_readings, fetch, cleaned=cleaned)
    similarity = _compared(pairs, ranked, read, lengths[ranked], threshold=threshold, guard=guard)
    near = np.flatnonzero(similarity)
    led, alike_ranked = leaders(pairs[near], similarity[near], len(ranked))
    leader, alike = np.arange(len(rows), dtype=np.int32), np.ones(len(rows), np.float32)
    leader[ranked], alike[ranked] = ranked[led], alike_ranked
    return leader, alike


def _compared(
    pairs: Pairs, ranked: Ints, read: Callable[[Ints], Readings], lengths: Numbers, *, threshold: float, guard: bool
) -> NDArray[np.float32]:
    """Similarity of each pair, float32 (n_pairs,); 0 where it is below the threshold or the two contradict each other.

    pairs: int32 (n_pairs, 2), places in ``ranked``, the contents. lengths: int32 (len(ranked),), characters of these.
    """
    result = np.zeros(len(pairs), np.float32)
    for part in _pieces(pairs, lengths):
        members, places = _involved(ranked[pairs[part]].astype(np.int32), int(ranked.max()) + 1)
        said = read(members)
        similarity = similarities(said.grams, places, threshold=threshold)
        near = np.flatnonzero(similarity >= threshold)
        near = near[said.agreed(places[near])] if guard else near
        result[part[near]] = similarity[near]
    return result


def _readings(fetch: Fetch, chosen: Ints, *, cleaned: bool) -> Readings:
    """What the chosen contents say."""
    parts = []
    for begin in range(0, len(chosen), TEXTS_FETCHED):
        for chunk in text_chunks(fetch(chosen[begin : begin + TEXTS_FETCHED])):
            batch = content_batch(chunk, np.zeros(len(chunk), bool) if cleaned else None)
            parts.append(Readings.from_contents(batch))
    return Readings.joined(parts)


def _involved(pairs: Pairs, size: int) -> tuple[Ints, Pairs]:
    """The numbers, all below ``size``, that occur in the pairs, ascending; and the pairs as places among them."""
    occurs = np.zeros(size, bool)
    occurs[pairs] = True
    return np.flatnonzero(occurs), (np.cumsum(occurs, dtype=np.int32) - 1)[pairs]


def _pieces(pairs: Pairs, lengths: Numbers) -> Iterator[Ints]:
    """Places of pairs, piece by piece: what pairs link stays together, so that a text is fetched once, unless that alone has several
    times ``PIECE_CHARS``."""
    if not len(pairs):
        return
    piece, large = _piece_numbers(pairs, lengths)
    order = np.argsort(piece, kind="stable")
    for part in np.split(order, np.flatnonzero(np.diff(piece[order])) + 1):
        if large[piece[part[0]]]:
            here = np.cumsum(lengths[pairs[part]].sum(axis=1, dtype=np.int64))
            yield from np.split(part, np.flatnonzero(np.diff(here // PIECE_CHARS)) + 1)
        else:
            yield part


def _piece_numbers(pairs: Pairs, lengths: Numbers) -> tuple[Numbers, NDArray[np.bool_]]:
    """The piece of each pair, int32 (n_pairs,), and bool (n_pieces,), whether a piece is one large component or more."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    involved, places = _involved(pairs, len(lengths))
    links = coo_array((np.ones(len(places), np.int8), (places[:, 0], places[:, 1])), shape=(len(involved),) * 2)
    component = connected_components(links, directed=False)[1]
    weights = np.bincount(component, lengths[involved])
    piece = (np.cumsum(weights) // PIECE_CHARS).astype(np.int32)
    return piece[component[places[:, 0]]], np.bincount(piece, weights) > 2 * PIECE_CHARS
