"""The regular clean-up with a program's parts; workers do it by the clock, operators when they like."""

from __future__ import annotations

from datetime import timedelta

from tirage.app import App
from tirage.jobs.housekeeping import Ages, Cleaned, clean_up
from tirage.settings import Settings

WORK = "work"
"""The folder of attempts, in the data folder."""


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
