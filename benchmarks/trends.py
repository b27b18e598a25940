"""Trends: how many bursts are found, how early, at how many false alarms.

    python -m benchmarks.trends [--quick] [--seed 20240601] [--data DIR] [--record]

Bursts at known days in simulated day counts and in real ones; ours against EARS C1 to C3, mean + 3σ, the plain rule of more than 10 a day,
a naive Poisson test, and oracles that know the true distribution. ``--quick`` is a coarse grid; ``--record`` renews the README's section.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

import numpy as np

from benchmarks import trend_tables as tables
from benchmarks.common import ROOT, SEED, markdown_table, pin_to_core, record, signature, use_data_folder
from benchmarks.trend_baselines import DETECTORS, OURS, SPIKE
from benchmarks.trend_experiment import EACH, ONE, SPEED, Grid, quick_grid, run
from benchmarks.trend_nominal import nominal_tables
from benchmarks.trend_streams import STREAMS, read_stream, stream_results, stream_table

README = ROOT / "benchmarks" / "README.md"
START, END = "<!-- trends:start -->", "<!-- trends:end -->"
#: Keys and days of the speed run.
KEYS, DAYS = 5_000, 730


def simulated_tables(grid: Grid) -> list[str]:
    """Everything that is measured on simulated worlds."""
    outcome = run(grid)
    return [
        tables.ratio_lines(outcome),
        *(tables.curve_table(outcome, matching) for matching in (ONE, EACH)),
        *(tables.point_table(outcome, within) for within in (0, 1, 3)),
        tables.by_size_table(outcome),
        *(tables.ahead_table(outcome, matching) for matching in (ONE, EACH)),
        *(tables.losses(outcome, matching) for matching in (ONE, EACH)),
        tables.ramp_curve_table(outcome, ONE),
        tables.ramp_table(outcome),
        tables.delay_table(outcome),
        tables.false_table(outcome),
    ]


def speed_table(grid: Grid, n_keys: int, n_days: int, repeats: int = 3) -> str:
    """Seconds of one call on simulated counts."""
    series = replace(grid, calibration_keys=-(-n_keys // grid.n_kinds), n_days=n_days).simulated(SPEED, 0).series
    series = replace(series, counts=np.ascontiguousarray(series.counts[:, :n_keys]))
    rows = []
    for name in (OURS, SPIKE):
        seconds, cpu = [], []
        for _ in range(repeats):
            started, worked = time.perf_counter(), time.process_time()
            DETECTORS[name](series)
            seconds.append(time.perf_counter() - started)
            cpu.append(time.process_time() - worked)
        rows.append([name, f"{n_keys:,} x {n_days}", f"{median(seconds):.2f}", f"{median(cpu):.2f}"])
    return markdown_table([f"median of {repeats}", "keys x days", "s", "CPU s"], rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trends", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a coarse grid, without the real data")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--data", help="folder of the dated reviews")
    parser.add_argument("--record", action="store_true", help="write the figures into benchmarks/README.md")
    options = parser.parse_args(argv)
    pin_to_core()
    grid = quick_grid(seed=options.seed) if options.quick else Grid(seed=options.seed)
    parts = [f"{signature()}  \nSeed {options.seed}.", *simulated_tables(grid), *nominal_tables(grid)]
    if not options.quick:
        use_data_folder(options.data)
        streams = [(name, read_stream(name, first, last)) for name, first, last in STREAMS]
        parts.append(stream_table(list(stream_results(streams, seed=options.seed))))
    parts.append(speed_table(grid, KEYS, DAYS))
    figures = "\n\n".join(parts)
    print(figures)
    if options.record:
        record(README, f"\n{figures}\n", start=START, end=END)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
