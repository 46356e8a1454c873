"""What a batch does to one product's media, and how that is undone: plain functions on lists of media.
Pictures of others, and those that came meanwhile, stay where they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, cast

from tirage.batches.model import Difference
from tirage.jobs.model import Job, JsonObject
from tirage.mockup.ports import IMAGE
from tirage.mockup.shown import GENERATED_BY, media_of
from tirage.shops.model import Medium, Product, Publication

TIMES = ("created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a product shows, by rank, and what is remembered of the jobs that published."""

    media: tuple[Medium, ...]
    thumbnail: str | None
    publications: tuple[Publication, ...] = ()


def applied(before: Shown, wanted: Sequence[Medium], *, product_id: str, swap: bool, at: datetime) -> Shown:
    """With a batch's media after those that are there, each once; the first new image is the thumbnail.

    `swap`: other media that Tirage made go.  `wanted` have the ids that new ones get.
    """
    names = {(medium.job_id, medium.role) for medium in wanted}
    kept = [
        medium
        for medium in before.media
        if not swap or not _is_ours(medium) or (medium.job_id, medium.role) in names
    ]
    there = {(medium.job_id, medium.role) for medium in kept}
    new = [medium for medium in wanted if (medium.job_id, medium.role) not in there]
    if not new and len(kept) == len(before.media):
        return before
    after = max((medium.rank for medium in kept), default=-1) + 1
    added = [replace(medium, rank=after + place) for place, medium in enumerate(new)]
    media = (*kept, *added)
    publications = _published(before, media, added, product_id, at)
    return Shown(media, _thumbnail(before, media, added), publications)


def rolled_back(now: Shown, before: Shown, after: Shown) -> Shown:
    """As it was before, with what others changed since: exactly as before when nobody did."""
    old = {medium.id: medium for medium in before.media}
    came = {medium.id for medium in after.media} - old.keys()
    gone = old.keys() - {medium.id for medium in after.media}
    here = {medium.id for medium in now.media}
    kept = [replace(medium, rank=old[medium.id].rank) for medium in now.media if medium.id in old]
    back = [old[name] for name in gone - here]
    last = max((medium.rank for medium in before.media), default=-1)
    since = [medium for medium in now.media if medium.id not in old and medium.id not in came]
    later = [replace(medium, rank=last + 1 + place) for place, medium in enumerate(since)]
    media = tuple(sorted([*kept, *back], key=lambda each: (each.rank, each.id))) + tuple(later)
    keys = {medium.key for medium in media}
    thumbnail = now.thumbnail
    if thumbnail == after.thumbnail or thumbnail not in keys:
        thumbnail = before.thumbnail if before.thumbnail in keys else _first(media)
    jobs = {medium.job_id for medium in media}
    remembered = {each.job_id: each for each in (*now.publications, *before.publications)}
    return Shown(media, thumbnail, tuple(each for name, each in remembered.items() if name in jobs))


def difference(product_id: str, before: Shown, after: Shown) -> Difference | None:
    """What changed, as keys; None: nothing."""
    if before == after:
        return None
    old, new = {medium.id: medium for medium in before.media}, {medium.id: medium for medium in after.media}
    return Difference(
        product_id=product_id,
        added=tuple(medium.key for medium in after.media if medium.id not in old),
        removed=tuple(medium.key for medium in before.media if medium.id not in new),
        thumbnail_before=before.thumbnail,
        thumbnail_after=after.thumbnail,
    )


def wanted_of(jobs: Iterable[Job], *, product_id: str, ids: Iterable[str], at: datetime) -> list[Medium]:
    """The media that completed jobs made, in the order of the jobs, with ids for those that will be new."""
    made = [(job, each) for job in jobs for each in media_of(job, job.artifacts)]
    return [
        Medium(
            id=name,
            product_id=product_id,
            key=each.key,
            media_type=each.kind,
            rank=0,
            job_id=job.id,
            role=each.role,
            metadata=each.metadata,
            created_at=at,
            updated_at=at,
        )
        for (job, each), name in zip(made, ids, strict=False)
    ]


def shown_of(product: Product, publications: Sequence[Publication]) -> Shown:
    """What a product shows now."""
    return Shown(product.media, product.thumbnail, tuple(publications))


def to_json(shown: Shown) -> JsonObject:
    """For a row."""
    return {
        "media": [_plain(asdict(medium)) for medium in shown.media],
        "thumbnail": shown.thumbnail,
        "publications": [_plain(asdict(each)) for each in shown.publications],
    }


def from_json(value: JsonObject) -> Shown:
    """Of a row."""
    media = cast("Sequence[Mapping[str, Any]]", value["media"])
    publications = cast("Sequence[Mapping[str, Any]]", value["publications"])
    return Shown(
        tuple(Medium(**_timed(each)) for each in media),
        cast("str | None", value["thumbnail"]),
        tuple(Publication(**_timed(each)) for each in publications),
    )


def _is_ours(medium: Medium) -> bool:
    return medium.job_id is not None and medium.metadata.get("generated_by") == GENERATED_BY


def _thumbnail(before: Shown, media: Sequence[Medium], added: Sequence[Medium]) -> str | None:
    first = _first(added)
    if first is not None:
        return first
    return before.thumbnail if before.thumbnail in {each.key for each in media} else _first(media)


def _first(media: Sequence[Medium]) -> str | None:
    return next((medium.key for medium in media if medium.media_type == IMAGE), None)


def _published(
    before: Shown, media: Sequence[Medium], added: Sequence[Medium], product_id: str, at: datetime
) -> tuple[Publication, ...]:
    """What is remembered: of the jobs that still show something, and of the new ones."""
    keys = {medium.key for medium in media}
    old = before.thumbnail if before.thumbnail in keys else None
    jobs = {medium.job_id for medium in media}
    kept = [
        each if each.thumbnail_before in keys else replace(each, thumbnail_before=None)
        for each in before.publications
        if each.job_id in jobs
    ]
    known = {each.job_id for each in kept}
    new = dict.fromkeys(str(medium.job_id) for medium in added if medium.job_id not in known)
    made = (
        Publication(job_id=name, product_id=product_id, thumbnail_before=old, created_at=at) for name in new
    )
    return (*kept, *made)


def _plain(values: dict[str, Any]) -> JsonObject:
    return {name: value.isoformat() if name in TIMES else value for name, value in values.items()}


def _timed(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: datetime.fromisoformat(value) if name in TIMES else value for name, value in values.items()}
