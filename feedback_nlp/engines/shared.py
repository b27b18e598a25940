"""What every worker needs, written once and opened by each as views of one file, so that a model is not copied for each of them."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from feedback_nlp.errors import InputError

#: Objects that a worker keeps open: those of one map. Whatever it keeps longer counts as a leak, for which joblib ends it.
OPEN = 1


@dataclass(frozen=True)
class Handle:
    """Where an object is, and the SHA-256 of its file, which came from the process that wrote it: nothing else is ever opened."""

    path: str
    digest: str

    def open(self) -> Any:
        """The object; its large arrays are read-only views of the file. Raises InputError where the file was changed."""
        return _opened(self.path, self.digest)


@contextmanager
def shared_object(value: Any, folder: Path | None) -> Iterator[Handle]:
    """Write an object for the workers, into a folder that all of them see; by default a private one of this machine."""
    import joblib

    with tempfile.TemporaryDirectory(prefix=".shared-", dir=folder) as private:
        path = Path(private) / "object"
        joblib.dump(value, path)
        yield Handle(str(path), file_digest(path))


def call(function: Callable[[Any, Any], Any], task: Any, handle: Handle) -> Any:
    """What a worker runs."""
    return function(task, handle.open())


@lru_cache(maxsize=OPEN)
def _opened(path: str, digest: str) -> Any:
    import joblib

    if file_digest(Path(path)) != digest:
        raise InputError(f"{path}: expected the file this run has written, got another; do not change the folder of a run while it works")
    return joblib.load(path, mmap_mode="r")


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
