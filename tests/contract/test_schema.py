"""The schema: migrations make what the tables say, and the database itself refuses what must not be."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tirage.errors import Failed, TryAgain, UsageError
from tirage.jobs.failure import FailureClass
from tirage.jobs.model import Job
from tirage.mockup.catalogue import Preset
from tirage.mockup.states import MOCKUP
from tirage.stores.database import Database, make_engine
from tirage.stores.migrations import migrate
from tirage.stores.tables import jobs, metadata, templates

AT = datetime(2026, 1, 1, tzinfo=UTC)


def row(**changes: object) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "id": "rjob_1", "pipeline": "mockup", "product_id": "p", "design_file_url": "d.png",
        "preset": "chest-small", "created_at": AT, "updated_at": AT,
    }  # fmt: skip
    return usual | changes


def statements(path: Path) -> dict[str, list[str]]:
    """What SQLite keeps of each table and index: its parts, sorted: a later column comes last."""
    engine = make_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        found = connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
        made = {name: sorted(re.split(r",\s*(?![^(]*\))|\s*\n\s*", text)) for name, text in found}
    engine.dispose()
    return made


@pytest.mark.rows("R068", "R193", "R192", "C-01")
def test_migrations_make_what_the_tables_say(migrated_file: Path, tmp_path: Path) -> None:
    """To the letter, constraints too: an enum that grows needs a migration."""
    engine = make_engine(f"sqlite:///{tmp_path}/models.db")
    metadata.create_all(engine)
    engine.dispose()
    migrated = statements(migrated_file)
    assert migrated.pop("alembic_version")
    assert migrated == statements(tmp_path / "models.db")


@pytest.mark.rows("R068", "R193")
def test_alembic_finds_no_difference(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


@pytest.mark.rows("R089")
def test_up_down_up(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/jobs.db"
    for revision in ("head", "base", "head", "head"):
        migrate(url, revision)
        engine = make_engine(url)
        there = set(sa.inspect(engine).get_table_names()) - {"alembic_version"}
        engine.dispose()
        assert there == (set(metadata.tables) if revision == "head" else set())


@pytest.mark.rows("R089")
def test_up_down_up_on_a_server(server: str) -> None:
    engine = make_engine(server)
    for revision in ("head", "base", "head", "base"):
        migrate(server, revision)
        there = set(sa.inspect(engine).get_table_names()) - {"alembic_version"}
        assert there == (set(metadata.tables) if revision == "head" else set())
    engine.dispose()


@pytest.mark.rows("R192", "R044", "R073", "C-01", "C-21")
def test_the_database_takes_every_member_and_nothing_else(engine: sa.Engine) -> None:
    good = [
        *({"preset": preset.value} for preset in Preset),
        *({"status": status, "error_message": "x"} for status in MOCKUP.statuses),
        *({"error_class": kind.value} for kind in FailureClass),
    ]
    bad = [
        {"preset": "dead-center-medium"},
        {"preset": "chest-Large"},
        {"status": "queued"},
        {"pipeline": "video", "status": "queued"},
        {"error_class": "mood"},
    ]
    for changes in good:
        with engine.connect() as connection:
            connection.execute(sa.insert(jobs), row(**changes))
            connection.rollback()
    for changes in bad:
        with engine.connect() as connection, pytest.raises(sa.exc.IntegrityError):
            connection.execute(sa.insert(jobs), row(**changes))


@pytest.mark.rows("R069", "R071", "R074", "R087")
@pytest.mark.parametrize(
    "changes",
    [
        {"product_id": None},
        {"design_file_url": None},
        {"created_at": None},
        {"metadata": sa.null()},
        {"status": "failed"},
        {"status": "failed", "error_message": "  "},
        {"progress": 101},
        {"progress": -1},
        {"priority": 10},
        {"attempt": -1},
    ],
    ids=lambda changes: " ".join(f"{name}={value}" for name, value in changes.items()),
)
def test_the_database_refuses_what_no_job_can_be(engine: sa.Engine, changes: dict[str, Any]) -> None:
    with engine.connect() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.execute(sa.insert(jobs), row(**changes))


@pytest.mark.rows("R066", "R070", "R072", "R073", "R075", "R076", "R077", "R079", "R080", "R081")
def test_the_columns_asked_for(engine: sa.Engine) -> None:
    looked = sa.inspect(engine)
    columns = {column["name"]: column for column in looked.get_columns("jobs")}
    nullable = {"variant_id", "template_id", "error_message", "started_at", "completed_at", "deleted_at"}
    assert all(columns[name]["nullable"] for name in nullable)
    assert "pending" in str(columns["status"]["default"])
    assert looked.get_pk_constraint("jobs")["constrained_columns"] == ["id"]
    assert looked.get_foreign_keys("jobs") == []
    assert not looked.get_foreign_keys("events")
    with engine.connect() as connection:
        connection.execute(sa.insert(jobs), row())
        status, options = connection.execute(sa.select(jobs.c.status, jobs.c.options)).one()
    assert (status, options) == ("pending", {})


@pytest.mark.rows("R052", "R088")
def test_the_indexes_asked_for(engine: sa.Engine) -> None:
    indexes = {tuple(index["column_names"]) for index in sa.inspect(engine).get_indexes("jobs")}
    firsts = {columns[0] for columns in indexes}
    assert {"product_id", "variant_id", "status", "created_at"} <= firsts
    assert any(columns[:4] == ("queue", "status", "priority", "created_at") for columns in indexes)


@pytest.mark.rows("R195")
def test_a_template_has_the_fields_asked_for() -> None:
    assert {"id", "name", "template_image", "model_file", "available_presets", "thumbnail", "is_active",
            "metadata", "created_at", "updated_at"} == {*templates.c.keys()}  # fmt: skip


def test_times_without_a_zone_are_refused(engine: sa.Engine) -> None:
    with engine.connect() as connection, pytest.raises(sa.exc.StatementError, match="without a zone"):
        connection.execute(sa.insert(jobs), row(created_at=datetime(2026, 1, 1)))  # noqa: DTZ001


@pytest.mark.parametrize("url", ["jobs.db", "mysql://host/x", "sqlite://", "sqlite:///:memory:", ""])
def test_addresses_that_cannot_be_a_store(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        Database(url)
    assert caught.value.code == "INVALID_SETTING"
    assert "sqlite:///" in caught.value.hint


def test_a_driver_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(UsageError) as caught:
        Database("postgresql://host/name")
    assert "tirage[postgres]" in caught.value.hint


def test_a_row_that_our_checks_let_by_is_our_fault_and_not_shown(url: str) -> None:
    job = Job(
        id="rjob_1", pipeline="mockup", status="pending", product_id="secret", design_file_url="d",
        preset="dead-center-medium", created_at=AT, updated_at=AT,
    )  # fmt: skip
    with Database(url) as database, pytest.raises(Failed) as caught:
        database.write(lambda unit: unit.add([job]))
    assert "preset" in caught.value.message
    assert "secret" not in caught.value.message


def test_a_store_that_is_away_says_so(tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path}/no/folder/jobs.db", f"postgresql://x@/x?host={tmp_path}"):
        with pytest.raises(TryAgain) as caught:
            migrate(url)
        assert caught.value.code == "STORE_UNAVAILABLE"
        with Database(url) as database, pytest.raises(TryAgain):
            database.read(lambda unit: unit.job("rjob_1"))
        with Database(url) as database, pytest.raises(TryAgain):
            database.write(lambda unit: unit.purge("rjob_1"))


def test_a_store_without_tables_is_no_reason_to_wait(tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path}/empty.db") as database, pytest.raises(Failed) as caught:
        database.write(lambda unit: unit.purge("rjob_1"))
    assert caught.value.code == "INTERNAL"
    assert "no such table" in caught.value.message


def test_sqlite_waits_for_the_disk(migrated_file: Path) -> None:
    engine = make_engine(f"sqlite:///{migrated_file}")
    with engine.connect() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    engine.dispose()
    assert pragmas == ["wal", 2, 1, 30_000]
