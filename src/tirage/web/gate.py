"""Before any route: who may come in and how often, and headers that keep browsers from guessing."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tirage.access.keys import Keys
from tirage.access.model import Identity
from tirage.access.rates import WINDOW, Rates, Turn
from tirage.errors import BadInput, TirageError
from tirage.web.faults import RateLimited, answer
from tirage.web.scopes import scope_of

OPEN = ("/static/", "/studio", "/healthz", "/readyz")
"""What needs no key: files have addresses that nobody can guess, and probes have no keys."""
SESSION = "/v1/session"
COOKIE, CSRF = "tirage_session", "x-csrf-token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


class Gate:
    """ASGI middleware; it answers before a body is read."""

    def __init__(self, app: ASGIApp, *, keys: Keys, rates: Rates | None) -> None:
        """No `rates`: no limit."""
        self._app = app
        self._keys = keys
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through, or answers 401, 403, 429 or 503."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        added: dict[str, str] = {}

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in (*HEADERS.items(), *added.items()):
                    headers.setdefault(name, value)
            await send(message)

        if path == "/" or path.startswith(OPEN):
            await self._app(scope, receive, sealed)
            return
        try:
            identity = await self._identity(scope)
            self._count(scope, identity, added)
            self._check(scope, identity)
        except TirageError as refusal:
            await answer(refusal, path)(scope, receive, sealed)
            return
        scope.setdefault("state", {})["identity"] = identity
        await self._app(scope, receive, sealed)

    async def _identity(self, scope: Scope) -> Identity | None:
        headers = Headers(scope=scope)
        shown = shown_key(headers)
        if shown is not None:
            return await run_in_threadpool(self._keys.identify, shown)
        cookie = cookie_of(headers)
        if cookie is not None:
            return await run_in_threadpool(self._keys.identify_session, cookie)
        return None

    def _check(self, scope: Scope, identity: Identity | None) -> None:
        """UNAUTHORIZED, FORBIDDEN."""
        method, path = scope["method"], scope["path"]
        if path == SESSION and method == "POST":
            return
        if identity is None:
            raise BadInput("UNAUTHORIZED", "This server wants a key with every request.")
        needed = scope_of(method, path)
        if needed not in identity.scopes:
            raise BadInput("FORBIDDEN", f"This key lacks the scope {needed!s}.")
        if identity.csrf is not None and method not in SAFE:
            given = Headers(scope=scope).get(CSRF, "")
            if not hmac.compare_digest(given.encode(), identity.csrf.encode()):
                hint = f"Send the csrf of GET {SESSION} as {CSRF.title()}."
                raise BadInput(
                    "FORBIDDEN", "A browser's session has to prove where changes come from.", hint=hint
                )

    def _count(self, scope: Scope, identity: Identity | None, added: dict[str, str]) -> None:
        """RATE_LIMITED.  Strangers count by where they are."""
        if self._rates is None:
            return
        client = scope.get("client") or ("",)
        turn = self._rates.take(identity.digest if identity else f"address {client[0]}")
        added.update(_rate_headers(self._rates.per_minute, turn))
        if not turn.allowed:
            raise RateLimited(turn.wait)


def shown_key(headers: Headers) -> str | None:
    """The key in a request: Bearer, the user of Basic, or a header of its own (G-1)."""
    shown = headers.get("authorization")
    if shown is None:
        return headers.get("x-api-key")
    scheme, _, value = shown.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def cookie_of(headers: Headers) -> str | None:
    """The session's cookie."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found else None


def _rate_headers(per_minute: int, turn: Turn) -> Mapping[str, str]:
    return {
        "RateLimit-Policy": f'"key";q={per_minute};w={WINDOW}',
        "RateLimit": f'"key";r={turn.left};t={turn.wait}',
    }
