"""The command line: parses, calls one public function, shows the result.

It speaks Chinese or English, see `feedback_nlp.messages`; what the library's own errors say is English in both.

Exit codes: 0 done; 1 a defect of the program; 2 bad usage, or input, model or policy that cannot be used; 3 every row was
quarantined, or more than --max-quarantine allows; 130 interrupted.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feedback_nlp.commands.completion import completion
from feedback_nlp.commands.doctor import doctor
from feedback_nlp.commands.helping import examples, translated
from feedback_nlp.commands.ledger import ledger
from feedback_nlp.commands.options import columns_of, input_options
from feedback_nlp.commands.run import EXIT_QUARANTINED, demo, run
from feedback_nlp.commands.settings import policies, schemes
from feedback_nlp.commands.values import folders
from feedback_nlp.errors import FeedbackError, InputError, QuarantineError
from feedback_nlp.messages import LANGUAGES, VARIABLE, click_speaks, help_language, say

if TYPE_CHECKING:
    import pandas as pd

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    lang = help_language()
    with click_speaks(lang):
        return _main(translated(cli, lang), None if argv is None else list(argv))


def _main(command: click.Command, argv: list[str] | None) -> int:
    try:
        if os.environ.get(VARIABLE, "") not in ("", *LANGUAGES):
            raise InputError(f"{VARIABLE}: expected {' or '.join(LANGUAGES)}, got {os.environ[VARIABLE]!r}")
        result = command.main(args=argv, prog_name="feedback-nlp", standalone_mode=False)
        return int(result or 0)
    except click.exceptions.Abort:
        click.echo(say("interrupted"), err=True)
        return EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except FeedbackError as error:
        click.echo(say("Error: {message}", message=error), err=True)
        return EXIT_QUARANTINED if isinstance(error, QuarantineError) else EXIT_USAGE
    except SystemExit:
        # So click and rich end where the reader of our output (head, less) has left; what was asked for is on disk.
        return 0


@click.group(
    epilog=examples(
        "feedback-nlp demo --out out",
        "feedback-nlp run feedback.csv --out out --report report.html --store sqlite:///ledger.db",
        "feedback-nlp ledger list --status 待分析",
        "feedback-nlp score reviews.parquet --out scores.csv",
        "feedback-nlp evaluate 人工标注.xlsx --out evaluation",
        "feedback-nlp doctor",
    ),
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="feedback_nlp", prog_name="feedback-nlp")
def cli() -> None:
    """Chinese customer feedback in, a priority ledger (反馈台账) out.

    Results are shown in Chinese or English, as the locale says, or FEEDBACK_NLP_LANG=zh or en.
    """


cli.add_command(ledger)
cli.add_command(policies)
cli.add_command(schemes)
cli.add_command(run)
cli.add_command(demo)
cli.add_command(doctor)
cli.add_command(completion)


@cli.command(
    epilog=examples(
        "feedback-nlp score reviews.parquet --out scores.csv",
        "feedback-nlp score 评论.xlsx --out scores.jsonl --text-column 评价内容 --abstain",
    )
)
@click.argument("path", metavar="INPUT", type=click.Path())
@click.option("--jobs", "n_jobs", type=int, default=-1, help="Processes; by default one for each core.")
@click.option("--out", required=True, type=click.Path(), help="File for the scores: .csv, .parquet or .jsonl.")
@click.option("--model", type=click.Path(), shell_complete=folders, help="Folder of a trained model; the bundled one by default.")
@click.option("--abstain", is_flag=True, help="Types of low confidence become other.")
@input_options
def score(path: str, out: str, model: str | None, abstain: bool, mapping: tuple[str, ...], **options: Any) -> int:
    """Score the texts of INPUT: type, sentiment, urgency and risks, one row per feedback."""
    from feedback_nlp.scoring import score_file
    from feedback_nlp.terminal import print_quarantine

    quarantine, rows = score_file(
        path if "://" in path else Path(path), Path(out), model=model, abstain=abstain, columns=columns_of(mapping), **options
    )
    print_quarantine(quarantine)
    click.echo(say("{rows} rows scored, {set_aside} quarantined: {path}", rows=rows, set_aside=len(quarantine), path=out), err=True)
    return 0 if rows else EXIT_QUARANTINED


@cli.command(
    epilog=examples(
        "feedback-nlp train labels.csv --out model",
        "feedback-nlp train labels.parquet ratings.parquet --out model --exclude test.csv --folds 5 --name ours",
        "feedback-nlp train labels.csv --out model --corrections out/ledger.parquet",
    )
)
@click.argument("tables", metavar="LABELS...", nargs=-1, required=True, type=click.Path())
@click.option("--out", required=True, type=click.Path(), shell_complete=folders, help="Folder for the model.")
@click.option("--corrections", multiple=True, type=click.Path(), help="Ledger (Parquet) whose corrected types are labels; repeatable.")
@click.option("--exclude", multiple=True, type=click.Path(), help="Table whose texts are never trained on; repeatable.")
@click.option("--name", default="custom", show_default=True, help="Name of the model, part of its signature.")
@click.option("--bits", type=click.IntRange(8, 22), default=17, show_default=True, help="2^bits n-gram buckets.")
@click.option("--orders", type=click.IntRange(1, 8), default=3, show_default=True, help="Longest n-gram.")
@click.option("--passes", type=float, default=26.0, show_default=True, help="Draws of each labelled text.")
@click.option("--teachers", type=click.IntRange(0, 100), default=0, show_default=True, help="Networks that teach the one that is kept.")
@click.option("--folds", type=click.IntRange(0, 5), default=1, show_default=True, help="Fifths held out for figures and calibration.")
@click.option("--split", type=click.Choice(["text", "source"]), default="text", show_default=True, help="What stays together in a fifth.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Start of the random numbers.")
@click.option("--jobs", type=click.IntRange(1, 1024), default=2, show_default=True, help="Processes; the result is the same.")
def train(tables: tuple[str, ...], out: str, corrections: tuple[str, ...], exclude: tuple[str, ...], name: str, **options: Any) -> int:
    """Train a scorer model from labelled tables (Parquet or CSV).

    A table with the columns text, type, sentiment, urgency, risk trains all heads; one with text and polarity (-1, 0, 1), or with a
    teacher's probabilities (type_defect, ...), helps them. The result depends on tables, options and library versions alone, to the byte.
    """
    from feedback_nlp.train.fit import TrainOptions
    from feedback_nlp.train.fit import train as fit
    from feedback_nlp.train.labels import read_labels

    chosen = TrainOptions(**options)  # before the tables are read, so that a slip is told at once
    with _correction_tables(corrections) as corrected:
        labels = read_labels([*tables, *corrected], exclude=exclude)
    manifest = fit(labels, out, chosen, name=name)
    for part, figures in manifest["training"]["held_out"].items():
        for figure, value in figures.items():
            click.echo(f"{part}\t{figure}\t{value:g}")
    click.echo(say("model written to {folder}", folder=out), err=True)
    return 0


@cli.command(
    epilog=examples(
        "feedback-nlp evaluate labels.csv",
        "feedback-nlp evaluate 人工标注.xlsx --out evaluation --map 分类=type --suggest",
        "feedback-nlp evaluate test.parquet --model model --head type --head urgency",
    )
)
@click.argument("tables", metavar="LABELS...", nargs=-1, required=True, type=click.Path())
@click.option(
    "--out", type=click.Path(), shell_complete=folders, help="Folder for evaluation.html, errors.csv and metrics.json; made if missing."
)
@click.option("--model", type=click.Path(), shell_complete=folders, help="Folder of a trained model; the bundled one by default.")
@click.option("--head", "heads", multiple=True, type=click.Choice(["type", "sentiment", "urgency", "risk"]), help="Only this; repeatable.")
@click.option("--suggest", is_flag=True, help="Also list labels that are probably wrong; needs feedback_nlp[labels].")
@click.option("--bom", is_flag=True, help="Byte order mark in the CSV files, so that Excel opens them as UTF-8.")
@input_options
def evaluate(tables: tuple[str, ...], mapping: tuple[str, ...], **options: Any) -> int:
    """Tell how well a model reads labelled tables of your own (CSV, TSV, JSON Lines, Parquet, XLSX).

    A table has texts and labels for any of type, sentiment, urgency, risk: codes or Chinese names. The figures mean something for texts
    the model was not trained on.
    """
    from feedback_nlp.evaluate.command import evaluate_files

    evaluate_files([Path(path) for path in tables], columns=columns_of(mapping), **options)
    return 0


@contextlib.contextmanager
def _correction_tables(ledgers: tuple[str, ...]) -> "Iterator[list[Path]]":
    """Tables of labels, one for each ledger, as long as they are needed."""
    if not ledgers:
        yield []
        return
    import tempfile

    from feedback_nlp.store import corrections

    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.parquet" for number in range(len(ledgers))]
        for path, given in zip(paths, ledgers, strict=True):
            corrections(_read_ledger(given)).to_parquet(path)
        yield paths


def _read_ledger(path: str) -> "pd.DataFrame":
    import pandas as pd

    from feedback_nlp.errors import InputError

    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected the Parquet file of a ledger, as `feedback-nlp ledger export` writes it ({error})") from error
