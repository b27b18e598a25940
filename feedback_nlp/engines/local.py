"""This machine: one process, or several through joblib."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from feedback_nlp.engines.shared import call, shared_object
from feedback_nlp.errors import InputError

#: Tasks that wait in memory for each process while it works.
WAITING = 1


@dataclass(frozen=True)
class LocalEngine:
    """Runs maps in ``n_jobs`` processes of this machine.

    n_jobs: 1 or more; -1 for all cores, -2 for all but one. 1: in this process. folder: where the workers find what they share.
    """

    n_jobs: int = 1
    folder: Path | None = None

    def __post_init__(self) -> None:
        if isinstance(self.n_jobs, bool) or not isinstance(self.n_jobs, int) or self.n_jobs == 0:
            raise InputError(f"n_jobs: expected a whole number of 1 or more, or -1 for all cores, got {self.n_jobs!r}")

    @property
    def processes(self) -> int:
        """Processes that work."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return self.n_jobs if self.n_jobs > 0 else max(cores + 1 + self.n_jobs, 1)

    def opened(self) -> AbstractContextManager["LocalEngine"]:
        """The engine itself: there is nothing to keep."""
        return nullcontext(self)

    def map(self, function: Callable[[Any, Any], Any], tasks: Iterable[Any], shared: Any) -> Iterator[Any]:
        """``function(task, shared)`` of each task, in their order."""
        source = iter(tasks)
        first = list(islice(source, 2))
        if self.processes == 1 or len(first) < 2:
            # One task is done sooner here than a process is started.
            yield from (function(task, shared) for task in chain(first, source))
            return
        from joblib import Parallel, delayed

        with shared_object(shared, self.folder) as handle:
            pool = Parallel(
                self.processes, return_as="generator", pre_dispatch=self.processes * (1 + WAITING), batch_size=1, max_nbytes=None
            )
            yield from pool(delayed(call)(function, task, handle) for task in chain(first, source))
