"""Named arrays and texts in one file that cannot run code: numpy's .npz without pickles, each entry with its CRC.

An entry is a numeric array, a list of texts (one string of UTF-8 and where each ends), or a frame (an Arrow stream). Entries are read one
by one, so whoever needs the dates of a part does not read its texts. Texts that are mostly those of an entry before them, row by row, are
kept as what differs.
"""

import mmap
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.io.atomic import atomic_path

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

#: Behind the name of an entry that is no plain array: bytes of texts, where each text ends, an Arrow stream.
TEXT, ENDS, FRAME = ":text", ":ends", ":frame"
#: Behind the name of texts that are kept as what differs: the name of the other entry, and the rows the texts belong to.
OTHER, ROWS = ":other", ":rows"

#: A local header of a .zip file has so many bytes before name and extra field, whose lengths stand at this place of it.
_HEADER, _NAME_AT = 30, 26


def save_bundle(path: Path, entries: Mapping[str, Any]) -> None:
    """Write entries into one file, which is there whole or not at all. Raises InputError where it cannot be written.

    It survives the end of the process, not that of the power: what is damaged then is told by its CRC.
    """
    import pandas as pd

    arrays: dict[str, NDArray[Any]] = {}
    whole: dict[str, pa.LargeStringArray] = {}
    for name, value in entries.items():
        if isinstance(value, pd.DataFrame):
            arrays[name + FRAME] = _frame_bytes(value)
        elif isinstance(value, list) or value.dtype == object:
            arrays.update(_text_arrays(name, value, whole))
        else:
            arrays[name] = value
    with atomic_path(path, durable=False) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def load_bundle(path: Path, names: Collection[str] | None = None) -> dict[str, Any]:
    """Read the entries of these names (``customers`` stands for ``customers.contact`` and the like), or all.

    Raises InputError where the file is missing or damaged.
    """
    # Opened here, since numpy leaves a file open that is none of its own.
    with _readable(path), path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        known = dict.fromkeys(name.partition(":")[0] for name in file.files)
        wanted = [name for name in known if names is None or name in names or name.partition(".")[0] in names]
        found: dict[str, Any] = {}
        for name in wanted:
            found[name] = _unpacked(name, file, found)
        return found


def map_arrays(path: Path, names: Collection[str]) -> dict[str, NDArray[Any]]:
    """Plain arrays of a bundle as read-only views of the file: nothing is in memory until it is looked at (and no CRC is checked).

    Raises InputError where the file is missing or no bundle.
    """
    with _readable(path), zipfile.ZipFile(path) as archive, path.open("rb") as file:
        return {name: _mapped(path, file, archive.getinfo(f"{name}.npy").header_offset) for name in names}


def _mapped(path: Path, file: IO[bytes], start: int) -> NDArray[Any]:
    """The array whose entry starts there, as a view of the file."""
    dtype, shape, order = _described(file, start)
    return np.memmap(path, dtype, "r", file.tell(), shape, order) if np.prod(shape) else np.zeros(shape, dtype)


def _described(file: IO[bytes], start: int) -> tuple[np.dtype[Any], tuple[int, ...], Any]:
    """Type, shape and order of the array whose entry starts there; the file then stands at its values."""
    file.seek(start + _NAME_AT)
    sizes = np.frombuffer(file.read(4), "<u2")
    file.seek(start + _HEADER + int(sizes.sum()))
    version = np.lib.format.read_magic(file)
    reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = reader(file)
    return dtype, shape, "F" if fortran else "C"


def map_frame(path: Path, name: str) -> "tuple[pa.Table, NDArray[np.uint8]]":
    """A frame of a bundle as a view of the file, and the bytes it views, for ``let_go``."""
    import pyarrow as pa

    data = map_arrays(path, [name + FRAME])[name + FRAME]
    with pa.ipc.open_stream(pa.py_buffer(data)) as reader:
        return reader.read_all(), data


def let_go(view: NDArray[Any]) -> None:
    """Take what was read of a view out of this process's memory; it is read again from the file where it is looked at again."""
    pages = getattr(view, "_mmap", None)
    if pages is not None and hasattr(mmap, "MADV_DONTNEED"):
        pages.madvise(mmap.MADV_DONTNEED)


class ArraysOf(Mapping[str, NDArray[Any]]):
    """The plain arrays of a bundle whose names begin with a prefix, each read when it is asked for; names are without the prefix."""

    def __init__(self, path: Path, prefix: str) -> None:
        self._path = path
        with zipfile.ZipFile(path) as archive:
            entries = [(entry.filename.removesuffix(".npy"), entry.header_offset) for entry in archive.infolist()]
        self._places = {name.removeprefix(prefix): place for name, place in entries if name.startswith(prefix)}

    def __getitem__(self, name: str) -> NDArray[Any]:
        place = self._places[name]
        with self._path.open("rb") as file:
            dtype, shape, order = _described(file, place)
            values = np.frombuffer(file.read(int(np.prod(shape)) * dtype.itemsize), dtype)
        return values.reshape(shape, order=order)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def is_whole(path: Path) -> bool:
    """Whether a bundle can be read from end to end, every entry as its CRC says."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile):
        return False


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: expected a part of a run, got what cannot be read ({error}); run without --resume") from error


def _text_arrays(name: str, texts: Any, whole: "dict[str, pa.LargeStringArray]") -> dict[str, NDArray[Any]]:
    """Texts as arrays: all, or those that differ from another entry. whole: entries before it that are kept as a whole; may get it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pa.array(texts, type=pa.large_string()).fill_null("")
    for other, known in whole.items():
        if len(known) == len(column):
            differs = pc.not_equal(column, known)
            rows = np.flatnonzero(differs.to_numpy(zero_copy_only=False))
            if 2 * len(rows) < len(column):
                own = _bytes_and_ends(name, column.filter(differs))
                return {name + OTHER: np.frombuffer(other.encode(), np.uint8), name + ROWS: rows, **own}
    whole[name] = column
    return _bytes_and_ends(name, column)


def _bytes_and_ends(name: str, column: "pa.LargeStringArray") -> dict[str, NDArray[Any]]:
    _, ends, data = column.buffers()
    size = len(column) + 1
    ends = np.frombuffer(ends, np.int64, size) if len(column) else np.zeros(1, np.int64)
    return {name + TEXT: np.frombuffer(data, np.uint8, int(ends[-1])) if data is not None else np.zeros(0, np.uint8), name + ENDS: ends}


def arrow_table(frame: "pd.DataFrame") -> "pa.Table":
    """A frame as Arrow holds it; columns of mixed types become strings."""
    import pyarrow as pa

    from feedback_nlp.io.cells import arrow_column

    names = [str(name) for name in frame.columns]
    return pa.table([arrow_column(frame.iloc[:, place]) for place in range(len(names))], names=names)


def _frame_bytes(frame: "pd.DataFrame") -> NDArray[np.uint8]:
    import pyarrow as pa

    table = arrow_table(frame)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return np.frombuffer(sink.getvalue(), np.uint8)


def _unpacked(name: str, file: Any, found: Mapping[str, Any]) -> Any:
    """An entry of an open bundle. found: other entries that were read already."""
    if name in file.files:
        return file[name]
    if name + FRAME in file.files:
        return _frame(file[name + FRAME])
    texts = texts_at(file[name + TEXT], file[name + ENDS])
    if name + OTHER not in file.files:
        return texts
    other = bytes(file[name + OTHER]).decode()
    whole = (found[other] if other in found else _unpacked(other, file, found)).copy()
    whole[file[name + ROWS]] = texts
    return whole


def map_values(path: Path, name: str, rows: NDArray[np.int64]) -> NDArray[Any]:
    """Some values of an entry, an array or texts, without the others being read."""
    entries = ArraysOf(path, name)
    if "" in entries:
        found: NDArray[Any] = map_arrays(path, [name])[name][rows]
        return found
    data, ends = map_arrays(path, [name + TEXT, name + ENDS]).values()
    if OTHER not in entries:
        return texts_at(data, ends, rows)
    texts, own = map_values(path, bytes(entries[OTHER]).decode(), rows), entries[ROWS]
    differs = np.isin(rows, own)
    texts[differs] = texts_at(data, ends, np.searchsorted(own, rows[differs]))
    return texts


def texts_at(data: NDArray[np.uint8], ends: NDArray[np.int64], rows: NDArray[np.int64] | None = None) -> NDArray[np.object_]:
    """The texts of an entry, object (n,); all, or those of some rows."""
    import pyarrow as pa

    column = pa.LargeStringArray.from_buffers(len(ends) - 1, pa.py_buffer(ends), pa.py_buffer(data))
    column = column if rows is None else column.take(pa.array(rows))
    found: NDArray[np.object_] = column.to_numpy(zero_copy_only=False)
    return found


def _frame(data: NDArray[np.uint8]) -> "pd.DataFrame":
    import pyarrow as pa

    with pa.ipc.open_stream(pa.py_buffer(data)) as reader:
        return reader.read_all().to_pandas(ignore_metadata=True, integer_object_nulls=True)
