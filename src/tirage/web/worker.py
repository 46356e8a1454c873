"""The worker child of an all-in-one server: started, watched, started again, stopped.
What crashes or eats memory there never takes the server with it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from tirage.log import Logger
from tirage.media import process

log = Logger("serve")
WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before it is started again, the first time, the second …"""
SETTLED = 60.0
"""Who lived so many seconds is not in a circle: the waits begin anew."""
GRACE = 30.0
"""Seconds that a worker has to finish or hand back what it holds."""


class WorkerChild:
    """One child process; belongs to one event loop."""

    def __init__(self, argv: Sequence[str], *, environment: Mapping[str, str]) -> None:
        self._argv = argv
        self._environment = environment
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping = asyncio.Event()

    def alive(self) -> bool:
        """Whether it runs now."""
        return self._child is not None and self._child.poll() is None

    async def keep(self) -> None:
        """Has it run until `stop`."""
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            code = await self._run()
            if self._stopping.is_set():
                return
            failures = 0 if time.monotonic() - began > SETTLED else failures
            wait = WAITS[min(failures, len(WAITS) - 1)]
            failures += 1
            log.error("the worker ended; it is started again", exit_code=code, seconds=wait)
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._stopping.wait()

    async def stop(self) -> None:
        """Asks it to end, and makes it end when it takes too long."""
        self._stopping.set()
        child = self._child
        if child is None or child.poll() is not None:
            return
        child.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(GRACE):
                while child.poll() is None:
                    await asyncio.sleep(0.02)
        except TimeoutError:
            log.warning("the worker did not end by itself")
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # with all that it started

    async def _run(self) -> int:
        """Runs it once; its exit code."""
        self._child = process.start(self._argv, environment=self._environment)
        return await asyncio.to_thread(self._child.wait)
