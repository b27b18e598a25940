"""The store: how long a run takes to save, to save again, to load, and an edit in between.

    python -m benchmarks.store [--rows 1000000] [--postgresql URL] [--record]

The ledger is that of the sample that ships, repeated under other ids, so that columns and lengths are those of a real one. SQLite writes
a file in a temporary folder; PostgreSQL is measured where a URL of an empty database is given, with the settings it has. One pass, in one
process with all cores; a database does as much of the work as the library. ``--record`` renews the section of the README.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import ROOT, SEED, forget_peak, markdown_table, peak_mib, record, signature

README = ROOT / "benchmarks" / "README.md"
START, END = "<!-- store:start -->", "<!-- store:end -->"
ROWS = 1_000_000
#: Of the second run's items: with another score and priority, and new.
CHANGED, NEW = 0.1, 0.01
#: Items on a screen, and edits that are timed.
SCREEN, EDITS = 20, 20


def sample_ledger(rows: int) -> Any:
    """The sample's ledger, repeated up to so many rows, ids in no order."""
    import pandas as pd

    from feedback_nlp import analyze

    with resources.as_file(resources.files("feedback_nlp").joinpath("data/sample.csv")) as path:
        ledger = analyze(path).ledger
    repeated = ledger.iloc[np.arange(rows) % len(ledger)].reset_index(drop=True)
    ids = np.random.default_rng(SEED).permutation(rows)
    return repeated.assign(feedback_id=pd.array([f"FB-{number:09}" for number in ids.tolist()], dtype="str"))


def next_run(ledger: Any) -> Any:
    """The ledger a day later: some items changed, the last ones gone, as many new."""
    import pandas as pd

    random = np.random.default_rng(SEED + 1)
    changed = random.random(len(ledger)) < CHANGED
    score = ledger["priority_score"].to_numpy().copy()
    score[changed] = np.round(random.random(int(changed.sum())) * 100, 1)
    later = ledger.assign(priority_score=score, priority=ledger["priority"].mask(changed, "中"))
    new = int(len(ledger) * NEW)
    fresh = later.iloc[:new].assign(feedback_id=pd.array([f"NEW-{number:09}" for number in range(new)], dtype="str"))
    return pd.concat([later.iloc[: len(later) - new], fresh], ignore_index=True)


class Watch:
    """Seconds and peak memory of steps, in order."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = []

    @contextmanager
    def step(self, name: str, times: int = 1) -> Iterator[None]:
        """Time the block, which does the step so many times."""
        forget_peak()
        start = time.perf_counter()
        yield
        seconds = (time.perf_counter() - start) / times
        self.rows.append([name, f"{seconds:,.{1 if seconds >= 10 else 3}f}", f"{peak_mib():,.0f}"])
        print(*self.rows[-1], flush=True)


def measure(url: str, ledger: Any, later: Any, size: Callable[[], float]) -> tuple[list[list[str]], float]:
    """Cells of the table of one database, and its size in MiB after the second run."""
    from feedback_nlp.store import LedgerStore

    watch = Watch()
    with LedgerStore(url) as store:
        with watch.step("save: all rows new"):
            first = store.save(ledger, run="first", at="2026-03-02")
        with watch.step("save again: nothing changes"):
            again = store.save(ledger, run="first", at="2026-03-02")
        with watch.step("save the next run: 10 % changed, 1 % new, 1 % gone"):
            second = store.save(later, run="second", at="2026-03-03")
        with watch.step("load all"):
            loaded = store.load()
        with watch.step(f"list the {SCREEN} most urgent, counted"):
            shown = store.load(limit=SCREEN)
            store.count()
        ids = shown["feedback_id"].tolist()
        with watch.step("an edit", times=EDITS):
            for number in range(EDITS):
                store.edit(ids[number % len(ids)], who="bench", owner=f"甲{number}")
        # What was timed must have been done.
        expected = (len(ledger), 0, len(ledger) + int(len(ledger) * NEW))
        done = (first.added, again.changed + again.history, len(loaded))
        if done != expected or not second.history:
            raise SystemExit(f"expected {expected}, got {done}")
    return watch.rows, size()


def postgresql_mib(url: str) -> float:
    """Size of the database."""
    import psycopg

    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return found[0] / 1024**2 if found else 0.0


def report(rows: int, postgresql: str | None) -> str:
    """The section of the README."""
    ledger = sample_ledger(rows)
    later = next_run(ledger)
    parts = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.db"
        found = {"SQLite": measure(f"sqlite:///{file}", ledger, later, lambda: file.stat().st_size / 1024**2)}
    if postgresql:
        found["PostgreSQL"] = measure(postgresql, ledger, later, lambda: postgresql_mib(postgresql))
    for name, (cells, mib) in found.items():
        header = [f"{name}, {rows:,} rows, {len(ledger.columns)} columns", "seconds", "peak MiB"]
        parts += [markdown_table(header, cells), f"On disk afterwards: {mib:,.0f} MiB."]
    return "\n\n".join(parts)


def main() -> None:
    """Measure, print, and with ``--record`` write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--postgresql", metavar="URL", help="an empty database")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    section = f"{report(options.rows, options.postgresql)}\n\n{signature()}"
    print(section)
    if options.record:
        record(README, section, start=START, end=END)


if __name__ == "__main__":
    main()
