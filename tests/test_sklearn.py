"""scikit-learn's contract: its own checks, the same for texts where its own give numbers, and life among its other parts.

Its checks give numbers to estimators, and skip those that want texts (``input_tags.two_d_array`` is False) but for the first. So they run
here in two ways: those that need no data on the estimators themselves, all of them on subclasses that write numbers as texts (but for
``check_array_api_input``, which skips itself where the variable SCIPY_ARRAY_API is not set).
"""

import copy
import inspect
import pickle
import random
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy.sparse import issparse
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils import estimator_checks as checks
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted, validate_data

from feedback_nlp import FeedbackClassifier, InputError, SentimentClassifier, TextTypeError, ThemeModel, Tokenizer, TrendDetector
from feedback_nlp.learn.vectorizer import TokenVectorizer

# ---------------------------------------------------------------------------------------------------------------------------------
# scikit-learn's checks over numbers


class OverNumbers:
    """A word for each number: its column, and its value in steps of an eighth."""

    @staticmethod
    def word(column, step):
        return chr(0x4E00 + 64 * (column % 300) + step)

    def texts(self, X, *, reset=False):
        if not reset:
            check_is_fitted(self)
        numbers = validate_data(self, X, reset=reset, dtype=np.float64)
        steps = np.clip(np.rint(8 * numbers), -31, 31).astype(int) + 31
        return [" ".join(self.word(*pair) for pair in enumerate(row)) for row in steps.tolist()]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.input_tags.one_d_array = tags.input_tags.string = tags.input_tags.allow_nan = False
        return tags


class ClassifierOverNumbers(OverNumbers):
    def fit(self, X, y, sample_weight=None):
        return super().fit(self.texts(X, reset=True), y, sample_weight)

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        return super().partial_fit(self.texts(X, reset=not hasattr(self, "classes_")), y, classes, sample_weight)

    def decision_function(self, X):
        return super().decision_function(self.texts(X))

    def predict(self, X):
        return super().predict(self.texts(X))

    def predict_proba(self, X):
        return super().predict_proba(self.texts(X))


class FeedbackOverNumbers(ClassifierOverNumbers, FeedbackClassifier):
    pass


class SentimentOverNumbers(ClassifierOverNumbers, SentimentClassifier):
    pass


class VectorizerOverNumbers(OverNumbers, TokenVectorizer):
    def fit(self, X, y=None):
        return super().fit(self.texts(X, reset=True))

    def fit_transform(self, X, y=None):
        return super().fit_transform(self.texts(X, reset=True))

    def transform(self, X):
        return super().transform(self.texts(X))


class ThemesOverNumbers(OverNumbers, ThemeModel):
    """Numbers out as well: of the table of ``transform`` the columns that are no words."""

    NUMBERS = ("theme_id", "strength")

    @staticmethod
    def word(column, step):
        """Five letters: a single character has no theme."""
        return "".join(chr(97 + place) for place in (*divmod(column % 600, 26), 25, *divmod(step, 26)))

    def fit(self, X, y=None):
        return super().fit(self.texts(X, reset=True))

    def predict(self, X):
        return super().predict(self.texts(X))

    def transform(self, X):
        return super().transform(self.texts(X))[list(self.NUMBERS)].to_numpy()

    def get_feature_names_out(self, input_features=None):
        return np.array(self.NUMBERS, dtype=object)


TABLE_OF_LABELS = {
    "check_supervised_y_2d": "a table of labels is refused, also one of a single column: a ledger's column is asked for by name"
}

#: Estimator -> the checks that cannot hold, and why.
EXPECTED_FAILED = {
    FeedbackOverNumbers("scratch"): TABLE_OF_LABELS,
    SentimentOverNumbers("scratch"): TABLE_OF_LABELS,
    VectorizerOverNumbers(): {},
    VectorizerOverNumbers(weighting="count"): {},
    ThemesOverNumbers(): {},
}


@checks.parametrize_with_checks(list(EXPECTED_FAILED), expected_failed_checks=EXPECTED_FAILED.get)
def test_over_numbers(estimator, check):
    check(estimator)


# ---------------------------------------------------------------------------------------------------------------------------------
# The same for texts


@dataclass(frozen=True)
class Case:
    """An estimator as users make it. outputs: methods of texts. wrong: a parameter out of its range, and the message of ``fit``."""

    estimator: Any
    outputs: tuple[str, ...]
    wrong: tuple[dict[str, Any], str]
    y: tuple[str, ...] | None = None


CITY = {
    "交通": (
        "公交车等了一个小时还不来",
        "公交车司机不到站就关门",
        "公交车晚点，司机态度差",
        "地铁早高峰太挤了",
        "地铁末班车太早",
        "地铁站出口的公交车总晚点",
        "早高峰的公交车和地铁都太挤",
        "末班车司机提前关门",
    ),
    "市政": (
        "路灯坏了半个月没人修",
        "小区门口的路灯不亮",
        "路灯不亮，路面看不清",
        "路面塌了一个坑，没人修",
        "井盖丢了，路面很危险",
        "井盖坏了半个月没人修",
        "下水道堵了，污水流到路面",
        "小区下水道堵了，路灯也坏了",
    ),
    "教育": (
        "学校食堂的饭菜不干净",
        "学校食堂的老师不管饭菜",
        "学校老师经常拖堂",
        "老师拖堂，学校不管",
        "幼儿园学费又涨了",
        "幼儿园老师少，学费又高",
        "课后托管没有老师",
        "学校课后托管的学费太高",
    ),
}
TEXTS = [text for texts in CITY.values() for text in texts]
FIELDS = tuple(field for field, texts in CITY.items() for _ in texts)
#: Texts that nothing learns from, among them such as say nothing.
OTHERS = ["公交车和地铁都不来", "", "APP闪退 app", "😀", "路灯不亮", "学校老师" * 400]

CLASSIFIES = ("predict", "predict_proba", "decision_function")
LEVELS = tuple(map({"交通": -1, "市政": 0, "教育": 2}.get, FIELDS))
OWN_WORDS = {"user_dictionary": ["末班车"], "stop_words": ["的"]}
CASES = {
    "FeedbackClassifier": Case(FeedbackClassifier(), CLASSIFIES, ({"C": 0}, "C: expected a number above 0, got 0"), FIELDS),
    "FeedbackClassifier from scratch": Case(
        FeedbackClassifier("scratch", bits=12), CLASSIFIES, ({"bits": 1}, "bits: expected a whole number from 8 to 22, got 1"), FIELDS
    ),
    "SentimentClassifier": Case(SentimentClassifier(), CLASSIFIES, ({"start": None}, "start: expected 'bundled'"), LEVELS),
    "TokenVectorizer": Case(
        TokenVectorizer(), ("transform",), ({"weighting": "bm25"}, "weighting: expected one of count, tfidf, got 'bm25'")
    ),
    "TokenVectorizer of counts": Case(
        TokenVectorizer(weighting="count", **OWN_WORDS), ("transform",), ({"min_df": 0}, "min_df: expected a whole number of texts from 1")
    ),
    "ThemeModel": Case(
        ThemeModel(n_themes=4), ("predict", "transform"), ({"n_themes": -1}, "n_themes: expected a whole number of 0 or more, or None")
    ),
    "ThemeModel with seeds": Case(
        ThemeModel(seeds={"公交": ["公交车"]}, ignore=["小区"], user_dictionary=["末班车"]),
        ("predict", "transform"),
        ({"n_themes": "many"}, "n_themes: expected a whole number of 0 or more, or None to let the texts decide, got 'many'"),
    ),
}


def fit(case, texts=TEXTS, y=None):
    y = case.y if y is None else y
    return clone(case.estimator).fit(texts, *([] if case.y is None else [y]))


def rows(case, estimator, texts=OTHERS):
    """What every method gives, a row a text, as plain Python; bit for bit."""
    found = [getattr(estimator, method)(texts) for method in case.outputs]
    arrays = [np.asarray(part.toarray() if issparse(part) else part) for part in found]
    return [tuple(str(array[row].tolist()) for array in arrays) for row in range(len(texts))]


#: Name -> a check of one case; `check_estimator` for texts.
FOR_TEXTS = {}


def for_texts(check):
    FOR_TEXTS[check.__name__] = check
    return check


@for_texts
def fit_returns_self(case):
    estimator = clone(case.estimator)
    assert estimator.fit(TEXTS, case.y) is estimator


@for_texts
def fit_changes_no_parameter(case):
    estimator = clone(case.estimator)
    before = {name: (value, copy.deepcopy(value)) for name, value in estimator.get_params().items()}
    estimator.fit(TEXTS, case.y)
    after = estimator.get_params()
    assert list(after) == list(before)
    assert all(after[name] is value and value == kept for name, (value, kept) in before.items())


@for_texts
def what_is_fitted_ends_in_an_underscore(case):
    given = set(vars(clone(case.estimator)))
    assert given == set(case.estimator.get_params(deep=False))
    learned = set(vars(fit(case))) - given
    assert learned and all(name.endswith("_") and not name.startswith("_") for name in learned)


@for_texts
def a_clone_learns_the_same(case):
    fitted = fit(case)
    copied = clone(fitted)
    assert set(vars(copied)) == set(copied.get_params())
    assert repr(copied) == repr(fitted)
    assert rows(case, copied.fit(TEXTS, case.y)) == rows(case, fitted)


@for_texts
def fit_twice_is_fit_once(case):
    fitted = fit(case)
    once = rows(case, fitted)
    assert rows(case, fitted.fit(TEXTS, case.y)) == once


@for_texts
def fit_forgets(case):
    texts, y = [f"{text}，手机充电发烫" for text in TEXTS[::2]], None if case.y is None else case.y[::2]
    first, expected = clone(case.estimator).fit(texts, y), rows(case, fit(case))
    assert rows(case, first) != expected
    assert len(set(expected)) > 3, "too much alike to say anything"
    assert rows(case, first.fit(TEXTS, case.y)) == expected


@for_texts
def the_order_of_rows_changes_nothing(case):
    fitted = fit(case)
    order = random.Random(1).sample(range(len(TEXTS)), len(TEXTS))
    other = fit(case, [TEXTS[row] for row in order], None if case.y is None else [case.y[row] for row in order])
    assert rows(case, other) == rows(case, fitted)
    assert rows(case, fitted, OTHERS[::-1]) == rows(case, fitted)[::-1]


@for_texts
def a_batch_gives_what_its_rows_give(case):
    fitted = fit(case)
    assert [row for text in OTHERS for row in rows(case, fitted, [text])] == rows(case, fitted)


@for_texts
def no_texts_give_no_rows(case):
    fitted = fit(case)
    for method in case.outputs:
        assert getattr(fitted, method)([]).shape[0] == 0


@for_texts
def missing_texts_are_empty(case):
    fitted = fit(case)
    assert len(set(rows(case, fitted, ["", None, float("nan"), pd.NA]))) == 1
    y = None if case.y is None else [*case.y, *case.y[:2]]
    assert rows(case, fit(case, [*TEXTS, None, np.nan], y)) == rows(case, fit(case, [*TEXTS, "", ""], y))


CONTAINERS = {
    "tuple": tuple,
    "array of str": np.array,
    "array of objects": lambda texts: np.array(texts, dtype=object),
    "array of StringDType": lambda texts: np.array(texts, dtype=np.dtypes.StringDType()),
    "Series": lambda texts: pd.Series(texts, index=range(len(texts), 0, -1)),
    "Series of objects": lambda texts: pd.Series(texts, dtype=object),
    "Categorical Series": lambda texts: pd.Series(texts, dtype="category"),
    "Index": pd.Index,
}


@for_texts
def containers_change_nothing_and_stay_unchanged(case):
    expected = rows(case, fit(case))
    for name, container in CONTAINERS.items():
        given, others = container(TEXTS), container(OTHERS)
        if isinstance(given, np.ndarray):
            given.flags.writeable = False
        before = copy.deepcopy(given)
        assert rows(case, fit(case, given), others) == expected, name
        assert type(given) is type(before) and list(given) == list(before)


WRONG_TEXTS = {
    "one text": "路灯坏了",
    "bytes": b"abc",
    "a dict": {"路灯坏了": 1},
    "a set": {"路灯坏了"},
    "a table": pd.DataFrame({"text": TEXTS}),
    "an array of two dimensions": np.array([TEXTS]),
    "numbers": np.arange(len(TEXTS)),
    "a number among texts": [*TEXTS[:-1], 1],
    "a list of lists": [[text] for text in TEXTS],
    "bytes among texts": [*TEXTS[:-1], b"abc"],
    "nothing": None,
}


@for_texts
def what_is_no_text_is_refused(case):
    fitted = fit(case)
    for name, given in WRONG_TEXTS.items():
        for call in (clone(case.estimator).fit, *(getattr(fitted, method) for method in case.outputs)):
            with pytest.raises(TextTypeError, match=r"expected (a list, tuple, array or Series of )?str.* got ") as caught:
                call(given, case.y) if call.__name__ == "fit" else call(given)
            assert isinstance(caught.value, ValueError) and isinstance(caught.value, TypeError), name
            assert "路灯" not in str(caught.value)


@for_texts
def what_is_not_fitted_says_so(case):
    for method in case.outputs:
        with pytest.raises(NotFittedError, match=f"This {type(case.estimator).__name__} instance is not fitted yet"):
            getattr(clone(case.estimator), method)(TEXTS)


@for_texts
def outputs_change_no_attribute(case):
    fitted = fit(case)
    before = pickle.dumps(fitted)
    names = set(vars(fitted))
    rows(case, fitted)
    assert set(vars(fitted)) == names
    assert pickle.dumps(fitted) == before


@for_texts
def what_is_pickled_is_kept(case):
    fitted = fit(case)
    for again in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):  # noqa: S301
        assert rows(case, again) == rows(case, fitted)
        assert repr(again) == repr(fitted)


@for_texts
def wrong_parameters_are_refused_in_fit_only(case):
    parameters, message = case.wrong
    wrong = clone(case.estimator).set_params(**parameters)
    assert clone(wrong).get_params()[next(iter(parameters))] == next(iter(parameters.values()))
    with pytest.raises(InputError, match=f"^{message}"):
        wrong.fit(TEXTS, case.y)


@for_texts
def arguments_are_named_as_pipelines_need_them(case):
    for method in ("fit", "partial_fit", "fit_transform", "fit_predict", "score"):
        if hasattr(case.estimator, method):
            assert list(inspect.signature(getattr(case.estimator, method)).parameters)[1] == "y", method


@for_texts
def texts_are_no_metadata_to_route(case):
    requests = case.estimator.get_metadata_routing()
    asked = {name for method in requests._serialize().values() for name in method}
    assert asked <= {"sample_weight", "classes", "previous"}


@for_texts
def texts_have_no_columns(case):
    fitted = fit(case)
    assert not hasattr(fitted, "n_features_in_") and not hasattr(fitted, "feature_names_in_")


@for_texts
def one_call_gives_what_two_give(case):
    fitted, again = fit(case), clone(case.estimator)
    if "transform" in case.outputs:
        found, expected = again.fit_transform(TEXTS, y=case.y), fitted.transform(TEXTS)
        pd.testing.assert_frame_equal(*(pd.DataFrame(part.toarray() if issparse(part) else part) for part in (found, expected)))
    if hasattr(again, "fit_predict"):
        assert again.fit_predict(TEXTS).tolist() == fitted.labels_.tolist() == fitted.predict(TEXTS).tolist()


@for_texts
def tables_are_named_by_their_columns(case):
    if "transform" not in case.outputs:
        assert not hasattr(case.estimator, "set_output")
        return
    fitted = fit(case)
    plain, index = fitted.transform(TEXTS), [f"row {row}" for row in range(len(TEXTS))]
    assert fitted.get_feature_names_out().tolist() == (list(plain.columns) if isinstance(plain, pd.DataFrame) else list(fitted.vocabulary_))
    table = fitted.set_output(transform="pandas").transform(pd.Series(TEXTS, index=index))
    assert table.columns.tolist() == fitted.get_feature_names_out().tolist()
    assert table.index.tolist() == index
    assert fitted.transform(TEXTS).index.tolist() == list(range(len(TEXTS)))
    assert table.to_numpy().tolist() == np.asarray(plain.toarray() if issparse(plain) else plain).tolist()
    pd.testing.assert_frame_equal(clone(fitted).fit_transform(pd.Series(TEXTS, index=index)), table)
    assert type(fitted.set_output(transform="default").transform(TEXTS)) is type(plain)
    with sklearn.config_context(transform_output="pandas"):
        pd.testing.assert_frame_equal(clone(case.estimator).fit(TEXTS).transform(pd.Series(TEXTS, index=index)), table)
    with pytest.raises(NotFittedError):
        clone(case.estimator).get_feature_names_out()


@pytest.mark.parametrize("check", FOR_TEXTS.values(), ids=FOR_TEXTS)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_over_texts(case, check):
    check(case)


#: Checks of scikit-learn's that need no data.
WITHOUT_DATA = (
    checks.check_estimator_cloneable,
    checks.check_estimator_tags_renamed,
    checks.check_valid_tag_types,
    checks.check_estimator_repr,
    checks.check_no_attributes_set_in_init,
    checks.check_do_not_raise_errors_in_init_or_set_params,
    checks.check_mixin_order,
    checks.check_parameters_default_constructible,
    checks.check_get_params_invariance,
    checks.check_set_params,
)


@pytest.mark.parametrize("check", WITHOUT_DATA, ids=lambda check: check.__name__)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_without_data(case, check):
    check(type(case.estimator).__name__, case.estimator)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_tags_say_texts_and_check_estimator_passes(case):
    tags = get_tags(case.estimator)
    assert (tags.input_tags.one_d_array, tags.input_tags.two_d_array, tags.input_tags.string) == (True, False, True)
    assert (tags.requires_fit, tags.non_deterministic) == (True, False)
    assert tags.target_tags.required == (case.y is not None)
    kinds = {FeedbackClassifier: "classifier", SentimentClassifier: "classifier", TokenVectorizer: None, ThemeModel: "clusterer"}
    assert tags.estimator_type == kinds[type(case.estimator)]
    with pytest.warns(SkipTestWarning, match="which requires input"):
        results = checks.check_estimator(case.estimator)
    assert {result["status"] for result in results} == {"passed"}


@pytest.mark.parametrize("case", [case for case in CASES.values() if case.y or isinstance(case.estimator, TokenVectorizer)])
def test_nothing_to_learn_from(case):
    with pytest.raises(InputError, match=r"\(0 samples\)"):
        clone(case.estimator).fit([], case.y and [])


def test_no_texts_have_no_themes():
    """A day without feedback is no error."""
    model = ThemeModel().fit([])
    assert (len(model.themes_), model.labels_.tolist()) == (0, [])
    assert model.transform(["路灯坏了"])["theme"].tolist() == [""]


# ---------------------------------------------------------------------------------------------------------------------------------
# Among scikit-learn's other parts


def test_a_grid_over_a_pipeline():
    words = make_pipeline(TokenVectorizer(), LogisticRegression(C=30))
    grid = {"tokenvectorizer__weighting": ["count", "tfidf"], "tokenvectorizer__max_features": [1, None], "logisticregression__C": [1, 30]}
    search = GridSearchCV(words, grid, cv=3, scoring="f1_macro").fit(TEXTS, FIELDS)
    assert search.best_params_["tokenvectorizer__max_features"] is None
    assert search.predict(["路灯坏了，没人修"]).tolist() == ["市政"]
    best = search.best_estimator_
    assert len(best[0].get_feature_names_out()) == best[1].n_features_in_ == len(best[0].vocabulary_)


def test_a_grid_over_a_classifier():
    search = GridSearchCV(FeedbackClassifier("scratch"), {"C": [0.1, 1.0], "bits": [8, 18]}, cv=3).fit(pd.Series(TEXTS), FIELDS)
    assert search.predict(["路灯又坏了"]).tolist() == ["市政"]
    assert len(search.cv_results_["params"]) == 4


@pytest.mark.parametrize(
    "estimator",
    [
        FeedbackClassifier("scratch"),
        make_pipeline(TokenVectorizer(weighting="count"), MultinomialNB()),
        make_pipeline(make_union(TokenVectorizer(), TokenVectorizer(content_only=True)), LogisticRegression(C=30)),
        VotingClassifier([("n-grams", FeedbackClassifier("scratch")), ("model", FeedbackClassifier())], voting="soft"),
        CalibratedClassifierCV(FeedbackClassifier("scratch"), cv=2, method="sigmoid"),
    ],
)
def test_it_is_better_than_chance_on_texts_not_seen(estimator):
    assert cross_val_score(estimator, TEXTS, FIELDS, cv=3).mean() > 0.4


def test_a_column_of_a_ledger():
    ledger = pd.DataFrame({"text": TEXTS, "channel": ["APP", "门店"] * 12}, index=range(50, 74))
    columns = ColumnTransformer([("words", TokenVectorizer(), "text"), ("channel", OneHotEncoder(), ["channel"])])
    fitted = make_pipeline(columns, LogisticRegression(C=30)).fit(ledger, FIELDS)
    assert fitted.score(ledger, FIELDS) == 1.0
    names = columns.fit(ledger).get_feature_names_out().tolist()
    assert names[0].startswith("words__") and names[-1] == "channel__channel_门店"


def test_tables_all_the_way():
    fitted = make_pipeline(TokenVectorizer(), LogisticRegression()).set_output(transform="pandas").fit(TEXTS, FIELDS)
    assert fitted[1].feature_names_in_.tolist() == fitted[0].get_feature_names_out().tolist() == fitted[:1].get_feature_names_out().tolist()
    plain = make_pipeline(TokenVectorizer(), LogisticRegression()).fit(TEXTS, FIELDS)
    np.testing.assert_allclose(fitted.predict_proba(OTHERS), plain.predict_proba(OTHERS), rtol=1e-6)


def test_themes_as_columns():
    columns = ColumnTransformer([("theme", OneHotEncoder(handle_unknown="ignore"), ["theme"]), ("strength", "passthrough", ["strength"])])
    pipeline = make_pipeline(ThemeModel(), columns, LogisticRegression(C=30))
    search = GridSearchCV(pipeline, {"thememodel__n_themes": [2, 5]}, cv=3, error_score="raise").fit(TEXTS, FIELDS)
    assert search.predict(["路灯又坏了"]).shape == (1,)
    assert search.best_estimator_[0].n_themes in (2, 5)


def test_weights_find_their_way():
    with sklearn.config_context(enable_metadata_routing=True):
        weighted = FeedbackClassifier("scratch").set_fit_request(sample_weight=True)
        pipeline = make_pipeline(weighted)
        weights = np.where(np.array(FIELDS) == "教育", 0.0, 1.0)
        fitted = pipeline.fit(TEXTS, FIELDS, sample_weight=weights)
        assert "教育" not in fitted.predict(TEXTS).tolist()


def test_tokenizer_in_scikit_learns_own_vectorizer():
    """A tokeniser is no estimator; its method ``cut`` is what these ask for."""
    pipeline = make_pipeline(CountVectorizer(tokenizer=Tokenizer(user_dictionary=["末班车"]).cut, token_pattern=None), LogisticRegression())
    search = GridSearchCV(pipeline, {"logisticregression__C": [1, 10]}, cv=3).fit(TEXTS, FIELDS)
    assert "末班车" in search.best_estimator_[0].vocabulary_


# ---------------------------------------------------------------------------------------------------------------------------------
# What is no estimator: it judges a table by dates


def test_a_trend_detector_is_a_value():
    """It clones and tells its parameters; nothing changes it, so that ``set_params``, which must change in place, is not there."""
    detector = TrendDetector(fdr=0.1, period="week")
    copied = clone(detector)
    assert copied == detector and copied is not detector
    assert TrendDetector(**detector.get_params()) == detector
    assert detector.get_params() == detector.get_params(deep=False)
    assert replace(detector, fdr=0.2).get_params() == {**detector.get_params(), "fdr": 0.2}
    with pytest.raises(InputError, match="fdr: expected"):
        replace(detector, fdr=2)
    assert not hasattr(detector, "set_params")
