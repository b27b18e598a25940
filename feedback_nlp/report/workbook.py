"""A ledger as an Excel workbook for people: a summary with charts, then the items, then themes and alerts."""

import contextlib
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feedback_nlp.errors import MissingExtraError
from feedback_nlp.io.atomic import atomic_path
from feedback_nlp.report.sheets import Looks, Sheet, write_sheet
from feedback_nlp.report.summary_sheet import write_summary
from feedback_nlp.report.words import Words, words_of

if TYPE_CHECKING:
    import pandas as pd

#: Rows of a sheet, with its header; what Excel can hold.
MAX_ROWS = 1_048_576
#: Rows from which a file may pass 4 GB.
BIG = 300_000
#: Stands in the file as its time of making, so that equal ledgers give equal bytes.
CREATED = dt.datetime(2000, 1, 1)

_THEMES = {
    **{"theme": "主题", "parent": "上级主题", "items": "条数", "share": "占比", "customers": "客户数", "mean_polarity": "情感均值"},
    **{"negative_share": "负面占比", "strong_negative_share": "强烈负面占比", "key_phrases": "关键短语", "quotes": "原话"},
}
_TRENDS = {
    **{"dimension": "维度", "key": "话题", "period": "日期", "observed": "实际", "expected": "预期", "low": "正常下限", "high": "正常上限"},
    **{"kind": "预警", "since": "起始", "customers": "客户数", "sentence": "说明"},
}


def write_workbook(
    ledger: "pd.DataFrame",
    path: str | Path,
    *,
    summary: Mapping[str, Any] | None = None,
    themes: "pd.DataFrame | None" = None,
    trends: "pd.DataFrame | None" = None,
    lang: str = "zh",
) -> Path:
    """Write a ledger as an XLSX file and return its path. Equal input gives equal bytes; the file is complete or not there.

    Sheets: 汇总, counts and charts; 台账, one row an item, header frozen, filters on, coloured by priority; 主题 and 预警 where ``themes``
    and ``trends`` are given (of an ``Analysis``; of the trends the alerts alone). A table of more rows than Excel can hold goes on in
    台账 (2), 台账 (3) …, and the summary says so.
    Numbers are numbers, and times are dates, local in Asia/Shanghai. No cell is a formula or a link, whatever its text; characters that
    XML cannot hold become U+FFFD, and texts over the 32,767 characters of a cell are cut, which the summary counts.
    summary: of an ``Analysis``, for the period, the quarantine and the order of priorities; what it does not say is counted in the ledger.
    lang: of headers and of the summary, "zh" or "en".
    Raises MissingExtraError without XlsxWriter, InputError for another language and where the file cannot be written.
    """
    words = words_of(lang)
    writer = load_xlsxwriter()
    sheets = [Sheet(words("台账"), ledger, _headers(lang), by_priority=True)]
    if themes is not None:
        sheets.append(_table(themes, _THEMES, words, "主题", lang))
    if trends is not None:
        sheets.append(_table(_alerts(trends, words), _TRENDS, words, "预警", lang))
    with atomic_path(path) as temporary:
        # Long tables are written row by row to disk instead of being kept in memory.
        options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "nan_inf_to_errors": False}
        workbook = writer.Workbook(str(temporary), {**options, "constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"})
        workbook.set_properties({"title": words("客户反馈台账"), "created": CREATED})
        if len(ledger) > BIG:
            workbook.use_zip64()
        try:
            _write(workbook, sheets, ledger, summary, words)
        except BaseException:
            # Its temporary files are closed with it; what it wrote is thrown away.
            with contextlib.suppress(Exception):
                workbook.close()
            raise
        try:
            workbook.close()
        except writer.exceptions.FileCreateError as error:
            raise OSError(*error.args[0].args) from error
    return Path(path)


def _write(workbook: Any, sheets: list[Sheet], ledger: "pd.DataFrame", summary: Mapping[str, Any] | None, words: Words) -> None:
    levels = _levels(ledger, summary)
    looks = Looks(workbook, len(levels))
    cover = workbook.add_worksheet(words("汇总"))
    cut = 0
    for sheet in sheets:
        cut += write_sheet(workbook, sheet, looks, levels, max_rows=MAX_ROWS)
    parts = -(-max(len(ledger), 1) // (MAX_ROWS - 1))
    write_summary(workbook, cover, ledger, levels, looks, words, summary=summary, parts=parts, cut=cut)


def _levels(ledger: "pd.DataFrame", summary: Mapping[str, Any] | None) -> list[str]:
    """Names of priorities, most urgent first: as the summary has them, else in the order in which the ledger has them."""
    if summary is not None:
        return list(summary["priority"])
    return [str(level) for level in ledger["priority"].drop_duplicates()] if "priority" in ledger else []


def _headers(lang: str) -> Mapping[str, str]:
    from feedback_nlp.ledger.assemble import HEADERS

    return HEADERS if lang == "zh" else {}


def _table(frame: "pd.DataFrame", names: Mapping[str, str], words: Words, title: str, lang: str) -> Sheet:
    shown = frame[[name for name in names if name in frame]]
    return Sheet(words(title), shown, names if lang == "zh" else {}, by_priority=False)


def _alerts(trends: "pd.DataFrame", words: Words) -> "pd.DataFrame":
    """The rows that alert, the last first, with names for people."""
    from feedback_nlp.ledger.rising import DIMENSIONS
    from feedback_nlp.trends.sentences import KINDS

    alerts = trends[trends["alert"].astype(bool)].sort_values(["period", "dimension", "key"], ascending=[False, True, True])
    named = {"dimension": {**DIMENSIONS}, "kind": {**KINDS}}
    return alerts.assign(**{name: alerts[name].map(lambda word, own=own: words(own.get(word, word))) for name, own in named.items()})


def load_xlsxwriter() -> Any:
    """Import XlsxWriter. Raises MissingExtraError where it is not installed."""
    try:
        import xlsxwriter  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtraError(
            f"workbooks need the package XlsxWriter, which cannot be imported ({error}); "
            "install it with: python -m pip install 'feedback_nlp[excel]'"
        ) from error
    return xlsxwriter
