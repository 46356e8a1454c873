"""Webhooks in one transaction: endpoints, deliveries, whose turn it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from tirage.jobs.model import Page
from tirage.stores.api_tables import batch_orders, webhook_deliveries, webhook_endpoints
from tirage.stores.conditions import paged
from tirage.webhooks.model import Delivery, Endpoint, Outcome


class SqlWebhooks:
    """The questions and changes of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def endpoints(self) -> list[Endpoint]:
        """By age."""
        query = select(webhook_endpoints).order_by(webhook_endpoints.c.id)
        return [_endpoint_of(row) for row in self._connection.execute(query).mappings()]

    def endpoint(self, endpoint_id: str) -> Endpoint | None:
        """The row of that id; PostgreSQL locks it."""
        query = select(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id)
        found = self._connection.execute(query.with_for_update()).mappings()
        return next((_endpoint_of(row) for row in found), None)

    def put_endpoint(self, endpoint: Endpoint) -> None:
        """A new row, or the same id's again."""
        values = {**asdict(endpoint), "events": list(endpoint.events)}
        changed = update(webhook_endpoints).where(webhook_endpoints.c.id == endpoint.id).values(values)
        if self._connection.execute(changed).rowcount == 0:
            self._connection.execute(insert(webhook_endpoints).values(values))

    def delete_endpoint(self, endpoint_id: str) -> None:
        """Removes the row."""
        self._connection.execute(delete(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id))

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """New rows."""
        if deliveries:
            self._connection.execute(insert(webhook_deliveries), [asdict(each) for each in deliveries])

    def save(self, delivery: Delivery) -> None:
        """What may change."""
        own = webhook_deliveries.c.id == delivery.id
        self._connection.execute(update(webhook_deliveries).where(own).values(asdict(delivery)))

    def delivery(self, delivery_id: str) -> Delivery | None:
        """The row of that id."""
        query = select(webhook_deliveries).where(webhook_deliveries.c.id == delivery_id)
        return next((_delivery_of(row) for row in self._connection.execute(query).mappings()), None)

    def deliveries(self, endpoint_id: str, page: Page) -> tuple[list[Delivery], int]:
        """By age."""
        own = webhook_deliveries.c.endpoint_id == endpoint_id
        counted = select(func.count()).select_from(webhook_deliveries).where(own)
        query = paged(
            select(webhook_deliveries).where(own),
            page,
            webhook_deliveries.c.created_at,
            webhook_deliveries.c.id,
        )
        found = [_delivery_of(row) for row in self._connection.execute(query).mappings()]
        return found, self._connection.execute(counted).scalar_one()

    def take_due(self, *, now: datetime, until: datetime, limit: int) -> list[Delivery]:
        """PostgreSQL skips what others are taking."""
        due = (
            webhook_deliveries.c.outcome == Outcome.WAITING,
            webhook_deliveries.c.next_at <= now,
            webhook_deliveries.c.endpoint_id.in_(
                select(webhook_endpoints.c.id).where(webhook_endpoints.c.disabled.is_(None))
            ),
        )
        query = select(webhook_deliveries).where(*due).order_by(webhook_deliveries.c.next_at).limit(limit)
        found = self._connection.execute(query.with_for_update(skip_locked=True)).mappings().all()
        taken = [_delivery_of(row) for row in found]
        if taken:
            these = webhook_deliveries.c.id.in_([each.id for each in taken])
            self._connection.execute(update(webhook_deliveries).where(these).values(next_at=until))
        return taken

    def of_batches(self, job_ids: Sequence[str]) -> set[str]:
        """In one question."""
        query = select(batch_orders.c.job_id).where(batch_orders.c.job_id.in_(job_ids))
        return set(self._connection.execute(query).scalars())

    def forget(self, *, before: datetime) -> int:
        """In one statement."""
        old = delete(webhook_deliveries).where(webhook_deliveries.c.ended_at < before)
        return self._connection.execute(old).rowcount


def _endpoint_of(row: RowMapping) -> Endpoint:
    return Endpoint(**{**row, "events": tuple(row["events"])})


def _delivery_of(row: RowMapping) -> Delivery:
    return Delivery(**{**row, "outcome": Outcome(row["outcome"])})
