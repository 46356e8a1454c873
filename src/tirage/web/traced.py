"""A span around each request; what a route's code does meanwhile belongs to it."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tirage import traces

BROKEN = 500


class Traced:
    """ASGI middleware, outermost."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on; its caller's trace goes on where it sends `traceparent`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        parent = Headers(scope=scope).get(traces.PARENT, "")
        method = str(scope["method"])
        with traces.span(method, parent=parent, serves=True, http_request_method=method) as span:

            async def told(message: Message) -> None:
                if message["type"] == "http.response.start":
                    status = int(message["status"])
                    span.tell(http_response_status__code=status)
                    if status >= BROKEN:
                        span.fail(f"answered {status}")
                await send(message)

            await self._app(scope, receive, told)
            route = getattr(scope.get("route"), "path", None)
            if route:
                span.rename(f"{method} {route}")
                span.tell(http_route=str(route))
