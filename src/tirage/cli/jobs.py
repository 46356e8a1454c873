"""What the commands on jobs do: open the program's parts, ask the service, print."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from types import FrameType

import typer

from tirage import traces
from tirage.cli import report
from tirage.cli.parts import needed, opened
from tirage.jobs.machine import COMPLETED
from tirage.jobs.model import Event, Job, JobFilters, Page
from tirage.jobs.service import BATCH_LIMIT
from tirage.settings import Settings, explained

ENDED_BADLY = 1
STATES = {"ok": "green", "warning": "yellow", "error": "red"}
WATCH_SECONDS = 0.3
PARENT_SECONDS = 0.5


def work(queues: Sequence[str], *, concurrency: int, parent: int | None = None) -> int:
    """Makes jobs until SIGTERM, SIGINT or SIGHUP; a second one ends at once.  The exit code.

    With `parent` it stops also when that process is no longer its parent: the server that started it is gone.
    """
    with opened() as app:
        from tirage.staff import make_worker

        traces.configure(app.settings.traces_url)
        worker = make_worker(app, queues=queues, concurrency=concurrency)
        if parent is not None:
            threading.Thread(target=_outlive, args=(parent, worker.stop), daemon=True).start()
        with told_to_stop(worker.stop):
            if parent is None:
                typer.echo(f"Taking jobs of {', '.join(queues)}; stop with Ctrl-C.", err=True)
            return 0 if worker.run() else ENDED_BADLY


def _outlive(parent: int, stop: Callable[[], None]) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    stop()


@contextmanager
def told_to_stop(stop: Callable[[], None]) -> Iterator[None]:
    """Calls `stop` at the first signal; the next one is handled as before."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}

    def back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def first(_number: int, _frame: FrameType | None) -> None:
        back()
        stop()

    for number in numbers:
        signal.signal(number, first)
    try:
        yield
    finally:
        back()


def clean_up(*, dry_run: bool, json: bool) -> None:
    """What went, or would go."""
    from tirage.tidying import tidy

    with opened() as app:
        cleaned = tidy(app, dry_run=dry_run)
    if json:
        report.show_json({"dry_run": dry_run, **asdict(cleaned)})
        return
    verb = "would go" if dry_run else "gone"
    typer.echo(
        f"{verb}: {cleaned.folders} folders of attempts, {cleaned.files} files of no job, "
        f"{cleaned.steps} recorded steps; {cleaned.jobs} failed jobs hidden"
    )


def migrate_database() -> None:
    """Brings the database to this version."""
    with opened():
        typer.echo("The database has this version's schema.")


def diagnose(*, verify: bool, json: bool) -> int:
    """Settings and parts; the exit code."""
    with needed():
        from tirage.doctor import diagnose as look
    settings = explained()
    found = look(Settings.read(), verify=verify)
    if json:
        parts = [asdict(check) for check in found.checks]
        wrong = [asdict(finding) for finding in found.findings]
        shown = [asdict(setting) for setting in settings]
        report.show_json({"well": found.well, "settings": shown, "checks": parts, "findings": wrong})
        return 0 if found.well else ENDED_BADLY
    for setting in settings:
        typer.echo(f"{setting.name:30} {setting.value or '(not set)'}  [{setting.origin}]")
    typer.echo("")
    for check in found.checks:
        typer.echo(typer.style(f"{check.state:8}", fg=STATES[check.state]) + f"{check.name}: {check.message}")
        if check.hint and check.state != "ok":
            typer.echo(f"        hint: {check.hint}")
    report.findings(found.findings)
    return 0 if found.well else ENDED_BADLY


def list_jobs(
    *, product: str | None, statuses: Sequence[str] | None, limit: int, offset: int, json: bool
) -> None:
    """A page of jobs."""
    filters = JobFilters(product_id=product, statuses=statuses)
    with opened() as app:
        jobs, count = app.service.list_with_count(filters, Page(limit=limit, offset=offset))
    if json:
        report.show_json({"jobs": [entry(job) for job in jobs], "count": count})
        return
    for job in jobs:
        typer.echo(_line(job))
    typer.echo(f"{len(jobs)} of {count} jobs")


def show(job_id: str, *, json: bool) -> None:
    """Everything that is known of a job."""
    with opened() as app:
        job = app.service.retrieve(job_id)
        attempts, steps = app.service.attempts(job_id), app.service.steps(job_id)
    tries = [_plain(asdict(attempt)) for attempt in attempts]
    done = [_plain(asdict(step)) for step in steps]
    if json:
        report.show_json({**entry(job), "attempts_made": tries, "steps": done})
        return
    typer.echo(_line(job))
    for name, value in entry(job).items():
        if value not in (None, {}, []) and name not in {"id", "status", "progress", "files"}:
            typer.echo(f"  {name}: {value}")
    for attempt in attempts:
        how = f"{attempt.failure.kind}: {attempt.failure.message}" if attempt.failure else "done"
        typer.echo(f"  attempt {attempt.number} by {attempt.worker}: {how if attempt.ended_at else 'runs'}")
    for step in steps:
        spent = f"{(step.ended_at - step.started_at).total_seconds():.2f} s" if step.ended_at else "runs"
        typer.echo(f"  step {step.name}: {spent}")
    for artifact in job.artifacts:
        typer.echo(f"  {artifact.role}: {artifact.key}")


def watch(job_id: str, *, json: bool) -> int:
    """Events as they come, until the job has ended; the exit code."""
    with opened() as app:
        app.service.retrieve(job_id)
        last, job = 0, None
        while job is None or job.completed_at is None:
            job = app.service.get(job_id)
            for event in app.service.events(after=last, job_id=job_id, limit=BATCH_LIMIT):
                last = event.number
                _tell(event, json=json)
            if job is None:
                return ENDED_BADLY
            if job.completed_at is None:
                time.sleep(WATCH_SECONDS)
    return 0 if job.status == COMPLETED else ENDED_BADLY


def retry(job_id: str, *, json: bool) -> None:
    """The new job."""
    with opened() as app:
        _one(app.submissions.retry(job_id, {}), json=json)


def cancel(job_id: str, *, json: bool) -> None:
    """The job as it is then."""
    with opened() as app:
        _one(app.service.cancel(job_id), json=json)


def delete(job_id: str, *, json: bool) -> None:
    """The job as it was last."""
    with opened() as app:
        _one(app.service.soft_delete([job_id])[0], json=json)


def restore(job_id: str, *, json: bool) -> None:
    """The job as it is again."""
    with opened() as app:
        _one(app.service.restore(job_id), json=json)


def purge(job_id: str, *, json: bool) -> None:
    """Nothing is left to show."""
    with opened() as app:
        app.removal.purge(job_id)
    if json:
        report.show_json({"purged": job_id})
    else:
        typer.echo(f"{job_id} is gone.")


def stats(*, json: bool) -> None:
    """How many there are of each."""
    with opened() as app:
        counts, queues = app.service.stats(), app.service.queues()
    if json:
        report.show_json(
            {
                "total": counts.total,
                "by_status": dict(counts.by_status),
                "queues": [_plain(asdict(queue)) for queue in queues],
            }
        )
        return
    for status, count in counts.by_status.items():
        typer.echo(f"{status:12} {count:8}")
    for queue in queues:
        state = "  paused" if queue.paused else ""
        typer.echo(f"queue {queue.name}: {queue.waiting} wait, {queue.running} run{state}")


def pause(queue: str, *, paused: bool) -> None:
    """Holds a queue back, or lets it go on."""
    with opened() as app:
        (app.service.pause if paused else app.service.resume)(queue)
    typer.echo(f"The queue {queue} {'is paused' if paused else 'goes on'}.")


def entry(job: Job) -> dict[str, object]:
    """A job as plain values."""
    failure = job.failure
    error = {"class": failure.kind, "code": failure.code, "message": failure.message} if failure else None
    values = asdict(job)
    for name in ("failure", "artifacts", "progress_at_failure", "untidy"):
        values.pop(name)
    return _plain({**values, "error": error, "files": {each.role: each.key for each in job.artifacts}})


def _plain(values: Mapping[str, object]) -> dict[str, object]:
    """The same with times as text."""
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()
    }


def _one(job: Job, *, json: bool) -> None:
    if json:
        report.show_json(entry(job))
    else:
        typer.echo(_line(job))


def _line(job: Job) -> str:
    at = job.created_at.strftime("%Y-%m-%d %H:%M:%S")
    said = f"  {job.error_message}" if job.error_message else ""
    return f"{job.id}  {at}  {job.status:11} {job.progress:3} %  {ordered(job)}{said}"


def ordered(job: Job) -> str:
    """What a job makes, in few words: of which product, or of which session."""
    if job.product_id is not None:
        return f"{job.product_id}  {job.preset}"
    what = job.options.get("format", job.pipeline)
    return f"{job.options.get('session_id')}  {what}"


def _tell(event: Event, *, json: bool) -> None:
    if json:
        report.show_json(_plain(asdict(event)))
        return
    said = event.data.get("message") or event.data.get("step") or ""
    typer.echo(f"{event.at:%H:%M:%S}  {event.name:24} {event.progress:3} %  {said}")
