"""Explanations of the shipped model: one label against another, phrases, HTML. Those of one label alone are in test_scorer.py."""

import pickle
from itertools import pairwise

import numpy as np
import pytest

from feedback_nlp.errors import InputError
from feedback_nlp.scorer.model import HEADS
from feedback_nlp.scorer.scorer import BatchScorer

TEXTS = ["我的软件总是闪退，太影响工作了", "产品質量很差，ＡＢ！！！！！", "好", "", "不好用" * 200]


@pytest.fixture(scope="module")
def scorer():
    return BatchScorer.load()


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("text", TEXTS, ids=["usual", "mixed", "one", "empty", "long"])
def test_a_contrast_is_the_difference_of_two_explanations(scorer, text, head):
    for label, other in pairwise([*HEADS[head], HEADS[head][0]]):
        told = scorer.explain(text, head=head, label=label, against=other)
        one, two = (scorer.explain(text, head=head, label=name) for name in (label, other))
        assert (told.text, told.head, told.label, told.against, one.against) == (one.text, head, label, other, None)
        assert told.logit == pytest.approx(one.logit - two.logit, abs=1e-4)
        assert told.bias == pytest.approx(one.bias - two.bias, abs=1e-4)
        shares = [e.contributions.set_index(["start", "end"])["contribution"].sort_index() for e in (told, one, two)]
        np.testing.assert_allclose(shares[0], shares[1] - shares[2], rtol=0, atol=1e-4)
        assert (np.diff(told.contributions["contribution"].abs()) <= 0).all()


@pytest.mark.parametrize("against", [None, "other"])
@pytest.mark.parametrize("text", TEXTS, ids=["usual", "mixed", "one", "empty", "long"])
def test_phrases_sum_to_the_logit(scorer, text, against):
    told = scorer.explain(text, label="defect", against=against)
    ordered = told.phrases.sort_values("start")
    assert "".join(ordered["phrase"]) == told.text
    size = 1 + told.contributions["contribution"].abs().sum()
    assert told.bias + told.phrases["contribution"].sum() == pytest.approx(told.logit, rel=0, abs=1e-5 * size)


def test_the_label_against_which_is_explained_may_be_a_number(scorer):
    assert scorer.explain("好用", head="sentiment", label=2, against=-2).against == "-2"


def test_the_most_probable_label_has_its_logit_over_any_other(scorer):
    text = TEXTS[0]
    best = scorer.explain(text)
    for other in HEADS["type"]:
        if other != best.label:
            assert scorer.explain(text, against=other).label == best.label


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"against": "defekt"},
            "against: unknown label 'defekt' of head 'type', did you mean 'defect'?; expected one of defect, experience",
        ),
        ({"label": "defekt"}, "^unknown label 'defekt' of head 'type', did you mean 'defect'?; expected one of defect, experience"),
        ({"head": "sentimant"}, "unknown head 'sentimant', did you mean 'sentiment'?; expected one of type, sentiment, urgency, risk"),
        ({"head": "urgency", "against": "defect"}, "against: unknown label 'defect' of head 'urgency'; expected one of low, medium, high"),
        ({"head": "sentiment", "against": 3}, "against: unknown label 3 of head 'sentiment'; expected one of -2, -1, 0, 1, 2"),
        ({"label": "price", "against": "price"}, "against: 'price' is the label itself of head 'type'; expected another one: defect, exp"),
        ({"head": "sentiment", "label": 1, "against": "1"}, "against: '1' is the label itself of head 'sentiment'"),
    ],
)
def test_labels_that_cannot_be_compared_are_refused(scorer, arguments, message):
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        scorer.explain("好", **arguments)


def test_the_most_probable_label_cannot_be_compared_with_itself(scorer):
    best = scorer.explain(TEXTS[0]).label
    with pytest.raises(InputError, match=f"against: '{best}' is the label chosen of head 'type'; expected another one"):
        scorer.explain(TEXTS[0], against=best)


def test_an_explanation_is_drawn(scorer):
    told = scorer.explain("<b>软件</b>总是 & 闪退 <script>", label="defect", against="price")
    page = told.html()
    assert "「产品故障」对比「价格费用」" in page
    assert "闪退" in page and "&amp;" in page and "<script" not in page
    assert page == told._repr_html_() == scorer.explain("<b>软件</b>总是 & 闪退 <script>", label="defect", against="price").html()
    assert "defect versus price" in told.html(language="en")


def test_explanations_share_one_tokenizer_and_can_be_pickled(scorer):
    first, second = scorer.explain("软件闪退"), scorer.explain("不好用")
    assert first.tokenizer is second.tokenizer
    again = pickle.loads(pickle.dumps(first))  # noqa: S301
    assert again.phrases.equals(first.phrases)
