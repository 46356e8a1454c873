"""A year of a large shop in virtual time: the real job service and workers, with renders that only take their
time.  `make simulate` prints how long orders wait, and what limits.
"""

from __future__ import annotations

import argparse
import heapq
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random

from bench.ledger import Ledger
from bench.traffic import DAY, HOUR, KINDS, WEEK, YEAR, Kind, Shop, arrivals
from tirage.errors import TryAgain
from tirage.jobs.failure import Failure, FailureClass
from tirage.jobs.model import Attempt, Job
from tirage.jobs.run import Run, Step
from tirage.jobs.service import JobService
from tirage.jobs.worker import Terms, Worker
from tirage.mockup.states import COMPOSITING, RENDERING
from tirage.mockup.submission import BLENDER_QUEUE, MOCKUP_PIPELINE, QUEUE

START = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday."""
FAILING = 0.004
"""Attempts that fail for want of a service."""
LIFE = 20 * DAY
"""How long a worker lives, on average."""
LEASE, RESTART = 9.0, 20.0
"""Seconds until a dead worker's jobs are taken over, and until its place is taken."""
COMPOSE, RENDER = Step("compose", COMPOSITING), Step("render", RENDERING)
MEMORY = Path("/dev/shm")  # noqa: S108 – attempts have folders, and a year's would wear a disk
SHARES = (0.5, 0.9, 0.99)
CREWS = (1, 2, 4, 8)
SOON = 3.0
"""Seconds within which an order of a customer should begin."""


@dataclass(slots=True)
class Seen:
    """What happened to one kind of order."""

    waits: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    """Seconds from submission to completion."""
    failed: int = 0
    again: int = 0


class Stub:
    """What a worker does for a job: its two steps, and now and then nothing, since a service is away."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    def make(self, job: Job, run: Run) -> None:  # noqa: ARG002 – the signature of the port
        """At once: its time has passed already."""
        run.step(COMPOSE, dict)
        if self._chance.random() < FAILING:
            raise TryAgain("UNAVAILABLE", "A service is away.")
        run.step(RENDER, dict)
        run.complete({})

    def undo(self, job: Job) -> None:
        """There is nothing."""


class Year:
    """Runs until nothing is left to happen."""

    def __init__(self, *, workers: int, folder: Path, seed: int = 7, deaths: bool = True) -> None:
        self.seen: dict[str, Seen] = defaultdict(Seen)
        self.busy: dict[int, float] = defaultdict(float)
        """Seconds of work that began in each hour, of all workers together."""
        self.deaths = 0
        self._chance, self._folder = Random(seed), folder  # noqa: S311 – a simulation
        self._now = 0.0
        self._ledger = Ledger(ended=self._ended, begun=self._begun)
        self.service = JobService(
            self._ledger,
            pipelines=[MOCKUP_PIPELINE],
            clock=lambda: START + timedelta(seconds=self._now),
            chance=self._chance.random,
        )
        self._next: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()
        self._alive: dict[str, Worker] = {}
        self._deaths = deaths
        for _ in range(workers):
            self._hire()

    def run(self, coming: Iterator[tuple[float, Kind, int]]) -> None:
        """Everything that comes, and what follows from it."""
        following = next(coming, None)
        self._now = following[0] if following else 0.0
        while following or self._next:
            if following and (not self._next or following[0] <= self._next[0][0]):
                at, kind, many = following
                self._now = max(self._now, at)
                self.service.create_many([kind.order()] * many)
                self._wake()
                following = next(coming, None)
                continue
            self._now, _, action = heapq.heappop(self._next)
            action()
            if not following and not self._ledger.active:
                return

    def _at(self, seconds: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._next, (seconds, next(self._number), action))

    def _wake(self) -> None:
        """Whoever has room looks what is due, in no order."""
        crew = list(self._alive.values())
        self._chance.shuffle(crew)
        for worker in crew:
            worker.tick()

    # workers

    def _hire(self) -> None:
        name = f"w{next(self._number)}"
        worker = Worker(
            self._ledger,
            self.service,
            works={MOCKUP_PIPELINE.machine.pipeline: Stub(self._chance)},
            terms=Terms(
                name=name,
                queues=(QUEUE, BLENDER_QUEUE),
                single=(BLENDER_QUEUE,),
                folder=self._folder / name,
                lease_seconds=DAY,  # deaths are found below: a year of beats would be millions
                poll_seconds=0.0,
                step_seconds=WEEK,
            ),
            monotonic=lambda: self._now,
            start=lambda work: self._begin(name, work),
        )
        self._alive[name] = worker
        if self._deaths:
            self._at(self._now + self._chance.expovariate(1 / LIFE), lambda: self._die(name))
        worker.tick()

    def _begin(self, name: str, work: Callable[[], None]) -> None:
        """The job that was claimed just now ends after its time, if its worker lives so long."""
        job = self._claimed
        takes = KINDS[str(job.metadata["kind"])].takes(self._chance)
        if job.queue == QUEUE:
            self._spread(takes)

        def done() -> None:
            if name in self._alive:
                work()
                self._alive[name].tick()
                self._later()

        self._at(self._now + takes, done)

    def _spread(self, takes: float) -> None:
        """A job's time, to the hours in which it is spent."""
        at, left = self._now, takes
        while left > 0:
            part = min(left, (at // HOUR + 1) * HOUR - at) or left
            self.busy[int(at // HOUR)] += part
            at, left = at + part, left - part

    def _later(self) -> None:
        again = self._ledger.next_again()
        if again is not None:
            self._at(max((again - START).total_seconds(), self._now), self._wake)

    def _die(self, name: str) -> None:
        """In the middle of whatever it does; somebody notices, and it is replaced."""
        del self._alive[name]
        self.deaths += 1
        self._at(self._now + LEASE, lambda: self._reap(name))
        self._at(self._now + RESTART, self._hire)

    def _reap(self, name: str) -> None:
        for claim in self._ledger.claims(name):
            lost = Failure.of(FailureClass.WORKER_LOST)
            self.service.end_attempt(claim.job_id, attempt=claim.attempt, failure=lost)
        self._ledger.end_lease(name)
        self._later()

    # what is seen

    def _begun(self, job: Job, attempt: Attempt) -> None:
        self._claimed = job
        seen = self.seen[str(job.metadata["kind"])]
        if attempt.number == 1:
            seen.waits.append((attempt.started_at - job.created_at).total_seconds())
        else:
            seen.again += 1

    def _ended(self, job: Job) -> None:
        seen = self.seen[str(job.metadata["kind"])]
        if job.status == "completed" and job.completed_at:
            seen.whole.append((job.completed_at - job.created_at).total_seconds())
        else:
            seen.failed += 1


def simulated(*, workers: int, shop: Shop, begin: float = 0.0, end: float = YEAR, seed: int = 7) -> Year:
    """So much of the year with so many workers."""
    with tempfile.TemporaryDirectory(
        prefix="tirage-year-", dir=MEMORY if MEMORY.is_dir() else None
    ) as folder:
        year = Year(workers=workers, folder=Path(folder), seed=seed)
        year.run(arrivals(shop, Random(seed), begin=begin, end=end))  # noqa: S311 – a simulation
        return year


def lines(year: Year, *, workers: int) -> Iterator[str]:
    """How long each kind waited, and how busy everybody was."""
    yield f"{'':12} {'orders':>7} {'p50':>9} {'p90':>9} {'p99':>9} {'longest':>9}   again  failed"
    for name in KINDS:
        seen = year.seen[name]
        waits = " ".join(f"{shown(percentile(seen.waits, share)):>9}" for share in SHARES)
        longest = shown(max(seen.waits, default=0.0))
        yield f"{name:12} {len(seen.waits):>7} {waits} {longest:>9} {seen.again:>7} {seen.failed:>7}"
    hours = max(year.busy, default=0) + 1 - min(year.busy, default=0)
    busiest, most = max(year.busy.items(), key=lambda each: each[1])
    full = sum(spent >= 0.95 * workers * HOUR for spent in year.busy.values())
    share = sum(year.busy.values()) / (hours * workers * HOUR)
    yield f"busy {share:.1%} of the time; all of them in {full} hours of {hours},"
    yield f"most on day {busiest // 24}: {most / workers / HOUR:.0%} of that hour; {year.deaths} workers died"


def limits(year: Year, *, workers: int) -> str:
    """What would have to grow for shorter waits."""
    waits = year.seen["order"].waits
    late = sum(wait > SOON for wait in waits) / max(len(waits), 1)
    begun = max(year.busy.values(), default=0.0) / workers / HOUR
    if late <= 0.01:
        return f"Nothing limits customers' orders: {late:.2%} wait longer than {SOON:g} s."
    if begun >= 0.95:
        return f"The workers limit: all are busy, and {late:.1%} of customers' orders wait over {SOON:g} s."
    return f"Jobs that run limit: {late:.1%} of orders wait longer than {SOON:g} s for one of few places."


def percentile(values: Sequence[float], share: float) -> float:
    """0 of none."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def shown(seconds: float) -> str:
    """For people."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < HOUR else f"{seconds / HOUR:.1f} h"


def main() -> None:
    """The year with one crew, its busiest week with several."""
    parser = argparse.ArgumentParser(prog="python -m bench.simulate", description=__doc__)
    parser.add_argument("--workers", type=int, default=3, help="of the whole year")
    parser.add_argument("--orders-a-day", type=float, default=Shop().orders_a_day)
    parser.add_argument("--days", type=int, default=365)
    given = parser.parse_args()
    shop, begun = Shop(orders_a_day=given.orders_a_day), time.process_time()
    year = simulated(workers=given.workers, shop=shop, end=given.days * DAY)
    spent = time.process_time() - begun
    made = sum(len(seen.whole) for seen in year.seen.values())
    print(
        f"{given.days} days, {made} orders, {given.workers} workers of two cores each: time until work begins"
    )
    print("\n".join(lines(year, workers=given.workers)))
    print(limits(year, workers=given.workers))
    print(f"simulated in {spent:.0f} s of processor time\n")
    for workers in CREWS:
        week = simulated(workers=workers, shop=shop, begin=46 * WEEK, end=48 * WEEK)
        waits = [shown(percentile(week.seen["order"].waits, share)) for share in SHARES]
        last = shown(max(week.seen["catalogue"].whole, default=0.0))
        print(
            f"the two weeks of sales with {workers} workers: orders begin after {', '.join(waits)} "
            f"(p50, p90, p99); a catalogue is whole after {last}. {limits(week, workers=workers)}"
        )


if __name__ == "__main__":
    main()
