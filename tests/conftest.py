"""Rules for every test: in CI nothing may be skipped, and examples are the same in every run."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:  # only the tests that use one pay for it
    from buckets import Bucket

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")
"""A busy machine's slow example is no failure, and what one run finds every run finds."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With CI=true a skip is a failure: the machine lacks something that it has to have."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and in CI everything has to run: {call.excinfo}"
    return report


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """One server for all tests."""
    from buckets import storage

    with storage() as endpoint:
        yield endpoint


@pytest.fixture
def bucket(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An empty one, to which the environment has the key."""
    from buckets import Bucket, empty_bucket

    for name, value in Bucket.CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return empty_bucket(s3_endpoint)
