"""Ours and what people would use instead, side by side: speed, first result, memory, accuracy, cost.

    python -m benchmarks.contenders [--python PATH] [--plot FILE] [--price USD] [--quick] [--data DIR] [--record]

Every contender has processes of its own, one after another, pinned to the same core with one thread: one to learn, several fresh ones to
give a first answer, one that is timed. They learn from the same data and read the same texts. ``--python`` is the interpreter of an
environment with ``benchmarks/contenders/requirements.txt``; without it they run in this one. A contender that cannot run is a row that
says so. ``--record`` writes what is printed between the two markers of ``benchmarks/README.md``.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.common import ROOT, child_options, machine, markdown_table, record, use_data_folder
from benchmarks.contenders import CONTENDERS, load_module

START, END = "<!-- contenders:start -->", "<!-- contenders:end -->"
HEADER = (
    "contender",
    "says",
    "documents/s",
    "ours / theirs",
    "first result",
    "peak MiB",
    "USD per million",
    "binary sentiment",
    "type F1",
    "sentiment F1",
)

#: Of a core for an hour, in US dollars: about what clouds ask for a shared one. An assumption, not a measurement.
PRICE = 0.05
REPEATS, QUICK_REPEATS = 7, 2


class NotRunError(Exception):
    """A contender that cannot run; says why."""


@dataclass
class Result:
    """What was measured of a contender. why: it was not, empty where it was. seconds: of each pass. first: seconds to a first answer."""

    module: ModuleType
    why: str = ""
    texts: int = 0
    seconds: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    peak_mib: float = 0.0
    figures: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Documents per second, median of the passes."""
        return self.texts / statistics.median(self.seconds)

    def row(self, ours: float, price: float) -> list[str]:
        """Cells of the table. ours: documents per second of ours. price: of a core-hour."""
        if self.why:
            return [self.module.NAME, self.module.SAYS, self.why, *["-"] * (len(HEADER) - 3)]
        shown = [f"{self.figures[name]:.3f}" if name in self.figures else "-" for name in ("polarity", "type", "sentiment")]
        spread = " - ".join(
            f"{self.texts / value:,.0f}" for value in (max(self.seconds), statistics.median(self.seconds), min(self.seconds))
        )
        cost = 1e6 / self.rate / 3600 * price
        first = f"{statistics.median(self.first):.2f} s"
        return [
            self.module.NAME,
            self.module.SAYS,
            spread,
            f"{ours / self.rate:,.1f}",
            first,
            f"{self.peak_mib:,.0f}",
            f"{cost:.5f}",
            *shown,
        ]


def ask(python: str, *arguments: str) -> dict[str, Any]:
    """The JSON line of a contender's process. Raises NotRunError with its last line of error where it fails."""
    command = [python, "-m", "benchmarks.contenders.process", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **child_options()) as process:
        said, errors = process.communicate()
    if process.returncode:
        last = (errors.strip().splitlines() or ["no message"])[-1]
        raise NotRunError(f"failed: {last[:120]}")
    return dict(json.loads(said.splitlines()[-1]))


def first_answer(python: str, name: str, folder: Path) -> float:
    """Seconds from the start of a fresh process to its first answer."""
    started = time.perf_counter()
    ask(python, "first", name, str(folder))
    return time.perf_counter() - started


def measure(name: str, python: str, folder: Path, inputs: Any, repeats: int) -> Result:
    """Learn, answer first, be timed, be judged; or say why not."""
    result = Result(load_module(name))
    print(f"{result.module.NAME} ...", file=sys.stderr, flush=True)
    try:
        found = ask(python, "missing", name)
        result.versions = found["versions"]
        if found["missing"]:
            raise NotRunError(f"missing: pip install {' '.join(found['missing'])}")
        ask(python, "train", name, str(folder))
        # The first of them finds cold files and is not counted.
        result.first = [first_answer(python, name, folder) for _ in range(repeats + 1)][1:]
        told = ask(python, "measure", name, str(folder), str(repeats))
    except NotRunError as error:
        result.why = str(error)
        return result
    result.texts = len(json.loads((folder / f"{name}.json").read_text(encoding="utf-8")))
    result.seconds, result.peak_mib = told["seconds"], told["peak_mib"]
    result.figures = inputs.figures(told["answers"])
    return result


def report(results: Sequence[Result], *, price: float, note: str) -> str:
    """Machine, table, and what its columns mean, as Markdown."""
    ours = next((result.rate for result in results if not result.why), float("nan"))
    versions = {package: number for result in results for package, number in result.versions.items()}
    rows = [result.row(ours, price) for result in results]
    return "\n\n".join(
        [
            f"Machine: {', '.join(f'{key} {value}' for key, value in machine().items())}.  \n"
            f"Packages: {', '.join(f'{package} {number}' for package, number in versions.items())}.",
            markdown_table(HEADER, rows),
            "Documents/s: slowest, median and fastest pass, from str to every head it knows, on one core. First result: from the start of "
            f"a process to its first answer, median. Cost: at {price:g} USD per core-hour, which is an assumption. Binary sentiment: share "
            f"of right signs, mean over sources; F1: macro, on the dev labels. -: it has no notion of it. {note}",
        ]
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, draw and record where asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.contenders", description=__doc__.splitlines()[0])
    parser.add_argument("--python", metavar="PATH", default=sys.executable, help="interpreter of an environment with the others' libraries")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="write documents/s against accuracy as .svg, .png or .pdf")
    parser.add_argument("--price", type=float, default=PRICE, metavar="USD", help=f"of a core-hour, an assumption ({PRICE})")
    parser.add_argument("--texts", type=int, default=400, help="evaluation texts per source (400)")
    parser.add_argument("--quick", action="store_true", help="few lessons, few texts, two passes: to see that all of them run")
    parser.add_argument("--data", help="folder of the labelled tables")
    parser.add_argument("--record", action="store_true", help="write the figures into benchmarks/README.md")
    options = parser.parse_args(argv)
    if not Path(options.python).is_file():
        raise SystemExit(f"{options.python} is no file; --python names the interpreter of an environment with the contenders' libraries")
    use_data_folder(options.data)
    from benchmarks.contenders.inputs import prepare_inputs

    few = options.quick
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inputs = prepare_inputs(
            folder, per_source=100 if few else options.texts, most_lessons=2000 if few else None, share=0.1 if few else 1.0
        )
        pythons = {module: sys.executable if module == "ours" else options.python for module in CONTENDERS}
        repeats = QUICK_REPEATS if few else REPEATS
        results = [measure(module, pythons[module], folder, inputs, repeats) for module in CONTENDERS]
    figures = report(results, price=options.price, note=inputs.note)
    print(figures)
    if options.plot:
        from benchmarks.contenders.picture import draw

        draw([(item.module.NAME.split(",")[0], item.rate, item.figures["polarity"]) for item in results if not item.why], options.plot)
    if options.record:
        record(ROOT / "benchmarks" / "README.md", figures, start=START, end=END)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
