"""Locks by name between all processes of a database: PostgreSQL's own, or files beside SQLite's.
Both are let go by the system when their process dies, so that nobody waits for the dead and no clock counts.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, text

from tirage.errors import Failed, TryAgain
from tirage.stores.database import make_engine, translated

POLL = 0.05
TRY = text("SELECT pg_try_advisory_lock(:space, :number)")
LET_GO = text("SELECT pg_advisory_unlock(:space, :number)")
SPACE = 7246144
"""Tells these locks of PostgreSQL from those of others."""


class _Held(Protocol):
    def check(self) -> None:
        """TryAgain: it was lost."""


class _Always:
    """A lock on a file is not lost."""

    def check(self) -> None:
        """It is held."""


class FileLocks:
    """For one machine: a locked file for each name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def close(self) -> None:
        """Nothing is open but what is held."""

    @contextmanager
    def hold(self, name: str, *, seconds: float) -> Iterator[_Held]:
        """Waits so long for the lock.  TryAgain SHOP_UNAVAILABLE; Failed OUTPUT_UNWRITABLE."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = os.open(self._folder / _digest(name).hex()[:32], os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            message = f"No lock can be made in {self._folder}: {error.strerror}."
            raise Failed("OUTPUT_UNWRITABLE", message) from error
        try:
            for _ in _until(name, seconds):
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                break
            yield _Always()
        finally:
            os.close(file)


class PostgresLocks:
    """For many machines: advisory locks, each on a connection of its own while it is held."""

    def __init__(self, url: str) -> None:
        self._engine: Engine = make_engine(url)

    def close(self) -> None:
        """Ends the connections."""
        self._engine.dispose()

    @contextmanager
    def hold(self, name: str, *, seconds: float) -> Iterator[_Held]:
        """Waits so long for the lock.  TryAgain SHOP_UNAVAILABLE, STORE_UNAVAILABLE."""
        key = {"space": SPACE, "number": int.from_bytes(_digest(name)[:4], signed=True)}
        with translated():
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            with translated():
                for _ in _until(name, seconds):
                    if connection.execute(TRY, key).scalar_one():
                        break
            yield _OnConnection(connection)
            with translated():
                connection.execute(LET_GO, key)
        except BaseException:
            connection.invalidate()  # with the connection the lock goes too
            raise
        finally:
            connection.close()


class _OnConnection:
    """A lock that lives as long as its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def check(self) -> None:
        """TryAgain STORE_UNAVAILABLE: the connection is gone."""
        with translated():
            self._connection.execute(text("SELECT 1"))


def open_locks(url: str, *, folder: Path) -> FileLocks | PostgresLocks:
    """The locks of a database; `folder` is for those of SQLite."""
    return PostgresLocks(url) if url.startswith("postgresql") else FileLocks(folder)


def _until(name: str, seconds: float) -> Iterator[None]:
    """Once, and then again and again until the time is over; who goes on has not got it."""
    end = time.monotonic() + seconds
    yield
    while time.monotonic() < end:
        time.sleep(POLL)
        yield
    raise TryAgain("SHOP_UNAVAILABLE", f"Somebody else works on {name[:120]} just now.")


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
