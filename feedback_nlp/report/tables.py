"""Aggregates of a ledger as a report draws them: over time, by channel, product and type."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.report.codes import codes_of, cross, look_up, places
from feedback_nlp.report.moments import Periods, period_label
from feedback_nlp.report.showing import cut
from feedback_nlp.report.words import Words
from feedback_nlp.vocabulary import SENTIMENTS, TYPES

if TYPE_CHECKING:
    import pandas as pd

#: Bars of a split; the others are summed up.
MAX_BARS = 12
NAME_LENGTH = 24

#: Colours by priority, most urgent first (more levels repeat the last), and by sentiment, strongly negative first.
LEVEL_COLOURS = ("#b4332b", "#e09a2d", "#9db2c4")
SENTIMENT_COLOURS = ("#a5362a", "#e08d6d", "#ccd3da", "#8db9dd", "#2f73b3")


@dataclass(frozen=True)
class Split:
    """How the items divide: (name, items, share, share of the most urgent level among them), largest first. named: items with a name."""

    rows: list[tuple[str, int, float, float]]
    named: int
    others: int


def level_colour(level: int) -> str:
    """The colour of a priority by its place, 0 the most urgent."""
    return LEVEL_COLOURS[min(level, len(LEVEL_COLOURS) - 1)]


def over_time(ledger: "pd.DataFrame", periods: Periods, levels: list[str], words: Words) -> list[dict[str, Any]]:
    """Two charts: items by priority, and by sentiment with the mean polarity, for each period. Empty without dates."""
    if not len(periods.starts):
        return []
    labels = [period_label(start, periods.unit) for start in periods.starts]
    level = cross(periods.place, places(ledger["priority"], levels), len(labels), len(levels))
    mood = cross(periods.place, places(ledger["sentiment"], list(SENTIMENTS)), len(labels), len(SENTIMENTS))
    inside = periods.place >= 0
    polarity, place = ledger["polarity"].to_numpy(np.float64)[inside], periods.place[inside]
    # Sorted, so that the sum is the same whatever the order of rows.
    order = np.argsort(polarity)
    polarity, place = polarity[order], place[order]
    total, size = np.bincount(place, polarity, len(labels)), np.bincount(place, minlength=len(labels))
    mean = [None if not n else round(float(value / n), 3) for value, n in zip(total, size, strict=True)]
    volume = _series([words(name) for name in levels], [level_colour(place) for place in range(len(levels))], level)
    moods = _series([words(name) for name in SENTIMENTS.values()], list(SENTIMENT_COLOURS), mood)
    return [
        {"id": "volume", "kind": "stack", "labels": labels, "series": volume, "unit": words("条")},
        {
            **{"id": "sentiment", "kind": "stack", "labels": labels, "series": moods, "unit": words("条")},
            "line": {"name": words("情感均值（右轴）"), "values": mean},
        },
    ]


def _series(names: list[str], colours: list[str], counts: NDArray[np.int64]) -> list[dict[str, Any]]:
    """counts: int64 (points, names)."""
    return [{"name": name, "color": colours[place], "values": counts[:, place].tolist()} for place, name in enumerate(names)]


def split_by(ledger: "pd.DataFrame", name: str, levels: list[str], words: Words) -> tuple[Split, dict[str, Any] | None]:
    """How items divide by a column, and its chart; no chart without values. Largest first, equal ones by name."""
    if name not in ledger:
        return Split([], 0, 0), None
    code, texts = codes_of(ledger[name])
    sizes = np.bincount(code[code >= 0], minlength=len(texts)).tolist()
    counts = {text: size for text, size in zip(texts, sizes, strict=True) if text}
    if not counts:
        return Split([], 0, 0), None
    fixed = list(TYPES.values()) if name == "type_label" else []
    named = sorted(counts, key=lambda key: (-counts[key], fixed.index(key) if key in fixed else 0, key))
    drawn, total = named[:MAX_BARS], sum(counts.values())
    table = cross(look_up(code, texts, drawn), places(ledger["priority"], levels), len(drawn), len(levels))
    shown = [words(cut(key, NAME_LENGTH)) for key in drawn]
    rows = [(key, int(part.sum()), part.sum() / total, part[0] / max(part.sum(), 1)) for key, part in zip(shown, table, strict=True)]
    colours = [level_colour(place) for place in range(len(levels))]
    series = _series([words(level) for level in levels], colours, table)
    return Split(rows, total, len(named) - len(shown)), {"id": f"by_{name}", "kind": "bars", "labels": shown, "series": series}
