"""The job service: everything that reads or changes a job does it here, and each call is one transaction.
The rules stand in the modules it calls; times, chance and ids come from outside, so that tests own them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from tirage.jobs import attempts, checks, recording, submissions, transitions, upkeep
from tirage.jobs.failure import Failure
from tirage.jobs.ids import Ids, is_job_id
from tirage.jobs.machine import CANCELLED, COMPLETED, FAILED
from tirage.jobs.model import (
    Attempt,
    Claim,
    Event,
    Job,
    JobFilters,
    JobStats,
    JobUpdate,
    NewJob,
    Page,
    Purged,
    QueueState,
    RecordedStep,
    Results,
    RetryOverrides,
    StatusData,
)
from tirage.jobs.overview import Overview, overview
from tirage.jobs.pipeline import Pipeline, Rules
from tirage.jobs.recording import Advance
from tirage.jobs.store import Store, Unit

Beside = Callable[[Unit, Sequence[Job]], None]
ALL = Page(limit=None)
BATCH_LIMIT = 1000
"""The most events or due jobs that one call gives."""


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class JobService:
    """The only writer of jobs; may be used from several threads.

    Every method may raise TryAgain (STORE_UNAVAILABLE, DISK_FULL).  Those that name one job raise NotFound
    when there is none that is not deleted, unless they say otherwise.
    """

    def __init__(
        self,
        store: Store,
        *,
        pipelines: Iterable[Pipeline],
        clock: Callable[[], datetime] = now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        known = {pipeline.machine.pipeline: pipeline for pipeline in pipelines}
        self._store = store
        self._rules = Rules(pipelines=known, clock=clock, chance=chance, ids=Ids(clock))

    # submitting

    def new_id(self) -> str:
        """An id for a job whose files are stored before it is created (C-16)."""
        return self._rules.ids.new()

    def create(self, new: NewJob) -> Job:
        """A new job in its pipeline's first status.  BadInput with all findings."""
        return self.create_many([new])[0]

    def create_many(self, new: Sequence[NewJob], *, beside: Beside | None = None) -> list[Job]:
        """All of them, or none.  BadInput with all findings of all of them.

        `beside` writes what belongs to them in the same transaction.
        """
        jobs = submissions.new_jobs(self._rules, new)

        def insert(unit: Unit) -> None:
            if jobs:
                submissions.insert(unit, jobs)
            if beside:
                beside(unit, jobs)

        if beside:
            self._store.write(insert)
        elif jobs:
            self._store.submit(insert)
        return jobs

    def retry(
        self, job_id: str, overrides: RetryOverrides | None = None, *, new_id: str | None = None
    ) -> Job:
        """A failed job once more, as its pipeline has it: a new job, or the same one queued again (C-03).

        `new_id` is the new job's.  BadInput INVALID_DATA: it has not failed, or the overrides do not fit.
        """
        given = overrides or RetryOverrides()
        return self._store.write(
            lambda unit: submissions.retry(unit, self._rules, job_id, given, new_id=new_id)
        )

    def retry_many(self, job_ids: Sequence[str], *, beside: Beside | None = None) -> list[Job]:
        """Each as `retry` does it, in their order; all of them, or none."""

        def again(unit: Unit) -> list[Job]:
            given = RetryOverrides()
            jobs = [submissions.retry(unit, self._rules, each, given, new_id=None) for each in job_ids]
            if beside:
                beside(unit, jobs)
            return jobs

        return self._store.write(again)

    # reading

    def get(self, job_id: str) -> Job | None:
        """None when there is none, or it is deleted."""
        return self._store.read(lambda unit: transitions.find(unit, job_id))

    def retrieve(self, job_id: str, *, include_deleted: bool = False) -> Job:
        """Like `get`, but raises NotFound."""
        job = self._store.read(lambda unit: transitions.find(unit, job_id, include_deleted=include_deleted))
        if job is None:
            raise transitions.missing(job_id)
        return job

    def list(self, filters: JobFilters | None = None, page: Page | None = None) -> list[Job]:
        """A page of jobs.  BadInput INVALID_DATA: no such status, or a page out of range."""
        filters, page = self._checked(filters, page)
        return self._store.read(lambda unit: unit.jobs(filters, page))

    def list_with_count(
        self, filters: JobFilters | None = None, page: Page | None = None
    ) -> tuple[Sequence[Job], int]:
        """A page of jobs, and how many there are on all pages.  BadInput as for `list`."""
        filters, page = self._checked(filters, page)
        return self._store.read(lambda unit: (unit.jobs(filters, page), unit.count(filters)))

    def by_product(self, product_id: str) -> Sequence[Job]:
        """All of a product, newest first."""
        return self.list(JobFilters(product_id=product_id), ALL)

    def by_status(self, status: str) -> Sequence[Job]:
        """All in that status, newest first.  BadInput INVALID_DATA: no such status."""
        return self.list(JobFilters(statuses=(status,)), ALL)

    def active(self) -> Sequence[Job]:
        """All that wait or run, newest first."""
        return self.list(JobFilters(statuses=self._rules.active()), ALL)

    def recent(self, hours: float, limit: int = 10) -> Sequence[Job]:
        """The newest of the last hours.  BadInput INVALID_DATA: out of range."""
        if not 0 < hours < 24 * 36_525:  # a century: what is longer cannot be subtracted from now
            raise checks.invalid("hours has to be positive.", where="hours")
        since = self._rules.clock().astimezone(UTC) - timedelta(hours=hours)
        return self.list(JobFilters(created_since=since), Page(limit=limit))

    def stats(self, product_id: str | None = None, *, pipeline: str = "mockup") -> JobStats:
        """How many jobs are in each status, of one product or of all."""
        statuses = self._rules.pipeline(pipeline).machine.statuses
        filters, _ = self._checked(JobFilters(product_id=product_id, pipeline=pipeline), None)
        counts = self._store.read(lambda unit: unit.tally(filters))
        return JobStats({status: counts.get(status, 0) for status in statuses})

    def product_stats(self, product_id: str, *, pipeline: str = "mockup") -> JobStats:
        """How many of a product's jobs are in each status."""
        return self.stats(product_id, pipeline=pipeline)

    def has_active(self, product_id: str) -> bool:
        """Whether any of a product's jobs waits or runs."""
        filters, _ = self._checked(JobFilters(product_id=product_id, statuses=self._rules.active()), None)
        return self._store.read(lambda unit: unit.exists(filters))

    def made_before(self, order_key: str) -> Job | None:
        """The newest completed job of an order that comes out the same."""
        equal = JobFilters(order_key=order_key, statuses=(COMPLETED,))
        return next(iter(self._store.read(lambda unit: unit.jobs(equal, Page(limit=1)))), None)

    def attempts(self, job_id: str) -> Sequence[Attempt]:
        """A job's tries, the first one first; none when there is no such job."""
        return self._store.read(lambda unit: unit.attempts(job_id)) if is_job_id(job_id) else []

    def events(self, *, after: int = 0, limit: int = 100, job_id: str | None = None) -> Sequence[Event]:
        """What happened after the event of that number, of one job or of all; without a gap, in its order."""
        checks.page(Page(limit=limit), most=BATCH_LIMIT)
        if job_id is not None and not is_job_id(job_id):
            return []
        return self._store.read(lambda unit: unit.events(after=after, limit=limit, job_id=job_id))

    def last_event(self) -> int:
        """The number of the newest event; 0 before the first."""
        return self._store.read(lambda unit: unit.last_event())

    # changing

    def set_status(
        self, job_id: str, status: str, data: StatusData | None = None, *, attempt: int | None = None
    ) -> Job:
        """The job in that status, with the data; in the same status only the data is merged.

        A worker gives the number of its attempt: Conflict when it is no longer the open one.  BadInput
        INVALID_DATA: the move is not allowed, `failed` has no error message, or the data does not fit.
        """
        given = data or StatusData()
        return self._store.write(
            lambda unit: transitions.set_status(unit, self._rules, job_id, status, given, attempt=attempt)
        )

    def set_results(self, job_id: str, results: Results, *, attempt: int | None = None) -> Job:
        """The job with these results; None takes one away.  BadInput INVALID_DATA; Conflict."""
        return self._store.write(
            lambda unit: transitions.set_results(unit, self._rules, job_id, results, attempt=attempt)
        )

    def update(self, job_id: str, changes: JobUpdate) -> Job:
        """The job with other fields than its status changed; of one that ended only the metadata can be.

        BadInput with all findings.
        """
        return self._store.write(lambda unit: submissions.update(unit, self._rules, job_id, changes))

    def cancel(self, job_id: str) -> Job:
        """The job, cancelled; a worker that holds it loses its claim.  BadInput INVALID_DATA: not active."""
        return self._store.write(lambda unit: transitions.cancel(unit, self._rules, job_id))

    def cancel_active(self, job_ids: Sequence[str]) -> int:
        """Cancels those of these jobs that wait or run, in one transaction; how many."""
        active = self._rules.active()

        def cancel(unit: Unit) -> int:
            found = [unit.job(job_id) for job_id in sorted(job_ids)]
            those = [job for job in found if job and job.status in active]
            for job in those:
                transitions.move(unit, self._rules, job, CANCELLED, {})
            return len(those)

        return self._store.write(cancel)

    # for workers

    def due(self, limit: int = 100, *, queues: Collection[str] | None = None) -> Sequence[Job]:
        """Jobs that may start now, in the order in which they should; of paused queues there are none."""
        checks.page(Page(limit=limit), most=BATCH_LIMIT)
        at, active = self._rules.clock().astimezone(UTC), self._rules.active()
        asked = self._rules.queues() if queues is None else self.known_queues(queues)
        return self._store.read(lambda unit: unit.due(active, queues=asked, now=at, limit=limit))

    def claim(self, *, worker: str, queues: Collection[str], limit: int) -> Sequence[Job]:
        """The jobs that should start next, held by that worker, each in its next attempt."""
        return self._store.write(
            lambda unit: attempts.claim(unit, self._rules, worker=worker, queues=queues, limit=limit)
        )

    def start_attempt(self, job_id: str, *, worker: str, after: int) -> Job:
        """The job, held by that worker in attempt `after` + 1.  Conflict: somebody else was first."""
        return self._store.write(
            lambda unit: attempts.start_attempt(unit, self._rules, job_id, worker=worker, after=after)
        )

    def report_progress(
        self,
        job_id: str,
        *,
        attempt: int,
        done: int,
        of: int,
        step: str | None = None,
        known: Job | None = None,
    ) -> Job:
        """The job with `done` of `of` units of its status' work; `known` as for `advance`.  Conflict."""
        return self._store.write(
            lambda unit: transitions.report_progress(
                unit, self._rules, job_id, attempt=attempt, done=done, of=of, step=step, known=known
            )
        )

    def end_attempt(self, job_id: str, *, attempt: int, failure: Failure) -> Job:
        """The job after a failed attempt: waiting for the next one, or failed, or cancelled.  Conflict."""
        return self._store.write(
            lambda unit: attempts.end_attempt(unit, self._rules, job_id, attempt=attempt, failure=failure)
        )

    def give_back(self, job_id: str, *, attempt: int) -> Job:
        """The job, free for another worker at once; the attempt does not count.  Conflict."""
        return self._store.write(lambda unit: attempts.give_back(unit, self._rules, job_id, attempt=attempt))

    def advance(self, job_id: str, forward: Advance, *, attempt: int, known: Job | None = None) -> Job:
        """The job after a step: recorded, in a status unless it is beyond it, at the next step.  Conflict.

        `known`: the job as the last write of the attempt answered it, which spares reading it.
        """
        return self._store.write(
            lambda unit: recording.advance(unit, self._rules, job_id, forward, attempt=attempt, known=known)
        )

    def steps(self, job_id: str) -> Sequence[RecordedStep]:
        """What a job has done and does, in the order in which it began."""
        return self._store.read(lambda unit: unit.steps(job_id)) if is_job_id(job_id) else []

    def claims(self, worker: str | None = None) -> Sequence[Claim]:
        """All open attempts, or those of one worker."""
        return self._store.read(lambda unit: unit.claims(worker))

    # queues

    def pause(self, queue: str) -> None:
        """No worker takes a job of that queue until it is resumed; those that run go on."""
        self._set_paused(queue, paused=True)

    def resume(self, queue: str) -> None:
        """Workers take jobs of that queue again."""
        self._set_paused(queue, paused=False)

    def known_queues(self, names: Iterable[str]) -> Sequence[str]:
        """The names, each once.  BadInput INVALID_DATA: there is no such queue."""
        known = self._rules.queues()
        asked = list(dict.fromkeys(names))
        for name in asked:
            if name not in known:
                hint = f"The queues are {', '.join(known)}."
                raise checks.invalid(f"There is no queue {name[:60]!r}.", where="queue", hint=hint)
        return asked

    def queues(self) -> Sequence[QueueState]:
        """All that have active jobs, or are paused."""
        return self._store.read(lambda unit: unit.queues(self._rules.active()))

    def overview(self) -> Overview:
        """What operators want to know, at one moment."""
        at = self._rules.clock()
        return self._store.read(lambda unit: overview(unit, now=at))

    def _set_paused(self, queue: str, *, paused: bool) -> None:
        self.known_queues([queue])
        self._store.write(lambda unit: unit.set_paused(queue, paused=paused))

    # upkeep

    def soft_delete(self, job_ids: Sequence[str]) -> Sequence[Job]:
        """The jobs, hidden from every other call; all of them, or none."""
        return self._store.write(lambda unit: upkeep.soft_delete(unit, self._rules, job_ids))

    def restore(self, job_id: str) -> Job:
        """A deleted job, visible again and otherwise as it was; NotFound only when it was purged."""
        return self._store.write(lambda unit: upkeep.restore(unit, self._rules, job_id))

    def purge(self, job_id: str) -> Purged:
        """Removes a job for good, deleted or not, and says which files go with it.

        BadInput INVALID_DATA: it is active.
        """
        return self._store.write(lambda unit: upkeep.purge(unit, self._rules, job_id))

    def clean_up(self, *, older_than: timedelta, dry_run: bool = False) -> int:
        """Hides jobs that failed longer ago than that, or only counts them; how many."""
        return self._store.write(
            lambda unit: upkeep.clean_up(unit, self._rules, older_than=older_than, dry_run=dry_run)
        )

    def untidy(self, limit: int = 100) -> Sequence[Job]:
        """Failed and cancelled jobs whose attempts may have left something; the older first."""
        return self._store.read(lambda unit: unit.untidy((FAILED, CANCELLED), limit=limit))

    def tidied(self, job_id: str) -> Job | None:
        """The job, once nothing of its attempts is left; None when it is gone."""
        return self._store.write(lambda unit: upkeep.tidied(unit, self._rules, job_id))

    def forget_steps(self, statuses: Sequence[str], *, older_than: timedelta, dry_run: bool = False) -> int:
        """Deletes what is recorded of steps of jobs that ended like that so long ago; how many."""
        return self._store.write(
            lambda unit: upkeep.forget_steps(
                unit, self._rules, statuses, older_than=older_than, dry_run=dry_run
            )
        )

    def _checked(self, filters: JobFilters | None, page: Page | None) -> tuple[JobFilters, Page]:
        filters, page = filters or JobFilters(), page or Page()
        checks.page(page)
        checks.raise_if_any(checks.key("product_id", filters.product_id))
        machines = [pipeline.machine for pipeline in self._rules.pipelines.values()]
        known = list(dict.fromkeys(status for machine in machines for status in machine.statuses))
        for status in filters.statuses or ():
            if status not in known:
                hint = f"The statuses are {', '.join(known)}."
                raise checks.invalid(f"There is no status {status[:60]!r}.", where="status", hint=hint)
        return filters, page
