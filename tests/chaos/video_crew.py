"""A worker process that makes real videos and dies where its plan says.
`python video_crew.py NAME POINT`; POINT is one of POINTS, or `-` to live.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from tirage import log
from tirage.app import App, open_app
from tirage.cli.jobs import told_to_stop
from tirage.jobs.model import Job, JsonObject
from tirage.jobs.run import Run
from tirage.jobs.service import JobService
from tirage.jobs.worker import Terms, Worker
from tirage.pipelines import PIPELINES
from tirage.sessions.ingesting import IngestWork
from tirage.sessions.rendering import VideoWork
from tirage.settings import LogFormat, LogLevel, Settings
from tirage.staff import video_tools, video_works
from tirage.video.states import INGEST, VIDEO

T = TypeVar("T")
POINTS = (
    *(f"{step}:{when}" for step in ("preflight", "render") for when in ("begin", "end")),
    *("store:begin", "store:half", "store:end"),
    "complete:begin",
    "complete:end",
)
"""Where a worker can die, in the order of the work; in the middle of a segment it is killed from outside."""
INGEST_POINTS = ("ingest:begin", "ingest:half", "ingest:end", "complete:begin")
QUICK = [replace(each, backoff=(0.1,)) for each in PIPELINES]


class Fate:
    """Ends the process at one point, the first time it is reached."""

    def __init__(self, point: str, record: Path) -> None:
        self._point, self._record = point, record

    def reach(self, point: str) -> None:
        if point == self._point:
            self._record.write_text(point)
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, step: str, work: Callable[[], T]) -> T:
        self.reach(f"{step}:begin")
        value = work()
        self.reach(f"{step}:end")
        return value


class DoomedRun:
    """A run that may die around its completion."""

    def __init__(self, run: Run, fate: Fate) -> None:
        self._run, self._fate = run, fate

    def __getattr__(self, name: str) -> object:
        return getattr(self._run, name)

    def complete(self, data: object) -> None:
        self._fate.around("complete", lambda: self._run.complete(data))  # type: ignore[arg-type]


class DoomedVideos(VideoWork):
    fate: Fate

    def make(self, job: Job, run: Run) -> None:
        super().make(job, DoomedRun(run, self.fate))  # type: ignore[arg-type]

    def _check(self, job: Job, run: Run) -> JsonObject:
        return self.fate.around("preflight", lambda: super(DoomedVideos, self)._check(job, run))

    def _render(self, job: Job, run: Run, key: str) -> JsonObject:
        return self.fate.around("render", lambda: super(DoomedVideos, self)._render(job, run, key))

    def _store(self, job: Job, run: Run, made: JsonObject) -> JsonObject:
        put = self._storage.put

        def half(key: str, path: Path, *, media_type: str) -> None:
            put(key, path, media_type=media_type)
            self.fate.reach("store:half")

        self._storage.put = half  # type: ignore[method-assign]
        return self.fate.around("store", lambda: super(DoomedVideos, self)._store(job, run, made))


class DoomedIngests(IngestWork):
    fate: Fate

    def make(self, job: Job, run: Run) -> None:
        super().make(job, DoomedRun(run, self.fate))  # type: ignore[arg-type]

    def _look(self, job: Job, run: Run) -> JsonObject:
        return self.fate.around("ingest", lambda: super(DoomedIngests, self)._look(job, run))

    def _write(self, *words: object) -> None:
        super()._write(*words)  # type: ignore[arg-type]
        self.fate.reach("ingest:half")


def works(app: App, fate: Fate) -> dict[str, VideoWork | IngestWork]:
    """As workers have them, with their fate."""
    videos = DoomedVideos(
        app.preflight, footage=app.footage, storage=app.files, tools=video_tools(app.settings)
    )
    _, ingests = video_works(app)
    ingests.__class__ = DoomedIngests
    videos.fate = ingests.fate = fate  # type: ignore[attr-defined]
    return {VIDEO.pipeline: videos, INGEST.pipeline: ingests}


def main(name: str, point: str) -> bool:
    log.configure(level=LogLevel.WARNING, format=LogFormat.TEXT)
    with open_app(Settings.read()) as app:
        folder = app.settings.data_dir
        worker = Worker(
            app.database,
            JobService(app.database, pipelines=QUICK),
            works=works(app, Fate(point, folder.parent / f"{name}.died")),
            terms=Terms(
                name=name,
                queues=("video", "ingest"),
                folder=folder / "work",
                lease_seconds=2.0,
                drain_seconds=30.0,
            ),
        )
        with told_to_stop(worker.stop):
            (folder.parent / f"{name}.ready").touch()
            return worker.run()


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1], sys.argv[2]) else 1)
