"""Drift: whether the scores of today look like those of another time, head by head (population stability index)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.scorer.model import HEADS

#: Below the first bound a population is stable, above the second it has shifted (Siddiqi 2006, Credit Risk Scorecards, p. 369).
MODERATE, LARGE = 0.1, 0.25

#: A risk flag counts as raised from this probability on.
RAISED = 0.5

DRIFT_COLUMNS = ("head", "psi", "noise", "state", "label", "old_share", "new_share")


def stability_index(old: NDArray[np.float64], new: NDArray[np.float64], counts: tuple[float, float]) -> tuple[float, float]:
    """Population stability index of two sets of shares, and what chance alone would give.

    old, new: float64 (k,), shares that sum to 1. counts: rows behind each; infinity where a share is known exactly.
    PSI = sum over classes of (new - old) * ln(new / old), Siddiqi 2006; half a row is added to each class so that none is empty.
    Without any change its mean is about (k - 1) * (1 / n_old + 1 / n_new), Yurdakul & Naranjo 2020.
    """
    k = len(old)
    before, after = (_smooth(share, n) for share, n in zip((old, new), counts, strict=True))
    return float(((after - before) * np.log(after / before)).sum()), (k - 1) * sum(1 / n for n in counts)


def _smooth(shares: NDArray[np.float64], n: float) -> NDArray[np.float64]:
    """Shares with half a row added to each class; those known exactly only keep away from 0."""
    moved = shares + 0.5 / n if np.isfinite(n) else np.maximum(shares, 1e-4)
    return np.asarray(moved / moved.sum())


def compare_scores(new: pd.DataFrame, old: pd.DataFrame | Mapping[str, Any]) -> pd.DataFrame:
    """One row per head and risk flag, most changed first.

    new: scores as ``BatchScorer.score`` gives them, or any table with some of its columns. old: the same of another time, or the
    ``reference`` of a model. Returns a DataFrame with DRIFT_COLUMNS: psi; noise, what chance alone would give; state: ``stable``,
    ``moderate``, ``large``, or ``too few`` where noise could pass for change; the label whose share moved most, and its two shares.
    Raises InputError where a table has none of the columns, or no rows.
    """
    rows = []
    current, n_new = _shares(new)
    previous, n_old = (_reference_shares(old), float("inf")) if isinstance(old, Mapping) else _shares(old)
    for head in [head for head in current if head in previous]:
        labels, was, now = _labels(head), previous[head], current[head]
        psi, noise = stability_index(was, now, (n_old, n_new))
        moved = int(np.abs(now - was).argmax())
        rows.append((head, psi, noise, _state(psi, noise), labels[moved], float(was[moved]), float(now[moved])))
    if not rows:
        raise InputError(f"the two tables share none of the columns {', '.join([*HEADS][:3])}, risk_...; nothing can be compared")
    table = pd.DataFrame(rows, columns=list(DRIFT_COLUMNS))
    return table.sort_values(["psi", "head"], ascending=[False, True], ignore_index=True)


def _state(psi: float, noise: float) -> str:
    if noise > MODERATE / 2:
        return "too few"
    return "stable" if psi < MODERATE else "moderate" if psi < LARGE else "large"


def _labels(head: str) -> Sequence[str]:
    return HEADS.get(head, ("no", "yes"))


def _shares(scores: pd.DataFrame) -> tuple[dict[str, NDArray[np.float64]], float]:
    """Head or flag -> shares of its classes, and the number of rows."""
    if not len(scores):
        raise InputError("expected scores of at least one text, got an empty table")
    found = {}
    for head in ("type", "sentiment", "urgency"):
        if head in scores:
            number = {label: place for place, label in enumerate(HEADS[head])}
            places = scores[head].astype(str).map(number)
            if places.isna().any():
                wrong = scores[head][places.isna()].iloc[0]
                raise InputError(f"{head}: expected one of {', '.join(HEADS[head])}, got {wrong!r}")
            found[head] = np.bincount(places.to_numpy(np.intp), minlength=len(number)) / len(scores)
    for code in HEADS["risk"]:
        if f"risk_{code}" in scores:
            share = float((scores[f"risk_{code}"].to_numpy(np.float64) >= RAISED).mean())
            found[f"risk_{code}"] = np.array([1 - share, share])
    return found, float(len(scores))


def _reference_shares(reference: Mapping[str, Any]) -> dict[str, NDArray[np.float64]]:
    """The shares a model states for the texts it was made on."""
    found = {head: np.asarray(reference[head], np.float64) for head in ("type", "sentiment", "urgency")}
    flags = dict(zip(HEADS["risk"], reference["risk"], strict=True))
    return found | {f"risk_{code}": np.array([1 - share, share]) for code, share in flags.items()}
