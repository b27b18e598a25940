"""An evaluation as files: a page and tables for people, figures for programs."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from feedback_nlp.errors import InputError
from feedback_nlp.evaluate.page import render
from feedback_nlp.io import atomic_path, write_csv, write_json
from feedback_nlp.train.given import HEAD_NAMES, label_name

if TYPE_CHECKING:
    from feedback_nlp.evaluate.report import Evaluation

PAGE, ERRORS, SUGGESTIONS, METRICS = "evaluation.html", "errors.csv", "suggestions.csv", "metrics.json"

#: Headers of the tables for people.
HEADERS = {
    **{
        "head": "任务",
        "row": "位置",
        "text": "问题描述",
        "truth": "人工标注",
        "chosen": "模型判断",
        "confidence": "置信度",
        "phrases": "依据",
    },
    **{"given": "人工标注", "suggested": "建议标注", "quality": "标注可信度"},
}


def check_folder(folder: Path, sources: Sequence[Path] = ()) -> None:
    """Raise InputError where saving into ``folder`` would replace one of the sources or figures that are not ours."""
    try:
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder}: expected a folder, got a file; give another --out")
        for source in sources:
            if source.resolve().parent == folder.resolve() and source.name in (PAGE, ERRORS, SUGGESTIONS, METRICS):
                raise InputError(f"{source}: the results in {folder} would replace the input; give another --out")
        metrics = folder / METRICS
        if metrics.is_file() and '"signature"' not in metrics.read_text(encoding="utf-8", errors="replace"):
            raise InputError(f"{metrics} was not written by feedback_nlp and would be replaced; give another --out")
    except OSError as error:
        raise InputError(f"{folder}: expected a folder that can be written ({error.strerror}); give another --out") from error


def save_evaluation(evaluation: "Evaluation", folder: Path, *, bom: bool) -> Path:
    """Write the files, see ``Evaluation.save``. Equal evaluations give equal bytes."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        check_folder(folder)
        # Old figures would vouch for files that are about to change, and old suggestions would stand beside another model's errors.
        for name in (METRICS, SUGGESTIONS):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: expected a folder that can be written ({error.strerror}); give another --out") from error
    page = render(evaluation)
    with atomic_path(folder / PAGE) as temporary:
        temporary.write_text(page, encoding="utf-8", errors="replace", newline="\n")
    tables = {ERRORS: evaluation.errors, SUGGESTIONS: evaluation.suggestions}
    for name, table in tables.items():
        if table is not None:
            write_csv(named(table), folder / name, headers=HEADERS, bom=bom)
    names = [PAGE, *(name for name, table in tables.items() if table is not None)]
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    figures = {name: getattr(evaluation, name).to_dict("records") for name in ("heads", "classes", "confusion", "reliability")}
    write_json({"signature": evaluation.signature, "rows": evaluation.rows, **figures, "files": files}, folder / METRICS)
    return folder


def named(table: pd.DataFrame) -> pd.DataFrame:
    """The table with Chinese names of heads and labels, figures to four decimals."""
    labels = [name for name in ("truth", "chosen", "given", "suggested") if name in table]
    pairs = {
        name: pd.Series([label_name(head, label) for head, label in zip(table["head"], table[name], strict=True)], dtype=object)
        for name in labels
    }
    heads = pd.Series([HEAD_NAMES[head] for head in table["head"]], dtype=object)
    return table.reset_index(drop=True).assign(head=heads, **pairs).round(4)
