"""Population stability per head: a slow oracle, the states, and the errors."""

import math

import numpy as np
import pandas as pd
import pytest

from feedback_nlp import BatchScorer, InputError
from feedback_nlp.scorer.drift import DRIFT_COLUMNS, compare_scores, stability_index

SCORER = BatchScorer.load()


def oracle(old, new, n_old, n_new):
    """The sum as the definition writes it, class by class."""
    k, total = len(old), 0.0
    smooth_old = [(share + 0.5 / n_old) / (1 + 0.5 * k / n_old) for share in old]
    smooth_new = [(share + 0.5 / n_new) / (1 + 0.5 * k / n_new) for share in new]
    for before, after in zip(smooth_old, smooth_new, strict=True):
        total += (after - before) * math.log(after / before)
    return total


def frame(counts):
    """Scores of one head, ``urgency``, with so many rows of each level."""
    return pd.DataFrame({"urgency": [level for level, count in counts.items() for _ in range(count)]})


@pytest.mark.parametrize(
    ("old", "new", "n_old", "n_new"),
    [
        ([0.5, 0.5], [0.5, 0.5], 100, 100),
        ([0.9, 0.1], [0.5, 0.5], 1000, 50),
        ([1.0, 0.0, 0.0], [0.0, 0.0, 1.0], 10, 10),
        ([0.2, 0.3, 0.5], [0.25, 0.25, 0.5], 7, 10**6),
    ],
)
def test_index_is_the_sum_of_its_definition(old, new, n_old, n_new):
    psi, noise = stability_index(np.array(old), np.array(new), (n_old, n_new))
    assert psi == pytest.approx(oracle(old, new, n_old, n_new))
    assert noise == pytest.approx((len(old) - 1) * (1 / n_old + 1 / n_new))


def test_the_index_of_unchanged_shares_has_the_mean_that_noise_states():
    random = np.random.default_rng(5)
    shares, n = np.array([0.2, 0.3, 0.5]), 400
    found = [stability_index(shares, random.multinomial(n, shares) / n, (math.inf, n))[0] for _ in range(2000)]
    assert np.mean(found) == pytest.approx(2 / n, rel=0.1)


@pytest.mark.parametrize(
    ("old", "new", "state", "moved"),
    [
        ({"low": 500, "medium": 300, "high": 200}, {"low": 500, "medium": 300, "high": 200}, "stable", None),
        ({"low": 500, "medium": 300, "high": 200}, {"low": 390, "medium": 260, "high": 350}, "moderate", "high"),
        ({"low": 900, "medium": 90, "high": 10}, {"low": 100, "medium": 100, "high": 800}, "large", "low"),
        ({"low": 5, "medium": 3, "high": 2}, {"low": 1, "medium": 1, "high": 8}, "too few", "high"),
    ],
)
def test_state_and_the_label_that_moved_most(old, new, state, moved):
    row = compare_scores(frame(new), frame(old)).iloc[0]
    assert row["state"] == state
    assert moved in (None, row["label"])


def test_a_table_of_real_scores_has_a_row_for_each_head_and_flag():
    texts = ["登录不上，一直闪退", "很好用，推荐", "请问怎么退款", "客服态度太差", "希望增加夜间模式"] * 80
    scores = SCORER.score(texts)
    table = SCORER.compare(scores, scores)
    assert tuple(table.columns) == DRIFT_COLUMNS
    assert len(table) == 9
    assert (table["psi"] == 0).all()
    assert set(table["state"]) == {"stable"}
    against_training = SCORER.compare(scores)
    assert set(against_training["head"]) == set(table["head"])
    assert (against_training["psi"] > 0).all()


def test_the_order_of_rows_changes_nothing():
    scores = SCORER.score(["登录不上", "很好用", "请问怎么退款", "太贵了"] * 50)
    pd.testing.assert_frame_equal(SCORER.compare(scores), SCORER.compare(scores.iloc[::-1]))


@pytest.mark.parametrize(
    ("new", "message"),
    [
        (pd.DataFrame({"urgency": []}), "expected scores of at least one text"),
        (pd.DataFrame({"text": ["登录不上"]}), "share none of the columns"),
        (pd.DataFrame({"urgency": ["low", "紧急"]}), "urgency: expected one of low, medium, high, got '紧急'"),
    ],
)
def test_what_cannot_be_compared(new, message):
    with pytest.raises(InputError, match=message):
        compare_scores(new, SCORER.model.reference)
