"""What the benchmarks share: the data folder, the description of the machine, tables, and fresh processes on one core.

Nothing here imports numpy or pandas at the top: the process that starts the measured ones stays small.
"""

import contextlib
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

SEED = 20_240_601
ROOT = Path(__file__).resolve().parent.parent
DATA_VARIABLE = "FEEDBACK_NLP_DATA"
DEFAULT_DATA = ROOT.parent / "shared" / "data"

PACKAGES = ("feedback_nlp", "numpy", "scipy", "pandas", "scikit-learn", "jieba", "snownlp", "opencc", "pyarrow")
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM")}


def use_data_folder(option: str | None) -> Path:
    """The data folder: the option, else the environment, else beside the checkout; child processes inherit the choice."""
    folder = Path(option or os.environ.get(DATA_VARIABLE) or DEFAULT_DATA).resolve()
    if not folder.is_dir():
        raise SystemExit(f"{folder} is no folder; give the labelled tables with --data DIR or the environment variable {DATA_VARIABLE}")
    os.environ[DATA_VARIABLE] = str(folder)
    return folder


def read_table(name: str) -> Any:
    """A table of the data folder as a DataFrame."""
    import pandas as pd

    return pd.read_parquet(use_data_folder(None) / f"{name}.parquet")


def package_versions() -> dict[str, str]:
    """Installed versions of what takes part; the checkout itself is not always installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "checkout"
    return found


def machine() -> dict[str, str]:
    """CPU, cores, load, system, Python: what a figure depends on besides the code."""
    model = platform.processor() or platform.machine()
    cpu_info = Path("/proc/cpuinfo")
    if cpu_info.exists():
        names = [line.split(":", 1)[1].strip() for line in cpu_info.read_text().splitlines() if line.startswith("model name")]
        model = names[0] if names else model
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return {
        "cpu": model,
        "cores": str(os.cpu_count()),
        "load": load,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def signature() -> str:
    """Markdown lines that say on what and with what the figures were made."""
    described = ", ".join(f"{key} {value}" for key, value in machine().items())
    packages = ", ".join(f"{name} {number}" for name, number in package_versions().items())
    return f"Machine: {described}.  \nPackages: {packages}."


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table with aligned columns; the first column is left-aligned, the others right-aligned."""
    cells = [list(map(str, row)) for row in (header, *rows)]
    widths = [max(2, *map(len, column)) for column in zip(*cells, strict=True)]
    ruler = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = []
    for row in (cells[0], ruler, *cells[1:]):
        padded = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("| " + " | ".join(padded) + " |")
    return "\n".join(lines)


def one_core() -> int | None:
    """The core everything timed runs on: the last one allowed; None where the system cannot pin."""
    return max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


def pin_to_core() -> None:
    """Pin this process to the one core; used as ``preexec_fn`` so that a child is pinned before it starts."""
    core = one_core()
    if core is not None:
        os.sched_setaffinity(0, {core})


def child_options() -> dict[str, Any]:
    """Keyword arguments of ``subprocess.Popen`` for a measured process: one core, one thread, started in the checkout."""
    environment = {**os.environ, **ONE_THREAD, "PYTHONHASHSEED": "0"}
    return {"cwd": ROOT, "env": environment, "preexec_fn": pin_to_core, "text": True}


def forget_peak() -> None:
    """Start the peak of memory anew from what is resident now, where the system can (Linux: proc(5), clear_refs)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_mib() -> float:
    """Largest resident memory of this process since its start or ``forget_peak``, in MiB.

    ``VmHWM`` where there is one: on Linux ``ru_maxrss`` of a fresh process starts at the size of the process that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    import resource

    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def record(page: Path, figures: str, *, start: str, end: str) -> None:
    """Write the figures between the two markers of a page; every other byte stays. A missing page is made of the markers."""
    text = page.read_text(encoding="utf-8") if page.exists() else f"{start}\n{end}\n"
    before, found_start, rest = text.partition(start)
    _, found_end, after = rest.partition(end)
    if not found_start or not found_end:
        raise SystemExit(f"{page}: expected the markers {start} and {end}, in this order; add them where the figures belong")
    page.write_text(f"{before}{start}\n{figures}\n{end}{after}", encoding="utf-8")
