"""What a policy file must say, and everything in which one does not."""

from typing import Any

from feedback_nlp.errors import PolicyError
from feedback_nlp.io.columns import fold
from feedback_nlp.ledger.clock import CLOCK_KEYS, Clock
from feedback_nlp.ledger.settings import Rule, check, is_number, is_share, is_text, is_texts
from feedback_nlp.vocabulary import RISK_CODES, TYPE_CODES
from feedback_nlp.workdays import minutes_of

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

#: Where the level of an item comes from besides the rules that force one.
LEVELS_BY = ("score", "rules")
#: Departments that win over those by type, and the key that stands for all types.
OVERRIDES = ("by_channel", "by_level")
ANY_TYPE = "any"

_CONDITIONS = ("when", "types", "min_people")

_TEXT: Rule = ("a text", is_text)
_NUMBER: Rule = ("a number from 0 on", is_number)
_SHARE: Rule = ("a number from 0 to 1", is_share)
_WHOLE: Rule = ("a whole number from 0 on", lambda v: type(v) is int and v >= 0)
_WORDS: Rule = ("a list of words", is_texts)
_TABLE: Rule = ("a table", lambda v: isinstance(v, dict))
_LIST: Rule = ("a list of tables", lambda v: isinstance(v, list) and all(isinstance(entry, dict) for entry in v))
_TIME: Rule = ("a time such as '09:00'", lambda v: minutes_of(v) is not None)

_TOP = {
    **{"slug": _TEXT, "title": _TEXT, "levels_by": (f"one of {', '.join(LEVELS_BY)}", lambda v: v in LEVELS_BY), "levels": _LIST},
    **{"weights": _TABLE, "severity": _TABLE, "rules": _LIST, "thresholds": _TABLE, "core": _TABLE, "departments": _TABLE},
    "working_hours": _TABLE,
}
_OPTIONAL = frozenset({"rules", "levels_by", "working_hours"})
_SECTIONS: dict[str, dict[str, Rule]] = {
    "weights": dict.fromkeys(COMPONENTS, _NUMBER),
    "severity": dict.fromkeys(RISK_CODES, _SHARE),
    "thresholds": {"daily_items": _WHOLE, "customer_share": _SHARE, "annual_spend": _NUMBER, "tenure_years": _NUMBER},
    "core": {"words": _WORDS},
    "working_hours": {"start": _TIME, "end": _TIME, "dates_from": ("'start' or 'end'", lambda v: v in ("start", "end"))},
}


def policy_problems(table: dict[str, Any], where: str) -> list[str]:
    """Everything a policy file says wrongly, each with file, key and what was expected."""
    problems = check(table, _TOP, where=where, optional=_OPTIONAL)
    sound = {key: table[key] for key, (_, holds) in _TOP.items() if key in table and holds(table[key])}
    if "levels" in sound:
        problems += _level_problems(sound["levels"], where, by_rules=sound.get("levels_by") == "rules")
    names = [entry.get("name") for entry in sound.get("levels", [])]
    for position, entry in enumerate(sound.get("rules", [])):
        problems += _rule_problems(entry, names, f"{where}: rules[{position}]")
    for key, rules in _SECTIONS.items():
        problems += check(sound[key], rules, where=f"{where}: {key}", optional=frozenset({"dates_from"})) if key in sound else []
    problems += _department_problems(sound["departments"], names, f"{where}: departments") if "departments" in sound else []
    weights = [sound.get("weights", {}).get(component) for component in COMPONENTS]
    if all(map(is_number, weights)) and abs(sum(weights) - 100) > 1e-9:
        problems.append(f"{where}: weights: expected a sum of 100, got {sum(weights):g}; raise or lower another weight")
    times = [minutes_of(sound.get("working_hours", {}).get(key)) for key in ("start", "end")]
    if None not in times and times[0] >= times[1]:  # type: ignore[operator]
        problems.append(f"{where}: working_hours: expected a start before the end, got {sound['working_hours']}")
    return problems


def _level_problems(levels: list[dict[str, Any]], where: str, *, by_rules: bool) -> list[str]:
    rules = {"name": _TEXT, "tag": _TEXT, **({} if by_rules else {"min_score": _NUMBER}), "action": _TEXT}
    rules |= dict.fromkeys(CLOCK_KEYS, _NUMBER)
    problems = []
    for position, entry in enumerate(levels):
        problems += check(entry, rules, where=f"{where}: levels[{position}]", optional=frozenset({*CLOCK_KEYS, "action"}))
        try:
            Clock(**{key: entry[key] for key in CLOCK_KEYS if is_number(entry.get(key))})
        except PolicyError as error:
            problems.append(f"{where}: levels[{position}]: {error}")
    if problems:
        return problems
    names = [entry["name"] for entry in levels]
    if by_rules:
        one = f"{where}: levels: expected one level at least and different names, got {names}"
        return [one] if not names or len(set(names)) < len(names) else []
    scores = [entry["min_score"] for entry in levels]
    if len(set(names)) < len(names) or scores != sorted(scores, reverse=True) or scores[-1:] != [0]:
        return [f"{where}: levels: expected different names and falling min_score that ends at 0, got {names} and {scores}"]
    return []


def _rule_problems(entry: dict[str, Any], names: list[Any], where: str) -> list[str]:
    """Of a rule by risk, or of one by evidence, which is one without the keys of the first kind."""
    common: dict[str, Rule] = {"label": _TEXT, "level": (f"one of {names}", lambda v: v in names)}
    if entry.keys().isdisjoint(_CONDITIONS):
        risk: Rule = (f"one of {', '.join(RISK_CODES)}", lambda v: v in RISK_CODES)
        rules = {"risk": risk, "min_probability": _SHARE, **common, "words": _WORDS, "idioms": _WORDS}
        return check(entry, rules, where=where, optional=frozenset({"words", "idioms"}))
    some: Rule = (f"a list out of {', '.join(COMPONENTS)}", lambda v: is_texts(v) and v != [] and set(v) <= set(COMPONENTS))
    types: Rule = (f"a list out of {', '.join(TYPE_CODES)}", lambda v: is_texts(v) and v != [] and set(v) <= set(TYPE_CODES))
    rules = {**common, "when": some, "min_strength": _SHARE, "types": types, "min_people": _WHOLE}
    problems = check(entry, rules, where=where, optional=frozenset({*_CONDITIONS, "min_strength"}))
    if "min_strength" in entry and "when" not in entry:
        problems.append(f"{where}.min_strength: expected 'when' beside it, which says of what")
    return problems


def _department_problems(table: dict[str, Any], names: list[Any], where: str) -> list[str]:
    rules = {**dict.fromkeys(TYPE_CODES, _TEXT), **dict.fromkeys(OVERRIDES, _TABLE)}
    problems = check(table, rules, where=where, optional=frozenset(OVERRIDES))
    for key in OVERRIDES:
        entries = table.get(key)
        if not isinstance(entries, dict):
            continue
        for name, entry in entries.items():
            own = dict.fromkeys((*TYPE_CODES, ANY_TYPE), _TEXT)
            problems += check(entry, own, where=f"{where}.{key}.{name}", optional=frozenset(own))
        if key == "by_level":
            problems += [f"{where}.{key}.{name}: unknown level, expected one of {names}" for name in entries if name not in names]
        elif len({fold(name) for name in entries}) < len(entries):
            problems.append(f"{where}.{key}: expected different channels, got {', '.join(entries)}; case, width and blanks do not count")
    return problems
