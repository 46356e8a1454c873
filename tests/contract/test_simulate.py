"""The simulated year: its store puts jobs in the order of the real one, and its figures can be computed."""

from __future__ import annotations

from random import Random

import pytest

from bench.ledger import Ledger
from bench.simulate import limits, lines, simulated
from bench.traffic import DAY, KINDS, Shop, arrivals
from tirage.jobs.failure import Failure, FailureClass
from tirage.jobs.recording import Advance
from tirage.jobs.service import JobService
from tirage.mockup.submission import BLENDER_QUEUE, MOCKUP_PIPELINE, QUEUE
from tirage.testing import FakeClock


def history(service: JobService, clock: FakeClock) -> list[tuple[str, int]]:
    """Who is claimed in which order, while orders come, are done, fail and are lost."""
    chance, names, claimed = Random(3), dict[str, str](), list[tuple[str, int]]()  # noqa: S311
    held: list[tuple[str, int]] = []
    for number in range(300):
        clock.advance(chance.uniform(0, 2))
        kind = chance.choice(list(KINDS.values()))
        if chance.random() < 0.5:
            job = service.create(kind.order())
            names[job.id] = f"{kind.name} {number}"
        for job in service.claim(worker="w", queues=[QUEUE, BLENDER_QUEUE], limit=chance.randint(0, 2)):
            claimed.append((names[job.id], job.attempt))
            held.append((job.id, job.attempt))
        if held and chance.random() < 0.7:
            job_id, attempt = held.pop(chance.randrange(len(held)))
            if chance.random() < 0.4:
                kind_of_failure = chance.choice([FailureClass.UNAVAILABLE, FailureClass.WORKER_LOST])
                service.end_attempt(job_id, attempt=attempt, failure=Failure.of(kind_of_failure))
            else:
                for status in ("compositing", "rendering", "completed"):
                    service.advance(job_id, Advance(status=status), attempt=attempt)
    return claimed


@pytest.mark.rows("R268")
def test_its_store_has_the_order_of_the_real_one(service: JobService, clock: FakeClock) -> None:
    own = FakeClock(clock.now)
    ledger = Ledger(ended=lambda _: None, begun=lambda *_: None)
    simulated_service = JobService(ledger, pipelines=[MOCKUP_PIPELINE], clock=own, chance=lambda: 0.5)
    real = history(service, clock)
    assert len(real) > 100
    assert {attempt for _, attempt in real} >= {1, 2}
    assert history(simulated_service, own) == real


def test_a_week_of_a_small_shop() -> None:
    shop = Shop(orders_a_day=20, path_traced_a_day=2, new_a_week=60, catalogue=0)
    come = sum(many for _, _, many in arrivals(shop, Random(7), end=7 * DAY))  # noqa: S311
    one, four = (simulated(workers=workers, shop=shop, end=7 * DAY) for workers in (1, 4))
    for year, workers in ((one, 1), (four, 4)):
        assert sum(len(seen.whole) + seen.failed for seen in year.seen.values()) == come
        assert "order" in "\n".join(lines(year, workers=workers))
        assert "limit" in limits(year, workers=workers)
    assert sum(one.seen["catalogue"].whole) > 3 * sum(four.seen["catalogue"].whole)
    assert max(one.seen["catalogue"].waits) > max(four.seen["catalogue"].waits)
