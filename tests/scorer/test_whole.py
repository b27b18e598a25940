"""The whole scorer: from a cleaned text to its logits, to the bit, against one n-gram at a time."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whole_oracle import float_logits, random_model, slow_bucket, slow_clauses, slow_features, slow_logits, without_bounds

from feedback_nlp.scorer.clauses import MAX_CLAUSE
from feedback_nlp.scorer.model import N_LOGITS, Model
from feedback_nlp.scorer.network import Dense
from feedback_nlp.scorer.scorer import BatchScorer
from feedback_nlp.text.batch import TextBatch

ALPHABET = "abc01 ，。！？,.!…~\n：、的一是了我不人在有他这为之\U0001f600\U0010ffff\x00éＡ"


def seeded_texts(seed, count, longest=40):
    dice = random.Random(seed)
    return ["".join(dice.choices(ALPHABET, k=dice.choice([0, 1, 1, 2, 3, 5, 8, dice.randrange(longest)]))) for _ in range(count)]


TABLE = [
    "",
    "好",
    "，",
    "，，，",
    "好，",
    "，好",
    "好，不好，好",
    "软件闪退，客服态度差。！退款",
    "ＡＢ，！ab,!",
    "好" * 300,
    "好用，不好用。" * 60,
    "😀\U0010ffff\x00",
]


def same(texts, model):
    logits = BatchScorer(model).logits(TextBatch.from_texts(texts))
    assert logits.dtype == np.float32
    assert logits.shape == (len(texts), N_LOGITS)
    for text, row in zip(texts, logits, strict=True):
        assert row.tolist() == slow_logits(text, model).tolist(), text[:40]


@pytest.mark.parametrize("orders", [1, 2, 3, 4])
@pytest.mark.parametrize(("width", "hidden"), [(2, 2), (1, 1), (3, 7), (16, 4)])
def test_logits_are_the_oracles_to_the_bit(orders, width, hidden):
    model = random_model(orders, orders=orders, width=width, hidden=hidden)
    for texts in ([], TABLE, ["", "", ""], seeded_texts(orders * width, 60), ["", *seeded_texts(hidden, 10), "", ""]):
        same(texts, model)


@pytest.mark.parametrize("norm_limit", [1.0, 12.0, 1e30])
@pytest.mark.parametrize("spread", [0.3, 3, 60])
def test_long_texts_and_clipped_values(norm_limit, spread):
    same([*TABLE, *seeded_texts(5, 60)], random_model(7, norm_limit=norm_limit, spread=spread))


@pytest.mark.parametrize("bits", [8, 11, 17])
def test_tables_of_other_sizes(bits):
    same(TABLE, random_model(bits, bits=bits, width=4))


def test_a_clause_that_is_cut():
    text = "好用不" * (MAX_CLAUSE // 3 + 40) + "，" + "坏" * MAX_CLAUSE + "，好"
    assert [end - start for start, end in slow_clauses(text)] == [MAX_CLAUSE, 3 * (MAX_CLAUSE // 3 + 40) + 1 - MAX_CLAUSE, MAX_CLAUSE, 1, 1]
    same(["好", text, ""], random_model(1, norm_limit=50.0))


MODEL = random_model(11, orders=3, bits=9, norm_limit=20.0)


@settings(deadline=None, max_examples=150, database=None)
@given(st.lists(st.one_of(st.text(max_size=12), st.text(ALPHABET, max_size=25)), max_size=8))
def test_logits_are_the_oracles_for_any_text(texts):
    same(texts, MODEL)


@pytest.mark.parametrize("texts", [[""], ["", ""], []])
def test_a_text_without_ngrams_has_the_logits_of_zeros(texts):
    """Not the output's bias alone: hidden units answer to their own bias."""
    logits = BatchScorer(MODEL).logits(TextBatch.from_texts(texts))
    assert logits.tolist() == [slow_logits("", MODEL).tolist()] * len(texts)


def hand_made(embedding):
    """Width 2, hidden 2: unit 0 adds all features of column 0, unit 1 subtracts those of the last clause; then the means."""
    hidden = np.zeros((10, 2), np.float32)
    hidden[0::2, 0] = 1
    hidden[6:8, 1] = -1
    output = np.zeros((4, N_LOGITS), np.float32)
    output[:, 0] = [1, 10, 100, 1000]
    ones, halves = np.ones(N_LOGITS, np.float32), np.full(N_LOGITS, 0.5, np.float32)
    dense = Dense(hidden, np.ones(2, np.float32), np.zeros(2, np.float32), output, ones, halves)
    zeros = np.zeros(N_LOGITS, np.float32)
    return Model(embedding, np.ones((5, 2), np.float32), dense, zeros, np.zeros(1 << 10, np.uint8), 1, 1e30, {"type": 0.5}, {}, "hand/2/0")


def test_one_text_by_hand():
    embedding = np.zeros((256, 2), np.int8)
    good, bad, stop = (slow_bucket(char, 8) for char in "好坏,")
    assert len({good, bad, stop}) == 3
    embedding[good], embedding[bad] = [8, -4], [-12, 6]
    model = hand_made(embedding)
    # 好好好好，坏 has clauses 好好好好， (five n-grams; the comma's vector is zeros) and 坏.
    # mean: (32 - 12, -16 + 6) / sqrt(6) = (8.16, -4.08); clauses: (32, -16) / sqrt(5) = (14.31, -7.16) and (-12, 6).
    # highest (14.31, 6), lowest (0, 0), last (-12, 6), first (14.31, -7.16).
    expected = [[8, -4], [14, 6], [0, 0], [-12, 6], [14, -7]]
    assert slow_features("好好好好，坏", model) == expected
    scorer, batch = BatchScorer(model), TextBatch.from_texts(["好好好好，坏"])
    assert scorer.features(batch).tolist() == [[value for block in expected for value in block]]
    # Unit 0: 8 + 14 + 0 - 12 + 14 = 24; unit 1: 12 - 6 = 6; means 8 and -4.
    assert scorer.logits(batch)[0].tolist() == [24 * 1 + 6 * 10 + 8 * 100 - 4 * 1000 + 0.5, *[0.5] * (N_LOGITS - 1)]


@pytest.mark.parametrize("seed", range(4))
def test_rounding_stays_small(seed):
    """The float network without rounding is near: half a step per feature and hidden unit, times what follows them."""
    model = without_bounds(random_model(seed, width=8, hidden=8))
    dense = {name: np.abs(array.astype(np.float64)) for name, array in vars(model.dense).items()}
    hidden = 0.5 + 0.5 * dense["hidden_weights"].sum(axis=0) * dense["hidden_scale"]
    bound = np.concatenate([hidden, np.full(8, 0.5)]) @ dense["output_weights"] * dense["output_scale"]
    for text in [*TABLE[:9], *seeded_texts(seed, 20)]:
        assert (np.abs(slow_logits(text, model) - float_logits(text, model)) <= bound + 1e-3).all()


def test_scores_know_nothing_of_the_batch_to_the_bit():
    texts = seeded_texts(3, 300)
    logits = BatchScorer(MODEL).logits(TextBatch.from_texts(texts))
    order = random.Random(3).sample(range(300), 300)
    assert (BatchScorer(MODEL).logits(TextBatch.from_texts([texts[i] for i in order])) == logits[order]).all()
    parts = [BatchScorer(MODEL).logits(TextBatch.from_texts(part)) for part in (texts[:1], texts[1:100], [], texts[100:])]
    assert (np.concatenate(parts) == logits).all()


@pytest.mark.parametrize("seed", range(3))
def test_without_compiled_code_the_logits_are_the_same_to_the_bit(seed, monkeypatch):
    from feedback_nlp.scorer import model as model_module
    from feedback_nlp.scorer import pool as pool_module

    texts = [*TABLE, *seeded_texts(seed, 50)]
    expected = BatchScorer(random_model(seed)).logits(TextBatch.from_texts(texts))
    monkeypatch.setattr(pool_module, "native", lambda: None)
    monkeypatch.setattr(model_module, "compiled", lambda: False)
    model = random_model(seed)
    assert model.table is not None and model.table is model.table
    assert (BatchScorer(model).logits(TextBatch.from_texts(texts)) == expected).all()
