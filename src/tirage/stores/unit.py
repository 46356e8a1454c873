"""One transaction over the tables: the job core's `Unit`, in SQL that SQLite and PostgreSQL both know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy import (
    Connection,
    Select,
    Update,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    update,
)

from tirage.jobs.failure import Failure
from tirage.jobs.model import Artifact, Attempt, Event, Job, JobFilters, JsonObject, Page
from tirage.stores import rows
from tirage.stores.access import SqlAccess
from tirage.stores.batches import SqlBatches
from tirage.stores.conditions import conditions_of, paged
from tirage.stores.designs import SqlDesigns
from tirage.stores.sessions import SqlSessions
from tirage.stores.shelf import SqlShelf
from tirage.stores.shops import SqlShops
from tirage.stores.tables import artifacts, attempts, events, jobs
from tirage.stores.templates import SqlTemplates
from tirage.stores.waiting import SPARE, waiting_jobs
from tirage.stores.webhooks import SqlWebhooks
from tirage.stores.workers import SqlWorkers

MANY = 200
"""New rows from which on PostgreSQL counts the table again: a plan made for an empty one reads all of it for
each job that is taken, until the server counts by itself a minute later.
"""
ANALYZE = text("ANALYZE jobs")
EVENT_LOCK = text("SELECT pg_advisory_xact_lock(7246143)")
"""PostgreSQL: numbers events in the order of their transactions.  SQLite has one writer anyway."""
ID_CHUNK = 500
"""Parameters of one IN list."""
JOB = select(jobs).where(jobs.c.id == bindparam("job_id"))
ARTIFACTS = (
    select(artifacts)
    .where(artifacts.c.job_id.in_(bindparam("job_ids", expanding=True)))
    .order_by(artifacts.c.rank.is_(None), artifacts.c.rank, artifacts.c.role)
)
"""Made once, since making costs more than executing; so are those below."""
QUERIES = {
    (deleted, writing): query.with_for_update() if writing else query
    for deleted, query in ((True, JOB), (False, JOB.where(jobs.c.deleted_at.is_(None))))
    for writing in (True, False)
}
TELLING = insert(events).from_select(
    [column.name for column in events.c],
    select(
        func.coalesce(func.max(events.c.number), 0) + 1,
        *(bindparam(column.name, type_=column.type) for column in events.c if column.name != "number"),
    ),
)
"""An event with the next number; the columns are those of `rows.event_values`."""
OPENING = insert(attempts)
CLOSING = (
    update(attempts)
    .where(attempts.c.job_id == bindparam("of_job"), attempts.c.number == bindparam("of_number"))
    .values({name: bindparam(name) for name in ("ended_at", "error_detail", *rows.failure_values(None))})
)


@lru_cache(256)
def _saving(changing: tuple[str, ...]) -> Update:
    """A row of `jobs` with other values in these columns, if it is still as it was known."""
    known = (jobs.c[name] == bindparam(f"known_{name}") for name in GUARDS)
    return update(jobs).where(*known).values({name: bindparam(f"new_{name}") for name in changing})


GUARDS = ("id", "status", "attempt", "updated_at")
"""What has not changed where nothing has: the last one rises with every write of what can be held."""


class SqlUnit(SqlWorkers):
    """The questions and changes of one transaction; `writing` locks the rows that are read."""

    def __init__(self, connection: Connection, *, writing: bool) -> None:
        super().__init__(connection)
        self._writing = writing
        self.shelf = SqlShelf(connection, writing=writing)
        self.shops = SqlShops(connection, writing=writing)
        self.templates = SqlTemplates(connection)
        self.access = SqlAccess(connection)
        self.designs = SqlDesigns(connection)
        self.batches = SqlBatches(connection, writing=writing)
        self.webhooks = SqlWebhooks(connection)
        self.sessions = SqlSessions(connection, writing=writing, read_jobs=self._jobs)

    def job(self, job_id: str, *, include_deleted: bool = False) -> Job | None:
        """The job of that id."""
        query = QUERIES[include_deleted, self._writing]
        return next(iter(self._jobs(query, {"job_id": job_id})), None)

    def jobs(self, filters: JobFilters, page: Page) -> list[Job]:
        """The jobs of a page."""
        query = select(jobs).where(*conditions_of(filters))
        return self._jobs(paged(query, page, jobs.c.created_at, jobs.c.id))

    def jobs_of(self, job_ids: Sequence[str]) -> list[Job]:
        """Those of these ids that are not deleted, by id."""
        found: list[Job] = []
        for start in range(0, len(job_ids), ID_CHUNK):
            these = jobs.c.id.in_(job_ids[start : start + ID_CHUNK])
            found += self._jobs(select(jobs).where(these, jobs.c.deleted_at.is_(None)))
        return sorted(found, key=lambda job: job.id)

    def count(self, filters: JobFilters) -> int:
        """How many there are."""
        query = select(func.count()).select_from(jobs).where(*conditions_of(filters))
        return self._connection.execute(query).scalar_one()

    def exists(self, filters: JobFilters) -> bool:
        """Whether there is any."""
        query = select(literal(1)).select_from(jobs).where(*conditions_of(filters)).limit(1)
        return self._connection.execute(query).first() is not None

    def known_jobs(self, job_ids: Sequence[str]) -> set[str]:
        """Which of these have a row, deleted or not."""
        return set(self._connection.execute(select(jobs.c.id).where(jobs.c.id.in_(job_ids))).scalars())

    def tally(self, filters: JobFilters) -> Mapping[str, int]:
        """How many there are in each status."""
        query = select(jobs.c.status, func.count()).where(*conditions_of(filters)).group_by(jobs.c.status)
        return dict(self._connection.execute(query).all())

    def due(
        self, statuses: Collection[str], *, queues: Collection[str], now: datetime, limit: int
    ) -> list[Job]:
        """By the index of what waits."""
        query = waiting_jobs(tuple(sorted(queues)), tuple(sorted(statuses)), locking=self._writing)
        return self._jobs(query, {"now": now, "candidates": limit + SPARE, "limit": limit})

    def untidy(self, statuses: Collection[str], *, limit: int) -> list[Job]:
        """The older first."""
        these = (jobs.c.untidy, jobs.c.deleted_at.is_(None), jobs.c.status.in_(statuses))
        return self._jobs(select(jobs).where(*these).order_by(jobs.c.updated_at).limit(limit))

    def add(self, new: Sequence[Job]) -> None:
        """New rows."""
        self._connection.execute(insert(jobs), [rows.job_values(job) for job in new])
        if len(new) >= MANY and self._connection.dialect.name == "postgresql":
            self._connection.execute(ANALYZE)

    def save(self, old: Job, new: Job) -> bool:
        """Changes what differs, if the row is still that of `old`."""
        changes = rows.job_changes(old, new)
        given = {f"known_{name}": getattr(old, name) for name in GUARDS}
        given |= {f"new_{name}": value for name, value in changes.items()}
        if self._connection.execute(_saving(tuple(changes)), given).rowcount != 1:
            return False
        self._save_artifacts(old.id, old.artifacts, new.artifacts)
        return True

    def soft_delete(self, filters: JobFilters, *, at: datetime) -> int:
        """Sets `deleted_at` of all of them in one statement."""
        latest = case((jobs.c.updated_at > at, jobs.c.updated_at), else_=at)
        change = update(jobs).where(*conditions_of(filters)).values(deleted_at=at, updated_at=latest)
        return self._connection.execute(change).rowcount

    def purge(self, job_id: str) -> None:
        """Deletes the row; attempts and artifacts go with it."""
        self._connection.execute(delete(jobs).where(jobs.c.id == job_id))

    def attempts(self, job_id: str) -> list[Attempt]:
        """In their order."""
        query = select(attempts).where(attempts.c.job_id == job_id).order_by(attempts.c.number)
        return [rows.attempt_of(row) for row in self._connection.execute(query).mappings()]

    def open_attempt(self, attempt: Attempt) -> None:
        """A new row."""
        self._connection.execute(OPENING, rows.attempt_values(attempt))

    def close_attempt(self, job_id: str, number: int, *, at: datetime, failure: Failure | None) -> None:
        """Ends an open attempt."""
        detail = failure.detail or None if failure else None
        ended = {"ended_at": at, "error_detail": detail, **rows.failure_values(failure)}
        self._connection.execute(CLOSING, {"of_job": job_id, "of_number": number, **ended})

    def emit(self, told: Sequence[Job], name: str, *, at: datetime, data: JsonObject) -> None:
        """One event for each job, with the next numbers."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(EVENT_LOCK)
        self._connection.execute(TELLING, [rows.event_values(job, name, at=at, data=data) for job in told])

    def last_event(self) -> int:
        """The highest number."""
        return self._connection.execute(select(func.max(events.c.number))).scalar() or 0

    def events(self, *, after: int, limit: int, job_id: str | None) -> list[Event]:
        """Events by number."""
        query = select(events).where(events.c.number > after).order_by(events.c.number).limit(limit)
        if job_id is not None:
            query = query.where(events.c.job_id == job_id)
        return [rows.event_of(row) for row in self._connection.execute(query).mappings()]

    def _jobs(
        self, query: Select[*tuple[object, ...]], given: Mapping[str, object] | None = None
    ) -> list[Job]:
        found = self._connection.execute(query, given).mappings().all()
        made = self._artifacts([row["id"] for row in found])
        return [rows.job_of(row, made[row["id"]]) for row in found]

    def _artifacts(self, job_ids: Sequence[str]) -> Mapping[str, list[Artifact]]:
        """Pictures by rank, then the others by role."""
        made: dict[str, list[Artifact]] = defaultdict(list)
        for start in range(0, len(job_ids), ID_CHUNK):
            these = {"job_ids": job_ids[start : start + ID_CHUNK]}
            for row in self._connection.execute(ARTIFACTS, these).mappings():
                made[row["job_id"]].append(rows.artifact_of(row))
        return made

    def _save_artifacts(self, job_id: str, old: Sequence[Artifact], new: Sequence[Artifact]) -> None:
        if old == new:
            return
        gone = [artifact.role for artifact in old if artifact not in new]
        come = [artifact for artifact in new if artifact not in old]
        if gone:
            these = (artifacts.c.job_id == job_id, artifacts.c.role.in_(gone))
            self._connection.execute(delete(artifacts).where(*these))
        if come:
            values = [rows.artifact_values(job_id, artifact) for artifact in come]
            self._connection.execute(insert(artifacts), values)
