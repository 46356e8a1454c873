"""The routes below /v1/designs, /v1/mockups and /v1/estimates: what is uploaded once, and single orders."""

from __future__ import annotations

from typing import Annotated

import anyio
from fastapi import APIRouter, File, Query, UploadFile
from starlette.concurrency import run_in_threadpool

from tirage import wire
from tirage.batches.model import StoredDesign
from tirage.errors import BadInput
from tirage.jobs.checks import invalid
from tirage.jobs.model import Job, Order
from tirage.media.intake import MAX_BYTES
from tirage.web import shapes
from tirage.web.bodies import BatchBody, MockupBody, Strict
from tirage.web.fields import Cursor, Limit, Offset, Sort, next_cursor, page_of
from tirage.web.jobs import ended, is_waiting
from tirage.web.parts import Given, Parts

router = APIRouter(prefix="/v1", tags=["orders"])
MAX_WAIT = 60


class Address(Strict):
    """Where a design is."""

    url: str


@router.post("/designs", status_code=201, form_limits={"max_files": 1, "max_fields": 1})
def create_design(
    parts: Given, file: Annotated[UploadFile | None, File(description="PNG or JPEG, at most 10 MiB.")] = None
) -> wire.DesignAnswer:
    """Stores a design for orders; the same bytes again are the same design."""
    if file is None:
        raise BadInput("MISSING_FILE", "There is no design.", hint="Send a PNG or JPEG file as `file`.")
    data = file.file.read(MAX_BYTES + 1)
    made = parts.app.designs.add(data, name=file.filename or "", media_type=file.content_type)
    return shapes.design(made, parts.app.addresses)


@router.post("/designs/fetch", status_code=201)
def fetch_design(parts: Given, asked: Address) -> wire.DesignAnswer:
    """Fetches a design from an address on the public internet and stores it."""
    return shapes.design(parts.app.designs.fetch(asked.url), parts.app.addresses)


@router.get("/designs")
def list_designs(
    parts: Given, limit: Limit = 10, offset: Offset = 0, order: Sort = Order.DESC, cursor: Cursor = None
) -> wire.DesignPage:
    """Stored designs, a page at a time."""
    page = page_of(limit, offset, order, cursor)
    found, count = parts.app.designs.list_with_count(page)
    return {
        "designs": [shapes.design(each, parts.app.addresses) for each in found],
        "count": count,
        "limit": limit,
        "offset": offset,
        "next_cursor": next_cursor(found, page),
    }


@router.get("/designs/{design_id}")
def get_design(parts: Given, design_id: str) -> wire.DesignAnswer:
    """A stored design, with what its file made us notice."""
    return shapes.design(parts.app.designs.get(design_id), parts.app.addresses)


@router.delete("/designs/{design_id}", status_code=204)
def delete_design(parts: Given, design_id: str) -> None:
    """Removes a design; 409 while a job has it."""
    parts.app.designs.delete(design_id)


@router.post("/mockups", status_code=201)
async def order_mockup(
    parts: Given,
    asked: MockupBody,
    wait: Annotated[
        int, Query(ge=0, le=MAX_WAIT, description="Answer when it ends, at most so much later.")
    ] = 0,
) -> wire.JobAnswer:
    """Orders a mockup of a stored design, or of one at an address; answers at once, or when it has ended."""
    job = await run_in_threadpool(_ordered, parts, asked)
    parts.follower.hurry()
    if wait and is_waiting(job):
        with anyio.move_on_after(wait):
            await ended(parts, job)
        job = await run_in_threadpool(parts.app.service.retrieve, job.id)
    return shapes.job(job, parts.app.addresses)


@router.post("/estimates")
def estimate(parts: Given, asked: BatchBody) -> wire.EstimateAnswer:
    """What orders would cost, from the runs recorded here: nothing is ordered."""
    return shapes.estimate(parts.app.batches.estimate(asked.batch()))


def _ordered(parts: Parts, asked: MockupBody) -> Job:
    if asked.design_id is None and asked.design_url is None and asked.placements:
        asked = asked.model_copy(update={"design_id": asked.placements[0].design_id})
    if (asked.design_id is None) == (asked.design_url is None):
        raise invalid("Give either design_id or design_url.", where="design_id")
    order = asked.order(asked.priority)
    if asked.design_url is not None:
        found: StoredDesign = parts.app.designs.fetch(asked.design_url)
        order = asked.model_copy(update={"design_id": found.id}).order(asked.priority)
    return parts.app.batches.order(order)
