"""The routes for probes: whether the server lives, and whether it can do its work."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from tirage import __version__, wire
from tirage.errors import TirageError
from tirage.web.parts import Given

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def alive() -> wire.Health:
    """Says that the process answers."""
    return {"status": "ok", "version": __version__}


@router.get(
    "/readyz",
    response_model=None,
    responses={200: {"model": wire.Readiness}, 503: {"model": wire.Readiness, "description": "Not ready."}},
)
def ready(parts: Given) -> Response:
    """Whether database, files and worker are there; 503 names what is not."""
    checks: dict[str, Callable[[], object]] = {
        "database": parts.app.service.last_event,
        "files": parts.app.files.check,
    }
    found = {name: _works(check) for name, check in checks.items()}
    found["worker"] = "ok" if parts.worker_alive() else "not running"
    good = all(state == "ok" for state in found.values())
    body = {"status": "ok" if good else "unavailable", "checks": found}
    return JSONResponse(body, 200 if good else 503, {"Cache-Control": "no-store"})


def _works(check: Callable[[], object]) -> str:
    try:
        check()
    except TirageError as error:
        return error.message
    return "ok"
