"""The most urgent items as a report shows them: what they say, why they stand where they stand, whose they are and by when."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from feedback_nlp.report.marks import Piece, marked_text
from feedback_nlp.report.showing import clean_text, cut, moment
from feedback_nlp.report.words import Words

if TYPE_CHECKING:
    import pandas as pd

    from feedback_nlp.scorer.scorer import BatchScorer

#: Characters shown of a text, and of a short field.
TEXT_LENGTH, FIELD_LENGTH = 260, 40

#: One part of a reason, 「强烈负面（+17.9）」, as ``ledger.reasons`` writes them.
_PART = re.compile(r"(.+?)（\+(\d+(?:\.\d+)?)）(?:、|$)")
#: Points at which a part of a reason has the deepest colour.
_STRONGEST = 30.0


@dataclass(frozen=True)
class Item:
    """One row of the table. level: place of its priority, 0 the most urgent. parts: (reason, points, depth of colour in 0.15..1).

    pieces: the text and what of it is marked. rest: the end of the reasons, or all of them where they have no parts.
    """

    feedback_id: str
    priority: str
    level: int
    score: str
    tag: str
    pieces: list[Piece]
    parts: list[tuple[str, str, float]]
    rest: str
    type: str
    sentiment: str
    urgency: str
    theme: str
    product: str
    channel: str
    created_at: str
    resolve_due_at: str
    department: str
    status: str
    owner: str


def urgent_items(
    rows: "pd.DataFrame", levels: list[str], words: Words, *, scorer: "BatchScorer | None", length: int = TEXT_LENGTH
) -> list[Item]:
    """The rows of a ledger as items, in their order.

    levels: names of priorities, most urgent first. scorer: the one that scored them, to mark what made them urgent; None marks key phrases.
    """
    return [_item(row, levels, words, scorer, length) for row in rows.to_dict("records")]


def _item(row: dict[Any, Any], levels: list[str], words: Words, scorer: "BatchScorer | None", length: int) -> Item:
    def field(name: str) -> str:
        return cut(row.get(name), FIELD_LENGTH)

    parts, rest = split_reasons(clean_text(row.get("reasons")))
    level = str(row["priority"])
    return Item(
        feedback_id=field("feedback_id"),
        priority=words(level),
        level=levels.index(level) if level in levels else len(levels) - 1,
        score=f"{row['priority_score']:.1f}",
        tag=cut(row.get("tag"), 2 * FIELD_LENGTH),
        pieces=marked_text(str(row["text"]), clean_text(row.get("key_phrases")), scorer=scorer, length=length),
        parts=[(cut(name, FIELD_LENGTH), points, depth) for name, points, depth in parts],
        rest=cut(rest, 2 * FIELD_LENGTH),
        type=words(field("type_label")),
        sentiment=words(field("sentiment_label")),
        urgency=words(field("urgency_label")),
        theme=field("theme"),
        product=field("product"),
        channel=field("channel"),
        created_at=moment(row.get("created_at")),
        resolve_due_at=moment(row.get("resolve_due_at")),
        department=words(field("department")),
        status=words(field("status")),
        owner=field("owner"),
    )


def split_reasons(sentence: str) -> tuple[list[tuple[str, str, float]], str]:
    """The parts of a sentence of reasons, each with its points and depth of colour, and what follows them.

    A sentence that is none, or whose names hold the marks it is cut at, comes back whole, with no parts.
    """
    head, mark, rest = sentence.partition("）；")
    parts = _PART.findall(head + "）") if mark else []
    if not parts or "、".join(f"{name}（+{points}）" for name, points in parts) != head + "）":
        return [], sentence
    depths = [max(0.15, min(1.0, float(points) / _STRONGEST)) for _, points in parts]
    return [(name, points, depth) for (name, points), depth in zip(parts, depths, strict=True)], rest
