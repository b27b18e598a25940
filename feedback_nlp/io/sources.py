"""What a caller names (a file, a folder, a URL, a list of paths) to the files it stands for, and their bytes in blocks.

A folder is read like a data set: files in the order of their names, what starts with ``_`` or ``.`` left out (``_SUCCESS``,
``.part-0.csv.crc``), and folders called ``key=value`` give every record below them a column ``key``.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import unquote

from feedback_nlp.errors import InputError, MissingExtraError

#: Suffix -> format.
FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".txt": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xls": "xlsx",
}
#: Suffix of a compressed text file -> what Arrow calls it.
COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd"}
TEXT_FORMATS = ("csv", "tsv", "jsonl")

#: Bytes of a block: what is made of it stays in the memory the process has already.
_BLOCK = 1 << 19
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?:::[A-Za-z][A-Za-z0-9+.-]*)*://\S+")
_SECRETS = re.compile(r"(?<=://)[^/@\s]*@|\?\S*")
#: How Hive writes a partition without a value.
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Source:
    """One file. ``name``: relative to its folder, ``""`` for a single file. ``where``: as messages show it. ``size``: in bytes.

    keys: columns its folders give, {name: value}; a value is None where there is none.
    """

    name: str
    where: str
    format: str
    size: int
    opener: Callable[[], IO[bytes]]
    compression: str | None = None
    keys: Mapping[str, str | None] = field(default_factory=dict)

    def open(self) -> IO[bytes]:
        """Open the file as it is on disk. Raises InputError if that cannot be done, because it has gone for instance."""
        try:
            return self.opener()
        except Exception as error:  # file systems behind a URL raise exceptions of their own
            raise unreadable(self.where, error) from error

    def raw_blocks(self) -> Iterator[bytes]:
        """Yield the bytes the file had when it was named; what has been appended since is left out.

        Raises InputError if the file has become shorter.
        """
        left = self.size
        with closing(self.open()) as file:
            while left:
                try:
                    block = file.read(min(_BLOCK, left))
                except Exception as error:
                    raise unreadable(self.where, error) from error
                if not block:
                    raise changed(self.where)
                left -= len(block)
                yield block

    def blocks(self) -> Iterator[bytes]:
        """Yield the contents in blocks, unpacked if they are compressed. Raises InputError if they cannot be read."""
        if self.compression is None:
            yield from self.raw_blocks()
            return
        import pyarrow as pa

        with closing(self.open()) as file:
            try:
                with pa.CompressedInputStream(pa.PythonFile(file, mode="r"), self.compression) as stream:
                    while block := stream.read(_BLOCK):
                        yield block
            except Exception as error:
                raise InputError(f"{self.where}: expected a whole {self.compression} file, got a damaged one; fetch it again") from error


@dataclass(frozen=True)
class Sources:
    """The files of one reading, all of one format. ``folder``: whether they were found in a folder or listed, not named alone."""

    files: tuple[Source, ...]
    where: str
    folder: bool


def is_url(text: str) -> bool:
    """Return whether a string is an address like ``s3://bucket/file.csv``."""
    return _URL.fullmatch(text) is not None


def is_named(data: object) -> bool:
    """Return whether data is not the data itself but names files: a path, a URL, a list of path objects."""
    if isinstance(data, os.PathLike):
        return True
    if isinstance(data, str):
        return is_url(data) or _exists(data)
    return isinstance(data, list | tuple) and bool(data) and all(isinstance(item, os.PathLike) for item in data)


def find_sources(data: Any) -> Sources:
    """Return the files that data names. Raises InputError for what is not there, not readable or of several formats."""
    if isinstance(data, str) and is_url(data) and not _exists(data):
        return _remote(data)
    if isinstance(data, list | tuple):
        return _listed([Path(item) for item in data])
    path = Path(data)
    try:
        if path.is_dir():
            return _checked([_local(file, name, _keys(name)) for name, file in _walk(path)], str(path))
        return Sources((_local(path, "", {}),), str(path), False)
    except OSError as error:
        raise unreadable(str(path), error) from error


def unreadable(where: str, error: Exception) -> InputError:
    """Return the error for a file that is there and cannot be read, or has gone."""
    if isinstance(error, InputError):
        return error
    if isinstance(error, FileNotFoundError):
        return InputError(f"{where}: the file has gone since it was found; keep the files in place until reading ends, and start again")
    reason = (error.strerror or str(error)) if isinstance(error, OSError) else type(error).__name__
    return InputError(f"{where}: cannot be read ({reason}); check its permissions")


def changed(where: str) -> InputError:
    """Return the error for a file that is another one than at the start."""
    return InputError(f"{where}: the file was changed while it was read; read a copy, or wait until it is written")


def format_of(name: str, where: str) -> tuple[str, str | None]:
    """Return the format and the compression a file name tells. Raises InputError for a suffix that is not known."""
    path = PurePosixPath(name)
    compression = COMPRESSIONS.get(path.suffix.lower())
    suffix = PurePosixPath(path.stem).suffix if compression else path.suffix
    format = FORMATS.get(suffix.lower())
    if format is None or (compression and format not in TEXT_FORMATS):
        got = f"the suffix {path.suffix!r}" if path.suffix else "no suffix"
        raise InputError(f"{where}: expected one of {', '.join(FORMATS)}, got {got}; save the table in one of these formats")
    return format, compression


def _local(path: Path, name: str, keys: Mapping[str, str | None]) -> Source:
    format, compression = format_of(path.name, str(path))
    if not path.exists():
        raise InputError(f"{path}: there is no such file; check the path (looked in {path.absolute().parent})")
    if not path.is_file():
        raise InputError(f"{path}: expected an ordinary file, got a device or pipe; save the data to a file first")
    size = path.stat().st_size
    if not size and not name:
        raise InputError(f"{path}: the file is empty; expected a header and records")
    return Source(name, str(path), format, size, lambda: path.open("rb"), compression, keys)


def _listed(paths: list[Path]) -> Sources:
    root = Path(os.path.commonpath([path.absolute().parent for path in paths]))
    names = [path.absolute().relative_to(root).as_posix() for path in paths]
    for path, name in zip(paths, names, strict=True):
        if path.is_dir():
            raise InputError(f"{path}: expected a list of files, got a folder in it; give the folder alone")
        if names.count(name) > 1:
            raise InputError(f"{path}: expected each file once, got it {names.count(name)} times; remove it from the list")
    try:
        return _checked([_local(path, name, {}) for path, name in zip(paths, names, strict=True)], str(root))
    except OSError as error:
        raise unreadable(str(root), error) from error


def _walk(root: Path) -> list[tuple[str, Path]]:
    """Return the files below a folder, names with ``/`` and sorted."""

    def refuse(error: OSError) -> None:
        raise error

    found = []
    for folder, folders, files in os.walk(root, onerror=refuse):
        folders[:] = [name for name in folders if not _is_hidden(name)]
        found += [Path(folder, name) for name in files if not _is_hidden(name)]
    return sorted((path.relative_to(root).as_posix(), path) for path in found)


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or (name.startswith("_") and "=" not in name) or name.endswith(".crc")


def _keys(name: str) -> dict[str, str | None]:
    """Return the columns that folders called ``key=value`` give, written as Hive, Spark and Arrow do."""
    pairs = (part.split("=", 1) for part in name.split("/")[:-1] if "=" in part)
    return {unquote(key): None if value in ("", _NO_VALUE) else unquote(value) for key, value in pairs}


def _checked(files: list[Source], where: str) -> Sources:
    if not files:
        raise InputError(
            f"{where}: expected a folder with files, got none (names that start with _ or . are left out); "
            "check that this is the right folder"
        )
    formats = {file.format: file.name for file in reversed(files)}
    if len(formats) > 1:
        found = ", ".join(f"{format} ({name})" for format, name in sorted(formats.items()))
        raise InputError(f"{where}: expected files of one format, got {found}; move the others elsewhere, or name one file")
    # Programs that write one file per process leave empty ones.
    return Sources(tuple(file for file in files if file.size), where, True)


def _remote(url: str) -> Sources:
    where = _SECRETS.sub("", url)
    try:
        import fsspec  # type: ignore[import-untyped, unused-ignore]
    except ImportError as error:
        raise MissingExtraError(
            f"{where}: reading a URL needs fsspec; pip install 'feedback_nlp[remote]', or fetch the file first"
        ) from error
    try:
        system, root = fsspec.core.url_to_fs(url)
        if not system.exists(root):
            raise InputError(f"{where}: there is no such file or folder; check the address")
        if system.isdir(root):
            return _checked(_remote_files(system, root.rstrip("/"), where), where)
        return Sources((_remote_file(system, root, "", where),), where, False)
    except InputError:
        raise
    except ImportError as error:
        raise MissingExtraError(
            f"{where}: this kind of address needs another package ({error}); install it, or fetch the file first"
        ) from error
    except Exception as error:  # each file system has exceptions of its own
        raise InputError(
            f"{where}: cannot be reached ({type(error).__name__}); check the address, the network and the credentials"
        ) from error


def _remote_files(system: Any, root: str, where: str) -> list[Source]:
    names = sorted(path.removeprefix(root).lstrip("/") for path in system.find(root))
    kept = [name for name in names if not any(map(_is_hidden, name.split("/")))]
    return [_remote_file(system, f"{root}/{name}", name, f"{where.rstrip('/')}/{name}") for name in kept]


def _remote_file(system: Any, path: str, name: str, where: str) -> Source:
    format, compression = format_of(path.rsplit("/", 1)[-1], where)
    size = int(system.size(path) or 0)
    if not size and not name:
        raise InputError(f"{where}: the file is empty or its size is not known; expected a header and records")
    return Source(name, where, format, size, lambda: system.open(path, "rb"), compression, _keys(name))


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False
