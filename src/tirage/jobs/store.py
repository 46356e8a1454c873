"""What the job core needs of a store: transactions, and the questions and changes inside one.
stores/ has the adapter; every method may raise TryAgain STORE_UNAVAILABLE or DISK_FULL.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from tirage.jobs.failure import Failure
from tirage.jobs.model import Attempt, Event, Job, JobFilters, JsonObject, Page

T = TypeVar("T")


class Unit(Protocol):
    """One transaction."""

    def job(self, job_id: str, *, include_deleted: bool = False) -> Job | None:
        """The job of that id; in a writing transaction nobody else changes it until the end."""
        ...

    def jobs(self, filters: JobFilters, page: Page) -> list[Job]:
        """The jobs of a page."""
        ...

    def count(self, filters: JobFilters) -> int:
        """How many there are on all pages."""
        ...

    def exists(self, filters: JobFilters) -> bool:
        """Whether there is any."""
        ...

    def tally(self, filters: JobFilters) -> Mapping[str, int]:
        """How many there are in each status that occurs."""
        ...

    def due(self, statuses: Collection[str], *, now: datetime, limit: int) -> list[Job]:
        """Jobs in these statuses that no worker holds and that may start now: by priority, then age."""
        ...

    def add(self, jobs: Sequence[Job]) -> None:
        """New rows."""
        ...

    def save(self, old: Job, new: Job) -> bool:
        """Changes the row and artifacts of `old` to those of `new`, if its status and attempt are still those
        of `old`; otherwise changes nothing and says False.
        """
        ...

    def soft_delete(self, filters: JobFilters, *, at: datetime) -> int:
        """Sets `deleted_at` of all of them in one statement; how many."""
        ...

    def purge(self, job_id: str) -> None:
        """Deletes the row, its attempts and artifacts; events stay."""
        ...

    def attempts(self, job_id: str) -> list[Attempt]:
        """In their order."""
        ...

    def open_attempt(self, attempt: Attempt) -> None:
        """A new row."""
        ...

    def close_attempt(self, job_id: str, number: int, *, at: datetime, failure: Failure | None) -> None:
        """Ends an open attempt; None is success."""
        ...

    def emit(self, jobs: Sequence[Job], name: str, *, at: datetime, data: JsonObject) -> None:
        """One event for each job, with its status, attempt and progress, numbered without gaps.

        Until the transaction ends nobody else can: a transaction changes its rows first, then emits.
        """
        ...

    def events(self, *, after: int, limit: int, job_id: str | None) -> list[Event]:
        """Events by number, of one job or of all."""
        ...


class Store(Protocol):
    """Runs work in transactions: all of it happens, or none of it."""

    def read(self, work: Callable[[Unit], T]) -> T:
        """What it returns; it sees one state of the store and changes nothing."""
        ...

    def write(self, work: Callable[[Unit], T]) -> T:
        """What it returns, after its changes are safe on disk."""
        ...
