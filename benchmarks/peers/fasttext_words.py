"""fastText supervised: words cut by rjieba and their pairs, one classifier a head, trained on the same data."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import SEED
from benchmarks.peers.training import ONE_OF, SIGN, THREE, Training

NAME = "fastText"
NEEDS = {"fasttext": "fasttext-numpy2-wheel", "rjieba": "rjieba"}

PREFIX = "__label__"
#: Rate and passes: the best of a few on a tenth of the training texts. One thread, so that a second run gives the same.
OPTIONS = {"lr": 0.2, "epoch": 10, "dim": 64, "wordNgrams": 2, "bucket": 1 << 19, "thread": 1, "seed": SEED, "verbose": 0}


class FastTextWords:
    """Classifiers by head, ``SIGN`` and ``THREE``."""

    def __init__(self, models: dict[str, Any]) -> None:
        self.models = models

    def predict(self, head: str, texts: Sequence[str]) -> list[str]:
        """The most probable class."""
        labels, _ = self.models[head].predict(lines(texts))
        return [found[0].removeprefix(PREFIX) for found in labels]

    def polarity(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """P(positive) - P(negative)."""
        return 2 * self._probability(SIGN, "1", texts) - 1

    def urgent(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Probability of high urgency."""
        return self._probability("urgency", "high", texts)

    def _probability(self, head: str, label: str, texts: Sequence[str]) -> NDArray[np.float64]:
        labels, values = self.models[head].predict(lines(texts), k=-1)
        pairs = (dict(zip(names, numbers, strict=True)) for names, numbers in zip(labels, values, strict=True))
        return np.asarray([float(found[f"{PREFIX}{label}"]) for found in pairs])


def lines(texts: Sequence[str]) -> list[str]:
    """Words with spaces between them; no line breaks, and nothing that fastText would take for a label."""
    import rjieba

    return [" ".join(word for word in rjieba.cut(text.replace(PREFIX, " ")) if word.strip()) for text in texts]


def fit(training: Training) -> FastTextWords:
    """Train all classifiers, each from a file that is deleted afterwards."""
    import fasttext

    models = {}
    for head in (*ONE_OF, SIGN, THREE):
        texts, labels = training.lesson(head)
        with TemporaryDirectory() as folder:
            file = Path(folder) / "train.txt"
            rows = [f"{PREFIX}{label} {line}\n" for label, line in zip(labels, lines(texts), strict=True)]
            # It reads them in this order, and the tables are sorted: without mixing it ends on one source and one class.
            mixed = np.random.default_rng(SEED).permutation(len(rows))
            file.write_text("".join(rows[row] for row in mixed), encoding="utf-8")
            models[head] = fasttext.train_supervised(input=str(file), **OPTIONS)
    return FastTextWords(models)
