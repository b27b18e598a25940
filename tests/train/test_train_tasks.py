import numpy as np
import pandas as pd
import pytest
from made_up import heads_table, polarity_table, soft_table, write

from feedback_nlp.scorer.model import HEADS
from feedback_nlp.train.labels import read_labels
from feedback_nlp.train.network import read_clauses
from feedback_nlp.train.tasks import ONE_OF, class_targets, flag_targets, make_lesson

OPTIONS = {"orders": 2, "bits": 10, "soft_share": 0.5, "polarity_share": 0.25, "balance": 0.5}


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labels")
    return read_labels(write(folder, heads=heads_table(0, 90), soft=soft_table(2, 60), polarity=polarity_table(1, 40)))


@pytest.fixture(scope="module")
def lesson(labels):
    return make_lesson(labels, **OPTIONS)


def task_of(lesson, name):
    return next(task for task in lesson.tasks if task.name == name)


def test_targets_are_positions_in_the_heads(labels):
    targets, flags = class_targets(labels.heads), flag_targets(labels.heads)
    for head in ONE_OF:
        assert [HEADS[head][number] for number in targets[head]] == labels.heads[head].astype(str).tolist()
    told = [",".join(code for code, holds in zip(HEADS["risk"], row, strict=True) if holds) for row in flags]
    assert told == labels.heads["risk"].tolist()
    none = labels.heads.head(0)
    assert [len(values) for values in class_targets(none).values()] == [0, 0, 0]
    assert flag_targets(none).shape == (0, 6)


def test_the_texts_are_those_of_the_tables_in_order(labels, lesson):
    tables = (labels.heads, labels.soft, labels.polarity)
    texts = [text for table in tables for text in table["text"]]
    expected = read_clauses(texts, orders=2, bits=10)
    for name in ("slots", "clause_ptr", "text_ptr"):
        assert (getattr(lesson.data, name) == getattr(expected, name)).all()
    assert (lesson.n_labelled, lesson.n_soft) == (len(labels.heads), len(labels.soft))
    assert [task.name for task in lesson.tasks] == [*ONE_OF, "risk", "polarity"]
    for task in lesson.tasks:
        assert task.targets.shape == (len(texts), len(HEADS[task.name]) if task.name in HEADS else 1)
        assert task.weights.shape == (len(texts),)
        assert task.targets.dtype == task.weights.dtype == np.float32
        assert task.exclusive == (task.name in ONE_OF)


def test_each_table_speaks_where_it_has_labels(labels, lesson):
    n, soft = len(labels.heads), len(labels.soft)
    for head in ONE_OF:
        task = task_of(lesson, head)
        assert task.targets[:n].argmax(axis=1).tolist() == class_targets(labels.heads)[head].tolist()
        assert set(task.targets[:n].ravel().tolist()) == {0, 1}
        columns = [f"{head}_{label}" for label in HEADS[head]]
        np.testing.assert_array_equal(task.targets[n : n + soft], labels.soft[columns].to_numpy(np.float32))
        assert (task.weights[:n] > 0).all() and (task.weights[n : n + soft] == 1).all() and (task.weights[n + soft :] == 0).all()
    risk = task_of(lesson, "risk")
    assert (risk.targets[:n] == flag_targets(labels.heads)).all()
    assert risk.weights.tolist() == [1] * n + [0] * (len(risk.weights) - n)
    polarity, sign = task_of(lesson, "polarity"), labels.polarity["polarity"].to_numpy()
    assert (polarity.weights[: n + soft] == 0).all()
    assert polarity.weights[n + soft :].tolist() == (sign != 0).tolist()
    assert polarity.targets[n + soft :, 0].tolist() == (sign > 0).tolist()


@pytest.mark.parametrize("balance", [0.0, 0.5, 1.0])
def test_balance_weighs_rare_classes_of_type_and_urgency(tmp_path, balance):
    table = heads_table(0, 90)
    table.loc[table["type"] == "price", "type"] = "defect"
    labels = read_labels(write(tmp_path, heads=table))
    lesson = make_lesson(labels, **{**OPTIONS, "balance": balance})
    for head in ONE_OF:
        weights = pd.Series(task_of(lesson, head).weights).groupby(labels.heads[head].to_numpy()).agg(["min", "max", "size"])
        assert (weights["min"] == weights["max"]).all()
        power = 0 if head == "sentiment" else balance
        expected = (90 / (len(HEADS[head]) * weights["size"])) ** power
        np.testing.assert_allclose(weights["min"], expected, rtol=1e-6)


@pytest.mark.parametrize(("soft_share", "polarity_share"), [(0.5, 0.25), (0, 0), (3, 0), (0, 2)])
def test_shares_tell_how_often_each_table_is_drawn(labels, soft_share, polarity_share):
    lesson = make_lesson(labels, **{**OPTIONS, "soft_share": soft_share, "polarity_share": polarity_share})
    n, soft = len(labels.heads), len(labels.soft)
    parts = np.split(lesson.sampling, [n, n + soft])
    assert [part.sum() for part in parts] == pytest.approx([1, soft_share, polarity_share])
    assert all(np.ptp(part) == 0 for part in parts)


def test_a_lesson_without_some_texts(lesson):
    before = lesson.sampling.copy()
    other = lesson.without(np.array([0, 5]))
    assert other.sampling[[0, 5]].tolist() == [0, 0]
    assert (np.delete(other.sampling, [0, 5]) == np.delete(before, [0, 5])).all()
    assert (lesson.sampling == before).all()
    assert (other.data, other.tasks, other.n_labelled) == (lesson.data, lesson.tasks, lesson.n_labelled)
    assert (lesson.without(np.array([], dtype=np.intp)).sampling == before).all()


def test_readers_labels_alone(tmp_path):
    labels = read_labels(write(tmp_path, heads=heads_table(0, 18)))
    lesson = make_lesson(labels, **OPTIONS)
    assert lesson.data.n_texts == lesson.n_labelled == 18
    assert lesson.sampling.sum() == pytest.approx(1)
    assert (task_of(lesson, "polarity").weights == 0).all()
