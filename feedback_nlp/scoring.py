"""Scores of files of any size, written to a file: read, scored and written part by part."""

import contextlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.batch.bundle import arrow_table
from feedback_nlp.batch.rows import Rows, quarantine_of, settle_rows
from feedback_nlp.batch.space import FolderSpace
from feedback_nlp.engines.local import LocalEngine
from feedback_nlp.errors import InputError
from feedback_nlp.intake import take_part
from feedback_nlp.io import atomic_path, read_parts, write_csv, write_jsonl
from feedback_nlp.io.table import Table
from feedback_nlp.ledger.identity import Names
from feedback_nlp.scorer.scorer import BatchScorer
from feedback_nlp.text.privacy import mask_texts

#: Kinds of files that can be written; checked before hours of scoring.
WRITABLE = (".csv", ".parquet", ".jsonl")


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores of the rows of a part, and those that were set aside; see `First`. scores: DataFrame (n,)."""

    names: Names
    lines: NDArray[np.int64]
    source: str
    originals: NDArray[np.object_]
    scores: pd.DataFrame
    quarantine: pd.DataFrame


def score_file(
    data: Any,
    out: Path,
    *,
    model: str | Path | None = None,
    abstain: bool = False,
    text_column: str | None = None,
    columns: Mapping[str, str] | None = None,
    strict: bool = False,
    encoding: str | None = None,
    n_jobs: int = 1,
) -> tuple[pd.DataFrame, int]:
    """Score the texts of a file, a folder or a URL, and write one row per feedback to ``out``: (source_file,) source_line, feedback_id,
    scores; in input order. n_jobs: processes, -1 for all cores.

    Returns the quarantine [source_line, reason, raw] and the number of rows written. The texts themselves are not written.
    Raises InputError, ModelError, and RowError if ``strict``.
    """
    path = Path(data) if isinstance(data, str | Path) else None
    if path is not None and out.exists() and path.exists() and out.samefile(path):
        raise InputError(f"{out}: the scores would replace the input; give another --out")
    if out.suffix.lower() not in WRITABLE:
        raise InputError(f"{out}: expected one of {', '.join(WRITABLE)}, got the suffix {out.suffix!r}")
    scorer = BatchScorer.load(model)
    parts = read_parts(data, text_column=text_column, columns=columns, strict=strict, encoding=encoding)
    with tempfile.TemporaryDirectory(prefix="feedback_nlp-") as folder:
        space, n_parts = FolderSpace(Path(folder)), 0
        for _ in LocalEngine(n_jobs).map(_score, enumerate(parts), (scorer, space, abstain, strict)):
            n_parts += 1
        rows = settle_rows(space, n_parts, Scored, strict=strict)
        _write(space, rows, out)
        return quarantine_of(space, rows, Scored), len(rows)


def _score(task: tuple[int, Table], shared: tuple[BatchScorer, FolderSpace, bool, bool]) -> None:
    scorer, space, abstain, strict = shared
    intake = take_part(task[1], strict=strict)
    scores = scorer.score(intake.texts, abstain=abstain)
    originals = np.array(mask_texts(intake.frame["text"].tolist()), dtype=object)
    space.put(task[0], Scored(intake.names, intake.lines, task[1].source, originals, scores, intake.quarantine))


def _write(space: FolderSpace, rows: Rows, out: Path) -> None:
    """The scores of all rows that stay into one file, part by part."""
    import pyarrow.parquet as pq

    if out.suffix.lower() != ".parquet":
        with atomic_path(out) as temporary, temporary.open("wb") as file:
            for number in range(rows.n_parts):
                table = _table(space, rows, number)
                if out.suffix.lower() == ".csv":
                    write_csv(table, file, header=not number)
                else:
                    write_jsonl(table, file)
        return
    with atomic_path(out) as temporary, contextlib.ExitStack() as stack:
        writer = None
        for number in range(rows.n_parts):
            table = arrow_table(_table(space, rows, number))
            writer = writer or stack.enter_context(pq.ParquetWriter(temporary, table.schema))
            writer.write_table(table)


def _table(space: FolderSpace, rows: Rows, number: int) -> pd.DataFrame:
    part = space.get(Scored, number)
    # Text in a part without rows too: all parts of a Parquet file have the same types.
    source = {"source_file": pd.Series([part.source] * len(part.lines), dtype="str")} if part.source else {}
    names = pd.Series(rows.names(number, part.names.names), dtype="str")
    table = pd.concat([pd.DataFrame({**source, "source_line": part.lines, "feedback_id": names}), part.scores], axis=1)
    again, _ = rows.again(number)
    return table.drop(index=again) if len(again) else table
