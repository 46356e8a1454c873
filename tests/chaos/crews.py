"""A world for chaos: jobs, worker processes that die, and the question whether all is well afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from crew import HASTY, content, service_of

from jobsteps import order
from tirage.app import App, open_app
from tirage.jobs.model import Job, JobFilters, Page
from tirage.jobs.service import JobService
from tirage.settings import Settings
from tirage.shops.model import NewProduct
from tirage.verify import verify_world

CREW = Path(__file__).with_name("crew.py")
ROOT = Path(__file__).resolve().parents[2]
HANGS = 240.0
"""Seconds after which what was waited for will not come, even on a busy machine."""
STEPS = ("compose", "render", "store", "publish", "complete")


@dataclass
class World:
    """Everything that a test of chaos needs."""

    app: App
    folder: Path
    environment: dict[str, str]
    pipeline: str = HASTY
    service: JobService = field(init=False)
    crew: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    acknowledged: list[str] = field(default_factory=list)
    _number: Iterator[int] = field(default_factory=count)

    @classmethod
    @contextmanager
    def at(
        cls, folder: Path, url: str, *, pipeline: str = HASTY, begun: bool = False, **variables: str
    ) -> Iterator[World]:
        """`begun`: the product is there.  `variables` are settings of everybody in it."""
        own = {"TIRAGE_DATA_DIR": str(folder / "data"), "TIRAGE_DATABASE_URL": url, **variables}
        with open_app(Settings.read(own)) as app:
            if not begun:
                app.catalogue.create(NewProduct(title="Tee", id="prod_123"))
            world = cls(app, folder, {**os.environ, **own}, pipeline)
            try:
                yield world
            finally:
                for process in world.crew.values():
                    process.kill()
                    process.wait()

    def __post_init__(self) -> None:
        self.service = service_of(self.app, self.pipeline)

    def start(self, url: str | None = None, *, root: Path = ROOT, **plan: Any) -> str:  # noqa: ANN401
        """One more worker, with a way of its own to the database, of the source at `root`; its name."""
        own = {"PYTHONPATH": os.pathsep.join(map(str, (root / "src", root / "tests")))}
        if url:
            own["TIRAGE_DATABASE_URL"] = url
        plan.setdefault("pipeline", self.pipeline)
        name = f"w{next(self._number)}"
        with (self.folder / f"{name}.err").open("w") as errors:
            self.crew[name] = subprocess.Popen(
                [sys.executable, str(root / CREW.relative_to(ROOT)), name, json.dumps(plan)],
                env={**self.environment, **own},
                stdout=subprocess.DEVNULL,
                stderr=errors,
                text=True,
            )
        return name

    def submit(self, number: int = 1) -> list[Job]:
        """Jobs that were acknowledged: they must come to an end."""
        key = "uploads/render-jobs/{}/design.png"
        jobs = [
            self.service.create(order(id=job_id, design_file_url=key.format(job_id)))
            for job_id in (self.service.new_id() for _ in range(number))
        ]
        self.acknowledged += [job.id for job in jobs]
        return jobs

    def alive(self) -> list[str]:
        return [name for name, process in self.crew.items() if process.poll() is None]

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        os.kill(self.crew[name].pid, number)

    def active(self) -> int:
        return len(self.service.active())

    def wait(self, until: Callable[[], object], seconds: float = HANGS) -> float:
        """How long it took; AssertionError when it never came."""
        start = time.monotonic()
        while not until():
            assert time.monotonic() - start < seconds, self.said()
            time.sleep(0.02)
        return time.monotonic() - start

    def come_to_rest(self, seconds: float = HANGS) -> None:
        """Lets what is left be done by workers that live, then ends them."""
        while len(self.alive()) < 2:
            self.start()
        self.wait(lambda: self.active() == 0 and not self.service.untidy(), seconds)
        self.dismiss()

    def dismiss(self, seconds: float = HANGS) -> None:
        """SIGTERM; every worker has to end well."""
        living = self.alive()
        for name in living:
            self.wait((self.folder / f"{name}.ready").exists, seconds)
            self.kill(name, signal.SIGTERM)
        for name in living:
            assert self.crew[name].wait(seconds) == 0, self.said()

    def diary(self) -> list[dict[str, Any]]:
        """What all workers wrote down, by time; a line that a kill cut off is left out."""
        entries = [
            {**json.loads(line), "worker": path.stem.removeprefix("diary-")}
            for path in self.folder.glob("diary-*.jsonl")
            for line in path.read_text().splitlines()
        ]
        return sorted(entries, key=lambda entry: entry["at"])

    def said(self) -> str:
        """What the workers said, for whoever looks for a defect."""
        return "\n".join(path.read_text()[-2000:] for path in self.folder.glob("*.err"))

    def check(self) -> None:
        """All is well: the invariants, and that no finished step was done again."""
        wrong = [finding.message for finding in verify_world(self.app, at_rest=True)]
        assert not wrong, wrong
        jobs = {}
        offset = 0
        while page := self.service.list(JobFilters(), Page(limit=100, offset=offset)):
            jobs.update({job.id: job for job in page})
            offset += 100
        assert set(self.acknowledged) == jobs.keys()
        for job in jobs.values():
            for artifact in job.artifacts:
                assert self.app.files.read(artifact.key) == content(job.id, artifact.role)
        self._check_steps()

    def _check_steps(self) -> None:
        """Once a step has begun, the ones before it are never done again: they were recorded.

        The last step is recorded together with the completion: who dies between the two has recorded
        neither, and only the end of the completion tells that `publish` is never done again.
        """
        reached: dict[str, int] = {}
        for entry in self.diary():
            if "job" not in entry or (entry["step"], entry["when"]) == ("complete", "begin"):
                continue
            at = STEPS.index(entry["step"])
            before = reached.get(entry["job"], 0)
            assert at >= before or entry["when"] != "begin", (entry, STEPS[before])
            reached[entry["job"]] = max(at, before)
