"""The score, its parts, the level and the sentence about them, against one item read at a time."""

import re
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.ledger.clock import Clock
from feedback_nlp.ledger.policy import COMPONENTS, ForceRule, Level, PlacementRule, load_policy
from feedback_nlp.ledger.priority import QUIET_TYPES, Evidence, fired_rules, ledger_order, prioritise, strengths
from feedback_nlp.ledger.reasons import reasons
from feedback_nlp.scorer.scores import Scores
from feedback_nlp.vocabulary import RISK_CODES, RISKS, TYPE_CODES

POLICY = load_policy()
#: A weak rule before a strong one on other risks, as a user may write them.
STRANGE = replace(
    POLICY,
    levels=(*(Level(name, name, score, Clock()) for name, score in (("一", 60), ("二", 30), ("三", 10), ("四", 0))),),
    severity=(0.2, 1.0, 0.9, 0.0, 0.5, 1.0),
    rules=(
        ForceRule(0, 0.5, 2, "弱", ()),
        ForceRule(1, 0.7, 0, "强", ()),
        ForceRule(2, 0.7, 0, "也强", ()),
        ForceRule(3, 0.1, 3, "无", ()),
    ),
)
WITHOUT_RULES = replace(POLICY, rules=())
#: Every kind of condition, alone and together; a rule of a weak level before one of a strong level.
PLACED = replace(
    STRANGE,
    placements=(
        PlacementRule(2, "很多人", min_people=3),
        PlacementRule(1, "高频的故障", when=(3,), types=(0,)),
        PlacementRule(0, "核心或高价值", when=(6, 8), min_people=2),
        PlacementRule(1, "强烈负面", when=(1,), min_strength=0.8),
        PlacementRule(2, "表扬", types=(7,)),
    ),
)
POLICIES = {
    **{"default": POLICY, "strange": STRANGE, "without rules": WITHOUT_RULES, "placed": PLACED},
    **{slug: load_policy(slug) for slug in ("improvement-plan", "adoption-mechanism", "collection-template")},
}


def evidence_of(rows, policy):
    """Rows as dicts to arrays; ``cued`` holds numbers of rules."""
    types = {"urgency_level": np.float32, "polarity": np.float32, "type_index": np.intp}
    arrays = {name: np.array([row[name] for row in rows], dtype=types.get(name)) for name in rows[0] if name not in ("risk", "cued")}
    arrays |= {name: np.array([row[name] for row in rows], dtype=object) for name in ("busiest", "alert")}
    risk = np.array([row["risk"] for row in rows], dtype=np.float32).reshape(len(rows), len(RISK_CODES))
    cued = np.array([[number in row["cued"] for number in range(len(policy.rules))] for row in rows], dtype=bool)
    return Evidence(risk=risk, cued=cued.reshape(len(rows), len(policy.rules)), **arrays)


def calm(**changes):
    """An item with nothing to raise its priority, but for the changes."""
    row = {"urgency_level": 0.0, "polarity": 0.0, "risk": [0.0] * 6, "type_index": 0, "day_count": 0, "theme_reach": 0.0}
    row |= {"busiest": "主题「登录」", "rising": False, "alert": "主题「登录」突增"}
    return {**row, "high_value": False, "customer_theme_count": 0, "core": False, "theme_people": 0, "cued": [], "urgent": False, **changes}


def share(stop=1.0):
    return st.integers(0, 1000).map(lambda thousandths: thousandths * stop / 1000)


ROW = st.fixed_dictionaries(
    {
        "urgency_level": share(2.0),
        "polarity": share(2.0).map(lambda value: value - 1),
        "risk": st.lists(share(), min_size=6, max_size=6),
        "type_index": st.integers(0, len(TYPE_CODES) - 1),
        "day_count": st.integers(0, 30),
        "busiest": st.just("主题「登录」"),
        "rising": st.booleans(),
        "alert": st.just("主题「登录」突增"),
        "theme_reach": st.floats(0, 1),
        "high_value": st.booleans(),
        "customer_theme_count": st.integers(0, 5),
        "core": st.booleans(),
        "theme_people": st.integers(0, 5),
        "cued": st.lists(st.integers(0, 3), max_size=2),
        "urgent": st.booleans(),
    }
)
ROWS = st.lists(ROW, min_size=1, max_size=8)


def slow_strengths(evidence, row, policy):
    """What each component is, item by item, written from the documentation."""
    risk = [float(value) for value in evidence.risk[row]]
    urgent = bool(evidence.urgent[row])
    probable = [urgent and evidence.risk[row, rule.risk] >= rule.min_probability for rule in policy.rules]
    fires = [number for number in range(len(policy.rules)) if probable[number] or evidence.cued[row, number]]
    certain = {policy.rules[number].risk for number in fires}
    graves = [(1.0 if code in certain else risk[code]) * policy.severity[code] for code in range(len(risk))]
    loud = TYPE_CODES[evidence.type_index[row]] not in QUIET_TYPES
    repeats = {0: 0.0, 1: 0.0, 2: 0.5}.get(int(evidence.customer_theme_count[row]), 1.0)
    values = {
        "urgency": 1.0 if fires else float(evidence.urgency_level[row]) / 2,
        "negativity": max(0.0, -float(evidence.polarity[row])),
        "risk": max(graves),
        "frequency": float(loud and evidence.day_count[row] > policy.daily_items),
        "trend": float(loud and evidence.rising[row]),
        "reach": float(loud and evidence.theme_reach[row] > policy.customer_share),
        "customer": float(loud and evidence.high_value[row]),
        "repeat": repeats if loud else 0.0,
        "core": float(loud and evidence.core[row]),
    }
    return values, fires, graves.index(max(graves))


def slow_placements(evidence, row, policy, values):
    """Numbers of the placement rules whose conditions all hold."""
    code = int(evidence.type_index[row])
    held = []
    for number, rule in enumerate(policy.placements):
        there = [values[list(COMPONENTS)[component]] for component in rule.when]
        of_type = code in rule.types if rule.types else TYPE_CODES[code] not in QUIET_TYPES
        enough = not rule.when or any(strength > 0 and strength >= rule.min_strength for strength in there)
        if of_type and enough and evidence.theme_people[row] >= rule.min_people:
            held.append(number)
    return held


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_matches_the_oracle(policy, rows):
    evidence = evidence_of(rows, policy)
    priority = prioritise(evidence, policy)
    matrix = strengths(evidence, policy, fired_rules(evidence, policy))
    for row in range(len(rows)):
        values, fires, worst = slow_strengths(evidence, row, policy)
        assert matrix[row].tolist() == list(values.values())
        points = [round(value * weight * 10) for value, weight in zip(values.values(), policy.weights, strict=True)]
        assert priority.tenths[row].tolist() == points
        assert priority.score[row] == sum(points) / 10
        by_score = next(place for place, level in enumerate(policy.levels) if sum(points) / 10 >= level.min_score)
        forced = min(fires, key=lambda number: (policy.rules[number].level, number), default=-1)
        others = min(by_score, policy.rules[forced].level) if fires else by_score
        placed = min(
            (number for number in slow_placements(evidence, row, policy, values) if policy.placements[number].level < others),
            key=lambda number: (policy.placements[number].level, number),
            default=-1,
        )
        assert priority.level[row] == (others if placed < 0 else policy.placements[placed].level)
        assert (priority.forced[row], priority.placed[row]) == (forced, placed)
        assert priority.worst_risk[row] == worst


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_parts_sum_to_the_score_and_the_score_is_a_percentage(policy, rows):
    priority = prioritise(evidence_of(rows, policy), policy)
    printed = [[f"{tenths / 10:g}" for tenths in row] for row in priority.tenths.tolist()]
    assert [f"{sum(round(float(part) * 10) for part in row) / 10:.1f}" for row in printed] == [f"{score:.1f}" for score in priority.score]
    assert priority.score.min() >= 0 and priority.score.max() <= 100
    assert priority.tenths.min() >= 0


RAISED = {
    "urgency_level": lambda old, new: max(old, new),
    "polarity": lambda old, new: min(old, new),
    "risk": lambda old, new: [max(pair) for pair in zip(old, new, strict=True)],
    "day_count": lambda old, new: max(old, new),
    "theme_reach": lambda old, new: max(old, new),
    "rising": lambda old, new: old or new,
    "high_value": lambda old, new: old or new,
    "customer_theme_count": lambda old, new: max(old, new),
    "core": lambda old, new: old or new,
    "theme_people": lambda old, new: max(old, new),
    "cued": lambda old, new: [*old, *new],
    "urgent": lambda old, new: old or new,
}


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("name", RAISED)
@settings(max_examples=30, deadline=None)
@given(row=ROW, other=ROW)
def test_more_of_anything_never_lowers_a_score_or_a_level(policy, name, row, other):
    raised = {**row, name: RAISED[name](row[name], other[name])}
    priority = prioritise(evidence_of([row, raised], policy), policy)
    assert (priority.tenths[1] >= priority.tenths[0]).all()
    assert priority.level[1] <= priority.level[0]


def rank(rows, place, policy):
    """How many items stand before one of them; all came at one time, and ids follow the rows."""
    ids = np.array([f"F{number:02d}" for number in range(len(rows))], dtype=object)
    priority = prioritise(evidence_of(rows, policy), policy)
    order = ledger_order(priority.level, priority.tenths.sum(axis=1), np.zeros(len(rows)), ids)
    return order.tolist().index(place)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("name", RAISED)
@settings(max_examples=25, deadline=None)
@given(rows=ROWS, other=ROW, data=st.data())
def test_more_of_anything_never_lowers_a_rank(policy, name, rows, other, data):
    place = data.draw(st.integers(0, len(rows) - 1))
    raised = [*rows[:place], {**rows[place], name: RAISED[name](rows[place][name], other[name])}, *rows[place + 1 :]]
    assert rank(raised, place, policy) <= rank(rows, place, policy)


MONDAY, TUESDAY, NEVER = "2026-03-02", "2026-03-03", "NaT"


def order_of(rows, *, ids=None):
    """The order of rows (level, tenths, age, id). ids: how they are handed over."""
    level, tenths, age, names = ([row[place] for row in rows] for place in range(4))
    given = np.array(names, dtype=object) if ids is None else ids(names)
    return ledger_order(np.array(level, np.int8), np.array(tenths, np.int64), np.array(age, "datetime64[us]"), given).tolist()


@pytest.mark.parametrize(
    ("rows", "order"),
    [
        ([], []),
        ([(0, 10, MONDAY, "a")], [0]),
        ([(1, 999, MONDAY, "a"), (0, 1, MONDAY, "b")], [1, 0]),  # the level comes first
        ([(0, 10, MONDAY, "a"), (0, 11, TUESDAY, "b")], [1, 0]),  # then the score
        ([(0, 10, TUESDAY, "a"), (0, 10, MONDAY, "b")], [1, 0]),  # then who waits longest
        ([(0, 10, NEVER, "a"), (0, 10, MONDAY, "b")], [1, 0]),  # an unknown age last
        ([(0, 10, NEVER, "b"), (0, 10, NEVER, "a")], [1, 0]),  # two unknown ages are equal
        ([(0, 10, MONDAY, "b"), (0, 10, MONDAY, "a")], [1, 0]),  # then the id
        ([(0, 10, MONDAY, "10"), (0, 10, MONDAY, "9")], [0, 1]),  # by characters
        ([(0, 10, MONDAY, "b"), (0, 10, MONDAY, "A")], [1, 0]),
        ([(0, 10, MONDAY, "𠮷"), (0, 10, MONDAY, "\uffee")], [1, 0]),  # by code point, not by UTF-16
        ([(0, 10, MONDAY, "a"), (0, 10, MONDAY, "")], [1, 0]),
        ([(0, 10, MONDAY, "b"), (1, 10, MONDAY, "a"), (0, 10, MONDAY, "a"), (1, 10, MONDAY, "A")], [2, 0, 3, 1]),
    ],
)
def test_the_order(rows, order):
    import pyarrow as pa

    assert order_of(rows) == order
    assert order_of(rows, ids=list) == order
    assert order_of(rows, ids=lambda names: pa.array(names, pa.string())) == order
    assert order_of(rows, ids=lambda names: pa.chunked_array([names[:1], names[1:]], pa.large_string())) == order


RANKED = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 2),
        st.sampled_from([MONDAY, TUESDAY, NEVER]),
        st.text(alphabet="aA9中𠮷\uffee", max_size=2),
    ),
    max_size=25,
)


@settings(max_examples=300, deadline=None)
@given(RANKED)
def test_the_order_matches_the_oracle(rows):
    def place(row):
        level, tenths, age, name = rows[row]
        return level, -tenths, age == NEVER, age, name

    found = [rows[row] for row in order_of(rows)]
    assert found == [rows[row] for row in sorted(range(len(rows)), key=place)]


@settings(max_examples=100, deadline=None)
@given(RANKED, st.randoms(use_true_random=False))
def test_the_order_of_the_input_is_of_no_importance(rows, random):
    moved = random.sample(rows, len(rows))
    assert [rows[row] for row in order_of(rows)] == [moved[row] for row in order_of(moved)]


def test_the_law_covers_all_evidence():
    assert {*RAISED, "type_index", "busiest", "alert"} == {field.name for field in fields(Evidence)}


#: Everything that surrounds an item, none of it in the text.
SURROUNDINGS = {"day_count": 99, "rising": True, "theme_reach": 1.0, "high_value": True, "customer_theme_count": 9, "core": True}


@pytest.mark.parametrize("code", TYPE_CODES)
def test_surroundings_raise_complaints_only(code):
    priority = prioritise(evidence_of([calm(type_index=TYPE_CODES.index(code), **SURROUNDINGS)], POLICY), POLICY)
    expected = [0.0] * 9 if code in ("praise", "other") else [0, 0, 0, *POLICY.weights[3:]]
    assert (priority.tenths[0] / 10).tolist() == expected


@pytest.mark.parametrize(
    ("changes", "component", "points"),
    [
        ({"day_count": 10}, "frequency", 0),  # document 0: over 10 a day
        ({"day_count": 11}, "frequency", 3),
        ({"rising": True}, "trend", 3),
        ({"theme_reach": 0.5}, "reach", 0),  # document 0: over 50 %
        ({"theme_reach": 0.501}, "reach", 2),
        ({"customer_theme_count": 1}, "repeat", 0),
        ({"customer_theme_count": 2}, "repeat", 1.5),
        ({"customer_theme_count": 3}, "repeat", 3),
        ({"customer_theme_count": 9}, "repeat", 3),
        ({"urgency_level": 1.0}, "urgency", 19),
        ({"polarity": -0.5}, "negativity", 10),
        ({"polarity": 1.0}, "negativity", 0),
        ({"risk": [0, 1, 0, 0, 0, 0]}, "risk", 24 * 0.7),
    ],
)
def test_points(changes, component, points):
    priority = prioritise(evidence_of([calm(**changes)], WITHOUT_RULES), WITHOUT_RULES)
    number = list(COMPONENTS).index(component)
    assert priority.tenths[0, number] / 10 == pytest.approx(points)
    assert priority.score[0] == priority.tenths[0, number] / 10


def bounds():
    for position, level in enumerate(POLICY.levels[:-1]):
        yield level.min_score, position
        yield level.min_score - 0.1, position + 1


@pytest.mark.parametrize(("score", "level"), list(bounds()))
def test_a_level_starts_at_its_least_score(score, level):
    policy = replace(WITHOUT_RULES, weights=(100.0, *[0.0] * 8))
    priority = prioritise(evidence_of([calm(urgency_level=score / 50)], policy), policy)
    assert (priority.score[0], priority.level[0]) == (score, level)


@pytest.mark.parametrize("number", range(len(POLICY.rules)))
def test_rules_force_their_level(number):
    rule = POLICY.rules[number]
    at, below = [0.0] * 6, [0.0] * 6
    at[rule.risk], below[rule.risk] = 1.0, rule.min_probability - 0.01
    rows = [calm(cued=[number]), calm(risk=at, urgent=True), calm(risk=at), calm(risk=below, urgent=True), calm(urgent=True)]
    priority = prioritise(evidence_of(rows, POLICY), POLICY)
    assert priority.forced.tolist() == [number, number, -1, -1, -1]
    assert priority.level[:2].tolist() == [rule.level] * 2
    assert priority.level[4] == len(POLICY.levels) - 1
    assert priority.tenths[:2, 0].tolist() == [POLICY.weights[0] * 10] * 2, "a forced item counts as fully urgent"
    assert priority.tenths[:3, 2].tolist() == [round(POLICY.weights[2] * POLICY.severity[rule.risk] * 10)] * 3
    assert priority.worst_risk[:4].tolist() == [rule.risk] * 4


def test_a_rule_never_lowers_a_level():
    everything = calm(urgency_level=2.0, polarity=-1.0, risk=[0.0, 0, 0, 0, 0, 1.0], cued=[3])
    priority = prioritise(evidence_of([everything], STRANGE), STRANGE)
    assert (priority.score[0] >= 60, priority.level[0], priority.forced[0]) == (True, 0, 3)


def test_no_items():
    evidence = evidence_of([calm()], POLICY)
    empty = Evidence(**{field.name: getattr(evidence, field.name)[:0] for field in fields(Evidence)})
    priority = prioritise(empty, POLICY)
    assert priority.tenths.shape == (0, len(COMPONENTS))
    assert [len(part) for part in (priority.score, priority.level, priority.forced, priority.placed, priority.worst_risk)] == [0] * 5
    assert ledger_order(priority.level, priority.tenths.sum(axis=1), np.zeros(0), np.zeros(0, dtype=object)).tolist() == []
    assert reasons(empty, priority, POLICY, scores=scores_of([])).tolist() == []


def scores_of(rows):
    """Scores with the two columns the sentences read: sentiment and urgency."""
    zeros = np.zeros(len(rows), dtype=np.float32)
    sentiment = np.array([row[0] for row in rows], dtype=np.int8)
    urgency = np.array([row[1] for row in rows], dtype=np.intp)
    nothing = np.zeros((len(rows), 6), dtype=np.float32)
    return Scores(np.zeros(len(rows), dtype=np.intp), zeros, sentiment, zeros, zeros, urgency, zeros, zeros, nothing)


def sentence(row, policy=POLICY, *, sentiment=0, urgency=0):
    evidence = evidence_of([row], policy)
    return reasons(evidence, prioritise(evidence, policy), policy, scores=scores_of([(sentiment, urgency)]))[0]


def test_sentences_of_many_are_those_of_each():
    rows = [calm(), calm(core=True, day_count=12), calm(), calm(customer_theme_count=2, core=True), calm(cued=[0])]
    evidence = evidence_of(rows, POLICY)
    notes = np.array(["", "；一", "", "；二", ""], dtype=object)
    found = reasons(evidence, prioritise(evidence, POLICY), POLICY, scores=scores_of([(0, 0)] * 5), notes=notes).tolist()
    assert found == [f"{sentence(row).removesuffix('。')}{note}。" for row, note in zip(rows, notes, strict=True)]


@pytest.mark.parametrize(
    ("row", "options", "expected"),
    [
        (calm(), {}, "没有明显的升级因素；评为低优先级。"),
        (calm(urgency_level=0.1), {}, "没有明显的升级因素；评为低优先级。"),  # 1.9 points
        (calm(urgency_level=2 / 19), {}, "紧急程度低（+2）；评为低优先级。"),
        (calm(urgency_level=0.11), {}, "紧急程度低（+2.1）；评为低优先级。"),
        (calm(urgency_level=1.0), {"urgency": 1}, "紧急程度中（+19）；评为中优先级。"),
        (calm(urgency_level=1.0, polarity=-0.5), {"urgency": 1, "sentiment": -1}, "紧急程度中（+19）、负面情绪（+10）；评为中优先级。"),
        (calm(polarity=-1.0), {"sentiment": -2}, "强烈负面（+20）；评为中优先级。"),
        (calm(polarity=-0.2), {"sentiment": 0}, "语气略负（+4）；评为低优先级。"),
        (calm(risk=[0, 0, 0, 0.5, 0, 0]), {}, "服务中断风险（+8.4）；评为低优先级。"),
        (calm(risk=[0, 0, 0, 0, 0.5, 0]), {}, "法律风险（+7.2）；评为低优先级。"),
        (calm(day_count=12), {}, "主题「登录」当日12条（+3）；评为低优先级。"),
        (calm(rising=True), {}, "主题「登录」突增（+3）；评为低优先级。"),
        (calm(theme_reach=0.625), {}, "主题触及62%客户（+2）；评为低优先级。"),
        (calm(high_value=True), {}, "高价值客户（+4）；评为低优先级。"),
        (calm(customer_theme_count=2), {}, "没有明显的升级因素；评为低优先级。"),  # 1.5 points
        (calm(customer_theme_count=2, core=True), {}, "核心功能（+3）、其余（+1.5）；评为低优先级。"),
        (calm(customer_theme_count=2, urgency_level=0.1), {}, "没有明显的升级因素；评为低优先级。"),  # 1.5 + 1.9 points
        (calm(customer_theme_count=4), {}, "同一客户同一主题4次反馈（+3）；评为低优先级。"),
        (calm(core=True), {}, "核心功能（+3）；评为低优先级。"),
        (calm(cued=[0]), {}, "触发规则「人身安全」（+38）、人身安全风险（+24）；评为高优先级。"),
        (calm(cued=[3]), {"urgency": 1}, "触发规则「法律风险」（+38）、法律风险（+14.4）；评为高优先级。"),
    ],
)
def test_sentences(row, options, expected):
    assert sentence(row, **options) == expected


@pytest.mark.parametrize(
    ("policy", "row", "expected"),
    [
        (PLACED, calm(theme_people=3), "没有明显的升级因素；按规则「很多人」评为三优先级。"),
        (PLACED, calm(core=True, theme_people=2), "核心功能（+3）；按规则「核心或高价值」评为一优先级。"),
        (PLACED, calm(core=True), "核心功能（+3）；评为四优先级。"),
        (PLACED, calm(day_count=11), "主题「登录」当日11条（+3）；按规则「高频的故障」评为二优先级。"),
        (PLACED, calm(day_count=11, type_index=2), "主题「登录」当日11条（+3）；评为四优先级。"),
        (PLACED, calm(type_index=7, theme_people=3), "没有明显的升级因素；按规则「表扬」评为三优先级。"),
        (PLACED, calm(type_index=8, theme_people=3), "没有明显的升级因素；评为四优先级。"),  # 其他 asks for nothing
        (PLACED, calm(polarity=-0.75, type_index=5), "负面情绪（+15）；评为三优先级。"),
        (PLACED, calm(polarity=-0.8, type_index=5), "负面情绪（+16）；按规则「强烈负面」评为二优先级。"),
        # A rule that gives no more than the score, or than a rule by risk, is not what made the level.
        (PLACED, calm(urgency_level=0.6, theme_people=3), "紧急程度低（+11.4）；评为三优先级。"),
        (PLACED, calm(cued=[1], core=True, theme_people=2), "触发规则「强」（+38）、资金损失风险（+24）、核心功能（+3）；评为一优先级。"),
        (POLICIES["adoption-mechanism"], calm(), "没有明显的升级因素；评为一般优化型，定期评审。"),
        (
            POLICIES["adoption-mechanism"],
            calm(cued=[0]),
            "触发规则「人身安全」（+38）、人身安全风险（+24）；评为紧急关键型，立即上报。",
        ),
    ],
)
def test_sentences_name_the_rule_that_placed(policy, row, expected):
    assert sentence(row, policy, sentiment=-1 if row["polarity"] else 0) == expected


@settings(max_examples=80, deadline=None)
@given(row=ROW, sentiment=st.integers(-2, 2), urgency=st.integers(0, 2))
def test_sentences_name_exactly_what_scored_two_points(row, sentiment, urgency):
    evidence = evidence_of([row], POLICY)
    priority = prioritise(evidence, POLICY)
    said = sentence(row, sentiment=sentiment, urgency=urgency)
    tenths = priority.tenths[0].tolist()
    named, rest = [points for points in tenths if points >= 20], sum(points for points in tenths if points < 20)
    expected = [*named, rest] if named and rest else named
    assert re.findall(r"（\+([\d.]+)）", said) == [f"{points / 10:g}" for points in expected]
    assert ("其余（" in said) == bool(named and rest)
    assert ("没有明显的升级因素" in said) == (not named)
    if named:
        assert sum(expected) / 10 == priority.score[0], "the sentence adds up to the score"
    assert said.endswith(f"；评为{POLICY.levels[priority.level[0]].name}优先级。")
    assert re.findall("触发规则「(.+?)」", said) == [POLICY.rules[number].label for number in priority.forced.tolist() if number >= 0]
    risks = [label for label in RISKS.values() if f"{label.removesuffix('风险')}风险（" in said]
    worst = [label for code, label in RISKS.items() if RISK_CODES.index(code) == priority.worst_risk[0]]
    assert risks == (worst if tenths[2] >= 20 else [])
