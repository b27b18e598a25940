"""A real Dask cluster of two worker processes gives the files of the local engine, also if a worker dies."""

import contextlib
import os
import signal
import time

import pytest

from feedback_nlp.engines.dask import DaskEngine
from feedback_nlp.errors import InputError

pytest.importorskip("distributed", reason="an extra; CI installs it")


@pytest.fixture(scope="session")
def cluster():
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", memory_limit=0) as found:
        yield found


@pytest.fixture(scope="session")
def address(cluster):
    assert cluster.scheduler_address.startswith("tcp://")
    return cluster.scheduler_address


@contextlib.contextmanager
def a_worker(address):
    """The process number of one of two workers; both are there again at the end."""
    from distributed import Client

    with Client(address) as client:
        client.wait_for_workers(2, timeout=60)
        processes = client.run(os.getpid)
        assert len(set(processes.values()) | {os.getpid()}) == 3, "two processes, and neither is this one"
        yield next(iter(processes.values()))
        client.wait_for_workers(2, timeout=60)


def test_a_running_cluster_leaves_the_same_files(run, local_files, address, tmp_path):
    assert run(tmp_path / "out", DaskEngine(address)) == local_files


def test_a_cluster_of_its_own_leaves_the_same_files(run, local_files, tmp_path):
    assert run(tmp_path / "out", DaskEngine(processes=2, folder=tmp_path)) == local_files


def test_results_come_in_the_order_of_the_tasks(address):
    def slow_at_first(task, shared):
        time.sleep(0.2 if task == 0 else 0)
        return task * shared

    assert list(DaskEngine(address).map(slow_at_first, range(9), 3)) == [task * 3 for task in range(9)]
    assert list(DaskEngine(address).map(slow_at_first, [], 3)) == []
    assert list(DaskEngine(address).map(slow_at_first, [5, 5, 5], 3)) == [15] * 3, "equal tasks are tasks of their own"


def test_errors_of_workers_are_those_of_the_caller(address):
    def failing(task, shared):
        raise InputError(f"task {task}: expected another")

    with pytest.raises(InputError, match="task 0: expected another"):
        list(DaskEngine(address).map(failing, range(4), None))


def test_a_worker_is_killed_while_a_map_runs(address):
    def slow(task, shared):
        time.sleep(0.3)
        return task, os.getpid()

    with a_worker(address) as victim:
        results = DaskEngine(address).map(slow, range(12), None)
        found = [next(results)]
        os.kill(victim, signal.SIGKILL)
        found += results
    assert [task for task, _ in found] == list(range(12))
    assert {process for _, process in found} - {victim}


def test_a_worker_is_killed_while_a_job_runs(run, local_files, address, tmp_path):
    killed = []

    def progress(step, done, rows):
        if step == "find" and done and not killed:
            killed.append(victim)
            os.kill(victim, signal.SIGKILL)

    with a_worker(address) as victim:
        assert run(tmp_path / "out", DaskEngine(address), progress=progress) == local_files
    assert killed == [victim]
