"""Events as they happen, for any number of listeners: one reader asks the store, and only while somebody
listens.  A listener that falls behind reads from the store itself, so nothing is lost and nothing piles up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.concurrency import run_in_threadpool

from tirage.errors import TryAgain
from tirage.jobs.model import Event
from tirage.jobs.service import JobService
from tirage.log import Logger

log = Logger("events")
KEPT = 2000
"""Events in memory; who is further behind reads from the store."""
FAST, SLOW, QUIET = 0.05, 1.0, 30.0
"""Seconds between two questions: at first, and after so many seconds without an event."""
PAGE = 1000


class Follower:
    """The events of a store; belongs to one event loop."""

    def __init__(self, service: JobService) -> None:
        self._service = service
        self._recent: deque[Event] = deque(maxlen=KEPT)
        self._newest = 0
        """The number up to which events are known here."""
        self._news = asyncio.Condition()
        self._hurry = asyncio.Event()
        self._starting = asyncio.Lock()
        self._listeners = 0
        self._reader: asyncio.Task[None] | None = None
        self._closed = False

    def hurry(self) -> None:
        """Something was just changed here: ask at once, however quiet it was."""
        self._hurry.set()

    async def close(self) -> None:
        """Ends every listener."""
        self._closed = True
        if self._reader:
            self._reader.cancel()
        async with self._news:
            self._news.notify_all()

    async def follow(
        self, job_id: str | None = None, *, after: int | None = None, quiet: float = 15.0
    ) -> AsyncGenerator[Sequence[Event], None]:
        """The events of a job, or of all, in their order: after that number, or from now on.

        An empty batch stands for so many quiet seconds.  TryAgain: the store is away.
        """
        async with self._listening():
            position = self._newest if after is None else min(after, self._newest)
            while not self._closed:
                if position < self._newest:
                    batch, position = await self._between(position, job_id)
                    if batch:
                        yield batch
                elif not await self._told(position, within=quiet):
                    yield ()

    async def _between(self, position: int, job_id: str | None) -> tuple[Sequence[Event], int]:
        """Some events after a position, and the position after them."""
        newest = self._newest
        if self._recent and self._recent[0].number <= position + 1:
            known = [event for event in self._recent if event.number > position]
            return [event for event in known if job_id in {None, event.job_id}], newest
        found = await run_in_threadpool(self._service.events, after=position, limit=PAGE, job_id=job_id)
        if len(found) == PAGE:
            return found, found[-1].number
        return found, max(newest, found[-1].number if found else 0)

    async def _told(self, position: int, *, within: float) -> bool:
        """Waits until something after the position is known, or for so many seconds."""
        try:
            async with asyncio.timeout(within), self._news:
                await self._news.wait_for(lambda: self._closed or self._newest > position)
        except TimeoutError:
            return False
        return True

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        self._listeners += 1
        try:
            async with self._starting:
                if self._reader is None or self._reader.done():
                    self._recent.clear()
                    self._newest = await run_in_threadpool(self._service.last_event)
                    self._reader = asyncio.create_task(self._read())
            yield
        finally:
            self._listeners -= 1

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        heard = loop.time()
        while self._listeners:
            found = await self._ask()
            if found:
                heard = loop.time()
                async with self._news:
                    self._recent.extend(found)
                    self._newest = found[-1].number
                    self._news.notify_all()
            try:
                async with asyncio.timeout(SLOW if loop.time() - heard > QUIET else FAST):
                    await self._hurry.wait()
                heard = loop.time()
            except TimeoutError:
                pass
            self._hurry.clear()

    async def _ask(self) -> Sequence[Event]:
        try:
            return await run_in_threadpool(self._service.events, after=self._newest, limit=PAGE)
        except TryAgain:
            return []  # the store comes back, or every other route says that it is away
        except Exception:  # a border: listeners wait for this reader
            log.error("events could not be read", exc_info=True)
            return []
