"""The ledger itself: arrays and strings come together as one table, most urgent first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.io.headers import free_name
from feedback_nlp.ledger.clock import DUE_COLUMNS
from feedback_nlp.ledger.policy import COMPONENTS, Policy
from feedback_nlp.ledger.priority import Priority, ledger_order
from feedback_nlp.ledger.reasons import take_names
from feedback_nlp.ledger.routing import route, tags
from feedback_nlp.scorer.scores import SCORE_COLUMNS, Scores
from feedback_nlp.vocabulary import INPUT_COLUMNS, LEDGER_HEADERS, SENTIMENTS, STATUSES, TYPES, URGENCIES

Objects = NDArray[np.object_]

#: What a person reads first, in this order; the input's other columns and the figures follow.
FIRST_COLUMNS = (
    *("feedback_id", "priority", "priority_score", "tag", "text", "reasons", "type_label", "category", "sentiment_label", "urgency_label"),
    *("theme", "key_phrases", "keywords", "aspects", "product", "channel", "created_at", "department", *DUE_COLUMNS, "status"),
)

#: Columns the library writes; an input column of that name or its header is kept under ``input_…``.
OWN_COLUMNS = (
    *("priority", "priority_score", "tag", "reasons", "type_label", "category", "sentiment_label", "urgency_label", "theme", "keywords"),
    *("key_phrases", "aspects", "duplicates", "duplicate_of", "theme_strength", "machine_priority", "machine_category", "vanished"),
    *("department", *DUE_COLUMNS, *SCORE_COLUMNS, *(f"points_{name}" for name in COMPONENTS)),
    *("no_information", "damaged", "text_original", "source_line", "source_file"),
)

#: Chinese header of every column that has one.
HEADERS = {
    **{column.name: column.header for column in INPUT_COLUMNS},
    **LEDGER_HEADERS,
    **{f"points_{name}": f"得分·{label}" for name, label in COMPONENTS.items()},
}


@dataclass(frozen=True)
class LedgerParts:
    """All that goes into the ledger, rows in input order.

    frame: the input but for its texts, with canonical names, masked, ``created_at`` parsed, ``feedback_id`` complete. texts: cleaned and
    masked, object (n,). originals: the texts as they came, masked. category, theme, keywords, key_phrases, aspects: object (n,); theme is
    "" where there is none. reasons: strings (n,). theme_strength: float32 (n,). duplicates: int64 (n,), items that say the same, this one
    included; duplicate_of: object (n,), the id that stands for them, "" where it is this one. due: DataFrame of the deadlines.
    lines: int64 (n,), where the row stood in its source; source: which of several files, "" for a single one.
    """

    frame: pd.DataFrame
    texts: Objects
    originals: Objects
    scores: Scores
    priority: Priority
    category: Objects
    theme: Objects
    theme_strength: NDArray[np.float32]
    keywords: Objects
    key_phrases: Objects
    aspects: Objects
    duplicates: NDArray[np.int64]
    duplicate_of: Objects
    reasons: Any
    due: pd.DataFrame
    lines: NDArray[np.int64]
    source: str
    no_information: NDArray[np.bool_]
    damaged: NDArray[np.bool_]


def assemble(parts: LedgerParts, policy: Policy) -> pd.DataFrame:
    """The ledger: one row per item, by level, then score, then age, then id, so that its order does not depend on the input's."""
    frame = parts.frame
    given = {name: frame.iloc[:, place].array for place, name in enumerate(_given_names(map(str, frame.columns)))}
    own = _own_columns(parts, policy, given.get("product"))
    if "status" in given:
        status = pd.Series(given["status"], dtype=object)
        own["status"] = status.mask(status.isna() | status.eq(""), STATUSES[0]).array
    columns = {**given, **own}
    order = [name for name in FIRST_COLUMNS if name in columns] + [name for name in columns if name not in FIRST_COLUMNS]
    ledger = pd.DataFrame({name: columns[name] for name in order}, index=pd.RangeIndex(len(frame)))
    return ledger.iloc[order_of_ledger(ledger, tuple(level.name for level in policy.levels))].reset_index(drop=True)


def order_of_ledger(ledger: pd.DataFrame, levels: Sequence[str]) -> NDArray[np.intp]:
    """int (n,): rows of a ledger from the most urgent on; see `ledger_order`. levels: names of priorities, most urgent first."""
    level = ledger["priority"].map({name: place for place, name in enumerate(levels)}).to_numpy(np.int64)
    tenths = np.rint(ledger["priority_score"].to_numpy(np.float64) * 10).astype(np.int64)
    # numpy sorts NaT last, and only where it is a datetime64: an array of Timestamps and NaT has no order.
    age = ledger["created_at"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy() if "created_at" in ledger else np.zeros(len(ledger))
    return ledger_order(level, tenths, age, ledger["feedback_id"].to_numpy(dtype=object))


def _given_names(names: Iterable[str]) -> list[str]:
    """The input's column names; one the library uses itself, as a name or as a Chinese header, becomes ``input_…``."""
    names = list(names)
    taken = {*names, *OWN_COLUMNS}
    for place, name in enumerate(names):
        if name in OWN_COLUMNS or name in HEADERS.values():
            names[place] = free_name(f"input_{name}", taken)
            taken.add(names[place])
    return names


def _own_columns(parts: LedgerParts, policy: Policy, product: object) -> dict[str, object]:
    scores, priority = parts.scores, parts.priority
    type_label = take_names(list(TYPES.values()), scores.type_index)
    departments = route(policy, scores.type_index, parts.priority.level, channel=parts.frame.get("channel"))
    points = {f"points_{name}": priority.tenths[:, number] / 10 for number, name in enumerate(COMPONENTS)}
    return {
        "text": parts.texts,
        "type_label": _labels(TYPES.values(), scores.type_index),
        "category": parts.category,
        "sentiment_label": _labels(SENTIMENTS.values(), scores.sentiment.astype(np.intp) + 2),
        "urgency_label": _labels(URGENCIES.values(), effective_urgency(scores, priority)),
        "keywords": parts.keywords,
        "key_phrases": parts.key_phrases,
        "aspects": parts.aspects,
        "duplicates": parts.duplicates,
        "duplicate_of": parts.duplicate_of,
        "theme": parts.theme,
        "theme_strength": parts.theme_strength,
        "tag": tags(policy, priority, type_label, parts.theme, product=product),
        "priority": _labels([level.name for level in policy.levels], priority.level),
        "priority_score": priority.score,
        "reasons": parts.reasons,
        "department": departments,
        **{name: parts.due[name].array for name in DUE_COLUMNS},
        "status": STATUSES[0],
        **{name: column.array for name, column in scores.to_frame().items()},
        **points,
        "no_information": parts.no_information,
        "damaged": parts.damaged,
        "text_original": parts.originals,
        "source_line": parts.lines,
        **({"source_file": parts.source} if parts.source else {}),
    }


def _labels(names: Iterable[str], index: NDArray[np.integer]) -> Any:
    """The name of each number, an array of pandas (n,): made from few strings instead of n."""
    return pd.array(list(names), dtype="str").take(index)


def effective_urgency(scores: Scores, priority: Priority) -> NDArray[np.intp]:
    """The urgency people see: high where a rule fired, else the scorer's (which stays in the column ``urgency``)."""
    return np.where(priority.forced >= 0, len(URGENCIES) - 1, scores.urgency_index)
