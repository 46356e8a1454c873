"""The routes below /v1/edls, and of a session's revisions: edits read from any format, checked, locked."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from tirage import wire_video
from tirage.errors import Severity
from tirage.sessions.edits import NewEdl
from tirage.video.limits import MAX_BYTES
from tirage.web import shapes as job_shapes
from tirage.web import video_shapes as shapes
from tirage.web.parts import Given
from tirage.web.receiving import whole_body
from tirage.web.who import who

router = APIRouter(prefix="/v1", tags=["edits"])
RAW = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
FileName = Annotated[
    str,
    Query(max_length=200, description="Its ending says the format: .otio .edl .xml .fcpxml .drp .json"),
]
EXPORT: dict[int | str, dict[str, object]] = {
    200: {"description": "The file.", "content": {"application/octet-stream": {}}}
}


@router.post("/sessions/{session_id}/edls", status_code=201, openapi_extra=RAW)
async def add(
    parts: Given,
    request: Request,
    session_id: str,
    name: FileName,
    rate: Annotated[
        str | None, Query(max_length=10, description="For formats that do not say theirs; the session's.")
    ] = None,
) -> wire_video.EdlAnswer:
    """Reads the body as the next revision of a session's edit; every finding is told at once."""
    data = await whole_body(request, MAX_BYTES)
    new = NewEdl(name=name, data=data, rate=rate, created_by=who(request))
    return shapes.edl(await run_in_threadpool(parts.app.edits.add, session_id, new))


@router.get("/sessions/{session_id}/edls")
def list_all(parts: Given, session_id: str) -> wire_video.Edls:
    """A session's revisions, the newest first."""
    return {"edls": [shapes.edl_summary(each) for each in parts.app.edits.list(session_id)]}


@router.get("/edls/{edl_id}")
def get(parts: Given, edl_id: str) -> wire_video.EdlAnswer:
    """A revision with its content in Tirage's own JSON."""
    return shapes.edl(parts.app.edits.get(edl_id))


@router.delete("/edls/{edl_id}", status_code=204)
def delete(parts: Given, edl_id: str) -> None:
    """Removes an open revision; a locked one stays."""
    parts.app.edits.delete(edl_id)


@router.post("/edls/{edl_id}/captions", status_code=201, openapi_extra=RAW)
async def add_captions(
    parts: Given,
    request: Request,
    edl_id: str,
    language: Annotated[
        str, Query(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", max_length=40, description="en or pt-BR")
    ],
    name: Annotated[str, Query(max_length=200, description="Its ending says the format: .srt .vtt .ass")],
) -> wire_video.EdlAnswer:
    """Makes a new revision of this one with the captions of the body (SRT, VTT, ASS)."""
    data = await whole_body(request, MAX_BYTES)
    return shapes.edl(await run_in_threadpool(parts.app.edits.add_captions, edl_id, language, name, data))


@router.post("/edls/{edl_id}/validate")
def validate(parts: Given, edl_id: str) -> wire_video.Checks:
    """Everything that is wrong with a revision in its session."""
    found = parts.app.edits.validate(edl_id)
    wrong = any(each.severity is Severity.ERROR for each in found)
    return {"ok": not wrong, "findings": [job_shapes.finding(each) for each in found]}


@router.post("/edls/{edl_id}/lock")
def lock(parts: Given, request: Request, edl_id: str) -> wire_video.EdlAnswer:
    """Locks a revision and makes it the one that its session renders; from then on it never changes."""
    return shapes.edl(parts.app.edits.lock(edl_id, by=who(request)))


@router.get("/edls/{edl_id}/diff")
def diff(
    parts: Given,
    edl_id: str,
    against: Annotated[str, Query(max_length=200, description="The revision before, by its id.")],
) -> wire_video.EdlDifference:
    """What a revision changes of another one of its session."""
    return shapes.difference(parts.app.edits.difference(against, edl_id))


@router.get("/edls/{edl_id}/export", response_model=None, responses=EXPORT)
def export(
    parts: Given,
    edl_id: str,
    format: Annotated[  # noqa: A002 – what it is called everywhere
        str, Query(pattern="^(json|otio|edl|xml)$")
    ] = "json",
) -> Response:
    """A revision as a file that other programs read, by the sources' timecode."""
    written = parts.app.edits.write(edl_id, format)
    name = written.name.encode("ascii", "replace").decode().replace('"', "_").replace("?", "_")
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(written.data, media_type="application/octet-stream", headers=headers)
