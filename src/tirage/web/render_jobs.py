"""The routes below /api/render-jobs: videos in the shapes of the system that ordered them before (part D)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from tirage import wire_video
from tirage.errors import NotFound
from tirage.jobs.model import Job
from tirage.sessions.model import VideoRequest
from tirage.video.states import VIDEO
from tirage.video.timeline import Format
from tirage.web import video_shapes as shapes
from tirage.web.fields import job_id_of
from tirage.web.parts import Given, Parts
from tirage.web.who import who

router = APIRouter(prefix="/api/render-jobs", tags=["videos"])


class TriggerBody(BaseModel):
    """What a render is ordered with."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"sessionId": "evening", "format": "full_16_9"}]},
    )

    sessionId: Annotated[str, Field(max_length=128)]  # noqa: N815 – the name that clients know
    format: Annotated[str, Field(max_length=40, description=f"{', '.join(Format)}.")] = Format.FULL.value
    metadata: dict[str, Any] = {}


@router.post("/trigger", status_code=201)
def trigger(parts: Given, request: Request, asked: TriggerBody) -> wire_video.Triggered:
    """Orders a video of a session's locked edit; what was rendered already is answered as completed."""
    order = VideoRequest(
        session_id=asked.sessionId, format=asked.format, metadata=asked.metadata, created_by=who(request)
    )
    job = parts.app.videos.submit(order)
    parts.follower.hurry()
    return shapes.triggered(job)


@router.get("/session/{session_id}")
def list_of_session(parts: Given, session_id: str) -> wire_video.RenderStatuses:
    """A session's jobs, the newest first."""
    jobs = parts.app.videos.jobs_of(session_id)
    links = parts.app.videos.links(jobs)
    told = [shapes.render_status(job, links.get(job.id), parts.app.addresses) for job in jobs]
    return {"success": True, "data": told}


@router.get("/{job_id}")
def get(parts: Given, job_id: str) -> wire_video.OneRenderStatus:
    """A job as it is now, with its files, times and error."""
    job = _video(parts, job_id)
    link = parts.app.videos.links([job]).get(job.id)
    return {"success": True, "data": shapes.render_status(job, link, parts.app.addresses)}


@router.post("/{job_id}/retry")
def retry(parts: Given, job_id: str) -> wire_video.Changed:
    """The same job once more, queued; only a failed one can be."""
    job = parts.app.service.retry(_video(parts, job_id).id)
    parts.follower.hurry()
    return shapes.changed(job)


@router.post("/{job_id}/cancel")
def cancel(parts: Given, job_id: str) -> wire_video.Changed:
    """Stops a job that waits or runs; the row stays."""
    job = parts.app.service.cancel(_video(parts, job_id).id)
    parts.follower.hurry()
    return shapes.changed(job)


def _video(parts: Parts, job_id: str) -> Job:
    """NotFound: there is no video's job of that id."""
    job = parts.app.service.retrieve(job_id_of(job_id))
    if job.pipeline != VIDEO.pipeline:
        raise NotFound("NOT_FOUND", f"There is no video's job {job_id[:60]!r}.")
    return job
