"""A Dask cluster: one that runs, or two processes and more of this machine. Needs the extra ``dask``."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from feedback_nlp.engines.shared import call, shared_object
from feedback_nlp.errors import MissingExtraError

#: Tasks given to the cluster at once, for each of its threads.
WAITING = 2


@dataclass(frozen=True)
class DaskEngine:
    """Runs maps on a Dask cluster. A worker that dies is replaced by the scheduler, and its tasks run again elsewhere.

    address: of a scheduler, tcp://host:8786; None starts a cluster on this machine. processes: of that one.
    folder: where workers find what they share; all of them must see it under this path.
    """

    address: str | None = None
    processes: int = 2
    folder: Path | None = None

    @contextmanager
    def opened(self) -> Iterator["DaskEngine"]:
        """The engine with its cluster kept for several maps. Raises MissingExtraError without Dask."""
        if self.address is not None:
            yield self
            return
        start = _dask().LocalCluster
        options = {"threads_per_worker": 1, "processes": True, "dashboard_address": "127.0.0.1:0", "memory_limit": 0}
        with start(n_workers=self.processes, **options) as cluster:
            yield replace(self, address=cluster.scheduler_address)

    def map(self, function: Callable[[Any, Any], Any], tasks: Iterable[Any], shared: Any) -> Iterator[Any]:
        """``function(task, shared)`` of each task, in their order. Raises MissingExtraError without Dask."""
        with self.opened() as engine, _dask().Client(engine.address) as client, shared_object(shared, self.folder) as handle:
            most = WAITING * max(sum(client.nthreads().values()), 1)
            waiting: deque[Any] = deque()
            for task in tasks:
                # Not pure: two equal tasks are two tasks. What a task leaves is a file, so that it may run twice.
                waiting.append(client.submit(call, function, task, handle, pure=False))
                if len(waiting) >= most:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()


def _dask() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise MissingExtraError("the engine dask needs Dask; install it with: pip install 'feedback_nlp[dask]'") from error
    return distributed
