"""The structures a reader fills: rows that can be used, rows that cannot, and where each of them stood."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

#: Longest piece of a bad record kept for the person who has to repair it.
RAW_LENGTH = 200

#: Where each record starts, from 1.
Lines = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BadRow:
    """One record that cannot be used: ``line`` where it starts, ``reason`` in Chinese, ``raw`` its text.

    of_type: the record is whole, but its text is no string.
    """

    line: int
    reason: str
    raw: str
    of_type: bool = False


@dataclass(frozen=True, eq=False)
class Draft:
    """What a format reader hands over: headers as they stand in the source, texts not yet judged.

    lines: for each row of ``frame`` the line where it starts.
    bad: records that are already known to be unusable, in any order.
    """

    frame: pd.DataFrame
    lines: Lines
    format: str
    encoding: str | None = None
    bad: list[BadRow] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Table:
    """Feedback records read from a file or from memory.

    frame: one row per usable record, canonical English column names; other columns keep their own header.
        The column ``text`` is always there, of dtype object, and holds strings only.
    lines: int64, one per row of ``frame``: where the record starts. Text formats: the line in the file, the header being
        line 1 (lines end at a line feed). XLSX: the row as the spreadsheet numbers it. Parquet and data in memory: the
        number of the record, from 1.
    quarantine: the unusable records by ``source_line`` (int64), ``reason`` (Chinese) and ``raw`` (up to 200 characters of the
        record, personal data not yet masked).
    encoding: of the file, None where the format has none. A file of mixed encodings is named by that of most of its lines.
    format: ``csv``, ``tsv``, ``jsonl``, ``parquet``, ``xlsx`` or ``memory``.
    source: the name of the file relative to its folder where several were read, else ``""``.
    """

    frame: pd.DataFrame
    lines: Lines
    quarantine: pd.DataFrame
    encoding: str | None
    format: str
    source: str = ""

    @property
    def n_rows(self) -> int:
        """Records read, usable or not."""
        return len(self.frame) + len(self.quarantine)

    def __getstate__(self) -> dict[str, Any]:
        """For pickles: a column of strings as one, on its way to another process; that takes a third of the time."""
        packed = _packed(self.frame) if self.format in ("csv", "tsv") else None
        return self.__dict__ if packed is None else {**self.__dict__, "frame": packed}

    def __setstate__(self, state: dict[str, Any]) -> None:
        packed = state["frame"]
        self.__dict__.update(state if isinstance(packed, pd.DataFrame) else {**state, "frame": _unpacked(*packed)})


#: Between the cells of a packed column, and in place of a cell that is missing.
_BETWEEN, _MISSING = "\0", "\x01"


def _packed(frame: pd.DataFrame) -> tuple[pd.Index, list[str]] | None:
    """The column names and the cells of each column in one string; None for a frame that cannot be told by these."""
    if len(frame) == 0 or not frame.index.equals(pd.RangeIndex(len(frame))) or set(frame.dtypes) != {np.dtype(object)}:
        return None
    columns = []
    for row in frame.to_numpy().T:
        cells, missing = row.tolist(), 0
        try:
            text = _BETWEEN.join(cells)
        except TypeError:
            missing = cells.count(None)
            text = _BETWEEN.join([_MISSING if cell is None else cell for cell in cells])
        if text.count(_BETWEEN) != len(cells) - 1 or text.count(_MISSING) != missing:
            return None
        columns.append(text)
    return frame.columns, columns


def _unpacked(names: pd.Index, columns: list[str]) -> pd.DataFrame:
    cells = np.empty((len(columns), columns[0].count(_BETWEEN) + 1), dtype=object)
    for place, text in enumerate(columns):
        cells[place] = text.split(_BETWEEN)
        if _MISSING in text:
            cells[place, cells[place] == _MISSING] = None
    return pd.DataFrame(cells.T, columns=names, dtype=object, copy=False)


def quarantine_frame(bad: Iterable[BadRow]) -> pd.DataFrame:
    """Return the bad rows as a frame in the order of their lines; without any it still has its three columns."""
    rows = sorted(bad, key=lambda row: row.line)
    return pd.DataFrame(
        {
            "source_line": np.array([row.line for row in rows], dtype=np.int64),
            "reason": pd.Series([row.reason for row in rows], dtype=object),
            "raw": pd.Series([row.raw[:RAW_LENGTH] for row in rows], dtype=object),
        }
    )
