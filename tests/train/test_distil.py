"""What the teachers add to a lesson: a slow oracle row by row, and what stays as it was."""

import numpy as np
import pandas as pd
import pytest

from feedback_nlp.scorer.model import HEADS
from feedback_nlp.train.distil import POLARITY_DRAWS, READERS_PART, SOFT_PART, taught
from feedback_nlp.train.labels import SOFT_COLUMNS, Labels
from feedback_nlp.train.tasks import make_lesson


def lesson():
    """Two texts with readers' labels, one with soft labels, two with polarity alone."""
    heads = pd.DataFrame(
        {
            "text": ["一直闪退", "很好用"],
            "type": ["defect", "praise"],
            "sentiment": [-1, 2],
            "urgency": ["medium", "low"],
            "risk": ["outage", ""],
            "natural": True,
            "source": "",
        }
    )
    soft = pd.DataFrame({"text": ["太贵了"], **{column: [0.2] for column in SOFT_COLUMNS}}).astype(dict.fromkeys(SOFT_COLUMNS, np.float32))
    polarity = pd.DataFrame({"text": ["不错", "难用"], "polarity": np.array([1, -1], np.int8)})
    return make_lesson(Labels(heads, polarity, soft, ()), orders=2, bits=10, soft_share=0.5, polarity_share=0.25, balance=0.5)


LESSON = lesson()
SIZES = {task.name: task.targets.shape[1] for task in LESSON.tasks}
ENDS = dict(zip(SIZES, np.cumsum(list(SIZES.values())).tolist(), strict=True))
SLICES = {name: slice(end - SIZES[name], end) for name, end in ENDS.items()}
LOGITS = np.random.default_rng(3).normal(size=(5, sum(SIZES.values()))).astype(np.float32)


def reading(name, row):
    """What the teachers say about one text."""
    values = LOGITS[row, SLICES[name]].astype(float)
    if name == "risk":
        return 1 / (1 + np.exp(-values))
    powers = np.exp(values)
    return powers / powers.sum()


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize(("row", "part"), [(0, READERS_PART), (1, READERS_PART), (2, SOFT_PART), (3, 1), (4, 1)])
def test_targets_are_the_stated_mix(name, row, part):
    before, after = ({task.name: task for task in given.tasks}[name] for given in (LESSON, taught(LESSON, LOGITS, SLICES)))
    if name == "risk" and row == 2:
        part = 1  # soft labels say nothing of risks
    assert after.targets[row] == pytest.approx(part * reading(name, row) + (1 - part) * before.targets[row], abs=1e-6)
    assert after.weights[row] == (before.weights[row] if row < 2 else 1)


def test_polarity_is_left_alone_and_its_texts_are_drawn_more():
    after = taught(LESSON, LOGITS, SLICES)
    before = {task.name: task for task in LESSON.tasks}["polarity"]
    assert {task.name: task for task in after.tasks}["polarity"] is before
    assert after.sampling[:3].tolist() == LESSON.sampling[:3].tolist()
    assert after.sampling[3:].tolist() == (LESSON.sampling[3:] * POLARITY_DRAWS).tolist()


def test_the_lesson_given_is_not_changed():
    copies = [(task.targets.copy(), task.weights.copy()) for task in LESSON.tasks]
    taught(LESSON, LOGITS, SLICES)
    for task, (targets, weights) in zip(LESSON.tasks, copies, strict=True):
        assert (task.targets == targets).all()
        assert (task.weights == weights).all()
