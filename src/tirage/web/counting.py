"""What Prometheus is told: queues as they are now, and what happened to jobs since this server started.
Events are numbered, so each is counted once whenever somebody asks; servers of one database say the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from tirage.jobs.machine import COMPLETED
from tirage.jobs.model import PROGRESS, Event, QueueState
from tirage.jobs.service import BATCH_LIMIT, JobService, now

SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
"""A fast mockup takes two, a path-traced one minutes, a batch's last order an hour."""


class Metrics:
    """Counters of one server.  May be used from several threads."""

    def __init__(self, service: JobService) -> None:
        """Counts from now on; the past is in the database for who wants to ask it.  TryAgain."""
        self._service = service
        self._lock = threading.Lock()
        self._seen = service.last_event()
        self._registry = CollectorRegistry(auto_describe=False)
        self._events = self._counter("tirage_job_events_total", "What happened to jobs.", "event")
        self._failures = self._counter("tirage_failures_total", "Attempts that failed, by class.", "class")
        self._bytes = self._counter(
            "tirage_stored_bytes_total", "Bytes that completed jobs stored.", "pipeline"
        )
        self._steps = self._histogram("tirage_step_seconds", "How long completed jobs' steps took.", "step")
        self._jobs = self._histogram(
            "tirage_job_seconds", "From a job's submission to its completion.", "pipeline"
        )

    def text(self) -> bytes:
        """Everything, as Prometheus reads it.  TryAgain."""
        with self._lock:
            self._count_new()
            now_there = CollectorRegistry()
            now_there.register(_Queues(self._service.queues()))
            return generate_latest(now_there) + generate_latest(self._registry)

    def _count_new(self) -> None:
        while events := self._service.events(after=self._seen, limit=BATCH_LIMIT):
            for event in events:
                self._count(event)
                self._seen = event.number

    def _count(self, event: Event) -> None:
        if event.name == PROGRESS:
            return
        if event.status == COMPLETED:
            self._measure(event.job_id)
        self._events.labels(event.name).inc()
        if "class" in event.data:
            self._failures.labels(str(event.data["class"])).inc()

    def _measure(self, job_id: str) -> None:
        """A completed job; one that was deleted meanwhile is counted only."""
        job = self._service.get(job_id)
        if job is None or job.completed_at is None:
            return
        steps = [step for step in self._service.steps(job_id) if step.ended_at is not None]
        for step in steps:
            assert step.ended_at is not None  # noqa: S101 – asked just above
            self._steps.labels(step.name).observe((step.ended_at - step.started_at).total_seconds())
        self._jobs.labels(job.pipeline).observe((job.completed_at - job.created_at).total_seconds())
        self._bytes.labels(job.pipeline).inc(sum(each.bytes or 0 for each in job.artifacts))

    def _counter(self, name: str, text: str, label: str) -> Counter:
        return Counter(name, text, [label], registry=self._registry)

    def _histogram(self, name: str, text: str, label: str) -> Histogram:
        return Histogram(name, text, [label], registry=self._registry, buckets=SECONDS)


class _Queues(Collector):
    """The gauges of one moment."""

    def __init__(self, queues: Sequence[QueueState]) -> None:
        self._queues = queues

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """One family for each number that a queue has."""
        at = now()
        for name, text, value in GAUGES:
            family = GaugeMetricFamily(name, text, labels=["queue"])
            for queue in self._queues:
                family.add_metric([queue.name], value(queue, at))
            yield family


def _age(queue: QueueState, at: datetime) -> float:
    return (at - queue.oldest).total_seconds() if queue.oldest else 0.0


GAUGES: Sequence[tuple[str, str, Callable[[QueueState, datetime], float]]] = (
    ("tirage_queue_waiting", "Jobs that no worker holds.", lambda queue, _: queue.waiting),
    ("tirage_queue_running", "Jobs that a worker holds.", lambda queue, _: queue.running),
    ("tirage_queue_paused", "1 while no worker may take its jobs.", lambda queue, _: int(queue.paused)),
    ("tirage_queue_oldest_waiting_seconds", "Age of the job that has waited longest.", _age),
)
