"""The regular clean-up: what nobody needs any more goes; active jobs are never touched."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from tirage.jobs.ids import is_job_id
from tirage.jobs.machine import CANCELLED, COMPLETED, FAILED
from tirage.jobs.service import JobService
from tirage.log import Logger

NAME = "cleanup-render-temp-files"
CRON = "0 2 * * *"
log = Logger("housekeeping")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """What is older than that goes (R262)."""

    temporary: timedelta = timedelta(hours=24)
    """Files of attempts and of interrupted writes."""
    completed: timedelta = timedelta(hours=24)
    """What is recorded of the steps of jobs that completed."""
    failed: timedelta = timedelta(days=7)
    """The same of failed and cancelled jobs; failed jobs themselves are hidden, and can be restored."""


class Sweeper(Protocol):
    """Where files are stored, as far as this needs it."""

    def sweep(self, older_than: timedelta, *, dry_run: bool = False) -> int:
        """Deletes files that belong to nothing; how many."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """How much went, or would go."""

    folders: int
    files: int
    steps: int
    jobs: int


def clean_up(
    service: JobService, *, folder: Path, sweeper: Sweeper, ages: Ages, dry_run: bool = False
) -> Cleaned:
    """Everything that is old enough; with `dry_run` it is only counted.

    `folder` is where the attempts of this machine keep their files.  TryAgain: a store is away.
    """
    cleaned = Cleaned(
        folders=_folders(service, folder, ages.temporary, dry_run=dry_run),
        files=sweeper.sweep(ages.temporary, dry_run=dry_run),
        steps=service.forget_steps([COMPLETED], older_than=ages.completed, dry_run=dry_run)
        + service.forget_steps([FAILED, CANCELLED], older_than=ages.failed, dry_run=dry_run),
        jobs=service.clean_up(older_than=ages.failed, dry_run=dry_run),
    )
    log.info(
        "cleaned up",
        dry_run=dry_run,
        folders=cleaned.folders,
        files=cleaned.files,
        steps=cleaned.steps,
        jobs=cleaned.jobs,
    )
    return cleaned


def _folders(service: JobService, folder: Path, age: timedelta, *, dry_run: bool) -> int:
    """Folders of jobs that no worker holds and in which nothing has changed for so long."""
    held = {claim.job_id for claim in service.claims()}
    latest = time.time() - age.total_seconds()
    old = [
        path
        for path in (folder.iterdir() if folder.is_dir() else ())
        if is_job_id(path.name) and path.name not in held and _changed(path) < latest
    ]
    for path in () if dry_run else old:
        shutil.rmtree(path, ignore_errors=True)
    return len(old)


def _changed(folder: Path) -> float:
    """When anything in a folder changed last, in seconds since the epoch; now, where it is just going."""
    try:
        return max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))
    except OSError:
        return time.time()
