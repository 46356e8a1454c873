"""Traces by OpenTelemetry: requests, the jobs that they order, the jobs' steps.  Silent until `configure`;
before that nothing of the library is imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tirage.errors import UsageError

if TYPE_CHECKING:
    from opentelemetry.trace import Span as Recorded
    from opentelemetry.trace import Tracer, TracerProvider

__all__ = ["PARENT", "Span", "configure", "here", "span", "use"]

PARENT = "traceparent"
"""Name of a trace's place in W3C's words: a request's header, and a key of a job's metadata."""
NAME = "tirage"
Fact = str | int | float | bool


@dataclass(slots=True)
class _State:
    """Set once per process; without a tracer nothing is recorded."""

    tracer: Tracer | None = None


_state = _State()


class Span:
    """Some work that is being done; what is said of one that nobody records is forgotten."""

    def __init__(self, recorded: Recorded | None = None) -> None:
        self._recorded = recorded

    def tell(self, **facts: Fact | None) -> None:
        """What is known of it; `_` in a name stands for a dot, `__` for itself; None is left out."""
        if self._recorded is not None:
            given = {_dotted(name): fact for name, fact in facts.items() if fact is not None}
            self._recorded.set_attributes(given)

    def rename(self, name: str) -> None:
        """What it is, where that is known only later."""
        if self._recorded is not None:
            self._recorded.update_name(name)

    def fail(self, reason: str) -> None:
        """It came to nothing."""
        if self._recorded is not None:
            from opentelemetry.trace import Status, StatusCode

            self._recorded.set_status(Status(StatusCode.ERROR, reason))


SILENT = Span()


def _dotted(name: str) -> str:
    return name.replace("__", "\0").replace("_", ".").replace("\0", "_")


def configure(url: str | None, *, service: str = NAME) -> None:
    """Sends spans to a collector at that address by OTLP over HTTP; None: to nobody.

    UsageError INVALID_SETTING: the extra `otel` is not installed.
    """
    if url is None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider as Provider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError:
        message = "Traces need a library that is not installed."
        raise UsageError("INVALID_SETTING", message, hint="Install tirage[otel].") from None
    provider = Provider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{url}/v1/traces")))
    use(provider)


def use(provider: TracerProvider | None) -> None:
    """Records spans with that provider; None: with none."""
    _state.tracer = provider.get_tracer(NAME) if provider else None


@contextmanager
def span(name: str, *, parent: str = "", serves: bool = False, **facts: Fact | None) -> Iterator[Span]:
    """Around some work of this thread or task; an Exception that leaves the block is its end.

    `parent` is what `here` said elsewhere; without one it belongs to the span around it.  `serves`: the work
    was asked for from outside.
    """
    if _state.tracer is None:
        yield SILENT
        return
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    context = TraceContextTextMapPropagator().extract({PARENT: parent}) if parent else None
    kind = SpanKind.SERVER if serves else SpanKind.INTERNAL
    with _state.tracer.start_as_current_span(name, context=context, kind=kind) as recorded:
        made = Span(recorded)
        made.tell(**facts)
        yield made


def here() -> str:
    """The place in the trace, for `parent`; nothing where no trace is."""
    if _state.tracer is None:
        return ""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get(PARENT, "")
