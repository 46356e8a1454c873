"""How a job changes: `_enter` is the one place that assigns a status.  Each is part of a transaction.
A worker names the attempt it holds; when that is no longer the open one its write is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tirage.errors import Conflict, NotFound
from tirage.jobs import checks
from tirage.jobs.failure import Failure, FailureClass
from tirage.jobs.ids import is_job_id
from tirage.jobs.machine import (
    CANCELLED,
    COMPLETED,
    FAILED,
    StateMachine,
    allowed,
    can_transition,
    is_active,
    progress_for,
    progress_on_entering,
)
from tirage.jobs.model import PROGRESS, RESULTS, Artifact, Job, JsonObject, Results, StatusData
from tirage.jobs.pipeline import Rules
from tirage.jobs.store import Unit

STATUS_DATA = frozenset(StatusData.__annotations__)
TICK = timedelta(microseconds=1)
"""The least difference of times that a store keeps."""


def find(unit: Unit, job_id: str, *, include_deleted: bool = False) -> Job | None:
    """The job of that id, whatever the text is."""
    return unit.job(job_id, include_deleted=include_deleted) if is_job_id(job_id) else None


def load(unit: Unit, job_id: str, attempt: int | None = None) -> Job:
    """The job, for a change.

    NotFound; Conflict when `attempt` is given and is not the open one: it is over, or another worker's.
    """
    job = find(unit, job_id)
    if attempt is not None and (job is None or job.worker is None or job.attempt != attempt):
        raise lost(job_id, attempt)
    if job is None:
        raise missing(job_id)
    return job


def set_status(
    unit: Unit, rules: Rules, job_id: str, status: str, data: StatusData, *, attempt: int | None = None
) -> Job:
    """The job in that status with the data merged; in the same status only the data is merged (R030).

    BadInput INVALID_DATA, NotFound, Conflict.
    """
    return put(unit, rules, load(unit, job_id, attempt), status, data)


def put(unit: Unit, rules: Rules, job: Job, status: str, data: StatusData) -> Job:
    """The same for a job that this transaction has loaded."""
    if status == job.status:
        return save(unit, job, merged(rules, job, data), at=moment(rules, job))
    failure = None
    if status == FAILED:
        text = checks.message(data.get("error_message"))
        failure = Failure.of(FailureClass.BUG, code="RENDER_FAILED", message=text)
    return move(unit, rules, job, status, data, failure=failure)


def move(
    unit: Unit, rules: Rules, job: Job, status: str, data: StatusData, *, failure: Failure | None = None
) -> Job:
    """The job in another status, with its event; a move out of the active ones ends the open attempt."""
    at = moment(rules, job)
    changed = save(unit, job, moved(rules, job, status, data, at=at, failure=failure), at=at)
    tell(unit, rules, job, changed, at=at, failure=failure)
    return changed


def merged(rules: Rules, job: Job, data: StatusData) -> Job:
    """The job with the data, in the status that it has; nothing is written.  BadInput INVALID_DATA."""
    checks.known_keys(data, STATUS_DATA)
    changed = _with_data(job, data, rules.machine(job))
    if "error_message" in data and job.failure:
        text = checks.message(data["error_message"])
        changed = replace(changed, failure=replace(job.failure, message=text))
    return changed


def moved(
    rules: Rules, job: Job, status: str, data: StatusData, *, at: datetime, failure: Failure | None = None
) -> Job:
    """The job in another status, with the data; nothing is written.  BadInput INVALID_DATA."""
    checks.known_keys(data, STATUS_DATA)
    machine = rules.machine(job)
    _check_move(machine, job, status)
    if "error_message" in data and status != FAILED:
        raise checks.invalid("error_message goes with the status failed.", where="error_message")
    return _with_data(_enter(job, machine, status, at, failure), data, machine)


def tell(
    unit: Unit, rules: Rules, job: Job, changed: Job, *, at: datetime, failure: Failure | None = None
) -> None:
    """What belongs to a status that was just written: the end of the attempt, if it is one, and the event."""
    if changed.status == job.status:
        return
    if job.worker and not changed.worker:
        ending = failure or (Failure.of(FailureClass.CANCELLED) if changed.status == CANCELLED else None)
        unit.close_attempt(job.id, job.attempt, at=at, failure=ending)
    told: JsonObject = {"from": job.status}
    if failure:
        told = {**told, "class": failure.kind, "code": failure.code, "message": failure.message}
    unit.emit([changed], rules.machine(job).events[changed.status], at=at, data=told)


def cancel(unit: Unit, rules: Rules, job_id: str) -> Job:
    """The job, cancelled.  NotFound; BadInput INVALID_DATA: it is not active."""
    job = load(unit, job_id)
    if not is_active(rules.machine(job), job.status):
        message = f"Job {job.id} is {job.status}; only an active job can be cancelled."
        raise checks.invalid(message, where="status")
    return move(unit, rules, job, CANCELLED, {})


def set_results(
    unit: Unit, rules: Rules, job_id: str, results: Results, *, attempt: int | None = None
) -> Job:
    """The job with these results; the others stay (R010).  BadInput, NotFound, Conflict."""
    checks.known_keys(results, RESULTS)
    job = load(unit, job_id, attempt)
    changed = replace(job, artifacts=_with_results(job.artifacts, {**results}))
    return save(unit, job, changed, at=moment(rules, job))


def report_progress(
    unit: Unit,
    rules: Rules,
    job_id: str,
    *,
    attempt: int,
    done: int,
    of: int,
    step: str | None,
    known: Job | None = None,
) -> Job:
    """The job with `done` of `of` units of its status' work; never less than before.  Conflict."""

    def report(job: Job) -> Job:
        reached = max(job.progress, progress_for(rules.machine(job), job.status, done=done, of=of))
        changed = save(unit, job, replace(job, progress=reached, step=step), at=moment(rules, job))
        if changed.progress != job.progress:
            told: JsonObject = {"step": step, "done": done, "of": of}
            unit.emit([changed], PROGRESS, at=changed.updated_at, data=told)
        return changed

    return held(unit, job_id, attempt, known, report)


def held(unit: Unit, job_id: str, attempt: int, known: Job | None, write: Callable[[Job], Job]) -> Job:
    """What a worker writes of the job that it holds.

    Nearly always nobody else has changed the row since the worker's last write, so that is what `write` gets
    first, unread.  Its first write has to be the row's: that is refused when the row has changed, and then it
    is read.  Conflict: the attempt is not the open one.
    """
    if known is not None and known.worker is not None:
        with suppress(Conflict):
            return write(known)
    return write(load(unit, job_id, attempt))


def save(unit: Unit, job: Job, changed: Job, *, at: datetime) -> Job:
    """The row as it is afterwards; without a change nothing is written.  Conflict: it changed meanwhile."""
    return job if changed == job else overwrite(unit, job, changed, at=at)


def overwrite(unit: Unit, job: Job, changed: Job, *, at: datetime) -> Job:
    """The same, without a change too: that nobody else has changed the row is certain afterwards.

    `updated_at` rises with every write, whatever the clock does: two states of a row never share it (but for
    the clean-up of failed ones, in one statement: nobody holds them).
    """
    changed = replace(changed, updated_at=max(at, job.updated_at + TICK))
    if not unit.save(job, changed):
        raise lost(job.id, job.attempt)
    return changed


def moment(rules: Rules, job: Job) -> datetime:
    """Now, or the job's last change when the clock was set back: times of a job never run back."""
    return max(rules.clock().astimezone(UTC), job.updated_at)


def lost(job_id: str, attempt: int) -> Conflict:
    """The error for who writes what is no longer theirs to write."""
    return Conflict("CONFLICT", f"Attempt {attempt} of job {job_id} is over or belongs to somebody else.")


def missing(job_id: str) -> NotFound:
    """The error for a job that is not there, or deleted."""
    return NotFound("NOT_FOUND", f"There is no job {job_id[:60]!r}.")


def _check_move(machine: StateMachine, job: Job, status: str) -> None:
    if status not in machine.statuses:
        known = f"The statuses are {', '.join(machine.statuses)}."
        raise checks.invalid(f"There is no status {str(status)[:60]!r}.", where="status", hint=known)
    if not can_transition(machine, job.status, status):
        may = ", ".join(allowed(machine, job.status)) or "nothing"
        message = f"Job {job.id} is {job.status} and cannot become {status}; allowed: {may}."
        raise checks.invalid(message, where="status")


def _enter(job: Job, machine: StateMachine, status: str, at: datetime, failure: Failure | None) -> Job:
    """What entering a status means for the row."""
    changed = replace(
        job,
        status=status,
        progress=progress_on_entering(machine, status, job.progress),
        progress_at_failure=job.progress if status == FAILED else None,
        failure=replace(failure, detail="") if failure and status == FAILED else None,
        not_before=None,
    )
    if status == machine.initial:  # back to the start: a retry of the same job, with one more attempt
        most = max(job.max_attempts, job.attempt + 1)
        return replace(changed, started_at=None, completed_at=None, max_attempts=most)
    if is_active(machine, status):
        return replace(changed, started_at=job.started_at or at)
    untidy = job.untidy and status != COMPLETED
    return replace(changed, completed_at=job.completed_at or at, worker=None, step=None, untidy=untidy)


def _with_data(job: Job, data: StatusData, machine: StateMachine) -> Job:
    """The job with everything of `data` but the error message; a caller's times win (R039)."""
    if "metadata" in data:
        job = replace(job, metadata=checks.merged(job.metadata, "metadata", data["metadata"]))
    if "started_at" in data:
        job = replace(job, started_at=checks.utc("started_at", data["started_at"]))
    if "completed_at" in data:
        job = replace(job, completed_at=checks.utc("completed_at", data["completed_at"]))
    if "progress" in data and is_active(machine, job.status):
        job = replace(job, progress=_raised(job, data["progress"], machine))
    if "order_key" in data:
        job = replace(job, order_key=data["order_key"])
    given = {artifact.role: artifact for artifact in data.get("artifacts", ())}
    for artifact in given.values():
        checks.raise_if_any(checks.reference(artifact.role, artifact.key))
    artifacts = (*(held for held in job.artifacts if held.role not in given), *given.values())
    return replace(job, artifacts=_with_results(artifacts, {**data}))


def _raised(job: Job, asked: object, machine: StateMachine) -> int:
    """Progress as asked for, within the status' part of the scale and not below what it was."""
    if type(asked) is not int or not 0 <= asked <= 100:
        raise checks.invalid("progress goes from 0 to 100.", where="progress")
    most = progress_for(machine, job.status, done=1, of=1)
    return max(job.progress, min(asked, most))


def _with_results(artifacts: tuple[Artifact, ...], results: Mapping[str, object]) -> tuple[Artifact, ...]:
    """An artifact that gets another key is another file: what was measured of the old one goes."""
    by_role = {artifact.role: artifact for artifact in artifacts}
    for name in RESULTS.keys() & results.keys():
        key = results[name]
        checks.raise_if_any(checks.reference(name, key))
        role, rank = RESULTS[name]
        held = by_role.pop(role, None)
        if key is not None:
            by_role[role] = held if held and held.key == key else Artifact(role=role, key=str(key), rank=rank)
    return tuple(sorted(by_role.values(), key=artifact_order))


def artifact_order(artifact: Artifact) -> tuple[bool, int, str]:
    """Pictures by rank, then the others by role."""
    return artifact.rank is None, artifact.rank or 0, artifact.role
