"""The stores of every contract test: SQLite, and PostgreSQL from a wheel.  Neither is ever skipped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from postgres import new_database, running_server
from tirage.jobs.service import JobService
from tirage.mockup.submission import MOCKUP_PIPELINE
from tirage.stores.database import Database, make_engine
from tirage.stores.migrations import migrate
from tirage.stores.tables import metadata
from tirage.testing import FakeClock

BACKENDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of an empty PostgreSQL."""
    with running_server() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_server(server: str) -> str:
    """The same with our tables, in a database that only stores use."""
    url = new_database(server, "tirage")
    migrate(url)
    return url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with our tables, to copy."""
    path = tmp_path_factory.mktemp("migrated") / "jobs.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store without a job."""
    if request.param == "sqlite":
        path = tmp_path / "jobs.db"
        shutil.copy(request.getfixturevalue("migrated_file"), path)
        return f"sqlite:///{path}"
    address: str = request.getfixturevalue("migrated_server")
    engine = make_engine(address)
    with engine.begin() as connection:
        connection.execute(sa.text(f"TRUNCATE {', '.join(metadata.tables)}"))
    engine.dispose()
    return address


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with Database(url) as opened:
        yield opened


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    """For looking at the tables behind the store's back."""
    made = make_engine(url)
    yield made
    made.dispose()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def service(database: Database, clock: FakeClock) -> JobService:
    return JobService(database, pipelines=[MOCKUP_PIPELINE], clock=clock, chance=lambda: 0.5)
