"""What texts say, stripped of how they are written, and which say nearly the same: strings to numbers and back around ``minhash``."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from unicodedata import category

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.scorer.scorer import text_chunks
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.characters import N_CODE_POINTS, character_table
from feedback_nlp.text.clean import clean
from feedback_nlp.topics.minhash import (
    Ints,
    Pairs,
    band_keys,
    bucket_pairs,
    company,
    gram_hashes,
    gram_sets,
    jaccard_bound,
    joined_sets,
    leaders,
    plan,
    similarities,
)

#: What a text says: letters, marks, numbers, pictures (emoji). Punctuation, blanks, + and ¥ are left out.
CONTENT_CATEGORIES = ("L", "M", "N", "So")
#: Kept between two digits: 3.5 is not 35.
NUMBER_JOINTS = ".,:/-"
_NUMBER = re.compile(rf"[0-9](?:[{NUMBER_JOINTS}]?[0-9])*")
#: One more or less of these turns a text around: 好用, 不好用.
_NEGATION = re.compile("[不没未无]")
#: From so many characters on, a text that is as similar is a copy, negated or not; shorter ones (质量好, 质量不好) are just alike.
COPY_CHARS = 40

#: A shorter content (好评, 物流很快) is a duplicate of its equals only: two people may well say it, and one edit makes it another.
MIN_CHARS = 8


@cache
def _content_table() -> NDArray[np.bool_]:
    """bool (0x110000,), True at the characters of ``CONTENT_CATEGORIES``; built on the first call (0.1 s)."""
    kinds = map(category, map(chr, range(N_CODE_POINTS)))
    table = np.fromiter((kind in CONTENT_CATEGORIES or kind[0] in CONTENT_CATEGORIES for kind in kinds), bool, N_CODE_POINTS)
    table.setflags(write=False)
    return table


def contents(texts: list[str]) -> list[str]:
    """What each text says: cleaned, folded, without punctuation; "" for one without information."""
    fold, says = character_table().fold, _content_table()
    found: list[str] = []
    for part in map(clean, text_chunks(texts)):
        codes, indptr = fold[part.batch.codes], part.batch.indptr
        digit = (codes >= ord("0")) & (codes <= ord("9"))
        joint = np.isin(codes, [*map(ord, NUMBER_JOINTS)])
        joint[1:-1] &= digit[:-2] & digit[2:]
        # No joint at the first and last character of a row; behind the last row, -1 is its end as well.
        starts = indptr[:-1][part.batch.lengths > 0]
        joint[starts] = joint[starts - 1] = False
        informs = np.repeat(~part.no_information, part.batch.lengths)
        found += TextBatch(codes, indptr).select((says[codes] | joint) & informs).to_texts()
    return found


def near_groups(texts: Sequence[str], rows: Ints, *, threshold: float, guard: bool) -> tuple[Ints, NDArray[np.float32]]:
    """The leader of each content, int64 (n,), itself where it has none, and the similarity to it, float32 (n,); see ``leaders``.

    texts: distinct contents. rows: int64 (n,), how many rows say each. guard: pairs that contradict each other, see ``agreed``, are
    not near. Those lead that are in the company of most rows, equals in the order of ``texts``.
    """
    long = np.flatnonzero(np.fromiter(map(len, texts), np.int64, len(texts)) >= MIN_CHARS)
    keys = _keys(texts, long, *plan(jaccard_bound(threshold)))
    order = np.argsort(-company(keys, rows[long]), kind="stable")
    ranked = long[order]
    pairs = bucket_pairs(keys[:, order])
    del keys
    involved, places = _involved(pairs, len(ranked))
    sets = joined_sets([gram_sets(*gram_hashes(batch.codes, batch.indptr)) for batch in _batches(texts, ranked[involved])])
    similarity = similarities(sets, places, threshold=threshold)
    near = np.flatnonzero(similarity >= threshold)
    near = near[agreed(texts, ranked.astype(np.int32)[pairs[near]])] if guard else near
    leader, alike = np.arange(len(texts)), np.ones(len(texts), np.float32)
    led, alike[ranked] = leaders(pairs[near], similarity[near], len(ranked))
    leader[ranked] = ranked[led]
    return leader, alike


def _keys(texts: Sequence[str], chosen: Ints, size: int, bands: int) -> NDArray[np.uint32]:
    """``band_keys`` of the chosen texts, part by part."""
    keys = np.empty((bands, len(chosen)), np.uint32)
    done = 0
    for batch in _batches(texts, chosen):
        keys[:, done : done + batch.n_rows] = band_keys(*gram_hashes(batch.codes, batch.indptr), size=size, bands=bands)
        done += batch.n_rows
    return keys


def _involved(pairs: Pairs, size: int) -> tuple[Ints, Pairs]:
    """The numbers, all below ``size``, that occur in the pairs, ascending; and the pairs as places among them."""
    occurs = np.zeros(size, bool)
    occurs[pairs] = True
    return np.flatnonzero(occurs), (np.cumsum(occurs, dtype=np.int32) - 1)[pairs]


def _batches(texts: Sequence[str], chosen: Ints) -> Iterator[TextBatch]:
    """The chosen texts, part by part."""
    return map(TextBatch.from_texts, text_chunks([texts[number] for number in chosen.tolist()]))


def agreed(texts: Sequence[str], pairs: Pairs) -> NDArray[np.bool_]:
    """bool (n_pairs,), False where two texts contradict each other.

    They do where both name a number that the other lacks, or where they do not negate equally often and one is below ``COPY_CHARS``.
    """
    involved, places = _involved(pairs, len(texts))
    looked_at = [texts[number] for number in involved.tolist()]
    negations = np.fromiter((len(_NEGATION.findall(text)) for text in looked_at), np.int64, len(looked_at))
    copied = np.fromiter((len(text) >= COPY_CHARS for text in looked_at), bool, len(looked_at))
    numbers = [frozenset(_NUMBER.findall(text)) for text in looked_at]
    named = np.fromiter(map(bool, numbers), bool, len(numbers))
    first, second = places.T
    kept: NDArray[np.bool_] = (negations[first] == negations[second]) | copied[first] & copied[second]
    for pair in np.flatnonzero(kept & named[first] & named[second]).tolist():
        one, other = numbers[first[pair]], numbers[second[pair]]
        kept[pair] = one <= other or other <= one
    return kept
