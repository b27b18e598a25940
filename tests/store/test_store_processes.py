"""Several jobs at once, and jobs that die: real processes, on both databases."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from job import items
from ledgers import told

from feedback_nlp.errors import InputError
from feedback_nlp.store import LedgerStore

JOB = Path(__file__).with_name("job.py")


def start(url, *arguments):
    command = [sys.executable, JOB, url, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(jobs):
    """What each job printed; all must have ended well."""
    told_by = [job.communicate(timeout=120) for job in jobs]
    assert [(job.returncode, err) for job, (_, err) in zip(jobs, told_by, strict=True)] == [(0, "")] * len(jobs)
    return [json.loads(out) if out else None for out, _ in told_by]


def check_history(store):
    """Every change starts where the one before ended, and the last ends at the present state."""
    ledger, state = store.load().set_index("feedback_id"), {}
    for name, column, before, after in told(store.history()):
        assert state.get((name, column), before) == before
        state[name, column] = after
    for (name, column), value in state.items():
        assert ledger.loc[name, column] == value


def test_runs_at_once_on_a_store_that_is_not_there_yet_neither_double_nor_lose(url, tmp_path):
    spans = [(0, 300, "高"), (100, 400, "中"), (200, 500, "低"), (0, 500, "高")]
    jobs = [start(url, "save", tmp_path / "go", f"run {number}", *span) for number, span in enumerate(spans)]
    (tmp_path / "go").touch()
    answers = finish(jobs)
    with LedgerStore(url, create=False) as store:
        ids = store.load()["feedback_id"]
        assert sorted(ids) == [f"n{number:05}" for number in range(500)]
        assert sum(answer["added"] for answer in answers) == 500
        assert len(store.history()) == sum(answer["history"] for answer in answers)
        assert sorted(store.runs()["run"]) == [f"run {number}" for number in range(4)]
        check_history(store)


def test_people_and_runs_at_once(url, tmp_path):
    with LedgerStore(url) as store:
        store.save(items(0, 400, "低"), run="first")
        jobs = [start(url, "edit", tmp_path / "go", who, number, 8) for who, number in (("甲", 0), ("乙", 0), ("丙", 1))]
        jobs += [start(url, "save", tmp_path / "go", f"run {level}", 0, 400, level) for level in "高中"]
        (tmp_path / "go").touch()
        finish(jobs)
        history = store.history()
        assert history["who"].value_counts().to_dict() == {"甲": 8, "乙": 8, "丙": 8}
        ledger = store.load().set_index("feedback_id")
        assert ledger.loc["n00000", "owner"] in ("甲7", "乙7")
        assert ledger.loc["n00001", "owner"] == "丙7"
        assert len(ledger) == 400
        check_history(store)


#: Where the job is killed: (module, function, calls before) and what it has done by then.
DEATHS = {
    "nothing was written": ("saving", "merge_rows", 0),
    "the columns were written": ("saving", "_save_rows", 0),
    "a part of the rows was written": ("saving", "upsert", 2),
    "all rows were written": ("saving", "_save_run", 0),
}


@pytest.mark.parametrize("death", DEATHS)
def test_a_job_that_dies_leaves_the_old_state(url, death):
    with LedgerStore(url) as store:
        store.save(items(0, 2_000, "中"), run="first", at="2026-03-02")
        store.assign("n00007", "王工", who="李经理", at="2026-03-02")
        before = store.load(), store.history(), store.runs()
    module, name, calls = DEATHS[death]
    killed = start(url, "die", module, name, calls)
    out, err = killed.communicate(timeout=120)
    assert (killed.returncode, out) == (-signal.SIGKILL, ""), err
    with LedgerStore(url, create=False) as store:
        for old, now in zip(before, (store.load(), store.history(), store.runs()), strict=True):
            pd.testing.assert_frame_equal(old, now)
        # Nothing holds the store any more, and the next run does all of it.
        saved = store.save(items(1_000, 6_000, "高"), run="next")
        assert (saved.added, saved.history, saved.vanished) == (4_000, 1_000, 1_000)
        assert store.count() == 6_000


def test_a_first_job_that_dies_leaves_no_half_made_store(url):
    for death in ("all rows were written", "a part of the rows was written"):
        module, name, calls = DEATHS[death]
        killed = start(url, "die", module, name, calls)
        assert killed.communicate(timeout=120)[0] == ""
        assert killed.returncode == -signal.SIGKILL
        with LedgerStore(url, create=False) as store, pytest.raises(InputError, match="there is no store here"):
            store.load()
    with LedgerStore(url) as store:
        assert store.save(items(0, 10, "高"), run="next").added == 10


def test_who_waits_too_long_is_told(url):
    with LedgerStore(url) as busy, LedgerStore(url, timeout=0.2) as waiting:
        busy.save(items(0, 3, "高"), run="first")
        with busy._database.writing():
            with pytest.raises(InputError, match=r"another job has been writing for more than 0.2 s; try again later"):
                waiting.save(items(0, 3, "低"), run="second")
            assert waiting.count() == 3
        assert waiting.save(items(0, 3, "低"), run="second").history == 3


def test_an_error_in_the_middle_leaves_the_old_state(url, monkeypatch):
    from feedback_nlp.store import saving

    with LedgerStore(url) as store:
        store.save(items(0, 5, "高"), run="first")
        before = store.load()

        def fails(*_):
            raise RuntimeError("power failure")

        monkeypatch.setattr(saving, "_save_run", fails)
        with pytest.raises(RuntimeError, match="power failure"):
            store.save(items(3, 9, "低"), run="second")
        pd.testing.assert_frame_equal(store.load(), before)
