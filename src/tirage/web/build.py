"""The HTTP application, put together: routes, borders, the gate before them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from tirage import __version__
from tirage.app import App
from tirage.web import admin, health, jobs, products, static
from tirage.web.faults import add_handlers
from tirage.web.follow import Follower
from tirage.web.gate import Gate
from tirage.web.limits import BodyLimit
from tirage.web.parts import Parts


def build_api(app: App, *, worker_alive: Callable[[], bool]) -> FastAPI:
    """The routes over the parts of a program, open to everyone."""

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncIterator[None]:
        follower = Follower(app.service)
        api.state.parts = Parts(app=app, follower=follower, worker_alive=worker_alive)
        try:
            yield
        finally:
            await follower.close()

    api = FastAPI(
        title="Tirage",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # they would load scripts from elsewhere
        redoc_url=None,
    )
    for part in (admin, jobs, products, static, health):
        api.include_router(part.router)
    add_handlers(api)
    return api


def build_site(app: App, *, key: str, worker_alive: Callable[[], bool]) -> ASGIApp:
    """The same behind the gate, for a server."""
    return Gate(BodyLimit(build_api(app, worker_alive=worker_alive)), key=key)
