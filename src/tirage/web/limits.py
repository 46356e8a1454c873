"""How much a request may send, enforced while it is received and answered in the shape of its routes."""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tirage.batches.matrix import MAX_BYTES as BATCH_BYTES
from tirage.errors import BadInput
from tirage.media.intake import MAX_BYTES as DESIGN_BYTES
from tirage.sessions.footage import LUT_BYTES, MEDIA_BYTES
from tirage.shops.sheet import MAX_BYTES as SHEET_BYTES
from tirage.video.limits import MAX_BYTES as EDL_BYTES
from tirage.web.faults import answer

BODY_BYTES = 1 << 20
ROUTES = {
    "/admin/render-jobs": (DESIGN_BYTES + (512 << 10), "FILE_TOO_LARGE"),
    "/v1/designs": (DESIGN_BYTES + (512 << 10), "FILE_TOO_LARGE"),
    "/v1/products/import": (SHEET_BYTES, "BODY_TOO_LARGE"),
    "/v1/batches/import": (BATCH_BYTES, "BODY_TOO_LARGE"),
    "/v1/batches": (BATCH_BYTES, "BODY_TOO_LARGE"),
    "/v1/estimates": (BATCH_BYTES, "BODY_TOO_LARGE"),
}
"""Bytes, and what to say; of an order the design and the fields.  Every other route takes BODY_BYTES."""
PATTERNS = (
    (re.compile(r"/v1/assets/[^/]+/files/[^/]+"), MEDIA_BYTES),
    (re.compile(r"/v1/assets/[^/]+/lut"), LUT_BYTES),
    (re.compile(r"/v1/(sessions/[^/]+/edls|edls/[^/]+/captions)"), EDL_BYTES),
)
"""Routes with a name in them, and bytes: recordings, LUTs, edits."""


def _most(path: str) -> tuple[int, str]:
    """Bytes, and what to say."""
    if path in ROUTES:
        return ROUTES[path]
    found = (most for pattern, most in PATTERNS if pattern.fullmatch(path))
    return next(found, BODY_BYTES), "BODY_TOO_LARGE"


class BodyLimit:
    """ASGI middleware; a body that says how long it is is refused before it is read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or answers 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most, code = _most(scope["path"])
        refusal = BadInput(code, f"The request is longer than {most / 2**20:g} MiB.")
        told = Headers(scope=scope).get("content-length", "")
        if told.isascii() and told.isdigit() and int(told[:20]) > most:
            await answer(refusal, scope["path"])(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise HTTPException(413) from refusal  # the one kind that body parsers let through
            return message

        await self._app(scope, counted, send)
