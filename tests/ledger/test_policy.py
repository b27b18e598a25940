"""Policies and schemes as files: what ships loads and says what the documents say; what is wrong is told all at once."""

import hashlib

import numpy as np
import pandas as pd
import pytest

from feedback_nlp.errors import PolicyError
from feedback_nlp.ledger.clock import Clock
from feedback_nlp.ledger.policy import load_policy
from feedback_nlp.ledger.scheme import load_scheme
from feedback_nlp.ledger.settings import shipped
from feedback_nlp.vocabulary import RISK_CODES, TYPE_CODES

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
    assert policy.signature == f"{slug}/{hashlib.sha256(POLICIES[slug].read_bytes()).hexdigest()[:12]}"
    assert sum(policy.weights) == pytest.approx(100, abs=1e-9)
    assert all(0 <= share <= 1 for share in policy.severity)
    scores = [level.min_score for level in policy.levels]
    assert scores == sorted(set(scores), reverse=True)
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
