"""Tries of a job: who may start one, and what follows when one fails.  `failed` is after the last (C-09)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, timedelta

from tirage.jobs import checks
from tirage.jobs.failure import FAILURES, Failure, FailureClass
from tirage.jobs.machine import (
    CANCELLED,
    FAILED,
    can_transition,
    is_active,
    next_status,
    progress_for,
)
from tirage.jobs.model import RETRIED, Attempt, Job, JsonObject
from tirage.jobs.pipeline import Pipeline, Rules
from tirage.jobs.store import Unit
from tirage.jobs.transitions import load, lost, moment, move, save

JITTER = 0.25
"""Waiting times differ by up to this part, so that jobs that failed together do not come back together."""
DETAIL_LENGTH = 20_000


def claim(unit: Unit, rules: Rules, *, worker: str, queues: Collection[str], limit: int) -> list[Job]:
    """The jobs that should start next, held by that worker; fewer when others were first."""
    now = rules.clock().astimezone(UTC)
    due = unit.due(rules.active(), queues=queues, now=now, limit=limit)
    return [_hold(unit, rules, job, worker) for job in due]


def start_attempt(unit: Unit, rules: Rules, job_id: str, *, worker: str, after: int) -> Job:
    """The job, held by `worker` in its attempt `after` + 1; its status stays until the worker changes it.

    NotFound; Conflict: attempt `after` is not its last one, or is not over, or the job is no longer active.
    """
    job = load(unit, job_id)
    machine = rules.machine(job)
    if job.attempt != after or job.worker is not None or not is_active(machine, job.status):
        raise lost(job_id, after + 1)
    return _hold(unit, rules, job, worker)


def _hold(unit: Unit, rules: Rules, job: Job, worker: str) -> Job:
    """The job with a new open attempt."""
    number = job.attempt + 1
    progress = progress_for(rules.machine(job), job.status)
    held = replace(
        job, attempt=number, worker=worker, not_before=None, progress=progress, step=None, untidy=True
    )
    at = moment(rules, job)
    held = save(unit, job, held, at=at)
    unit.open_attempt(Attempt(job_id=job.id, number=number, worker=worker, started_at=at))
    return held


def end_attempt(unit: Unit, rules: Rules, job_id: str, *, attempt: int, failure: Failure) -> Job:
    """The job after a failed attempt: waiting for the next one, or `failed`, or `cancelled`.

    Conflict: the attempt is not the open one.
    """
    job = load(unit, job_id, attempt)
    failure = replace(
        failure,
        message=checks.message(failure.message),
        detail=checks.clean(failure.detail)[-DETAIL_LENGTH:],
    )
    if failure.kind is FailureClass.CANCELLED:
        return move(unit, rules, job, CANCELLED, {}, failure=failure)
    if not may_try_again(job, failure.kind, unit.attempts(job_id)):
        return _fail(unit, rules, job, failure)
    at = moment(rules, job)
    wait = backoff(rules.pipelines[job.pipeline], job.attempt, rules.chance())
    waiting = replace(job, worker=None, step=None, not_before=at + wait)
    waiting = save(unit, job, waiting, at=at)
    unit.close_attempt(job.id, job.attempt, at=at, failure=failure)
    told: JsonObject = {"class": failure.kind, "code": failure.code, "message": failure.message}
    until: JsonObject = {"attempt": job.attempt, "not_before": (at + wait).isoformat()}
    unit.emit([waiting], RETRIED, at=at, data={"automatic": True, **told, **until})
    return waiting


def _fail(unit: Unit, rules: Rules, job: Job, failure: Failure) -> Job:
    """The job, failed; where only what has begun can fail, it begins first: histories are paths."""
    machine = rules.machine(job)
    following = next_status(machine, job.status)
    if following is not None and not can_transition(machine, job.status, FAILED):
        job = move(unit, rules, job, following, {})
    return move(unit, rules, job, FAILED, {}, failure=failure)


def give_back(unit: Unit, rules: Rules, job_id: str, *, attempt: int) -> Job:
    """The job, free for another worker at once; the attempt does not count.  Conflict."""
    job = load(unit, job_id, attempt)
    at = moment(rules, job)
    freed = replace(job, worker=None, step=None, max_attempts=job.max_attempts + 1)
    freed = save(unit, job, freed, at=at)
    gone = Failure.of(FailureClass.WORKER_LOST, message="The worker was shut down.")
    unit.close_attempt(job.id, job.attempt, at=at, failure=gone)
    told: JsonObject = {"class": gone.kind, "code": gone.code, "message": gone.message}
    unit.emit([freed], RETRIED, at=at, data={"automatic": True, "attempt": job.attempt, **told})
    return freed


def may_try_again(job: Job, kind: FailureClass, attempts: Sequence[Attempt]) -> bool:
    """Whether a job whose open attempt fails like that gets another one; `attempts` are all it had."""
    retries = FAILURES[kind].retries
    like_it = sum(1 for past in attempts if past.failure and past.failure.kind is kind)
    return job.attempt < job.max_attempts and (retries is None or like_it < retries)


def backoff(pipeline: Pipeline, attempt: int, chance: float) -> timedelta:
    """How long to wait after attempt 1, 2 …; `chance` from 0 to 1 moves it within ± JITTER."""
    seconds = pipeline.backoff[min(attempt, len(pipeline.backoff)) - 1]
    return timedelta(seconds=seconds * (1 + JITTER * (2 * chance - 1)))
