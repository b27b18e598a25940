"""feedback_nlp: the bundled model, as it is."""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from benchmarks.peers.training import ONE_OF, Training

NAME = "ours"
NEEDS = {"feedback_nlp": "feedback_nlp"}


class Ours:
    """The scorer under the names the peers share."""

    def __init__(self, scorer: Any) -> None:
        self.scorer = scorer

    def predict(self, head: str, texts: Sequence[str]) -> list[str] | None:
        """Class of each text; three classes of polarity were never learned."""
        return self.scorer.score(list(texts))[head].astype(str).tolist() if head in ONE_OF else None

    def polarity(self, texts: Sequence[str]) -> NDArray[Any]:
        """The continuous polarity."""
        return self.scorer.score(list(texts))["polarity"].to_numpy()

    def urgent(self, texts: Sequence[str]) -> NDArray[Any]:
        """Probability of high urgency."""
        return self.scorer.probabilities(list(texts))["urgency_high"].to_numpy()


def fit(training: Training) -> Ours:
    """The bundled model; it was trained on the same tables."""
    from feedback_nlp import BatchScorer

    return Ours(BatchScorer.load())
