import pickle
import random

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from feedback_nlp import BatchScorer, FeedbackClassifier, InputError, ModelError, SentimentClassifier, TextTypeError
from feedback_nlp.learn.features import ADAPTED, OWN, SCRATCH, TextFeatures
from feedback_nlp.learn.heads import NAMES, SILENT
from feedback_nlp.scorer.model import HEADS, bundled_models
from feedback_nlp.scorer.ngrams import bucket_slots, text_norm
from feedback_nlp.text.characters import character_table
from feedback_nlp.text.clean import clean
from feedback_nlp.vocabulary import SENTIMENTS, TYPES

LEVELS = list(SENTIMENTS)
STARTS = ["bundled", "scratch"]


def state(estimator):
    """Everything that was learned, as bytes."""
    posterior = estimator.posterior_
    return posterior.columns.tobytes(), posterior.mean.tobytes(), posterior.precision.tobytes(), estimator.classes_.tolist()


def untrained(kind, classes):
    return kind().partial_fit([], [], classes=list(classes))


# ---------------------------------------------------------------------------------------------------------------------------------
# The user's own taxonomy


@pytest.mark.parametrize("start", STARTS)
def test_a_taxonomy_in_chinese(city, start):
    texts, fields = city
    fitted = FeedbackClassifier(start).fit(texts, fields)
    assert fitted.head_ is None
    assert fitted.classes_.tolist() == ["交通", "市政", "教育"]
    assert fitted.score(texts, fields) == 1.0
    assert fitted.predict(["公交车等了半个小时", "路灯又坏了", "幼儿园的老师不好"]).tolist() == ["交通", "市政", "教育"]
    proba = fitted.predict_proba(texts)
    assert (proba.shape, proba.dtype) == ((18, 3), np.float32)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-6)
    assert (fitted.classes_[fitted.decision_function(texts).argmax(axis=1)] == fitted.predict(texts)).all()


@pytest.mark.parametrize(
    ("names", "dtype"),
    [
        ({"交通": 10, "市政": 20, "教育": -3}, np.int64),
        ({"交通": 1.0, "市政": 2.0, "教育": 3.0}, np.float64),
        ({"交通": ("出行", 1), "市政": ("城建", 1), "教育": ("出行", 2)}, object),
        ({"交通": True, "市政": False, "教育": False}, np.bool_),
    ],
)
def test_labels_of_other_kinds(city, names, dtype):
    texts, fields = city
    labels = [names[field] for field in fields]
    fitted = FeedbackClassifier("scratch").fit(texts, labels)
    assert fitted.classes_.dtype == dtype
    assert fitted.classes_.tolist() == sorted(set(labels))
    assert fitted.predict(texts).tolist() == labels


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series, pd.Categorical, lambda values: pd.Series(values, index=values)])
def test_containers_change_nothing(city, kind):
    texts, fields = city
    plain = FeedbackClassifier("scratch").fit(texts, fields)
    if kind is not pd.Categorical:
        texts = kind(texts)
    assert state(FeedbackClassifier("scratch").fit(texts, kind(fields))) == state(plain)


def test_two_classes_have_one_score(city):
    texts, _ = city
    fitted = FeedbackClassifier("scratch").fit(texts, ["好", "坏"] * 9)
    scores = fitted.decision_function(texts)
    assert scores.shape == (18,)
    assert (fitted.predict(texts) == np.where(scores > 0, fitted.classes_[1], fitted.classes_[0])).all()


def test_none_and_nan_are_empty_texts(city):
    fitted = FeedbackClassifier().fit([*city[0], None, float("nan")], [*city[1], "无", "无"])
    assert fitted.predict(["", None, pd.NA]).tolist() == ["无"] * 3
    assert fitted.predict_proba([]).shape == (0, 4)


# ---------------------------------------------------------------------------------------------------------------------------------
# Adapting a head of the model


def test_heads_are_the_models():
    for head, names in NAMES.items():
        assert [str(code) for code in names] == list(HEADS[head])
        assert SILENT[head] in names


@pytest.mark.parametrize("named", [False, True])
def test_untrained_the_types_are_the_models_own(others, corrections, named):
    texts = [*others, *corrections[0]]
    scores = BatchScorer.load().score(texts)
    estimator = untrained(FeedbackClassifier, TYPES.values() if named else TYPES)
    expected = scores["type"].map(TYPES) if named else scores["type"]
    assert estimator.head_.name == "type"
    assert estimator.predict(texts).tolist() == expected.tolist()
    chosen = estimator.predict_proba(texts)[np.arange(len(texts)), np.searchsorted(estimator.classes_, expected)]
    np.testing.assert_allclose(chosen, scores["type_confidence"], rtol=1e-6)


@pytest.mark.parametrize("named", [False, True])
def test_untrained_the_levels_are_the_models_own(others, corrections, named):
    texts = [*others, *corrections[0]]
    scores = BatchScorer.load().score(texts)
    estimator = untrained(SentimentClassifier, SENTIMENTS.values() if named else SENTIMENTS)
    expected = scores["sentiment"].map(SENTIMENTS) if named else scores["sentiment"]
    assert estimator.predict(texts).tolist() == expected.tolist()
    if not named:
        # Columns are in the order of the head, so that not a bit differs.
        chosen = estimator.predict_proba(texts)[np.arange(len(texts)), scores["sentiment"] + 2]
        assert (chosen == scores["sentiment_confidence"]).all()


def test_a_ledgers_corrections_need_no_classes(corrections, others):
    ledger = pd.DataFrame({"text": corrections[0][:3], "type": corrections[1][:3]}, index=[7, 3, 5])
    estimator = FeedbackClassifier().partial_fit(ledger.text, ledger.type)
    assert estimator.classes_.tolist() == sorted(TYPES)
    named = FeedbackClassifier().partial_fit(ledger.text, ledger.type.map(TYPES))
    assert named.classes_.tolist() == sorted(TYPES.values())
    assert [TYPES[code] for code in estimator.predict(others)] == named.predict(others).tolist()


def test_a_correction_moves_what_it_speaks_about_and_little_else(others):
    text, fresh = "套餐里的芝麻花自己就开了", "芝麻花又自己开了，没人管吗"
    before, after = untrained(FeedbackClassifier, TYPES), FeedbackClassifier().partial_fit([text] * 3, ["process"] * 3)
    place = sorted(TYPES).index("process")
    gain = after.predict_proba([text, fresh])[:, place] - before.predict_proba([text, fresh])[:, place]
    assert gain[0] > gain[1] > 0
    moved = np.abs(after.predict_proba(others) - before.predict_proba(others)).max()
    assert moved < gain[0]


def test_a_fit_knows_the_classes_it_was_given(corrections):
    fitted = FeedbackClassifier().fit(corrections[0][:3], corrections[1][:3])
    assert (fitted.classes_.tolist(), fitted.head_.name) == (["defect", "experience", "service"], "type")


@pytest.mark.parametrize(
    ("kind", "labels", "head"),
    [
        (FeedbackClassifier, ["defect", "praise"], "type"),
        (FeedbackClassifier, ["产品故障", "表扬认可"], "type"),
        (FeedbackClassifier, ["defect", "赞"], None),
        (FeedbackClassifier, [-1, 1], None),
        (SentimentClassifier, [-1, 1], "sentiment"),
        (SentimentClassifier, [-1.0, 1.0], "sentiment"),
        (SentimentClassifier, ["负面", "正面"], "sentiment"),
        (SentimentClassifier, [0, 1], None),
        (SentimentClassifier, [1, 2], None),
        (SentimentClassifier, [False, True], None),
        (SentimentClassifier, ["-1", "1"], None),
        (SentimentClassifier, [-3, 1], None),
        (SentimentClassifier, ["好", "差"], None),
    ],
)
def test_which_labels_are_a_heads(kind, labels, head):
    texts = ["登录一直转圈", "很好用，推荐"]
    found = kind().fit(texts, labels).head_
    assert (found.name if found else None) == head
    assert kind("scratch").fit(texts, labels).head_ is None


def test_codes_and_names_do_not_mix():
    with pytest.raises(InputError, match="as codes and as Chinese names"):
        FeedbackClassifier().fit(["登录一直转圈", "很好用"], ["defect", "表扬认可"])


# ---------------------------------------------------------------------------------------------------------------------------------
# Polarity


def test_polarity_of_levels(others):
    estimator = untrained(SentimentClassifier, SENTIMENTS)
    found = estimator.polarity(others)
    assert (found.dtype, found.shape) == (np.float32, (len(others),))
    np.testing.assert_allclose(found, estimator.predict_proba(others) @ np.asarray(LEVELS) / 2, atol=1e-6)
    assert found[others.index("")] == 0
    assert found[0] < 0 < found[others.index("不错不错不错")]


@pytest.mark.parametrize(
    ("classes", "values"),
    [
        ([-1, 0, 1], [-1, 0, 1]),
        ([-2, -1, 1], [-1, -0.5, 0.5]),
        ([0, 1], [-1, 1]),
        ([1, 2, 3, 4, 5], [-1, -0.5, 0, 0.5, 1]),
        ([1.0, 3.0], [-1, 1]),
    ],
)
def test_polarity_of_other_numbers(classes, values):
    estimator = SentimentClassifier("scratch").fit(["很好"] * len(classes), classes)
    expected = estimator.predict_proba(["差"]) @ np.asarray(values)
    np.testing.assert_allclose(estimator.polarity(["差"]), expected, atol=1e-6)


def test_polarity_needs_numbers():
    estimator = SentimentClassifier("scratch").fit(["很好", "很差"], ["好", "差"])
    with pytest.raises(InputError, match=r"polarity: expected classes that are numbers in order, as -2\.\.2, got '好', '差'"):
        estimator.polarity(["很好"])


# ---------------------------------------------------------------------------------------------------------------------------------
# Laws


@pytest.mark.parametrize("start", STARTS)
def test_the_order_of_rows_changes_no_bit(city, start):
    texts, fields = city
    weights = np.linspace(0.5, 2, len(texts))
    order = random.Random(1).sample(range(len(texts)), len(texts))
    for method in ("fit", "partial_fit"):
        classes = {"classes": sorted(set(fields))} if method == "partial_fit" else {}
        one = getattr(FeedbackClassifier(start), method)(texts, fields, **classes, sample_weight=weights)
        other = getattr(FeedbackClassifier(start), method)(
            [texts[row] for row in order], [fields[row] for row in order], **classes, sample_weight=weights[order]
        )
        assert state(one) == state(other)


def test_a_batch_gives_what_its_rows_give(city, others):
    estimator = FeedbackClassifier().fit(*city)
    together = estimator.decision_function(others)
    assert (together == np.concatenate([estimator.decision_function([text]) for text in others])).all()
    assert (together[::-1] == estimator.decision_function(others[::-1])).all()


def test_many_parts_give_what_one_gives(city, others, monkeypatch):
    estimator = FeedbackClassifier().fit(*city)
    expected = estimator.decision_function(others)
    monkeypatch.setattr("feedback_nlp.scorer.scorer.CHUNK_CHARS", 3)
    assert (estimator.decision_function(others) == expected).all()
    assert state(FeedbackClassifier().fit(*city)) == state(estimator)


def test_nothing_changes_nothing(city, corrections, others):
    for estimator in (
        FeedbackClassifier().fit(*city),
        FeedbackClassifier().partial_fit(*corrections),
        untrained(FeedbackClassifier, TYPES),
    ):
        before, scores = state(estimator), estimator.decision_function(others)
        estimator.partial_fit([], [])
        estimator.partial_fit(["新的一句话"], [estimator.classes_[0]], sample_weight=[0])
        assert state(estimator) == before
        assert (estimator.decision_function(others) == scores).all()


@pytest.mark.parametrize("start", STARTS)
def test_fit_is_one_partial_fit_and_forgets(city, corrections, start):
    texts, fields = city
    fitted = FeedbackClassifier(start).fit(texts, fields)
    assert state(FeedbackClassifier(start).partial_fit(texts, fields, classes=fields)) == state(fitted)
    assert state(FeedbackClassifier(start).fit(*corrections).fit(texts, fields)) == state(fitted)


@pytest.mark.parametrize("start", STARTS)
def test_two_halves_are_close_to_the_whole(city, others, start):
    texts, fields = city
    whole = FeedbackClassifier(start).fit(texts, fields)
    halves = FeedbackClassifier(start).partial_fit(texts[::2], fields[::2], classes=fields).partial_fit(texts[1::2], fields[1::2])
    assert (halves.predict(texts) == whole.predict(texts)).mean() > 0.9
    here, there = (np.asarray(estimator.decision_function(texts)).ravel() for estimator in (whole, halves))
    assert np.corrcoef(here, there)[0, 1] > 0.9


def test_a_weight_is_so_many_rows(city):
    texts, fields = city
    weighted = FeedbackClassifier("scratch").fit(texts, fields, sample_weight=[2] * 9 + [1] * 9)
    repeated = FeedbackClassifier("scratch").fit(texts + texts[:9], fields + fields[:9])
    np.testing.assert_allclose(weighted.decision_function(texts), repeated.decision_function(texts), atol=1e-3)


def test_a_smaller_c_stays_closer_to_the_model(corrections, others):
    base = untrained(FeedbackClassifier, TYPES).decision_function(others)
    distances = [
        np.abs(FeedbackClassifier(C=variance).partial_fit(*corrections).decision_function(others) - base).mean()
        for variance in (0.001, 0.1, 10)
    ]
    assert distances == sorted(distances)
    assert distances[0] < 0.1


# ---------------------------------------------------------------------------------------------------------------------------------
# As scikit-learn's own


def test_clone_and_parameters(city):
    estimator = FeedbackClassifier("scratch", C=0.5, bits=12).fit(*city)
    copy = clone(estimator)
    assert copy.get_params() == {"start": "scratch", "C": 0.5, "bits": 12}
    assert not hasattr(copy, "classes_")
    assert state(copy.fit(*city)) == state(estimator)
    assert repr(FeedbackClassifier()) == "FeedbackClassifier()"


def test_pickles(city, others):
    estimator = FeedbackClassifier().fit(*city)
    again = pickle.loads(pickle.dumps(estimator))  # noqa: S301
    assert (again.decision_function(others) == estimator.decision_function(others)).all()


def test_searches_and_pipelines(city):
    texts, fields = city
    search = GridSearchCV(FeedbackClassifier(), {"start": STARTS, "C": [0.1, 1.0]}, cv=3).fit(texts, fields)
    assert search.predict(["路灯又坏了"]).tolist() == ["市政"]
    assert cross_val_score(FeedbackClassifier(), pd.Series(texts), pd.Series(fields), cv=3, scoring="f1_macro").mean() > 0.5
    whole = make_pipeline(FunctionTransformer(lambda texts: [text.lower() for text in texts]), FeedbackClassifier())
    assert whole.fit(texts, fields).predict(["路灯又坏了"]).tolist() == ["市政"]


def test_a_folder_of_a_model_is_a_start(city):
    folder = bundled_models() / "default"
    assert state(FeedbackClassifier(folder).fit(*city)) == state(FeedbackClassifier().fit(*city))
    with pytest.raises(ModelError, match="is no model folder"):
        FeedbackClassifier("nowhere").fit(*city)


@pytest.mark.parametrize("scales", [OWN, ADAPTED, SCRATCH])
def test_the_columns_are_the_models_and_the_n_grams(others, scales):
    """Cut out of the matrix, against the scorer's own and n-grams counted a text at a time."""
    scorer = BatchScorer.load()
    reader = TextFeatures(scorer, 12, scales)
    read = reader.read(others)
    batch = clean(others).batch
    dense, ngrams = np.split(read.matrix.toarray(), [reader.n_dense], axis=1)
    pooled, logits = scorer.features(batch), scorer.logits(batch)
    assert (read.logits == logits).all()
    expected = np.concatenate([np.full((len(others), 1), scales.constant), pooled / 127 * scales.features, logits * scales.logits], axis=1)
    np.testing.assert_allclose(dense, expected, rtol=1e-6)
    for row, text in enumerate(clean(others).texts()):
        codes = character_table().fold[np.asarray([ord(character) for character in text], dtype=np.uint32)]
        found = bucket_slots(codes, np.asarray([0, len(codes)]), orders=3, bits=12)
        kept, scale = found < 1 << 12, np.asarray([scales.unigrams, scales.ngrams, scales.ngrams]) * np.ones(found.shape)
        norm = text_norm(np.asarray([float(kept.sum())]), scorer.model.norm_limit)
        np.testing.assert_allclose(ngrams[row], np.bincount(found[kept], scale[kept], minlength=1 << 12) / norm)


# ---------------------------------------------------------------------------------------------------------------------------------
# Errors


UNFITTED = ("predict", "predict_proba", "decision_function", "score", "save")


@pytest.mark.parametrize(
    ("kind", "method"),
    [*((FeedbackClassifier, method) for method in UNFITTED), *((SentimentClassifier, method) for method in (*UNFITTED, "polarity"))],
)
def test_unfitted(kind, method, tmp_path):
    arguments = {"score": (["好"], ["好"]), "save": (tmp_path,)}.get(method, (["好"],))
    with pytest.raises(NotFittedError):
        getattr(kind(), method)(*arguments)


@pytest.mark.parametrize(
    ("texts", "y", "message"),
    [
        ([], [], "expected at least one labelled text, got none"),
        (["好", "差"], ["a", "a"], "expected labels of two classes at least, got 1 class: 'a'"),
        (["好", "差"], ["a"], "expected one label per text, got 2 texts and 1 labels"),
        (
            ["好", "差", "中"],
            ["a", None, float("nan")],
            "y: 2 labels are missing (NaN or None), first at position 1, 2; leave those texts out",
        ),
        (["好", "差"], ["a", pd.NA], "y: 1 labels are missing"),
        (["好", "差"], ["a", 1], "y: expected labels of one kind, got int, str; convert them first"),
        (["好", "差"], [0.5, 1], "y: expected labels of one kind, got float, int"),
        (["好", "差"], [0.5, 1.5], "y: Unknown label type: fractions"),
        (["好", "差"], [{1}, {2}], "y: expected hashable labels, got set"),
        (["好", "差"], [1j, 2j], "y: expected labels that can be sorted, got complex"),
        (["好", "差"], "ab", "y: expected a list, tuple, array or Series with one label per text, got str"),
        (["好", "差"], {"a": 1, "b": 2}, "y: expected a list, tuple, array or Series with one label per text, got dict"),
        (["好", "差"], np.asarray([["a"], ["b"]]), "y: expected a list, tuple, array or Series with one label per text, got shape (2, 1)"),
        (["好", "差"], None, "y: expected one label per text, got None"),
    ],
)
def test_labels_that_cannot_be(texts, y, message):
    with pytest.raises(InputError) as caught:
        FeedbackClassifier("scratch").fit(texts, y)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("texts", ["好", {"好": 1}, [1, 2], np.asarray([["好", "差"]]), None])
def test_texts_that_cannot_be(texts, city):
    fitted = FeedbackClassifier("scratch").fit(*city)
    with pytest.raises(TextTypeError) as expected:
        BatchScorer.load().score(texts)
    for call in (fitted.predict, lambda given: FeedbackClassifier("scratch").fit(given, ["a", "b"])):
        with pytest.raises(TextTypeError) as caught:
            call(texts)
        assert str(caught.value) == str(expected.value)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0], "sample_weight: expected one number per text, 18, got shape (1,)"),
        ([-1.0] * 18, "sample_weight: expected finite numbers of at least 0"),
        ([float("nan")] * 18, "sample_weight: expected finite numbers of at least 0"),
        (["a"] * 18, "sample_weight: expected numbers"),
        ([0] * 18, "sample_weight: expected at least one number above zero, all are zero"),
    ],
)
def test_weights_that_cannot_be(city, weights, message):
    with pytest.raises(InputError) as caught:
        FeedbackClassifier("scratch").fit(*city, sample_weight=weights)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"C": 0}, "C: expected a number above 0, got 0"),
        ({"C": "1"}, "C: expected a number above 0, got '1'"),
        ({"C": float("inf")}, "C: expected a number above 0, got inf"),
        ({"bits": 7}, "bits: expected a whole number from 8 to 22, got 7"),
        ({"bits": 12.0}, "bits: expected a whole number from 8 to 22, got 12.0"),
        ({"start": None}, "start: expected 'bundled', 'scratch' or a model folder, got NoneType"),
    ],
)
def test_parameters_that_cannot_be(city, parameters, message):
    with pytest.raises(InputError) as caught:
        FeedbackClassifier(**parameters).fit(*city)
    assert str(caught.value) == message


@pytest.mark.parametrize("estimator", [FeedbackClassifier(), FeedbackClassifier("scratch"), SentimentClassifier()])
@pytest.mark.parametrize("rows", [(["好"], ["甲"]), ([], [])])
def test_a_first_partial_fit_needs_the_classes(estimator, rows):
    with pytest.raises(InputError, match=r"classes: expected all labels that will ever come in the first call.*give classes="):
        clone(estimator).partial_fit(*rows)


def test_levels_without_a_negative_one_need_the_classes():
    with pytest.raises(InputError, match="classes: expected all labels"):
        SentimentClassifier().partial_fit(["还行", "不错"], [0, 1])
    adapted = SentimentClassifier().partial_fit(["还行", "不错"], [0, 1], classes=range(-2, 3))
    assert adapted.head_.name == "sentiment"
    assert adapted.partial_fit(["不错"], [1]).classes_.tolist() == LEVELS


def test_a_failed_call_changes_nothing(city, corrections):
    fresh = FeedbackClassifier()
    with pytest.raises(InputError, match="y: '甲' not among the classes '丙', '乙'; a new class needs a new fit"):
        fresh.partial_fit(["好"], ["甲"], classes=["乙", "丙"])
    assert not hasattr(fresh, "classes_")
    fitted = FeedbackClassifier().fit(*city)
    before = state(fitted)
    for arguments in (corrections, (["好"], ["交通"], ["交通", "市政"]), (["好"], ["交通"], None, [-1])):
        with pytest.raises(InputError):
            fitted.partial_fit(*arguments)
    with pytest.raises(InputError):
        fitted.fit(["好"], ["交通"])
    assert state(fitted) == before
