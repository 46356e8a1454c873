"""Before any route: who may come in, and headers that keep browsers from guessing."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tirage.errors import BadInput
from tirage.web.faults import answer

OPEN = ("/static/", "/healthz", "/readyz")
"""What needs no key: files have addresses that nobody can guess, and probes have no keys."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
}


def new_key() -> str:
    """A key that nobody can guess."""
    return f"sk_{secrets.token_urlsafe(24)}"


class Gate:
    """ASGI middleware; it answers before a body is read."""

    def __init__(self, app: ASGIApp, *, key: str) -> None:
        self._app = app
        self._digest = _digest(key)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through, or answers 401."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        path = scope["path"]
        if path.startswith(OPEN) or self._knows(Headers(scope=scope)):
            await self._app(scope, receive, sealed)
            return
        refusal = BadInput("UNAUTHORIZED", "This server wants its key with every request.")
        await answer(refusal, path)(scope, receive, sealed)

    def _knows(self, headers: Headers) -> bool:
        given = _given(headers)
        return given is not None and hmac.compare_digest(_digest(given), self._digest)


def _given(headers: Headers) -> str | None:
    """The key in a request: Bearer, the user of Basic, or a header of its own (G-1)."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return None
    return headers.get("x-api-key")


def _digest(key: str) -> bytes:
    """Of equal length for every key, so that comparing takes equally long."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
