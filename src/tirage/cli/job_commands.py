"""The commands that work on jobs and on all data: `tirage worker`, `tirage jobs …`, `tirage cleanup`,
`tirage migrate`, `tirage backup`.  What they do stands in modules that are imported when one of them runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Protocol

import typer

from tirage.errors import UsageError

ALL_QUEUES = "mockup,blender,video,ingest"
NAMES = {"restore_backup": "restore"}
"""Commands whose functions cannot have their names."""
HELP = {"help_option_names": ["-h", "--help"]}
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="A job's id.")]
QueueName = Annotated[str, typer.Argument(metavar="QUEUE", help="A queue's name.")]


class Desk(Protocol):
    """What the commands on jobs do, somewhere."""

    def list_jobs(
        self, *, product: str | None, statuses: Sequence[str] | None, limit: int, offset: int, json: bool
    ) -> None:
        """A page of jobs."""

    def show(self, job_id: str, *, json: bool) -> None:
        """Everything that is known of a job."""

    def watch(self, job_id: str, *, json: bool) -> int:
        """Events until the job has ended; the exit code."""

    def retry(self, job_id: str, *, json: bool) -> None:
        """The new job."""

    def cancel(self, job_id: str, *, json: bool) -> None:
        """The job as it is then."""

    def stats(self, *, json: bool) -> None:
        """How many there are of each."""

    def pause(self, queue: str, *, paused: bool) -> None:
        """Holds a queue back, or lets it go on."""


jobs_app = typer.Typer(help="List, show, watch, retry and cancel jobs.", rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Adds the commands to the program's."""
    app.add_typer(jobs_app, name="jobs", context_settings=HELP)
    for command in (worker, cleanup, migrate, doctor, backup, restore_backup):
        app.command(NAMES.get(command.__name__))(command)


@jobs_app.callback(invoke_without_command=True)
def _jobs(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(UsageError.exit_code)


def worker(
    *,
    queues: Annotated[
        str, typer.Option(metavar="A,B,...", help="Queues to take jobs from: all by default.")
    ] = ALL_QUEUES,
    concurrency: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=1,
            max=64,
            help="Jobs at a time, beside one each for Blender, videos and ingests: 1 by default.",
        ),
    ] = 1,
    parent: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Make jobs until it is told to stop: SIGTERM lets running jobs end, and gives back what takes long."""
    from tirage.cli import jobs

    raise typer.Exit(
        jobs.work([name.strip() for name in queues.split(",")], concurrency=concurrency, parent=parent)
    )


def cleanup(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    json: Json = False,
) -> None:
    """Delete old temporary files and steps, hide jobs that failed long ago; workers do it daily at 2:00."""
    from tirage.cli import jobs

    jobs.clean_up(dry_run=dry_run, json=json)


def migrate() -> None:
    """Bring the database to this version's schema; every command does so that needs it."""
    from tirage.cli import jobs

    jobs.migrate_database()


def doctor(
    *,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check every job, its files and its product's media, too.")
    ] = False,
    json: Json = False,
) -> None:
    """Show the settings with their origin, and whether all that Tirage needs is there; exit 1 when not."""
    from tirage.cli import jobs

    raise typer.Exit(jobs.diagnose(verify=verify, json=json))


def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder for it.")], *, json: Json = False
) -> None:
    """Copy the SQLite database and all files to a folder, while everything goes on."""
    from tirage.cli import backups

    backups.make(folder, json=json)


def restore_backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What `tirage backup` wrote.")],
    *,
    json: Json = False,
) -> None:
    """Put a back-up in an empty place: TIRAGE_DATA_DIR, TIRAGE_STORAGE_URL."""
    from tirage.cli import backups

    backups.restore(folder, json=json)


def _desk() -> Desk:
    """A server, when one is named, or this machine's data."""
    from tirage.cli.desk import has_server

    if has_server():
        from tirage.cli import remote_jobs

        return remote_jobs
    from tirage.cli import jobs

    return jobs


@jobs_app.command("list")
def list_jobs(
    *,
    product: Annotated[str | None, typer.Option(metavar="ID", help="Only of that product.")] = None,
    status: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="Only in one of these statuses.")
    ] = None,
    limit: Annotated[int, typer.Option(metavar="N", help="At most so many, 1 to 100.")] = 20,
    offset: Annotated[int, typer.Option(metavar="N", help="Leave out the first.")] = 0,
    json: Json = False,
) -> None:
    """List jobs, the newest first."""
    statuses = [name.strip() for name in status.split(",")] if status is not None else None
    _desk().list_jobs(product=product, statuses=statuses, limit=limit, offset=offset, json=json)


@jobs_app.command()
def show(job: JobId, *, json: Json = False) -> None:
    """Show a job with its files, attempts and steps."""
    _desk().show(job, json=json)


@jobs_app.command()
def watch(job: JobId, *, json: Json = False) -> None:
    """Print what happens to a job until it ends; exit 1 when it failed or was cancelled."""
    raise typer.Exit(_desk().watch(job, json=json))


@jobs_app.command()
def retry(job: JobId, *, json: Json = False) -> None:
    """Submit a failed job's order again: a mockup as a new job, a video as the same."""
    _desk().retry(job, json=json)


@jobs_app.command()
def cancel(job: JobId, *, json: Json = False) -> None:
    """Cancel a job that waits or runs."""
    _desk().cancel(job, json=json)


@jobs_app.command()
def delete(job: JobId, *, json: Json = False) -> None:
    """Hide a job, and stop it if it waits or runs; its files stay."""
    from tirage.cli import jobs

    jobs.delete(job, json=json)


@jobs_app.command()
def restore(job: JobId, *, json: Json = False) -> None:
    """Bring a deleted job back as it was."""
    from tirage.cli import jobs

    jobs.restore(job, json=json)


@jobs_app.command()
def purge(job: JobId, *, json: Json = False) -> None:
    """Remove a job that is not active for good: its row, its files, and its pictures from the product."""
    from tirage.cli import jobs

    jobs.purge(job, json=json)


@jobs_app.command()
def stats(*, json: Json = False) -> None:
    """Count jobs by status and by queue."""
    _desk().stats(json=json)


@jobs_app.command()
def pause(queue: QueueName) -> None:
    """Let workers take no more jobs of a queue; those that run go on."""
    _desk().pause(queue, paused=True)


@jobs_app.command()
def resume(queue: QueueName) -> None:
    """Let workers take jobs of a queue again."""
    _desk().pause(queue, paused=False)
