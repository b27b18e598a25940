"""The columns of a ledger that operating figures rest on, by their English names or Chinese headers, as plain arrays."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.io.columns import fold
from feedback_nlp.io.texts import is_missing
from feedback_nlp.vocabulary import INPUT_COLUMNS, LEDGER_HEADERS, STATUSES

if TYPE_CHECKING:
    import pandas as pd

Bools = NDArray[np.bool_]
Times = NDArray[np.datetime64]

#: Columns only a user's own system can know; the library reads them where they are there. English name -> other headers.
OPTIONAL_COLUMNS = {
    "acknowledged_at": ("响应时间", "首次响应时间", "受理时间"),
    "resolved_at": ("解决时间", "完成时间", "处理完成时间"),
    "reopened": ("是否重开", "重开", "重新打开", "重开次数", "reopen_count"),
    "status_history": ("状态历史", "状态记录", "状态流转"),
}

#: An item with one of these is done.
DONE = STATUSES[3:]

_HEADERS = {
    **{column.name: (column.header,) for column in INPUT_COLUMNS},
    **{name: (header,) for name, header in LEDGER_HEADERS.items()},
    **OPTIONAL_COLUMNS,
}
_YES = ("true", "yes", "y", "是", "有", "已重开")
_NO = ("false", "no", "n", "否", "无", "未重开", "")
#: Done once, open again later.
_REOPENED = rf"(?s)(?:{'|'.join(DONE)}).*(?:{'|'.join(STATUSES[:3])})"


@dataclass(frozen=True, eq=False)
class LedgerColumns:
    """A ledger whose columns are found by either name. n rows, in the ledger's order."""

    ledger: "pd.DataFrame"

    @cached_property
    def _places(self) -> dict[str, int]:
        """Folded header -> place; of equal ones the first."""
        places: dict[str, int] = {}
        for place, header in enumerate(self.ledger.columns):
            places.setdefault(fold(str(header)), place)
        return places

    def find(self, name: str) -> "pd.Series | None":
        """The column of that English name, else of its first Chinese header that is there; None where there is none."""
        for header in (name, *_HEADERS.get(name, ())):
            place = self._places.get(fold(header))
            if place is not None:
                return self.ledger.iloc[:, place]
        return None

    def times(self, name: str) -> Times | None:
        """datetime64[us] (n,) in UTC, NaT where there is no time or none that can be read; None without the column."""
        from feedback_nlp.io.dates import parse_dates

        column = self.find(name)
        return None if column is None else np.asarray(parse_dates(column)[0].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy())

    def words(self, name: str) -> NDArray[np.object_] | None:
        """The column as stripped strings, object (n,), "" where it is empty; None without the column."""
        column = self.find(name)
        return None if column is None else _by_value(column, lambda value: "" if is_missing(value) else str(value).strip(), object)

    def flags(self, name: str) -> tuple[Bools, Bools] | None:
        """(raised, unread): True, 是, yes and numbers above 0 are raised; an empty cell is not. None without the column."""
        column = self.find(name)
        if column is None:
            return None
        read = _by_value(column, _flag, np.int8)
        return read == 1, read < 0

    @cached_property
    def reopened(self) -> tuple[Bools, Bools] | None:
        """(reopened, unread) from ``reopened``, else from ``status_history``, a text of statuses in their order; None without both."""
        given = self.flags("reopened")
        history = self.words("status_history") if given is None else None
        if history is None:
            return given
        import pandas as pd

        found = pd.Series(history, dtype="str").str.contains(_REOPENED, regex=True)
        return np.asarray(found, bool), np.zeros(len(history), bool)

    def filled(self, name: str) -> Bools | None:
        """bool (n,): the cell holds more than blanks; None without the column."""
        column = self.find(name)
        return None if column is None else _by_value(column, lambda value: not is_missing(value) and str(value).strip() != "", np.bool_)


def _by_value(column: "pd.Series", rule: Callable[[Any], Any], dtype: Any) -> NDArray[Any]:
    """What the rule makes of every cell, asked once for each distinct value."""
    import pandas as pd

    codes, found = pd.factorize(column.astype(object), use_na_sentinel=True)
    values = np.empty(len(found) + 1, dtype=dtype)
    values[:] = [*(rule(value) for value in found), rule(None)]
    return np.asarray(values[codes])


def _flag(value: Any) -> int:
    """1 raised, 0 not, -1 cannot be read."""
    if is_missing(value):
        return 0
    if isinstance(value, bool | int | float | np.bool_ | np.number):
        return int(value > 0)
    text = str(value).strip().lower()
    if text in _YES or text in _NO:
        return int(text in _YES)
    return int(float(text) > 0) if text.replace(".", "", 1).isascii() and text.replace(".", "", 1).isdigit() else -1
