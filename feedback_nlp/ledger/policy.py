"""Priority policies: levels, clocks, weights, rules and routing, kept as data."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feedback_nlp.errors import PolicyError
from feedback_nlp.ledger.clock import Clock
from feedback_nlp.ledger.settings import Rule, check, is_number, is_share, is_text, is_texts, raise_problems, read_settings
from feedback_nlp.vocabulary import RISK_CODES, TYPE_CODES

DEFAULT_POLICY = "handling-measures"

#: Components of the priority score, in the order in which reasons name them, with their Chinese names.
COMPONENTS = {
    "urgency": "紧急程度",
    "negativity": "负面情绪",
    "risk": "风险",
    "frequency": "高频主题",
    "trend": "趋势上升",
    "reach": "影响面",
    "customer": "高价值客户",
    "repeat": "重复反馈",
    "core": "核心功能",
}

_CLOCKS = ("ack_hours", "interim_hours", "resolve_hours", "resolve_working_days")


@dataclass(frozen=True)
class Level:
    """A priority level: an item reaches it from ``min_score`` on; ``tag`` is its word in tags such as 产品A-登录失败-紧急."""

    name: str
    tag: str
    min_score: float
    clock: Clock


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
class Policy:
    """How urgent is what, by when, and whose job is it; see the comments in the TOML file.

    levels: most urgent first. weights: points per component at full strength, in the order of ``COMPONENTS``, together 100.
    severity: per risk, in the order of ``RISK_CODES``.
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


def load_policy(name: str | Path = DEFAULT_POLICY) -> Policy:
    """A policy by slug or path. Raises PolicyError with all that is wrong with the file, each with its key."""
    table, where, signature = read_settings("policies", name)
    raise_problems(_problems(table, where))
    names = [level["name"] for level in table["levels"]]
    rules = tuple(
        ForceRule(
            RISK_CODES.index(rule["risk"]),
            float(rule["min_probability"]),
            names.index(rule["level"]),
            rule["label"],
            tuple(rule.get("words", ())),
            tuple(rule.get("idioms", ())),
        )
        for rule in table.get("rules", [])
    )
    return Policy(
        slug=table["slug"],
        title=table["title"],
        signature=signature,
        levels=tuple(_level(entry) for entry in table["levels"]),
        weights=tuple(float(table["weights"][component]) for component in COMPONENTS),
        severity=tuple(float(table["severity"][risk]) for risk in RISK_CODES),
        rules=rules,
        **table["thresholds"],
        core_words=tuple(table["core"]["words"]),
        departments=dict(table["departments"]),
    )


def _level(entry: dict[str, Any]) -> Level:
    clock = Clock(**{key: entry[key] for key in _CLOCKS if key in entry})
    return Level(entry["name"], entry["tag"], float(entry["min_score"]), clock)


def _problems(table: dict[str, Any], where: str) -> list[str]:
    """Everything a policy file says wrongly."""
    tables: Rule = ("a table", lambda v: isinstance(v, dict))
    text: Rule = ("a text", is_text)
    number: Rule = ("a number from 0 on", is_number)
    share: Rule = ("a number from 0 to 1", is_share)
    lists: Rule = ("a list of tables", lambda v: isinstance(v, list) and all(isinstance(entry, dict) for entry in v))
    top = {"slug": text, "title": text, "levels": lists, "weights": tables, "severity": tables, "rules": lists}
    top |= {"thresholds": tables, "core": tables, "departments": tables}
    problems = check(table, top, where=where, optional=frozenset({"rules"}))
    sound = {key: table[key] for key, (_, holds) in top.items() if key in table and holds(table[key])}
    if "levels" in sound:
        problems += _level_problems(sound["levels"], where)
    names = [entry.get("name") for entry in sound.get("levels", [])]
    risk: Rule = (f"one of {', '.join(RISK_CODES)}", lambda v: v in RISK_CODES)
    rule_rules = {"risk": risk, "min_probability": share, "level": (f"one of {names}", lambda v: v in names), "label": text}
    rule_rules |= dict.fromkeys(("words", "idioms"), ("a list of words", is_texts))
    for position, entry in enumerate(sound.get("rules", [])):
        problems += check(entry, rule_rules, where=f"{where}: rules[{position}]", optional=frozenset({"words", "idioms"}))
    whole: Rule = ("a whole number from 0 on", lambda v: type(v) is int and v >= 0)
    sections: dict[str, dict[str, Rule]] = {
        "weights": dict.fromkeys(COMPONENTS, number),
        "severity": dict.fromkeys(RISK_CODES, share),
        "thresholds": {"daily_items": whole, "customer_share": share, "annual_spend": number, "tenure_years": number},
        "core": {"words": ("a list of words", is_texts)},
        "departments": dict.fromkeys(TYPE_CODES, text),
    }
    for key, rules in sections.items():
        problems += check(sound[key], rules, where=f"{where}: {key}") if key in sound else []
    weights = [sound.get("weights", {}).get(component) for component in COMPONENTS]
    if all(map(is_number, weights)) and abs(sum(weights) - 100) > 1e-9:
        problems.append(f"{where}: weights: expected a sum of 100, got {sum(weights):g}; raise or lower another weight")
    return problems


def _level_problems(levels: list[dict[str, Any]], where: str) -> list[str]:
    text: Rule = ("a text", is_text)
    number: Rule = ("a number from 0 on", is_number)
    rules = {"name": text, "tag": text, "min_score": number, **dict.fromkeys(_CLOCKS, number)}
    problems = []
    for position, entry in enumerate(levels):
        problems += check(entry, rules, where=f"{where}: levels[{position}]", optional=frozenset(_CLOCKS))
        try:
            Clock(**{key: entry[key] for key in _CLOCKS if is_number(entry.get(key))})
        except PolicyError as error:
            problems.append(f"{where}: levels[{position}]: {error}")
    if problems:
        return problems
    names, scores = [entry["name"] for entry in levels], [entry["min_score"] for entry in levels]
    if len(set(names)) < len(names) or scores != sorted(scores, reverse=True) or scores[-1:] != [0]:
        return [f"{where}: levels: expected different names and falling min_score that ends at 0, got {names} and {scores}"]
    return []
