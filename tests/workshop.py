"""A pipeline for tests of workers: a mockup's states and steps, without pictures; it notes what it did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tirage.jobs.model import Job, JsonObject
from tirage.jobs.run import Run, Step
from tirage.jobs.service import JobService
from tirage.jobs.worker import Terms, Worker
from tirage.stores.database import Database
from tirage.testing import FakeClock

STEPS = (Step("compose", "compositing"), Step("render", "rendering"), Step("store"), Step("publish"))
Hook = Callable[[Job, Run], None]


@dataclass
class Script:
    """Does the steps; a hook of a step runs inside it."""

    hooks: dict[str, Hook] = field(default_factory=dict)
    done: list[tuple[str, int, str]] = field(default_factory=list)
    """(job, attempt, step) of every step that was begun."""
    undone: list[str] = field(default_factory=list)
    undoing: Callable[[Job], None] = lambda _job: None

    def make(self, job: Job, run: Run) -> None:
        for step in STEPS:
            run.step(step, self.work, step.name, job, run)
        run.complete({"metadata": {"media_ids": [job.id]}})

    def work(self, name: str, job: Job, run: Run) -> JsonObject:
        self.done.append((job.id, job.attempt, name))
        (run.folder / name).write_text("made")
        if hook := self.hooks.get(name):
            hook(job, run)
        return {"step": name, "attempt": job.attempt}

    def undo(self, job: Job) -> None:
        self.undone.append(job.id)
        self.undoing(job)

    def steps_of(self, job: Job) -> list[tuple[int, str]]:
        return [(attempt, name) for job_id, attempt, name in self.done if job_id == job.id]


@dataclass
class Shop:
    """One store with workers whose every move a test makes by hand."""

    database: Database
    service: JobService
    clock: FakeClock
    folder: Path

    def worker(self, script: Script, name: str = "one", *, inline: bool = True, **terms: object) -> Worker:
        """Inline, a claimed job runs to its end inside `tick`; otherwise it waits in `started`."""
        self.started: list[Callable[[], None]] = []
        return Worker(
            self.database,
            self.service,
            works={"mockup": script},
            terms=Terms(**{"name": name, "queues": ("mockup",), "folder": self.folder, **terms}),  # type: ignore[arg-type]
            monotonic=self.seconds,
            start=(lambda work: work()) if inline else self.started.append,
        )

    def seconds(self) -> float:
        return self.clock.now.timestamp()

    def pass_time(self, seconds: float, *workers: Worker, step: float = 0.5) -> None:
        """Lets time go by; these workers live meanwhile."""
        for _ in range(round(seconds / step)):
            self.clock.advance(step)
            for worker in workers:
                worker.tick()
