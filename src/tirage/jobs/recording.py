"""What a worker writes while it works: one transaction where a step ends and the next one begins."""

from __future__ import annotations

from dataclasses import replace

from tirage.jobs.machine import can_transition
from tirage.jobs.model import EndedStep, Job, RecordedStep, StatusData
from tirage.jobs.pipeline import Rules
from tirage.jobs.store import Unit
from tirage.jobs.transitions import load, moment, put, save


def advance(
    unit: Unit,
    rules: Rules,
    job_id: str,
    *,
    attempt: int,
    ended: EndedStep | None,
    status: str | None,
    begun: str | None,
    data: StatusData,
) -> Job:
    """The job after a step: recorded, with what it brought for the row, in a status, at the next step.

    `data` goes with the status.  A status that the job is beyond, because an earlier attempt came further, is
    left out.  Conflict.
    """
    job = load(unit, job_id, attempt)
    if ended:
        at = moment(rules, job)
        done = RecordedStep(
            job_id=job_id, name=ended.name, attempt=attempt, started_at=at, ended_at=at, value=ended.value
        )
        unit.end_step(done)
        job = put(unit, rules, job, job.status, ended.data)
    if status is not None and can_transition(rules.machine(job), job.status, status):
        job = put(unit, rules, job, status, data)
    if begun is None:
        return job
    at = moment(rules, job)
    unit.begin_step(RecordedStep(job_id=job_id, name=begun, attempt=attempt, started_at=at))
    return save(unit, job, replace(job, step=begun), at=at)
