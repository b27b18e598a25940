"""``evaluate``: how well a model reads a user's own labelled table."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from feedback_nlp.errors import InputError
from feedback_nlp.evaluate.metrics import BINS, LEVEL, RESAMPLES, SEED, TOP_SHARE
from feedback_nlp.evaluate.mistakes import error_table
from feedback_nlp.evaluate.readings import read_with
from feedback_nlp.evaluate.saving import save_evaluation
from feedback_nlp.evaluate.suggest import load_cleanlab, suggestion_table
from feedback_nlp.evaluate.tables import class_table, confusion_table, head_table, reliability_table
from feedback_nlp.scorer.scorer import BatchScorer
from feedback_nlp.train.given import take_labels
from feedback_nlp.train.labels import Source

#: So many errors per head are kept and explained.
WORST = 50

_OPTIONS = {"bins": BINS, "level": LEVEL, "resamples": RESAMPLES, "seed": SEED, "top_share": TOP_SHARE}


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How well a model reads a labelled table.

    rows: of the table. heads: DataFrame, a row per head with its figures and their 95 % intervals.
    classes: a row per class or flag. confusion: a row per pair of truth and choice. reliability: a row per head and bin of confidence.
    errors: per head the wrong decisions with the highest confidence, and the phrases that led there; texts are cleaned and masked.
    suggestions: labels that are probably wrong, the least credible first; None where nobody asked.
    signature: model, version, options and sources: what produced these figures.

    Columns: ``evaluate.tables``, ``evaluate.mistakes``, ``evaluate.suggest``. A figure that does not exist, such as the recall of a class
    that no row has, is NaN.
    """

    rows: int
    heads: pd.DataFrame
    classes: pd.DataFrame
    confusion: pd.DataFrame
    reliability: pd.DataFrame
    errors: pd.DataFrame
    suggestions: pd.DataFrame | None
    signature: dict[str, Any]

    def __repr__(self) -> str:
        figures = ", ".join(f"{head} {value:.3f}" for head, value in zip(self.heads["head"], self.heads["macro_f1"], strict=True))
        return f"<Evaluation: {self.rows} rows, macro-F1 {figures}>"

    def save(self, folder: str | Path, *, bom: bool = False) -> Path:
        """Write evaluation.html, errors.csv, suggestions.csv where there are any, and last metrics.json into ``folder``, and return it.

        The folder is made if missing; ``bom``: CSV with a byte order mark, for Excel. Raises InputError where it cannot be written.
        """
        return save_evaluation(self, Path(folder), bom=bom)


def evaluate(
    labels: pd.DataFrame,
    *,
    scorer: BatchScorer | None = None,
    heads: Sequence[str] | None = None,
    suggest: bool = False,
    worst: int = WORST,
    sources: Sequence[Source] = (),
) -> Evaluation:
    """Compare what a model says about texts with what people say.

    labels: a column ``text`` and any of type, sentiment, urgency, risk, as codes or Chinese names; several risks with commas between.
    An empty cell is left out of its head and counted; in ``risk`` it says that there is none.
    scorer: the model; the bundled one by default. heads: only these; every head with a column by default.
    suggest: look for labels that are probably wrong, too. worst: at most so many errors per head. sources: files the table came from.
    The figures hold for texts the model was not trained on. They do not depend on the order of rows.
    Raises InputError for labels that do not exist or a table without any, MissingExtraError for ``suggest`` without cleanlab.
    """
    if worst < 0:
        raise InputError(f"worst: expected at least 0, got {worst}")
    if suggest:
        load_cleanlab()
    labelled = take_labels(labels, heads=heads)
    model = scorer or BatchScorer.load()
    readings = read_with(model, labelled)
    rows = len(labelled.texts)
    return Evaluation(
        rows=rows,
        heads=head_table(readings, rows),
        classes=class_table(readings),
        confusion=confusion_table(readings),
        reliability=reliability_table(readings),
        errors=error_table(readings, labelled, model, worst=worst),
        suggestions=suggestion_table(readings, labelled) if suggest else None,
        signature={
            "feedback_nlp": version("feedback_nlp"),
            "model": model.model.signature,
            "options": {**_OPTIONS, "worst": worst},
            "sources": [asdict(source) for source in sources],
        },
    )
