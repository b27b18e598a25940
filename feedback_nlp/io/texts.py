"""The one rule about the text column: a string is a text, nothing is the empty text, anything else is a bad row."""

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


def judge_texts(draft: Draft, *, where: str) -> Draft:
    """Return the draft with strings only in the column ``text``; rows with other values are moved to its bad rows.

    Missing texts become ``""``. Raises InputError if no row is left (TextTypeError if that is because of the types).
    """
    values = draft.frame[TEXT].astype(object).to_numpy()
    good, bad = _judge(values, draft.lines)
    if not any(isinstance(value, str) for value in values):
        raise no_text(draft, bad, where)
    texts = np.empty(len(values), dtype=object)
    texts[:] = [str(value) if isinstance(value, str) else "" for value in values]
    frame = draft.frame.copy(deep=False)
    frame[TEXT] = pd.Series(texts, index=frame.index, dtype=object)
    return Draft(frame[good], draft.lines[good], draft.format, draft.encoding, [*draft.bad, *bad])


def _judge(values: npt.NDArray[np.object_], lines: Lines) -> tuple[npt.NDArray[np.bool_], list[BadRow]]:
    good = np.ones(len(values), dtype=bool)
    bad = []
    if set(map(type, values)) - {str}:
        for row, value in enumerate(values):
            if not isinstance(value, str) and not is_missing(value):
                good[row] = False
                bad.append(BadRow(int(lines[row]), f"文本应为字符串，实际为 {type(value).__name__}", str(value)[:RAW_LENGTH]))
    return good, bad


def no_text(draft: Draft, bad: list[BadRow], where: str) -> InputError:
    """Return the error for a draft without one text; ``bad`` are the rows whose text is of a wrong type."""
    everything = [*draft.bad, *bad]
    if not everything:
        found = f"{len(draft.frame)} rows without any text" if len(draft.frame) else "no rows at all"
        return InputError(f"{where}: expected rows with a text, got {found}; check that this is the right file and text column")
    first = min(everything, key=lambda row: row.line)
    kind = TextTypeError if bad and not draft.bad else InputError
    return kind(
        f"{where}: expected rows with a text, got {len(everything)} unusable of {len(draft.frame) + len(draft.bad)} rows; "
        f"the first is line {first.line}: {first.reason}"
    )
