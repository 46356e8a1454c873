"""The schema's history, for Alembic; `migrate` runs it."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from tirage.stores.database import make_engine, translated, writing

LOCK = "SELECT pg_advisory_xact_lock(7246144)"
"""PostgreSQL: processes that start together migrate one after the other.  SQLite has one writer anyway."""


def migrate(url: str, revision: str = "head") -> None:
    """Brings a database to that revision, in one transaction; `base` takes everything away.

    UsageError: no address.  TryAgain: the database does not answer.
    """
    engine = make_engine(url)
    try:
        with translated(), writing(engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(LOCK)
            _run(connection, revision)
    finally:
        engine.dispose()


def _run(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", "tirage.stores:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    if revision == "base":
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)
