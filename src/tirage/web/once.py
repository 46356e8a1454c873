"""`Idempotency-Key` on every POST: the request is carried out once, and who repeats it gets the same answer.
The claim on the key is written with what the request writes first (access/once.py).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tirage.access.model import Claimed, Identity
from tirage.access.once import once
from tirage.access.store import AccessStore
from tirage.errors import BadInput, Conflict, TirageError
from tirage.log import Logger
from tirage.web.faults import answer

HEADER, REPLAYED = "idempotency-key", "Idempotency-Replayed"
KEY_LENGTH = 255
KEPT_BYTES = 1 << 20
"""Of an answer that is kept; a longer one is not repeated."""
AGAIN = "Wait for the first answer, or use another key."
LOST = "Look at what is there: the request was carried out, and its answer was lost in a crash."
log = Logger("once")


class OnceOnly:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, *, store: AccessStore) -> None:
        self._app = app
        self._store = store
        self._under_way: set[tuple[str, str, str]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or repeats an answer."""
        key = Headers(scope=scope).get(HEADER) if scope["type"] == "http" else None
        if key is None or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        try:
            request, body = await self._request(scope, receive, key)
            told = await self._told(request)
        except TirageError as refusal:
            await answer(refusal, scope["path"])(scope, receive, send)
            return
        if told is not None:
            await told(scope, receive, send)
            return
        name = (request.owner, request.route, request.key)
        self._under_way.add(name)
        try:
            await self._carry_out(request, body, scope, receive, send)
        finally:
            self._under_way.discard(name)

    async def _request(self, scope: Scope, receive: Receive, key: str) -> tuple[Claimed, bytes]:
        """BadInput INVALID_DATA, BODY_TOO_LARGE."""
        if not (0 < len(key) <= KEY_LENGTH and key.isascii() and key.isprintable()):
            message = f"An Idempotency-Key has 1 to {KEY_LENGTH} printable ASCII characters."
            raise BadInput("INVALID_DATA", message)
        body = bytearray()
        more = True
        try:
            while more:
                part = await receive()
                if part["type"] == "http.disconnect":
                    raise BadInput("INVALID_DATA", "The request was cut off.")
                body += part.get("body", b"")
                more = part.get("more_body", False)
        except HTTPException as refused:
            if isinstance(refused.__cause__, TirageError):
                raise refused.__cause__ from None
            raise
        identity = scope.get("state", {}).get("identity")
        request = Claimed(
            owner=identity.digest if isinstance(identity, Identity) else "",
            route=f"{scope['path']}?{scope.get('query_string', b'').decode('latin-1')}"[:2000],
            key=key,
            digest=_digest(Headers(scope=scope).get("content-type", ""), bytes(body)),
            created_at=datetime.now(UTC),
        )
        return request, bytes(body)

    async def _told(self, request: Claimed) -> Response | None:
        """The answer of an equal request before.  BadInput IDEMPOTENCY_MISMATCH; Conflict: not there yet."""
        name = (request.owner, request.route, request.key)
        under_way = name in self._under_way
        if under_way:
            raise Conflict("CONFLICT", "A request with this Idempotency-Key is under way.", hint=AGAIN)
        before = await run_in_threadpool(
            self._store.read, lambda unit: unit.access.request(request.owner, request.route, request.key)
        )
        if name in self._under_way:
            raise Conflict("CONFLICT", "A request with this Idempotency-Key is under way.", hint=AGAIN)
        if before is None:
            return None
        if before.digest != request.digest:
            raise BadInput("IDEMPOTENCY_MISMATCH", "This Idempotency-Key was used with another body before.")
        if before.status is None:
            raise Conflict("CONFLICT", "A request with this Idempotency-Key was begun before.", hint=LOST)
        body = (before.body or "").encode()
        return Response(body, before.status, {REPLAYED: "true"}, before.media_type)

    async def _carry_out(
        self, request: Claimed, body: bytes, scope: Scope, receive: Receive, send: Send
    ) -> None:
        given = False
        start: dict[str, object] = {}
        told = bytearray()

        async def again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def heard(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                MutableHeaders(scope=message).setdefault("Idempotency-Key", request.key)
            elif len(told) <= KEPT_BYTES:
                told.extend(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body"):
                await self._keep(request, current.written, start, bytes(told))
            await send(message)

        with once(request) as current:
            await self._app(scope, again, heard)

    async def _keep(self, request: Claimed, written: bool, start: dict[str, object], told: bytes) -> None:
        """The answer beside the claim, before it is sent; a request that wrote nothing may be tried again."""
        if not written or len(told) > KEPT_BYTES:
            return
        status = start["status"]
        kind = Headers(raw=start["headers"]).get("content-type")  # type: ignore[arg-type]
        done = replace(request, status=status, media_type=kind, body=told.decode())  # type: ignore[arg-type]
        try:
            await run_in_threadpool(self._store.write, lambda unit: unit.access.answer(done))
        except TirageError as error:
            log.warning("an answer could not be kept", code=error.code)


def _digest(media_type: str, body: bytes) -> str:
    """Of what was sent.  A form's boundary is another one each time, and says nothing."""
    _, _, boundary = media_type.partition("boundary=")
    mark = boundary.split(";")[0].strip().strip('"').encode("latin-1", "replace")
    plain = body.replace(mark, b"") if media_type.startswith("multipart/") and mark else body
    return hashlib.sha256(plain).hexdigest()
