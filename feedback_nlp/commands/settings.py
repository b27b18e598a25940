"""The commands ``schemes`` and ``policies``: what ships, and what a file of one's own says, checked."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from feedback_nlp.ledger.clock import Clock
    from feedback_nlp.ledger.policy import PlacementRule, Policy

_UNITS = {"hours": "小时", "working_hours": "工作小时", "working_days": "个工作日"}


@click.command()
@click.argument("name", required=False)
def schemes(name: str | None) -> None:
    """List the classification schemes, or show NAME: a slug, or the path of a TOML file, which is checked."""
    from feedback_nlp.ledger.scheme import DEFAULT_SCHEME, load_scheme
    from feedback_nlp.ledger.settings import shipped
    from feedback_nlp.vocabulary import TYPES

    if name is None:
        found = [load_scheme(slug) for slug in shipped("schemes")]
        rows = [(view.slug, view.title, "、".join(dict.fromkeys(entry.name for entry in view.classes))) for view in found]
        _print_table(f"归类体系（默认 {DEFAULT_SCHEME}）", ("slug", "名称", "类别"), rows)
        return
    view = load_scheme(name)
    rows = [(entry.name, "、".join(TYPES[code] for code in entry.types), "、".join(entry.cues)) for entry in view.classes]
    _print_table(f"{view.title}（{view.signature}）", ("类别", "反馈类型", "须含其一"), rows)


@click.command()
@click.argument("name", required=False)
def policies(name: str | None) -> None:
    """List the priority policies, or show NAME: a slug, or the path of a TOML file, which is checked."""
    from feedback_nlp.ledger.policy import DEFAULT_POLICY, load_policy
    from feedback_nlp.ledger.settings import shipped

    if name is not None:
        _show_policy(load_policy(name))
        return
    found = [load_policy(slug) for slug in shipped("policies")]
    rows = [(policy.slug, policy.title, "、".join(level.name for level in policy.levels)) for policy in found]
    _print_table(f"优先级策略（默认 {DEFAULT_POLICY}）", ("slug", "名称", "级别"), rows)


def _show_policy(policy: "Policy") -> None:
    from feedback_nlp.ledger.policy import COMPONENTS
    from feedback_nlp.vocabulary import RISKS, TYPES

    names = [level.name for level in policy.levels]
    by_rules = policy.levels[0].min_score == float("inf")
    scores = ["按规则" if by_rules else f"≥ {level.min_score:g}" for level in policy.levels]
    levels = [(level.name, score, describe_clock(level.clock), level.action) for level, score in zip(policy.levels, scores, strict=True)]
    _print_table(f"{policy.title}（{policy.signature}）", ("级别", "得分", "时限", "措施"), levels)
    weights = [(label, f"{weight:g}") for label, weight in zip(COMPONENTS.values(), policy.weights, strict=True)]
    _print_table("得分构成", ("构成", "满分"), weights)
    risks = list(RISKS.values())
    rules = [
        (rule.label, names[rule.level], f"{risks[rule.risk]} ≥ {rule.min_probability:g}，或 {len(rule.words)} 个词之一")
        for rule in policy.rules
    ]
    rules += [(rule.label, names[rule.level], describe_conditions(rule)) for rule in policy.placements]
    _print_table("规则（至少评为）", ("规则", "级别", "条件"), rules)
    departments = [(TYPES[code], name) for code, name in policy.departments.items()]
    for kind, table in (("渠道", policy.channel_departments), ("级别", policy.level_departments)):
        departments += [(f"{kind} {key}：{TYPES[code]}", name) for key, entry in table.items() for code, name in entry.items()]
    _print_table("责任部门", ("反馈类型", "部门"), departments)
    hours = policy.working_hours
    _print_line(f"工作时间 {_clock_time(hours.start)}–{_clock_time(hours.end)}；只有日期的反馈按 {_clock_time(hours.of_dates)} 收到计")


def describe_clock(clock: "Clock") -> str:
    """「响应 2 小时，解决 3 个工作日」, 「不限」 where nothing is promised."""
    from feedback_nlp.ledger.clock_state import PROMISE_NAMES

    spans = [
        f"{label} {span:g} {unit_label}"
        for promise, label in PROMISE_NAMES.items()
        for unit, unit_label in _UNITS.items()
        if (span := clock.span(promise, unit)) is not None
    ]
    return "，".join(spans) or "不限"


def describe_conditions(rule: "PlacementRule") -> str:
    """「高频主题或核心功能；产品故障、体验不佳；至少 3 人」 of a ``PlacementRule``."""
    from feedback_nlp.ledger.policy import COMPONENTS
    from feedback_nlp.vocabulary import TYPES

    labels, types = list(COMPONENTS.values()), list(TYPES.values())
    strength = f"（强度 ≥ {rule.min_strength:g}）" if rule.min_strength else ""
    parts = ["或".join(labels[number] for number in rule.when) + strength if rule.when else ""]
    parts += ["、".join(types[number] for number in rule.types), f"主题至少 {rule.min_people} 人提及" if rule.min_people else ""]
    return "；".join(filter(None, parts))


def _clock_time(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _print_table(title: str, headers: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    from rich.table import Table

    from feedback_nlp.terminal import make_console, plain_text

    table = Table()
    for place, header in enumerate(headers):
        table.add_column(header, overflow="fold", no_wrap=place == 0)
    for row in rows:
        table.add_row(*map(plain_text, row))
    console = make_console()
    # A title of the table would be broken at its width.
    console.print(plain_text(title, style="bold"), soft_wrap=True)
    console.print(table)


def _print_line(text: str) -> None:
    from feedback_nlp.terminal import make_console, plain_text

    make_console().print(plain_text(text))
