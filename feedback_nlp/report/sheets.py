"""A table as one or more worksheets: typed cells, widths, filters, colours."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from feedback_nlp.errors import InputError
from feedback_nlp.report.cells import MAX_LINES, breadth, cell_text, clean_cell, kind_of, lines_of, values_of

if TYPE_CHECKING:
    import pandas as pd

#: Widths in characters of the default font: of texts that are wrapped, of others at least and at most.
WIDE, NARROWEST, WIDEST = 48, 8, 24
#: Height of a line in points. Spreadsheets other than Excel do not fit rows to wrapped texts themselves.
LINE = 15
#: Rows turned into cells at a time, so that memory stays flat.
PART = 20_000
#: Columns that Excel can hold.
MAX_COLUMNS = 16_384
#: Rows looked at for the width of a column.
SAMPLE = 200

#: Columns that people seldom read: hidden behind the outline's +.
FOLDED = ("category", "key_phrases", "keywords", "aspects", "text_original", "type", "sentiment", "urgency", "source_line")
FOLDED_STARTS = ("points_", "risk_")
FOLDED_ENDS = ("_confidence",)

#: Background by priority, most urgent first; further levels have none.
_FILLS = ("#F8D9D5", "#FCEBCB", "#EEF2F6")
#: Text of a priority itself.
_INKS = ("#9C1F16", "#8A5200", "#43525F")


@dataclass(frozen=True, eq=False)
class Sheet:
    """A table to write. title: of its sheet. headers: {column: what to show}; others show their name."""

    title: str
    frame: "pd.DataFrame"
    headers: Mapping[str, str]
    by_priority: bool


class Looks:
    """The cell formats of a workbook."""

    def __init__(self, workbook: Any, levels: int) -> None:
        plain = {"valign": "top", "font_name": "Microsoft YaHei", "font_size": 10}
        self.text = workbook.add_format(plain)
        self.wrapped = workbook.add_format({**plain, "text_wrap": True})
        right = {**plain, "align": "right", "indent": 1}
        self.whole = workbook.add_format({**right, "num_format": "#,##0"})
        self.number = workbook.add_format({**right, "num_format": "0.00"})
        self.score = workbook.add_format({**right, "num_format": "0.0"})
        self.share = workbook.add_format({**right, "num_format": "0.0%"})
        self.date = workbook.add_format({**plain, "num_format": "yyyy-mm-dd hh:mm", "align": "left"})
        self.day = workbook.add_format({**plain, "num_format": "yyyy-mm-dd", "align": "left"})
        bold = {**plain, "bold": True}
        dark = {**bold, "bg_color": "#1F4E78", "font_color": "#FFFFFF", "border": 1, "border_color": "#8EA9C1"}
        self.header = workbook.add_format({**dark, "valign": "vcenter", "text_wrap": True})
        self.figures = workbook.add_format({**dark, "align": "right"})
        self.fact = workbook.add_format({**plain, "num_format": "#,##0", "align": "left"})
        self.title = workbook.add_format({**bold, "font_size": 16})
        self.bold = workbook.add_format(bold)
        self.note = workbook.add_format({**plain, "font_color": "#56636F", "text_wrap": True})
        self.fills = [workbook.add_format({"bg_color": _FILLS[level]}) for level in range(min(levels, len(_FILLS)))]
        self.inks = [
            workbook.add_format({"bg_color": _FILLS[level], "font_color": _INKS[level], "bold": True})
            for level in range(min(levels, len(_FILLS)))
        ]


def write_sheet(workbook: Any, sheet: Sheet, looks: Looks, levels: list[str], *, max_rows: int) -> int:
    """Write a table to as many worksheets as it needs, rows in order, and return how many texts were cut.

    max_rows: of a worksheet, its header counted. levels: names of priorities, most urgent first.
    Raises InputError for more columns than Excel can hold.
    """
    if sheet.frame.shape[1] > MAX_COLUMNS:
        raise InputError(f"ledger: expected at most {MAX_COLUMNS} columns, got {sheet.frame.shape[1]}; write Parquet, or drop some")
    frame, step = sheet.frame, max_rows - 1
    kinds = [kind_of(frame.iloc[:, place], str(name)) for place, name in enumerate(frame.columns)]
    cut = 0
    for part, start in enumerate(range(0, max(len(frame), 1), step)):
        rows = frame.iloc[start : start + step]
        worksheet = workbook.add_worksheet(sheet.title if not part else f"{sheet.title} ({part + 1})")
        _set_up(worksheet, sheet, rows, kinds, looks)
        cut += _fill(worksheet, rows, kinds, looks)
        if sheet.by_priority and "priority" in frame and len(rows):
            _colour(worksheet, frame, len(rows), looks, levels)
    return cut


def _set_up(worksheet: Any, sheet: Sheet, rows: "pd.DataFrame", kinds: list[str], looks: Looks) -> None:
    """Header, widths, filters, frozen panes, and how the sheet is printed. Before the cells: rows are written once, from the top."""
    names = [str(name) for name in rows.columns]
    for place, name in enumerate(names):
        header = clean_cell(sheet.headers.get(name, name))[0]
        folded = sheet.by_priority and (name in FOLDED or name.startswith(FOLDED_STARTS) or name.endswith(FOLDED_ENDS))
        worksheet.set_column(
            place, place, _width(rows.iloc[:, place], header, name, kinds[place]), None, {"level": 1, "hidden": True} if folded else {}
        )
    worksheet.set_row(0, 30)
    for place, name in enumerate(names):
        worksheet.write_string(0, place, clean_cell(sheet.headers.get(name, name))[0], looks.header)
    # The columns that say which item it is stay in sight: number and priority.
    worksheet.freeze_panes(1, min(2, len(names)) if sheet.by_priority else 0)
    if names:
        worksheet.autofilter(0, 0, max(len(rows), 1), len(names) - 1)
    worksheet.set_landscape()
    worksheet.set_paper(9)
    worksheet.repeat_rows(0)
    worksheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    worksheet.set_footer("&L&A&R&P / &N")
    if not sheet.by_priority:
        worksheet.fit_to_pages(1, 0)
    else:
        # Two sheets of paper wide, up to the status: with the figures at the right the rest would be too small to read.
        worksheet.fit_to_pages(2, 0)
        worksheet.repeat_columns(0, 1)
        last = names.index("status") if "status" in names else min(len(names), 20) - 1
        worksheet.print_area(0, 0, len(rows), max(last, 0))


def _width(column: "pd.Series", header: str, name: str, kind: str) -> float:
    if kind == "wrapped":
        return WIDEST if name == "tag" else WIDE
    if kind in ("date", "day"):
        return 17 if kind == "date" else 12
    shown = [] if kind not in ("text",) else [cell_text(value) for value in column.head(SAMPLE)]
    longest = max((breadth(text) for text in shown), default=0)
    return float(min(max(longest + 2, breadth(header) + 4, NARROWEST), WIDEST))


def _fill(worksheet: Any, rows: "pd.DataFrame", kinds: list[str], looks: Looks) -> int:
    """Write the cells, row by row as the writer wants them; return how many texts were cut."""
    cut = 0
    formats = [_format(kind, looks) for kind in kinds]
    string, number, moment, flag = worksheet.write_string, worksheet.write_number, worksheet.write_datetime, worksheet.write_boolean
    writers: dict[type, Callable[..., Any]] = {str: string, int: number, float: number, dt.datetime: moment, bool: flag}
    wrapped = [
        (place, (WIDEST if name == "tag" else WIDE) - 2)
        for place, name in enumerate(rows.columns)
        if kinds[place] == "wrapped" and name not in FOLDED
    ]
    parts = (rows.iloc[start : start + PART] for start in range(0, len(rows), PART))
    cells = (zip(*(values_of(part.iloc[:, place], kind) for place, kind in enumerate(kinds)), strict=True) for part in parts)
    for row, values in enumerate(chain.from_iterable(cells), start=1):
        lines = max((lines_of(values[place], width) for place, width in wrapped), default=1)
        if lines > 1:
            worksheet.set_row(row, LINE * min(lines, MAX_LINES))
        for place, value in enumerate(values):
            if value is None or value == "":
                continue
            if type(value) is str:
                value, shortened = clean_cell(value)
                cut += shortened
            writers[type(value)](row, place, value, formats[place])
    return cut


def _format(kind: str, looks: Looks) -> Any:
    return looks.text if kind == "flag" else getattr(looks, kind)


def _colour(worksheet: Any, frame: "pd.DataFrame", rows: int, looks: Looks, levels: list[str]) -> None:
    """Colour rows by their priority as rules, so that colours follow when people change it."""
    from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]

    place = [str(name) for name in frame.columns].index("priority")
    column = xl_col_to_name(place)
    for name, fill, ink in zip(levels, looks.fills, looks.inks, strict=False):
        quoted = name.replace('"', '""')
        rule = {"type": "formula", "criteria": f'=${column}2="{quoted}"'}
        worksheet.conditional_format(1, place, rows, place, {**rule, "format": ink, "stop_if_true": False})
        worksheet.conditional_format(1, 0, rows, min(place + 2, frame.shape[1] - 1), {**rule, "format": fill})
