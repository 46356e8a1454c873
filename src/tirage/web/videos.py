"""The routes below /v1/videos: what is rendered of sessions.  The jobs themselves stand below /v1/jobs."""

from __future__ import annotations

from fastapi import APIRouter, Request

from tirage import wire_video
from tirage.web import shapes
from tirage.web.parts import Given
from tirage.web.video_bodies import VideoBody
from tirage.web.who import who

router = APIRouter(prefix="/v1", tags=["videos"])


@router.post("/videos", status_code=201)
def order(parts: Given, request: Request, body: VideoBody) -> wire_video.Jobs:
    """Orders videos of a locked edit, a job for each format; what was rendered already is answered so."""
    jobs = parts.app.videos.submit_many(body.values(who(request)))
    parts.follower.hurry()
    return {"jobs": [shapes.job(job, parts.app.addresses) for job in jobs]}


@router.get("/sessions/{session_id}/jobs")
def list_of_session(parts: Given, session_id: str) -> wire_video.Jobs:
    """The videos' jobs of a session, the newest first."""
    jobs = parts.app.videos.jobs_of(session_id)
    return {"jobs": [shapes.job(job, parts.app.addresses) for job in jobs]}
