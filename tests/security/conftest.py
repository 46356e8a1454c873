"""A server for hostile clients, on both databases, and what tests ask of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from images import art, rgba_png
from postgres import new_database, running_server
from serving import Serving, serving

KEY = "sk_0123456789abcdef"
DESIGN = rgba_png(art(64, 48))
BACKENDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with running_server() as url:
        yield url


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("security")


def prepared(server: Serving) -> Serving:
    with server.client() as http:
        http.post("/v1/products", json={"id": "prod_1", "title": "Tee"}).raise_for_status()
    return server


@pytest.fixture(scope="session")
def server(folder: Path) -> Iterator[Serving]:
    with serving(folder, TIRAGE_API_KEY=KEY, TIRAGE_RATE_LIMIT="1000000") as running:
        yield prepared(running)


@pytest.fixture(scope="session", params=BACKENDS)
def each_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Serving]:
    variables = {"TIRAGE_API_KEY": KEY, "TIRAGE_RATE_LIMIT": "1000000"}
    if request.param == "postgresql":
        url = new_database(request.getfixturevalue("postgres"), "security")
        variables["TIRAGE_DATABASE_URL"] = url.replace("+psycopg", "")
    with serving(tmp_path_factory.mktemp(request.param), **variables) as running:
        yield prepared(running)


@pytest.fixture
def http(server: Serving) -> Iterator[httpx2.Client]:
    with server.client() as client:
        yield client
