"""Who is alive.  A worker counts up a number while it lives; who watches it stand still for long enough knows
that it is dead.  Only the watcher's own clock counts: clocks of machines differ, and may be set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from tirage.errors import TirageError
from tirage.jobs.model import Claim
from tirage.jobs.store import Store, Unit

BEATS = 3
"""Times a worker counts within the time after which it is taken for dead."""
LOOKS = 9
"""Times it is looked at within that time."""
GLANCES = 6
"""Looks that it takes at least, however far apart they are: those around a time when nobody could count are
too few to find anybody dead."""


class Observer:
    """What one watcher has seen of the others."""

    def __init__(self, ttl: float, monotonic: Callable[[], float]) -> None:
        """`ttl`: seconds without a change after which a worker is dead."""
        self._ttl = ttl
        self._monotonic = monotonic
        self._still: dict[str, tuple[int | None, float]] = {}
        self._last = monotonic()

    def forget(self) -> None:
        """What was seen so far does not count: the store takes no sign of life, of nobody."""
        self._still = {}

    def dead(self, beats: Mapping[str, int], workers: Iterable[str]) -> list[str]:
        """Those that have stood still for the whole time, by name.

        Only watched time counts.  A watcher that could not look for a while knows nothing of it: the store
        may have been away, or this process stopped, and then nobody could count.
        """
        now = self._monotonic()
        watched = min(now - self._last, self._ttl / GLANCES)
        before, self._last, self._still = self._still, now, {}
        for worker in workers:
            beat, still = before.get(worker, (None, 0.0))
            same = worker in before and beat == beats.get(worker)
            self._still[worker] = (beats.get(worker), still + watched if same else 0.0)
        return sorted(worker for worker, (_, still) in self._still.items() if still >= self._ttl)


@dataclass(frozen=True, slots=True)
class Look:
    """What a watcher found."""

    dead: frozenset[str]
    alive: frozenset[str]
    """Others with a lease, also those that are about to be found dead."""
    lost: tuple[Claim, ...]
    """Open attempts of the dead."""
    own: tuple[Claim, ...]
    """Those of who looked."""


class Lease:
    """One worker's own sign of life, and its eye on the others."""

    def __init__(self, store: Store, *, worker: str, ttl: float, monotonic: Callable[[], float]) -> None:
        self._store = store
        self._worker = worker
        self._observer = Observer(ttl, monotonic)

    def beat(self) -> None:
        """Says that this worker is alive; the first time, that it is there."""
        try:
            self._store.write(lambda unit: unit.beat(self._worker))
        except TirageError:  # a full disk can be read: others stand still who live
            self._observer.forget()
            raise

    def look(self) -> Look:
        """Who died, and what they held; the leases of the dead end once they hold nothing."""
        claims, beats = self._store.read(lambda unit: (unit.claims(), unit.beats()))
        others = ({claim.worker for claim in claims} | beats.keys()) - {self._worker}
        dead = frozenset(self._observer.dead(beats, others))
        lost = tuple(claim for claim in claims if claim.worker in dead)
        done = dead & beats.keys() - {claim.worker for claim in lost}
        if done:
            self._store.write(lambda unit: _end(unit, done))
        own = tuple(claim for claim in claims if claim.worker == self._worker)
        return Look(dead=dead, alive=frozenset(beats) - dead, lost=lost, own=own)

    def end(self) -> None:
        """Leaves: nobody has to wait to know that this worker is gone."""
        self._store.write(lambda unit: unit.end_lease(self._worker))


def _end(unit: Unit, workers: Iterable[str]) -> None:
    for worker in sorted(workers):
        unit.end_lease(worker)
