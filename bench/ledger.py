"""A store of jobs in memory, for simulations: what the scheduler asks of a store, in the order of the SQL.
Nothing is rolled back, and jobs that ended are forgotten; a test compares it with SQLite.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from tirage.jobs.failure import Failure
from tirage.jobs.model import Attempt, Claim, Job, JsonObject, RecordedStep
from tirage.jobs.store import Unit
from tirage.mockup.states import MOCKUP

T = TypeVar("T")
Place = tuple[int, datetime, str]
"""Where a job stands in its queue: by priority, then age."""


class Ledger:
    """Both `Store` and `Unit`; for one thread."""

    def __init__(self, *, ended: Callable[[Job], None], begun: Callable[[Job, Attempt], None]) -> None:
        """`begun` hears of every attempt that starts, `ended` of every job that comes to its end."""
        self._ended, self._begun = ended, begun
        self._jobs: dict[str, Job] = {}
        self._attempts: dict[str, list[Attempt]] = {}
        self._ready: dict[str, list[Place]] = {}
        self._later: list[tuple[datetime, str]] = []
        self._held: dict[str, dict[str, int]] = {}
        self._beats: dict[str, int] = {}

    def read(self, work: Callable[[Unit], T]) -> T:
        """As a store does it."""
        return work(self)  # type: ignore[arg-type]  # what simulations never ask is not there

    def write(self, work: Callable[[Unit], T]) -> T:
        """As a store does it, but for rolling back."""
        return work(self)  # type: ignore[arg-type]

    submit = write

    @property
    def active(self) -> int:
        """How many jobs have not ended."""
        return len(self._jobs)

    def next_again(self) -> datetime | None:
        """When the next job may be tried again."""
        return self._later[0][0] if self._later else None

    # jobs

    def job(self, job_id: str, *, include_deleted: bool = False) -> Job | None:  # noqa: ARG002 – none is deleted
        """The job of that id."""
        return self._jobs.get(job_id)

    def add(self, jobs: Sequence[Job]) -> None:
        """New ones."""
        for job in jobs:
            self._jobs[job.id] = job
            self._attempts[job.id] = []
            self._line_up(job)

    def save(self, old: Job, new: Job) -> bool:
        """Guarded by status and attempt."""
        now = self._jobs.get(old.id)
        if now is None or (now.status, now.attempt) != (old.status, old.attempt):
            return False
        self._jobs[new.id] = new
        if old.worker and old.worker != new.worker:
            self._held[old.worker].pop(new.id, None)
        if new.status not in MOCKUP.active:
            del self._jobs[new.id]
            self._ended(new)
        elif new.worker is None:
            self._line_up(new)
        else:
            self._held.setdefault(new.worker, {})[new.id] = new.attempt
        return True

    def due(
        self, statuses: Collection[str], *, queues: Collection[str], now: datetime, limit: int
    ) -> list[Job]:
        """By priority, then age."""
        while self._later and self._later[0][0] <= now:
            job = self._jobs.get(heapq.heappop(self._later)[1])
            if job is not None and job.worker is None:
                self._push(job)
        firsts = [place for queue in queues for place in self._first(queue, statuses, now, limit)]
        return [self._jobs[place[2]] for place in sorted(firsts)[:limit]]

    def _first(self, queue: str, statuses: Collection[str], now: datetime, limit: int) -> list[Place]:
        line, found = self._ready.get(queue, []), list[Place]()
        while line and len(found) < limit:
            place = heapq.heappop(line)
            job = self._jobs.get(place[2])
            free = job is not None and job.worker is None and job.status in statuses
            if free and job and (job.not_before is None or job.not_before <= now) and place not in found:
                found.append(place)
        for place in found:
            heapq.heappush(line, place)
        return found

    def _line_up(self, job: Job) -> None:
        if job.not_before is not None:
            heapq.heappush(self._later, (job.not_before, job.id))
        else:
            self._push(job)

    def _push(self, job: Job) -> None:
        heapq.heappush(self._ready.setdefault(job.queue, []), (job.priority, job.created_at, job.id))

    # attempts and workers

    def attempts(self, job_id: str) -> list[Attempt]:
        """In their order."""
        return list(self._attempts.get(job_id, ()))

    def open_attempt(self, attempt: Attempt) -> None:
        """A new one."""
        self._attempts[attempt.job_id].append(attempt)
        self._begun(self._jobs[attempt.job_id], attempt)

    def close_attempt(self, job_id: str, number: int, *, at: datetime, failure: Failure | None) -> None:
        """Ends one; of a job that is forgotten, all go."""
        if job_id not in self._jobs:
            del self._attempts[job_id]
            return
        tries = self._attempts[job_id]
        tries[number - 1] = replace(tries[number - 1], ended_at=at, failure=failure)

    def claims(self, worker: str | None = None) -> list[Claim]:
        """Open attempts."""
        workers = list(self._held) if worker is None else [worker]
        return [
            Claim(job_id=job_id, attempt=attempt, worker=each)
            for each in workers
            for job_id, attempt in self._held.get(each, {}).items()
        ]

    def beat(self, worker: str) -> None:
        """It lives."""
        self._beats[worker] = self._beats.get(worker, 0) + 1

    def beats(self) -> Mapping[str, int]:
        """Who lives."""
        return dict(self._beats)

    def end_lease(self, worker: str) -> None:
        """It is no more."""
        self._beats.pop(worker, None)
        self._held.pop(worker, None)

    # what nobody looks at

    def steps(self, job_id: str) -> list[RecordedStep]:  # noqa: ARG002 – the store's signature
        """None is kept."""
        return []

    def record(self, steps: Sequence[RecordedStep]) -> None:
        """Is not kept."""

    def untidy(self, statuses: Collection[str], *, limit: int) -> list[Job]:  # noqa: ARG002 – the same
        """Nothing is left behind."""
        return []

    def emit(self, jobs: Sequence[Job], name: str, *, at: datetime, data: JsonObject) -> None:
        """Nobody listens."""
