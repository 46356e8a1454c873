"""What webhooks need of a store: their rows, in the job core's transactions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from tirage.jobs.model import Page
from tirage.jobs.store import Unit
from tirage.webhooks.model import Delivery, Endpoint

T = TypeVar("T")


class WebhookRows(Protocol):
    """The rows in one transaction."""

    def endpoints(self) -> list[Endpoint]:
        """All, by age."""
        ...

    def endpoint(self, endpoint_id: str) -> Endpoint | None:
        """In a writing transaction nobody else changes it until the end."""
        ...

    def put_endpoint(self, endpoint: Endpoint) -> None:
        """A new row, or what may change of one."""
        ...

    def delete_endpoint(self, endpoint_id: str) -> None:
        """Its deliveries go with it."""
        ...

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """New rows."""
        ...

    def save(self, delivery: Delivery) -> None:
        """What may change."""
        ...

    def delivery(self, delivery_id: str) -> Delivery | None:
        """The delivery of that id."""
        ...

    def deliveries(self, endpoint_id: str, page: Page) -> tuple[list[Delivery], int]:
        """A page of an endpoint's, by age, and how many there are."""
        ...

    def take_due(self, *, now: datetime, until: datetime, limit: int) -> list[Delivery]:
        """Waiting deliveries whose time has come, of endpoints that are sent to; nobody else takes them until
        then.
        """
        ...

    def of_batches(self, job_ids: Sequence[str]) -> set[str]:
        """Which of these jobs belong to a batch."""
        ...

    def forget(self, *, before: datetime) -> int:
        """Deletes deliveries that ended earlier; how many."""
        ...


class WebhookUnit(Unit, Protocol):
    """One transaction over jobs and webhooks."""

    @property
    def webhooks(self) -> WebhookRows:
        """The rows."""
        ...


class WebhookStore(Protocol):
    """Runs work in transactions."""

    def read(self, work: Callable[[WebhookUnit], T]) -> T:
        """What it returns; it sees one state of the store."""
        ...

    def write(self, work: Callable[[WebhookUnit], T]) -> T:
        """What it returns, after its changes are safe on disk."""
        ...
