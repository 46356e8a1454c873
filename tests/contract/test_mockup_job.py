"""A mockup job from its order to its product's media, on both stores, with real files and a fake renderer."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from images import art, rgba_png
from jobsteps import order
from tirage import log
from tirage.errors import BadInput, NotFound, TryAgain, UsageError
from tirage.jobs.failure import FailureClass
from tirage.jobs.machine import CANCELLED, COMPLETED, FAILED
from tirage.jobs.model import Job
from tirage.jobs.service import JobService
from tirage.jobs.worker import Terms, Worker
from tirage.media.blender import Blender
from tirage.mockup.catalogue import VIEWS
from tirage.mockup.job import MockupWork
from tirage.mockup.model import Template
from tirage.mockup.ports import IMAGE, Media
from tirage.mockup.removal import Removal
from tirage.mockup.states import MOCKUP
from tirage.mockup.submit import MockupRequest, Submissions, Upload
from tirage.mockup.template import load
from tirage.settings import LogFormat, LogLevel
from tirage.shops.catalogue import Catalogue
from tirage.shops.model import NewProduct
from tirage.stores.blobs import Blobs, open_blobs
from tirage.stores.database import Database
from tirage.testing import FakeClock, FakeRenderer

DESIGN = rgba_png(art())
NAMES = [view.name for view in VIEWS]


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture(scope="module")
def template() -> Template:
    return load("tee")


@dataclass
class Warm:
    """One fake renderer for every template."""

    renderer: FakeRenderer
    forgotten: int = 0

    def get(self, _template: str | None) -> FakeRenderer:
        return self.renderer

    def forget(self) -> None:
        self.forgotten += 1


class Cold:
    """No Blender anywhere."""

    def get(self) -> Blender:
        raise UsageError("BLENDER_MISSING", "There is no Blender here.")

    def close(self) -> None:
        pass


@dataclass
class Faulty:
    """Another object, but calls of some methods do something first."""

    real: Any
    before: dict[str, Callable[..., None]] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        method = getattr(self.real, name)

        def call(*args: Any, **named: Any) -> Any:  # noqa: ANN401
            if name in self.before:
                self.before[name]()
            return method(*args, **named)

        return call


@dataclass
class World:
    """A store, its files, its catalogue with one product, and workers on it."""

    database: Database
    service: JobService
    clock: FakeClock
    folder: Path
    template: Template

    def __post_init__(self) -> None:
        self.blobs: Blobs = open_blobs((self.folder / "static").as_uri())
        self.files, self.shop = (
            Faulty(self.blobs),
            Faulty(Catalogue(self.database, active=MOCKUP.active, clock=self.clock)),
        )
        self.removal = Removal(self.service, files=self.files, publisher=self.shop)
        self.renderers = Warm(FakeRenderer(self.template))
        self.blenders = Cold()
        self.product = self.shop.create(NewProduct(title="Tee", id="prod_123"))

    def submit(self, design: bytes = b"", **changes: Any) -> Job:  # noqa: ANN401
        job_id = self.service.new_id()
        key = f"uploads/render-jobs/{job_id}/design.png"
        self.blobs.write(key, design or DESIGN, media_type="image/png")
        options = {"render_mode": "images-only", "fabric_color": "navy"}
        given = {"template_id": None, "options": options, "design_file_url": key, "id": job_id, **changes}
        return self.service.create(order(**given))

    def worker(self, name: str = "one") -> Worker:
        work = MockupWork(
            files=self.files, publisher=self.shop, renderers=self.renderers, blenders=self.blenders, size=512
        )
        return Worker(
            self.database,
            self.service,
            works={"mockup": work},
            terms=Terms(name=name, queues=("mockup",), folder=self.folder / "work"),
            monotonic=lambda: self.clock.now.timestamp(),  # noqa: PLW0108 – the clock moves
            start=lambda work: work(),
        )

    def pass_time(self, seconds: float, worker: Worker) -> None:
        for _ in range(round(seconds * 2)):
            self.clock.advance(0.5)
            worker.tick()

    def stored(self) -> set[str]:
        root = self.folder / "static"
        return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}

    def left(self) -> list[Path]:
        return [path for path in (self.folder / "work").rglob("*") if path.is_file()]

    def verify(self, job: Job) -> None:
        """Everything of a completed job is there, once."""
        job = self.service.retrieve(job.id)
        assert (job.status, job.progress, job.untidy) == (COMPLETED, 100, False)
        own = {key for key in self.stored() if job.id in key and key.startswith("media/")}
        assert own == {artifact.key for artifact in job.artifacts}
        for artifact in job.artifacts:
            if artifact.sha256:
                data = self.blobs.read(artifact.key)
                assert (artifact.bytes, artifact.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        product = self.shop.get("prod_123")
        shown = [medium for medium in product.media if medium.job_id == job.id]
        assert [medium.role for medium in shown] == NAMES
        assert job.metadata["media_ids"] == [medium.id for medium in shown]
        assert product.thumbnail == f"media/products/prod_123/renders/{job.id}/front_0deg.png"
        assert self.left() == []


@pytest.fixture
def world(
    database: Database, service: JobService, clock: FakeClock, tmp_path: Path, template: Template
) -> World:
    return World(database, service, clock, tmp_path, template)


@pytest.mark.rows(
    "R091",
    "R103",
    "R105",
    "R259",
    "R090",
    "R098",
    "R104",
    "R106",
    "R230",
    "R232",
    "R233",
    "R258",
    "R062",
    "R226",
)
def test_from_an_order_to_the_products_media(world: World, service: JobService) -> None:
    job = world.submit()
    world.worker().tick()
    world.verify(job)
    done = service.retrieve(job.id)
    assert {artifact.role for artifact in done.artifacts} == {*NAMES, "composited", "print", "manifest"}
    assert done.rendered_image_url == f"media/products/prod_123/renders/{job.id}/front_0deg.png"
    assert done.composited_file_url
    recorded = {step.name for step in service.steps(job.id) if step.ended_at}
    assert recorded == {"compose", "render", "store", "publish"}
    (first, *_) = world.shop.get("prod_123").media
    assert first.metadata == {
        "generated_by": "render-engine",
        "render_job_id": job.id,
        "camera_angle": "front_0deg",
        "preset": "chest-medium",
        "created_at": job.created_at.isoformat(),
        "media_type": "image",
    }
    progress = [event.progress for event in service.events(job_id=job.id, limit=1000)]
    assert progress == sorted(progress)


@pytest.mark.rows("R025")
def test_a_purged_job_takes_files_and_media_along(world: World, service: JobService) -> None:
    first, worker = world.submit(), world.worker()
    worker.tick()
    before, stored = world.shop.get("prod_123"), world.stored()
    job = world.submit(options={"render_mode": "images-only", "fabric_color": "white"})
    with pytest.raises(BadInput, match="is pending"):
        world.removal.purge(job.id)
    worker.tick()
    assert world.shop.get("prod_123").thumbnail != before.thumbnail
    service.soft_delete([job.id])
    world.removal.purge(job.id)
    after = world.shop.get("prod_123")
    assert (after.media, after.thumbnail) == (before.media, before.thumbnail)
    assert world.stored() == stored
    with pytest.raises(NotFound):
        world.removal.purge(job.id)
    world.verify(first)


@pytest.mark.rows("R119", "R269")
def test_an_order_made_before_is_answered_from_its_files(world: World, service: JobService) -> None:
    first, worker = world.submit(), world.worker()
    worker.tick()
    asked = world.renderers.renderer.asked
    again = world.submit()
    worker.tick()
    world.verify(again)
    other = world.submit(options={"render_mode": "images-only", "fabric_color": "white"})
    worker.tick()
    one, two, new = (service.retrieve(job.id) for job in (first, again, other))
    assert two.metadata["reused_from"] == first.id
    assert [file.sha256 for file in two.artifacts] == [file.sha256 for file in one.artifacts]
    assert (one.order_key, "reused_from" in one.metadata) == (two.order_key, False)
    assert world.renderers.renderer.asked == asked + 6, "the other colour was rendered, the same not"
    assert new.order_key != one.order_key
    assert "reused_from" not in new.metadata
    world.removal.purge(first.id)
    assert all(world.blobs.digest(file.key) for file in two.artifacts), "files are a job's own"


def test_an_order_whose_model_goes_meanwhile_is_rendered(world: World, service: JobService) -> None:
    first, worker = world.submit(), world.worker()
    worker.tick()
    again = world.submit()

    def purge() -> None:
        world.files.before.clear()
        world.removal.purge(first.id)

    world.files.before["copy"] = purge
    world.pass_time(4, worker)
    world.verify(again)
    assert service.retrieve(again.id).attempt == 2
    assert "reused_from" not in service.retrieve(again.id).metadata


@pytest.mark.rows("R234", "R121", "R300", "R065")
def test_every_part_of_a_job_is_logged_with_its_time(world: World, service: JobService) -> None:
    shop = Submissions(service, files=world.files, products=world.shop, templates=Tees(world.template))
    heard = StringIO()
    log.configure(level=LogLevel.INFO, format=LogFormat.JSON, stream=heard)
    try:
        job = shop.submit(
            MockupRequest(
                design=Upload(data=DESIGN, name="a.png"),
                product_id="prod_123",
                preset="chest-medium",
                options={"render_mode": "images-only"},
            )
        )
        world.worker().tick()
    finally:
        log.configure(level=LogLevel.WARNING, format=LogFormat.TEXT)
    lines = [json.loads(line) for line in heard.getvalue().splitlines()]
    told = {(line["event"], line.get("step")): line for line in lines if line.get("job") == job.id}
    assert {*told[("submitted", None)]["ms"]} == {"upload", "create"}
    assert ("claimed", None) in told
    steps = [step for event, step in told if event == "step"]
    assert steps == ["compose", "render", "store", "publish", "complete"]
    assert {"views", "composited"} <= {*told[("rendered", None)]["ms"]}
    assert {"composited", *NAMES} <= {*told[("stored", None)]["ms"]}
    assert isinstance(told[("cleaned up", None)]["ms"], int)
    assert all(isinstance(told[("step", step)]["ms"], int) for step in steps)


@dataclass
class Tees:
    """A register with one template."""

    template: Template

    def choose(self, _template_id: str | None, _preset: str | None) -> str:
        return "tee"

    def description(self, _template_id: str) -> None:
        return None


@pytest.mark.rows("G-5", "R286", "R290")
def test_a_turntable_is_a_video_after_the_pictures(world: World, service: JobService) -> None:
    job = world.submit(options={"render_mode": "animation-only"})
    world.worker().tick()
    (film,) = world.shop.get("prod_123").media
    assert (film.role, film.media_type, film.metadata["media_type"]) == ("animation", "video", "video")
    (artifact,) = [each for each in service.retrieve(job.id).artifacts if each.role == "animation"]
    assert (artifact.fps, artifact.duration, artifact.media_type) == (24, 3.0, "video/mp4")


@pytest.mark.rows("R093", "R284")
def test_a_design_that_is_none_fails_with_the_first_step(world: World, service: JobService) -> None:
    job = world.submit(DESIGN[:50])
    world.worker().tick()
    after = service.retrieve(job.id)
    assert after.failure is not None
    assert (after.status, after.failure.kind, after.attempt) == (FAILED, FailureClass.INVALID_INPUT, 1)
    assert after.failure.code in {"IMAGE_DAMAGED", "UNREADABLE_FILE"}
    assert world.stored() == {job.design_file_url}
    assert world.left() == []


@pytest.mark.rows("R100", "R125", "R303", "R119")
@pytest.mark.parametrize("door", ["fetch", "put", "publish"])
def test_a_kill_at_a_door_loses_and_doubles_nothing(world: World, door: str) -> None:
    def kill() -> None:
        raise Killed

    job = world.submit()
    for broken in (world.files, world.shop):
        broken.before[door] = kill
    with pytest.raises(Killed):
        world.worker("first").tick()
    world.files.before.clear()
    world.shop.before.clear()
    asked = world.renderers.renderer.asked
    world.pass_time(14, world.worker("second"))
    world.verify(job)
    again = world.renderers.renderer.asked - asked
    assert again == (6 if door == "fetch" else 0)


def test_a_kill_after_publishing_publishes_no_second_time(world: World) -> None:
    """The shop has taken the pictures, and the answer is lost."""
    job = world.submit()

    def kill() -> None:
        key = f"media/products/prod_123/renders/{job.id}/front_0deg.png"
        shown = Media(role=NAMES[0], key=key, kind=IMAGE, rank=0)
        world.shop.real.publish(product_id="prod_123", job_id=job.id, media=[shown])
        raise Killed

    world.shop.before["publish"] = kill
    with pytest.raises(Killed):
        world.worker("first").tick()
    world.shop.before.clear()
    world.pass_time(14, world.worker("second"))
    world.verify(job)


def test_pictures_that_are_gone_are_rendered_again(world: World, service: JobService) -> None:
    """Another machine takes over: what the step recorded lies elsewhere."""

    def away() -> None:
        shutil.rmtree(world.folder / "work")
        raise TryAgain("UNAVAILABLE", "The storage is away.")

    job = world.submit()
    world.files.before["put"] = away
    worker = world.worker()
    worker.tick()
    world.files.before.clear()
    world.pass_time(3, worker)
    world.verify(job)
    assert service.retrieve(job.id).attempt == 2
    assert world.renderers.renderer.asked == 12


@pytest.mark.rows("R235", "R277", "R097", "R101", "R107", "C-05", "C-06", "R092", "R094")
def test_what_fails_for_good_leaves_the_product_as_it_was(world: World, service: JobService) -> None:
    earlier = world.submit()
    worker = world.worker()
    worker.tick()
    before = world.shop.get("prod_123")
    job = world.submit()

    def away() -> None:
        raise TryAgain("UNAVAILABLE", "The shop is away.")

    world.shop.before["publish"] = away
    world.pass_time(15, worker)
    after = service.retrieve(job.id)
    assert (after.status, after.attempt, after.artifacts, after.untidy) == (FAILED, 3, (), False)
    assert world.shop.get("prod_123") == before
    assert {key for key in world.stored() if job.id in key} == {job.design_file_url}
    world.verify(earlier)


@pytest.mark.rows("R282", "R291")
@pytest.mark.parametrize("door", ["fetch", "put", "publish"])
def test_a_cancelled_job_leaves_no_picture(world: World, service: JobService, door: str) -> None:
    job = world.submit()
    worker = world.worker()

    def cancel() -> None:
        service.cancel(job.id)
        worker._watch()

    for broken in (world.files, world.shop):
        broken.before[door] = cancel
    worker.tick()
    assert service.retrieve(job.id).status == CANCELLED
    assert not service.retrieve(job.id).untidy
    assert world.stored() == {job.design_file_url}
    assert world.shop.get("prod_123") == world.product
    assert world.left() == []


def test_a_lack_of_memory_frees_what_is_kept(world: World) -> None:
    world.renderers.renderer = FakeRenderer(world.template, failing_at={0: MemoryError()})
    job = world.submit()
    worker = world.worker()
    world.pass_time(4, worker)
    world.verify(job)
    assert world.renderers.forgotten == 1
