"""Answers about one job with a tag, so that who asks again and again is told “as before” (R244)."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from starlette.responses import JSONResponse, Response

from tirage.jobs.model import Job

UNCHANGED: dict[int | str, dict[str, object]] = {304: {"description": "As the tag in If-None-Match has it."}}


def fresh(request: Request, job: Job, body: Mapping[str, object]) -> Response:
    """The body, or 304 when the client has it already: a job's row tells when it last changed."""
    tag = f'W/"{int(job.updated_at.timestamp() * 1_000_000):x}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if has_tag(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return JSONResponse(body, headers=headers)


def has_tag(header: str, tag: str) -> bool:
    """Whether If-None-Match names the tag; weak tags are as good as strong ones here (RFC 9110, 13.1.2)."""
    known = {each.strip().removeprefix("W/") for each in header.split(",")}
    return "*" in known or tag.removeprefix("W/") in known
