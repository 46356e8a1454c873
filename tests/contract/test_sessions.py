"""Sessions, recorders and revisions on both stores: the rows, their relations, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from edits import CAMERAS, facts
from tirage.errors import BadInput, Conflict, Failed, NotFound
from tirage.jobs.model import NewJob, Page
from tirage.jobs.service import JobService
from tirage.media.media_facts import MediaFacts
from tirage.media.rates import RATES
from tirage.pipelines import PIPELINES
from tirage.sessions.checks import Preflight
from tirage.sessions.edits import Edits, NewEdl
from tirage.sessions.footage import Footage
from tirage.sessions.model import NewAsset, NewSession, StoredEdl, StoredFile, VideoRequest
from tirage.sessions.orders import VideoOrders
from tirage.sessions.service import Sessions
from tirage.stores.blobs import Blobs, open_blobs
from tirage.stores.database import Database
from tirage.stores.video_tables import edls, video_jobs
from tirage.testing import FakeClock
from tirage.video.lock import plain

FRAMES = 3000


class Desk:
    """Everything that sessions need, without a worker."""

    def __init__(self, database: Database, clock: FakeClock, folder: Path) -> None:
        self.database = database
        self.jobs = JobService(database, pipelines=PIPELINES, clock=clock, chance=lambda: 0.5)
        self.blobs: Blobs = open_blobs(f"file://{folder}/files")
        self.footage = Footage(self.blobs, folder=folder / "video")
        self.sessions = Sessions(database, self.jobs, footage=self.footage, clock=clock)
        self.free: int | None = None
        preflight = Preflight(database, footage=self.footage, browser=lambda: False, free=lambda: self.free)
        self.edits = Edits(database, preflight, clock=clock)
        self.preflight = preflight
        self.orders = VideoOrders(
            database, self.jobs, preflight, storage=self.blobs, program=lambda: "test 1"
        )

    def known(self, session_id: str = "evening", rate: str = "25") -> None:
        """A session whose recordings were looked into."""
        recorders = [NewAsset(camera=camera) for camera in CAMERAS]
        self.sessions.create(NewSession(id=session_id, rate=rate, master=CAMERAS[0]), recorders)
        for asset in self.sessions.assets(session_id):
            key = f"uploads/sessions/{session_id}/{asset.id}/x/{asset.id}.mp4"
            self.blobs.write(key, b"recording", media_type="video/mp4")
            found = facts(frames=FRAMES, rate=RATES[rate], timecode="00:00:00:00")
            file = StoredFile(
                name=f"{asset.camera}.mp4", key=key, bytes=9, sha256="a" * 64, facts=written(found)
            )
            changed = replace(asset, files=(file,))
            self.database.write(lambda unit, changed=changed: unit.sessions.put_asset(changed))

    def edit(self, session_id: str = "evening", *, first: int = 0, length: int = 100) -> StoredEdl:
        """The next revision: two shots."""
        events = [
            {"camera": CAMERAS[0], "source_in": first, "source_out": first + length, "record_in": 0},
            {"camera": "C", "source_in": 500, "source_out": 550, "record_in": length},
        ]
        data = json.dumps({"tirage_edl": 1, "rate": 25, "events": events}).encode()
        return self.edits.add(session_id, NewEdl(name="cut.json", data=data, created_by="Ann"))

    def locked(self, session_id: str = "evening", **places: int) -> StoredEdl:
        return self.edits.lock(self.edit(session_id, **places).id, by="Bob")


def written(found: MediaFacts) -> dict[str, object]:
    value = plain(found)
    assert isinstance(value, dict)
    return {**value}


@pytest.fixture
def desk(database: Database, clock: FakeClock, tmp_path: Path) -> Desk:
    return Desk(database, clock, tmp_path)


def test_a_session_and_its_recorders(desk: Desk, clock: FakeClock) -> None:
    new = NewSession(id="evening", rate="29.97", master="mix", name="Friday", metadata={"hall": 2})
    recorders = [
        NewAsset(camera="left", offset="1/3", drift="-12.5", start="01:00:00;00", focus=[(0, 0.5, 0.4)]),
        NewAsset(camera="mix"),
    ]
    made = desk.sessions.create(new, recorders)
    assert desk.sessions.get("evening") == made
    left, mix = desk.sessions.assets("evening")
    assert (left.camera, str(left.offset), str(left.drift), left.start) == ("left", "1/3", "-25/2", 107892)
    assert left.focus == ((0, 0.5, 0.4),)
    assert mix.content_sha256 is None
    with pytest.raises(Conflict):
        desk.sessions.create(new)
    clock.advance(5)
    assert desk.sessions.update("evening", {"name": "Sunday", "metadata": {"row": 1}}).metadata == {
        "hall": 2, "row": 1
    }  # fmt: skip
    changed = desk.sessions.update_asset(left.id, {"offset": "0", "camera": "stage"})
    assert (changed.camera, changed.start, changed.drift) == ("stage", 107892, left.drift)
    assert desk.sessions.update_asset(left.id, {"start": None}).start is None
    other = desk.sessions.create(NewSession(rate="25", master="a"))
    assert other.id.startswith("sess_")
    found, count = desk.sessions.list_with_count(Page())
    assert ([each.id for each in found], count) == ([other.id, "evening"], 2)
    desk.sessions.delete_asset(left.id)
    assert [each.camera for each in desk.sessions.assets("evening")] == ["mix"]
    desk.sessions.delete("evening")
    for gone in (
        lambda: desk.sessions.get("evening"),
        lambda: desk.sessions.assets("evening"),
        lambda: desk.edits.list("../evening"),
    ):
        with pytest.raises(NotFound) as caught:
            gone()
        assert caught.value.code == "SESSION_NOT_FOUND"
    with pytest.raises(NotFound):
        desk.sessions.asset(mix.id)


def test_what_no_session_can_be_is_told_at_once(desk: Desk) -> None:
    wrong = NewSession(id="../x", rate="26", master="", name="a\0b")
    recorders = [
        NewAsset(camera="a", offset="1/0", drift="1e9", start="25:61", focus=[(0, 2, 0)]),
        NewAsset(camera="a", urls=["file:///etc/passwd"]),
    ]
    with pytest.raises(BadInput) as caught:
        desk.sessions.create(wrong, recorders)
    places = {found.where for found in caught.value.findings}
    assert places == {"id", "rate", "master", "name", "offset", "drift", "start", "focus", "camera", "urls"}
    assert desk.sessions.list_with_count(Page())[1] == 0
    desk.sessions.create(NewSession(id="s", rate="25", master="a"), [NewAsset(camera="a")])
    with pytest.raises(BadInput):
        desk.sessions.add_asset("s", NewAsset(camera="a"))
    with pytest.raises(BadInput):
        desk.sessions.update("s", {"rate": "30"})


def test_a_recording_is_received_with_a_job_that_looks_into_it(desk: Desk, tmp_path: Path) -> None:
    desk.sessions.create(NewSession(id="s", rate="25", master="a"), [NewAsset(camera="a")])
    (asset,) = desk.sessions.assets("s")
    path = tmp_path / "sent"
    path.write_bytes(b"RIFF____WAVE" + bytes(20))
    got = desk.sessions.receive(asset.id, "Take 1/../ä.wav", path)
    (file,) = got.files
    assert file.key.endswith("/recording.wav")
    assert file.key.startswith(f"uploads/sessions/s/{asset.id}/")
    job = desk.jobs.retrieve(str(got.ingest_job_id))
    assert (job.pipeline, job.queue, job.status) == ("ingest", "ingest", "queued")
    again = desk.sessions.receive(asset.id, "Take 1/../ä.wav", path)
    assert len(again.files) == 1
    assert desk.blobs.stat(file.key) is None
    assert desk.sessions.ingest(asset.id, mezzanines="all").ingest_job_id != again.ingest_job_id
    path.write_bytes(b"#EXTM3U\nfile:///etc/passwd")
    with pytest.raises(BadInput) as caught:
        desk.sessions.receive(asset.id, "b.mp4", path)
    assert caught.value.code == "MEDIA_CONTAINER"
    desk.sessions.remove_file(asset.id, "Take 1/../ä.wav")
    assert list(desk.blobs.list("uploads/sessions/")) == []
    with pytest.raises(NotFound):
        desk.sessions.remove_file(asset.id, "b.mp4")


@pytest.mark.rows("R181", "R165")
def test_one_revision_is_the_sessions_current_one(desk: Desk, engine: sa.Engine) -> None:
    desk.known()
    one, two = desk.edit(), desk.edit(first=10)
    assert (one.number, two.number, one.lock, one.created_by) == (1, 2, None, "Ann")
    locked = desk.edits.lock(one.id, by="Bob")
    assert (locked.is_current, locked.locked_by) == (True, "Bob")
    assert locked.lock
    assert len(locked.lock) == 64
    assert desk.edits.lock(one.id, by="Cid") == locked
    assert desk.edits.lock(two.id).is_current
    assert [(each.number, each.is_current) for each in desk.edits.list("evening")] == [(2, True), (1, False)]
    with pytest.raises(BadInput) as caught:
        desk.edits.delete(one.id)
    assert caught.value.code == "EDL_LOCKED"
    three = desk.edit()
    desk.edits.delete(three.id)
    with pytest.raises(NotFound) as missing:
        desk.edits.get(three.id)
    assert missing.value.code == "EDL_NOT_FOUND"
    keys = {
        (key["referred_table"], *key["constrained_columns"])
        for table in ("edls", "video_jobs", "assets")
        for key in sa.inspect(engine).get_foreign_keys(table)
    }
    assert {
        ("recording_sessions", "recording_session_id"), ("edls", "edl_id"), ("jobs", "job_id"),
    } <= keys  # fmt: skip
    for change in ({"is_current": True}, {"recording_session_id": "nowhere"}):
        with engine.connect() as connection, pytest.raises(sa.exc.IntegrityError):
            connection.execute(sa.update(edls).where(edls.c.id == one.id).values(change))


@pytest.mark.rows("R149", "R165", "R180", "R142")
def test_jobs_keep_what_was_locked(desk: Desk, clock: FakeClock, engine: sa.Engine) -> None:
    desk.known()
    edl = desk.locked()
    first = desk.orders.submit(VideoRequest(session_id="evening", created_by="Ann"))
    clock.advance(1)
    newer = desk.locked(first=20)
    second = desk.orders.submit(VideoRequest(session_id="evening", format="clip_1_1"))
    third = desk.orders.submit(VideoRequest(session_id="evening", edl_id=edl.id, format="clip_1_1"))
    assert [job.id for job in desk.orders.jobs_of("evening")] == [third.id, second.id, first.id]
    assert [job.id for job in desk.orders.jobs_of("evening", edl_id=newer.id)] == [second.id]
    links = desk.orders.links([first, second])
    assert (links[first.id].edl_id, links[first.id].lock) == (edl.id, edl.lock)
    assert (links[second.id].edl_id, links[second.id].format) == (newer.id, "clip_1_1")
    with engine.connect() as connection:
        rows = connection.execute(sa.select(video_jobs.c.recording_session_id)).scalars().all()
    assert rows == ["evening"] * 3
    assert first.metadata["createdBy"] == "Ann"
    with pytest.raises(Conflict):
        desk.sessions.delete("evening")
    for job in (first, second, third):
        desk.jobs.cancel(job.id)
        desk.jobs.purge(job.id)
    desk.sessions.delete("evening")


@pytest.mark.rows("R150", "R151")
@pytest.mark.parametrize(
    ("request_of", "code"),
    [
        ({"session_id": "nowhere"}, "SESSION_NOT_FOUND"),
        ({"edl_id": "edl_1"}, "EDL_NOT_FOUND"),
        ({"format": "4k"}, "INVALID_OPTION"),
        ({"options": {"crf": 99}}, "INVALID_OPTION"),
        ({"options": {"crf": "18"}}, "INVALID_OPTION"),
        ({"options": {"codec": "vp9"}}, "INVALID_OPTION"),
        ({"options": {"encoder": "h264_nvenc"}}, "INVALID_OPTION"),
        ({"metadata": {"a": "\0"}}, "INVALID_DATA"),
    ],
)
def test_orders_that_are_refused(desk: Desk, request_of: dict[str, object], code: str) -> None:
    desk.known()
    desk.locked()
    given = {"session_id": "evening", **request_of}
    with pytest.raises(BadInput) as caught:
        desk.orders.submit(VideoRequest(**given))  # type: ignore[arg-type]
    assert caught.value.code == code
    with pytest.raises(BadInput):
        desk.orders.submit_many([VideoRequest(session_id="evening"), VideoRequest(**given)])  # type: ignore[arg-type]
    assert desk.orders.jobs_of("evening") == []


def test_what_changed_after_the_lock_is_found(desk: Desk) -> None:
    desk.known()
    edl = desk.locked()
    asset = desk.sessions.assets("evening")[0]
    desk.sessions.update_asset(asset.id, {"offset": "1"})
    with pytest.raises(BadInput) as caught:
        desk.orders.submit(VideoRequest(session_id="evening"))
    assert caught.value.code == "PREFLIGHT_FAILED"
    assert "LOCK_BROKEN" in {found.code for found in caught.value.findings}
    assert "LOCK_BROKEN" in {found.code for found in desk.edits.validate(edl.id)}
    desk.sessions.update_asset(asset.id, {"offset": "0"})
    desk.free = 10
    found = desk.preflight.session("evening").findings
    assert "DISK_SPACE" in {each.code for each in found}


@pytest.mark.parametrize("ending", ["json", "otio", "edl", "xml"])
def test_edits_of_every_format_come_and_go(desk: Desk, ending: str) -> None:
    desk.known()
    first = desk.edit()
    written = desk.edits.write(first.id, ending)
    assert written.name == f"cut.{ending}"
    again = desk.edits.add("evening", NewEdl(name=written.name, data=written.data, rate="25"))
    assert desk.edits.validate(again.id) == []
    difference = desk.edits.difference(first.id, again.id)
    clocks = {edl.content["clock"] for edl in (first, again)}
    assert difference.frames == 0 or clocks == {"session", "source"}
    moved = desk.edit(first=7)
    assert desk.edits.difference(first.id, moved.id).frames == 100


def test_what_an_edit_may_not_bring(desk: Desk) -> None:
    """Files of the server are none of its business."""
    desk.known()
    events = [{"camera": "C", "source_in": 0, "source_out": 50, "record_in": 0}]
    graphic = {"template": "/etc/hostname.html", "record_in": 0, "record_out": 10}
    captions = [{"language": "en", "file": "/etc/passwd"}]
    body = {"tirage_edl": 1, "rate": 25, "events": events}

    def add(**parts: object) -> StoredEdl:
        data = json.dumps({**body, **parts}).encode()
        return desk.edits.add("evening", NewEdl(name="cut.json", data=data))

    with pytest.raises(BadInput) as caught:
        add(graphics=[graphic])
    assert [found.code for found in caught.value.findings] == ["GRAPHIC_UNKNOWN"]
    bare = add(captions=captions)
    assert [found.code for found in bare.findings] == ["CAPTIONS_MISSING"]
    assert "captions" not in bare.content
    srt = b"1\n00:00:00,100 --> 00:00:01,000\nGood evening.\n"
    spoken = desk.edits.add_captions(bare.id, "en", "evening.srt", srt)
    assert spoken.number == 2
    (track,) = spoken.content["captions"]  # type: ignore[misc]
    assert track["cues"] == [{"start": 100, "end": 1000, "text": "Good evening."}]
    for name, data, code in (
        ("cut.doc", b"x", "INVALID_EDL_FORMAT"),
        ("cut.json", b"{", "INVALID_EDL"),
        ("cut.edl", b"\xff\xfe" * 40, "INVALID_EDL"),
    ):
        with pytest.raises(BadInput) as wrong:
            desk.edits.add("evening", NewEdl(name=name, data=data))
        assert wrong.value.code == code
    with pytest.raises(BadInput):
        desk.edits.add_captions(bare.id, "en", "evening.txt", srt)
    with pytest.raises(BadInput):
        desk.edits.write(bare.id, "drp")


def test_a_video_is_no_mockup_and_the_other_way_round(desk: Desk) -> None:
    with pytest.raises(BadInput):
        desk.jobs.create(NewJob(pipeline="video", product_id="p", options={"format": "x"}))
    with pytest.raises(BadInput):
        desk.jobs.create(NewJob(pipeline="ingest"))
    desk.known()
    desk.locked()
    job = desk.orders.submit(VideoRequest(session_id="evening"))
    with pytest.raises(BadInput):
        desk.jobs.update(job.id, {"options": {"lock": "none"}})
    with pytest.raises(Failed):
        desk.database.write(lambda unit: unit.add([replace(job, id=desk.jobs.new_id(), status="pending")]))
