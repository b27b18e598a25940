"""What texts say, stripped of how they are written, and what two texts must not disagree on to be copies of each other."""

from dataclasses import dataclass
from functools import cache
from unicodedata import category

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.scorer.scorer import text_chunks
from feedback_nlp.text.batch import TextBatch
from feedback_nlp.text.characters import N_CODE_POINTS, character_table
from feedback_nlp.text.clean import clean
from feedback_nlp.topics.kernels import GRAM_BITS, Ints, Pairs, Sets, gram_hashes, hash_rows, shared
from feedback_nlp.topics.minhash import gram_sets, joined_sets

#: What a text says: letters, marks, numbers, pictures (emoji). Punctuation, blanks, + and ¥ are left out.
CONTENT_CATEGORIES = ("L", "M", "N", "So")
#: Kept between two digits: 3.5 is not 35.
NUMBER_JOINTS = ".,:/-"
#: One more or less of these turns a text around: 好用, 不好用.
NEGATIONS = "不没未无"
#: From so many characters on, a text that is as similar is a copy, negated or not; shorter ones (质量好, 质量不好) are just alike.
COPY_CHARS = 40

#: Flags of characters.
SAYS, DIGIT, JOINT, NEGATION = 1, 2, 4, 8
#: No character is assigned in the planes 4 to 13; 15 and 16 are private. They say nothing, and looking them up would take a second.
_ASSIGNED = ((0, 0x40000), (0xE0000, 0xF0000))


@cache
def _flags() -> NDArray[np.uint8]:
    """uint8 (0x110000,), the flags of each character; built on the first call (0.1 s)."""
    table = np.zeros(N_CODE_POINTS, np.uint8)
    for begin, end in _ASSIGNED:
        kinds = map(category, map(chr, range(begin, end)))
        says = (kind in CONTENT_CATEGORIES or kind[0] in CONTENT_CATEGORIES for kind in kinds)
        table[begin:end] = np.fromiter(says, np.uint8, end - begin) * SAYS
    for characters, flag in (("0123456789", DIGIT), (NUMBER_JOINTS, JOINT), (NEGATIONS, NEGATION)):
        table[[*map(ord, characters)]] |= flag
    table.setflags(write=False)
    return table


def content_batch(texts: list[str], no_information: NDArray[np.bool_] | None = None) -> TextBatch:
    """What each text says: cleaned, folded, without punctuation; an empty row for one without information.

    no_information: bool (n,), that of the cleaning of texts that are cleaned already; they are cleaned here where it is not given.
    """
    if no_information is None:
        cleaned = clean(texts)
        return said(cleaned.batch, cleaned.no_information)
    return said(TextBatch.from_texts(texts), no_information)


def said(batch: TextBatch, no_information: NDArray[np.bool_]) -> TextBatch:
    """What is left of cleaned texts without punctuation, folded; an empty row for one without information, bool (n,)."""
    codes, indptr = character_table().fold.take(batch.codes), batch.indptr
    flags = _flags().take(codes)
    kept = (flags & SAYS).view(np.bool_)
    joints = np.flatnonzero(flags & JOINT)
    row = np.searchsorted(indptr, joints, side="right")
    joints = joints[(joints > indptr[row - 1]) & (joints + 1 < indptr[row])]
    kept[joints] = (flags[joints - 1] & flags[joints + 1] & DIGIT) != 0
    for silent in np.flatnonzero(no_information & (batch.lengths > 0)).tolist():
        kept[indptr[silent] : indptr[silent + 1]] = False
    places = np.flatnonzero(kept)
    return TextBatch(codes.take(places), np.searchsorted(places, indptr))


def contents(texts: list[str]) -> list[str]:
    """What each text says, see ``content_batch``; "" for one without information."""
    return [content for chunk in text_chunks(texts) for content in content_batch(chunk).to_texts()]


@dataclass(frozen=True, eq=False)
class Readings:
    """What is compared of n contents.

    grams: the sets of their n-grams. numbers: the sets of hashes of the numbers in them, below 2**30: once in 10**9 two different
    numbers pass for one. negations: int64 (n,), how often they negate. copied: bool (n,), from ``COPY_CHARS`` characters on.
    """

    grams: Sets
    numbers: Sets
    negations: Ints
    copied: NDArray[np.bool_]

    @classmethod
    def from_contents(cls, batch: TextBatch) -> "Readings":
        """Read the contents of a batch."""
        flags = _flags()[batch.codes]
        negations = np.concatenate([[0], np.cumsum((flags & NEGATION) != 0)])[batch.indptr]
        grams = gram_sets(*gram_hashes(batch.codes, batch.indptr))
        return cls(grams, _numbers(batch, (flags & (DIGIT | JOINT)) != 0), np.diff(negations), batch.lengths >= COPY_CHARS)

    @classmethod
    def joined(cls, parts: "list[Readings]") -> "Readings":
        """The rows of all parts, one part behind the other; at least one part."""
        return cls(
            joined_sets([part.grams for part in parts]),
            joined_sets([part.numbers for part in parts]),
            np.concatenate([part.negations for part in parts]),
            np.concatenate([part.copied for part in parts]),
        )

    def agreed(self, pairs: Pairs) -> NDArray[np.bool_]:
        """bool (n_pairs,), False where two texts contradict each other. pairs: int32 (n_pairs, 2).

        They do where both name a number that the other lacks, or where they do not negate equally often and one is below ``COPY_CHARS``.
        """
        first, second = pairs.T
        result = (self.negations[first] == self.negations[second]) | (self.copied[first] & self.copied[second])
        fewest = np.diff(self.numbers[1])[pairs].min(axis=1)
        asked = np.flatnonzero(result & (fewest > 0))
        result[asked] = shared(self.numbers, pairs[asked]) == fewest[asked]
        return np.asarray(result, bool)


def _numbers(batch: TextBatch, figure: NDArray[np.bool_]) -> Sets:
    """The sets of hashes of the numbers in contents. figure: bool (n_chars,), digits and joints, which stand between digits only."""
    begins = figure.copy()
    begins[1:] &= ~figure[:-1]
    filled = batch.indptr[:-1][batch.lengths > 0]
    begins[filled] |= figure[filled]
    numbers = np.flatnonzero(begins)
    kept_before = np.concatenate([[0], np.cumsum(figure)])
    hashes = hash_rows(batch.codes[figure], np.append(kept_before[numbers], kept_before[-1]))
    return gram_sets((hashes >> np.uint64(64 - GRAM_BITS)).astype(np.uint32), np.searchsorted(numbers, batch.indptr))
