"""From the caller's data to records that can be worked on, and the quarantine of those that cannot."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.errors import RowError
from feedback_nlp.io import parse_dates, read_frame
from feedback_nlp.io.cells import as_text
from feedback_nlp.io.table import RAW_LENGTH, Table
from feedback_nlp.io.texts import is_missing
from feedback_nlp.ledger.identity import Names, Settled, name_rows, settle_names
from feedback_nlp.text.privacy import mask_texts
from feedback_nlp.text.rules import drop_surrogates
from feedback_nlp.vocabulary import INPUT_COLUMNS

#: Stands for a malformed record of a file with columns of names, contacts or ids: no one can tell which of its pieces is which.
WITHHELD = "（含个人信息列，原行见源文件）"

#: Formats whose unusable records are kept whole, not the text alone.
_FORMATS_OF_LINES = ("csv", "tsv", "jsonl")

#: What may be the first part of a number or an address where a quarantined row was cut, and would not be masked.
_CUT_OFF = re.compile(r"[0-9０-９A-Za-z@＠.+_ -]{1,40}\Z")

#: Columns that cannot hold a name: only beside these may a malformed row be shown.
HARMLESS_COLUMNS = {"text", "created_at", "channel", "product", "feedback_id", "satisfaction"}

#: Larger integers are text: no column of numbers can hold them.
MAX_INTEGER = 2**63

#: Optional texts that are scored together with ``text``.
JOINED_COLUMNS = ("scene", "expectation")


@dataclass(frozen=True)
class Intake:
    """Records ready to be worked on.

    frame: canonical column names, no lone surrogates; ``text`` holds strings, ``created_at`` (if given) Asia/Shanghai times or NaT,
    ``feedback_id`` is complete, and unique but for what ``names`` tells. lines: int64 (n,), where each row stood in its source.
    quarantine: [source_line, reason, raw], masked. names: how the ids came about; see `settle`.
    """

    frame: pd.DataFrame
    lines: NDArray[np.int64]
    quarantine: pd.DataFrame
    names: Names

    @property
    def days(self) -> NDArray[np.datetime64]:
        """datetime64[D] (n,): local dates, NaT where unknown."""
        if "created_at" not in self.frame:
            return np.full(len(self.frame), "NaT", dtype="datetime64[D]")
        return np.asarray(self.frame["created_at"].dt.tz_localize(None).to_numpy().astype("datetime64[D]"))

    @property
    def other_columns(self) -> list[str]:
        """Columns that are none of the record's."""
        known = {column.name for column in INPUT_COLUMNS}
        return [str(name) for name in self.frame.columns if name not in known]

    @property
    def texts_are_plain(self) -> bool:
        """Nothing is joined to the texts."""
        return not any(name in self.frame for name in JOINED_COLUMNS)

    @property
    def texts(self) -> list[str]:
        """What is scored: the text, with scene and expectation where they were given."""
        joined: pd.Series = self.frame["text"]
        for name in JOINED_COLUMNS:
            if name in self.frame:
                more = ["" if is_missing(value) else str(value) for value in self.frame[name].astype(object)]
                joined = joined.str.cat(pd.Series(more, index=joined.index, dtype=object), sep="\n")
        texts: list[str] = joined.tolist()
        return texts


def take_in(
    data: Any,
    *,
    text_column: str | None,
    columns: Mapping[str, str] | None,
    strict: bool,
    encoding: str | None,
) -> Intake:
    """Read, parse dates, give ids, set bad rows aside. Rows read = rows kept + rows in quarantine.

    Raises InputError where nothing can be used, RowError at the first bad row if ``strict``.
    """
    table = read_frame(data, text_column=text_column, columns=columns, strict=strict, encoding=encoding)
    intake = take_part(table, strict=strict)
    return without_repeated(intake, settle_names(intake.names), strict=strict)


def take_part(table: Table, *, strict: bool = False) -> Intake:
    """Parse dates, name rows and set those aside that no other row is needed to judge. Raises RowError at the first if ``strict``."""
    frame = pd.DataFrame({name: _plain_cells(column) for name, column in table.frame.reset_index(drop=True).items()})
    bad = np.zeros(len(frame), dtype=bool)
    if "created_at" in frame:
        times, bad = parse_dates(frame["created_at"])
        why = ["无法识别的反馈时间：" + text[:40] for text in mask_texts([str(value) for value in frame.loc[bad, "created_at"]])]
        frame = frame.assign(created_at=times.array)
        if strict and bad.any():
            raise first_row_error(int(table.lines[bad][0]), why[0])
        more = quarantined(table.lines[bad], why, frame.loc[bad, "text"].tolist())
    withheld = table.format in _FORMATS_OF_LINES and not set(frame.columns) <= HARMLESS_COLUMNS
    quarantine = table.quarantine.assign(raw=WITHHELD) if withheld else table.quarantine
    quarantine = quarantine.assign(raw=pd.Series(_masked_pieces(quarantine["raw"].tolist()), dtype=object))
    if bad.any():
        quarantine = pd.concat([quarantine, more]).sort_values("source_line", kind="stable").reset_index(drop=True)
        frame = frame[~bad].reset_index(drop=True)
    names = name_rows(frame)
    return Intake(frame.assign(feedback_id=names.names), table.lines[~bad], quarantine, names)


def without_repeated(intake: Intake, found: Settled, *, strict: bool = False) -> Intake:
    """Without the rows whose id came before, which go into quarantine; made ids that clash have their numbers."""
    names = renamed(intake.names.names, found, 0)
    frame, quarantine, keep = intake.frame.assign(feedback_id=names), intake.quarantine, np.ones(len(names), bool)
    if len(found.again):
        why = repeated_reasons(names[found.again], intake.lines[found.first])
        if strict:
            raise first_row_error(int(intake.lines[found.again[0]]), why[0])
        more = quarantined(intake.lines[found.again], why, frame["text"].iloc[found.again].tolist())
        quarantine = pd.concat([quarantine, more]).sort_values("source_line", kind="stable").reset_index(drop=True)
        keep[found.again] = False
    return Intake(frame[keep].reset_index(drop=True), intake.lines[keep], quarantine, intake.names)


def renamed(names: NDArray[np.object_], found: Settled, start: int) -> NDArray[np.object_]:
    """The names of a part whose first row has the number ``start``, with their numbers where they clash."""
    here = slice(*np.searchsorted(found.renamed, [start, start + len(names)]).tolist())
    rows = found.renamed[here] - start
    result = names.copy()
    result[rows] = [f"{name}-{number}" for name, number in zip(names[rows], found.number[here].tolist(), strict=True)]
    return result


def repeated_reasons(names: NDArray[np.object_], first: NDArray[np.int64]) -> list[str]:
    """Why rows with an id that came before are set aside. first: int64 (n,), the line it came in first."""
    return [f"反馈编号重复：{name}，首次出现在第 {line} 行" for name, line in zip(names.tolist(), first.tolist(), strict=True)]


def quarantined(lines: NDArray[np.int64], why: list[str], texts: list[str]) -> pd.DataFrame:
    """Rows that are set aside as a table like ``Intake.quarantine``: what is shown of each text is masked."""
    raw = pd.Series(_masked_pieces(texts), dtype=object)
    return pd.DataFrame({"source_line": lines, "reason": pd.Series(why, dtype=object), "raw": raw})


def first_row_error(line: int, why: str) -> RowError:
    """The error for the first row that cannot be used."""
    return RowError(f"line {line}: {why}; repair this row, or read without strict=True to set it aside")


def _masked_pieces(texts: list[str]) -> list[str]:
    """The first ``RAW_LENGTH`` characters of each text, masked; what the reader or this cut in two is left out."""
    return [text[:RAW_LENGTH] if len(text) != RAW_LENGTH else _CUT_OFF.sub("", text) for text in mask_texts(texts)]


def _plain_cells(column: pd.Series) -> pd.Series:
    """The column with plain cells only: strings without lone surrogates, numbers, times; anything else becomes text.

    JSON can spell lone surrogates, and Parquet can hold lists, bytes and records; no later step has to think of them.
    """
    kind = getattr(column.dtype, "kind", "O")
    if isinstance(column.dtype, np.dtype) and kind in "iufbM":
        return column
    if isinstance(column.dtype, pd.DatetimeTZDtype) or (column.name == "text" and column.dtype == object and _is_valid(column.tolist())):
        return column
    if isinstance(column.dtype, pd.StringDtype) and column.dtype.storage == "pyarrow":
        return column
    cells = column.astype(object).tolist()
    if set(map(type, cells)) <= {str, type(None)} and _is_valid(cells):
        return column
    return pd.Series([_plain_cell(value) for value in cells], index=column.index, name=column.name, dtype=object)


def _is_valid(cells: list[str | None]) -> bool:
    """No lone surrogates are in these strings."""
    try:
        # UTF-16 takes less than UTF-8 and refuses the same.
        "".join(filter(None, cells)).encode("utf-16-le")
    except UnicodeEncodeError:
        return False
    return True


def _plain_cell(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else drop_surrogates(value)
    if isinstance(value, bool | float | np.bool_ | np.floating | dt.date | np.datetime64) and not isinstance(value, np.longdouble):
        return value
    whole = type(value) is int or (isinstance(value, np.generic) and value.dtype.kind in "iu")
    return value if whole and abs(int(value)) < MAX_INTEGER else as_text(value)
