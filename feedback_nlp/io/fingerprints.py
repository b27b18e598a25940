"""What was read, in a few numbers: a second run can tell whether its input is another one."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from feedback_nlp.io.cells import as_text
from feedback_nlp.io.memory import frame_of
from feedback_nlp.io.parts import Parts
from feedback_nlp.io.sources import find_sources, is_named


def fingerprint(data: Parts) -> dict[str, Any]:
    """Return plain values that change if the data does; files are read once, in blocks.

    data: what :func:`read_parts` takes. Of files: ``{"files": [{"name", "bytes", "sha256"}, ...]}`` in reading order, packed files
    as they are on disk. Of data in memory: ``{"rows", "columns", "sha256"}``; the index does not count,
    and neither does whether a value in a column of mixed types is a number or its text.
    Raises InputError as :func:`read_parts` does for what cannot be read.
    """
    if not is_named(data):
        frame = data if isinstance(data, pd.DataFrame) else frame_of(data, None, None)
        return {"rows": len(frame), "columns": [str(name) for name in frame.columns], "sha256": _hash_of(frame)}
    sources = find_sources(data)
    files = []
    for source in sources.files:
        digest = hashlib.sha256()
        for block in source.raw_blocks():
            digest.update(block)
        files.append({"name": source.name or Path(source.where).name, "bytes": source.size, "sha256": digest.hexdigest()})
    return {"files": files}


def _hash_of(frame: pd.DataFrame) -> str:
    digest = hashlib.sha256()
    for position in range(frame.shape[1]):
        column = frame.iloc[:, position]
        digest.update(f"{column.name}\0{column.dtype}\0".encode("utf-8", "replace"))
        digest.update(np.asarray(_row_hashes(column), dtype="<u8").tobytes())
    return digest.hexdigest()


def _row_hashes(column: pd.Series) -> Any:
    try:
        return pd.util.hash_pandas_object(column, index=False).to_numpy()
    except (TypeError, ValueError):  # lists, records, lone surrogates
        return pd.util.hash_array(np.array([as_text(value) for value in column], dtype=object), categorize=False)
