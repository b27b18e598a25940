"""Where ``feedback_nlp.analyze`` spends its time, and that no step grows faster than the rows.

    python -m benchmarks.pipeline [--data DIR] [--rows 100000] [--repeats N] [--record]

Real texts; where a table has no date, product or channel, one is made up by seed. A quarter, a half and all of the rows are analysed
by turns; the rows are in random order, so that all three are mixed alike.
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.common import ROOT, SEED, forget_peak, markdown_table, peak_mib, pin_to_core, read_table, record, signature, use_data_folder

ROWS = 100_000
#: A step that takes this many times longer per row on all rows than on a quarter of them is called super-linear ...
GROWTH = 1.3
#: ... unless it takes less than this share of the whole.
NEGLIGIBLE = 0.01
TOTAL = "all of analyze"
CHANNELS = ("APP", "天猫", "京东", "在线客服", "400热线", "微信公众号", "门店", "问卷")
PRODUCTS = ("产品A", "产品B", "产品C", "产品D", "产品E")
FIRST_DAY, DAYS = "2019-01-01", 365


def feedback_frame(rows: int) -> Any:
    """A DataFrame [created_at, channel, product, text] of ``rows`` real texts, the same for the same data."""
    import numpy as np
    import pandas as pd

    columns = ["created_at", "product", "text"]
    frame = pd.concat([read_table("stream_app_reviews")[columns], read_table("sentiment")[columns]], ignore_index=True)
    if rows > len(frame):
        raise SystemExit(f"expected --rows of at most {len(frame)}, the number of texts at hand, got {rows}")
    frame = frame.sample(rows, random_state=SEED).reset_index(drop=True)
    random = np.random.default_rng(SEED)
    times = pd.Timestamp(FIRST_DAY) + pd.to_timedelta(random.integers(DAYS * 86_400, size=rows), unit="s")
    made_up = pd.Series(random.choice(PRODUCTS, size=rows))
    return pd.DataFrame(
        {
            "created_at": frame["created_at"].where(frame["created_at"].notna(), pd.Series(times)),
            "channel": random.choice(CHANNELS, size=rows),
            "product": frame["product"].astype(object).where(frame["product"].notna(), made_up),
            "text": frame["text"],
        }
    )


def timed(frame: Any) -> dict[str, float]:
    """Seconds of each step, and of the whole call. Every row must come back."""
    import feedback_nlp

    started = time.perf_counter()
    analysis = feedback_nlp.analyze(frame)
    seconds = time.perf_counter() - started
    if len(analysis.ledger) + len(analysis.quarantine) != len(frame):
        raise SystemExit(f"{len(frame)} rows went in, {len(analysis.ledger)} + {len(analysis.quarantine)} came out")
    return {**analysis.timings, TOTAL: seconds}


def profile(frame: Any, sizes: Sequence[int], repeats: int) -> dict[int, dict[str, float]]:
    """Median seconds of each step at each size; sizes by turns, after a warm-up on 1,000 rows."""
    timed(frame.head(1000))
    forget_peak()
    runs: dict[int, list[dict[str, float]]] = {size: [] for size in sizes}
    for _ in range(repeats):
        for size, found in runs.items():
            found.append(timed(frame.head(size)))
    return {size: {step: statistics.median(run[step] for run in found) for step in found[0]} for size, found in runs.items()}


def growth(medians: dict[int, dict[str, float]], step: str) -> float:
    """Seconds per row of a step at the largest size over those at the smallest: 1 is linear."""
    small, large = min(medians), max(medians)
    return (medians[large][step] / large) / (medians[small][step] / small)


def verdict(medians: dict[int, dict[str, float]], step: str) -> str:
    """PASS where the step is linear or too small to matter."""
    last = medians[max(medians)]
    return "PASS" if growth(medians, step) <= GROWTH or last[step] < NEGLIGIBLE * last[TOTAL] else "MISS"


def step_table(medians: dict[int, dict[str, float]]) -> str:
    """Seconds of each step on all rows, its share, and milliseconds per 1,000 rows at each size."""
    last = medians[max(medians)]
    rows = []
    for step, seconds in last.items():
        per_thousand = [f"{found[step] / size * 1e6:.2f}" for size, found in medians.items()]
        share = f"{seconds / last[TOTAL]:.0%}"
        rows.append([step, f"{seconds:.3f}", share, *per_thousand, f"{growth(medians, step):.2f}", verdict(medians, step)])
    header = ["step", f"s, {max(medians):,} rows", "share", *(f"ms/1,000 at {size:,}" for size in medians), "growth", f"<= {GROWTH}"]
    return markdown_table(header, rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pipeline", description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of the labelled tables")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--record", action="store_true", help="write the table into benchmarks/README.md")
    options = parser.parse_args(argv)
    use_data_folder(options.data)
    pin_to_core()
    frame = feedback_frame(options.rows)
    medians = profile(frame, [options.rows // 4, options.rows // 2, options.rows], options.repeats)
    peak = f"Peak memory {peak_mib():,.0f} MiB, the table of {options.rows:,} rows included."
    figures = f"{signature()}\n\n{step_table(medians)}\n\n{peak}"
    print(figures)
    if options.record:
        record(ROOT / "benchmarks" / "README.md", figures, start="<!-- pipeline:start -->", end="<!-- pipeline:end -->")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
