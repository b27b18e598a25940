"""The first sheet of a workbook: what the ledger holds, in counts and charts."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from feedback_nlp.report.cells import clean_cell
from feedback_nlp.report.codes import codes_of, cross, look_up, places
from feedback_nlp.report.sheets import Looks
from feedback_nlp.report.words import Words
from feedback_nlp.vocabulary import SENTIMENTS, TYPES

if TYPE_CHECKING:
    import pandas as pd

#: Columns the items are counted by, how each is called, and values in their own order where they have one.
BLOCKS: dict[str, tuple[str, tuple[str, ...]]] = {
    "type_label": ("反馈类型", tuple(TYPES.values())),
    "sentiment_label": ("情感", tuple(SENTIMENTS.values())),
    "channel": ("渠道", ()),
    "product": ("产品", ()),
    "department": ("责任部门", ()),
    "status": ("处理状态", ()),
}
#: Lines of a block; the others are summed up.
MAX_LINES = 15
#: Colours of charts by priority, most urgent first.
COLOURS = ("#C0392B", "#E6A23C", "#9DB2C4", "#6B7F90")
#: Rows that a chart takes.
CHART_ROWS = 17


def write_summary(
    workbook: Any,
    worksheet: Any,
    ledger: "pd.DataFrame",
    levels: list[str],
    looks: Looks,
    words: Words,
    *,
    summary: Mapping[str, Any] | None,
    parts: int,
    cut: int,
) -> None:
    """Write the headline figures, then a block of counts by priority for each of ``BLOCKS``, with charts beside them.

    parts: worksheets the ledger takes. cut: texts that were shortened.
    """
    levels = levels[:MAX_LINES]
    worksheet.hide_gridlines(2)
    worksheet.set_column(0, 0, 26)
    worksheet.set_column(1, len(levels) + 1, 10)
    worksheet.set_column(len(levels) + 2, len(levels) + 2, 4)
    worksheet.set_landscape()
    worksheet.set_paper(9)
    worksheet.fit_to_pages(1, 1)
    worksheet.set_footer("&L&A&R&P / &N")
    worksheet.write_string(0, 0, words("客户反馈台账"), looks.title)
    row = 2
    for name, value in _facts(ledger, levels, words, summary=summary):
        worksheet.write_string(row, 0, name, looks.bold)
        if isinstance(value, str):
            worksheet.write_string(row, 1, value, looks.text)
        else:
            worksheet.write_number(row, 1, value, looks.fact)
        row += 1
    for note in _notes(words, parts=parts, cut=cut):
        worksheet.write_string(row, 0, note, looks.text)
        row += 1
    chart_row = 1
    for name, (noun, order) in BLOCKS.items():
        if not {name, "priority"} <= set(ledger) or not len(ledger):
            continue
        first, row = row + 1, _block(worksheet, row + 1, ledger, name, words(noun), order, levels, looks, words)
        if name in ("type_label", "channel", "product") and row > first + 2:
            chart = _chart(workbook, worksheet.get_name(), first + 1, row - 2, levels, words(noun))
            worksheet.insert_chart(chart_row, len(levels) + 3, chart)
            chart_row += CHART_ROWS


def _facts(ledger: "pd.DataFrame", levels: list[str], words: Words, *, summary: Mapping[str, Any] | None) -> list[tuple[str, int | str]]:
    """Name and value of each headline figure."""
    dates = ledger["created_at"].dropna() if "created_at" in ledger else []
    period = [f"{min(dates):%Y-%m-%d}", f"{max(dates):%Y-%m-%d}"] if len(dates) else None
    period = summary["period"] if summary is not None else period
    facts: list[tuple[str, int | str]] = [
        (words("反馈条数"), len(ledger)),
        (words("反馈时间"), f"{period[0]} – {period[1]}" if period else "—"),
    ]
    facts += [(words("{level}优先级").format(level=words(level)), int(ledger["priority"].eq(level).sum())) for level in levels]
    if summary is not None:
        facts += [(words("没有日期"), int(summary["undated"])), (words("隔离的行"), int(summary["quarantined"]))]
        facts += [(f"　{clean_cell(str(reason))[0]}", int(number)) for reason, number in summary["quarantine_reasons"].items()][:MAX_LINES]
    return facts


def _notes(words: Words, *, parts: int, cut: int) -> list[str]:
    notes = []
    if parts > 1:
        notes.append(words("台账超过一张工作表的行数，分在 {n} 张里，按优先级接续。").format(n=parts))
    if cut:
        notes.append(words("有 {n} 处文字超过单元格的 32,767 个字符，已截短；完整的在 ledger.parquet。").format(n=cut))
    return notes


def _block(
    worksheet: Any,
    row: int,
    ledger: "pd.DataFrame",
    name: str,
    noun: str,
    order: tuple[str, ...],
    levels: list[str],
    looks: Looks,
    words: Words,
) -> int:
    """Counts of a column by priority, a line a value, largest first or in its own order; returns the row after them."""
    code, texts = codes_of(ledger[name].fillna(""))
    counts = dict(zip(texts, np.bincount(code, minlength=len(texts)).tolist(), strict=True))
    named = [value for value in order if value in counts] or sorted(counts, key=lambda value: (-counts[value], value))
    shown = named[:MAX_LINES]
    table = cross(look_up(code, texts, shown), places(ledger["priority"], levels), len(shown), len(levels))
    worksheet.write_string(row, 0, noun, looks.header)
    for place, title in enumerate([*(words(level) for level in levels), words("合计")], start=1):
        worksheet.write_string(row, place, title, looks.figures)
    row += 1
    for value, numbers in zip(shown, table.tolist(), strict=True):
        worksheet.write_string(row, 0, words(clean_cell(value)[0][:200]) or words("未注明"), looks.text)
        for place, number in enumerate([*numbers, sum(numbers)], start=1):
            worksheet.write_number(row, place, number, looks.whole)
        row += 1
    if len(named) > len(shown):
        rest = sum(counts[value] for value in named[MAX_LINES:])
        worksheet.write_string(row, 0, words("其余 {n} 个").format(n=len(named) - MAX_LINES), looks.note)
        worksheet.write_number(row, len(levels) + 1, rest, looks.whole)
        row += 1
    return row + 1


def _chart(workbook: Any, sheet: str, first: int, last: int, levels: list[str], noun: str) -> Any:
    """Stacked bars of the lines from row ``first`` to ``last`` (zero-based), a colour a priority."""
    chart = workbook.add_chart({"type": "bar", "subtype": "stacked"})
    for place in range(1, len(levels) + 1):
        colour = COLOURS[min(place, len(COLOURS)) - 1]
        chart.add_series(
            {
                "name": [sheet, first - 1, place],
                "categories": [sheet, first, 0, last, 0],
                "values": [sheet, first, place, last, place],
                "fill": {"color": colour},
                "gap": 45,
            }
        )
    chart.set_title({"name": noun, "overlay": False, "name_font": {"size": 12}})
    chart.set_y_axis({"reverse": True, "crossing": "max", "num_font": {"size": 9}})
    chart.set_x_axis({"major_gridlines": {"visible": True, "line": {"color": "#E3E8EC"}}, "num_font": {"size": 9}})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 560, "height": 320})
    return chart
