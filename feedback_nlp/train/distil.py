"""Distillation: what several networks together say becomes a part of what one network learns.

Hinton, Vinyals & Dean 2015; that the pupil may excel its teachers even on their own labels: Furlanello et al. 2018. Texts without
readers' labels take part with the teachers' reading, so that the pupil sees three times as many texts with all heads.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.train.network import F32, Task
from feedback_nlp.train.tasks import ONE_OF, Lesson

#: Part of the teachers in the target of a text with readers' labels, and of one with soft labels.
READERS_PART, SOFT_PART = 0.5, 0.7

#: Texts with polarity alone are drawn so much more often, because they now speak for all heads.
POLARITY_DRAWS = 3.0


def taught(lesson: Lesson, logits: F32, slices: dict[str, slice]) -> Lesson:
    """The lesson with the teachers' reading mixed in. logits: float32 (n_texts, K), the mean of the teachers; slices: their columns."""
    tasks = tuple(_mixed(task, lesson, logits[:, slices[task.name]]) if task.name != "polarity" else task for task in lesson.tasks)
    sampling = lesson.sampling.copy()
    sampling[lesson.n_labelled + lesson.n_soft :] *= POLARITY_DRAWS
    return replace(lesson, tasks=tasks, sampling=sampling)


def _mixed(task: Task, lesson: Lesson, logits: F32) -> Task:
    reading = _softmax(logits) if task.name in ONE_OF else (0.5 + 0.5 * np.tanh(logits / 2)).astype(np.float32)
    part: NDArray[np.float32] = np.ones((len(logits), 1), np.float32)
    part[: lesson.n_labelled] = READERS_PART
    if task.name in ONE_OF:  # the soft labels say nothing of risks
        part[lesson.n_labelled : lesson.n_labelled + lesson.n_soft] = SOFT_PART
    targets = part * reading + (1 - part) * task.targets
    weights = np.where(np.arange(len(logits)) < lesson.n_labelled, task.weights, np.float32(1))
    return replace(task, targets=targets, weights=weights)


def _softmax(logits: F32) -> F32:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)
