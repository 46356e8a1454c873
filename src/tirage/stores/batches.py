"""Batches in one transaction: their orders, how far they are, what they changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import Connection, delete, func, insert, select, update

from tirage.batches.model import Batch, BatchChange, BatchOrder
from tirage.jobs.machine import COMPLETED
from tirage.jobs.model import Page
from tirage.stores.api_tables import batch_changes, batch_orders, batches
from tirage.stores.conditions import paged
from tirage.stores.tables import jobs

DELETED = "deleted"
ID_CHUNK = 500


class SqlBatches:
    """The questions and changes of one transaction; `writing` locks the batches that are read."""

    def __init__(self, connection: Connection, *, writing: bool) -> None:
        self._connection = connection
        self._writing = writing

    def find(self, batch_id: str) -> Batch | None:
        """The row of that id."""
        query = select(batches).where(batches.c.id == batch_id)
        if self._writing:
            query = query.with_for_update()
        return next((Batch(**row) for row in self._connection.execute(query).mappings()), None)

    def page(self, page: Page) -> list[Batch]:
        """By age."""
        query = paged(select(batches), page, batches.c.created_at, batches.c.id)
        return [Batch(**row) for row in self._connection.execute(query).mappings()]

    def count(self) -> int:
        """How many there are."""
        return self._connection.execute(select(func.count()).select_from(batches)).scalar_one()

    def open(self) -> list[str]:
        """By id."""
        query = select(batches.c.id).where(batches.c.finished_at.is_(None)).order_by(batches.c.id)
        return list(self._connection.execute(query).scalars())

    def add(self, batch: Batch, orders: Sequence[BatchOrder]) -> None:
        """New rows."""
        self._connection.execute(insert(batches).values(asdict(batch)))
        self._connection.execute(insert(batch_orders), [asdict(order) for order in orders])

    def save(self, batch: Batch) -> None:
        """What may change."""
        self._connection.execute(update(batches).where(batches.c.id == batch.id).values(asdict(batch)))

    def orders(self, batch_id: str) -> list[BatchOrder]:
        """In their places."""
        query = select(batch_orders).where(batch_orders.c.batch_id == batch_id)
        found = self._connection.execute(query.order_by(batch_orders.c.place)).mappings()
        return [BatchOrder(**row) for row in found]

    def replace_jobs(self, batch_id: str, jobs: Mapping[str, str]) -> None:
        """One statement for each."""
        for old, new in jobs.items():
            these = (batch_orders.c.batch_id == batch_id, batch_orders.c.job_id == old)
            self._connection.execute(update(batch_orders).where(*these).values(job_id=new))

    def tally(self, batch_id: str) -> Mapping[str, tuple[int, int]]:
        """By status."""
        seen = batch_orders.outerjoin(
            jobs, (jobs.c.id == batch_orders.c.job_id) & jobs.c.deleted_at.is_(None)
        )
        status = func.coalesce(jobs.c.status, DELETED)
        query = (
            select(status, func.count(), func.coalesce(func.sum(jobs.c.progress), 0))
            .select_from(seen)
            .where(batch_orders.c.batch_id == batch_id)
            .group_by(status)
        )
        return {name: (count, int(done)) for name, count, done in self._connection.execute(query).all()}

    def rendered(self, fingerprints: Sequence[str]) -> Mapping[str, str]:
        """The newest job of each."""
        found: dict[str, str] = {}
        for start in range(0, len(fingerprints), ID_CHUNK):
            query = (
                select(batch_orders.c.fingerprint, func.max(jobs.c.id))
                .join(jobs, jobs.c.id == batch_orders.c.job_id)
                .where(
                    batch_orders.c.fingerprint.in_(fingerprints[start : start + ID_CHUNK]),
                    jobs.c.status == COMPLETED,
                    jobs.c.deleted_at.is_(None),
                )
                .group_by(batch_orders.c.fingerprint)
            )
            found |= dict(self._connection.execute(query).all())
        return found

    def batch_of(self, job_id: str) -> str | None:
        """The first that has it: others only use what it made."""
        query = select(func.min(batch_orders.c.batch_id)).where(batch_orders.c.job_id == job_id)
        return self._connection.execute(query).scalar()

    def changes(self, batch_id: str) -> list[BatchChange]:
        """By product."""
        query = select(batch_changes).where(batch_changes.c.batch_id == batch_id)
        found = self._connection.execute(query.order_by(batch_changes.c.product_id)).mappings()
        return [BatchChange(**row) for row in found]

    def put_change(self, change: BatchChange) -> None:
        """A new row, or the same product's again."""
        these = (
            batch_changes.c.batch_id == change.batch_id,
            batch_changes.c.product_id == change.product_id,
        )
        self._connection.execute(delete(batch_changes).where(*these))
        self._connection.execute(insert(batch_changes).values(asdict(change)))

    def delete_changes(self, batch_id: str) -> None:
        """Removes the rows."""
        self._connection.execute(delete(batch_changes).where(batch_changes.c.batch_id == batch_id))
