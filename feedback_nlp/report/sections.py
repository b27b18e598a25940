"""Themes, aspects, duplicates and data quality as a report shows them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from feedback_nlp.io.texts import is_missing
from feedback_nlp.report.codes import is_blank
from feedback_nlp.report.showing import clean_text, cut, moment
from feedback_nlp.report.words import Words
from feedback_nlp.vocabulary import INPUT_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

    from feedback_nlp.analysis import Analysis

#: What a report shows of long tables, and of long texts.
MAX_THEMES, MAX_QUOTES, QUOTE_LENGTH = 20, 2, 90
MAX_ASPECTS, MAX_PRODUCTS = 12, 8
MAX_DUPLICATES, MAX_QUARANTINE, RAW_LENGTH = 10, 10, 120
MAX_REASONS, MAX_COLUMNS = 10, 20
NAME_LENGTH = 30


@dataclass(frozen=True)
class Group:
    """Themes with one parent, largest first; ``items`` is what they have together."""

    parent: str
    items: int
    themes: list[dict[str, Any]]


def theme_groups(themes: "pd.DataFrame") -> tuple[list[Group], int]:
    """The largest themes by their parents, the largest group first, and how many themes are not shown."""
    groups: dict[str, list[dict[str, Any]]] = {}
    largest = max(themes["items"].max(), 1) if len(themes) else 1
    for row in themes.head(MAX_THEMES).to_dict("records"):
        quotes = [] if is_missing(row["quotes"]) else [cut(quote, QUOTE_LENGTH) for quote in list(row["quotes"])[:MAX_QUOTES]]
        view = {
            "theme": cut(row["theme"], NAME_LENGTH),
            "items": int(row["items"]),
            "share": row["share"],
            "width": 100 * row["items"] / largest,
            "customers": row["customers"],
            "polarity": row["mean_polarity"],
            "negative": row["negative_share"],
            "phrases": cut(row["key_phrases"], 2 * NAME_LENGTH),
            "quotes": quotes,
        }
        groups.setdefault(clean_text(row.get("parent")), []).append(view)
    found = [Group(cut(parent, NAME_LENGTH), sum(view["items"] for view in views), views) for parent, views in groups.items()]
    return sorted(found, key=lambda group: -group.items), max(len(themes) - MAX_THEMES, 0)


@dataclass(frozen=True)
class Heat:
    """Aspects against products: cells are None, or polarity and mentions. widest: the largest absolute polarity."""

    products: list[str]
    rows: list[tuple[str, int, list[tuple[float, int] | None]]]
    more: int


def aspect_heat(aspects: "pd.DataFrame", words: Words) -> Heat:
    """The aspects and products that are spoken of most. An item without product is of 未注明产品."""
    if not len(aspects):
        return Heat([], [], 0)
    table = aspects.assign(
        aspect=aspects["aspect"].astype(str),
        product=aspects["product"].astype(object).where(aspects["product"].notna(), "").astype(str) if "product" in aspects else "",
        mass=aspects["polarity"].fillna(0) * aspects["mentions"],
    )
    table = table.groupby(["aspect", "product"], as_index=False, sort=True)[["mentions", "mass"]].sum()
    often = {name: _most(table, name) for name in ("aspect", "product")}
    products = often["product"][:MAX_PRODUCTS]
    cells = {
        (aspect, product): (float(mass / mentions), int(mentions))
        for aspect, product, mentions, mass in table.itertuples(index=False, name=None)
        if mentions
    }
    total = table.groupby("aspect")["mentions"].sum()
    rows = [
        (cut(aspect, NAME_LENGTH), int(total[aspect]), [cells.get((aspect, product)) for product in products])
        for aspect in often["aspect"][:MAX_ASPECTS]
    ]
    names = [cut(product, NAME_LENGTH) or words("未注明产品") for product in products]
    return Heat(names, rows, max(len(often["aspect"]) - MAX_ASPECTS, 0))


def _most(table: "pd.DataFrame", name: str) -> list[str]:
    """The values of a column, those with the most mentions first, then by name."""
    total = table.groupby(name)["mentions"].sum()
    return sorted(total.index, key=lambda value: (-total[value], value))


def heat_style(polarity: float) -> str:
    """Background of a polarity in [-1, 1]: red below 0, blue above, white at 0; dark text stands out on all of them."""
    rgb = "165,54,42" if polarity < 0 else "47,115,179"
    return f"background:rgba({rgb},{0.65 * min(abs(polarity), 1.0):.2f})"


def duplicate_views(duplicates: "pd.DataFrame") -> list[dict[str, Any]]:
    """The largest groups of items that say the same."""
    return [
        {
            "text": cut(row["text"], QUOTE_LENGTH),
            "count": int(row["count"]),
            "exact": int(row["exact"]),
            "customers": row["customers"],
            "first": moment(row.get("first_time"), "%Y-%m-%d"),
            "last": moment(row.get("last_time"), "%Y-%m-%d"),
            "id": cut(row["feedback_id"], NAME_LENGTH),
        }
        for row in duplicates.head(MAX_DUPLICATES).to_dict("records")
    ]


@dataclass(frozen=True)
class Quality:
    """How good the record is.

    facts: (name, items, share of all items, what it means). filled: (header, share of items in which the field is filled), of the
    record's columns that are there. reasons: (reason, rows) of the quarantine. rows: its first rows, (line, reason, raw).
    """

    facts: list[tuple[str, int, float, str]]
    filled: list[tuple[str, float]]
    reasons: list[tuple[str, int]]
    rows: list[tuple[str, str, str]]
    other_columns: list[str]
    unfamiliar: dict[str, Any]


def quality_of(analysis: "Analysis", words: Words) -> Quality:
    """What the summary, the quarantine and the columns of the ledger say about the input."""
    summary, ledger, quarantine = analysis.summary, analysis.ledger, analysis.quarantine
    items = max(summary["items"], 1)
    facts = [
        ("无有效信息", summary["no_information"], "空白、模板或只有符号，没有可以分析的内容"),
        ("文字受损", summary["damaged"], "含乱码或丢失的字符，判断可能不准"),
        ("没有日期", summary["undated"], "不进入趋势，也没有期限"),
    ]
    names = [column for column in INPUT_COLUMNS if column.name in ledger and column.name not in ("feedback_id", "status")]
    filled = [(words(column.header), _filled(ledger[column.name])) for column in names]
    rows = [
        (clean_text(line), cut(reason, RAW_LENGTH), cut(raw, RAW_LENGTH))
        for line, reason, raw in quarantine[["source_line", "reason", "raw"]].head(MAX_QUARANTINE).itertuples(index=False, name=None)
    ]
    return Quality(
        facts=[(words(name), number, number / items, words(meaning)) for name, number, meaning in facts],
        filled=filled,
        reasons=[(cut(reason, RAW_LENGTH), number) for reason, number in list(summary["quarantine_reasons"].items())[:MAX_REASONS]],
        rows=rows,
        other_columns=[cut(name, NAME_LENGTH) for name in summary["other_columns"][:MAX_COLUMNS]],
        unfamiliar=summary["unfamiliar"],
    )


def _filled(column: "pd.Series") -> float:
    """The share of cells that are neither missing nor blank."""
    there = column.notna().to_numpy(bool)
    if column.dtype == object or str(column.dtype) in ("str", "string", "category"):
        there = there & ~is_blank(column)
    return float(np.mean(there)) if len(there) else 0.0
