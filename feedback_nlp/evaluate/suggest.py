"""Labels that are probably wrong, by confident learning (Northcutt, Jiang & Chuang 2021, JAIR 70), as cleanlab computes it.

The probabilities must come from a model that has never seen the labels; of texts it was trained on they repeat the labels, errors included.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.errors import MissingExtraError
from feedback_nlp.evaluate.readings import Reading
from feedback_nlp.scorer.model import HEADS
from feedback_nlp.text.clean import clean
from feedback_nlp.text.privacy import mask_texts
from feedback_nlp.train.given import Labelled

SUGGESTION_COLUMNS = ("head", "row", "text", "given", "suggested", "quality")


@dataclass(frozen=True)
class Cleanlab:
    """The two functions of cleanlab that are used."""

    find_label_issues: Callable[..., NDArray[np.bool_]]
    get_label_quality_scores: Callable[..., NDArray[np.float64]]


def load_cleanlab() -> Cleanlab:
    """Import cleanlab. Raises MissingExtraError where it is not installed."""
    try:
        from cleanlab.filter import find_label_issues
        from cleanlab.rank import get_label_quality_scores
    except ImportError as error:
        raise MissingExtraError(
            f"suggested label errors need the package cleanlab, which cannot be imported ({error}); "
            "install it with: python -m pip install 'feedback_nlp[labels]'"
        ) from error
    return Cleanlab(find_label_issues, get_label_quality_scores)


def suggestion_table(readings: Sequence[Reading], labelled: Labelled) -> pd.DataFrame:
    """Labels that are probably wrong, columns ``SUGGESTION_COLUMNS``: per head, the least credible first.

    row: name of the row. text: cleaned and masked. given, suggested: labels; of a flag that does not hold, the empty string.
    quality: probability of the given label, in [0, 1]. Flags are judged one by one, as holding or not.
    A head whose rows all have one label has nothing to compare. Raises MissingExtraError without cleanlab.
    """
    lab = load_cleanlab()
    rows = [row for reading in readings for row in _suspects(reading, labelled, lab)]
    table = pd.DataFrame(rows, columns=list(SUGGESTION_COLUMNS))
    places = table["text"].tolist()
    texts = mask_texts(clean([labelled.texts[place] for place in places]).texts())
    return table.assign(row=[labelled.names[place] for place in places], text=pd.Series(texts, dtype=object))


def _suspects(reading: Reading, labelled: Labelled, lab: Cleanlab) -> list[tuple[Any, ...]]:
    classes = HEADS[reading.head]
    if reading.exclusive:
        problems = [(classes, reading.truth.argmax(axis=1), reading.probabilities)]
    else:
        pairs = np.stack([1 - reading.probabilities, reading.probabilities], axis=2)
        problems = [(("", flag), reading.truth[:, n].astype(np.intp), pairs[:, n]) for n, flag in enumerate(classes)]
    found: list[tuple[Any, ...]] = []
    for labels, given, probabilities in problems:
        suggested = probabilities.argmax(axis=1)
        for place, quality in _label_issues(given, probabilities, lab):
            row = int(reading.rows[place])
            found.append((reading.head, row, row, labels[given[place]], labels[suggested[place]], quality))
    return sorted(found, key=lambda entry: entry[-1])


def _label_issues(given: NDArray[np.intp], probabilities: NDArray[np.float32], lab: Cleanlab) -> list[tuple[int, float]]:
    """Rows whose label is probably wrong, with the probability of that label."""
    if len(np.unique(given)) < 2:
        return []
    # cleanlab checks that rows sum to 1 more closely than float32 can.
    exact = probabilities.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)
    issues = lab.find_label_issues(given, exact, filter_by="confident_learning", n_jobs=1)
    quality = lab.get_label_quality_scores(given, exact, method="self_confidence")
    return [(int(place), float(quality[place])) for place in np.flatnonzero(issues)]
