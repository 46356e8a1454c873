"""Where commands of the API go: to a server, when one is named, or to this machine's data by the same routes
inside this process.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from tirage import log
from tirage.cli.parts import needed
from tirage.errors import UsageError
from tirage.settings import Settings

if TYPE_CHECKING:
    from tirage.client import AsyncClient

T = TypeVar("T")
Act = Callable[["AsyncClient"], Awaitable[T]]


@dataclass(slots=True)
class _State:
    """The server that this call of the command names."""

    server: str | None = None


_state = _State()


def choose(server: str | None) -> None:
    """Where commands go from now on; None: where the settings say."""
    _state.server = server


def ask(act: Act[T]) -> T:
    """What the act returns, done with a client.  UsageError: no key for the server, or no extra for it."""
    import asyncio  # takes 25 ms, and most commands do without it

    settings = _settings()
    log.configure(level=settings.log_level, format=settings.log_format)
    return asyncio.run(_remote(settings, act) if settings.server else _local(settings, act))


def has_server() -> bool:
    """Whether commands go to a server."""
    return _settings().server is not None


def _settings() -> Settings:
    return Settings.read(server=_state.server)


async def _remote(settings: Settings, act: Act[T]) -> T:
    with needed():
        from tirage.client import AsyncClient
    if settings.server is None or settings.api_key is None:
        raise UsageError("INVALID_SETTING", "The server wants a key.", hint="Set TIRAGE_API_KEY to it.")
    async with AsyncClient(settings.server, settings.api_key) as client:
        return await act(client)


async def _local(settings: Settings, act: Act[T]) -> T:
    with needed():
        import httpx2

        from tirage.app import open_app
        from tirage.client import AsyncClient
        from tirage.web.build import build_site
        from tirage.web.counting import Metrics
        from tirage.web.follow import Follower
        from tirage.web.parts import Parts
        from tirage.web.upkeep import Upkeep
    with open_app(settings) as app:
        Upkeep(app).settle()
        follower = Follower(app.service)
        parts = Parts(app=app, follower=follower, metrics=Metrics(app.service), worker_alive=lambda: False)
        site = build_site(parts)
        transport = httpx2.ASGITransport(app=site)
        try:
            async with AsyncClient(LOCAL, app.own_key, transport=transport) as client:
                return await act(client)
        finally:
            await follower.close()


LOCAL = "http://tirage.invalid"
"""A name for what is inside."""
