"""From the parts of a program to its workers: what they can make, and what they do by the clock.
Apart from app.py, because only workers import renderers.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

from tirage.app import VIDEO as VIDEO_FOLDER
from tirage.app import App, package
from tirage.jobs.housekeeping import CRON, NAME
from tirage.jobs.schedules import Schedule, Schedules
from tirage.jobs.service import now
from tirage.jobs.worker import Terms, Worker
from tirage.log import Logger
from tirage.media.blender import BlenderOnDemand
from tirage.media.ffmpeg import find_ffmpeg
from tirage.mockup.job import MockupWork
from tirage.mockup.states import MOCKUP
from tirage.mockup.submission import BLENDER_QUEUE
from tirage.mockup.warm import WarmRenderers
from tirage.sessions.footage import MEDIA_BYTES
from tirage.sessions.ingesting import SECONDS as INGEST_SECONDS
from tirage.sessions.ingesting import IngestWork
from tirage.sessions.rendering import Tools, VideoWork
from tirage.settings import Settings
from tirage.tidying import WORK, tidy
from tirage.video.filters import coder_words
from tirage.video.ingest import Encode
from tirage.video.spec import Options
from tirage.video.states import INGEST, VIDEO
from tirage.video.submission import INGEST_QUEUE, VIDEO_QUEUE

SEGMENTS = "segments"
"""The folder of finished pieces of videos, below that of videos."""
log = Logger("worker")


def make_worker(app: App, *, queues: Sequence[str], concurrency: int) -> Worker:
    """A worker of this process.  BadInput INVALID_DATA: there is no such queue."""
    settings = app.settings
    renderers = WarmRenderers(
        find=partial(package, settings), default=settings.default_template, threads=settings.threads
    )
    blenders = BlenderOnDemand(settings.blender, device=settings.blender_device, threads=settings.threads)
    work = MockupWork(files=app.files, publisher=app.publisher, renderers=renderers, blenders=blenders)
    videos, recordings = video_works(app)
    schedules = [Schedule(NAME, CRON, partial(tidy, app))]
    return Worker(
        app.database,
        app.service,
        works={MOCKUP.pipeline: work, VIDEO.pipeline: videos, INGEST.pipeline: recordings},
        terms=Terms(
            name=worker_name(),
            queues=_able(queues),
            concurrency=concurrency,
            single=(BLENDER_QUEUE, VIDEO_QUEUE, INGEST_QUEUE),
            folder=settings.data_dir / WORK,
            step_seconds=settings.step_seconds,
        ),
        schedules=Schedules(app.database, schedules, clock=now),
    )


def video_tools(settings: Settings) -> Tools:
    """What videos are rendered with here."""
    return Tools(
        ffmpeg=cache(partial(find_ffmpeg, settings.ffmpeg)),
        shelf=settings.data_dir / VIDEO_FOLDER / SEGMENTS,
        browser=settings.browser,
        workers=settings.threads,
    )


def video_works(app: App) -> tuple[VideoWork, IngestWork]:
    """What makes videos, and what looks into recordings."""
    tools = video_tools(app.settings)

    def encoder() -> tuple[Encode, Sequence[str]]:
        def encode(words: Sequence[str], *, folder: Path, source: Path) -> None:
            tools.ffmpeg().run(words, folder=folder.resolve(), readable=[source.resolve()], name="Ingest")

        return encode, coder_words(Options())

    def save(url: str, path: Path, cancelled: Callable[[], bool]) -> int:
        seconds = INGEST_SECONDS
        return app.door.save(url, path, most=MEDIA_BYTES, seconds=seconds, cancelled=cancelled).status

    recordings = IngestWork(app.database, footage=app.footage, encoder=encoder, save=save, clock=now)
    return VideoWork(app.preflight, footage=app.footage, storage=app.files, tools=tools), recordings


def _able(queues: Sequence[str]) -> Sequence[str]:
    """The queues without those of videos where the extra is not installed: others may have it."""
    if find_spec("opentimelineio") is not None and find_spec("pysubs2") is not None:
        return queues
    left = [queue for queue in queues if queue not in {VIDEO_QUEUE, INGEST_QUEUE}]
    if len(left) < len(queues):
        log.info("takes no videos: tirage[video] is not installed")
    return left


def worker_name() -> str:
    """Tells operators where it runs, and is nobody else's."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
