"""``feedback-nlp run``: a file, a folder or a URL to a ledger, on this machine or on a cluster."""

import contextlib
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feedback_nlp.commands.helping import examples
from feedback_nlp.commands.options import analysis_options, columns_of, input_options, job_options
from feedback_nlp.messages import say

if TYPE_CHECKING:
    from feedback_nlp.analysis import Analysis
    from feedback_nlp.batch.engine import Engine
    from feedback_nlp.batch.steps import Progress

EXIT_QUARANTINED = 3
#: Figures of the summary that a log ends with.
LOGGED = ("rows", "items", "quarantined", "quarantine_reasons", "duplicated", "masked")


@click.command(
    epilog=examples(
        "feedback-nlp run feedback.csv --out out --report report.html",
        "feedback-nlp run 留言.csv --out out --text-column 留言详情 --map 主题=product",
        "feedback-nlp run exports/ --out out --resume --max-quarantine 1% --log json",
        "feedback-nlp run reviews.parquet --out out --policy improvement-plan --aspects car",
        "feedback-nlp run s3://bucket/2026/ --out out --engine dask --scheduler tcp://host:8786",
    )
)
@click.argument("paths", metavar="INPUT...", nargs=-1, required=True, type=click.Path())
@analysis_options
@job_options
@input_options
def run(paths: tuple[str, ...], mapping: tuple[str, ...], **options: Any) -> int:
    """Turn INPUT (CSV, TSV, JSON Lines, Parquet, XLSX; files, a folder, a URL) into a priority ledger and its tables.

    A run that ended is not made again unless its input, options, model or the program changed; one that was interrupted goes on with
    --resume. Both give the same files.
    """
    found = [path if "://" in path else Path(path) for path in paths]
    return _run(found[0] if len(found) == 1 else found, columns=columns_of(mapping), **options)


@click.command(epilog=examples("feedback-nlp demo --out out", "feedback-nlp demo --out out --report report.html --workbook ledger.xlsx"))
@analysis_options
@job_options
def demo(**options: Any) -> int:
    """Do the same as run, on a sample of feedback that ships with the package."""
    with resources.as_file(resources.files("feedback_nlp").joinpath("data/sample.csv")) as sample:
        return _run(sample, **options)


@dataclass(frozen=True)
class _After:
    """What is made of the results once they are there."""

    store: str | None
    run_name: str | None
    report: str | None
    workbook: str | None
    scheme: str
    policy: str
    lang: str

    def check(self) -> None:
        """Raise MissingExtraError now, rather than when a long run is done."""
        if self.workbook:
            from feedback_nlp.report.workbook import load_xlsxwriter

            load_xlsxwriter()
        if self.store:
            from feedback_nlp.store.ledger_store import need_sql

            need_sql()

    def load(self, folder: str) -> "Analysis":
        """The results, and of the ledger no more than is wanted: all of it, what a report looks at, or the first rows."""
        from feedback_nlp.analysis import Analysis

        if self.store or self.workbook:
            return Analysis.load(folder)
        if self.report:
            from feedback_nlp.report.reading import read_reported

            analysis = Analysis.load(folder, rows=0)
            stated = analysis.signature.get("options", {}).get("as_of")
            return replace(
                analysis, ledger=read_reported(Path(folder) / "ledger.parquet", list(analysis.summary["priority"]), stated=stated)
            )
        from feedback_nlp.terminal import TOP_ITEMS

        return Analysis.load(folder, rows=TOP_ITEMS)


def _run(
    data: Any,
    *,
    out: str,
    store: str | None,
    run_name: str | None,
    report: str | None,
    workbook: str | None,
    engine: str,
    jobs: int,
    scheduler: str | None,
    log: str | None,
    **options: Any,
) -> int:
    """Run one job and show the top of its ledger."""
    from feedback_nlp.pipeline import run_files
    from feedback_nlp.terminal import print_analysis

    after = _After(store, run_name, report, workbook, options["scheme"], options["policy"], options["lang"])
    after.check()
    with _warnings_as_notes(), _progress(log) as progress:
        done = run_files(data, Path(out), engine=_engine(engine, jobs, scheduler, Path(out)), progress=progress, **options)
    analysis = after.load(out)
    _make(after, analysis)
    if log is not None:
        from feedback_nlp.commands.logs import log_event, logger

        log_event(logger(log), "finished" if done else "already done", {name: analysis.summary[name] for name in LOGGED})
    if not done:
        click.echo(
            say("Note: {note}", note=say("{folder} holds the results of an equal run already; nothing was made again", folder=out)),
            err=True,
        )
    print_analysis(analysis, Path(out))
    return 0 if analysis.summary["items"] else EXIT_QUARANTINED


def _engine(name: str, jobs: int, scheduler: str | None, folder: Path) -> "Engine":
    """The engine of this name. Workers share what they need through the output folder, which all of them must see."""
    from feedback_nlp.batch.job import WORK
    from feedback_nlp.engines import dask, local, spark

    work = (folder / WORK).absolute()
    if name == "local":
        if scheduler is not None:
            raise click.UsageError(say("--scheduler: expected together with --engine dask or spark"))
        return local.LocalEngine(jobs, work)
    if name == "dask":
        return dask.DaskEngine(scheduler, local.LocalEngine(jobs).processes, work)
    return spark.SparkEngine(scheduler or f"local[{local.LocalEngine(jobs).processes},{spark.ATTEMPTS}]", work)


def _make(after: _After, analysis: "Analysis") -> None:
    if after.report:
        analysis.report(after.report, lang=after.lang)
    if after.workbook:
        analysis.workbook(after.workbook, lang=after.lang)
    if after.store:
        from datetime import datetime

        from feedback_nlp.store import LedgerStore

        with LedgerStore(after.store, scheme=after.scheme, policy=after.policy) as store:
            store.save(analysis, run=after.run_name or datetime.now().astimezone().isoformat(timespec="seconds"))


@contextlib.contextmanager
def _progress(log: str | None) -> "Iterator[Progress | None]":
    """A log where one is asked for, else a progress bar on a terminal, and nothing in a pipe."""
    if log is not None:
        from feedback_nlp.commands.logs import log_steps

        yield log_steps(log)
    elif sys.stderr.isatty():
        from feedback_nlp.terminal import progress_bar

        with progress_bar() as report:
            yield report
    else:
        yield None


@contextlib.contextmanager
def _warnings_as_notes() -> Iterator[None]:
    """Warnings of the library as one plain line each, without a line of code behind it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for text in dict.fromkeys(str(entry.message) for entry in caught if entry.category.__module__.startswith("feedback_nlp")):
        click.echo(say("Note: {note}", note=text), err=True)
