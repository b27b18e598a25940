"""A frame of items, or of counts, to a tally."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.trends.periods import check_period, period_numbers
from feedback_nlp.trends.pooling import Ints, Mask
from feedback_nlp.trends.tally import (
    CUSTOMERS,
    MEASURES,
    NEGATIVE,
    OBSERVED,
    POLARITY,
    RATED,
    SCALE,
    SQUARES,
    WHOLE,
    Labels,
    Tally,
    distinct,
    label_codes,
    number_keys,
    tallied,
    unknown_column,
)
from feedback_nlp.vocabulary import SENTIMENTS

if TYPE_CHECKING:
    import pandas as pd

#: Items with several keys: the row of an item and one of its keys, as often as there are such pairs.
Pairs = tuple[Sequence[int] | NDArray[np.integer[Any]], Sequence[object] | NDArray[Any]]

#: Columns that are used where they are there, and not missed where they are not.
CUSTOMER_COLUMN, SENTIMENT_COLUMN, POLARITY_COLUMN = "customer_id", "sentiment", "polarity"
NEGATIVE_LABELS = tuple(label for level, label in SENTIMENTS.items() if level < 0)


@dataclass(frozen=True)
class Columns:
    """Which columns hold what. key: one name or several, whose combinations are counted; None: the column is not used."""

    date: str = "created_at"
    key: str | tuple[str, ...] = "theme"
    customers: str | None = CUSTOMER_COLUMN
    sentiment: str | None = SENTIMENT_COLUMN
    polarity: str | None = POLARITY_COLUMN
    repeat: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The key's columns."""
        return (self.key,) if isinstance(self.key, str) else tuple(self.key)


@dataclass(frozen=True, eq=False)
class Items:
    """Items of a frame in cells: pairs of item and key, repeats left out.

    keys: as in a tally. rows: int64 (m,), the item of each pair; codes: int64 (m,), its key. numbers: int64 (n_rows,), the period of every
    item; kept: bool (n_rows,), items with a date that are no repeats.
    """

    keys: Labels
    rows: Ints
    codes: Ints
    numbers: Ints
    kept: Mask


def read_items(frame: "pd.DataFrame", columns: Columns, period: str, pairs: Pairs | None = None) -> Items:
    """Find the period and the keys of every item.

    frame: one row an item. An item may have several keys: a cell of the key's column that holds a list, or ``pairs``, (rows, keys): the
    position of an item and one of its keys; the key's column is not read then. A key that is missing or "" is none.
    Raises InputError for a column that is not there, for dates that cannot be read and pairs that do not fit.
    """
    check_period(period)
    _check_frame(frame)
    names = columns.names
    if not names:
        raise InputError("key: expected the name of a column or several, got none")
    for option, name in [("date", columns.date), *([] if pairs is not None else [("key", name) for name in names])]:
        if name not in frame.columns:
            raise unknown_column(name, list(frame.columns), option)
    numbers, dated = _numbers(frame[columns.date], columns.date, period)
    kept = dated if columns.repeat is None else dated & ~_repeats(frame, columns.repeat)
    rows, parts = _pairs(pairs, names, len(frame)) if pairs is not None else _exploded(frame, names)
    usable = kept[rows] & np.all([codes >= 0 for _, codes in parts], axis=0)
    rows = rows[usable]
    keys, codes = number_keys([(labels, part[usable]) for labels, part in parts])
    if len(rows) and not np.all(rows[1:] > rows[:-1]):
        cells = distinct(rows * len(keys) + codes)
        rows, codes = cells // len(keys), cells % len(keys)
    return Items(keys, rows, codes, numbers, kept)


def count_items(frame: "pd.DataFrame", items: Items, columns: Columns, period: str) -> Tally:
    """Count them, with all items of each period beside. Raises InputError for a column that is not there or of another type."""
    every = np.flatnonzero(items.kept)
    rows = np.concatenate([every, items.rows])
    codes = np.concatenate([np.full(len(every), WHOLE), items.codes])
    values = {OBSERVED: np.ones(len(rows), np.int64)}
    numbers = items.numbers[rows]
    levels = _column(frame, columns.sentiment, SENTIMENT_COLUMN, "sentiment")
    polarity = _column(frame, columns.polarity, POLARITY_COLUMN, "polarity")
    scores = None if polarity is None else _as_numbers(polarity, columns.polarity)
    if levels is not None:
        values[NEGATIVE] = _negative(levels, columns.sentiment)[rows]
    elif scores is not None:
        values[NEGATIVE] = (scores < 0).astype(np.int64)[rows]
    if scores is not None:
        known = ~np.isnan(scores)
        whole = np.rint(np.where(known, scores, 0.0) * SCALE).astype(np.int64)
        values |= {RATED: known.astype(np.int64)[rows], POLARITY: whole[rows], SQUARES: (whole * whole // SCALE)[rows]}
    who = _column(frame, columns.customers, CUSTOMER_COLUMN, "customers")
    if who is not None:
        times, keys = _customers(who, rows, numbers, codes)
        # Each customer of a cell is one more line without an item.
        values = {name: np.concatenate([value, np.zeros(len(times), np.int64)]) for name, value in values.items()}
        values[CUSTOMERS] = np.repeat(np.array([0, 1]), [len(rows), len(times)])
        numbers, codes = np.concatenate([numbers, times]), np.concatenate([codes, keys])
    return tallied(period, columns.names, items.keys, numbers, codes, values)


def count_frame(frame: "pd.DataFrame", names: tuple[str, ...], period: str) -> Tally:
    """Take counts as they are: the columns of the key, ``period`` (a date) and ``observed``, and any other measure of a tally.

    Rows whose key is missing count all items of the period; without them the sum over the keys does. ``polarity`` and ``squares`` are
    sums over the items, ``rated`` the items with a polarity. Rows of one cell are added.
    Raises InputError for a column that is not there, and for numbers that are missing, negative or no whole numbers.
    """
    check_period(period)
    _check_frame(frame)
    for name in (*names, "period", OBSERVED):
        if name not in frame.columns:
            raise unknown_column(name, list(frame.columns), "counts")
    numbers, dated = _numbers(frame["period"], "period", period)
    if not dated.all():
        raise InputError(f"period: expected a date in every row, got none in {int((~dated).sum())}")
    parts = [label_codes(frame[name]) for name in names]
    values = {name: _whole(frame[name], name) for name in MEASURES if name in frame.columns}
    some = np.all([codes >= 0 for _, codes in parts], axis=0)
    keys, own = number_keys([(labels, codes[some]) for labels, codes in parts])
    codes = np.full(len(frame), WHOLE, np.int64)
    codes[some] = own
    if some.all():
        numbers, codes = np.tile(numbers, 2), np.concatenate([codes, np.full(len(codes), WHOLE)])
        values = {name: np.tile(value, 2) for name, value in values.items()}
    return tallied(period, names, keys, numbers, codes, values)


def _check_frame(frame: object) -> None:
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"frame: expected a pandas DataFrame, got {type(frame).__name__}")


def _numbers(column: "pd.Series", name: str, period: str) -> tuple[Ints, Mask]:
    """The period of each date, 0 where it is missing, and where it is not."""
    from feedback_nlp.io.dates import parse_dates

    times, bad = parse_dates(column)
    if bad.any():
        raise InputError(f"{name}: expected dates, got {int(bad.sum())} that cannot be read, the first in row {int(np.argmax(bad))}")
    local = times.dt.tz_localize(None).to_numpy()
    dated = ~np.isnat(local)
    return period_numbers(np.where(dated, local, np.datetime64(0, "us")), period), dated


def _exploded(frame: "pd.DataFrame", names: tuple[str, ...]) -> tuple[Ints, list[tuple[Labels, Ints]]]:
    import pandas as pd

    table = frame[list(names)].reset_index(drop=True)
    for name in names:
        if table[name].dtype == object and any(isinstance(cell, list | tuple | set | frozenset | np.ndarray) for cell in table[name]):
            table = table.explode(name)
        elif isinstance(table[name].dtype, pd.ArrowDtype):
            table[name] = table[name].astype(object)
    return table.index.to_numpy().astype(np.int64), [label_codes(table[name]) for name in names]


def _pairs(pairs: Pairs, names: tuple[str, ...], size: int) -> tuple[Ints, list[tuple[Labels, Ints]]]:
    import pandas as pd

    if len(names) != 1:
        raise InputError(f"pairs: expected one name as key, got {len(names)}")
    rows, labels = np.asarray(pairs[0]), label_codes(pd.Series(list(pairs[1]), dtype=object))
    if rows.shape != labels[1].shape or (len(rows) and not np.issubdtype(rows.dtype, np.integer)):
        raise InputError(f"pairs: expected as many whole row numbers as keys, got {rows.shape} of {rows.dtype} and {len(labels[1])}")
    if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < size:
        raise InputError(f"pairs: expected rows from 0 to {size - 1}, got {rows.min()} to {rows.max()}")
    return rows.astype(np.int64), [labels]


def _column(frame: "pd.DataFrame", name: str | None, usual: str, option: str) -> "pd.Series | None":
    if name is None or (name == usual and name not in frame.columns):
        return None
    if name not in frame.columns:
        raise unknown_column(name, list(frame.columns), option)
    return frame[name]


def _repeats(frame: "pd.DataFrame", name: str) -> Mask:
    if name not in frame.columns:
        raise unknown_column(name, list(frame.columns), "repeat")
    values = frame[name]
    if not set(values.dropna().unique().tolist()) <= {True, False}:
        raise InputError(f"{name}: expected True or False, got {values.dtype} with other values")
    return np.asarray(values.fillna(False).astype(bool).to_numpy())


def _customers(who: "pd.Series", rows: Ints, numbers: Ints, codes: Ints) -> tuple[Ints, Ints]:
    """Period and key of every known customer of every cell, int64 (m,) each. rows, numbers, codes: int64 (n,), the pairs."""
    names, known = label_codes(who)
    known = known[rows]
    first = int(numbers.min()) if len(numbers) else 0
    width = int(codes.max(initial=WHOLE)) + 2
    cells = ((numbers - first) * width + codes + 1) * max(len(names), 1) + known
    found = distinct(cells[known >= 0]) // max(len(names), 1)
    return found // width + first, found % width - 1


def _negative(levels: "pd.Series", name: str | None) -> Ints:
    """int64 (n,): 1 where the sentiment is a number below 0 or one of the negative labels."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(levels.dtype):
        return np.asarray(levels.fillna(0).to_numpy() < 0, dtype=np.int64)
    texts, codes = label_codes(levels)
    unknown = set(texts.tolist()) - {*SENTIMENTS.values(), *map(str, SENTIMENTS)}
    if unknown:
        raise InputError(f"{name}: expected numbers or {', '.join(SENTIMENTS.values())}, got {min(unknown)!r}")
    return np.append(np.isin(texts, [*NEGATIVE_LABELS, "-1", "-2"]), False)[codes].astype(np.int64)


def _as_numbers(column: "pd.Series", name: str | None) -> NDArray[np.float64]:
    try:
        values = np.asarray(column.astype("float64").to_numpy())
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: expected numbers from -1 to 1, got {column.dtype} ({error})") from error
    if np.any(np.abs(values[~np.isnan(values)]) > 1):
        raise InputError(f"{name}: expected numbers from -1 to 1, got up to {np.nanmax(np.abs(values)):g}")
    return values


def _whole(column: "pd.Series", name: str) -> Ints:
    """A measure of counts as whole numbers; polarity and squares in units of 1 / SCALE."""
    try:
        values: NDArray[Any] = np.asarray(column.astype("float64").to_numpy())
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: expected numbers, got {column.dtype} ({error})") from error
    if not np.isfinite(values).all() or (name != POLARITY and np.any(values < 0)):
        raise InputError(f"{name}: expected numbers of 0 or more in every row, got {float(values[~(values >= 0)][0])!r}")
    if name in (POLARITY, SQUARES):
        return np.asarray(np.rint(values * SCALE), dtype=np.int64)
    if np.any(values != np.rint(values)):
        raise InputError(f"{name}: expected whole numbers, got {float(values[values != np.rint(values)][0])!r}")
    return np.asarray(values, dtype=np.int64)
