"""From the caller's data to records that can be worked on, and the quarantine of those that cannot."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.errors import RowError
from feedback_nlp.io import parse_dates, read_frame
from feedback_nlp.ledger.identity import feedback_ids
from feedback_nlp.text.privacy import COLUMN_KINDS, HEADER_WORDS, mask_texts
from feedback_nlp.text.rules import drop_surrogates
from feedback_nlp.vocabulary import INPUT_COLUMNS

#: Longest piece of a quarantined row that is kept.
RAW_LENGTH = 200

#: Stands for a malformed record of a file with columns of names, contacts or ids: no one can tell which of its pieces is which.
WITHHELD = "（含个人信息列，原行见源文件）"

#: Formats whose unusable records are kept whole, not the text alone.
_FORMATS_OF_LINES = ("csv", "tsv", "jsonl")

#: What may be the first part of a number or an address where a quarantined row was cut, and would not be masked.
_CUT_OFF = re.compile(r"[0-9０-９A-Za-z@＠.+_ -]{1,40}\Z")

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
                more = self.frame[name].where(self.frame[name].notna(), "").astype(str)
                joined = joined.str.cat(more, sep="\n")
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
    frame = pd.DataFrame({name: _valid_unicode(column) for name, column in table.frame.reset_index(drop=True).items()})
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
    withheld = table.format in _FORMATS_OF_LINES and any(map(_is_personal, frame.columns))
    quarantine = table.quarantine.assign(raw=WITHHELD) if withheld else table.quarantine
    quarantine = pd.concat([quarantine, more]) if len(more) else quarantine
    quarantine = quarantine.sort_values("source_line", kind="stable").reset_index(drop=True)
    quarantine = quarantine.assign(raw=pd.Series(_masked_pieces(quarantine["raw"].tolist()), dtype=object))
    kept = frame.assign(feedback_id=ids)[~aside].reset_index(drop=True)
    return Intake(kept, table.lines[~aside], quarantine)


def _is_personal(name: str) -> bool:
    return name in COLUMN_KINDS or any(words.search(str(name)) for _, words in HEADER_WORDS)


def _masked_pieces(texts: list[str]) -> list[str]:
    """The first ``RAW_LENGTH`` characters of each text, masked; what the reader or this cut in two is left out."""
    return [text[:RAW_LENGTH] if len(text) != RAW_LENGTH else _CUT_OFF.sub("", text) for text in mask_texts(texts)]


def _valid_unicode(column: pd.Series) -> pd.Series:
    """The column with U+FFFD for each lone surrogate: JSON can spell them, no file and no Arrow string can hold them."""
    if column.dtype != object:
        return column
    try:
        "".join(value for value in column if isinstance(value, str)).encode()
    except UnicodeEncodeError:
        cells = [drop_surrogates(value) if isinstance(value, str) else value for value in column]
        return pd.Series(cells, index=column.index, name=column.name, dtype=object)
    return column
