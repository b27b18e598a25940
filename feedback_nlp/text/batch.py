"""The one structure the library shares: a batch of texts as flat code points with row offsets.

Row ``i`` is ``codes[indptr[i]:indptr[i + 1]]``. The order of rows is a contract from input to ledger.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.native import native


@dataclass(frozen=True)
class TextBatch:
    """A batch of texts.

    codes: uint32 (n_chars,), the code points of all rows, one row after another.
    indptr: int64 (n_rows + 1,), where each row starts; ``indptr[-1] == len(codes)``. An empty text is an empty row.
    """

    codes: NDArray[np.uint32]
    indptr: NDArray[np.int64]

    @classmethod
    def from_texts(cls, texts: Sequence[str]) -> "TextBatch":
        """Flatten a sequence of str; lone surrogates pass."""
        indptr = np.zeros(len(texts) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)), out=indptr[1:])
        module = native()
        if module is None:
            return cls(np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype="<u4"), indptr)
        codes = np.empty(indptr[-1], np.uint32)
        module.flatten(codes, indptr, texts if isinstance(texts, list) else list(texts))
        return cls(codes, indptr)

    def to_texts(self) -> list[str]:
        """The rows as strings."""
        text = self.codes.tobytes().decode("utf-32-le", "surrogatepass")
        bounds = self.indptr.tolist()
        return [text[start:end] for start, end in pairwise(bounds)]

    @property
    def n_rows(self) -> int:
        """Number of texts."""
        return len(self.indptr) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """int64 (n_rows,), characters per row."""
        return np.diff(self.indptr)

    def select(self, keep: NDArray[np.bool_]) -> "TextBatch":
        """The batch with only the characters where ``keep`` (bool, (n_chars,)) holds; every row stays, perhaps empty."""
        kept_before = np.concatenate([[0], np.cumsum(keep)])
        return TextBatch(self.codes[keep], kept_before[self.indptr])

    def replace_rows(self, rows: NDArray[np.intp], others: "TextBatch") -> "TextBatch":
        """The batch with other characters in some rows. rows: intp (n,), ascending. others: a batch of n rows."""
        pieces, at = [], 0
        starts, ends = self.indptr[rows].tolist(), self.indptr[rows + 1].tolist()
        for start, end, (first, last) in zip(starts, ends, pairwise(others.indptr.tolist()), strict=True):
            pieces += [self.codes[at:start], others.codes[first:last]]
            at = end
        lengths = self.lengths
        lengths[rows] = others.lengths
        return TextBatch(np.concatenate([*pieces, self.codes[at:]]), np.concatenate([[0], np.cumsum(lengths)]))
