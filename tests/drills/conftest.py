"""Where drills happen: both databases, a bucket behind a line that can be disturbed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from line import Line, line_to

from buckets import Bucket
from postgres import new_database, running_server

Databases = Callable[[str], str]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with running_server(durable=True) as url:
        yield url


@pytest.fixture
def new_postgres(postgres: str) -> Databases:
    """Makes an empty database of that name; its address."""
    return lambda name: new_database(postgres, name)


@pytest.fixture
def line(bucket: Bucket) -> Iterator[Line]:
    """To the storage."""
    with line_to(int(bucket.endpoint.rpartition(":")[2])) as made:
        yield made


@pytest.fixture
def far_bucket(bucket: Bucket, line: Line) -> str:
    """The bucket's address for TIRAGE_STORAGE_URL, by the line."""
    return Bucket(line.url, bucket.prefix).url
