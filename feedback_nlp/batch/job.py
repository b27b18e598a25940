"""A scheduled run: streamed, journaled, resumable; the same files whether it was interrupted or not.

The journal is the folder of work itself (``.work`` in the output folder): each result of a map is one file that is there whole or not at
all, and ``run.json`` says of what. What was there when a run was killed is not made again; all else is made anew, and is the same.
"""

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from feedback_nlp.analysis import MANIFEST, check_folder
from feedback_nlp.batch.bundle import is_whole
from feedback_nlp.batch.engine import Engine
from feedback_nlp.batch.output import write_results
from feedback_nlp.batch.setup import Setup
from feedback_nlp.batch.space import FolderSpace
from feedback_nlp.batch.steps import Outcome, Stopwatch, run_steps
from feedback_nlp.engines.shared import file_digest
from feedback_nlp.errors import InputError, QuarantineError, RowError
from feedback_nlp.io import write_csv, write_json
from feedback_nlp.io.table import Table

WORK, LOCK, JOURNAL = ".work", ".lock", "run.json"
#: Where rows that were set aside stand if they were too many.
QUARANTINE = "quarantine.csv"
QUARANTINE_HEADERS = {"source_line": "来源行号", "source_file": "来源文件", "reason": "原因", "raw": "内容"}


@dataclass(frozen=True)
class Job:
    """What a run is about.

    folder: of the results. fingerprint: plain values; a run with an equal one gives equal files. lang, bom: of ledger.csv.
    max_quarantine: the share of rows that may be set aside, 0 to 1. resume: go on with what an unfinished run left.
    """

    folder: Path
    fingerprint: Mapping[str, Any]
    lang: str = "zh"
    bom: bool = False
    max_quarantine: float = 1.0
    resume: bool = False

    @property
    def work(self) -> Path:
        """Where results of the maps are until the run is finished."""
        return self.folder / WORK


def finished(job: Job) -> bool:
    """Whether the folder holds the results of an equal run, every file as it was written."""
    try:
        manifest = json.loads((job.folder / MANIFEST).read_text(encoding="utf-8"))
        files = manifest["files"]
        return manifest.get("run") == _plain(job.fingerprint) and all(
            file_digest(job.folder / name) == digest for name, digest in files.items()
        )
    except (OSError, ValueError, KeyError, AttributeError):
        return False


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make the folder and keep other runs out of it. The system takes the lock back from a process that is killed.

    Raises InputError where another run works there, and where the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    there = folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / LOCK, timeout=0):
            yield
            there = True
    except Timeout as error:
        raise InputError(f"{folder}: another run writes into this folder; wait until it has ended, or give another --out") from error
    except OSError as error:
        raise InputError(f"{folder}: expected a folder that can be written ({error.strerror}); give another --out") from error
    finally:
        with contextlib.suppress(OSError):
            if not there and [path.name for path in folder.iterdir()] == [LOCK]:
                shutil.rmtree(folder)


def run_job(
    job: Job,
    parts: Callable[[], Iterator[Table]],
    setup: Setup,
    engine: Engine,
    watch: Stopwatch,
    summarised: Callable[[Outcome], dict[str, Any]],
) -> None:
    """Analyse what the parts hold and write the results into the job's folder, which must be ``locked``.

    Raises InputError where reading or writing fails, QuarantineError where too many rows were set aside; finished files of a run before
    are then as they were.
    """
    check_folder(job.folder)
    space = _open_work(job)
    try:
        _run(job, parts, setup, space, engine, watch, summarised)
    except RowError:
        # The input has to be repaired, and is another one then: nothing of this run can be used again.
        shutil.rmtree(job.work, ignore_errors=True)
        raise
    finally:
        if job.work.exists() and not any(job.work.glob("*.npz")):
            shutil.rmtree(job.work, ignore_errors=True)


def _run(
    job: Job,
    parts: Callable[[], Iterator[Table]],
    setup: Setup,
    space: FolderSpace,
    engine: Engine,
    watch: Stopwatch,
    summarised: Callable[[Outcome], dict[str, Any]],
) -> None:
    outcome = run_steps(parts(), setup, space, engine, watch, check=partial(_check_quarantine, job))
    results = space.folder / "results"
    results.mkdir(exist_ok=True)
    with watch.step("write"):
        files = write_results(outcome, summarised(outcome), setup, space, engine, results, lang=job.lang, bom=job.bom)
    _publish(job, results, files, setup, outcome)


def _open_work(job: Job) -> FolderSpace:
    """The folder of work: what an equal run left where it is resumed, else an empty one."""
    journal = job.work / JOURNAL
    try:
        if job.resume and journal.exists():
            known, wanted = _known(journal), _plain(job.fingerprint)
            changed = sorted(name for name in {*known, *wanted} if known.get(name) != wanted.get(name))
            if changed:
                raise InputError(
                    f"{job.folder}: the unfinished run cannot go on, {', '.join(changed)} changed since; run without --resume to begin anew"
                )
        elif job.work.exists():
            shutil.rmtree(job.work)
        job.work.mkdir(exist_ok=True)
        # Parts are not forced to the disk one by one: a machine that went down may have left holes in the last of them.
        for part in job.work.glob("*.npz"):
            if not is_whole(part):
                part.unlink()
        # What a killed run was writing.
        for left in [*job.work.glob(".*.tmp"), *job.work.glob(".shared-*")]:
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        shutil.rmtree(job.work / "results", ignore_errors=True)
    except OSError as error:
        raise InputError(f"{job.work}: expected a folder that can be written ({error.strerror}); check its permissions") from error
    write_json(job.fingerprint, journal)
    # Workers that were started earlier may stand in another folder than this process does now.
    return FolderSpace(job.work.absolute())


def _known(journal: Path) -> dict[str, Any]:
    """What an unfinished run is about. Raises InputError where its journal is damaged."""
    try:
        return dict(json.loads(journal.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{journal}: expected the journal of a run, got what cannot be read; run without --resume to begin anew"
        ) from error


def _plain(fingerprint: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(fingerprint))
    return plain


def _check_quarantine(job: Job, rows: int, quarantine: pd.DataFrame) -> None:
    share = len(quarantine) / max(rows, 1)
    if share > job.max_quarantine:
        write_csv(quarantine, job.folder / QUARANTINE, headers=QUARANTINE_HEADERS)
        raise QuarantineError(
            f"{len(quarantine)} of {rows} rows were set aside ({share:.2%}), expected at most {job.max_quarantine:.2%}; see "
            f"{job.folder / QUARANTINE}, repair the input, or allow more with --max-quarantine"
        )


def _publish(job: Job, results: Path, files: Mapping[str, str], setup: Setup, outcome: Outcome) -> None:
    """Move the files into place, the manifest last: a folder with a manifest is whole."""
    write_json({"signature": setup.signature, "run": job.fingerprint, "files": files, "sampled": _sampled(outcome)}, results / MANIFEST)
    try:
        (job.folder / MANIFEST).unlink(missing_ok=True)
        (job.folder / QUARANTINE).unlink(missing_ok=True)
        for name in files:
            (results / name).replace(job.folder / name)
        (results / MANIFEST).replace(job.folder / MANIFEST)
        shutil.rmtree(job.work)
    except OSError as error:
        raise InputError(f"{job.folder}: cannot be written ({error.strerror}); check permissions and free space") from error


def _sampled(outcome: Outcome) -> dict[str, Any]:
    """What was learned from a sample, and of how many rows."""
    learned = outcome.learned
    return {"rows": len(learned.rows), "learned_from": learned.sampled, "learned": ["themes", "keywords", "phrases", "aspects", "subjects"]}
