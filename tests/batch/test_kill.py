"""kill -9 at any moment: nothing half-written is taken for whole, and a resumed run gives the files of one that nobody killed."""

import json
import os
import random
import signal
import time

import pytest
from varied import varied

from feedback_nlp.analysis import FILES, MANIFEST
from feedback_nlp.batch.bundle import load_bundle
from feedback_nlp.batch.job import LOCK, WORK
from feedback_nlp.batch.output import file_digest

PART_ROWS = 12
OPTIONS = {"part_rows": PART_ROWS, "as_of": "2026-03-30"}
#: Kills by time, kills at an operation on files, kills at one of the last operations, when results are moved into place.
BY_TIME, BY_OPERATION, AT_THE_END, LAST = 15, 20, 15, 60


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("input") / "feedback.csv"
    varied(100).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def uninterrupted(jobs, data, tmp_path_factory):
    """The files of a run that nobody killed, its seconds, and its operations on files."""
    out = tmp_path_factory.mktemp("whole") / "out"
    begin = time.monotonic()
    report = jobs.run(data, out, options=OPTIONS)
    assert report["error"] is None
    return contents(out), time.monotonic() - begin, report["operations"]


def contents(folder):
    """What a user finds: the bytes of every file but the lock."""
    assert all(path.is_file() for path in folder.iterdir()), "no folder of work is left"
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != LOCK}


def assert_nothing_half_written(out):
    """Every result of a map can be read whole, and a manifest vouches for the files that are there."""
    for path in (out / WORK).glob("*.npz"):
        load_bundle(path)
    if (out / MANIFEST).exists():
        files = json.loads((out / MANIFEST).read_text(encoding="utf-8"))["files"]
        assert set(files) == set(FILES)
        assert {name: file_digest(out / name) for name in files} == files
    assert {path.name for path in out.iterdir()} <= {*FILES, MANIFEST, WORK, LOCK}


def moments(seconds, operations):
    """How each run is killed, in a random order that is the same every time."""
    chance = random.Random(7)
    kills = [{"after": chance.uniform(0, seconds)} for _ in range(BY_TIME)]
    kills += [{"dies_at": chance.randint(1, operations)} for _ in range(BY_OPERATION)]
    kills += [{"dies_at": operations - chance.randrange(LAST)} for _ in range(AT_THE_END)]
    chance.shuffle(kills)
    return kills


def test_the_server_runs_the_job(uninterrupted):
    files, _, operations = uninterrupted
    assert set(files) == {*FILES, MANIFEST}
    assert operations > 4 * LAST


def test_killed_at_fifty_random_moments(jobs, data, uninterrupted, tmp_path):
    files, seconds, operations = uninterrupted
    killed = ended = 0
    out = tmp_path / "out-0"
    for kill in moments(seconds, operations):
        after = kill.pop("after", None)
        child = jobs.start(data, out, options={**OPTIONS, "resume": True}, **kill)
        if after is not None:
            time.sleep(after)
            os.kill(child, signal.SIGKILL)  # not waited for yet, so that it is this very process
        report = jobs.end()
        if out.exists():
            assert_nothing_half_written(out)
        if report["status"] == -signal.SIGKILL:
            killed += 1
        else:
            # A resumed run has less to do, and may end before its time; the next begins in an empty folder.
            assert report["error"] is None
            assert contents(out) == files
            ended += 1
            out = tmp_path / f"out-{ended}"
    assert killed >= 35 and ended
    jobs.run(data, out, options={**OPTIONS, "resume": True})
    assert contents(out) == files


@pytest.mark.parametrize("before_the_end", [4, 12, 25, 40, 55])
def test_killed_while_the_results_of_a_run_before_are_replaced(jobs, data, uninterrupted, tmp_path, before_the_end):
    files, _, _ = uninterrupted
    out = tmp_path / "out"
    assert jobs.run(data, out, options={**OPTIONS, "lang": "en"})["error"] is None
    again = jobs.run(data, tmp_path / "other", options={**OPTIONS, "lang": "en"})["operations"]
    report = jobs.run(data, out, options=OPTIONS, dies_at=again - before_the_end)
    assert report["status"] == -signal.SIGKILL
    assert_nothing_half_written(out)
    assert jobs.run(data, out, options={**OPTIONS, "resume": True})["error"] is None
    assert contents(out) == files


def test_killed_at_the_very_end_and_started_again_without_resume(jobs, data, uninterrupted, tmp_path):
    files, _, operations = uninterrupted
    for before_the_end in (2, 8):
        out = tmp_path / f"out-{before_the_end}"
        assert jobs.run(data, out, options=OPTIONS, dies_at=operations - before_the_end)["status"] == -signal.SIGKILL
        assert jobs.run(data, out, options=OPTIONS)["error"] is None
        assert contents(out) == files
