"""Who is who: a stable id for feedback that came without one, and one number per customer."""

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
    get -2, -3 … behind it; they are interchangeable, so their order does not matter. Ids the caller gave twice stay twice.
    """
    parts = {name: _as_text(frame[name]) if name in frame else "" for name in CONTENT_COLUMNS}
    content = pd.DataFrame(parts, index=pd.RangeIndex(len(frame)))
    hashed = pd.util.hash_pandas_object(content, index=False).to_numpy()
    made = pd.Series([f"FB-{number:016x}" for number in hashed.tolist()], dtype=object)
    copy = made.groupby(made.to_numpy()).cumcount().to_numpy()
    again = np.flatnonzero(copy)
    made.iloc[again] = [f"{made.iat[row]}-{copy[row] + 1}" for row in again.tolist()]
    if "feedback_id" not in frame:
        return np.asarray(made, dtype=object)
    given = _as_text(frame["feedback_id"]).to_numpy(dtype=object)
    masked = np.asarray(mask_texts(given.tolist()), dtype=object)
    return np.asarray(np.where((given == "") | (masked != given), made.to_numpy(dtype=object), given), dtype=object)


def customer_codes(frame: pd.DataFrame) -> NDArray[np.int64]:
    """int64 (n,): one number per customer, -1 where nothing tells who it was."""
    known = next((name for name in CUSTOMER_COLUMNS if name in frame and frame[name].notna().any()), None)
    if known is None:
        return np.full(len(frame), -1, dtype=np.int64)
    values = _as_text(frame[known])
    codes, _ = pd.factorize(values.where(values != ""))
    return np.asarray(codes, dtype=np.int64)


def _as_text(column: pd.Series) -> pd.Series:
    """Values as stripped strings, missing ones empty; 1001.0 (a spreadsheet's integer) is 1001."""
    values = column.to_numpy(dtype=object)
    missing = column.isna().to_numpy()
    whole = [int(value) if isinstance(value, float) and value.is_integer() else value for value in np.where(missing, "", values).tolist()]
    return pd.Series([str(value).strip() for value in whole], dtype=object)
