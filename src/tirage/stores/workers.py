"""The part of a transaction that only workers need: steps, claims, leases, queues, turns of schedules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Insert,
    Table,
    case,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from tirage.jobs.model import Claim, JobFilters, QueueState, RecordedStep
from tirage.stores.conditions import conditions_of
from tirage.stores.tables import jobs, queues, schedules, steps, worker_leases

INSERT: Mapping[str, Callable[[Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
"""Both know ON CONFLICT, each in its own words."""


def _saving_a_step(*changing: str) -> Mapping[str, Insert]:
    """By dialect; made once, since making costs more than executing."""
    key = (steps.c.job_id, steps.c.name)
    made = {dialect: insert_of(steps) for dialect, insert_of in INSERT.items()}
    return {
        dialect: new.on_conflict_do_update(
            index_elements=key, set_={name: new.excluded[name] for name in changing}
        )
        for dialect, new in made.items()
    }


BEGIN_STEP = _saving_a_step("attempt", "started_at", "ended_at", "value")
END_STEP = _saving_a_step("attempt", "ended_at", "value")


class SqlWorkers:
    """The questions and changes of one transaction that workers have."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claims(self, worker: str | None = None) -> list[Claim]:
        """Open attempts by worker and job."""
        held = jobs.c.worker.is_not(None) if worker is None else jobs.c.worker == worker
        query = select(jobs.c.id, jobs.c.attempt, jobs.c.worker).where(held, jobs.c.deleted_at.is_(None))
        found = self._connection.execute(query.order_by(jobs.c.worker, jobs.c.id)).all()
        return [
            Claim(job_id=job_id, attempt=attempt, worker=str(holder)) for job_id, attempt, holder in found
        ]

    def steps(self, job_id: str) -> list[RecordedStep]:
        """In the order in which they began."""
        query = select(steps).where(steps.c.job_id == job_id).order_by(steps.c.started_at, steps.c.name)
        return [RecordedStep(**row) for row in self._connection.execute(query).mappings()]

    def begin_step(self, step: RecordedStep) -> None:
        """In the place of the step of that name, or a new row."""
        self._connection.execute(BEGIN_STEP[self._connection.dialect.name], asdict(step))

    def end_step(self, step: RecordedStep) -> None:
        """The step of that name, with its end and value; it keeps the time at which it began."""
        self._connection.execute(END_STEP[self._connection.dialect.name], asdict(step))

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

    def beat(self, worker: str) -> None:
        """The next number, or the first."""
        own = worker_leases.c.executor_id == worker
        beaten = update(worker_leases).where(own).values(beat=worker_leases.c.beat + 1)
        if self._connection.execute(beaten).rowcount == 0:
            self._connection.execute(insert(worker_leases).values(executor_id=worker, beat=1))

    def beats(self) -> Mapping[str, int]:
        """By worker."""
        return dict(self._connection.execute(select(worker_leases.c.executor_id, worker_leases.c.beat)).all())

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
        """A row, unless somebody else was first."""
        absent = ~select(schedules.c.name).where(schedules.c.name == schedule).exists()
        row = select(literal(schedule), literal(now, schedules.c.last_at.type)).where(absent)
        self._connection.execute(insert(schedules).from_select(["name", "last_at"], row))


def _of(ended: JobFilters) -> ColumnElement[bool]:
    """Steps of these jobs."""
    return steps.c.job_id.in_(select(jobs.c.id).where(*conditions_of(ended)))


def _state(name: str, paused: bool, waiting: int, running: int, oldest: datetime | None) -> QueueState:
    return QueueState(name=name, paused=paused, waiting=waiting, running=running, oldest=oldest)
