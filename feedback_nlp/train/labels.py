"""Labelled tables: reading, checking, and the split by text hash."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
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

#: Columns of a table of soft labels.
SOFT_COLUMNS = (
    *(f"type_{code}" for code in TYPE_CODES),
    *(f"sentiment_{level}" for level in SENTIMENT_LEVELS),
    *(f"urgency_{code}" for code in URGENCY_CODES),
)

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

    heads: DataFrame [text, type, sentiment, urgency, risk, natural, source]; natural: bool, part of a fair sample, whose class mix is
    that of real feedback; source: where the text came from, may be empty.
    polarity: DataFrame [text, polarity] with polarity -1, 0 or 1.
    soft: DataFrame [text, type_defect, ..., urgency_high], a teacher's probabilities.
    """

    heads: pd.DataFrame
    polarity: pd.DataFrame
    soft: pd.DataFrame
    sources: tuple[Source, ...]


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


def read_labels(paths: Iterable[str | Path], *, exclude: Iterable[str | Path] = ()) -> Labels:
    """Read Parquet or CSV tables; the columns say what a table holds.

    - ``type`` (with sentiment, urgency, risk): readers' labels of all heads. With ``text_hash`` in place of ``text`` the texts are
      looked up in the other tables, and rows whose text is in none are left out. ``round`` that says ``random`` marks a fair sample;
      without that column all rows are one. ``source`` says where the text is from.
    - ``type_defect`` and so on: a teacher's probabilities (soft labels). ``polarity`` (-1, 0, 1): polarity only. ``text`` alone: texts.

    A text counts once: the first of its readers' labels, else its first soft labels and its first polarity (which teach different heads).
    Held-out texts are left out everywhere but in readers' labels. exclude: tables with a column ``text`` whose texts are never trained
    on (a development set). Texts are compared after cleaning.
    Raises InputError with all problems of a table.
    """
    unwanted: set[str] = set()
    sources = []
    for path in map(Path, exclude):
        texts = _checked_texts(_read(path), path)["text"].tolist()
        unwanted.update(clean(texts).texts())
        sources.append(_source(path, len(texts), "excluded"))
    tables = [(path, _read(path)) for path in map(Path, paths)]
    found: dict[str, list[pd.DataFrame]] = {"heads": [], "heads by hash": [], "soft": [], "polarity": [], "texts": []}
    for path, frame in tables:
        kind = _kind(frame, path)
        found[kind].append(_CHECKS[kind](frame, path))
        sources.append(_source(path, len(frame), kind))
    if found["heads by hash"]:
        texts = pd.concat([frame["text"] for kind, frames in found.items() if kind != "heads by hash" for frame in frames] or [NO_TEXTS])
        found["heads"] += [_looked_up(frame, texts) for frame in found["heads by hash"]]
    if not found["heads"]:
        raise InputError(f"no table with the columns text, {', '.join(HEAD_COLUMNS)} was given; the heads cannot be trained")
    heads = _without(pd.concat(found["heads"], ignore_index=True), unwanted)
    seen = unwanted | set(clean(heads["text"].tolist()).texts())
    soft = _without(_unheld(found["soft"], SOFT_COLUMNS), seen)
    polarity = _without(_unheld(found["polarity"], ("polarity",)), seen)
    return Labels(heads, polarity, soft, tuple(sources))


def _kind(frame: pd.DataFrame, path: Path) -> str:
    """What a table holds, by its columns."""
    if "type" in frame:
        return "heads" if "text" in frame else "heads by hash"
    if "text" not in frame:
        raise InputError(f"{path}: expected a column 'text', or 'type' beside 'text_hash', got {', '.join(map(str, frame.columns))}")
    return "soft" if "type_defect" in frame else "polarity" if "polarity" in frame else "texts"


def _looked_up(frame: pd.DataFrame, texts: pd.Series) -> pd.DataFrame:
    """Labels by hash with their texts; rows whose text is not at hand are left out."""
    known = dict(zip(text_hash(texts.tolist()), texts, strict=True))
    result = frame.assign(text=frame["text_hash"].map(known))
    return result.dropna(subset="text").drop(columns="text_hash").reset_index(drop=True)


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


def _read(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(path) if path.suffix in (".parquet", ".pq") else pd.read_csv(path, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected a readable Parquet or CSV table of labels ({type(error).__name__}: {error})") from error
    if "text" not in frame and "text_hash" not in frame:
        raise InputError(f"{path}: expected a column 'text', got {', '.join(map(str, frame.columns))}")
    return frame


def _checked_heads(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    missing = [column for column in HEAD_COLUMNS if column not in frame]
    if missing:
        raise InputError(f"{path}: expected columns text, {', '.join(HEAD_COLUMNS)}; missing: {', '.join(missing)}")
    name = "text" if "text" in frame else "text_hash"
    result = frame[[name, *HEAD_COLUMNS]].reset_index(drop=True)
    result["natural"] = frame["round"].isin(["random"]).to_numpy(bool) if "round" in frame else True
    result["source"] = frame["source"].astype(object).fillna("").astype(str).to_numpy() if "source" in frame else ""
    result["risk"] = result["risk"].fillna("").astype(str)
    result["sentiment"] = result["sentiment"].astype(object).map(_whole_number)
    allowed = {"type": TYPE_CODES, "sentiment": SENTIMENT_LEVELS, "urgency": URGENCY_CODES}
    problems = _text_problems(result[name])
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


def _checked_soft(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    missing = [column for column in SOFT_COLUMNS if column not in frame]
    if missing:
        raise InputError(f"{path}: expected probabilities of all classes; missing: {', '.join(missing)}")
    result = frame[["text", *SOFT_COLUMNS]].reset_index(drop=True)
    problems = _text_problems(result["text"])
    values = result[list(SOFT_COLUMNS)].apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        problems.append("probabilities: expected numbers in 0..1 in every cell")
    if problems:
        raise InputError(f"{path}: " + "; ".join(problems))
    return result.astype(dict.fromkeys(SOFT_COLUMNS, np.float32))


def _checked_texts(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    if "text" not in frame:
        raise InputError(f"{path}: expected a column 'text', got {', '.join(map(str, frame.columns))}")
    problems = _text_problems(frame["text"])
    if problems:
        raise InputError(f"{path}: " + "; ".join(problems))
    return frame[["text"]]


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


_CHECKS: dict[str, Callable[[pd.DataFrame, Path], pd.DataFrame]] = {
    "heads": _checked_heads,
    "heads by hash": _checked_heads,
    "soft": _checked_soft,
    "polarity": _checked_polarity,
    "texts": _checked_texts,
}
