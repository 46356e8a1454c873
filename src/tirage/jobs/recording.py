"""What a worker writes while it works: one transaction where a step ends and the next one begins."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tirage.jobs.machine import can_transition
from tirage.jobs.model import EndedStep, Job, RecordedStep, StatusData
from tirage.jobs.pipeline import Rules
from tirage.jobs.store import Unit
from tirage.jobs.transitions import held, merged, moment, moved, overwrite, tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """A step forward in an attempt."""

    ended: EndedStep | None = None
    status: str | None = None
    """Where the job comes to, unless it is beyond that because an earlier attempt came further."""
    begun: str | None = None
    """Name of the next step."""
    data: StatusData = field(default_factory=StatusData)
    """Goes with the status."""


def advance(
    unit: Unit, rules: Rules, job_id: str, forward: Advance, *, attempt: int, known: Job | None = None
) -> Job:
    """The job after a step: recorded, with what it brought for the row, in a status, at the next step.

    Conflict: the attempt is not the open one.
    """
    return held(unit, job_id, attempt, known, lambda job: _advance(unit, rules, job, forward))


def _advance(unit: Unit, rules: Rules, job: Job, forward: Advance) -> Job:
    at = moment(rules, job)
    changed = merged(rules, job, forward.ended.data) if forward.ended else job
    if forward.status and can_transition(rules.machine(job), job.status, forward.status):
        changed = moved(rules, changed, forward.status, forward.data, at=at)
    if forward.begun:
        changed = replace(changed, step=forward.begun)
    changed = overwrite(unit, job, changed, at=at)
    steps = []
    if ended := forward.ended:
        steps.append(
            RecordedStep(
                job_id=job.id,
                name=ended.name,
                attempt=job.attempt,
                started_at=at,
                ended_at=at,
                value=ended.value,
            )
        )
    if forward.begun:
        steps.append(RecordedStep(job_id=job.id, name=forward.begun, attempt=job.attempt, started_at=at))
    unit.record(steps)
    tell(unit, rules, job, changed, at=at)
    return changed
