"""A measured process. It answers in JSON lines on stdout; ``benchmarks.speed`` starts it, pinned to one core.

python -m benchmarks.worker contender MODULE TEXTS   one timed pass for each line that comes on stdin
python -m benchmarks.worker latency TEXTS            3,000 single texts in a warm process
python -m benchmarks.worker memory TEXTS             peak memory of one call
"""

import gc
import importlib
import json
import sys
import time
from typing import Any

from benchmarks.common import forget_peak, peak_mib
from benchmarks.texts import read_texts


def answer(**values: Any) -> None:
    """One JSON line to the parent."""
    print(json.dumps(values), flush=True)


def contender(module_name: str, path: str) -> None:
    """Prepare, say so, then time one ``run`` per line of stdin until it closes. The line says how many passes a repeat takes."""
    module = importlib.import_module(f"benchmarks.contenders.{module_name}")
    texts = read_texts(path)
    state = module.prepare(texts)
    gc.collect()
    gc.disable()
    forget_peak()
    answer(name=module.NAME, ready_mib=peak_mib())
    for line in sys.stdin:
        passes = int(line)
        started = time.perf_counter()
        for _ in range(passes):
            module.run(state, texts)
        answer(seconds=time.perf_counter() - started, peak_mib=peak_mib())


def latency(path: str) -> None:
    """Seconds of each call that scores a single text; the first 200 calls are the warm-up."""
    from feedback_nlp import BatchScorer

    texts = read_texts(path)
    scorer = BatchScorer.load()
    for text in texts[:200]:
        scorer.score([text])
    seconds = []
    for text in texts:
        started = time.perf_counter()
        scorer.score([text])
        seconds.append(time.perf_counter() - started)
    answer(seconds=seconds)


def memory(path: str) -> None:
    """Memory with library, model and texts loaded, and the peak of one call on top of it."""
    from feedback_nlp import BatchScorer

    texts = read_texts(path)
    scorer = BatchScorer.load()
    scorer.score(texts[:1])
    gc.collect()
    forget_peak()
    before = peak_mib()
    frame = scorer.score(texts)
    answer(rows=len(frame), before_mib=before, peak_mib=peak_mib())


def main(argv: list[str]) -> int:
    """Run one of the modes above."""
    {"contender": contender, "latency": latency, "memory": memory}[argv[0]](*argv[1:])
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
