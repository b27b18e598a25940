"""What every format reader hands over: the columns of a file, known at once, and its rows, read in parts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from feedback_nlp.io.table import Draft

#: A part has fewer rows than asked for where these would be so many cells, or so many characters or bytes.
MAX_PART_CELLS = 1 << 23
MAX_PART_SIZE = 1 << 26


@dataclass(frozen=True, eq=False)
class Opened:
    """A file whose columns are known. ``template``: a frame of these columns without rows. ``encoding``: None where it has none.

    drafts: called with the rows a part may have, reads the file from the start; each call gives all parts again.
    """

    template: pd.DataFrame
    drafts: Callable[[int], Iterator[Draft]]
    encoding: str | None = None


def rows_of_a_part(part_rows: int, n_columns: int) -> int:
    """Return how many rows a part of so many columns has at most: ``part_rows``, fewer where a row is very wide."""
    return max(1, min(part_rows, MAX_PART_CELLS // max(1, n_columns)))


def no_rows(headers: list[str]) -> pd.DataFrame:
    """Return a frame of columns that hold anything, without rows."""
    return pd.DataFrame(np.empty((0, len(headers)), dtype=object), columns=headers, dtype=object)
