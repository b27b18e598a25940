"""Headline figures of an analysis, as plain values that JSON can hold."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from feedback_nlp.ledger.rising import DIMENSIONS, find_bursts
from feedback_nlp.vocabulary import SENTIMENTS, TYPES

#: Texts with so many times the usual share of unfamiliar character pairs are of another kind than those the model was made on.
UNFAMILIAR_FACTOR = 2.0
#: Columns of the ledger whose values are counted.
COUNTED = ("priority", "type_label", "sentiment_label", "channel", "product")
#: What is told of each day and key over the daily limit.
_FREQUENT = ["dimension", "key", "period", "observed"]
#: What is told of each burst of alerts: its first and last day, the items between, and what was said of the first.
_ALERT = ["dimension", "key", "first", "last", "items", "kind", "q", "sentence"]
#: Days and keys over the daily limit that are told of each dimension, the most frequent; all of them are in the trends.
MAX_FREQUENT = 100
#: Polarities are summed in these units, so that sums do not depend on the order of rows.
UNIT = 1e-6


@dataclass(frozen=True, eq=False)
class Figures:
    """Figures of the rows of a ledger that can be added.

    items, undated, no_information, damaged: rows, and those without a date, without information, with lost characters.
    polarity: summed, in units of ``UNIT``. first, last: days as text, "" for none. columns: counts of values by column.
    """

    items: int
    undated: int
    no_information: int
    damaged: int
    polarity: int
    first: str
    last: str
    priority: Mapping[str, int]
    type_label: Mapping[str, int]
    sentiment_label: Mapping[str, int]
    channel: Mapping[str, int]
    product: Mapping[str, int]

    @classmethod
    def from_ledger(cls, ledger: pd.DataFrame) -> "Figures":
        """Count the rows of a ledger, or of a part of one."""
        dates = ledger["created_at"].dropna() if "created_at" in ledger else pd.Series(dtype="datetime64[us]")
        polarity = np.rint(ledger["polarity"].to_numpy(np.float64) / UNIT)
        return cls(
            items=len(ledger),
            undated=len(ledger) - len(dates),
            no_information=int(ledger["no_information"].sum()),
            damaged=int(ledger["damaged"].sum()),
            polarity=int(polarity.sum()),
            first=str(dates.min().date()) if len(dates) else "",
            last=str(dates.max().date()) if len(dates) else "",
            **{name: _value_counts(ledger, name) for name in COUNTED},
        )

    def merge(self, *others: "Figures") -> "Figures":
        """The figures of all together."""
        every = (self, *others)
        added = {name: sum(getattr(each, name) for each in every) for name in ("items", "undated", "no_information", "damaged", "polarity")}
        days = [(each.first, each.last) for each in every if each.first]
        counts: dict[str, Any] = {name: dict(sum((Counter(getattr(each, name)) for each in every), Counter())) for name in COUNTED}
        first, last = (min(day for day, _ in days), max(day for _, day in days)) if days else ("", "")
        return Figures(**added, first=first, last=last, **counts)


def summarise(
    figures: Figures,
    *,
    duplicated: int,
    masked: int,
    reasons: Mapping[str, int],
    trends: pd.DataFrame,
    levels: tuple[str, ...],
    other_columns: list[str],
    unfamiliar: tuple[float, float],
) -> dict[str, Any]:
    """Counts by priority, type, sentiment, channel and product, the period, data quality, what is over the daily limit, and what rises.

    n_high_frequency counts the days and keys over the daily limit; high_frequency has the ``MAX_FREQUENT`` largest of each dimension, in
    the order of ``DIMENSIONS``, largest first, equal ones in the order of the trends.

    duplicated: items that say what another one says already. masked: items whose text held personal data. reasons: rows in quarantine by
    reason. other_columns: input columns that are none of the record's; they are in the ledger as well.
    unfamiliar: mean share of character pairs that the model never saw, here and usually.
    """
    alerts, frequent = find_bursts(trends), np.flatnonzero(trends["plain"].to_numpy(np.bool_))
    quarantined = sum(reasons.values())
    return {
        "rows": figures.items + quarantined,
        "items": figures.items,
        "quarantined": quarantined,
        "quarantine_reasons": _by_count(reasons),
        "other_columns": sorted(other_columns),
        "period": [figures.first, figures.last] if figures.first else None,
        "undated": figures.undated,
        "levels": list(levels),
        "priority": {level: figures.priority.get(level, 0) for level in levels},
        "type": {label: figures.type_label.get(label, 0) for label in TYPES.values()},
        "sentiment": {label: figures.sentiment_label.get(label, 0) for label in SENTIMENTS.values()},
        "mean_polarity": round(figures.polarity * UNIT / max(figures.items, 1), 4),
        "no_information": figures.no_information,
        "damaged": figures.damaged,
        "duplicated": duplicated,
        "masked": masked,
        "unfamiliar": {
            "share": round(unfamiliar[0], 4),
            "usual": round(unfamiliar[1], 4),
            "warning": unfamiliar[0] > UNFAMILIAR_FACTOR * unfamiliar[1],
        },
        "channel": _by_count(figures.channel),
        "product": _by_count(figures.product),
        "n_high_frequency": len(frequent),
        "high_frequency": [
            {"dimension": dimension, "key": key, "date": str(period.date()), "count": int(count)}
            for dimension, key, period, count in _most_frequent(trends[_FREQUENT].iloc[frequent])
        ],
        "alerts": [
            {"dimension": dimension, "key": key, "date": str(first.date()), "last": str(last.date()), "items": int(items)}
            | {"kind": kind, "q": float(q), "sentence": sentence}
            for dimension, key, first, last, items, kind, q, sentence in alerts[_ALERT].itertuples(index=False, name=None)
        ],
    }


def _most_frequent(rows: pd.DataFrame) -> Iterable[tuple[Any, ...]]:
    """The ``MAX_FREQUENT`` largest rows of each dimension, as `summarise` lists them."""
    counts, dimensions = rows["observed"].to_numpy(np.int64), rows["dimension"].to_numpy()
    chosen = []
    for name in DIMENSIONS:
        own = np.flatnonzero(dimensions == name)
        chosen.append(own[np.argsort(-counts[own], kind="stable")[:MAX_FREQUENT]])
    found: Iterable[tuple[Any, ...]] = rows.iloc[np.concatenate(chosen)].itertuples(index=False, name=None)
    return found


def in_order(summary: Mapping[str, Any]) -> dict[str, Any]:
    """A summary as ``summarise`` gave it, whatever a file did to the order of its names. Raises KeyError where it is none."""
    orders = {"priority": summary["levels"], "type": TYPES.values(), "sentiment": SENTIMENTS.values()}
    named = {key: {name: summary[key][name] for name in names} for key, names in orders.items()}
    counted = {key: _by_count(summary[key]) for key in ("quarantine_reasons", "channel", "product")}
    return {**summary, **named, **counted}


def reason_counts(quarantine: pd.DataFrame) -> dict[str, int]:
    """Rows in quarantine by reason, without what is said of the single row."""
    return _value_counts(pd.DataFrame({"reason": quarantine["reason"].astype(str).str.replace(r"[：:].*", "", regex=True)}), "reason")


def _value_counts(frame: pd.DataFrame, name: str) -> dict[str, int]:
    counts = frame[name].dropna().astype(str).value_counts() if name in frame else {}
    return {str(value): int(count) for value, count in counts.items()}


def _by_count(counts: Mapping[str, int]) -> dict[str, int]:
    """Most frequent first, then by name."""
    return {name: counts[name] for name in sorted(counts, key=lambda name: (-counts[name], name))}
