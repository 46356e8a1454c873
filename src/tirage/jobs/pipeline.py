"""What the job core knows of a pipeline: its states, what its jobs must name, how it retries, which files are
a job's.  mockup/submission.py has one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tirage.errors import BadInput, Finding
from tirage.jobs.ids import Ids
from tirage.jobs.machine import StateMachine
from tirage.jobs.model import Job, NewJob


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """One kind of job."""

    machine: StateMachine
    check: Callable[[NewJob], Sequence[Finding]]
    """Everything that is wrong with a submission; `where` names the field."""
    prefixes: Callable[[Job], Sequence[str]]
    """Where a job's files lie in the storage; nothing else lies there."""
    backoff: tuple[float, ...]
    """Seconds before the second attempt, the third …; the last one stands for all after it."""
    queues: tuple[str, ...]
    """For its workers: each has what the jobs of a queue need."""
    queue: Callable[[NewJob], str]
    """Which of them takes a submission."""
    max_attempts: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What every change of a job goes by, and where it takes time, chance and ids from."""

    pipelines: Mapping[str, Pipeline]
    clock: Callable[[], datetime]
    """Now, aware of its zone."""
    chance: Callable[[], float]
    """0 ≤ x < 1, for jitter."""
    ids: Ids

    def machine(self, job: Job) -> StateMachine:
        """The states of a job's pipeline."""
        return self.pipelines[job.pipeline].machine

    def active(self) -> Sequence[str]:
        """Statuses in which jobs of any pipeline wait or run."""
        machines = (pipeline.machine for pipeline in self.pipelines.values())
        return sorted({status for machine in machines for status in machine.active})

    def queues(self) -> Sequence[str]:
        """Those of all pipelines."""
        return list(dict.fromkeys(name for pipeline in self.pipelines.values() for name in pipeline.queues))

    def pipeline(self, name: str) -> Pipeline:
        """BadInput INVALID_DATA: there is none of that name."""
        if name not in self.pipelines:
            raise BadInput("INVALID_DATA", f"There is no pipeline {name[:60]!r}.", hint=self._known())
        return self.pipelines[name]

    def _known(self) -> str:
        return f"The pipelines are {', '.join(self.pipelines)}."
