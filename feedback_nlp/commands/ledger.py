"""``feedback-nlp ledger``: the stored ledger without writing code: look, assign, correct, close, reopen, export."""

import functools
import getpass
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feedback_nlp.commands.helping import examples
from feedback_nlp.commands.values import POLICIES, SCHEMES, one_of
from feedback_nlp.errors import InputError
from feedback_nlp.messages import result_word, say, show
from feedback_nlp.vocabulary import STATUSES, TYPE_CODES

if TYPE_CHECKING:
    import pandas as pd

    from feedback_nlp.store import LedgerStore

#: Files an export can write.
SUFFIXES = (".csv", ".parquet", ".jsonl", ".xlsx")

#: Characters of a text in a list.
SHOWN = 60
#: Characters of an ID that is not broken in a list.
WIDEST_ID = 24

_STORE = "sqlite:///ledger.db or postgresql://user@host/database"
_LIST = "feedback-nlp ledger list --status 待分析 --priority 高"

Command = Callable[..., None]


@click.group(
    epilog=examples(
        _LIST,
        "feedback-nlp ledger --store postgresql://me@db/feedback show F000123",
        "feedback-nlp ledger assign F000123 王工",
        "feedback-nlp ledger export ledger.xlsx --overdue",
    )
)
@click.option("--store", default="sqlite:///ledger.db", show_default=True, envvar="FEEDBACK_NLP_STORE", metavar="URL", help=_STORE)
@click.option(
    "--policy", shell_complete=POLICIES, default="handling-measures", show_default=True, help="Policy of the ledger: slug or TOML file."
)
@click.option(
    "--scheme", shell_complete=SCHEMES, default="handling-measures", show_default=True, help="Scheme of the ledger: slug or TOML file."
)
@click.pass_context
def ledger(context: click.Context, /, **options: str) -> None:
    """Work on a stored ledger (台账)."""
    context.obj = options


def _with_store(command: Command) -> Command:
    """Give the command the opened store first; ``--store`` may also stand behind the command's name."""

    @click.option("--store", "later", metavar="URL", help="As before the command's name.")
    @click.pass_context
    @functools.wraps(command)
    def run(context: click.Context, /, *arguments: Any, later: str | None, **options: Any) -> None:
        from feedback_nlp.store import LedgerStore

        given = context.obj
        with LedgerStore(later or given["store"], policy=given["policy"], scheme=given["scheme"], create=False) as store:
            command(store, *arguments, **options)

    return run


def _filters(command: Any) -> Any:
    """Options that say which items."""
    for option in (
        click.option("--overdue", is_flag=True, help="Only what is past a deadline now."),
        click.option("--owner", help="Only this person's."),
        click.option("--priority", help="Only of this level, for instance 高."),
        click.option("--status", shell_complete=one_of(STATUSES), help="Only with this status, for instance 处理中."),
    ):
        command = option(command)
    return command


def _who(command: Any) -> Any:
    return click.option("--who", default=_user, help="Who does it, for the history; your login name by default.")(command)


def _user() -> str:
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # a container without a user's name
        raise click.UsageError(say("--who: this system does not know your name; give it")) from None


def _wanted(overdue: bool, **options: str | None) -> dict[str, Any]:
    from feedback_nlp.store.prepare import moment

    return {**options, "overdue_at": moment(None) if overdue else None}


@ledger.command("list", epilog=examples(_LIST, "feedback-nlp ledger list --overdue --owner 王工 --limit 50"))
@_with_store
@_filters
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Items at most.")
def list_items(store: "LedgerStore", limit: int, **options: Any) -> None:
    """List items, most urgent first."""
    from rich.table import Table
    from rich.text import Text

    from feedback_nlp.terminal import make_console, plain_text

    wanted = _wanted(**options)
    items, count = store.load(**wanted, limit=limit), store.count(**wanted)
    table = Table(title=show("Items: {count}, shown: {shown}", count=count, shown=len(items)), title_justify="left")
    longest = int(items["feedback_id"].str.len().max()) if len(items) else 0
    for header, layout in (
        # An ID is there to be copied: it stands on one line if it is not too long.
        ("ID", {"no_wrap": longest <= WIDEST_ID}),
        ("priority", {"no_wrap": True}),
        ("score", {"no_wrap": True, "justify": "right"}),
        ("status", {"no_wrap": True}),
        ("owner", {}),
        ("due", {"max_width": len("2026-10-16")}),
        ("text", {}),
    ):
        table.add_column(show(header), overflow="fold", **layout)
    for row in items.to_dict("records"):
        due = row["due_at"] if _told(row["due_at"]) else row.get("resolve_due_at")
        cells = (row["feedback_id"], row["priority"], f"{row['priority_score']:.1f}", row["status"], row["owner"], due, row["text"])
        table.add_row(*(plain_text(_short(_told(cell))) if cell is not None else Text() for cell in cells))
    make_console().print(table)


@ledger.command("show", epilog=examples("feedback-nlp ledger show F000123"))
@click.argument("feedback_id", metavar="ID")
@_with_store
def show_item(store: "LedgerStore", feedback_id: str) -> None:
    """Show all that is known of an item, and its history."""
    from feedback_nlp.terminal import make_console, plain_text

    items = store.load(feedback_id=feedback_id)
    if not len(items):
        raise InputError(f"feedback_id: there is no item {feedback_id!r} in this store")
    console = make_console()
    for name, value in items.iloc[0].items():
        if _told(value):
            console.print(plain_text(show("{name}: {value}", name=_header(str(name)), value=_told(value))), soft_wrap=True)
    _print_history(store.history(feedback_id))


@ledger.command(epilog=examples("feedback-nlp ledger assign F000123 王工 --who 李经理"))
@click.argument("feedback_id", metavar="ID")
@click.argument("owner")
@_with_store
@_who
def assign(store: "LedgerStore", feedback_id: str, owner: str, who: str) -> None:
    """Give an item to OWNER; it counts as acknowledged."""
    _print_history(store.assign(feedback_id, owner, who=who))


@ledger.command(epilog=examples("feedback-nlp ledger close F000123 --result 已修复"))
@click.argument("feedback_id", metavar="ID")
@click.option("--result", required=True, metavar="TEXT", help="What came of it.")
@_with_store
@_who
def close(store: "LedgerStore", feedback_id: str, result: str, who: str) -> None:
    """Close an item."""
    _print_history(store.close(feedback_id, result=result, who=who))


@ledger.command(epilog=examples("feedback-nlp ledger reopen F000123 --reason 没修好"))
@click.argument("feedback_id", metavar="ID")
@click.option("--reason", required=True, metavar="TEXT", help="Why.")
@_with_store
@_who
def reopen(store: "LedgerStore", feedback_id: str, reason: str, who: str) -> None:
    """Take up again an item that was done."""
    _print_history(store.reopen(feedback_id, reason=reason, who=who))


@ledger.command(epilog=examples("feedback-nlp ledger correct F000123 --type service", "feedback-nlp ledger correct F000123 --priority 高"))
@click.argument("feedback_id", metavar="ID")
@click.option(
    "--type", "corrected_type", shell_complete=one_of(TYPE_CODES), metavar="TYPE", help="The right type: a code or a Chinese name."
)
@click.option("--priority", "corrected_priority", metavar="LEVEL", help="The right level of the policy.")
@_with_store
@_who
def correct(store: "LedgerStore", feedback_id: str, who: str, **given: str | None) -> None:
    """Correct the type or the priority of an item; an empty text takes a correction back."""
    changes = {name: value for name, value in given.items() if value is not None}
    if not changes:
        raise click.UsageError(say("expected --type, --priority or both"))
    _print_history(store.edit(feedback_id, who=who, **changes))


@ledger.command(epilog=examples("feedback-nlp ledger export ledger.xlsx", "feedback-nlp ledger export open.csv --status 处理中 --bom"))
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@_with_store
@_filters
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Headers of CSV and XLSX.")
@click.option("--bom", is_flag=True, help="Byte order mark in a CSV, so that Excel opens it as UTF-8.")
def export(store: "LedgerStore", path: Path, lang: str, bom: bool, **options: Any) -> None:
    """Write the ledger to FILE: .csv, .parquet, .jsonl or .xlsx."""
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"{path}: expected one of {', '.join(SUFFIXES)}, got {path.suffix or 'no suffix'}")
    items = store.load(**_wanted(**options))
    _write(items, path, lang, bom)
    click.echo(say("{items} items written to {path}", items=len(items), path=path), err=True)


def _write(items: "pd.DataFrame", path: Path, lang: str, bom: bool) -> None:
    from feedback_nlp.io import write_csv, write_table
    from feedback_nlp.store.columns import MERGED_HEADERS

    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        from feedback_nlp.report.workbook import write_workbook

        write_workbook(items, path, lang=lang)
    elif suffix == ".csv":
        figures = items.select_dtypes("float").columns
        write_csv(items.round(dict.fromkeys(figures, 4)), path, headers=MERGED_HEADERS if lang == "zh" else None, bom=bom)
    else:
        write_table(items, path)


def _print_history(history: "pd.DataFrame") -> None:
    """One line a change."""
    from feedback_nlp.terminal import make_console, plain_text

    console, nothing = make_console(), show("(empty)")
    for row in history.to_dict("records"):
        by = _told(row["who"]) or show("run {name}", name=_told(row["run"]))
        values = f"{_told(row['from']) or nothing} → {_told(row['to']) or nothing}"
        change = show("{name}: {value}", name=_header(row["column"]), value=values)
        console.print(plain_text(f"{row['at']:%Y-%m-%d %H:%M} {by} {change}"), soft_wrap=True)
    if not len(history):
        console.print(show("nothing changed"))


def _header(name: str) -> str:
    """What a column is called."""
    from feedback_nlp.store.columns import MERGED_HEADERS

    return result_word(MERGED_HEADERS.get(name, name), name)


def _told(value: Any) -> str:
    """A cell as people read it, "" where there is nothing."""
    from feedback_nlp.io.texts import is_missing

    if is_missing(value):
        return ""
    if hasattr(value, "strftime"):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
