"""The tables of an evaluation against figures counted row by row, and what must not change them."""

import dataclasses
import json
import math
from collections import Counter
from functools import cache
from importlib.metadata import version
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, classification_report, f1_score

from feedback_nlp.errors import InputError
from feedback_nlp.evaluate import Evaluation, evaluate
from feedback_nlp.evaluate.mistakes import strongest_phrases
from feedback_nlp.evaluate.readings import read_with
from feedback_nlp.evaluate.tables import CLASS_COLUMNS, CONFUSION_COLUMNS, HEAD_COLUMNS, RELIABILITY_COLUMNS
from feedback_nlp.scorer.model import HEADS
from feedback_nlp.scorer.scorer import BatchScorer
from feedback_nlp.train.given import take_labels
from feedback_nlp.train.labels import Source
from feedback_nlp.vocabulary import RISK_CODES

ONE_OF = ("type", "sentiment", "urgency")
TEXTS = [
    "我的软件总是闪退",
    "",
    "系统默认好评",
    "客服态度很差，要求退款！",
    "建议增加夜间模式",
    "请问怎么开发票",
    "很好用" * 30,
    "\ud800",
    "充电时冒烟了",
]


@cache
def bundled():
    return BatchScorer.load()


@pytest.fixture
def model():
    return bundled()


def texts_frame(texts, **columns):
    """pandas' own strings cannot hold a lone surrogate, an object column can."""
    return pd.DataFrame({"text": pd.Series(texts, dtype=object), **columns})


def one(frame, **wanted):
    """The one row of a table with these values."""
    (row,) = frame[(frame[list(wanted)] == pd.Series(wanted)).all(axis=1)].to_dict("records")
    return row


# What the model says is what the scorer says


def test_readings_equal_the_scorer(model):
    texts = TEXTS * 40
    frame = texts_frame(texts, type="other", sentiment=0, urgency="low", risk="")
    readings = {reading.head: reading for reading in read_with(model, take_labels(frame))}
    scores = model.score(pd.Series(texts, dtype=object))
    for head in ONE_OF:
        said = [HEADS[head][number] for number in readings[head].chosen.argmax(axis=1)]
        assert said == scores[head].astype(str).tolist()
        np.testing.assert_array_equal(readings[head].confidence, scores[f"{head}_confidence"])
        np.testing.assert_allclose(readings[head].probabilities.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(readings["risk"].probabilities, scores[[f"risk_{code}" for code in RISK_CODES]])
    assert readings["type"].informed.tolist() == [text not in ("", "系统默认好评", "\ud800") for text in texts]


# Figures


def test_figures_equal_scikit_learn(model):
    """Every figure, from the scores as they are printed."""
    random = np.random.default_rng(5)
    texts = [random.choice([text for text in TEXTS if len(text) > 1]) + str(number) for number in range(120)]
    scores = model.score(texts)
    noise = {head: random.random(120) < 0.3 for head in ONE_OF}
    columns = {head: np.where(noise[head], random.choice(HEADS[head], 120), scores[head].astype(str)) for head in ONE_OF}
    found = evaluate(pd.DataFrame({"text": texts, **columns}), scorer=model)
    for head in ONE_OF:
        truth, chosen = columns[head].tolist(), scores[head].astype(str).tolist()
        report = classification_report(truth, chosen, output_dict=True, zero_division=np.nan)
        row = one(found.heads, head=head)
        assert row["accuracy"] == pytest.approx(accuracy_score(truth, chosen))
        assert row["macro_f1"] == pytest.approx(f1_score(truth, chosen, average="macro", zero_division=0))
        assert row["largest_class"] == Counter(truth).most_common(1)[0][1] / 120
        for label in HEADS[head]:
            row = one(found.classes, head=head, label=label)
            expected = report.get(label, {"precision": math.nan, "recall": math.nan, "f1-score": math.nan, "support": 0})
            assert (row["support"], row["chosen"]) == (truth.count(label), chosen.count(label))
            for figure, name in (("precision", "precision"), ("recall", "recall"), ("f1", "f1-score")):
                assert row[figure] == pytest.approx(expected[name], nan_ok=True), (head, label, figure)
                if not math.isnan(row[figure]):
                    assert row[f"{figure}_low"] - 1e-9 <= row[figure] <= row[f"{figure}_high"] + 1e-9
        pairs = Counter(zip(truth, chosen, strict=True))
        for row in found.confusion[found.confusion["head"] == head].to_dict("records"):
            assert row["rows"] == pairs[row["truth"], row["chosen"]]


def test_a_table_counted_by_hand(labelled_table, scorer):
    found = evaluate(labelled_table, scorer=scorer)
    assert found.heads["head"].tolist() == list(HEADS)
    assert found.heads["rows"].tolist() == [10] * 4 and found.heads["left_out"].tolist() == [0] * 4
    assert found.heads["accuracy"].tolist() == [0.8, 0.9, 0.9, 0.9]
    assert one(found.heads, head="risk")["largest_class"] == 0.7
    assert one(found.heads, head="urgency")["top_recall"] == 0.5, "one place for two that are high"
    assert one(found.heads, head="urgency")["top_recall_possible"] == 0.5
    assert found.heads["kappa"].isna().tolist() == [True, False, False, True]
    legal = one(found.classes, head="risk", label="legal")
    assert (legal["name"], legal["support"], legal["chosen"], legal["hits"]) == ("法律风险", 1, 0, 0)
    assert (math.isnan(legal["precision"]), legal["recall"], legal["f1"]) == (True, 0, 0)
    churn = one(found.classes, head="risk", label="churn")
    assert churn["support"] == 0 and math.isnan(churn["f1"]) and math.isnan(churn["f1_low"])
    assert one(found.confusion, head="type", truth="process", chosen="service")["rows"] == 1
    assert found.reliability.groupby("head")["decisions"].sum().to_dict() == {"type": 10, "sentiment": 10, "urgency": 10, "risk": 60}


def test_columns(labelled_table, scorer):
    found = evaluate(labelled_table, scorer=scorer)
    assert tuple(found.heads) == HEAD_COLUMNS
    assert tuple(found.classes) == CLASS_COLUMNS and len(found.classes) == sum(map(len, HEADS.values()))
    assert tuple(found.confusion) == CONFUSION_COLUMNS and len(found.confusion) == 81 + 25 + 9
    assert tuple(found.reliability) == RELIABILITY_COLUMNS
    assert found.suggestions is None


def test_only_what_is_there(labelled_table, scorer):
    assert evaluate(labelled_table[["text", "urgency"]], scorer=scorer).heads["head"].tolist() == ["urgency"]
    assert evaluate(labelled_table, scorer=scorer, heads=["risk", "type"]).heads["head"].tolist() == ["type", "risk"]
    with pytest.raises(InputError, match=r"at least one of type"):
        evaluate(labelled_table[["text"]], scorer=scorer)
    with pytest.raises(InputError, match=r"worst: expected at least 0, got -1"):
        evaluate(labelled_table, scorer=scorer, worst=-1)


def test_missing_labels_are_left_out_and_counted(labelled_table, scorer):
    gaps = labelled_table.astype(object)
    gaps.loc[[4, 6], "type"] = None
    gaps.loc[:, "urgency"] = ""
    found = evaluate(gaps, scorer=scorer)
    kind, urgency = one(found.heads, head="type"), one(found.heads, head="urgency")
    assert (kind["rows"], kind["left_out"], kind["accuracy"]) == (8, 2, 1)
    assert (urgency["rows"], urgency["left_out"]) == (0, 10)
    assert all(math.isnan(urgency[name]) for name in HEAD_COLUMNS[4:])
    assert one(found.heads, head="risk")["left_out"] == 0


@pytest.mark.parametrize("rows", [0, 1])
def test_hardly_any_rows(labelled_table, scorer, rows):
    found = evaluate(labelled_table.head(rows), scorer=scorer)
    assert (found.rows, found.heads["rows"].tolist(), len(found.errors)) == (rows, [rows] * 4, 0)
    assert found.heads["accuracy"].isna().all() if not rows else (found.heads["accuracy"] == 1).all()
    assert len(found.reliability) == 60


def same(one, other):
    """Equal tables but for the order of errors that tie."""
    for name in ("heads", "classes", "confusion"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)
    pd.testing.assert_frame_equal(one.reliability, other.reliability, rtol=1e-12)
    keys = ["head", "row", "truth", "chosen"]
    pd.testing.assert_frame_equal(*(frame.sort_values(keys, ignore_index=True) for frame in (one.errors, other.errors)))


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(len(TEXTS))))
def test_the_order_of_rows_changes_nothing(order):
    labels = [(HEADS["type"][i % 9], HEADS["urgency"][i % 3], RISK_CODES[i % 6]) for i in range(len(TEXTS))]
    frame = texts_frame(TEXTS).join(pd.DataFrame(labels, columns=["type", "urgency", "risk"]))
    same(evaluate(frame, scorer=bundled()), evaluate(frame.iloc[list(order)], scorer=bundled()))


def test_a_second_run_gives_the_same(labelled_table, scorer):
    same(evaluate(labelled_table, scorer=scorer), evaluate(labelled_table, scorer=scorer))


# Errors


def test_errors(labelled_table, scorer):
    found = evaluate(labelled_table.set_axis([f"f:{n}" for n in range(10)]), scorer=scorer).errors
    assert [(row["head"], row["row"], row["truth"], row["chosen"]) for row in found.to_dict("records")] == [
        ("type", "f:6", "experience", "inquiry"),
        ("type", "f:4", "process", "service"),
        ("sentiment", "f:6", "-1", "0"),
        ("urgency", "f:6", "medium", "low"),
        ("risk", "f:2", "legal", ""),
    ]
    assert (
        found["confidence"].is_monotonic_decreasing or found.groupby("head")["confidence"].apply(lambda c: c.is_monotonic_decreasing).all()
    )
    assert found["phrases"].tolist() == [["请问"], ["态度"], ["请问"], ["请问"], ["冒烟"]], (
        "of a flag that is missed, what spoke against it"
    )


def test_worst_errors_first_and_at_most_so_many(scorer):
    frame = pd.DataFrame({"text": [f"满意{'啦哟' * n}" for n in range(9)], "type": "defect"})
    found = evaluate(frame, scorer=scorer, worst=3).errors
    assert found["row"].tolist() == ["0", "1", "2"] and found["confidence"].is_monotonic_decreasing
    assert len(evaluate(frame, scorer=scorer, worst=0).errors) == 0


def test_a_text_that_says_nothing_has_no_reasons(scorer):
    found = evaluate(pd.DataFrame({"text": ["系统默认好评", ""], "type": "praise"}), scorer=scorer).errors
    assert found[["text", "chosen", "confidence", "phrases"]].values.tolist() == [
        ["系统默认好评", "other", 1.0, []],
        ["", "other", 1.0, []],
    ]


@pytest.mark.parametrize(
    ("phrases", "sign", "expected"),
    [
        ([("闪退", 2.0), ("总是", 3.0), ("打开", -4.0)], 1, ["总是", "闪退"]),
        ([("闪退", 2.0), ("总是", 3.0), ("打开", -4.0)], -1, ["打开"]),
        ([("闪退", 2.0), ("闪退", 1.5), ("，", 9.0), ("不在", 9.0), ("", 9.0)], 1, ["闪退"]),
        ([("打开", 1.0), ("总", 1.0), ("是", 1.0), ("闪退", 1.0)], 1, ["打开", "总", "是"]),
        ([], 1, []),
    ],
)
def test_strongest_phrases(phrases, sign, expected):
    frame = pd.DataFrame(phrases, columns=["phrase", "contribution"]).astype({"contribution": float})
    assert strongest_phrases(SimpleNamespace(phrases=frame), "打开，总是闪退", sign) == expected


def test_personal_data_is_in_no_table(scorer):
    frame = pd.DataFrame(
        {"text": ["请问能打13812345678找张三吗", "满意，\u200b138\u200b1234\u200b5678"], "type": "defect", "urgency": "high"}
    )
    found = evaluate(frame, scorer=scorer, suggest=True)
    assert found.errors["text"].str.contains("138****5678", regex=False).all()
    assert found.errors["phrases"].tolist() == [["5678", "满意"], ["5678", "请问"]] * 2, "the last four digits may be shown"
    for name in ("heads", "classes", "errors", "suggestions"):
        assert "1381234" not in getattr(found, name).to_csv()


def test_the_real_model_explains_its_errors(model):
    frame = pd.DataFrame({"text": ["吃完拉肚子进医院了", "客服态度很差"], "type": "praise", "risk": ["", "safety"]})
    found = evaluate(frame, scorer=model).errors
    assert len(found) == 4 and found["phrases"].map(len).between(1, 3).all()
    assert all(phrase in row["text"] for row in found.to_dict("records") for phrase in row["phrases"])


# The object


def test_signature(labelled_table, scorer):
    source = Source("a.csv", "f" * 64, 10, "evaluated")
    found = evaluate(labelled_table, scorer=scorer, sources=[source])
    assert found.signature["model"] == "words/1/000000000000"
    assert found.signature["feedback_nlp"] == version("feedback_nlp")
    assert found.signature["options"]["seed"] == 20_240_601 and found.signature["options"]["bins"] == 15
    assert found.signature["sources"] == [dataclasses.asdict(source)]
    json.dumps(found.signature)


def test_frozen_and_short(labelled_table, scorer):
    found = evaluate(labelled_table, scorer=scorer)
    assert repr(found).startswith("<Evaluation: 10 rows, macro-F1 type 0.") and isinstance(found, Evaluation)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.rows = 3


def test_the_bundled_model_is_the_default():
    found = evaluate(pd.DataFrame({"text": ["我的软件总是闪退，太影响工作了"], "type": ["产品故障"]}))
    assert found.heads["accuracy"].tolist() == [1.0] and found.signature["model"].startswith("default/")
