"""All steps of an analysis in their order, over any space and any engine."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from feedback_nlp.batch.engine import Engine
from feedback_nlp.batch.first import SHARE_UNIT, First, read_part
from feedback_nlp.batch.judge import Judged, judge
from feedback_nlp.batch.learn import Learned, learn
from feedback_nlp.batch.rows import Reader, quarantine_of
from feedback_nlp.batch.second import Second, find_part
from feedback_nlp.batch.setup import Setup
from feedback_nlp.batch.space import Space
from feedback_nlp.batch.third import Third, rank_part
from feedback_nlp.io.cells import ZONE
from feedback_nlp.io.table import Table
from feedback_nlp.ledger.notes import duplicate_table
from feedback_nlp.summary import Figures
from feedback_nlp.topics.duplicates import Duplicates

#: Called as ``progress(step, rows done, rows in all)``; 0 rows in all where that is not known yet.
Progress = Callable[[str, int, int], None]


@dataclass
class Stopwatch:
    """Seconds per step, and the caller's progress."""

    progress: Progress | None
    seconds: dict[str, float] = field(default_factory=dict)
    _told: tuple[str, int, int] = ("", 0, 0)

    @contextmanager
    def step(self, name: str, rows: int = 0) -> Iterator[Callable[[int], None]]:
        """Time a step; yields what tells how many rows are done."""
        start = time.perf_counter()
        self._report(name, 0, rows)
        yield lambda done: self._report(name, done, rows)
        self._report(name, rows or 1, rows or 1)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    def _report(self, *state: Any) -> None:
        if self.progress and state != self._told:
            self._told = state
            self.progress(*state)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the steps found of n rows; the ledger's rows are in the space, one `Third` a part.

    tables: by name (themes, keywords, phrases, aspects, trends, duplicates, quarantine). figures: of the ledger. unfamiliar: mean share of
    unfamiliar pairs of characters. masked: rows read whose text held personal data.
    """

    learned: Learned
    judged: Judged
    tables: dict[str, pd.DataFrame]
    figures: Figures
    unfamiliar: float
    masked: int


def run_steps(
    parts: Iterable[Table],
    setup: Setup,
    space: Space,
    engine: Engine,
    watch: Stopwatch,
    *,
    check: Callable[[int, pd.DataFrame], None] = lambda rows, quarantine: None,
) -> Outcome:
    """Analyse what the parts hold. What the space holds already is not made again.

    check: called with the number of rows read and the quarantine as soon as both are known; it may raise.
    Raises InputError where nothing can be read, RowError at the first unusable row where the setup is strict.
    """
    with watch.step("read") as tick:
        n_parts = _read(parts, setup, space, engine, tick)
    with watch.step("learn"):
        learned, alike = learn(space, n_parts, setup, engine)
        quarantine = quarantine_of(space, learned.rows)
        check(len(learned.rows) + len(quarantine), quarantine)
        duplicates = _duplicates(alike, space, learned)
    with watch.step("find", len(learned.rows)) as tick:
        _map(engine, _find, Second, space, learned, (setup, space, learned), tick)
    with watch.step("judge"):
        judged, tables = judge(space, learned, setup)
    with watch.step("ledger", len(learned.rows)) as tick:
        _map(engine, _rank, Third, space, learned, (setup, space, learned, judged), tick)
    numbers = range(n_parts)
    figures = [space.field(Third, number, "figures", Figures) for number in numbers]
    unfamiliar, masked = (sum(space.read(First, number, name)[0] for number in numbers) for name in ("unfamiliar", "masked"))
    share = unfamiliar * SHARE_UNIT / max(len(learned.rows), 1)
    found = {**tables, "duplicates": duplicates, "quarantine": quarantine}
    return Outcome(learned, judged, found, figures[0].merge(*figures[1:]), share, masked)


def _read(parts: Iterable[Table], setup: Setup, space: Space, engine: Engine, tick: Callable[[int], None]) -> int:
    """The first map; the number of parts."""
    sizes: list[int] = []

    def tasks() -> Iterator[tuple[int, Table]]:
        for number, table in enumerate(parts):
            sizes.append(table.n_rows)
            if not space.has(First, number):
                yield number, table

    done = 0
    for number in engine.map(_take, tasks(), (setup, space)):
        done += sizes[number]
        tick(done)
    return len(sizes)


def _map(engine: Engine, function: Any, kind: type[Any], space: Space, learned: Learned, shared: Any, tick: Callable[[int], None]) -> None:
    starts = learned.rows.starts
    left = [number for number in range(learned.rows.n_parts) if not space.has(kind, number)]
    done = len(learned.rows) - int(sum(starts[number + 1] - starts[number] for number in left))
    for number in engine.map(function, left, shared):
        done += int(starts[number + 1] - starts[number])
        tick(done)


def _take(task: tuple[int, Table], shared: tuple[Setup, Space]) -> int:
    setup, space = shared
    space.put(task[0], read_part(task[1], setup))
    return task[0]


def _find(number: int, shared: tuple[Setup, Space, Learned]) -> int:
    setup, space, learned = shared
    space.put(number, find_part(space.get(First, number), number, learned, setup))
    return number


def _rank(number: int, shared: tuple[Setup, Space, Learned, Judged]) -> int:
    setup, space, learned, judged = shared
    ledger = rank_part(space.get(First, number), space.get(Second, number), number, learned, judged, setup)
    space.put(number, Third(ledger, Figures.from_ledger(ledger)))
    return number


def _duplicates(alike: Duplicates, space: Space, learned: Learned) -> pd.DataFrame:
    table = duplicate_table(alike, Reader(space, learned.rows).names(alike.representative))
    if "created_at" not in learned.columns:
        return table
    times = {name: table[name].dt.tz_localize("UTC").dt.tz_convert(ZONE) for name in ("first_time", "last_time")}
    return table.assign(**times)
