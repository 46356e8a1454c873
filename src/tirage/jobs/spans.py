"""An attempt as a span of its trace: it belongs to the request that ordered the job, and its steps to it."""

from __future__ import annotations

from contextlib import AbstractContextManager

from tirage import traces
from tirage.jobs.failure import Failure
from tirage.jobs.model import Job
from tirage.jobs.run import Reason


def attempt_span(job: Job, *, worker: str) -> AbstractContextManager[traces.Span]:
    """Around an attempt, in the thread that makes it."""
    return traces.span(
        f"job {job.pipeline}",
        parent=str(job.metadata.get(traces.PARENT, "")),
        tirage_job=job.id,
        tirage_attempt=job.attempt,
        tirage_queue=job.queue,
        tirage_worker=worker,
    )


def tell_outcome(span: traces.Span, outcome: Failure | Reason | None) -> None:
    """How it went; None: the job is completed."""
    match outcome:
        case Failure():
            span.tell(tirage_failure_class=outcome.kind.value, tirage_failure_code=outcome.code)
            span.fail(outcome.message)
        case Reason():
            span.tell(tirage_stopped=outcome.value)
