"""What answers about sessions and videos look like: one function for each thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tirage import wire_video
from tirage.jobs.machine import FAILED, describe, is_active
from tirage.jobs.model import Artifact, Job
from tirage.media.rates import RATES
from tirage.sessions.model import StoredAsset, StoredEdl, StoredFile, StoredSession, VideoLink
from tirage.stores.addresses import Addresses
from tirage.video.diff import Difference
from tirage.video.states import QUEUED, VIDEO
from tirage.video.timecode import format_timecode
from tirage.web.shapes import finding, moment, stamp


def session(stored: StoredSession) -> wire_video.SessionAnswer:
    """A session, without its recorders."""
    return {
        "id": stored.id,
        "name": stored.name,
        "rate": stored.rate,
        "master": stored.master,
        "metadata": dict(stored.metadata),
        "created_at": stamp(stored.created_at),
        "updated_at": stamp(stored.updated_at),
    }


def session_detail(
    stored: StoredSession, assets: Sequence[StoredAsset], edls: Sequence[StoredEdl], addresses: Addresses
) -> wire_video.SessionDetail:
    """A session with its recorders and revisions."""
    current = next((edl.id for edl in edls if edl.is_current), None)
    return {
        "id": stored.id,
        "name": stored.name,
        "rate": stored.rate,
        "master": stored.master,
        "metadata": dict(stored.metadata),
        "assets": [asset(each, stored, addresses) for each in assets],
        "edls": [edl_summary(each) for each in edls],
        "current_edl_id": current,
        "created_at": stamp(stored.created_at),
        "updated_at": stamp(stored.updated_at),
    }


def asset(found: StoredAsset, stored: StoredSession, addresses: Addresses) -> wire_video.AssetAnswer:
    """A recorder with what is known of its files."""
    rate = RATES[stored.rate]
    return {
        "id": found.id,
        "session_id": found.session_id,
        "camera": found.camera,
        "sync": {"offset": str(found.offset), "drift": str(found.drift)},
        "start": None if found.start is None else format_timecode(found.start, rate, drop=rate.drops),
        "focus": [{"frame": frame, "x": x, "y": y} for frame, x, y in found.focus],
        "lut_sha256": found.lut_sha256 or None,
        "files": [file(each, addresses) for each in found.files],
        "content_sha256": found.content_sha256,
        "ready": found.content_sha256 is not None,
        "ingest_job_id": found.ingest_job_id,
        "created_at": stamp(found.created_at),
        "updated_at": stamp(found.updated_at),
    }


def file(found: StoredFile, addresses: Addresses) -> wire_video.FileAnswer:
    """One recording."""
    facts: Mapping[str, Any] = found.facts or {}
    video, audio = facts.get("video") or {}, facts.get("audio") or {}
    return {
        "name": found.name,
        "url": addresses.url(found.key) if found.key else None,
        "source_url": found.url or None,
        "bytes": found.bytes or None,
        "sha256": found.sha256 or None,
        "container": facts.get("container"),
        "duration": _number(facts.get("duration")),
        "codec": video.get("codec"),
        "width": video.get("width"),
        "height": video.get("height"),
        "fps": _number(video.get("fps")),
        "frames": video.get("frames"),
        "audio_codec": audio.get("codec"),
        "sample_rate": audio.get("sample_rate"),
        "timecode": facts.get("timecode") or None,
        "mezzanine_url": addresses.url(found.delivery.key) if found.delivery else None,
        "error": found.error or None,
    }


def edl_summary(edl: StoredEdl) -> wire_video.EdlSummary:
    """A revision in few words."""
    events: Sequence[Mapping[str, Any]] = edl.content.get("events", ())  # type: ignore[assignment]
    return {
        "id": edl.id,
        "session_id": edl.session_id,
        "number": edl.number,
        "name": edl.name,
        "locked": edl.lock is not None,
        "is_current": edl.is_current,
        "lock": edl.lock,
        "frames": max((int(each["record_out"]) for each in events), default=0),
        "events": len(events),
        "created_at": stamp(edl.created_at),
        "created_by": edl.created_by,
        "locked_at": moment(edl.locked_at),
        "locked_by": edl.locked_by,
    }


def edl(edl: StoredEdl) -> wire_video.EdlAnswer:
    """A revision with its content."""
    return {
        **edl_summary(edl),
        "content": dict(edl.content),
        "findings": [finding(each) for each in edl.findings],
    }


def difference(found: Difference) -> wire_video.EdlDifference:
    """What changed."""
    changes: list[wire_video.ChangeAnswer] = [
        {"kind": each.kind.value, "what": each.what} for each in found.changes
    ]
    return {"changes": changes, "frames": found.frames}


def triggered(job: Job) -> wire_video.Triggered:
    """What an order below /api answers (R158)."""
    return {
        "success": True,
        "data": {
            "jobId": job.id,
            "status": job.status,
            "format": str(job.options["format"]),
            "sessionId": str(job.options["session_id"]),
        },
    }


def changed(job: Job) -> wire_video.Changed:
    """What retrying and cancelling below /api answer (R161, R162)."""
    return {"success": True, "data": {"jobId": job.id, "status": job.status}}


def render_status(job: Job, link: VideoLink | None, addresses: Addresses) -> wire_video.RenderStatus:
    """A job with all that is asked for below /api (R159)."""
    lock = link.lock if link else str(job.options["lock"])
    return {
        "jobId": job.id,
        "sessionId": link.recording_session_id if link else str(job.options["session_id"]),
        "edlId": link.edl_id if link else str(job.options["edl_id"]),
        "edlHash": lock,
        "format": str(job.options["format"]),
        "status": job.status,
        "statusDescription": describe(VIDEO, job.status),
        "progress": job.progress,
        "attempts": attempts_of(job),
        "maxAttempts": job.max_attempts,
        "canRetry": job.status == FAILED,
        "artifacts": [render_artifact(each, addresses) for each in job.artifacts],
        "timing": timing(job),
        "error": {"code": job.failure.code, "message": job.failure.message} if job.failure else None,
        "metadata": dict(job.metadata),
        "engineJobId": job.id,
        "bullmq_job_id": job.id,
    }


def attempts_of(job: Job) -> int:
    """Tries that were begun or asked for: one more as soon as somebody has it tried again (R133)."""
    asked = job.status == QUEUED and job.worker is None and job.attempt > 0
    return job.attempt + asked


def render_artifact(made: Artifact, addresses: Addresses) -> wire_video.RenderArtifact:
    """One file, as it was measured (R128)."""
    return {
        "role": made.role,
        "url": addresses.shown(made.key) or made.key,
        "resolution": f"{made.width}x{made.height}" if made.width else None,
        "fps": made.fps,
        "fileSize": made.bytes,
        "duration": made.duration,
    }


def timing(job: Job) -> wire_video.Timing:
    """When it was made; `durationMs` counts until its last change while it is under way."""
    started, ended = job.started_at, job.completed_at
    until = ended or (job.updated_at if is_active(VIDEO, job.status) else None)
    lasted = (until - started).total_seconds() * 1000 if started and until else None
    return {
        "createdAt": stamp(job.created_at),
        "renderStartedAt": moment(started),
        "renderCompletedAt": moment(ended),
        "durationMs": None if lasted is None else round(lasted),
    }


def _number(text: object) -> float | None:
    """A fraction as a number."""
    return None if text is None else float(Fraction(str(text)))
