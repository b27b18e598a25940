"""Results in a notebook: a small page for an analysis, a styled table for a ledger."""

from html import escape
from typing import TYPE_CHECKING

from feedback_nlp.io.texts import is_missing
from feedback_nlp.report.marks import marked_text
from feedback_nlp.report.showing import clean_text, cut, page_environment, showable
from feedback_nlp.report.tables import level_colour
from feedback_nlp.report.urgent import urgent_items
from feedback_nlp.report.words import asset

if TYPE_CHECKING:
    import pandas as pd
    from pandas.io.formats.style import Styler

    from feedback_nlp.analysis import Analysis

TEMPLATE = "report_notebook.html.jinja"
TOP_ITEMS, TEXT_LENGTH = 10, 120
TOP_THEMES, TOP_ALERTS, NAME_LENGTH = 8, 3, 30

#: Columns of a ledger that a notebook shows, where they are there.
SHOWN = (
    *("feedback_id", "priority", "priority_score", "tag", "text", "reasons", "type_label", "sentiment_label", "theme", "product"),
    *("channel", "created_at", "resolve_due_at", "department", "status", "owner"),
)
#: Rows of a ledger that a notebook shows unless it is asked for others, and backgrounds by priority.
STYLED_ROWS = 50
WIDTHS = {"tag": "11em", "text": "24em", "reasons": "18em", "created_at": "7em", "resolve_due_at": "7em"}
_FILLS = ("#f8d9d5", "#fcebcb", "#eef2f6")


def analysis_html(analysis: "Analysis") -> str:
    """The headline figures of an analysis, its ten most urgent items and its largest themes, as an HTML fragment.

    For ``_repr_html_``. Everything in it is escaped, styled inline, and loads nothing; what is marked are each item's key phrases.
    """
    environment = page_environment()
    analysis = showable(analysis)
    summary = analysis.summary
    levels = list(summary["priority"])
    alerts = analysis.trends[analysis.trends["alert"].astype(bool)].sort_values(
        ["period", "q", "dimension", "key"], ascending=[False, True, True, True]
    )
    themes = [
        {"name": cut(row["theme"], NAME_LENGTH), "n": row["items"], "negative": row["negative_share"]}
        for row in analysis.themes.head(TOP_THEMES).to_dict("records")
    ]
    return environment.from_string(asset(TEMPLATE)).render(
        summary=summary,
        levels=[(level, number, level_colour(place)) for place, (level, number) in enumerate(summary["priority"].items())],
        items=urgent_items(analysis.ledger.head(TOP_ITEMS), levels, str, scorer=None, length=TEXT_LENGTH),
        level_colour=level_colour,
        themes=themes,
        n_themes=len(analysis.themes),
        alerts=[clean_text(sentence) for sentence in alerts["sentence"].head(TOP_ALERTS)],
        n_alerts=len(alerts),
    )


def ledger_style(ledger: "pd.DataFrame", *, levels: list[str] | None = None, rows: int = STYLED_ROWS) -> "Styler":
    """The first rows of a ledger, or of any selection of it, as a table coloured by priority, each item's key phrases marked in its text.

    A pandas ``Styler``: a notebook shows it, and it can be styled further. The ledger itself is not changed and stays a plain DataFrame.
    levels: names of priorities, most urgent first; by default in the order in which ``ledger`` has them. rows: at most so many.
    """
    shown = ledger.head(rows)
    names = [name for name in SHOWN if name in shown] or list(shown.columns)
    order = (
        levels if levels is not None else ([str(level) for level in ledger["priority"].drop_duplicates()] if "priority" in ledger else [])
    )
    table = shown[names].copy()
    if "text" in table:
        phrases = shown["key_phrases"] if "key_phrases" in shown else [""] * len(shown)
        table["text"] = [_marked_html(text, words) for text, words in zip(table["text"], phrases, strict=True)]
    # Fixed ids: the same ledger gives the same page.
    style = table.style.format(_cell, escape="html", na_rep="").hide(axis="index")
    style = style.set_uuid("ledger").set_table_styles(
        [
            {"selector": "td", "props": "text-align:left;vertical-align:top;overflow-wrap:break-word"},
            {"selector": "th", "props": "text-align:left"},
        ]
    )
    for name in [name for name in WIDTHS if name in names]:
        style = style.set_properties(subset=[name], **{"min-width": WIDTHS[name], "white-space": "normal"})
    if "text" in table:
        # Escaped by _marked_html, which knows what to mark.
        style = style.format(subset=["text"])
    if "priority_score" in table:
        style = style.format("{:.1f}", subset=["priority_score"], na_rep="")
    if "priority" in table:
        fills = dict(zip(order, _FILLS, strict=False))
        style = style.map(
            lambda level: f"background-color:{fills[level]};color:#1c2733;font-weight:600" if level in fills else "", subset=["priority"]
        )
    return style


def _cell(value: object) -> str:
    import pandas as pd

    return value.strftime("%Y-%m-%d %H:%M") if isinstance(value, pd.Timestamp) else clean_text(value)


def _marked_html(text: object, phrases: object) -> str:
    if is_missing(text):
        return ""
    pieces = marked_text(str(text), clean_text(phrases), scorer=None, length=4 * TEXT_LENGTH)
    return "".join(
        f'<mark style="background:#ffe08a;color:inherit">{escape(piece)}</mark>' if marked else escape(piece) for piece, marked in pieces
    )
