"""What the ledger says of an item besides its own scores: aspects, and who else said the same."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.topics import Duplicates, find_duplicates

Objects = NDArray[np.object_]

#: A polarity closer to 0 says neither.
NEUTRAL_WITHIN = 0.1
SEPARATOR = "、"


def aspect_notes(items: pd.DataFrame, n_rows: int) -> Objects:
    """Object (n_rows,) of strings such as 「电池−、屏幕+」, aspects by name, "" where a row names none.

    items: row, aspect, polarity; one line a row and aspect, in the order of rows.
    """
    polarity = items["polarity"].to_numpy(np.float64)
    signs = np.array(["", "+", "−"], dtype=object)[np.where(polarity > NEUTRAL_WITHIN, 1, np.where(polarity < -NEUTRAL_WITHIN, 2, 0))]
    notes = np.full(n_rows, "", dtype=object)
    joined = pd.Series(items["aspect"].to_numpy(dtype=object) + signs).groupby(items["row"].to_numpy()).agg(SEPARATOR.join)
    notes[joined.index.to_numpy(np.int64)] = joined.to_numpy(dtype=object)
    return notes


def find_copies(texts: list[str], ids: Objects, customers: NDArray[np.int64], times: pd.Series | None) -> Duplicates:
    """Duplicates of n items; ids settle what time does not, so that the order of rows changes nothing."""
    order = np.argsort(ids, kind="stable")
    alike = find_duplicates(
        [texts[row] for row in order.tolist()], customers=customers[order], times=None if times is None else times.iloc[order]
    )
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    representative = order[alike.representative]
    return Duplicates(
        group=alike.group[place],
        representative=representative,
        similarity=alike.similarity[place],
        repeat=alike.repeat[place],
        groups=alike.groups.assign(representative=representative),
    )


def copies(alike: Duplicates) -> NDArray[np.int64]:
    """int64 (n,): rows of the item's group, 1 for an item that nobody repeats."""
    return np.append(alike.groups["count"].to_numpy(np.int64), 1)[alike.group]


def copy_notes(alike: Duplicates) -> Objects:
    """Object (n,): 「；相同内容共 12 条（3 位客户）」, "" for an item that nobody repeats."""
    counts = alike.groups["count"].astype(str).to_numpy(dtype=object)
    known = alike.groups["customers"].fillna(0).to_numpy(np.int64)
    people = np.where(known > 0, "（" + known.astype(str).astype(object) + " 位客户）", "")
    return np.asarray(np.append("；相同内容共 " + counts + " 条" + people, "")[alike.group], dtype=object)


def duplicate_of(alike: Duplicates, ids: Objects) -> Objects:
    """Object (n,): the id of the item that stands for the group, "" for that item itself and for an item that nobody repeats."""
    named = np.append(ids[alike.representative], "")[alike.group]
    return np.asarray(np.where(named == ids, "", named), dtype=object)


def duplicate_table(alike: Duplicates, ids: list[str]) -> pd.DataFrame:
    """The groups by the id of what stands for each: feedback_id, text, count, exact, customers, first_time, last_time."""
    table = alike.groups.drop(columns="representative")
    table.insert(0, "feedback_id", np.array(ids, dtype=object)[alike.representative])
    return table
