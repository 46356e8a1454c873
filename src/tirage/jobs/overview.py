"""How the job core does, in figures for operators: who works, what fails, what takes its time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tirage.jobs.model import JobFilters
from tirage.jobs.store import Unit

DAY = timedelta(days=1)
STEPS = 2000
"""Of the last so many steps times are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTimes:
    """How long a step takes: half and nine tenths of its runs took no longer, in seconds."""

    name: str
    runs: int
    p50: float
    p90: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Working:
    """A worker with a lease, and how many jobs it holds."""

    name: str
    jobs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything at one moment."""

    by_status: Mapping[str, int]
    failures: Mapping[str, int]
    """By class, of the last day."""
    workers: Sequence[Working]
    steps: Sequence[StepTimes]
    """The slowest first."""
    stored_bytes: int


def overview(unit: Unit, *, now: datetime) -> Overview:
    """In one reading transaction."""
    held = [claim.worker for claim in unit.claims()]
    return Overview(
        by_status=unit.tally(JobFilters()),
        failures=unit.failures_since(now - DAY),
        workers=[Working(name=name, jobs=held.count(name)) for name in sorted(unit.beats())],
        steps=_slowest(unit.step_times(STEPS)),
        stored_bytes=unit.stored_bytes(),
    )


def _slowest(times: Iterable[tuple[str, float]]) -> list[StepTimes]:
    by_name: dict[str, list[float]] = {}
    for name, seconds in times:
        by_name.setdefault(name, []).append(seconds)
    made = [
        StepTimes(name=name, runs=len(some), p50=_share(some, 0.5), p90=_share(some, 0.9))
        for name, some in by_name.items()
    ]
    return sorted(made, key=lambda each: -each.p90)


def _share(values: list[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]
