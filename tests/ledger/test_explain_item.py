"""What an item's explanation says, and that it says no more than the ledger."""

from dataclasses import FrozenInstanceError, replace
from html.parser import HTMLParser

import pandas as pd
import pytest

import feedback_nlp as fn
from feedback_nlp.errors import InputError
from feedback_nlp.ledger.assemble import HEADERS
from feedback_nlp.ledger.explain import MARK_KINDS, Mark, explain_item
from feedback_nlp.ledger.explain_page import SHOWN_CHARS
from feedback_nlp.ledger.policy import COMPONENTS, load_policy
from feedback_nlp.ledger.settings import shipped

CRASH = "我的软件总是闪退，太影响工作了"
FIRE = "充电器起火了，好在没有漏电"
CORE = "无法支付，登录也失败"
TEXTS = [CRASH, FIRE, CORE, "请问怎么开发票", "", "😀", "一直打不开。" * 2000]


@pytest.fixture(scope="module")
def scorer():
    return fn.BatchScorer.load()


@pytest.fixture(scope="module")
def ledgers(scorer):
    frame = pd.DataFrame({"feedback_id": [f"F{number}" for number in range(len(TEXTS))], "text": TEXTS})
    return {slug: fn.analyze(frame, policy=slug, model=scorer).ledger for slug in shipped("policies")}


@pytest.fixture(scope="module")
def ledger(ledgers):
    return ledgers["handling-measures"]


def row_of(ledger, name):
    return ledger.set_index("feedback_id").loc[name]


@pytest.mark.parametrize("slug", shipped("policies"))
def test_it_says_what_the_ledger_says(ledgers, slug):
    policy = load_policy(slug)
    for name in ledgers[slug]["feedback_id"]:
        found, row = explain_item(ledgers[slug], name, policy=slug), row_of(ledgers[slug], name)
        assert (found.text, found.priority, found.score, found.sentence) == tuple(row[["text", "priority", "priority_score", "reasons"]])
        assert [part.code for part in found.components] == list(COMPONENTS)
        assert [part.points for part in found.components] == [row[f"points_{code}"] for code in COMPONENTS]
        assert sum(part.points for part in found.components) == pytest.approx(found.score)
        for part, weight in zip(found.components, policy.weights, strict=True):
            assert part.weight == weight and part.strength * weight == pytest.approx(part.points)
        assert found.policy == policy.signature
        assert (found.rule == "") == ("触发规则" not in found.sentence) and (found.placement == "") == ("按规则" not in found.sentence)
        frame = found.to_frame()
        assert list(frame.columns) == ["component", "name", "points", "strength", "weight"] and len(frame) == len(COMPONENTS)


def test_words_of_rules_and_of_core_functions(ledger):
    fire = explain_item(ledger, "F1")
    assert (fire.rule, fire.words("rule"), fire.words("risk")) == ("人身安全", ["起火"], []), "没有漏电 is no danger"
    assert fire.marks == (Mark(3, 5, "rule", "人身安全"),)
    core = explain_item(ledger, "F2")
    assert (core.rule, core.words()) == ("", ["支付", "登录"])
    assert [(mark.kind, mark.label) for mark in core.marks] == [("core", "核心功能")] * 2
    assert explain_item(ledger, "F3").marks == ()


def test_a_word_of_a_rule_that_did_not_fire_is_a_risk_word(ledger):
    calm = ledger.assign(reasons="没有明显的升级因素；评为低优先级。")
    assert explain_item(calm, "F1").marks == (Mark(3, 5, "risk", "人身安全"),)


def test_the_scorers_phrases(ledger, scorer):
    crash = explain_item(ledger, "F0", scorer=scorer)
    assert set(crash.phrases) == {"urgency", "sentiment"}
    assert "闪退" in "".join(crash.words("urgency")) and {mark.kind for mark in crash.marks} == {"urgency", "sentiment"}
    # What has no points is not marked, whatever the scorer says of it.
    question = explain_item(ledger, "F3", scorer=scorer)
    assert set(question.phrases) == {"urgency", "sentiment"} and question.marks == ()
    assert explain_item(ledger, "F0").phrases == {}
    assert explain_item(ledger, "F4", scorer=scorer).marks == ()


def test_the_rule_that_placed(ledgers):
    found = explain_item(ledgers["collection-template"], "F2", policy="collection-template")
    assert (found.rule, found.placement, found.priority) == ("", "核心功能", "高")


@pytest.mark.parametrize("name", [f"F{number}" for number in range(len(TEXTS))])
def test_marks_lie_in_the_text_and_in_order(ledger, scorer, name):
    found = explain_item(ledger, name, scorer=scorer)
    assert all(0 <= mark.start < mark.end <= len(found.text) and mark.kind in MARK_KINDS for mark in found.marks)
    assert [mark.start for mark in found.marks] == sorted(mark.start for mark in found.marks)


def test_from_a_file(ledger, tmp_path):
    path = tmp_path / "ledger.csv"
    ledger.rename(columns=HEADERS).to_csv(path, index=False)
    again = explain_item(pd.read_csv(path), "F1")
    first = explain_item(ledger, "F1")
    assert (again.components, again.marks, again.sentence) == (first.components, first.marks, first.sentence)


class Reader(HTMLParser):
    """The text of a fragment, and its tags."""

    def __init__(self, html):
        super().__init__()
        self.words, self.tags = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize("name", ["F0", "F1", "F2", "F3", "F4", "F5"])
def test_the_fragment_shows_everything(ledger, scorer, name):
    found = explain_item(ledger, name, scorer=scorer)
    html = found._repr_html_()
    assert html == found.html()
    words = "".join(Reader(html).words)
    for part in [found.feedback_id, found.text or "（空文本）", found.sentence, *COMPONENTS.values(), found.policy]:
        assert part in words


def test_a_hostile_text_is_shown_as_text(ledger):
    hostile = "<script>alert(1)</script>\"'&<img src=x onerror=y>\0起火"
    bad = ledger.assign(
        text=hostile,
        reasons=f"触发规则「人身安全」（+38）；<b>{hostile}",
        priority=hostile,
        feedback_id=[hostile, *ledger["feedback_id"][1:]],
    )
    found = explain_item(bad, hostile)
    html = found.html() + replace(found, text="\ud800" + found.text).html()
    html.encode("utf-8")
    assert set(Reader(html).tags) <= {"div", "p", "span", "mark", "table", "tr", "td"}
    assert "<script" not in html and "<img" not in html and "<b>" not in html


def test_a_long_text_is_cut_and_says_so(ledger):
    html = explain_item(ledger, "F6").html()
    assert f"另有 {6 * 2000 - SHOWN_CHARS} 字" in html and len(html) < 4 * SHOWN_CHARS


@pytest.mark.parametrize(
    ("change", "name", "message"),
    [
        (lambda frame: frame, "F11", r"got 0 with the id 'F11'; did you mean 'F1'\?"),
        (lambda frame: frame, "甲乙丙", r"got 0 with the id '甲乙丙'$"),
        (lambda frame: pd.concat([frame, frame]), "F0", "got 2 with the id 'F0'"),
        (lambda frame: frame.drop(columns=["reasons", "points_core"]), "F0", "there is no reasons, points_core"),
        (
            lambda frame: frame.assign(points_core=50.0),
            "F0",
            "points_core: expected 0 to 3, the weight in the policy handling-measures, got 50",
        ),
        (lambda frame: frame.assign(points_core=float("nan")), "F0", "points_core: expected 0 to 3"),
        (lambda frame: frame.head(0), "F0", "got 0 with the id"),
    ],
)
def test_what_cannot_be_explained(ledger, change, name, message):
    with pytest.raises(InputError, match=message):
        explain_item(change(ledger), name)


def test_it_is_frozen(ledger):
    found = explain_item(ledger, "F0")
    with pytest.raises(FrozenInstanceError):
        found.score = 0.0
