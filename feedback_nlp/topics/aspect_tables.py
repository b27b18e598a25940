"""What the texts of one part say of aspects, as arrays, and the tables and notes made of it."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.batch import TextBatch

if TYPE_CHECKING:
    import pandas as pd

#: A polarity closer to 0 counts as neither positive nor negative.
NEUTRAL_WITHIN = 0.1
#: Polarities are counted in these units, so that sums do not depend on order.
UNIT = 1e-6
#: Behind the name of an aspect of which neither, good, bad is said; between two aspects.
SIGNS, SEPARATOR = ("", "+", "−"), "、"

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Items:
    """Pairs of a text and an aspect it mentions, by rows and names of aspects.

    row: int64 (n,). aspect: int64 (n,), position in the names. mentions: int64 (n,). line: int64 (n,), one of its mentions.
    polarity: float64 (n,), mean over its mentions.
    """

    row: Ints
    aspect: Ints
    mentions: Ints
    line: Ints
    polarity: Floats


@dataclass(frozen=True, eq=False)
class PartAspects:
    """What n_rows texts say of aspects, one entry a mention and aspect of its word, from left to right.

    names, words: the aspects and the distinct words that mention them.
    row: int64 (n,), 0 to n_rows - 1, ascending. aspect, word: int64 (n,), positions in ``names`` and ``words``.
    start, end: int64 (n,), the word, in characters of its text. polarity: float64 (n,) in [-1, 1], six digits.
    opinions: n short phrases, empty where nothing is said.
    """

    names: tuple[str, ...]
    words: tuple[str, ...]
    n_rows: int
    row: Ints
    aspect: Ints
    word: Ints
    start: Ints
    end: Ints
    polarity: Floats
    opinions: TextBatch

    @cached_property
    def by_name(self) -> tuple[Ints, Ints]:
        """The aspects in the order of their names, and the place of each in that order, int64 (n_aspects,) each."""
        by_name = np.array(sorted(range(len(self.names)), key=self.names.__getitem__), dtype=np.int64)
        return by_name, np.argsort(by_name)

    @cached_property
    def pairs(self) -> Items:
        """The mentions of each text and aspect as one."""
        rank = self.by_name[1]
        keys = self.row * max(len(rank), 1) + rank[self.aspect]
        order = np.argsort(keys, kind="stable")
        first = np.flatnonzero(np.diff(keys[order], prepend=-1))
        line = order[first]
        count = np.diff(first, append=len(order))
        units = np.round(self.polarity[order] / UNIT)
        # Sums of whole numbers: the same whatever their order.
        total = np.add.reduceat(units, first) if len(first) else np.zeros(0)
        return Items(self.row[line], self.aspect[line], count, line, total * UNIT / count)

    @property
    def items(self) -> "pd.DataFrame":
        """One line a text and aspect, in the order of rows and names: row, aspect, mentions, polarity (mean over its mentions)."""
        import pandas as pd

        pairs = self.pairs
        aspect = _strings(self.names, pairs.aspect)
        return pd.DataFrame({"row": pairs.row, "aspect": aspect, "mentions": pairs.mentions, "polarity": pairs.polarity})

    def mentions(self) -> "pd.DataFrame":
        """One line a mention: row, aspect, word, opinion, polarity, start, end."""
        import pandas as pd

        columns = {
            "row": self.row,
            "aspect": _strings(self.names, self.aspect),
            "word": _strings(self.words, self.word),
            "opinion": pd.array(self.opinions.to_texts(), dtype=pd.StringDtype(na_value=np.nan)),
            "polarity": self.polarity,
            "start": self.start,
            "end": self.end,
        }
        return pd.DataFrame(columns)

    def notes(self) -> NDArray[np.object_]:
        """Object (n_rows,) of strings such as 「电池−、屏幕+」, aspects by name, "" where a text names none."""
        pairs = self.pairs
        sign = np.where(pairs.polarity > NEUTRAL_WITHIN, 1, np.where(pairs.polarity < -NEUTRAL_WITHIN, 2, 0))
        labels = np.array([name + mark for name in self.names for mark in SIGNS], dtype=object)
        label = labels[pairs.aspect * len(SIGNS) + sign] if len(labels) else labels
        notes = np.full(self.n_rows, "", dtype=object)
        begins = np.flatnonzero(np.diff(pairs.row, prepend=-1))
        notes[pairs.row[begins]] = label[begins]
        place = np.arange(len(label)) - np.repeat(begins, np.diff(begins, append=len(label)))
        # All second aspects of a text at once, then all third ones.
        for later in range(1, int(place.max(initial=0)) + 1):
            at = np.flatnonzero(place == later)
            notes[pairs.row[at]] += SEPARATOR + label[at]
        return notes

    def phrases(self, lines: Ints) -> NDArray[np.object_]:
        """Object (n_lines,): 「word: opinion」 of some mentions."""
        bounds, text = self.opinions.indptr, TextBatch(self.opinions.codes, self.opinions.indptr[[0, -1]]).to_texts()[0]
        spans = zip(self.word[lines].tolist(), bounds[lines].tolist(), bounds[lines + 1].tolist(), strict=True)
        phrases = np.empty(len(lines), dtype=object)
        phrases[:] = [f"{self.words[word]}: {text[start:end]}" for word, start, end in spans]
        return phrases


def _strings(names: tuple[str, ...], places: Ints) -> "pd.api.extensions.ExtensionArray":
    """Names at some places, as pandas' own strings: taking from them is much faster than making them."""
    import pandas as pd

    return pd.Series(names, dtype=str).array.take(places)
