"""The compiled half of the package, where it was built: cleaning, clauses and pooling in C, each with a numpy twin of the same bits."""

import importlib
from functools import cache
from typing import Any

#: The compiled module, top-level so that a source checkout finds the one in site-packages, and the version of its arguments.
MODULE = "_feedback_nlp_native"
VERSION = 2


@cache
def native() -> Any:
    """The module built from ``scorer/_*.c``; None where it is missing, cannot be loaded or is of another version.

    Its functions take numpy arrays, hold the GIL only to check them, and raise ValueError for a wrong one.
    """
    return load(MODULE, VERSION)


def load(name: str, version: int) -> Any:
    """A compiled module; None where it is missing, cannot be loaded or is of another version."""
    try:
        module = importlib.import_module(name)
    except ImportError:
        return None
    return module if getattr(module, "VERSION", None) == version else None
