"""Throughput against SnowNLP and jieba + scikit-learn, and what a single call, the first call and the import cost.

    python -m benchmarks.speed [--data DIR] [--json FILE] [--repeats N] [--record]

Every contender has a process of its own, pinned to the same core with one thread; their repeats take turns, so that a busy moment of
the machine meets all of them. Prints one JSON line per contender, then tables with the limits beside the figures, the steps of a call and
what bounds them. ``--record`` writes the tables into benchmarks/README.md.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from benchmarks import bounds, startup
from benchmarks.common import ROOT, child_options, machine, markdown_table, package_versions, record, signature, use_data_folder
from benchmarks.texts import POOL, like_the_pool, mean_length, review_pool, write_texts

#: module: (texts of one pass, passes of one repeat), so that a repeat takes a second or more.
CONTENDERS = {"ours": (POOL, 10), "snownlp_sentiments": (300, 1), "jieba_sklearn": (8_000, 1)}
START, END = "<!-- speed:start -->", "<!-- speed:end -->"

SINGLE_TEXTS = 3_000
MEMORY_TEXTS = 100_000


@dataclass
class Contender:
    """A running process and what it measured. seconds: of each repeat.

    ready_mib: the most memory while it was prepared; peak_mib: while it ran, what it had loaded included.
    """

    module: str
    texts: int
    passes: int
    mean_chars: float
    process: subprocess.Popen[str]
    name: str = ""
    ready_mib: float = 0.0
    peak_mib: float = 0.0
    seconds: tuple[float, ...] = ()

    @property
    def rates(self) -> list[float]:
        """Texts per second of each repeat, slowest first."""
        return sorted(self.texts * self.passes / seconds for seconds in self.seconds)

    def result(self) -> dict[str, object]:
        """What the JSON line says."""
        kept = ("module", "name", "texts", "passes", "mean_chars", "seconds", "ready_mib", "peak_mib")
        values = {name: getattr(self, name) for name in kept}
        return {**values, "texts_per_second": statistics.median(self.rates), "machine": machine(), "packages": package_versions()}


@dataclass(frozen=True)
class Limit:
    """A figure and the bound it must keep."""

    what: str
    value: float
    bound: float
    unit: str
    at_least: bool = False

    def row(self) -> list[str]:
        """Cells of the table of limits."""
        kept = self.value >= self.bound if self.at_least else self.value < self.bound
        sign = ">=" if self.at_least else "<"
        return [
            self.what,
            f"{self.value:,.{0 if self.value >= 100 else 3}f} {self.unit}",
            f"{sign} {self.bound:,g} {self.unit}",
            "PASS" if kept else "MISS",
        ]


def talk(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    """stdin and stdout of a worker."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the worker was started without pipes")
    return process.stdin, process.stdout


def answer(process: subprocess.Popen[str]) -> dict[str, float | str]:
    """The next JSON line of a worker."""
    line = talk(process)[1].readline()
    if not line:
        raise SystemExit(f"a worker ended without an answer (exit code {process.wait()})")
    return dict(json.loads(line))


def start(module: str, pool: Sequence[str], folder: Path) -> Contender:
    """Start a contender's process and wait until it is prepared; no two prepare or run at the same time."""
    texts, passes = CONTENDERS[module]
    chosen = like_the_pool(pool, texts) if texts < len(pool) else list(pool)
    path = write_texts(folder / f"{module}.json", chosen)
    command = [sys.executable, "-m", "benchmarks.worker", "contender", module, str(path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **child_options())
    contender = Contender(module, texts, passes, round(mean_length(chosen), 2), process)
    ready = answer(process)
    contender.name, contender.ready_mib = str(ready["name"]), float(ready["ready_mib"])
    return contender


def one_repeat(contender: Contender) -> None:
    """Time one repeat in the contender's process."""
    stdin, _ = talk(contender.process)
    stdin.write(f"{contender.passes}\n")
    stdin.flush()
    told = answer(contender.process)
    contender.seconds = (*contender.seconds, float(told["seconds"]))
    contender.peak_mib = float(told["peak_mib"])


def throughput(pool: Sequence[str], folder: Path, repeats: int) -> list[Contender]:
    """All contenders, their repeats by turns."""
    contenders = []
    try:
        for module in CONTENDERS:
            contenders.append(start(module, pool, folder))
        for _ in range(repeats):
            for contender in contenders:
                one_repeat(contender)
    finally:
        for contender in contenders:
            contender.process.communicate()
    return contenders


def throughput_table(contenders: Sequence[Contender]) -> str:
    """Texts per second, ratio of the medians, and memory."""
    ours = statistics.median(contenders[0].rates)
    rows = []
    for item in contenders:
        median = statistics.median(item.rates)
        spread = f"{item.rates[0]:,.0f} - {median:,.0f} - {item.rates[-1]:,.0f}"
        timed = f"{item.texts:,} x {item.passes}"
        rows.append([item.name, timed, f"{item.mean_chars:.1f}", spread, f"{ours / median:,.1f}", f"{item.peak_mib:,.0f}"])
    return markdown_table(["contender", "texts", "characters", "texts/s, min - median - max", "ours / theirs", "peak MiB"], rows)


def small_figures(pool: Sequence[str], folder: Path) -> tuple[list[Limit], list[tuple[str, str]]]:
    """Import, first score, single texts, memory: those with a limit, and the others."""
    imports, first = startup.import_cost(), startup.first_score()
    single = startup.worker("latency", write_texts(folder / "single.json", like_the_pool(pool, SINGLE_TEXTS)))["seconds"]
    many = [pool[row % len(pool)] for row in range(MEMORY_TEXTS)]
    memory = startup.worker("memory", write_texts(folder / "memory.json", many))
    median = {name: statistics.median(values) for name, values in {**imports, **first}.items()}
    limits = [
        Limit("import feedback_nlp, minus import pandas", median["package"] - median["pandas"], 0.3, "s"),
        Limit("from feedback_nlp import BatchScorer, analyze, minus import pandas", median["names"] - median["pandas"], 0.3, "s"),
        Limit("first score in a fresh process, from its start", median["wall"], 1.5, "s"),
        Limit("single text, p99", startup.percentile(single, 0.99) * 1000, 1, "ms"),
    ]
    others = [
        *((statement, f"{median[name]:.3f} s") for name, statement in startup.IMPORTS.items()),
        ("of the first score: loading the model", f"{median['load']:.3f} s"),
        ("of the first score: the call itself", f"{median['call']:.3f} s"),
        ("single text, p50", f"{startup.percentile(single, 0.5) * 1000:.3f} ms"),
        (f"peak memory of scoring {MEMORY_TEXTS:,} texts", f"{memory['peak_mib']:,.0f} MiB"),
        ("of it before the call: Python, libraries, model, texts", f"{memory['before_mib']:,.0f} MiB"),
    ]
    return limits, others


def ratio_limits(contenders: Sequence[Contender]) -> list[Limit]:
    """The two ratios that are promised."""
    rate = {item.module: statistics.median(item.rates) for item in contenders}
    return [
        Limit("texts/s against SnowNLP", rate["ours"] / rate["snownlp_sentiments"], 3000, "x", at_least=True),
        Limit("texts/s against jieba + scikit-learn", rate["ours"] / rate["jieba_sklearn"], 40, "x", at_least=True),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and write the JSON lines where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of the labelled tables")
    parser.add_argument("--json", type=Path, help="file for the JSON lines")
    parser.add_argument("--record", action="store_true", help="write the tables into benchmarks/README.md")
    parser.add_argument("--repeats", type=int, default=7, help="timed repeats of each contender, at least 5")
    options = parser.parse_args(argv)
    use_data_folder(options.data)
    pool = review_pool()
    with tempfile.TemporaryDirectory() as name:
        contenders = throughput(pool, Path(name), max(options.repeats, 5))
        limits, others = small_figures(pool, Path(name))
        bound = json.loads(startup.fresh("-m", "benchmarks.bounds", str(write_texts(Path(name) / "bounds.json", pool))))
    limits = [*ratio_limits(contenders), *limits]
    lines = [json.dumps(item.result()) for item in contenders]
    lines += [json.dumps({"limits": [asdict(limit) for limit in limits], "others": dict(others)}), json.dumps({"bounds": bound})]
    print("\n".join(lines))
    if options.json:
        options.json.write_text("\n".join(lines) + "\n", encoding="utf-8")
    tables = [
        signature(),
        throughput_table(contenders),
        markdown_table(["figure", "measured", "limit", ""], [limit.row() for limit in limits]),
        markdown_table(["figure", "measured"], others),
        markdown_table(bounds.HEADER, bounds.rows(bound)),
    ]
    figures = "\n\n".join(tables)
    print("", figures, sep="\n")
    if options.record:
        record(ROOT / "benchmarks" / "README.md", f"\n{figures}\n", start=START, end=END)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
