"""What an item is counted under: its theme, the words it names, its product; and which products and channels are looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.trends.tally import coded, label_codes

if TYPE_CHECKING:
    import pandas as pd

    Column: TypeAlias = pd.Series | Sequence[Any] | NDArray[Any]

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Keys:
    """The keys of n rows.

    labels: what the codes stand for; equal ones are one key, "" is none. codes: int (n,), the key of each row, -1 for none; or with
    ``rows``, int (m,), as many as there are pairs of a row and one of its keys: int (m,) each, a pair given twice counting once.
    Raises InputError for codes and rows that do not fit.
    """

    labels: Sequence[str] | NDArray[np.object_]
    codes: NDArray[np.integer[Any]]
    rows: NDArray[np.integer[Any]] | None = None

    def __post_init__(self) -> None:
        size = len(self.labels)
        if len(self.codes) and not -1 <= int(self.codes.min()) <= int(self.codes.max()) < size:
            raise InputError(f"codes: expected -1 to {size - 1}, as there are {size} labels, got {self.codes.min()} to {self.codes.max()}")
        if self.rows is not None and self.rows.shape != self.codes.shape:
            raise InputError(f"rows: expected one for each of {len(self.codes)} codes, got {len(self.rows)}")

    @classmethod
    def from_labels(cls, values: "Column", labels: Sequence[str]) -> "Keys":
        """The keys of n rows by name. values: n of str, missing or "" for none. labels: those that count; all others are no key."""
        found, codes = _label_codes(values)
        place = {label: number for number, label in enumerate(labels)}
        return cls(labels, np.array([*(place.get(label, -1) for label in found), -1], np.int64)[codes])

    def pairs(self, n_rows: int) -> tuple[Ints | None, Ints]:
        """(rows, codes), int64: the row of each pair, None where there is one code a row. Raises InputError for rows that do not fit."""
        codes = self.codes.astype(np.int64)
        if self.rows is None:
            if len(codes) != n_rows:
                raise InputError(f"codes: expected one for each of {n_rows} rows, got {len(codes)}; give rows where a row may have several")
            return None, codes
        rows = self.rows.astype(np.int64)
        if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < n_rows:
            raise InputError(f"rows: expected 0 to {n_rows - 1}, got {rows.min()} to {rows.max()}")
        return rows, codes

    def places(self, labels: Mapping[str, int]) -> Ints:
        """int64 (n_labels + 1,): the number of each label, -1 where it has none, and last for the code -1."""
        return np.array([*(labels.get(label, -1) for label in self.labels), -1], np.int64)


@dataclass(frozen=True, eq=False)
class LabelCounts:
    """Items by label; its size is the number of distinct labels. labels: object (m,), sorted; counts: int64 (m,)."""

    labels: NDArray[np.object_]
    counts: Ints

    @classmethod
    def from_labels(cls, values: "Column") -> "LabelCounts":
        """Count the items of each label. values: n of str, missing or "" for none."""
        labels, codes = _label_codes(values)
        return cls(labels, np.bincount(codes[codes >= 0], minlength=len(labels)).astype(np.int64))

    def merge(self, *others: "LabelCounts") -> "LabelCounts":
        """The items of all together."""
        every = (self, *others)
        labels, place = coded(np.concatenate([each.labels for each in every]))
        counts = np.zeros(len(labels), np.int64)
        np.add.at(counts, place, np.concatenate([each.counts for each in every]))
        return LabelCounts(labels, counts)

    def most(self, limit: int) -> list[str]:
        """The labels of the most items, at most ``limit``; of equal counts the first by code point."""
        chosen: list[str] = self.labels[np.argsort(-self.counts, kind="stable")[:limit]].tolist()
        return chosen


def _label_codes(values: "Column") -> tuple[NDArray[np.object_], Ints]:
    import pandas as pd

    return label_codes(values if isinstance(values, pd.Series) else pd.Series(list(values), dtype=object))
