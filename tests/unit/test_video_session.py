"""Sessions: their file, sync maps, conforming, locks and what changed between revisions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edits import programme, recorded, seen
from tirage.errors import BadInput
from tirage.media.notes import Notes
from tirage.media.rates import RATES, Rate
from tirage.video.conform import conform, to_sources
from tirage.video.diff import ChangeKind, diff
from tirage.video.formats import cmx3600, edl_json
from tirage.video.lock import lock_hash
from tirage.video.opening import open_session
from tirage.video.session import Asset, MediaFile, Session, SyncMap
from tirage.video.session_file import load_session
from tirage.video.timecode import parse_timecode
from tirage.video.timeline import Clock, Edl, Event, Format, Range

CUE = "1\n00:00:00,000 --> 00:00:01,000\nx\n\n"
SESSION: dict[str, Any] = {
    "tirage_session": 1,
    "id": "evening",
    "rate": "25",
    "master": "mix",
    "assets": [
        {"camera": "Left", "files": ["l1.mp4", "l2.mp4"], "sync": {"offset": "1/3", "drift": -12.5}},
        {"camera": "Right", "file": "r.mov", "start": "10:00:00:00", "lut": "look.cube"},
        {"camera": "mix", "file": "mix.wav", "focus": [{"x": 0.5, "y": 0.25}]},
    ],
    "edl": {
        "tirage_edl": 1,
        "rate": "25",
        "events": [{"camera": "Left", "source_in": 0, "source_out": 50, "record_in": 0}],
    },
}


PAGE = Path(__file__).resolve().parents[2] / "docs" / "video-session.md"


def test_the_documented_examples_are_right(tmp_path: Path) -> None:
    blocks = re.findall(r"^```\n(\{.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    session, edit = blocks
    (tmp_path / "edit.json").write_text(edit)
    notes = Notes()
    found = edl_json.read(edit.encode(), notes)
    assert notes.findings == []
    assert found is not None
    assert (found.length, found.ranges(Format.SHORT)) == (480, (Range(start=60, end=260),))
    assert found.ranges(Format.CLIP) == (Range(start=0, end=150),)
    (tmp_path / "cut.edl").write_text(
        "FCM: DROP FRAME\n001  Left  V  C  00:00:00;00 00:01:00;02 01:00:00;00 01:01:00;02\n"
    )
    (tmp_path / "evening.srt").write_text(CUE)
    (tmp_path / "session.json").write_text(session)
    read = open_session(tmp_path / "session.json")
    assert read.notes.findings == []
    assert read.session.current is not None
    assert read.session.current.edl.ranges(Format.SHORT) == (Range(start=300, end=1200),)


def saved(folder: Path, **changes: object) -> Path:
    path = folder / "session.json"
    path.write_text(json.dumps(SESSION | changes))
    return path


def test_a_session_is_read(tmp_path: Path) -> None:
    notes = Notes()
    session = load_session(saved(tmp_path), notes)
    assert session is not None, notes.findings
    left, right, mix = session.assets
    assert [Path(file.path).name for file in left.files] == ["l1.mp4", "l2.mp4"]
    assert Path(left.files[0].path).parent == tmp_path
    assert left.sync == SyncMap(offset=Fraction(1, 3), drift=Fraction(-25, 2))
    assert right.start == 10 * 3600 * 25
    assert (left.start, mix.focus[0].y) == (None, 0.25)
    assert session.current is not None
    assert session.current.edl.length == 50


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no version": ({"tirage_session": None}, "session.tirage_session"),
    "no rate": ({"rate": "12"}, "session.rate"),
    "no assets": ({"assets": []}, "session.assets"),
    "a path in the id": ({"id": "../x"}, "session.id"),
    "a key that is not known": ({"asets": []}, "session.asets"),
    "an offset of words": (
        {"assets": [{"camera": "A", "file": "a", "sync": {"offset": "soon"}}]},
        "session.assets[0].sync.offset",
    ),
    "an offset over nothing": (
        {"assets": [{"camera": "A", "file": "a", "sync": {"offset": "1/0"}}]},
        "session.assets[0].sync.offset",
    ),
    "a drift of a percent": (
        {"assets": [{"camera": "A", "file": "a", "sync": {"offset": 0, "drift": 20_000}}]},
        "session.assets[0].sync.drift",
    ),
    "no file": ({"assets": [{"camera": "A"}]}, "session.assets[0].file"),
    "a wrong start": ({"assets": [{"camera": "A", "file": "a", "start": "1:2"}]}, "session.assets[0].start"),
    "a focus outside": (
        {"assets": [{"camera": "A", "file": "a", "focus": [{"x": 2, "y": 0}]}]},
        "session.assets[0].focus[0].x",
    ),
    "a wrong event": (
        {"edl": {"tirage_edl": 1, "events": [{"camera": "A"}]}},
        "session.edl.events[0].record_in",
    ),
    "a lock that is none": ({"locked": "yes"}, "session.locked"),
}


@pytest.mark.parametrize(("changes", "where"), FAULTS.values(), ids=FAULTS)
def test_faults_are_named_by_their_place(changes: dict[str, Any], where: str, tmp_path: Path) -> None:
    notes = Notes()
    assert load_session(saved(tmp_path, **changes), notes) is None
    assert where in {found.where for found in notes.findings}, notes.findings


def test_an_edit_in_another_file_and_what_stands_beside_it(tmp_path: Path) -> None:
    (tmp_path / "cut.edl").write_text(
        "FCM: NON-DROP FRAME\n"
        "001  R     V  C  10:00:01:00 10:00:03:00 01:00:00:00 01:00:02:00\n"
        "002  LEFT  V  C  00:00:00:10 00:00:01:10 01:00:02:00 01:00:03:00\n"
    )
    (tmp_path / "en.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nHello <b>there</b>\n")
    path = saved(
        tmp_path,
        edl="cut.edl",
        captions=[{"language": "en", "file": "en.vtt"}],
        outputs={"short_9_16": [{"from": "01:00:01:00", "to": "01:00:02:00"}]},
    )
    session = open_session(path).session
    assert session.current is not None
    edl = session.current.edl
    assert [(event.camera, event.source_in) for event in edl.events] == [("Right", 25), ("Left", 2)]
    assert edl.clock is Clock.SESSION
    assert [(cue.start, cue.end, cue.text) for cue in edl.captions[0].cues] == [(1000, 2000, "Hello there")]
    assert len(edl.captions[0].sha256) == 64
    assert edl.ranges(Format.SHORT) == (Range(start=25, end=50),)


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("a.srt", "no captions at all", "CAPTIONS_UNREADABLE"),
        ("a.txt", CUE, "CAPTIONS_UNREADABLE"),
        ("a.srt", "1\n00:00:02,000 --> 00:00:01,000\nx\n", "CAPTION_REVERSED"),
        (
            "a.srt",
            "1\n00:00:00,000 --> 00:00:01,000\nx\n\n2\n00:00:0x,000 --> 00:00:03,000\ny\n",
            "CAPTIONS_LOST",
        ),
    ],
)
def test_faults_of_captions(name: str, text: str, code: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    notes = Notes()
    load_session(saved(tmp_path, captions=[{"language": "en", "file": name}]), notes)
    assert code in {found.code for found in notes.findings}


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        open_session(tmp_path / "nothing.json")
    with pytest.raises(BadInput) as refused:
        open_session(saved(tmp_path, rate="12"))
    assert refused.value.code == "INVALID_SESSION"
    assert refused.value.findings


maps = st.builds(
    SyncMap,
    offset=st.fractions(-100, 100, max_denominator=100_000),
    drift=st.fractions(-300, 300, max_denominator=100),
)


@given(maps, st.integers(0, 216_000), st.sampled_from(list(RATES.values())))
def test_a_frame_is_at_most_half_a_frame_from_its_time(sync: SyncMap, frame: int, rate: Rate) -> None:
    shown = sync.media_frame(frame, rate)
    wanted = sync.media_time(rate.seconds(frame)) * rate.fps
    assert abs(shown - wanted) <= Fraction(1, 2)


@given(st.fractions(-100, 100, max_denominator=1_000), st.integers(-1000, 216_000))
def test_without_drift_frames_go_there_and_back(offset: Fraction, frame: int) -> None:
    sync, rate = SyncMap(offset=offset), RATES["29.97"]
    assert sync.session_frame(sync.media_frame(frame, rate), rate) == frame


def test_half_a_frame_goes_there_and_back() -> None:
    sync, rate = SyncMap(offset=Fraction(1, 60)), RATES["30"]
    assert [sync.media_frame(frame, rate) for frame in (0, 1)] == [1, 2]
    assert [sync.session_frame(frame, rate) for frame in (1, 2)] == [0, 1]


@pytest.mark.parametrize(
    ("start", "address", "frame"),
    [
        (0, "23:59:59:24", -1),
        (0, "00:00:01:00", 25),
        (23 * 3600 * 25, "00:30:00:00", 90 * 60 * 25),
        (23 * 3600 * 25, "22:59:59:00", -25),
    ],
)
def test_timecode_goes_on_after_midnight(start: int, address: str, frame: int) -> None:
    shown = Event(camera="A", source_in=parse_timecode(address, RATES["25"]), length=10, record_in=0)
    edl = Edl(rate=RATES["25"], events=(shown,), clock=Clock.SOURCE)
    session = session_of(Asset(camera="A", files=(MediaFile(path="/x/a.mp4"),), start=start))
    assert conform(edl, session, Notes()).events[0].source_in == frame


def test_drift_repeats_or_leaves_out_single_frames() -> None:
    sync, rate = SyncMap(drift=Fraction(150)), RATES["30"]
    frames = [sync.media_frame(frame, rate) for frame in range(108_000)]
    steps = [after - before for before, after in pairwise(frames)]
    assert {*steps} == {1, 2}
    assert steps.count(2) == 16


def session_of(*assets: Asset) -> Session:
    return Session(id="x", rate=RATES["25"], assets=assets, master=assets[0].camera)


def test_conforming_and_back() -> None:
    edl = programme(RATES["25"])
    assets = [
        Asset(
            camera="cam a",
            files=(MediaFile(path="/x/1.mp4"),),
            start=89_000,
            sync=SyncMap(offset=Fraction(-4, 3)),
        ),
        Asset(camera="Left", files=(MediaFile(path="/x/b.mov"),), start=90_000),
        Asset(
            camera="C", files=(MediaFile(path="/x/3.mp4"),), start=90_000, sync=SyncMap(offset=Fraction(5))
        ),
    ]
    notes = Notes()
    found = conform(edl, session_of(*assets), notes)
    assert notes.findings == []
    assert {event.camera for event in found.events} <= {"cam a", "Left", "C", None}
    back = to_sources(found, session_of(*assets))
    assert [event.source_in for event in back.events] == [event.source_in for event in edl.events]


def test_names_that_could_mean_two_cameras_mean_none() -> None:
    cameras = ("Camera Left 1", "Camera Left 2")
    assets = [Asset(camera=name, files=(MediaFile(path=f"/x/{name}.mp4"),)) for name in cameras]
    text = b"001  CAMERA_L  V  C  00:00:00:00 00:00:01:00 00:00:00:00 00:00:01:00"
    edl = cmx3600.read(text, Notes(), RATES["25"])
    assert edl is not None
    notes = Notes()
    conform(edl, session_of(*assets), notes)
    assert [found.code for found in notes.findings] == ["CAMERA_UNKNOWN"]
    conform(edl, session_of(assets[0]), notes := Notes())
    assert notes.findings == []


@pytest.mark.rows("R165")
def test_the_lock_changes_with_what_is_seen_and_with_nothing_else(tmp_path: Path) -> None:
    session, _ = recorded(tmp_path)
    assert session.current is not None
    edl = session.current.edl
    base = lock_hash(session, edl, extras={})
    event = edl.events[0]

    def other(**changes: object) -> str:
        changed = replace(edl, events=(replace(event, **changes), *edl.events[1:]))
        return lock_hash(session, changed, extras={})

    def with_camera(**changes: object) -> str:
        first, second, third = session.assets
        changed = replace(session, assets=(first, replace(second, **changes), third))
        return lock_hash(changed, edl, extras={})

    assert other(name="other", line=99) == base
    assert lock_hash(session, replace(edl, name="other"), extras={}) == base
    assert base not in {other(source_in=1), other(length=999), other(gain=1.0), other(dissolve=3)}
    assert lock_hash(session, edl, extras={"font": "0" * 64}) != base
    file = session.assets[1].files[0]
    assert with_camera(files=(replace(file, path="/elsewhere/b.mp4"),)) == base
    assert with_camera(files=(replace(file, sha256="1" * 64),)) != base
    assert with_camera(sync=SyncMap(offset=Fraction(1, 1000))) != base


def cut(*shots: tuple[str, int, int]) -> Edl:
    events, place = [], 0
    for camera, source_in, length in shots:
        events.append(Event(camera=camera, source_in=source_in, length=length, record_in=place))
        place += length
    return Edl(rate=RATES["25"], events=tuple(events))


BASE = cut(("A", 0, 100), ("B", 100, 50), ("C", 150, 50))
CHANGES: dict[str, tuple[Callable[[], Edl], list[ChangeKind], int]] = {
    "nothing": (lambda: BASE, [], 0),
    "a trim that moves the rest": (
        lambda: cut(("A", 0, 95), ("B", 100, 50), ("C", 150, 50)),
        [ChangeKind.CHANGED],
        100,
    ),
    "a cut that is later": (
        lambda: cut(("A", 0, 105), ("B", 105, 45), ("C", 150, 50)),
        [ChangeKind.CHANGED, ChangeKind.CHANGED],
        5,
    ),
    "a shot less": (lambda: cut(("A", 0, 100), ("B", 100, 50)), [ChangeKind.REMOVED], 0),
    "a shot more": (
        lambda: cut(("A", 0, 100), ("B", 100, 50), ("C", 150, 50), ("A", 200, 10)),
        [ChangeKind.ADDED],
        10,
    ),
    "another camera": (
        lambda: cut(("A", 0, 100), ("C", 100, 50), ("C", 150, 50)),
        [ChangeKind.CHANGED],
        50,
    ),
}


@pytest.mark.parametrize(("new", "kinds", "frames"), CHANGES.values(), ids=CHANGES)
def test_what_a_revision_changes(new: Callable[[], Edl], kinds: list[ChangeKind], frames: int) -> None:
    found = diff(BASE, new())
    assert [change.kind for change in found.changes] == kinds
    assert found.frames == frames


def test_a_dissolve_changes_the_frames_it_covers() -> None:
    events = (*BASE.events[:1], replace(BASE.events[1], dissolve=10), *BASE.events[2:])
    assert diff(BASE, replace(BASE, events=events)).frames == 10


def test_an_edl_of_a_session_is_stored_as_json(tmp_path: Path) -> None:
    session, _ = recorded(tmp_path)
    assert session.current is not None
    notes = Notes()
    back = edl_json.read(edl_json.write(session.current.edl, notes), notes)
    assert back == session.current.edl
    assert seen(back) == seen(session.current.edl)
