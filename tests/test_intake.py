"""From a caller's data to records: every row is kept or set aside with its line and reason."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.errors import InputError, RowError, TextTypeError
from feedback_nlp.intake import RAW_LENGTH, WITHHELD, take_in

PHONE = "13812345678"


def taken(data, **options):
    return take_in(data, **{"text_column": None, "columns": None, "strict": False, "encoding": None, **options})


def frame_of(**columns):
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})


def set_aside(intake):
    return list(intake.quarantine[["source_line", "reason"]].itertuples(index=False, name=None))


WILD = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.text(alphabet=st.characters(categories=["Cs", "Cc", "Cf"]), max_size=4),
    st.sampled_from(["闪退", "好", float("nan"), pd.NA, pd.NaT, b"bytes", 5, 1.5, True, ["列表"], {"a": 1}, PHONE, "2026-01-01", "昨天"]),
    st.floats(),
    st.integers(-(10**20), 10**20),
    st.datetimes(),
)
NAMES = ("feedback_id", "created_at", "channel", "customer_id", "contact", "status", "scene", "annual_spend", "其他")


@st.composite
def wild_frames(draw):
    rows = draw(st.integers(1, 6))
    names = ["text", *draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=5))]
    columns = {name: draw(st.lists(WILD, min_size=rows, max_size=rows)) for name in names}
    # One text at least, without which there is nothing to do.
    columns["text"][draw(st.integers(0, rows - 1))] = "登录失败"
    return frame_of(**columns)


@settings(max_examples=150, deadline=None)
@given(wild_frames())
def test_rows_in_are_rows_kept_and_rows_set_aside(frame):
    intake = taken(frame)
    kept, aside = intake.lines.tolist(), intake.quarantine["source_line"].tolist()
    assert sorted(kept + aside) == list(range(1, len(frame) + 1))
    assert kept == sorted(kept) and aside == sorted(aside)
    assert len(intake.frame) == len(kept) == len(intake.texts) == len(intake.days)
    assert intake.frame["feedback_id"].is_unique
    assert all(isinstance(name, str) and name for name in intake.frame["feedback_id"])
    assert all(isinstance(text, str) for text in intake.texts)
    for reason, raw in intake.quarantine[["reason", "raw"]].itertuples(index=False, name=None):
        assert reason.startswith(("文本应为字符串，实际为 ", "无法识别的反馈时间：", "反馈编号重复："))
        assert len(raw) <= RAW_LENGTH and PHONE not in raw and PHONE not in reason


@pytest.mark.parametrize(
    ("columns", "kept", "aside"),
    [
        ({"text": ["闪退", 5, b"x", None]}, [1, 4], [(2, "文本应为字符串，实际为 int"), (3, "文本应为字符串，实际为 bytes")]),
        ({"text": ["a", "b"], "created_at": ["2026-01-01", "昨天"]}, [1], [(2, "无法识别的反馈时间：昨天")]),
        ({"text": ["a", "b", "c"], "created_at": ["", None, "3/5/2024"]}, [1, 2], [(3, "无法识别的反馈时间：3/5/2024")]),
        ({"text": ["a"], "created_at": ["2026-01-01"]}, [1], []),
        (
            {"text": ["a", "b", "c"], "feedback_id": ["7", 7, 7.0]},
            [1],
            [(2, "反馈编号重复：7，首次出现在第 1 行"), (3, "反馈编号重复：7，首次出现在第 1 行")],
        ),
        ({"text": ["a", "a"]}, [1, 2], []),
        ({"text": ["a", "b"], "feedback_id": ["7", "7"], "created_at": ["昨天", "2026-01-01"]}, [2], [(1, "无法识别的反馈时间：昨天")]),
        ({"text": ["a"], "created_at": ["昨天"]}, [], [(1, "无法识别的反馈时间：昨天")]),
    ],
)
def test_what_is_set_aside(columns, kept, aside):
    intake = taken(frame_of(**columns))
    assert (intake.lines.tolist(), set_aside(intake)) == (kept, aside)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"text": ["a", 5]}, "line 2: 文本应为字符串，实际为 int; repair this row"),
        ({"text": ["a", "b"], "created_at": [None, "昨天"]}, "line 2: 无法识别的反馈时间：昨天; repair this row"),
        ({"text": ["a", "b"], "feedback_id": ["7", "7"]}, "line 2: 反馈编号重复：7，首次出现在第 1 行; repair this row"),
    ],
)
def test_strict_stops_at_the_first(columns, message):
    with pytest.raises(RowError, match="strict=True") as caught:
        taken(frame_of(**columns), strict=True)
    assert message in str(caught.value)


@pytest.mark.parametrize("created", [f"电话{PHONE}", PHONE + "x" * 50, "x" * 30 + PHONE, f"{PHONE} 2026", 13812345678, 13812345678.0])
def test_an_unreadable_date_may_hold_personal_data(created):
    ((_, reason),) = set_aside(taken(frame_of(text=["a", "b"], created_at=[created, None])))
    assert not [number for number in (PHONE, PHONE[:8]) if number in reason]


@pytest.mark.parametrize("secret", [PHONE, "138 1234 5678", "zhang.san@example.com", "6222 0212 3456 7890 128"])
def test_a_raw_row_is_masked_before_it_is_cut(secret, tmp_path):
    rows = [filler[: RAW_LENGTH - kept] + secret for kept in range(24) for filler in ("好" * RAW_LENGTH, "x " * RAW_LENGTH)]
    path = tmp_path / "f.csv"
    path.write_text("text,created_at\n" + "".join(f"{row},too,many\n{row},昨天\n" for row in rows) + "好,\n", encoding="utf-8")
    quarantine = taken(path).quarantine
    assert len(quarantine) == 2 * len(rows)
    assert not [raw for raw in quarantine["raw"] if secret[:9] in raw or secret.replace(" ", "")[:9] in raw.replace(" ", "")]


@pytest.mark.parametrize(
    ("header", "raw"),
    [
        ("text,渠道", "很好,王小明,多余,了"),
        ("text,客户姓名", WITHHELD),
        ("text,客户编号", WITHHELD),
        ("text,收货人姓名", WITHHELD),
        ("text,住址", WITHHELD),
    ],
)
def test_a_malformed_row_may_name_somebody(header, raw, tmp_path):
    path = tmp_path / "f.csv"
    path.write_text(f"{header},时间\n好,甲,\n很好,王小明,多余,了\n差,王小明,昨天\n", encoding="utf-8")
    found = taken(path).quarantine
    assert found["source_line"].tolist() == [3, 4]
    assert found["raw"].tolist() == [raw, "差"]


@pytest.mark.parametrize(
    "column", ["text", "product", "channel", "feedback_id", "customer_id", "customer_type", "annual_spend", "scene", "甲"]
)
def test_lone_surrogates_become_replacement_characters(column, tmp_path):
    path = tmp_path / "f.jsonl"
    path.write_text(json.dumps({"text": "好", column: "\ud800好\ud83d\ude00"}) + "\n", encoding="utf-8")
    assert taken(path).frame[column].tolist() == ["\ufffd好😀"]


def test_texts_are_joined_with_scene_and_expectation():
    intake = taken(frame_of(text=["闪退", "", "好"], expectation=["修好它", None, ""], scene=["上班时", "下雨", float("nan")]))
    assert [text.split("\n") for text in intake.texts] == [["闪退", "上班时", "修好它"], ["", "下雨", ""], ["好", "", ""]]
    assert intake.frame["text"].tolist() == ["闪退", "", "好"]
    assert not intake.texts_are_plain
    assert taken(["闪退"]).texts_are_plain and taken(["闪退"]).texts == ["闪退"]


def test_days_are_local():
    created = ["2026-03-05T20:00:00Z", "2026-03-05 20:00", None]
    assert taken(frame_of(text=["a", "b", "c"], created_at=created)).days.tolist() == [dt.date(2026, 3, 6), dt.date(2026, 3, 5), None]
    days = taken(["a", "b"]).days
    assert (days.dtype, days.tolist()) == (np.dtype("datetime64[D]"), [None, None])


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ([], InputError, "expected rows with a text, got no rows at all"),
        ([5], TextTypeError, "文本应为字符串，实际为 int"),
        (5, TextTypeError, "expected a DataFrame, a list, tuple, Series or one-dimensional array of strings, or a path, got int"),
        (None, TextTypeError, "got NoneType"),
        ("今天天气不错", InputError, "put one text into a list"),
        (np.array([["a"]]), TextTypeError, "got ndarray of 2 dimensions"),
        (pd.DataFrame({"甲": ["a"]}), InputError, "no column holds the feedback text: got 甲; name one with text_column="),
        (pd.DataFrame({"text": [1, 2]}), InputError, "text column 'text': expected strings, got dtype int64; name the column"),
        (pd.DataFrame({"text": [None, None]}, dtype=object), InputError, "expected rows with a text, got 2 rows without any text"),
    ],
)
def test_data_that_cannot_be_used(data, error, message):
    with pytest.raises(error) as caught:
        taken(data)
    assert message in str(caught.value)
