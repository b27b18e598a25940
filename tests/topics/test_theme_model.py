"""The estimator: what it gives, what it keeps, what it writes."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from feedback_nlp.errors import InputError, ModelError, TextTypeError
from feedback_nlp.topics.theme_files import read_themes
from feedback_nlp.topics.theme_model import ThemeModel


@pytest.fixture(scope="module")
def model(corpus):
    return ThemeModel(n_themes=4).fit(corpus)


def test_fit_and_transform_agree(model, corpus):
    found = model.transform(pd.Series(corpus, index=np.arange(len(corpus)) * 2))
    assert found.columns.tolist() == ["theme", "parent", "theme_id", "strength"]
    assert found.index.tolist() == (np.arange(len(corpus)) * 2).tolist()
    names = np.array([*model.themes_.names, ""], dtype=object)
    assert found["theme"].tolist() == names[model.labels_].tolist()
    np.testing.assert_array_equal(found["strength"], model.strength_)
    np.testing.assert_array_equal(model.predict(corpus), model.labels_)
    assert ThemeModel(n_themes=4).fit_predict(corpus).tolist() == model.labels_.tolist()
    assert found.loc[found["theme"] == "", "theme_id"].eq(-1).all()


def test_an_estimator_like_others(model, corpus):
    copied = clone(model)
    assert copied.get_params() == model.get_params() and not hasattr(copied, "themes_")
    for call in (copied.transform, copied.table, copied.predict):
        with pytest.raises(NotFittedError):
            call(corpus)
    with pytest.raises(TextTypeError):
        copied.fit("登录失败")
    assert copied.fit([None, float("nan"), ""]).labels_.tolist() == [-1, -1, -1]


def test_table(model, corpus):
    table = model.table(corpus, sentiment=np.full(len(corpus), -2), customers=["a"] * len(corpus))
    assert table["items"].sum() == (model.labels_ >= 0).sum()
    assert table["strong_negative_share"].eq(1.0).all() and table["customers"].eq(1).all()
    assert table["quotes"].map(len).max() == 5


def test_merge_moves_the_labels(corpus):
    model = ThemeModel(n_themes=4).fit(corpus)
    before, (first, second, *_) = model.labels_.copy(), model.themes_.names
    model.merge(first, second, into="合并").rename({"合并": "都"}).pin(model.themes_.names[-1])
    assert model.themes_.names[0] == "都" and len(model.themes_) == 3
    assert (model.labels_ == 0).tolist() == np.isin(before, [0, 1]).tolist()
    assert ((model.labels_ == -1) == (before == -1)).all()


def test_a_file_keeps_all(model, corpus, tmp_path):
    path = model.save(tmp_path / "themes.json")
    loaded = ThemeModel.load(path, n_themes=4)
    pd.testing.assert_frame_equal(loaded.transform(corpus), model.transform(corpus))
    assert loaded.save(tmp_path / "again.json").read_bytes() == path.read_bytes()
    refitted = [ThemeModel().fit(corpus, previous=known).themes_ for known in (model, model.themes_, loaded)]
    assert refitted[0].names == refitted[1].names == refitted[2].names
    assert refitted[0].names[:4] == model.themes_.names


def test_what_a_file_says_of_a_word(model, tmp_path):
    themes = model.themes_
    content = json.loads(model.save(tmp_path / "themes.json").read_text())
    assert list(content["words"]) == themes.vocabulary.tolist()
    for (documents, places, values), count, row in zip(content["words"].values(), themes.documents, themes.occurrences, strict=True):
        assert documents == count and dict(zip(places, values, strict=True)) == {place: row[place] for place in np.flatnonzero(row)}


def test_themes_without_a_word(model, tmp_path):
    path = model.save(tmp_path / "themes.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"words": {}}))
    assert read_themes(path).occurrences.shape == (0, len(model.themes_))


def test_user_words_reach_the_themes():
    texts = ["扫地机器人迷路", "扫地机器人很吵", "扫地机器人坏了，扫不干净", "快递慢"] * 2
    words = {word for row in ThemeModel(user_dictionary=["扫地机器人"]).fit(texts).themes_.top_words() for word in row}
    assert "扫地机器人" in words


def test_the_users_words_are_kept_when_their_file_is_gone(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("扫地机器人\n", encoding="utf-8")
    texts = ["扫地机器人迷路", "扫地机器人很吵", "扫地机器人坏了，扫不干净", "快递慢"] * 2
    model = ThemeModel(user_dictionary=path).fit(texts)
    expected = model.transform(texts)
    path.unlink()
    for again in (model, pickle.loads(pickle.dumps(model))):  # noqa: S301
        pd.testing.assert_frame_equal(again.transform(texts), expected)


def test_a_failed_fit_changes_nothing(corpus):
    model = ThemeModel(n_themes=4).fit(corpus)
    before = model.transform(corpus)
    for wrong in ({"seeds": {"登录": [1]}}, {"seeds": {"登录": []}}, {"n_themes": True}, {"user_dictionary": "nowhere.txt"}):
        model.set_params(**ThemeModel(user_dictionary=["登录失败"]).get_params()).set_params(**wrong)
        with pytest.raises(InputError):
            model.fit(corpus)
        pd.testing.assert_frame_equal(model.transform(corpus), before)


WRONG = {
    "no JSON": ("{", "expected JSON"),
    "another format": ({"format": "x"}, "expected the format 'feedback_nlp.themes/2'"),
    "a list": ([], "expected the format"),
    "no themes": ({"themes": None}, "not as save"),
    "no words": ({"words": None}, "not as save"),
    "names alike": ({"themes": lambda themes: [{**entry, "name": "x"} for entry in themes]}, "distinct names"),
    "ids alike": ({"themes": lambda themes: [{**entry, "id": 0} for entry in themes]}, "distinct ids"),
    "an id to come": ({"next_id": 0}, "below next_id"),
    "a place too far": ({"words": {"登录": [1, [99], [1.0]]}}, "not as save"),
    "a place below 0": ({"words": {"登录": [1, [-1], [1.0]]}}, "from 0 on"),
    "half a place": ({"words": {"登录": [1, [0.5], [1.0]]}}, "places of themes"),
    "a place without a count": ({"words": {"登录": [1, [0, 1], [1.0]], "付款": [1, [0], [1.0, 1.0]]}}, "a number for each theme"),
    "a word without places": ({"words": {"登录": [1]}}, "not as save"),
    "a count below 0": ({"words": {"登录": [1, [0], [-1.0]]}}, "counts from 0 on"),
    "no number": ({"words": {"登录": [1, [0], [float("nan")]]}}, "counts from 0 on"),
    "more than all": ({"documents": 1, "words": {"登录": [2, [], []]}}, "no word in more texts"),
    "a number as text": ({"documents": "many"}, "not as save"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_refused(model, tmp_path, change, message):
    path = model.save(tmp_path / "themes.json")
    if isinstance(change, dict):
        content = json.loads(path.read_text())
        change = content | {key: value(content[key]) if callable(value) else value for key, value in change.items()}
    path.write_text(change if isinstance(change, str) else json.dumps(change))
    with pytest.raises(ModelError, match=message):
        read_themes(path)


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match="expected a file of themes"):
        read_themes(tmp_path / "none.json")
