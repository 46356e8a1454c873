"""The web interface: its built files, and the page with the policy that lets nothing else run."""

from __future__ import annotations

import mimetypes
import secrets
from functools import cache
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from tirage.errors import NotFound

router = APIRouter(include_in_schema=False)
FOLDER = Path(__file__).parent / "studio"
POLICY = (
    "default-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; style-src 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
ASSET_CACHE = "public, max-age=31536000, immutable"
"""Their names change with what is in them."""
MISSING = "The web interface is not built in this checkout: run `make studio`, then load this page again."


@router.get("/")
def root() -> Response:
    """To the interface."""
    return RedirectResponse("/studio/")


@router.get("/studio/assets/{name}")
def asset(name: str) -> Response:
    """A script, style or picture."""
    return _file(FOLDER / "assets", name, ASSET_CACHE)


@router.get("/studio/mark.svg")
def mark() -> Response:
    """The icon."""
    return _file(FOLDER, "mark.svg", "public, max-age=3600")


@router.get("/studio")
@router.get("/studio/{page:path}")
def page(page: str = "") -> Response:
    """The page, whatever address below it: its own router reads that."""
    del page
    text = _page()
    if text is None:
        return HTMLResponse(f"<!doctype html><title>Tirage</title><p>{MISSING}", status_code=503)
    nonce = secrets.token_urlsafe(16)
    headers = {"Content-Security-Policy": POLICY.format(nonce=nonce), "Cache-Control": "no-store"}
    return HTMLResponse(text.replace("{{nonce}}", nonce), headers=headers)


@cache
def _page() -> str | None:
    try:
        return (FOLDER / "index.html").read_text("utf-8")
    except FileNotFoundError:
        return None


def _file(folder: Path, name: str, cached: str) -> Response:
    path = folder / name
    if Path(name).name != name or not path.is_file():
        raise NotFound("NOT_FOUND", f"There is no file {name[:60]!r}.")
    guessed, _ = mimetypes.guess_type(name)
    return FileResponse(
        path, media_type=guessed or "application/octet-stream", headers={"Cache-Control": cached}
    )
