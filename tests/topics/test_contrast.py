"""Contrast keywords against the formula written out, phrase by phrase."""

import math

import numpy as np
import pandas as pd
import pytest

from feedback_nlp.errors import InputError
from feedback_nlp.topics import PhraseCounts, contrast_keywords, item_phrases
from feedback_nlp.topics.contrast import log_odds

COLUMNS = ["group", "phrase", "count", "rest_count", "log_odds", "z"]


def slow_log_odds(counts, prior):
    """Monroe et al. 2008, equations 15, 16 and 22, a phrase at a time."""
    total = counts.sum()
    odds, z = np.zeros(counts.shape), np.zeros(counts.shape)
    for group in range(len(counts)):
        n_own, n_rest = counts[group].sum(), total - counts[group].sum()
        for phrase in range(counts.shape[1]):
            both = counts[:, phrase].sum()
            alpha = prior * both / total
            own, rest = counts[group, phrase] + alpha, both - counts[group, phrase] + alpha
            odds[group, phrase] = math.log(own / (n_own + prior - own)) - math.log(rest / (n_rest + prior - rest))
            z[group, phrase] = odds[group, phrase] / math.sqrt(1 / own + 1 / rest)
    return odds, z


@pytest.mark.parametrize("prior", [1.0, 50.0, 500.0])
def test_log_odds_match_the_oracle(prior):
    counts = np.random.default_rng(1).poisson(4.0, size=(3, 20)) + 1
    for got, expected in zip(log_odds(counts, prior=prior), slow_log_odds(counts, prior), strict=True):
        np.testing.assert_allclose(got, expected)


def test_two_groups_mirror_each_other():
    odds, z = log_odds(np.array([[5, 9, 0], [1, 2, 30]]), prior=10.0)
    np.testing.assert_allclose(odds[0], -odds[1])
    np.testing.assert_allclose(z[0], -z[1])


TEXTS = ["登录失败，密码错误"] * 12 + ["物流快，快递小哥好"] * 12 + ["客服"] * 6 + [""]
GROUPS = ["app"] * 12 + ["shop"] * 12 + ["app", "shop"] * 3 + [None]


def test_what_a_group_says_more(tokenize):
    table = contrast_keywords(tokenize(TEXTS), GROUPS)
    assert table.columns.tolist() == COLUMNS
    app, shop = (table[table["group"] == group] for group in ("app", "shop"))
    assert "登录失败" in set(app["phrase"])
    assert {"客服", "登录"}.isdisjoint(table["phrase"])
    assert (app["count"] == 12).all()
    assert (app["rest_count"] == 0).all()
    assert (shop["z"] >= 1.96).all()
    assert set(app["phrase"]).isdisjoint(shop["phrase"])


def test_order_changes_nothing(tokenize, corpus):
    random = np.random.default_rng(2)
    groups = random.choice(["a", "b", "c"], len(corpus)).astype(object)
    order = random.permutation(len(corpus))
    whole = contrast_keywords(tokenize(corpus), groups, min_z=-99.0)
    pd.testing.assert_frame_equal(contrast_keywords(tokenize([corpus[i] for i in order]), groups[order], min_z=-99.0), whole)
    assert whole.groupby("group").size().tolist() == [10, 10, 10]


def test_chosen_phrases(tokenize):
    tokens = tokenize(TEXTS)
    phrases = item_phrases(tokens, PhraseCounts.from_tokens(tokens))
    table = contrast_keywords(phrases, GROUPS)
    assert "登录失败" in set(table.loc[table["group"] == "app", "phrase"])
    assert set(table["phrase"]) <= set(phrases.vocabulary)


def test_edges(tokenize, edge):
    tokens = tokenize(edge)
    for groups in (["a"] * len(edge), [None] * len(edge), list(range(len(edge)))):
        assert contrast_keywords(tokens, groups).columns.tolist() == COLUMNS
        assert contrast_keywords(item_phrases(tokens, PhraseCounts.from_tokens(tokens)), groups).columns.tolist() == COLUMNS


def test_a_single_group_has_no_contrast(tokenize):
    assert contrast_keywords(tokenize(TEXTS), ["x"] * len(TEXTS)).empty


def test_errors(tokenize):
    with pytest.raises(InputError, match="prior: expected more than 0, got 0"):
        contrast_keywords(tokenize(["登录"]), ["a"], prior=0)
    with pytest.raises(InputError, match="got 2 labels and 1 rows"):
        contrast_keywords(tokenize(["登录"]), ["a", "b"])
