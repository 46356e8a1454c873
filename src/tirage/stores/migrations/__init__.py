"""The schema's history, for Alembic; `migrate` runs it."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from tirage.errors import UsageError
from tirage.stores.database import make_engine, translated, writing

LOCK = "SELECT pg_advisory_xact_lock(7246144)"
"""PostgreSQL: processes that start together migrate one after the other.  SQLite has one writer anyway."""


def migrate(url: str, revision: str = "head") -> None:
    """Brings a database to that revision, in one transaction; `base` takes everything away.

    UsageError: no address, or the database has been brought to a newer version's schema already.
    TryAgain: the database does not answer.
    """
    engine = make_engine(url)
    try:
        with translated(), writing(engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(LOCK)
            _run(connection, revision)
    finally:
        engine.dispose()


def revision(url: str) -> str | None:
    """Which one a database has; None: it is empty.  Errors of `migrate`."""
    engine = make_engine(url)
    try:
        with translated(), engine.connect() as connection:
            return _current(connection)
    finally:
        engine.dispose()


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _run(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", "tirage.stores:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    current = _current(connection)
    known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        message = f"The database has the schema {current[:20]} of a newer version of Tirage."
        hint = "Start that version; to go back, restore the back-up that was made before it."
        raise UsageError("INVALID_SETTING", message, hint=hint)
    if revision == "base":
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)
