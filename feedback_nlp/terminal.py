"""What the command line shows: progress, the most urgent items, what was set aside."""

import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from feedback_nlp.messages import result_language, result_word, show, show_list

if TYPE_CHECKING:
    import pandas as pd

    from feedback_nlp.analysis import Analysis
    from feedback_nlp.batch.steps import Progress as Report

TOP_ITEMS = 10
TOP_QUARANTINE = 10
TOP_BURSTS = 5

#: Width in a pipe, where there is no terminal to ask.
PIPE_WIDTH = 160

#: Characters that would steer a terminal, turn the direction of writing, or cannot be encoded.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

#: Steps of a run, as `batch.steps` and `batch.job` name them, as a reader of the progress bar calls them.
STEPS = {
    "read": "reading",
    "learn": "learning",
    "find": "finding",
    "judge": "judging",
    "ledger": "ranking",
    "write": "writing",
}

_LEVEL_STYLES = ("bold red", "yellow", "dim")


@contextmanager
def progress_bar() -> "Iterator[Report]":
    """A bar per step on standard error, with the rows done, their rate and the time left; yields what ``analyze`` calls as ``progress``."""
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=12), _Rows(), _Left(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def report(step: str, done: int, rows: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(show(STEPS[step]) if step in STEPS else step, total=None)
            if rows and done >= rows:
                # A step that did not know how many rows there are ends with 1 of 1.
                done = rows = max(rows, int(bars.tasks[tasks[step]].completed))
            bars.update(tasks[step], completed=done, total=rows or None)

        yield report


class _Rows(ProgressColumn):
    """Rows done, of how many where that is known, and how many a second; nothing of a step that counts none."""

    def render(self, task: Task) -> Text:
        """「12,345 / 50,000  8,000 条/秒」."""
        if task.completed <= 1:
            return Text()
        total = f" / {task.total:,.0f}" if task.total else ""
        # Of the whole step: rows come in large parts, too seldom for a rate of the last seconds, which is what rich has.
        seconds = task.finished_time or task.elapsed or 0.0
        rate = show("{rows}/s", rows=f"{task.completed / seconds:,.0f}") if seconds else ""
        return Text(f"{task.completed:,.0f}{total}  {rate}", no_wrap=True)


class _Left(ProgressColumn):
    """The time left where it can be told."""

    def render(self, task: Task) -> Text:
        """「剩余 0:42」."""
        if task.finished or not task.remaining or not task.completed or task.elapsed is None:
            return Text()
        minutes, seconds = divmod(round(task.elapsed * task.remaining / task.completed), 60)
        return Text(show("{time} left", time=f"{minutes}:{seconds:02d}"))


def print_analysis(analysis: "Analysis", folder: Path) -> None:
    """The ten most urgent items, the themes over the daily limit, what was quarantined, and where the files are."""
    console = make_console()
    summary = analysis.summary
    if len(analysis.ledger):
        console.print(_urgent_table(analysis))
    levels = show(", ").join(f"{level} {count}" for level, count in summary["priority"].items())
    figures = {"items": summary["items"], "levels": levels, "set_aside": summary["quarantined"], "themes": len(analysis.themes)}
    console.print(Text(show("Ledger: {items} items ({levels}), {set_aside} set aside, {themes} themes", **figures)))
    _print_trends(console, analysis)
    if summary["other_columns"]:
        names = show_list(summary["other_columns"])
        console.print(plain_text(show("Columns not recognised (kept as they are; name them with --map): {names}", names=names)))
    print_quarantine(analysis.quarantine)
    console.print(plain_text(show("Results: {folder}", folder=folder)), soft_wrap=True)


def _print_trends(console: Console, analysis: "Analysis") -> None:
    """What rises, the surest first, and what is over the daily limit, most first; themes before keywords, types and the like."""
    from feedback_nlp.ledger.rising import DIMENSIONS

    summary, order = analysis.summary, list(DIMENSIONS)
    alerts = sorted(summary["alerts"], key=lambda alert: (order.index(alert["dimension"]), alert["q"], alert["date"]))
    first = {(alert["dimension"], alert["key"]): alert for alert in reversed(alerts)}  # a burst of several days is said once
    for alert in sorted(first.values(), key=alerts.index)[:TOP_BURSTS]:
        console.print(plain_text(show("Alert: {sentence}", sentence=_sentence(alert, analysis.trends)), style="bold"))
    for burst in summary["high_frequency"][:TOP_BURSTS]:
        figures = {**burst, "dimension": _dimension(burst["dimension"])}
        console.print(plain_text(show("Frequent: {date} {dimension} “{key}”, {count} items", **figures)))
    if len(alerts) > TOP_BURSTS or summary["n_high_frequency"] > TOP_BURSTS:
        counts = {"alerts": len(alerts), "bursts": summary["n_high_frequency"]}
        console.print(Text(show("{alerts} alerts and {bursts} frequent in all, see trends.parquet", **counts)))


def _dimension(code: str) -> str:
    from feedback_nlp.ledger.rising import DIMENSIONS

    return result_word(DIMENSIONS[code], "theme group" if code == "parent" else code)


def _sentence(alert: dict[str, Any], trends: "pd.DataFrame") -> str:
    """What an alert says; the trends' own sentence is Chinese."""
    if result_language() == "zh":
        return str(alert["sentence"])
    from feedback_nlp.plots.labels import KINDS

    own = trends[(trends["dimension"] == alert["dimension"]) & (trends["key"] == alert["key"])]
    rows = own[own["period"].astype(str).str[:10] == alert["date"]]
    facts = rows[["observed", "expected"]].head(1).to_dict("records")
    seen = "".join(
        f", {fact['observed']} items" + (f", {fact['expected']:.1f} expected" if fact["expected"] >= 0 else "") for fact in facts
    )
    kind = KINDS["en"].get(alert["kind"], alert["kind"])
    return f"{_dimension(alert['dimension'])} “{alert['key']}”, {alert['date']}: {kind}{seen}"


def print_quarantine(quarantine: "pd.DataFrame", *, rest: str = "see quarantine.parquet") -> None:
    """The first rows that were set aside, with line and reason; ``rest``, a text of the catalogue, says what became of the others."""
    if not len(quarantine):
        return
    table = Table(title=show("Rows set aside: {rows}", rows=len(quarantine)), title_justify="left")
    table.add_column(show("line"), justify="right")
    table.add_column(show("reason"), overflow="fold")
    for line, reason in quarantine[["source_line", "reason"]].head(TOP_QUARANTINE).itertuples(index=False, name=None):
        table.add_row(str(line), plain_text(str(reason)))
    if len(quarantine) > TOP_QUARANTINE:
        table.add_row("…", show("the other {rows}: {rest}", rows=len(quarantine) - TOP_QUARANTINE, rest=show(rest)))
    make_console().print(table)


def _urgent_table(analysis: "Analysis") -> Table:
    count = min(TOP_ITEMS, len(analysis.ledger))
    table = Table(title=show("The {count} most urgent", count=count), title_justify="left", show_lines=True)
    for header, options in (
        ("priority", {"no_wrap": True}),
        ("score", {"justify": "right", "no_wrap": True}),
        ("tag", {"ratio": 3}),
        ("text", {"ratio": 6}),
        ("why so urgent", {"ratio": 5}),
    ):
        table.add_column(show(header), overflow="fold", **options)
    styles = dict(zip(analysis.summary["priority"], _LEVEL_STYLES, strict=False))
    shown = analysis.ledger[["priority", "priority_score", "tag", "text", "reasons"]].head(TOP_ITEMS)
    for level, points, tag, text, reason in shown.itertuples(index=False, name=None):
        content = plain_text(text if len(text) <= 90 else text[:89] + "…")
        table.add_row(Text(level, style=styles.get(level, "")), f"{points:.1f}", plain_text(tag), content, plain_text(reason))
    return table


def plain_text(text: str, *, style: str = "") -> Text:
    """A customer's words without anything that would steer the terminal; brackets are no markup."""
    return Text(_UNSAFE.sub("\ufffd", text), style=style)


def make_console() -> Console:
    """Standard output; colours only on a terminal (rich honours NO_COLOR), a question mark for what its encoding lacks."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPE_WIDTH)
