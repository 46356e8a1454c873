"""Preflight: every planted fault is found with its code, a good session has none, and it is quick."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import pytest

from edits import CAMERAS, facts, recorded
from tirage.errors import Finding, Severity
from tirage.media.rates import RATES
from tirage.video.findings import KINDS
from tirage.video.ingest import Row, attach, read_rows
from tirage.video.ingest import _write as write_rows
from tirage.video.lock import lock_hash
from tirage.video.preflight import Surroundings, preflight
from tirage.video.session import Asset, Delivery, FocusPoint, MediaFile, Session, SyncMap
from tirage.video.timeline import (
    BUILT_IN,
    CaptionTrack,
    Clock,
    Cue,
    Edl,
    Event,
    Format,
    Graphic,
    Marker,
    MarkerKind,
    Output,
    Range,
)


class Planted:
    """A session in which things can be changed, and what preflight says of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.session, self.rows = recorded(folder)
        self.surroundings = Surroundings(templates=BUILT_IN, browser=True, free_bytes=10**12)
        self.locked = False

    @property
    def edl(self) -> Edl:
        assert self.session.current is not None
        return self.session.current.edl

    def edit(self, **changes: object) -> None:
        """Another edit."""
        current = self.session.current
        assert current is not None
        revision = replace(current, edl=replace(self.edl, **changes))
        self.session = replace(self.session, revisions=(revision,))

    def event(self, index: int, **changes: object) -> None:
        events = list(self.edl.events)
        events[index] = replace(events[index], **changes)
        self.edit(events=tuple(events))

    def asset(self, index: int, **changes: object) -> None:
        assets = list(self.session.assets)
        assets[index] = replace(assets[index], **changes)
        self.session = replace(self.session, assets=tuple(assets))

    def video(self, index: int, **changes: object) -> None:
        """Other facts of a camera's pictures."""
        found = self.rows[index].facts
        assert found.video is not None
        self.row(index, facts=replace(found, video=replace(found.video, **changes)))

    def audio(self, index: int, **changes: object) -> None:
        found = self.rows[index].facts
        assert found.audio is not None
        self.row(index, facts=replace(found, audio=replace(found.audio, **changes)))

    def row(self, index: int, **changes: object) -> None:
        self.rows[index] = replace(self.rows[index], **changes)
        self.session = attach(self.session, self.rows)

    def graphic(self, **changes: object) -> None:
        one = Graphic(template="title", fields=(("text", "Hello"),), record_in=0, length=50)
        self.edit(graphics=(replace(one, **changes),))

    def captions(self, *cues: Cue, **changes: object) -> None:
        track = CaptionTrack(language="en", cues=cues or (Cue(start=0, end=1000, text="Hello"),))
        self.edit(captions=(replace(track, **changes),))

    def lut(self, text: str | None) -> None:
        path = self.folder / "look.cube"
        if text is not None:
            path.write_text(text)
        self.asset(1, lut=str(path))

    def lock(self) -> None:
        current = self.session.current
        assert current is not None
        locked = replace(current, lock=lock_hash(self.session, current.edl, extras={}))
        self.session, self.locked = replace(self.session, revisions=(locked,)), True

    def check(self) -> list[Finding]:
        return preflight(
            self.session,
            self.session.current,
            rows=self.rows,
            surroundings=self.surroundings,
            locked=self.locked,
        )


@pytest.fixture
def planted(tmp_path: Path) -> Planted:
    return Planted(tmp_path)


def path_of(planted: Planted, index: int) -> Path:
    return Path(planted.session.assets[index].files[0].path)


def no_edit(p: Planted) -> None:
    p.session = replace(p.session, revisions=())


def unlocked(p: Planted) -> None:
    p.locked = True


def edited_after_lock(p: Planted) -> None:
    p.lock()
    p.event(1, source_in=p.edl.events[1].source_in + 1)


def other_recording(p: Planted) -> None:
    p.lock()
    p.row(2, sha256="f" * 64)


def resynced(p: Planted) -> None:
    p.lock()
    p.asset(1, sync=SyncMap(offset=Fraction(1, 25)))


def gone(p: Planted) -> None:
    path_of(p, 1).unlink()


def changed(p: Planted) -> None:
    path_of(p, 1).write_bytes(b"another recording")


def touched(p: Planted) -> None:
    os.utime(path_of(p, 1), ns=(1, 1))


def unknown_file(p: Planted) -> None:
    del p.rows[1]
    p.asset(1, files=(MediaFile(path=p.session.assets[1].files[0].path),))


def mezzanine_gone(p: Planted) -> None:
    delivery = Delivery(path=str(p.folder / "gone.mp4"), sha256="", facts=p.rows[1].facts)
    p.row(1, delivery=delivery)


def truncated(p: Planted) -> None:
    p.row(1, facts=replace(p.rows[1].facts, complete=False))


def no_pictures(p: Planted) -> None:
    p.row(1, facts=replace(p.rows[1].facts, video=None))


def two_files(p: Planted) -> None:
    path = p.folder / "second.mp4"
    path.write_bytes(b"rest")
    found = path.stat()
    other = facts(frames=500, rate=p.session.rate)
    assert other.video is not None
    other = replace(other, video=replace(other.video, width=3840, height=2160))
    p.rows.append(Row(path=str(path), size=4, changed=found.st_mtime_ns, sha256="0" * 64, facts=other))
    files = (*p.session.assets[1].files, MediaFile(path=str(path)))
    p.asset(1, files=files)
    p.session = attach(p.session, p.rows)


def silent_master(p: Planted) -> None:
    p.row(0, facts=replace(p.rows[0].facts, audio=None))


def unsynced(p: Planted) -> None:
    p.row(1, facts=replace(p.rows[1].facts, timecode=""))
    p.asset(1, start=None)


def captions_changed(p: Planted) -> None:
    path = p.folder / "en.srt"
    path.write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    p.captions(path=str(path), sha256=sha256(b"before").hexdigest())


def html_without_browser(p: Planted) -> None:
    path = p.folder / "brand.html"
    path.write_text("<p>")
    p.graphic(template=str(path))
    p.surroundings = replace(p.surroundings, browser=False)


def no_letter(p: Planted) -> None:
    p.graphic(fields=(("text", "Hello ☃"),))
    p.surroundings = replace(p.surroundings, lacks=lambda text: "☃" if "☃" in text else "")


def cut_off_lut(p: Planted) -> None:
    p.lut("LUT_3D_SIZE 4\n0 0 0\n1 1 1\n")


def other_colours(p: Planted) -> None:
    p.video(1, primaries="smpte170m", transfer="smpte170m")


FAULTS: dict[str, tuple[str, Callable[[Planted], None]]] = {
    "no edit": ("EDL_NOT_FOUND", no_edit),
    "not locked": ("EDL_NOT_LOCKED", unlocked),
    "edited after the lock": ("LOCK_BROKEN", edited_after_lock),
    "another recording after the lock": ("LOCK_BROKEN", other_recording),
    "another sync after the lock": ("LOCK_BROKEN", resynced),
    "no recorders": ("ASSETS_MISSING", lambda p: setattr(p, "session", replace(p.session, assets=()))),
    "two of a name": ("CAMERA_TWICE", lambda p: p.asset(1, camera=CAMERAS[0])),
    "another rate": ("RATE_DIFFERS", lambda p: p.edit(rate=RATES["30"])),
    "by the sources' clock": ("NOT_CONFORMED", lambda p: p.edit(clock=Clock.SOURCE)),
    "black only": ("NO_EVENTS", lambda p: p.edit(events=(replace(p.edl.events[0], camera=None),))),
    "a camera that is not there": ("CAMERA_UNKNOWN", lambda p: p.event(1, camera="D")),
    "before the recording": ("SOURCE_OUTSIDE", lambda p: p.event(1, source_in=-1)),
    "after the recording": ("SOURCE_OUTSIDE", lambda p: p.event(1, source_in=2001)),
    "after it by its offset": ("SOURCE_OUTSIDE", lambda p: p.asset(2, sync=SyncMap(offset=Fraction(1, 25)))),
    "before it by its offset": ("SOURCE_OUTSIDE", lambda p: p.asset(0, sync=SyncMap(offset=Fraction(-1)))),
    "after it by its drift": ("SOURCE_OUTSIDE", lambda p: p.asset(2, sync=SyncMap(drift=Fraction(400)))),
    "sound too short": ("SOUND_OUTSIDE", lambda p: p.audio(0, duration=Fraction(100))),
    "an overlap": ("OVERLAP", lambda p: p.event(1, record_in=990)),
    "a hole": ("GAP", lambda p: p.event(1, record_in=1010, length=990)),
    "a slip": ("FLASH_FRAME", lambda p: p.event(2, length=2)),
    "a long dissolve": ("DISSOLVE_WRONG", lambda p: p.event(1, dissolve=1001)),
    "no handle": (
        "DISSOLVE_HANDLE",
        lambda p: (p.event(1, source_in=1995), p.event(2, dissolve=20))[0],
    ),
    "thirteen hours": ("TOO_LONG", lambda p: p.event(2, length=13 * 3600 * 25)),
    "a marker after the end": (
        "MARKER_OUTSIDE",
        lambda p: p.edit(markers=(Marker(kind=MarkerKind.CHAPTER, frame=3000),)),
    ),
    "two thumbnails": (
        "MARKER_TWICE",
        lambda p: p.edit(markers=tuple(Marker(kind=MarkerKind.THUMBNAIL, frame=i) for i in (1, 2))),
    ),
    "an output after the end": (
        "OUTPUT_OUTSIDE",
        lambda p: p.edit(outputs=(Output(format=Format.SHORT, ranges=(Range(start=0, end=3001),)),)),
    ),
    "an empty output": (
        "OUTPUT_OUTSIDE",
        lambda p: p.edit(outputs=(Output(format=Format.CLIP, ranges=(Range(start=9, end=9),)),)),
    ),
    "a graphic after the end": ("GRAPHIC_OUTSIDE", lambda p: p.graphic(record_in=2990)),
    "a fade that is too long": ("GRAPHIC_FADE", lambda p: p.graphic(fade=26)),
    "no such template": ("GRAPHIC_UNKNOWN", lambda p: p.graphic(template="sparkles")),
    "no such page": ("GRAPHIC_UNKNOWN", lambda p: p.graphic(template="/nowhere/brand.html")),
    "no browser": ("BROWSER_MISSING", html_without_browser),
    "no letter": ("GLYPH_MISSING", no_letter),
    "captions changed": ("CAPTIONS_MISSING", captions_changed),
    "captions gone": ("CAPTIONS_MISSING", lambda p: p.captions(path="/nowhere/en.srt")),
    "captions too late": ("CAPTION_OUTSIDE", lambda p: p.captions(Cue(start=0, end=130_000, text="a"))),
    "captions over captions": (
        "CAPTIONS_OVERLAP",
        lambda p: p.captions(Cue(start=0, end=900, text="a"), Cue(start=800, end=950, text="b")),
    ),
    "a language twice": (
        "LANGUAGE_TWICE",
        lambda p: p.edit(captions=2 * (CaptionTrack(language="en", cues=()),)),
    ),
    "no file": ("MEZZANINE_MISSING", gone),
    "another size": ("MEDIA_CHANGED", changed),
    "another time": ("MEDIA_CHANGED", touched),
    "no mezzanine": ("MEDIA_CHANGED", mezzanine_gone),
    "not looked into": ("NOT_INGESTED", unknown_file),
    "cut off": ("MEDIA_TRUNCATED", truncated),
    "no pictures": ("NO_VIDEO", no_pictures),
    "no frame": ("NO_VIDEO", lambda p: p.video(1, frames=0)),
    "a strange codec": ("CODEC_UNKNOWN", lambda p: p.video(1, codec="gif")),
    "nothing to decode": ("MEDIA_UNDECODABLE", lambda p: p.video(1, decodes=False)),
    "a variable rate": ("VARIABLE_RATE", lambda p: p.video(1, steady=False)),
    "a camera's rate": ("MEDIA_RATE", lambda p: p.video(1, fps=Fraction(30))),
    "a small picture": ("SIZE_SMALL", lambda p: p.video(1, width=640, height=360)),
    "another size of picture": ("SIZES_DIFFER", lambda p: p.video(1, width=3840, height=2160)),
    "an upright phone": ("ROTATED", lambda p: p.video(1, rotation=90)),
    "a phone's shape": ("SHAPE_DIFFERS", lambda p: p.video(1, rotation=90)),
    "oblong pixels": ("PIXELS_OBLONG", lambda p: p.video(1, width=1440, aspect=Fraction(4, 3))),
    "files of two recordings": ("FILES_DIFFER", two_files),
    "no colours": ("COLOUR_UNTAGGED", lambda p: p.video(1, matrix="", primaries="", transfer="")),
    "other colours": ("COLOURS_DIFFER", other_colours),
    "HDR": ("HDR", lambda p: p.video(1, transfer="arib-std-b67", primaries="bt2020", matrix="bt2020nc")),
    "a master that is not there": (
        "MASTER_UNKNOWN",
        lambda p: setattr(p, "session", replace(p.session, master="mixer")),
    ),
    "a silent master": ("AUDIO_MISSING", silent_master),
    "sound of a compact disc": ("AUDIO_RATE", lambda p: p.audio(0, sample_rate=44_100)),
    "no sync": ("SYNC_MISSING", unsynced),
    "a large drift": (
        "DRIFT_LARGE",
        lambda p: p.asset(0, sync=SyncMap(drift=Fraction(501), offset=Fraction(-1, 100))),
    ),
    "focus points out of order": (
        "FOCUS_ORDER",
        lambda p: p.asset(1, focus=tuple(FocusPoint(frame=f, x=0.5, y=0.5) for f in (9, 3))),
    ),
    "no LUT": ("LUT_MISSING", lambda p: p.lut(None)),
    "a LUT of nothing": ("LUT_WRONG", lambda p: p.lut("hello")),
    "half a LUT": ("LUT_WRONG", cut_off_lut),
    "a full disk": (
        "DISK_SPACE",
        lambda p: setattr(p, "surroundings", replace(p.surroundings, free_bytes=1 << 20)),
    ),
}


def test_a_session_without_faults_has_no_findings(planted: Planted) -> None:
    assert planted.check() == []
    planted.lock()
    assert planted.check() == []


def test_a_whole_lut_is_no_fault(planted: Planted) -> None:
    planted.lut("LUT_3D_SIZE 2\n" + "0.5 0.5 0.5\n" * 8)
    assert planted.check() == []


@pytest.mark.rows("R150", "R151", "R186", "G-14")
@pytest.mark.parametrize(("code", "plant"), FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_found(code: str, plant: Callable[[Planted], None], planted: Planted) -> None:
    plant(planted)
    found = planted.check()
    ours = [one for one in found if one.code == code]
    assert ours, found
    assert all(one.severity is KINDS[code].severity and one.hint for one in ours)
    others = {one.code for one in found if one.severity is Severity.ERROR} - {code}
    assert len(others) <= 3, found


def test_at_least_forty_faults_are_planted() -> None:
    assert len(FAULTS) >= 40
    assert len({code for code, _ in FAULTS.values()}) >= 40


@pytest.mark.rows("R151")
def test_findings_name_the_camera_and_the_event(planted: Planted) -> None:
    gone(planted)
    planted.event(2, source_in=2500, line=7)
    places = {found.code: found.where for found in planted.check()}
    assert places["MEZZANINE_MISSING"] == "camera B"
    assert places["SOURCE_OUTSIDE"] == "camera C, event 3, line 7"


def test_every_fault_is_told_at_once(planted: Planted) -> None:
    gone(planted)
    planted.event(0, camera="D")
    planted.graphic(template="sparkles", record_in=2990)
    planted.captions(Cue(start=0, end=130_000, text="a"))
    planted.locked = True
    codes = {found.code for found in planted.check()}
    assert codes >= {
        "MEZZANINE_MISSING",
        "CAMERA_UNKNOWN",
        "GRAPHIC_UNKNOWN",
        "GRAPHIC_OUTSIDE",
        "CAPTION_OUTSIDE",
        "EDL_NOT_LOCKED",
    }


def test_a_mezzanine_mends_a_variable_rate(planted: Planted) -> None:
    planted.video(1, steady=False, fps=Fraction(2991, 100))
    made = planted.folder / "made.mp4"
    made.write_bytes(b"mezzanine")
    planted.row(1, delivery=Delivery(path=str(made), sha256="", facts=facts(frames=3000, rate=RATES["25"])))
    assert [found.code for found in planted.check()] == ["RATE_CONVERTED"]


def test_an_hour_of_three_cameras_is_checked_within_a_second(tmp_path: Path) -> None:
    session, rows = recorded(tmp_path, frames=60 * 60 * 25)
    write_rows(tmp_path / "media", {row.path: row for row in rows})
    events = tuple(
        Event(camera=CAMERAS[i % 3], source_in=90 * i, length=90, record_in=90 * i) for i in range(1000)
    )
    cues = tuple(Cue(start=2000 * i, end=2000 * i + 1900, text=f"Line {i}") for i in range(1750))
    assert session.current is not None
    edl = replace(session.current.edl, events=events, captions=(CaptionTrack(language="en", cues=cues),))
    began = time.process_time()
    known = read_rows(tmp_path / "media")
    again: Session = attach(session, known)
    revision = replace(session.current, edl=edl)
    found = preflight(
        again, revision, rows=known, surroundings=Surroundings(templates=BUILT_IN), locked=False
    )
    assert time.process_time() - began < 1
    assert found == []


def test_an_assets_files_follow_one_another() -> None:
    rate = RATES["25"]
    files = tuple(
        MediaFile(path=name, facts=facts(frames=count, rate=rate)) for name, count in (("a", 10), ("b", 5))
    )
    asset = Asset(camera="A", files=files)
    assert asset.frames == 15
    assert [asset.locate(frame) for frame in (0, 9, 10, 14)] == [(0, 0), (0, 9), (1, 0), (1, 4)]
    for outside in (-1, 15):
        with pytest.raises(IndexError):
            asset.locate(outside)
