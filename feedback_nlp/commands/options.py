"""Options that several commands share."""

from typing import Any

import click

from feedback_nlp.commands.values import ASPECTS, POLICIES, SCHEMES, folders, share
from feedback_nlp.messages import say


def input_options(command: Any) -> Any:
    """Options that say how to read the input."""
    for option in (
        click.option("--strict", is_flag=True, help="Stop at the first row that cannot be used instead of setting it aside."),
        click.option("--encoding", help="Encoding of a text file; detected by default (UTF-8, UTF-16, GBK/GB18030)."),
        click.option("--map", "mapping", multiple=True, metavar="HEADER=COLUMN", help="Take HEADER of the input as COLUMN; repeatable."),
        click.option("--text-column", metavar="HEADER", help="The column that holds the feedback text."),
    ):
        command = option(command)
    return command


def analysis_options(command: Any) -> Any:
    """Options that say how to make the ledger."""
    for option in (
        click.option("--bom", is_flag=True, help="Byte order mark in ledger.csv, so that Excel opens it as UTF-8."),
        click.option(
            "--lang",
            type=click.Choice(["zh", "en"]),
            default="zh",
            show_default=True,
            help="Language of ledger.csv's headers, the report and the workbook.",
        ),
        click.option("--as-of", metavar="TIME", help="When feedback without a date counts as received."),
        click.option(
            "--sentiment-backend",
            type=click.Choice(["scorer", "snownlp"]),
            default="scorer",
            show_default=True,
            help="What reads the polarity; snownlp is slow.",
        ),
        click.option("--abstain", is_flag=True, help="Types of low confidence become other (其他无效)."),
        click.option("--theme-file", "themes", type=click.Path(), help="themes.json of an earlier run, whose themes keep their names."),
        click.option(
            "--aspects",
            shell_complete=ASPECTS,
            help="A list of aspects that ships: car, goods or restaurant; found in the texts by default.",
        ),
        click.option("--themes", "n_themes", type=click.IntRange(1), help="At most so many themes; chosen by the data by default."),
        click.option("--user-dictionary", type=click.Path(), help="Words for the tokeniser, jieba's format."),
        click.option("--model", type=click.Path(), shell_complete=folders, help="Folder of a trained model; the bundled one by default."),
        click.option(
            "--policy", shell_complete=POLICIES, default="handling-measures", show_default=True, help="Priority policy: slug or TOML file."
        ),
        click.option(
            "--scheme",
            shell_complete=SCHEMES,
            default="handling-measures",
            show_default=True,
            help="Classification scheme: slug or TOML file.",
        ),
        click.option("--run", "run_name", metavar="NAME", help="What the history of the store calls this run; by default its time."),
        click.option("--store", metavar="URL", help="Also merge the ledger into this store, for instance sqlite:///ledger.db."),
        click.option("--workbook", type=click.Path(), help="Also write the ledger as an Excel file."),
        click.option("--report", type=click.Path(), help="Also write a report, one HTML file."),
        click.option("--out", required=True, type=click.Path(), shell_complete=folders, help="Folder for the results; made if missing."),
    ):
        command = option(command)
    return command


def job_options(command: Any) -> Any:
    """Options that say how to run: on what, again, and with what limits."""
    for option in (
        click.option("--log", type=click.Choice(["text", "json"]), help="Log the steps on standard error; never any customer's text."),
        click.option(
            "--max-quarantine",
            callback=share,
            metavar="SHARE",
            default="100%",
            show_default=True,
            help="Fail if more rows are set aside: 1%.",
        ),
        click.option("--resume", is_flag=True, help="Go on with what an interrupted run left in --out."),
        click.option("--scheduler", metavar="ADDRESS", help="Of Dask or Spark, tcp://host:8786; a local one by default."),
        click.option("--jobs", type=int, default=-1, help="Processes of this machine; by default one for each core."),
        click.option(
            "--engine", type=click.Choice(["local", "dask", "spark"]), default="local", help="What does the work; local by default."
        ),
    ):
        command = option(command)
    return command


def columns_of(mapping: tuple[str, ...]) -> dict[str, str]:
    """``--map`` as header -> column. Raises UsageError where one is neither."""
    pairs = [entry.rpartition("=") for entry in mapping]
    if any(not separator or not header for header, separator, _ in pairs):
        raise click.UsageError(say("--map: expected HEADER=COLUMN, for instance --map 留言详情=text"))
    return {header: column for header, _, column in pairs}
