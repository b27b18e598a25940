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

_TIMED = "import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
#: The package resolves its names when they are first used, so the bare import alone would flatter it.
IMPORTS = {
    "pandas": "import pandas",
    "package": "import feedback_nlp",
    "names": "from feedback_nlp import BatchScorer, analyze",
}
_FIRST = """
import time
from feedback_nlp import BatchScorer
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
    """Seconds of each statement of ``IMPORTS``, in fresh processes by turns; the first turn is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for turn in range(REPEATS + 1):
        for name, statement in IMPORTS.items():
            value = float(fresh("-c", _TIMED.format(statement=statement)))
            if turn:
                seconds[name].append(value)
    return seconds


def first_score() -> dict[str, list[float]]:
    """Seconds from the start of a process to its first result; of them, loading the model and the first call itself."""
    seconds: dict[str, list[float]] = {"wall": [], "load": [], "call": []}
    for turn in range(REPEATS + 1):
        started = time.perf_counter()
        with subprocess.Popen([sys.executable, "-c", _FIRST], stdout=subprocess.PIPE, **child_options()) as process:
            line = process.stdout.readline() if process.stdout else ""
            wall = time.perf_counter() - started
        if process.returncode:
            raise SystemExit(f"the process of the first score ended with {process.returncode}")
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
