"""What the job core costs: submissions, batches, workers, waiting, screens, with work that does nothing.
`python -m bench.jobs [--postgres URL] [--write]`; times are of this machine, next to what else it does.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bench import serve
from bench.machine import busy, describe
from tirage.jobs.model import Job, JobFilters, JsonObject, NewJob, Page
from tirage.jobs.run import Run, Step
from tirage.jobs.service import JobService
from tirage.jobs.worker import Terms, Worker
from tirage.mockup.submission import MOCKUP_PIPELINE
from tirage.stores.database import Database
from tirage.stores.migrations import migrate

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks-jobs.md"
BATCH = 10_000
BATCH_PRIORITY = 5
CALLERS = 16
SECONDS = 3.0
STEPS = (Step("compose", "compositing"), Step("render", "rendering"), Step("store"), Step("publish"))
STUB = 0.2
"""Seconds of the work whose scaling is measured."""


class Idle:
    """Work that does nothing, or waits in one step."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.made: list[str] = []
        """Ids of finished jobs."""
        self._seconds = seconds

    def make(self, job: Job, run: Run) -> None:
        """The mockup's steps."""
        for step in STEPS:
            run.step(step, self._work, step.name)
        run.complete({"metadata": {"media_ids": ["a", "b"]}})
        self.made.append(job.id)

    def undo(self, _job: Job) -> None:
        """Nothing."""

    def _work(self, name: str) -> JsonObject:
        if name == "render":
            time.sleep(self._seconds)
        return {"keys": [name]}


def main() -> None:
    """Prints a line for each figure, with its target where there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", metavar="URL", help="an empty database; by default one is started")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks-jobs.md")
    asked = parser.parse_args()
    load = busy()
    with tempfile.TemporaryDirectory() as folder:
        begin("SQLite")
        measure(f"sqlite:///{folder}/jobs.db", Path(folder))
        begin("PostgreSQL")
        with server(asked.postgres) as url:
            measure(url, Path(folder))
    begin("`tirage serve`, on SQLite")
    for name, seconds in serve.figures():
        say(name, seconds, "s", f"≤ {serve.TARGETS[name]:g}")
    for figure in (*serve.load(), *serve.idle()):
        say(*figure)
    if asked.write:
        PAGE.write_text(page(load), encoding="utf-8")


def page(load: float) -> str:
    """What was said, as a document."""
    about = f"{describe()}; runnable processes by core when it began: {load:.1f}, where 1 is all there is."
    parts = [f"# Benchmarks of jobs\nMade by `make bench-jobs`. {about}\n"]
    for title, lines in said:
        head = "| figure | measured | wanted |\n|---|---|---|"
        rows = (f"| {line.name} | {line.value:.2f} {line.unit} | {line.target} |" for line in lines)
        parts.append("\n".join([f"## {title}\n{head}", *rows, ""]))
    return "\n".join(parts)


@contextmanager
def server(given: str | None) -> Iterator[str]:
    """The address that was given, or of a server from a wheel."""
    if given:
        yield given
        return
    from tests.postgres import running_server

    with running_server(durable=True) as url:
        yield url


def measure(url: str, folder: Path) -> None:
    """All figures of one database."""
    migrate(url)
    with Database(url) as database:
        service = JobService(database, pipelines=[MOCKUP_PIPELINE])
        say("durable submissions", submissions(service), "/s", "≥ 300, PostgreSQL ≥ 150")
        say("one at a time, p99", latency(service), "ms", "≤ 50")
        discard(service)
        alone(database, service, folder)
        say("idle worker", idle(database, service, folder), "% of a core", "≤ 6")
        new = [replace(order(), priority=BATCH_PRIORITY)] * BATCH
        say(f"batch of {BATCH} accepted", timed(lambda: service.create_many(new)), "s", "≤ 5")
        for name, target, read in readings(service):
            say(name, min(timed(read) for _ in range(20)) * 1000, "ms", target)
        say("interactive behind it, p99", interactive(database, service, folder), "s", "≤ 3")
        throughput(database, service, folder)
    say("two workers against one", scaling(url, folder), "×", "≥ 1.8")


def order() -> NewJob:
    """A usual order."""
    return NewJob(
        pipeline="mockup",
        product_id="prod_1",
        design_file_url="uploads/render-jobs/x/design.png",
        preset="chest-medium",
        options={"fabric_color": "navy", "render_mode": "all"},
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One figure."""

    name: str
    value: float
    unit: str
    target: str


said: list[tuple[str, list[Line]]] = []


def begin(title: str) -> None:
    """What follows is of that."""
    said.append((title, []))
    print(title, flush=True)


def say(name: str, value: float, unit: str, target: str = "") -> None:
    """One line."""
    said[-1][1].append(Line(name, value, unit, target))
    print(f"  {name:34} {value:9.2f} {unit:12} {f'(wanted {target})' if target else ''}", flush=True)


def timed(call: Callable[[], object]) -> float:
    """Seconds."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def processor_time() -> float:
    """Seconds of this process and its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def submissions(service: JobService) -> float:
    """Jobs a second of some callers, each on disk when its call returns."""
    end = time.perf_counter() + SECONDS

    def submit(_caller: int) -> int:
        count = 0
        while time.perf_counter() < end:
            service.create(order())
            count += 1
        return count

    with ThreadPoolExecutor(CALLERS) as pool:
        return sum(pool.map(submit, range(CALLERS))) / SECONDS


def latency(service: JobService) -> float:
    """Milliseconds of the slowest hundredth of submissions, 50 a second."""
    spent = []
    for _ in range(200):
        spent.append(timed(lambda: service.create(order())) * 1000)
        time.sleep(0.02)
    return statistics.quantiles(spent, n=100)[98]


@contextmanager
def working(
    database: Database, service: JobService, folder: Path, *, seconds: float = 0.0, concurrency: int = 1
) -> Iterator[Idle]:
    """The work of a worker in a thread of this process."""
    name = f"bench-{time.monotonic_ns()}"
    terms = Terms(name=name, queues=("mockup",), concurrency=concurrency, folder=folder / "work")
    work = Idle(seconds)
    worker = Worker(database, service, works={"mockup": work}, terms=terms)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield work
    finally:
        worker.stop()
        thread.join()


def wait(until: Callable[[], bool]) -> None:
    """Looks often."""
    while not until():
        time.sleep(0.005)


def has_ended(service: JobService, job: Job) -> bool:
    """In whatever way."""
    return service.retrieve(job.id).completed_at is not None


def discard(service: JobService) -> None:
    """Takes away what waits."""
    while waiting := service.due(1000):
        service.soft_delete([job.id for job in waiting])


def alone(database: Database, service: JobService, folder: Path) -> None:
    """What the core costs a single job, from its submission to its end."""
    walls = []
    with working(database, service, folder):
        before = processor_time()
        for _ in range(40):
            job = service.create(order())
            start = time.perf_counter()
            wait(partial(has_ended, service, job))
            walls.append((time.perf_counter() - start) * 1000)
            time.sleep(0.05)
        used = (processor_time() - before) / 40 * 1000
    say("a single job, core, median", statistics.median(walls), "ms", "≤ 120")
    say("its processor time, and the asking", used, "ms")


def idle(database: Database, service: JobService, folder: Path) -> float:
    """Per cent of a core of a worker that finds nothing to do."""
    with working(database, service, folder):
        time.sleep(1)
        before = processor_time()
        time.sleep(8)
        return (processor_time() - before) / 8 * 100


def readings(service: JobService) -> Iterator[tuple[str, str, Callable[[], object]]]:
    """What screens ask for, with the whole batch queued."""
    yield "list page, with count", "≤ 20", lambda: service.list_with_count(page=Page(limit=20))
    yield "list of a product", "≤ 20", lambda: service.list(JobFilters(product_id="prod_1"), Page(limit=20))
    yield "statistics of a product", "≤ 5", lambda: service.product_stats("prod_1")
    yield "queues", "≤ 20", service.queues


def interactive(database: Database, service: JobService, folder: Path) -> float:
    """Seconds of the slowest hundredth of orders behind the batch."""
    spent = []
    with working(database, service, folder, concurrency=2):
        for _ in range(100):
            job = service.create(order())
            start = time.perf_counter()
            wait(partial(has_ended, service, job))
            spent.append(time.perf_counter() - start)
    return statistics.quantiles(spent, n=100)[98]


def throughput(database: Database, service: JobService, folder: Path) -> None:
    """What the core costs an order of a batch."""
    count = 500
    with working(database, service, folder, concurrency=4) as work:
        wait(lambda: len(work.made) > 0)
        before, start = processor_time(), time.perf_counter()
        wait(lambda: len(work.made) > count)
        wall, used = time.perf_counter() - start, processor_time() - before
    say("an order of a batch, core", wall / count * 1000, "ms", "≤ 15")
    say("its processor time", used / count * 1000, "ms")


def scaling(url: str, folder: Path) -> float:
    """How much faster two worker processes are than one, with work of 0.2 s."""
    rates = [rate(url, folder, workers) for workers in (1, 2)]
    return rates[1] / rates[0]


def rate(url: str, folder: Path, workers: int) -> float:
    """Jobs a second of so many processes, in the middle of their work."""
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    processes = [context.Process(target=crew, args=(url, str(folder), stop)) for _ in range(workers)]
    for process in processes:
        process.start()
    with Database(url) as database:
        service = JobService(database, pipelines=[MOCKUP_PIPELINE])
        wait(lambda: len(service.claims()) >= workers)
        time.sleep(1)
        before, start = service.stats().by_status["completed"], time.perf_counter()
        time.sleep(8)
        done = service.stats().by_status["completed"] - before
        passed = time.perf_counter() - start
    stop.set()
    for process in processes:
        process.join()
    return done / passed


def crew(url: str, folder: str, stop: threading.Event) -> None:
    """One worker process."""
    with Database(url) as database:
        service = JobService(database, pipelines=[MOCKUP_PIPELINE])
        with working(database, service, Path(folder), seconds=STUB):
            stop.wait()


if __name__ == "__main__":
    main()
