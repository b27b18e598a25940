"""A job of its own process: ``python job.py URL save|edit|die ...``. Jobs that shall run at once wait for a file to appear."""

import json
import os
import signal
import sys
import time
from pathlib import Path

from ledgers import ledger

from feedback_nlp.store import LedgerStore


def items(first, last, level, score=50.0):
    """A run's ledger: items first to last - 1, all of one level."""
    return ledger(*((f"n{number:05}", level, score) for number in range(first, last)))


def wait_for(start):
    deadline = time.monotonic() + 60
    while not Path(start).exists():
        if time.monotonic() > deadline:
            sys.exit("nobody gave the start")
        time.sleep(0.005)


def save(url, start, run, first, last, level):
    with LedgerStore(url) as store:
        wait_for(start)
        saved = store.save(items(int(first), int(last), level), run=run, partial=True)
    print(json.dumps({"added": saved.added, "history": saved.history}))


def edit(url, start, who, number, times):
    """Change one item's owner again and again; each change is one of its own."""
    with LedgerStore(url) as store:
        wait_for(start)
        for count in range(int(times)):
            store.edit(f"n{int(number):05}", who=who, owner=f"{who}{count}")


def die(url, module, name, after):
    """Save, and be killed when the function is called for the time after ``after`` ones."""
    import importlib

    owner = importlib.import_module(f"feedback_nlp.store.{module}")
    real, calls = getattr(owner, name), []

    def deadly(*arguments, **options):
        if len(calls) == int(after):
            os.kill(os.getpid(), signal.SIGKILL)
        calls.append(1)
        return real(*arguments, **options)

    setattr(owner, name, deadly)
    importlib.import_module("feedback_nlp.store.saving").PART = 1_000
    with LedgerStore(url) as store:
        store.save(items(1_000, 6_000, "高"), run="fatal")
    print("survived")


if __name__ == "__main__":
    {"save": save, "edit": edit, "die": die}[sys.argv[2]](sys.argv[1], *sys.argv[3:])
