"""A contender's own process: it answers in one JSON line on stdout. ``benchmarks.contenders`` starts it, pinned to one core.

    PYTHON -m benchmarks.contenders.process missing MODULE               what has to be installed, and the versions of what is
    PYTHON -m benchmarks.contenders.process train MODULE FOLDER          learn from FOLDER/lessons.json
    PYTHON -m benchmarks.contenders.process first MODULE FOLDER          answer one text, say so, end
    PYTHON -m benchmarks.contenders.process measure MODULE FOLDER N      N timed passes, then answers about FOLDER/evaluation.json

PYTHON is an interpreter with the contender's library; nothing of ``feedback_nlp`` is imported but by ours.
"""

import gc
import json
import sys
import time
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.common import forget_peak, peak_mib
from benchmarks.contenders import load_module, missing

FIRST_TEXT = "我的软件总是闪退，太影响工作了"


def answer(**values: Any) -> None:
    """The JSON line."""
    print(json.dumps(values), flush=True)


def read(path: Path) -> Any:
    """What the parent wrote."""
    return json.loads(path.read_text(encoding="utf-8"))


def own_folder(name: str, folder: str) -> Path:
    """Where a contender keeps what it learned."""
    own = Path(folder) / name
    own.mkdir(exist_ok=True)
    return own


def say_missing(name: str) -> None:
    """Packages to install, versions of the others."""
    module, versions = load_module(name), {}
    for package in module.NEEDS.values():
        with suppress(PackageNotFoundError):
            versions[package] = version(package)
    answer(missing=missing(module), versions=versions)


def train(name: str, folder: str) -> None:
    """Learn, where the contender does."""
    module = load_module(name)
    if hasattr(module, "train"):
        module.train(read(Path(folder) / "lessons.json"), own_folder(name, folder))
    answer(trained=hasattr(module, "train"))


def first(name: str, folder: str) -> None:
    """The parent's clock runs from before this process was started until it reads the line."""
    module = load_module(name)
    module.run(module.load(own_folder(name, folder)), [FIRST_TEXT])
    answer(done=True)


def measure(name: str, folder: str, repeats: str) -> None:
    """Time the passes, note the most memory until then, and answer about the evaluation texts."""
    module = load_module(name)
    texts = read(Path(folder) / f"{name}.json")
    state = module.load(own_folder(name, folder))
    module.run(state, texts[:100])
    gc.collect()
    gc.disable()
    forget_peak()
    seconds = []
    for _ in range(int(repeats)):
        started = time.perf_counter()
        module.run(state, texts)
        seconds.append(time.perf_counter() - started)
    peak = peak_mib()
    said = module.run(state, read(Path(folder) / "evaluation.json"))
    answers = {head: [str(value) for value in said[head]] for head in ("polarity", "type", "sentiment") if head in said}
    answer(seconds=seconds, peak_mib=peak, answers=answers)


def main(argv: list[str]) -> int:
    """Run one of the modes above."""
    {"missing": say_missing, "train": train, "first": first, "measure": measure}[argv[0]](*argv[1:])
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
