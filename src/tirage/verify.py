"""Whether the world is as it should be: jobs, their histories, their files, their products' media.
After a fault everything here has to hold again; operators can ask too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from tirage.app import App
from tirage.batches.service import BATCH
from tirage.errors import Finding, NotFound, Severity
from tirage.jobs.machine import COMPLETED, can_transition, is_active
from tirage.jobs.model import Attempt, Event, Job, JobFilters, Order, Page
from tirage.jobs.service import BATCH_LIMIT
from tirage.mockup.manifest import Role
from tirage.mockup.states import MOCKUP
from tirage.mockup.submission import renders
from tirage.pipelines import MACHINES, PIPELINES
from tirage.tidying import WORK

PAGE = 100
PREFIXES: Mapping[str, Callable[[Job], Sequence[str]]] = {
    **{each.machine.pipeline: each.prefixes for each in PIPELINES},
    MOCKUP.pipeline: lambda job: (renders(job),),  # not the design, which a retry reads again
}
"""Where a job's artifacts lie, and nothing else."""


def verify_world(app: App, *, at_rest: bool = False) -> list[Finding]:
    """Everything that is wrong; every stored picture is read.

    `at_rest`: no worker works, so that nothing may be under way or left over.
    """
    findings: list[Finding] = []
    events = _events(app)
    findings += _numbers(event.number for event in events)
    histories: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        histories[event.job_id].append(event)
    for job in _jobs(app):
        attempts = app.service.attempts(job.id)
        findings += _history(job, histories[job.id])
        findings += _attempts(job, attempts)
        findings += _files(app, job)
        findings += _media(app, job) if job.pipeline == MOCKUP.pipeline else ()
        if at_rest:
            findings += _rest(job)
    if at_rest:
        findings += _left_over(app)
    return findings


def _numbers(numbers: Iterable[int]) -> Iterator[Finding]:
    """Events are numbered without gaps."""
    for before, after in pairwise(sorted(numbers)):
        if after != before + 1:
            yield _wrong("events", f"between event {before} and {after} some are missing, or one is double")


def _history(job: Job, events: Sequence[Event]) -> Iterator[Finding]:
    """Each history is a path of the states, and its times do not run back."""
    machine = MACHINES[job.pipeline]
    for before, after in pairwise(events):
        moved = before.status != after.status
        if moved and not can_transition(machine, before.status, after.status):
            yield _wrong(job.id, f"went from {before.status} to {after.status}")
        if after.at < before.at:
            yield _wrong(job.id, f"event {after.number} is before event {before.number}")
    if not events or events[-1].status != job.status:
        yield _wrong(job.id, f"is {job.status}, which no event says")


def _attempts(job: Job, attempts: Sequence[Attempt]) -> Iterator[Finding]:
    """One attempt at a time, and a worker holds the job exactly while one is open."""
    if [attempt.number for attempt in attempts] != list(range(1, job.attempt + 1)):
        yield _wrong(job.id, "has attempts missing")
    for before, after in pairwise(attempts):
        if before.ended_at is None or before.ended_at > after.started_at:
            yield _wrong(job.id, f"was in the attempts {before.number} and {after.number} at once")
    held = bool(attempts) and attempts[-1].ended_at is None
    if held != (job.worker is not None):
        yield _wrong(job.id, "is held without an open attempt, or the other way round")
    if job.worker is not None and not is_active(MACHINES[job.pipeline], job.status):
        yield _wrong(job.id, f"is {job.status} and still held")


def _files(app: App, job: Job) -> Iterator[Finding]:
    """Every file that a job names is there and whole; no other one lies among its pictures once it ended."""
    named = {artifact.key for artifact in job.artifacts if "://" not in artifact.key}
    for artifact in job.artifacts:
        if artifact.key in named and artifact.sha256:
            yield from _content(app, job, artifact.key, artifact.sha256)
    if not is_active(MACHINES[job.pipeline], job.status) and not job.untidy:
        for prefix in PREFIXES[job.pipeline](job):
            for stat in app.files.list(prefix):
                if stat.key not in named:
                    yield _wrong(job.id, f"left {stat.key}")


def _content(app: App, job: Job, key: str, sha256: str) -> Iterator[Finding]:
    try:
        found = app.files.digest(key)
    except NotFound:
        yield _wrong(job.id, f"names {key}, which is not there")
        return
    if found != sha256:
        yield _wrong(job.id, f"names {key}, whose content is another")


def _media(app: App, job: Job) -> Iterator[Finding]:
    """A completed job's pictures are shown with its product, each once, those of a batch's jobs all or none;
    no other job's are.
    """
    try:
        product = app.catalogue.get(str(job.product_id))
    except NotFound:
        return
    shown = Counter(medium.role for medium in product.media if medium.job_id == job.id)
    wanted = [each.role for each in job.artifacts if each.rank is not None or each.role == Role.ANIMATION]
    held_back = BATCH in job.metadata and not shown
    if job.status == COMPLETED and shown != Counter(wanted) and not held_back:
        yield _wrong(
            job.id, f"should show {sorted(wanted)} with {product.id}, and shows {sorted(map(str, shown))}"
        )
    came_to_nothing = not is_active(MACHINES[job.pipeline], job.status) and job.status != COMPLETED
    if came_to_nothing and shown and not job.untidy:
        yield _wrong(job.id, f"is {job.status} and still shown with {product.id}")
    if product.thumbnail and product.thumbnail not in {medium.key for medium in product.media}:
        yield _wrong(str(product.id), "has a thumbnail that is none of its media")


def _rest(job: Job) -> Iterator[Finding]:
    if is_active(MACHINES[job.pipeline], job.status):
        yield _wrong(job.id, f"is still {job.status}")
    if job.untidy:
        yield _wrong(job.id, "was not tidied up")


def _left_over(app: App) -> Iterator[Finding]:
    folder = app.settings.data_dir / WORK
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file():
            yield _wrong("work", f"{path.relative_to(folder)} is left")


def _jobs(app: App) -> Iterator[Job]:
    """All that are not deleted, by age."""
    offset = 0
    while jobs := app.service.list(JobFilters(), Page(limit=PAGE, offset=offset, order=Order.ASC)):
        yield from jobs
        offset += PAGE


def _events(app: App) -> list[Event]:
    events: list[Event] = []
    while more := app.service.events(after=events[-1].number if events else 0, limit=BATCH_LIMIT):
        events += more
    return events


def _wrong(where: str, text: str) -> Finding:
    return Finding("INTERNAL", Severity.ERROR, f"{where} {text}.", where=where)
