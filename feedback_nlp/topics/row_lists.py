"""Lists of a few words for each of many rows: the best first, joined into one string."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.text.batch import TextBatch

Ints = NDArray[np.int64]

#: Between the words of a row.
SEPARATOR = "、"


def best_first(rows: Ints, scores: Ints) -> Ints:
    """Order n things by row, then by score from the highest, then as they come: positions, int64 (n,).

    rows: int64 (n,), ascending. scores: int64 (n,), 0 or more. They are sorted as one number where it fits 63 bits.
    """
    most, n = int(scores.max(initial=0)), len(rows)
    score_bits, place_bits = most.bit_length(), n.bit_length()
    if int(rows.max(initial=0)).bit_length() + score_bits + place_bits > 63:
        return np.lexsort((-scores, rows))
    keys = (((rows << score_bits) | (most - scores)) << place_bits) | np.arange(n)
    keys.sort()
    return keys & ((1 << place_bits) - 1)


def heads(rows: Ints) -> Ints:
    """Positions, int64 (m,), of the first thing of each row that has one. rows: int64 (n,), ascending, 0 or more."""
    return np.flatnonzero(np.diff(rows, prepend=-1))


def ranks(rows: Ints) -> Ints:
    """How many things of its row come before each, int64 (n,). rows: as of `heads`."""
    first = heads(rows)
    return np.arange(len(rows)) - np.repeat(first, np.diff(np.append(first, len(rows))))


def join_rows(
    words: NDArray[np.object_], ids: NDArray[np.integer[Any]], rows: Ints, n_rows: int, separator: str = SEPARATOR
) -> NDArray[np.object_]:
    """The words of each row in one string, object (n_rows,), "" for none.

    words: object (n_words,). ids: int (n,), positions in ``words``. rows: int64 (n,), ascending.
    """
    between = np.where(np.diff(rows, prepend=-1) == 0, len(words), -1)
    return write_rows(TextBatch.from_texts([*words.tolist(), separator]), np.column_stack([between, ids]), rows, n_rows)


def write_rows(words: TextBatch, pieces: NDArray[np.integer[Any]], rows: Ints, n_rows: int) -> NDArray[np.object_]:
    """One string for each row of what stands there piece by piece, object (n_rows,), "" for none.

    pieces: int (n, m), rows of ``words``, -1 for nothing: a line is m pieces at most. rows: int64 (n,), of each line, ascending.
    All is written as one text and then cut, which is several times as fast as joining strings row by row.
    """
    held = np.flatnonzero(pieces.ravel() >= 0)
    flat = pieces.ravel().take(held)
    starts = words.indptr.take(flat)
    lengths = words.indptr.take(flat + 1) - starts
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    places = np.repeat(starts - ends[:-1], lengths) + np.arange(ends[-1])
    first = heads(rows)
    bounds = ends[np.searchsorted(held, np.append(first, len(rows)) * pieces.shape[1])]
    written = np.full(n_rows, "", dtype=object)
    written[rows[first]] = TextBatch(words.codes.take(places), bounds).to_texts()
    return written


def pack_texts(name: str, texts: NDArray[np.object_]) -> dict[str, NDArray[Any]]:
    """Strings as ``name``: uint8, their UTF-8 in one row, and ``name.ends``: int64 (n,), where each ends, in characters."""
    listed = texts.tolist()
    data = np.frombuffer("".join(listed).encode("utf-8", "surrogatepass"), np.uint8)
    return {name: data, f"{name}.ends": np.cumsum(np.fromiter(map(len, listed), np.int64, len(listed)))}


def unpack_texts(name: str, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.object_]:
    """The inverse of `pack_texts`, object (n,)."""
    text, ends = arrays[name].tobytes().decode("utf-8", "surrogatepass"), arrays[f"{name}.ends"].tolist()
    texts = np.empty(len(ends), dtype=object)
    texts[:] = [text[begin:end] for begin, end in pairwise([0, *ends])]
    return texts
