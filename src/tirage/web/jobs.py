"""The routes below /v1/jobs and /v1/events: jobs with everything that is known of them, and what happens."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Annotated

import anyio
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.concurrency import run_in_threadpool

from tirage import wire
from tirage.jobs.machine import is_active
from tirage.jobs.model import Event, Job, Order
from tirage.pipelines import MACHINES
from tirage.web import shapes
from tirage.web.fields import (
    Cursor,
    Limit,
    Offset,
    Overrides,
    Sort,
    Statuses,
    Text,
    filters_of,
    job_id_of,
    next_cursor,
    overrides_of,
    page_of,
)
from tirage.web.fresh import UNCHANGED, fresh
from tirage.web.parts import Given, Parts

router = APIRouter(prefix="/v1", tags=["jobs"])
After = Annotated[
    int | None, Query(ge=0, le=2**63 - 1, description="Number of the last event that is known.")
]
LastEvent = Annotated[str | None, Header(alias="Last-Event-ID")]
MAX_WAIT = 60
STREAM: dict[int | str, dict[str, object]] = {
    200: {"description": "Server-sent events.", "content": {"text/event-stream": {}}},
    204: {"description": "It has ended, and all was told."},
}


@router.get("/jobs")
def list_all(
    parts: Given,
    product_id: str | None = None,
    statuses: Statuses = None,
    pipeline: Annotated[str | None, Query(max_length=20, description=f"{', '.join(MACHINES)}.")] = None,
    text: Text = None,
    limit: Limit = 10,
    offset: Offset = 0,
    order: Sort = Order.DESC,
    cursor: Cursor = None,
) -> wire.JobPage:
    """Jobs, a page at a time."""
    filters = filters_of(product_id=product_id, statuses=statuses, pipeline=pipeline, text=text)
    page = page_of(limit, offset, order, cursor)
    jobs, count = parts.app.service.list_with_count(filters, page)
    return {
        "jobs": [shapes.job(job, parts.app.addresses) for job in jobs],
        "count": count,
        "limit": limit,
        "offset": offset,
        "next_cursor": next_cursor(jobs, page),
    }


@router.get("/jobs/{job_id}", response_model=None, responses={200: {"model": wire.JobAnswer}, **UNCHANGED})
async def get(
    parts: Given,
    request: Request,
    job_id: str,
    wait: Annotated[
        int, Query(ge=0, le=MAX_WAIT, description="Answer when it ends, at most so much later.")
    ] = 0,
) -> Response:
    """A job as it is now, or once it has ended."""
    job = await _retrieved(parts, job_id)
    if wait and is_waiting(job):
        with anyio.move_on_after(wait):
            await ended(parts, job)
        job = await _retrieved(parts, job_id)
    return fresh(request, job, shapes.job(job, parts.app.addresses))


@router.get("/jobs/{job_id}/history")
def history(parts: Given, job_id: str) -> wire.JobHistory:
    """A job's attempts, and its steps with what they noticed."""
    service = parts.app.service
    job = service.retrieve(job_id_of(job_id))
    return shapes.history(service.attempts(job.id), service.steps(job.id))


@router.post("/jobs/{job_id}/retry", status_code=201)
def retry(parts: Given, job_id: str, asked: Overrides | None = None) -> wire.JobAnswer:
    """A new job for a failed mockup, with what is ordered differently; a failed video itself again."""
    return _told(parts, parts.app.submissions.retry(job_id_of(job_id), overrides_of(asked)))


@router.post("/jobs/{job_id}/cancel")
def cancel(parts: Given, job_id: str) -> wire.JobAnswer:
    """Stops a job that waits or runs; the row stays."""
    return _told(parts, parts.app.service.cancel(job_id_of(job_id)))


@router.delete("/jobs/{job_id}", status_code=204)
def delete(parts: Given, job_id: str) -> None:
    """Hides a job and stops it; `restore` brings it back."""
    parts.app.service.soft_delete([job_id_of(job_id)])


@router.post("/jobs/{job_id}/restore")
def restore(parts: Given, job_id: str) -> wire.JobAnswer:
    """A deleted job, visible again."""
    return _told(parts, parts.app.service.restore(job_id_of(job_id)))


@router.get("/jobs/{job_id}/events", response_model=None, responses=STREAM)
async def events_of_job(parts: Given, job_id: str, after: After = None, last: LastEvent = None) -> Response:
    """What happens to a job, from its first event on or after the last one known, until it has ended.

    204 when it has ended and everything was told: an EventSource asks no more.
    """
    job = await _retrieved(parts, job_id)
    position = _position(last, after) or 0
    if not is_waiting(job) and not await run_in_threadpool(
        parts.app.service.events, after=position, limit=1, job_id=job.id
    ):
        return Response(status_code=204)
    return _stream(_lines(parts, job.id, position))


@router.get("/events/log")
def list_events(
    parts: Given,
    after: Annotated[
        int, Query(ge=0, le=2**63 - 1, description="Number of the last event that is known.")
    ] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> wire.EventPage:
    """What happened to all jobs, from any number on; `last` is the highest number there is."""
    found = parts.app.service.events(after=after, limit=limit)
    return {"events": [shapes.event(each) for each in found], "last": parts.app.service.last_event()}


@router.get("/events", response_model=None, responses=STREAM)
async def events(parts: Given, after: After = None, last: LastEvent = None) -> Response:
    """What happens to all jobs, from now on or after the last event known."""
    return _stream(_lines(parts, None, _position(last, after)))


def _told(parts: Parts, job: Job) -> wire.JobAnswer:
    parts.follower.hurry()
    return shapes.job(job, parts.app.addresses)


async def _retrieved(parts: Parts, job_id: str) -> Job:
    return await run_in_threadpool(parts.app.service.retrieve, job_id_of(job_id))


async def ended(parts: Parts, job: Job) -> None:
    """Waits until the job is no longer active, as its events tell."""
    async with aclosing(parts.follower.follow(job.id, after=0)) as batches:
        async for batch in batches:
            if any(_is_last(event, job) for event in batch):
                return


async def _lines(parts: Parts, job_id: str | None, after: int | None) -> AsyncIterator[bytes]:
    """Server-sent events; one job's end with the job."""
    job = await _retrieved(parts, job_id) if job_id else None
    yield format_sse_event(data_str=None, comment="events", retry=2000)
    async with aclosing(parts.follower.follow(job_id, after=after)) as batches:
        async for batch in batches:
            yield _block(batch)
            if job and any(_is_last(event, job) for event in batch):
                return


def _block(batch: Sequence[Event]) -> bytes:
    if not batch:
        return b": quiet\n\n"
    return b"".join(
        format_sse_event(
            data_str=json.dumps(shapes.event(event), ensure_ascii=False),
            event=event.name,
            id=str(event.number),
        )
        for event in batch
    )


def _stream(lines: AsyncIterator[bytes]) -> Response:
    """Not to be kept by anything on its way."""
    return EventSourceResponse(lines, headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})


def _position(last: str | None, after: int | None) -> int | None:
    """Where to go on: what a browser says after a break, else what the query says."""
    if last and last.isascii() and last.isdigit():
        return min(int(last[:20]), 2**63 - 1)
    return after


def is_waiting(job: Job) -> bool:
    """Whether a job waits or runs."""
    return is_active(MACHINES[job.pipeline], job.status)


def _is_last(event: Event, job: Job) -> bool:
    return not is_active(MACHINES[job.pipeline], event.status)
