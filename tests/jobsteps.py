"""Jobs for tests: an order that is right, and ways to bring it where a test begins."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tirage.jobs.failure import Failure, FailureClass
from tirage.jobs.model import Job, NewJob
from tirage.jobs.service import JobService

PATHS = {
    "pending": (),
    "compositing": ("compositing",),
    "rendering": ("compositing", "rendering"),
    "completed": ("compositing", "rendering", "completed"),
    "failed": ("compositing", "failed"),
    "cancelled": ("cancelled",),
}
"""The moves from a new mockup job to each status."""

ORDER = NewJob(
    pipeline="mockup",
    product_id="prod_123",
    variant_id="var_456",
    design_file_url="uploads/render-jobs/x/design.png",
    preset="chest-medium",
    template_id="tmpl_789",
    options={"fabric_color": "navy", "samples": 64},
    metadata={"note": "for Ann", "nested": {"size": [1, 2.5, None]}},
)


def order(**changes: object) -> NewJob:
    return replace(ORDER, **changes)  # type: ignore[arg-type]


def bring(service: JobService, job: Job, status: str) -> Job:
    """The new job in that status."""
    for each in PATHS[status]:
        job = service.set_status(job.id, each, {"error_message": "No paint."} if each == "failed" else {})
    return job


def made(service: JobService, status: str = "pending", **changes: object) -> Job:
    return bring(service, service.create(order(**changes)), status)


def near(one: datetime | None, other: datetime) -> bool:
    """Of states that follow each other at the same time each is later by the least there is."""
    return one is not None and abs(one - other) < timedelta(milliseconds=1)


def failure(kind: FailureClass = FailureClass.UNAVAILABLE, message: str = "") -> Failure:
    return Failure.of(kind, message=message, detail="last line\n")
