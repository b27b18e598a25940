"""Duplicates: the same text pasted again, to the letter or slightly edited. Grouped by what texts say, never by the order of rows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.scorer.scorer import as_texts
from feedback_nlp.topics.grouping import (
    customers_and_repeats,
    fetch_texts,
    joined,
    lead_contents,
    number_contents,
    representatives,
    spans,
)
from feedback_nlp.topics.kernels import Ints
from feedback_nlp.topics.minhash import jaccard_bound, plan
from feedback_nlp.topics.sketches import THRESHOLD, Sketches, check_threshold, sketch_texts

if TYPE_CHECKING:
    import pandas as pd

#: Rows that are sketched together.
PART_ROWS = 1 << 15
#: Rows are numbered in 32 bits.
MAX_ROWS = (1 << 31) - 1


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Groups of rows that say the same.

    group: int64 (n,), the number of the row's group, a row of ``groups``; -1 for a row without duplicate or without information.
    representative: int64 (n_groups,), the row that stands for the group.
    similarity: float32 (n,), to the representative, 1 where the content is the same; 0 without a group.
    repeat: bool (n,), True where the same known customer said it before within the group: reach and frequency leave these rows out.
    groups: one row a group, largest first: representative, text, count, exact (rows with the representative's very content),
    customers (distinct known ones), first_time, last_time; what was not given is missing.
    """

    group: Ints
    representative: Ints
    similarity: NDArray[np.float32]
    repeat: NDArray[np.bool_]
    groups: "pd.DataFrame"

    @property
    def n_superfluous(self) -> int:
        """Rows in groups beyond one a group; 0 where there is no group."""
        return int((self.group >= 0).sum()) - len(self.representative)


def find_duplicates(
    texts: "Sequence[str] | pd.Series",
    *,
    threshold: float = THRESHOLD,
    customers: Iterable[Any] | None = None,
    times: Iterable[Any] | None = None,
    guard: bool = True,
) -> Duplicates:
    """Group n texts into duplicates, exact and near.

    texts: n str; None and NaN count as empty. They are cleaned and folded here: script, width, case and punctuation do not matter.
    threshold: 0.5 to 1, the similarity of two contents' sets of n-grams (``minhash.similarities``) from which on they are near.
    customers: n identifiers; None, NaN, "" and numbers below 0 are unknown. times: n datetimes or ISO 8601 strings, NaT or None unknown.
    guard: near duplicates do not contradict each other: both naming a number the other lacks or, in short texts, one negated.
    The representative is the text in the company of most rows, of equals the commonest, then that of the least hash. Every member of
    its group is as similar to it as the threshold asks: similarity is not passed on along a chain. Contents are told apart by 64-bit
    hashes: two of a million different ones pass for one once in 37 million times.
    Raises InputError on a threshold outside its range, other lengths and what is no time; TextTypeError where a text is no str.
    """
    values = as_texts(texts)
    check_threshold(threshold)
    who, moments = _customer_numbers(customers, len(values)), _moments(times, len(values))
    begins = range(0, max(len(values), 1), PART_ROWS)
    zone = None if moments is None else moments.dt.tz
    found = group_sketches(
        [sketch_texts(values[begin : begin + PART_ROWS], threshold=threshold) for begin in begins],
        lambda rows: [values[row] for row in rows.tolist()],
        customers=who,
        times=None if moments is None else (moments if zone is None else moments.dt.tz_convert(None)).to_numpy(),
        threshold=threshold,
        guard=guard,
    )
    if zone is not None:
        for name in ("first_time", "last_time"):
            found.groups[name] = found.groups[name].dt.tz_localize("UTC").dt.tz_convert(zone)
    return found


def group_sketches(
    parts: Sequence[Sketches],
    fetch: Callable[[Ints], list[str]],
    *,
    order: NDArray[np.uint64] | None = None,
    customers: Ints | None = None,
    times: NDArray[np.datetime64] | None = None,
    threshold: float = THRESHOLD,
    guard: bool = True,
    cleaned: bool = False,
) -> Duplicates:
    """Group n rows into duplicates by their sketches; see ``find_duplicates``.

    parts: of ``sketch_texts`` with this threshold, at least one; rows are numbered over them in their order. They are read once an
    array, the keys twice and band by band, and so may be memory-mapped.
    fetch: the texts of some rows, int64 and ascending: of one row of each content that may have a near duplicate, and of the
    representatives. cleaned: they are cleaned already, and are not cleaned again.
    order: uint64 (n,), settles what else is equal between two rows, least first, such as a hash of their ids: then the order of rows
    changes nothing. By default the number of the row. customers: int64 (n,), below 0 where unknown. times: (n,), NaT where unknown.
    Memory: measured, some 115 bytes a row at the highest for 10,000,000 rows, half of them with company; the texts of 1.4 million groups
    are in it. Never the keys of more than one band, nor the n-grams of much more than ``near.PIECE_CHARS`` characters.
    Raises InputError on a threshold outside its range, sketches made for another one, and other lengths.
    """
    import pandas as pd

    check_threshold(threshold)
    _check_parts(parts, threshold)
    n_rows = sum(part.n_rows for part in parts)
    for name, given in (("order", order), ("customers", customers), ("times", times)):
        _check_length(name, n_rows if given is None else len(given), n_rows)
    number, first, counts = number_contents(joined(parts, "content"))
    leader, alike = lead_contents(parts, fetch, first, counts, threshold=threshold, guard=guard, cleaned=cleaned)
    sizes = np.bincount(leader, counts, minlength=len(leader)).astype(np.int64)
    chosen = np.flatnonzero(sizes > 1)
    chosen = chosen[np.lexsort((chosen, -counts[chosen], -sizes[chosen]))]
    place = np.full(len(leader) + 1, -1, np.int64)
    place[chosen] = np.arange(len(chosen))
    group = place[np.append(leader, np.int32(-1))[number]]
    similarity = np.append(np.where(place[leader] >= 0, alike, np.float32(0)), np.float32(0))[number]
    exact = np.append(leader == np.arange(len(leader)), False)[number]
    representative = representatives(group, exact, joined(parts, "form"), order)
    del number, first, leader, alike, exact
    people, repeat = customers_and_repeats(group, customers, times, order, n_groups=len(chosen))
    first_time, last_time = spans(group, times, len(chosen))
    columns = {
        "representative": representative,
        "text": fetch_texts(fetch, representative),
        "count": sizes[chosen],
        "exact": counts[chosen].astype(np.int64),
        "customers": pd.array(people if customers is not None else [None] * len(people), dtype="Int64"),
        "first_time": first_time,
        "last_time": last_time,
    }
    return Duplicates(group, representative, similarity, repeat, pd.DataFrame(columns))


def _check_parts(parts: Sequence[Sketches], threshold: float) -> None:
    """Raise InputError on sketches that cannot be grouped together at this threshold."""
    bands = plan(jaccard_bound(threshold))[1]
    made = {len(part.keys) for part in parts}
    if made != {bands}:
        got = "no part" if not parts else f"keys of {', '.join(map(str, sorted(made)))} bands"
        raise InputError(f"parts: expected sketch_texts(texts, threshold={threshold}), of {bands} bands, got {got}")
    if sum(part.n_rows for part in parts) > MAX_ROWS:
        raise InputError(f"parts: expected at most {MAX_ROWS} rows, got {sum(part.n_rows for part in parts)}; group them year by year")


def _customer_numbers(customers: Iterable[Any] | None, size: int) -> Ints | None:
    """A number for each customer, -1 where unknown; int64 (size,)."""
    if customers is None:
        return None
    values = customers.tolist() if hasattr(customers, "tolist") else list(customers)
    _check_length("customers", len(values), size)
    import pandas as pd

    numbers: dict[Any, int] = {}
    codes = np.fromiter((numbers.setdefault(value, len(numbers)) for value in values), np.int64, len(values))
    unknown = [bool(pd.isna(value)) or value == "" or (isinstance(value, int | float) and value < 0) for value in numbers]
    return np.where(np.asarray(unknown, bool)[codes], -1, codes) if unknown else codes


def _moments(times: Iterable[Any] | None, size: int) -> "pd.Series | None":
    """The times as a Series, NaT where unknown."""
    if times is None:
        return None
    import pandas as pd

    values = times if hasattr(times, "dtype") else list(times)
    try:
        moments = pd.Series(pd.to_datetime(pd.Index(values), format="ISO8601"))
    except (ValueError, TypeError) as error:
        raise InputError(f"times: expected datetimes or ISO 8601 strings, all in one time zone or none, got {error}") from error
    _check_length("times", len(moments), size)
    return moments


def _check_length(name: str, got: int, size: int) -> None:
    if got != size:
        raise InputError(f"{name}: expected {size} values, one a text, got {got}")
