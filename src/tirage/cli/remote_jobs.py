"""What the commands on jobs do with a server: ask its API, print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

from tirage import wire
from tirage.cli import report
from tirage.cli.desk import ask
from tirage.jobs.machine import COMPLETED

ENDED_BADLY = 1


def list_jobs(
    *, product: str | None, statuses: Sequence[str] | None, limit: int, offset: int, json: bool
) -> None:
    """A page of jobs."""
    page = ask(
        lambda client: client.list_jobs(
            product_id=product, statuses=statuses or (), limit=limit, offset=offset
        )
    )
    if json:
        report.show_json({"jobs": page["jobs"], "count": page["count"]})
        return
    for job in page["jobs"]:
        typer.echo(_line(job))
    typer.echo(f"{len(page['jobs'])} of {page['count']} jobs")


def show(job_id: str, *, json: bool) -> None:
    """Everything that is known of a job."""
    job = ask(lambda client: client.get_job(job_id))
    if json:
        report.show_json({**job})
        return
    typer.echo(_line(job))
    for name, value in job.items():
        if value not in (None, {}, []) and name not in {"id", "status", "progress", "artifacts"}:
            typer.echo(f"  {name}: {value}")
    for artifact in job["artifacts"]:
        typer.echo(f"  {artifact['role']}: {artifact['url']}")


def watch(job_id: str, *, json: bool) -> int:
    """Events as they come, until the job has ended; the exit code."""

    async def follow(client: Any) -> str:  # noqa: ANN401 – AsyncClient, which only some installs have
        async for event in client.watch_job(job_id):
            if json:
                report.show_json(event)
            else:
                said = event["data"].get("message") or event["data"].get("step") or ""
                typer.echo(f"{event['at'][11:19]}  {event['name']:24} {event['progress']:3} %  {said}")
        job: wire.JobAnswer = await client.get_job(job_id)
        return job["status"]

    return 0 if ask(follow) == COMPLETED else ENDED_BADLY


def retry(job_id: str, *, json: bool) -> None:
    """The new job."""
    _one(ask(lambda client: client.retry_job(job_id)), json=json)


def cancel(job_id: str, *, json: bool) -> None:
    """The job as it is then."""
    _one(ask(lambda client: client.cancel_job(job_id)), json=json)


def stats(*, json: bool) -> None:
    """How many wait and run in each queue."""
    found = ask(lambda client: client.list_queues())
    if json:
        report.show_json({**found})
        return
    for queue in found["queues"]:
        state = "  paused" if queue["paused"] else ""
        typer.echo(f"queue {queue['name']}: {queue['waiting']} wait, {queue['running']} run{state}")


def pause(queue: str, *, paused: bool) -> None:
    """Holds a queue back, or lets it go on."""
    ask(lambda client: (client.pause_queue if paused else client.resume_queue)(queue))
    typer.echo(f"The queue {queue} {'is paused' if paused else 'goes on'}.")


def _one(job: wire.JobAnswer, *, json: bool) -> None:
    if json:
        report.show_json({**job})
    else:
        typer.echo(_line(job))


def _line(job: wire.JobAnswer) -> str:
    at = job["created_at"][:19].replace("T", " ")
    said = f"  {job['error']['message']}" if job["error"] else ""
    of, kind = job["product_id"], job["preset"]
    if of is None:
        of, kind = job["options"].get("session_id"), job["options"].get("format", job["pipeline"])
    what = f"{of}  {kind}{said}"
    return f"{job['id']}  {at}  {job['status']:11} {job['progress']:3} %  {what}"
