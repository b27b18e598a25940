"""``FeedbackClassifier`` and ``SentimentClassifier``: scikit-learn estimators over texts, for labels of the user's own.

Both begin with what the bundled model reads in a text and learn weights on top of it, and of character n-grams, by Bayesian logistic
regression. Where the labels are those of one of the model's own heads, its logits stay and only a correction to them is learned.
"""

from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import check_is_fitted

from feedback_nlp.classify.heads import softmax
from feedback_nlp.errors import InputError, ModelError
from feedback_nlp.learn.features import ADAPTED, MAX_BITS, MIN_BITS, OWN, SCRATCH, TextFeatures
from feedback_nlp.learn.files import Saved, read_saved, write_saved
from feedback_nlp.learn.heads import Head, all_classes, find_head
from feedback_nlp.learn.labels import as_labels, class_array, class_numbers, shown, training_rows
from feedback_nlp.learn.logistic import Posterior, update
from feedback_nlp.scorer.scorer import BatchScorer, as_texts

#: Values of ``start`` that are no folder.
BUNDLED, NO_MODEL = "bundled", "scratch"


class TextClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """What both estimators do; ``head`` names the head of the model whose labels an estimator knows.

    start: "bundled" (the bundled model), "scratch" (character n-grams alone) or a model folder.
    C: variance of the weights before any text; smaller holds them closer to 0, that is to the model. bits: n-grams share 2**bits columns.

    Fitted: ``classes_`` (the labels, ascending), ``posterior_`` (weights and their precision), ``features_`` (how texts are read),
    ``head_`` (the head that is adapted, None for labels of the user's own).
    """

    head: ClassVar[str]
    classes_: NDArray[Any]
    posterior_: Posterior
    features_: TextFeatures
    head_: Head | None

    # scikit-learn takes every argument but X and y for metadata to route; its own text estimators say so of theirs.
    __metadata_request__fit: ClassVar[dict[str, str]] = {"texts": UNUSED}
    __metadata_request__partial_fit: ClassVar[dict[str, str]] = {"texts": UNUSED}
    __metadata_request__decision_function: ClassVar[dict[str, str]] = {"texts": UNUSED}
    __metadata_request__predict: ClassVar[dict[str, str]] = {"texts": UNUSED}
    __metadata_request__predict_proba: ClassVar[dict[str, str]] = {"texts": UNUSED}

    def __init__(self, start: str | PathLike[str] = BUNDLED, *, C: float = 1.0, bits: int = 18) -> None:
        self.start = start
        self.C = C
        self.bits = bits

    def fit(self, texts: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from these texts alone, whatever was learned before; the order of rows changes nothing, not even a bit.

        texts: a list, tuple, array or Series of str; None and NaN count as an empty text. y: as many labels of one kind, two classes
        at least: str, int or anything hashable that sorts. sample_weight: as many numbers of at least 0.
        Raises InputError (TextTypeError for texts), and ModelError where ``start`` is no sound model.
        """
        read, labels, weights = training_rows(texts, y, sample_weight)
        if not read:
            raise InputError("expected at least one labelled text, got none (0 samples)")
        if not weights.any():
            raise InputError("sample_weight: expected at least one number above zero, all are zero")
        classes = class_array(labels)
        self._begin(classes)
        return self._learn(read, class_numbers(labels, classes), weights)

    def partial_fit(self, texts: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Learn from a few texts more; what is known is the prior, so that only what they speak about moves.

        texts, y, sample_weight: as for ``fit``; there may be none. classes: all labels that will ever come; needed in the first call,
        unless ``y`` holds labels of the model's own head: then its classes are all that this head knows.
        Raises as ``fit`` does, and InputError where the classes are missing or are not those of the first call.
        """
        read, labels, weights = training_rows(texts, y, sample_weight)
        given = None if classes is None else class_array(as_labels(classes, name="classes"))
        known = getattr(self, "classes_", None)
        if known is not None and given is not None and given.tolist() != known.tolist():
            raise InputError(f"classes: expected those of the first call, {shown(known.tolist())}, got {shown(given.tolist())}")
        if known is None:
            known = self._first_classes(labels) if given is None else given
        numbers = class_numbers(labels, known)
        if not hasattr(self, "classes_"):
            self._begin(known)
        return self._learn(read, numbers, weights)

    def decision_function(self, texts: Any) -> NDArray[np.float32]:
        """What ``predict`` compares: float32 (n, K), or (n,) for two classes, above 0 for the second.

        Logits, and where a head is adapted the model's ``decision`` offsets, which favour classes for the choice alone.
        """
        scores = self._logits(texts) + self._decision()
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, texts: Any) -> NDArray[Any]:
        """The chosen label of each text: (n,), the first of ``classes_`` at a tie."""
        logits = self._logits(texts)
        chosen: NDArray[Any] = self.classes_[(logits + self._decision()).argmax(axis=1)]
        return chosen

    def predict_proba(self, texts: Any) -> NDArray[np.float32]:
        """Probability of each class: float32 (n, K), columns in the order of ``classes_``; made without the ``decision`` offsets."""
        return softmax(self._logits(texts))

    def save(self, folder: str | PathLike[str]) -> None:
        """Write what was learned to a folder; the model it began with is named by its signature, not copied.

        Raises NotFittedError, and InputError where the labels are something else than str, int, float or bool.
        """
        check_is_fitted(self, "posterior_")
        parameters = {"start": fspath(self.start), "C": float(self.C), "bits": self.features_.bits}
        saved = Saved(type(self).__name__, parameters, self.classes_.tolist(), self.features_.signature, self.posterior_)
        write_saved(Path(folder), saved)

    @classmethod
    def load(cls, folder: str | PathLike[str], *, start: str | PathLike[str] | None = None) -> Self:
        """What ``save`` wrote. start: where the model it began with is now, if elsewhere.

        Raises ModelError where the folder is missing, damaged or of another estimator, or where the model is not the one it began with.
        """
        saved = read_saved(Path(folder))
        if saved.estimator != cls.__name__:
            raise ModelError(f"{folder}: expected a saved {cls.__name__}, got {saved.estimator}; load it with {saved.estimator}.load")
        estimator = cls(**saved.parameters if start is None else {**saved.parameters, "start": start})
        features = estimator._features()
        if features.signature != saved.base:
            wanted, found = saved.base or "none", features.signature or "none"
            raise ModelError(
                f"{folder}: it began with the model {wanted}, and {found} is here; give the folder of that one with start=, or fit again"
            )
        estimator._begin(class_array(saved.classes), features)
        if len(saved.posterior.columns) and saved.posterior.columns[-1] >= features.n_columns:
            raise ModelError(f"{folder}: expected columns below {features.n_columns}; the file is damaged or foreign, fit and save again")
        estimator.posterior_ = saved.posterior
        return estimator

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array, tags.input_tags.two_d_array = True, False
        tags.input_tags.string = tags.input_tags.allow_nan = True
        return tags

    def _features(self) -> TextFeatures:
        """How texts are read, by the parameters. Raises InputError, ModelError."""
        if isinstance(self.C, bool) or not isinstance(self.C, int | float | np.number) or not 0 < self.C < np.inf:
            raise InputError(f"C: expected a number above 0, got {self.C!r}")
        if isinstance(self.bits, bool) or not isinstance(self.bits, int | np.integer) or not MIN_BITS <= self.bits <= MAX_BITS:
            raise InputError(f"bits: expected a whole number from {MIN_BITS} to {MAX_BITS}, got {self.bits!r}")
        if not isinstance(self.start, str | PathLike):
            raise InputError(f"start: expected {BUNDLED!r}, {NO_MODEL!r} or a model folder, got {type(self.start).__name__}")
        scorer = None if self.start == NO_MODEL else BatchScorer.load(None if self.start == BUNDLED else fspath(self.start))
        return TextFeatures(scorer, int(self.bits))

    def _first_classes(self, labels: list[Any]) -> NDArray[Any]:
        """The classes of a first ``partial_fit`` that names none."""
        found = None if self.start == NO_MODEL else all_classes(self.head, labels)
        if found is None:
            known = f", or labels of the model's head {self.head!r}" if self.start != NO_MODEL else ""
            raise InputError(
                f"classes: expected all labels that will ever come in the first call of partial_fit{known}; give classes=[...]"
            )
        return class_array(found)

    def _begin(self, classes: NDArray[Any], features: TextFeatures | None = None) -> None:
        """Forget everything: the prior, for these classes."""
        if len(classes) < 2:
            raise InputError(f"expected labels of two classes at least, got {len(classes)} class: {shown(classes.tolist())}")
        features = features or self._features()
        head = find_head(self.head, classes) if features.scorer else None
        scales = ADAPTED if head else OWN if features.scorer else SCRATCH
        self.features_, self.head_ = replace(features, scales=scales), head
        self.classes_, self.posterior_ = classes, Posterior.prior(len(classes), 1 / float(self.C))

    def _learn(self, texts: list[str], numbers: NDArray[np.intp], weights: NDArray[np.float64]) -> Self:
        """The posterior after these rows, in an order of their own; rows without weight say nothing."""
        rows = np.flatnonzero(weights > 0).tolist()
        rows.sort(key=lambda row: (texts[row], numbers[row], weights[row]))
        reading = self.features_.read([texts[row] for row in rows])
        base = self.head_.base(reading).astype(np.float64) if self.head_ else np.zeros((len(rows), len(self.classes_)))
        self.posterior_ = update(self.posterior_, reading.matrix, numbers[rows], weights[rows], base)
        return self

    def _logits(self, texts: Any) -> NDArray[np.float32]:
        """float32 (n, K): the head's own logits, if one is adapted, and what was learned."""
        check_is_fitted(self, "posterior_")
        parts = []
        for reading in self.features_.read_parts(as_texts(texts)):
            learned = self.posterior_.logits(reading.matrix).astype(np.float32)
            parts.append(self.head_.base(reading) + learned if self.head_ else learned)
        return np.concatenate(parts)

    def _decision(self) -> NDArray[np.float32]:
        """float32 (K,), what the model adds to the logits of the adapted head for the choice."""
        if self.head_ is None or self.features_.scorer is None:
            return np.zeros(len(self.classes_), np.float32)
        return self.features_.scorer.model.decision[self.head_.columns]


class FeedbackClassifier(TextClassifier):
    """Feedback types: the nine codes or their Chinese names, adapted from the model's own, or any taxonomy of the user's.

    >>> texts = ["路灯坏了半个月没人修", "公交车等了一个小时", "路面塌了一个坑", "地铁早高峰太挤"]
    >>> FeedbackClassifier().fit(texts, ["市政", "交通", "市政", "交通"]).predict(["公交车一直不来"]).tolist()
    ['交通']
    """

    head = "type"


class SentimentClassifier(TextClassifier):
    """Sentiment: levels -2..2 or their Chinese names, adapted from the model's own, or labels of the user's.

    Whole numbers count as levels where one of them is negative; 0 and 1 alone are as often bad and good as they are levels, so that
    corrections which hold no negative one need ``classes=range(-2, 3)`` in the first ``partial_fit``.
    """

    head = "sentiment"

    def polarity(self, texts: Any) -> NDArray[np.float32]:
        """Expected level of each text between the outermost ones: float32 (n,) in [-1, 1].

        Divided by the largest level where there are negative ones (0 stays neutral), else measured from the middle of the range.
        Raises InputError where the classes are no numbers.
        """
        check_is_fitted(self, "posterior_")
        if self.classes_.dtype.kind not in "if":
            raise InputError(f"polarity: expected classes that are numbers in order, as -2..2, got {shown(self.classes_.tolist())}")
        low, high = float(self.classes_[0]), float(self.classes_[-1])
        middle, reach = (0.0, max(-low, high)) if low < 0 else ((low + high) / 2, (high - low) / 2)
        total = np.zeros(len(texts), np.float32)
        for column, level in zip(self.predict_proba(texts).T, self.classes_.tolist(), strict=True):
            total += column * np.float32((level - middle) / reach)
        return np.clip(total, -1, 1)
