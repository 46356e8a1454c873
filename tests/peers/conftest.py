"""One real Medusa for all tests of this folder, and a fake beside it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_medusa import FakeMedusa, running_medusa
from peers.medusa import RealMedusa, running
from tirage.jobs.service import JobService
from tirage.mockup.submission import MOCKUP_PIPELINE
from tirage.stores.database import Database
from tirage.stores.migrations import migrate
from tirage.testing import FakeClock


@pytest.fixture(scope="session")
def real() -> Iterator[RealMedusa]:
    """PEER_MEDUSA: address and key of one that runs already, with a blank between them."""
    if given := os.environ.get("PEER_MEDUSA"):
        yield RealMedusa(*given.split())
        return
    with running() as shop:
        yield shop


@pytest.fixture
def fake() -> Iterator[FakeMedusa]:
    with running_medusa() as shop:
        yield shop


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "jobs.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def url(migrated: Path, tmp_path: Path) -> str:
    shutil.copy(migrated, tmp_path / "jobs.db")
    return f"sqlite:///{tmp_path / 'jobs.db'}"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with Database(url) as opened:
        yield opened


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def service(database: Database, clock: FakeClock) -> JobService:
    return JobService(database, pipelines=[MOCKUP_PIPELINE], clock=clock, chance=lambda: 0.5)
