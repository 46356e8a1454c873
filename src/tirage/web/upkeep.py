"""What the server does by itself, once a second: batches that ended are told of, webhooks are sent, shops are
told what their products show.  Shops have a thread of their own: one that is slow holds up nothing else.
"""

from __future__ import annotations

import threading
from datetime import timedelta

from tirage.app import App
from tirage.batches.model import Batch, Progress
from tirage.batches.service import summary
from tirage.batches.store import BatchUnit
from tirage.jobs.service import now
from tirage.log import Logger
from tirage.stores.unit import SqlUnit
from tirage.webhooks.model import BATCH_ENDED

TICK = 1.0
SHOPS_AT_ONCE = 16
"""Products that shops are told of before the word to stop is looked at."""
FORGET_EVERY = 3600
REQUESTS = timedelta(days=1)
"""How long an Idempotency-Key is known."""
DELIVERIES = timedelta(days=30)
log = Logger("upkeep")


class Upkeep:
    """A thread of the server; several servers of one database share the work."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name="tirage-upkeep", daemon=True),
            threading.Thread(target=self._tell_shops, name="tirage-shops", daemon=True),
        ]

    def start(self) -> None:
        """Until `stop`."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Waits for what is under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def tick(self) -> None:
        """What there is to do now.  TryAgain."""
        self.settle()
        self._app.webhooks.collect()
        while self._app.delivering.send_due() and not self._stop.is_set():
            pass

    def settle(self) -> None:
        """Batches whose last job has ended say so.  TryAgain."""
        self._app.batches.end(self._ended)

    def forget(self) -> None:
        """What nobody needs any more goes."""
        at = now()
        self._app.database.write(
            lambda unit: unit.access.forget(requests_before=at - REQUESTS, sessions_before=at)
        )
        self._app.database.write(lambda unit: unit.webhooks.forget(before=at - DELIVERIES))

    def _ended(self, unit: BatchUnit, batch: Batch, progress: Progress) -> None:
        """In the transaction that ends a batch: its media are shown if it wants that, one message is sent."""
        if batch.apply_at_end:
            self._app.applying.apply_in(unit, batch)
        assert isinstance(unit, SqlUnit)  # noqa: S101 – the one store there is
        self._app.webhooks.announce(unit, BATCH_ENDED, summary(batch, progress))

    def _run(self) -> None:
        ticks = 0
        while not self._stop.wait(TICK):
            try:
                self.tick()
                if ticks % FORGET_EVERY == 0:
                    self.forget()
                ticks += 1
            except Exception:  # a border: the next second is another try
                log.error("upkeep failed", exc_info=True)

    def _tell_shops(self) -> None:
        while not self._stop.wait(TICK):
            try:
                while self._app.pushing.push_due(limit=SHOPS_AT_ONCE) == SHOPS_AT_ONCE:
                    if self._stop.is_set():
                        return
            except Exception:  # a border: the next second is another try
                log.error("shops not told", exc_info=True)
