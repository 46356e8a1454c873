"""Where chaos happens: SQLite, and PostgreSQL from a wheel, each in a world of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from crews import World

from postgres import new_database, running_server

BACKENDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with running_server(durable=True) as url:
        yield url


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The world's data folder, on a disk of some megabytes; mounting it needs root."""
    folder = tmp_path / "data"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture(params=BACKENDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = f"sqlite:///{tmp_path}/data/tirage.db"
    if request.param == "postgresql":
        name = "chaos_" + "".join(filter(str.isalnum, request.node.name.lower()))[:50]
        url = new_database(request.getfixturevalue("server"), name)
    with World.at(tmp_path, url) as made:
        yield made
