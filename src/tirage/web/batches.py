"""The routes below /v1/batches: many orders as one, and the catalogue's change that comes of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from tirage import wire
from tirage.batches.matrix import MAX_BYTES, read_orders
from tirage.batches.model import NewBatch
from tirage.errors import BadInput
from tirage.jobs.model import Order
from tirage.web import shapes
from tirage.web.archive import archive_of
from tirage.web.bodies import BATCH_PRIORITY, BatchBody
from tirage.web.fields import Cursor, Limit, Offset, Sort, next_cursor, page_of
from tirage.web.parts import Given, Parts

router = APIRouter(prefix="/v1/batches", tags=["batches"])
DryRun = Annotated[bool, Query(description="Only say what it would cost; nothing is ordered.")]
SHEET = {"text/csv": {"schema": {"type": "string"}}}
ZIP: dict[int | str, dict[str, object]] = {
    200: {"description": "A zip file.", "content": {"application/zip": {}}}
}


@router.post("", status_code=201)
def create(parts: Given, asked: BatchBody, dry_run: DryRun = False) -> wire.BatchAnswer | wire.EstimateAnswer:
    """Orders everything of a matrix or a list, or nothing; what was rendered before is not rendered again."""
    return _submitted(parts, asked.batch(), dry_run=dry_run)


@router.post("/import", status_code=201, openapi_extra={"requestBody": {"required": True, "content": SHEET}})
async def import_sheet(
    parts: Given,
    request: Request,
    name: Annotated[str, Query(max_length=200)] = "",
    apply_at_end: bool = False,
    replace: bool = False,
    dry_run: DryRun = False,
) -> wire.BatchAnswer | wire.EstimateAnswer:
    """Orders the rows of a CSV file, all of them or none."""
    data = await request.body()
    if len(data) > MAX_BYTES:
        raise BadInput("BODY_TOO_LARGE", "The file is larger than 10 MiB.")

    def submit() -> wire.BatchAnswer | wire.EstimateAnswer:
        orders = read_orders(data, priority=BATCH_PRIORITY)
        new = NewBatch(orders=orders, name=name, apply_at_end=apply_at_end, replace=replace)
        return _submitted(parts, new, dry_run=dry_run)

    return await run_in_threadpool(submit)


@router.get("")
def list_all(
    parts: Given, limit: Limit = 10, offset: Offset = 0, order: Sort = Order.DESC, cursor: Cursor = None
) -> wire.BatchPage:
    """Batches, a page at a time."""
    page = page_of(limit, offset, order, cursor)
    found, count = parts.app.batches.list_with_count(page)
    return {
        "batches": [shapes.batch(*each) for each in found],
        "count": count,
        "limit": limit,
        "offset": offset,
        "next_cursor": next_cursor([batch for batch, _ in found], page),
    }


@router.get("/{batch_id}")
def get(parts: Given, batch_id: str) -> wire.BatchAnswer:
    """A batch, and how far it is."""
    return shapes.batch(*parts.app.batches.get(batch_id))


@router.get("/{batch_id}/jobs")
def list_jobs(parts: Given, batch_id: str, limit: Limit = 100, offset: Offset = 0) -> wire.BatchOrders:
    """The jobs of a batch in its order, a page at a time."""
    jobs = parts.app.batches.jobs(batch_id)
    some = [shapes.batch_order(job) for job in jobs[offset : offset + limit]]
    return {"jobs": some, "count": len(jobs), "limit": limit, "offset": offset}


@router.post("/{batch_id}/cancel")
def cancel(parts: Given, batch_id: str) -> wire.Changed:
    """Cancels what waits or runs of a batch."""
    return _changed(parts, batch_id, parts.app.batches.cancel(batch_id))


@router.post("/{batch_id}/retry")
def retry(parts: Given, batch_id: str) -> wire.Changed:
    """A new job in the place of each that failed."""
    return _changed(parts, batch_id, parts.app.batches.retry(batch_id))


@router.get("/{batch_id}/diff")
def diff(parts: Given, batch_id: str) -> wire.Differences:
    """What applying a batch would change of the catalogue, product by product."""
    return shapes.differences(parts.app.applying.difference(batch_id), parts.app.addresses)


@router.post("/{batch_id}/apply")
def apply(parts: Given, batch_id: str) -> wire.Differences:
    """Shows what a batch made with its products, as one change; 409 until it has ended."""
    _, changed = parts.app.applying.apply(batch_id)
    return shapes.differences(changed, parts.app.addresses)


@router.post("/{batch_id}/rollback")
def rollback(parts: Given, batch_id: str) -> wire.Changed:
    """Products show again what they did before the batch was applied, and what others added since."""
    _, count = parts.app.applying.roll_back(batch_id)
    return _changed(parts, batch_id, count)


@router.get("/{batch_id}/files.zip", response_model=None, responses=ZIP)
def files(parts: Given, batch_id: str) -> StreamingResponse:
    """All files of a batch's completed jobs in one zip file, made while it is sent."""
    jobs = parts.app.batches.jobs(batch_id)
    headers = {
        "Content-Disposition": f'attachment; filename="{batch_id}.zip"',
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(archive_of(parts.app.files, jobs), 200, headers, "application/zip")


def _submitted(parts: Parts, new: NewBatch, *, dry_run: bool) -> wire.BatchAnswer | wire.EstimateAnswer:
    if dry_run:
        return shapes.estimate(parts.app.batches.estimate(new))
    made = parts.app.batches.submit(new)
    parts.follower.hurry()
    return shapes.batch(*parts.app.batches.get(made.id))


def _changed(parts: Parts, batch_id: str, count: int) -> wire.Changed:
    parts.follower.hurry()
    return {"changed": count, "batch": shapes.batch(*parts.app.batches.get(batch_id))}
