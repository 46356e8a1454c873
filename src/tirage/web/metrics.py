"""`/metrics`: what Prometheus is told, in its own text format."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from tirage.web.parts import Given

router = APIRouter(tags=["health"])
TEXT = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/metrics", include_in_schema=False)
def metrics(parts: Given) -> Response:
    """In Prometheus' text format.  TryAgain."""
    return Response(parts.metrics.text(), media_type=TEXT, headers={"Cache-Control": "no-store"})
