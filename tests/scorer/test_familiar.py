import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whole_oracle import slow_bucket

from feedback_nlp.scorer.familiar import make_bitmap, pair_places, unfamiliar_share
from feedback_nlp.scorer.scorer import BatchScorer
from feedback_nlp.text.batch import TextBatch

BITS = 22


def places_of(texts, bits=BITS):
    batch = TextBatch.from_texts(texts)
    return pair_places(batch.codes, batch.indptr, bits=bits)


def bitmap_of(texts, *, least=1, bits=BITS):
    return make_bitmap(places_of(texts, bits), bits=bits, least=least)


def shares(texts, bitmap):
    batch = TextBatch.from_texts(texts)
    return unfamiliar_share(batch.codes, batch.indptr, bitmap)


def pairs(text):
    return [text[at : at + 2] for at in range(len(text) - 1)]


TRAINING = ["软件总是闪退", "客服态度很好", "", "好", "物流很快，包装完好", "软件很好用"]


def test_places_are_the_hashes_of_pairs():
    texts = ["ab", "", "好", "不好用", "x"]
    expected = []
    for text in texts:
        expected += [slow_bucket(pair, BITS) for pair in pairs(text)] + [1 << BITS] * bool(text)
    found = places_of(texts)
    assert found.dtype == np.int32
    assert found.tolist() == expected


@pytest.mark.parametrize("bits", [8, 13, 22])
def test_a_text_of_the_training_set_is_familiar(bits):
    bitmap = bitmap_of(TRAINING, bits=bits)
    assert bitmap.dtype == np.uint8
    assert bitmap.shape == (1 << (bits - 3),)
    assert shares(TRAINING, bitmap).tolist() == [0] * len(TRAINING)


@pytest.mark.parametrize("text", ["абвгдежз", "ひらがなです", "ABCDEFG", "😀😁😂🤣"])
def test_another_script_is_unfamiliar(text):
    assert shares([text], bitmap_of(TRAINING)).tolist() == [1]


@pytest.mark.parametrize("texts", [[], [""], ["", ""], ["好"], ["好", "", "x"]])
def test_a_text_without_pairs_is_familiar(texts):
    found = shares(texts, bitmap_of([]))
    assert found.dtype == np.float32
    assert found.tolist() == [0] * len(texts)


@pytest.mark.parametrize(("least", "share"), [(1, 0), (2, 0.5), (3, 1), (4, 1)])
def test_a_pair_counts_from_its_least_occurrence_on(least, share):
    """ab occurs twice, bc once; in one text or in several is the same."""
    assert shares(["abc"], bitmap_of(["ab", "abc"], least=least)).tolist() == [share]
    assert shares(["abc"], bitmap_of(["abcxab"], least=least)).tolist() == [share]


def test_a_pair_does_not_cross_the_end_of_a_text():
    assert shares(["ab"], bitmap_of(["a", "b"])).tolist() == [1]


@settings(deadline=None, max_examples=150, database=None)
@given(
    st.lists(st.text("abcdefg", max_size=6), max_size=8),
    st.lists(st.one_of(st.text("abcdefgh", max_size=8), st.text(max_size=5)), max_size=8),
    st.integers(1, 3),
)
def test_shares_are_those_of_python_sets(training, texts, least):
    counts = {}
    for text in training:
        for pair in pairs(text):
            counts[pair] = counts.get(pair, 0) + 1
    seen = {pair for pair, count in counts.items() if count >= least}
    # A bitmap cannot tell pairs of one place apart; the comparison means something where all places differ.
    every = {pair for text in [*training, *texts] for pair in pairs(text)}
    if len({slow_bucket(pair, BITS) for pair in every}) < len(every):
        return
    expected = [sum(pair not in seen for pair in pairs(text)) / max(len(pairs(text)), 1) for text in texts]
    assert shares(texts, bitmap_of(training, least=least)) == pytest.approx(expected, abs=1e-7)


def test_bits_stand_where_the_share_looks_for_them():
    """One bit set by hand: byte place // 8, bit place % 8, least significant first."""
    for pair in ("ab", "好用", "？！", "xy", "yz"):
        place = slow_bucket(pair, 10)
        bitmap = np.zeros(128, np.uint8)
        bitmap[place // 8] = 1 << place % 8
        assert shares([pair], bitmap).tolist() == [0]
        assert shares([pair], 255 - bitmap).tolist() == [1]
        assert bitmap_of([pair], bits=10).tolist() == bitmap.tolist()


def test_rows_do_not_know_of_each_other():
    dice = random.Random(1)
    texts = ["".join(dice.choices("软件总是闪退客服态度好", k=dice.randrange(12))) for _ in range(200)]
    bitmap = bitmap_of(TRAINING)
    whole = shares(texts, bitmap)
    assert whole.tolist() == [shares([text], bitmap)[0] for text in texts]
    order = dice.sample(range(200), 200)
    assert (shares([texts[i] for i in order], bitmap) == whole[order]).all()
    assert (np.concatenate([shares(texts[:77], bitmap), shares(texts[77:], bitmap)]) == whole).all()
    assert 0 < whole.mean() < 1


def test_the_shipped_model_knows_feedback_and_not_cyrillic():
    scorer = BatchScorer.load()
    texts = ["我的软件总是闪退，太影响工作了", None, "客服态度很差，一直不退款", "съешь же ещё этих мягких"]
    found = scorer.unfamiliar(texts)
    assert found.dtype == np.float32
    assert found[[0, 2]].max() < 0.2 < 0.8 < found[3]
    assert found[1] == 0
    assert scorer.unfamiliar([]).shape == (0,)
    assert found.tolist() == [scorer.unfamiliar([text])[0] for text in texts]
