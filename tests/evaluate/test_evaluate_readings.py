"""What the model says about labelled texts, against a row at a time."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from feedback_nlp.classify.heads import softmax
from feedback_nlp.evaluate.readings import RAISED, Reading, read_with
from feedback_nlp.scorer.model import HEADS, N_LOGITS, head_slices
from feedback_nlp.scorer.scorer import CHUNK_CHARS, BatchScorer
from feedback_nlp.text.clean import clean
from feedback_nlp.train.given import take_labels

ONE_OF = ("type", "sentiment", "urgency")


def favouring(scorer, **offsets):
    """The same scorer with a model that favours classes: ``type_service=3.0``."""
    decision = np.zeros(N_LOGITS, dtype=np.float32)
    for name, value in offsets.items():
        head, label = name.split("_")
        decision[head_slices()[head].start + HEADS[head].index(label)] = value
    scorer.model = SimpleNamespace(signature="words/2/000000000000", decision=decision, thresholds={})
    return scorer


def readings_of(frame, scorer):
    return {reading.head: reading for reading in read_with(scorer, take_labels(frame))}


def test_a_reading_has_one_choice_per_row(labelled_table, scorer):
    for head, reading in readings_of(labelled_table, scorer).items():
        shape = (len(reading.rows), len(HEADS[head]))
        assert reading.truth.shape == reading.probabilities.shape == reading.chosen.shape == shape
        assert reading.truth.dtype == reading.chosen.dtype == bool
        if head in ONE_OF:
            assert reading.exclusive
            assert reading.chosen.sum(axis=1).tolist() == [1] * len(reading.rows)
            assert reading.probabilities.sum(axis=1) == pytest.approx(np.ones(len(reading.rows)), abs=1e-5)
        else:
            assert (reading.chosen == (reading.probabilities >= RAISED)).all()


def test_a_flag_is_raised_from_the_threshold_that_the_model_states(labelled_table, scorer):
    plain = readings_of(labelled_table, scorer)["risk"]
    limits = {"risk_outage": 0.01, "risk_safety": 0.999999}
    scorer.model = SimpleNamespace(signature="words/2/0", decision=np.zeros(N_LOGITS, np.float32), thresholds=limits)
    found = readings_of(labelled_table, scorer)["risk"]
    for number, code in enumerate(HEADS["risk"]):
        least = np.float32(limits.get(f"risk_{code}", RAISED))
        assert (found.chosen[:, number] == (found.probabilities[:, number] >= least)).all()
    assert (found.probabilities == plain.probabilities).all()
    assert found.chosen[:, HEADS["risk"].index("outage")].sum() > plain.chosen[:, HEADS["risk"].index("outage")].sum()
    assert not found.chosen[:, HEADS["risk"].index("safety")].any() and plain.chosen[:, HEADS["risk"].index("safety")].any()


def test_without_offsets_the_most_probable_class_is_chosen(labelled_table, scorer):
    for head, reading in readings_of(labelled_table, scorer).items():
        if head in ONE_OF:
            assert (reading.chosen.argmax(axis=1) == reading.probabilities.argmax(axis=1)).all()


def test_the_choice_follows_the_decision_offsets_and_the_probabilities_do_not(labelled_table, scorer):
    plain = readings_of(labelled_table, scorer)
    favoured = readings_of(labelled_table, favouring(scorer, type_service=100.0, urgency_high=100.0))
    for head in ("type", "sentiment", "urgency", "risk"):
        assert (plain[head].probabilities == favoured[head].probabilities).all()
        assert (plain[head].truth == favoured[head].truth).all()
    informed = favoured["type"].informed
    assert favoured["type"].chosen[informed, HEADS["type"].index("service")].all()
    assert favoured["urgency"].chosen[informed, HEADS["urgency"].index("high")].all()
    assert (favoured["sentiment"].chosen == plain["sentiment"].chosen).all()
    # A confidence is the probability of what was chosen, small as it is.
    assert favoured["type"].confidence.tolist() == favoured["type"].probabilities[favoured["type"].chosen].tolist()


def test_a_text_that_says_nothing_is_read_with_certainty_whatever_is_favoured(labelled_table, scorer):
    reading = readings_of(labelled_table, favouring(scorer, type_service=50.0))["type"]
    last = len(labelled_table) - 1
    assert reading.informed.tolist() == [True] * last + [False]
    assert reading.chosen[last].tolist() == (np.array(HEADS["type"]) == "other").tolist()
    assert reading.probabilities[last].tolist() == reading.chosen[last].tolist()


def test_rows_without_a_label_are_in_no_reading(scorer):
    frame = pd.DataFrame({"text": ["闪退", "很满意", "请问"], "type": ["defect", None, "inquiry"], "urgency": [None, "low", None]})
    found = readings_of(frame, scorer)
    assert found["type"].rows.tolist() == [0, 2]
    assert found["urgency"].rows.tolist() == [1]
    assert set(found) == {"type", "urgency"}


def test_no_rows(scorer):
    frame = pd.DataFrame({"text": pd.Series([], dtype=object), "type": pd.Series([], dtype=object)})
    for reading in readings_of(frame, scorer).values():
        assert reading.chosen.shape == reading.probabilities.shape == (0, len(HEADS[reading.head]))
        assert len(reading.right) == len(reading.confidence) == 0


def test_right_and_confidence_are_told_per_decision():
    truth = np.array([[True, False], [True, True]])
    chosen = np.array([[True, False], [False, True]])
    probabilities = np.array([[0.9, 0.2], [0.4, 0.7]], dtype=np.float32)
    flags = Reading("risk", np.arange(2), truth, probabilities, chosen, np.ones(2, dtype=bool))
    assert flags.right.tolist() == [True, True, False, True]
    assert flags.confidence == pytest.approx([0.9, 0.8, 0.6, 0.7])
    one_of = Reading("urgency", np.arange(2), truth[:1], probabilities[:1], chosen[:1], np.ones(1, dtype=bool))
    assert one_of.right.tolist() == [True]
    assert one_of.confidence == pytest.approx([0.9])


def test_readings_are_what_the_scorer_says_over_several_chunks():
    """With the shipped model: the choice is ``BatchScorer.score``'s, the probabilities those of the logits, however texts are chunked."""
    texts = ["软件闪退了", "", "客服态度很好", "很好用" * (CHUNK_CHARS // 2), "什么时候发货", "好" * (CHUNK_CHARS // 2)]
    n = len(texts)
    frame = pd.DataFrame({"text": texts, "type": ["defect"] * n, "sentiment": [0] * n, "urgency": ["low"] * n, "risk": [""] * n})
    scorer = BatchScorer.load()
    found, scores = readings_of(frame, scorer), scorer.score(texts)
    for head in ONE_OF:
        assert [HEADS[head][number] for number in found[head].chosen.argmax(axis=1)] == scores[head].astype(str).tolist()
        assert found[head].confidence.tolist() == scores[f"{head}_confidence"].tolist()
    least = [np.float32(scorer.model.thresholds.get(f"risk_{code}", RAISED)) for code in HEADS["risk"]]
    assert (found["risk"].chosen == (scores[[f"risk_{code}" for code in HEADS["risk"]]].to_numpy() >= least)).all()
    alone = scorer.logits(clean(texts[:1]).batch)
    assert found["type"].probabilities[0].tolist() == softmax(alone[:, head_slices()["type"]])[0].tolist()
