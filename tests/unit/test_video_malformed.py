"""Malformed edits: each ends with a line or a place and a reason, never with another exception or a hang."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from random import Random

import pytest
from test_video_formats import CMX, DRP, FCPXML

from edits import programme
from tirage.errors import Severity
from tirage.media.notes import Notes
from tirage.media.rates import RATES
from tirage.video.formats.registry import FORMATS
from tirage.video.limits import MAX_EVENTS
from tirage.video.timeline import Edl

RATE = RATES["29.97"]
EACH = 60
"""Mutations of each format: 360 in all, of which at least 200 have to be refused."""
LONGEST_S = 2.0
PLACE = re.compile(r"line \d+|\[\d+\]|edl|otio|tracks|metadata|global_start_time|markers", re.IGNORECASE)


def sources() -> dict[str, bytes]:
    found = {".edl": CMX, ".fcpxml": FCPXML, ".drp": DRP}
    for ending in (".json", ".otio", ".xml"):
        write = FORMATS[ending].write
        assert write is not None
        found[ending] = write(programme(RATE, count=6), Notes())
    return found


def exchanged(data: bytes, random: Random, pattern: bytes, words: list[bytes]) -> bytes:
    """One of the places that match, with another word there."""
    places = [*re.finditer(pattern, data)]
    if not places:
        return data
    one = random.choice(places)
    return data[: one.start()] + random.choice(words) + data[one.end() :]


NUMBERS = [b"-1", b"0", b"99", b"1e999", b"9" * 30, b"NaN", b"", b"x"]
FAULTS: list[Callable[[bytes, Random, int], bytes]] = [
    lambda data, _, at: data[:at],
    lambda data, random, at: data[:at] + data[at + random.randint(1, 40) :],
    lambda data, random, at: data[:at] + bytes([random.randrange(256)]) + data[at + 1 :],
    lambda data, _, at: data + data[at : at + 5000],
    lambda data, _, at: data[:at] + data[at // 2 : at][:5000] + data[at:],
    lambda data, random, _: exchanged(data, random, rb"\d+", NUMBERS),
    lambda data, random, _: exchanged(data, random, rb"[A-Za-z_]{4,}", [b"null", b"[]", b"\xff\xfe"]),
    lambda data, random, _: data.replace(random.choice([b":", b'"', b"<", b" ", b"{"]), b"", 2),
    lambda data, random, at: data[:at] + b"\0" * random.randint(1, 3) + data[at:],
]


def mutated(data: bytes, random: Random) -> bytes:
    """A few faults as files get them: cut off, bytes lost, doubled, changed; numbers and words exchanged."""
    for _ in range(random.randint(1, 4)):
        data = random.choice(FAULTS)(data, random, random.randrange(len(data) + 1)) or b" "
    return data


def judged(ending: str, data: bytes) -> tuple[Edl | None, Notes]:
    notes, began = Notes(), time.process_time()
    edl = FORMATS[ending].read(data, notes, RATE)
    assert time.process_time() - began < LONGEST_S
    return edl, notes


def test_hundreds_of_damaged_edits_give_a_place_and_a_reason() -> None:
    random, refused = Random(20_260_701), 0  # noqa: S311 – for tests
    for ending, data in sources().items():
        assert judged(ending, data)[0] is not None
        for _ in range(EACH):
            edl, notes = judged(ending, mutated(data, random))
            errors = [found for found in notes.findings if found.severity is Severity.ERROR]
            if edl is None:
                refused += 1
                assert errors, ending
                assert all(found.message and found.hint is not None for found in errors)
                assert any(PLACE.search(f"{found.where} {found.message}") for found in errors), errors
            else:
                assert not errors
                assert all(event.length > 0 and event.record_in >= 0 for event in edl.events)
    assert refused >= 200


HEAD = "FCM: NON-DROP FRAME\n"
GOOD = "001  A  V  C  00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00\n"
CMX_FAULTS = {
    "reversed source": (HEAD + "001 A V C 00:00:02:00 00:00:01:00 01:00:00:00 01:00:01:00", "REVERSED"),
    "reversed record": (HEAD + "001 A V C 00:00:01:00 00:00:02:00 01:00:01:00 01:00:00:00", "REVERSED"),
    "both reversed": (HEAD + "001 A V C 00:00:02:00 00:00:01:00 01:00:01:00 01:00:00:00", "REVERSED"),
    "other lengths": (HEAD + "001 A V C 00:00:00:00 00:00:01:00 01:00:00:00 01:00:02:00", "SPEED"),
    "slow motion": (HEAD + GOOD + "M2   A   012.5   00:00:00:00", "SPEED"),
    "freeze frame": (HEAD + GOOD + "M2   A   000.0   00:00:00:00", "SPEED"),
    "a key": (HEAD + "001 A V K 00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00", "EDIT_UNKNOWN"),
    "too long a dissolve": (HEAD + GOOD.replace("C ", "D 090 "), "DISSOLVE_WRONG"),
    "a dissolve of nothing": (HEAD + GOOD.replace("C ", "D "), "DISSOLVE_WRONG"),
    "a dropped number": ("FCM: DROP FRAME\n" + GOOD.replace("00:00:00:00", "00:01:00:00"), "TIMECODE_WRONG"),
    "frame 30": (HEAD + GOOD.replace("00:00:00:00", "00:00:00:30"), "TIMECODE_WRONG"),
    "hour 24": (HEAD + GOOD.replace("01:00:01:00", "24:00:01:00"), "TIMECODE_WRONG"),
    "three times": (HEAD + "001 A V C 00:00:00:00 00:00:01:00 01:00:00:00", "EVENT_WRONG"),
    "no event": (HEAD, "NO_EVENTS"),
    "nothing": ("", "NO_EVENTS"),
    "another language": (HEAD + "Ereignis eins\n" + GOOD.replace("V", "A"), "NO_EVENTS"),
    "an audio list": (HEAD + GOOD.replace("V  C", "AA C"), "NO_EVENTS"),
    "zero bytes": (HEAD + "\0" + GOOD, "NO_TEXT"),
    "a wrong locator": (HEAD + GOOD + "* LOC: 01:00:00:40 RED x", "TIMECODE_WRONG"),
}


@pytest.mark.parametrize(("text", "code"), CMX_FAULTS.values(), ids=CMX_FAULTS)
def test_faults_of_lists_are_named(text: str, code: str) -> None:
    edl, notes = judged(".edl", text.encode())
    assert edl is None
    assert code in {found.code for found in notes.findings}


def test_a_list_without_a_rate_asks_for_it() -> None:
    notes = Notes()
    assert FORMATS[".edl"].read((HEAD + GOOD).encode(), notes) is None
    assert notes.findings[0].code == "RATE_MISSING"
    assert "--rate" in notes.findings[0].hint


def test_drop_frame_needs_its_rate() -> None:
    notes = Notes()
    assert FORMATS[".edl"].read(f"FCM: DROP FRAME\n{GOOD}".encode(), notes, RATES["25"]) is None
    assert {found.code for found in notes.findings} >= {"DROP_FRAME_RATE"}


def test_every_wrong_line_is_named() -> None:
    bad = GOOD.replace("00:00:01:00", "00:00:61:00")
    _, notes = judged(".edl", (HEAD + GOOD + bad + GOOD + bad).encode())
    assert [found.where for found in notes.findings if found.code == "TIMECODE_WRONG"] == ["line 3", "line 5"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
def test_encodings_of_windows_are_read(encoding: str) -> None:
    text = f"TITLE: Soirée\r\n{HEAD}{GOOD}".encode(encoding)
    edl, notes = judged(".edl", text)
    assert edl is not None, notes.findings
    assert edl.name == "Soirée"


def test_a_million_lines_are_refused_in_time() -> None:
    _, notes = judged(".edl", GOOD.encode() * 1_000_000)
    assert [found.code for found in notes.findings] == ["TOO_LARGE"]


def test_more_events_than_a_programme_has_are_refused() -> None:
    text = "".join(
        f"{i:06} A V C 00:00:00:00 00:00:00:01 00:00:00:00 00:00:00:01\n" for i in range(MAX_EVENTS + 5)
    )
    _, notes = judged(".edl", text.encode())
    assert notes.findings[-1].code == "TOO_LARGE"


XML_FAULTS = {
    "a billion laughs": (
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><xmeml>&b;</xmeml>',
        "XML_WRONG",
    ),
    "another file": (
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xmeml>&a;</xmeml>',
        "XML_WRONG",
    ),
    "nesting": (b"<xmeml>" + b"<a>" * 100_000, "XML_WRONG"),
    "no sequence": (b"<xmeml/>", "NO_EVENTS"),
    "another kind": (b"<html><sequence/></html>", "NO_EVENTS"),
    "an encoding that is none": (b'<?xml version="1.0" encoding="klingon"?><xmeml/>', "XML_WRONG"),
    "no rate": (b"<xmeml><sequence><media><video><track/></video></media></sequence></xmeml>", "NO_EVENTS"),
}


@pytest.mark.parametrize(("data", "code"), XML_FAULTS.values(), ids=XML_FAULTS)
@pytest.mark.parametrize("ending", [".xml", ".fcpxml"])
def test_hostile_xml(ending: str, data: bytes, code: str) -> None:
    edl, notes = judged(ending, data)
    assert edl is None
    assert notes.findings[0].code == code
    assert notes.findings[0].where.startswith("line ")


@pytest.mark.parametrize("ending", [".json", ".otio"])
@pytest.mark.parametrize(
    "data", [b"[" * 200_000, b'{"a":' * 50_000, b"nope", b"\xff\xfe", b"[]", b"3", b"null"]
)
def test_hostile_json(ending: str, data: bytes) -> None:
    edl, notes = judged(ending, data)
    assert edl is None
    assert notes.findings


@pytest.mark.parametrize("schema", ["Timeline.1", "Nonsense.1", "Clip.99", "SerializableCollection.1"])
def test_libraries_refusals_are_translated(schema: str) -> None:
    edl, notes = judged(".otio", f'{{"OTIO_SCHEMA": "{schema}"}}'.encode())
    assert edl is None
    assert notes.findings
