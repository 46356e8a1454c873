"""Formats of edits: written and read again, and exchanged with OpenTimelineIO's adapters."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import opentimelineio as library
import pytest

from edits import programme, seen
from tirage.errors import BadInput, Severity
from tirage.media.notes import Notes
from tirage.media.rates import RATES, Rate
from tirage.video.findings import KINDS
from tirage.video.formats import atem, cmx3600, fcp7, fcpxml, otio
from tirage.video.formats.registry import FORMATS, format_of
from tirage.video.timeline import (
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

WRITTEN = {ending: one for ending, one in FORMATS.items() if one.write}
ALL_RATES = pytest.mark.parametrize("rate", RATES.values(), ids=RATES)


def written(ending: str, edl: Edl) -> tuple[bytes, Notes]:
    notes, write = Notes(), FORMATS[ending].write
    assert write is not None
    return write(edl, notes), notes


def read(ending: str, data: bytes, rate: Rate | None = None) -> Edl:
    notes = Notes()
    edl = FORMATS[ending].read(data, notes, rate)
    assert edl is not None, notes.findings
    return edl


@pytest.mark.rows("G-8")
@ALL_RATES
@pytest.mark.parametrize("ending", WRITTEN)
def test_an_edit_comes_back(ending: str, rate: Rate) -> None:
    for seed in range(4):
        edl = programme(rate, seed=seed)
        data, notes = written(ending, edl)
        assert notes.findings == []
        assert seen(read(ending, data, rate)) == seen(edl)
        assert written(ending, edl)[0] == data


@ALL_RATES
def test_every_way_between_formats_keeps_the_edit(rate: Rate) -> None:
    edl = programme(rate, seed=9)
    for first in WRITTEN:
        for second in WRITTEN:
            once = read(first, written(first, edl)[0], rate)
            assert seen(read(second, written(second, once)[0], rate)) == seen(edl), (first, second)


def rich() -> Edl:
    return replace(
        programme(RATES["25"]),
        markers=(
            Marker(kind=MarkerKind.RANGE, frame=10, length=50, name="best"),
            Marker(kind=MarkerKind.THUMBNAIL, frame=70, name="look here"),
            Marker(kind=MarkerKind.NOTE, frame=80, length=5),
        ),
        graphics=(
            Graphic(
                template="title", fields=(("sub", ""), ("text", "A & B")), record_in=0, length=50, fade=5
            ),
        ),
        captions=(CaptionTrack(language="en", cues=(Cue(start=0, end=1000, text="Hello\nthere"),)),),
        outputs=(Output(format=Format.SHORT, ranges=(Range(start=0, end=40), Range(start=60, end=90))),),
    )


@pytest.mark.parametrize("ending", [".json", ".otio"])
def test_two_formats_hold_everything(ending: str) -> None:
    edl = rich()
    edl = replace(edl, events=(replace(edl.events[0], gain=-6.5), *edl.events[1:]))
    data, notes = written(ending, edl)
    back = read(ending, data)
    assert notes.findings == []
    assert (back.graphics, back.captions, back.outputs) == (edl.graphics, edl.captions, edl.outputs)
    assert back.markers == edl.markers
    assert back.events[0].gain == -6.5


@pytest.mark.parametrize("ending", [".edl", ".xml"])
def test_what_a_format_cannot_hold_is_said(ending: str) -> None:
    _, notes = written(ending, rich())
    assert {found.code for found in notes.findings} == {"NOT_IN_FORMAT"}
    assert len(notes.findings) == 3


def test_our_json_takes_timecodes_and_marker_names() -> None:
    text = b"""{"tirage_edl": 1, "rate": 29.97, "drop": true, "start": "01:00:00;00", "clock": "source",
      "events": [{"camera": "A", "source_in": "00:01:00;02", "source_out": "00:01:01;02",
                  "record_in": "01:00:00;00"},
                 {"record_in": 30, "record_out": "01:00:02;00"}],
      "markers": [{"kind": "range", "frame": "01:00:01;00", "length": 20, "name": "best"}],
      "outputs": {"clip_1_1": [{"marker": "best"}, {"from": 0, "to": 5}]}}"""
    edl = read(".json", text)
    assert edl.events[0] == Event(camera="A", source_in=1800, length=30, record_in=0)
    assert edl.events[1] == Event(camera=None, source_in=0, length=30, record_in=30)
    assert edl.ranges(Format.CLIP) == (Range(start=30, end=50), Range(start=0, end=5))
    assert edl.ranges(Format.SHORT) == (Range(start=0, end=60),)


def timeline_of(data: bytes, adapter: str) -> library.schema.Timeline:
    return library.adapters.read_from_string(data.decode(), adapter)


@ALL_RATES
def test_final_cut_xml_means_the_same_to_another_program(rate: Rate) -> None:
    edl = programme(rate, seed=3)
    timeline = timeline_of(written(".xml", edl)[0], "fcp_xml")
    theirs = library.adapters.write_to_string(timeline, "otio_json").encode()
    assert shots(read(".otio", theirs, rate)) == shots(edl)


@ALL_RATES
def test_final_cut_xml_of_another_program_is_read(rate: Rate) -> None:
    edl = programme(rate, seed=4)
    timeline = timeline_of(written(".otio", edl)[0], "otio_json")
    theirs = library.adapters.write_to_string(timeline, "fcp_xml").encode()
    assert shots(read(".xml", theirs)) == shots(edl)


@pytest.mark.parametrize("rate", [RATES["24"], RATES["25"], RATES["30"]], ids=["24", "25", "30"])
def test_cmx_means_the_same_to_another_program(rate: Rate) -> None:
    edl = programme(rate, seed=5)
    edl = replace(edl, events=tuple(event for event in edl.events if event.camera), markers=())
    text = written(".edl", edl)[0].decode()
    timeline = library.adapters.read_from_string(text, "cmx_3600", rate=float(rate.fps))
    theirs = library.adapters.write_to_string(timeline, "otio_json").encode()
    mine = [(shot.source_in, shot.length) for shot in edl.events if not shot.dissolve]
    found = [(shot.source_in, shot.length) for shot in read(".otio", theirs).events if shot.camera]
    assert set(mine[:-1]) <= set(found) | {mine[-1]}


def shots(edl: Edl) -> list[tuple[str | None, int, int, int, int]]:
    """Cameras with their places; what another program makes of black is not compared."""
    return [(e.camera, e.source_in, e.length, e.record_in, e.dissolve) for e in edl.events if e.camera]


CMX = b"""TITLE:   Evening
FCM: DROP FRAME

001  AX       V     C        00:00:59;29 00:01:00;06 01:00:00;00 01:00:00;05
* FROM CLIP NAME: wide.mov
M2   AX       029.9          00:00:59;29
002  BL       V     C        00:00:00;00 00:00:00;00 01:00:00;05 01:00:00;05
002  CAMERA_L B     D    003 00:00:10;00 00:00:10;20 01:00:00;05 01:00:00;25
* TO CLIP NAME: Camera Left 1
* SOURCE FILE: Z:\\left.mov
AUD  3 4
003  CAMERA_L A     C        00:00:10;00 00:00:10;20 01:00:00;05 01:00:00;25
004  CAMERA_R V     W002 004 00:00:10;00 00:00:10;20 01:00:00;25 01:00:01;15
* LOC: 01:00:00;25 RED     Second part
"""


def test_cmx_as_editors_write_it() -> None:
    notes = Notes()
    edl = cmx3600.read(CMX, notes)
    assert edl is not None, notes.findings
    assert (edl.rate.name, edl.drop, edl.name, edl.start) == ("29.97", True, "Evening", 107892)
    assert [(e.camera, e.source_in, e.length, e.record_in, e.dissolve, e.line) for e in edl.events] == [
        ("wide.mov", 1799, 5, 0, 0, 4),
        ("Camera Left 1", 300, 20, 5, 3, 8),
        ("CAMERA_R", 300, 20, 25, 4, 13),
    ]
    assert edl.markers == (Marker(kind=MarkerKind.CHAPTER, frame=25, name="Second part"),)
    assert {found.code for found in notes.findings} == {"SOUND_IGNORED", "TRANSITION_UNKNOWN"}


def test_cmx_over_midnight() -> None:
    text = b"""FCM: NON-DROP FRAME
001  A  V C  23:59:59:00 00:00:01:00 23:59:58:00 00:00:00:00
002  B  V C  00:00:01:00 00:00:02:00 00:00:00:00 00:00:01:00
"""
    edl = read(".edl", text, RATES["25"])
    assert [(e.record_in, e.length) for e in edl.events] == [(0, 50), (50, 25)]


def test_reels_of_long_names_are_told_apart() -> None:
    cameras = ("Camera Left 1", "Camera Left 2", "Camera Left 3")
    events = tuple(
        Event(camera=name, source_in=0, length=10, record_in=10 * i) for i, name in enumerate(cameras)
    )
    data, notes = written(".edl", Edl(rate=RATES["25"], events=events, clock=Clock.SOURCE))
    reels = [line.split()[1] for line in data.decode().splitlines() if line[:1].isdigit()]
    assert len({*reels}) == 3
    assert max(map(len, reels)) == 8
    assert [found.code for found in notes.findings] == ["NOT_IN_FORMAT"]


XMEML = b"""<?xml version="1.0"?><!DOCTYPE xmeml><xmeml version="4"><sequence id="s"><name>Cut</name>
<rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate><media><video><track>
<clipitem id="1"><name>one</name><start>0</start><end>100</end><in>10</in><out>115</out>
 <file id="f1"><name>A.mov</name><pathurl>file://localhost/x/A%20cam.mov</pathurl>
  <timecode><string>01:00:00:00</string><displayformat>NDF</displayformat></timecode></file></clipitem>
<transitionitem><start>95</start><end>105</end><alignment>center</alignment>
 <effect><name>Page Peel</name></effect></transitionitem>
<clipitem id="2"><name>two</name><start>100</start><end>150</end><in>200</in><out>250</out>
 <file id="f2"><pathurl>file:///x/B.mp4</pathurl></file></clipitem>
<clipitem id="3"><name>three</name><start>150</start><end>175</end><in>0</in><out>25</out>
 <file id="f1"/></clipitem></track>
<track><clipitem id="4"><start>0</start><end>5</end><in>0</in><out>5</out><file id="f1"/></clipitem></track>
</video></media></sequence></xmeml>
"""


def test_final_cut_xml_whose_clips_name_the_cut_itself() -> None:
    notes = Notes()
    edl = fcp7.read(XMEML, notes)
    assert edl is not None, notes.findings
    assert shots(edl) == [
        ("A cam", 90_010, 95, 0, 0),
        ("B", 195, 55, 95, 10),
        ("A cam", 90_000, 25, 150, 0),
    ]
    assert [(found.code, found.where) for found in notes.findings] == [
        ("TRACK_IGNORED", "line 12"),
        ("TRANSITION_UNKNOWN", "line 6"),
    ]


FCPXML = b"""<?xml version="1.0"?><!DOCTYPE fcpxml>
<fcpxml version="1.9"><resources>
 <format id="r1" frameDuration="1001/30000s" width="1920" height="1080"/>
 <asset id="a1" name="A" src="file:///media/A.mov" start="1001/1s" duration="60060/1000s" format="r1"/>
 <asset id="a2" name="B" start="0s" duration="60060/1000s"><media-rep src="file:///media/B.mp4"/></asset>
 <media id="m1"><multicam format="r1">
  <mc-angle name="Left" angleID="L">
   <asset-clip ref="a1" offset="0s" start="1001/1s" duration="6006/100s"/></mc-angle>
  <mc-angle name="Right" angleID="R">
   <asset-clip ref="a2" offset="1001/100s" start="0s" duration="6006/100s"/></mc-angle>
 </multicam></media></resources>
 <library><event><project><sequence format="r1" tcStart="36036/10s" tcFormat="DF" name="Evening"><spine>
  <asset-clip ref="a1" offset="36036/10s" name="one" start="1001/1s" duration="30030/30000s">
   <chapter-marker start="1002001/1000s" value="First"/></asset-clip>
  <transition name="Cross Dissolve" offset="108133025/30000s" duration="10010/30000s"/>
  <asset-clip ref="a2" offset="36046010/10000s" name="two" start="30030/30000s" duration="30030/30000s"/>
  <gap offset="0s" duration="10010/30000s"/>
  <mc-clip ref="m1" offset="0s" start="2002/100s" duration="20020/30000s">
   <mc-source angleID="R" srcEnable="video"/><mc-source angleID="L" srcEnable="audio"/></mc-clip>
 </spine></sequence></project></event></library></fcpxml>
"""


def test_fcpxml() -> None:
    notes = Notes()
    edl = fcpxml.read(FCPXML, notes)
    assert edl is not None, notes.findings
    assert (edl.rate.name, edl.drop, edl.start, edl.name) == ("29.97", True, 108000, "Evening")
    assert shots(edl)[0][:2] == ("A", 30000)
    cut = next(e for e in edl.events if e.camera == "B")
    assert (cut.record_in, cut.record_out, cut.source_in, cut.dissolve) == (25, 60, 25, 10)
    assert shots(edl)[-1] == ("Right", 300, 20, 70, 0)
    assert edl.markers[0].name == "First"
    assert notes.findings == []


CAMERAS = (
    '{"name":"Black","_index_":0},{"file":"ISO/Camera 1.mp4","_index_":1},{"name":"Camera 2","_index_":2}'
)
START = '"version":1,"masterTimecode":"10:00:00:00","videoMode":"1080p25"'
MIXING = '{"transitionActive":true,"transitionType":"Mix","_index_":0}'
DRP = "\n".join(
    (
        f'{{{START},"sources":[{CAMERAS}],"mixEffectBlocks":[{{"source":1,"_index_":0}}]}}',
        '{"masterTimecode":"10:00:04:00","mixEffectBlocks":[{"source":2,"_index_":0}]}',
        '{"masterTimecode":"10:00:05:00","downstreamKeys":[{"onAir":true}]}',
        f'{{"masterTimecode":"10:00:08:00","mixEffectBlocks":[{MIXING}]}}',
        '{"masterTimecode":"10:00:09:00","mixEffectBlocks":[{"source":1,"transitionActive":false,"_index_":0}]}',
        '{"masterTimecode":"10:00:11:00","mixEffectBlocks":[{"source":0,"_index_":0}]}',
        '{"masterTimecode":"10:00:12:00","mixEffectBlocks":[{"source":2,"_index_":1}]}',
        '{"masterTimecode":"10:00:13:00","mixEffectBlocks":[{"onAir":false,"_index_":0}]}',
    )
).encode()


def test_a_switchers_recording_is_an_edit() -> None:
    notes = Notes()
    edl = atem.read(DRP, notes)
    assert edl is not None, notes.findings
    assert [(e.camera, e.record_in, e.length, e.dissolve) for e in edl.events] == [
        ("Camera 1", 0, 100, 0),
        ("Camera 2", 100, 100, 0),
        ("Camera 1", 200, 75, 25),
        (None, 275, 50, 0),
    ]
    assert edl.events[1].source_in == 10 * 3600 * 25 + 100


def test_a_switchers_last_shot_needs_an_end() -> None:
    notes = Notes()
    lines = DRP.splitlines()
    edl = atem.read(b"\n".join(lines[:2]), notes)
    assert edl is not None
    assert len(edl.events) == 1
    assert [found.code for found in notes.findings] == ["END_UNKNOWN"]


def test_nested_timelines_and_speeds_are_refused() -> None:
    timeline = library.schema.Timeline()
    track = library.schema.Track(kind="Video")
    span = library.opentime.TimeRange(
        library.opentime.RationalTime(0, 25), library.opentime.RationalTime(50, 25)
    )
    slow = library.schema.Clip(
        name="a", source_range=span, effects=[library.schema.LinearTimeWarp(time_scalar=0.5)]
    )
    nested = library.schema.Stack(name="b", source_range=span)
    track.extend([slow, nested])
    timeline.tracks.append(track)
    notes = Notes()
    text = library.adapters.write_to_string(timeline, "otio_json")
    assert otio.read(text.encode(), notes) is None
    assert {found.code for found in notes.findings} == {"SPEED", "EDIT_UNKNOWN"}
    assert all(found.where.startswith("tracks[0]") for found in notes.findings)


def test_names_that_end_otherwise_are_refused() -> None:
    with pytest.raises(BadInput, match="ends with none of"):
        format_of(Path("edit.mp4"))
    assert format_of(Path("EDIT.EDL")).title == "CMX 3600"


def test_twenty_thousand_events_are_read_in_time() -> None:
    events = tuple(Event(camera="AB"[i % 2], source_in=i, length=25, record_in=25 * i) for i in range(20_000))
    edl = Edl(rate=RATES["25"], events=events, clock=Clock.SOURCE)
    for ending in (".edl", ".json"):
        data, _ = written(ending, edl)
        began = time.process_time()
        assert len(read(ending, data, edl.rate).events) == 20_000
        assert time.process_time() - began < 4, ending


def test_findings_have_a_severity_and_a_hint() -> None:
    assert all(kind.hint.endswith(".") and kind.severity in Severity for kind in KINDS.values())
