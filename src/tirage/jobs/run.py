"""One attempt as its pipeline sees it: recorded steps, progress, and the word that it has to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar

from tirage import traces
from tirage.errors import Conflict, TirageError, TryAgain
from tirage.jobs.machine import COMPLETED
from tirage.jobs.model import EndedStep, Job, JsonObject, StatusData
from tirage.jobs.recording import Advance
from tirage.jobs.service import JobService
from tirage.log import Logger

P = ParamSpec("P")
T = TypeVar("T")
PATIENCE = 60.0
"""Seconds that a step waits for a database, a storage or a shop that is away, before its attempt fails."""
PAUSE = 0.5
AWAY = frozenset({"STORE_UNAVAILABLE", "SHOP_UNAVAILABLE"})
"""What is waited for: it comes back by itself."""
TELL_EVERY = 0.2
"""Seconds between two progress reports: a picture is made faster than anybody reads."""
log = Logger("jobs")


class Reason(StrEnum):
    """Why a run is stopped from outside."""

    LOST = "lost"
    """The attempt is no longer this worker's: cancelled, deleted, or taken over."""
    TIMEOUT = "timeout"
    SHUTDOWN = "shutdown"


class Stopped(BaseException):
    """A run has to end now.  No Exception, so that no pipeline takes it for a failure of its own."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a pipeline."""

    name: str
    status: str | None = None
    """The status that a job enters with it."""
    seconds: float = 0.0
    """How long it may take where that is longer than the worker's limit."""


class Work(Protocol):
    """What a worker does for the jobs of one pipeline."""

    def make(self, job: Job, run: Run) -> None:
        """Makes the job, step by step, and ends with `run.complete`; may raise anything."""
        ...

    def undo(self, job: Job) -> None:
        """Takes away what the job has left outside, since it failed or was cancelled; any number of times."""
        ...


class Run:
    """One attempt.  `stop` may be called from another thread, everything else is for the job's own."""

    def __init__(
        self,
        service: JobService,
        job: Job,
        *,
        home: Path,
        step_seconds: float,
        sparing: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.job = job
        self.home = home
        """The job's own folder on this machine, for all attempts; it goes when the job ends."""
        self.sparing = sparing
        """Whether the attempt before ran out of memory or disk: take less this time."""
        self.completed = False
        self._service = service
        self._step_seconds = step_seconds
        self._monotonic = monotonic
        self._recorded = {} if job.attempt == 1 else _recorded(service, job.id)
        self._ended: EndedStep | None = None
        self._stop = threading.Event()
        self._reason: Reason | None = None
        self._deadline: float | None = None
        self._told = -TELL_EVERY

    @property
    def folder(self) -> Path:
        """This attempt's part of `home`: no other attempt writes there, not even one that is only slow."""
        return self.home / str(self.job.attempt)

    @property
    def stopped(self) -> threading.Event:
        """Set when the run has to end: for who waits for a child."""
        return self._stop

    @property
    def reason(self) -> Reason | None:
        """Why it has to end."""
        return self._reason

    def step(self, step: Step, work: Callable[P, JsonObject], *args: P.args, **named: P.kwargs) -> JsonObject:
        """What the work comes to; when an attempt before has recorded that, the work is not done again.

        Work is done at least once: it has to bear being done again after a crash, or after an outage.
        """
        if step.name in self._recorded:
            return self._recorded[step.name]
        return self.again(step, work, *args, **named)

    def again(
        self, step: Step, work: Callable[P, JsonObject], *args: P.args, **named: P.kwargs
    ) -> JsonObject:
        """Like `step`, also when it is recorded: what it came to may be gone, or on another machine."""
        self._advance(Advance(ended=self._ended, status=step.status, begun=step.name))
        start = self._monotonic()
        self._ended, self._deadline = None, start + max(self._step_seconds, step.seconds)
        with traces.span(step.name):
            value = self._patiently(lambda: work(*args, **named))
        self.check()
        self._deadline = None
        self._recorded[step.name] = value
        self._ended = EndedStep(name=step.name, value=value)
        spent = round((self._monotonic() - start) * 1000)
        log.info("step", job=self.job.id, attempt=self.job.attempt, step=step.name, ms=spent)
        return value

    def attach(self, data: StatusData) -> None:
        """Goes to the job's row together with the record of the step that just ended, if it was done now."""
        if self._ended:
            self._ended = replace(self._ended, data={**self._ended.data, **data})

    def made_before(self, order_key: str) -> Job | None:
        """The newest completed job of the same order."""
        return self._service.made_before(order_key)

    def tell(self, done: int, of: int) -> None:
        """`done` of `of` units of the status' work are done.  Raises Stopped when the run has to end."""
        self.check()
        now = self._monotonic()
        if now - self._told < TELL_EVERY and done < of:
            return
        self._told = now
        try:
            self.job = self._service.report_progress(
                self.job.id,
                attempt=self.job.attempt,
                done=done,
                of=of,
                step=self.job.step,
                known=self.job,
            )
        except Conflict:
            raise Stopped(Reason.LOST) from None
        except TryAgain:
            pass  # the next report tells more

    def complete(self, data: StatusData) -> None:
        """The job is completed, with this data, in one transaction with the record of the last step."""
        start = self._monotonic()
        self._advance(Advance(ended=self._ended, status=COMPLETED, data=data))
        self.completed = True
        spent = round((self._monotonic() - start) * 1000)
        log.info("step", job=self.job.id, attempt=self.job.attempt, step="complete", ms=spent)

    def check(self) -> None:
        """Raises Stopped when the run has to end."""
        if self._reason is not None:
            raise Stopped(self._reason)

    def stop(self, reason: Reason) -> None:
        """The run has to end; the first reason stays."""
        self._reason = self._reason or reason
        self._stop.set()

    def overdue(self) -> bool:
        """Whether its step takes longer than it may."""
        return self._deadline is not None and self._monotonic() > self._deadline

    def _advance(self, forward: Advance) -> None:
        """Writes a step forward."""
        job = self.job
        try:
            self.job = self._patiently(
                lambda: self._service.advance(job.id, forward, attempt=job.attempt, known=job)
            )
        except Conflict:
            raise Stopped(Reason.LOST) from None

    def _patiently(self, work: Callable[[], T]) -> T:
        """What the work comes to; while what it needs is away, it is tried again."""
        end = self._monotonic() + PATIENCE
        while True:
            self.check()
            try:
                return work()
            except TryAgain as error:
                wait = max(PAUSE, error.after)
                if not _is_away(error) or self._monotonic() + wait - PAUSE > end:
                    raise
                self._stop.wait(wait)


def _is_away(error: TirageError) -> bool:
    return error.code in AWAY


def _recorded(service: JobService, job_id: str) -> dict[str, JsonObject]:
    return {step.name: step.value for step in service.steps(job_id) if step.value is not None}
