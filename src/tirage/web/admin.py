"""The routes below /admin: render jobs in the shapes that a shop's admin screens know."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from tirage import wire
from tirage.jobs.model import Order
from tirage.mockup.states import MOCKUP
from tirage.web import shapes
from tirage.web.fields import (
    MAX_FIELD,
    MAX_FIELDS,
    Limit,
    Offset,
    OrderForm,
    Overrides,
    Sort,
    Statuses,
    filters_of,
    job_id_of,
    overrides_of,
    page_of,
    request_of,
)
from tirage.web.fresh import UNCHANGED, fresh
from tirage.web.parts import Given, Parts

router = APIRouter(prefix="/admin", tags=["admin"])
MULTIPART = "multipart/form-data"


@router.post(
    "/render-jobs",
    status_code=201,
    form_limits={"max_files": 1, "max_fields": MAX_FIELDS, "max_part_size": MAX_FIELD},
)
def create(parts: Given, form: Annotated[OrderForm, Form(media_type=MULTIPART)]) -> wire.CreatedRenderJob:
    """Orders a mockup: checked, stored and queued when this answers; a worker renders it."""
    job = parts.app.submissions.submit(request_of(form))
    parts.follower.hurry()
    return {"render_job": shapes.created_job(job)}


@router.get("/render-jobs")
def list_all(
    parts: Given,
    product_id: str | None = None,
    statuses: Statuses = None,
    limit: Limit = 10,
    offset: Offset = 0,
    order: Sort = Order.DESC,
) -> wire.RenderJobPage:
    """Jobs of all products, or of one, a page at a time."""
    return _listed(parts, product_id, statuses, limit, offset, order)


@router.get("/products/{product_id}/render-jobs")
def list_of_product(
    parts: Given,
    product_id: str,
    statuses: Statuses = None,
    limit: Limit = 10,
    offset: Offset = 0,
    order: Sort = Order.DESC,
) -> wire.RenderJobPage:
    """A product's jobs, a page at a time."""
    parts.app.catalogue.require(product_id, None)
    return _listed(parts, product_id, statuses, limit, offset, order)


@router.get(
    "/render-jobs/{job_id}",
    response_model=None,
    responses={200: {"model": wire.OneRenderJob}, **UNCHANGED},
)
def get(parts: Given, request: Request, job_id: str) -> Response:
    """A job as it is now; made for asking every two seconds."""
    job = parts.app.service.retrieve(job_id_of(job_id))
    return fresh(request, job, {"render_job": shapes.render_job(job, parts.app.addresses)})


@router.post("/render-jobs/{job_id}/retry", status_code=201)
def retry(parts: Given, job_id: str, asked: Overrides | None = None) -> wire.OneRenderJob:
    """A new job for a failed one, with what is ordered differently."""
    job = parts.app.submissions.retry(job_id_of(job_id), overrides_of(asked))
    parts.follower.hurry()
    return {"render_job": shapes.render_job(job, parts.app.addresses)}


@router.post("/render-jobs/{job_id}/cancel")
def cancel(parts: Given, job_id: str) -> wire.OneRenderJob:
    """Stops a job that waits or runs; the row stays."""
    job = parts.app.service.cancel(job_id_of(job_id))
    parts.follower.hurry()
    return {"render_job": shapes.render_job(job, parts.app.addresses)}


def _listed(
    parts: Parts, product_id: str | None, statuses: str | None, limit: int, offset: int, order: Order
) -> wire.RenderJobPage:
    filters = filters_of(product_id=product_id, statuses=statuses, pipeline=MOCKUP.pipeline)
    jobs, count = parts.app.service.list_with_count(filters, page_of(limit, offset, order))
    listed = [shapes.render_job(job, parts.app.addresses) for job in jobs]
    return {"render_jobs": listed, "count": count, "limit": limit, "offset": offset}
