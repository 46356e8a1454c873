"""How many jobs a second can be submitted, each on disk when its call returns, and what reading costs.
`python -m bench.store [FOLDER]`, or with DATABASE_URL=postgresql://… another database; it must be empty.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tirage.jobs.model import JobFilters, NewJob, Page
from tirage.jobs.service import JobService
from tirage.mockup.submission import MOCKUP_PIPELINE
from tirage.stores.database import Database
from tirage.stores.migrations import migrate

CALLERS = (1, 16, 64)
SECONDS = 2.0
BATCH = 10_000
READS = 20


def main() -> None:
    """Prints one line for each measurement; times are wall times of this machine."""
    folder = sys.argv[1] if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory(dir=folder) as place:
        url = os.environ.get("DATABASE_URL", f"sqlite:///{place}/jobs.db")
        migrate(url)
        with Database(url) as database:
            service = JobService(database, pipelines=[MOCKUP_PIPELINE])
            for callers in CALLERS:
                print(f"{callers:3} callers: {submissions(service, callers):6.0f} durable submissions/s")
            seconds = timed(lambda: service.create_many([new_job("batch")] * BATCH))
            print(f"batch of {BATCH}: {seconds:.2f} s")
            for name, read in readings(service).items():
                print(f"{name}: {min(timed(read) for _ in range(READS)) * 1000:.1f} ms")


def new_job(product: str) -> NewJob:
    """A usual order."""
    return NewJob(
        pipeline="mockup",
        product_id=product,
        design_file_url="uploads/render-jobs/x/design.png",
        preset="chest-medium",
        options={"fabric_color": "navy", "render_mode": "all"},
    )


def submissions(service: JobService, callers: int) -> float:
    """Jobs a second of that many threads, each waiting for its own."""
    end = time.perf_counter() + SECONDS

    def submit(caller: int) -> int:
        count = 0
        while time.perf_counter() < end:
            service.create(new_job(f"prod_{caller}"))
            count += 1
        return count

    with ThreadPoolExecutor(callers) as pool:
        return sum(pool.map(submit, range(callers))) / SECONDS


def readings(service: JobService) -> dict[str, Callable[[], object]]:
    """What screens ask for, with all those jobs queued."""
    return {
        "list of 100, with count": lambda: service.list_with_count(page=Page(limit=100)),
        "list of a product": lambda: service.list(JobFilters(product_id="batch"), Page(limit=100)),
        "statistics of a product": lambda: service.product_stats("batch"),
        "has active": lambda: service.has_active("batch"),
        "due": lambda: service.due(100),
    }


def timed(call: Callable[[], object]) -> float:
    """Seconds."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
