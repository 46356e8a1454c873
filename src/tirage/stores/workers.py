"""The part of a transaction that only workers need: steps, claims, leases, queues, turns of schedules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    Table,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from tirage.jobs.model import Claim, JobFilters, QueueState, RecordedStep
from tirage.stores import rows
from tirage.stores.conditions import conditions_of
from tirage.stores.tables import artifacts, jobs, queues, schedules, steps, worker_leases

INSERT: Mapping[str, Callable[[Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
"""Both know ON CONFLICT, each in its own words."""


def _recording(dialect: str) -> Insert:
    """A step in the place of the one of that name; one that has ended keeps the time of its beginning."""
    new = INSERT[dialect](steps)
    begun = case((new.excluded.ended_at.is_(None), new.excluded.started_at), else_=steps.c.started_at)
    changes = {name: new.excluded[name] for name in ("attempt", "ended_at", "value")}
    return new.on_conflict_do_update(
        index_elements=(steps.c.job_id, steps.c.name), set_={"started_at": begun, **changes}
    )


RECORDING = {dialect: _recording(dialect) for dialect in INSERT}
"""Made once, since making costs more than executing; so are those below."""
CLAIM = select(jobs.c.id, jobs.c.attempt, jobs.c.worker).where(jobs.c.deleted_at.is_(None))
CLAIMS = CLAIM.where(jobs.c.worker.is_not(None)).order_by(jobs.c.worker, jobs.c.id)
OWN_CLAIMS = CLAIM.where(jobs.c.worker == bindparam("worker")).order_by(jobs.c.id)
BEATS = select(worker_leases.c.executor_id, worker_leases.c.beat)
BEATING = (
    update(worker_leases)
    .where(worker_leases.c.executor_id == bindparam("worker"))
    .values(beat=worker_leases.c.beat + 1)
)


class SqlWorkers:
    """The questions and changes of one transaction that workers have."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claims(self, worker: str | None = None) -> list[Claim]:
        """Open attempts by worker and job."""
        if worker is None:
            found = self._connection.execute(CLAIMS).all()
        else:
            found = self._connection.execute(OWN_CLAIMS, {"worker": worker}).all()
        return [
            Claim(job_id=job_id, attempt=attempt, worker=str(holder)) for job_id, attempt, holder in found
        ]

    def steps(self, job_id: str) -> list[RecordedStep]:
        """In the order in which they began."""
        query = select(steps).where(steps.c.job_id == job_id).order_by(steps.c.started_at, steps.c.name)
        return [RecordedStep(**row) for row in self._connection.execute(query).mappings()]

    def record(self, done: Sequence[RecordedStep]) -> None:
        """Each in the place of the step of that name, or a new row."""
        if done:
            values = [rows.step_values(step) for step in done]
            self._connection.execute(RECORDING[self._connection.dialect.name], values)

    def void_steps(self, job_id: str) -> None:
        """Their times stay."""
        self._connection.execute(update(steps).where(steps.c.job_id == job_id).values(value=None))

    def forget_steps(self, ended: JobFilters) -> int:
        """In one statement."""
        return self._connection.execute(delete(steps).where(_of(ended))).rowcount

    def count_steps(self, ended: JobFilters) -> int:
        """How many there are."""
        counted = select(func.count()).select_from(steps).where(_of(ended))
        return self._connection.execute(counted).scalar_one()

    def failures_since(self, at: datetime) -> Mapping[str, int]:
        """By class."""
        failed = (jobs.c.error_class.is_not(None), jobs.c.completed_at >= at, jobs.c.deleted_at.is_(None))
        query = select(jobs.c.error_class, func.count()).where(*failed).group_by(jobs.c.error_class)
        return {str(name): count for name, count in self._connection.execute(query).all()}

    def step_times(self, limit: int) -> list[tuple[str, float]]:
        """The newest first."""
        query = select(steps.c.name, steps.c.started_at, steps.c.ended_at).where(
            steps.c.ended_at.is_not(None)
        )
        found = self._connection.execute(query.order_by(steps.c.started_at.desc()).limit(limit)).all()
        return [(name, (end - begun).total_seconds()) for name, begun, end in found if end is not None]

    def stored_bytes(self) -> int:
        """By the rows of artifacts."""
        return self._connection.execute(select(func.sum(artifacts.c.bytes))).scalar_one() or 0

    def beat(self, worker: str) -> None:
        """The next number, or the first."""
        if self._connection.execute(BEATING, {"worker": worker}).rowcount == 0:
            self._connection.execute(insert(worker_leases).values(executor_id=worker, beat=1))

    def beats(self) -> Mapping[str, int]:
        """By worker."""
        return dict(self._connection.execute(BEATS).all())

    def end_lease(self, worker: str) -> None:
        """Removes the row."""
        self._connection.execute(delete(worker_leases).where(worker_leases.c.executor_id == worker))

    def set_paused(self, queue: str, *, paused: bool) -> None:
        """Changes the row, or adds one."""
        changed = update(queues).where(queues.c.name == queue).values(paused=paused)
        if self._connection.execute(changed).rowcount == 0:
            self._connection.execute(insert(queues).values(name=queue, paused=paused))

    def queues(self, statuses: Collection[str]) -> list[QueueState]:
        """By name."""
        held = func.count(jobs.c.worker)
        waiting = case((jobs.c.worker.is_(None), jobs.c.created_at))
        query = (
            select(jobs.c.queue, func.count() - held, held, func.min(waiting))
            .where(jobs.c.status.in_(statuses), jobs.c.deleted_at.is_(None))
            .group_by(jobs.c.queue)
        )
        found = {name: counts for name, *counts in self._connection.execute(query).all()}
        paused = set(self._connection.execute(select(queues.c.name).where(queues.c.paused)).scalars())
        return [
            _state(name, name in paused, *found.get(name, (0, 0, None)))
            for name in sorted(found.keys() | paused)
        ]

    def take_turn(self, schedule: str, *, due: Callable[[datetime], datetime], now: datetime) -> bool:
        """A guarded write: of two that come together the second finds the time changed."""
        own = schedules.c.name == schedule
        last = self._connection.execute(select(schedules.c.last_at).where(own).with_for_update()).scalar()
        if last is None:
            self._begin(schedule, now)
            return False
        if due(last) > now:
            return False
        taken = update(schedules).where(own, schedules.c.last_at == last).values(last_at=now)
        return self._connection.execute(taken).rowcount == 1

    def _begin(self, schedule: str, now: datetime) -> None:
        """A row, unless somebody else was first, or is at this moment."""
        row = INSERT[self._connection.dialect.name](schedules).values(name=schedule, last_at=now)
        self._connection.execute(row.on_conflict_do_nothing())


def _of(ended: JobFilters) -> ColumnElement[bool]:
    """Steps of these jobs."""
    return steps.c.job_id.in_(select(jobs.c.id).where(*conditions_of(ended)))


def _state(name: str, paused: bool, waiting: int, running: int, oldest: datetime | None) -> QueueState:
    return QueueState(name=name, paused=paused, waiting=waiting, running=running, oldest=oldest)
