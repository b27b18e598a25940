"""Texts put together by Arrow, a column at a time: no string of Python is made of any of them."""

from typing import Any

import numpy as np


def joined(*parts: Any, separator: str = "") -> Any:
    """Texts one behind the other, an array of Arrow (n,), null where one of them is.

    parts: arrays of texts (n,), of Arrow or numpy, at least one, and single texts. separator: what stands between two.
    """
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(*map(_texts, parts), constant(separator))


def constant(value: str) -> Any:
    """One text as a scalar of Arrow."""
    import pyarrow as pa

    return pa.scalar(value, pa.large_string())


def _texts(part: Any) -> Any:
    import pyarrow as pa

    if isinstance(part, str):
        return constant(part)
    return pa.array(part, pa.large_string()) if isinstance(part, np.ndarray) else part
