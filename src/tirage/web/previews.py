"""Templates as browsers draw them: the files of src/tirage/mockup/preview.py, made on first use."""

from __future__ import annotations

import mimetypes

from fastapi import APIRouter
from starlette.responses import FileResponse

from tirage.mockup.preview_shelf import COMPRESSED
from tirage.web.parts import Given

router = APIRouter(prefix="/v1", tags=["templates"])
CACHE = "private, max-age=60, must-revalidate"


@router.get("/templates/{template_id}/preview/{name}", response_class=FileResponse)
def preview_file(parts: Given, template_id: str, name: str) -> FileResponse:
    """One file of a template's preview; `scene.json` names the others."""
    path = parts.app.previews.file(template_id, parts.app.templates.content_of(template_id), name)
    guessed, _ = mimetypes.guess_type(name)
    headers = {"Cache-Control": CACHE}
    if name in COMPRESSED:
        headers["Content-Encoding"] = "gzip"
    return FileResponse(path, media_type=guessed or "application/octet-stream", headers=headers)
