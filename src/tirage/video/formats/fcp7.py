"""Final Cut Pro 7 XML (`.xml`), both ways, each fault with its line: what Premiere and Resolve exchange.
The picture's first track is the programme; `start` and `end` of −1 mean that a transition decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

from tirage.media.notes import Notes
from tirage.media.rates import Rate
from tirage.video.findings import tell
from tirage.video.formats.names import marker_of, source_name
from tirage.video.formats.xml_tree import Node, parse_xml
from tirage.video.limits import MAX_EVENTS, MAX_FRAMES, MAX_MARKERS
from tirage.video.timecode import format_timecode, frames_of_day, parse_timecode
from tirage.video.timeline import Clock, Edl, Event, Marker, MarkerKind

__all__ = ["read", "write"]

OPEN = -1
"""A clip's `start` or `end` that its transition decides."""
DISSOLVES = {"cross dissolve", "cross fade", "dissolve"}


def read(data: bytes, notes: Notes, rate: Rate | None = None) -> Edl | None:
    """An EDL by its sources' timecodes, from the file's first sequence; None after noting an error."""
    root = parse_xml(data, notes)
    if root is None:
        return None
    sequence = next((node for node in root.walk() if node.tag == "sequence"), None)
    if root.tag != "xmeml" or sequence is None:
        tell(notes, "NO_EVENTS", f"line {root.line}", "There is no sequence of Final Cut Pro 7 in the file.")
        return None
    return _Reader(root, notes, rate).read(sequence)


class _Reader:
    """One file being read."""

    def __init__(self, root: Node, notes: Notes, rate: Rate | None) -> None:
        self.notes = notes
        self.given = rate
        self.files: dict[str, Node] = {}
        for node in root.walk():
            if node.tag == "file" and node.children and "id" in node.attributes:
                self.files.setdefault(node.attributes["id"], node)

    def read(self, sequence: Node) -> Edl | None:
        rate = self._rate(sequence) or self.given
        if rate is None:
            self._tell("RATE_MISSING", sequence, "the sequence has no rate.")
            return None
        video = sequence.find("media", "video")
        tracks = list(video.all("track")) if video else []
        for track in tracks[1:]:
            if any(child.tag in {"clipitem", "generatoritem"} for child in track.children):
                self._tell("TRACK_IGNORED", track, "only the first track of pictures is read.")
        events = tuple(self._events(tracks[0], rate)) if tracks else ()
        if not any(event.camera for event in events):
            self._tell("NO_EVENTS", sequence, "the sequence shows no clip.")
        start, drop = self._timecode(sequence, rate)
        markers = [self._marker(node) for node in list(sequence.all("marker"))[:MAX_MARKERS]]
        edl = Edl(
            rate=rate,
            name=sequence.words("name")[:200],
            clock=Clock.SOURCE,
            start=start,
            drop=drop,
            events=events,
            markers=tuple(marker for marker in markers if marker),
        )
        return None if self.notes.failed else edl

    def _events(self, track: Node, rate: Rate) -> Iterator[Event]:
        items = [n for n in track.children if n.tag in {"clipitem", "generatoritem", "transitionitem"}]
        if len(items) > MAX_EVENTS:
            self._tell("TOO_LARGE", track, f"the track has more than {MAX_EVENTS} items.")
            return
        for index, item in enumerate(items):
            before = items[index - 1] if index else None
            after = items[index + 1] if index + 1 < len(items) else None
            if item.tag == "transitionitem":
                yield from self._fade_out(item, after)
            elif event := self._event(item, before, after, rate):
                yield event

    def _event(self, item: Node, before: Node | None, after: Node | None, rate: Rate) -> Event | None:
        """A clip; where a transition leads into it, it begins with that."""
        first, last = self._frames(item, "start"), self._frames(item, "end")
        head = self._span(before) if self._joins(before, first, after_cut=True) else None
        tail = self._span(after) if self._joins(after, last, after_cut=False) else None
        start, end = head[0] if head else first, tail[0] if tail else last
        if start == OPEN or end == OPEN or end <= start:
            self._tell("REVERSED", item, "the clip's end is not after its start.")
            return None
        if self._slow(item):
            self._tell("SPEED", item, "the clip does not run at 100 % speed.")
            return None
        early = first - start if first != OPEN else 0
        source_in = self._frames(item, "in") - early
        self._check_length(item, self._frames(item, "out") - source_in, end - start, tail)
        dissolve = head[1] - head[0] if head else 0
        if dissolve > end - start:
            self._tell("DISSOLVE_WRONG", item, "the transition into the clip is longer than the clip.")
        camera, file_start = self._source(item, rate)
        return Event(
            camera=camera,
            source_in=file_start + source_in if camera is not None else 0,
            length=end - start,
            record_in=start,
            dissolve=min(dissolve, end - start),
            name=item.words("name")[:200],
            line=item.line,
        )

    def _span(self, node: Node | None) -> tuple[int, int]:
        return self._frames(node, "start"), self._frames(node, "end")

    def _joins(self, transition: Node | None, edge: int, *, after_cut: bool) -> bool:
        """Whether a transition lies over a clip's edge: the clip leaves that open, or it is inside."""
        if transition is None or transition.tag != "transitionitem":
            return False
        start, end = self._span(transition)
        return edge == OPEN or (start <= edge < end if after_cut else start < edge <= end)

    def _check_length(self, item: Node, source: int, shown: int, tail: tuple[int, int] | None) -> None:
        """`out` may reach over the transition that follows."""
        handle = tail[1] - tail[0] if tail else 0
        if not shown <= source <= shown + handle:
            self._tell("SPEED", item, f"{source} frames of the source are shown in {shown}.")

    def _fade_out(self, item: Node, after: Node | None) -> Iterator[Event]:
        """A transition that leads to no clip fades to black."""
        self._check_kind(item)
        start, end = self._span(item)
        leads = after is not None and self._joins(item, self._frames(after, "start"), after_cut=True)
        if not leads and end > start:
            length = end - start
            yield Event(
                camera=None, source_in=0, length=length, record_in=start, dissolve=length, line=item.line
            )

    def _check_kind(self, item: Node) -> None:
        name = item.words("effect", "name") or item.words("effect", "effectid")
        if name.casefold() not in DISSOLVES:
            self._tell("TRANSITION_UNKNOWN", item, f"the transition {name[:40]!r} becomes a dissolve.")

    def _slow(self, item: Node) -> bool:
        for effect in (node for node in item.walk() if node.tag == "effect"):
            if effect.words("effectid") == "timeremap":
                for parameter in effect.all("parameter"):
                    if parameter.words("parameterid") == "speed":
                        return parameter.words("value") not in {"100", "100.0"}
        return False

    def _source(self, item: Node, rate: Rate) -> tuple[str | None, int]:
        """The camera, and the timecode number of its file's first frame."""
        file = item.find("file")
        if file is None:
            if item.tag == "generatoritem" or item.find("sequence"):
                message = "generators and nested sequences are not rendered."
                self._tell("EDIT_UNKNOWN", item, message)
            else:
                self._tell("SOURCE_MISSING", item, "the clip names no file.")
            return None, 0
        file = file if file.children else self.files.get(file.attributes.get("id", ""), file)
        path = unquote(urlsplit(file.words("pathurl")[:2000]).path) if _is_url(file) else ""
        name = source_name(path) or source_name(file.words("name")) or item.words("name")
        if not name:
            self._tell("SOURCE_MISSING", item, "the clip's file has no name.")
        return name[:100] or None, self._timecode(file, rate)[0]

    def _timecode(self, node: Node, rate: Rate) -> tuple[int, bool]:
        """A timecode element as a number, and whether it is drop-frame."""
        timecode = node.find("timecode")
        if timecode is None:
            return 0, False
        drop = timecode.words("displayformat") == "DF" and rate.drops
        if timecode.words("frame"):
            return self._frames(timecode, "frame"), drop
        try:
            return parse_timecode(timecode.words("string"), rate, drop=drop or None), drop
        except ValueError as error:
            self._tell("TIMECODE_WRONG", timecode, f"{error}.")
            return 0, drop

    def _rate(self, node: Node) -> Rate | None:
        found = node.find("rate")
        if found is None:
            return None
        base = self._frames(found, "timebase")
        ntsc = found.words("ntsc").upper() == "TRUE"
        try:
            return Rate.of(Fraction(base * 1000, 1001) if ntsc else Fraction(base))
        except ValueError:
            self._tell("RATE_UNKNOWN", found, f"there is no rate of {base}{' NTSC' if ntsc else ''}.")
            return None

    def _frames(self, node: Node | None, tag: str) -> int:
        """A number of frames; 0 after noting that it is none."""
        word = node.words(tag) if node else ""
        try:
            number = int(word)
        except ValueError:
            number = MAX_FRAMES + 1
        if node and not OPEN <= number <= MAX_FRAMES:
            self._tell("NUMBER_WRONG", node, f"<{tag}> must be a number of frames, not {word[:20]!r}.")
            return 0
        return number

    def _marker(self, node: Node) -> Marker | None:
        first = self._frames(node, "in")
        after = self._frames(node, "out") if node.find("out") else OPEN
        return marker_of(first, max(after - first, 0), node.words("name")) if first >= 0 else None

    def _tell(self, code: str, node: Node, message: str) -> None:
        tell(self.notes, code, f"line {node.line}", f"Line {node.line}: {message}")


def _is_url(file: Node) -> bool:
    try:
        urlsplit(file.words("pathurl")[:2000])
    except ValueError:
        return False
    return True


def write(edl: Edl, notes: Notes) -> bytes:
    """A sequence that Premiere and Resolve read; what the format cannot hold is noted."""
    for kind, things in (
        ("graphics", edl.graphics),
        ("captions", edl.captions),
        ("outputs", edl.outputs),
        ("gain", [event for event in edl.events if event.gain]),
    ):
        if things:
            tell(notes, "NOT_IN_FORMAT", "edl", f"Tirage writes no {kind} into XML of Final Cut Pro 7.")
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<!DOCTYPE xmeml>", '<xmeml version="5">']
    lines += [*_sequence(edl), "</xmeml>"]
    return ("\n".join(lines) + "\n").encode()


def _sequence(edl: Edl) -> Iterator[str]:
    rate = f"<rate><timebase>{edl.rate.nominal}</timebase><ntsc>{_truth(edl.rate)}</ntsc></rate>"
    yield f'<sequence id="sequence-1"><name>{escape(edl.name or "Programme")}</name>'
    yield f"<duration>{edl.length}</duration>{rate}{_timecode_element(edl, edl.start, rate)}"
    for marker in edl.markers:
        if marker.kind is not MarkerKind.NOTE:
            after = marker.frame + marker.length if marker.length else OPEN
            place = f"<in>{marker.frame}</in><out>{after}</out>"
            yield f"<marker><name>{escape(marker.name)}</name>{place}</marker>"
    yield "<media><video><track>"
    yield from _items(edl, rate)
    yield "</track></video></media></sequence>"


def _items(edl: Edl, rate: str) -> Iterator[str]:
    files: dict[str, int] = {}
    first = _source_starts(edl)
    for index, event in enumerate(edl.events):
        after = edl.events[index + 1] if index + 1 < len(edl.events) else None
        handle = after.dissolve if after and after.record_in == event.record_out else 0
        if event.dissolve:
            place = f"<start>{event.record_in}</start><end>{event.record_in + event.dissolve}</end>"
            alignment = "end-black" if event.camera is None else "start"
            effect = "<effect><name>Cross Dissolve</name><effectid>Cross Dissolve</effectid>"
            effect += "<effecttype>transition</effecttype><mediatype>video</mediatype></effect>"
            yield f"<transitionitem>{rate}{place}<alignment>{alignment}</alignment>{effect}</transitionitem>"
        if event.camera is None:
            continue
        start = OPEN if event.dissolve else event.record_in
        end = OPEN if handle else event.record_out
        yield f'<clipitem id="clipitem-{index + 1}"><name>{escape(event.name or event.camera)}</name>'
        yield f"<duration>{event.length + handle}</duration>{rate}<start>{start}</start><end>{end}</end>"
        yield f"<in>{event.source_in - first[event.camera]}</in>"
        yield f"<out>{event.source_out + handle - first[event.camera]}</out>"
        yield f"{_file(edl, event.camera, first[event.camera], rate, files)}</clipitem>"


def _source_starts(edl: Edl) -> dict[str, int]:
    """The first frame of each source: 0, or earlier where it is shown earlier; `in` must not be negative."""
    starts: dict[str, int] = {}
    for event in edl.events:
        if event.camera is not None:
            starts[event.camera] = min(starts.get(event.camera, 0), event.source_in)
    return starts


def _file(edl: Edl, camera: str, first: int, rate: str, files: dict[str, int]) -> str:
    """A source in full where it is first used, later by its number."""
    if camera in files:
        return f'<file id="file-{files[camera]}"/>'
    files[camera] = len(files) + 1
    timecode = _timecode_element(edl, first, rate)
    name = f"<name>{escape(camera)}</name>"
    return f'<file id="file-{files[camera]}">{name}{rate}{timecode}<media><video/></media></file>'


def _timecode_element(edl: Edl, number: int, rate: str) -> str:
    number %= frames_of_day(edl.rate, drop=edl.drop)
    text = format_timecode(number, edl.rate, drop=edl.drop)
    mode = "DF" if edl.drop else "NDF"
    return (
        f"<timecode>{rate}<string>{text}</string><frame>{number}</frame>"
        f"<displayformat>{mode}</displayformat></timecode>"
    )


def _truth(rate: Rate) -> str:
    return "FALSE" if rate.fps.denominator == 1 else "TRUE"
