"""How long orders will take: from the recorded runs of this server, by what they make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, quantiles

from tirage.batches.model import Span
from tirage.jobs.machine import COMPLETED
from tirage.jobs.model import Job
from tirage.mockup.order import Mode

RUNS = 100
"""The latest completed jobs, of which those of an order's mode count."""
FEWEST = 3


def mode_of(options: Mapping[str, object]) -> str:
    """What an order makes: stills, a turntable, both."""
    return str(options.get("render_mode", Mode.ALL))


def seconds_of(jobs: Iterable[Job], mode: str) -> list[float]:
    """How long completed jobs of a mode took; those that copied another's files say nothing."""
    return [
        (job.completed_at - job.started_at).total_seconds()
        for job in jobs
        if job.status == COMPLETED
        and job.started_at
        and job.completed_at
        and mode_of(job.options) == mode
        and "reused_from" not in job.metadata
    ]


def span_of(seconds: Sequence[float]) -> Span | None:
    """The percentiles of some runs; None where there are too few."""
    if len(seconds) < FEWEST:
        return None
    tenths = quantiles(seconds, n=10, method="inclusive")
    return Span(p50=round(tenths[4], 3), p90=round(tenths[8], 3))


def whole(seconds: Sequence[float], *, count: int, ahead: int, workers: int) -> Span | None:
    """Until the last of `count` jobs is ready, with `ahead` before them; None where nothing is known.

    Many jobs come near their mean: p90 has one slow job more.
    """
    each = span_of(seconds)
    if each is None:
        return None
    if count == 0:
        return Span(0.0, 0.0)
    typical = fmean(seconds) * (ahead + count) / workers
    slow = max(each.p90 - fmean(seconds), 0.0)
    return Span(p50=round(max(typical, each.p50), 3), p90=round(max(typical + slow, each.p90), 3))
