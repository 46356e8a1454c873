"""A worker process for chaos tests: real store, real files, real catalogue, pictures of a few bytes.
`python crew.py NAME PLAN`, where PLAN is JSON: lease, concurrency, and where to kill itself or to fail.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tirage import log
from tirage.app import App, open_app
from tirage.cli.jobs import told_to_stop
from tirage.errors import TryAgain
from tirage.jobs.model import Artifact, Job, JsonObject
from tirage.jobs.run import Run, Step
from tirage.jobs.service import JobService
from tirage.jobs.worker import Terms, Worker
from tirage.mockup.catalogue import VIEWS
from tirage.mockup.ports import IMAGE, Media
from tirage.mockup.states import MOCKUP
from tirage.mockup.submission import MOCKUP_PIPELINE, renders
from tirage.settings import LogFormat, LogLevel, Settings

HASTY, REAL = "hasty", "real"
PIPELINES = {HASTY: replace(MOCKUP_PIPELINE, backoff=(0.1, 0.2), max_attempts=100), REAL: MOCKUP_PIPELINE}
"""How often and how soon it is tried again: for many kills in little time, or as it is for customers."""
COMPOSE, RENDER = Step("compose", "compositing"), Step("render", "rendering")
STORE, PUBLISH = Step("store"), Step("publish")
POINTS = (
    *(
        f"{step}:{when}"
        for step in ("compose", "render", "store", "publish")
        for when in ("begin", "half", "end")
    ),
    "complete:begin",
    "complete:end",
)
"""Where a worker can die: inside each step, and around the last write, which records the last step too.
A step that was just recorded is the begin of the next."""
PAUSE = 0.01


def service_of(app: App, pipeline: str = HASTY) -> JobService:
    return JobService(app.database, pipelines=[PIPELINES[pipeline]])


def content(job_id: str, view: str) -> bytes:
    """A picture: the same however often it is made."""
    return hashlib.sha256(f"{job_id}/{view}".encode()).hexdigest().encode() * 20


class Diary:
    """What happened, on disk before it goes on: a killed process still tells."""

    def __init__(self, path: Path, plan: dict[str, Any]) -> None:
        self._file = path.open("a", buffering=1)
        self._point, self._after = plan.get("kill"), int(plan.get("after", 0))
        self._failing = set(plan.get("fail", ()))
        self._lock = threading.Lock()

    def note(self, job: Job, step: str, when: str) -> None:
        with self._lock:
            entry = {"job": job.id, "attempt": job.attempt, "step": step, "when": when, "at": time.time()}
            self._file.write(json.dumps(entry) + "\n")
            if f"{step}:{when}" in self._failing:
                self._failing.remove(f"{step}:{when}")
                raise TryAgain("UNAVAILABLE", f"Nothing goes at {step}:{when}.")
            if f"{step}:{when}" == self._point:
                self._after -= 1
                if self._after < 0:
                    self._file.write(json.dumps({"killed": self._point, "at": time.time()}) + "\n")
                    os.kill(os.getpid(), signal.SIGKILL)


class ChaosWork:
    """The mockup's steps with real side effects."""

    def __init__(self, app: App, diary: Diary, pause: float) -> None:
        self._app, self._diary, self._pause = app, diary, pause

    def make(self, job: Job, run: Run) -> None:
        run.step(COMPOSE, self._compose, job, run)
        made = run.step(RENDER, self._render, job, run)
        if not all((run.home / str(path)).is_file() for path in made["paths"]):  # type: ignore[union-attr]
            made = run.again(RENDER, self._render, job, run)
        stored = run.step(STORE, self._store, job, run, made)
        artifacts = [Artifact(**each) for each in stored["artifacts"]]  # type: ignore[union-attr, arg-type]
        run.attach({"artifacts": artifacts})
        shown = run.step(PUBLISH, self._publish, job, artifacts)
        self._diary.note(job, "complete", "begin")
        run.complete({"metadata": {"media_ids": shown["media_ids"]}})
        self._diary.note(job, "complete", "end")

    def undo(self, job: Job) -> None:
        self._app.publisher.withdraw(product_id=str(job.product_id), job_id=job.id)
        self._app.files.delete_prefix(renders(job))

    def _compose(self, job: Job, run: Run) -> JsonObject:
        self._diary.note(job, "compose", "begin")
        run.stopped.wait(self._pause)
        self._diary.note(job, "compose", "half")
        run.tell(1, 1)
        self._diary.note(job, "compose", "end")
        return {}

    def _render(self, job: Job, run: Run) -> JsonObject:
        self._diary.note(job, "render", "begin")
        paths = []
        for done, view in enumerate(VIEWS, start=1):
            path = run.folder / f"{view.name}.png"
            path.write_bytes(content(job.id, view.name))
            paths.append(path.relative_to(run.home).as_posix())
            run.stopped.wait(self._pause)
            if done == len(VIEWS) // 2:
                self._diary.note(job, "render", "half")
            run.tell(done, 8)
        self._diary.note(job, "render", "end")
        return {"paths": paths}

    def _store(self, job: Job, run: Run, made: JsonObject) -> JsonObject:
        self._diary.note(job, "store", "begin")
        artifacts = []
        for rank, view in enumerate(VIEWS):
            key, data = f"{renders(job)}{view.name}.png", content(job.id, view.name)
            self._app.files.put(key, run.home / str(made["paths"][rank]), media_type="image/png")  # type: ignore[index, call-overload]
            digest = hashlib.sha256(data).hexdigest()
            artifacts.append(Artifact(role=view.name, key=key, rank=rank, bytes=len(data), sha256=digest))
            if rank == len(VIEWS) // 2:
                self._diary.note(job, "store", "half")
        run.tell(7, 8)
        self._diary.note(job, "store", "end")
        return {"artifacts": [asdict(artifact) for artifact in artifacts]}

    def _publish(self, job: Job, artifacts: Sequence[Artifact]) -> JsonObject:
        self._diary.note(job, "publish", "begin")
        media = [Media(role=each.role, key=each.key, kind=IMAGE, rank=each.rank or 0) for each in artifacts]
        for shown, when in ((media[:3], "half"), (media, "end")):
            receipt = self._app.publisher.publish(product_id=str(job.product_id), job_id=job.id, media=shown)
            self._diary.note(job, "publish", when)
        return {"media_ids": list(receipt.media_ids)}


def main(name: str, plan: dict[str, Any]) -> bool:
    log.configure(level=LogLevel.WARNING, format=LogFormat.TEXT)
    with open_app(Settings.read()) as app:
        folder = app.settings.data_dir
        diary = Diary(folder.parent / f"diary-{name}.jsonl", plan)  # not on the disk that gets full
        worker = Worker(
            app.database,
            service_of(app, plan.get("pipeline", HASTY)),
            works={MOCKUP.pipeline: ChaosWork(app, diary, plan.get("pause", PAUSE))},
            terms=Terms(
                name=name,
                queues=("mockup",),
                concurrency=plan.get("concurrency", 3),
                folder=folder / "work",
                lease_seconds=plan.get("lease", 2.0),
                drain_seconds=plan.get("drain", 5.0),
            ),
        )

        def stop() -> None:
            worker.stop()
            (folder.parent / f"{name}.stopping").touch()

        with told_to_stop(stop):
            (folder.parent / f"{name}.ready").touch()
            return worker.run()


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1], json.loads(sys.argv[2])) else 1)
