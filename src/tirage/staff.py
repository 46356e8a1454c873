"""From the parts of a program to its workers: what they can make, and what they do by the clock.
Apart from app.py, because only workers import renderers.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from tirage.app import App, package
from tirage.jobs.housekeeping import CRON, NAME, Ages, Cleaned, clean_up
from tirage.jobs.schedules import Schedule, Schedules
from tirage.jobs.service import now
from tirage.jobs.worker import Terms, Worker
from tirage.media.blender import BlenderOnDemand
from tirage.mockup.job import MockupWork
from tirage.mockup.states import MOCKUP
from tirage.mockup.submission import BLENDER_QUEUE
from tirage.mockup.warm import WarmRenderers
from tirage.settings import Settings

WORK = "work"
"""The folder of attempts, in the data folder."""


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


def tidy(app: App, *, dry_run: bool = False) -> Cleaned:
    """The clean-up with this program's parts."""
    return clean_up(
        app.service,
        folder=app.settings.data_dir / WORK,
        sweeper=app.orphans,
        ages=ages_of(app.settings),
        dry_run=dry_run,
    )


def ages_of(settings: Settings) -> Ages:
    """At which age what goes."""
    return Ages(
        temporary=timedelta(hours=settings.cleanup_temporary_hours),
        completed=timedelta(hours=settings.cleanup_completed_hours),
        failed=timedelta(days=settings.cleanup_failed_days),
    )


def worker_name() -> str:
    """Tells operators where it runs, and is nobody else's."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
