"""The vectoriser against scikit-learn's own, which is given the library's words a text at a time; see also tests/test_sklearn.py."""

import pickle
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from feedback_nlp.errors import InputError, TextTypeError
from feedback_nlp.learn.vectorizer import TokenVectorizer
from feedback_nlp.text.clean import clean
from feedback_nlp.text.stopwords import stop_words
from feedback_nlp.text.tokenize import Tokenizer

TOKENIZER = Tokenizer()
TEXTS = [
    "登录失败，验证码收不到！",
    "APP 登录失败，App 闪退，app 打不开",
    "不是不好用，是根本打不开",
    "",
    "客服态度差，登录的时候没有人管",
    "ＡＰＰ 闪退！！！<br>退款 100 元",
    "😀😀",
    "登录登录登录",
    "的的的",
]


def words(text):
    """The slow, obvious way, a text at a time."""
    return [word.casefold() for word in TOKENIZER.cut(clean([text]).texts()[0]) if not word.isspace()]


def oracle(weighting, **options):
    kinds = {"count": CountVectorizer, "tfidf": TfidfVectorizer}
    return kinds[weighting](analyzer=words, **options)


OPTIONS = [{}, {"min_df": 2}, {"max_df": 2}, {"min_df": 2, "max_df": 0.4}, {"min_df": 0.2}, {"max_df": 1}, {"min_df": 0.0}]


def assert_the_same(found, expected):
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    assert (found.indices.dtype, found.indptr.dtype) == (np.int32, np.int32)
    assert found.has_canonical_format
    np.testing.assert_allclose(found.toarray(), expected.toarray(), rtol=1e-12)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("weighting", ["count", "tfidf"])
def test_as_scikit_learns(weighting, options):
    other = oracle(weighting, **options)
    expected = other.fit_transform(TEXTS)
    vectorizer = TokenVectorizer(weighting=weighting, **options)
    assert_the_same(vectorizer.fit_transform(TEXTS), expected)
    assert vectorizer.vocabulary_ == other.vocabulary_
    assert list(vectorizer.vocabulary_.items()) == sorted(vectorizer.vocabulary_.items())
    assert vectorizer.get_feature_names_out().tolist() == other.get_feature_names_out().tolist()
    if weighting == "tfidf":
        np.testing.assert_allclose(vectorizer.idf_, other.idf_, rtol=1e-15)
    new = [*TEXTS[::-1], "没有见过的词", "APP"]
    assert_the_same(vectorizer.transform(new), other.transform(new))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(st.sampled_from("登录失败不好用。，！ \n\tAap1😀\ufeff\ud800繁體ß"), max_size=12), min_size=1, max_size=6), st.data()
)
def test_as_scikit_learns_on_wild_texts(texts, data):
    texts = [*texts, "登录"]
    new = data.draw(st.permutations(texts))[:3]
    for weighting in ("count", "tfidf"):
        vectorizer, other = TokenVectorizer(weighting=weighting), oracle(weighting)
        assert_the_same(vectorizer.fit_transform(texts), other.fit_transform(texts))
        assert_the_same(vectorizer.transform(new), other.transform(new))
        assert (vectorizer.transform(new).toarray() == vectorizer.transform(texts).toarray()[[texts.index(text) for text in new]]).all()


def test_rows_have_length_one_or_nothing():
    lengths = np.linalg.norm(TokenVectorizer().fit_transform(TEXTS).toarray(), axis=1)
    np.testing.assert_allclose(lengths, [1 if words(text) else 0 for text in TEXTS])


@pytest.mark.parametrize("most", [*range(1, 12), 1000])
def test_the_most_frequent_words(most):
    total = Counter(word for text in TEXTS for word in words(text))
    expected = sorted(sorted(total, key=lambda word: (-total[word], word))[:most])
    assert list(TokenVectorizer(max_features=most).fit(TEXTS).vocabulary_) == expected


def test_words_with_content():
    found = set(TokenVectorizer(content_only=True).fit(TEXTS).vocabulary_)
    assert {"登录", "失败", "app", "客服"} <= found
    assert not found & {"，", "！", "的", "不", "100", "😀", *stop_words()}
    assert {"，", "！", "的", "100", "😀"} <= set(TokenVectorizer().fit(TEXTS).vocabulary_)


def test_own_words_and_words_to_leave_out(tmp_path):
    texts = ["融e联打不开", "融E联闪退，APP 也闪退"]
    assert "融e联" not in TokenVectorizer().fit(texts).vocabulary_
    assert list(TokenVectorizer(user_dictionary=["融e联", "融E联"], stop_words=["App", "，"]).fit(texts).vocabulary_) == [
        "也",
        "打不开",
        "融e联",
        "闪退",
    ]
    path = tmp_path / "words.txt"
    path.write_text("融e联\n融E联\n", encoding="utf-8")
    vectorizer = TokenVectorizer(weighting="count", user_dictionary=path, stop_words=path).fit(texts)
    assert "融e联" not in vectorizer.vocabulary_
    path.write_text("打不\n", encoding="utf-8")
    expected = vectorizer.transform(texts).toarray()
    path.unlink()
    # What was learned does not need the file again, here or in another process.
    for again in (vectorizer, pickle.loads(pickle.dumps(vectorizer))):  # noqa: S301
        assert (again.transform(texts).toarray() == expected).all()


def test_many_texts_are_read_in_parts(monkeypatch):
    expected = TokenVectorizer().fit_transform(TEXTS).toarray()
    monkeypatch.setattr("feedback_nlp.scorer.scorer.CHUNK_CHARS", 5)
    monkeypatch.setattr("feedback_nlp.text.tokenize.CHUNK_CHARS", 5)
    assert (TokenVectorizer().fit_transform(TEXTS).toarray() == expected).all()


WRONG = [
    ({"weighting": None}, "weighting: expected one of count, tfidf, got None"),
    ({"content_only": 1}, "content_only: expected True or False, got 1"),
    ({"min_df": 0}, "min_df: expected a whole number of texts from 1 on, or a share from 0.0 to 1.0, got 0"),
    ({"min_df": True}, "min_df: expected a whole number of texts from 1 on, or a share from 0.0 to 1.0, got True"),
    ({"min_df": 1.5}, "min_df: expected a whole number of texts from 1 on, or a share from 0.0 to 1.0, got 1.5"),
    ({"max_df": float("nan")}, "max_df: expected a whole number of texts from 1 on, or a share from 0.0 to 1.0, got nan"),
    ({"max_df": "many"}, "max_df: expected a whole number of texts from 1 on, or a share from 0.0 to 1.0, got 'many'"),
    ({"min_df": 3, "max_df": 2}, "min_df, max_df: expected min_df <= max_df, got 3 and 2 for 9 texts"),
    ({"min_df": 0.5, "max_df": 2}, "min_df, max_df: expected min_df <= max_df, got 0.5 and 2 for 9 texts"),
    ({"max_features": 0}, "max_features: expected a whole number of 1 or more, or None, got 0"),
    ({"max_features": 2.0}, "max_features: expected a whole number of 1 or more, or None, got 2.0"),
    ({"max_features": True}, "max_features: expected a whole number of 1 or more, or None, got True"),
    ({"min_df": 9}, "expected words in the texts, none of 26 is left; "),
    ({"user_dictionary": "nowhere.txt"}, "user dictionary nowhere.txt: cannot be read"),
    ({"stop_words": "nowhere.txt"}, "stop words nowhere.txt: cannot be read"),
]


@pytest.mark.parametrize(("parameters", "message"), WRONG)
def test_parameters_that_cannot_be(parameters, message):
    with pytest.raises(InputError) as caught:
        TokenVectorizer(**parameters).fit(TEXTS)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("texts", [[""], ["", None], [" \n"], ["<br>"]])
def test_texts_without_words(texts):
    with pytest.raises(InputError, match="expected words in the texts, none of 0 is left; give texts that hold words"):
        TokenVectorizer().fit(texts)


def test_a_failed_fit_changes_nothing():
    vectorizer = TokenVectorizer().fit(TEXTS)
    before = vectorizer.transform(TEXTS).toarray()
    for texts in ([""], [], [1]):
        with pytest.raises(InputError):
            vectorizer.fit(texts)
    vectorizer.set_params(user_dictionary=["登录失败"], min_df=9)
    with pytest.raises(InputError):
        vectorizer.fit(TEXTS)
    assert (vectorizer.transform(TEXTS).toarray() == before).all()


def test_words_must_be_words():
    with pytest.raises(TextTypeError, match=r"user_dictionary\[0\]: expected a string, got int"):
        TokenVectorizer(user_dictionary=[1]).fit(TEXTS)
