"""Headers to canonical names."""

import pandas as pd
import pytest

from feedback_nlp.errors import InputError
from feedback_nlp.io import map_columns
from feedback_nlp.io.columns import fold
from feedback_nlp.vocabulary import INPUT_COLUMNS


def names(*headers, **options):
    return list(map_columns(pd.DataFrame([["x"] * len(headers)], columns=list(headers)), **options).columns)


@pytest.mark.parametrize(
    ("header", "folded"),
    [
        ("问题描述", "问题描述"),
        (" Ticket_ID ", "ticketid"),
        ("ｔｅｘｔ", "text"),
        ("年消费(元)", "年消费"),
        ("问题描述（必填）：", "问题描述"),
        ("*内容【选填】", "内容"),
        ("(元)", "(元)"),
        ("", ""),
    ],
)
def test_fold(header, folded):
    assert fold(header) == folded


@pytest.mark.parametrize("column", INPUT_COLUMNS, ids=lambda column: column.name)
def test_every_known_header_is_recognised(column):
    others = [] if column.name == "text" else ["text"]
    for header in (column.name, column.header, *column.aliases, column.name.upper(), f" {column.header} "):
        assert names(header, *others) == [column.name, *others]


def test_no_header_belongs_to_two_columns():
    owners: dict[str, set[str]] = {}
    for column in INPUT_COLUMNS:
        for header in (column.name, column.header, *column.aliases):
            owners.setdefault(fold(header), set()).add(column.name)
    assert {header: claims for header, claims in owners.items() if len(claims) > 1} == {}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (["问题描述", "标题"], ["text", "标题"]),
        (["title", "content", "score"], ["title", "text", "satisfaction"]),
        (["评论", "评分"], ["text", "satisfaction"]),
        # The name itself wins over its aliases, wherever it stands; the others keep their header.
        (["内容", "问题描述", "评论"], ["内容", "text", "评论"]),
        (["内容", "text"], ["内容", "text"]),
        (["text", "问题描述"], ["text", "问题描述"]),
        (["问题描述", "text"], ["text", "text_2"]),
        (["Text", "text"], ["Text", "text"]),
        (["问题描述(旧)", "问题描述"], ["问题描述(旧)", "text"]),
        # Then the aliases in their order.
        (["评论", "内容"], ["评论", "text"]),
        (["星级", "满意度", "内容"], ["星级", "satisfaction", "text"]),
        # A header without a remark in brackets fits better.
        (["评价(1-5)", "评价"], ["评价(1-5)", "text"]),
        (["comment", "whatever", "APP"], ["text", "whatever", "product"]),
    ],
)
def test_recognised(headers, expected):
    assert names(*headers) == expected


@pytest.mark.parametrize(
    ("headers", "options", "expected"),
    [
        (["标题", "内容"], {"text_column": "标题"}, ["text", "内容"]),
        (["标题", "text"], {"text_column": "标题"}, ["text", "text_2"]),
        (["标题", "text", "text_2"], {"text_column": "标题"}, ["text", "text_3", "text_2"]),
        (["标题", "内容"], {"columns": {"标题": "text"}}, ["text", "内容"]),
        (["标题", "内容"], {"columns": {"标题": "产品"}}, ["product", "text"]),
        (["时间", "入库", "内容"], {"columns": {"入库": "created_at"}}, ["时间", "created_at", "text"]),
        (["a", "b"], {"columns": {"a": "text"}, "text_column": "b"}, ["a", "text"]),
        (["a", "内容"], {"columns": {"内容": "remark"}, "text_column": "a"}, ["text", "remark"]),
    ],
)
def test_given_by_the_caller(headers, options, expected):
    assert names(*headers, **options) == expected


@pytest.mark.parametrize(
    ("headers", "options", "message"),
    [
        (["标题", "作者"], {}, r"no column holds the feedback text: got 标题, 作者; name one with text_column=.*--text-column"),
        ([], {}, "no column at all"),
        (["内容"], {"text_column": "内溶"}, "text_column: there is no column '内溶', did you mean '内容'\\?; the columns are 内容"),
        (["内容"], {"columns": {"标题": "product"}}, "columns: there is no column '标题'; the columns are 内容"),
        (["内容", "a"], {"columns": {"a": "produkt"}}, "'produkt' is no column of a feedback record, did you mean 'product'"),
        (["a", "b"], {"columns": {"a": "text", "b": "text"}}, "expected one header for text, got a, b"),
        (["a", "b"], {"columns": {"a": "product"}, "text_column": "a"}, "mapped to product by columns"),
        (["内容", "内容"], {}, "got 内容 more than once"),
    ],
)
def test_refused(headers, options, message):
    with pytest.raises(InputError, match=message):
        names(*headers, **options)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [([1, 2], "int64"), ([1.5, None], "float64"), ([True, False], "bool"), (pd.to_datetime(["2024-03-05"] * 2), "datetime64")],
)
def test_text_column_of_a_wrong_type(values, dtype):
    with pytest.raises(InputError, match=f"text column '内容': expected strings, got dtype {dtype}"):
        map_columns(pd.DataFrame({"内容": values}))


def test_frame_is_not_changed_and_index_is_kept():
    frame = pd.DataFrame({"内容": ["a", "b"], 7: [1, 2]}, index=["x", "y"])
    mapped = map_columns(frame)
    mapped["text"] = "changed"
    assert list(frame.columns) == ["内容", 7]
    assert frame["内容"].tolist() == ["a", "b"]
    assert (list(mapped.columns), list(mapped.index)) == (["text", "7"], ["x", "y"])
