"""Policies and schemes as files: what ships loads and says what the documents say; what is wrong is told all at once."""

import hashlib
import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from feedback_nlp.errors import PolicyError
from feedback_nlp.ledger.clock import Clock
from feedback_nlp.ledger.policy import COMPONENTS, PlacementRule, load_policy
from feedback_nlp.ledger.scheme import load_scheme
from feedback_nlp.ledger.settings import shipped
from feedback_nlp.vocabulary import RISK_CODES, TYPE_CODES
from feedback_nlp.workdays import WorkingHours

POLICIES, SCHEMES = shipped("policies"), shipped("schemes")


def edited(source, edits, folder):
    """A copy of a shipped file with some places changed; every place must be there."""
    text = source.read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("slug", POLICIES)
def test_shipped_policies(slug):
    policy = load_policy(slug)
    assert policy.slug == slug
    assert re.fullmatch(f"{slug}/[0-9a-f]{{12}}", policy.signature)
    assert sum(policy.weights) == pytest.approx(100, abs=1e-9)
    assert all(0 <= share <= 1 for share in policy.severity)
    scores = [level.min_score for level in policy.levels]
    assert set(scores[:-1]) == {math.inf} or scores == sorted(set(scores), reverse=True)
    assert scores[-1] == 0
    assert list(policy.departments) and set(policy.departments) == set(TYPE_CODES)
    assert len({word for rule in policy.rules for word in rule.words}) == sum(len(rule.words) for rule in policy.rules)


def test_the_default_policy_is_document_4():
    policy = load_policy()
    assert policy.slug == "handling-measures"
    # 4: acknowledge in 2 h, plan in 24 h; 24 h and at most 5 working days; 48 h and at most 2 weeks.
    assert [(level.name, level.clock) for level in policy.levels] == [
        ("高", Clock(ack_hours=2, interim_hours=24, resolve_working_days=3)),
        ("中", Clock(ack_hours=24, resolve_working_days=5)),
        ("低", Clock(ack_hours=48, resolve_working_days=10)),
    ]
    # Thresholds of documents 0 (frequency, reach) and 3 (high-value customer).
    assert (policy.daily_items, policy.customer_share, policy.annual_spend, policy.tenure_years) == (10, 0.5, 100_000, 3)
    assert {"支付", "登录", "下单"} <= set(policy.core_words)
    assert {code: policy.departments[code] for code in ("request", "service", "defect", "inquiry", "price", "process")} == {
        "request": "产品经理",
        "service": "客服主管",
        "defect": "技术支持",
        "inquiry": "客服",
        "price": "运营",
        "process": "运营",
    }


def test_the_default_policy_is_a_file_of_its_own():
    assert load_policy().signature == f"handling-measures/{hashlib.sha256(POLICIES['handling-measures'].read_bytes()).hexdigest()[:12]}"
    assert (load_policy().placements, load_policy().working_hours) == ((), WorkingHours(9 * 60, 18 * 60, "end"))
    assert (load_policy().channel_departments, load_policy().level_departments) == ({}, {})


#: DESIGN, section 4: levels and clocks of each document.
DOCUMENTS = {
    "improvement-plan": [  # document 0: 24 h, 48 h, 7 days
        ("紧急", Clock(resolve_hours=24), ""),
        ("常规", Clock(resolve_hours=48), ""),
        ("长期", Clock(resolve_hours=7 * 24), ""),
    ],
    "adoption-mechanism": [  # document 2: at once, monthly or quarterly plan, periodic review
        ("紧急关键型", Clock(ack_hours=1), "立即上报"),
        ("重要改进型", Clock(interim_hours=30 * 24, resolve_hours=90 * 24), "纳入月度或季度计划"),
        ("一般优化型", Clock(interim_hours=90 * 24), "定期评审"),
    ],
    "collection-template": [  # document 3 names no times; those of document 4
        ("高", Clock(ack_hours=2, interim_hours=24, resolve_working_days=3), ""),
        ("中", Clock(ack_hours=24, resolve_working_days=5), ""),
        ("低", Clock(ack_hours=48, resolve_working_days=10), ""),
    ],
}


@pytest.mark.parametrize("slug", DOCUMENTS)
def test_the_other_policies_are_their_documents(slug):
    policy, default = load_policy(slug), load_policy()
    assert [(level.name, level.clock, level.action) for level in policy.levels] == DOCUMENTS[slug]
    # Danger is most urgent under any policy; the words are the default's.
    assert [(rule.label, rule.words, rule.level) for rule in policy.rules] == [(rule.label, rule.words, 0) for rule in default.rules]
    assert policy.daily_items == 10 and policy.customer_share == 0.5


def test_every_document_has_its_policy():
    assert set(POLICIES) == {*DOCUMENTS, "handling-measures"}


def test_the_quadrant_of_document_3():
    policy = load_policy("collection-template")
    assert [level.min_score for level in policy.levels] == [math.inf, math.inf, 0]
    number = list(COMPONENTS).index
    high = {rule.when for rule in policy.placements if rule.level == 0}
    assert high == {(number("frequency"),), (number("core"),), (number("customer"),)}
    assert {rule.label for rule in policy.placements if rule.level == 1} == {"影响体验", "部分用户", "强烈负面"}
    (some,) = (rule for rule in policy.placements if rule.label == "部分用户")
    assert some == PlacementRule(1, "部分用户", min_people=3)


def test_suggestions_of_document_0_go_to_the_product_department():
    policy = load_policy("improvement-plan")
    assert policy.departments == {**load_policy().departments, "request": "产品部", "experience": "产品部"}
    reach, frequent, kinds = policy.placements
    assert (reach.when, reach.level) == ((list(COMPONENTS).index("reach"),), 0)
    assert (frequent.when, frequent.level) == ((list(COMPONENTS).index("frequency"),), 1)
    assert TYPE_CODES.index("defect") in kinds.types and TYPE_CODES.index("request") not in kinds.types and kinds.level == 1


#: DESIGN, section 2: what each document makes of the types. Types it does not name are 其他.
VIEWS = {
    "improvement-plan": {
        "defect": "产品质量类",
        **dict.fromkeys(("service", "process", "price", "experience"), "服务体验类"),
        "request": "需求建议类",
    },
    "channel-plan": {"service": "服务类", **dict.fromkeys(("defect", "experience", "request"), "产品类")},
    "adoption-mechanism": {
        **dict.fromkeys(("defect", "request"), "产品功能类"),
        "service": "服务质量类",
        "price": "价格策略类",
        "experience": "用户体验类",
        "process": "业务流程类",
    },
    "collection-template": {
        "request": "功能需求",
        **dict.fromkeys(("service", "process", "price", "experience"), "服务体验"),
        "defect": "产品缺陷",
    },
    "handling-measures": {
        **dict.fromkeys(("request", "experience"), "产品建议"),
        **dict.fromkeys(("service", "process", "price"), "服务投诉"),
        "defect": "功能故障",
        "inquiry": "使用咨询",
    },
}


def test_every_document_has_its_view():
    assert set(SCHEMES) == set(VIEWS)


@pytest.mark.parametrize("slug", VIEWS)
def test_views(slug):
    scheme = load_scheme(slug)
    categories = scheme.categories(np.arange(len(TYPE_CODES)), pd.Series(["没有线索"] * len(TYPE_CODES), dtype=object))
    assert dict(zip(TYPE_CODES, categories, strict=True)) == {code: VIEWS[slug].get(code, "其他") for code in TYPE_CODES}
    assert scheme.slug == slug
    assert scheme.signature == f"{slug}/{hashlib.sha256(SCHEMES[slug].read_bytes()).hexdigest()[:12]}"


@pytest.mark.parametrize(
    ("code", "text", "category"),
    [
        ("service", "维修师傅态度差", "售后类"),
        ("service", "安装等了三天", "售后类"),
        ("service", "退换太慢", "售后类"),
        ("service", "保修期内不给修", "售后类"),
        ("service", "客服态度差", "服务类"),
        ("service", "", "服务类"),
        ("defect", "安装后闪退", "产品类"),
        ("process", "退换规则复杂", "其他"),
        ("praise", "安装师傅很好", "其他"),
    ],
)
def test_after_sales_is_service_with_a_cue(code, text, category):
    scheme = load_scheme("channel-plan")
    assert scheme.categories(np.array([TYPE_CODES.index(code)]), pd.Series([text], dtype=object)).tolist() == [category]


def test_categories_of_no_rows():
    assert load_scheme().categories(np.empty(0, dtype=np.intp), pd.Series([], dtype=object)).tolist() == []


BROKEN_POLICIES = [
    ([("urgency = 38", "urgency = 40")], ["weights: expected a sum of 100, got 102"]),
    ([("urgency = 38", "urgency = -1")], ["weights.urgency: expected a number from 0 on, got -1"]),
    ([("urgency = 38", 'urgency = "38"')], ["weights.urgency: expected a number from 0 on, got '38'"]),
    ([("urgency = 38", "urgency = true")], ["weights.urgency: expected a number from 0 on, got True"]),
    ([("urgency = 38", "urgency = nan")], ["weights.urgency: expected a number from 0 on, got nan"]),
    ([("urgency = 38", "urgenzy = 38")], ["weights.urgency: missing", "weights.urgenzy: unknown key, did you mean 'urgency'?"]),
    ([("safety = 1.0", "safety = 1.1")], ["severity.safety: expected a number from 0 to 1, got 1.1"]),
    ([("daily_items = 10", "daily_items = 10.5")], ["thresholds.daily_items: expected a whole number from 0 on, got 10.5"]),
    ([("customer_share = 0.5", "customer_share = 50")], ["thresholds.customer_share: expected a number from 0 to 1, got 50"]),
    ([('risk = "safety"', 'risk = "fire"')], [f"rules[0].risk: expected one of {', '.join(RISK_CODES)}, got 'fire'"]),
    ([('level = "高"', 'level = "最高"')], ["rules[0].level: expected one of ['高', '中', '低'], got '最高'"]),
    ([('words = [\n    "起火",', 'words = [\n    "",')], ["rules[0].words: expected a list of words, got ['',"]),
    ([('defect = "技术支持"', 'defect = ""')], ["departments.defect: expected a text, got ''"]),
    ([('defect = "技术支持"', "")], ["departments.defect: missing, expected a text"]),
    ([('tag = "紧急"', "")], ["levels[0].tag: missing, expected a text"]),
    ([("min_score = 18", "min_score = 50")], ["levels: expected different names and falling min_score that ends at 0, got", "[42, 50, 0]"]),
    ([("min_score = 0", "min_score = 1")], ["levels: expected different names and falling min_score that ends at 0, got", "[42, 18, 1]"]),
    ([('name = "中"', 'name = "高"')], ["levels: expected different names", "['高', '高', '低']"]),
    ([("resolve_working_days = 3", "resolve_working_days = 2.5")], ["levels[0]: clock field 'resolve_working_days'", "2.5"]),
    ([("resolve_working_days = 3", "resolve_working_days = 3\nresolve_hours = 9")], ["levels[0]: a clock has either resolve_hours or"]),
    ([("resolve_working_days = 3", "resolve_days = 3")], ["levels[0].resolve_days: unknown key, did you mean 'resolve_working_days'?"]),
    ([('slug = "handling-measures"', "slug = 5")], [".slug: expected a text, got 5"]),
    ([("[core]", "[cores]")], [".core: missing, expected a table", ".cores: unknown key, did you mean 'core'?"]),
    (
        [
            ('title = "改善客户反馈处理对策"', ""),
            ("[core]", "[kern]"),
            ('tag = "重要"', "tag = 1"),
            ("resolve_working_days = 10", "resolve_working_days = 10.5"),
            ("negativity = 20", "negativity = 30"),
            ("legal = 0.6", 'legal = "grave"'),
            ('risk = "money"', 'risk = "cash"'),
            ("daily_items = 10", "daily_items = -10"),
            ('other = "客服"', "other = []"),
        ],
        [
            ".title: missing, expected a text",
            ".core: missing, expected a table",
            ".kern: unknown key",
            "levels[1].tag: expected a text, got 1",
            "levels[2]: clock field 'resolve_working_days'",
            "weights: expected a sum of 100, got 110",
            "severity.legal: expected a number from 0 to 1, got 'grave'",
            "rules[2].risk: expected one of",
            "thresholds.daily_items: expected a whole number from 0 on, got -10",
            "departments.other: expected a text, got []",
        ],
    ),
]


BROKEN_POLICIES += [
    ([('levels_by = "score"', 'levels_by = "luck"')], [".levels_by: expected one of score, rules, got 'luck'"]),
    (
        [('levels_by = "score"', 'levels_by = "rules"')],
        [f"levels[{place}].min_score: unknown key, expected name, tag" for place in range(3)],
    ),
    ([("ack_hours = 2\n", "ack_hours = 2\nack_working_days = 1\n")], ["levels[0]: a clock has either ack_hours or ack_working_days"]),
    ([("ack_hours = 2\n", "ack_working_minutes = 2\n")], ["levels[0].ack_working_minutes: unknown key, did you mean"]),
    ([('tag = "紧急"', 'tag = "紧急"\naction = 5')], ["levels[0].action: expected a text, got 5"]),
    ([('start = "09:00"', 'start = "9 Uhr"')], ["working_hours.start: expected a time such as '09:00', got '9 Uhr'"]),
    ([('start = "09:00"', "start = 09:00:00")], ["working_hours.start: expected a time such as '09:00', got datetime.time(9, 0)"]),
    ([('start = "09:00"', 'start = "18:30"')], ["working_hours: expected a start before the end"]),
    ([('start = "09:00"', "")], ["working_hours.start: missing, expected a time such as '09:00'"]),
    ([('dates_from = "end"', 'dates_from = "noon"')], ["working_hours.dates_from: expected 'start' or 'end', got 'noon'"]),
    (
        [("[departments]", '[departments.by_channel."400热线"]\nservce = "质检"\n[departments]')],
        ["departments.by_channel.400热线.servce: unknown key, did you mean 'service'?"],
    ),
    (
        [("[departments]", '[departments.by_channel.APP]\nany = "甲"\n[departments.by_channel."ａｐｐ"]\nany = 5\n[departments]')],
        [
            "departments.by_channel.ａｐｐ.any: expected a text, got 5",
            "departments.by_channel: expected different channels, got APP, ａｐｐ",
        ],
    ),
    (
        [("[departments]", '[departments.by_level."最高"]\nany = "甲"\n[departments]')],
        ["departments.by_level.最高: unknown level, expected one of ['高', '中', '低']"],
    ),
    ([("[departments]", '[departments]\nby_level = "甲"')], ["departments.by_level: expected a table, got '甲'"]),
]

_RULE = '[[rules]]\nlabel = "规则"\nlevel = "{level}"\n{more}\n\n[thresholds]'


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ('when = ["frequenzy"]', ["when: expected a list out of urgency, negativity, risk, frequency,", "got ['frequenzy']"]),
        ("when = []", ["when: expected a list out of", "got []"]),
        ('when = "core"', ["when: expected a list out of", "got 'core'"]),
        ('types = ["bug"]', [f"types: expected a list out of {', '.join(TYPE_CODES)}, got ['bug']"]),
        ("min_people = 2.5", ["min_people: expected a whole number from 0 on, got 2.5"]),
        ('when = ["core"]\nmin_strength = 2', ["min_strength: expected a number from 0 to 1, got 2"]),
        ('types = ["defect"]\nmin_strength = 0.5', ["min_strength: expected 'when' beside it"]),
        ('when = ["core"]\nrisk = "safety"', ["risk: unknown key, expected label, level, when"]),
        ('when = ["core"]\nwords = ["支付"]', ["words: unknown key"]),
    ],
)
def test_a_broken_rule_about_evidence(tmp_path, more, expected):
    path = edited(POLICIES["handling-measures"], [("[thresholds]", _RULE.format(level="高", more=more))], tmp_path)
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{path}: rules[4].")
    assert all(part in line for part in expected)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ('when = ["frequency", "core"]', PlacementRule(0, "规则", (3, 8))),
        ('when = ["negativity"]\nmin_strength = 0.5', PlacementRule(0, "规则", (1,), 0.5)),
        ('types = ["defect"]\nmin_people = 3', PlacementRule(0, "规则", types=(0,), min_people=3)),
    ],
)
def test_a_rule_about_evidence(tmp_path, more, expected):
    path = edited(POLICIES["handling-measures"], [("[thresholds]", _RULE.format(level="高", more=more))], tmp_path)
    policy = load_policy(path)
    assert policy.placements == (expected,)
    assert policy.rules == load_policy().rules


def own_file(folder, content):
    path = folder / "own.toml"
    path.write_text(content, encoding="utf-8")
    return path


OWN = 'extends = "handling-measures"\nslug = "ours"\ntitle = "我们的"\n'


def test_a_policy_that_says_only_what_differs(tmp_path):
    path = own_file(
        tmp_path,
        OWN
        + '[weights]\nurgency = 30\ncore = 11\n[thresholds]\ndaily_items = 3\n[working_hours]\nend = "20:00"\n'
        + '[[rules]]\nlabel = "核心"\nlevel = "中"\nwhen = ["core"]\n[[rules]]\nlabel = "法律风险"\nlevel = "中"\nwords = ["律师"]\n'
        + '[departments]\ndefect = "研发"\n[departments.by_channel."门店"]\nany = "门店主管"\nservice = "店长"\n',
    )
    base, own = load_policy(), load_policy(path)
    assert (own.slug, own.title, own.daily_items, own.levels) == ("ours", "我们的", 3, base.levels)
    assert dict(zip(COMPONENTS, own.weights, strict=True)) == {
        **dict(zip(COMPONENTS, base.weights, strict=True)),
        "urgency": 30,
        "core": 11,
    }
    assert own.working_hours == WorkingHours(9 * 60, 20 * 60)
    legal, *others = base.rules[-1:] + base.rules[:-1]
    assert own.rules == (replace(legal, level=1, words=("律师",)), *others), "a rule of the same label keeps what is not said"
    assert [rule.label for rule in own.placements] == ["核心"]
    assert own.departments == {**base.departments, "defect": "研发"}
    assert own.channel_departments == {"门店": {**dict.fromkeys(TYPE_CODES, "门店主管"), "service": "店长"}}


def test_the_signature_covers_what_is_inherited(tmp_path, monkeypatch):
    path = own_file(tmp_path, OWN)
    before = load_policy(path).signature
    assert re.fullmatch("ours/[0-9a-f]{12}", before) and before == load_policy(path).signature
    changed = edited(POLICIES["handling-measures"], [("daily_items = 10", "daily_items = 11")], tmp_path / "..")
    monkeypatch.setattr("feedback_nlp.ledger.settings.shipped", lambda _: {"handling-measures": changed})
    assert load_policy(own_file(tmp_path, OWN)).signature != before


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('extends = "handling"\n', ["own.toml.extends: expected another one of adoption-mechanism", "got 'handling'"]),
        ('extends = ["handling-measures"]\n', ["own.toml.extends: expected another one of", "got ['handling-measures']"]),
        ('extends = "handling-measures"\n', [".slug: missing", ".title: missing"]),
        (OWN + "[weights]\nurgency = 39\n", ["weights: expected a sum of 100, got 101"]),
        (OWN + "weights = 5\n", [".weights: expected a table, got 5"]),
        (OWN + "rules = 5\n", [".rules: expected a list of tables, got 5"]),
        (
            OWN + '[[levels]]\nname = "全部"\ntag = "全部"\nmin_score = 0\n',
            [f"rules[{place}].level: expected one of ['全部'], got '高'" for place in range(4)],
        ),
        (OWN + '[[rules]]\nlabel = ["人身安全"]\nlevel = "高"\nwhen = ["core"]\n', ["rules[0].label: expected a text, got ['人身安全']"]),
    ],
)
def test_a_broken_extension(tmp_path, content, expected):
    path = own_file(tmp_path, content)
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(str(path)) for line in lines)
    assert all(part in str(caught.value) for part in expected)
    assert len(lines) <= len(expected)


@pytest.mark.parametrize(("edits", "expected"), BROKEN_POLICIES)
def test_a_broken_policy_lists_all_its_problems(tmp_path, edits, expected):
    path = edited(POLICIES["handling-measures"], edits, tmp_path)
    with pytest.raises(PolicyError) as caught:
        load_policy(path)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(str(path)) for line in lines)
    for part in expected:
        assert part in str(caught.value)
    # A line can answer for two parts, never the other way round: nothing sound is blamed.
    assert len(lines) <= len(expected)


BROKEN_SCHEMES = [
    (
        [('types = ["defect"]', 'types = ["defects"]')],
        [f"classes[2].types: expected a list out of {', '.join(TYPE_CODES)}, got ['defects']"],
    ),
    ([('types = ["defect"]', 'types = "defect"')], ["classes[2].types: expected a list out of", "got 'defect'"]),
    ([('name = "功能故障"', "")], ["classes[2].name: missing, expected a text"]),
    ([('types = ["defect"]', "types = []")], ["no class without cues takes the type defect"]),
    ([('types = ["defect"]', 'types = ["defect"]\ncues = ["坏"]')], ["no class without cues takes the type defect"]),
    ([('types = ["defect"]', 'types = ["defect"]\ncue = ["坏"]')], ["classes[2].cue: unknown key, did you mean 'cues'?"]),
    ([('types = ["defect"]', 'types = ["defect"]\ncues = "坏"')], ["classes[2].cues: expected a list of words, got '坏'"]),
    (
        [('title = "改善客户反馈处理对策"', ""), ('types = ["inquiry"]', "types = []"), ('types = ["defect"]', "types = []")],
        [".title: missing, expected a text", "takes the type inquiry", "takes the type defect"],
    ),
]


@pytest.mark.parametrize(("edits", "expected"), BROKEN_SCHEMES)
def test_a_broken_scheme_lists_all_its_problems(tmp_path, edits, expected):
    path = edited(SCHEMES["handling-measures"], edits, tmp_path)
    with pytest.raises(PolicyError) as caught:
        load_scheme(path)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(str(path)) for line in lines)
    for part in expected:
        assert part in str(caught.value)
    assert len(lines) <= len(expected)


@pytest.mark.parametrize("load", [load_policy, load_scheme])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ["slug: missing", "title: missing"]),
        (b"slug = ", ["expected TOML in UTF-8"]),
        ("门店 = 1".encode(), ["expected TOML in UTF-8", 'a Chinese key needs quotes: "门店"']),
        ('slug = "对策"'.encode("gbk"), ["expected TOML in UTF-8"]),
        (b'slug = "x"\ntitle = "y"\nlevels = 3\nclasses = 3', ["expected a list of", "got 3"]),
        (b'slug = "x"\ntitle = "y"\nlevels = [1]\nclasses = [1]', ["expected a", "1"]),
        (b'slug = "x"\ntitle = "y"\nlevels = []\nclasses = []', ["expected"]),
    ],
)
def test_files_of_another_kind(tmp_path, load, content, expected):
    path = tmp_path / "own.toml"
    path.write_bytes(content)
    with pytest.raises(PolicyError) as caught:
        load(path)
    for part in [str(path), *expected]:
        assert part in str(caught.value)


@pytest.mark.parametrize(("load", "known"), [(load_policy, POLICIES), (load_scheme, SCHEMES)])
def test_an_unknown_name_lists_and_suggests(load, known, tmp_path):
    with pytest.raises(PolicyError) as caught:
        load("handling-measure")
    for part in ["handling-measure: expected one of", *known, "the path of a TOML file", "Did you mean 'handling-measures'?"]:
        assert part in str(caught.value)
    with pytest.raises(PolicyError, match="expected one of"):
        load(tmp_path)
    with pytest.raises(PolicyError, match=r"expected one of(?!.*Did you mean)"):
        load("zzzzzz")


@pytest.mark.parametrize("as_name", [str, lambda path: path])
def test_an_own_policy_by_path(tmp_path, as_name):
    own = edited(POLICIES["handling-measures"], [('"handling-measures"', '"ours"'), ("daily_items = 10", "daily_items = 3")], tmp_path)
    policy = load_policy(as_name(own))
    assert (policy.slug, policy.daily_items) == ("ours", 3)
    assert policy.signature == f"ours/{hashlib.sha256(own.read_bytes()).hexdigest()[:12]}"
    assert policy.levels == load_policy().levels


def test_an_own_scheme_by_path(tmp_path):
    classes = '[[classes]]\nname = "贵"\ntypes = ["price", "process"]\ncues = ["贵"]\n\n[[classes]]\nname = "全部"\ntypes = [{}]'
    own = tmp_path / "own.toml"
    own.write_text('slug = "ours"\ntitle = "我们的"\n\n' + classes.format(", ".join(f'"{code}"' for code in TYPE_CODES)), encoding="utf-8")
    scheme = load_scheme(own)
    texts = pd.Series(["太贵", "便宜", "太贵"], dtype=object)
    found = scheme.categories(np.array([TYPE_CODES.index(code) for code in ("price", "price", "defect")]), texts)
    assert found.tolist() == ["贵", "全部", "全部"]


def test_rules_and_words_are_optional(tmp_path):
    source = POLICIES["handling-measures"].read_text(encoding="utf-8")
    before, rest = source.split("[[rules]]", 1)
    own = tmp_path / "own.toml"
    own.write_text(before + "[thresholds]" + rest.split("[thresholds]", 1)[1], encoding="utf-8")
    assert load_policy(own).rules == ()
    own.write_text(
        before
        + '[[rules]]\nlabel = "火"\nlevel = "中"\nrisk = "safety"\nmin_probability = 1\n\n[thresholds]'
        + rest.split("[thresholds]", 1)[1],
        encoding="utf-8",
    )
    (rule,) = load_policy(own).rules
    assert (rule.label, rule.level, rule.risk, rule.min_probability, rule.words) == ("火", 1, RISK_CODES.index("safety"), 1.0, ())
