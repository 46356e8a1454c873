"""Any history of calls, against a model that is a few dictionaries: the service and it always agree."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from jobsteps import failure, order
from tirage.errors import BadInput, Conflict, NotFound, TirageError
from tirage.jobs.failure import FAILURES, FailureClass
from tirage.jobs.model import JobFilters, Page
from tirage.jobs.service import JobService
from tirage.mockup.states import MOCKUP
from tirage.mockup.submission import MOCKUP_PIPELINE
from tirage.stores.database import Database
from tirage.stores.migrations import migrate
from tirage.testing import FakeClock

WAITS = (2.0, 4.0, 8.0)
MEMORY = Path("/dev/shm")  # noqa: S108 – the test waits for no disk
STATUSES = st.sampled_from(MOCKUP.statuses)
KINDS = st.sampled_from([kind for kind in FailureClass if kind is not FailureClass.CANCELLED])


@dataclass
class Model:
    """What a job should be like."""

    priority: int
    born: float
    status: str = "pending"
    attempt: int = 0
    open: bool = False
    not_before: float = 0.0
    ended: float | None = None
    failures: list[FailureClass | None] = field(default_factory=list)
    deleted: bool = False
    retry_count: int = 0
    progress: int = 0

    def end(self, status: str, now: float) -> None:
        self.status, self.open, self.ended, self.not_before = status, False, now, 0.0
        self.progress = {"completed": 100, "failed": 0}.get(status, self.progress)

    @property
    def active(self) -> bool:
        return self.status in MOCKUP.active


class Histories(RuleBasedStateMachine):
    """Rules do a call and what it should do to the model; invariants compare everything."""

    blank: ClassVar[Path]
    jobs = Bundle("jobs")

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        shutil.copy(self.blank, self.folder / "jobs.db")
        self.clock = FakeClock()
        self.start = self.clock.now
        self.database = Database(f"sqlite:///{self.folder}/jobs.db")
        self.service = JobService(
            self.database, pipelines=[MOCKUP_PIPELINE], clock=self.clock, chance=lambda: 0.5
        )
        self.model: dict[str, Model] = {}
        self.purged: set[str] = set()

    def teardown(self) -> None:
        self.database.close()
        shutil.rmtree(self.folder)

    def now(self) -> float:
        return (self.clock.now - self.start).total_seconds()

    def check(self, expected: type[TirageError] | None, method: Any, *args: Any, **named: Any) -> Any:  # noqa: ANN401
        """Calls it; it has to raise that error, or none."""
        if expected is None:
            return method(*args, **named)
        with pytest.raises(expected):
            method(*args, **named)
        return None

    def missing(self, job_id: str) -> bool:
        return job_id in self.purged or self.model[job_id].deleted

    @rule(target=jobs, priority=st.integers(0, 9))
    def create(self, priority: int) -> str:
        job = self.service.create(order(priority=priority))
        self.model[job.id] = Model(priority, self.now())
        return job.id

    @rule(seconds=st.sampled_from([0.5, 1.0, 3.0, 10.0]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule()
    def work(self) -> None:
        """A worker takes what is due first."""
        for job in self.service.due(1):
            model = self.model[job.id]
            self.service.start_attempt(job.id, worker="w", after=model.attempt)
            model.attempt, model.open, model.not_before = model.attempt + 1, True, 0.0
            model.failures.append(None)
            model.progress = MOCKUP.floors[model.status]

    @rule(job_id=jobs, status=STATUSES, held=st.booleans())
    def set_status(self, job_id: str, status: str, held: bool) -> None:
        model = self.model.get(job_id)
        expected: type[TirageError] | None = None
        if held and (model is None or model.deleted or not model.open):
            expected = Conflict
        elif self.missing(job_id):
            expected = NotFound
        elif model and status != model.status and status not in MOCKUP.moves[model.status]:
            expected = BadInput
        data = {"error_message": "x"} if status == "failed" else {}
        attempt = (model.attempt if model else 1) if held else None
        self.check(expected, self.service.set_status, job_id, status, data, attempt=attempt)
        if expected or model is None or status == model.status:
            return
        if status in MOCKUP.active:
            model.status, model.not_before = status, 0.0
            model.progress = max(model.progress, MOCKUP.floors[status])
        else:
            if model.open and status != "completed":
                model.failures[-1] = FailureClass.CANCELLED if status == "cancelled" else FailureClass.BUG
            model.end(status, self.now())

    @rule(job_id=jobs, done=st.integers(0, 7))
    def progress(self, job_id: str, done: int) -> None:
        model = self.model.get(job_id)
        if model is None or model.deleted or not model.open:
            self.check(Conflict, self.service.report_progress, job_id, attempt=1, done=done, of=6)
            return
        self.service.report_progress(job_id, attempt=model.attempt, done=done, of=6)
        floor = MOCKUP.floors[model.status]
        ceiling = MOCKUP.floors[MOCKUP.happy_path[MOCKUP.happy_path.index(model.status) + 1]]
        model.progress = max(model.progress, min(floor + (ceiling - floor) * done // 6, ceiling - 1))

    @rule(job_id=jobs, kind=KINDS)
    def fail(self, job_id: str, kind: FailureClass) -> None:
        model = self.model.get(job_id)
        if model is None or model.deleted or not model.open:
            self.check(Conflict, self.service.end_attempt, job_id, attempt=1, failure=failure(kind))
            return
        self.service.end_attempt(job_id, attempt=model.attempt, failure=failure(kind))
        retries = FAILURES[kind].retries
        again = model.attempt < 3 and (retries is None or model.failures.count(kind) < retries)
        model.failures[-1] = kind
        if again:
            model.open, model.not_before = False, self.now() + WAITS[model.attempt - 1]
        else:
            model.end("failed", self.now())

    @rule(job_id=jobs)
    def cancel(self, job_id: str) -> None:
        model = self.model.get(job_id)
        if model is None or model.deleted:
            self.check(NotFound, self.service.cancel, job_id)
        elif not model.active:
            self.check(BadInput, self.service.cancel, job_id)
        else:
            self.service.cancel(job_id)
            if model.open:
                model.failures[-1] = FailureClass.CANCELLED
            model.end("cancelled", self.now())

    @rule(target=jobs, job_id=jobs)
    def retry(self, job_id: str) -> str:
        model = self.model.get(job_id)
        if model is None or model.deleted or model.status != "failed":
            missing = model is None or model.deleted
            self.check(NotFound if missing else BadInput, self.service.retry, job_id)
            return job_id
        new = self.service.retry(job_id)
        count = model.retry_count + 1
        self.model[new.id] = Model(model.priority, self.now(), retry_count=count)
        return new.id

    @rule(job_id=jobs)
    def delete(self, job_id: str) -> None:
        if self.missing(job_id):
            self.check(NotFound, self.service.soft_delete, [job_id])
            return
        self.service.soft_delete([job_id])
        model = self.model[job_id]
        if model.open:
            model.failures[-1] = FailureClass.CANCELLED
        model.deleted, model.open = True, False

    @rule(job_id=jobs)
    def restore(self, job_id: str) -> None:
        self.check(NotFound if job_id in self.purged else None, self.service.restore, job_id)
        if job_id in self.model:
            self.model[job_id].deleted = False

    @rule(job_id=jobs)
    def purge(self, job_id: str) -> None:
        model = self.model.get(job_id)
        if model is None:
            self.check(NotFound, self.service.purge, job_id)
        elif model.active and not model.deleted:
            self.check(BadInput, self.service.purge, job_id)
        else:
            self.service.purge(job_id)
            self.purged.add(job_id)
            del self.model[job_id]

    @rule(seconds=st.sampled_from([0, 5, 60]), dry_run=st.booleans())
    def clean_up(self, seconds: int, dry_run: bool) -> None:
        old = [
            model
            for model in self.model.values()
            if model.status == "failed" and not model.deleted and (model.ended or 0) < self.now() - seconds
        ]
        assert self.service.clean_up(older_than=timedelta(seconds=seconds), dry_run=dry_run) == len(old)
        for model in old:
            model.deleted = not dry_run

    @invariant()
    def jobs_are_as_they_should_be(self) -> None:
        if not hasattr(self, "model"):
            return
        found = {}
        for offset in range(0, len(self.model) + 1, 100):
            page = Page(limit=100, offset=offset)
            for job in self.service.list(JobFilters(include_deleted=True), page):
                found[job.id] = job
        assert found.keys() == self.model.keys()
        for job_id, model in self.model.items():
            job = found[job_id]
            assert (job.status, job.attempt, job.worker is not None, job.deleted_at is not None) == (
                model.status, model.attempt, model.open, model.deleted
            )  # fmt: skip
            assert job.progress == model.progress
            assert job.metadata.get("retry_count", 0) == model.retry_count
            assert (job.completed_at is None) == model.active
            assert (job.failure is None) == (model.status != "failed")
            assert job.updated_at >= (job.completed_at or job.started_at or job.created_at)
            attempts = self.service.attempts(job_id)
            assert [attempt.number for attempt in attempts] == list(range(1, model.attempt + 1))
            assert [each.failure.kind if each.failure else None for each in attempts] == model.failures
            assert [each for each in attempts if each.ended_at is None] == (
                attempts[-1:] if model.open else []
            )

    @invariant()
    def the_right_jobs_are_due(self) -> None:
        if not hasattr(self, "model"):
            return
        due = [
            (model.priority, model.born, job_id)
            for job_id, model in self.model.items()
            if model.active and not model.open and not model.deleted and model.not_before <= self.now()
        ]
        assert [job.id for job in self.service.due()] == [job_id for *_, job_id in sorted(due)]
        counts = self.service.product_stats("prod_123").by_status
        visible = [model.status for model in self.model.values() if not model.deleted]
        assert counts == {status: visible.count(status) for status in MOCKUP.statuses}

    @invariant()
    def events_have_no_gaps_and_tell_paths(self) -> None:
        if not hasattr(self, "model"):
            return
        events = self.service.events(limit=1000)
        assert [event.number for event in events] == list(range(1, len(events) + 1))
        last: dict[str, str] = {}
        for event in events:
            before = last.get(event.job_id)
            if before is None:
                assert (event.name, event.status) == ("render.job.created", "pending")
            else:
                assert event.status == before or event.status in MOCKUP.moves[before]
            last[event.job_id] = event.status
        assert {job_id: last[job_id] for job_id in self.model} == {
            job_id: model.status for job_id, model in self.model.items()
        }


@pytest.mark.rows("R001", "R009", "R029", "R031", "C-05", "C-09")
def test_any_history(tmp_path: Path) -> None:
    blank = tmp_path / "blank.db"
    migrate(f"sqlite:///{blank}")

    class Here(Histories):
        pass

    Here.blank = blank
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=20,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            derandomize=True,
        ),
    )
