"""Labelled tables: reading, checking, and the split by text hash."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.text.clean import clean
from feedback_nlp.vocabulary import RISK_CODES, SENTIMENT_LEVELS, TYPE_CODES, URGENCY_CODES

#: Columns of a table with all heads; ``risk`` holds comma-separated flags and may be empty.
HEAD_COLUMNS = ("type", "sentiment", "urgency", "risk")

#: Share of polarity texts kept out of training, for ``benchmarks.accuracy``.
HOLDOUT = 0.1


@dataclass(frozen=True)
class Source:
    """Where labels came from: file name, SHA-256 of the file, rows read from it, and "heads", "polarity" or "excluded"."""

    file: str
    sha256: str
    rows: int
    labels: str


@dataclass(frozen=True)
class Labels:
    """heads: DataFrame [text, type, sentiment, urgency, risk]; polarity: DataFrame [text, polarity] with polarity -1, 0 or 1."""

    heads: pd.DataFrame
    polarity: pd.DataFrame
    sources: tuple[Source, ...]


def text_fraction(texts: Sequence[str]) -> NDArray[np.float64]:
    """A number in [0, 1) for each text that depends on the text alone; splits made with it survive reordering and new rows."""
    digests = (hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).digest() for text in texts)
    return np.fromiter((int.from_bytes(d, "big") for d in digests), dtype=np.float64, count=len(texts)) / 2**32


def held_out(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Texts that no polarity training ever sees."""
    return text_fraction(texts) < HOLDOUT


def read_labels(paths: Iterable[str | Path], *, exclude: Iterable[str | Path] = ()) -> Labels:
    """Read Parquet or CSV tables. A table with ``type`` labels all heads, one with ``polarity`` (-1, 0, 1) labels polarity only.

    Polarity texts that also stand in a table of heads are left out, so that polarity is an independent feature there, and so are the
    held-out ones. exclude: tables whose texts are never trained on, whatever else they stand in (a development set); texts are compared
    after cleaning. Raises InputError with all problems of a table.
    """
    heads, polarity, sources = [], [], []
    unwanted: set[str] = set()
    for path in map(Path, exclude):
        texts = _read(path)["text"].tolist()
        unwanted.update(clean(texts).texts())
        sources.append(_source(path, len(texts), "excluded"))
    for path in map(Path, paths):
        frame = _read(path)
        if "type" in frame:
            heads.append(_checked_heads(frame, path))
            sources.append(_source(path, len(frame), "heads"))
        elif "polarity" in frame:
            checked = _checked_polarity(frame, path)
            polarity.append(checked[~held_out(checked["text"].tolist())])
            sources.append(_source(path, len(polarity[-1]), "polarity"))
        else:
            raise InputError(f"{path}: expected a column 'type' or 'polarity', got {', '.join(map(str, frame.columns))}")
    if not heads:
        raise InputError(f"no table with the columns text, {', '.join(HEAD_COLUMNS)} was given; the heads cannot be trained")
    all_heads = _without(pd.concat(heads, ignore_index=True), unwanted)
    empty = pd.DataFrame({"text": pd.Series(dtype=object), "polarity": pd.Series(dtype=np.int8)})
    all_polarity = pd.concat(polarity, ignore_index=True) if polarity else empty
    seen = unwanted | set(clean(all_heads["text"].tolist()).texts())
    return Labels(all_heads, _without(all_polarity, seen), tuple(sources))


def _source(path: Path, rows: int, labels: str) -> Source:
    return Source(path.name, hashlib.sha256(path.read_bytes()).hexdigest(), rows, labels)


def _without(frame: pd.DataFrame, texts: set[str]) -> pd.DataFrame:
    """The rows whose cleaned text is not among ``texts``."""
    cleaned = pd.Series(clean(frame["text"].tolist()).texts(), dtype=object)
    return frame[~cleaned.isin(texts).to_numpy()].reset_index(drop=True)


def _read(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(path) if path.suffix in (".parquet", ".pq") else pd.read_csv(path, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected a readable Parquet or CSV table of labels ({type(error).__name__}: {error})") from error
    if "text" not in frame:
        raise InputError(f"{path}: expected a column 'text', got {', '.join(map(str, frame.columns))}")
    return frame


def _checked_heads(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    missing = [column for column in HEAD_COLUMNS if column not in frame]
    if missing:
        raise InputError(f"{path}: expected columns text, {', '.join(HEAD_COLUMNS)}; missing: {', '.join(missing)}")
    result = frame[["text", *HEAD_COLUMNS]].reset_index(drop=True)
    result["risk"] = result["risk"].fillna("").astype(str)
    result["sentiment"] = result["sentiment"].astype(object).map(_whole_number)
    allowed = {"type": TYPE_CODES, "sentiment": SENTIMENT_LEVELS, "urgency": URGENCY_CODES}
    problems = _text_problems(result["text"])
    for column, values in allowed.items():
        unknown = sorted({str(value) for value in result.loc[~result[column].isin(values), column]})
        if unknown:
            problems.append(f"{column}: {', '.join(unknown[:5])} not among {', '.join(map(str, values))}")
    flags = {flag for value in result["risk"].unique() for flag in value.split(",") if flag}
    if flags - set(RISK_CODES):
        problems.append(f"risk: {', '.join(sorted(flags - set(RISK_CODES)))} not among {', '.join(RISK_CODES)}")
    if problems:
        raise InputError(f"{path}: " + "; ".join(problems))
    return result


def _text_problems(texts: pd.Series) -> list[str]:
    others = sum(not isinstance(text, str) for text in texts)
    return [f"text: {others} values are not strings"] if others else []


def _whole_number(value: object) -> object:
    """A whole number however the table stores it (1, 1.0, "1") as int; anything else as it is, to be reported."""
    try:
        number = float(value)  # type: ignore[arg-type]
        return int(number) if number.is_integer() else value
    except (TypeError, ValueError):
        return value


def _checked_polarity(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    result = frame[["text", "polarity"]].dropna().reset_index(drop=True)
    result["polarity"] = result["polarity"].astype(object).map(_whole_number)
    problems = _text_problems(result["text"])
    unknown = sorted({str(value) for value in result.loc[~result["polarity"].isin((-1, 0, 1)), "polarity"]})
    if unknown:
        problems.append(f"polarity: {', '.join(unknown[:5])} not among -1, 0, 1")
    if problems:
        raise InputError(f"{path}: " + "; ".join(problems))
    return result.astype({"polarity": np.int8})
