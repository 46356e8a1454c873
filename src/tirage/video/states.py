"""The states of jobs that make videos, and of those that look into recordings; docs/jobs.md has them."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from tirage.jobs.machine import CANCELLED, COMPLETED, FAILED, RetryBy, StateMachine

__all__ = ["INGEST", "PROCESSING", "QUEUED", "VIDEO"]

QUEUED, PROCESSING = "queued", "processing"

VIDEO = StateMachine(
    pipeline="video",
    happy_path=(QUEUED, PROCESSING, COMPLETED),
    moves=MappingProxyType(
        {
            QUEUED: frozenset({PROCESSING, CANCELLED}),
            PROCESSING: frozenset({COMPLETED, FAILED, CANCELLED}),
            COMPLETED: frozenset(),
            FAILED: frozenset({QUEUED}),
            CANCELLED: frozenset(),
        }
    ),
    active=frozenset({QUEUED, PROCESSING}),
    sentences=MappingProxyType(
        {
            QUEUED: "Waiting for a worker.",
            PROCESSING: "The video is being rendered.",
            COMPLETED: "The video is ready.",
            FAILED: "The video could not be made; it can be tried again.",
            CANCELLED: "The job was cancelled.",
        }
    ),
    floors=MappingProxyType({QUEUED: 0, PROCESSING: 1, COMPLETED: 100}),
    events=MappingProxyType(
        {
            QUEUED: "render.job.queued",
            PROCESSING: "render.job.processing",
            COMPLETED: "render.job.completed",
            FAILED: "render.job.failed",
            CANCELLED: "render.job.cancelled",
        }
    ),
    retry=RetryBy.SAME_JOB,
)
INGEST = replace(
    VIDEO,
    pipeline="ingest",
    sentences=MappingProxyType(
        {
            QUEUED: "Waiting for a worker.",
            PROCESSING: "The recording is being looked into.",
            COMPLETED: "The recording is known.",
            FAILED: "The recording could not be used; it can be tried again.",
            CANCELLED: "The job was cancelled.",
        }
    ),
)
