"""Tirage's own EDL as JSON, both ways: docs/video-session.md describes it.
Places can be written as frame numbers or as timecodes; it is written with frame numbers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from tirage.media.fields import Fields, parse
from tirage.media.notes import Notes
from tirage.media.rates import RATES, Rate
from tirage.video.findings import tell
from tirage.video.limits import MAX_CUES, MAX_EVENTS, MAX_FRAMES, MAX_GRAPHICS, MAX_MARKERS, MAX_TRACKS
from tirage.video.lock import Plain
from tirage.video.timecode import format_timecode, parse_timecode
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

__all__ = ["edl_extras", "edl_fields", "edl_value", "read", "read_rate", "with_extras", "write"]

VERSION = 1
CAMERA, CAMERA_MEANING = r"[^\x00-\x1f\x7f]{1,100}", "1 to 100 characters"
LANGUAGE, LANGUAGE_MEANING = r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", "a language like en or pt-BR"
NAME, NAME_MEANING = r"[^\x00-\x1f\x7f]{0,200}", "up to 200 characters"
LONGEST_TEXT = 2_000
QUIETEST, LOUDEST = -120.0, 24.0
"""Decibels."""


def read(data: bytes, notes: Notes, rate: Rate | None = None) -> Edl | None:
    """An EDL from JSON; None after noting an error."""
    value = parse(data, where="edl", notes=notes)
    return None if notes.failed else edl_fields(Fields(value, "edl", notes), rate)


def write(edl: Edl, notes: Notes) -> bytes:
    """An EDL as JSON, indented; the same EDL gives the same bytes. It holds everything: no notes."""
    del notes
    return (json.dumps(edl_value(edl), indent=2, ensure_ascii=False) + "\n").encode()


def read_rate(fields: Fields, key: str) -> Rate:
    """A rate by name, as text or number."""
    word = str(fields.value(key)) if fields.holds(key, int | float) else fields.text(key)
    try:
        return Rate.parse(word)
    except (ValueError, ZeroDivisionError):
        if word:
            message = f"{fields.at(key)} is {word[:20]!r}; there are {', '.join(RATES)}."
            tell(fields.notes, "RATE_UNKNOWN", fields.at(key), message)
        return RATES["25"]


def edl_fields(fields: Fields, rate: Rate | None = None) -> Edl | None:
    """An EDL from a JSON object; None after noting an error."""
    fields.integer("tirage_edl", VERSION, VERSION)
    rate = read_rate(fields, "rate") if rate is None or fields.has("rate") else rate
    drop = fields.has("drop") and fields.flag("drop")
    if drop and not rate.drops:
        tell(fields.notes, "DROP_FRAME_RATE", fields.at("drop"), f"{rate.name} has no drop-frame timecode.")
        return None
    start = _Places(rate, drop=drop, start=0).frame(fields, "start") if fields.has("start") else 0
    places = _Places(rate, drop=drop, start=start)
    clock = fields.text("clock", "session|source", "session or source") if fields.has("clock") else ""
    events = [_event(item, places) for item in fields.items("events", 1, MAX_EVENTS)]
    edl = Edl(
        rate=rate,
        name=fields.text("name", NAME, NAME_MEANING) if fields.has("name") else "",
        clock=Clock(clock or "session"),
        start=start,
        drop=drop,
        events=tuple(sorted(events, key=lambda event: event.record_in)),
        markers=tuple(_marker(item, places) for item in _items(fields, "markers", MAX_MARKERS)),
    )
    edl = _with_extras(fields, edl, places)
    fields.close()
    return None if fields.notes.failed else edl


def edl_extras(fields: Fields, edl: Edl) -> Edl:
    """An EDL with what other formats have no place for, from the object in which they keep it."""
    drop = fields.has("drop") and fields.flag("drop") and edl.rate.drops
    edl = with_extras(fields, replace(edl, drop=drop))
    fields.close()
    return edl


def with_extras(fields: Fields, edl: Edl) -> Edl:
    """An EDL with the graphics, captions and outputs that stand beside it, where any do."""
    return _with_extras(fields, edl, _Places(edl.rate, drop=edl.drop, start=edl.start))


def _with_extras(fields: Fields, edl: Edl, places: _Places) -> Edl:
    """What is there replaces what the EDL has."""
    if fields.has("graphics"):
        graphics = tuple(_graphic(item, places) for item in _items(fields, "graphics", MAX_GRAPHICS))
        edl = replace(edl, graphics=graphics)
    if fields.has("captions"):
        edl = replace(edl, captions=tuple(_captions(item) for item in _items(fields, "captions", MAX_TRACKS)))
    if fields.has("outputs"):
        edl = replace(edl, outputs=_outputs(fields, places, edl.markers))
    return edl


class _Places:
    """Reads places of the programme: a frame number from 0 on, or a timecode from `start` on."""

    def __init__(self, rate: Rate, *, drop: bool, start: int) -> None:
        self.rate, self.drop, self.start = rate, drop, start

    def frame(self, fields: Fields, key: str) -> int:
        """A frame of the programme."""
        if not fields.holds(key, str):
            return fields.integer(key, 0, MAX_FRAMES)
        return self._timecode(fields, key) - self.start

    def source(self, fields: Fields, key: str) -> int:
        """A frame of a source: its timecode counts from zero."""
        if not fields.holds(key, str):
            return fields.integer(key, -MAX_FRAMES, MAX_FRAMES)
        return self._timecode(fields, key)

    def span(self, fields: Fields, first: str, after: str) -> tuple[int, int]:
        """A place and a length of at least a frame."""
        start, end = self.frame(fields, first), self.frame(fields, after)
        _check_order(fields, after, start, end)
        return start, max(end - start, 1)

    def _timecode(self, fields: Fields, key: str) -> int:
        try:
            return parse_timecode(fields.text(key), self.rate, drop=self.drop or None)
        except ValueError as error:
            tell(fields.notes, "TIMECODE_WRONG", fields.at(key), f"{fields.at(key)}: {error}.")
            return 0


def _check_order(fields: Fields, key: str, start: int, end: int) -> None:
    if end <= start:
        tell(fields.notes, "REVERSED", fields.at(key), f"{fields.at(key)} is not after where it begins.")


def _items(fields: Fields, key: str, most: int) -> Sequence[Fields]:
    return fields.items(key, 0, most) if fields.has(key) else ()


def _event(fields: Fields, places: _Places) -> Event:
    camera = fields.text("camera", CAMERA, CAMERA_MEANING) if fields.has("camera") else None
    record_in = places.frame(fields, "record_in")
    if camera is None:
        source_in, length = 0, places.span(fields, "record_in", "record_out")[1]
    else:
        source_in, source_out = places.source(fields, "source_in"), places.source(fields, "source_out")
        _check_order(fields, "source_out", source_in, source_out)
        length = max(source_out - source_in, 1)
        if fields.has("record_out") and places.frame(fields, "record_out") - record_in != length:
            message = f"{fields.path} shows {length} frames of its source in another number of frames."
            tell(fields.notes, "SPEED", fields.path, message)
    event = Event(
        camera=camera,
        source_in=source_in,
        length=length,
        record_in=record_in,
        dissolve=fields.integer("dissolve", 0, MAX_FRAMES) if fields.has("dissolve") else 0,
        gain=fields.number("gain", QUIETEST, LOUDEST) if fields.has("gain") else 0.0,
        name=fields.text("name", NAME, NAME_MEANING) if fields.has("name") else "",
    )
    fields.close()
    return event


def _marker(fields: Fields, places: _Places) -> Marker:
    kind = fields.text("kind", "|".join(MarkerKind), f"one of {', '.join(MarkerKind)}")
    marker = Marker(
        kind=MarkerKind(kind) if kind else MarkerKind.NOTE,
        frame=places.frame(fields, "frame"),
        name=fields.text("name", NAME, NAME_MEANING) if fields.has("name") else "",
        length=fields.integer("length", 0, MAX_FRAMES) if fields.has("length") else 0,
    )
    fields.close()
    return marker


def _graphic(fields: Fields, places: _Places) -> Graphic:
    record_in, length = places.span(fields, "record_in", "record_out")
    texts = fields.pairs("fields") if fields.has("fields") else []
    for name, text in texts:
        if len(text) > LONGEST_TEXT:
            message = f"{fields.at('fields')}.{name[:40]} has more than {LONGEST_TEXT} characters."
            tell(fields.notes, "TEXT_TOO_LONG", fields.at("fields"), message)
    graphic = Graphic(
        template=fields.text("template"),
        fields=tuple(sorted(texts)),
        record_in=record_in,
        length=length,
        fade=fields.integer("fade", 0, MAX_FRAMES) if fields.has("fade") else 0,
    )
    fields.close()
    return graphic


def _captions(fields: Fields) -> CaptionTrack:
    """A track; one with a file has its cues read later (session_file.py)."""
    track = CaptionTrack(
        language=fields.text("language", LANGUAGE, LANGUAGE_MEANING),
        path=fields.text("file", r"[^\x00]{1,1000}", "a file") if fields.has("file") else "",
        sha256=fields.text("sha256", "[0-9a-f]{64}", "a sha256") if fields.has("sha256") else "",
        cues=tuple(_cue(item) for item in _items(fields, "cues", MAX_CUES)),
    )
    fields.close()
    return track


def _cue(fields: Fields) -> Cue:
    day = 24 * 3600 * 1000
    cue = Cue(
        start=fields.integer("start", 0, day),
        end=fields.integer("end", 0, day),
        text=fields.text("text", r"[^\x00]{1,2000}", "a text"),
    )
    _check_order(fields, "end", cue.start, cue.end)
    fields.close()
    return cue


def _outputs(fields: Fields, places: _Places, markers: Sequence[Marker]) -> tuple[Output, ...]:
    table = fields.fields("outputs")
    outputs = tuple(
        Output(
            format=kind,
            ranges=tuple(_range(item, places, markers) for item in table.items(kind, 0, MAX_MARKERS)),
        )
        for kind in Format
        if table.has(kind)
    )
    table.close()
    return outputs


def _range(fields: Fields, places: _Places, markers: Sequence[Marker]) -> Range:
    if not fields.has("marker"):
        start, length = places.span(fields, "from", "to")
        fields.close()
        return Range(start=start, end=start + length)
    name = fields.text("marker", NAME, NAME_MEANING)
    fields.close()
    for marker in markers:
        if marker.kind is MarkerKind.RANGE and marker.name == name and marker.length:
            return Range(start=marker.frame, end=marker.frame + marker.length)
    tell(fields.notes, "MARKER_MISSING", fields.path, f"There is no range marker {name!r} with a length.")
    return Range(start=0, end=1)


def edl_value(edl: Edl) -> dict[str, Plain]:
    """An EDL as a JSON object."""
    value: dict[str, Plain] = {"tirage_edl": VERSION, "rate": edl.rate.name}
    if edl.name:
        value["name"] = edl.name
    value["clock"] = edl.clock.value
    value["start"] = format_timecode(edl.start, edl.rate, drop=edl.drop)
    value["drop"] = edl.drop
    value["events"] = [_event_value(event) for event in edl.events]
    lists: dict[str, list[Plain]] = {
        "markers": [_marker_value(marker) for marker in edl.markers],
        "graphics": [_graphic_value(graphic) for graphic in edl.graphics],
        "captions": [_captions_value(track) for track in edl.captions],
    }
    value |= {key: items for key, items in lists.items() if items}
    if edl.outputs:
        value["outputs"] = {
            output.format.value: [{"from": each.start, "to": each.end} for each in output.ranges]
            for output in edl.outputs
        }
    return value


def _event_value(event: Event) -> Plain:
    value: dict[str, Plain] = {"name": event.name} if event.name else {}
    if event.camera is not None:
        value |= {"camera": event.camera, "source_in": event.source_in, "source_out": event.source_out}
    value |= {"record_in": event.record_in, "record_out": event.record_out}
    if event.dissolve:
        value["dissolve"] = event.dissolve
    if event.gain:
        value["gain"] = event.gain
    return value


def _marker_value(marker: Marker) -> Plain:
    value: dict[str, Plain] = {"kind": marker.kind.value, "frame": marker.frame}
    if marker.name:
        value["name"] = marker.name
    if marker.length:
        value["length"] = marker.length
    return value


def _graphic_value(graphic: Graphic) -> Plain:
    value: dict[str, Plain] = {"template": graphic.template}
    if graphic.fields:
        value["fields"] = dict(graphic.fields)
    value |= {"record_in": graphic.record_in, "record_out": graphic.record_out}
    if graphic.fade:
        value["fade"] = graphic.fade
    return value


def _captions_value(track: CaptionTrack) -> Plain:
    value: dict[str, Plain] = {"language": track.language}
    if track.path:
        value |= {"file": track.path}
    if track.sha256:
        value |= {"sha256": track.sha256}
    if track.cues and not track.path:
        value["cues"] = [{"start": cue.start, "end": cue.end, "text": cue.text} for cue in track.cues]
    return value
