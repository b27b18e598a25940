"""The command ``evaluate``: files in, tables on the terminal and files out."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from feedback_nlp.evaluate.files import mark_trained, read_label_files
from feedback_nlp.evaluate.report import evaluate
from feedback_nlp.evaluate.saving import check_folder
from feedback_nlp.evaluate.show import print_evaluation
from feedback_nlp.evaluate.suggest import load_cleanlab
from feedback_nlp.scorer.model import BUNDLED, bundled_models, read_manifest
from feedback_nlp.scorer.scorer import BatchScorer


def evaluate_files(
    paths: Sequence[Path],
    *,
    out: str | None,
    model: str | None,
    heads: Sequence[str],
    suggest: bool,
    bom: bool,
    text_column: str | None,
    columns: Mapping[str, str],
    strict: bool,
    encoding: str | None,
) -> None:
    """Evaluate a model on labelled files, show the figures, and save them where ``out`` names a folder.

    heads: only these, all that have labels where none is named. Other arguments: see ``evaluate`` and ``read_label_files``.
    Raises InputError, RowError if ``strict``, ModelError, MissingExtraError.
    """
    folder = Path(out) if out is not None else None
    if folder is not None:
        check_folder(folder, paths)
    if suggest:
        load_cleanlab()
    scorer = BatchScorer.load(model)
    wanted = tuple(heads) or None
    files = read_label_files(paths, heads=wanted, text_column=text_column, columns=columns, strict=strict, encoding=encoding)
    sources = mark_trained(files.sources, read_manifest(Path(model) if model is not None else bundled_models() / BUNDLED))
    evaluation = evaluate(files.frame, scorer=scorer, heads=wanted, suggest=suggest, sources=sources)
    if folder is not None:
        evaluation.save(folder, bom=bom)
    print_evaluation(evaluation, files.quarantine, folder)
