"""The commands ``schemes`` and ``policies``: what ships, and what a file of one's own says, checked."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from feedback_nlp.commands.helping import examples
from feedback_nlp.commands.values import POLICIES, SCHEMES
from feedback_nlp.messages import result_word, show, show_list

if TYPE_CHECKING:
    from feedback_nlp.ledger.clock import Clock
    from feedback_nlp.ledger.policy import ForceRule, PlacementRule, Policy

_UNITS = {"hours": "{span} h", "working_hours": "{span} working hours", "working_days": "{span} working days"}


@click.command(epilog=examples("feedback-nlp schemes", "feedback-nlp schemes improvement-plan", "feedback-nlp schemes ours.toml"))
@click.argument("name", required=False, shell_complete=SCHEMES)
def schemes(name: str | None) -> None:
    """List the classification schemes, or show NAME: a slug, or the path of a TOML file, which is checked."""
    from feedback_nlp.ledger.scheme import DEFAULT_SCHEME, load_scheme
    from feedback_nlp.ledger.settings import shipped

    if name is None:
        found = [load_scheme(slug) for slug in shipped("schemes")]
        rows = [(view.slug, view.title, show_list(dict.fromkeys(entry.name for entry in view.classes))) for view in found]
        _print_table(show("Schemes (default: {name})", name=DEFAULT_SCHEME), ("slug", "title", "classes"), rows)
        return
    view = load_scheme(name)
    rows = [(entry.name, show_list(map(_type, entry.types)), show_list(entry.cues)) for entry in view.classes]
    _print_table(show("{title} ({signature})", title=view.title, signature=view.signature), ("class", "feedback types", "has one of"), rows)


@click.command(epilog=examples("feedback-nlp policies", "feedback-nlp policies improvement-plan", "feedback-nlp policies ours.toml"))
@click.argument("name", required=False, shell_complete=POLICIES)
def policies(name: str | None) -> None:
    """List the priority policies, or show NAME: a slug, or the path of a TOML file, which is checked."""
    from feedback_nlp.ledger.policy import DEFAULT_POLICY, load_policy
    from feedback_nlp.ledger.settings import shipped

    if name is not None:
        _show_policy(load_policy(name))
        return
    found = [load_policy(slug) for slug in shipped("policies")]
    rows = [(policy.slug, policy.title, show_list(level.name for level in policy.levels)) for policy in found]
    _print_table(show("Policies (default: {name})", name=DEFAULT_POLICY), ("slug", "title", "levels"), rows)


def _show_policy(policy: "Policy") -> None:
    from feedback_nlp.ledger.policy import COMPONENTS

    names = [level.name for level in policy.levels]
    by_rules = policy.levels[0].min_score == float("inf")
    scores = [show("by rules") if by_rules else f"≥ {level.min_score:g}" for level in policy.levels]
    levels = [(level.name, score, describe_clock(level.clock), level.action) for level, score in zip(policy.levels, scores, strict=True)]
    title = show("{title} ({signature})", title=policy.title, signature=policy.signature)
    _print_table(title, ("level", "score", "time allowed", "action"), levels)
    weights = [(result_word(label, code), f"{weight:g}") for (code, label), weight in zip(COMPONENTS.items(), policy.weights, strict=True)]
    _print_table(show("What the score is made of"), ("component", "points at most"), weights)
    rules = [(rule.label, names[rule.level], describe_risk(rule)) for rule in policy.rules]
    rules += [(rule.label, names[rule.level], describe_conditions(rule)) for rule in policy.placements]
    _print_table(show("Rules (at least this level)"), ("rule", "level", "condition"), rules)
    departments = [(_type(code), name) for code, name in policy.departments.items()]
    for kind, table in (("channel", policy.channel_departments), ("level", policy.level_departments)):
        places = {key: show("{kind} {key}", kind=show(kind), key=key) for key in table}
        departments += [
            (show("{name}: {value}", name=places[key], value=_type(code)), name)
            for key, entry in table.items()
            for code, name in entry.items()
        ]
    _print_table(show("Departments"), ("feedback types", "department"), departments)
    hours = policy.working_hours
    times = {"start": _clock_time(hours.start), "end": _clock_time(hours.end), "of_dates": _clock_time(hours.of_dates)}
    _print_line(show("Working hours {start}–{end}; feedback with a date alone counts as received at {of_dates}", **times))


def _type(code: str) -> str:
    from feedback_nlp.vocabulary import TYPES

    return result_word(TYPES[code], code)


def describe_risk(rule: "ForceRule") -> str:
    """「人身安全 ≥ 0.5，或 12 个词之一」 of a ``ForceRule``."""
    from feedback_nlp.vocabulary import RISKS

    code, label = list(RISKS.items())[rule.risk]
    figures = {"risk": result_word(label, code), "least": f"{rule.min_probability:g}", "words": len(rule.words)}
    return show("{risk} ≥ {least}, or one of {words} words", **figures)


def describe_clock(clock: "Clock") -> str:
    """「响应 2 小时，解决 3 个工作日」, 「不限」 where nothing is promised."""
    from feedback_nlp.ledger.clock_state import PROMISE_NAMES

    spans = [
        f"{result_word(label, promise)} {show(unit_label, span=f'{span:g}')}"
        for promise, label in PROMISE_NAMES.items()
        for unit, unit_label in _UNITS.items()
        if (span := clock.span(promise, unit)) is not None
    ]
    return show(", ").join(spans) or show("no limit")


def describe_conditions(rule: "PlacementRule") -> str:
    """「高频主题或核心功能；产品故障、体验不佳；至少 3 人」 of a ``PlacementRule``."""
    from feedback_nlp.ledger.policy import COMPONENTS
    from feedback_nlp.vocabulary import TYPE_CODES

    labels = [result_word(label, code) for code, label in COMPONENTS.items()]
    strength = show(" (strength ≥ {least})", least=f"{rule.min_strength:g}") if rule.min_strength else ""
    parts = [show(" or ").join(labels[number] for number in rule.when) + strength if rule.when else ""]
    parts += [show_list(_type(TYPE_CODES[number]) for number in rule.types)]
    parts += [show("theme of at least {people} people", people=rule.min_people) if rule.min_people else ""]
    return show("; ").join(filter(None, parts))


def _clock_time(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _print_table(title: str, headers: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    from rich.table import Table

    from feedback_nlp.terminal import make_console, plain_text

    table = Table()
    for place, header in enumerate(headers):
        table.add_column(show(header), overflow="fold", no_wrap=place == 0)
    for row in rows:
        table.add_row(*map(plain_text, row))
    console = make_console()
    # A title of the table would be broken at its width.
    console.print(plain_text(title, style="bold"), soft_wrap=True)
    console.print(table)


def _print_line(text: str) -> None:
    from feedback_nlp.terminal import make_console, plain_text

    make_console().print(plain_text(text))
