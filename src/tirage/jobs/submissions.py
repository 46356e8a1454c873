"""From what a customer submits to a row: new jobs, and the two ways of retrying a failed one by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from typing import TypeVar, cast

from tirage import traces
from tirage.errors import Finding
from tirage.jobs import checks
from tirage.jobs.machine import FAILED, RetryBy, is_active, progress_for
from tirage.jobs.model import CREATED, RETRIED, Job, JobUpdate, JsonObject, NewJob, RetryOverrides
from tirage.jobs.pipeline import Rules
from tirage.jobs.store import Unit
from tirage.jobs.transitions import load, moment, move, save

RUN_STATE = frozenset({"error", "error_message", "media_ids", "progress", "reused_from", traces.PARENT})
"""Keys of a job's metadata that speak of its run: a retry does not inherit them."""
OVERRIDES = frozenset(RetryOverrides.__annotations__)
UPDATES = frozenset(JobUpdate.__annotations__)
OBJECTS = frozenset({"metadata", "options"})
T = TypeVar("T", Job, NewJob)


def new_jobs(rules: Rules, submitted: Sequence[NewJob]) -> list[Job]:
    """The rows to be; BadInput with all findings of all of them."""
    many = len(submitted) > 1
    findings: list[Finding] = []
    for place, new in enumerate(submitted):
        prefix = f"[{place}]." if many else ""
        findings += (replace(found, where=prefix + found.where) for found in _findings(rules, new))
    checks.raise_if_any(findings)
    return [_row(rules, new) for new in submitted]


def insert(unit: Unit, jobs: Sequence[Job]) -> None:
    """Rows and events; inserting a row is submitting the job (C-10)."""
    unit.add(jobs)
    unit.emit(jobs, CREATED, at=jobs[0].created_at, data={})


def update(unit: Unit, rules: Rules, job_id: str, changes: JobUpdate) -> Job:
    """The job with other fields changed; the whole is checked like a submission.  BadInput, NotFound."""
    checks.known_keys(changes, UPDATES, hint="A status is changed by set_status, results by set_results.")
    job = load(unit, job_id)
    if not is_active(rules.machine(job), job.status) and changes.keys() - {"metadata"}:
        message = f"Job {job.id} is {job.status}; only its metadata can change."
        raise checks.invalid(message, where="status")
    return _changed(unit, rules, job, {**changes})


def retry(unit: Unit, rules: Rules, job_id: str, overrides: RetryOverrides, *, new_id: str | None) -> Job:
    """The job that takes the place of a failed one: a new one, or the same again, as its pipeline has it.

    NotFound; BadInput INVALID_DATA: it has not failed, or the overrides do not fit.
    """
    checks.known_keys(overrides, OVERRIDES)
    job = load(unit, job_id)
    if job.status != FAILED:
        message = f"Job {job.id} is {job.status}; only a failed job can be retried."
        raise checks.invalid(message, where="status")
    if rules.machine(job).retry is RetryBy.SAME_JOB:
        return _again(unit, rules, _changed(unit, rules, job, {**overrides}))
    new = replace(_with(_submission(job), {**overrides}), metadata=_retried(job), id=new_id)
    again = new_jobs(rules, [new])[0]
    insert(unit, [again])
    unit.emit([job], RETRIED, at=moment(rules, job), data={"automatic": False, "retried_as": again.id})
    return again


def _again(unit: Unit, rules: Rules, job: Job) -> Job:
    again = move(unit, rules, job, rules.machine(job).initial, {})
    unit.emit([again], RETRIED, at=again.updated_at, data={"automatic": False})
    return again


def _changed(unit: Unit, rules: Rules, job: Job, changes: Mapping[str, object]) -> Job:
    """The row with other fields of its order; it has to be one that could have been submitted."""
    changed = _with(job, changes)
    ordered = _submission(changed)
    checks.raise_if_any(_findings(rules, ordered))
    changed = replace(changed, queue=rules.pipeline(job.pipeline).queue(ordered))
    return save(unit, job, changed, at=moment(rules, job))


def _with(ordered: T, changes: Mapping[str, object]) -> T:
    """A job or a submission with other fields; objects are merged key by key."""
    merged = {
        name: checks.merged(getattr(ordered, name), name, value) if name in OBJECTS else value
        for name, value in changes.items()
    }
    return replace(ordered, **merged)  # type: ignore[arg-type]  # names are OVERRIDES or UPDATES


def _findings(rules: Rules, new: NewJob) -> Iterable[Finding]:
    yield from checks.submission(new)
    yield from rules.pipeline(new.pipeline).check(new)


def _row(rules: Rules, new: NewJob) -> Job:
    at = rules.clock().astimezone(UTC)
    pipeline = rules.pipeline(new.pipeline)
    return Job(
        id=new.id or rules.ids.new(),
        pipeline=new.pipeline,
        status=pipeline.machine.initial,
        product_id=new.product_id,
        variant_id=new.variant_id,
        design_file_url=new.design_file_url,
        preset=new.preset,
        template_id=new.template_id,
        options=new.options,
        metadata=_traced(new.metadata),
        queue=pipeline.queue(new),
        priority=new.priority,
        max_attempts=pipeline.max_attempts,
        progress=progress_for(pipeline.machine, pipeline.machine.initial),
        created_at=at,
        updated_at=at,
    )


def _traced(metadata: JsonObject) -> JsonObject:
    """With the place in the trace where the job was ordered: its worker goes on from there."""
    place = traces.here()
    return {**metadata, traces.PARENT: place} if place else metadata


def _submission(job: Job) -> NewJob:
    """The order behind a job."""
    return NewJob(
        pipeline=job.pipeline,
        product_id=job.product_id,
        variant_id=job.variant_id,
        design_file_url=job.design_file_url,
        preset=job.preset,
        template_id=job.template_id,
        options=job.options,
        metadata=job.metadata,
        priority=job.priority,
    )


def _retried(job: Job) -> JsonObject:
    """The metadata of the job that takes its place (R040)."""
    count = job.metadata.get("retry_count", 0)
    kept = {name: value for name, value in job.metadata.items() if name not in RUN_STATE}
    before = count if isinstance(count, int) else 0
    return cast("JsonObject", {**kept, "retried_from": job.id, "retry_count": before + 1})
