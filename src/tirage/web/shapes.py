"""What answers look like: one function for each thing, and no route writes a field by itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeAlias, cast

from tirage import wire
from tirage.access.model import ApiKey
from tirage.batches.model import Batch, Difference, Estimate, Progress, Span, StoredDesign
from tirage.errors import Finding
from tirage.jobs.failure import Failure
from tirage.jobs.housekeeping import Cleaned
from tirage.jobs.machine import describe
from tirage.jobs.model import Artifact, Attempt, Event, Job, QueueState, RecordedStep
from tirage.jobs.overview import Overview
from tirage.mockup.catalogue import Preset, PresetRule
from tirage.mockup.description import Description
from tirage.mockup.register import OfferedTemplate
from tirage.pipelines import MACHINES
from tirage.shops.connections import Standing
from tirage.shops.model import Medium, Product, Variant
from tirage.shops.syncing import Synced
from tirage.stores.addresses import Addresses
from tirage.webhooks.model import Delivery, Endpoint, Outcome

Shape: TypeAlias = dict[str, object]


def created_job(job: Job) -> wire.CreatedJob:
    """What a new job's POST answers (R241)."""
    return {
        "id": job.id,
        "status": job.status,
        "product_id": job.product_id,
        "preset": job.preset,
        "progress": job.progress,
        "created_at": stamp(job.created_at),
    }


def render_job(job: Job, addresses: Addresses) -> wire.RenderJob:
    """A job as the shop's own screens know it (R246)."""
    return {
        "id": job.id,
        "status": job.status,
        "progress": job.progress,
        "product_id": job.product_id,
        "preset": job.preset,
        "design_file_url": addresses.shown(job.design_file_url),
        "composited_file_url": addresses.shown(job.composited_file_url),
        "rendered_image_urls": [_url(key, addresses) for key in job.rendered_image_urls] or None,
        "animation_file_url": addresses.shown(job.animation_url),
        "error_message": job.error_message,
        "created_at": stamp(job.created_at),
        "started_at": moment(job.started_at),
        "completed_at": moment(job.completed_at),
    }


def job(job: Job, addresses: Addresses) -> wire.JobAnswer:
    """Everything that is known of a job."""
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
        "options": dict(job.options),
        "metadata": dict(job.metadata),
        "priority": job.priority,
        "queue": job.queue,
        "attempt": job.attempt,
        "max_attempts": job.max_attempts,
        "error": job_error(job),
        "design_file_url": addresses.shown(job.design_file_url),
        "artifacts": [artifact(each, addresses) for each in job.artifacts],
        "created_at": stamp(job.created_at),
        "updated_at": stamp(job.updated_at),
        "started_at": moment(job.started_at),
        "completed_at": moment(job.completed_at),
    }


def history(attempts: Sequence[Attempt], steps: Sequence[RecordedStep]) -> wire.JobHistory:
    """How a job went."""
    return {"attempts": [_attempt(each) for each in attempts], "steps": [_step(each) for each in steps]}


def _attempt(attempt: Attempt) -> wire.AttemptAnswer:
    return {
        "number": attempt.number,
        "worker": attempt.worker,
        "started_at": stamp(attempt.started_at),
        "ended_at": moment(attempt.ended_at),
        "error": _failure(attempt.failure),
    }


def _step(step: RecordedStep) -> wire.StepAnswer:
    noticed = (step.value or {}).get("findings")
    told = [each for each in noticed if isinstance(each, dict)] if isinstance(noticed, list) else []
    return {
        "name": step.name,
        "attempt": step.attempt,
        "started_at": stamp(step.started_at),
        "ended_at": moment(step.ended_at),
        "findings": cast("list[wire.FindingAnswer]", told),
    }


def overview(found: Overview) -> wire.OverviewAnswer:
    """How the server does."""
    return {
        "by_status": dict(found.by_status),
        "failures": dict(found.failures),
        "workers": [{"name": each.name, "jobs": each.jobs} for each in found.workers],
        "steps": [
            {"name": each.name, "runs": each.runs, "p50": each.p50, "p90": each.p90} for each in found.steps
        ],
        "stored_bytes": found.stored_bytes,
    }


def cleaned(found: Cleaned, *, dry_run: bool) -> wire.CleanedAnswer:
    """How much went, or would go."""
    return {
        "dry_run": dry_run,
        "folders": found.folders,
        "files": found.files,
        "steps": found.steps,
        "jobs": found.jobs,
    }


def job_error(job: Job) -> wire.JobError | None:
    """Why a job failed."""
    return _failure(job.failure)


def _failure(failure: Failure | None) -> wire.JobError | None:
    if failure is None:
        return None
    return {
        "class": failure.kind.value,
        "code": failure.code,
        "message": failure.message,
        "hint": failure.hint,
    }


def artifact(made: Artifact, addresses: Addresses) -> wire.ArtifactAnswer:
    """One file of a job."""
    return {
        "role": made.role,
        "url": _url(made.key, addresses),
        "rank": made.rank,
        "media_type": made.media_type,
        "width": made.width,
        "height": made.height,
        "fps": made.fps,
        "duration": made.duration,
        "bytes": made.bytes,
        "sha256": made.sha256,
    }


def event(event: Event) -> wire.EventAnswer:
    """One thing that happened."""
    return {
        "number": event.number,
        "job_id": event.job_id,
        "name": event.name,
        "at": stamp(event.at),
        "status": event.status,
        "attempt": event.attempt,
        "progress": event.progress,
        "data": dict(event.data),
    }


def product(product: Product, addresses: Addresses) -> wire.ProductAnswer:
    """A product with variants, and media in their order (G-13)."""
    return {
        "id": product.id,
        "title": product.title,
        "thumbnail": addresses.shown(product.thumbnail),
        "metadata": dict(product.metadata),
        "variants": [variant(each) for each in product.variants],
        "media": [medium(each, addresses) for each in product.media],
        "created_at": stamp(product.created_at),
        "updated_at": stamp(product.updated_at),
    }


def variant(variant: Variant) -> wire.VariantAnswer:
    """A product's variant."""
    return {
        "id": variant.id,
        "title": variant.title,
        "metadata": dict(variant.metadata),
        "created_at": stamp(variant.created_at),
        "updated_at": stamp(variant.updated_at),
    }


def medium(medium: Medium, addresses: Addresses) -> wire.MediumAnswer:
    """A product's picture or video."""
    return {
        "id": medium.id,
        "url": _url(medium.key, addresses),
        "media_type": medium.media_type,
        "rank": medium.rank,
        "job_id": medium.job_id,
        "role": medium.role,
        "metadata": dict(medium.metadata),
        "created_at": stamp(medium.created_at),
    }


def template(template: OfferedTemplate) -> wire.TemplateAnswer:
    """A template on offer."""
    return {
        "id": template.id,
        "name": template.name,
        "available_presets": list(template.available_presets),
        "is_active": template.is_active,
        "metadata": dict(template.metadata),
    }


def template_detail(template: OfferedTemplate, said: Description | None) -> wire.TemplateDetail:
    """A template with what can be ordered on it."""
    return {
        "id": template.id,
        "name": template.name,
        "available_presets": list(template.available_presets),
        "is_active": template.is_active,
        "metadata": dict(template.metadata),
        "version": said.version if said else None,
        "colours": {name: each.hex() for name, each in said.colours.items()} if said else None,
        "views": [view.name for view in said.views] if said else None,
        "presets": [_preset(name, rule) for name, rule in said.presets.items()] if said else None,
    }


def _preset(name: Preset, rule: PresetRule) -> wire.PresetAnswer:
    return {"id": name.value, "panel": rule.panel, "width_cm": rule.width}


def design(design: StoredDesign, addresses: Addresses) -> wire.DesignAnswer:
    """A stored design."""
    return {
        "id": design.id,
        "name": design.name,
        "media_type": f"image/{design.kind}",
        "width": design.width,
        "height": design.height,
        "bytes": design.bytes,
        "sha256": design.sha256,
        "url": addresses.url(design.key),
        "source_url": design.source_url,
        "findings": [finding(each) for each in design.findings],
        "created_at": stamp(design.created_at),
    }


def finding(found: Finding) -> wire.FindingAnswer:
    """One thing that a check found."""
    return {
        "code": found.code,
        "severity": found.severity.value,
        "message": found.message,
        "hint": found.hint,
        "where": found.where,
    }


def batch(batch: Batch, progress: Progress) -> wire.BatchAnswer:
    """A batch, and how far it is."""
    return {
        "id": batch.id,
        "name": batch.name,
        "status": batch_status(batch),
        "progress": progress.percent,
        "total": batch.total,
        "by_status": dict(progress.by_status),
        "apply_at_end": batch.apply_at_end,
        "replace": batch.replace,
        "metadata": dict(batch.metadata),
        "created_at": stamp(batch.created_at),
        "updated_at": stamp(batch.updated_at),
        "finished_at": moment(batch.finished_at),
        "applied_at": moment(batch.applied_at),
        "rolled_back_at": moment(batch.rolled_back_at),
    }


def batch_status(batch: Batch) -> str:
    """In one word."""
    if batch.finished_at is None:
        return "running"
    if batch.applied_at is not None:
        return "applied"
    return "ended" if batch.rolled_back_at is None else "rolled_back"


def batch_order(job: Job) -> wire.BatchOrderAnswer:
    """A job of a batch, in few words."""
    return {
        "id": job.id,
        "status": job.status,
        "progress": job.progress,
        "product_id": job.product_id,
        "variant_id": job.variant_id,
        "template_id": job.template_id,
        "preset": job.preset,
        "options": dict(job.options),
        "error": job_error(job),
    }


def estimate(found: Estimate) -> wire.EstimateAnswer:
    """What orders will cost."""
    return {
        "total": found.total,
        "new": found.new,
        "rendered": found.rendered,
        "ahead": found.ahead,
        "workers": found.workers,
        "seconds_each": span(found.each),
        "seconds": span(found.all),
        "findings": [finding(each) for each in found.findings],
    }


def span(found: Span | None) -> wire.SpanAnswer | None:
    """Seconds."""
    return {"p50": found.p50, "p90": found.p90} if found else None


def differences(found: Sequence[Difference], addresses: Addresses) -> wire.Differences:
    """What applying a batch changes."""
    changed: list[wire.DifferenceAnswer] = [
        {
            "product_id": each.product_id,
            "added": [addresses.url(key) for key in each.added],
            "removed": [addresses.url(key) for key in each.removed],
            "thumbnail_before": addresses.shown(each.thumbnail_before),
            "thumbnail_after": addresses.shown(each.thumbnail_after),
        }
        for each in found
    ]
    return {"products": changed, "count": len(changed)}


def queue(state: QueueState) -> wire.QueueAnswer:
    """One queue as it is now."""
    return {
        "name": state.name,
        "paused": state.paused,
        "waiting": state.waiting,
        "running": state.running,
        "oldest": moment(state.oldest),
    }


def key(key: ApiKey) -> wire.KeyAnswer:
    """A key, without its secret."""
    return {
        "id": key.id,
        "name": key.name,
        "beginning": key.beginning,
        "scopes": [scope.value for scope in key.scopes],
        "created_at": stamp(key.created_at),
        "expires_at": moment(key.expires_at),
        "revoked_at": moment(key.revoked_at),
    }


def shop(standing: Standing) -> wire.ShopAnswer:
    """A connected shop, without its key."""
    shop = standing.shop
    return {
        "name": shop.name,
        "kind": shop.kind,
        "url": shop.url,
        "copies": shop.copies,
        "products": standing.products,
        "waiting": standing.waiting,
        "failing": standing.failing,
        "checked_at": moment(shop.checked_at),
        "problem": shop.problem,
        "created_at": stamp(shop.created_at),
        "updated_at": stamp(shop.updated_at),
    }


def synced(synced: Synced) -> wire.ShopSynced:
    """What came of reading a shop."""
    return {
        "added": synced.added,
        "changed": synced.changed,
        "unchanged": synced.unchanged,
        "gone": synced.gone,
        "findings": [finding(each) for each in synced.findings],
    }


def webhook(endpoint: Endpoint) -> wire.WebhookAnswer:
    """An endpoint, without its secret."""
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "events": list(endpoint.events),
        "description": endpoint.description,
        "enabled": endpoint.disabled is None,
        "disabled_reason": endpoint.disabled,
        "created_at": stamp(endpoint.created_at),
        "updated_at": stamp(endpoint.updated_at),
    }


def delivery(delivery: Delivery) -> wire.DeliveryAnswer:
    """One message for an endpoint."""
    waiting = delivery.outcome is Outcome.WAITING
    return {
        "id": delivery.id,
        "event": delivery.event,
        "outcome": delivery.outcome.value,
        "attempts": delivery.attempts,
        "next_at": moment(delivery.next_at) if waiting else None,
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
        "payload": json.loads(delivery.payload),
        "created_at": stamp(delivery.created_at),
        "ended_at": moment(delivery.ended_at),
    }


def moment(at: datetime | None) -> str | None:
    """A time in UTC, to the millisecond."""
    return None if at is None else stamp(at)


def stamp(at: datetime) -> str:
    """A time in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _url(reference: str, addresses: Addresses) -> str:
    return addresses.shown(reference) or reference
