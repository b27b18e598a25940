"""Laws that cleaning, masking, tokenising and scoring keep for any text at all. No text may raise anything."""

import re
import unicodedata

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wild_texts import BATCH, HEADER, PASTES, WILD, tries

from feedback_nlp import BatchScorer, FeedbackError, Tokenizer
from feedback_nlp.scorer.model import HEADS
from feedback_nlp.scorer.scores import SCORE_COLUMNS
from feedback_nlp.text.clean import MAX_RUN, clean
from feedback_nlp.text.privacy import KINDS, mask_column, mask_frame, mask_texts
from feedback_nlp.vocabulary import SENTIMENT_LEVELS, TYPE_CODES, URGENCY_CODES

SCORER = BatchScorer.load()
TOKENIZERS = (Tokenizer(), Tokenizer(user_dictionary=["总是闪退", "C++", "iPhone 15 Pro", "\ud800", "👨‍👩‍👧‍👦"]), Tokenizer(hmm=False))
PERSONAL = re.compile("(?<![0-9０-９*])1[3-9][0-9]{9}(?![0-9０-９])")
#: pandas has no strings with lone surrogates either.
SPEAKABLE = WILD.map(lambda text: text.encode("utf-8", "ignore").decode("utf-8"))


def rows_of(cleaned):
    return list(zip(cleaned.texts(), cleaned.no_information.tolist(), cleaned.damaged.tolist(), strict=True))


def exact(frame):
    """Floats as the integers of their bits: equal means equal to the last bit."""
    return frame.apply(lambda column: column.to_numpy().view(np.int32) if column.dtype == np.float32 else column).reset_index(drop=True)


def alone(read, texts):
    """What ``read`` says of each text by itself, as one table."""
    return pd.concat([read([text]) for text in texts], ignore_index=True) if texts else read([])


@tries(300)
@given(texts=BATCH)
def test_clean(tried, texts):
    tried["clean"] += len(texts)
    found = rows_of(clean(texts))
    assert found == rows_of(clean(list(texts)))
    assert found == [row for text in texts for row in rows_of(clean([text]))]
    for shown, _, _ in found:
        shown.encode("utf-8")
        assert shown == shown.strip(" ")
        assert not [char for char in shown if unicodedata.category(char) in ("Cc", "Cs") or char == "\ufffd"]
        assert max((len(run[0]) for run in re.finditer(r"([^0-9*])\1*", shown) if not run[1].isdigit()), default=0) <= MAX_RUN


@tries(300)
@given(texts=BATCH)
def test_mask(tried, texts):
    tried["mask_texts"] += len(texts)
    masked = mask_texts(texts)
    assert masked == [shown for text in texts for shown in mask_texts([text])]
    assert mask_texts(masked) == masked
    assert not [shown for shown in masked if PERSONAL.search(shown)]


@tries(60)
@given(
    cells=st.lists(SPEAKABLE | st.none() | st.integers() | st.floats() | st.binary(max_size=5), max_size=5),
    header=HEADER,
)
def test_mask_tables(tried, cells, header):
    tried["mask_frame, cells"] += len(cells)
    column = pd.Series(cells, dtype=object, name=header)
    frame = pd.DataFrame({header: column})
    masked = mask_frame(frame)
    assert masked.shape == frame.shape and masked.columns.equals(frame.columns) and masked.index.equals(frame.index)
    pd.testing.assert_frame_equal(masked, mask_frame(frame))
    for kind in KINDS:
        assert mask_column(column, kind).isna().tolist() == column.isna().tolist()


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=["plain", "user words", "no model"])
@tries(120)
@given(texts=BATCH)
def test_tokenise(tried, tokenizer, texts):
    tried["tokenize"] += len(texts)
    tokens = tokenizer.tokenize(texts, pos=True)
    rows = tokens.to_lists()
    assert ["".join(row) for row in rows] == texts
    assert rows == [tokenizer.cut(text) for text in texts]
    assert all(word for row in rows for word in row)
    assert tokens.vocabulary.tolist() == sorted(set(tokens.vocabulary.tolist()))
    assert len(tokens.pos) == len(tokens.starts) == len(tokens.ids)
    assert tokenizer.tokenize(texts[::-1]).to_lists() == rows[::-1]


@tries(200)
@given(texts=BATCH, abstain=st.booleans())
def test_score(tried, texts, abstain):
    tried["score"] += len(texts)

    def read(some):
        return SCORER.score(some, abstain=abstain)

    scores = read(texts)
    assert len(scores) == len(texts) and tuple(scores.columns) == SCORE_COLUMNS
    pd.testing.assert_frame_equal(exact(scores), exact(read(texts)))
    pd.testing.assert_frame_equal(exact(scores), exact(alone(read, texts)))
    pd.testing.assert_frame_equal(exact(scores.iloc[::-1]), exact(read(texts[::-1])))
    assert not scores.isna().any(axis=None)
    assert set(scores["type"]) <= set(TYPE_CODES)
    assert set(scores["urgency"]) <= set(URGENCY_CODES)
    assert set(scores["sentiment"]) <= set(SENTIMENT_LEVELS)
    assert scores["polarity"].between(-1, 1).all()
    shares = [name for name in SCORE_COLUMNS if name.endswith("confidence") or name.startswith("risk_")]
    assert ((scores[shares] >= 0) & (scores[shares] <= 1)).all(axis=None)


@tries(100)
@given(texts=BATCH)
def test_probabilities(tried, texts):
    tried["probabilities"] += len(texts)
    found = SCORER.probabilities(texts)
    assert ((found >= 0) & (found <= 1)).all(axis=None)
    pd.testing.assert_frame_equal(exact(found), exact(alone(SCORER.probabilities, texts)))
    for head in ("type", "sentiment", "urgency"):
        total = found[[f"{head}_{label}" for label in HEADS[head]]].sum(axis=1)
        np.testing.assert_allclose(total, 1, atol=1e-5)
    unfamiliar = SCORER.unfamiliar(texts)
    assert ((unfamiliar >= 0) & (unfamiliar <= 1)).all() and len(unfamiliar) == len(texts)


@tries(60)
@given(text=WILD, head=st.sampled_from(tuple(HEADS)))
def test_explain(tried, text, head):
    tried["explain"] += 1
    why = SCORER.explain(text, head=head)
    share = why.contributions["contribution"]
    assert why.text == clean([text]).texts()[0]
    assert np.isfinite([why.logit, why.bias]).all() and np.isfinite(share).all()
    assert why.bias + share.sum() == pytest.approx(why.logit, abs=1e-4)
    assert why.bias + why.phrases["contribution"].sum() == pytest.approx(why.logit, abs=1e-4)
    assert "".join(why.phrases.sort_values("start")["phrase"]) == why.text
    assert why.html() == SCORER.explain(text, head=head).html()
    why.html(shorten=True).encode("utf-8")


@pytest.mark.parametrize("text", PASTES[::3], ids=lambda text: ascii(text[:12]))
def test_a_paste_of_100_000_characters(tried, text):
    tried["pastes of 100,000 characters"] += 1
    batch = ["很好用", text, ""]
    assert mask_texts(mask_texts(batch)) == mask_texts(batch)
    assert "".join(TOKENIZERS[0].cut(text)) == text
    assert rows_of(clean(batch)) == [row for one in batch for row in rows_of(clean([one]))]
    scores = SCORER.score(batch)
    pd.testing.assert_frame_equal(exact(scores), exact(alone(SCORER.score, batch)))
    assert not scores.isna().any(axis=None)


ANYTHING = st.recursive(
    st.one_of(WILD, st.none(), st.booleans(), st.integers(), st.floats(), st.binary(max_size=8), st.dates(), st.complex_numbers()),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)


def answered_or_refused(read, value):
    """Whatever else than an error of the library comes out fails the test; a refusal is short, so it cannot repeat a text."""
    try:
        read(value)
    except FeedbackError as error:
        assert str(error)
        assert len(str(error)) < 300


@tries(300)
@given(value=st.lists(ANYTHING, max_size=4) | ANYTHING)
def test_what_is_no_text(tried, value):
    for name in ("score", "probabilities", "unfamiliar", "explain"):
        tried[f"{name}, anything"] += 1
        answered_or_refused(getattr(SCORER, name), value)


@tries(300)
@given(values=st.lists(ANYTHING, max_size=4))
def test_what_is_no_text_among_texts(tried, values):
    tried["tokenize, anything"] += 1
    for read in (TOKENIZERS[0].tokenize, mask_texts):
        answered_or_refused(read, values)
