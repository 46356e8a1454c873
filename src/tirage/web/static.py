"""Stored files over HTTP: whole or in parts, told apart by their tags, never run by a browser."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from email.utils import format_datetime

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from tirage.errors import NotFound
from tirage.settings import STATIC
from tirage.stores.addresses import is_key
from tirage.stores.blobs import Content, Stat
from tirage.stores.headers import headers_of, media_type_of
from tirage.web.fresh import has_tag
from tirage.web.parts import Given

router = APIRouter(prefix=f"/{STATIC}", tags=["files"])
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@router.head("/{key:path}", response_model=None, include_in_schema=False)
@router.get("/{key:path}", response_model=None)
async def get(parts: Given, request: Request, key: str) -> Response:
    """A stored file, or the part that a Range header asks for."""
    stat = await run_in_threadpool(parts.app.files.stat, key) if is_key(key) else None
    if stat is None:
        raise NotFound("NOT_FOUND", f"There is no file {key[:80]!r}.")
    headers = _headers(stat)
    if has_tag(request.headers.get("if-none-match", ""), stat.etag):
        return Response(status_code=304, headers=headers)
    part = _part(request, stat)
    if part is None:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{stat.bytes}"})
    start, end = part
    headers["Content-Length"] = str(end - start)
    whole = end - start == stat.bytes
    if not whole:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{stat.bytes}"
    status = 200 if whole else 206
    if request.method == "HEAD" or not stat.bytes:
        return Response(status_code=status, headers=headers)
    content = await run_in_threadpool(parts.app.files.open, key, start=start, end=end)
    return StreamingResponse(_blocks(content), status, headers)


async def _blocks(content: Content) -> AsyncIterator[bytes]:
    async for block in content.stream:
        yield bytes(block)


def _headers(stat: Stat) -> dict[str, str]:
    return {
        "Content-Type": media_type_of(stat.key),
        **headers_of(stat.key),
        "Accept-Ranges": "bytes",
        "ETag": stat.etag,
        "Last-Modified": format_datetime(stat.modified, usegmt=True),
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def _part(request: Request, stat: Stat) -> tuple[int, int] | None:
    """First byte and one past the last (RFC 9110, 14); None when there is nothing of what is asked for.

    Several parts at once, other units and parts of another version are answered with the whole.
    """
    whole = (0, stat.bytes)
    found = RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    condition = request.headers.get("if-range")
    if found is None or found[0] == "bytes=-" or (condition is not None and condition != stat.etag):
        return whole
    first, last = found[1], found[2]
    if not first:
        length = min(int(last), stat.bytes)
        return (stat.bytes - length, stat.bytes) if length else None
    start, end = int(first), min(int(last) + 1, stat.bytes) if last else stat.bytes
    if last and int(last) < int(first):
        return whole
    return (start, end) if start < stat.bytes else None
