"""The connection: which databases, one writer at a time, and errors that say what to do without telling what was stored."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from feedback_nlp.errors import InputError
from feedback_nlp.store.schema import MIGRATIONS, check_version, migrate, newest, version_of

#: Kinds of databases -> the driver that is used.
DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}

#: Number of the lock that writers of PostgreSQL take, one for all stores of a database; the bytes of "feedback".
LOCK = int.from_bytes(b"feedback", "big")

#: Execution option of a connection that will write.
WRITES = "feedback_nlp_writes"

#: Pages of SQLite in memory; its own 2 MiB hold no index of a million ids.
CACHE_KIB = 64 * 1024

EXPECTED = "expected sqlite:///ledger.db, sqlite:////folder/ledger.db or postgresql://user@host/database"


class Database:
    """A database by URL; see ``LedgerStore`` for the arguments."""

    def __init__(self, url: str, *, timeout: float, create: bool) -> None:
        self._url = _checked_url(url)
        self._timeout = timeout
        self._create = create
        # As it was given, where it was a URL: the driver is nobody's business.
        self.where = make_url(url).render_as_string(hide_password=True)
        file = self._url.database
        self._file = Path(file) if self._url.get_backend_name() == "sqlite" and file and file != ":memory:" else None
        self._engine = _engine(self._url, timeout)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads, on tables of the newest version."""
        with self._told():
            if self._file is not None and not self._file.exists():
                self._refuse_to_create()
            # All questions of one reading see the same state; SQLite's transactions do anyhow.
            same = {"isolation_level": "REPEATABLE READ"} if self._engine.dialect.name == "postgresql" else {}
            with self._engine.connect().execution_options(**same) as connection, connection.begin():
                version = version_of(connection)
                check_version(version, MIGRATIONS, where=self.where)
                if version == newest(MIGRATIONS):
                    yield connection
                    return
        with self.writing():
            pass
        with self.reading() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """The one transaction that writes; others wait until it is over. All of it is stored, or nothing."""
        with self._told():
            if self._file is not None and not self._file.exists():
                self._refuse_to_create()
            with self._engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.execute(text("SELECT set_config('lock_timeout', :limit, true)"), {"limit": f"{int(self._timeout * 1000)}ms"})
                    connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": LOCK})
                if version_of(connection) == 0:
                    self._refuse_to_create()
                migrate(connection, MIGRATIONS, where=self.where)
                yield connection

    def dispose(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _refuse_to_create(self) -> None:
        if not self._create:
            raise InputError(f"{self.where}: there is no store here; save a run into it first, or check the URL")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the database as InputError; never with values, which are customers' words."""
        try:
            yield
        except (DBAPIError, psycopg.Error) as error:
            original = error.orig if isinstance(error, DBAPIError) else error
            raise InputError(f"{self.where}: {_reason(original, self._timeout)}") from None


def _checked_url(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise InputError(f"store: {EXPECTED}, got something that is no URL") from None
    backend = parsed.get_backend_name()
    if backend not in DRIVERS:
        raise InputError(f"store: {EXPECTED}, got {parsed.drivername}://…")
    return parsed.set(drivername=DRIVERS[backend])


def _engine(url: URL, timeout: float) -> Engine:
    options: dict[str, Any] = {"timeout": timeout} if url.get_backend_name() == "sqlite" else {"connect_timeout": max(int(timeout), 2)}
    try:
        # Messages with parameters would tell customers' words.
        engine = create_engine(url, hide_parameters=True, connect_args=options)
    except (ArgumentError, NoSuchModuleError, TypeError, ValueError) as error:
        raise InputError(f"store: {EXPECTED} ({type(error).__name__})") from None
    if engine.dialect.name == "sqlite":
        # The driver's own transactions begin too late (at the first change) and leave out the tables' definitions.
        event.listen(engine, "connect", _leave_transactions_to_us)
        event.listen(engine, "begin", _begin)
    return engine


def _leave_transactions_to_us(connection: Any, _: object) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}").close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _reason(error: BaseException | None, timeout: float) -> str:
    """The database's own first line, with what to do."""
    told = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    lines = (told or str(error)).splitlines() or [type(error).__name__]
    if isinstance(error, psycopg.errors.LockNotAvailable) or "database is locked" in lines[0]:
        return f"another job has been writing for more than {timeout:g} s; try again later, or give a longer timeout"
    return f"the database says: {lines[0]}"
