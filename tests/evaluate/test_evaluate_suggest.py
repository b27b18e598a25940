"""Suggested label errors: with cleanlab against its own arguments and a rule written out, and without it."""

import sys

import numpy as np
import pandas as pd
import pytest

from feedback_nlp.errors import MissingExtraError
from feedback_nlp.evaluate import evaluate
from feedback_nlp.evaluate.readings import Reading
from feedback_nlp.evaluate.suggest import SUGGESTION_COLUMNS, load_cleanlab, suggestion_table
from feedback_nlp.scorer.model import HEADS
from feedback_nlp.train.given import take_labels

MESSAGE = "install it with: python -m pip install 'feedback_nlp[labels]'"


def confident_learning(given, probabilities):
    """Northcutt et al. 2021, equations 1 and 2, a row at a time: the class of highest probability among those above their threshold, where
    the threshold of a class is the mean probability of it in rows that are labelled so. A row is suspect if that class is not the label."""
    thresholds = {k: probabilities[given == k, k].mean() for k in set(given.tolist())}
    suspects = []
    for row, label in enumerate(given):
        above = [k for k, least in thresholds.items() if probabilities[row, k] >= least]
        if above and max(above, key=lambda k: probabilities[row, k]) != label and probabilities[row].argmax() != label:
            suspects.append(row)
    return suspects


def noisy(n, seed, wrong=0.15):
    """Probabilities of urgency (n, 3), true labels, and labels of which some are wrong."""
    random = np.random.default_rng(seed)
    true = random.integers(3, size=n)
    logits = random.normal(size=(n, 3)) + 4 * np.eye(3)[true]
    powers = np.exp(logits)
    given = np.where(random.random(n) < wrong, (true + 1) % 3, true)
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32), true, given


def table_of(probabilities, given, head="urgency"):
    n = len(given)
    names = [HEADS[head][k] for k in given]
    labelled = take_labels(pd.DataFrame({"text": pd.Series([f"第{row}条" for row in range(n)], dtype=object), head: names}))
    chosen = probabilities == probabilities.max(axis=1, keepdims=True)
    reading = Reading(head, np.arange(n), labelled.truth[head], probabilities, chosen, np.ones(n, dtype=bool))
    return suggestion_table([reading], labelled)


@pytest.mark.parametrize("seed", range(5))
def test_equals_the_rule_written_out(seed):
    probabilities, _, given = noisy(200, seed)
    found = table_of(probabilities, given)
    assert sorted(map(int, found["row"])) == confident_learning(given, probabilities)
    rows = found["row"].astype(int).to_numpy()
    np.testing.assert_allclose(found["quality"], probabilities[rows, given[rows]], rtol=1e-6)
    assert found["suggested"].tolist() == [HEADS["urgency"][k] for k in probabilities[rows].argmax(axis=1)]
    assert found["given"].tolist() == [HEADS["urgency"][k] for k in given[rows]]
    assert found["quality"].is_monotonic_increasing


def test_finds_labels_that_were_made_wrong():
    probabilities, true, given = noisy(400, seed=9)
    found = set(table_of(probabilities, given)["row"].astype(int))
    wrong = set(np.flatnonzero(true != given))
    assert len(found & wrong) > 0.8 * len(wrong)
    assert len(found - wrong) < 0.1 * len(found)


@pytest.mark.parametrize(("n", "given"), [(0, []), (1, [0]), (2, [0, 1]), (5, [1, 1, 1, 1, 1])])
def test_little_to_compare(n, given):
    probabilities = np.full((n, 3), 1 / 3, dtype=np.float32)
    found = table_of(probabilities, np.array(given, dtype=int))
    assert tuple(found) == SUGGESTION_COLUMNS and len(found) == 0


def test_a_class_that_no_row_has_can_be_suggested_by_none():
    probabilities, _, given = noisy(100, seed=3)
    given = np.where(given == 2, 0, given)
    assert set(table_of(probabilities, given)["given"]) <= {"low", "medium"}


def test_flags_are_judged_one_by_one(labelled_table, scorer):
    frame = pd.concat([labelled_table[["text", "risk"]]] * 3, ignore_index=True)
    frame.loc[0, "risk"] = ""
    frame.loc[3, "risk"] = "outage"
    found = evaluate(frame, scorer=scorer, suggest=True).suggestions
    pairs = [tuple(row) for row in found[["head", "row", "given", "suggested"]].values.tolist()]
    assert ("risk", "0", "", "outage") in pairs and ("risk", "3", "outage", "") in pairs


def test_texts_are_masked(scorer):
    rows = [("很满意，以后还会再来的", "praise"), ("态度不好，等了足足一个小时也没人理", "service")] * 10 + [
        ("态度差13812345678", "praise")
    ]
    found = evaluate(pd.DataFrame(rows, columns=["text", "type"]), scorer=scorer, suggest=True).suggestions
    assert found[["row", "text", "given", "suggested"]].values.tolist() == [["20", "态度差138****5678", "praise", "service"]]


def test_without_cleanlab(labelled_table, scorer, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "cleanlab"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cleanlab", None)
    with pytest.raises(MissingExtraError) as caught:
        evaluate(labelled_table, scorer=scorer, suggest=True)
    assert str(caught.value).startswith("suggested label errors need the package cleanlab, which cannot be imported (")
    assert str(caught.value).endswith(MESSAGE)
    assert isinstance(caught.value, ImportError)
    assert len(evaluate(labelled_table, scorer=scorer).errors), "everything else works without it"


def test_with_cleanlab():
    assert load_cleanlab().find_label_issues.__module__ == "cleanlab.filter"
