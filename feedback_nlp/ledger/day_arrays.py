"""Counts by day and key as arrays of numbers that can be saved without pickled objects, and back."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.trends.tally import MEASURES, Tally

#: Arrays by name, such as an open file of ``numpy.savez``.
Arrays = Mapping[str, NDArray[Any]]


def pack(prefix: str, tally: Tally) -> dict[str, NDArray[Any]]:
    """The arrays of a tally of one column, their names opening with ``prefix`` and a full stop; labels as UTF-8 and where each ends."""
    texts = [str(label).encode("utf-8", "surrogatepass") for label in tally.keys[:, 0].tolist()]
    ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
    numbers = {"ends": ends, "numbers": tally.numbers, "codes": tally.codes, **tally.values}
    text = np.frombuffer(b"".join(texts), np.uint8)
    return {f"{prefix}.text": text, **{f"{prefix}.{name}": short(values) for name, values in numbers.items()}}


def unpack(prefix: str, arrays: Arrays, period: str, names: tuple[str, ...]) -> Tally:
    """The tally that was packed. Raises InputError where one of its arrays is not there."""
    text, ends = taken(arrays, f"{prefix}.text").tobytes(), taken(arrays, f"{prefix}.ends").tolist()
    keys = np.empty((len(ends), 1), dtype=object)
    keys[:, 0] = [text[start:end].decode("utf-8", "surrogatepass") for start, end in zip([0, *ends], ends, strict=False)]
    numbers, codes = (taken(arrays, f"{prefix}.{name}").astype(np.int64) for name in ("numbers", "codes"))
    values = {name: taken(arrays, f"{prefix}.{name}").astype(np.int64) for name in MEASURES if f"{prefix}.{name}" in arrays}
    return Tally(period, names, keys, numbers, codes, values)


def taken(arrays: Arrays, name: str) -> NDArray[Any]:
    """One of the arrays. Raises InputError where it is not there."""
    if name not in arrays:
        raise InputError(f"expected the arrays of DayCounts.to_arrays, got some without {name!r}; count the part again")
    return arrays[name]


def short(values: NDArray[Any]) -> NDArray[Any]:
    """The same whole numbers in as few bytes as they fit. values: int (n,)."""
    low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    fitting = (kind for kind in (np.int8, np.int16, np.int32) if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max)
    return values.astype(next(fitting, np.int64))
