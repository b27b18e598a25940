"""Labels as people write them: codes, Chinese names, numbers, several in a cell, under many headers; and what is no label."""

import numpy as np
import pandas as pd
import pytest

from feedback_nlp.errors import InputError, RowError, TextTypeError
from feedback_nlp.evaluate.files import EVALUATED, TRAINED_ON, mark_trained, read_label_files
from feedback_nlp.scorer.model import HEADS
from feedback_nlp.train.given import CLASS_NAMES, HEAD_NAMES, label_name, rename_columns, take_labels
from feedback_nlp.train.labels import Source


def codes(labelled, head):
    """The labels of each row as a list of codes, None where there is none."""
    return [
        [label for label, holds in zip(HEADS[head], row, strict=True) if holds] if known else None
        for row, known in zip(labelled.truth[head], labelled.known[head], strict=True)
    ]


def test_names_cover_the_heads():
    assert list(HEAD_NAMES) == list(HEADS)
    assert {head: tuple(names) for head, names in CLASS_NAMES.items()} == HEADS


@pytest.mark.parametrize("head", HEADS)
def test_every_code_and_every_name_is_read(head):
    words = [word for pair in CLASS_NAMES[head].items() for word in pair]
    found = take_labels(pd.DataFrame({"text": ["x"] * len(words), head: words}))
    assert codes(found, head) == [[label] for label in HEADS[head] for _ in range(2)]
    assert [label_name(head, label) for label in HEADS[head]] == list(CLASS_NAMES[head].values())


@pytest.mark.parametrize(
    ("head", "cell", "expected"),
    [
        ("type", " Defect ", ["defect"]),
        ("type", "产品故障", ["defect"]),
        ("type", "", None),
        ("type", None, None),
        ("type", float("nan"), None),
        ("type", pd.NA, None),
        ("sentiment", -2, ["-2"]),
        ("sentiment", 1.0, ["1"]),
        ("sentiment", "+1", ["1"]),
        ("sentiment", "-1.0", ["-1"]),
        ("sentiment", "－１", ["-1"]),
        ("sentiment", np.int8(0), ["0"]),
        ("sentiment", "强烈正面", ["2"]),
        ("urgency", "高", ["high"]),
        ("risk", "", []),
        ("risk", None, []),
        ("risk", "无", []),
        ("risk", "safety", ["safety"]),
        ("risk", "safety,money", ["safety", "money"]),
        ("risk", "人身安全、资金损失", ["safety", "money"]),
        ("risk", "人身安全风险；法律风险", ["safety", "legal"]),
        ("risk", "数据泄露，数据泄露，", ["data"]),
    ],
)
def test_cells(head, cell, expected):
    found = take_labels(pd.DataFrame({"text": ["x", "y"], head: pd.Series([cell, HEADS[head][0]], dtype=object)}))
    assert codes(found, head) == [expected, [HEADS[head][0]]]


@pytest.mark.parametrize(
    ("header", "head"),
    [
        ("type", "type"),
        ("反馈类型", "type"),
        ("类型", "type"),
        ("类型代码", "type"),
        ("Type", "type"),
        ("情感", "sentiment"),
        ("情感等级", "sentiment"),
        ("紧急程度", "urgency"),
        ("风险", "risk"),
    ],
)
def test_headers(header, head):
    found = take_labels(pd.DataFrame({"问题描述": ["x"], header: [HEADS[head][0]]}))
    assert list(found.truth) == [head]


def test_texts_names_and_order_of_heads():
    frame = pd.DataFrame({"risk": [""] * 2, "type": ["praise", ""], "text": ["a", None], "type_confidence": [0.1, 0.2]}, index=[7, "z"])
    found = take_labels(frame)
    assert (found.texts, found.names, list(found.truth)) == (["a", ""], ["7", "z"], ["type", "risk"])
    assert list(take_labels(frame, heads=["risk"]).truth) == ["risk"]
    assert list(frame.columns) == ["risk", "type", "text", "type_confidence"], "the caller's frame stays as it was"


def test_no_rows():
    found = take_labels(pd.DataFrame({"text": pd.Series(dtype=object), "type": pd.Series(dtype=object)}))
    assert (found.texts, found.truth["type"].shape) == ([], (0, 9))


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            {"type": ["defct", "praise", "defct"]},
            "type: 'defct' (row 0 and 1 more) is no label, did you mean 'defect'?; expected type: def",
        ),
        ({"type": ["产品质量"] * 3}, "did you mean '产品故障'?"),
        ({"urgency": ["urgent", "高", ""]}, "urgency: 'urgent' (row 0) is no label; expected urgency: low (低), medium (中), high (高)"),
        ({"sentiment": [3, -1, 0.5]}, "sentiment: '3' (row 0) is no label; sentiment: '0.5' (row 2) is no label"),
        ({"risk": ["saftey,money", "", ""]}, "risk: 'saftey' (row 0) is no label, did you mean 'safety'?"),
        ({"type": ["x", "", ""], "urgency": ["y", "", ""]}, "(其他无效); urgency: low (低)"),
        ({"type": ["今天第三次闪退，请尽快处理一下吧", "", ""]}, "type: a cell of 16 characters (row 0) is no label; expected"),
        ({"type": ["13812345678", "", ""]}, "type: '138****5678' (row 0) is no label; expected"),
        (
            {"typ": ["defect"] * 3},
            "at least one of type (反馈类型), sentiment (情感), urgency (紧急程度), risk (风险), got none among 2 columns",
        ),
        ({"typ": ["defect"] * 3}, "did you mean 'typ'?"),
        (
            {"类型代码": ["defect"] * 3, "反馈类型": ["产品故障"] * 3},
            "type: expected one column of labels, got 类型代码, 反馈类型; keep the one",
        ),
    ],
)
def test_what_is_no_label(columns, expected):
    with pytest.raises(InputError) as caught:
        take_labels(pd.DataFrame({"text": ["一", "二", "三"], **columns}))
    assert expected in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_many_unknown_labels_are_counted():
    with pytest.raises(InputError, match=r"type: and 3 more; expected type: defect"):
        take_labels(pd.DataFrame({"text": ["x"] * 8, "type": list("ABCDEFGH")}))


@pytest.mark.parametrize(
    ("frame", "heads", "error", "expected"),
    [
        ([1, 2], None, InputError, "labels: expected a DataFrame with the columns text and type, sentiment, urgency, risk, got list"),
        (pd.DataFrame({"标题": ["x"], "type": ["defect"]}), None, InputError, "no column holds the feedback text"),
        (pd.DataFrame({"text": [["x"]], "type": ["defect"]}), None, TextTypeError, "expected str at position 0, got list"),
        (pd.DataFrame({"text": ["x"], "type": ["defect"]}), ["urgency"], InputError, "urgency: there is no column of labels named urgency"),
        (pd.DataFrame({"text": ["x"], "type": ["defect"]}), ["typ"], InputError, "unknown head 'typ', did you mean 'type'?"),
    ],
)
def test_tables_that_cannot_be_used(frame, heads, error, expected):
    with pytest.raises(error) as caught:
        take_labels(frame, heads=heads)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"分类": "type"}, ["text", "type", "情感"]),
        ({"分类": "反馈类型", "情感": "sentiment"}, ["text", "type", "sentiment"]),
        ({}, ["text", "分类", "类型", "情感"]),
    ],
)
def test_a_named_column_takes_the_place_of_others(columns, expected):
    frame = pd.DataFrame(columns=["text", "分类", "类型", "情感"])
    assert list(rename_columns(frame, columns).columns) == expected


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            {"分类": "typ"},
            "columns: expected text or one of type, sentiment, urgency, risk, 反馈类型, 情感, 紧急程度, 风险, got 'typ', did you",
        ),
        ({"分": "type"}, "columns: there is no column '分', did you mean '分类'?"),
    ],
)
def test_names_that_are_not_there(columns, expected):
    with pytest.raises(InputError) as caught:
        rename_columns(pd.DataFrame(columns=["text", "分类"]), columns)
    assert expected in str(caught.value)


# Files


def write(path, text, encoding="utf-8"):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding=encoding)
    return path


def test_one_file_names_rows_by_line(tmp_path):
    path = write(tmp_path / "a.csv", "问题描述,类型\n坏了,产品故障\n很好,表扬认可\n", encoding="gb18030")
    found = read_label_files([path])
    assert found.frame.index.tolist() == ["2", "3"]
    (source,) = found.sources
    assert (source.file, source.rows, source.labels, len(source.sha256)) == ("a.csv", 2, EVALUATED, 64)


def test_several_files_name_rows_by_file_and_line(tmp_path):
    paths = [
        write(tmp_path / "a.csv", "text,type\n坏了,defect\n"),
        write(tmp_path / "b.csv", "text,urgency\n急,high\n多,一,列\n"),
        write(tmp_path / "c" / "a.csv", "text,type\n好,praise\n"),
    ]
    found = read_label_files(paths)
    assert found.frame.index.tolist() == [f"{paths[0]}:2", "b.csv:2", f"{paths[2]}:2"]
    assert found.quarantine["source_line"].tolist() == ["b.csv:3"]
    labelled = take_labels(found.frame)
    assert codes(labelled, "type") == [["defect"], None, ["praise"]]
    assert codes(labelled, "urgency") == [None, ["high"], None]


def test_columns_can_be_named(tmp_path):
    path = write(tmp_path / "a.csv", "甲,乙,类型\n坏了,defect,praise\n")
    for options in ({"columns": {"甲": "text", "乙": "type"}}, {"text_column": "甲", "columns": {"乙": "反馈类型"}}):
        frame = read_label_files([path], **options).frame
        assert frame[["text", "type"]].values.tolist() == [["坏了", "defect"]]
        assert codes(take_labels(frame), "type") == [["defect"]]


def test_a_table_without_risk_does_not_say_that_there_is_none(tmp_path):
    paths = [write(tmp_path / "a.csv", "text,type,risk\nx,defect,\n"), write(tmp_path / "b.csv", "text,type\ny,defect\n")]
    with pytest.raises(InputError, match=r"b\.csv: expected a column risk as in the other tables; add it, or evaluate"):
        read_label_files(paths)
    assert len(read_label_files(paths, heads=["type"]).frame) == 2


def test_errors_name_the_file(tmp_path):
    path = write(tmp_path / "a.csv", "text,乙\nx,defect\n")
    with pytest.raises(InputError, match=r"a\.csv: columns: there is no column '丙'"):
        read_label_files([path], columns={"丙": "type"})
    write(path, "text,type\nx,defect\ny\n")
    with pytest.raises(RowError, match=r"a\.csv, line 3"):
        read_label_files([path], strict=True)


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        ({"sources": [{"sha256": "aa", "labels": "heads"}]}, TRAINED_ON),
        ({"sources": [{"sha256": "aa", "labels": "polarity"}]}, TRAINED_ON),
        ({"sources": [{"sha256": "aa", "labels": "excluded"}]}, EVALUATED),
        ({"sources": [{"sha256": "bb", "labels": "heads"}]}, EVALUATED),
        ({"sources": [None, {}]}, EVALUATED),
        ({"sources": 3}, EVALUATED),
        ({}, EVALUATED),
        (None, EVALUATED),
    ],
)
def test_tables_of_the_training_are_known(training, expected):
    (source,) = mark_trained([Source("a.csv", "aa", 3, EVALUATED)], {"training": training})
    assert (source.labels, source.file) == (expected, "a.csv")
