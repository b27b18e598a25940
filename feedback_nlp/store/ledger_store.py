"""The ledger in a database: saved run by run, worked on by people in between."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from feedback_nlp.errors import InputError, MissingExtraError
from feedback_nlp.ledger.policy import DEFAULT_POLICY, Policy
from feedback_nlp.ledger.scheme import DEFAULT_SCHEME, Scheme
from feedback_nlp.store.columns import DONE, NEW, REOPENED
from feedback_nlp.store.merge import Stamp
from feedback_nlp.store.prepare import Moment, check_rules, moment, named, prepare, rules
from feedback_nlp.vocabulary import STATUSES

if TYPE_CHECKING:
    import pandas as pd

    from feedback_nlp.analysis import Analysis
    from feedback_nlp.store.reading import Filter
    from feedback_nlp.store.saving import Saved

DEFAULT_STORE = "sqlite:///ledger.db"

#: Seconds a job waits for another one that writes; a million rows take less.
TIMEOUT = 300.0


class LedgerStore(AbstractContextManager["LedgerStore"]):
    """A ledger that lasts, in SQLite or PostgreSQL.

        with LedgerStore("sqlite:///ledger.db") as store:
            store.save(analysis, run="2026-03-05")
            store.assign("FB-1", "王工", who="李经理")
            ledger = store.load(status="处理中")

    url: sqlite:///ledger.db (a file, made where there is none) or postgresql://user:password@host/database.
    scheme, policy: those the ledgers were made under, by slug or path: they name the class of a corrected type and order the levels.
    timeout: seconds to wait for another job that writes. create: False refuses a place where there is no store yet.

    Every method is one transaction: what it did is stored as a whole or, where the process dies, not at all; writers wait for each other.
    Raises MissingExtraError without the packages of the extra ``sql``, InputError for a URL, database or value that cannot be used.
    """

    def __init__(
        self,
        url: str = DEFAULT_STORE,
        *,
        scheme: Scheme | str | Path = DEFAULT_SCHEME,
        policy: Policy | str | Path = DEFAULT_POLICY,
        timeout: float = TIMEOUT,
        create: bool = True,
    ) -> None:
        need_sql()
        from feedback_nlp.store.database import Database

        if not timeout > 0:
            raise InputError(f"timeout: expected seconds, more than 0, got {timeout!r}")
        self._scheme, self._policy = rules(scheme, policy)
        self._database = Database(url, timeout=timeout, create=create)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.dispose()

    def dispose(self) -> None:
        """Close the connections; a later call opens them again."""
        self._database.dispose()

    def save(
        self, ledger: "Analysis | pd.DataFrame", *, run: str, at: Moment = None, who: str | None = None, partial: bool = False
    ) -> "Saved":
        """Merge a run into the store, as ``merge_ledger`` does with a frame.

        ledger: an analysis or its ledger. run: what the run is called; at: when, now by default; who: on whose behalf. partial: the run
        holds only a part of the feedback, so what it lacks is not marked ``vanished``.
        Returns what it did. Saving the same again changes nothing: no row, no history. Raises InputError.
        """
        from feedback_nlp.store.saving import save_run

        # A frame has its columns as attributes, one called ``ledger`` among them.
        frame, signature = (ledger, None) if hasattr(ledger, "columns") else (ledger.ledger, ledger.signature)
        stamp = Stamp(named(run, name="run"), who, moment(at))
        mine = prepare(frame, what="ledger")
        check_rules(mine, self._scheme, self._policy)
        with self._database.writing() as connection:
            return save_run(connection, mine, stamp, scheme=self._scheme, policy=self._policy, partial=partial, signature=signature)

    def load(
        self,
        *,
        feedback_id: str | None = None,
        status: str | None = None,
        priority: str | None = None,
        owner: str | None = None,
        overdue_at: Moment = None,
        limit: int | None = None,
    ) -> "pd.DataFrame":
        """The ledger, or the items that meet all conditions, most urgent first, ``limit`` of them at most.

        overdue_at: at that moment a promise is past its time: an item still 待分析 was not acknowledged, one not done has no plan, or is
        past ``due_at``, or ``resolve_due_at`` where people set none.
        Returns the columns and types of the merged ledger; without columns where nothing was saved yet.
        """
        from feedback_nlp.store.reading import load_ledger

        if limit is not None and limit < 0:
            raise InputError(f"limit: expected 0 or more, got {limit}")
        chosen = _filter(feedback_id, status, priority, owner, overdue_at)
        with self._database.reading() as connection:
            return load_ledger(connection, chosen, limit, self._policy)

    def count(self, *, status: str | None = None, priority: str | None = None, owner: str | None = None, overdue_at: Moment = None) -> int:
        """How many items meet all conditions."""
        from feedback_nlp.store.reading import count_items

        with self._database.reading() as connection:
            return count_items(connection, _filter(None, status, priority, owner, overdue_at))

    def edit(self, feedback_id: str, *, who: str, at: Moment = None, **changes: Any) -> "pd.DataFrame":
        """Change people's columns of an item: status, owner, result, remark, due_at, acknowledged_at, interim_at, resolved_at,
        corrected_type, corrected_priority; None clears one. A corrected type is a code or a Chinese name, a priority a level of the policy.

        Returns the rows of history that were written, none where nothing differs. Telephone numbers and the like in ``result`` and
        ``remark`` are masked. Raises InputError for an unknown item or column, or a value the column cannot have.
        """
        return self._change(feedback_id, lambda _: changes, who=who, at=at)

    def assign(self, feedback_id: str, owner: str, *, who: str, at: Moment = None) -> "pd.DataFrame":
        """Give an item to somebody: it is acknowledged, and 处理中 where it was 待分析. Returns the rows of history."""
        when, name = moment(at), named(owner, name="owner")

        def wish(row: Mapping[str, Any]) -> dict[str, Any]:
            status = REOPENED if row["status"] in (None, NEW) else row["status"]
            return {"owner": name, "status": status, "acknowledged_at": row["acknowledged_at"] or when}

        return self._change(feedback_id, wish, who=who, at=when)

    def close(self, feedback_id: str, *, result: str, who: str, at: Moment = None) -> "pd.DataFrame":
        """Close an item with what came of it; it counts as resolved now where it was not before. Returns the rows of history."""
        when, told = moment(at), named(result, name="result")

        def wish(row: Mapping[str, Any]) -> dict[str, Any]:
            resolved = row["resolved_at"] if row["status"] in DONE and row["resolved_at"] else when
            return {"status": STATUSES[-1], "result": told, "resolved_at": resolved}

        return self._change(feedback_id, wish, who=who, at=when)

    def reopen(self, feedback_id: str, *, reason: str, who: str, at: Moment = None) -> "pd.DataFrame":
        """Take up again an item that was done: it is no longer resolved, and the reason goes behind its remark. Returns the history."""
        told = named(reason, name="reason")

        def wish(row: Mapping[str, Any]) -> dict[str, Any]:
            if row["status"] not in DONE:
                raise InputError(f"{feedback_id}: expected an item that is {' or '.join(DONE)} to reopen, this one is {row['status']}")
            remark = "；".join(part for part in (row["remark"], f"重新打开：{told}") if part)
            return {"status": REOPENED, "remark": remark, "resolved_at": None, "reopened": row["reopened"] + 1}

        return self._change(feedback_id, wish, who=who, at=at)

    def history(self, feedback_id: str | None = None) -> "pd.DataFrame":
        """[feedback_id, column, from, to, who, run, at]: every change of a priority, a status and people's other columns, in order."""
        from feedback_nlp.store.reading import load_history

        with self._database.reading() as connection:
            return load_history(connection, feedback_id)

    def runs(self) -> "pd.DataFrame":
        """[run, at, who, rows, added, changed, vanished, reopened]: the runs, each as it was last saved and changed anything."""
        from feedback_nlp.store.reading import load_runs

        with self._database.reading() as connection:
            return load_runs(connection)

    def _change(self, feedback_id: str, wish: Any, *, who: str, at: Moment) -> "pd.DataFrame":
        from feedback_nlp.store.editing import edit_item

        stamp = Stamp(None, named(who, name="who"), moment(at))
        with self._database.writing() as connection:
            return edit_item(connection, feedback_id, wish, stamp, scheme=self._scheme, policy=self._policy)


def _filter(feedback_id: str | None, status: str | None, priority: str | None, owner: str | None, overdue_at: Moment) -> "Filter":
    from feedback_nlp.store.reading import Filter

    return Filter(feedback_id, status, priority, owner, None if overdue_at is None else moment(overdue_at, name="overdue_at"))


def need_sql() -> None:
    """Raise MissingExtraError where the packages of the extra ``sql`` are not installed."""
    try:
        import psycopg  # noqa: F401
        import sqlalchemy  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            f"a store needs the packages sqlalchemy and psycopg, which cannot be imported ({error}); "
            "install them with: python -m pip install 'feedback_nlp[sql]'"
        ) from error
