"""The values of the job core: frozen, typed, times in UTC.  Rows and messages are made of them elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias, TypedDict

from tirage.jobs.failure import Failure

JsonValue: TypeAlias = "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
JsonObject: TypeAlias = Mapping[str, JsonValue]

CREATED, PROGRESS, RETRIED = "render.job.created", "render.job.progress", "render.job.retried"
"""The events that are no entering of a status by a move; the others stand in the state machines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One file that a job made; measured from the file, never assumed."""

    role: str
    """What it is of the job, once per job: `composited`, a camera angle, `animation`, a format …"""
    key: str
    """Its storage key, or the URL it was given as."""
    rank: int | None = None
    """Its place among the job's pictures, from 0; None: it is none of them."""
    media_type: str | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    duration: float | None = None
    """Seconds."""
    bytes: int | None = None
    sha256: str | None = None
    """In hex."""


RESULTS: Mapping[str, tuple[str, int | None]] = MappingProxyType(
    {
        "composited_file_url": ("composited", None),
        "rendered_image_url": ("front_0deg", 0),
        "animation_url": ("animation", None),
    }
)
"""The named results, each with role and rank of its artifact: a result is stored once (C-08)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job, as its row and its artifacts say."""

    id: str
    pipeline: str
    status: str
    product_id: str | None
    design_file_url: str | None
    preset: str | None
    created_at: datetime
    updated_at: datetime
    variant_id: str | None = None
    template_id: str | None = None
    options: JsonObject = field(default_factory=dict)
    """The rest of the order: colours, mode, samples … as the pipeline names them."""
    metadata: JsonObject = field(default_factory=dict)
    """The customer's own."""
    queue: str = "mockup"
    """Which workers take it."""
    priority: int = 0
    """0–9, the smaller first; of equals the older first."""
    attempt: int = 0
    """Number of the latest attempt; 0 before the first."""
    max_attempts: int = 3
    worker: str | None = None
    """Who holds the open attempt; None between attempts."""
    not_before: datetime | None = None
    """When the next attempt may start."""
    step: str | None = None
    """What the open attempt does."""
    order_key: str | None = None
    """Equal in orders whose files come out equal; known once the order was read."""
    progress: int = 0
    """Per cent, never less than before within an attempt."""
    progress_at_failure: int | None = None
    untidy: bool = False
    """Whether attempts may have left files or media that have to go, unless the job completes."""
    failure: Failure | None = None
    """Of a failed job, without its detail."""
    artifacts: tuple[Artifact, ...] = ()
    """The pictures by rank, then the others by role."""
    started_at: datetime | None = None
    completed_at: datetime | None = None
    """When it ended, in whatever way."""
    deleted_at: datetime | None = None

    @property
    def error_message(self) -> str | None:
        """The public sentence of its failure."""
        return self.failure.message if self.failure else None

    @property
    def composited_file_url(self) -> str | None:
        """Key or URL of the design on the garment, flat."""
        return self._result("composited_file_url")

    @property
    def rendered_image_url(self) -> str | None:
        """Key or URL of the first picture."""
        return self._result("rendered_image_url")

    @property
    def animation_url(self) -> str | None:
        """Key or URL of the turntable."""
        return self._result("animation_url")

    @property
    def rendered_image_urls(self) -> tuple[str, ...]:
        """Keys or URLs of all pictures, by rank."""
        return tuple(artifact.key for artifact in self.artifacts if artifact.rank is not None)

    def _result(self, name: str) -> str | None:
        role, _ = RESULTS[name]
        return next((artifact.key for artifact in self.artifacts if artifact.role == role), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a job by one worker; open until `ended_at`."""

    job_id: str
    number: int
    worker: str
    started_at: datetime
    ended_at: datetime | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedStep:
    """What a job remembers of a step: who finds it ended does not do it again."""

    job_id: str
    name: str
    attempt: int
    """The one that did it last."""
    started_at: datetime
    ended_at: datetime | None = None
    value: JsonObject | None = None
    """What it came to: keys and numbers, never bytes.  None while it is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An open attempt, and who holds it."""

    job_id: str
    attempt: int
    worker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """One queue as it is now."""

    name: str
    paused: bool
    waiting: int
    """Jobs that no worker holds."""
    running: int
    oldest: datetime | None
    """When the job was submitted that has waited longest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a job; the numbers of a store have no gaps and rise with time."""

    number: int
    job_id: str
    name: str
    at: datetime
    status: str
    attempt: int
    progress: int
    data: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """What a customer submits; the pipeline's check says what it needs of it."""

    pipeline: str
    product_id: str | None = None
    variant_id: str | None = None
    design_file_url: str | None = None
    preset: str | None = None
    template_id: str | None = None
    options: JsonObject = field(default_factory=dict)
    metadata: JsonObject = field(default_factory=dict)
    priority: int = 0
    id: str | None = None
    """By default a new one; given where files were stored under it before (C-16)."""


class Results(TypedDict, total=False):
    """Only the given ones change; None takes a result away."""

    composited_file_url: str | None
    rendered_image_url: str | None
    animation_url: str | None


class StatusData(Results, total=False):
    """What may change together with a status."""

    error_message: str
    """Needed with `failed`, and for nothing else."""
    started_at: datetime
    completed_at: datetime
    progress: int
    metadata: JsonObject
    """Merged into the job's, key by key."""
    artifacts: Sequence[Artifact]
    """Put beside the job's; one of the same role is replaced."""
    order_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedStep:
    """A step that is done: what is recorded of it, and what goes to the job's row with that."""

    name: str
    value: JsonObject
    data: StatusData = field(default_factory=StatusData)


class JobUpdate(TypedDict, total=False):
    """What may change without a status; `options` and `metadata` are merged key by key."""

    variant_id: str | None
    design_file_url: str
    preset: str
    template_id: str | None
    priority: int
    options: JsonObject
    metadata: JsonObject


class RetryOverrides(TypedDict, total=False):
    """What a retry by hand may order differently; `options` are merged key by key."""

    design_file_url: str
    preset: str
    template_id: str | None
    options: JsonObject


class Order(StrEnum):
    """By `created_at`, then by id."""

    ASC = "ASC"
    DESC = "DESC"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilters:
    """Which jobs: all that every given filter lets through."""

    product_id: str | None = None
    pipeline: str | None = None
    statuses: Sequence[str] | None = None
    """None: any."""
    order_key: str | None = None
    created_since: datetime | None = None
    ended_before: datetime | None = None
    """By `completed_at`, or the last change where that is not set."""
    text: str | None = None
    """What an id, a product, a preset, options, metadata or the error's message contain."""
    include_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list by age: right after what has this age and id."""

    at: datetime
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A part of a list."""

    limit: int | None = 10
    """None: all."""
    offset: int = 0
    order: Order = Order.DESC
    after: Place | None = None
    """Where it begins; what is added meanwhile moves nothing, as it does with an offset."""


@dataclass(frozen=True, slots=True)
class JobStats:
    """How many jobs are in each status; statuses without a job are there with 0."""

    by_status: Mapping[str, int]

    @property
    def total(self) -> int:
        """Of all statuses."""
        return sum(self.by_status.values())


@dataclass(frozen=True, slots=True)
class Purged:
    """A job that is gone, and the prefixes of its files: to be deleted by who stores them."""

    job_id: str
    prefixes: tuple[str, ...]
