"""The one rule about the text column: a string is a text, nothing is the empty text, anything else is a bad row."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from feedback_nlp.errors import InputError, TextTypeError
from feedback_nlp.io.columns import TEXT
from feedback_nlp.io.table import RAW_LENGTH, BadRow, Draft, Lines


def is_missing(value: object) -> bool:
    """Return whether a cell holds nothing: None, NaN, NaT or ``pandas.NA``."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    # NaN and numpy's NaT are the values that differ from themselves.
    return isinstance(value, float | np.floating | np.datetime64 | np.timedelta64) and bool(value != value)


def judge_texts(draft: Draft) -> Draft:
    """Return the draft with strings only in the column ``text``; rows with other values are moved to its bad rows.

    Missing texts become ``""``.
    """
    values = draft.frame[TEXT].to_numpy(dtype=object)
    kinds = set(map(type, values))
    if kinds <= {str} and draft.frame[TEXT].dtype == object:
        return draft
    good, bad = _judge(values, draft.lines) if kinds - {str} else (np.ones(len(values), dtype=bool), [])
    texts = values
    if kinds - {str}:
        texts = np.empty(len(values), dtype=object)
        texts[:] = [str(value) if isinstance(value, str) else "" for value in values]
    frame = draft.frame.copy(deep=False)
    frame[TEXT] = pd.Series(texts, index=frame.index, dtype=object)
    if not bad:
        return replace(draft, frame=frame)
    return replace(draft, frame=frame[good], lines=draft.lines[good], bad=[*draft.bad, *bad])


def _judge(values: npt.NDArray[np.object_], lines: Lines) -> tuple[npt.NDArray[np.bool_], list[BadRow]]:
    good = np.ones(len(values), dtype=bool)
    bad = []
    for row, value in enumerate(values):
        if not isinstance(value, str) and not is_missing(value):
            good[row] = False
            bad.append(BadRow(int(lines[row]), f"文本应为字符串，实际为 {type(value).__name__}", _shown(value), of_type=True))
    return good, bad


def _shown(value: object) -> str:
    try:
        return str(value)[:RAW_LENGTH]
    except (ValueError, RecursionError):  # an integer of over 4,300 digits; lists a thousand deep
        return f"<{type(value).__name__}>"


class Tally:
    """Counts what the parts of a source held, to say at the end that there was no text in it."""

    def __init__(self) -> None:
        self._texts = False
        self._rows = self._bad = 0
        self._first: BadRow | None = None
        self._only_types = True

    def add(self, before: Draft, after: Draft) -> None:
        """Count a part: as it was read, and as it was judged."""
        # A text that was missing has become the empty string; only what was a string before counts.
        self._texts = self._texts or any(isinstance(value, str) for value in before.frame[TEXT])
        self._rows += len(after.frame) + len(after.bad)
        self._bad += len(after.bad)
        if after.bad:
            first = min(after.bad, key=lambda row: row.line)
            self._first = self._first or first
            self._only_types = self._only_types and all(row.of_type for row in after.bad)

    def check(self, where: str) -> None:
        """Raise InputError if no part had a text, TextTypeError if that is because of the types."""
        if self._texts:
            return
        if self._first is None:
            found = f"{self._rows} rows without any text" if self._rows else "no rows at all"
            raise InputError(f"{where}: expected rows with a text, got {found}; check that this is the right file and text column")
        kind = TextTypeError if self._only_types else InputError
        raise kind(
            f"{where}: expected rows with a text, got {self._bad} unusable of {self._rows} rows; "
            f"the first is line {self._first.line}: {self._first.reason}"
        )
