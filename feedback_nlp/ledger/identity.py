"""Who is who: a stable id for feedback that came without one, and one number per customer."""

from collections.abc import Hashable, Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from feedback_nlp.text.privacy import mask_texts

#: What an id is made from; a column that is missing counts as empty.
CONTENT_COLUMNS = ("text", "created_at", "channel", "product", "customer_id")

#: What tells customers apart, the first that is given.
CUSTOMER_COLUMNS = ("customer_id", "contact", "customer_name")


def feedback_ids(frame: pd.DataFrame) -> NDArray[np.object_]:
    """Object (n,) of ids: the caller's where there is one, else ``FB-`` and 16 hexadecimal digits of a hash of the content.

    An id that holds personal data (a telephone number, say) is replaced by the hash. Rows with equal content and no id of their own
    get -2, -3 … behind it, in the order of a hash of all they hold, past the ids that the caller gave. Ids the caller gave twice
    stay twice.
    """
    ids = np.array(_as_text(frame["feedback_id"]), dtype=object) if "feedback_id" in frame else np.full(len(frame), "", dtype=object)
    given = (ids != "") & (np.asarray(mask_texts(ids.tolist()), dtype=object) == ids)
    taken = set(ids[given])
    numbers = _hashes(frame, CONTENT_COLUMNS)
    ids[~given] = [f"FB-{number:016x}" for number in numbers[~given].tolist()]
    clash = np.flatnonzero(~given & (pd.Series(numbers).duplicated(keep=False) | pd.Series(ids).isin(taken)).to_numpy())
    copies: dict[str, int] = {}
    for row in clash[np.argsort(_exact_hashes(frame.iloc[clash]), kind="stable")].tolist():
        name = ids[row]
        while ids[row] in taken:
            copies[name] = copies.get(name, 1) + 1
            ids[row] = f"{name}-{copies[name]}"
        taken.add(ids[row])
    return ids


def customer_codes(frame: pd.DataFrame) -> NDArray[np.int64]:
    """int64 (n,): one number per customer, -1 where nothing tells who it was."""
    for name in CUSTOMER_COLUMNS:
        values = _as_text(frame[name]) if name in frame else pd.Series(dtype=object)
        if values.ne("").any():
            return np.asarray(pd.factorize(values.where(values != ""))[0], dtype=np.int64)
    return np.full(len(frame), -1, dtype=np.int64)


def _hashes(frame: pd.DataFrame, names: Iterable[Hashable]) -> NDArray[np.uint64]:
    """A hash of each row's values in these columns, uint64 (n,)."""
    parts = {name: _as_text(frame[name]) if name in frame else "" for name in names}
    content = pd.DataFrame(parts, index=pd.RangeIndex(len(frame)))
    return np.asarray(pd.util.hash_pandas_object(content, index=False), dtype=np.uint64)


def _exact_hashes(frame: pd.DataFrame) -> NDArray[np.uint64]:
    """A hash of all each row holds, blanks and types included, uint64 (n,): rows that differ in any way have an order of their own."""
    parts = {place: pd.Series(list(map(repr, column)), dtype=object) for place, (_, column) in enumerate(frame.items())}
    content = pd.DataFrame(parts, index=pd.RangeIndex(len(frame)))
    return np.asarray(pd.util.hash_pandas_object(content, index=False), dtype=np.uint64)


def _as_text(column: pd.Series) -> pd.Series:
    """Values as stripped strings, missing ones empty; 1001.0 (a spreadsheet's integer) is 1001."""
    values = column.to_numpy(dtype=object)
    missing = column.isna().to_numpy()
    whole = [int(value) if isinstance(value, float) and value.is_integer() else value for value in np.where(missing, "", values).tolist()]
    return pd.Series([str(value).strip() for value in whole], dtype=object)
