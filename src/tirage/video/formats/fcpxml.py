"""FCPXML (`.fcpxml` of Final Cut Pro X, Resolve), read only, each fault with its line.
Times are fractions of a second; a multicam clip's angle is a camera.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from tirage.media.notes import Notes
from tirage.media.rates import Rate
from tirage.video.findings import tell
from tirage.video.formats.names import marker_of, source_name
from tirage.video.formats.track import Transition, events_of
from tirage.video.formats.xml_tree import Node, parse_xml
from tirage.video.limits import MAX_EVENTS, MAX_FRAMES, MAX_MARKERS
from tirage.video.timeline import Clock, Edl, Event, Marker

__all__ = ["read"]

TIME = re.compile(r"(-?\d{1,18})(?:/(\d{1,12}))?s", re.ASCII)
CLIPS = {"asset-clip", "clip", "mc-clip", "video", "ref-clip", "sync-clip", "title"}
HOLDERS = {"clip", "sync-clip", "spine", "mc-angle"}
"""Elements whose clip stands inside."""


def read(data: bytes, notes: Notes, rate: Rate | None = None) -> Edl | None:
    """An EDL by its sources' timecodes, from the file's first project; None after noting an error."""
    root = parse_xml(data, notes)
    if root is None:
        return None
    sequence = next((node for node in root.walk() if node.tag == "sequence"), None)
    spine = sequence.find("spine") if sequence else None
    if root.tag != "fcpxml" or sequence is None or spine is None:
        tell(notes, "NO_EVENTS", f"line {root.line}", "There is no sequence with a spine in the file.")
        return None
    return _Reader(root, notes, rate).read(sequence, spine)


class _Reader:
    """One file being read."""

    def __init__(self, root: Node, notes: Notes, rate: Rate | None) -> None:
        self.notes = notes
        self.given = rate
        resources = root.find("resources")
        listed = resources.children if resources else []
        self.resources = {node.attributes.get("id", ""): node for node in listed}

    def read(self, sequence: Node, spine: Node) -> Edl | None:
        rate = self._rate(sequence)
        if rate is None:
            return None
        if len(spine.children) > MAX_EVENTS:
            self._tell("TOO_LARGE", spine, f"the spine has more than {MAX_EVENTS} items.")
            return None
        start = self._frames(sequence, "tcStart", rate)
        events = events_of(list(self._items(spine, start, rate)), self.notes)
        if not any(event.camera for event in events):
            self._tell("NO_EVENTS", spine, "the spine shows no clip.")
        edl = Edl(
            rate=rate,
            name=self._name(sequence),
            clock=Clock.SOURCE,
            start=start,
            drop=sequence.attributes.get("tcFormat") == "DF" and rate.drops,
            events=events,
            markers=tuple(self._markers(spine, rate))[:MAX_MARKERS],
        )
        return None if self.notes.failed else edl

    def _items(self, spine: Node, start: int, rate: Rate) -> Iterator[Event | Transition]:
        """Clips, gaps and transitions; what hangs on a clip in a lane of its own is not the programme."""
        place = 0
        for item in spine.children:
            length = self._frames(item, "duration", rate)
            if item.tag == "transition":
                before = place - (self._frames(item, "offset", rate) - start)
                if not 0 <= before <= length:
                    self._tell("DISSOLVE_WRONG", item, "the transition does not lie across a cut.")
                yield Transition(before, length - before, f"line {item.line}")
            elif item.tag in CLIPS | {"gap"}:
                if length < 1:
                    self._tell("REVERSED", item, f"the {item.tag} has no duration.")
                    continue
                yield self._event(item, place, length, rate)
                place += length
            else:
                self._tell("LINE_UNKNOWN", item, f"<{item.tag}> is left out.")

    def _event(self, item: Node, place: int, length: int, rate: Rate) -> Event:
        if any(node.tag == "timeMap" for node in item.children):
            self._tell("SPEED", item, "the clip does not run at 100 % speed.")
        if any("lane" in node.attributes for node in item.children):
            self._tell("TRACK_IGNORED", item, "what is connected to the clip is left out.")
        camera, source_in = (None, 0) if item.tag == "gap" else self._source(item, rate)
        return Event(
            camera=camera,
            source_in=source_in if camera is not None else 0,
            length=length,
            record_in=place,
            name=item.attributes.get("name", "")[:200],
            line=item.line,
        )

    def _source(self, item: Node, rate: Rate) -> tuple[str | None, int]:
        """The camera, and the timecode number that its clip begins with."""
        start = self._frames(item, "start", rate)
        match item.tag:
            case "mc-clip":
                return self._angle(item, start, rate)
            case "clip" | "sync-clip":
                inner = self._inside(item)
                if inner is not None:
                    camera, first = self._source(inner, rate)
                    return camera, first + start - self._frames(inner, "offset", rate)
            case "asset-clip" | "video":
                asset = self.resources.get(item.attributes.get("ref", ""))
                if asset is not None and asset.tag == "asset":
                    first = self._frames(asset, "start", rate)
                    return self._camera(asset), start if "start" in item.attributes else first
        code = "EDIT_UNKNOWN" if item.tag in {"title", "ref-clip"} else "SOURCE_MISSING"
        self._tell(code, item, f"<{item.tag}> does not lead to a media file.")
        return None, 0

    def _angle(self, item: Node, start: int, rate: Rate) -> tuple[str | None, int]:
        """The camera of a multicam clip: its angle's name, at the timecode of the clip in the angle."""
        media = self.resources.get(item.attributes.get("ref", ""))
        multicam = media.find("multicam") if media else None
        seen = (n.attributes for n in item.all("mc-source") if n.attributes.get("srcEnable") != "audio")
        angle_id = next(seen, {}).get("angleID")
        angles = list(multicam.all("mc-angle")) if multicam else []
        angle = next((node for node in angles if node.attributes.get("angleID") == angle_id), None)
        if multicam is None or angle is None:
            self._tell("SOURCE_MISSING", item, "the multicam clip names no angle that there is.")
            return None, 0
        for clip in angle.children:
            offset = self._frames(clip, "offset", rate)
            if clip.tag in CLIPS and offset <= start < offset + self._frames(clip, "duration", rate):
                camera, first = self._source(clip, rate)
                return angle.attributes.get("name", "")[:100] or camera, first + start - offset
        self._tell("SOURCE_MISSING", item, "the angle has nothing at that time.")
        return None, 0

    def _inside(self, item: Node) -> Node | None:
        """The clip that a holder holds."""
        for child in item.children:
            if child.tag in CLIPS and "lane" not in child.attributes:
                return child
            if child.tag == "spine" and "lane" not in child.attributes:
                return self._inside(child)
        return None

    def _camera(self, asset: Node) -> str | None:
        source = asset.attributes.get("src", "")
        media = asset.find("media-rep")
        source = source or (media.attributes.get("src", "") if media else "")
        camera = source_name(source) or asset.attributes.get("name", "")[:100]
        if not camera:
            self._tell("SOURCE_MISSING", asset, "the asset has neither a file nor a name.")
        return camera or None

    def _markers(self, spine: Node, rate: Rate) -> Iterator[Marker]:
        """Markers stand in clips, at times of the clip's source."""
        place = 0
        for item in spine.children:
            if item.tag == "transition":
                continue
            first = self._frames(item, "start", rate) if "start" in item.attributes else 0
            for node in item.children:
                if node.tag in {"marker", "chapter-marker"}:
                    frame = place + self._frames(node, "start", rate) - first
                    yield marker_of(max(frame, 0), 0, node.attributes.get("value", ""))
            place += self._frames(item, "duration", rate)

    def _rate(self, sequence: Node) -> Rate | None:
        shape = self.resources.get(sequence.attributes.get("format", ""))
        if shape is None or "frameDuration" not in shape.attributes:
            if self.given is None:
                self._tell("RATE_MISSING", sequence, "the sequence has no frame duration.")
            return self.given
        lasts = self._time(shape, "frameDuration")
        try:
            return Rate.of(1 / lasts)
        except (ValueError, ZeroDivisionError):
            self._tell("RATE_UNKNOWN", shape, f"there is no rate whose frames last {lasts} s.")
            return None

    def _name(self, sequence: Node) -> str:
        return sequence.attributes.get("name", "")[:200]

    def _frames(self, node: Node, key: str, rate: Rate) -> int:
        """A time in whole frames; 0 where it is not said."""
        frames = rate.frame_at(self._time(node, key)) if key in node.attributes else 0
        if abs(frames) > MAX_FRAMES:
            self._tell("NUMBER_WRONG", node, f"{key} is more than a day.")
            return 0
        return frames

    def _time(self, node: Node, key: str) -> Fraction:
        match = TIME.fullmatch(node.attributes[key].strip())
        if match is None or match[2] in {"0", "00"}:
            message = f"{key} must be a time like 1001/30000s, not {node.attributes[key][:30]!r}."
            self._tell("NUMBER_WRONG", node, message)
            return Fraction(0)
        return Fraction(int(match[1]), int(match[2] or 1))

    def _tell(self, code: str, node: Node, message: str) -> None:
        tell(self.notes, code, f"line {node.line}", f"Line {node.line}: {message}")
