"""From sketches to groups of rows: contents numbered, near ones joined, and what the rows of a group have in common."""

import mmap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.topics.kernels import Ints
from feedback_nlp.topics.near import Fetch, Numbers, near_groups
from feedback_nlp.topics.sketches import MIN_CHARS, Sketches

if TYPE_CHECKING:
    import pandas as pd

#: Texts of groups are fetched by so many.
TEXTS_FETCHED = 1 << 18


def joined(parts: Sequence[Sketches], name: str, band: int | None = None) -> NDArray[Any]:
    """One array of all parts, (n,): that of the name, or one band of the keys."""
    size = sum(part.n_rows for part in parts)
    values, done = np.empty(size, getattr(parts[0], name).dtype), 0
    for part in parts:
        array = getattr(part, name)
        values[done : done + part.n_rows] = array if band is None else array[band]
        done += part.n_rows
        _let_go(array)
    return values


def _let_go(array: NDArray[Any]) -> None:
    """A memory-mapped array leaves this process's memory until it is read again; else the keys of all parts would be there in the end."""
    base: object = array.base
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, mmap.mmap) and not array.flags.writeable and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)


def _bands(parts: Sequence[Sketches], rows: Numbers) -> Iterator[NDArray[np.uint32]]:
    """Of each band the keys of the rows."""
    for band in range(len(parts[0].keys)):
        yield joined(parts, "keys", band)[rows]


def number_contents(content: NDArray[np.uint64]) -> tuple[Numbers, Numbers, Numbers]:
    """Number of each row's content in order of hashes, int32 (n,), -1 for none; the first row and the rows of each, int32 (n_contents,)."""
    order = np.argsort(content)
    ordered = content[order]
    fresh = np.ones(len(content), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    none = int(len(ordered) > 0 and ordered[0] == 0)
    del ordered
    number = np.empty(len(content), np.int32)
    number[order] = np.cumsum(fresh, dtype=np.int32) - (1 + none)
    starts = np.flatnonzero(fresh)
    first = np.minimum.reduceat(order, starts) if len(starts) else starts
    counts = np.diff(np.append(starts, len(content)))
    return number, first[none:].astype(np.int32), counts[none:].astype(np.int32)


def lead_contents(
    parts: Sequence[Sketches], fetch: Fetch, first: Numbers, counts: Numbers, *, threshold: float, guard: bool, cleaned: bool
) -> tuple[Numbers, NDArray[np.float32]]:
    """The leader of each content, int32 (n_contents,), itself where it has none, and the similarity to it, float32 (n_contents,).

    first, counts: those of ``number_contents``.
    """
    length = joined(parts, "length")[first]
    long = np.flatnonzero(length >= MIN_CHARS).astype(np.int32)
    # In order of rows, as the keys are read.
    long = long[np.argsort(first[long])]
    rows = first[long]
    leader, alike = np.arange(len(first), dtype=np.int32), np.ones(len(first), np.float32)
    led, alike[long] = near_groups(
        lambda chosen: _bands(parts, rows[chosen]),
        lambda chosen: fetch(rows[chosen].astype(np.int64)),
        bands=len(parts[0].keys),
        rows=counts[long],
        lengths=length[long],
        rank=long,
        threshold=threshold,
        guard=guard,
        cleaned=cleaned,
    )
    leader[long] = long[led]
    return leader, alike


def representatives(group: Ints, exact: NDArray[np.bool_], form: NDArray[np.uint64], order: NDArray[np.uint64] | None) -> Ints:
    """The row that stands for each group, int64 (n_groups,): of its leader's content the commonest form, of equals that of the least
    hash, and of its rows the first by ``order``."""
    rows = np.flatnonzero(exact & (group >= 0))
    settled = (rows,) if order is None else (rows, order[rows])
    rows = rows[np.lexsort((*settled, form[rows], group[rows]))]
    # Runs of rows of the same group and form.
    starts = _run_starts(group[rows], form[rows])
    runs, counts = rows[starts], np.diff(np.append(starts, len(rows)))
    runs = runs[np.lexsort((form[runs], -counts, group[runs]))]
    return runs[_run_starts(group[runs])]


def customers_and_repeats(
    group: Ints, who: Ints | None, when: NDArray[np.datetime64] | None, order: NDArray[np.uint64] | None, *, n_groups: int
) -> tuple[Ints, NDArray[np.bool_]]:
    """Distinct known customers of each group, int64 (n_groups,); and bool (n,), True for all but the first row of each in each group.

    The first is so by time, unknown ones last, then by ``order``.
    """
    repeat = np.zeros(len(group), bool)
    if who is None:
        return np.zeros(n_groups, np.int64), repeat
    rows = np.flatnonzero((group >= 0) & (who >= 0))
    settled = tuple(values[rows] for values in (order, when) if values is not None)
    rows = rows[np.lexsort((rows, *settled, who[rows], group[rows]))]
    firsts = rows[_run_starts(group[rows], who[rows])]
    repeat[rows] = True
    repeat[firsts] = False
    return np.bincount(group[firsts], minlength=n_groups), repeat


def _run_starts(*columns: NDArray[Any]) -> Ints:
    """Where in sorted columns a value differs from the one before it."""
    fresh = np.zeros(len(columns[0]), bool)
    fresh[:1] = True
    for column in columns:
        fresh[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(fresh)


def spans(group: Ints, when: NDArray[np.datetime64] | None, n_groups: int) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
    """First and last known time of each group, (n_groups,) each, NaT where none is known."""
    first, last = np.full((2, n_groups), "NaT", np.dtype("datetime64[ns]") if when is None else when.dtype)
    if when is not None:
        known = np.flatnonzero((group >= 0) & ~np.isnat(when))
        # fmin and fmax leave NaT out.
        np.fmin.at(first, group[known], when[known])
        np.fmax.at(last, group[known], when[known])
    return first, last


def fetch_texts(fetch: Fetch, rows: Ints) -> "pd.Series":
    """The texts of the rows, in their order."""
    import pandas as pd

    parts = [pd.Series([], dtype="str")]
    for begin in range(0, len(rows), TEXTS_FETCHED):
        chosen = rows[begin : begin + TEXTS_FETCHED]
        order = np.argsort(chosen)
        texts = np.empty(len(chosen), object)
        texts[order] = fetch(chosen[order])
        parts.append(pd.Series(texts, dtype="str"))
    return pd.concat(parts, ignore_index=True)
