"""The states of a mockup job; its diagram and sentences in docs/jobs.md are made from this table."""

from __future__ import annotations

from types import MappingProxyType

from tirage.jobs.machine import CANCELLED, COMPLETED, FAILED, RetryBy, StateMachine

PENDING, COMPOSITING, RENDERING = "pending", "compositing", "rendering"

MOCKUP = StateMachine(
    pipeline="mockup",
    happy_path=(PENDING, COMPOSITING, RENDERING, COMPLETED),
    moves=MappingProxyType(
        {
            PENDING: frozenset({COMPOSITING, FAILED, CANCELLED}),
            COMPOSITING: frozenset({RENDERING, FAILED, CANCELLED}),
            RENDERING: frozenset({COMPLETED, FAILED, CANCELLED}),
            COMPLETED: frozenset(),
            FAILED: frozenset(),
            CANCELLED: frozenset(),
        }
    ),
    active=frozenset({PENDING, COMPOSITING, RENDERING}),
    sentences=MappingProxyType(
        {
            PENDING: "Waiting for a worker.",
            COMPOSITING: "The design is being laid on the garment.",
            RENDERING: "The pictures are being rendered.",
            COMPLETED: "All pictures are ready.",
            FAILED: "The mockup could not be made.",
            CANCELLED: "The job was cancelled.",
        }
    ),
    floors=MappingProxyType({PENDING: 0, COMPOSITING: 25, RENDERING: 50, COMPLETED: 100, FAILED: 0}),
    events=MappingProxyType(
        {
            COMPOSITING: "render.job.compositing",
            RENDERING: "render.job.rendering",
            COMPLETED: "render.job.completed",
            FAILED: "render.job.failed",
            CANCELLED: "render.job.cancelled",
        }
    ),
    retry=RetryBy.NEW_JOB,
)
