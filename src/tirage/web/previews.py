"""Templates as browsers draw them: the files of src/tirage/mockup/preview.py, made on first use."""

from __future__ import annotations

import mimetypes

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response

from tirage.mockup.preview_shelf import COMPRESSED
from tirage.web.fresh import UNCHANGED, has_tag
from tirage.web.parts import Given

router = APIRouter(prefix="/v1", tags=["templates"])
TAG_DIGITS = 32
CACHE = "private, max-age=60, must-revalidate"


@router.get("/templates/{template_id}/preview/{name}", response_class=FileResponse, responses=UNCHANGED)
def preview_file(parts: Given, request: Request, template_id: str, name: str) -> Response:
    """One file of a template's preview; `scene.json` names the others."""
    content = parts.app.templates.content_of(template_id)
    path = parts.app.previews.file(template_id, content, name)
    guessed, _ = mimetypes.guess_type(name)
    tag = f'"{content[:TAG_DIGITS]}-{path.parent.name.rpartition("-")[2]}"'
    headers = {"Cache-Control": CACHE, "ETag": tag}
    if has_tag(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    if name in COMPRESSED:
        headers["Content-Encoding"] = "gzip"
    return FileResponse(path, media_type=guessed or "application/octet-stream", headers=headers)
