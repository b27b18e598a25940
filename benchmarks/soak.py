"""Threads that share one scorer for a while: is every answer the right one, and does memory grow?

    python -m benchmarks.soak TEXTS SECONDS THREADS    one JSON line; ``benchmarks.service`` starts it, each time in a fresh process

Resident memory is more than what the process holds: the allocators of C, Python and Arrow keep what was given back for the next call,
and with many threads that rises to a high-water mark. A leak shows in what is held, see ``Held``, and in a growth that does not slow down.
"""

import ctypes
import gc
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from array import array
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import ROOT
from benchmarks.texts import read_texts

#: Texts of one call: the sizes a service meets.
SIZES = (1, 3, 10, 30, 100, 300, 1_000)
#: Share of the time that the threads work before anything is measured: each of them has its own stores of free memory to fill.
WARM = 0.2
#: Shares of the time at which memory is shown.
MOMENTS = (0, 0.1, 0.25, 0.5, 0.75, 1)


@dataclass(frozen=True)
class Held:
    """What a process at rest holds. blocks: of Python objects. heap: MiB of C's heap that are in use, those of numpy too; None elsewhere
    than with glibc."""

    blocks: int
    heap: float | None


@dataclass(frozen=True)
class Soak:
    """What the threads did. resident: (seconds, MiB) of the process, once a second. ready: MiB before any thread. rest, trimmed: MiB after
    the last call, and after glibc was told to give back what it keeps. wrong: answers that differed from those given alone."""

    threads: int
    seconds: float
    calls: int
    texts: int
    wrong: int
    ready: float
    resident: list[tuple[float, float]]
    rest: float
    trimmed: float
    before: Held
    after: Held

    def at(self, share: float) -> float:
        """MiB at that share of the time."""
        return min(self.resident, key=lambda point: abs(point[0] - share * self.seconds))[1]

    def growth(self, first: float, last: float) -> float:
        """MiB per minute between two shares of the time: slope of the least-squares line."""
        inside = [point for point in self.resident if first <= point[0] / self.seconds <= last]
        if len(inside) < 2:
            return 0.0
        times, sizes = zip(*inside, strict=True)
        return 60 * statistics.linear_regression(times, sizes).slope

    def rows(self) -> list[tuple[str, str]]:
        """Cells of the table."""
        shares, sizes = (" / ".join(shown) for shown in ([f"{100 * m:.0f}" for m in MOMENTS], [f"{self.at(m):,.1f}" for m in MOMENTS]))
        heaps = [self.before.heap, self.after.heap]
        return [
            ("calls / texts", f"{self.calls:,} / {self.texts:,}"),
            ("answers that differ from those given alone", f"{self.wrong:,}"),
            ("texts/s of all threads together", f"{self.texts / self.seconds:,.0f}"),
            ("MiB resident before the first thread", f"{self.ready:,.1f}"),
            (f"MiB resident at {shares} % of the time", sizes),
            ("MiB resident at rest / after `malloc_trim`", f"{self.rest:,.1f} / {self.trimmed:,.1f}"),
            ("growth in the first / last half, MiB per minute", f"{self.growth(0, 0.5):+.2f} / {self.growth(0.5, 1):+.2f}"),
            ("blocks that Python holds, before / after", f"{self.before.blocks:,} / {self.after.blocks:,}"),
            ("MiB in use of C's heap, before / after", " / ".join("unknown" if heap is None else f"{heap:,.2f}" for heap in heaps)),
        ]


class _Mallinfo2(ctypes.Structure):
    """mallinfo(3)."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
    ]


def heap_mib() -> float | None:
    """MiB of C's heap that are in use, over all arenas, large arrays included; None where the C library is not glibc, 2.33 or later."""
    try:
        ask = ctypes.CDLL(None).mallinfo2
    except AttributeError:
        return None
    ask.restype = _Mallinfo2
    found = ask()
    return float(found.uordblks + found.hblkhd) / 2**20


def trim() -> None:
    """Have glibc give back the pages that it keeps for later calls; nothing elsewhere."""
    release = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if release is not None:
        release(0)


def held() -> Held:
    """What this process holds now; ask while no thread works."""
    gc.collect()
    return Held(sys.getallocatedblocks(), heap_mib())


def resident_mib() -> float:
    """Memory of this process that is resident now."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("the soak reads /proc/self/status, which this system does not have")


class Load:
    """Batches of all sizes with the answers that a single caller got, and the threads that ask for them again and again."""

    def __init__(self, scorer: Any, texts: Sequence[str], threads: int) -> None:
        self.scorer, self.threads = scorer, threads
        batches = [list(texts[first : first + size]) for first, size in zip(range(0, 1000 * len(SIZES), 1000), SIZES, strict=True)]
        self.cases = [(batch, _columns(scorer.score(batch))) for batch in batches]

    def run(self, pool: ThreadPoolExecutor, seconds: float) -> "tuple[array[float], array[float], list[int]]":
        """Seconds and MiB resident at each of them, in arrays that hold no object for each; then [calls, texts, wrong answers]."""
        over, started = threading.Event(), time.perf_counter()
        times, sizes = array("d", [0]), array("d", [resident_mib()])
        working = [pool.submit(self._work, first, over) for first in range(self.threads)]
        while (passed := time.perf_counter() - started) < seconds:
            over.wait(min(1.0, seconds / 20, seconds - passed))
            times.append(time.perf_counter() - started)
            sizes.append(resident_mib())
        over.set()
        return times, sizes, [sum(counts) for counts in zip(*(thread.result() for thread in working), strict=True)]

    def _work(self, place: int, over: threading.Event) -> tuple[int, int, int]:
        calls = texts = wrong = 0
        while not over.is_set():
            batch, right = self.cases[place % len(SIZES)]
            answer = _columns(self.scorer.score(batch))
            place, calls, texts, wrong = place + 1, calls + 1, texts + len(batch), wrong + (answer != right)
        return calls, texts, wrong


def _columns(scores: Any) -> list[Any]:
    """The scores as plain bytes and lists. ``DataFrame.equals`` is no way to compare with one frame many times: pandas notes in that frame
    who looked at it, and these notes look like a leak for hundreds of calls."""
    arrays = [scores[name].to_numpy() for name in scores]
    return [array.tolist() if array.dtype == object else (array.dtype.str, array.tobytes()) for array in arrays]


def soak(scorer: Any, texts: Sequence[str], *, seconds: float, threads: int) -> Soak:
    """Score batches of all sizes from all threads at once, and compare every answer. texts: 1000 for each of ``SIZES``."""
    load = Load(scorer, texts, threads)
    ready = resident_mib()
    with ThreadPoolExecutor(threads) as pool:
        load.run(pool, WARM * seconds)
        before = held()
        times, sizes, (calls, read, wrong) = load.run(pool, seconds)
        after, rest = held(), resident_mib()
        trim()
        resident = list(zip(times, sizes, strict=True))
        return Soak(threads, times[-1], calls, read, wrong, ready, resident, rest, resident_mib(), before, after)


def in_fresh_process(texts: Path, *, seconds: float, threads: int, settings: Mapping[str, str]) -> Soak:
    """The soak of a process with these environment variables besides its own. texts: a file of ``write_texts``.

    Fresh, because the memory of a process that read tables is given back, in parts, at any later moment.
    """
    command = [sys.executable, "-m", "benchmarks.soak", str(texts), str(seconds), str(threads)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)
    return Soak(**{**found, "before": Held(**found["before"]), "after": Held(**found["after"])})


def main(path: str, seconds: str, threads: str) -> None:
    """Soak the bundled model and print a JSON line."""
    from feedback_nlp import BatchScorer

    found = soak(BatchScorer.load(), read_texts(path), seconds=float(seconds), threads=int(threads))
    print(json.dumps(asdict(found)))


if __name__ == "__main__":
    main(*sys.argv[1:])
