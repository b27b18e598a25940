import math

import numpy as np
import pytest

from feedback_nlp.errors import InputError
from feedback_nlp.topics import TermCounts, ThemeCounts, fit_themes, select_terms, theme_table
from feedback_nlp.topics.grouping import association, coverage, group_terms, npmi
from feedback_nlp.topics.stream import SUBJECT, units


def slow_assign(model, tokens):
    """The oracle of `ThemeModel.assign`, row by row."""
    batch = units(tokens)
    known = {
        term: (theme, weight)
        for term, theme, weight in zip(model.terms, model.term_theme.tolist(), model.term_weight.tolist(), strict=True)
    }
    themes, strengths = [], []
    for row in range(batch.n_rows):
        at = batch.ids[batch.rows == row]
        words = {batch.vocabulary[i] for i in at if batch.kinds[i] == SUBJECT}
        sums, total = {}, 0
        for word in words:
            theme, weight = known.get(word, (-1, model.unknown_weight))
            total += weight
            if theme >= 0:
                sums[theme] = sums.get(theme, 0) + weight
        best = min(sums, key=lambda theme: (-sums[theme], theme), default=-1)
        themes.append(best)
        strengths.append(sums[best] / total if best >= 0 else 0.0)
    return themes, strengths


def same_model(a, b):
    assert (a.names, a.keywords, a.unknown_weight) == (b.names, b.keywords, b.unknown_weight)
    for name in ("terms", "term_theme", "term_weight"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


def test_finds_the_subjects(tokenize, corpus):
    model = fit_themes(ThemeCounts.from_tokens(tokenize(corpus)))
    theme, strength = model.assign(tokenize(["滤芯价格太贵", "快递的包装破损", "客服态度差", "", "😀", "很好"]))
    assert model.names[theme[0]] == "滤芯价格"
    assert model.names[theme[1]] == "包装破损" or "包装" in model.names[theme[1]]
    assert "客服" in model.names[theme[2]]
    assert theme[3:].tolist() == [-1, -1, -1]
    assert strength[3:].tolist() == [0.0, 0.0, 0.0]
    assert (theme.dtype, strength.dtype) == (np.int32, np.float32)
    assert len(set(model.names)) == len(model.names) == len(model.keywords)


def test_assignment_matches_the_oracle(tokenize, corpus):
    tokens = tokenize(corpus)
    model = fit_themes(ThemeCounts.from_tokens(tokens))
    for batch in (tokens, tokenize(["蓝牙断连", "登录失败，蓝牙断连", "客服登录滤芯包装"])):
        theme, strength = model.assign(batch)
        themes, strengths = slow_assign(model, batch)
        assert theme.tolist() == themes
        np.testing.assert_allclose(strength, strengths, rtol=1e-6)
        assert ((strength >= 0) & (strength <= 1)).all()


def test_edges(tokenize, edge):
    tokens = tokenize(edge)
    model = fit_themes(ThemeCounts.from_tokens(tokens))
    theme, strength = model.assign(tokens)
    assert len(theme) == len(strength) == len(edge)
    assert theme.tolist() == slow_assign(model, tokens)[0]
    table = theme_table(model.names, theme, strength=strength, keywords=model.keywords, texts=edge)
    assert table["items"].sum() == (theme >= 0).sum()


def test_same_texts_are_one_theme(tokenize):
    texts = ["登录失败"] * 5
    model = fit_themes(ThemeCounts.from_tokens(tokenize(texts)))
    assert model.names == ["登录失败"]
    assert model.assign(tokenize(texts))[0].tolist() == [0] * 5


def test_row_order_and_chunks_change_nothing(tokenize, corpus):
    tokens = tokenize(corpus)
    model = fit_themes(ThemeCounts.from_tokens(tokens))
    order = np.random.default_rng(5).permutation(len(corpus))
    shuffled = tokenize([corpus[i] for i in order])
    same_model(fit_themes(ThemeCounts.from_tokens(shuffled)), model)
    chunks = [tokenize(corpus[a : a + 70]) for a in range(0, len(corpus), 70)]
    first = [TermCounts.from_tokens(chunk) for chunk in chunks]
    terms = select_terms(first[0].merge(*first[1:]))
    second = [ThemeCounts.from_tokens(chunk, terms) for chunk in chunks]
    same_model(fit_themes(second[0].merge(*second[1:])), model)
    theme, strength = model.assign(tokens)
    np.testing.assert_array_equal(model.assign(shuffled)[0], theme[order])
    np.testing.assert_array_equal(np.concatenate([model.assign(chunk)[1] for chunk in chunks]), strength)


@pytest.mark.parametrize("n_themes", [0, 1, 3])
def test_number_of_themes(tokenize, corpus, n_themes):
    model = fit_themes(ThemeCounts.from_tokens(tokenize(corpus)), n_themes=n_themes)
    assert len(model.names) == n_themes
    assert model.assign(tokenize(corpus))[0].max(initial=-1) == n_themes - 1


def test_judgement_forms_no_theme(tokenize):
    texts = ["垃圾，差评", "不错，推荐", "满意，喜欢", "垃圾，差评", "不错，推荐", "满意，喜欢"]
    assert fit_themes(ThemeCounts.from_tokens(tokenize(texts))).names == []


def test_npmi():
    n, a, b, ab = 100, 10, 20, 8
    expected = math.log((ab / n) / ((a / n) * (b / n))) / -math.log(ab / n)
    value = npmi(np.array([ab, 0, n, 10]), np.array([a, a, n, 10]), np.array([b, b, n, 10]), n)
    np.testing.assert_allclose(value, [expected, -1.0, 0.0, 1.0])


def test_groups_of_few_terms():
    assert group_terms(np.zeros((0, 0), np.int64), 0) == []
    assert [group.tolist() for group in group_terms(np.array([[3]]), 3)] == [[0]]
    together = np.array([[9, 8, 0, 0], [8, 9, 0, 0], [0, 0, 7, 6], [0, 0, 6, 7]])
    assert sorted(group.tolist() for group in group_terms(together, 100)) == [[0, 1], [2, 3]]
    assert coverage(together, np.array([0, 1])) == 10
    assert coverage(together, np.array([0, 2, 3])) == 17
    assert (association(together, 100).diagonal() == 1).all()


TABLE_ROWS = {
    "assignment": np.array([0, 0, 1, -1, 0, 1]),
    "strength": np.array([1.0, 0.5, 1.0, 0.0, 1.0, 1.0], np.float32),
    "texts": ["登录失败了，怎么办呢", "登录时总是失败，没法用", "慢", "", "登录失败了，怎么办呢", "快递实在是太慢了"],
    "polarity": np.array([-0.5, -1.0, np.nan, 1.0, 0.0, 0.5]),
    "sentiment": np.array([-1, -2, 0, 2, 0, 1]),
    "customers": ["a", "b", None, "c", "a", ""],
}


def test_theme_table():
    table = theme_table(["登录", "快递", "空"], keywords=[["登录", "失败"], ["快递"], []], **TABLE_ROWS)
    assert table["theme"].tolist() == ["登录", "快递"]
    assert table["items"].tolist() == [3, 2]
    assert table["share"].tolist() == [3 / 6, 2 / 6]
    assert table["keywords"].tolist() == ["登录、失败", "快递"]
    assert table["mean_polarity"].tolist() == [-0.5, 0.5]
    assert table["negative_share"].tolist() == pytest.approx([2 / 3, 0.0])
    assert table["customers"].tolist() == [2, 0]
    assert table["quotes"].tolist() == [["登录失败了，怎么办呢", "登录时总是失败，没法用"], ["快递实在是太慢了", "慢"]]


def test_theme_table_does_not_depend_on_row_order():
    names = ["登录", "快递"]
    expected = theme_table(names, **TABLE_ROWS)
    order = [5, 3, 0, 4, 2, 1]
    shuffled = {name: [values[i] for i in order] if isinstance(values, list) else values[order] for name, values in TABLE_ROWS.items()}
    assert theme_table(names, **shuffled).equals(expected)


def test_theme_table_of_what_is_given():
    table = theme_table(["登录"], np.array([0, -1]))
    assert table[["keywords", "mean_polarity", "negative_share", "customers"]].isna().all(axis=None)
    assert table["quotes"].tolist() == [[]]
    by_polarity = theme_table(["登录"], np.array([0, 0]), polarity=np.array([-0.1, 0.2]))
    assert by_polarity["negative_share"].tolist() == [0.5]
    with pytest.raises(InputError, match="texts: expected 2 values, one a row, got 1"):
        theme_table(["登录"], np.array([0, -1]), texts=["x"])
