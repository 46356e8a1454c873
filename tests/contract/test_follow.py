"""Listeners to events: one reader for all, nothing lost by who is slow, nothing asked when nobody listens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing

import pytest

from jobsteps import made
from tirage.errors import TryAgain
from tirage.jobs.model import Event
from tirage.jobs.service import JobService
from tirage.web import follow
from tirage.web.follow import Follower


async def collected(follower: Follower, total: int, **asked: object) -> list[int]:
    found: list[int] = []
    async with aclosing(follower.follow(**asked)) as batches:  # type: ignore[arg-type]
        async for batch in batches:
            found += [event.number for event in batch]
            if found and found[-1] >= total:
                return found
    return found


def run(service: JobService, work: Callable[[Follower], Awaitable[None]]) -> None:
    async def limited() -> None:
        follower = Follower(service)
        async with asyncio.timeout(60):
            await work(follower)
        await follower.close()

    asyncio.run(limited())


def test_who_begins_anywhere_hears_all_that_follows(service: JobService) -> None:
    for _ in range(5):
        made(service)

    async def work(follower: Follower) -> None:
        later = [asyncio.create_task(collected(follower, 9, after=after)) for after in (0, 3, 5, None, 99)]
        await asyncio.sleep(0.2)
        for _ in range(4):
            await asyncio.to_thread(made, service)
            follower.hurry()
        assert await asyncio.gather(*later) == [
            list(range(1, 10)), [4, 5, 6, 7, 8, 9], [6, 7, 8, 9], [6, 7, 8, 9], [6, 7, 8, 9]
        ]  # fmt: skip

    run(service, work)


def test_who_is_slow_reads_from_the_store(service: JobService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "KEPT", 3)
    monkeypatch.setattr(follow, "PAGE", 4)

    async def work(follower: Follower) -> None:
        made(service)
        heard = []
        async with aclosing(follower.follow(after=0)) as batches:
            async for batch in batches:
                if not heard:  # slow: while it looks at the first one much happens
                    for _ in range(9):
                        await asyncio.to_thread(made, service)
                    await asyncio.sleep(0.2)
                heard += [event.number for event in batch]
                if heard[-1] == 10:
                    break
        assert heard == list(range(1, 11))

    run(service, work)


def test_one_jobs_events_only(service: JobService) -> None:
    job = made(service)
    other = made(service)

    async def work(follower: Follower) -> None:
        heard = asyncio.create_task(collected(follower, 5, job_id=job.id, after=0))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(service.set_status, other.id, "compositing")
        await asyncio.to_thread(service.set_status, job.id, "compositing")
        await asyncio.to_thread(service.set_status, job.id, "rendering")
        assert await heard == [1, 4, 5]

    run(service, work)


def test_quiet_time_is_told_and_closing_ends_everyone(service: JobService) -> None:
    async def work(follower: Follower) -> None:
        async with aclosing(follower.follow(quiet=0.01)) as batches:
            assert await anext(batches) == ()
            await follower.close()
            assert [batch async for batch in batches] == []

    run(service, work)


def test_nobody_listening_asks_nothing(service: JobService, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    whole = service.events

    def counted(**words: object) -> Sequence[Event]:
        nonlocal asked
        asked += 1
        return whole(**words)  # type: ignore[arg-type]

    monkeypatch.setattr(service, "events", counted)

    async def work(follower: Follower) -> None:
        await asyncio.sleep(0.2)
        assert asked == 0
        async with aclosing(follower.follow(quiet=0.3)) as batches:
            assert await anext(batches) == ()
        assert 0 < asked <= 8
        await asyncio.sleep(0.2)
        rest = asked
        await asyncio.sleep(0.3)
        assert asked == rest
        made(service)
        assert await collected(follower, 1, after=0) == [1]  # and it begins again

    run(service, work)


def test_a_store_that_is_away_comes_back(service: JobService, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = service.events
    faults: list[Exception] = [TryAgain("STORE_UNAVAILABLE", "x"), RuntimeError("a defect")]

    def away(**words: object) -> Sequence[Event]:
        if faults:
            raise faults.pop()
        return whole(**words)  # type: ignore[arg-type]

    monkeypatch.setattr(service, "events", away)

    async def work(follower: Follower) -> None:
        heard = asyncio.create_task(collected(follower, 1))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(made, service)
        assert await heard == [1]

    run(service, work)
