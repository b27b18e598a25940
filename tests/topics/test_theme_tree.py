"""Broader themes: the cost of joining two, and what is joined."""

from dataclasses import replace

import numpy as np
import pytest

from feedback_nlp.topics.theme_fit import fit_themes
from feedback_nlp.topics.theme_tree import merge_costs, merge_down, with_parents


def information(shares, sizes):
    """Mutual information of themes and words, in nats, times the number of texts."""
    joint = shares * sizes
    total = joint.sum()
    independent = np.outer(joint.sum(axis=1), joint.sum(axis=0)) / total
    return sum(j * np.log(j / i) for j, i in zip(joint.ravel(), independent.ravel(), strict=True) if j > 0)


def test_costs_are_the_information_that_is_lost():
    random = np.random.default_rng(2)
    shares = random.dirichlet(np.full(12, 0.3), 4).T
    sizes = np.array([5.0, 1.0, 9.0, 2.0])
    costs = merge_costs(shares, sizes)
    assert np.isinf(costs.diagonal()).all()
    for a in range(4):
        for b in range(a + 1, 4):
            both = (shares[:, a] * sizes[a] + shares[:, b] * sizes[b]) / (sizes[a] + sizes[b])
            joined = np.column_stack([both, np.delete(shares, [a, b], 1)])
            lost = information(shares, sizes) - information(joined, np.append(sizes[a] + sizes[b], np.delete(sizes, [a, b])))
            assert costs[a, b] == pytest.approx(lost) == costs[b, a]


def test_alike_themes_are_joined_first():
    shares = np.array([[0.9, 0.0, 0.8, 0.1], [0.1, 0.0, 0.2, 0.0], [0.0, 0.5, 0.0, 0.4], [0.0, 0.5, 0.0, 0.5]])
    sizes = np.ones(4)
    assert merge_down(shares, sizes, 2).tolist() == [0, 1, 0, 1]
    assert merge_down(shares, sizes, 4).tolist() == [0, 1, 2, 3]
    assert merge_down(shares, sizes, 1).tolist() == [0, 0, 0, 0]


def test_few_themes_have_no_parents_and_many_have(tokenize, corpus):
    few = fit_themes(tokenize(corpus), n_themes=4)
    assert set(few.parents) == {""}
    things = [
        "屏幕",
        "电池",
        "键盘",
        "耳机",
        "音箱",
        "鼠标",
        "充电器",
        "摄像头",
        "路由器",
        "显示器",
        "冰箱",
        "洗衣机",
        "空调",
        "电视",
        "手表",
        "平板",
    ]
    faults = ["坏了", "裂了", "发热", "有异味", "没有声音", "接触不良", "很吵"]
    texts = [f"{thing}{fault}，{things[(number + 1) % 16]}也" for number, thing in enumerate(things) for fault in faults]
    many = fit_themes(tokenize(texts), n_themes=16)
    assert len(many) > 12
    assert 1 < len(set(many.parents)) < len(many) and "" not in many.parents
    kept = with_parents(replace(many, parents=("", *many.parents[1:])))
    assert kept.parents[1:] == many.parents[1:] and kept.parents[0] in many.parents
