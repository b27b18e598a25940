"""What all engines have in common, and the one of this machine."""

import os
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

import feedback_nlp as fn
from feedback_nlp.engines.dask import DaskEngine
from feedback_nlp.engines.local import LocalEngine
from feedback_nlp.engines.shared import Handle, call, shared_object
from feedback_nlp.engines.spark import SparkEngine
from feedback_nlp.errors import InputError, MissingExtraError


def halved(task, shared):
    return task / 2 + shared["more"]


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("n_tasks", [0, 1, 2, 9])
def test_results_come_in_the_order_of_the_tasks(n_jobs, n_tasks):
    found = list(LocalEngine(n_jobs).map(halved, range(n_tasks), {"more": 10}))
    assert found == [number / 2 + 10 for number in range(n_tasks)]


def test_one_process_takes_tasks_as_they_are_needed():
    taken = []

    def tasks():
        for number in range(100):
            taken.append(number)
            yield number

    results = LocalEngine(1).map(halved, tasks(), {"more": 0})
    assert next(results) == 0 and len(taken) == 2
    assert next(results) == 0.5 and len(taken) == 2
    assert next(results) == 1 and len(taken) == 3


def where(task, shared):
    return os.getpid()


def test_processes():
    assert set(LocalEngine(1).map(where, range(4), None)) == {os.getpid()}
    assert set(LocalEngine(2).map(where, [1], None)) == {os.getpid()}, "one task is done here"
    assert os.getpid() not in set(LocalEngine(2).map(where, range(8), None))


def failing(task, shared):
    if task == 3:
        raise InputError("task 3: expected another")
    return task


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_errors_of_workers_are_those_of_the_caller(n_jobs):
    with pytest.raises(InputError, match="task 3: expected another"):
        list(LocalEngine(n_jobs).map(failing, range(6), None))


@pytest.mark.parametrize("n_jobs", [0, 1.5, "2", None, True])
def test_numbers_of_processes_that_are_none(n_jobs):
    with pytest.raises(InputError, match="n_jobs: expected a whole number of 1 or more, or -1 for all cores, got"):
        LocalEngine(n_jobs)


@pytest.mark.parametrize(("n_jobs", "expected"), [(1, 1), (3, 3), (-1, 4), (-2, 3), (-4, 1), (-9, 1)])
def test_how_many_processes(monkeypatch, n_jobs, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 2, 3}, raising=False)
    assert LocalEngine(n_jobs).processes == expected


def test_two_processes_leave_the_same_files(run, local_files, tmp_path):
    assert run(tmp_path / "out", LocalEngine(2)) == local_files


# What workers share


@dataclass
class Thing:
    name: str
    numbers: np.ndarray


def test_a_shared_object_is_opened_as_views_of_its_file(tmp_path):
    with shared_object(Thing("甲", np.arange(100_000)), tmp_path) as handle:
        found = handle.open()
        assert (found.name, int(found.numbers.sum())) == ("甲", 4_999_950_000)
        assert isinstance(found.numbers, np.memmap) and not found.numbers.flags.writeable
        assert handle.open() is found, "opened once in a process"
        assert call(lambda task, thing: thing.name * task, 2, handle) == "甲甲"
        assert [path.name.startswith(".shared-") for path in tmp_path.iterdir()] == [True]
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_changed_is_not_opened(tmp_path):
    with shared_object({"a": 1}, tmp_path) as handle:
        (path,) = tmp_path.glob("*/object")
        path.write_bytes(path.read_bytes() + b"x")
        with pytest.raises(InputError, match="expected the file this run has written, got another; do not change the folder of a run"):
            handle.open()
        with pytest.raises(InputError, match="got another"):
            call(halved, 1, handle)


def test_a_file_that_runs_code_is_not_run(tmp_path):
    """Only what the digest of the run vouches for is ever loaded."""
    import pickle

    class Trap:
        def __reduce__(self):
            return (tmp_path.joinpath("sprung").touch, ())

    (tmp_path / "object").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(InputError, match="got another"):
        Handle(str(tmp_path / "object"), "0" * 64).open()
    assert not (tmp_path / "sprung").exists()


# Extras


def test_importing_the_engines_needs_no_extra():
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['dask', 'distributed', 'pyspark'])); import feedback_nlp as fn; "
        "print([fn.engines.dask.DaskEngine(), fn.engines.spark.SparkEngine(), fn.engines.local.LocalEngine()])"
    )
    told = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.count("Engine(") == 3


def test_the_library_imports_no_engine():
    code = (
        "import sys, feedback_nlp.pipeline, feedback_nlp.cli, feedback_nlp.commands.run; "
        "print(sorted({'dask', 'distributed', 'pyspark', 'joblib', 'fsspec', 'filelock', 'pythonjsonlogger'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_there_is_no_other_engine():
    with pytest.raises(AttributeError, match="has no attribute 'ray'"):
        _ = fn.engines.ray


@pytest.mark.parametrize(
    ("engine", "module", "message"),
    [
        (DaskEngine(), "distributed", r"the engine dask needs Dask; install it with: pip install 'feedback_nlp\[dask\]'"),
        (SparkEngine(), "pyspark", r"the engine spark needs PySpark and Java; install it with: pip install 'feedback_nlp\[spark\]'"),
    ],
)
def test_an_engine_without_its_extra(monkeypatch, engine, module, message):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=message):
        list(engine.map(halved, [1], {"more": 0}))


def test_scores_of_a_spark_frame_without_spark(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(MissingExtraError, match="needs PySpark"):
        fn.engines.spark.score(object())


@pytest.mark.parametrize("engine", ["dask", "spark"])
def test_a_run_without_the_extra_leaves_nothing(run, monkeypatch, tmp_path, engine):
    for module in ("distributed", "pyspark"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError):
        run(tmp_path / "out", {"dask": DaskEngine, "spark": SparkEngine}[engine]())
    assert not (tmp_path / "out").exists()
