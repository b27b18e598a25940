"""Labelled tables: reading, checking, and the split by text hash."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.io import Table
from feedback_nlp.scorer.model import HEADS
from feedback_nlp.text.clean import clean
from feedback_nlp.train.given import FLAGS, headers_of, read_label_table, take_labels
from feedback_nlp.vocabulary import SENTIMENT_LEVELS, TYPE_CODES, URGENCY_CODES

#: The heads; ``risk`` holds comma-separated flags and may be empty.
HEAD_COLUMNS = tuple(HEADS)

#: Columns of a table of soft labels.
SOFT_COLUMNS = (
    *(f"type_{code}" for code in TYPE_CODES),
    *(f"sentiment_{level}" for level in SENTIMENT_LEVELS),
    *(f"urgency_{code}" for code in URGENCY_CODES),
)

#: Header of hashes in place of texts, see ``text_hash``.
HASH_COLUMN = "text_hash"

#: What ``read_labels`` looks hashes up in where no table has texts.
NO_TEXTS = pd.Series(dtype=object)

#: Share of polarity texts kept out of training, for ``benchmarks.accuracy``.
HOLDOUT = 0.1


@dataclass(frozen=True)
class Source:
    """Where labels came from: file name, SHA-256 of the file, rows read from it, and what it holds.

    labels: "heads", "heads by hash", "soft", "polarity", "texts" or "excluded".
    """

    file: str
    sha256: str
    rows: int
    labels: str


@dataclass(frozen=True)
class Labels:
    """What there is to learn from.

    heads: DataFrame [text, type, sentiment, urgency, risk, natural, source]; codes, None where nobody said one (in risk: where the table
    has no such column); natural: bool, part of a fair sample, whose class mix is that of real feedback; source: where the text came
    from, may be empty.
    polarity: DataFrame [text, polarity] with polarity -1, 0 or 1.
    soft: DataFrame [text, type_defect, ..., urgency_high], a teacher's probabilities.
    quarantine: [source_line, reason, raw], the rows of the files that cannot be used; ``source_line`` is ``file:line``.
    """

    heads: pd.DataFrame
    polarity: pd.DataFrame
    soft: pd.DataFrame
    sources: tuple[Source, ...]
    quarantine: pd.DataFrame


def text_fraction(texts: Sequence[str]) -> NDArray[np.float64]:
    """A number in [0, 1) for each text that depends on the text alone; splits made with it survive reordering and new rows."""
    digests = (hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).digest() for text in texts)
    return np.fromiter((int.from_bytes(d, "big") for d in digests), dtype=np.float64, count=len(texts)) / 2**32


def held_out(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Texts that no training from polarity or soft labels ever sees."""
    return text_fraction(texts) < HOLDOUT


def text_hash(texts: Sequence[str]) -> list[str]:
    """A name for each text that does not tell the text: 16 hexadecimal digits of BLAKE2b of its cleaned form."""
    return [hashlib.blake2b(text.encode("utf-8"), digest_size=8).hexdigest() for text in clean(texts).texts()]


def read_labels(
    paths: Iterable[str | Path],
    *,
    exclude: Iterable[str | Path] = (),
    text_column: str | None = None,
    columns: Mapping[str, str] | None = None,
    strict: bool = False,
    encoding: str | None = None,
) -> Labels:
    """Read tables as ``evaluate`` does, of any format and with Chinese or English headers; the columns say what a table holds.

    - any of ``type``, ``sentiment``, ``urgency``, ``risk``, as codes or Chinese names: readers' labels; an empty cell is no label, and in
      risk no flag. With ``text_hash`` in place of the text the texts are looked up in the other tables, and rows whose text is in none are
      left out. ``round`` that says ``random`` marks a fair sample; without that column all rows are one. ``source`` or a channel says
      where the text is from.
    - ``type_defect`` and so on: a teacher's probabilities (soft labels). ``polarity`` (-1, 0, 1): polarity only. A text alone: texts.

    A text counts once: the first of its readers' labels, else its first soft labels and its first polarity (which teach different heads).
    Held-out texts are left out everywhere but in readers' labels. exclude: tables of texts that are never trained on (a development
    set). Texts are compared after cleaning. Other arguments: see ``given.read_label_table``; they are for the tables of ``paths``.
    Raises InputError with all problems of a table, RowError at the first bad row if ``strict``.
    """
    unwanted: set[str] = set()
    sources, bad = [], []
    for path in map(Path, exclude):
        excluded = read_label_table(path)
        unwanted.update(clean(excluded.frame["text"].tolist()).texts())
        sources.append(_source(path, excluded.n_rows, "excluded"))
    found: dict[str, list[pd.DataFrame]] = {"heads": [], "heads by hash": [], "soft": [], "polarity": [], "texts": []}
    for path in map(Path, paths):
        kind, table = _read(path, text_column=text_column, columns=columns, strict=strict, encoding=encoding)
        found[kind].append(_CHECKS[kind](table.frame.set_axis(table.lines, axis="index"), path))
        sources.append(_source(path, table.n_rows, kind))
        bad.append(table.quarantine.assign(source_line=[f"{path.name}:{line}" for line in table.quarantine["source_line"]]))
    if found["heads by hash"]:
        texts = pd.concat([frame["text"] for kind, frames in found.items() if kind != "heads by hash" for frame in frames] or [NO_TEXTS])
        found["heads"] += [_looked_up(frame, texts) for frame in found["heads by hash"]]
    if not found["heads"]:
        raise InputError(
            f"no table with a text and labels of {', '.join(HEAD_COLUMNS)} was given; the heads cannot be trained; "
            "where the labels stand under other headers, name them (command line: --map HEADER=type)"
        )
    heads = _without(pd.concat(found["heads"], ignore_index=True), unwanted)
    seen = unwanted | set(clean(heads["text"].tolist()).texts())
    soft = _without(_unheld(found["soft"], SOFT_COLUMNS), seen)
    polarity = _without(_unheld(found["polarity"], ("polarity",)), seen)
    return Labels(heads, polarity, soft, tuple(sources), pd.concat(bad, ignore_index=True))


def _read(path: Path, **options: Any) -> tuple[str, Table]:
    """What a table holds, by its columns, and the table; hashes stand in the column of the texts."""
    try:
        table, by_hash = read_label_table(path, **options), False
    except InputError as error:
        try:
            table, by_hash = read_label_table(path, **{**options, "text_column": HASH_COLUMN}), True
        except InputError:
            raise error from None
    headers = [str(name) for name in table.frame.columns]
    if any(headers_of(head, headers) for head in HEAD_COLUMNS):
        return "heads by hash" if by_hash else "heads", table
    if by_hash:
        expected = f"labels beside {HASH_COLUMN}, at least one of {', '.join(HEAD_COLUMNS)}"
        raise InputError(f"{path}: expected {expected}; got {', '.join(headers)}")
    return "soft" if SOFT_COLUMNS[0] in headers else "polarity" if "polarity" in headers else "texts", table


def _looked_up(frame: pd.DataFrame, texts: pd.Series) -> pd.DataFrame:
    """Labels by hash with their texts; rows whose text is not at hand are left out."""
    known = dict(zip(text_hash(texts.tolist()), texts, strict=True))
    return frame.assign(text=frame["text"].map(known)).dropna(subset="text").reset_index(drop=True)


def _unheld(frames: list[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """The tables as one, without held-out texts; no rows where there is none."""
    empty = pd.DataFrame({"text": pd.Series(dtype=object), **{column: pd.Series(dtype=np.float32) for column in columns}})
    joined = pd.concat(frames, ignore_index=True) if frames else empty
    return joined[~held_out(joined["text"].tolist())].reset_index(drop=True)


def _source(path: Path, rows: int, labels: str) -> Source:
    return Source(path.name, hashlib.sha256(path.read_bytes()).hexdigest(), rows, labels)


def _without(frame: pd.DataFrame, texts: set[str]) -> pd.DataFrame:
    """The first row of each cleaned text that is not among ``texts``."""
    cleaned = pd.Series(clean(frame["text"].tolist()).texts(), dtype=object)
    return frame[~(cleaned.isin(texts) | cleaned.duplicated()).to_numpy()].reset_index(drop=True)


def _checked_heads(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    try:
        given = take_labels(frame)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    result: dict[str, Any] = {"text": given.texts}
    for head, classes in HEADS.items():
        if head not in given.truth:
            result[head] = None
        elif head == FLAGS:
            result[head] = [",".join(np.asarray(classes)[row]) for row in given.truth[head]]
        else:
            labels = np.asarray(SENTIMENT_LEVELS if head == "sentiment" else classes, dtype=object)
            result[head] = np.where(given.known[head], labels[given.truth[head].argmax(axis=1)], None)
    result["natural"] = frame["round"].isin(["random"]).to_numpy(bool) if "round" in frame else True
    origin = next((frame[name] for name in ("source", "channel") if name in frame), pd.Series("", frame.index))
    result["source"] = origin.astype(object).fillna("").astype(str).to_numpy()
    return pd.DataFrame(result).astype(dict.fromkeys(HEAD_COLUMNS, object))


def _checked_soft(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    missing = [column for column in SOFT_COLUMNS if column not in frame]
    if missing:
        raise InputError(f"{path}: expected probabilities of all classes; missing: {', '.join(missing)}")
    result = frame[["text", *SOFT_COLUMNS]].reset_index(drop=True)
    values = result[list(SOFT_COLUMNS)].apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise InputError(f"{path}: probabilities: expected numbers in 0..1 in every cell")
    return result[["text"]].join(pd.DataFrame(values.astype(np.float32), columns=list(SOFT_COLUMNS)))


def _checked_texts(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    return frame[["text"]]


def _whole_number(value: object) -> object:
    """A whole number however the table stores it (1, 1.0, "1") as int; anything else as it is, to be reported."""
    try:
        number = float(value)  # type: ignore[arg-type]
        return int(number) if number.is_integer() else value
    except (TypeError, ValueError):
        return value


def _checked_polarity(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    result = frame.loc[frame["text"] != "", ["text", "polarity"]].dropna().reset_index(drop=True)
    result["polarity"] = result["polarity"].astype(object).map(_whole_number)
    unknown = sorted({str(value) for value in result.loc[~result["polarity"].isin((-1, 0, 1)), "polarity"]})
    if unknown:
        raise InputError(f"{path}: polarity: {', '.join(unknown[:5])} not among -1, 0, 1")
    return result.astype({"polarity": np.int8})


_CHECKS: dict[str, Callable[[pd.DataFrame, Path], pd.DataFrame]] = {
    "heads": _checked_heads,
    "heads by hash": _checked_heads,
    "soft": _checked_soft,
    "polarity": _checked_polarity,
    "texts": _checked_texts,
}
