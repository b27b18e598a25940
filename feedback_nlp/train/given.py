"""A user's own labels: found under their headers, read as codes or Chinese names, turned into arrays."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.errors import InputError, did_you_mean
from feedback_nlp.io import Table, map_columns, read_table
from feedback_nlp.io.columns import fold
from feedback_nlp.io.texts import is_missing
from feedback_nlp.scorer.model import HEADS
from feedback_nlp.scorer.scorer import as_texts
from feedback_nlp.text.privacy import mask_texts
from feedback_nlp.vocabulary import RISKS, SENTIMENTS, TYPES, URGENCIES

#: Head -> Chinese name.
HEAD_NAMES = {"type": "反馈类型", "sentiment": "情感", "urgency": "紧急程度", "risk": "风险"}

#: Head -> its classes with their Chinese names, in the order of ``HEADS``.
CLASS_NAMES: dict[str, dict[str, str]] = {
    "type": TYPES,
    "sentiment": {str(level): name for level, name in SENTIMENTS.items()},
    "urgency": URGENCIES,
    "risk": RISKS,
}

#: The head of which a row may have several classes, or none: an empty cell says none there, not that nobody looked.
FLAGS = "risk"

#: Other headers a ledger or a person gives the labels.
_HEADERS = {"type": ("类型", "类型代码"), "sentiment": ("情感等级",), "urgency": ("紧急程度代码",), "risk": ()}
_NO_FLAG = ("无", "none")
_SEPARATORS = str.maketrans(dict.fromkeys("，、;；|/", ","))

#: The longest cell that an error shows if it is no label, and how many of them.
_SHOWN_LENGTH = 12
_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Labelled:
    """n texts with what people say of them.

    texts: n strings. names: n names of rows, from the index of the table.
    truth: head -> bool (n, classes), one true class per labelled row, or any number of flags.
    known: head -> bool (n,), rows that have a label. Heads without a column are in neither.
    """

    texts: list[str]
    names: list[str]
    truth: dict[str, NDArray[np.bool_]]
    known: dict[str, NDArray[np.bool_]]


def take_labels(frame: pd.DataFrame, *, heads: Sequence[str] | None = None) -> Labelled:
    """Find texts and labels in a table.

    frame: a column ``text`` and at least one of type, sentiment, urgency, risk, each under its own or a Chinese header. Labels are codes or
    Chinese names; risk holds any number of them, separated by commas. An empty cell is no label, and in risk no flag.
    heads: only these; all that have a column by default. Raises InputError with all labels that do not exist.
    """
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"labels: expected a DataFrame with the columns text and {', '.join(HEADS)}, got {type(frame).__name__}")
    frame = map_columns(frame)
    columns = _head_columns([str(name) for name in frame.columns], heads)
    names = [str(name) for name in frame.index.tolist()]
    truth, known, problems = {}, {}, []
    for head, column in columns.items():
        truth[head], known[head], unknown = _coded(frame[column].tolist(), head)
        problems += [_problem(head, value, [names[row] for row in rows]) for value, rows in list(unknown.items())[:_SHOWN]]
        problems += [f"{head}: and {len(unknown) - _SHOWN} more"] if len(unknown) > _SHOWN else []
    if problems:
        expected = "; ".join(f"{head}: {_listed(head)}" for head in columns if any(problem.startswith(f"{head}:") for problem in problems))
        raise InputError(f"{'; '.join(problems)}; expected {expected}")
    return Labelled(as_texts(frame["text"]), names, truth, known)


def read_label_table(
    path: Path,
    *,
    text_column: str | None = None,
    columns: Mapping[str, str] | None = None,
    strict: bool = False,
    encoding: str | None = None,
) -> Table:
    """One file of labels, of any format ``io.read_table`` knows.

    text_column: header of the texts. columns: other headers -> text, type, sentiment, urgency, risk, or the Chinese name of one.
    Raises InputError where it cannot be read or a header is not there, RowError at the first bad row if ``strict``.
    """
    given = columns or {}
    text = {header: target for header, target in given.items() if target == "text"}
    table = read_table(path, text_column=text_column, columns=text, strict=strict, encoding=encoding)
    try:
        frame = rename_columns(table.frame, {header: target for header, target in given.items() if target != "text"})
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    return replace(table, frame=frame)


def rename_columns(frame: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """The frame with columns named as the caller says; a named column takes the place of others that look like the same head's.

    columns: header -> type, sentiment, urgency, risk, or the Chinese name of one. Raises InputError for a header or a name not there.
    """
    targets = {head: head for head in HEADS} | {name: head for head, name in HEAD_NAMES.items()}
    headers = [str(name) for name in frame.columns]
    for header, target in columns.items():
        if target not in targets:
            raise InputError(f"columns: expected text or one of {', '.join(targets)}, got {target!r}{did_you_mean(target, targets)}")
        if header not in headers:
            raise InputError(f"columns: there is no column {header!r}{did_you_mean(header, headers)}")
    heads = {header: targets[target] for header, target in columns.items()}
    others = {other for head in heads.values() for other in headers_of(head, headers)} - set(heads)
    return frame.drop(columns=list(others)).rename(columns=heads)


def headers_of(head: str, headers: Sequence[str]) -> list[str]:
    """The headers under which labels of a head may stand."""
    known = {fold(name) for name in (head, HEAD_NAMES[head], *_HEADERS[head])}
    return [header for header in headers if fold(header) in known]


def check_heads(heads: Sequence[str]) -> None:
    """Raise InputError for a head that does not exist."""
    for head in heads:
        if head not in HEADS:
            raise InputError(f"unknown head {head!r}{did_you_mean(head, HEADS)}; expected one of {', '.join(HEADS)}")


def label_name(head: str, label: str) -> str:
    """The Chinese name of a label; of a flag that does not hold, 无."""
    return _NO_FLAG[0] if head == FLAGS and not label else CLASS_NAMES[head][label]


def _head_columns(headers: list[str], wanted: Sequence[str] | None) -> dict[str, str]:
    """Head -> header of its labels, in the order of ``HEADS``."""
    check_heads(wanted or ())
    found: dict[str, str] = {}
    for head in HEADS if wanted is None else [head for head in HEADS if head in wanted]:
        matches = headers_of(head, headers)
        if len(matches) > 1:
            raise InputError(f"{head}: expected one column of labels, got {', '.join(matches)}; keep the one that people have checked")
        if matches:
            found[head] = matches[0]
        elif wanted is not None:
            raise InputError(f"{head}: there is no column of labels named {head} or {HEAD_NAMES[head]}{did_you_mean(head, headers)}")
    if not found:
        expected = ", ".join(f"{head} ({name})" for head, name in HEAD_NAMES.items())
        near = next((hint for head in HEADS if (hint := did_you_mean(head, headers))), "")
        raise InputError(f"expected a column of labels, at least one of {expected}, got none among {len(headers)} columns{near}")
    return found


def _coded(cells: list[Any], head: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_], dict[str, list[int]]]:
    """Classes bool (n, k) and known rows bool (n,) of a column, and the values that are no label with their rows."""
    codes = {_folded(word): number for number, pair in enumerate(CLASS_NAMES[head].items()) for word in pair}
    truth = np.zeros((len(cells), len(HEADS[head])), dtype=bool)
    known = np.zeros(len(cells), dtype=bool)
    unknown: dict[str, list[int]] = {}
    for row, cell in enumerate(cells):
        words = _words(cell, head)
        known[row] = bool(words) or head == FLAGS
        for word in words:
            number = codes.get(_folded(word), codes.get(_folded(word).removesuffix("风险") if head == FLAGS else ""))
            if number is None:
                unknown.setdefault(word, []).append(row)
            else:
                truth[row, number] = True
    return truth, known, unknown


def _words(cell: Any, head: str) -> list[str]:
    """The labels in one cell."""
    if is_missing(cell):
        return []
    if head == FLAGS:
        words = [word.strip() for word in unicodedata.normalize("NFKC", str(cell)).translate(_SEPARATORS).split(",")]
        return [word for word in words if word and _folded(word) not in _NO_FLAG]
    # Tables store 1 as 1, 1.0, "1.0" or "+1".
    text = str(cell).strip().removesuffix(".0").removeprefix("+")
    return [text] if text else []


def _folded(word: str) -> str:
    return unicodedata.normalize("NFKC", word).strip().lower()


def _problem(head: str, value: str, rows: list[str]) -> str:
    # A long cell is more likely a customer's text under a wrong header.
    shown = repr(mask_texts([value])[0]) if len(value) <= _SHOWN_LENGTH else f"a cell of {len(value)} characters"
    words = [word for pair in CLASS_NAMES[head].items() for word in pair]
    where = f"row {rows[0]}" + (f" and {len(rows) - 1} more" if len(rows) > 1 else "")
    return f"{head}: {shown} ({where}) is no label{did_you_mean(value, words)}"


def _listed(head: str) -> str:
    return ", ".join(f"{code} ({name})" for code, name in CLASS_NAMES[head].items())
