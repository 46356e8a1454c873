"""A pipeline's states as data, and the pure functions that read them; mockup/states.py has such a table.
Every rule about statuses is here or in a table: services, screens and documents ask, none of them decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

COMPLETED, FAILED, CANCELLED = "completed", "failed", "cancelled"
"""The three ends that every pipeline has under these names."""


class RetryBy(StrEnum):
    """What a retry by hand does (C-03)."""

    NEW_JOB = "new job"
    """A copy is submitted; the failed row stays as it is."""
    SAME_JOB = "same job"
    """The failed row goes back to the first status; its attempts are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateMachine:
    """The table of one pipeline.  ValueError when it contradicts itself."""

    pipeline: str
    happy_path: tuple[str, ...]
    """From the first status to `completed`."""
    moves: Mapping[str, frozenset[str]]
    """Every status with those that may follow; none may follow a terminal one."""
    active: frozenset[str]
    """Statuses in which a job waits or runs."""
    sentences: Mapping[str, str]
    """What users read about a job in that status."""
    floors: Mapping[str, int]
    """Progress on entering a status; a status without one keeps the job's."""
    events: Mapping[str, str]
    """The event of entering each status by a move."""
    retry: RetryBy

    def __post_init__(self) -> None:
        contradictions = list(_contradictions(self))
        if contradictions:
            raise ValueError(f"{self.pipeline}: {'; '.join(contradictions)}")

    @property
    def statuses(self) -> tuple[str, ...]:
        """All of them, in the table's order."""
        return tuple(self.moves)

    @property
    def initial(self) -> str:
        """A new job's."""
        return self.happy_path[0]


def can_transition(machine: StateMachine, old: str, new: str) -> bool:
    """Whether a job may go from one status to the other; staying is no move.  KeyError: no such status."""
    return new in machine.moves[old]


def allowed(machine: StateMachine, status: str) -> tuple[str, ...]:
    """What may follow, in the table's order.  KeyError: no such status."""
    return tuple(name for name in machine.statuses if name in machine.moves[status])


def next_status(machine: StateMachine, status: str) -> str | None:
    """The next one if all goes well; None at the end and off the path."""
    path = machine.happy_path
    return dict(pairwise(path)).get(status)


def is_active(machine: StateMachine, status: str) -> bool:
    """Whether a job in it waits or runs."""
    return status in machine.active


def is_terminal(machine: StateMachine, status: str) -> bool:
    """Whether nothing may follow.  KeyError: no such status."""
    return not machine.moves[status]


def can_retry(status: str, attempts: int, max_attempts: int) -> bool:
    """Whether a job has a try left without being given one more: it failed, and had fewer than it may.

    What a person asks for is one more (submissions.retry).
    """
    return status == FAILED and attempts < max_attempts


def describe(machine: StateMachine, status: str) -> str:
    """A sentence for users.  KeyError: no such status."""
    return machine.sentences[status]


def progress_for(machine: StateMachine, status: str, *, done: int = 0, of: int = 1) -> int:
    """Per cent for `done` of `of` units of a status' work: from its floor to just below the next one's.

    KeyError for a status that has no floor.
    """
    floor = machine.floors[status]
    following = next_status(machine, status)
    if following is None:
        return floor
    span = machine.floors[following] - floor
    return floor + min(max(span * done // max(of, 1), 0), span - 1)


def progress_on_entering(machine: StateMachine, status: str, current: int) -> int:
    """Per cent of a job that comes into a status: never less than before on the way to `completed` (C-07)."""
    floor = machine.floors.get(status, current)
    if status in machine.happy_path and status != machine.initial:
        return max(current, floor)
    return floor


def _contradictions(machine: StateMachine) -> Iterable[str]:
    statuses = frozenset(machine.moves)
    entered = frozenset[str]().union(*machine.moves.values())
    path = machine.happy_path
    floors = [machine.floors.get(name, -1) for name in path]
    if not {COMPLETED, FAILED, CANCELLED, *path, *machine.active, *machine.floors} | entered <= statuses:
        yield "it names a status that has no row"
        return
    if path[-1] != COMPLETED or any(b not in machine.moves[a] for a, b in pairwise(path)):
        yield "the happy path is none"
    if any(is_terminal(machine, name) for name in machine.active):
        yield "an active status has no way on"
    if statuses != machine.sentences.keys() or not entered <= machine.events.keys():
        yield "a status has no sentence, or no event"
    if any(b <= a for a, b in pairwise(floors)) or floors[0] < 0:
        yield "the floors do not rise"
    if (machine.retry is RetryBy.SAME_JOB) != (machine.initial in machine.moves[FAILED]):
        yield "the way of retrying and the moves of a failed job disagree"
