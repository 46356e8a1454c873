"""A job's media on a product, and off it again.  Each is part of a transaction, so that it happens or not.
The thumbnails that jobs replaced make a chain: withdrawing any job mends it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from tirage.errors import Conflict, NotFound
from tirage.jobs.checks import KEY
from tirage.jobs.model import JobFilters
from tirage.mockup.ports import IMAGE, Media, Receipt
from tirage.shops.model import Medium, Product, Publication
from tirage.shops.store import CatalogueUnit, Shelf

ACTIVE_ONLY = "The job was cancelled or deleted meanwhile; its pictures are not shown."


def publish(
    unit: CatalogueUnit,
    *,
    product_id: str,
    job_id: str,
    media: Sequence[Media],
    active: Sequence[str],
    new_id: Callable[[], str],
    at: datetime,
) -> Receipt:
    """The job's media after those that are there, each once; its first image becomes the thumbnail.

    `active` are the statuses in which a job may publish.  NotFound PRODUCT_NOT_FOUND; Conflict.
    """
    product = load(unit.shelf, product_id)
    job = unit.job(job_id)
    if job is None or job.product_id != product_id or job.status not in active:
        raise Conflict("CONFLICT", ACTIVE_ONLY)
    shown = {medium.role: medium for medium in product.media if medium.job_id == job_id}
    after = max((medium.rank for medium in product.media if medium.job_id != job_id), default=-1) + 1
    rows = [
        _medium(each, shown.get(each.role), product, job_id, after=after, new_id=new_id, at=at)
        for each in sorted(media, key=lambda each: each.rank)
    ]
    unit.shelf.put_media(rows)
    _show_first(unit.shelf, product, job_id, media, at=at)
    ids = {row.role: row.id for row in rows}
    return Receipt(media_ids=tuple(ids[each.role] for each in media))


def withdraw(shelf: Shelf, *, product_id: str, job_id: str, at: datetime) -> None:
    """Without the job's media, and with the thumbnail from before, if it is the job's that is shown."""
    product = shelf.product(product_id)
    if product is None:
        return
    publications = shelf.publications(product_id)
    gone = [medium for medium in product.media if medium.job_id == job_id]
    before = thumbnail_before(publications, job_id)
    shelf.delete_media([medium.id for medium in gone])
    shelf.delete_publication(job_id)
    keys = {medium.key for medium in gone}
    mend(shelf, [each for each in publications if each.job_id != job_id], keys, before)
    if product.thumbnail in keys:
        shelf.save_product(replace(product, thumbnail=before, updated_at=at))


def remove(shelf: Shelf, product: Product, medium: Medium, *, at: datetime) -> None:
    """Without one medium; the first image that is left takes the place of a thumbnail that goes."""
    publications = shelf.publications(product.id)
    shelf.delete_media([medium.id])
    mend(shelf, publications, {medium.key}, thumbnail_before(publications, medium.job_id))
    if product.thumbnail == medium.key:
        left = (each for each in product.media if each.id != medium.id and each.media_type == IMAGE)
        first = next((each.key for each in left), None)
        shelf.save_product(replace(product, thumbnail=first, updated_at=at))


def mend(shelf: Shelf, publications: Sequence[Publication], keys: set[str], instead: str | None) -> None:
    """Media of these keys are gone: where one is remembered as the thumbnail before stands `instead`."""
    for each in publications:
        if each.thumbnail_before in keys:
            shelf.put_publication(replace(each, thumbnail_before=instead))


def thumbnail_before(publications: Sequence[Publication], job_id: str | None) -> str | None:
    """What was the thumbnail when a job published; None when there was none, or it did not publish."""
    return next((each.thumbnail_before for each in publications if each.job_id == job_id), None)


def load(shelf: Shelf, product_id: str) -> Product:
    """NotFound PRODUCT_NOT_FOUND."""
    product = shelf.product(product_id) if KEY.fullmatch(product_id) else None
    if product is None:
        raise NotFound("PRODUCT_NOT_FOUND", f"There is no product {product_id[:60]!r}.")
    return product


def has_active_jobs(unit: CatalogueUnit, product_id: str, active: Sequence[str]) -> bool:
    """Whether a job of the product waits or runs."""
    return unit.exists(JobFilters(product_id=product_id, statuses=active))


def _medium(
    media: Media,
    shown: Medium | None,
    product: Product,
    job_id: str,
    *,
    after: int,
    new_id: Callable[[], str],
    at: datetime,
) -> Medium:
    if shown:
        return replace(shown, key=media.key, metadata=media.metadata, updated_at=at)
    return Medium(
        id=new_id(),
        product_id=product.id,
        key=media.key,
        media_type=media.kind,
        rank=after + media.rank,
        job_id=job_id,
        role=media.role,
        metadata=media.metadata,
        created_at=at,
        updated_at=at,
    )


def _show_first(shelf: Shelf, product: Product, job_id: str, media: Sequence[Media], *, at: datetime) -> None:
    """Once per job: who publishes again leaves the thumbnail that somebody chose meanwhile."""
    if any(each.job_id == job_id for each in shelf.publications(product.id)):
        return
    images = sorted((each.rank, each.key) for each in media if each.kind == IMAGE)
    shelf.put_publication(
        Publication(job_id=job_id, product_id=product.id, thumbnail_before=product.thumbnail, created_at=at)
    )
    thumbnail = images[0][1] if images else product.thumbnail
    shelf.save_product(replace(product, thumbnail=thumbnail, updated_at=at))
