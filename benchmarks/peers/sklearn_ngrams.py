"""scikit-learn: TF-IDF of character 1- to 3-grams and LinearSVC, one classifier a head, trained on the same data."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import SEED
from benchmarks.peers.training import ONE_OF, SIGN, THREE, Training

NAME = "TF-IDF + SVC"
NEEDS = {"sklearn": "scikit-learn"}

#: N-grams of a single text are left out. C and the equal weight of classes: the best of six on a tenth of the training texts.
VECTORIZER = {"analyzer": "char", "ngram_range": (1, 3), "min_df": 2, "sublinear_tf": True, "dtype": np.float32}
CLASSIFIER = {"C": 0.3, "class_weight": "balanced", "random_state": SEED}


class SklearnNgrams:
    """Pipelines by head, ``SIGN`` and ``THREE``."""

    def __init__(self, models: dict[str, Any]) -> None:
        self.models = models

    def predict(self, head: str, texts: Sequence[str]) -> list[str]:
        """The class with the largest margin."""
        return self.models[head].predict(texts).tolist()

    def polarity(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Margin of positive against negative."""
        return self.models[SIGN].decision_function(texts)

    def urgent(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Margin of high urgency against the rest."""
        model = self.models["urgency"]
        return model.decision_function(texts)[:, model.classes_.tolist().index("high")]


def fit(training: Training) -> SklearnNgrams:
    """Train all classifiers."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    models = {}
    for head in (*ONE_OF, SIGN, THREE):
        texts, labels = training.lesson(head)
        models[head] = make_pipeline(TfidfVectorizer(**VECTORIZER), LinearSVC(**CLASSIFIER)).fit(texts, labels)
    return SklearnNgrams(models)
