"""A head of the model whose classes are the user's labels: its logits are what learning starts from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.learn.features import Reading
from feedback_nlp.scorer.model import head_slices
from feedback_nlp.vocabulary import SENTIMENTS, TYPES

#: Head -> its labels as users write them -> their Chinese names, both in the order of the logits.
NAMES: dict[str, dict[Any, str]] = {"type": TYPES, "sentiment": SENTIMENTS}

#: What a text that says nothing is, with certainty (``Scores.from_logits``).
SILENT = {"type": "other", "sentiment": 0}
CERTAIN = np.float32(100)


@dataclass(frozen=True)
class Head:
    """name: of the head. columns: (K,), the logits of the user's classes, in the order of ``classes_``. silent: (K,), logits of a text
    that says nothing.
    """

    name: str
    columns: NDArray[np.intp]
    silent: NDArray[np.float32]

    def base(self, reading: Reading) -> NDArray[np.float32]:
        """The model's own logits: float32 (n, K)."""
        return np.where(reading.silent[:, None], self.silent, reading.logits[:, self.columns])


def find_head(name: str, classes: NDArray[Any]) -> Head | None:
    """The head ``name`` for these classes, two or more; None where one of them is neither its code nor its Chinese name.

    Raises InputError where codes and Chinese names are mixed.
    """
    numbers = _numbers(name, classes.tolist())
    if numbers is None:
        return None
    codes = list(NAMES[name])
    silent = [CERTAIN if codes[number] == SILENT[name] else -CERTAIN for number in numbers]
    return Head(name, np.asarray(numbers, np.intp) + head_slices()[name].start, np.asarray(silent, np.float32))


def all_classes(name: str, labels: Sequence[Any]) -> list[Any] | None:
    """All labels of the head, as codes or as Chinese names, whichever ``labels`` are; None where they are something else."""
    if not labels or _numbers(name, labels) is None:
        return None
    return list(NAMES[name].values()) if isinstance(labels[0], str) and labels[0] not in NAMES[name] else list(NAMES[name])


def _numbers(name: str, labels: Sequence[Any]) -> list[int] | None:
    """Place of each label in the head."""
    codes, names = list(NAMES[name]), list(NAMES[name].values())
    if any(isinstance(label, bool) for label in labels):
        return None
    for known in (codes, names):
        if all(label in known for label in labels):
            return None if _ambiguous(labels) else [known.index(label) for label in labels]
    if all(label in codes or label in names for label in labels):
        raise InputError(f"y: labels of the head {name!r} come as codes and as Chinese names; use one of the two")
    return None


def _ambiguous(labels: Sequence[Any]) -> bool:
    """Whole numbers without a negative one: as often 0 = bad and 1 = good as levels."""
    return all(not isinstance(label, str) and label >= 0 for label in labels)
