"""The first map: what rows say by themselves, with a scorer whose answers are known."""

from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import feedback_nlp as fn
from feedback_nlp.batch.first import First, read_part
from feedback_nlp.batch.setup import make_setup
from feedback_nlp.errors import RowError
from feedback_nlp.io import read_parts
from feedback_nlp.ledger.evidence import CLEARLY_POSITIVE, MIN_CHARS
from feedback_nlp.scorer.scores import Scores
from feedback_nlp.vocabulary import TYPE_CODES, URGENCY_CODES

#: As long as a text must be to be urgent by the model's word alone.
ENOUGH = "一二三四五六七八九十"[:MIN_CHARS]


@pytest.fixture(scope="module")
def setup():
    return make_setup(model=fn.BatchScorer.load())


def knowing(setup, *, polarity=0.0, urgency="low", code="defect"):
    """The setup with a scorer that says the same of every text."""

    def score_clean(chunks, *, abstain):
        n_rows = sum(len(chunk.texts()) for chunk in chunks)
        zeros = np.zeros(n_rows, np.float32)
        return Scores(
            type_index=np.full(n_rows, TYPE_CODES.index(code)),
            type_confidence=zeros,
            sentiment=zeros.astype(np.int8),
            polarity=zeros + np.float32(polarity),
            sentiment_confidence=zeros,
            urgency_index=np.full(n_rows, URGENCY_CODES.index(urgency)),
            urgency_confidence=zeros,
            urgency_level=zeros,
            risk=np.zeros((n_rows, 6), np.float32),
        )

    return replace(setup, scorer=SimpleNamespace(score_clean=score_clean, model=setup.scorer.model))


def first_of(data, setup, **options):
    (table,) = read_parts(pd.DataFrame(data) if isinstance(data, dict) else data, **options)
    return read_part(table, setup)


@pytest.mark.parametrize(
    ("polarity", "fires"), [(-1.0, True), (0.0, True), (CLEARLY_POSITIVE - 0.01, True), (CLEARLY_POSITIVE + 0.01, False), (1.0, False)]
)
def test_cues_count_unless_the_text_is_clearly_positive(setup, polarity, fires):
    assert first_of(["插座起火了"], knowing(setup, polarity=polarity)).cued.tolist() == [[fires, False, False, False]]


@pytest.mark.parametrize(
    ("text", "urgency", "urgent"),
    [(ENOUGH, "high", True), (ENOUGH[:-1], "high", False), (ENOUGH, "medium", False), ("", "high", False)],
)
def test_a_short_text_is_too_little_to_be_urgent(setup, text, urgency, urgent):
    assert first_of([text, "很好"], knowing(setup, urgency=urgency)).urgent.tolist() == [urgent, False]


def test_what_is_read_and_what_is_shown(setup):
    first = first_of({"text": ["<b>登录失败</b>，请打13912345678", "坏了"], "scene": ["插座起火", None]}, setup)
    assert first.texts.tolist() == ["登录失败,请打139****5678", "坏了"] or first.texts.tolist() == ["登录失败，请打139****5678", "坏了"]
    assert [text.startswith(shown) for text, shown in zip(first.read, first.texts, strict=True)] == [True, True]
    assert "插座起火" in first.read[0] and first.read[1].strip() == "坏了"
    assert first.cued[:, 0].tolist() == [True, False], "what is joined is looked at too"
    assert first.masked == 1
    assert not any("13912345678" in str(value) for value in (first.texts, first.read, first.originals, first.given, first.quarantine))


def test_without_scenes_what_is_read_is_what_is_shown(setup):
    first = first_of(["登录失败"], setup)
    assert first.read is first.texts


@pytest.mark.parametrize(
    ("values", "names", "codes"),
    [
        (["手机", "手表", "手机"], ["手机", "手表"], [0, 1, 0]),
        (["乙", None, "甲"], ["乙", "甲"], [0, -1, 1]),
        (["", None, float("nan")], [], [-1, -1, -1]),
        ([5, "5", 5.0], ["5", "5.0"], [0, 0, 1]),
    ],
)
def test_labels_are_numbered_in_their_own_order(setup, values, names, codes):
    first = first_of({"text": ["坏了"] * 3, "product": pd.Series(values, dtype=object)}, setup)
    assert (first.label_names["product"].tolist(), first.label_codes["product"].tolist()) == (names, codes)
    assert "channel" not in first.label_names


def test_a_part_of_bad_rows_has_no_rows(setup):
    first = first_of({"text": ["坏了", "坏了"], "created_at": ["不详", "大概上周吧"]}, setup)
    assert (len(first), len(first.quarantine), first.unfamiliar) == (0, 2, 0)
    assert {len(getattr(first, name)) for name in ("texts", "read", "originals", "created_at", "cued", "urgent", "category")} == {0}
    with pytest.raises(RowError, match=r"line 1: 无法识别的反馈时间：不详; repair this row"):
        first_of({"text": ["坏了"], "created_at": ["不详"]}, replace(setup, strict=True))


def test_a_row_does_not_depend_on_its_neighbours(setup):
    data = {
        "text": ["登录失败", "客服态度恶劣，打13912345678", "", "很好"],
        "created_at": ["2026-03-01", None, "2026-03-02 08:00", "2026-03-01"],
        "channel": ["APP", None, "微博", "APP"],
        "customer_id": ["甲", 5, None, "甲"],
    }
    frame = pd.DataFrame(data, dtype=object)
    whole = first_of(frame, setup)
    alone = [first_of(frame.iloc[[row]], setup) for row in range(len(frame))]
    for name in ("texts", "read", "originals", "created_at", "cued", "urgent", "high_value", "category", "no_information", "damaged"):
        assert np.concatenate([getattr(part, name) for part in alone]).tolist() == getattr(whole, name).tolist(), name
    for entry in fields(Scores):
        parts = np.concatenate([getattr(part.scores, entry.name) for part in alone])
        np.testing.assert_array_equal(parts, getattr(whole.scores, entry.name), err_msg=entry.name)
    assert np.concatenate([part.sketches.keys for part in alone], axis=1).tolist() == whole.sketches.keys.tolist()
    assert [part.customers["customer_id"][0] for part in alone] == whole.customers["customer_id"].tolist()
    assert sum(part.masked for part in alone) == whole.masked == 1
    assert sum(part.unfamiliar for part in alone) == whole.unfamiliar


def test_times_are_utc(setup):
    data = {"text": ["坏了"] * 3, "created_at": ["2026-03-01 08:00", "2026-03-01T08:00:00Z", None]}
    first = first_of(data, setup)
    assert first.created_at.astype("datetime64[s]").astype(str).tolist() == ["2026-03-01T00:00:00", "2026-03-01T08:00:00", "NaT"]
    assert first.dated
    undated = first_of(["坏了"], setup)
    assert (undated.dated, np.isnat(undated.created_at).tolist()) == (False, [True])


def test_columns_keep_their_order(setup):
    frame = pd.DataFrame({"备用": [1], "text": ["坏了"], "channel": ["APP"]})
    assert first_of(frame, setup).columns == ("备用", "text", "channel", "feedback_id")
    assert isinstance(first_of(frame, setup), First)
