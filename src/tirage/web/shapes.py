"""What answers look like: one function for each thing, and no route writes a field by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from tirage.jobs.machine import describe
from tirage.jobs.model import Artifact, Event, Job
from tirage.mockup.register import OfferedTemplate
from tirage.mockup.states import MOCKUP
from tirage.shops.model import Medium, Product, Variant
from tirage.stores.addresses import Addresses

Shape: TypeAlias = dict[str, object]
MACHINES = {MOCKUP.pipeline: MOCKUP}


def created_job(job: Job) -> Shape:
    """What a new job's POST answers (R241)."""
    return {
        "id": job.id,
        "status": job.status,
        "product_id": job.product_id,
        "preset": job.preset,
        "progress": job.progress,
        "created_at": moment(job.created_at),
    }


def render_job(job: Job, addresses: Addresses) -> Shape:
    """A job as the shop's own screens know it (R246)."""
    return {
        "id": job.id,
        "status": job.status,
        "progress": job.progress,
        "product_id": job.product_id,
        "preset": job.preset,
        "design_file_url": addresses.shown(job.design_file_url),
        "composited_file_url": addresses.shown(job.composited_file_url),
        "rendered_image_urls": [addresses.shown(key) for key in job.rendered_image_urls] or None,
        "animation_file_url": addresses.shown(job.animation_url),
        "error_message": job.error_message,
        "created_at": moment(job.created_at),
        "started_at": moment(job.started_at),
        "completed_at": moment(job.completed_at),
    }


def job(job: Job, addresses: Addresses) -> Shape:
    """Everything that is known of a job."""
    failure = job.failure
    return {
        "id": job.id,
        "pipeline": job.pipeline,
        "status": job.status,
        "message": describe(MACHINES[job.pipeline], job.status),
        "progress": job.progress,
        "progress_at_failure": job.progress_at_failure,
        "step": job.step,
        "product_id": job.product_id,
        "variant_id": job.variant_id,
        "template_id": job.template_id,
        "preset": job.preset,
        "options": job.options,
        "metadata": job.metadata,
        "priority": job.priority,
        "attempt": job.attempt,
        "max_attempts": job.max_attempts,
        "error": failure
        and {
            "class": failure.kind.value,
            "code": failure.code,
            "message": failure.message,
            "hint": failure.hint,
        },
        "design_file_url": addresses.shown(job.design_file_url),
        "artifacts": [artifact(each, addresses) for each in job.artifacts],
        "created_at": moment(job.created_at),
        "updated_at": moment(job.updated_at),
        "started_at": moment(job.started_at),
        "completed_at": moment(job.completed_at),
    }


def artifact(made: Artifact, addresses: Addresses) -> Shape:
    """One file of a job."""
    return {
        "role": made.role,
        "url": addresses.shown(made.key),
        "rank": made.rank,
        "media_type": made.media_type,
        "width": made.width,
        "height": made.height,
        "fps": made.fps,
        "duration": made.duration,
        "bytes": made.bytes,
        "sha256": made.sha256,
    }


def event(event: Event) -> Shape:
    """One thing that happened."""
    return {
        "number": event.number,
        "job_id": event.job_id,
        "name": event.name,
        "at": moment(event.at),
        "status": event.status,
        "attempt": event.attempt,
        "progress": event.progress,
        "data": event.data,
    }


def product(product: Product, addresses: Addresses) -> Shape:
    """A product with variants, and media in their order (G-13)."""
    return {
        "id": product.id,
        "title": product.title,
        "thumbnail": addresses.shown(product.thumbnail),
        "metadata": product.metadata,
        "variants": [variant(each) for each in product.variants],
        "media": [medium(each, addresses) for each in product.media],
        "created_at": moment(product.created_at),
        "updated_at": moment(product.updated_at),
    }


def variant(variant: Variant) -> Shape:
    """A product's variant."""
    return {
        "id": variant.id,
        "title": variant.title,
        "metadata": variant.metadata,
        "created_at": moment(variant.created_at),
        "updated_at": moment(variant.updated_at),
    }


def medium(medium: Medium, addresses: Addresses) -> Shape:
    """A product's picture or video."""
    return {
        "id": medium.id,
        "url": addresses.shown(medium.key),
        "media_type": medium.media_type,
        "rank": medium.rank,
        "job_id": medium.job_id,
        "role": medium.role,
        "metadata": medium.metadata,
        "created_at": moment(medium.created_at),
    }


def template(template: OfferedTemplate) -> Shape:
    """A template on offer."""
    return {
        "id": template.id,
        "name": template.name,
        "available_presets": list(template.available_presets),
        "is_active": template.is_active,
        "metadata": template.metadata,
    }


def page(name: str, items: Sequence[Shape], *, count: int, limit: int, offset: int) -> Mapping[str, object]:
    """A part of a list (R254)."""
    return {name: items, "count": count, "limit": limit, "offset": offset}


def moment(at: datetime | None) -> str | None:
    """A time in UTC, to the millisecond."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
