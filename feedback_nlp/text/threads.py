"""Threads over parts of the work: for what runs in compiled code and in numpy, which let other threads run meanwhile."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from feedback_nlp.errors import InputError

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def thread_count(n_jobs: int) -> int:
    """Threads for ``n_jobs``, as joblib counts: -1 is one per core, -2 one fewer, and so on, at least one.

    Raises InputError for 0 and for what is no int.
    """
    if not isinstance(n_jobs, int) or isinstance(n_jobs, bool) or n_jobs == 0:
        raise InputError(f"n_jobs: expected a number of threads, or -1 for one per core, got {n_jobs!r}; leave it out for one")
    if n_jobs > 0:
        return n_jobs
    from joblib import cpu_count

    return max(int(cpu_count()) + 1 + n_jobs, 1)


def map_threads(function: Callable[[_Item], _Result], items: Iterable[_Item], *, n_jobs: int) -> Iterator[_Result]:
    """``map(function, items)`` with several items at work at once; the results come in the order of the items.

    n_jobs: as for ``thread_count``; with one thread no other is started. Items are taken as they are needed, so that memory does not
    grow with their number. An error of ``function`` is raised where its result would come.
    """
    threads = thread_count(n_jobs)
    return map(function, items) if threads == 1 else _ahead(function, items, threads)


def _ahead(function: Callable[[_Item], _Result], items: Iterable[_Item], threads: int) -> Iterator[_Result]:
    from concurrent.futures import Future, ThreadPoolExecutor

    waiting: deque[Future[_Result]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="feedback_nlp") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
