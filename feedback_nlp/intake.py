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
from feedback_nlp.io.table import RAW_LENGTH
from feedback_nlp.io.texts import is_missing
from feedback_nlp.ledger.identity import feedback_ids
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
    ``feedback_id`` is complete and unique. lines: int64 (n,), where each row stood in its source.
    quarantine: [source_line, reason, raw], masked.
    """

    frame: pd.DataFrame
    lines: NDArray[np.int64]
    quarantine: pd.DataFrame

    @property
    def days(self) -> NDArray[np.datetime64]:
        """datetime64[D] (n,): local dates, NaT where unknown."""
        if "created_at" not in self.frame:
            return np.full(len(self.frame), "NaT", dtype="datetime64[D]")
        return np.asarray(self.frame["created_at"].dt.tz_localize(None).to_numpy().astype("datetime64[D]"))

    @property
    def products(self) -> set[str]:
        """The distinct names of products."""
        return set(self.frame["product"].dropna().astype(str)) if "product" in self.frame else set()

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
        return [str(text) for text in joined]


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
    frame = pd.DataFrame({name: _plain_cells(column) for name, column in table.frame.reset_index(drop=True).items()})
    bad = np.zeros(len(frame), dtype=bool)
    why = np.full(len(frame), "", dtype=object)
    if "created_at" in frame:
        times, bad = parse_dates(frame["created_at"])
        why[bad] = ["无法识别的反馈时间：" + text[:40] for text in mask_texts([str(value) for value in frame.loc[bad, "created_at"]])]
        frame = frame.assign(created_at=times.array)
    ids = np.full(len(frame), "", dtype=object)
    ids[~bad] = feedback_ids(frame[~bad])
    again = pd.Series(ids, dtype=object).duplicated().to_numpy() & ~bad
    first_line = dict(zip(ids[~bad & ~again], table.lines[~bad & ~again].tolist(), strict=True))
    why[again] = [f"反馈编号重复：{name}，首次出现在第 {first_line[name]} 行" for name in ids[again]]
    aside = bad | again
    if strict and aside.any():
        row = int(np.flatnonzero(aside)[0])
        raise RowError(f"line {table.lines[row]}: {why[row]}; repair this row, or read without strict=True to set it aside")
    more = pd.DataFrame({"source_line": table.lines[aside], "reason": why[aside], "raw": frame.loc[aside, "text"].to_numpy(dtype=object)})
    withheld = table.format in _FORMATS_OF_LINES and not set(frame.columns) <= HARMLESS_COLUMNS
    quarantine = table.quarantine.assign(raw=WITHHELD) if withheld else table.quarantine
    quarantine = pd.concat([quarantine, more]) if len(more) else quarantine
    quarantine = quarantine.sort_values("source_line", kind="stable").reset_index(drop=True)
    quarantine = quarantine.assign(raw=pd.Series(_masked_pieces(quarantine["raw"].tolist()), dtype=object))
    kept = frame.assign(feedback_id=ids)[~aside].reset_index(drop=True)
    return Intake(kept, table.lines[~aside], quarantine)


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
    if isinstance(column.dtype, pd.DatetimeTZDtype) or (column.name == "text" and column.dtype == object and _is_valid(column)):
        return column
    if isinstance(column.dtype, pd.StringDtype) and column.dtype.storage == "pyarrow":
        return column
    cells = column.astype(object)
    return pd.Series([_plain_cell(value) for value in cells], index=column.index, name=column.name, dtype=object)


def _is_valid(column: pd.Series) -> bool:
    try:
        "".join(column).encode()
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
