"""What designs and batches need of a store: their rows, in the transactions of jobs and catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from tirage.batches.model import Batch, BatchChange, BatchOrder, StoredDesign
from tirage.jobs.model import Job, Page
from tirage.shops.store import CatalogueUnit

T = TypeVar("T")


class DesignRows(Protocol):
    """Designs in one transaction."""

    def find(self, design_id: str) -> StoredDesign | None:
        """The design of that id."""
        ...

    def equal(self, sha256: str) -> StoredDesign | None:
        """The design of those bytes."""
        ...

    def many(self, design_ids: Sequence[str]) -> Mapping[str, StoredDesign]:
        """Those that there are, by id."""
        ...

    def page(self, page: Page) -> list[StoredDesign]:
        """A page, by age."""
        ...

    def count(self) -> int:
        """How many there are."""
        ...

    def add(self, design: StoredDesign) -> None:
        """A new row.  Conflict: there is one of those bytes."""
        ...

    def delete(self, design_id: str) -> None:
        """Removes the row."""
        ...

    def is_used(self, key: str) -> bool:
        """Whether a job, deleted or not, has the design of that key."""
        ...


class BatchRows(Protocol):
    """Batches in one transaction."""

    def find(self, batch_id: str) -> Batch | None:
        """In a writing transaction nobody else changes it until the end."""
        ...

    def page(self, page: Page) -> list[Batch]:
        """A page, by age."""
        ...

    def count(self) -> int:
        """How many there are."""
        ...

    def open(self) -> list[str]:
        """Ids of those that have not ended."""
        ...

    def add(self, batch: Batch, orders: Sequence[BatchOrder]) -> None:
        """New rows."""
        ...

    def save(self, batch: Batch) -> None:
        """What may change."""
        ...

    def orders(self, batch_id: str) -> list[BatchOrder]:
        """In their places."""
        ...

    def replace_jobs(self, batch_id: str, jobs: Mapping[str, str]) -> None:
        """Puts other jobs in the place of these."""
        ...

    def tally(self, batch_id: str) -> Mapping[str, tuple[int, int]]:
        """How many orders are in each status, and the sum of their progress; `deleted` for the rest."""
        ...

    def rendered(self, fingerprints: Sequence[str]) -> Mapping[str, str]:
        """Completed jobs with these fingerprints: the newest of each."""
        ...

    def batch_of(self, job_id: str) -> str | None:
        """The batch that a job was submitted with."""
        ...

    def changes(self, batch_id: str) -> list[BatchChange]:
        """By product."""
        ...

    def put_change(self, change: BatchChange) -> None:
        """A new row; one of the same product is replaced."""
        ...

    def delete_changes(self, batch_id: str) -> None:
        """Removes the rows."""
        ...


class BatchUnit(CatalogueUnit, Protocol):
    """One transaction over jobs, catalogue, designs and batches."""

    @property
    def designs(self) -> DesignRows:
        """The designs."""
        ...

    @property
    def batches(self) -> BatchRows:
        """The batches."""
        ...

    def jobs_of(self, job_ids: Sequence[str]) -> list[Job]:
        """The jobs of these ids that are not deleted."""
        ...


class BatchStore(Protocol):
    """Runs work in transactions."""

    def read(self, work: Callable[[BatchUnit], T]) -> T:
        """What it returns; it sees one state of the store."""
        ...

    def write(self, work: Callable[[BatchUnit], T]) -> T:
        """What it returns, after its changes are safe on disk."""
        ...


Clock = Callable[[], datetime]
