"""The values of the built-in catalogue: frozen, typed, times in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

from tirage.jobs.model import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A size or colour of a product that is sold on its own."""

    id: str
    product_id: str
    title: str
    metadata: JsonObject
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """A picture or video of a product."""

    id: str
    product_id: str
    key: str
    """Of the stored file."""
    media_type: str
    """`image` or `video`."""
    rank: int
    """Its place among the product's media; of equals the older first."""
    job_id: str | None
    """The job that made it."""
    role: str | None
    """What it is of that job: a camera angle or `animation`."""
    metadata: JsonObject
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What is sold, with its variants by age and its media by rank."""

    id: str
    title: str
    thumbnail: str | None
    """The key of one of its media."""
    metadata: JsonObject
    created_at: datetime
    updated_at: datetime
    variants: tuple[Variant, ...] = ()
    media: tuple[Medium, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """That a job's media are shown with a product, and which thumbnail was there before."""

    job_id: str
    product_id: str
    thumbnail_before: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVariant:
    """A variant to be; without an id it gets one."""

    title: str
    id: str | None = None
    metadata: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProduct:
    """A product to be; without an id it gets one."""

    title: str
    id: str | None = None
    metadata: JsonObject = field(default_factory=dict)
    variants: tuple[NewVariant, ...] = ()


class Changes(TypedDict, total=False):
    """What may change of a product or a variant; metadata is merged key by key."""

    title: str
    metadata: JsonObject
