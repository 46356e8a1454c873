"""From the parts of a program to its workers: what they can make, and what they do by the clock.
Apart from app.py, because only workers import renderers.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Sequence
from functools import partial

from tirage.app import App, package
from tirage.jobs.housekeeping import CRON, NAME
from tirage.jobs.schedules import Schedule, Schedules
from tirage.jobs.service import now
from tirage.jobs.worker import Terms, Worker
from tirage.media.blender import BlenderOnDemand
from tirage.mockup.job import MockupWork
from tirage.mockup.states import MOCKUP
from tirage.mockup.submission import BLENDER_QUEUE
from tirage.mockup.warm import WarmRenderers
from tirage.tidying import WORK, tidy


def make_worker(app: App, *, queues: Sequence[str], concurrency: int) -> Worker:
    """A worker of this process.  BadInput INVALID_DATA: there is no such queue."""
    settings = app.settings
    renderers = WarmRenderers(
        find=partial(package, settings), default=settings.default_template, threads=settings.threads
    )
    blenders = BlenderOnDemand(settings.blender, device=settings.blender_device, threads=settings.threads)
    work = MockupWork(files=app.files, publisher=app.publisher, renderers=renderers, blenders=blenders)
    schedules = [Schedule(NAME, CRON, partial(tidy, app))]
    return Worker(
        app.database,
        app.service,
        works={MOCKUP.pipeline: work},
        terms=Terms(
            name=worker_name(),
            queues=queues,
            concurrency=concurrency,
            single=(BLENDER_QUEUE,),
            folder=settings.data_dir / WORK,
            step_seconds=settings.step_seconds,
        ),
        schedules=Schedules(app.database, schedules, clock=now),
    )


def worker_name() -> str:
    """Tells operators where it runs, and is nobody else's."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
