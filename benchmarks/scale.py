"""A scheduled run at scale: a million rows to ledger, themes, trends and report; where the time goes, and what memory it takes.

    python -m benchmarks.scale [1000000:local:2 ...] [--data DIR] [--report] [--folder DIR] [--record]

Runs are named rows:engine:processes. Each is ``feedback-nlp run FILE --out DIR`` in a process of its own, of a CSV file made by seed:
clauses of real reviews put together anew until the texts are 73 characters long on average, one in twenty said twice; 40 products, five
channels, half as many customers as rows, dates of one year. Memory is the sum over all its processes of the pages that are theirs, shared
ones divided (Linux: PSS); pages of files that they map are cache, which the system takes back when it needs it, and are told apart.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common import ROOT, SEED, machine, markdown_table, package_versions, record, use_data_folder
from benchmarks.texts import review_pool

PAGE = ROOT / "benchmarks" / "README.md"
START, END = "<!-- scale:start -->", "<!-- scale:end -->"
STEPS = {
    "read": "read, clean, score, mask",
    "learn": "learn",
    "find": "themes, aspects",
    "judge": "trends",
    "ledger": "priority",
    "write": "write",
}
CHANNELS = ("APP", "天猫", "门店", "微博", "400热线")
PRODUCTS, CLAUSES, REPEATED = 40, 15, 0.05
#: Rows that are written at a time, and seconds between two looks at memory.
BLOCK, LOOK = 200_000, 0.5
_CLAUSE = re.compile(r"(?<=[，。！？；,.!?;])")


@dataclass(frozen=True)
class Run:
    """One run: what it was, its seconds in all and by step, its peaks of memory in MiB: its own, and with the files it maps."""

    rows: int
    jobs: int
    engine: str
    seconds: float
    steps: dict[str, float]
    own: float
    mapped: float


def make_file(path: Path, rows: int) -> None:
    """Write the CSV file of so many rows."""
    import numpy as np
    import pandas as pd

    random = np.random.default_rng(SEED)
    parts = [part for text in review_pool() for part in _CLAUSE.split(text.replace("\n", " ")) if 3 <= len(part) <= 60]
    clauses = np.array(parts, dtype=object)
    for first in range(0, rows, BLOCK):
        size = min(BLOCK, rows - first)
        counts = random.integers(2, CLAUSES, size)
        ends = np.cumsum(counts)
        chosen = clauses[random.integers(0, len(clauses), ends[-1])]
        texts = np.array(
            ["".join(chosen[end - count : end]) for end, count in zip(ends.tolist(), counts.tolist(), strict=True)], dtype=object
        )
        again = np.flatnonzero(random.random(size) < REPEATED)
        texts[again] = texts[random.integers(0, size, len(again))]
        moments = pd.Timestamp("2025-11-01") + pd.to_timedelta(random.integers(0, 365 * 86_400, size), unit="s")
        columns = {
            "反馈编号": [f"R{number}" for number in range(first, first + size)],
            "反馈时间": moments.strftime("%Y-%m-%d %H:%M:%S"),
            "产品": [f"产品{number}" for number in random.integers(0, PRODUCTS, size)],
            "渠道": random.choice(CHANNELS, size),
            "客户编号": [f"C{number}" for number in random.integers(0, max(rows // 2, 1), size)],
            "问题描述": texts,
        }
        pd.DataFrame(columns).to_csv(path, mode="a" if first else "w", header=not first, index=False)


def measure(path: Path, rows: int, jobs: int, engine: str, out: Path, *, report: bool) -> Run:
    """Run once in a fresh folder."""
    shutil.rmtree(out, ignore_errors=True)
    options = ["--out", str(out), "--jobs", str(jobs), "--engine", engine, "--log", "json"]
    options += ["--report", str(out.with_suffix(".html"))] if report else []
    log = out.with_suffix(".log")
    started = time.perf_counter()
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "feedback_nlp", "run", str(path), *options], stdout=subprocess.DEVNULL, stderr=errors
        )
        own = mapped = 0.0
        while process.poll() is None:
            now = _memory(process.pid)
            own, mapped = max(own, now[0]), max(mapped, now[1])
            time.sleep(LOOK)
    seconds = time.perf_counter() - started
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    if process.returncode or lines[-1]["items"] != rows:
        raise SystemExit(f"the run of {rows} rows failed: {log.read_text(encoding='utf-8')[-2000:]}")
    return Run(rows, jobs, engine, seconds, {line["step"]: line["seconds"] for line in lines if "step" in line}, own, mapped)


def _memory(process: int) -> tuple[float, float]:
    """MiB of a process and all below it: what is theirs alone, and that with the pages of files they map."""
    own, whole, waiting = 0, 0, [process]
    while waiting:
        number = waiting.pop()
        try:
            found = dict(re.findall(r"^(Pss|Pss_Anon):\s+(\d+)", Path(f"/proc/{number}/smaps_rollup").read_text(), re.MULTILINE))
            own, whole = own + int(found.get("Pss_Anon", 0)), whole + int(found.get("Pss", 0))
            for thread in Path(f"/proc/{number}/task").iterdir():
                waiting += [int(child) for child in (thread / "children").read_text().split()]
        except OSError:
            continue
    return own / 1024, whole / 1024


def table(runs: Sequence[Run]) -> str:
    """All runs, a line each."""
    header = ["rows, engine, processes", "seconds", "rows/s", "peak MiB", "with mapped files", *STEPS.values(), "rest"]
    lines = []
    for run in runs:
        steps = [run.steps.get(name, 0.0) for name in STEPS]
        figures = [f"{run.seconds:.1f}", f"{run.rows / run.seconds:,.0f}", f"{run.own:,.0f}", f"{run.mapped:,.0f}"]
        figures += [f"{value:.1f}" for value in steps]
        lines.append([f"{run.rows:,}, {run.engine}, {run.jobs}", *figures, f"{run.seconds - sum(steps):.1f}"])
    return markdown_table(header, lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure every run that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="folder of the labelled tables, whose reviews lend their clauses")
    parser.add_argument("runs", nargs="*", default=["1000000:local:2"], help="rows:engine:processes of each run")
    parser.add_argument("--report", action="store_true", help="also write the HTML report")
    parser.add_argument("--folder", help="where files and results are put; a temporary folder by default")
    parser.add_argument("--record", action="store_true", help="write the table into benchmarks/README.md")
    options = parser.parse_args(argv)
    use_data_folder(options.data)
    wanted = [(int(rows), engine, int(jobs)) for rows, engine, jobs in (run.split(":") for run in options.runs)]
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        runs = []
        for rows in dict.fromkeys(rows for rows, _, _ in wanted):
            path = Path(folder) / f"{rows}.csv"
            make_file(path, rows)
            for _, engine, jobs in (run for run in wanted if run[0] == rows):
                runs.append(measure(path, rows, jobs, engine, Path(folder) / "out", report=options.report))
                print(table(runs[-1:]), flush=True)
            path.unlink()
    described = ", ".join(f"{key} {value}" for key, value in machine().items())
    packages = ", ".join(f"{name} {number}" for name, number in package_versions().items())
    figures = f"{table(runs)}\n\n{'With' if options.report else 'Without'} the report. Machine: {described}.  \nPackages: {packages}."
    print(figures)
    if options.record:
        record(PAGE, figures, start=START, end=END)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
