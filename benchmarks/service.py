"""A scorer inside a service: single texts, an event loop during a batch, and 16 threads on one scorer for a minute.

    python -m benchmarks.service [--soak SECONDS] [--threads N] [--data DIR] [--record]

Every answer of the soak is compared with the one a single caller got before it; memory is that of the whole process, once a second.
``--record`` writes what is printed between the two markers of ``benchmarks/README.md``.
"""

import argparse
import asyncio
import statistics
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import startup
from benchmarks.common import ROOT, markdown_table, record, signature, use_data_folder
from benchmarks.texts import like_the_pool, review_pool, write_texts

START, END = "<!-- service:start -->", "<!-- service:end -->"

SINGLE_TEXTS = 3_000
#: Texts of the batch during which the event loop is watched, and of a chunk of it.
BATCH, CHUNK = 30_000, 1_000
#: Texts of one call of the soak: the sizes a service meets.
SIZES = (1, 3, 10, 30, 100, 300, 1_000)
#: Share of the soak after which memory is taken for that of a warm process.
WARM = 0.2


@dataclass
class Soak:
    """What 16 threads did. memory: (seconds, MiB) of the process, once a second. wrong: answers that differed from those given alone."""

    seconds: float
    threads: int
    calls: int = 0
    texts: int = 0
    wrong: int = 0
    memory: list[tuple[float, float]] = field(default_factory=list)

    def growth(self) -> float:
        """MiB per minute after the warm-up: slope of the least-squares line."""
        late = [point for point in self.memory if point[0] >= WARM * self.seconds]
        if len(late) < 2:
            return 0.0
        times, sizes = zip(*late, strict=True)
        return 60 * statistics.linear_regression(times, sizes).slope

    def rows(self) -> list[tuple[str, str]]:
        """Cells of the table."""
        sizes = [size for _, size in self.memory]
        return [
            (f"{self.threads} threads for {self.seconds:.0f} s: calls / texts", f"{self.calls:,} / {self.texts:,}"),
            ("answers that differ from those given alone", f"{self.wrong:,}"),
            ("texts/s of all threads together", f"{self.texts / self.seconds:,.0f}"),
            (
                "memory after the first second / most / at the end",
                " / ".join(f"{size:,.0f} MiB" for size in (sizes[0], max(sizes), sizes[-1])),
            ),
            (f"growth of memory after {WARM:.0%} of the time", f"{self.growth():+.2f} MiB per minute"),
        ]


def resident_mib() -> float:
    """Memory of this process that is resident now."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("the soak reads /proc/self/status, which this system does not have")


def soak(scorer: Any, pool: Sequence[str], *, seconds: float, threads: int) -> Soak:
    """Score batches of all sizes from all threads at once, and compare every answer."""
    batches = [list(pool[first : first + size]) for first, size in zip(range(0, 1000 * len(SIZES), 1000), SIZES, strict=True)]
    expected = [scorer.score(batch) for batch in batches]
    result, lock, over = Soak(seconds, threads), threading.Lock(), threading.Event()

    def work(first: int) -> None:
        place = first
        while not over.is_set():
            batch, right = batches[place % len(SIZES)], expected[place % len(SIZES)]
            same = scorer.score(batch).equals(right)
            place += 1
            with lock:
                result.calls, result.texts, result.wrong = result.calls + 1, result.texts + len(batch), result.wrong + (not same)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    started = time.perf_counter()
    for worker in workers:
        worker.start()
    while (passed := time.perf_counter() - started) < seconds:
        over.wait(min(1.0, seconds - passed))
        result.memory.append((time.perf_counter() - started, resident_mib()))
    over.set()
    for worker in workers:
        worker.join()
    result.seconds = time.perf_counter() - started
    return result


async def stalls(work: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Seconds that ``work`` took, and the longest time in it in which the event loop did not come round."""
    longest, over, last = 0.0, False, time.perf_counter()

    async def watch() -> None:
        nonlocal longest, last
        while not over:
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.05)
    longest, started = 0.0, time.perf_counter()
    await work()
    took, over = time.perf_counter() - started, True
    await watching
    return took, longest


def loop_rows(scorer: Any, texts: Sequence[str]) -> list[tuple[str, str]]:
    """The event loop during one batch, scored in four ways."""

    async def whole() -> None:
        await asyncio.to_thread(scorer.score, texts)

    async def chunks() -> None:
        for first in range(0, len(texts), CHUNK):
            await asyncio.to_thread(scorer.score, texts[first : first + CHUNK])

    async def on_the_loop() -> None:
        scorer.score(texts)

    ways = {"in a thread": whole, f"in a thread, {CHUNK:,} at a time": chunks, "on the loop (do not)": on_the_loop}
    rows = []
    for name, work in ways.items():
        measured = [asyncio.run(stalls(work)) for _ in range(3)]
        took, longest = (statistics.median(values) for values in zip(*measured, strict=True))
        rows.append((f"{len(texts):,} texts {name}: seconds / longest stall of the loop", f"{took:.3f} s / {1000 * longest:.1f} ms"))
    return rows


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and record where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service", description=__doc__.splitlines()[0])
    parser.add_argument("--soak", type=float, default=60, metavar="SECONDS", help="how long the threads work (60)")
    parser.add_argument("--threads", type=int, default=16, help="threads that share one scorer (16)")
    parser.add_argument("--data", help="folder of the labelled tables")
    parser.add_argument("--record", action="store_true", help="write the figures into benchmarks/README.md")
    options = parser.parse_args(argv)
    use_data_folder(options.data)
    pool = review_pool()
    with tempfile.TemporaryDirectory() as folder:
        single = startup.worker("latency", write_texts(Path(folder) / "single.json", like_the_pool(pool, SINGLE_TEXTS)))["seconds"]
    from feedback_nlp import BatchScorer

    scorer = BatchScorer.load()
    scorer.score(pool[:1000])
    shares = {"50th": 0.5, "99th": 0.99, "99.9th": 0.999}
    rows = [(f"single text, {name} percentile", f"{1000 * startup.percentile(single, share):.3f} ms") for name, share in shares.items()]
    rows += loop_rows(scorer, pool[:BATCH])
    found = soak(scorer, pool, seconds=options.soak, threads=options.threads)
    figures = "\n\n".join([signature(), markdown_table(["figure", "measured"], [*rows, *found.rows()])])
    print(figures)
    if options.record:
        record(ROOT / "benchmarks" / "README.md", figures, start=START, end=END)
    return 1 if found.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
