"""The language table is sound, the checker can fail, and the bundled model answers no worse, and no better, than recorded."""

import json

import pandas as pd
import pytest

from benchmarks import language
from benchmarks.language import COLUMNS, END, PHENOMENA, START, Tally
from feedback_nlp import BatchScorer
from feedback_nlp.scorer.model import BUNDLED, bundled_models
from feedback_nlp.scorer.scores import SCORE_COLUMNS

AT_LEAST = 400
#: Cases of each phenomenon: 15, and more of those that simple models misread.
AT_LEAST_EACH = dict.fromkeys(PHENOMENA, 15) | dict.fromkeys(
    ("negation", "double_negation", "degree", "contrast", "comparison", "sarcasm", "traditional", "wish", "rhetorical"), 25
)

CASES = language.read_cases()


@pytest.fixture(scope="module")
def results():
    return language.evaluate_model(CASES, BatchScorer.load())


@pytest.fixture(scope="module")
def measured(results):
    return language.tallies(results)


def table(*rows: tuple[str, str, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS))


def made_up_scores(*rows: dict[str, object]) -> pd.DataFrame:
    """A scorer's frame of neutral rows, except for what is given."""
    neutral = dict.fromkeys(SCORE_COLUMNS, 0.0) | {"type": "other", "sentiment": 0, "urgency": "low"}
    return pd.DataFrame([neutral | row for row in rows])


# The table.


def test_the_table_is_sound():
    assert language.problems(CASES) == []
    assert len(CASES) >= AT_LEAST


@pytest.mark.parametrize("phenomenon", PHENOMENA)
def test_each_phenomenon_has_cases(phenomenon):
    assert (CASES["phenomenon"] == phenomenon).sum() >= AT_LEAST_EACH[phenomenon]


SOUND = (("degree", "degree-01", "有点难用", "sign", "negative"), ("degree", "degree-01", "太难用了", "lower", "有点难用"))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (("degre", "", "好", "sign", "positive"), "got 'degre'"),
        (("short", "", " ", "sign", "neutral"), "got ' '"),
        (("long", "", "@long:nowhere", "sign", "neutral"), "got '@long:nowhere'"),
        (("short", "", "好", "mood", "positive"), "no label of 'mood'"),
        (("short", "", "好", "sign", "good"), "'good' is no label"),
        (("short", "", "好", "sign", "positive|positive"), "no label of 'sign'"),
        (("short", "", "好", "type", "praise|"), "'praise|' is no label"),
        (("short", "", "好", "urgency", "medium|hi"), "no label of 'urgency'"),
        (("danger", "", "冒烟", "risk", "fire"), "'fire' is no label"),
        (("danger", "", "冒烟", "risk", "safety|money"), "no label of 'risk'"),
        (("short", "", "好", "higher", "好"), "no label of 'higher'"),
        (("degree", "degree-01", "难用死了", "lower", "太难用了"), "no label of 'lower'"),
        (("degree", "degree-01", "有点难用", "lower", "有点难用"), "no label of 'lower'"),
        (("degree", "", "有点难用", "sign", "neutral"), "line 4: '有点难用' has 'sign' twice"),
        (("short", "short-01", "好", "sign", "positive"), "pair short-01: expected at least two texts"),
        (("short", "degree-01", "好", "sign", "positive"), "pair degree-01: expected one phenomenon"),
    ],
)
def test_a_faulty_row_is_named(row, problem):
    assert language.problems(table(*SOUND)) == []
    (found,) = language.problems(table(*SOUND, row))
    assert problem in found


def test_other_columns_are_named():
    assert language.problems(table(*SOUND).drop(columns="pair")) == [
        "expected the columns phenomenon, pair, text, expect, label, got phenomenon, text, expect, label"
    ]


@pytest.mark.parametrize("name", language.long_texts())
def test_long_texts_are_long_varied_and_used(name):
    text = language.long_texts()[name]
    sentences = text.rstrip("。").split("。")
    assert 0.9 * 3_000 <= len(text) <= 1.1 * 3_000
    assert len(set(sentences)) == len(sentences) > 100
    assert f"{language.LONG}{name}" in set(CASES["text"])


def test_long_names_are_replaced_and_other_texts_stay():
    texts = language.full_texts(["好", "@long:facts_only"])
    assert texts == ["好", language.long_texts()["facts_only"]]


# The checker.


@pytest.mark.parametrize(
    ("expect", "label", "score", "passed"),
    [
        ("sign", "negative", {"polarity": -0.11}, True),
        ("sign", "negative", {"polarity": -0.1}, False),
        ("sign", "positive", {"polarity": 0.11}, True),
        ("sign", "positive", {"polarity": 0.1}, False),
        ("sign", "neutral", {"polarity": -0.35}, True),
        ("sign", "neutral", {"polarity": 0.35}, True),
        ("sign", "neutral", {"polarity": 0.36}, False),
        ("sign", "negative|neutral", {"polarity": -0.9}, True),
        ("sign", "negative|neutral", {"polarity": 0.9}, False),
        ("type", "service", {"type": "service"}, True),
        ("type", "defect|service", {"type": "service"}, True),
        ("type", "service", {"type": "defect"}, False),
        ("urgency", "high", {"urgency": "high"}, True),
        ("urgency", "medium|high", {"urgency": "low"}, False),
        ("risk", "legal", {"risk_legal": 0.5}, True),
        ("risk", "legal", {"risk_legal": 0.49, "risk_money": 1.0}, False),
        ("risk", "!legal", {"risk_legal": 0.49, "risk_money": 1.0}, True),
        ("risk", "!legal", {"risk_legal": 0.5}, False),
    ],
)
def test_the_checker_passes_and_fails(expect, label, score, passed):
    (result,) = language.evaluate(table(("short", "", "文字", expect, label)), made_up_scores(score))
    assert result.passed is passed


@pytest.mark.parametrize(
    ("expect", "polarity", "passed"),
    [("lower", -0.6, True), ("lower", -0.5, False), ("lower", -0.4, False), ("higher", -0.4, True), ("higher", -0.5, False)],
)
def test_order_is_checked_against_the_first_of_its_pair(expect, polarity, passed):
    cases = table(
        ("short", "", "无关", "sign", "positive"),
        ("degree", "degree-01", "有点难用", "sign", "negative"),
        ("degree", "degree-01", "难用", "sign", "negative"),
        ("degree", "degree-01", "太难用了", expect, "有点难用"),
    )
    scores = made_up_scores({"polarity": 0.9}, {"polarity": -0.5}, {"polarity": -0.9}, {"polarity": polarity})
    results = language.evaluate(cases, scores)
    assert [result.passed for result in results] == [True, True, True, passed]
    assert results[-1].got == f"{polarity:.2f} against -0.50"


def test_scores_of_another_length_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        language.evaluate(table(*SOUND), made_up_scores({}))


def test_a_wrong_scorer_lowers_the_shares_and_is_listed():
    cases = table(*[("short", "", f"好{n}", "sign", "positive") for n in range(4)], ("idiom", "", "物美价廉", "type", "praise"))
    right = made_up_scores(*[{"polarity": 0.8, "type": "praise"}] * 5)
    wrong = right.assign(polarity=[0.8, -0.8, -0.8, -0.8, 0.8])
    assert language.tallies(language.evaluate(cases, right)) == {"all": Tally(5, 5), "short": Tally(4, 4), "idiom": Tally(1, 1)}
    results = language.evaluate(cases, wrong)
    assert language.tallies(results) == {"all": Tally(2, 5), "short": Tally(1, 4), "idiom": Tally(1, 1)}
    assert language.failures(language.evaluate(cases, right)) == ""
    assert language.failures(results, shown=2) == (
        "Failed, short (3):\n\n- `好1`: expected sign positive, got -0.80\n- `好2`: expected sign positive, got -0.80\n- and 1 more"
    )
    assert language.failures(results).count("- `") == 3


def test_recorded_numbers_are_read_back(tmp_path):
    counts = {"all": Tally(2, 5), "short": Tally(1, 4)}
    language.write_floors(counts, tmp_path / "floors.json")
    assert language.read_floors(tmp_path / "floors.json") == counts
    assert json.loads((tmp_path / "floors.json").read_text(encoding="utf-8"))["short"] == {"passed": 1, "cases": 4}


def test_share_of_nothing_is_zero():
    assert Tally(0, 0).share == 0.0


# The model.


@pytest.mark.parametrize("name", ["all", *PHENOMENA])
def test_the_model_is_not_below_its_floor(measured, name):
    floor = language.read_floors()[name]
    assert measured[name].share >= floor.share, (
        f"{name}: {measured[name].passed} of {measured[name].cases} passed, recorded are {floor.passed} of {floor.cases}; "
        f"`python -m benchmarks.language` lists the failures; if the loss is meant, `{language.RECORD_COMMAND}` records it"
    )


def test_the_record_is_what_is_measured(measured):
    assert measured == language.read_floors(), f"the table or the model has changed; `{language.RECORD_COMMAND}` records the new numbers"


def test_the_model_card_shows_the_record(results):
    card = (bundled_models() / BUNDLED / "MODEL_CARD.md").read_text(encoding="utf-8")
    block = card.partition(START)[2].partition(END)[0]
    assert language.summary(results) in block, f"`{language.RECORD_COMMAND}` renews the block of the card"
