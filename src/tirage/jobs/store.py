"""What the job core needs of a store: transactions, and the questions and changes inside one.
stores/ has the adapter; every method may raise TryAgain STORE_UNAVAILABLE or DISK_FULL.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from tirage.jobs.failure import Failure
from tirage.jobs.model import (
    Attempt,
    Claim,
    Event,
    Job,
    JobFilters,
    JsonObject,
    Page,
    QueueState,
    RecordedStep,
)

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

    def due(
        self, statuses: Collection[str], *, queues: Collection[str], now: datetime, limit: int
    ) -> list[Job]:
        """Jobs in these statuses that no worker holds and that may start now: by priority, then age.

        Of paused queues there are none.  In a writing transaction they are this one's until it ends, and
        those that are another's are left out.
        """
        ...

    def untidy(self, statuses: Collection[str], *, limit: int) -> list[Job]:
        """Jobs in these statuses that still have to be tidied up; the older first."""
        ...

    def add(self, jobs: Sequence[Job]) -> None:
        """New rows."""
        ...

    def save(self, old: Job, new: Job) -> bool:
        """Changes the row and artifacts of `old` to those of `new`, if status, attempt and time of change are
        still those of `old`; otherwise changes nothing and says False.
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

    def claims(self, worker: str | None = None) -> list[Claim]:
        """All open attempts of jobs that are not deleted, or those of one worker."""
        ...

    def steps(self, job_id: str) -> list[RecordedStep]:
        """In the order in which they began."""
        ...

    def record(self, steps: Sequence[RecordedStep]) -> None:
        """Each in the place of the step of that name, or new; one that has ended keeps the time of its
        beginning.
        """
        ...

    def void_steps(self, job_id: str) -> None:
        """What a job's steps came to is gone; that they were done is not."""
        ...

    def forget_steps(self, ended: JobFilters) -> int:
        """Deletes the steps of these jobs; how many."""
        ...

    def count_steps(self, ended: JobFilters) -> int:
        """How many steps these jobs have."""
        ...

    def failures_since(self, at: datetime) -> Mapping[str, int]:
        """How many jobs that are failed now became so since then, by class of failure."""
        ...

    def step_times(self, limit: int) -> list[tuple[str, float]]:
        """Names and seconds of the steps that began last and have ended."""
        ...

    def stored_bytes(self) -> int:
        """What all files of jobs come to."""
        ...

    def beat(self, worker: str) -> None:
        """A worker says that it is alive."""
        ...

    def beats(self) -> Mapping[str, int]:
        """A number for each worker with a lease; it rises while the worker lives."""
        ...

    def end_lease(self, worker: str) -> None:
        """The worker is no more."""
        ...

    def set_paused(self, queue: str, *, paused: bool) -> None:
        """Whether jobs of a queue are held back."""
        ...

    def queues(self, statuses: Collection[str]) -> list[QueueState]:
        """All that have jobs in these statuses, or are paused."""
        ...

    def take_turn(self, schedule: str, *, due: Callable[[datetime], datetime], now: datetime) -> bool:
        """Whether it is this caller's to run a schedule now.

        `due` says when it has to run again after having run at a time.  Of all that ask, one is told so; a
        schedule that is new begins to count now.
        """
        ...

    def emit(self, jobs: Sequence[Job], name: str, *, at: datetime, data: JsonObject) -> None:
        """One event for each job, with its status, attempt and progress, numbered without gaps.

        Until the transaction ends nobody else can: a transaction changes its rows first, then emits.
        """
        ...

    def last_event(self) -> int:
        """The highest number; 0 without any event."""
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

    def submit(self, work: Callable[[Unit], T]) -> T:
        """The same for what changes no row that is there; it may share its transaction with others."""
        ...
