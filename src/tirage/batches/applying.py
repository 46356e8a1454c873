"""A batch's media on the catalogue's products as one change: seen before, made, taken back.
Each of the three is one transaction; what was there before is kept with the batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from typing import TypeVar

from tirage.batches.changes import (
    Shown,
    applied,
    difference,
    from_json,
    rolled_back,
    shown_of,
    to_json,
    wanted_of,
)
from tirage.batches.model import Batch, BatchChange, Difference
from tirage.batches.service import load
from tirage.batches.store import BatchStore, BatchUnit, Clock
from tirage.errors import Conflict
from tirage.jobs.ids import Ids
from tirage.jobs.machine import COMPLETED
from tirage.jobs.model import Job
from tirage.mockup.ports import Media, Publisher, Receipt
from tirage.shops.model import Product

T = TypeVar("T")
SECOND = "Wait until it has ended, or cancel what is left of it."


class Applying:
    """The catalogue's side of batches; may be used from several threads.

    Every method may raise TryAgain, and NotFound for a batch that is not there.
    """

    def __init__(self, store: BatchStore, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._ids = Ids(clock)

    def difference(self, batch_id: str) -> Sequence[Difference]:
        """What applying it would change, product by product."""
        return self._store.read(lambda unit: [each for each, *_ in self._plan(unit, load(unit, batch_id))])

    def apply(self, batch_id: str) -> tuple[Batch, Sequence[Difference]]:
        """Shows what its jobs made; how often it is applied, each medium is shown once.

        Conflict: jobs of it wait or run.
        """
        return self._store.write(lambda unit: self.apply_in(unit, load(unit, batch_id)))

    def apply_in(self, unit: BatchUnit, batch: Batch) -> tuple[Batch, Sequence[Difference]]:
        """The same, as a part of a transaction."""
        if batch.finished_at is None:
            raise Conflict("CONFLICT", f"Jobs of the batch {batch.id!r} wait or run.", hint=SECOND)
        plans = list(self._plan(unit, batch))
        first = {change.product_id: change.before for change in unit.batches.changes(batch.id)}
        for _, product, before, after in plans:
            self._show(unit, product, before, after)
            was = first.get(product.id, to_json(before))
            unit.batches.put_change(
                BatchChange(batch_id=batch.id, product_id=product.id, before=was, after=to_json(after))
            )
        if plans or batch.applied_at is None or batch.rolled_back_at is not None:
            at = self._now()
            batch = replace(batch, applied_at=at, rolled_back_at=None, updated_at=at)
            unit.batches.save(batch)
        return batch, [each for each, *_ in plans]

    def roll_back(self, batch_id: str) -> tuple[Batch, int]:
        """Products show what they did before, and what others added since; how many products.

        Conflict: it is not applied.
        """

        def undo(unit: BatchUnit) -> tuple[Batch, int]:
            batch = load(unit, batch_id)
            if batch.applied_at is None:
                raise Conflict("CONFLICT", f"The batch {batch.id!r} is not applied.", hint="Apply it first.")
            changes = unit.batches.changes(batch.id)
            for change in changes:
                product = unit.shelf.product(change.product_id)
                if product is not None:
                    now = shown_of(product, unit.shelf.publications(product.id))
                    was = rolled_back(now, from_json(change.before), from_json(change.after))
                    self._show(unit, product, now, was)
            unit.batches.delete_changes(batch.id)
            at = self._now()
            done = replace(batch, applied_at=None, rolled_back_at=at, updated_at=at)
            unit.batches.save(done)
            return done, len(changes)

        return self._store.write(undo)

    def _plan(self, unit: BatchUnit, batch: Batch) -> Iterator[tuple[Difference, Product, Shown, Shown]]:
        """The products that it changes; those that are gone are left out."""
        for product_id, jobs in _by_product(unit, batch):
            product = unit.shelf.product(product_id)
            if product is None:
                continue
            before = shown_of(product, unit.shelf.publications(product_id))
            at = self._now()
            wanted = wanted_of(
                jobs, product_id=product_id, ids=_forever(lambda: self._ids.new("media")), at=at
            )
            after = applied(before, wanted, product_id=product_id, swap=batch.replace, at=at)
            if changed := difference(product_id, before, after):
                yield changed, product, before, after

    def _show(self, unit: BatchUnit, product: Product, now: Shown, then: Shown) -> None:
        """Writes what differs."""
        old = {medium.id: medium for medium in now.media}
        new = {medium.id: medium for medium in then.media}
        unit.shelf.delete_media([name for name in old if name not in new])
        unit.shelf.put_media([medium for name, medium in new.items() if old.get(name) != medium])
        remembered = {each.job_id: each for each in then.publications}
        for each in now.publications:
            if each.job_id not in remembered:
                unit.shelf.delete_publication(each.job_id)
        for each in then.publications:
            if each not in now.publications:
                unit.shelf.put_publication(each)
        unit.shelf.save_product(replace(product, thumbnail=then.thumbnail, updated_at=self._now()))

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC)


class Holding:
    """A `Publisher` that shows a single job's media at once, and a batch's only when it is applied."""

    def __init__(self, store: BatchStore, publisher: Publisher) -> None:
        self._store = store
        self._publisher = publisher

    def publish(self, *, product_id: str, job_id: str, media: Sequence[Media]) -> Receipt:
        """As the catalogue does, or nothing yet."""
        if self._store.read(lambda unit: unit.batches.batch_of(job_id)):
            return Receipt(media_ids=())
        return self._publisher.publish(product_id=product_id, job_id=job_id, media=media)

    def withdraw(self, *, product_id: str, job_id: str) -> None:
        """As the catalogue does."""
        self._publisher.withdraw(product_id=product_id, job_id=job_id)


def _by_product(unit: BatchUnit, batch: Batch) -> Iterator[tuple[str, list[Job]]]:
    """Its completed jobs by product, each once, in the order of the batch."""
    orders = unit.batches.orders(batch.id)
    found = {job.id: job for job in unit.jobs_of(sorted({order.job_id for order in orders}))}
    for product_id, some in groupby(
        sorted(orders, key=lambda each: each.product_id), lambda each: each.product_id
    ):
        names = dict.fromkeys(order.job_id for order in some)
        jobs = [found[name] for name in names if name in found and found[name].status == COMPLETED]
        if jobs:
            yield product_id, jobs


def _forever(make: Callable[[], T]) -> Iterator[T]:
    while True:
        yield make()
