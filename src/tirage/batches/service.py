"""Batches: many orders that are checked, priced and submitted together, and then watched as one.
What was rendered before for the same product is not ordered again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from tirage.batches import estimate
from tirage.batches.matrix import check_count
from tirage.batches.model import (
    Batch,
    BatchOrder,
    Estimate,
    NewBatch,
    Order,
    Progress,
    StoredDesign,
)
from tirage.batches.orders import Checker, Ready, Templates, designs_of
from tirage.batches.store import BatchStore, BatchUnit, Clock
from tirage.errors import NotFound
from tirage.jobs.checks import invalid, json_object, page, raise_if_any
from tirage.jobs.ids import Ids
from tirage.jobs.machine import COMPLETED, FAILED
from tirage.jobs.model import Job, JobFilters, JsonObject, NewJob, Page
from tirage.jobs.service import JobService
from tirage.mockup.submit import Products

PREFIX = "batch"
BATCH = "batch_id"
"""The key of a job's metadata for the batch that ordered it."""
NAME_LENGTH = 200
CHUNK = 100
"""Jobs that are cancelled in one transaction: others wait for it."""
AT_END = frozenset({COMPLETED, FAILED, "cancelled", "deleted"})
OnEnd = Callable[[BatchUnit, Batch, Progress], None]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a batch comes to: its orders, the jobs to make, those that are there."""

    ready: Sequence[Ready]
    new: Mapping[str, NewJob]
    """By fingerprint, in the order of the batch."""
    rendered: Mapping[str, str]


class Batches:
    """Batches, and single orders of stored designs; may be used from several threads.

    Every method may raise TryAgain; those that name a batch raise NotFound.
    """

    def __init__(
        self,
        store: BatchStore,
        service: JobService,
        *,
        products: Products,
        templates: Templates,
        active: Collection[str],
        clock: Clock,
    ) -> None:
        """`active` are the statuses in which a job waits or runs."""
        self._store = store
        self._service = service
        self._products = products
        self._templates = templates
        self._active = frozenset(active)
        self._clock = clock
        self._ids = Ids(clock)

    # ordering

    def order(self, order: Order) -> Job:
        """One mockup of a stored design.  BadInput or NotFound with all findings."""
        return self._service.create(self._ready([order])[0].job)

    def submit(self, new: NewBatch) -> Batch:
        """The batch, its jobs waiting: all of them, or none.  BadInput or NotFound with all findings."""
        plan = self._plan(new)
        at = self._now()
        batch = Batch(
            id=self._ids.new(PREFIX),
            name=new.name,
            total=len(plan.ready),
            apply_at_end=new.apply_at_end,
            replace=new.replace,
            metadata=new.metadata,
            created_at=at,
            updated_at=at,
        )
        made = {
            fingerprint: replace(job, id=self._service.new_id(), metadata={**job.metadata, BATCH: batch.id})
            for fingerprint, job in plan.new.items()
        }
        orders = list(_orders(batch, plan, {name: str(job.id) for name, job in made.items()}))
        self._service.create_many(list(made.values()), beside=self._beside(partial(_add, batch, orders)))
        return batch

    def estimate(self, new: NewBatch) -> Estimate:
        """What submitting it would come to; nothing is changed.  BadInput or NotFound with all findings."""
        plan = self._plan(new)
        recent = self._service.list(JobFilters(statuses=(COMPLETED,)), Page(limit=estimate.RUNS))
        modes = {estimate.mode_of(job.options) for job in plan.new.values()} or {"all"}
        seconds = [each for mode in modes for each in estimate.seconds_of(recent, mode)]
        ahead = sum(queue.waiting + queue.running for queue in self._service.queues())
        workers = max(self._store.read(lambda unit: len(unit.beats())), 1)
        return Estimate(
            total=len(plan.ready),
            new=len(plan.new),
            rendered=sum(each.fingerprint in plan.rendered for each in plan.ready),
            ahead=ahead,
            workers=workers,
            each=estimate.span_of(seconds),
            all=estimate.whole(seconds, count=len(plan.new), ahead=ahead, workers=workers),
            findings=tuple(dict.fromkeys(each.finding for each in plan.ready if each.finding)),
        )

    # watching

    def get(self, batch_id: str) -> tuple[Batch, Progress]:
        """A batch, and how far it is."""
        return self._store.read(lambda unit: self._told(unit, load(unit, batch_id)))

    def list_with_count(self, asked: Page) -> tuple[Sequence[tuple[Batch, Progress]], int]:
        """A page, and how many there are.  BadInput INVALID_DATA: out of range."""
        page(asked)
        return self._store.read(
            lambda unit: ([self._told(unit, each) for each in unit.batches.page(asked)], unit.batches.count())
        )

    def jobs(self, batch_id: str) -> list[Job]:
        """Its jobs that are not deleted, each once, in the order of the batch."""

        def ask(unit: BatchUnit) -> list[Job]:
            orders = unit.batches.orders(load(unit, batch_id).id)
            wanted = list(dict.fromkeys(order.job_id for order in orders))
            found = {job.id: job for job in unit.jobs_of(wanted)}
            return [found[job_id] for job_id in wanted if job_id in found]

        return self._store.read(ask)

    def end(self, on_end: OnEnd) -> list[Batch]:
        """The batches whose last job has ended since this was asked, each told to one caller only.

        `on_end` is called in the transaction that says so.
        """
        ended = []
        for batch_id in self._store.read(lambda unit: unit.batches.open()):
            batch, progress = self.get(batch_id)
            if not progress.active and (done := self._store.write(partial(self._end, batch.id, on_end))):
                ended.append(done)
        return ended

    # changing

    def cancel(self, batch_id: str) -> int:
        """Cancels what waits or runs of it; how many jobs.  What another batch ordered goes on."""
        own = [job for job in self.jobs(batch_id) if job.metadata.get(BATCH) == batch_id]
        waiting = [job.id for job in own if job.status in self._active]
        return sum(
            self._service.cancel_active(waiting[start : start + CHUNK])
            for start in range(0, len(waiting), CHUNK)
        )

    def retry(self, batch_id: str) -> int:
        """A new job in the place of each that failed; how many."""
        failed = [job.id for job in self.jobs(batch_id) if job.status == FAILED]

        def again(unit: BatchUnit, jobs: Sequence[Job]) -> None:
            batch = load(unit, batch_id)
            unit.batches.replace_jobs(batch_id, dict(zip(failed, (job.id for job in jobs), strict=True)))
            unit.batches.save(replace(batch, finished_at=None, updated_at=self._now()))

        if failed:
            self._service.retry_many(failed, beside=self._beside(again))
        return len(failed)

    def _end(self, batch_id: str, on_end: OnEnd, unit: BatchUnit) -> Batch | None:
        batch, progress = self._told(unit, load(unit, batch_id))
        if batch.finished_at or progress.active:
            return None
        at = self._now()
        done = replace(batch, finished_at=at, updated_at=at)
        unit.batches.save(done)
        on_end(unit, done, progress)
        return done

    def _told(self, unit: BatchUnit, batch: Batch) -> tuple[Batch, Progress]:
        tally = unit.batches.tally(batch.id)
        by_status = {status: count for status, (count, _) in sorted(tally.items())}
        ended = sum(100 * count for status, (count, _) in tally.items() if status in AT_END)
        under_way = sum(done for status, (_, done) in tally.items() if status not in AT_END)
        active = any(status in self._active for status in tally)
        return batch, Progress(batch.total, by_status, (ended + under_way) // max(batch.total, 1), active)

    def _plan(self, new: NewBatch) -> _Plan:
        check_count(len(new.orders))
        if len(new.name) > NAME_LENGTH or not (new.name.isprintable() or not new.name):
            raise invalid(f"A name has at most {NAME_LENGTH} characters, all printable.", where="name")
        raise_if_any(json_object("metadata", new.metadata))
        ready = self._ready(new.orders)
        fingerprints = list(dict.fromkeys(each.fingerprint for each in ready))
        rendered = self._store.read(lambda unit: unit.batches.rendered(fingerprints))
        wanted = {each.fingerprint: each.job for each in ready if each.fingerprint not in rendered}
        return _Plan(ready, wanted, rendered)

    def _ready(self, orders: Sequence[Order]) -> list[Ready]:
        names = list(dict.fromkeys(name for order in orders for name in designs_of(order)))
        designs: Mapping[str, StoredDesign] = self._store.read(lambda unit: unit.designs.many(names))
        return Checker(designs, self._products, self._templates).ready(orders)

    def _beside(self, work: Callable[[BatchUnit, Sequence[Job]], None]) -> Callable[..., None]:
        """The job core's transactions are this store's, which knows batches too."""
        return work

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC)


def load(unit: BatchUnit, batch_id: str) -> Batch:
    """NotFound."""
    batch = unit.batches.find(batch_id)
    if batch is None:
        raise NotFound("NOT_FOUND", f"There is no batch {batch_id[:60]!r}.")
    return batch


def _add(batch: Batch, orders: Sequence[BatchOrder], unit: BatchUnit, _jobs: Sequence[Job]) -> None:
    unit.batches.add(batch, orders)


def _orders(batch: Batch, plan: _Plan, made: Mapping[str, str]) -> Sequence[BatchOrder]:
    return [
        BatchOrder(
            batch_id=batch.id,
            place=place,
            job_id=made.get(each.fingerprint) or plan.rendered[each.fingerprint],
            product_id=str(each.job.product_id),
            fingerprint=each.fingerprint,
            reused=each.fingerprint not in made,
        )
        for place, each in enumerate(plan.ready)
    ]


def summary(batch: Batch, progress: Progress) -> JsonObject:
    """A batch in a few words, for who is told that it has ended."""
    return {"id": batch.id, "name": batch.name, "total": batch.total, "by_status": dict(progress.by_status)}
