"""Shares of n-grams in a logit, against a float network without rounding: its value, and what a nudge does to it."""

import random
from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np
import pytest
from whole_oracle import float_logits, random_model, slow_bucket, slow_fold, without_bounds

from feedback_nlp.scorer.attribution import attribute, feature_slopes
from feedback_nlp.scorer.model import HEADS, N_LOGITS, head_slices
from feedback_nlp.scorer.network import dense_logits, hidden_values
from feedback_nlp.scorer.scorer import BatchScorer
from feedback_nlp.text.batch import TextBatch

TEXTS = [
    "好",
    "不好用",
    "软件闪退，客服态度差。退款！",
    "好，不好，好",
    "，，，",
    "ＡＢ，！ab,!",
    "好用，不好用。" * 30,
    "一二三四五六七八九十" * 8,
    "a，b，c，d，e，f，g",
]


def unrounded(seed, **shape):
    return without_bounds(random_model(seed, **{"width": 6, "hidden": 5, **shape}))


def shares_of(text, model, weights):
    batch = TextBatch.from_texts([text])
    return attribute(model, batch, BatchScorer(model).features(batch), weights)


def column(*pairs):
    """Weights of the logits: column((3, 1), (5, -1))."""
    weights = np.zeros(N_LOGITS)
    for place, value in pairs:
        weights[place] = value
    return weights


COLUMNS = {
    "one": column((3, 1)),
    "against": column((3, 1), (5, -1)),
    "last": column((N_LOGITS - 1, 1)),
    "all": np.linspace(-1, 1, N_LOGITS),
}


def float_hidden(text, model):
    """Hidden units of the float network before relu, up to ``float_logits``: read off a network whose output is its hidden layer."""
    units, means = len(model.dense.hidden_scale), model.dense.mean_width
    identity = np.vstack([np.eye(units), np.zeros((means, units))])
    wide = replace(model.dense, output_weights=identity, output_scale=np.ones(units), output_bias=np.zeros(units))
    return float_logits(text, replace(model, dense=wide))


def same_piece(text, model):
    """Whether the rounded and the float network have the same active hidden units, so that both are the same linear function."""
    rounded = hidden_values(BatchScorer(model).features(TextBatch.from_texts([text])), model.dense)[0] > 0
    return bool((rounded == (float_hidden(text, model) > 0)).all())


def constant_part(text, model, weights):
    """What belongs to no n-gram: the output's bias, and that of the active hidden units."""
    dense = model.dense
    active = hidden_values(BatchScorer(model).features(TextBatch.from_texts([text])), dense)[0] > 0
    units = dense.output_weights[: len(active)].astype(np.float64)
    return weights @ (dense.output_bias + (active * dense.hidden_bias.astype(np.float64)) @ units * dense.output_scale)


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("norm_limit", [9.0, 1e30])
def test_shares_and_the_constant_part_are_the_float_network(name, norm_limit):
    weights, compared = COLUMNS[name], 0
    for seed in range(6):
        model = unrounded(seed, norm_limit=norm_limit)
        for text in filter(lambda text: same_piece(text, model), TEXTS):
            share = shares_of(text, model, weights)[2]
            expected = weights @ float_logits(text, model)
            assert constant_part(text, model, weights) + share.sum() == pytest.approx(expected, rel=1e-6, abs=1e-6 * np.abs(share).sum())
            compared += 1
    assert compared > 30


def test_a_nudge_of_one_vector_changes_the_logit_by_the_slope():
    """Each entry of each vector in turn, up and down; the slopes of an n-gram's occurrences, times its vector, are its shares."""
    step, compared = 1e-4, 0
    for seed in range(4):
        model = unrounded(seed, orders=2, width=3, hidden=4)
        bits = len(model.embedding).bit_length() - 1
        for text in TEXTS[:6]:
            if not same_piece(text, model):
                continue
            weights = COLUMNS["against"]
            start, length, share = shares_of(text, model, weights)
            found = defaultdict(float)
            for at, size, value in zip(start.tolist(), length.tolist(), share.tolist(), strict=True):
                found[slow_bucket(slow_fold(text)[at : at + size], bits)] += value
            for bucket, value in found.items():
                slopes = []
                for entry in range(3):
                    tables = [model.embedding.astype(np.float64) for _ in range(2)]
                    tables[0][bucket, entry] += step
                    tables[1][bucket, entry] -= step
                    up, down = (weights @ float_logits(text, model, table) for table in tables)
                    slopes.append((up - down) / (2 * step))
                assert value == pytest.approx(np.dot(slopes, model.embedding[bucket].astype(float)), rel=1e-4, abs=1e-5)
                compared += 1
    assert compared > 60


@pytest.mark.parametrize("seed", range(3))
def test_the_slope_of_a_feature_is_what_a_step_of_it_changes(seed):
    """Of the float layers; hidden units at rest or full pass nothing on."""
    model = random_model(seed, width=4, hidden=6)
    dense = {name: array.astype(np.float64) for name, array in vars(model.dense).items()}
    features = np.random.default_rng(seed).integers(-100, 101, size=(1, 20)).astype(np.float32)

    def value(row):
        hidden = np.clip(row @ dense["hidden_weights"] * dense["hidden_scale"] + dense["hidden_bias"], 0, 127)
        return COLUMNS["all"] @ (np.concatenate([hidden, row[:4]]) @ dense["output_weights"] * dense["output_scale"])

    slopes = feature_slopes(model, features, COLUMNS["all"])
    assert slopes.shape == (5, 4)
    for place, slope in enumerate(slopes.ravel()):
        nudge = np.zeros(20)
        nudge[place] = 1e-5
        assert slope == pytest.approx((value(features[0] + nudge) - value(features[0] - nudge)) / 2e-5, rel=1e-5, abs=1e-8)


def test_what_is_clipped_has_no_share():
    """All features at their limit: a little more of any n-gram changes nothing."""
    model = random_model(1, spread=1e6)
    vectors = np.where(model.embedding == 0, 1, model.embedding)
    model = replace(model, embedding=np.abs(vectors).astype(np.int8))
    assert (shares_of("好用，不好用", model, COLUMNS["all"])[2] == 0).all()


def test_hidden_units_that_are_full_or_at_rest_have_no_share():
    model = unrounded(1, width=3, hidden=2)
    for bias in (-1e5, 1e5):
        dense = replace(model.dense, hidden_bias=np.full(2, bias, np.float32))
        features = BatchScorer(model).features(TextBatch.from_texts(["不好用，退款"]))
        slopes = feature_slopes(replace(model, dense=dense), features, COLUMNS["one"])
        direct = dense.output_weights[2:].astype(np.float64) @ (COLUMNS["one"] * dense.output_scale)
        assert slopes[0] == pytest.approx(direct)
        assert (slopes[1:] == 0).all()


@pytest.mark.parametrize("text", [*TEXTS, ""])
def test_a_share_for_every_ngram(text):
    model = random_model(2, orders=4)
    start, length, share = shares_of(text, model, COLUMNS["all"])
    assert len(start) == len(length) == len(share)
    every = [(at, n) for at in range(len(text)) for n in range(1, 5) if at + n <= len(text)]
    assert sorted(zip(start.tolist(), length.tolist(), strict=True)) == sorted(every)
    assert share.dtype == np.float64


def test_the_difference_of_two_labels_is_the_difference_of_their_shares():
    model = random_model(3, width=8, hidden=8)
    for text in TEXTS:
        one, two, both = (shares_of(text, model, weights)[2] for weights in (column((3, 1)), column((5, 1)), column((3, 1), (5, -1))))
        np.testing.assert_allclose(both, one - two, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_clauses_in_the_middle_may_change_places(seed):
    """Single characters cross no clause's end, and only the first and the last clause have a place of their own."""
    model, told = unrounded(seed, orders=1, norm_limit=20.0), []
    for order in ("0123", "3102", "2310"):
        text = "一开始，" + "".join(["不好，", "软件闪退，", "退款，", "好，"][int(number)] for number in order) + "最后"
        start, _, share = shares_of(text, model, COLUMNS["all"])
        told.append(Counter((text[at], round(value, 6)) for at, value in zip(start, share, strict=True)))
    assert told[0] == told[1] == told[2]


SCORERS = {
    "shipped": BatchScorer.load(),
    "tiny": BatchScorer(random_model(5, bits=9)),
    "wide": BatchScorer(random_model(6, width=9, hidden=7)),
}


@pytest.mark.parametrize("scorer", SCORERS.values(), ids=SCORERS)
@pytest.mark.parametrize(("head", "label"), [(head, label) for head, labels in HEADS.items() for label in labels])
def test_bias_and_contributions_sum_to_the_logit(scorer, head, label):
    dice = random.Random(label)
    texts = ["", *TEXTS, *("".join(dice.choices("软件总是闪退客服好不，。！a", k=dice.randrange(40))) for _ in range(5))]
    first = head_slices()[head].start
    for text in texts:
        told = scorer.explain(text, head=head, label=label)
        values = dense_logits(scorer.features(TextBatch.from_texts([told.text])), scorer.model.dense)[0].astype(np.float64)
        assert told.logit == values[first + HEADS[head].index(label)]
        shares = told.contributions["contribution"]
        size = abs(told.bias) + shares.abs().sum() + abs(told.logit)
        assert told.bias + shares.sum() == pytest.approx(told.logit, rel=1e-9, abs=1e-9 * size)
        other = next(name for name in HEADS[head] if name != label)
        versus = scorer.explain(text, head=head, label=label, against=other)
        assert versus.logit == told.logit - values[first + HEADS[head].index(other)]
        assert versus.bias + versus.contributions["contribution"].sum() == pytest.approx(versus.logit, rel=1e-9, abs=1e-9 * size)


def test_an_empty_text_is_all_bias():
    told = SCORERS["tiny"].explain("")
    assert len(told.contributions) == 0
    assert told.bias == told.logit


def test_the_label_explained_is_the_one_that_is_scored():
    """With decision offsets, and at a tie that only float32 sees."""
    for seed in range(20):
        model = random_model(seed, bits=9)
        scorer = BatchScorer(model)
        for text in TEXTS:
            scores = scorer.score([text])
            for head in ("type", "sentiment", "urgency"):
                assert scorer.explain(text, head=head).label == str(scores[head][0])
