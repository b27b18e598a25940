"""What the command line shows: progress, the most urgent items, what was set aside."""

import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from feedback_nlp.analysis import Analysis
from feedback_nlp.ledger.rising import DIMENSIONS

if TYPE_CHECKING:
    from feedback_nlp.pipeline import Progress as Report

TOP_ITEMS = 10
TOP_QUARANTINE = 10
TOP_BURSTS = 5

#: Width in a pipe, where there is no terminal to ask.
PIPE_WIDTH = 160

#: Characters that would steer a terminal, turn the direction of writing, or cannot be encoded.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

#: The pipeline's steps as a reader of the progress bar calls them.
_STEPS = {
    "read": "读取",
    "score": "打分",
    "snownlp": "SnowNLP",
    "mask": "脱敏",
    "tokenise": "分词",
    "topics": "主题",
    "ledger": "台账",
}

_LEVEL_STYLES = ("bold red", "yellow", "dim")


@contextmanager
def progress_bar() -> "Iterator[Report]":
    """A bar per step on standard error; yields what ``analyze`` calls as ``progress``."""
    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def report(step: str, done: int, rows: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(_STEPS.get(step, step), total=None)
            bars.update(tasks[step], completed=done, total=rows or None)

        yield report


def print_analysis(analysis: Analysis, folder: Path) -> None:
    """The ten most urgent items, the themes over the daily limit, what was quarantined, and where the files are."""
    console = make_console()
    summary = analysis.summary
    if len(analysis.ledger):
        console.print(_urgent_table(analysis))
    levels = "，".join(f"{level} {count}" for level, count in summary["priority"].items())
    console.print(Text(f"台账 {summary['items']} 条（{levels}），隔离 {summary['quarantined']} 条，主题 {len(analysis.themes)} 个"))
    _print_trends(console, summary)
    if summary["other_columns"]:
        console.print(plain_text(f"未识别的列（原样保留，可用 --map 指定）：{'、'.join(summary['other_columns'])}"))
    print_quarantine(analysis.quarantine)
    console.print(plain_text(f"结果：{folder}"), soft_wrap=True)


def _print_trends(console: Console, summary: dict[str, Any]) -> None:
    """What rises, the surest first, and what is over the daily limit, most first; themes before keywords, types and the like."""
    order = list(DIMENSIONS)
    alerts = sorted(summary["alerts"], key=lambda alert: (order.index(alert["dimension"]), alert["q"], alert["date"]))
    first = {(alert["dimension"], alert["key"]): alert for alert in reversed(alerts)}  # a burst of several days is said once
    for alert in sorted(first.values(), key=alerts.index)[:TOP_BURSTS]:
        console.print(plain_text(f"预警：{alert['sentence']}", style="bold"))
    bursts = sorted(summary["high_frequency"], key=lambda burst: (order.index(burst["dimension"]), -burst["count"]))
    for burst in bursts[:TOP_BURSTS]:
        name = DIMENSIONS[burst["dimension"]]
        console.print(plain_text(f"高频：{burst['date']} {name}「{burst['key']}」{burst['count']} 条"))
    if len(alerts) > TOP_BURSTS or len(bursts) > TOP_BURSTS:
        console.print(Text(f"预警共 {len(alerts)} 项，高频共 {len(bursts)} 项，见 trends.parquet"))


def print_quarantine(quarantine: pd.DataFrame, *, rest: str = "见 quarantine.parquet") -> None:
    """The first rows that were set aside, with line and reason; ``rest`` says what became of the others."""
    if not len(quarantine):
        return
    table = Table(title=f"隔离 {len(quarantine)} 条", title_justify="left")
    table.add_column("行号", justify="right")
    table.add_column("原因", overflow="fold")
    for line, reason in quarantine[["source_line", "reason"]].head(TOP_QUARANTINE).itertuples(index=False, name=None):
        table.add_row(str(line), plain_text(str(reason)))
    if len(quarantine) > TOP_QUARANTINE:
        table.add_row("…", f"其余 {len(quarantine) - TOP_QUARANTINE} 条{rest}")
    make_console().print(table)


def _urgent_table(analysis: Analysis) -> Table:
    table = Table(title=f"最紧急的 {min(TOP_ITEMS, len(analysis.ledger))} 条", title_justify="left", show_lines=True)
    for header, options in (
        ("优先级", {"no_wrap": True}),
        ("得分", {"justify": "right", "no_wrap": True}),
        ("标签", {"ratio": 3}),
        ("内容", {"ratio": 6}),
        ("升级原因", {"ratio": 5}),
    ):
        table.add_column(header, overflow="fold", **options)
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
