"""Attempts on both stores: claims, back-off, who may write, and what follows a failure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from jobsteps import failure, made, near, order
from tirage.errors import BadInput, Conflict, NotFound
from tirage.jobs.failure import Failure, FailureClass
from tirage.jobs.machine import RetryBy
from tirage.jobs.model import Attempt, Job
from tirage.jobs.service import JobService
from tirage.mockup.states import MOCKUP
from tirage.mockup.submission import MOCKUP_PIPELINE
from tirage.stores.database import Database
from tirage.testing import FakeClock

TRANSIENT = (FailureClass.UNAVAILABLE, FailureClass.TIMEOUT, FailureClass.WORKER_LOST)
ONCE = (FailureClass.RESOURCE, FailureClass.BUG)
PERMANENT = (FailureClass.INVALID_INPUT, FailureClass.NOT_FOUND, FailureClass.CONFIGURATION)


def fail(service: JobService, job: Job, kind: FailureClass) -> Job:
    """One more attempt that fails like that."""
    held = service.start_attempt(job.id, worker="w", after=job.attempt)
    return service.end_attempt(job.id, attempt=held.attempt, failure=failure(kind))


def test_an_attempt_holds_the_job_and_its_status_stays(service: JobService, clock: FakeClock) -> None:
    job = made(service)
    clock.advance(2)
    held = service.start_attempt(job.id, worker="worker-1", after=0)
    assert held == replace(job, attempt=1, worker="worker-1", untidy=True, updated_at=clock.now)
    assert service.retrieve(job.id) == held
    assert service.due() == []
    assert service.attempts(job.id) == [
        Attempt(job_id=job.id, number=1, worker="worker-1", started_at=clock.now)
    ]
    service.set_status(job.id, "compositing", attempt=1)
    reported = service.report_progress(job.id, attempt=1, done=1, of=2, step="compose")
    assert (reported.progress, reported.step) == (37, "compose")
    assert service.retrieve(job.id) == reported
    assert service.report_progress(job.id, attempt=1, done=0, of=2, step="compose") == reported
    service.set_status(job.id, "rendering", attempt=1)
    done = service.set_status(job.id, "completed", attempt=1)
    assert (done.worker, done.step) == (None, None)
    (attempt,) = service.attempts(job.id)
    assert near(attempt.ended_at, clock.now)
    assert attempt.failure is None


@pytest.mark.rows("C-09", "C-27", "G-10", "R117", "R187")
@pytest.mark.parametrize("kind", TRANSIENT)
def test_failed_comes_after_the_last_attempt_only(
    service: JobService, clock: FakeClock, kind: FailureClass
) -> None:
    job = made(service)
    held = service.start_attempt(job.id, worker="w", after=0)
    service.set_status(job.id, "compositing", attempt=held.attempt)
    for number, wait in ((1, 2), (2, 4)):
        job = service.end_attempt(job.id, attempt=number, failure=failure(kind, "Away."))
        assert (job.status, job.worker, job.failure) == ("compositing", None, None)
        assert near(job.not_before, clock.now + timedelta(seconds=wait))
        assert service.due() == []
        clock.advance(wait + 0.001)
        assert service.due() == [job]
        job = service.start_attempt(job.id, worker="w", after=number)
        assert job.not_before is None
    job = service.end_attempt(job.id, attempt=3, failure=failure(kind, "Away."))
    assert (job.status, job.attempt, job.error_message) == ("failed", 3, "Away.")
    assert job.failure == replace(failure(kind, "Away."), detail="")
    assert service.retrieve(job.id) == job
    assert [attempt.failure for attempt in service.attempts(job.id)] == [failure(kind, "Away.")] * 3
    told = service.events(job_id=job.id)
    assert [event.name.removeprefix("render.job.") for event in told] == [
        "created", "compositing", "retried", "retried", "failed"
    ]  # fmt: skip
    assert told[2].data["automatic"] is True
    assert told[-1].data["class"] == kind


@pytest.mark.rows("R187")
def test_how_often_each_class_is_tried_again(service: JobService, clock: FakeClock) -> None:
    for kinds, attempts in ((PERMANENT, 1), (ONCE, 2), (TRANSIENT, 3)):
        for kind in kinds:
            job = made(service)
            while job.status == "pending":
                job = fail(service, job, kind)
            assert (job.status, job.attempt) == ("failed", attempts), kind
    job = made(service)
    for kind in (FailureClass.BUG, FailureClass.RESOURCE):
        job = fail(service, job, kind)
        assert job.status == "pending"
    assert fail(service, job, FailureClass.TIMEOUT).status == "failed"
    assert clock.now == job.created_at


def test_waiting_times_vary_within_a_quarter(database: Database, clock: FakeClock) -> None:
    for chance, seconds in ((0.0, 1.5), (0.5, 2.0), (1.0, 2.5)):
        service = JobService(
            database, pipelines=[MOCKUP_PIPELINE], clock=clock, chance=lambda value=chance: value
        )
        job = fail(service, made(service), FailureClass.TIMEOUT)
        assert near(job.not_before, clock.now + timedelta(seconds=seconds))


def test_a_cancelled_attempt_cancels_the_job(service: JobService) -> None:
    job = fail(service, made(service), FailureClass.CANCELLED)
    assert (job.status, job.failure) == ("cancelled", None)
    (attempt,) = service.attempts(job.id)
    assert attempt.failure is not None
    assert attempt.failure.kind == "cancelled"


@pytest.mark.rows("R301", "C-12")
def test_a_claim_that_is_lost_writes_nothing(service: JobService, clock: FakeClock) -> None:
    """A worker that was taken for dead, cancelled or deleted drops its result."""

    def cancelled(job: Job) -> None:
        service.cancel(job.id)

    def taken_over(job: Job) -> None:
        service.end_attempt(job.id, attempt=1, failure=failure(FailureClass.WORKER_LOST))
        service.start_attempt(job.id, worker="other", after=1)

    def put_back(job: Job) -> None:
        service.end_attempt(job.id, attempt=1, failure=failure(FailureClass.WORKER_LOST))

    def deleted(job: Job) -> None:
        service.soft_delete([job.id])

    def restored(job: Job) -> None:
        service.soft_delete([job.id])
        service.restore(job.id)

    for lose in (cancelled, taken_over, put_back, deleted, restored):
        job = made(service)
        service.start_attempt(job.id, worker="w", after=0)
        lose(job)
        before, told = service.get(job.id), service.events(limit=1000)
        writes = (
            lambda job=job: service.set_status(job.id, "compositing", attempt=1),
            lambda job=job: service.set_status(job.id, "pending", {"metadata": {"a": 1}}, attempt=1),
            lambda job=job: service.set_results(job.id, {"animation_url": "media/a"}, attempt=1),
            lambda job=job: service.report_progress(job.id, attempt=1, done=1, of=2),
            lambda job=job: service.end_attempt(job.id, attempt=1, failure=failure()),
        )
        for write in writes:
            with pytest.raises(Conflict) as caught:
                write()
            assert caught.value.code == "CONFLICT"
        assert service.get(job.id) == before
        assert service.events(limit=1000) == told
    clock.advance(1)


def test_an_attempt_starts_once(service: JobService) -> None:
    job = made(service)
    for after in (1, -1):
        with pytest.raises(Conflict):
            service.start_attempt(job.id, worker="w", after=after)
    service.start_attempt(job.id, worker="w", after=0)
    for after in (0, 1):
        with pytest.raises(Conflict):
            service.start_attempt(job.id, worker="w", after=after)
    ended = made(service, "completed")
    with pytest.raises(Conflict):
        service.start_attempt(ended.id, worker="w", after=0)
    with pytest.raises(NotFound):
        service.start_attempt(service.new_id(), worker="w", after=0)


def test_a_deleted_job_stops_and_a_restored_one_goes_on(service: JobService) -> None:
    job = made(service)
    service.start_attempt(job.id, worker="w", after=0)
    service.soft_delete([job.id])
    (attempt,) = service.attempts(job.id)
    assert attempt.failure is not None
    assert service.due() == []
    back = service.restore(job.id)
    assert service.due() == [back]
    assert service.start_attempt(job.id, worker="w", after=1).attempt == 2


def test_cancelling_ends_the_open_attempt(service: JobService) -> None:
    job = made(service)
    service.start_attempt(job.id, worker="w", after=0)
    assert service.cancel(job.id).worker is None
    (attempt,) = service.attempts(job.id)
    assert attempt.ended_at is not None
    assert attempt.failure == Failure.of(FailureClass.CANCELLED)


def test_failing_by_hand_ends_the_open_attempt(service: JobService) -> None:
    job = made(service)
    service.start_attempt(job.id, worker="w", after=0)
    service.set_status(job.id, "failed", {"error_message": "Wrong shirt."})
    (attempt,) = service.attempts(job.id)
    assert attempt.failure is not None
    assert attempt.failure.message == "Wrong shirt."


@pytest.mark.rows("C-07", "G-9")
def test_progress_starts_anew_with_an_attempt(service: JobService) -> None:
    job = made(service)
    service.start_attempt(job.id, worker="w", after=0)
    service.set_status(job.id, "compositing", attempt=1)
    service.set_status(job.id, "rendering", attempt=1)
    assert service.report_progress(job.id, attempt=1, done=5, of=6).progress == 91
    waiting = service.end_attempt(job.id, attempt=1, failure=failure())
    assert waiting.progress == 91
    again = service.start_attempt(job.id, worker="w", after=1)
    assert (again.status, again.progress) == ("rendering", 50)


def test_the_order_of_what_is_due(service: JobService, clock: FakeClock) -> None:
    """Interactive orders before batches, whatever their status; of equals the older first."""
    batch = service.create_many([order(priority=9) for _ in range(5)])
    clock.advance(1)
    interactive = [made(service, status) for status in ("pending", "rendering", "compositing", "pending")]
    made(service, "completed")
    deleted = made(service)
    service.soft_delete([deleted.id])
    held = made(service, priority=1)
    service.start_attempt(held.id, worker="w", after=0)
    expected = [job.id for job in (*interactive, *batch)]
    assert [job.id for job in service.due()] == expected
    assert [job.id for job in service.due(3)] == expected[:3]
    with pytest.raises(BadInput):
        service.due(0)


@pytest.mark.rows("C-03")
def test_a_retry_of_the_same_job_keeps_its_attempts(database: Database, clock: FakeClock) -> None:
    """As the video pipeline has it: the same id, one more attempt, the history kept."""
    moves = {**MOCKUP.moves, "failed": frozenset({"pending"})}
    events = {**MOCKUP.events, "pending": "render.job.queued"}
    machine = replace(MOCKUP, moves=moves, events=events, retry=RetryBy.SAME_JOB)
    pipeline = replace(MOCKUP_PIPELINE, machine=machine, max_attempts=1)
    service = JobService(database, pipelines=[pipeline], clock=clock, chance=lambda: 0.5)
    job = made(service)
    service.start_attempt(job.id, worker="w", after=0)
    service.set_status(job.id, "compositing", attempt=1)
    job = service.end_attempt(job.id, attempt=1, failure=failure())
    assert job.status == "failed"
    clock.advance(60)
    again = service.retry(job.id, {"preset": "back-large"})
    assert again.id == job.id
    assert again == service.retrieve(job.id)
    assert (again.status, again.preset, again.progress, again.failure) == ("pending", "back-large", 0, None)
    assert (again.started_at, again.completed_at, again.attempt) == (None, None, 1)
    assert service.due() == [again]
    service.start_attempt(job.id, worker="w", after=1)
    running = service.set_status(job.id, "compositing", attempt=2)
    assert near(running.started_at, clock.now)
    assert [attempt.number for attempt in service.attempts(job.id)] == [1, 2]
    assert [event.name.removeprefix("render.job.") for event in service.events(job_id=job.id)] == [
        "created", "compositing", "failed", "queued", "retried", "compositing"
    ]  # fmt: skip
    assert service.end_attempt(job.id, attempt=2, failure=failure()).status == "failed"
