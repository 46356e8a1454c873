"""The values of designs and batches: frozen, typed, times in UTC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tirage.errors import Finding
from tirage.jobs.model import JsonObject, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDesign:
    """An uploaded design that orders name by its id; the same bytes are the same design."""

    id: str
    key: str
    sha256: str
    kind: str
    """png or jpeg, by its bytes."""
    width: int
    height: int
    bytes: int
    name: str
    """As the customer calls it; for people only."""
    findings: tuple[Finding, ...] = ()
    source_url: str | None = None
    """Where it was fetched from."""
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One mockup of a stored design, in the words of who orders it; None is a field that was not given."""

    design_id: str | None
    product_id: str | None
    preset: str | None
    variant_id: str | None = None
    template_id: str | None = None
    options: Mapping[str, JsonValue] = field(default_factory=dict)
    metadata: JsonValue = None
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBatch:
    """Many orders that are submitted together."""

    orders: Sequence[Order]
    name: str = ""
    apply_at_end: bool = False
    """Whether its media are shown by themselves when all of it has ended."""
    replace: bool = False
    """Whether other pictures that Tirage made of these products go when its own are shown."""
    metadata: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One batch, as its row says."""

    id: str
    name: str
    total: int
    apply_at_end: bool
    replace: bool
    metadata: JsonObject
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None = None
    """When the last of its jobs had ended."""
    applied_at: datetime | None = None
    rolled_back_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOrder:
    """One cell of a batch."""

    batch_id: str
    place: int
    job_id: str
    product_id: str
    fingerprint: str
    """Equal for orders whose pictures come out the same, for the same product."""
    reused: bool = False
    """Whether it was rendered before: the job is another batch's."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is."""

    total: int
    by_status: Mapping[str, int]
    """Jobs that are deleted count as `deleted`."""
    percent: int
    active: bool


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds: half of all runs took no longer than p50, nine of ten no longer than p90."""

    p50: float
    p90: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What orders will cost: known from the runs of this server; None where there are none yet."""

    total: int
    new: int
    rendered: int
    """That are there already and take no time."""
    ahead: int
    """Jobs that wait or run now."""
    workers: int
    each: Span | None
    all: Span | None
    """Until the last of them is ready."""
    findings: tuple[Finding, ...] = ()
    """What will disappoint about prints, each once however many orders have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What applying a batch changes of one product: keys of media."""

    product_id: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    thumbnail_before: str | None
    thumbnail_after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchChange:
    """A product's media before and after a batch was applied, as JSON."""

    batch_id: str
    product_id: str
    before: JsonObject
    after: JsonObject
