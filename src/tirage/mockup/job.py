"""A mockup as a job: recorded steps from an order to pictures on a product.  Read `make` first.
A step's result is keys and numbers; pictures lie in the attempt's folder, and in the storage from `store` on.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, Protocol, cast

from tirage.errors import BadInput, Failed, NotFound, TryAgain
from tirage.jobs.model import Artifact, Job, JsonObject
from tirage.jobs.run import Run, Step
from tirage.log import Logger
from tirage.media.blender import Blender
from tirage.media.intake import read_design
from tirage.mockup.catalogue import TURNTABLE, VIEWS, preset
from tirage.mockup.cycles import CYCLES, CyclesRenderer, longest
from tirage.mockup.free import free_places
from tirage.mockup.manifest import MANIFEST_NAME, FileEntry, Manifest
from tirage.mockup.model import RendererInfo
from tirage.mockup.order import (
    DEFAULT_BACKGROUND,
    DEFAULT_COLOUR,
    DEFAULT_SAMPLES,
    DEFAULT_SIZE,
    Art,
    MockupOrder,
    Mode,
    RendererName,
    mode,
    resolve_look,
)
from tirage.mockup.pipeline import FILM_SIZE, Drawing, check, make_mockup, place
from tirage.mockup.ports import Files, Publisher
from tirage.mockup.relight import RELIGHT
from tirage.mockup.resumed import Resumed
from tirage.mockup.shown import media_of
from tirage.mockup.states import COMPOSITING, RENDERING
from tirage.mockup.submission import renderer_of, renders

COMPOSE, RENDER = Step("compose", COMPOSITING), Step("render", RENDERING)
STORE, PUBLISH = Step("store"), Step("publish")
REUSED = "reused_from"
"""Key of a job's metadata: the job whose files it was given, because their orders are the same."""
MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".jpg": "image/jpeg",
        ".json": "application/json",
        ".mp4": "video/mp4",
        ".png": "image/png",
        ".webp": "image/webp",
    }
)
RANKS: Mapping[str, int] = MappingProxyType({view.name: rank for rank, view in enumerate(VIEWS)})
VIEW_WORK, FRAME_WORK, STORE_WORK = 400, 100, 400
"""What a picture, a frame and storing everything count for in a job's progress."""
log = Logger("mockup")


class Blenders(Protocol):
    """Where a warm Blender comes from, for jobs that are path-traced."""

    def get(self) -> Blender:
        """Always the same.  UsageError: BLENDER_MISSING."""
        ...

    def close(self) -> None:
        """Ends it; the next job starts it again."""
        ...


class Renderers(Protocol):
    """Where renderers come from; they stay warm between jobs."""

    def get(self, template: str | None) -> Drawing:
        """The renderer of a template; None: of the default one.  NotFound or UsageError TEMPLATE_…"""
        ...

    def forget(self) -> None:
        """Frees what they keep."""
        ...


class MockupWork:
    """What a worker does for mockup jobs; may be used from several threads."""

    def __init__(
        self,
        *,
        files: Files,
        publisher: Publisher,
        renderers: Renderers,
        blenders: Blenders,
        size: int = DEFAULT_SIZE,
    ) -> None:
        """`size`: side of the pictures in pixels."""
        self._size = size
        self._blenders = blenders
        self._files = files
        self._publisher = publisher
        self._renderers = renderers

    def make(self, job: Job, run: Run) -> None:
        """The job, from its order to its product's media."""
        if run.sparing:
            self._forget(job)
        key = str(run.step(COMPOSE, self._compose, job, run)["order_key"])
        run.attach({"order_key": key})
        render = replace(RENDER, seconds=self._longest(job))
        made = run.step(render, self._render, job, run, key)
        if not _is_there(made, run, key):
            made = run.again(render, self._render, job, run, key)
        stored = run.step(STORE, self._store, job, run, made)
        artifacts = [Artifact(**each) for each in _objects(stored, "artifacts")]
        run.attach({"artifacts": artifacts})
        shown = run.step(PUBLISH, self._publish, job, artifacts)
        reused = {REUSED: made[REUSED]} if REUSED in made else {}
        run.complete({"metadata": {"media_ids": shown["media_ids"], **reused}})

    def undo(self, job: Job) -> None:
        """The product as it was before, and no picture left; the design stays for a retry (C-06)."""
        self._publisher.withdraw(product_id=str(job.product_id), job_id=job.id)
        self._files.delete_prefix(renders(job))

    def _compose(self, job: Job, run: Run) -> JsonObject:
        """Reads the design for the first time and lays it on the garment: everything wrong is found here."""
        order, template = self._order(job, run), self._renderers.get(job.template_id).template
        look = resolve_look(order, template)
        prints = [place(art, read_design(art.design), template) for art in order.arts]
        findings = check(prints, look, template)
        manifest = Manifest.of(
            order=order,
            look=look,
            renderer=_renderer_info(job),
            template=template,
            prints=prints,
            files=(),
            findings=findings,
        )
        run.tell(1, 1)
        return {"findings": [asdict(found) for found in findings], "order_key": manifest.order_key()}

    def _render(self, job: Job, run: Run, key: str) -> JsonObject:
        """All files of the order, whole, in this attempt's folder; or whose job's files are the same."""
        before = run.made_before(key)
        if before is not None:
            log.info("made before", job=job.id, attempt=job.attempt, by=before.id)
            return {REUSED: before.id, "artifacts": [asdict(artifact) for artifact in before.artifacts]}
        order = self._order(job, run)
        progress = _Progress(run, order.mode)
        drawing = self._drawing(job, run, key, progress)
        result = make_mockup(order, renderer=drawing, progress=progress.stage)
        times = {stage: round(spent) for stage, spent in result.timings.items()}
        log.info("rendered", job=job.id, attempt=job.attempt, ms=times)
        return {
            "folder": order.out.relative_to(run.home).as_posix(),
            "files": [asdict(file) for file in result.manifest.files],
        }

    def _drawing(self, job: Job, run: Run, key: str, progress: _Progress) -> Drawing:
        """What makes the pictures; what Blender makes outlives the attempt."""
        fast = self._renderers.get(job.template_id)
        if renderer_of(job) is RendererName.RELIGHT:
            return fast
        traced = CyclesRenderer(
            fast.template,
            blender=self._blenders.get(),
            samples=_samples(job),
            progress=progress.sampled,
            cancelled=run.stopped.is_set,
        )
        return Resumed(traced, run.home / f"pictures-{key[:16]}")

    def _longest(self, job: Job) -> float:
        """What path-traced pictures may take, in seconds; the worker's own limit is enough for others."""
        if renderer_of(job) is RendererName.RELIGHT:
            return 0.0
        asked = _mode(job)
        stills = [self._size] * len(VIEWS) if asked.images else []
        frames = [FILM_SIZE] * TURNTABLE.frames if asked.animation else []
        return longest([*stills, *frames], _samples(job))

    def _forget(self, job: Job) -> None:
        """Frees what is kept between jobs, as far as this job's own kind has it."""
        self._renderers.forget()
        if renderer_of(job) is RendererName.CYCLES:
            self._blenders.close()

    def _store(self, job: Job, run: Run, made: JsonObject) -> JsonObject:
        """Every file under its key; a file that is there from an attempt before is replaced by its equal."""
        if REUSED in made:
            return self._copy(job, made)
        folder = run.home / str(made["folder"])
        entries = [FileEntry(**each) for each in _objects(made, "files")]
        artifacts = [*_artifacts(job, entries), _manifest(job)]
        progress = _Progress(run, _mode(job))
        spent = {}
        for done, artifact in enumerate(artifacts, start=1):
            start = time.perf_counter()
            path = folder / PurePosixPath(artifact.key).name
            self._files.put(artifact.key, path, media_type=str(artifact.media_type))
            spent[artifact.role] = round((time.perf_counter() - start) * 1000)
            progress.stored(done, len(artifacts))
        log.info("stored", job=job.id, attempt=job.attempt, ms=spent)
        return {"artifacts": [asdict(artifact) for artifact in artifacts]}

    def _copy(self, job: Job, made: JsonObject) -> JsonObject:
        """The files of the other job, under this one's keys.  TryAgain UNAVAILABLE: they went meanwhile."""
        artifacts = []
        for artifact in (Artifact(**each) for each in _objects(made, "artifacts")):
            own = replace(artifact, key=renders(job) + PurePosixPath(artifact.key).name)
            try:
                self._files.copy(artifact.key, own.key)
            except NotFound as error:
                message = f"The files of job {made[REUSED]} went away meanwhile."
                raise TryAgain("UNAVAILABLE", message) from error
            artifacts.append(own)
        return {"artifacts": [asdict(artifact) for artifact in artifacts]}

    def _publish(self, job: Job, artifacts: Sequence[Artifact]) -> JsonObject:
        """The pictures in their order, then the turntable, on the product."""
        media = list(media_of(job, artifacts))
        if not media:
            raise Failed("RENDER_FAILED", f"Job {job.id} made no pictures.")
        receipt = self._publisher.publish(product_id=str(job.product_id), job_id=job.id, media=media)
        return {"media_ids": list(receipt.media_ids)}

    def _order(self, job: Job, run: Run) -> MockupOrder:
        options = job.options
        return MockupOrder(
            arts=self._arts(job, run),
            out=run.folder / "out",
            template=job.template_id or self._renderers.get(None).template.info.id,
            colour=str(options.get("fabric_color", DEFAULT_COLOUR)),
            background=str(options.get("background_color", DEFAULT_BACKGROUND)),
            mode=_mode(job),
            size=self._size,
        )

    def _arts(self, job: Job, run: Run) -> tuple[Art, ...]:
        own = str(job.design_file_url)
        free = free_places(job.options)
        if not free:
            return (Art(self._design(own, run), preset(str(job.preset))),)
        return tuple(Art(self._design(each.design or own, run), each.place) for each in free)

    def _design(self, key: str, run: Run) -> Path:
        """A design's file in this attempt's folder, fetched when it is needed first."""
        if "://" in key:
            raise BadInput("INVALID_DATA", "The design has to be uploaded; an address is not fetched.")
        path = (
            run.folder / f"design-{hashlib.sha256(key.encode()).hexdigest()[:16]}{PurePosixPath(key).suffix}"
        )
        if not path.exists():
            self._files.fetch(key, path)
        return path


@dataclass(slots=True)
class _Progress:
    """From stages of the pipeline to units of the whole."""

    run: Run
    mode: Mode
    _done: dict[str, int] = field(default_factory=dict)

    def stage(self, name: str, done: int, total: int) -> None:
        """As `make_mockup` tells it; every call is an occasion to stop."""
        share = {"views": self._views, "animation": self._frames}.get(name, 0)
        self._done[name] = share * done // max(total, 1)
        self.run.tell(sum(self._done.values()), self._all)

    def sampled(self, done: int, total: int) -> None:
        """As a path tracer tells it, of the picture at work."""
        part = VIEW_WORK * done // max(total, 1) if self._done.get("views", 0) < self._views else 0
        self.run.tell(min(sum(self._done.values()) + part, self._views + self._frames), self._all)

    def stored(self, done: int, total: int) -> None:
        """Of the last step that counts."""
        self.run.tell(self._views + self._frames + STORE_WORK * done // total, self._all)

    @property
    def _views(self) -> int:
        return VIEW_WORK * len(VIEWS) if self.mode.images else 0

    @property
    def _frames(self) -> int:
        return FRAME_WORK * TURNTABLE.frames if self.mode.animation else 0

    @property
    def _all(self) -> int:
        return self._views + self._frames + STORE_WORK


def _artifacts(job: Job, entries: Iterable[FileEntry]) -> Iterable[Artifact]:
    """What the manifest lists, under the job's keys."""
    for entry in entries:
        moving = entry.frames is not None
        rate = TURNTABLE.frames_per_second
        yield Artifact(
            role=_role(entry),
            key=renders(job) + entry.name,
            rank=RANKS.get(str(entry.view)),
            media_type=MEDIA_TYPES[PurePosixPath(entry.name).suffix],
            width=entry.width,
            height=entry.height,
            fps=rate if moving else None,
            duration=(entry.frames or 0) / rate if moving else None,
            bytes=entry.bytes,
            sha256=entry.sha256,
        )


def _role(entry: FileEntry) -> str:
    """A camera angle's own name; print files beyond the first are counted."""
    if entry.view is not None:
        return entry.view
    return f"print_{entry.placement}" if (entry.placement or 1) > 1 else str(entry.role)


def _manifest(job: Job) -> Artifact:
    return Artifact(role="manifest", key=renders(job) + MANIFEST_NAME, media_type=MEDIA_TYPES[".json"])


def _is_there(made: JsonObject, run: Run, key: str) -> bool:
    """Whether what an attempt rendered lies on this machine, whole; or the job is there that has it."""
    if REUSED in made:
        before = run.made_before(key)
        return before is not None and before.id == made[REUSED]
    folder = run.home / str(made["folder"])
    sizes = {str(each["name"]): each["bytes"] for each in _objects(made, "files")}
    there = (folder / MANIFEST_NAME).is_file()
    return there and all(_size(folder / name) == size for name, size in sizes.items())


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _renderer_info(job: Job) -> RendererInfo:
    """What will make the pictures, as far as that is known before it starts."""
    if renderer_of(job) is RendererName.RELIGHT:
        return RELIGHT
    return replace(CYCLES, settings={"samples": _samples(job)})


def _samples(job: Job) -> int:
    return int(str(job.options.get("samples", DEFAULT_SAMPLES)))


def _mode(job: Job) -> Mode:
    return mode(str(job.options.get("render_mode", Mode.ALL)))


def _objects(value: JsonObject, name: str) -> Sequence[Mapping[str, Any]]:
    """A list of objects in a step's result, as `asdict` made them."""
    return cast("Sequence[Mapping[str, Any]]", value[name])
