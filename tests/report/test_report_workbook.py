"""The workbook as Excel's own format says it: opened again with another library, cell by cell."""

import datetime as dt
import re
import sys
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback_nlp.errors import InputError, MissingExtraError
from feedback_nlp.ledger.assemble import HEADERS
from feedback_nlp.report import workbook as workbook_module
from feedback_nlp.report import write_workbook
from feedback_nlp.report.cells import MAX_CHARACTERS, clean_cell

ZONE = "Asia/Shanghai"


def opened(path, **options):
    return openpyxl.load_workbook(path, **options)


def rows_of(sheet):
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def small(**columns):
    """A ledger of three items; other columns as given."""
    base = {
        "feedback_id": ["a", "b", "c"],
        "priority": ["高", "中", "中"],
        "priority_score": [80.0, 40.5, 30.0],
        "text": ["甲", "乙", "丙"],
    }
    return pd.DataFrame({**base, **columns})


@pytest.fixture(scope="module")
def book(analysis, tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "ledger.xlsx"
    assert write_workbook(analysis.ledger, path, summary=analysis.summary, themes=analysis.themes, trends=analysis.trends) == path
    return opened(path)


def test_sheets_and_headers(book, analysis):
    assert book.sheetnames == ["汇总", "台账", "主题", "预警"]
    header = [cell.value for cell in book["台账"][1]]
    assert header == [HEADERS.get(name, name) for name in analysis.ledger.columns]
    assert not [name for name in header if re.fullmatch(r"[a-z_]+", name)]


def test_every_cell_is_the_ledger_s(book, analysis):
    ledger, found = analysis.ledger, rows_of(book["台账"])[1:]
    assert len(found) == len(ledger)
    for place, name in enumerate(ledger.columns):
        cells = [row[place] for row in found]
        column = ledger[name]
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            expected = [None if pd.isna(value) else value.to_pydatetime().replace(tzinfo=None) for value in column.dt.tz_convert(ZONE)]
        elif column.dtype.kind == "f":
            expected = [None if np.isnan(value) else round(float(value), 4) for value in column.astype("float64")]
            cells = [None if value is None else float(value) for value in cells]
        else:
            expected = [None if pd.isna(value) or value == "" else value for value in column.tolist()]
        assert cells == expected, name


def test_what_a_manager_looks_for(book, analysis):
    sheet = book["台账"]
    last = f"{openpyxl.utils.get_column_letter(len(analysis.ledger.columns))}{len(analysis.ledger) + 1}"
    assert sheet.freeze_panes == "C2" and sheet.auto_filter.ref == f"A1:{last}"
    column = dict(zip(analysis.ledger.columns, sheet[2], strict=True))
    assert column["text"].alignment.wrap_text and column["reasons"].alignment.wrap_text
    assert column["created_at"].number_format == "yyyy-mm-dd hh:mm" and column["created_at"].is_date
    widths = {name: sheet.column_dimensions[openpyxl.utils.get_column_letter(cell.column)].width for name, cell in column.items()}
    assert widths["text"] > 40 and 8 <= widths["feedback_id"] <= 30
    assert sheet.page_setup.orientation == "landscape" and sheet.print_title_rows == "$1:$1"
    rules = {rule.formula[0]: rule.dxf.fill.bgColor.rgb for area in sheet.conditional_formatting for rule in area.rules}
    assert {formula.split('"')[1] for formula in rules} == {"高", "中", "低"} and len(set(rules.values())) == 3
    folded = sheet.column_dimensions[openpyxl.utils.get_column_letter(column["points_urgency"].column)]
    assert folded.outlineLevel == 1


def test_summary_counts(book, analysis):
    rows = rows_of(book["汇总"])
    facts = {row[0]: row[1] for row in rows if row[0]}
    assert facts["反馈条数"] == 395 and facts["高优先级"] == analysis.summary["priority"]["高"] and facts["隔离的行"] == 0
    assert facts["反馈时间"] == "2026-09-07 – 2026-10-18"
    start = next(place for place, row in enumerate(rows) if row[0] == "渠道")
    assert rows[start][1:5] == ["高", "中", "低", "合计"]
    block = rows[start + 1 : start + 1 + analysis.ledger["channel"].nunique()]
    oracle = analysis.ledger.groupby(["channel", "priority"]).size().unstack(fill_value=0)
    for name, high, medium, low, total, *_ in block:
        assert [high, medium, low] == oracle.loc[name, ["高", "中", "低"]].tolist() and total == high + medium + low
    assert [row[4] for row in block] == sorted((row[4] for row in block), reverse=True)


def test_charts(analysis, tmp_path):
    path = write_workbook(analysis.ledger, tmp_path / "ledger.xlsx", summary=analysis.summary)
    with zipfile.ZipFile(path) as parts:
        charts = [parts.read(name).decode() for name in parts.namelist() if re.fullmatch(r"xl/charts/chart\d+\.xml", name)]
    assert len(charts) == 3 and all(chart.count("<c:ser>") == 3 for chart in charts)
    # A series points at the block it draws: its header is the row above its first category.
    for chart, noun in zip(charts, ("反馈类型", "渠道", "产品"), strict=True):
        first = int(re.search(r"<c:cat>.*?\$A\$(\d+):\$A\$\d+", chart, re.S).group(1))
        assert opened(path)["汇总"].cell(first - 1, 1).value == noun


def test_themes_and_alerts(book, analysis):
    themes, alerts = rows_of(book["主题"]), rows_of(book["预警"])
    assert themes[0][:3] == ["主题", "上级主题", "条数"] and [row[0] for row in themes[1:]] == analysis.themes["theme"].tolist()
    assert len(alerts) == 1 + analysis.trends["alert"].sum() and {row[0] for row in alerts[1:]} <= {
        "主题",
        "主题组",
        "关键词",
        "类型",
        "产品",
        "渠道",
    }
    assert [row[2] for row in alerts[1:]] == sorted((row[2] for row in alerts[1:]), reverse=True)


def test_english_headers(analysis, tmp_path):
    book = opened(write_workbook(analysis.ledger, tmp_path / "ledger.xlsx", summary=analysis.summary, themes=analysis.themes, lang="en"))
    assert book.sheetnames == ["Summary", "Ledger", "Theme"]
    assert [cell.value for cell in book["Ledger"][1]] == list(analysis.ledger.columns)
    assert rows_of(book["Summary"])[2][0] == "Items"


def test_equal_ledgers_give_equal_bytes(analysis, tmp_path):
    one, two = (
        write_workbook(analysis.ledger, tmp_path / f"{name}.xlsx", summary=analysis.summary, themes=analysis.themes) for name in "ab"
    )
    assert one.read_bytes() == two.read_bytes()
    assert opened(one).properties.created == workbook_module.CREATED
    with zipfile.ZipFile(one) as parts:
        assert {info.date_time[0] for info in parts.infolist()} == {1980}, "a file that knows when it was made is another one each time"


FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "{=1}",
    "＝1",
    "http://example.com",
    "mailto:a@b.c",
    "internal:A1",
    "'x",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_is_never_a_formula_nor_a_link(tmp_path, text):
    ledger = small(text=[text] * 3, product=[text] * 3, priority=[text, "中", "中"]).rename(columns={"product": text})
    path = write_workbook(ledger, tmp_path / "ledger.xlsx")
    sheet = opened(path)["台账"]
    for cells in sheet.iter_rows():
        assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]
    assert [sheet.cell(2, 4).value, sheet.cell(2, 5).value, sheet.cell(1, 5).value] == [text] * 3
    with zipfile.ZipFile(path) as parts:
        sheets = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
    assert not any("<f>" in sheet or "<hyperlink" in sheet for sheet in sheets)


@given(st.lists(st.text(st.characters(), max_size=30), min_size=3, max_size=3))
@settings(max_examples=40, deadline=None)
def test_any_text_can_be_opened_again(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("any") / "ledger.xlsx"
    write_workbook(small(text=pd.Series(texts, dtype=object)), path)
    found = [row[3] or "" for row in rows_of(opened(path)["台账"])[1:]]
    # XML takes every line end for a line feed; openpyxl reads the format's _x000D_ as it stands.
    plain = [
        re.sub(r"_x([0-9A-F]{4})_", lambda code: chr(int(code.group(1), 16)), text).replace("\r\n", "\n").replace("\r", "\n")
        for text in found
    ]
    assert plain == [clean_cell(text)[0].replace("\r\n", "\n").replace("\r", "\n") for text in texts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("好", "好"),
        ("a\x00b\x0bc\x1f", "a\ufffdb\ufffdc\ufffd"),
        ("\ud800x\uffff", "\ufffdx\ufffd"),
        ("字" * MAX_CHARACTERS, "字" * MAX_CHARACTERS),
        ("字" * (MAX_CHARACTERS + 1), "字" * (MAX_CHARACTERS - 1) + "…"),
        # Two units each: 16,383 of them fit.
        ("😀" * 16_383, "😀" * 16_383),
        ("😀" * 16_384, "😀" * 16_383 + "…"),
    ],
)
def test_what_a_cell_can_hold(text, expected):
    clean, was_cut = clean_cell(text)
    assert clean == expected and was_cut == (clean.endswith("…"))
    assert len(clean.encode("utf-16-le")) // 2 <= MAX_CHARACTERS


def test_a_text_that_is_cut_is_counted(tmp_path):
    path = write_workbook(small(text=["长" * 40_000, "短", "长" * 99_999]), tmp_path / "ledger.xlsx")
    assert "有 2 处文字超过单元格" in " ".join(str(row[0]) for row in rows_of(opened(path)["汇总"]))


@pytest.mark.parametrize(("max_rows", "sheets"), [(5, 1), (4, 1), (3, 2), (2, 3)])
def test_more_rows_than_a_sheet_can_hold(tmp_path, monkeypatch, max_rows, sheets):
    monkeypatch.setattr(workbook_module, "MAX_ROWS", max_rows)
    book = opened(write_workbook(small(), tmp_path / "ledger.xlsx"))
    names = ["台账", "台账 (2)", "台账 (3)"][:sheets]
    assert book.sheetnames == ["汇总", *names]
    assert [row[0] for name in names for row in rows_of(book[name])[1:]] == ["a", "b", "c"]
    said = f"分在 {sheets} 张里" in " ".join(str(row[0]) for row in rows_of(book["汇总"]))
    assert said == (sheets > 1)


TIME = pd.Timestamp("2026-01-02 03:04:05", tz="UTC")
CELLS = [
    (TIME, dt.datetime(2026, 1, 2, 11, 4, 5)),
    (pd.Timestamp("1850-01-01", tz=ZONE), "1850-01-01 00:00:00"),
    (pd.NaT, None),
]


@pytest.mark.parametrize(("value", "expected"), CELLS)
def test_times(tmp_path, value, expected):
    column = pd.to_datetime(pd.Series([value, TIME, TIME]), utc=True).dt.tz_convert("Europe/Berlin")
    sheet = opened(write_workbook(small(created_at=column), tmp_path / "ledger.xlsx"))["台账"]
    assert sheet.cell(2, 5).value == expected


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pd.array([1, None, 3], dtype="Int64"), [1, None, 3]),
        ([2.5, float("nan"), float("inf")], [2.5, None, "inf"]),
        ([True, False, True], [True, False, True]),
        (pd.Series([1, "x", None], dtype=object), [1, "x", None]),
        (pd.Series([["a", "b"], {"k": 1}, b"raw"], dtype=object), ["a；b", '{"k": 1}', "b'raw'"]),
        ([10**18, 5, -(10**15)], [str(10**18), 5, str(-(10**15))]),
    ],
)
def test_cells_of_every_kind(tmp_path, column, expected):
    sheet = opened(write_workbook(small(extra=column), tmp_path / "ledger.xlsx"))["台账"]
    assert [sheet.cell(row, 5).value for row in (2, 3, 4)] == expected


@pytest.mark.parametrize("rows", [0, 1])
def test_small_ledgers(analysis, empty, tmp_path, rows):
    ledger = analysis.ledger.head(rows)
    for summary in (None, empty.summary):
        path = write_workbook(ledger, tmp_path / "l.xlsx", summary=summary, themes=empty.themes, trends=empty.trends)
        book = opened(path)
        assert len(rows_of(book["台账"])) == rows + 1 and rows_of(book["汇总"])[2][:2] == ["反馈条数", rows]


def test_the_ledger_is_not_changed(analysis, tmp_path):
    before = analysis.ledger.copy(deep=True)
    write_workbook(analysis.ledger, tmp_path / "ledger.xlsx", trends=analysis.trends)
    pd.testing.assert_frame_equal(before, analysis.ledger)


def test_errors(analysis, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="unknown lang 'de'; expected one of zh, en"):
        write_workbook(analysis.ledger, tmp_path / "l.xlsx", lang="de")
    with pytest.raises(InputError, match="does not exist; create it first"):
        write_workbook(analysis.ledger, tmp_path / "no" / "l.xlsx")
    with pytest.raises(InputError, match="expected at most 16384 columns, got 16385"):
        write_workbook(pd.DataFrame(np.zeros((1, 16_385))), tmp_path / "l.xlsx")
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(MissingExtraError, match=re.escape("python -m pip install 'feedback_nlp[excel]'")):
        write_workbook(analysis.ledger, tmp_path / "l.xlsx")
    assert list(tmp_path.iterdir()) == []
