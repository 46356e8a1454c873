"""The HTTP application, put together: routes, borders, the gate before them."""

from __future__ import annotations

from functools import partial

from fastapi import FastAPI
from starlette.types import ASGIApp

from tirage import __version__
from tirage.access.rates import Rates
from tirage.web import (
    admin,
    batches,
    documents,
    edls,
    health,
    jobs,
    metrics,
    operate,
    orders,
    previews,
    products,
    render_jobs,
    sessions,
    shops,
    static,
    studio,
    videos,
)
from tirage.web.describe import description_of
from tirage.web.faults import add_handlers
from tirage.web.gate import Gate
from tirage.web.limits import BodyLimit
from tirage.web.once import OnceOnly
from tirage.web.parts import Parts
from tirage.web.traced import Traced

ROUTERS = (
    orders.router,
    batches.router,
    jobs.router,
    products.router,
    shops.router,
    previews.router,
    sessions.router,
    edls.router,
    videos.router,
    render_jobs.router,
    operate.router,
    admin.router,
    static.router,
    health.router,
    metrics.router,
    documents.router,
    studio.router,
)


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
    api.openapi = partial(description_of, api)  # type: ignore[method-assign]  # as its documents say
    return api


def build_site(parts: Parts) -> ASGIApp:
    """The routes over the parts of a program, behind the gate."""
    api = bare_api()
    api.state.parts = parts
    settings = parts.app.settings
    rates = Rates(settings.rate_limit) if settings.api_key else None
    limited = BodyLimit(OnceOnly(api, store=parts.app.database))
    return Traced(Gate(limited, keys=parts.app.keys, rates=rates))
