"""What travels over HTTP of sessions and videos, as types: beside those of wire.py."""

from __future__ import annotations

from typing_extensions import TypedDict  # pydantic refuses the one in typing before Python 3.12

from tirage.wire import FindingAnswer, JobAnswer, JsonDict


class FileAnswer(TypedDict):
    """One recording of a recorder; what is known of it is None until a job has looked into it."""

    name: str
    url: str | None
    source_url: str | None
    bytes: int | None
    sha256: str | None
    container: str | None
    duration: float | None
    codec: str | None
    width: int | None
    height: int | None
    fps: float | None
    frames: int | None
    audio_codec: str | None
    sample_rate: int | None
    timecode: str | None
    mezzanine_url: str | None
    error: str | None


class SyncAnswer(TypedDict):
    """A recorder's clock: media time = session time × (1 + drift / 10⁶) + offset, exactly."""

    offset: str
    drift: str


class FocusAnswer(TypedDict):
    """What has to stay in the picture from a frame on."""

    frame: int
    x: float
    y: float


class AssetAnswer(TypedDict):
    """A recorder of a session."""

    id: str
    session_id: str
    camera: str
    sync: SyncAnswer
    start: str | None
    focus: list[FocusAnswer]
    lut_sha256: str | None
    files: list[FileAnswer]
    content_sha256: str | None
    ready: bool
    ingest_job_id: str | None
    created_at: str
    updated_at: str


class EdlSummary(TypedDict):
    """A revision of an edit, in few words."""

    id: str
    session_id: str
    number: int
    name: str
    locked: bool
    is_current: bool
    lock: str | None
    frames: int
    events: int
    created_at: str
    created_by: str | None
    locked_at: str | None
    locked_by: str | None


class EdlAnswer(EdlSummary):
    """A revision with its content in Tirage's own JSON, and what was noticed when it was read."""

    content: JsonDict
    findings: list[FindingAnswer]


class SessionAnswer(TypedDict):
    """A recording session, without its recorders."""

    id: str
    name: str
    rate: str
    master: str
    metadata: JsonDict
    created_at: str
    updated_at: str


class SessionDetail(SessionAnswer):
    """A recording session with its recorders and revisions."""

    assets: list[AssetAnswer]
    edls: list[EdlSummary]
    current_edl_id: str | None


class SessionPage(TypedDict):
    """Sessions, a page at a time."""

    sessions: list[SessionAnswer]
    count: int
    limit: int
    offset: int
    next_cursor: str | None


class Assets(TypedDict):
    """A session's recorders."""

    assets: list[AssetAnswer]


class Edls(TypedDict):
    """A session's revisions, the newest first."""

    edls: list[EdlSummary]


class Checks(TypedDict):
    """Everything that a check found; `ok` when none of it is an error."""

    ok: bool
    findings: list[FindingAnswer]


class ChangeAnswer(TypedDict):
    """One part of an edit that is not as it was."""

    kind: str
    what: str


class EdlDifference(TypedDict):
    """What one revision changes of another, and how many frames show something else."""

    changes: list[ChangeAnswer]
    frames: int


class Jobs(TypedDict):
    """Jobs, in their order."""

    jobs: list[JobAnswer]


class TriggeredJob(TypedDict):
    """A video that was ordered below /api."""

    jobId: str
    status: str
    format: str
    sessionId: str


class Triggered(TypedDict):
    """The answer to an order below /api."""

    success: bool
    data: TriggeredJob


class RenderArtifact(TypedDict):
    """One file of a video's job, measured."""

    role: str
    url: str
    resolution: str | None
    fps: float | None
    fileSize: int | None
    duration: float | None


class Timing(TypedDict):
    """When a video was made."""

    createdAt: str
    renderStartedAt: str | None
    renderCompletedAt: str | None
    durationMs: int | None


class RenderError(TypedDict):
    """Why a video could not be made."""

    code: str
    message: str


class RenderStatus(TypedDict):
    """A video's job below /api."""

    jobId: str
    sessionId: str
    edlId: str
    edlHash: str
    format: str
    status: str
    statusDescription: str
    progress: int
    attempts: int
    maxAttempts: int
    canRetry: bool
    artifacts: list[RenderArtifact]
    timing: Timing
    error: RenderError | None
    metadata: JsonDict
    engineJobId: str
    bullmq_job_id: str


class OneRenderStatus(TypedDict):
    """One video's job below /api."""

    success: bool
    data: RenderStatus


class RenderStatuses(TypedDict):
    """A session's jobs below /api, the newest first."""

    success: bool
    data: list[RenderStatus]


class ChangedJob(TypedDict):
    """A job that was retried or cancelled."""

    jobId: str
    status: str


class Changed(TypedDict):
    """The answer to retrying or cancelling below /api."""

    success: bool
    data: ChangedJob


class ApiError(TypedDict):
    """What is wrong, below /api."""

    code: str
    message: str
    hint: str
    findings: list[FindingAnswer]


class ApiProblem(TypedDict):
    """Every error below /api/render-jobs."""

    success: bool
    error: ApiError
