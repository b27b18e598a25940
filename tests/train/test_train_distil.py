"""What teachers add to a lesson, a text at a time."""

from dataclasses import replace

import numpy as np
import pytest
from made_up import QUICK, heads_table, polarity_table, soft_table, write

from feedback_nlp.scorer.model import ARRAYS_FILE, MANIFEST_FILE
from feedback_nlp.train import fit
from feedback_nlp.train.distil import POLARITY_DRAWS, READERS_PART, SOFT_PART, taught
from feedback_nlp.train.fit import train
from feedback_nlp.train.labels import read_labels
from feedback_nlp.train.network import new_network
from feedback_nlp.train.tasks import ONE_OF, make_lesson


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labels")
    return read_labels(write(folder, heads=heads_table(0, 40), soft=soft_table(2, 30), polarity=polarity_table(1, 20)))


@pytest.fixture(scope="module")
def lesson(labels):
    return make_lesson(labels, orders=2, bits=10, soft_share=0.5, polarity_share=0.25, balance=0.5)


@pytest.fixture(scope="module")
def reading(lesson):
    """Logits of a teacher, and its columns."""
    slices = new_network(lesson.tasks, bits=8, width=1, hidden=1, norm_limit=1.0, seed=0).slices
    outputs = max(part.stop for part in slices.values())
    logits = np.random.default_rng(0).normal(size=(lesson.data.n_texts, outputs)).astype(np.float32) * 3
    logits[0], logits[1] = 300, -300
    return logits, slices


def test_targets_are_mixed_and_polarity_is_not(lesson, reading):
    logits, slices = reading
    pupil = taught(lesson, logits, slices)
    assert [task.name for task in pupil.tasks] == [task.name for task in lesson.tasks]
    for before, after in zip(lesson.tasks, pupil.tasks, strict=True):
        assert after.targets.dtype == after.weights.dtype == np.float32
        assert (after.name, after.exclusive) == (before.name, before.exclusive)
        if before.name == "polarity":
            assert after is before
            continue
        for text in range(lesson.data.n_texts):
            z = logits[text, slices[before.name]].astype(float)
            told = np.exp(z - z.max()) / np.exp(z - z.max()).sum() if before.exclusive else 1 / (1 + np.exp(-z))
            labelled, soft = text < lesson.n_labelled, text < lesson.n_labelled + lesson.n_soft
            part = READERS_PART if labelled else SOFT_PART if soft and before.name in ONE_OF else 1.0
            assert after.targets[text] == pytest.approx(part * told + (1 - part) * before.targets[text], abs=1e-5)
            assert after.weights[text] == (before.weights[text] if labelled else 1)
        if before.exclusive:
            assert after.targets.sum(axis=1) == pytest.approx(np.ones(lesson.data.n_texts), abs=1e-5)


def test_texts_with_polarity_alone_are_drawn_more_often(lesson, reading):
    kept = lesson.sampling.copy()
    pupil = taught(lesson, *reading)
    known = lesson.n_labelled + lesson.n_soft
    assert (pupil.sampling[:known] == kept[:known]).all()
    assert pupil.sampling[known:] == pytest.approx(kept[known:] * POLARITY_DRAWS)
    assert (lesson.sampling == kept).all()
    assert (pupil.n_labelled, pupil.n_soft, pupil.data) == (lesson.n_labelled, lesson.n_soft, lesson.data)


def test_what_is_held_out_stays_held_out(lesson, reading):
    away = np.array([0, 7, lesson.data.n_texts - 1])
    assert (taught(lesson.without(away), *reading).sampling[away] == 0).all()


@pytest.mark.parametrize("teachers", [1, 2])
def test_training_with_teachers_repeats_to_the_byte(labels, tmp_path, monkeypatch, teachers):
    monkeypatch.setattr(fit, "LEAST_STEPS", 20)
    monkeypatch.setattr(fit, "MOST_STEPS", 20)
    options = replace(QUICK, folds=1, width=4, hidden=4, teachers=teachers)
    for name in "ab":
        manifest = train(labels, tmp_path / name, options)
    assert manifest["training"]["options"]["teachers"] == teachers
    for file in (ARRAYS_FILE, MANIFEST_FILE):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    train(labels, tmp_path / "none", replace(options, teachers=0))
    assert (tmp_path / "a" / ARRAYS_FILE).read_bytes() != (tmp_path / "none" / ARRAYS_FILE).read_bytes()
