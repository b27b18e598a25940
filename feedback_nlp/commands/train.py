"""The command ``train``: a model from labelled tables, made from nothing or from a model that is there."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feedback_nlp.commands.helping import examples
from feedback_nlp.commands.options import columns_of, input_options
from feedback_nlp.commands.values import folders
from feedback_nlp.errors import InputError
from feedback_nlp.messages import result_word, say, show

if TYPE_CHECKING:
    import pandas as pd

#: What ``--start`` calls no model at all.
SCRATCH = "scratch"

#: Below so many labelled texts a model made from nothing reads worse than the bundled one adapted (1,000 labels: macro-F1 of types 0.61).
FEW = 5000

#: Options of a model made from nothing.
_SHAPE = ("bits", "orders", "passes", "teachers")


@click.command(
    epilog=examples(
        "feedback-nlp train 人工标注.csv --start bundled --out model",
        "feedback-nlp train labels.parquet ratings.parquet --out model --exclude test.csv --folds 5 --name ours",
        "feedback-nlp train labels.csv --out model --corrections out/ledger.parquet",
    )
)
@click.argument("tables", metavar="LABELS...", nargs=-1, required=True, type=click.Path())
@click.option("--out", required=True, type=click.Path(), shell_complete=folders, help="Folder for the model.")
@click.option(
    "--start",
    metavar="MODEL",
    default=SCRATCH,
    show_default=True,
    help="What to begin with: bundled, the folder of a model, or scratch, nothing. With some hundred labels take bundled.",
)
@click.option("--corrections", multiple=True, type=click.Path(), help="Ledger (Parquet) whose corrected types are labels; repeatable.")
@click.option("--exclude", multiple=True, type=click.Path(), help="Table whose texts are never trained on; repeatable.")
@click.option("--name", default="custom", show_default=True, help="Name of the model, part of its signature.")
@click.option("--bits", type=click.IntRange(8, 22), default=17, show_default=True, help="2^bits n-gram buckets.")
@click.option("--orders", type=click.IntRange(1, 8), default=3, show_default=True, help="Longest n-gram.")
@click.option("--passes", type=float, default=26.0, show_default=True, help="Draws of each labelled text.")
@click.option("--teachers", type=click.IntRange(0, 100), default=0, show_default=True, help="Networks that teach the one that is kept.")
@click.option("--folds", type=click.IntRange(0, 5), help="Fifths held out for figures and calibration; 1, with --start all 5.")
@click.option("--split", type=click.Choice(["text", "source"]), default="text", show_default=True, help="What stays together in a fifth.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Start of the random numbers.")
@click.option("--jobs", type=click.IntRange(1, 1024), default=2, show_default=True, help="Processes; the result is the same.")
@input_options
@click.pass_context
def train(
    context: click.Context,
    /,
    tables: tuple[str, ...],
    out: str,
    start: str,
    corrections: tuple[str, ...],
    exclude: tuple[str, ...],
    name: str,
    mapping: tuple[str, ...],
    **options: Any,
) -> int:
    """Train a scorer model from labelled tables (CSV, TSV, JSON Lines, Parquet, XLSX).

    A table has texts and labels for any of type, sentiment, urgency, risk: codes or Chinese names. With --start bundled the bundled model
    is adapted to them: heads without labels stay as they are, and the figures before and after are those of texts held out. Made from
    scratch a model needs some thousand labels, of all heads; tables with a polarity (-1, 0, 1), or with a teacher's probabilities
    (type_defect, ...), help it. The result depends on tables, options and library versions alone, to the byte.
    """
    from feedback_nlp.terminal import print_quarantine
    from feedback_nlp.train.labels import read_labels

    reading = {key: options.pop(key) for key in ("text_column", "strict", "encoding")}
    make = _maker(context, start, options)  # before the tables are read, so that a slip is told at once
    with _correction_tables(corrections) as corrected:
        labels = read_labels([*tables, *corrected], exclude=exclude, columns=columns_of(mapping), **reading)
    manifest = make(labels, out, name=name)
    if start == SCRATCH:
        _print_lines(manifest["training"]["held_out"])
        if len(labels.heads) < FEW:
            said = "{rows} labelled texts are few for a model from scratch; compare it with --start bundled, which adapts the bundled model"
            click.echo(say(said, rows=len(labels.heads)), err=True)
    else:
        _print_gain(manifest["training"]["held_out"])
    print_quarantine(labels.quarantine, rest="not trained on either")
    click.echo(say("model written to {folder}", folder=out), err=True)
    return 0


def _maker(context: click.Context, start: str, options: dict[str, Any]) -> Any:
    """What makes the model: a function of the labels, the folder and its name. Raises InputError, ModelError, UsageError."""
    from functools import partial

    if options["folds"] is None:
        del options["folds"]
    if start == SCRATCH:
        from feedback_nlp.train.fit import TrainOptions
        from feedback_nlp.train.fit import train as fit

        chosen = TrainOptions(**options)
        return lambda labels, out, name: fit(labels, out, chosen, name=name)
    from feedback_nlp.scorer.model import load_model
    from feedback_nlp.train.adapt import BUNDLED_START, AdaptOptions, adapt

    given = [key for key in _SHAPE if context.get_parameter_source(key) is click.core.ParameterSource.COMMANDLINE]
    if given:
        flags = ", ".join(f"--{key}" for key in given)
        raise click.UsageError(say("{flags}: not with --start, the model has them already; leave them out", flags=flags))
    load_model(None if start == BUNDLED_START else start)
    kept = {key: value for key, value in options.items() if key not in (*_SHAPE, "jobs")}
    return partial(adapt, start=start, options=AdaptOptions(**kept))


def _print_lines(held_out: dict[str, dict[str, float]]) -> None:
    for part, figures in held_out.items():
        for figure, value in figures.items():
            click.echo(f"{part}\t{figure}\t{value:g}")


def _print_gain(held_out: dict[str, dict[str, float]]) -> None:
    """Macro-F1 before and after, of each head that has labels."""
    from rich.table import Table

    from feedback_nlp.terminal import make_console
    from feedback_nlp.train.given import HEAD_NAMES

    if not held_out:
        return
    before, after = held_out["before"], held_out["all"]
    table = Table(title=show("Macro F1 on texts held out"), title_justify="left")
    for number, header in enumerate(("head", "rows", "before", "after", "gain")):
        table.add_column(show(header), justify="right" if number else "left")
    for head, label in HEAD_NAMES.items():
        if f"{head}_macro_f1" in after:
            old, new = before[f"{head}_macro_f1"], after[f"{head}_macro_f1"]
            cells = (str(int(after[f"{head}_texts"])), f"{old:.3f}", f"{new:.3f}", f"{new - old:+.3f}")
            table.add_row(result_word(label, head), *cells)
    make_console().print(table)


@contextlib.contextmanager
def _correction_tables(ledgers: tuple[str, ...]) -> Iterator[list[Path]]:
    """Tables of labels, one for each ledger, as long as they are needed."""
    if not ledgers:
        yield []
        return
    import tempfile

    from feedback_nlp.store import corrections

    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, given in enumerate(ledgers):
            corrected = corrections(_read_ledger(given))
            if len(corrected):  # a ledger in which nobody corrected anything teaches nothing
                paths.append(Path(folder) / f"{number}.parquet")
                corrected.to_parquet(paths[-1])
        yield paths


def _read_ledger(path: str) -> "pd.DataFrame":
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected the Parquet file of a ledger, as `feedback-nlp ledger export` writes it ({error})") from error
