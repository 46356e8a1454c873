"""The worker: takes jobs while it has room, runs each in a thread of its own, and looks after the others'.

Everything it does besides is a duty that looks at how things are, not at what happened, so that nothing is
missed: who is alive, which claims are lost, what is due, what is left to tidy up.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tirage.errors import BadInput, Conflict, NotFound, TirageError
from tirage.jobs.classify import failure_of
from tirage.jobs.failure import Failure, FailureClass
from tirage.jobs.lease import BEATS, LOOKS, Lease
from tirage.jobs.machine import CANCELLED, COMPLETED, FAILED
from tirage.jobs.model import Job
from tirage.jobs.run import Reason, Run, Stopped, Work
from tirage.jobs.schedules import Schedules
from tirage.jobs.service import JobService
from tirage.jobs.spans import attempt_span, tell_outcome
from tirage.jobs.store import Store
from tirage.log import Logger

WATCH_EVERY = 0.25
SCHEDULES_EVERY = 30.0
SWEEP_EVERY = 30.0
AGAIN = 0.5
"""Seconds until a duty that failed is tried again, if that is sooner."""
TIDY_AGAIN = 10.0
"""Seconds until a job whose tidying failed is tried again."""
ENDED = frozenset({COMPLETED, FAILED, CANCELLED})
"""Statuses after which nothing on this machine's disk is needed any more."""
log = Logger("jobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What can differ between workers."""

    name: str
    """Nobody else's, not even of the same program started again."""
    queues: Sequence[str]
    concurrency: int = 1
    single: Sequence[str] = ()
    """Queues whose jobs run one at a time, beside those of the others: they share something big."""
    folder: Path
    """Where attempts keep their files while they work."""
    lease_seconds: float = 9.0
    """After that long without a sign of life others take over."""
    poll_seconds: float = 0.1
    step_seconds: float = 300.0
    drain_seconds: float = 20.0
    """How long running jobs may go on after the word to stop; what is left is given back."""
    grace_seconds: float = 5.0
    """The same when the worker is told to stop: a run that has not ended by then is left behind."""
    patience_seconds: float = 30.0
    """How long a run that was stopped may take to end, before the worker gives itself up: longer than a
    storage that has gone silent is waited for."""


@dataclass(slots=True)
class _Active:
    job: Job
    run: Run
    stopped_at: float | None = None


@dataclass(slots=True)
class _Duty:
    every: float
    do: Callable[[], None]
    next: float = field(default=float("-inf"))


def in_thread(work: Callable[[], None]) -> None:
    """A job's thread ends with its job: a child's death signal is bound to it."""
    threading.Thread(target=work, name="job", daemon=True).start()


class Worker:
    """`run` works until `stop`; tests call `tick` by hand, with a clock of their own and `start` in place."""

    def __init__(
        self,
        store: Store,
        service: JobService,
        *,
        works: Mapping[str, Work],
        terms: Terms,
        schedules: Schedules | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        start: Callable[[Callable[[], None]], None] = in_thread,
    ) -> None:
        """BadInput INVALID_DATA: there is no such queue."""
        service.known_queues(terms.queues)
        self._service = service
        self._works = works
        self._terms = terms
        self._schedules = schedules
        self._monotonic = monotonic
        self._start = start
        self._lease = Lease(store, worker=terms.name, ttl=terms.lease_seconds, monotonic=monotonic)
        self._active: dict[str, _Active] = {}
        self._alive: frozenset[str] = frozenset()
        self._not_tidy: dict[str, float] = {}
        self._wake = threading.Event()
        self._draining: float | None = None
        self._given_up = False
        self._more = False
        """Whether the last claim took as many as it had room for: there are probably more."""
        self._log = log.bind(worker=terms.name)
        self._duties = {
            "beat": _Duty(terms.lease_seconds / BEATS, self._lease.beat),
            "watch": _Duty(WATCH_EVERY, self._watch),
            "look": _Duty(terms.lease_seconds / LOOKS, self._look),
            "sweep": _Duty(SWEEP_EVERY, self._sweep),
            "schedules": _Duty(SCHEDULES_EVERY, self._run_schedules),
            "claim": _Duty(terms.poll_seconds, self._claim),
        }

    def run(self) -> bool:
        """Works until it was stopped and its jobs are done or given back.

        Whether it ended well: not when a run could not be stopped, which only the end of the process does.
        """
        self._log.info("started", queues=list(self._terms.queues), concurrency=self._terms.concurrency)
        while not self._over():
            self.tick()
            self._wake.wait(self._terms.poll_seconds)
            self._wake.clear()
        self._leave()
        self._log.info("ended", well=not self._given_up)
        return not self._given_up

    def stop(self) -> None:
        """Takes no more jobs, and ends soon.  May be called from a signal's handler."""
        if self._draining is None:
            self._draining = self._monotonic()
        self._wake.set()

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop, or gave itself up."""
        return self._draining is not None

    @property
    def active(self) -> int:
        """How many jobs it works on."""
        return len(self._active)

    def tick(self) -> None:
        """Every duty whose time has come; one that fails is done again soon."""
        for name, duty in self._duties.items():
            now = self._monotonic()
            if now >= duty.next:
                duty.next = now + duty.every
                if not self._done(name, duty.do):
                    duty.next = now + min(duty.every, AGAIN)

    def _done(self, name: str, duty: Callable[[], None]) -> bool:
        """Whether it went well."""
        try:
            duty()
        except TirageError as error:
            self._log.warning("duty", duty=name, code=error.code, message=error.message)
            return False
        except Exception:  # noqa: BLE001 – the worker's border: one duty's defect must not end the others
            self._log.error("duty", duty=name, exc_info=True)
            return False
        return True

    # duties

    def _claim(self) -> None:
        rooms = [] if self._draining is not None else list(self._rooms())
        asked = [queue for queues, _ in rooms for queue in queues]
        if not asked or not (self._more or self._service.due(1, queues=asked)):
            return  # a question that takes no lock: most of the time the answer is no
        self._more = False
        for queues, free in rooms:
            jobs = self._service.claim(worker=self._terms.name, queues=queues, limit=free)
            self._more = self._more or len(jobs) == free
            for job in jobs:
                self._begin(job)

    def _rooms(self) -> Iterator[tuple[Sequence[str], int]]:
        """Queues that it has room for, with how many jobs."""
        single = self._terms.single
        shared = [queue for queue in self._terms.queues if queue not in single]
        held = [active.job.queue for active in list(self._active.values())]
        for queues, most in (
            (shared, self._terms.concurrency),
            *(([each], 1) for each in single if each in self._terms.queues),
        ):
            free = most - sum(queue in queues for queue in held)
            if free > 0 and queues:
                yield queues, free

    def _begin(self, job: Job) -> None:
        self._log.info("claimed", job=job.id, attempt=job.attempt)
        run = Run(
            self._service,
            job,
            home=self._terms.folder / job.id,
            step_seconds=self._terms.step_seconds,
            sparing=self._failed_for_want(job),
            monotonic=self._monotonic,
        )
        self._active[job.id] = _Active(job, run)
        self._start(lambda: self._work(job, run))

    def _failed_for_want(self, job: Job) -> bool:
        """Whether the attempt before ran out of something."""
        before = self._service.attempts(job.id)[:-1] if job.attempt > 1 else ()
        failure = before[-1].failure if before else None
        return failure is not None and failure.kind is FailureClass.RESOURCE

    def _watch(self) -> None:
        """Stops runs whose claim is lost, whose step takes too long, or whose time is over."""
        before = dict(self._active)
        if not before:
            return
        claims = {claim.job_id: claim.attempt for claim in self._service.claims(self._terms.name)}
        for job_id, active in before.items():
            if claims.get(job_id) != active.job.attempt:
                active.run.stop(Reason.LOST)
            elif active.run.overdue():
                active.run.stop(Reason.TIMEOUT)
            elif self._drained():
                active.run.stop(Reason.SHUTDOWN)
            self._check_grace(active)

    def _check_grace(self, active: _Active) -> None:
        """A run that does not end when it is told to blocks its place: the worker gives itself up."""
        if active.run.reason is None:
            return
        now = self._monotonic()
        active.stopped_at = active.stopped_at or now
        terms = self._terms
        patience = terms.patience_seconds if self._draining is None else terms.grace_seconds
        if now - active.stopped_at > patience and not self._given_up:
            self._log.error("stuck", job=active.job.id, attempt=active.job.attempt, reason=active.run.reason)
            self._given_up = True
            self.stop()

    def _look(self) -> None:
        """Puts back what the dead held, and tidies up after them."""
        before = frozenset(self._active)
        look = self._lease.look()
        self._alive = look.alive
        for claim in look.own:
            if claim.job_id not in before | self._active.keys():
                self._give_back(claim.job_id, claim.attempt)  # a claim whose answer never came
        for claim in look.lost:
            self._log.warning("worker lost", lost=claim.worker, job=claim.job_id, attempt=claim.attempt)
            self._end(claim.job_id, claim.attempt, Failure.of(FailureClass.WORKER_LOST))
        for job in self._service.untidy():
            if self._is_ours_to_tidy(job):
                self._tidy(job)

    def _is_ours_to_tidy(self, job: Job) -> bool:
        """Whoever ran it last tidies up; after a death anybody does."""
        if job.id in self._active or self._not_tidy.get(job.id, 0) > self._monotonic():
            return False
        last = self._service.attempts(job.id)[-1:]
        return not last or last[0].worker not in self._alive - {self._terms.name}

    def _sweep(self) -> None:
        """Takes away folders of jobs that ended while nobody here could: their worker died just then."""
        folder = self._terms.folder
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.name not in self._active:
                job = self._service.get(path.name)
                if job is None or (job.status in ENDED and not job.untidy):
                    shutil.rmtree(path, ignore_errors=True)

    def _run_schedules(self) -> None:
        if self._schedules and self._draining is None:
            self._schedules.tick()

    # one job

    def _work(self, job: Job, run: Run) -> None:
        """From a claim to its end, in the job's thread."""
        try:
            with attempt_span(job, worker=self._terms.name) as span:
                outcome = self._made(job, run)
                tell_outcome(span, outcome)
            self._settle(job, outcome)
            self._clear(job.id, run.job if run.completed else self._service.get(job.id))
        except TirageError as error:  # the store is away: the claim is found again, or taken over
            self._log.warning("unsettled", job=job.id, attempt=job.attempt, code=error.code)
        except Exception:  # noqa: BLE001 – the worker's border
            self._log.error("unsettled", job=job.id, attempt=job.attempt, exc_info=True)
        finally:
            self._active.pop(job.id, None)
            self._wake_for_claim()

    def _made(self, job: Job, run: Run) -> Failure | Reason | None:
        """How the attempt went; None: the job is completed."""
        try:
            run.folder.mkdir(parents=True, exist_ok=True)
            self._work_for(job).make(job, run)
        except Stopped as stopped:
            return stopped.reason
        except Exception as error:  # noqa: BLE001 – the runner's border: every error is some failure
            return run.reason or failure_of(error)
        if run.completed:
            return None
        return Failure.of(FailureClass.BUG, detail=f"the pipeline {job.pipeline} ended without completing")

    def _work_for(self, job: Job) -> Work:
        work = self._works.get(job.pipeline)
        if work is None:
            raise BadInput("INVALID_SETTING", f"This worker makes no jobs of the pipeline {job.pipeline}.")
        return work

    def _settle(self, job: Job, outcome: Failure | Reason | None) -> None:
        """Writes how it went, unless that is no longer this worker's to say."""
        match outcome:
            case None:
                self._log.info("completed", job=job.id, attempt=job.attempt)
            case Reason.LOST:
                self._log.info("lost", job=job.id, attempt=job.attempt)
            case Reason.SHUTDOWN:
                self._give_back(job.id, job.attempt)
            case Reason.TIMEOUT:
                self._fail(job, Failure.of(FailureClass.TIMEOUT))
            case Failure():
                self._fail(job, outcome)

    def _fail(self, job: Job, failure: Failure) -> None:
        self._log.warning(
            "failed",
            job=job.id,
            attempt=job.attempt,
            kind=failure.kind,
            code=failure.code,
            detail=failure.detail,
        )
        self._end(job.id, job.attempt, failure)

    def _end(self, job_id: str, attempt: int, failure: Failure) -> None:
        end = partial(self._service.end_attempt, job_id, attempt=attempt, failure=failure)
        self._unless_lost(job_id, attempt, end)

    def _give_back(self, job_id: str, attempt: int) -> None:
        self._unless_lost(job_id, attempt, partial(self._service.give_back, job_id, attempt=attempt))

    def _unless_lost(self, job_id: str, attempt: int, write: Callable[[], object]) -> None:
        try:
            write()
        except (Conflict, NotFound):
            self._log.info("claim was lost", job=job_id, attempt=attempt)

    def _clear(self, job_id: str, job: Job | None) -> None:
        """Takes away what the job no longer needs, as far as it is this worker's."""
        if job is not None and job.untidy and job.status in ENDED:
            self._tidy(job)
        elif job is None or job.status in ENDED:
            start = self._monotonic()
            shutil.rmtree(self._terms.folder / job_id, ignore_errors=True)
            spent = round((self._monotonic() - start) * 1000)
            self._log.info("cleaned up", job=job_id, attempt=job.attempt if job else None, ms=spent)

    def _tidy(self, job: Job) -> None:
        """Undoes what a job that came to nothing has left; later again when that fails."""
        try:
            self._work_for(job).undo(job)
        except Exception as error:  # noqa: BLE001 – the runner's border
            failure = failure_of(error)
            self._not_tidy[job.id] = self._monotonic() + TIDY_AGAIN
            self._log.warning(
                "not tidied up", job=job.id, attempt=job.attempt, code=failure.code, detail=failure.detail
            )
            return
        shutil.rmtree(self._terms.folder / job.id, ignore_errors=True)
        self._not_tidy.pop(job.id, None)
        self._service.tidied(job.id)

    # ending

    def _wake_for_claim(self) -> None:
        """There is room: what waits need not wait for the next poll."""
        self._duties["claim"].next = float("-inf")
        self._wake.set()

    def _drained(self) -> bool:
        """Whether the time is over that running jobs had to end."""
        since = self._draining
        return since is not None and (self._given_up or self._monotonic() - since > self._terms.drain_seconds)

    def _over(self) -> bool:
        if self._draining is None:
            return False
        drain = 0.0 if self._given_up else self._terms.drain_seconds
        late = self._monotonic() - self._draining > drain + self._terms.grace_seconds
        return not self._active or late

    def _leave(self) -> None:
        """What could not be ended is settled from here; then the lease goes."""
        for active in list(self._active.values()):
            self._given_up = True
            reason = active.run.reason or Reason.SHUTDOWN
            self._done("settle", partial(self._settle, active.job, reason))
        self._done("sweep", self._sweep)
        self._done("lease", self._lease.end)
