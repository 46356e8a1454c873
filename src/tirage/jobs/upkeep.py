"""Taking jobs out of sight, back, and away.  A deleted job is hidden and stopped; restored, it goes on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, timedelta

from tirage.jobs import checks
from tirage.jobs.failure import Failure, FailureClass
from tirage.jobs.machine import FAILED, is_active
from tirage.jobs.model import Job, JobFilters, Purged
from tirage.jobs.pipeline import Rules
from tirage.jobs.store import Unit
from tirage.jobs.transitions import find, load, missing, moment, save


def soft_delete(unit: Unit, rules: Rules, job_ids: Sequence[str]) -> list[Job]:
    """The jobs, hidden; a worker that holds one loses its claim.  NotFound: one of them is not there."""
    return [_hide(unit, rules, load(unit, job_id)) for job_id in sorted(set(job_ids))]


def restore(unit: Unit, rules: Rules, job_id: str) -> Job:
    """The job, visible again and otherwise as it was.  NotFound."""
    job = _any(unit, job_id)
    return save(unit, job, replace(job, deleted_at=None), at=moment(rules, job))


def purge(unit: Unit, rules: Rules, job_id: str) -> Purged:
    """Removes the row for good, deleted or not; the files are the caller's to delete.

    NotFound; BadInput INVALID_DATA: it is active, so that somebody may be writing its files.
    """
    job = _any(unit, job_id)
    if is_active(rules.machine(job), job.status) and job.deleted_at is None:
        hint = "Cancel or delete it first."
        raise checks.invalid(f"Job {job.id} is {job.status}.", where="status", hint=hint)
    unit.purge(job.id)
    return Purged(job.id, tuple(rules.pipelines[job.pipeline].prefixes(job)))


def clean_up(unit: Unit, rules: Rules, *, older_than: timedelta, dry_run: bool) -> int:
    """How many failed jobs ended longer ago than that; they are hidden, unless it is a dry run (C-18)."""
    if older_than < timedelta(0):
        raise checks.invalid("older_than cannot be negative.", where="older_than")
    now = rules.clock().astimezone(UTC)
    old = JobFilters(statuses=(FAILED,), ended_before=now - older_than)
    return unit.count(old) if dry_run else unit.soft_delete(old, at=now)


def tidied(unit: Unit, rules: Rules, job_id: str) -> Job | None:
    """The job without results, since nothing of its attempts is left; None when it is gone."""
    job = find(unit, job_id, include_deleted=True)
    if job is None or not job.untidy or is_active(rules.machine(job), job.status):
        return job
    unit.void_steps(job_id)
    return save(unit, job, replace(job, untidy=False, artifacts=()), at=moment(rules, job))


def forget_steps(
    unit: Unit, rules: Rules, statuses: Collection[str], *, older_than: timedelta, dry_run: bool
) -> int:
    """How many steps are recorded of jobs that ended so long ago; deleted, unless it is a dry run."""
    ended = JobFilters(
        statuses=tuple(statuses),
        ended_before=rules.clock().astimezone(UTC) - older_than,
        include_deleted=True,
    )
    return unit.count_steps(ended) if dry_run else unit.forget_steps(ended)


def _hide(unit: Unit, rules: Rules, job: Job) -> Job:
    at = moment(rules, job)
    hidden = save(unit, job, replace(job, deleted_at=at, worker=None, step=None), at=at)
    if job.worker:
        unit.close_attempt(job.id, job.attempt, at=at, failure=Failure.of(FailureClass.CANCELLED))
    return hidden


def _any(unit: Unit, job_id: str) -> Job:
    job = find(unit, job_id, include_deleted=True)
    if job is None:
        raise missing(job_id)
    return job
