"""The HTTP application, put together: routes, borders, the gate before them."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp

from tirage import __version__
from tirage.web import admin, health, jobs, products, static
from tirage.web.faults import add_handlers
from tirage.web.gate import Gate
from tirage.web.limits import BodyLimit
from tirage.web.parts import Parts

ROUTERS = (admin.router, jobs.router, products.router, static.router, health.router)


def bare_api() -> FastAPI:
    """The routes alone, as documents need them."""
    api = FastAPI(
        title="Tirage",
        version=__version__,
        docs_url=None,  # they would load scripts from elsewhere
        redoc_url=None,
    )
    for router in ROUTERS:
        api.include_router(router)
    add_handlers(api)
    return api


def build_site(parts: Parts, *, key: str) -> ASGIApp:
    """The routes over the parts of a program, behind the gate."""
    api = bare_api()
    api.state.parts = parts
    return Gate(BodyLimit(api), key=key)
