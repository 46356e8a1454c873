"""A process that publishes jobs and may be killed at any moment: what it did is in database and shop.
`python publisher.py ORDER` forks a child for the work; one that is killed is followed by another one, until
every job of its share is done.  ORDER is a JSON file; see `Order`.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shop_suite import media
from shop_windows import Pictures, locks_of
from tirage.errors import TryAgain
from tirage.jobs.service import JobService, now
from tirage.mockup.states import MOCKUP
from tirage.mockup.submission import MOCKUP_PIPELINE
from tirage.shops.catalogue import Catalogue
from tirage.shops.connected import Shop
from tirage.shops.medusa import Medusa
from tirage.shops.ports import Storefront
from tirage.shops.pushing import Pushing, Showing
from tirage.stores.database import Database

DEADLY = frozenset({"show", "upload", "assign", "discard", "shown"})


@dataclass(frozen=True)
class Order:
    """What one publisher does."""

    database: str
    folder: str
    jobs: list[str]
    withdrawn: list[str]
    """Those of the jobs that come to nothing after they were published."""
    chance: float
    """Of a kill at each request to the shop: before it, or after it was answered."""
    seed: int


class Deadly:
    """A storefront whose process may end with each request."""

    def __init__(self, inner: Storefront, chance: float) -> None:
        self._inner = inner
        self._chance = chance

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 – stands for any method
        found = getattr(self._inner, name)
        if name not in DEADLY:
            return found

        def call(*words: object, **named: object) -> object:
            self._maybe_die()
            answer = found(*words, **named)
            self._maybe_die()
            return answer

        return call

    def _maybe_die(self) -> None:
        if random.random() < self._chance / 2:  # noqa: S311
            os.kill(os.getpid(), signal.SIGKILL)


def work(order: Order) -> None:
    """Publishes what is not done yet; may not come back."""
    with Database(order.database) as database:
        service = JobService(database, pipelines=[MOCKUP_PIPELINE])
        catalogue = Catalogue(database, active=MOCKUP.active, clock=now)
        locks = locks_of(order.database, Path(order.folder))
        pushing = Pushing(
            database,
            storefront=deadly(order.chance),
            locks=locks,
            files=Pictures(),
            address=lambda key: f"http://tirage.example/static/{key}",
            clock=now,
        )
        showing = Showing(database, catalogue=catalogue, pushing=pushing)
        for job_id in order.jobs:
            publish(service, showing, job_id, withdrawn=job_id in order.withdrawn)


def deadly(chance: float) -> Callable[[Shop], Storefront]:
    """Storefronts that kill; one for each shop."""
    made: dict[str, Storefront] = {}

    def front(shop: Shop) -> Storefront:
        return made.setdefault(shop.name, Deadly(Medusa(shop), chance))  # type: ignore[arg-type]

    return front


def publish(service: JobService, showing: Showing, job_id: str, *, withdrawn: bool) -> None:
    """As a worker does: the publishing step, then the job's end in our database; or its compensation."""
    job = service.retrieve(job_id)
    if job.status == "rendering":
        patiently(lambda: showing.publish(product_id=str(job.product_id), job_id=job.id, media=media(job)))
        if withdrawn:
            job = service.set_status(job.id, "failed", {"error_message": "No paint."})
        else:
            service.set_status(job.id, "completed")
    if job.status == "failed" and not job.metadata.get("tidied"):
        patiently(lambda: showing.withdraw(product_id=str(job.product_id), job_id=job.id))
        service.update(job.id, {"metadata": {"tidied": True}})


def patiently(do: Callable[[], object]) -> None:
    """As a run does while a shop is away."""
    for _ in range(200):
        try:
            do()
        except TryAgain as error:
            time.sleep(min(max(error.after, 0.1), 2))
        else:
            return
    raise SystemExit("the shop did not come back")


def main() -> None:
    """Forks until the work is done; prints how often it had to."""
    order = Order(**json.loads(Path(sys.argv[1]).read_text()))
    kills = 0
    while True:
        child = os.fork()
        if child == 0:
            random.seed(order.seed * 100_003 + kills)
            work(order)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        if status == 0:
            break
        if os.WIFEXITED(status):
            raise SystemExit(f"a publisher ended with {os.WEXITSTATUS(status)}")
        kills += 1
    print(json.dumps({"kills": kills}))


if __name__ == "__main__":
    main()
