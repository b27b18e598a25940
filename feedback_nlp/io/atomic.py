"""Files that are there completely or not at all."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from feedback_nlp.errors import InputError


@contextmanager
def atomic_path(path: str | os.PathLike[str], *, durable: bool = True) -> Iterator[Path]:
    """Give a temporary path in the same folder; what is written there takes the place of ``path`` at the end of the block.

    Whatever goes wrong in the block, the file at ``path`` stays as it was and the temporary one is removed. A process that is
    killed leaves at most a hidden ``.*.tmp`` beside it. The permissions of a file that is replaced are kept.
    durable: it is on the disk at the end, also if the power fails then; where not, it is there for other processes, which is much faster.
    Raises InputError where the folder is missing or cannot be written, and if the disk is full.
    """
    # A link keeps pointing where it did: the file behind it is replaced.
    target = Path(path).resolve()
    temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        _check_target(Path(path), target)
        temporary.touch(exist_ok=False)
        yield temporary
        if target.exists():
            shutil.copymode(target, temporary)
        if durable:
            _sync(temporary, os.O_RDWR)
        temporary.replace(target)
        if durable and os.name == "posix":
            _sync(target.parent, os.O_RDONLY)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"{path}: cannot be written ({reason}); check permissions and free space, or choose another place") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _check_target(path: Path, target: Path) -> None:
    if target.is_dir():
        raise InputError(f"{path}: expected the path of a file to write, got a folder; add a file name")
    if not target.parent.is_dir():
        raise InputError(f"{path}: the folder {target.parent} does not exist; create it first")


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
