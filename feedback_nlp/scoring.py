"""Scores of a file's texts, written to a file."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from feedback_nlp.errors import InputError
from feedback_nlp.intake import take_in
from feedback_nlp.io import write_table
from feedback_nlp.scorer.scorer import BatchScorer

#: What ``io.write_table`` can write; checked before hours of scoring.
WRITABLE = (".csv", ".parquet", ".jsonl")


def score_file(
    path: Path,
    out: Path,
    *,
    model: str | Path | None = None,
    abstain: bool = False,
    text_column: str | None = None,
    columns: Mapping[str, str] | None = None,
    strict: bool = False,
    encoding: str | None = None,
) -> tuple[pd.DataFrame, int]:
    """Score the texts of ``path`` and write one row per feedback to ``out``: source_line, feedback_id, scores; in input order.

    Returns the quarantine [source_line, reason, raw] and the number of rows written. The texts themselves are not written.
    Raises InputError, ModelError, and RowError if ``strict``.
    """
    if out.exists() and path.exists() and out.samefile(path):
        raise InputError(f"{out}: the scores would replace the input; give another --out")
    if out.suffix.lower() not in WRITABLE:
        raise InputError(f"{out}: expected one of {', '.join(WRITABLE)}, got the suffix {out.suffix!r}")
    scorer = BatchScorer.load(model)
    intake = take_in(path, text_column=text_column, columns=columns, strict=strict, encoding=encoding)
    scores = scorer.score(intake.texts, abstain=abstain)
    first = pd.DataFrame({"source_line": intake.lines, "feedback_id": intake.frame["feedback_id"].to_numpy(dtype=object)})
    write_table(pd.concat([first, scores], axis=1), out)
    return intake.quarantine, len(scores)
