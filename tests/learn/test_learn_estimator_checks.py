"""scikit-learn's own checks. They give numbers, so most of them run on a subclass that writes its numbers as text."""

import numpy as np
import pytest
from sklearn.exceptions import SkipTestWarning
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import check_is_fitted, validate_data

from feedback_nlp import FeedbackClassifier, SentimentClassifier

#: Checks that cannot hold, and why.
EXPECTED_FAILED = {
    "check_supervised_y_2d": "a table of labels is refused, also one of a single column: a ledger's column is asked for by name",
}


class OverNumbers(FeedbackClassifier):
    """A text per row of numbers: a character for each column and step of an eighth."""

    def _texts(self, X, *, reset=False):
        if not reset:
            check_is_fitted(self)
        numbers = validate_data(self, X, reset=reset, dtype=np.float64)
        steps = np.clip(np.rint(8 * numbers), -31, 31).astype(int) + 31
        return [" ".join(chr(0x4E00 + 64 * (column % 300) + step) for column, step in enumerate(row)) for row in steps.tolist()]

    def fit(self, X, y, sample_weight=None):
        return super().fit(self._texts(X, reset=True), y, sample_weight)

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        return super().partial_fit(self._texts(X, reset=not hasattr(self, "classes_")), y, classes, sample_weight)

    def decision_function(self, X):
        return super().decision_function(self._texts(X))

    def predict(self, X):
        return super().predict(self._texts(X))

    def predict_proba(self, X):
        return super().predict_proba(self._texts(X))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.input_tags.one_d_array = tags.input_tags.string = tags.input_tags.allow_nan = False
        return tags


@pytest.mark.parametrize("kind", [FeedbackClassifier, SentimentClassifier])
def test_tags_say_texts_and_what_needs_no_numbers_holds(kind):
    tags = get_tags(kind())
    assert (tags.input_tags.one_d_array, tags.input_tags.two_d_array, tags.input_tags.string) == (True, False, True)
    assert tags.estimator_type == "classifier"
    assert tags.target_tags.required
    with pytest.warns(SkipTestWarning, match="which requires input"):
        results = check_estimator(kind())
    assert {result["status"] for result in results} == {"passed"}


def test_checks_over_numbers():
    results = check_estimator(OverNumbers("scratch"), expected_failed_checks=EXPECTED_FAILED, on_skip=None, on_fail=None)
    failed = {result["check_name"]: str(result["exception"]) for result in results if result["status"] == "failed"}
    assert failed == {}
    assert {result["check_name"] for result in results if result["status"] == "xfail"} == set(EXPECTED_FAILED)
    assert sum(result["status"] == "passed" for result in results) > 50
