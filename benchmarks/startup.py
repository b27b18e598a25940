"""What a caller pays before and around the throughput: import, first score, single texts, memory."""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.common import child_options

REPEATS = 7

_IMPORT = "import time; t = time.perf_counter(); import {name}; print(time.perf_counter() - t)"
_FIRST = """
import time
from feedback_nlp.scorer.scorer import BatchScorer
imported = time.perf_counter()
scorer = BatchScorer.load()
loaded = time.perf_counter()
scorer.score(["我的软件总是闪退，太影响工作了"])
print(loaded - imported, time.perf_counter() - loaded, flush=True)
"""


def fresh(*arguments: str) -> str:
    """The output of a fresh Python process on the one core."""
    with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, **child_options()) as process:
        output, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"python {' '.join(arguments)[:80]} ended with {process.returncode}")
    return output


def import_cost() -> dict[str, list[float]]:
    """Seconds of ``import feedback_nlp`` and of ``import pandas``, each in fresh processes by turns; the first turn is not counted."""
    seconds: dict[str, list[float]] = {"pandas": [], "feedback_nlp": []}
    for turn in range(REPEATS + 1):
        for name, values in seconds.items():
            value = float(fresh("-c", _IMPORT.format(name=name)))
            if turn:
                values.append(value)
    return seconds


def first_score() -> dict[str, list[float]]:
    """Seconds from the start of a process to its first result; of them, loading the model and the first call itself."""
    seconds: dict[str, list[float]] = {"wall": [], "load": [], "call": []}
    for turn in range(REPEATS + 1):
        started = time.perf_counter()
        with subprocess.Popen([sys.executable, "-c", _FIRST], stdout=subprocess.PIPE, **child_options()) as process:
            line = process.stdout.readline() if process.stdout else ""
            wall = time.perf_counter() - started
        if turn:
            load, call = map(float, line.split())
            for name, value in (("wall", wall), ("load", load), ("call", call)):
                seconds[name].append(value)
    return seconds


def worker(mode: str, texts: Path) -> Any:
    """The answer of ``benchmarks.worker`` in a mode that answers once."""
    return json.loads(fresh("-m", "benchmarks.worker", mode, str(texts)))


def percentile(values: list[float], share: float) -> float:
    """The value below which ``share`` of the values lie."""
    return statistics.quantiles(values, n=1000, method="inclusive")[round(share * 1000) - 1]
