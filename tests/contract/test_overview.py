"""What operators are told of jobs, on both databases."""

from __future__ import annotations

import pytest

from jobsteps import made
from tirage.jobs.failure import Failure, FailureClass
from tirage.jobs.model import EndedStep, JobFilters
from tirage.jobs.overview import Working
from tirage.jobs.recording import Advance
from tirage.jobs.service import JobService
from tirage.testing import FakeClock

DAY = 86_400.0


@pytest.mark.rows("R288")
def test_the_overview(service: JobService, clock: FakeClock) -> None:
    old = service.start_attempt(made(service).id, worker="one", after=0)
    service.end_attempt(old.id, attempt=1, failure=Failure.of(FailureClass.INVALID_INPUT))
    clock.advance(2 * DAY)
    for seconds in (1, 3, 2):
        job = service.start_attempt(made(service).id, worker="one", after=0)
        service.advance(job.id, Advance(status="compositing", begun="compose"), attempt=1)
        clock.advance(seconds)
        service.advance(
            job.id,
            Advance(ended=EndedStep(name="compose", value={}), status="rendering", begun="render"),
            attempt=1,
        )
    service.end_attempt(job.id, attempt=1, failure=Failure.of(FailureClass.INVALID_INPUT))
    now = service.overview()
    assert now.by_status == {"failed": 2, "rendering": 2}
    assert now.failures == {FailureClass.INVALID_INPUT.value: 1}, "of the last day"
    (step,) = now.steps
    assert (step.name, step.runs) == ("compose", 3)
    assert (step.p50, step.p90) == pytest.approx((2, 2), abs=0.001)
    assert now.workers == [], "nobody has a lease"
    assert now.stored_bytes == 0


def test_a_worker_with_a_lease_is_alive(service: JobService) -> None:
    service._store.write(lambda unit: unit.beat("one"))
    service.start_attempt(made(service).id, worker="one", after=0)
    assert service.overview().workers == [Working(name="one", jobs=1)]


def test_text_is_sought_in_what_people_know_of_a_job(service: JobService) -> None:
    job = made(service)
    assert service.list(JobFilters(text=job.id[5:].lower())) == [job]
    assert service.list(JobFilters(text="%")) == []
    failed = service.start_attempt(job.id, worker="one", after=0)
    service.end_attempt(
        failed.id, attempt=1, failure=Failure.of(FailureClass.INVALID_INPUT, message="The Blue moon.")
    )
    assert [each.id for each in service.list(JobFilters(text="blue MOON"))] == [job.id]
