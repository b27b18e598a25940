"""Corrections by people: what they say wins over the machine, and trains it."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.ledger.policy import Policy
from feedback_nlp.ledger.scheme import Scheme
from feedback_nlp.vocabulary import RISK_CODES, TYPE_CODES, TYPES

#: A code or a Chinese name of a type -> its place in ``TYPE_CODES``.
_PLACES = {word: place for place, pair in enumerate(TYPES.items()) for word in pair}

#: Where a row of labels came from; not ``random``, so that training does not take corrections for a fair sample of feedback.
ORIGIN = "correction"

#: From this probability on a risk counts as there.
LIKELY = 0.5


def type_places(values: pd.Series) -> NDArray[np.intp]:
    """Place in ``TYPE_CODES`` of each code or Chinese name, -1 for anything else; int (n,)."""
    return np.asarray(values.map(_PLACES).fillna(-1).astype(np.intp).to_numpy())


def apply_corrections(ledger: pd.DataFrame, scheme: Scheme, policy: Policy) -> pd.DataFrame:
    """The ledger with ``type_label``, ``category`` and ``priority`` as people corrected them, else as the machine has them.

    ledger: prepared, n rows. A correction that names no type, or no level of the policy, changes nothing. ``type`` stays the machine's.
    """
    wanted, own = type_places(ledger["corrected_type"]), type_places(ledger["type"])
    labels = np.asarray([*TYPES.values(), None], dtype=object)
    effective = np.where(wanted >= 0, wanted, own)
    label = np.where(effective >= 0, labels[effective], ledger["type_label"].to_numpy(dtype=object))
    category = ledger["machine_category"].to_numpy(dtype=object).copy()
    rows = np.flatnonzero((wanted >= 0) & (wanted != own))
    if len(rows):
        texts = ledger["text"].iloc[rows].astype(object).fillna("").reset_index(drop=True)
        category[rows] = scheme.categories(wanted[rows], texts)
    levels = [level.name for level in policy.levels]
    priority = ledger["machine_priority"].mask(ledger["corrected_priority"].isin(levels), ledger["corrected_priority"])
    return ledger.assign(
        type_label=pd.Series(label, index=ledger.index, dtype="str"),
        category=pd.Series(category, index=ledger.index, dtype="str"),
        priority=priority,
    )


def corrections(ledger: pd.DataFrame) -> pd.DataFrame:
    """Items whose type people set, as a table of labels for training (``read_labels`` of ``feedback_nlp.train``).

    ledger: merged, n rows. Returns [text, type, sentiment, urgency, risk, source, round], one row per item whose ``corrected_type`` names
    a type, by id; one the machine has meanwhile learned stays in, or the next training would forget it. ``type`` is the corrected code;
    sentiment and urgency are the machine's own, for want of others, and ``risk`` names the risks it holds more likely than not.
    ``text`` is masked, as all texts of a ledger are. Raises InputError where columns are missing.
    """
    missing = [name for name in ("feedback_id", "text", "sentiment", "urgency", "corrected_type") if name not in ledger]
    if missing:
        raise InputError(f"corrections: expected a merged ledger; columns missing: {', '.join(missing)}")
    chosen = ledger[type_places(ledger["corrected_type"]) >= 0].sort_values("feedback_id", kind="stable")
    risks = [code for code in RISK_CODES if f"risk_{code}" in chosen]
    likely = chosen[[f"risk_{code}" for code in risks]].to_numpy(dtype=np.float64) > LIKELY
    columns = {
        "text": chosen["text"],
        "type": [TYPE_CODES[place] for place in type_places(chosen["corrected_type"])],
        "sentiment": chosen["sentiment"].astype(np.int64),
        "urgency": chosen["urgency"],
        "risk": [",".join(code for code, yes in zip(risks, row, strict=True) if yes) for row in likely.tolist()],
        "source": ORIGIN,
        "round": ORIGIN,
    }
    words = dict.fromkeys((name for name in columns if name != "sentiment"), "str")
    return pd.DataFrame(columns, index=chosen.index).astype(words).reset_index(drop=True)
