"""Small made-up ledgers."""

import numpy as np
import pandas as pd

from feedback_nlp.io.cells import ZONE

LEVELS = ("高", "中", "低")
#: code -> the class of the default scheme and the Chinese name.
CLASSES = {"defect": ("功能故障", "产品故障"), "service": ("服务投诉", "服务投诉"), "inquiry": ("使用咨询", "使用咨询")}


def ledger(*items, **columns):
    """A ledger as analyze makes it, one row per (id, priority, score) or (id, priority, score, type); more columns as they are given."""
    rows = [(*item, "defect")[:4] for item in items]
    ids, priorities, scores, types = zip(*rows, strict=True) if rows else ((), (), (), ())
    frame = pd.DataFrame(
        {
            "feedback_id": pd.array(ids, dtype="str"),
            "priority": pd.array(priorities, dtype="str"),
            "priority_score": np.asarray(scores, np.float64),
            "text": pd.array([f"登录不了，编号{name}" for name in ids], dtype="str"),
            "type_label": pd.array([CLASSES[code][1] for code in types], dtype="str"),
            "category": pd.array([CLASSES[code][0] for code in types], dtype="str"),
            "created_at": pd.Series(pd.Timestamp("2026-03-02 09:00", tz=ZONE), index=range(len(ids)), dtype=f"datetime64[us, {ZONE}]"),
            "resolve_due_at": pd.Series(pd.Timestamp("2026-03-05 09:00", tz=ZONE), index=range(len(ids)), dtype=f"datetime64[us, {ZONE}]"),
            "status": pd.array(["待分析"] * len(ids), dtype="str"),
            "type": pd.array(types, dtype="str"),
            "sentiment": np.full(len(ids), -1, np.int8),
            "polarity": np.full(len(ids), -0.5, np.float32),
            "urgency": pd.array(["medium"] * len(ids), dtype="str"),
            "risk_money": np.full(len(ids), 0.75, np.float32),
            "damaged": np.zeros(len(ids), bool),
            "source_line": np.arange(2, len(ids) + 2),
        }
    )
    return frame.assign(**{name: pd.Series(list(values), index=frame.index) for name, values in columns.items()})


def row(frame, feedback_id):
    """The one row of an item."""
    found = frame[frame["feedback_id"] == feedback_id]
    assert len(found) == 1
    return found.iloc[0]


def told(history):
    """(id, column, from, to) of each row, None for nothing."""
    cells = history[["feedback_id", "column", "from", "to"]].astype(object)
    return [tuple(None if pd.isna(cell) else cell for cell in entry) for entry in cells.itertuples(index=False, name=None)]
