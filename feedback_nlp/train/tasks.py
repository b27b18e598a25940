"""What the network learns at once: the four heads, readers' and teachers' labels together, and polarity."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.scorer.model import HEADS
from feedback_nlp.train.labels import Labels
from feedback_nlp.train.network import Clauses, Task, join_clauses, read_clauses

#: The heads whose classes exclude each other.
ONE_OF = ("type", "sentiment", "urgency")


@dataclass(frozen=True)
class Lesson:
    """Texts with everything known about them: first those of the table of heads, in its order, then those with soft labels, the rest.

    sampling: float64 (n_texts,), how often a text is drawn. n_labelled, n_soft: sizes of the first two parts.
    """

    data: Clauses
    tasks: tuple[Task, ...]
    sampling: NDArray[np.float64]
    n_labelled: int
    n_soft: int

    def without(self, texts: NDArray[np.intp]) -> "Lesson":
        """The same lesson with these texts never drawn."""
        sampling = self.sampling.copy()
        sampling[texts] = 0
        return replace(self, sampling=sampling)


def class_targets(heads: pd.DataFrame) -> dict[str, NDArray[np.intp]]:
    """Class number (n,) of each one-of head, -1 where nobody said one."""
    numbers = {head: {label: number for number, label in enumerate(HEADS[head])} for head in ONE_OF}
    return {head: heads[head].map(str).map(numbers[head]).fillna(-1).to_numpy(np.intp) for head in ONE_OF}


def flag_targets(heads: pd.DataFrame) -> NDArray[np.bool_]:
    """bool (n, 6), the risk flags; none where nobody looked."""
    flags = heads["risk"].fillna("").astype(str).str.split(",")
    return np.stack([flags.map(lambda found, code=code: code in found).to_numpy(bool) for code in HEADS["risk"]], axis=1)


def flags_known(heads: pd.DataFrame) -> NDArray[np.bool_]:
    """bool (n,), the texts that somebody read for risks."""
    return np.asarray(heads["risk"].notna().to_numpy(bool))


def class_mix(heads: pd.DataFrame) -> dict[str, list[float]]:
    """Shares of the classes, and of the texts with each flag, of the heads that somebody labelled; rounded to four digits."""
    found = {}
    for head, target in class_targets(heads).items():
        if (target >= 0).any():
            found[head] = np.bincount(target[target >= 0], minlength=len(HEADS[head])) / (target >= 0).sum()
    if flags_known(heads).any():
        found["risk"] = flag_targets(heads)[flags_known(heads)].mean(axis=0)
    return {head: np.round(share, 4).tolist() for head, share in found.items()}


def make_lesson(labels: Labels, *, orders: int, bits: int, soft_share: float, polarity_share: float, balance: float) -> Lesson:
    """Everything to learn.

    soft_share, polarity_share: how often a text with soft labels, or with polarity, is drawn for each text with readers' labels.
    balance: 0 leaves the classes of type and urgency their natural weight, 1 weighs all alike.
    """
    tables = [labels.heads, labels.soft, labels.polarity]
    data = join_clauses([read_clauses(table["text"].tolist(), orders=orders, bits=bits) for table in tables])
    sizes = [len(table) for table in tables]
    shares = [1.0, soft_share, polarity_share]
    sampling = np.concatenate([np.full(size, share / max(size, 1)) for size, share in zip(sizes, shares, strict=True)])
    tasks = [_classes(head, labels, sizes, balance if head != "sentiment" else 0.0) for head in ONE_OF]
    flags = _padded(flag_targets(labels.heads).astype(np.float32), sizes, 0)
    read = flags_known(labels.heads).astype(np.float32)[:, None]
    tasks.append(Task("risk", flags, _padded(read, sizes, 0)[:, 0], exclusive=False))
    sign = labels.polarity["polarity"].to_numpy(np.int8)[:, None]
    positive, clear = _padded((sign > 0).astype(np.float32), sizes, 2), _padded((sign != 0).astype(np.float32), sizes, 2)
    tasks.append(Task("polarity", positive, clear[:, 0], exclusive=False))
    return Lesson(data, tuple(tasks), sampling, sizes[0], sizes[1])


def _classes(head: str, labels: Labels, sizes: list[int], balance: float) -> Task:
    """One head: readers' labels as certainty, soft labels as they are; a text without a label has no weight."""
    classes, target = HEADS[head], class_targets(labels.heads)[head]
    soft = labels.soft[[f"{head}_{label}" for label in classes]].to_numpy(np.float32)
    said = target >= 0
    counts = np.maximum(np.bincount(target[said], minlength=len(classes)), 1)
    weights = np.where(said, ((said.sum() / (len(classes) * counts)) ** balance)[target], 0).astype(np.float32)
    targets = _padded(np.eye(len(classes), dtype=np.float32)[target], sizes, 0) + _padded(soft, sizes, 1)
    known = _padded(weights[:, None], sizes, 0) + _padded(np.ones((len(soft), 1), np.float32), sizes, 1)
    return Task(head, targets, known[:, 0])


def _padded(values: NDArray[np.float32], sizes: list[int], part: int) -> NDArray[np.float32]:
    """The values of one table as rows of all tables together, zeros elsewhere."""
    padded = np.zeros((sum(sizes), values.shape[1]), np.float32)
    start = sum(sizes[:part])
    padded[start : start + len(values)] = values
    return padded
