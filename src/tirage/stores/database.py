"""The database behind the tables: engine, transactions, errors.  SQLite writes in one thread that commits
whatever waits together; PostgreSQL writes in the caller's, and only adds jobs like that.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from tirage.access.once import claiming
from tirage.errors import Conflict, Failed, TirageError, TryAgain, UsageError
from tirage.stores.unit import SqlUnit
from tirage.stores.writer import Writer

T = TypeVar("T")
PRAGMAS = ("busy_timeout = 30000", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")
"""A commit that returns is on disk; readers see the last one while the next is written."""
WRITING = {"tirage_writing": True}
READING = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""PostgreSQL: all questions of a transaction see one state, as they do on SQLite."""
PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""Seconds, and the last one milliseconds, after which a PostgreSQL that says nothing counts as away."""
SILENCE_SECONDS = 30
"""How long a transaction may go without a statement: none of ours does anything else meanwhile."""
REST_SECONDS = 1.0
"""A connection that was not used for so long is asked whether it still works.  Asking always would cost every
transaction a question more; what was used just now fails only with the server.
"""
POOL_SECONDS = 10
"""How long a caller waits for a connection before it is told to try again."""


class Database:
    """The job core's `Store`.  May be used from several threads; `close` it, or use it in a `with` block."""

    def __init__(self, url: str) -> None:
        """`sqlite:///path` or `postgresql://…`.  UsageError: another one, or a database in memory."""
        self._engine = make_engine(url)
        sqlite = self._engine.dialect.name == "sqlite"
        self._reading = {} if sqlite else READING
        self._submitter = Writer(partial(writing, self._engine))
        self._writer = self._submitter if sqlite else None

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, work: Callable[[SqlUnit], T]) -> T:
        """What the work returns; it sees one state of the database."""
        with translated(), self._engine.connect() as plain:
            connection = plain.execution_options(**self._reading)
            with connection.begin():
                return work(SqlUnit(connection, writing=False))

    def write(self, work: Callable[[SqlUnit], T]) -> T:
        """What the work returns, after its changes are safe on disk; nothing of it happens when it raises.

        The first write of a request with an Idempotency-Key takes its claim along.
        """
        return claiming(work, self._write)

    def submit(self, work: Callable[[SqlUnit], T]) -> T:
        """A write that changes no row that is there, so that it cannot wait for others' locks in vain: what
        comes at the same time shares its commit.  PostgreSQL would number events one commit after the other.
        """
        return claiming(work, lambda claimed: self._together(self._submitter, claimed))

    def _write(self, work: Callable[[SqlUnit], T]) -> T:
        with translated():
            if self._writer:
                return self._together(self._writer, work)
            with writing(self._engine) as connection:
                return work(SqlUnit(connection, writing=True))

    def _together(self, writer: Writer, work: Callable[[SqlUnit], T]) -> T:
        with translated():
            return writer.write(lambda connection: work(SqlUnit(connection, writing=True)))

    def close(self) -> None:
        """Ends the writer, after what it still has to write, and all connections."""
        self._submitter.close()
        self._engine.dispose()


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes."""
    with engine.connect() as plain:
        connection = plain.execution_options(**WRITING)
        with connection.begin():
            yield connection


def make_engine(url: str) -> Engine:
    """The engine of a database.  UsageError: it is none that we know."""
    address = _address(url)
    if address.get_backend_name() == "postgresql":
        return _postgres(address.set(drivername="postgresql+psycopg"))
    engine = create_engine(address, pool_timeout=POOL_SECONDS)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _postgres(address: URL) -> Engine:
    try:
        engine = create_engine(address, connect_args=PATIENCE, pool_timeout=POOL_SECONDS)
    except ModuleNotFoundError:
        message = "PostgreSQL needs a driver that is not installed."
        raise UsageError("INVALID_SETTING", message, hint="Install tirage[postgres].") from None
    event.listen(engine, "connect", _limit_silence)
    event.listen(engine, "checkin", _note_rest)
    event.listen(engine, "checkout", partial(_ask_after_rest, engine.dialect))
    return engine


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError:
        raise UsageError("INVALID_SETTING", "The database's address is no URL.", hint=HINT) from None
    if address.get_backend_name() not in {"sqlite", "postgresql"}:
        message = f"There is no support for {address.get_backend_name()} databases."
        raise UsageError("INVALID_SETTING", message, hint=HINT)
    if address.get_backend_name() == "sqlite" and address.database in {None, "", ":memory:"}:
        raise UsageError("INVALID_SETTING", "A database in memory cannot keep jobs.", hint=HINT)
    return address


HINT = "Write sqlite:///path/to/file or postgresql://user@host/name."


def _limit_silence(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """PostgreSQL ends a transaction whose client has gone silent: its locks would hold up everybody."""
    connection.autocommit = True
    connection.cursor().execute(f"SET idle_in_transaction_session_timeout = '{SILENCE_SECONDS}s'")
    connection.autocommit = False


def _note_rest(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    entry.info["resting_since"] = time.monotonic()


def _ask_after_rest(
    dialect: Dialect,
    connection: DBAPIConnection,
    entry: ConnectionPoolEntry,
    _proxy: PoolProxiedConnection,
) -> None:
    """A server that went away meanwhile is noticed here, and its connections are made anew."""
    since = entry.info.pop("resting_since", None)
    if since is None or time.monotonic() - since < REST_SECONDS:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError from error


def _on_connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """The driver begins no transactions of its own: `_on_begin` does."""
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    """Writers take their place in the queue at once; a reader that came to write could only fail."""
    writing = connection.get_execution_options().keys() >= WRITING.keys()
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def translated() -> Iterator[None]:
    """The database's errors as ours: TryAgain for what passes, Failed for a row that our checks let by."""
    try:
        yield
    except TirageError:
        raise
    except (DBAPIError, PoolTimeout) as error:
        cause = error.orig if isinstance(error, DBAPIError) else None
        if code(cause) in FULL:
            raise TryAgain("DISK_FULL", "The database's disk is full.") from error
        if code(cause) == SILENT or (isinstance(error, PASSING) and code(cause) not in OURS):
            raise TryAgain("STORE_UNAVAILABLE", "The database does not answer.") from error
        if code(cause) in TAKEN:
            raise Conflict("CONFLICT", "There is already a row of that id.") from error
        first = str(cause).partition("\n")[0]  # what follows may show the row
        raise Failed("INTERNAL", f"The database refused a statement: {first}") from error


PASSING = (OperationalError, InterfaceError, PoolTimeout)
FULL = (sqlite3.SQLITE_FULL, "53100")
TAKEN = (sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE, "23505")
SILENT = "25P03"
"""PostgreSQL ended the transaction after SILENCE_SECONDS."""
OURS = (sqlite3.SQLITE_ERROR,)
"""SQLite's driver has one class for a missing table and for a disk that is away."""


def code(cause: BaseException | None) -> int | str | None:
    """The database's own code of an error."""
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", None)
    return getattr(cause, "sqlstate", None)
