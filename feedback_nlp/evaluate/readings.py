"""What the model says about labelled texts: one ``Reading`` per head, arrays only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.classify.heads import softmax
from feedback_nlp.scorer.model import HEADS, head_slices
from feedback_nlp.scorer.scorer import BatchScorer, text_chunks
from feedback_nlp.scorer.scores import Scores
from feedback_nlp.text.clean import clean
from feedback_nlp.train.given import FLAGS, Labelled
from feedback_nlp.vocabulary import SENTIMENT_LEVELS

#: A flag is raised from this probability on, where the model states no other.
RAISED = 0.5


@dataclass(frozen=True, eq=False)
class Reading:
    """One head of k classes on its m labelled rows.

    rows: intp (m,), their places in the table. truth: bool (m, k). probabilities: float32 (m, k), each row summing to 1 unless the classes
    are flags, each with a probability of its own. chosen: bool (m, k), the class the model chose, or the flags it raises.
    informed: bool (m,), False where a text says nothing and the model does not guess.
    """

    head: str
    rows: NDArray[np.intp]
    truth: NDArray[np.bool_]
    probabilities: NDArray[np.float32]
    chosen: NDArray[np.bool_]
    informed: NDArray[np.bool_]

    @property
    def exclusive(self) -> bool:
        """Exactly one class holds."""
        return self.head != FLAGS

    @property
    def confidence(self) -> NDArray[np.float32]:
        """Probability of each decision: (m,), or (m * k,) for flags, raised or not."""
        if self.exclusive:
            return np.asarray(self.probabilities[self.chosen])
        return np.where(self.chosen, self.probabilities, 1 - self.probabilities).ravel()

    @property
    def right(self) -> NDArray[np.bool_]:
        """bool, one per decision as in ``confidence``."""
        equal = self.truth == self.chosen
        return np.asarray(equal.all(axis=1) if self.exclusive else equal.ravel())


def read_with(scorer: BatchScorer, labelled: Labelled) -> list[Reading]:
    """Readings of the heads that have labels, in the order of ``HEADS``; one pass of the scorer."""
    parts = [_read_part(scorer, chunk) for chunk in text_chunks(labelled.texts)]
    informed = np.concatenate([part_informed for _, _, part_informed in parts] or [np.zeros(0, dtype=bool)])
    readings = []
    for head, known in labelled.known.items():
        found = [probabilities[head] for probabilities, _, _ in parts] or [np.zeros((0, len(HEADS[head])), dtype=np.float32)]
        rows = np.flatnonzero(known)
        chosen = [picks[head] for _, picks, _ in parts] or [np.zeros((0, len(HEADS[head])), dtype=bool)]
        arrays = labelled.truth[head][rows], np.concatenate(found)[rows], np.concatenate(chosen)[rows], informed[rows]
        readings.append(Reading(head, rows, *arrays))
    return readings


def _read_part(
    scorer: BatchScorer, texts: list[str]
) -> tuple[dict[str, NDArray[np.float32]], dict[str, NDArray[np.bool_]], NDArray[np.bool_]]:
    """Head -> float32 (n, classes) as the scorer decodes them; head -> bool (n, classes), its choice; whether each text says anything."""
    part = clean(texts)
    logits = scorer.logits(part.batch)
    scores = Scores.from_logits(logits, part.no_information, scorer.model.decision)
    index: dict[str, NDArray[np.intp]] = {
        "type": scores.type_index,
        "sentiment": scores.sentiment.astype(np.intp) - SENTIMENT_LEVELS[0],
        "urgency": scores.urgency_index,
    }
    silent = part.no_information
    raised = np.asarray([scorer.model.thresholds.get(f"risk_{code}", RAISED) for code in HEADS[FLAGS]], dtype=np.float32)
    found, chosen = {FLAGS: scores.risk}, {FLAGS: scores.risk >= raised}
    for head, numbers in index.items():
        chosen[head] = numbers[:, None] == np.arange(len(HEADS[head]))
        found[head] = softmax(logits[:, head_slices()[head]])
        # Of these the scorer is certain, whatever the table says.
        found[head][silent] = chosen[head][silent]
    return found, chosen, ~silent
