"""What runs the maps of an analysis: this process, processes of this machine, a Dask cluster, a Spark cluster.

The modules are imported when they are reached for: ``fn.engines.spark.score(frame)``. None needs its extra to be imported.
"""

from importlib import import_module
from types import ModuleType

MODULES = ("dask", "local", "spark")


def __getattr__(name: str) -> ModuleType:
    if name in MODULES:
        return import_module(f"feedback_nlp.engines.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
