"""A scorer inside a service: single texts, an event loop during a batch, and 16 threads on one scorer for a minute.

    python -m benchmarks.service [--soak SECONDS] [--threads N] [--data DIR] [--record]

Every answer of the soak is compared with the one a single caller got before it, and memory is watched, see ``benchmarks.soak``: for the
given time with the settings of the system, then with fewer arenas of memory.
``--record`` writes what is printed between the two markers of ``benchmarks/README.md``.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import startup
from benchmarks.common import ROOT, markdown_table, record, signature, use_data_folder
from benchmarks.soak import SIZES, Soak, in_fresh_process
from benchmarks.texts import like_the_pool, review_pool, write_texts

START, END = "<!-- service:start -->", "<!-- service:end -->"

SINGLE_TEXTS = 3_000
#: Texts of the batch during which the event loop is watched, and of a chunk of it.
BATCH, CHUNK = 30_000, 1_000
#: What is set for the threads, each in a process of its own; mallopt(3).
SETTINGS: dict[str, dict[str, str]] = {"as it is": {}, "MALLOC_ARENA_MAX=2": {"MALLOC_ARENA_MAX": "2"}}


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


def single_rows(pool: Sequence[str], folder: Path) -> list[tuple[str, str]]:
    """Single texts in a process of their own."""
    texts = write_texts(folder / "single.json", like_the_pool(pool, SINGLE_TEXTS))
    seconds = startup.worker("latency", texts)["seconds"]
    shares = {"50th": 0.5, "99th": 0.99, "99.9th": 0.999}
    return [(f"single text, {name} percentile", f"{1000 * startup.percentile(seconds, share):.3f} ms") for name, share in shares.items()]


def soak_table(found: dict[str, Soak]) -> str:
    """A column for each of ``SETTINGS``."""
    first = next(iter(found.values()))
    columns = [dict(soak.rows()) for soak in found.values()]
    header = [f"{first.threads} threads on one scorer for {first.seconds:.0f} s", *found]
    return markdown_table(header, [(name, *(column[name] for column in columns)) for name in columns[0]])


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and record where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service", description=__doc__.splitlines()[0])
    parser.add_argument("--soak", type=float, default=60, metavar="SECONDS", help="how long the threads work with each setting (60)")
    parser.add_argument("--threads", type=int, default=16, help="threads that share one scorer (16)")
    parser.add_argument("--data", help="folder of the labelled tables")
    parser.add_argument("--record", action="store_true", help="write the figures into benchmarks/README.md")
    options = parser.parse_args(argv)
    use_data_folder(options.data)
    pool = review_pool()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows, texts = single_rows(pool, folder), write_texts(folder / "soak.json", pool[: 1000 * len(SIZES)])
        work = {"seconds": options.soak, "threads": options.threads}
        found = {label: in_fresh_process(texts, settings=settings, **work) for label, settings in SETTINGS.items()}
    from feedback_nlp import BatchScorer

    scorer = BatchScorer.load()
    scorer.score(pool[:1000])
    rows += loop_rows(scorer, pool[:BATCH])
    figures = "\n\n".join([signature(), markdown_table(["figure", "measured"], rows), soak_table(found)])
    print(figures)
    if options.record:
        record(ROOT / "benchmarks" / "README.md", figures, start=START, end=END)
    return 1 if any(soak.wrong for soak in found.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
