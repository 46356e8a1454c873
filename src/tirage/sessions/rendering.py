"""A video as a job: recorded steps from a locked edit to proved files.  Read `make` first.
Finished segments lie on this machine's shelf by their content, so that whoever goes on codes only the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, cast

from tirage.errors import Failed, NotFound, TryAgain
from tirage.jobs.model import Artifact, Job, JsonObject
from tirage.jobs.run import Run, Step
from tirage.log import Logger
from tirage.media.ffmpeg import FFmpeg
from tirage.media.files import WrittenFile, staged
from tirage.sessions.checks import Checked, Preflight, refuse
from tirage.sessions.footage import Footage, Storage
from tirage.sessions.opening import played_keys, sound_keys
from tirage.sessions.orders import RENDERER_VERSION, renderer_version
from tirage.video.pipeline import Artifact as Made
from tirage.video.pipeline import VideoOrder, make_artifacts
from tirage.video.plan import artifact_key
from tirage.video.shelf import Shelf
from tirage.video.states import PROCESSING
from tirage.video.submission import options_of, renders
from tirage.video.timeline import Format
from tirage.video.workshop import Workshop

PREFLIGHT, RENDER, STORE = Step("preflight", PROCESSING), Step("render"), Step("store", seconds=3600.0)
REUSED = "reused_from"
"""Key of a job's metadata: the job whose files it was given, because they are the same."""
MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {".mp4": "video/mp4", ".jpg": "image/jpeg", ".txt": "text/plain", ".srt": "application/x-subrip"}
)
FRAMES, MUXED, STORED = 900, 40, 60
"""What coding, putting together and storing count for in a job's progress."""
LEAST_SECONDS, SECONDS_A_SECOND = 900.0, 60.0
"""How long a render may take: so much, and so many times as long as the programme lasts."""
log = Logger("video")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What renders work with on this machine."""

    ffmpeg: Callable[[], FFmpeg]
    """UsageError FFMPEG_MISSING."""
    shelf: Path
    """The folder of finished segments."""
    browser: Path | None
    workers: int


class VideoWork:
    """What a worker does for videos; may be used from several threads."""

    def __init__(self, preflight: Preflight, *, footage: Footage, storage: Storage, tools: Tools) -> None:
        self._preflight = preflight
        self._footage = footage
        self._storage = storage
        self._tools = tools

    def make(self, job: Job, run: Run) -> None:
        """The job, from its locked revision to stored files."""
        checked = run.again(PREFLIGHT, self._check, job, run)  # whatever an attempt before has found
        key = str(checked["key"])
        run.attach({"order_key": key})
        seconds = max(LEAST_SECONDS, SECONDS_A_SECOND * float(str(checked["seconds"])))
        render = replace(RENDER, seconds=seconds)
        made = run.step(render, self._render, job, run, key)
        if not _is_there(made, run, key):
            made = run.again(render, self._render, job, run, key)
        stored = run.step(STORE, self._store, job, run, made)
        version = renderer_version(self._tools.ffmpeg().version)
        reused = {REUSED: made[REUSED]} if REUSED in made else {}
        artifacts = [Artifact(**each) for each in _objects(stored, "artifacts")]
        run.complete({"artifacts": artifacts, "metadata": {RENDERER_VERSION: version, **reused}})

    def undo(self, job: Job) -> None:
        """No file is left; segments stay for another try."""
        self._storage.delete_prefix(renders(job))

    def _check(self, job: Job, run: Run) -> JsonObject:
        """Preflight once more: what it found when the job was ordered may be so no longer (R150, R186)."""
        checked = self._checked(job)
        refuse(checked)
        session, edl = checked.opened.session, checked.edl
        if edl is None or session.current is None or edl.lock != job.options["lock"]:
            raise NotFound("EDL_NOT_FOUND", f"The revision that job {job.id} renders is gone.")
        kind = _format(job)
        shown = sum(each.length for each in session.current.edl.ranges(kind))
        program = self._tools.ffmpeg().version
        key = artifact_key(str(edl.lock), kind, options_of(job.options), session.rate, program)
        run.check()
        warnings = [asdict(found) for found in checked.findings[:50]]
        return {"key": key, "seconds": float(session.rate.seconds(shown)), "findings": warnings}

    def _checked(self, job: Job) -> Checked:
        return self._preflight.session(str(job.options["session_id"]), edl_id=str(job.options["edl_id"]))

    def _render(self, job: Job, run: Run, key: str) -> JsonObject:
        """All files, proved, in this attempt's folder; or whose job's files are the same."""
        before = run.made_before(key)
        if before is not None:
            log.info("made before", job=job.id, attempt=job.attempt, by=before.id)
            return {REUSED: before.id, "artifacts": [asdict(artifact) for artifact in before.artifacts]}
        checked = self._checked(job)
        refuse(checked)
        self._bring(checked, run)
        shelf = Shelf(self._tools.shelf, rooms=run.folder / "rooms")
        workshop = Workshop(
            ffmpeg=self._tools.ffmpeg(),
            shelf=shelf,
            browser=self._tools.browser,
            workers=1 if run.sparing else self._tools.workers,
            progress=_Progress(run).heard,
            cancelled=run.stopped.is_set,
        )
        out = run.folder / "out"
        with staged(out) as stage:
            made = make_artifacts(_order(job, checked), workshop=workshop, stage=stage)
        shelf.tidy()
        return {
            "folder": out.relative_to(run.home).as_posix(),
            "artifacts": [asdict(_artifact(job, each)) for each in made],
        }

    def _bring(self, checked: Checked, run: Run) -> None:
        """What is read, on this machine."""
        revision = checked.opened.revision
        cameras = {event.camera for event in revision.edl.events if event.camera} if revision else set()
        master = checked.opened.session.master
        for key in (*played_keys(checked.assets, cameras), *sound_keys(checked.assets, master)):
            run.check()
            self._footage.bring(key)

    def _store(self, job: Job, run: Run, made: JsonObject) -> JsonObject:
        """Every file under its key; one that is there from an attempt before is replaced by its equal."""
        artifacts = [Artifact(**each) for each in _objects(made, "artifacts")]
        stored = []
        for done, artifact in enumerate(artifacts, start=1):
            own = replace(artifact, key=renders(job) + PurePosixPath(artifact.key).name)
            if REUSED in made:
                self._copy(artifact, own, str(made[REUSED]))
            else:
                path = run.home / str(made["folder"]) / PurePosixPath(own.key).name
                self._storage.put(own.key, path, media_type=str(own.media_type))
            stored.append(asdict(own))
            run.tell(FRAMES + MUXED + STORED * done // len(artifacts), FRAMES + MUXED + STORED)
        return {"artifacts": stored}

    def _copy(self, artifact: Artifact, own: Artifact, by: str) -> None:
        """TryAgain UNAVAILABLE: the other job's files went meanwhile."""
        try:
            self._storage.copy(artifact.key, own.key)
        except NotFound as error:
            raise TryAgain("UNAVAILABLE", f"The files of job {by} went away meanwhile.") from error


@dataclass(frozen=True, slots=True)
class _Progress:
    """From what a render tells to units of the whole."""

    run: Run

    def heard(self, what: str, done: int, total: int) -> None:
        """As a `Workshop` tells it; every call is an occasion to stop."""
        share = done / max(total, 1)
        units = round(FRAMES * share) if what == "frames" else FRAMES + round(MUXED * share)
        self.run.tell(units, FRAMES + MUXED + STORED)


def _order(job: Job, checked: Checked) -> VideoOrder:
    session = checked.opened.session
    if session.current is None:
        raise Failed("INTERNAL", "There is nothing to render.")
    return VideoOrder(
        session=session,
        edl=session.current.edl,
        lock=session.current.lock,
        format=_format(job),
        options=options_of(job.options),
        templates={},
    )


def _artifact(job: Job, made: Made) -> Artifact:
    """A file as a job has it, measured; its role is the format, or what else it is."""
    file: WrittenFile = made.file
    kind = _format(job)
    return Artifact(
        role=kind.value if made.role in {"video", "thumbnail"} else made.role,
        key=renders(job) + file.name,
        media_type=MEDIA_TYPES.get(PurePosixPath(file.name).suffix, "application/octet-stream"),
        width=made.width or None,
        height=made.height or None,
        fps=float(made.fps) if made.fps else None,
        duration=float(made.duration) if made.duration else None,
        bytes=file.bytes,
        sha256=file.sha256,
    )


def _format(job: Job) -> Format:
    return Format(str(job.options["format"]))


def _is_there(made: JsonObject, run: Run, key: str) -> bool:
    """Whether what an attempt rendered lies on this machine, whole; or the job is there that has it."""
    if REUSED in made:
        before = run.made_before(key)
        return before is not None and before.id == made[REUSED]
    folder = run.home / str(made["folder"])
    sizes = {PurePosixPath(str(each["key"])).name: each["bytes"] for each in _objects(made, "artifacts")}
    return all(_size(folder / name) == size for name, size in sizes.items())


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _objects(value: JsonObject, name: str) -> Sequence[dict[str, Any]]:
    return [dict(each) for each in cast("Iterable[Mapping[str, Any]]", value[name])]
