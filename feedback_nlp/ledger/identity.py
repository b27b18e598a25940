"""Who is who: a stable id for feedback that came without one, and one number per customer."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.text.privacy import mask_texts

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]

#: What an id is made from; a column that is missing counts as empty.
CONTENT_COLUMNS = ("text", "created_at", "channel", "product", "customer_id")

#: What tells customers apart, the first that is given.
CUSTOMER_COLUMNS = ("customer_id", "contact", "customer_name")


@dataclass(frozen=True, eq=False)
class Names:
    """The ids of n rows as far as each row tells; `settle` finds those that clash.

    names: object (n,), the caller's id where there is one, else ``FB-`` and 16 hexadecimal digits of a hash of the content. An id that
    holds personal data (a telephone number, say) is replaced by the hash. given: bool (n,), the name is the caller's.
    keys: uint64 (n,), a hash of each name. ties: uint64 (n,), a hash of all the row holds, which tells equal names apart in any order.
    """

    names: NDArray[np.object_]
    given: NDArray[np.bool_]
    keys: Hashes
    ties: Hashes


@dataclass(frozen=True, eq=False)
class Settled:
    """Which names clash.

    again: int64 (k,), rows whose given id came before, and first: int64 (k,), where. renamed: int64 (m,), rows with a made name that
    others have too, ascending, and number: int64 (m,), what each gets behind it: FB-3e17f73427413e5e-2.
    """

    again: Ints
    first: Ints
    renamed: Ints
    number: Ints


def name_rows(frame: pd.DataFrame) -> Names:
    """Name each row of a frame by itself. Rows are counted by their position."""
    names = np.array(_as_text(frame["feedback_id"]), dtype=object) if "feedback_id" in frame else np.full(len(frame), "", dtype=object)
    given = np.asarray(names != "", dtype=bool)
    if given.any():
        given[given] = np.asarray(mask_texts(names[given].tolist()), dtype=object) == names[given]
    made = ~given
    ties = np.zeros(len(frame), np.uint64)
    if made.any():
        unnamed = frame[made] if given.any() else frame
        names[made] = [f"FB-{number:016x}" for number in _hashes(unnamed, CONTENT_COLUMNS).tolist()]
        ties[made] = _exact_hashes(unnamed)
    return Names(names, given, _hash(names), ties)


def settle(keys: Hashes, given: NDArray[np.bool_], ties: Hashes, spelled: Callable[[Ints], Sequence[str]]) -> Settled:
    """Find the clashes among n rows. keys, given, ties: of `Names`; spelled: the names of some rows, in any order.

    Made names that are equal get -2, -3 … in the order of what the rows hold, past the ids that the caller gave. Memory: 17 bytes a row
    and what sorting them takes; names are asked for only of those that clash beside given ids.
    """
    order = np.argsort(keys, kind="stable")
    ranked = keys[order]
    alone = np.ones(len(keys), np.bool_)
    alone[1:] &= ranked[1:] != ranked[:-1]
    alone[:-1] &= ranked[1:] != ranked[:-1]
    rows = order[~alone]
    again, first = _repeated(rows[given[rows]], keys)
    made = rows[~given[rows]]
    taken = np.unique(keys[given]) if len(made) else keys[:0]
    renamed, number = _numbered(made, keys, ties, taken, spelled)
    return Settled(again, first, renamed, number)


def settle_names(names: Names) -> Settled:
    """The clashes among the rows of one frame."""
    return settle(names.keys, names.given, names.ties, names.names.__getitem__)


def customer_keys(frame: pd.DataFrame) -> dict[str, Ints]:
    """What may tell customers apart: for each column that is there, int64 (n,): a 63-bit hash, -1 where it is empty."""
    found = {}
    for name in CUSTOMER_COLUMNS:
        if name in frame:
            values = np.array(_as_text(frame[name]), dtype=object)
            found[name] = np.where(values == "", -1, (_hash(values) >> np.uint64(1)).astype(np.int64))
    return found


def customer_column(given: Iterable[str]) -> str | None:
    """The column that tells customers apart. given: those with any value."""
    known = set(given)
    return next((name for name in CUSTOMER_COLUMNS if name in known), None)


def _repeated(rows: Ints, keys: Hashes) -> tuple[Ints, Ints]:
    """Of rows with given ids, by key and position: those that are not the first of theirs, ascending, and that first one."""
    new = np.ones(len(rows), np.bool_)
    new[1:] = keys[rows[1:]] != keys[rows[:-1]]
    first = rows[np.flatnonzero(new)][np.cumsum(new) - 1] if len(rows) else rows
    again, first = rows[~new], first[~new]
    place = np.argsort(again)
    return again[place], first[place]


def _numbered(rows: Ints, keys: Hashes, ties: Hashes, taken: Hashes, spelled: Callable[[Ints], Sequence[str]]) -> tuple[Ints, Ints]:
    """Numbers for made names that clash: the row and its number, where it is above 1. taken: hashes of the given ids."""
    if not len(rows):
        return rows, rows
    rows = rows[np.lexsort((rows, ties[rows], keys[rows]))]
    new = np.append(True, keys[rows[1:]] != keys[rows[:-1]])
    # The n-th of a group gets the number n, one more where the caller gave the name itself.
    place = np.arange(len(rows)) - np.maximum.accumulate(np.where(new, np.arange(len(rows)), 0))
    number = place + np.where(np.isin(keys[rows], taken), 2, 1)
    if len(taken):
        number = _past_taken(spelled(rows), number, taken)
    late = np.flatnonzero(number > 1)
    late = late[np.argsort(rows[late])]
    return rows[late], number[late].astype(np.int64)


def _past_taken(names: Sequence[str], number: Ints, taken: Hashes) -> Ints:
    """The numbers, moved past names such as FB-…-2 that the caller gave himself; for the few rows of equal made names."""
    result, shift, before = number.copy(), 0, ""
    known = set(taken.tolist())
    for place, name in enumerate(names):
        shift = shift if name == before else 0
        before = name
        while result[place] + shift > 1 and int(_hash(np.array([f"{name}-{result[place] + shift}"], dtype=object))[0]) in known:
            shift += 1
        result[place] += shift
    return result


def _hash(values: NDArray[np.object_]) -> Hashes:
    """A hash of each string, the same in every process."""
    return np.asarray(pd.util.hash_array(values, categorize=False), dtype=np.uint64)


def _hashes(frame: pd.DataFrame, names: Iterable[Hashable]) -> Hashes:
    """A hash of each row's values in these columns, uint64 (n,)."""
    parts = {name: pd.Series(_as_text(frame[name]), dtype=object) if name in frame else "" for name in names}
    content = pd.DataFrame(parts, index=pd.RangeIndex(len(frame)))
    return np.asarray(pd.util.hash_pandas_object(content, index=False, categorize=False), dtype=np.uint64)


def _exact_hashes(frame: pd.DataFrame) -> Hashes:
    """A hash of all each row holds, blanks and types included, uint64 (n,): rows that differ in any way have an order of their own."""
    parts = {place: pd.Series(_exact(column), dtype=object) for place, (_, column) in enumerate(frame.items())}
    content = pd.DataFrame(parts, index=pd.RangeIndex(len(frame)))
    return np.asarray(pd.util.hash_pandas_object(content, index=False, categorize=False), dtype=np.uint64)


def _exact(column: pd.Series) -> list[str]:
    """Each value and its type as a string; a plain string is itself behind a mark, so that '5' is not 5."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return _moments_as_text(column)
    return [f"'{value}" if type(value) is str else repr(value) for value in column.tolist()]


def _as_text(column: pd.Series) -> list[str]:
    """Values as stripped strings, missing ones empty; 1001.0 (a spreadsheet's integer) is 1001."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return _moments_as_text(column)
    values = column.to_numpy(dtype=object)
    try:
        return list(map(str.strip, values.tolist()))
    except TypeError:
        missing = column.isna().to_numpy()
    whole = [int(value) if isinstance(value, float) and value.is_integer() else value for value in np.where(missing, "", values).tolist()]
    return [str(value).strip() for value in whole]


def _moments_as_text(column: pd.Series) -> list[str]:
    """What ``str`` makes of each moment, 2026-03-05 12:00:00+08:00; "" for none. Fractions and other offsets are spelled one by one."""
    local = column.dt.tz_localize(None).to_numpy()
    utc = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    seconds = local.astype("datetime64[s]")
    plain = (local == seconds) & (local - utc == np.timedelta64(8, "h"))
    spelled = np.datetime_as_string(np.where(plain, seconds, np.datetime64("1970-01-01", "s"))).astype("U19")
    spelled.view("U1").reshape(len(spelled), 19)[:, 10] = " "
    texts = np.char.add(spelled, "+08:00").astype(object)
    texts[np.isnat(local)] = ""
    for row in np.flatnonzero(~plain & ~np.isnat(local)).tolist():
        texts[row] = str(column.iloc[row])
    found: list[str] = texts.tolist()
    return found
