"""What the ledger says of who else said the same."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.topics import Duplicates

Objects = NDArray[np.object_]


def copy_notes(count: NDArray[np.int64], customers: NDArray[np.int64]) -> Objects:
    """Object (n,): 「；相同内容共 12 条（3 位客户）」, "" for an item that nobody repeats.

    count: int64 (n,), items that say the same, the item itself included; customers: int64 (n,), their distinct known customers.
    """
    notes = np.full(len(count), "", dtype=object)
    said = np.flatnonzero(count > 1)
    total, known = count[said].astype(str).astype(object), customers[said]
    people = np.where(known > 0, "（" + known.astype(str).astype(object) + " 位客户）", "")
    notes[said] = "；相同内容共 " + total + " 条" + people
    return notes


def duplicate_table(alike: Duplicates, names: list[str]) -> pd.DataFrame:
    """The groups by the id of what stands for each: feedback_id, text, count, exact, customers, first_time, last_time.

    names: the ids of ``alike.representative``.
    """
    table = alike.groups.drop(columns="representative")
    table.insert(0, "feedback_id", np.array(names, dtype=object))
    return table
