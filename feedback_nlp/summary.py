"""Headline figures of an analysis, as plain values that JSON can hold."""

from typing import Any

import pandas as pd

from feedback_nlp.vocabulary import SENTIMENTS, TYPES

#: Texts with so many times the usual share of unfamiliar character pairs are of another kind than those the model was made on.
UNFAMILIAR_FACTOR = 2.0
_ALERT = ["dimension", "key", "period", "kind", "q", "sentence"]


def summarise(
    ledger: pd.DataFrame,
    quarantine: pd.DataFrame,
    trends: pd.DataFrame,
    levels: tuple[str, ...],
    other_columns: list[str],
    unfamiliar: tuple[float, float],
) -> dict[str, Any]:
    """Counts by priority, type, sentiment, channel and product, the period, data quality, what is over the daily limit, and what rises.

    other_columns: input columns that are none of the record's; they are in the ledger as they came.
    unfamiliar: mean share of character pairs that the model never saw, here and usually."""
    dates = ledger["created_at"].dropna() if "created_at" in ledger else pd.Series(dtype="datetime64[us]")
    burst, alerts = trends[trends["plain"]], trends[trends["alert"]]
    return {
        "rows": len(ledger) + len(quarantine),
        "items": len(ledger),
        "quarantined": len(quarantine),
        "quarantine_reasons": _counts(quarantine["reason"].astype(str).str.replace(r"[：:].*", "", regex=True)),
        "other_columns": sorted(other_columns),
        "period": [str(dates.min().date()), str(dates.max().date())] if len(dates) else None,
        "undated": len(ledger) - len(dates),
        "priority": {level: int(ledger["priority"].eq(level).sum()) for level in levels},
        "type": {label: int(ledger["type_label"].eq(label).sum()) for label in TYPES.values()},
        "sentiment": {label: int(ledger["sentiment_label"].eq(label).sum()) for label in SENTIMENTS.values()},
        "mean_polarity": round(float(ledger["polarity"].astype(float).sum() / max(len(ledger), 1)), 4),
        "no_information": int(ledger["no_information"].sum()),
        "damaged": int(ledger["damaged"].sum()),
        "unfamiliar": {
            "share": round(unfamiliar[0], 4),
            "usual": round(unfamiliar[1], 4),
            "warning": unfamiliar[0] > UNFAMILIAR_FACTOR * unfamiliar[1],
        },
        "channel": _counts(ledger["channel"]) if "channel" in ledger else {},
        "product": _counts(ledger["product"]) if "product" in ledger else {},
        "high_frequency": [
            {"dimension": dimension, "key": key, "date": str(period.date()), "count": int(count)}
            for dimension, key, period, count in burst[["dimension", "key", "period", "observed"]].itertuples(index=False, name=None)
        ],
        "alerts": [
            {"dimension": dimension, "key": key, "date": str(period.date()), "kind": kind, "q": float(q), "sentence": sentence}
            for dimension, key, period, kind, q, sentence in alerts[_ALERT].itertuples(index=False, name=None)
        ],
    }


def _counts(column: pd.Series) -> dict[str, int]:
    """Value -> count, most frequent first, then by name."""
    counts = column.dropna().astype(str).value_counts()
    return {str(name): int(counts[name]) for name in sorted(counts.index, key=lambda name: (-counts[name], name))}
