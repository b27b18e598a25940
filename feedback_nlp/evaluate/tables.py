"""Figures of readings as tables: one row per head, class, cell of a confusion matrix, or bin of confidence."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from feedback_nlp.evaluate.metrics import (
    BINS,
    calibration_error,
    cell_patterns,
    confusion,
    f1_intervals,
    flag_patterns,
    mean_known,
    reliability,
    shares,
    top_recall,
    weighted_kappa,
    wilson_intervals,
)
from feedback_nlp.evaluate.readings import Reading
from feedback_nlp.scorer.model import HEADS
from feedback_nlp.train.given import CLASS_NAMES, HEAD_NAMES
from feedback_nlp.vocabulary import URGENCY_CODES

#: Heads whose classes have an order.
ORDERED = ("sentiment", "urgency")
MOST_URGENT = URGENCY_CODES.index("high")

_RATE = ("{0}", "{0}_low", "{0}_high")
HEAD_COLUMNS = (
    *("head", "name", "rows", "left_out"),
    *("accuracy", "accuracy_low", "accuracy_high", "macro_f1", "macro_f1_low", "macro_f1_high"),
    *("calibration_error", "kappa", "largest_class", "top_recall", "top_recall_possible"),
)
CLASS_COLUMNS = (
    *("head", "label", "name", "support", "chosen", "hits"),
    *(part.format(figure) for figure in ("precision", "recall", "f1") for part in _RATE),
)
CONFUSION_COLUMNS = ("head", "truth", "chosen", "rows")
RELIABILITY_COLUMNS = ("head", "low", "high", "decisions", "confidence", "accuracy")


def head_table(readings: Sequence[Reading], n_rows: int) -> pd.DataFrame:
    """One row per head, columns ``HEAD_COLUMNS``; n_rows: of the whole table, labelled or not.

    accuracy: share of rows whose classes are all as labelled. macro_f1: mean F1 of the classes that are true or chosen somewhere.
    kappa: quadratic weights, only of ordered heads. largest_class: the accuracy of always saying the most frequent label.
    top_recall: share of the highly urgent within the tenth of rows with the highest probability of it; top_recall_possible: the most there
    can be.
    """
    return pd.DataFrame([_head_row(reading, n_rows) for reading in readings], columns=list(HEAD_COLUMNS))


def class_table(readings: Sequence[Reading]) -> pd.DataFrame:
    """One row per class or flag, columns ``CLASS_COLUMNS``; support: labelled so, chosen: chosen by the model, hits: both."""
    return pd.DataFrame([row for reading in readings for row in _class_rows(reading)], columns=list(CLASS_COLUMNS))


def confusion_table(readings: Sequence[Reading]) -> pd.DataFrame:
    """One row per pair of truth and choice, columns ``CONFUSION_COLUMNS``; flags have no such pairs, only the counts of ``class_table``."""
    rows = []
    for reading in readings:
        labels = HEADS[reading.head]
        if reading.exclusive:
            counts = _confusion(reading)
            rows += [(reading.head, true, chosen, int(counts[i, j])) for i, true in enumerate(labels) for j, chosen in enumerate(labels)]
    return pd.DataFrame(rows, columns=list(CONFUSION_COLUMNS))


def reliability_table(readings: Sequence[Reading]) -> pd.DataFrame:
    """One row per bin of confidence, columns ``RELIABILITY_COLUMNS``; a decision is a row of the table, or a flag of it."""
    edges = np.arange(BINS + 1) / BINS
    parts = []
    for reading in readings:
        found = reliability(reading.confidence, reading.right)
        values = (reading.head, edges[:-1], edges[1:], *found)
        parts.append(pd.DataFrame(dict(zip(RELIABILITY_COLUMNS, values, strict=True))))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(RELIABILITY_COLUMNS))


def _confusion(reading: Reading) -> Any:
    return confusion(reading.truth.argmax(axis=1), reading.chosen.argmax(axis=1), len(HEADS[reading.head]))


def _f1_intervals(reading: Reading) -> Any:
    return f1_intervals(cell_patterns(_confusion(reading)) if reading.exclusive else flag_patterns(reading.truth, reading.chosen))


def _counts(reading: Reading) -> tuple[Any, Any, Any]:
    """Labelled, chosen, both: int64 (classes,) each."""
    truth, chosen = reading.truth, reading.chosen
    return truth.sum(axis=0), chosen.sum(axis=0), (truth & chosen).sum(axis=0)


def _head_row(reading: Reading, n_rows: int) -> tuple[Any, ...]:
    head, rows = reading.head, len(reading.rows)
    support, chosen, hits = _counts(reading)
    whole_right = (reading.truth == reading.chosen).all(axis=1).sum()
    accuracy = float(shares(whole_right, np.asarray(rows)))
    accuracy_interval = wilson_intervals(np.array([whole_right]), np.array([rows]))[:, 0]
    true, said = reading.truth.argmax(axis=1), reading.chosen.argmax(axis=1)
    kappa = weighted_kappa(true, said, len(support)) if head in ORDERED and rows else math.nan
    top = (math.nan, math.nan)
    if head == "urgency" and rows:
        top = top_recall(reading.probabilities[:, MOST_URGENT], reading.truth[:, MOST_URGENT])
    figures = [accuracy, *accuracy_interval, float(mean_known(shares(2 * hits, support + chosen))), *_f1_intervals(reading)[0]]
    largest = shares(support.max() if reading.exclusive else (~reading.truth.any(axis=1)).sum(), np.asarray(rows))
    figures += [calibration_error(reading.confidence, reading.right), kappa, float(largest), *top]
    return (head, HEAD_NAMES[head], rows, n_rows - rows, *figures)


def _class_rows(reading: Reading) -> list[tuple[Any, ...]]:
    support, chosen, hits = _counts(reading)
    precision, recall = wilson_intervals(hits, chosen), wilson_intervals(hits, support)
    f1_interval = _f1_intervals(reading)[1]
    figures = np.stack(
        [shares(hits, chosen), *precision, shares(hits, support), *recall, shares(2 * hits, support + chosen), *f1_interval], axis=1
    )
    names = CLASS_NAMES[reading.head]
    counts = zip(support.tolist(), chosen.tolist(), hits.tolist(), strict=True)
    return [(reading.head, label, names[label], *count, *row) for label, count, row in zip(names, counts, figures.tolist(), strict=True)]
