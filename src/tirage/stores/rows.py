"""Between values of the job core and rows of the tables, both ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, cast

from sqlalchemy import RowMapping

from tirage.jobs.failure import Failure, FailureClass
from tirage.jobs.model import Artifact, Attempt, Event, Job, JsonObject, RecordedStep

Values = dict[str, Any]
ARTIFACT = tuple(field.name for field in fields(Artifact))
JOB = tuple(field.name for field in fields(Job) if field.name not in {"failure", "artifacts"})
EVENT = tuple(field.name for field in fields(Event))
STEP = tuple(field.name for field in fields(RecordedStep))


def job_values(job: Job) -> Values:
    """The row of a job; its artifacts are rows of their own."""
    return {name: getattr(job, name) for name in JOB} | failure_values(job.failure)


def job_changes(old: Job, new: Job) -> Values:
    """The columns that differ, as they are in `new`; always with the time of the change."""
    changes = {name: value for name in JOB if (value := getattr(new, name)) != getattr(old, name)}
    if new.failure != old.failure:
        changes |= failure_values(new.failure)
    return changes | {"updated_at": new.updated_at}


def job_of(row: RowMapping, artifacts: Sequence[Artifact]) -> Job:
    """The job of a row, its artifacts in their order."""
    values = {name: row[name] for name in JOB}
    return Job(**values, failure=_failure_of(row), artifacts=tuple(artifacts))


def artifact_values(job_id: str, artifact: Artifact) -> Values:
    """The row of an artifact."""
    return {"job_id": job_id, **asdict(artifact)}


def artifact_of(row: RowMapping) -> Artifact:
    """The artifact of a row."""
    return Artifact(**{name: row[name] for name in ARTIFACT})


def attempt_values(attempt: Attempt) -> Values:
    """The row of an attempt that is open."""
    return {
        "job_id": attempt.job_id,
        "number": attempt.number,
        "worker": attempt.worker,
        "started_at": attempt.started_at,
    }


def attempt_of(row: RowMapping) -> Attempt:
    """The attempt of a row."""
    return Attempt(
        job_id=row["job_id"],
        number=row["number"],
        worker=row["worker"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        failure=_failure_of(row, detail=row["error_detail"] or ""),
    )


def step_values(step: RecordedStep) -> Values:
    """The row of a step."""
    return {name: getattr(step, name) for name in STEP}


def event_values(job: Job, name: str, *, at: datetime, data: JsonObject) -> Values:
    """The row of an event, but for its number."""
    return {
        "job_id": job.id,
        "name": name,
        "at": at,
        "status": job.status,
        "attempt": job.attempt,
        "progress": job.progress,
        "data": data,
    }


def event_of(row: RowMapping) -> Event:
    """The event of a row."""
    return Event(**{name: row[name] for name in EVENT})


def failure_values(failure: Failure | None) -> Values:
    """The columns of a failure, but for its detail; NULL without one."""
    return {
        "error_class": failure and failure.kind.value,
        "error_code": failure and failure.code,
        "error_message": failure and failure.message,
        "error_hint": failure and failure.hint,
    }


def _failure_of(row: Mapping[Any, Any], *, detail: str = "") -> Failure | None:
    if row["error_message"] is None:
        return None
    return Failure(
        kind=FailureClass(row["error_class"]),
        code=cast("str", row["error_code"]),
        message=row["error_message"],
        hint=row["error_hint"],
        detail=detail,
    )
