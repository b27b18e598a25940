"""The commands that list and check schemes and policies."""

import pytest
from click.testing import CliRunner

from feedback_nlp.commands.settings import describe_clock, describe_conditions, policies, schemes
from feedback_nlp.errors import PolicyError
from feedback_nlp.ledger.clock import Clock
from feedback_nlp.ledger.policy import COMPONENTS, PlacementRule, load_policy
from feedback_nlp.ledger.scheme import load_scheme
from feedback_nlp.ledger.settings import shipped
from feedback_nlp.vocabulary import TYPES

KINDS = {"schemes": (schemes, load_scheme), "policies": (policies, load_policy)}


def shown(command, *arguments):
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_ship_are_listed(kind):
    command, load = KINDS[kind]
    output = shown(command)
    for slug in shipped(kind):
        assert slug in output and load(slug).title in output
    assert "默认 handling-measures" in output


@pytest.mark.parametrize("slug", shipped("schemes"))
def test_a_scheme(slug):
    scheme, output = load_scheme(slug), shown(schemes, slug)
    assert scheme.signature in output
    for entry in scheme.classes:
        assert entry.name in output
    assert all(label in output for label in TYPES.values())


@pytest.mark.parametrize("slug", shipped("policies"))
def test_a_policy(slug):
    policy, output = load_policy(slug), shown(policies, slug)
    assert policy.signature in output and "工作时间 09:00–18:00；只有日期的反馈按 18:00 收到计" in output
    expected = [level.name for level in policy.levels] + [level.action for level in policy.levels] + list(COMPONENTS.values())
    expected += [rule.label for rule in (*policy.rules, *policy.placements)] + list(policy.departments.values())
    expected += [describe_clock(level.clock) for level in policy.levels]
    assert [part for part in expected if part not in output] == []


OWN = """extends = "handling-measures"
slug = "ours"
title = "[bold]我们的[/bold]"
[departments.by_channel."400热线"]
service = "质检"
[departments.by_level."高"]
any = "应急小组"
"""


def test_an_own_policy_by_path(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    output = shown(policies, str(path))
    assert "[bold]我们的[/bold]" in output, "brackets are no markup"
    assert "渠道 400热线：服务投诉" in output and "质检" in output and "级别 高：产品故障" in output and "应急小组" in output


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_wrong_is_told(kind, tmp_path):
    command, _ = KINDS[kind]
    with pytest.raises(PolicyError, match="Did you mean 'handling-measures'"):
        shown(command, "handling-measure")
    path = tmp_path / "own.toml"
    path.write_text('slug = "x"', encoding="utf-8")
    with pytest.raises(PolicyError, match=r"own.toml.title: missing"):
        shown(command, str(path))


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        (Clock(), "不限"),
        (Clock(ack_hours=2, interim_hours=24, resolve_working_days=3), "响应 2 小时，方案 24 小时，解决 3 个工作日"),
        (Clock(ack_working_hours=1.5), "响应 1.5 工作小时"),
    ],
)
def test_clocks_in_words(clock, expected):
    assert describe_clock(clock) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (PlacementRule(0, "", (3, 8)), "高频主题或核心功能"),
        (PlacementRule(0, "", (1,), 0.75), "负面情绪（强度 ≥ 0.75）"),
        (PlacementRule(0, "", types=(0, 5), min_people=3), "产品故障、需求建议；主题至少 3 人提及"),
    ],
)
def test_conditions_in_words(rule, expected):
    assert describe_conditions(rule) == expected
