"""Traces: a request, the jobs that it orders, their steps; nothing of it while nobody asks for traces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import httpx2
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from jobsteps import made
from tirage import traces
from tirage.errors import TryAgain
from tirage.jobs.failure import FailureClass
from tirage.jobs.machine import FAILED
from tirage.jobs.model import Job
from tirage.jobs.run import Run
from tirage.jobs.service import JobService
from tirage.settings import Settings
from tirage.stores.database import Database
from tirage.testing import FakeClock
from tirage.web.traced import Traced
from workshop import STEPS, Script, Shop

NAMES = [step.name for step in STEPS]
ELSEWHERE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    traces.use(provider)
    yield exporter
    traces.use(None)


@pytest.fixture
def shop(database: Database, service: JobService, clock: FakeClock, tmp_path: Path) -> Shop:
    return Shop(database, service, clock, tmp_path / "work")


def named(spans: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    return [each for each in spans.get_finished_spans() if each.name == name]


def below(child: ReadableSpan, parent: ReadableSpan) -> bool:
    assert parent.context is not None
    return child.parent is not None and child.parent.span_id == parent.context.span_id


def fails(_job: Job, _run: Run) -> None:
    raise TryAgain("UNAVAILABLE", "The shop does not answer.")


@pytest.mark.rows("R297", "R299")
def test_from_the_request_to_the_steps(shop: Shop, service: JobService, spans: InMemorySpanExporter) -> None:
    """In one trace, over processes: the job's row carries its place."""
    with traces.span("POST /v1/mockups", serves=True):
        job = made(service)
    assert job.metadata[traces.PARENT] == service.retrieve(job.id).metadata[traces.PARENT]
    shop.worker(Script()).tick()
    (request,), (attempt,) = named(spans, "POST /v1/mockups"), named(spans, "job mockup")
    assert below(attempt, request)
    told = dict(attempt.attributes or {})
    assert (told["tirage.job"], told["tirage.attempt"], told["tirage.queue"]) == (job.id, 1, "mockup")
    for name in NAMES:
        (step,) = named(spans, name)
        assert below(step, attempt)
    assert len({each.context.trace_id for each in spans.get_finished_spans() if each.context}) == 1


def test_an_attempt_that_fails_says_why(shop: Shop, service: JobService, spans: InMemorySpanExporter) -> None:
    job = made(service)
    assert traces.PARENT not in job.metadata  # nobody asked for it
    worker = shop.worker(Script(hooks={NAMES[1]: fails}))
    for _ in range(4):
        worker.tick()
        shop.clock.advance(60)
    assert service.retrieve(job.id).status == FAILED
    attempts = named(spans, "job mockup")
    assert [dict(each.attributes or {})["tirage.attempt"] for each in attempts] == [1, 2, 3]
    for each in attempts:
        assert each.status.status_code is StatusCode.ERROR
        assert dict(each.attributes or {})["tirage.failure.class"] == FailureClass.UNAVAILABLE
    assert len(named(spans, NAMES[1])) == 3
    assert all(each.status.status_code is StatusCode.ERROR for each in named(spans, NAMES[1]))


def test_a_retry_is_no_part_of_the_old_trace(service: JobService, spans: InMemorySpanExporter) -> None:
    with traces.span("request"):
        job = made(service, "failed")
    assert traces.PARENT in job.metadata
    assert spans.get_finished_spans()
    assert service.retry(job.id).metadata.get(traces.PARENT) != job.metadata[traces.PARENT]


def test_without_traces_nothing_is_written(shop: Shop, service: JobService) -> None:
    with traces.span("request") as span:
        span.tell(fact=1)
        span.rename("other")
        span.fail("never mind")
        job = made(service)
    assert traces.here() == ""
    assert traces.PARENT not in job.metadata
    shop.worker(Script()).tick()


def broken(_: Request) -> PlainTextResponse:
    return PlainTextResponse("no", 503)


def test_requests_are_named_by_their_route_and_go_on_their_callers_trace(spans: InMemorySpanExporter) -> None:
    routes = [
        Route("/things/{name}", lambda _: PlainTextResponse(traces.here())),
        Route("/broken", broken),
    ]

    async def ask() -> list[httpx2.Response]:
        transport = httpx2.ASGITransport(app=Traced(Starlette(routes=routes)))
        async with httpx2.AsyncClient(transport=transport, base_url="http://api.invalid") as client:
            known = await client.get("/things/one", headers={traces.PARENT: ELSEWHERE})
            return [known, await client.get("/broken"), await client.get("/nothing")]

    known, _, _ = anyio.run(ask)
    thing, failed, nothing = spans.get_finished_spans()
    assert known.text.split("-")[1] == ELSEWHERE.split("-")[1]
    assert thing.kind is SpanKind.SERVER
    assert (thing.parent and f"{thing.parent.span_id:x}") == ELSEWHERE.split("-")[2]
    assert dict(failed.attributes or {})["http.response.status_code"] == 503
    assert failed.status.status_code is StatusCode.ERROR
    assert (nothing.name, nothing.status.status_code) == ("GET", StatusCode.UNSET)


def test_a_collector_is_a_setting() -> None:
    settings = Settings.read({"TIRAGE_TRACES_URL": "http://localhost:4318/"})
    assert settings.environment()["TIRAGE_TRACES_URL"] == "http://localhost:4318"
    assert Settings.read({}).traces_url is None
    traces.configure(None)
    assert traces.here() == ""
