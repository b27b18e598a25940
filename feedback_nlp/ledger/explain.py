"""Why an item stands where it stands, from its ledger row alone: the points, the rule, the sentence, and the words that say so."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from feedback_nlp.errors import InputError, did_you_mean
from feedback_nlp.ledger.assemble import HEADERS
from feedback_nlp.ledger.evidence import cue_spans
from feedback_nlp.ledger.policy import COMPONENTS, DEFAULT_POLICY, Policy, load_policy
from feedback_nlp.ledger.reasons import MIN_TENTHS

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from feedback_nlp.scorer.explain import Explanation
    from feedback_nlp.scorer.scorer import BatchScorer

#: What the scorer is asked of a text: head, label, what it is compared with, the component it is about, how the answer is called.
QUESTIONS = (("urgency", "high", "low", "urgency", "紧急"), ("sentiment", "-2", "2", "negativity", "负面"))

#: Phrases of the scorer are marked from this share of the strongest on, and where their component is worth mentioning at all.
MIN_SHARE = 0.15
MIN_POINTS = MIN_TENTHS / 10

#: What a mark may be: a word of the rule that fired, of another rule, of a core function, or a phrase of the scorer's.
MARK_KINDS = ("rule", "risk", "core", "urgency", "sentiment")

_RULE = re.compile("触发规则「(.+?)」")
_PLACEMENT = re.compile("按规则「(.+?)」评为")
#: Printed points are tenths.
_SLACK = 0.051


@dataclass(frozen=True)
class Component:
    """One part of the score: points = strength x weight, strength in [0, 1] (as exact as the points: to tenths of a point)."""

    code: str
    name: str
    points: float
    strength: float
    weight: float


@dataclass(frozen=True)
class Mark:
    """Characters ``start`` to ``end`` of the text speak for the priority; kind: one of ``MARK_KINDS``; label: what for."""

    start: int
    end: int
    kind: str
    label: str


@dataclass(frozen=True, eq=False)
class ItemExplanation:
    """Why one item has its priority.

    components: all of the score, in the order of ``COMPONENTS``; their points sum to ``score``. rule: the rule by risk that forced the
    level, placement: the rule by evidence that made it, "" for none. sentence: the ledger's ``reasons``. marks: by position.
    phrases: head -> the scorer's explanation, empty without a scorer. policy: signature of the one the weights are from.
    """

    feedback_id: str
    text: str
    priority: str
    score: float
    sentence: str
    rule: str
    placement: str
    components: tuple[Component, ...]
    marks: tuple[Mark, ...]
    policy: str
    phrases: "Mapping[str, Explanation]" = field(default_factory=dict, repr=False)

    def to_frame(self) -> "pd.DataFrame":
        """[component, name, points, strength, weight], one row a component, in the order of ``COMPONENTS``."""
        import pandas as pd

        rows = [(entry.code, entry.name, entry.points, entry.strength, entry.weight) for entry in self.components]
        return pd.DataFrame(rows, columns=["component", "name", "points", "strength", "weight"])

    def words(self, kind: str | None = None) -> list[str]:
        """The marked words, each once, in the order of the text; of one kind where it is given."""
        return list(dict.fromkeys(self.text[mark.start : mark.end] for mark in self.marks if kind in (None, mark.kind)))

    def html(self) -> str:
        """An HTML fragment that needs nothing else: the text with its words marked, the sentence, the components."""
        from feedback_nlp.ledger.explain_page import item_html

        return item_html(self)

    def _repr_html_(self) -> str:
        return self.html()


def explain_item(
    ledger: "pd.DataFrame",
    feedback_id: str,
    *,
    policy: "str | Path | Policy" = DEFAULT_POLICY,
    scorer: "BatchScorer | None" = None,
) -> ItemExplanation:
    """Explain the priority of one item.

    ledger: of ``analyze``, or read back from a file; English names or Chinese headers. feedback_id: of the item. policy: the one the ledger
        was made with. scorer: adds the phrases of the text that speak for urgency and against satisfaction, see ``BatchScorer.explain``.
    Marked are the words of the policy's rules (not where they are negated or part of an idiom), of core functions where they scored, and
    the scorer's phrases where their component has ``MIN_POINTS``. What stood in other columns (需求描述, 发生场景) and was scored, too, is
    not in the text, and not marked.
    Raises InputError for an id that is not there once, a ledger without the columns, or one made with another policy; PolicyError.
    """
    rules = policy if isinstance(policy, Policy) else load_policy(policy)
    row = _row(ledger, feedback_id)
    components = tuple(
        _component(code, name, row[f"points_{code}"], weight, rules)
        for (code, name), weight in zip(COMPONENTS.items(), rules.weights, strict=True)
    )
    text, sentence = str(row["text"]), str(row["reasons"])
    rule, placement = (found[1] if (found := pattern.search(sentence)) else "" for pattern in (_RULE, _PLACEMENT))
    phrases = {q[0]: scorer.explain(text, head=q[0], label=q[1], against=q[2]) for q in QUESTIONS} if scorer else {}
    telling = {head for head, _, _, code, _ in QUESTIONS if row[f"points_{code}"] >= MIN_POINTS}
    marks = [*_rule_marks(text, rules, rule), *_phrase_marks(text, {head: phrases[head] for head in phrases if head in telling})]
    if row["points_core"] > 0:
        marks += [Mark(start, end, "core", COMPONENTS["core"]) for start, end in cue_spans(text, rules.core_words, negations=False)]
    return ItemExplanation(
        feedback_id=str(row["feedback_id"]),
        text=text,
        priority=str(row["priority"]),
        score=float(row["priority_score"]),
        sentence=sentence,
        rule=rule,
        placement=placement,
        components=components,
        marks=tuple(sorted(marks, key=lambda mark: (mark.start, mark.end, mark.kind))),
        policy=rules.signature,
        phrases=phrases,
    )


def _row(ledger: "pd.DataFrame", feedback_id: str) -> dict[str, Any]:
    """The item's cells by English name."""
    wanted = ("feedback_id", "text", "priority", "priority_score", "reasons", *(f"points_{code}" for code in COMPONENTS))
    places = {name: name if name in ledger else HEADERS[name] for name in wanted}
    missing = [name for name, header in places.items() if header not in ledger]
    if missing:
        raise InputError(f"ledger: expected the columns of a ledger that analyze made, but there is no {', '.join(missing)}")
    ids = ledger[places["feedback_id"]].astype(str)
    found = ledger[ids == str(feedback_id)]
    if len(found) != 1:
        hint = "" if len(found) else did_you_mean(feedback_id, ids.head(100_000), form="; did you mean {}?")
        raise InputError(f"feedback_id: expected one item of the ledger, got {len(found)} with the id {feedback_id!r}{hint}")
    return {name: found[header].iloc[0] for name, header in places.items()}


def _component(code: str, name: str, points: Any, weight: float, policy: Policy) -> Component:
    value = float(points)
    if not 0 <= value <= weight + _SLACK:
        raise InputError(
            f"ledger: points_{code}: expected 0 to {weight:g}, the weight in the policy {policy.slug}, got {value:g}; "
            "give the policy the ledger was made with"
        )
    return Component(code, name, value, min(value / weight, 1.0) if weight else 0.0, weight)


def _rule_marks(text: str, policy: Policy, fired: str) -> list[Mark]:
    """Words of rules by risk; those of the rule that fired are of the kind ``rule``."""
    return [
        Mark(start, end, "rule" if rule.label == fired else "risk", rule.label)
        for rule in policy.rules
        for start, end in cue_spans(text, rule.words, rule.idioms)
    ]


def _phrase_marks(text: str, phrases: "Mapping[str, Explanation]") -> list[Mark]:
    """The scorer's phrases that speak for urgency or against satisfaction; none where it read another text than the ledger shows."""
    marks = []
    for head, _, _, _, name in QUESTIONS:
        found = phrases.get(head)
        if found is None or found.text != text:
            continue
        table = found.phrases
        least = MIN_SHARE * float(table["contribution"].abs().max()) if len(table) else math.inf
        strong = table[(table["contribution"] >= least) & (table["contribution"] > 0)]
        spans = strong[["start", "end"]].itertuples(index=False, name=None)
        marks += [Mark(int(start), int(end), head, name) for start, end in spans if text[start:end].strip("，。！？；：、,.!?;: ")]
    return marks
