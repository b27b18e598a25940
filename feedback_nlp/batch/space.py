"""Where the maps leave their results: in memory, or in a folder that other processes and a later run can read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, get_origin, get_type_hints

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.batch.bundle import ArraysOf, load_bundle, map_arrays, map_frame, map_values, save_bundle

if TYPE_CHECKING:
    import pyarrow as pa

Result = TypeVar("Result")

#: The entry that holds all plain values of a result, as JSON.
_PLAIN = "plain"


class Space(Protocol):
    """Results of maps by their class and the number of their part."""

    def put(self, number: int, result: Any) -> None:
        """Keep the result of a part."""

    def get(self, kind: type[Result], number: int) -> Result:
        """The result of a part."""

    def read(self, kind: type[Any], number: int, *names: str) -> tuple[Any, ...]:
        """Some of its fields, such as ``names.keys``, without the others being read."""

    def values(self, kind: type[Any], number: int, name: str, rows: NDArray[np.int64]) -> NDArray[Any]:
        """One of its fields, an array or texts, at some rows."""

    def mapped(self, kind: type[Any], number: int, *names: str) -> tuple[NDArray[Any], ...]:
        """Some of its arrays, without their values being read before they are looked at."""

    def field(self, kind: type[Any], number: int, name: str, of: type[Result]) -> Result:
        """One of its fields that is an object of its own."""

    def arrays(self, kind: type[Any], number: int, name: str) -> Mapping[str, NDArray[Any]]:
        """What a field takes apart to (its ``to_arrays``), each array read when it is asked for."""

    def has(self, kind: type[Any], number: int) -> bool:
        """Whether the result is there."""


@dataclass(frozen=True)
class MemorySpace:
    """Results as objects of this process."""

    results: dict[tuple[type[Any], int], Any] = field(default_factory=dict, repr=False)

    def put(self, number: int, result: Any) -> None:
        """See `Space`."""
        self.results[type(result), number] = result

    def get(self, kind: type[Result], number: int) -> Result:
        """See `Space`."""
        found: Result = self.results[kind, number]
        return found

    def read(self, kind: type[Any], number: int, *names: str) -> tuple[Any, ...]:
        """See `Space`."""
        result = self.results[kind, number]
        return tuple(_value(result, name) for name in names)

    def values(self, kind: type[Any], number: int, name: str, rows: NDArray[np.int64]) -> NDArray[Any]:
        """See `Space`."""
        found: NDArray[Any] = _value(self.results[kind, number], name)[rows]
        return found

    def mapped(self, kind: type[Any], number: int, *names: str) -> tuple[NDArray[Any], ...]:
        """See `Space`."""
        return self.read(kind, number, *names)

    def field(self, kind: type[Any], number: int, name: str, of: type[Result]) -> Result:
        """See `Space`."""
        found: Result = _value(self.results[kind, number], name)
        return found

    def arrays(self, kind: type[Any], number: int, name: str) -> Mapping[str, NDArray[Any]]:
        """See `Space`."""
        found: Mapping[str, NDArray[Any]] = _value(self.results[kind, number], name).to_arrays()
        return found

    def has(self, kind: type[Any], number: int) -> bool:
        """See `Space`."""
        return (kind, number) in self.results


@dataclass(frozen=True)
class FolderSpace:
    """Results as files of a folder; each is there whole or not at all, so that whatever is there need not be made again."""

    folder: Path

    def put(self, number: int, result: Any) -> None:
        """See `Space`. Raises InputError where the file cannot be written."""
        save_bundle(self._path(type(result), number), flattened(result))

    def get(self, kind: type[Result], number: int) -> Result:
        """See `Space`. Raises InputError where the file is missing or damaged."""
        return restored(kind, load_bundle(self._path(kind, number)))

    def read(self, kind: type[Any], number: int, *names: str) -> tuple[Any, ...]:
        """See `Space`. Raises InputError where the file is missing or damaged."""
        entries = load_bundle(self._path(kind, number), {*names, _PLAIN})
        plain = _plain(entries)
        return tuple(_named(name, entries, plain) for name in names)

    def values(self, kind: type[Any], number: int, name: str, rows: NDArray[np.int64]) -> NDArray[Any]:
        """See `Space`."""
        return map_values(self._path(kind, number), name, rows)

    def mapped(self, kind: type[Any], number: int, *names: str) -> tuple[NDArray[Any], ...]:
        """See `Space`."""
        return tuple(map_arrays(self._path(kind, number), names).values())

    def field(self, kind: type[Any], number: int, name: str, of: type[Result]) -> Result:
        """See `Space`."""
        entries = load_bundle(self._path(kind, number), {name, _PLAIN})
        values = {**entries, **_plain(entries)}
        found: Result = _restored(of, {key.removeprefix(f"{name}."): value for key, value in values.items() if key.startswith(f"{name}.")})
        return found

    def arrays(self, kind: type[Any], number: int, name: str) -> Mapping[str, NDArray[Any]]:
        """See `Space`."""
        return ArraysOf(self._path(kind, number), f"{name}.")

    def has(self, kind: type[Any], number: int) -> bool:
        """See `Space`."""
        return self._path(kind, number).exists()

    def table(self, kind: type[Any], number: int, name: str) -> "tuple[pa.Table, NDArray[np.uint8]]":
        """A frame of a result as a view of the file: only columns and rows that are looked at are read; see `map_frame`."""
        return map_frame(self._path(kind, number), name)

    def _path(self, kind: type[Any], number: int) -> Path:
        return self.folder / f"{kind.__name__.lower()}-{number:06d}.npz"


def flattened(result: Any, prefix: str = "") -> dict[str, Any]:
    """A dataclass as entries of a bundle; those of the dataclasses and mappings in it have dotted names."""
    entries, plain = _entries(result, prefix)
    return {**entries, _PLAIN: [json.dumps(plain, ensure_ascii=False, sort_keys=True)]}


def _entries(result: Any, prefix: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if isinstance(result, Mapping):
        values = dict(result)
    elif hasattr(result, "to_arrays"):
        values = result.to_arrays()
    else:
        values = {field.name: getattr(result, field.name) for field in fields(result)}
    entries: dict[str, Any] = {}
    plain: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, np.ndarray | list | pd.DataFrame):
            entries[prefix + name] = value
        elif is_dataclass(value) or (isinstance(value, Mapping) and value):
            for found, more in zip((entries, plain), _entries(value, f"{prefix}{name}."), strict=True):
                found.update(more)
        else:
            plain[prefix + name] = value
    return entries, plain


def restored(kind: type[Result], entries: Mapping[str, Any]) -> Result:
    """What ``flattened`` took apart."""
    values = {**{name: value for name, value in entries.items() if name != _PLAIN}, **_plain(entries)}
    found: Result = _restored(kind, values)
    return found


def _restored(kind: Any, values: Mapping[str, Any]) -> Any:
    if hasattr(kind, "from_arrays"):
        return kind.from_arrays(values)
    hints, found = get_type_hints(kind), {}
    for entry in fields(kind):
        hint = hints[entry.name]
        inner = {name.partition(".")[2]: value for name, value in values.items() if name.partition(".")[0] == entry.name and "." in name}
        if is_dataclass(hint):
            found[entry.name] = _restored(hint, inner)
        elif get_origin(hint) in (dict, Mapping):
            found[entry.name] = inner
        else:
            value = values[entry.name]
            found[entry.name] = tuple(value) if get_origin(hint) is tuple else value
    return kind(**found)


def _named(name: str, entries: Mapping[str, Any], plain: Mapping[str, Any]) -> Any:
    inner = {key.removeprefix(f"{name}."): value for key, value in {**plain, **entries}.items() if key.startswith(f"{name}.")}
    return entries[name] if name in entries else inner or plain[name]


def _plain(entries: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(entries[_PLAIN][0])
    return values


def _value(result: Any, name: str) -> Any:
    head, _, rest = name.partition(".")
    value = result[head] if isinstance(result, Mapping) else attrgetter(head)(result)
    return _value(value, rest) if rest else value
