"""Priority policies: levels, clocks, weights, rules and routing, kept as data."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from feedback_nlp.ledger.clock import CLOCK_KEYS, Clock
from feedback_nlp.ledger.policy_checks import ANY_TYPE, COMPONENTS, OVERRIDES, policy_problems
from feedback_nlp.ledger.settings import raise_problems, read_extended
from feedback_nlp.vocabulary import RISK_CODES, TYPE_CODES
from feedback_nlp.workdays import WorkingHours

__all__ = ["COMPONENTS", "DEFAULT_POLICY", "ForceRule", "Level", "PlacementRule", "Policy", "load_policy"]

DEFAULT_POLICY = "handling-measures"


@dataclass(frozen=True)
class Level:
    """A priority level: an item reaches it from ``min_score`` on (inf: by rules alone).

    tag: its word in tags such as 产品A-登录失败-紧急. action: what is done with such items beside the clocks, "" for nothing.
    """

    name: str
    tag: str
    min_score: float
    clock: Clock
    action: str = ""


@dataclass(frozen=True)
class ForceRule:
    """At least the level with index ``level`` where a risk reaches a probability or a complaint holds one of the words.

    A word inside one of the idioms does not count.

    risk: index into ``RISK_CODES``; label: how reasons name the rule.
    """

    risk: int
    min_probability: float
    level: int
    label: str
    words: tuple[str, ...]
    idioms: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlacementRule:
    """At least the level with index ``level`` where all of its conditions hold; unlike a ``ForceRule`` it leaves the score alone.

    when: indices into ``COMPONENTS``, one of which has a strength above 0, and of ``min_strength`` at least; empty: no such condition.
    types: indices into ``TYPE_CODES``, one of which the item has; empty: any that asks for something (no praise, not other).
    min_people: so many people at least speak of the item's theme.
    """

    level: int
    label: str
    when: tuple[int, ...] = ()
    min_strength: float = 0.0
    types: tuple[int, ...] = ()
    min_people: int = 0


@dataclass(frozen=True)
class Policy:
    """How urgent is what, by when, and whose job is it; see the comments in ``handling-measures.toml``.

    levels: most urgent first. weights: points per component at full strength, in the order of ``COMPONENTS``, together 100.
    severity: per risk, in the order of ``RISK_CODES``. departments: by type; channel_departments, level_departments: channel or level ->
    type -> department, which win over that in this order, the level last.
    """

    slug: str
    title: str
    signature: str
    levels: tuple[Level, ...]
    weights: tuple[float, ...]
    severity: tuple[float, ...]
    rules: tuple[ForceRule, ...]
    daily_items: int
    customer_share: float
    annual_spend: float
    tenure_years: float
    core_words: tuple[str, ...]
    departments: dict[str, str]
    channel_departments: dict[str, dict[str, str]] = field(default_factory=dict)
    level_departments: dict[str, dict[str, str]] = field(default_factory=dict)
    placements: tuple[PlacementRule, ...] = ()
    working_hours: WorkingHours = field(default_factory=WorkingHours)


def load_policy(name: str | Path = DEFAULT_POLICY) -> Policy:
    """A policy by slug or path. Raises PolicyError with all that is wrong with the file, each with its key."""
    table, where, signature = read_extended("policies", name)
    raise_problems(policy_problems(table, where))
    names = [level["name"] for level in table["levels"]]
    entries = table.get("rules", [])
    departments = table["departments"]
    by_channel, by_level = ({key: _by_type(entry) for key, entry in departments.get(kind, {}).items()} for kind in OVERRIDES)
    return Policy(
        slug=table["slug"],
        title=table["title"],
        signature=signature,
        levels=_levels(table),
        weights=tuple(float(table["weights"][component]) for component in COMPONENTS),
        severity=tuple(float(table["severity"][risk]) for risk in RISK_CODES),
        rules=tuple(_force_rule(entry, names) for entry in entries if "risk" in entry),
        **table["thresholds"],
        core_words=tuple(table["core"]["words"]),
        departments={code: departments[code] for code in TYPE_CODES},
        channel_departments=by_channel,
        level_departments=by_level,
        placements=tuple(_placement(entry, names) for entry in entries if "risk" not in entry),
        working_hours=_working_hours(table.get("working_hours")),
    )


def _working_hours(entry: dict[str, str] | None) -> WorkingHours:
    return WorkingHours() if entry is None else WorkingHours.parse(**entry)


def _levels(table: dict[str, Any]) -> tuple[Level, ...]:
    """Where rules alone place an item, no score reaches any level but the last."""
    entries = table["levels"]
    clocks = [Clock(**{key: entry[key] for key in CLOCK_KEYS if key in entry}) for entry in entries]
    least = [float(entry.get("min_score", math.inf)) for entry in entries[:-1]] + [0.0]
    return tuple(
        Level(entry["name"], entry["tag"], score, clock, entry.get("action", ""))
        for entry, score, clock in zip(entries, least, clocks, strict=True)
    )


def _force_rule(entry: dict[str, Any], names: list[str]) -> ForceRule:
    return ForceRule(
        RISK_CODES.index(entry["risk"]),
        float(entry["min_probability"]),
        names.index(entry["level"]),
        entry["label"],
        tuple(entry.get("words", ())),
        tuple(entry.get("idioms", ())),
    )


def _placement(entry: dict[str, Any], names: list[str]) -> PlacementRule:
    return PlacementRule(
        names.index(entry["level"]),
        entry["label"],
        tuple(list(COMPONENTS).index(component) for component in entry.get("when", ())),
        float(entry.get("min_strength", 0)),
        tuple(TYPE_CODES.index(code) for code in entry.get("types", ())),
        entry.get("min_people", 0),
    )


def _by_type(entry: dict[str, str]) -> dict[str, str]:
    """Types that a table of departments says something about; its ``any`` stands for all it does not name."""
    rest = dict.fromkeys(TYPE_CODES, entry[ANY_TYPE]) if ANY_TYPE in entry else {}
    return {**rest, **{code: name for code, name in entry.items() if code != ANY_TYPE}}
