"""Columns of few distinct values as numbers, so that a million cells are counted and looked up at once."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Ints = NDArray[np.int64]


def codes_of(column: "pd.Series") -> tuple[Ints, list[str]]:
    """The text of each cell as a number: int64 (n,), its place in the texts that follow, each once; -1 where it is missing."""
    import pandas as pd

    plain = column.dtype == "str" or isinstance(column.dtype, pd.CategoricalDtype)
    code, texts = pd.factorize(column if plain else column.astype(object).astype(str))
    return np.asarray(code, np.int64), list(texts)


def places(column: "pd.Series", names: Sequence[Any]) -> Ints:
    """int64 (n,): the place of each value among the names, -1 for another one."""
    import pandas as pd

    code, values = pd.factorize(column)
    return look_up(code, values, names)


def look_up(code: Ints, values: Iterable[Any], names: Sequence[Any]) -> Ints:
    """int64 (n,): the place among the names of what each number stands for, -1 for another one and for -1. code: places in values."""
    place = {name: number for number, name in enumerate(names)}
    return np.array([*(place.get(value, -1) for value in values), -1], np.int64)[code]


def is_blank(column: "pd.Series") -> NDArray[np.bool_]:
    """bool (n,): where a column of texts holds none, the empty one, or white space as `str.isspace` sees it."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column.dtype, pd.CategoricalDtype):
        code, texts = codes_of(column)
        return np.array([*(not text.strip() for text in texts), True], np.bool_)[code]
    texts_there = pa.array(column.astype("str").array, from_pandas=True)
    return np.asarray(pc.fill_null(blank(texts_there), True).to_numpy(zero_copy_only=False), np.bool_)


def blank(texts: "pa.Array") -> "pa.Array":
    """bool (n,): whether a text is empty or white space; nothing where there is none."""
    import pyarrow.compute as pc

    return pc.or_(pc.equal(pc.binary_length(texts), 0), pc.utf8_is_space(texts))


def cross(row: Ints, column: Ints, n_rows: int, n_columns: int) -> Ints:
    """int64 (n_rows, n_columns): how often each pair occurs; a pair with a -1 does not count."""
    known = (row >= 0) & (column >= 0)
    flat = np.bincount(row[known] * n_columns + column[known], minlength=n_rows * n_columns)
    return flat.reshape(n_rows, n_columns)
