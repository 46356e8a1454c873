"""Workers that make videos are killed in every step and in the middle of a segment, on both databases.
Afterwards the video is that of an undisturbed run, byte for byte, and the world is as it should be.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from crews import World
from video_crew import INGEST_POINTS, POINTS, QUICK

from tirage.jobs.failure import FailureClass
from tirage.jobs.machine import COMPLETED
from tirage.jobs.model import Job
from tirage.jobs.service import JobService, now
from tirage.media.ffmpeg import find_ffmpeg
from tirage.sessions.edits import NewEdl
from tirage.sessions.model import NewAsset, NewSession, VideoRequest
from tirage.sessions.orders import VideoOrders
from tirage.sessions.service import Sessions
from tirage.verify import verify_world
from tirage.video.formats.edl_json import edl_value
from tirage.video.session import Session
from tirage.video.spec import CaptionStyle, Options
from tirage.video.timeline import Edl, Format
from video.filmed import a_session
from video.showing import assert_as_edited, cuts, order

CREW = Path(__file__).with_name("video_crew.py")
OPTIONS = {"short_side": 180, "captions": "none", "smart": False}
LENGTHS = (40, 35, 30)
PATIENT = [replace(each, max_attempts=100) for each in QUICK]


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return a_session(tmp_path_factory.mktemp("filmed"), rate="25", seconds=5)


@pytest.fixture
def edit(filmed: Session) -> Edl:
    return cuts(filmed, *LENGTHS)


def start(world: World, point: str = "-") -> str:
    """One more worker, doomed to die there; its name."""
    name = f"v{len(world.crew)}-{point.replace(':', '-')}"
    with (world.folder / f"{name}.err").open("w") as errors:
        world.crew[name] = subprocess.Popen(
            [sys.executable, str(CREW), name, point],
            env=world.environment,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            text=True,
        )
    return name


def send(world: World, filmed: Session) -> None:
    """The session, with every recording received and none looked into."""
    recorders = [NewAsset(camera=each.camera, offset=str(each.sync.offset)) for each in filmed.assets]
    patient = JobService(world.app.database, pipelines=PATIENT)
    sessions = Sessions(world.app.database, patient, footage=world.app.footage, clock=now)
    sessions.create(NewSession(id="filmed", rate=filmed.rate.name, master=filmed.master), recorders)
    for stored, asset in zip(world.app.sessions.assets("filmed"), filmed.assets, strict=True):
        path = Path(asset.files[0].path)
        sessions.receive(stored.id, path.name, path)


def ready(world: World) -> bool:
    return all(asset.content_sha256 for asset in world.app.sessions.assets("filmed"))


@pytest.fixture
def studio(world: World, filmed: Session, edit: Edl) -> World:
    """With the session known and its edit locked, and no worker."""
    send(world, filmed)
    name = start(world)
    world.wait(lambda: ready(world) and not world.app.service.active())
    dismiss(world, name)
    content = json.dumps(edl_value(edit)).encode()
    edl = world.app.edits.add("filmed", NewEdl(name="cut.json", data=content))
    world.app.edits.lock(edl.id)
    return world


def submit(world: World, **options: object) -> Job:
    """A new job: another quality is another video."""
    app, patient = world.app, JobService(world.app.database, pipelines=PATIENT)
    orders = VideoOrders(
        app.database, patient, app.preflight, storage=app.files, program=lambda: find_ffmpeg().version
    )
    asked = VideoRequest(session_id="filmed", options={**OPTIONS, **options})  # type: ignore[dict-item]
    return orders.submit(asked)


def dismiss(world: World, name: str) -> None:
    """Tells a worker to end, and waits until it did, well."""
    world.wait((world.folder / f"{name}.ready").exists, 60)
    world.kill(name, signal.SIGTERM)
    assert world.crew[name].wait(120) == 0, world.said()


def died(world: World, name: str) -> None:
    """Waits for the end of a doomed worker."""
    assert world.crew[name].wait(120) == -signal.SIGKILL, world.said()


def completed(world: World, job: Job) -> Job:
    """The job, completed by whoever takes over."""
    world.wait(lambda: world.app.service.retrieve(job.id).completed_at is not None, 120)
    done = world.app.service.retrieve(job.id)
    assert done.status == COMPLETED, (done.failure, world.said())
    return done


def content(world: World, job: Job) -> str:
    return world.app.files.digest(job.artifacts[0].key)


def rest(world: World) -> None:
    world.wait(lambda: not world.app.service.untidy())
    for name in world.alive():
        dismiss(world, name)
    assert [found.message for found in verify_world(world.app, at_rest=True)] == []


def segments(world: World) -> dict[str, int]:
    """Finished pieces on the shelf, each with the number of its file."""
    shelf = world.app.settings.data_dir / "video" / "segments"
    return {path.name: path.stat().st_ino for path in shelf.glob("??/*.mp4")}


def renderers(world: World) -> list[str]:
    """Programs that still work for this world."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        if b"ffmpeg" in words.split(b"\0")[0] and str(world.folder).encode() in words:
            found.append(path.parent.name)
    return found


@pytest.mark.rows("R294", "R296")
def test_killed_in_every_step(studio: World, filmed: Session, edit: Edl, tmp_path: Path) -> None:
    """One job, whose workers die one after the other, each a little further."""
    job = submit(studio, crf=21)
    for point in POINTS:
        doomed = start(studio, point)
        died(studio, doomed)
        studio.wait(lambda: not renderers(studio), 5)
    start(studio)
    done = completed(studio, job)
    lost = [each.failure.kind for each in studio.app.service.attempts(job.id) if each.failure]
    assert lost == [FailureClass.WORKER_LOST] * (len(POINTS) - 1)  # the last one had completed it
    assert content(studio, done) == done.artifacts[0].sha256
    path = tmp_path / "video.mp4"
    path.write_bytes(studio.app.files.read(done.artifacts[0].key))
    options = Options(short_side=180, captions=CaptionStyle.NONE, smart=False, crf=21)
    assert_as_edited(order(filmed, edit, Format.FULL, options), path)
    rest(studio)


@pytest.mark.rows("R294", "R296", "R268", "R269")
def test_killed_in_the_middle_of_a_segment(studio: World) -> None:
    """Whoever takes over codes what is missing and nothing else; the video is the same to the byte."""
    first = start(studio)
    undisturbed = completed(studio, submit(studio, crf=30, preset="slow")).artifacts[0].sha256
    for path in (studio.app.settings.data_dir / "video" / "segments").glob("??/*"):
        path.unlink()
    studio.app.service.soft_delete([job.id for job in studio.app.videos.jobs_of("filmed")])
    job = submit(studio, crf=30, preset="slow")
    studio.wait(lambda: len(segments(studio)) >= 1)
    studio.kill(first)
    died(studio, first)
    studio.wait(lambda: not renderers(studio), 5)
    kept = segments(studio)
    assert studio.app.service.retrieve(job.id).completed_at is None
    start(studio)
    done = completed(studio, job)
    assert done.artifacts[0].sha256 == undisturbed == content(studio, done)
    assert kept.items() <= segments(studio).items()
    rest(studio)


@pytest.mark.rows("R294")
def test_killed_while_recordings_are_looked_into(world: World, filmed: Session) -> None:
    send(world, filmed)
    for point in INGEST_POINTS:
        died(world, start(world, point))
    start(world)
    world.wait(lambda: ready(world) and not world.app.service.active())
    for stored, asset in zip(world.app.sessions.assets("filmed"), filmed.assets, strict=True):
        assert [file.sha256 for file in stored.files] == [file.sha256 for file in asset.files]
    rest(world)
