"""Feedback that is in memory already, in whatever form, to a frame."""

import os
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import pandas as pd

from feedback_nlp.errors import InputError, TextTypeError
from feedback_nlp.io.columns import TEXT, map_columns

#: What :func:`feedback_nlp.io.read_frame` accepts.
Data: TypeAlias = pd.DataFrame | pd.Series | np.ndarray | list[str] | tuple[str, ...] | str | os.PathLike[str]


def frame_of(data: object, text_column: str | None, columns: Mapping[str, str] | None) -> pd.DataFrame:
    """Return a frame with canonical column names. Raises InputError for what is no feedback, see :func:`map_columns`."""
    if isinstance(data, pd.DataFrame):
        return map_columns(data, text_column=text_column, columns=columns)
    if isinstance(data, pd.Series):
        return map_columns(data.to_frame(TEXT))
    if isinstance(data, list | tuple):
        return pd.DataFrame({TEXT: pd.Series(list(data), dtype=object)})
    if isinstance(data, np.ndarray) and data.ndim == 1:
        return pd.DataFrame({TEXT: pd.Series(data.tolist(), dtype=object)})
    if isinstance(data, str):
        # The string itself is not shown: it may be a customer's text.
        raise InputError(f"data: a string of {len(data)} characters is not the path of a file; put one text into a list: [text]")
    got = type(data).__name__ + (f" of {data.ndim} dimensions" if isinstance(data, np.ndarray) else "")
    raise TextTypeError(f"data: expected a DataFrame, a list, tuple, Series or one-dimensional array of strings, or a path, got {got}")
