"""The values of connected shops: the shop, its products, its copies of files; what it offers and shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tirage.jobs.model import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A shop elsewhere that shows what is made here."""

    name: str
    kind: str
    """Key of `kinds.KINDS`."""
    url: str
    """What its addresses begin with, without a slash at the end."""
    secret: str = field(repr=False)
    """Its key for us: never shown, never logged."""
    copies: bool
    """Whether files are copied to it; otherwise it is told our own addresses."""
    colour_option: str
    """The option of its products that names a variant's colour; empty: the usual names."""
    created_at: datetime
    updated_at: datetime
    checked_at: datetime | None = None
    """When it last answered as it should."""
    problem: str | None = None
    """Why it did not, the last time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A product of the catalogue that a shop sells: the catalogue says what of ours the shop shall show."""

    product_id: str
    shop: str
    external_id: str
    revision: int = 0
    """Counts the changes of what it shall show."""
    pushed: int = 0
    """The revision that the shop shows."""
    check_at: datetime | None = None
    """When to look once more, since others may have written an old list over ours."""
    attempts: int = 0
    """How often in a row the shop could not be told."""
    not_before: datetime | None = None
    problem: str | None = None
    remembers: bool = False
    """Whether `thumbnail_before` is known: from our first change to the last."""
    thumbnail_before: str | None = None
    """What was the thumbnail in the shop when nothing of ours was."""
    thumbnail_key: str | None = None
    """Which of our files we made its thumbnail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A file of ours as the shop knows it; written before the shop shows it, so that it is shown once."""

    product_id: str
    key: str
    job_id: str | None
    url: str
    file_id: str | None = None
    """The shop's id of its copy."""
    image_id: str | None = None
    """The shop's id of the picture, when it was last seen."""
    anchor: str | None = None
    """The address of the picture of others that it comes after; empty: before all of them."""
    settled: bool = False
    """Whether it was seen in the shop: if it is missing later, somebody there has taken it away."""
    discard: bool = False
    """Whether its job came to nothing or is gone, so that the copy goes as well."""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture in a shop's list; without an id it is to be."""

    id: str
    url: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a shop shows of a product now."""

    images: tuple[Image, ...]
    thumbnail: str | None
    variants: Mapping[str, frozenset[str]]
    """Of each variant the ids of the pictures that are its own."""
    about: JsonObject | None
    """What we noted about our media there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What to write; None stays as it is."""

    images: tuple[Image, ...] | None = None
    """The whole list, in its order."""
    thumbnail: tuple[str | None] | None = None
    about: tuple[JsonObject | None] | None = None
    """(None,): nothing of ours is noted any more."""

    def __bool__(self) -> bool:
        return self != Change()


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedVariant:
    """A variant as the shop sells it."""

    id: str
    title: str
    options: Mapping[str, str]
    """By the option's title."""
    sku: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A product as the shop sells it."""

    id: str
    title: str
    handle: str | None = None
    variants: tuple[OfferedVariant, ...] = ()


@dataclass(frozen=True, slots=True)
class Copy:
    """A file that a shop has taken."""

    file_id: str
    url: str
