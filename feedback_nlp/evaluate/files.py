"""Labelled tables from files, joined, each row named by its file and line."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from feedback_nlp.errors import InputError
from feedback_nlp.train.given import FLAGS, headers_of, read_label_table
from feedback_nlp.train.labels import Source

#: What a source is to the model: a table it may not know, or one that its training read.
EVALUATED = "evaluated"
TRAINED_ON = "trained on"


@dataclass(frozen=True, eq=False)
class LabelFiles:
    """frame: the rows of all files, indexed by their line, with several files by ``file:line``. sources: what they came from.

    quarantine: [source_line, reason, raw], the rows that cannot be used.
    """

    frame: pd.DataFrame
    sources: tuple[Source, ...]
    quarantine: pd.DataFrame


def read_label_files(
    paths: Sequence[str | Path],
    *,
    heads: Sequence[str] | None = None,
    text_column: str | None = None,
    columns: Mapping[str, str] | None = None,
    strict: bool = False,
    encoding: str | None = None,
) -> LabelFiles:
    """Read tables of any format ``io.read_table`` knows.

    heads: only these matter. text_column: header of the texts. columns: other headers -> text, type, sentiment, urgency, risk.
    Raises InputError where a file cannot be read, RowError at the first bad row if ``strict``.
    """
    files = [Path(path) for path in paths]
    frames, quarantines, sources = {}, [], []
    for path in files:
        table = read_label_table(path, text_column=text_column, columns=columns, strict=strict, encoding=encoding)
        name = _row_prefix(path, files)
        frames[path] = table.frame.set_axis([f"{name}{line}" for line in table.lines.tolist()], axis="index")
        quarantines.append(table.quarantine.assign(source_line=[f"{name}{line}" for line in table.quarantine["source_line"]]))
        sources.append(Source(path.name, hashlib.sha256(path.read_bytes()).hexdigest(), table.n_rows, EVALUATED))
    if heads is None or FLAGS in heads:
        _check_flags(frames)
    return LabelFiles(pd.concat(frames.values()), tuple(sources), pd.concat(quarantines, ignore_index=True))


def mark_trained(sources: Sequence[Source], manifest: Mapping[str, Any]) -> tuple[Source, ...]:
    """The sources, those with the checksum of a table the model was trained on marked; manifest: of the model."""
    # No format says what stands under "training"; a manifest that was made elsewhere may hold anything there.
    training = manifest.get("training")
    tables = training.get("sources") if isinstance(training, dict) else None
    entries = [entry for entry in tables if isinstance(entry, dict)] if isinstance(tables, list) else []
    known = [entry.get("sha256") for entry in entries if entry.get("labels") != "excluded"]
    return tuple(replace(source, labels=TRAINED_ON) if source.sha256 in known else source for source in sources)


def _row_prefix(path: Path, files: Sequence[Path]) -> str:
    """What tells the rows of one file from those of the others."""
    if len(files) == 1:
        return ""
    return f"{path.name if [file.name for file in files].count(path.name) == 1 else path}:"


def _check_flags(frames: Mapping[Path, pd.DataFrame]) -> None:
    """Joined with others, a table without the column would seem to say that no row has a flag."""
    has = {path: bool(headers_of(FLAGS, [str(name) for name in frame.columns])) for path, frame in frames.items()}
    without = [str(path) for path, found in has.items() if not found]
    if without and any(has.values()):
        raise InputError(
            f"{', '.join(without)}: expected a column {FLAGS} as in the other tables; add it, or evaluate the tables one by one"
        )
