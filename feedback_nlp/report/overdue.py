"""Which deadlines have passed: counts by clock and priority, and the items behind them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.ledger.clock import DUE_COLUMNS
from feedback_nlp.report.codes import codes_of, look_up, places
from feedback_nlp.trends.operations_columns import DONE
from feedback_nlp.vocabulary import STATUSES

if TYPE_CHECKING:
    import pandas as pd

#: What each deadline is for.
CLOCKS = dict(zip(DUE_COLUMNS, ("响应", "方案", "解决"), strict=True))

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Overdue:
    """Deadlines that had passed at ``moment`` (None: nothing is dated, nothing can be read).

    counts: clock -> items by level, int64 (levels,). items: late by any clock. open: items not done. with_deadline: of those, the ones
    that have a deadline. untouched: all items have the first status, so that nobody may have written down what became of them.
    rows: int64 (k,), rows of the late ones, in the ledger's order; late: bool (n,) by clock; hours: float64 (n,), the longest of them.
    """

    moment: "pd.Timestamp | None"
    counts: dict[str, NDArray[np.int64]]
    items: int
    open: int
    with_deadline: int
    untouched: bool
    rows: NDArray[np.int64]
    late: dict[str, Bools]
    hours: NDArray[np.float64]


def find_overdue(ledger: "pd.DataFrame", levels: list[str], moment: "pd.Timestamp | None") -> Overdue:
    """Read the clocks of n items.

    An item is open until its status is 已解决 or 已关闭. It is acknowledged once its status is no longer the first, 待分析; the plan and
    the solution are late for every open item. levels: names of priorities, most urgent first.
    """
    code, states = codes_of(ledger["status"])
    is_open = look_up(code, states, DONE) < 0
    new = (code < 0) | (look_up(code, states, STATUSES[:1]) == 0)
    level = places(ledger["priority"], levels)
    level[level < 0] = len(levels) - 1
    late: dict[str, Bools] = {}
    hours = np.zeros(len(ledger))
    known = np.zeros(len(ledger), bool)
    for name, clock in CLOCKS.items():
        since = _hours(ledger, name, moment)
        waiting = is_open & new if name == DUE_COLUMNS[0] else is_open
        known |= is_open & ~np.isnan(since)
        late[clock] = waiting & (np.nan_to_num(since, nan=-1.0) > 0)
        hours = np.where(late[clock], np.maximum(hours, np.nan_to_num(since)), hours)
    any_late = np.logical_or.reduce(list(late.values()))
    return Overdue(
        moment=moment,
        counts={clock: np.bincount(level[mask], minlength=len(levels)) for clock, mask in late.items()},
        items=int(any_late.sum()),
        open=int(is_open.sum()),
        with_deadline=int(known.sum()),
        untouched=bool(len(ledger) and new.all()),
        rows=np.flatnonzero(any_late),
        late=late,
        hours=hours,
    )


def _hours(ledger: "pd.DataFrame", name: str, moment: "pd.Timestamp | None") -> NDArray[np.float64]:
    """float64 (n,): hours since a deadline, negative before it, NaN where there is none."""
    if moment is None or name not in ledger:
        return np.full(len(ledger), np.nan)
    return np.asarray((moment - ledger[name]).dt.total_seconds().to_numpy(np.float64) / 3600)
