"""What Prometheus is told, on both stores: each thing once, whoever asks how often."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from jobsteps import failure, made
from tirage.jobs.failure import FailureClass
from tirage.jobs.model import EndedStep
from tirage.jobs.recording import Advance
from tirage.jobs.service import JobService
from tirage.testing import FakeClock
from tirage.web.counting import Metrics


def values(metrics: Metrics) -> dict[tuple[str, str], float]:
    """By name and its label."""
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    }


@pytest.mark.rows("R300", "R305")
def test_each_event_is_counted_once(service: JobService, clock: FakeClock) -> None:
    made(service)
    metrics = Metrics(service)
    assert values(metrics)["tirage_queue_waiting", "mockup"] == 1
    assert not any(name.startswith("tirage_job") for name, _ in values(metrics)), "that was before"
    job = made(service)
    held = service.start_attempt(job.id, worker="w", after=0)
    service.end_attempt(job.id, attempt=held.attempt, failure=failure(FailureClass.WORKER_LOST))
    clock.advance(60)
    service.start_attempt(job.id, worker="w", after=1)
    service.advance(job.id, Advance(status="compositing", begun="compose"), attempt=2)
    clock.advance(3)
    service.advance(
        job.id,
        Advance(ended=EndedStep(name="compose", value={}), status="rendering", begun="render"),
        attempt=2,
    )
    service.advance(job.id, Advance(status="completed"), attempt=2)
    for _ in range(2):
        found = values(metrics)
        assert found["tirage_job_events_total", "render.job.created"] == 1
        assert found["tirage_job_events_total", "render.job.completed"] == 1
        assert found["tirage_failures_total", "worker_lost"] == 1
        assert found["tirage_step_seconds_sum", "compose"] == 3
        assert found["tirage_step_seconds_count", "compose"] == 1
        assert found["tirage_job_seconds_sum", "mockup"] == 63
        assert found["tirage_queue_waiting", "mockup"] == 1
        assert found["tirage_queue_running", "mockup"] == 0
        assert found["tirage_queue_oldest_waiting_seconds", "mockup"] > 0


def test_alerts_and_their_page_name_what_there_is(service: JobService) -> None:
    root = Path(__file__).parents[2]
    there = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in text_string_to_metric_families(Metrics(service).text().decode())
    }
    rules = (root / "deploy" / "alerts.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"tirage_\w+", rules)) <= there
    page = (root / "docs" / "operation.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(tirage_\w+)`", page, re.MULTILINE)) == there
