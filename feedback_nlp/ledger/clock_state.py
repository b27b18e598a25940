"""Where the clocks of a ledger stand at a moment: what is overdue, what is left, what was done in time.

The same reading as the operating figures (``trends/operations_blocks.py``): what happened after the moment has not happened yet; an item
whose status says that something was done, without a time, is not overdue and counts in no share.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from feedback_nlp.errors import InputError
from feedback_nlp.io.cells import ZONE
from feedback_nlp.ledger.clock import DUE_COLUMNS, PROMISES
from feedback_nlp.ledger.deadlines import deadlines, read_as_of
from feedback_nlp.ledger.policy import DEFAULT_POLICY, Policy, load_policy
from feedback_nlp.trends.operations_columns import DONE, LedgerColumns
from feedback_nlp.vocabulary import STATUSES

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

Times = NDArray[np.datetime64]
Bools = NDArray[np.bool_]

#: What people call the promises, and the optional columns that say when one was kept (``OPTIONAL_COLUMNS`` knows more of their headers).
PROMISE_NAMES = {"ack": "响应", "interim": "方案", "resolve": "解决"}
KEPT_COLUMNS = {"ack": ("acknowledged_at",), "interim": ("interim_at", "方案时间", "方案完成时间"), "resolve": ("resolved_at",)}

#: How a promise stands: nothing promised; not yet due; not kept and due; kept in time, or late; done, nobody knows when.
STATES = ("", "pending", "overdue", "in_time", "late", "untimed")
_NONE, _PENDING, _OVERDUE, _IN_TIME, _LATE, _UNTIMED = range(len(STATES))

ITEM_COLUMNS = ("feedback_id", "ack", "interim", "resolve", "overdue", "next", "next_due_at", "time_left")
SHARE_COLUMNS = ("clock", "priority", "promised", "in_time", "late", "overdue", "pending", "untimed", "share")


@dataclass(frozen=True, eq=False)
class ClockState:
    """The clocks of n items.

    as_of: the moment. items: DataFrame (n, 8) with the ledger's index: feedback_id; ack, interim, resolve, each one of ``STATES``;
    overdue, bool, whether any of them is; next, the open promise that is due first ("" for none); next_due_at, when, Asia/Shanghai;
    time_left, timedelta from ``as_of`` until then, negative where it is overdue.
    shares: DataFrame, one row a promise and level, the whole first (priority ""): counts, and share = in_time / (in_time + late + overdue),
    NaN of nothing.
    """

    as_of: "pd.Timestamp"
    items: "pd.DataFrame"
    shares: "pd.DataFrame"

    @property
    def overdue(self) -> "pd.DataFrame":
        """The items with an overdue promise, longest overdue first, in the ledger's order where that is equal."""
        found = self.items[self.items["overdue"]]
        return found.sort_values("time_left", kind="stable")


def clock_state(ledger: "pd.DataFrame", *, as_of: Any, policy: "str | Path | Policy" = DEFAULT_POLICY) -> ClockState:
    """Read the clocks of a ledger at a moment.

    ledger: one row an item, English names or Chinese headers, any order; not changed. Read are the deadlines (where it has none, they are
        reckoned from priority and 反馈时间 by the policy), the status, and if they are there acknowledged_at (响应时间), interim_at
        (方案时间), resolved_at (解决时间). A time that is a day alone counts as its beginning: what was done on the day is in time.
    as_of: any form of a time; Asia/Shanghai where it has no zone. policy: the ledger's own, for the order of levels.

    An item that is solved has been acknowledged and planned, too; one in any status but 待分析 has been acknowledged (untimed, where no
    time says when).
    Raises InputError where ``as_of`` is no time, or neither deadlines nor priorities are there; PolicyError.
    """
    import pandas as pd

    rules = policy if isinstance(policy, Policy) else load_policy(policy)
    moment = read_as_of(as_of)
    now = np.datetime64(moment.tz_convert("UTC").tz_localize(None), "us")
    columns = LedgerColumns(ledger)
    due = _due(columns, rules)
    pairs = list(zip(PROMISES, due.T, strict=True))
    state = np.stack([_states(times, *_kept(columns, promise, times, now), now) for promise, times in pairs], axis=1)
    ids = columns.find("feedback_id")
    open_due = np.where((state == _PENDING) | (state == _OVERDUE), due, np.datetime64("NaT", "us"))
    next_due = np.fmin.reduce(open_due, axis=1) if len(due) else due[:, 0]
    is_next = (open_due == next_due[:, None]).argmax(axis=1)
    names = np.array([*PROMISES, ""], dtype=object)[np.where(np.isnat(next_due), len(PROMISES), is_next)]
    items = pd.DataFrame(
        {
            "feedback_id": ids.array if ids is not None else np.full(len(ledger), "", dtype=object),
            **{
                promise: pd.Series(np.array(STATES, dtype=object)[state[:, place]], dtype="str").array
                for place, promise in enumerate(PROMISES)
            },
            "overdue": (state == _OVERDUE).any(axis=1),
            "next": pd.Series(names, dtype="str").array,
            "next_due_at": pd.Series(next_due).dt.tz_localize("UTC").dt.tz_convert(ZONE).array,
            "time_left": next_due - now,
        },
        index=ledger.index,
    )
    words = columns.words("priority")
    priority = np.full(len(ledger), "", dtype=object) if words is None else words
    return ClockState(moment, items, _shares(state, priority, [level.name for level in rules.levels]))


def _due(columns: LedgerColumns, policy: Policy) -> Times:
    """Deadlines in UTC, datetime64[us] (n, 3), NaT for none: the ledger's where it has any, else the policy's."""
    import pandas as pd

    n = len(columns.ledger)
    given = [columns.times(name) for name in DUE_COLUMNS]
    if all(times is None for times in given):
        words, created = columns.words("priority"), columns.times("created_at")
        if words is None or created is None:
            raise InputError(f"ledger: expected {', '.join(DUE_COLUMNS)}, or priority and created_at to reckon them from; it has neither")
        names = [level.name for level in policy.levels]
        unknown = sorted(set(words.tolist()) - set(names))
        if unknown:
            raise InputError(f"ledger: priority: expected {', '.join(names)} of the policy {policy.slug}, got {', '.join(unknown)}")
        level = pd.Series(words, dtype=object).map({name: number for number, name in enumerate(names)}).to_numpy(np.int64)
        frame = pd.DataFrame({"created_at": pd.Series(created).dt.tz_localize("UTC").dt.tz_convert(ZONE)})
        found = deadlines(frame, level, policy, as_of=None)
        given = [np.asarray(found[name].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()) for name in DUE_COLUMNS]
    nothing = np.full(n, np.datetime64("NaT", "us"))
    return np.stack([nothing if times is None else times.astype("datetime64[us]") for times in given], axis=1)


def _kept(columns: LedgerColumns, promise: str, due: Times, now: np.datetime64) -> tuple[Times, Bools]:
    """When a promise was kept, NaT where no time by ``now`` says so; and whether it must have been, whatever the time.

    A solution in time is an answer and a plan in time as well; one that comes later says nothing of when somebody answered.
    """
    n = len(columns.ledger)
    nothing = np.full(n, np.datetime64("NaT", "us"))
    kept = next((times for name in KEPT_COLUMNS[promise] if (times := columns.times(name)) is not None), nothing).astype("datetime64[us]")
    kept = np.where(kept <= now, kept, nothing)
    status, solved = columns.words("status"), columns.times("resolved_at")
    evident = np.zeros(n, bool) if status is None else np.isin(status.astype(str), STATUSES[1:] if promise == "ack" else DONE)
    if solved is not None:
        evident |= solved <= now
        kept = np.where(np.isnat(kept) & (solved <= due) & (solved <= now), solved, kept)
    return kept, evident


def _states(due: Times, kept: Times, evident: Bools, now: np.datetime64) -> NDArray[np.int64]:
    """int64 (n,) into ``STATES``. due, kept: datetime64 (n,), NaT for none. evident: bool (n,)."""
    done = ~np.isnat(kept)
    open_state = np.where(evident, _UNTIMED, np.where(due < now, _OVERDUE, _PENDING))
    found = np.where(done, np.where(kept <= due, _IN_TIME, _LATE), open_state)
    return np.where(np.isnat(due), _NONE, found).astype(np.int64)


def _shares(state: NDArray[np.int64], priority: NDArray[np.object_], levels: list[str]) -> "pd.DataFrame":
    """Counts and share of each promise, as a whole and by level."""
    import pandas as pd

    others = sorted(set(priority.tolist()) - {*levels, ""})
    groups = ["", *levels, *others]
    number = pd.Series(priority, dtype=object).map({name: place for place, name in enumerate(groups)}).to_numpy(np.int64)
    rows = []
    for place, promise in enumerate(PROMISES):
        counts = np.bincount(number * len(STATES) + state[:, place], minlength=len(groups) * len(STATES)).reshape(len(groups), len(STATES))
        counts[0] = counts.sum(axis=0)
        rows += [(promise, group, *_figures(counts[line])) for line, group in enumerate(groups)]
    return pd.DataFrame(rows, columns=list(SHARE_COLUMNS))


def _figures(counts: NDArray[np.int64]) -> tuple[Any, ...]:
    """Promised, in time, late, overdue, pending, untimed, share. counts: int64 (states,)."""
    judged = int(counts[[_IN_TIME, _LATE, _OVERDUE]].sum())
    shown = [int(counts[place]) for place in (_IN_TIME, _LATE, _OVERDUE, _PENDING, _UNTIMED)]
    return (sum(shown), *shown, shown[0] / judged if judged else float("nan"))
