"""What people corrected, as labels to train on."""

import pandas as pd
import pytest
from ledgers import ledger

from feedback_nlp.errors import InputError
from feedback_nlp.store import LedgerStore, corrections, merge_ledger
from feedback_nlp.train.labels import read_labels

COLUMNS = ["text", "type", "sentiment", "urgency", "risk", "source", "round"]


def corrected(*words):
    """A merged ledger whose items people gave these types."""
    names = [f"n{number}" for number in range(len(words))]
    frame = merge_ledger(ledger(*((name, "中", 50) for name in names)), None, run="r").ledger
    return frame.sort_values("feedback_id").assign(corrected_type=pd.Series(words, dtype="str").array)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], []),
        ([None], []),
        (["service"], ["service"]),
        (["服务投诉", None, "praise"], ["service", "praise"]),
        # What the machine has learned meanwhile stays, or it would forget.
        (["defect"], ["defect"]),
        (["胡说", ""], []),
    ],
)
def test_every_item_with_a_type_by_people(words, expected):
    found = corrections(corrected(*words))
    assert list(found.columns) == COLUMNS
    assert found["type"].tolist() == expected
    assert found["text"].tolist() == [
        f"登录不了，编号n{place}" for place, word in enumerate(words) if word in {"service", "服务投诉", "praise", "defect"}
    ]


def test_the_other_heads_are_the_machines():
    found = corrections(corrected("service"))
    assert found[["sentiment", "urgency", "risk"]].values.tolist() == [[-1, "medium", "money"]]
    assert corrections(corrected("service").assign(risk_money=0.5))["risk"].tolist() == [""]
    assert corrections(corrected("service").assign(risk_legal=0.9))["risk"].tolist() == ["money,legal"]


def test_the_order_of_rows_does_not_matter():
    frame = corrected("service", "praise", "request")
    pd.testing.assert_frame_equal(corrections(frame), corrections(frame.iloc[::-1]))


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_training_reads_them_and_takes_them_for_no_fair_sample(tmp_path, suffix):
    path = tmp_path / f"corrections.{suffix}"
    found = corrections(corrected("service", None, "表扬认可"))
    found.to_parquet(path) if suffix == "parquet" else found.to_csv(path, index=False)
    heads = read_labels([path]).heads
    assert heads["type"].tolist() == ["service", "praise"]
    assert heads["natural"].tolist() == [False, False]
    assert heads["source"].tolist() == ["correction", "correction"]


def test_from_the_store():
    with LedgerStore("sqlite://") as store:
        store.save(ledger(("a", "高", 80), ("b", "中", 50)), run="run 1")
        store.edit("b", who="王工", corrected_type="request")
        assert corrections(store.load())[["text", "type"]].values.tolist() == [["登录不了，编号b", "request"]]


def test_a_table_that_is_no_merged_ledger():
    with pytest.raises(InputError, match="corrections: expected a merged ledger; columns missing: corrected_type"):
        corrections(ledger(("a", "高", 80)))
