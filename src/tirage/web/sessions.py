"""The routes below /v1/sessions and /v1/assets: recording sessions, their recorders, what was recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from starlette.concurrency import run_in_threadpool

from tirage import wire_video
from tirage.jobs.model import Order
from tirage.media.files import disk_errors
from tirage.sessions.footage import LUT_BYTES
from tirage.sessions.model import StoredAsset
from tirage.web import shapes as job_shapes
from tirage.web import video_shapes as shapes
from tirage.web.fields import Cursor, Limit, Offset, Sort, next_cursor, page_of
from tirage.web.parts import Given, Parts
from tirage.web.receiving import blocks_of, whole_body
from tirage.web.video_bodies import AssetBody, AssetChanges, SessionBody, SessionChanges

router = APIRouter(prefix="/v1", tags=["sessions"])
FileName = Annotated[str, InPath(description="What the recording is called; edits may name it by that.")]
MEDIA = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
RAW = {"requestBody": {"required": True, "content": MEDIA}}


@router.post("/sessions", status_code=201)
def create(parts: Given, body: SessionBody) -> wire_video.SessionDetail:
    """Makes a session; recorders with addresses are fetched by a job."""
    made = parts.app.sessions.create(body.value(), [each.value() for each in body.assets])
    parts.follower.hurry()
    return _detail(parts, made.id)


@router.get("/sessions")
def list_all(
    parts: Given, limit: Limit = 10, offset: Offset = 0, order: Sort = Order.DESC, cursor: Cursor = None
) -> wire_video.SessionPage:
    """Sessions, a page at a time."""
    page = page_of(limit, offset, order, cursor)
    found, count = parts.app.sessions.list_with_count(page)
    return {
        "sessions": [shapes.session(each) for each in found],
        "count": count,
        "limit": limit,
        "offset": offset,
        "next_cursor": next_cursor(found, page),
    }


@router.get("/sessions/{session_id}")
def get(parts: Given, session_id: str) -> wire_video.SessionDetail:
    """A session with its recorders and the revisions of its edit."""
    return _detail(parts, session_id)


@router.patch("/sessions/{session_id}")
def update(parts: Given, session_id: str, body: SessionChanges) -> wire_video.SessionDetail:
    """Changes name, master or metadata."""
    parts.app.sessions.update(session_id, body.changes())
    return _detail(parts, session_id)


@router.delete("/sessions/{session_id}", status_code=204)
def delete(parts: Given, session_id: str) -> None:
    """Removes a session with recordings and revisions; 409 while a job of it is there."""
    parts.app.sessions.delete(session_id)


@router.get("/sessions/{session_id}/preflight")
def preflight(
    parts: Given,
    session_id: str,
    edl_id: Annotated[str | None, Query(max_length=200, description="By default the current one.")] = None,
) -> wire_video.Checks:
    """Everything that stands in a render's way, at once."""
    checked = parts.app.preflight.session(session_id, edl_id=edl_id)
    found = [job_shapes.finding(each) for each in checked.findings]
    return {"ok": not checked.errors, "findings": found}


@router.get("/sessions/{session_id}/assets")
def list_assets(parts: Given, session_id: str) -> wire_video.Assets:
    """A session's recorders in their order."""
    stored = parts.app.sessions.get(session_id)
    found = parts.app.sessions.assets(session_id)
    return {"assets": [shapes.asset(each, stored, parts.app.addresses) for each in found]}


@router.post("/sessions/{session_id}/assets", status_code=201)
def add_asset(parts: Given, session_id: str, body: AssetBody) -> wire_video.AssetAnswer:
    """Adds a recorder; its recording is sent with PUT, or fetched from the addresses by a job."""
    return _told(parts, parts.app.sessions.add_asset(session_id, body.value()))


@router.get("/assets/{asset_id}")
def get_asset(parts: Given, asset_id: str) -> wire_video.AssetAnswer:
    """A recorder with what is known of its recording."""
    return _told(parts, parts.app.sessions.asset(asset_id))


@router.patch("/assets/{asset_id}")
def update_asset(parts: Given, asset_id: str, body: AssetChanges) -> wire_video.AssetAnswer:
    """Changes name, sync, start or focus; edits that were locked before are no longer what was locked."""
    return _told(parts, parts.app.sessions.update_asset(asset_id, body.changes()))


@router.delete("/assets/{asset_id}", status_code=204)
def delete_asset(parts: Given, asset_id: str) -> None:
    """Removes a recorder with its recording."""
    parts.app.sessions.delete_asset(asset_id)


@router.put("/assets/{asset_id}/files/{name}", openapi_extra=RAW)
async def send_file(parts: Given, request: Request, asset_id: str, name: FileName) -> wire_video.AssetAnswer:
    """Sends a recording as the body; one of the same name is replaced, and a job looks into it."""
    await run_in_threadpool(parts.app.sessions.asset, asset_id)
    with parts.app.footage.incoming() as path:
        await _receive(request, path)
        found = await run_in_threadpool(parts.app.sessions.receive, asset_id, name, path)
    return await run_in_threadpool(_told, parts, found)


@router.delete("/assets/{asset_id}/files/{name}")
def remove_file(parts: Given, asset_id: str, name: FileName) -> wire_video.AssetAnswer:
    """Takes a recording out of a recorder."""
    return _told(parts, parts.app.sessions.remove_file(asset_id, name))


@router.put("/assets/{asset_id}/lut", openapi_extra=RAW)
async def send_lut(parts: Given, request: Request, asset_id: str) -> wire_video.AssetAnswer:
    """Sends a LUT (.cube) as the body, for a recorder's colours; an empty body takes it away."""
    data = await whole_body(request, LUT_BYTES + 1)
    found = await run_in_threadpool(parts.app.sessions.set_lut, asset_id, data)
    return await run_in_threadpool(_told, parts, found)


@router.post("/assets/{asset_id}/ingest", status_code=201)
def ingest(
    parts: Given,
    asset_id: str,
    mezzanines: Annotated[
        str, Query(pattern="^(needed|all)$", description="`all` lets renders copy what stays as it is.")
    ] = "needed",
) -> wire_video.AssetAnswer:
    """Has a recording looked into by a job, and mezzanines made of it."""
    return _told(parts, parts.app.sessions.ingest(asset_id, mezzanines=mezzanines))


async def _receive(request: Request, path: Path) -> None:
    """The body, into a file; a large one never is in memory."""
    with path.open("wb") as file:
        async for block in blocks_of(request):
            with disk_errors(path):
                await run_in_threadpool(file.write, block)


def _detail(parts: Parts, session_id: str) -> wire_video.SessionDetail:
    app = parts.app
    stored = app.sessions.get(session_id)
    assets, edls = app.sessions.assets(session_id), app.edits.list(session_id)
    return shapes.session_detail(stored, assets, edls, app.addresses)


def _told(parts: Parts, asset: StoredAsset) -> wire_video.AssetAnswer:
    parts.follower.hurry()
    return shapes.asset(asset, parts.app.sessions.get(asset.session_id), parts.app.addresses)
