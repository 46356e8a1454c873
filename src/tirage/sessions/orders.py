"""Videos are ordered here: a session's locked edit becomes a job that keeps what was locked (R142, R165).
A revision that was rendered like that before is answered with the job that did it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from tirage import __version__
from tirage.errors import BadInput, Finding, Severity
from tirage.jobs import checks
from tirage.jobs.machine import COMPLETED
from tirage.jobs.model import Job, JsonObject, JsonValue, NewJob
from tirage.jobs.service import JobService
from tirage.jobs.store import Unit
from tirage.log import Logger
from tirage.sessions.checks import Checked, Preflight, refuse
from tirage.sessions.footage import Storage
from tirage.sessions.model import StoredEdl, VideoLink, VideoRequest
from tirage.sessions.service import load
from tirage.sessions.store import SessionStore, SessionUnit
from tirage.video.plan import artifact_key
from tirage.video.spec import ENCODERS, Options
from tirage.video.states import VIDEO
from tirage.video.submission import option_values, options_of
from tirage.video.timeline import Format

CREATED_BY, RENDERER_VERSION = "createdBy", "rendererVersion"
"""Keys of a job's metadata that are written by themselves (R157)."""
log = Logger("submit")


@dataclass(frozen=True, slots=True)
class _Planned:
    """A job to be, and what it renders."""

    new: NewJob
    edl: StoredEdl
    lock: str
    kind: Format


class VideoOrders:
    """Takes orders of videos; may be used from several threads.  Every method may raise TryAgain."""

    def __init__(
        self,
        store: SessionStore,
        jobs: JobService,
        preflight: Preflight,
        *,
        storage: Storage,
        program: Callable[[], str | None],
        encoder: str = "",
    ) -> None:
        """`program`: FFmpeg's version, None where there is none; `encoder`: what settings name."""
        self._store = store
        self._jobs = jobs
        self._preflight = preflight
        self._storage = storage
        self._program = program
        self._encoder = encoder

    def submit(self, request: VideoRequest) -> Job:
        """The job, queued; or the completed one that has rendered the same already.

        NotFound SESSION_NOT_FOUND, EDL_NOT_FOUND.  BadInput INVALID_OPTION; EDL_NOT_FOUND, EDL_NOT_LOCKED,
        ASSETS_MISSING, MEZZANINE_MISSING or PREFLIGHT_FAILED, with all findings.
        """
        return self.submit_many([request])[0]

    def submit_many(self, requests: Sequence[VideoRequest]) -> Sequence[Job]:
        """A job for each, in their order; all of them, or none.  Errors as those of `submit`."""
        wanted = [(format_of(each.format), self._options(each.options)) for each in requests]
        plans = [
            self._planned(request, kind, options)
            for request, (kind, options) in zip(requests, wanted, strict=True)
        ]
        made = iter(self._ordered([plan for plan in plans if isinstance(plan, _Planned)]))
        return [next(made) if isinstance(plan, _Planned) else plan for plan in plans]

    def jobs_of(self, session_id: str, *, edl_id: str | None = None) -> Sequence[Job]:
        """A session's jobs, the newest first (R149).  NotFound SESSION_NOT_FOUND."""
        return self._store.read(lambda unit: unit.sessions.jobs_of(load(unit, session_id).id, edl_id=edl_id))

    def links(self, jobs: Sequence[Job]) -> dict[str, VideoLink]:
        """What these jobs render, by job."""
        ids = [job.id for job in jobs]
        return dict(self._store.read(lambda unit: unit.sessions.links(ids)))

    def _planned(self, request: VideoRequest, kind: Format, options: Options) -> _Planned | Job:
        """What is to be ordered, checked; or the job that has rendered it."""
        checked = self._preflight.session(request.session_id, edl_id=request.edl_id)
        refuse(checked)
        edl = checked.edl
        assert edl is not None  # noqa: S101 – `refuse` has looked
        assert edl.lock is not None  # noqa: S101
        done = self._rendered(checked, kind, options)
        if done is not None:
            log.info("rendered before", job=done.id, session=edl.session_id)
            return done
        version = renderer_version(self._program())
        own: JsonObject = {CREATED_BY: request.created_by, RENDERER_VERSION: version}
        frozen: JsonObject = {
            "session_id": edl.session_id,
            "edl_id": edl.id,
            "revision": edl.number,
            "lock": edl.lock,
            "format": kind.value,
        }
        new = NewJob(
            pipeline=VIDEO.pipeline,
            options={**frozen, **option_values(options)},
            metadata=checks.merged(request.metadata, "metadata", own),
            priority=request.priority,
        )
        return _Planned(new, edl, edl.lock, kind)

    def _ordered(self, plans: Sequence[_Planned]) -> Sequence[Job]:
        """The jobs, each with its relation to what it renders."""

        def link(unit: Unit, jobs: Sequence[Job]) -> None:
            over = cast("SessionUnit", unit)
            for plan in plans:
                load(over, plan.edl.session_id)
            links = [
                VideoLink(
                    job_id=job.id,
                    recording_session_id=plan.edl.session_id,
                    edl_id=plan.edl.id,
                    lock=plan.lock,
                    format=plan.kind,
                )
                for plan, job in zip(plans, jobs, strict=True)
            ]
            over.sessions.link(links)

        if not plans:
            return []
        return self._jobs.create_many([plan.new for plan in plans], beside=link)

    def _rendered(self, checked: Checked, kind: Format, options: Options) -> Job | None:
        """The newest completed job of the same revision, format, options, renderer; its files there."""
        program, edl = self._program(), checked.edl
        if program is None or edl is None or edl.lock is None:
            return None
        key = artifact_key(edl.lock, kind, options, checked.opened.session.rate, program)
        session_id, edl_id = edl.session_id, edl.id
        jobs = self._store.read(lambda unit: unit.sessions.jobs_of(session_id, edl_id=edl_id))
        same = (job for job in jobs if job.status == COMPLETED and job.order_key == key)
        return next((job for job in same if self._is_there(job)), None)

    def _is_there(self, job: Job) -> bool:
        found = [(artifact, self._storage.stat(artifact.key)) for artifact in job.artifacts]
        return bool(found) and all(stat and stat.bytes == made.bytes for made, stat in found)

    def _options(self, given: JsonObject) -> Options:
        """BadInput INVALID_OPTION."""
        if "encoder" in given:
            raise BadInput("INVALID_OPTION", "The server's settings choose the encoder, not an order.")
        options = options_of(given)
        row = ENCODERS.get(self._encoder)
        return replace(options, encoder=self._encoder) if row and row.codec is options.codec else options


def format_of(name: str) -> Format:
    """BadInput INVALID_OPTION: there is no such format."""
    try:
        return Format(name)
    except ValueError:
        message = f"There is no format {name[:40]!r}; there are {', '.join(Format)}."
        found = Finding("INVALID_OPTION", Severity.ERROR, message, where="format")
        raise BadInput("INVALID_OPTION", message, findings=[found]) from None


def renderer_version(program: str | None) -> JsonValue:
    """What renders: Tirage, and FFmpeg where it is known."""
    return f"tirage {__version__}" + (f", ffmpeg {program}" if program else "")
