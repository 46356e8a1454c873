"""The pipelines there are, for everything that speaks of all jobs; each stands in its own package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from tirage.jobs.machine import StateMachine
from tirage.jobs.pipeline import Pipeline
from tirage.mockup.submission import MOCKUP_PIPELINE
from tirage.video.submission import INGEST_PIPELINE, VIDEO_PIPELINE

PIPELINES: Sequence[Pipeline] = (MOCKUP_PIPELINE, VIDEO_PIPELINE, INGEST_PIPELINE)
MACHINES: Mapping[str, StateMachine] = MappingProxyType(
    {each.machine.pipeline: each.machine for each in PIPELINES}
)
"""Their states, by the name that jobs have."""
