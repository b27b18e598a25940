"""An evaluation as one HTML page that needs nothing else: no network, no scripts, no fonts of its own."""

import math
import re
from collections.abc import Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any

import pandas as pd

from feedback_nlp.evaluate.files import TRAINED_ON
from feedback_nlp.evaluate.metrics import BINS, RESAMPLES
from feedback_nlp.train.given import CLASS_NAMES, FLAGS, HEAD_NAMES, label_name

if TYPE_CHECKING:
    from feedback_nlp.evaluate.report import Evaluation

TEMPLATE = "data/evaluation.html.jinja"

#: What the page shows of a long list or text; the CSV files have all of it.
SHOWN_ROWS = 20
SHOWN_LENGTH = 240

#: Side of the square in which reliability is drawn, its margin, and the largest dot, in units of the drawing.
SIDE = 240
MARGIN = 44
DOT = 11


def render(evaluation: "Evaluation") -> str:
    """The page as a string of HTML; every text in it is escaped."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(percent=percent, number=number, cut=cut)
    source = resources.files("feedback_nlp").joinpath(TEMPLATE).read_text(encoding="utf-8")
    heads = [_head_view(evaluation, row) for row in _records(evaluation.heads)]
    return environment.from_string(source).render(
        rows=evaluation.rows,
        signature=evaluation.signature,
        heads=heads,
        suggestions=None if evaluation.suggestions is None else _suggestion_views(evaluation.suggestions),
        n_suggestions=0 if evaluation.suggestions is None else len(evaluation.suggestions),
        shown=SHOWN_ROWS,
        resamples=RESAMPLES,
        bins=BINS,
        side=SIDE,
        margin=MARGIN,
        trained_on=TRAINED_ON,
    )


def percent(share: float) -> str:
    """A share in per cent; a dash for none."""
    return "—" if math.isnan(share) else f"{100 * share:.1f}"


def number(value: float) -> str:
    """Three decimals; a dash for none."""
    return "—" if math.isnan(value) else f"{value:.3f}"


def cut(text: str) -> str:
    """The beginning of a text."""
    return text if len(text) <= SHOWN_LENGTH else text[:SHOWN_LENGTH] + "…"


def marked(text: str, phrases: Sequence[str]) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is one of the phrases; the longer phrase wins where two start together."""
    words = sorted(filter(None, phrases), key=len, reverse=True)
    if not words:
        return [(text, False)]
    pieces = re.split(f"({'|'.join(map(re.escape, words))})", text)
    return [(piece, place % 2 == 1) for place, piece in enumerate(pieces) if piece]


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _of_head(table: pd.DataFrame, head: str) -> list[dict[str, Any]]:
    return _records(table[table["head"] == head])


def _head_view(evaluation: "Evaluation", figures: dict[str, Any]) -> dict[str, Any]:
    """All that the page says about one head."""
    head = figures["head"]
    errors = _of_head(evaluation.errors, head)
    for entry in errors:
        entry["pieces"] = marked(cut(entry["text"]), entry["phrases"])
        entry.update({name: label_name(head, entry[name]) for name in ("truth", "chosen")})
    return {
        **figures,
        "flags": head == FLAGS,
        "classes": _of_head(evaluation.classes, head),
        "confusion": _matrix(_of_head(evaluation.confusion, head), head),
        "dots": _dots(_of_head(evaluation.reliability, head)),
        "errors": errors,
    }


def _suggestion_views(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The first suggestions of each head."""
    entries = _records(table.groupby("head", sort=False).head(SHOWN_ROWS))
    return [
        {**entry, "name": HEAD_NAMES[entry["head"]], **{key: label_name(entry["head"], entry[key]) for key in ("given", "suggested")}}
        for entry in entries
    ]


def _matrix(cells: list[dict[str, Any]], head: str) -> list[dict[str, Any]]:
    """Rows of the confusion matrix: name, total, and cells with count, share of the row, and whether it is the diagonal."""
    rows = []
    for label, name in CLASS_NAMES[head].items() if cells else ():
        own = [cell for cell in cells if cell["truth"] == label]
        total = sum(cell["rows"] for cell in own)
        shaded = [{"rows": cell["rows"], "share": cell["rows"] / (total or 1), "right": cell["chosen"] == label} for cell in own]
        rows.append({"name": name, "total": total, "cells": shaded})
    return rows


def _dots(bins: list[dict[str, Any]]) -> list[dict[str, float]]:
    """A dot per bin that is not empty: centre and radius in the drawing; areas are in proportion to the decisions."""
    most = max((entry["decisions"] for entry in bins), default=0)
    return [
        {
            "x": round(MARGIN + SIDE * entry["confidence"], 1),
            "y": round(MARGIN / 2 + SIDE * (1 - entry["accuracy"]), 1),
            "r": round(max(2.0, DOT * math.sqrt(entry["decisions"] / most)), 1),
            **entry,
        }
        for entry in bins
        if entry["decisions"]
    ]
