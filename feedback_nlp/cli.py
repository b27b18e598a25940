"""The command line: parses, calls one public function, shows the result.

It speaks Chinese or English, see `feedback_nlp.messages`; what the library's own errors say is English in both.

Exit codes: 0 done; 1 a defect of the program; 2 bad usage, or input, model or policy that cannot be used; 3 every row was
quarantined, or more than --max-quarantine allows; 130 interrupted.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from feedback_nlp.commands.completion import completion
from feedback_nlp.commands.doctor import doctor
from feedback_nlp.commands.helping import examples, translated
from feedback_nlp.commands.ledger import ledger
from feedback_nlp.commands.options import columns_of, input_options
from feedback_nlp.commands.run import EXIT_QUARANTINED, demo, run
from feedback_nlp.commands.settings import policies, schemes
from feedback_nlp.commands.train import train
from feedback_nlp.commands.values import folders
from feedback_nlp.errors import FeedbackError, InputError, QuarantineError
from feedback_nlp.messages import LANGUAGES, VARIABLE, click_speaks, help_language, say

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
cli.add_command(train)


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
