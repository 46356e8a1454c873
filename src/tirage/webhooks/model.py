"""The values of webhooks, as Standard Webhooks has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tirage.jobs.model import CREATED, PROGRESS, RETRIED
from tirage.pipelines import MACHINES

BATCH_ENDED = "batch.ended"
TEST = "webhook.test"
EVENTS: Sequence[str] = tuple(
    dict.fromkeys(
        (
            CREATED,
            *(name for machine in MACHINES.values() for name in machine.events.values()),
            PROGRESS,
            RETRIED,
            BATCH_ENDED,
        )
    )
)
"""What can be asked for."""
DEFAULT_EVENTS = ("render.job.completed", "render.job.failed", "render.job.cancelled", BATCH_ENDED)
WAITS = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds before each attempt, counted from the one before: about three days in all."""


class Outcome(StrEnum):
    """How a delivery stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where messages go."""

    id: str
    url: str
    secret: str
    """`whsec_…`: the key of the signatures, shown once."""
    events: tuple[str, ...]
    description: str
    position: int
    """Number of the last event that it was told, or did not ask for."""
    disabled: str | None = None
    """Why nothing is sent; None: it is."""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message for one endpoint; its id stays the same however often it is sent."""

    id: str
    endpoint_id: str
    event: str
    payload: str
    """JSON, as it is signed and sent."""
    outcome: Outcome
    attempts: int
    next_at: datetime
    last_status: int | None = None
    last_error: str | None = None
    created_at: datetime
    ended_at: datetime | None = None
