"""``analyze``: the steps of an analysis in memory, and their results as one object. Nothing is computed here."""

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from feedback_nlp.analysis import Analysis, check_folder
from feedback_nlp.batch.bundle import arrow_table
from feedback_nlp.batch.engine import Engine
from feedback_nlp.batch.job import Job, finished, locked, run_job
from feedback_nlp.batch.ordering import as_schema, common_schema, known_schema
from feedback_nlp.batch.setup import Setup, code_digest, make_setup
from feedback_nlp.batch.space import FolderSpace, MemorySpace, Space
from feedback_nlp.batch.steps import Outcome, Progress, Stopwatch, run_steps
from feedback_nlp.batch.third import Third
from feedback_nlp.engines.local import LocalEngine
from feedback_nlp.io import fingerprint, read_parts
from feedback_nlp.io.parts import PART_ROWS
from feedback_nlp.ledger.assemble import order_of_ledger
from feedback_nlp.ledger.policy import DEFAULT_POLICY
from feedback_nlp.ledger.scheme import DEFAULT_SCHEME
from feedback_nlp.scorer.scorer import BatchScorer
from feedback_nlp.store.columns import HISTORY
from feedback_nlp.store.merge import Merged, merge_ledger
from feedback_nlp.summary import Figures, reason_counts, summarise
from feedback_nlp.topics import Themes
from feedback_nlp.vocabulary import INPUT_COLUMNS

if TYPE_CHECKING:
    from feedback_nlp.topics.theme_model import ThemeModel


def analyze(
    data: Any,
    *,
    text_column: str | None = None,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    strict: bool = False,
    scheme: str | Path = DEFAULT_SCHEME,
    policy: str | Path = DEFAULT_POLICY,
    model: str | Path | BatchScorer | None = None,
    user_dictionary: str | Path | list[str] | None = None,
    n_themes: int | None = None,
    themes: "str | Path | Themes | ThemeModel | None" = None,
    aspects: str | Mapping[str, Iterable[str]] | None = None,
    abstain: bool = False,
    sentiment_backend: str = "scorer",
    as_of: str | pd.Timestamp | None = None,
    previous: pd.DataFrame | None = None,
    run: str | None = None,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> Analysis:
    """Read feedback and make the priority ledger.

    data: a DataFrame, a list (tuple, Series, array) of str, or the path of a CSV, TSV, JSON Lines, Parquet or XLSX file.
    text_column: header of the column that holds the text, where it is not recognised. columns: other headers -> record columns.
    encoding: of a text file; detected where not given. strict: raise RowError at the first unusable row instead of setting it aside.
    scheme, policy: slug of one that ships, or the path of a TOML file. model: a model folder or a loaded scorer.
    user_dictionary: words for the tokeniser (a list, or a file in jieba's format). n_themes: at most so many themes.
    themes: those of an earlier analysis, which keep their names and numbers: the file ``themes.json`` it saved, or its ``theme_model``; or
    a fitted `ThemeModel`.
    aspects: aspect -> words, or the name of a list that ships (car, goods, restaurant); by default they are found in the texts.
    abstain: types of low confidence become ``other``. sentiment_backend: "scorer", or "snownlp" for SnowNLP's polarity (slow).
    as_of: when undated items count as received (Asia/Shanghai where no zone is given); without it they have no deadlines.
    previous: the ledger of an earlier analysis with what people changed since; their columns are kept, and so are items that are not read
    again (`feedback_nlp.store.merge_ledger`). run: what the history calls this run, by default its time.
    n_jobs: processes that work, -1 for all cores; the result is the same (with one, nothing touches the disk).
    progress: called as ``progress(step, rows_done, rows)``.

    Returns an ``Analysis``; rows read = rows of its ledger + rows of its quarantine. Nothing in it depends on the order of rows.
    Raises InputError (and RowError if ``strict``), ModelError, PolicyError.
    """
    setup = make_setup(
        scheme=scheme,
        policy=policy,
        model=model,
        user_dictionary=user_dictionary,
        n_themes=n_themes,
        themes=themes,
        aspects=aspects,
        abstain=abstain,
        sentiment_backend=sentiment_backend,
        strict=strict,
        as_of=as_of,
    )
    engine, watch = LocalEngine(n_jobs), Stopwatch(progress)
    parts = read_parts(data, text_column=text_column, columns=columns, strict=strict, encoding=encoding)
    with tempfile.TemporaryDirectory(prefix="feedback_nlp-") as folder:
        space = MemorySpace() if engine.processes == 1 else FolderSpace(Path(folder))
        outcome = run_steps(parts, setup, space, engine, watch)
        ledger = _joined(space, outcome, setup)
    merged = _merge(ledger, previous, run, as_of, setup)
    figures = outcome.figures if previous is None else Figures.from_ledger(merged.ledger)
    return _analysis(merged, outcome, figures, setup, watch)


def run_files(
    data: Any,
    out: str | Path,
    *,
    engine: Engine | None = None,
    resume: bool = False,
    max_quarantine: float = 1.0,
    lang: str = "zh",
    bom: bool = False,
    text_column: str | None = None,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    part_rows: int = PART_ROWS,
    progress: Progress | None = None,
    **options: Any,
) -> bool:
    """Analyse files of any size into a folder: the tables of `Analysis.save`, made part by part in bounded memory.

    data: path or URL of a file, a folder, or a list of them. out: the folder. engine: what runs the maps, by default all cores.
    resume: go on with what an interrupted run left in ``out``; the files are the same as without interruption.
    max_quarantine: share of rows that may be set aside, 0 to 1. lang, bom: as in `Analysis.save`. part_rows: rows of a part; no result
    depends on it. text_column, columns, encoding, progress, and all options: as in `analyze`.

    Returns False where the folder already holds the results of an equal run, for which nothing is done; True otherwise.
    Raises InputError (and RowError if ``strict``), QuarantineError where too many rows are set aside, ModelError, PolicyError; results of
    an earlier run are then left as they were.
    """
    setup = make_setup(**options)
    reading: dict[str, Any] = {"text_column": text_column, "columns": dict(columns or {}), "encoding": encoding}
    marks = {"input": fingerprint(data), "reading": reading, "setup": setup.fingerprint, "files": {"lang": lang, "bom": bom}}
    job = Job(Path(out), {**marks, "part_rows": part_rows, "code": code_digest()}, lang, bom, max_quarantine, resume)
    check_folder(job.folder, Path(data) if isinstance(data, str | Path) else None)
    with locked(job.folder):
        if finished(job):
            # What a run left that was killed when all its files were in place.
            shutil.rmtree(job.work, ignore_errors=True)
            return False
        parts = partial(read_parts, data, strict=setup.strict, part_rows=part_rows, **reading)
        watch, chosen = Stopwatch(progress), engine or LocalEngine(-1, job.work.absolute())
        with chosen.opened() as running:
            run_job(job, parts, setup, running, watch, lambda outcome: summary_of(outcome, outcome.figures, setup))
    return True


def _analysis(merged: Merged, outcome: Outcome, figures: Figures, setup: Setup, watch: Stopwatch) -> Analysis:
    return Analysis(
        ledger=merged.ledger,
        **outcome.tables,
        summary=summary_of(outcome, figures, setup),
        history=merged.history,
        theme_model=outcome.learned.knowledge.themes,
        signature=setup.signature,
        timings=watch.seconds,
    )


def summary_of(outcome: Outcome, figures: Figures, setup: Setup) -> dict[str, Any]:
    """Headline figures of an analysis."""
    known = {column.name for column in INPUT_COLUMNS}
    return summarise(
        figures,
        duplicated=int((outcome.tables["duplicates"]["count"] - 1).sum()),
        masked=outcome.masked,
        reasons=reason_counts(outcome.tables["quarantine"]),
        trends=outcome.tables["trends"],
        levels=setup.levels,
        other_columns=[name for name in outcome.learned.columns if name not in known],
        unfamiliar=(outcome.unfamiliar, setup.scorer.model.reference["unfamiliar"]),
    )


def _joined(space: Space, outcome: Outcome, setup: Setup) -> pd.DataFrame:
    """The rows of all parts in the order of the ledger; columns have the types that they have in its file."""
    import pyarrow as pa

    tables = [arrow_table(space.get(Third, number).ledger) for number in range(outcome.learned.rows.n_parts)]
    schema = common_schema(map(known_schema, tables))
    ledger = pa.concat_tables([as_schema(table, schema) for table in tables]).to_pandas(ignore_metadata=True, integer_object_nulls=True)
    return ledger.iloc[order_of_ledger(ledger, setup.levels)].reset_index(drop=True)


def _merge(ledger: pd.DataFrame, previous: pd.DataFrame | None, run: str | None, at: Any, setup: Setup) -> Merged:
    """The ledger with what people did; without a previous one it stays as it is."""
    if previous is None:
        return Merged(ledger, pd.DataFrame({name: pd.Series(dtype="str") for name in HISTORY}))
    name = run or pd.Timestamp.now("Asia/Shanghai").isoformat(timespec="seconds")
    return merge_ledger(ledger, previous, run=name, at=at, scheme=setup.scheme, policy=setup.policy)
