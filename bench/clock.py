"""How long work takes: seconds that somebody waits, and CPU seconds, which no other work stretches."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench.targets import Measured, Target, median

UNITS = {"s": 1, "ms": 1000}


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds on the clock, and CPU seconds of all threads."""

    wall: float
    cpu: float


def timed(work: Callable[[], object]) -> Spent:
    """What some work of this process takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def typical(target: Target, runs: Sequence[Spent]) -> Measured:
    """The median of several runs of what a target bounds, and the least that an idle machine would take."""
    unit = UNITS[target.unit]
    measured = median(target, [run.wall * unit for run in runs])
    return replace(measured, undisturbed=min(run.cpu for run in runs) / target.cores * unit)
