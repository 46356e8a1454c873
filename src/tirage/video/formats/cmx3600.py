"""CMX 3600 edit decision lists (`.edl`), both ways, each fault with its line.
The format holds no rate: whoever reads one has to know it, unless the list says that it is drop-frame.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from tirage.media.notes import Notes
from tirage.media.rates import RATES, Rate
from tirage.video.findings import tell
from tirage.video.formats.names import marker_of
from tirage.video.formats.text import decode
from tirage.video.limits import MAX_EVENTS, MAX_MARKERS
from tirage.video.timecode import format_timecode, frames_of_day, parse_timecode
from tirage.video.timeline import Clock, Edl, Event, Marker, MarkerKind

__all__ = ["read", "write"]

BLACK = "BL"
AUXILIARY = {"AX", "UNKNOWN"}
"""Reels that name no source: the clip's name does."""
REEL_LENGTH = 8
MAX_LINES = 400_000
"""Twenty for each event that can be."""
NOON = 12 * 3600
"""Seconds: a stretch that wraps around midnight is shorter, a longer one is reversed."""
EVENT = re.compile(r"(\d{1,6})\s+(\S+)\s+(\S+)\s+(\S+)(?:\s+(\d{1,4}))?((?:\s+\S+){4})\s*", re.ASCII)
SPEED = re.compile(r"M2\s+(\S+)\s+(-?\d+(?:\.\d+)?)(?:\s+\S+)?\s*", re.ASCII)
LOCATOR = re.compile(r"\*\s*LOC:\s*(\S+)\s+(\w+)\s*(.*)")
CLIP_NAME = re.compile(r"\*\s*(FROM|TO) CLIP NAME:\s*(.*\S)\s*")
KNOWN = re.compile(r"\*|>>>|SPLIT:|AUD\b|FINAL CUT PRO REEL|DVE|TITLE:|FCM:|GPI|REEL", re.IGNORECASE)
"""How lines begin that change no picture."""
CUT, DISSOLVE = "C", "D"
SPEED_TOLERANCE = 0.2
"""Frames a second: lists write 29.97 as 029.9 or 030.0."""


def read(data: bytes, notes: Notes, rate: Rate | None = None) -> Edl | None:
    """An EDL by its sources' timecodes; None after noting an error."""
    text = decode(data, notes)
    return None if text is None else _Reader(notes, rate).read(text.splitlines())


def write(edl: Edl, notes: Notes) -> bytes:
    """A list that other programs read; what the format cannot hold is noted."""
    for kind, things in (
        ("graphics", edl.graphics),
        ("captions", edl.captions),
        ("outputs", edl.outputs),
        ("gain", [event for event in edl.events if event.gain]),
        ("names of reels over eight characters, but for comments", _long_reels(edl)),
    ):
        if things:
            tell(notes, "NOT_IN_FORMAT", "edl", f"A CMX 3600 list holds no {kind}.")
    return ("\n".join(_lines(edl)) + "\n").encode()


class _Reader:
    """One list being read, line by line."""

    def __init__(self, notes: Notes, rate: Rate | None) -> None:
        self.notes = notes
        self.rate = rate
        self.drop = False
        self.drops = False
        self.title = ""
        self.events: list[Event] = []
        self.reel = BLACK
        self.locators: list[tuple[int, str]] = []
        self.sound_only = 0
        self.number = 1
        self.take: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], None]], ...] = (
            (EVENT, self._event),
            (CLIP_NAME, self._clip_name),
            (SPEED, self._speed),
            (LOCATOR, self._locator),
            (re.compile(r"FCM:\s*(.*\S)\s*", re.IGNORECASE), self._mode),
            (re.compile(r"TITLE:\s*(.*\S)\s*", re.IGNORECASE), self._title),
        )

    def read(self, lines: list[str]) -> Edl | None:
        if len(lines) > MAX_LINES:
            self.number = MAX_LINES + 1
            self._tell("TOO_LARGE", f"The list has {len(lines)} lines; {MAX_LINES} are possible.")
            return None
        for self.number, line in enumerate(lines, 1):
            self._line(line.strip())
            if len(self.events) > MAX_EVENTS:
                self._tell("TOO_LARGE", f"The list has more than {MAX_EVENTS} events.")
                return None
        if self.sound_only:
            message = f"{self.sound_only} events are sound only; the sound is the session's master."
            tell(self.notes, "SOUND_IGNORED", "", message)
        if not self.events and not self.notes.failed:
            self._tell("NO_EVENTS", "the list ends without an event.")
        return None if self.notes.failed or self.rate is None else self._edl(self.rate)

    def _line(self, line: str) -> None:
        for pattern, take in self.take:
            if match := pattern.fullmatch(line):
                return take(match)
        if line[:1].isdecimal():
            return self._tell("EVENT_WRONG", f"{line[:60]!r} is no complete event.")
        if line and not KNOWN.match(line):
            return self._tell("LINE_UNKNOWN", f"{line[:60]!r} says nothing that is known.")
        return None

    def _tell(self, code: str, message: str) -> None:
        tell(self.notes, code, f"line {self.number}", f"Line {self.number}: {message}")

    def _title(self, match: re.Match[str]) -> None:
        self.title = match[1][:200]

    def _mode(self, match: re.Match[str]) -> None:
        mode = match[1].upper()
        if mode not in {"DROP FRAME", "NON-DROP FRAME", "NON DROP FRAME"}:
            return self._tell("LINE_UNKNOWN", f"{mode[:40]!r} is no frame count mode.")
        self.drop = mode == "DROP FRAME"
        self.drops |= self.drop
        if self.drop and self.rate is None:
            self.rate = RATES["29.97"]
        if self.drop and self.rate and not self.rate.drops:
            self._tell("DROP_FRAME_RATE", f"{self.rate.name} has no drop-frame timecode.")
        return None

    def _clip_name(self, match: re.Match[str]) -> None:
        """The source's full name, where the reel is only short for it."""
        if not self.events or (match[1] == "FROM" and self.events[-1].dissolve):
            return
        if self.reel in AUXILIARY or reel_of(match[2]) == self.reel:
            self.events[-1] = replace(self.events[-1], camera=match[2][:100])

    def _speed(self, match: re.Match[str]) -> None:
        if self.rate and abs(float(match[2]) - self.rate.nominal) > SPEED_TOLERANCE:
            self._tell("SPEED", f"{match[1][:20]} runs at {match[2]} frames a second.")

    def _locator(self, match: re.Match[str]) -> None:
        if self.rate is None or len(self.locators) >= MAX_MARKERS:
            return
        try:
            frame = parse_timecode(match[1], self.rate, drop=self.drop or None)
        except ValueError as error:
            self._tell("TIMECODE_WRONG", f"{error}.")
        else:
            self.locators.append((frame, match[3]))

    def _event(self, match: re.Match[str]) -> None:
        name, reel, channels, transition, length, times = match.groups()
        if self.rate is None:
            if not self.events:
                self._tell("RATE_MISSING", "a CMX 3600 list does not say its rate.")
            self.rate = RATES["30"]
        if not set(channels.upper()) & {"V", "B"}:
            self.sound_only += 1
            return
        places = self._places(times.split())
        if places is None:
            return
        source_in, source_length, record_in, record_length = places
        if source_length != record_length and reel != BLACK:
            message = f"{source_length} frames of {reel[:20]} are shown in {record_length}."
            self._tell("SPEED", message)
        dissolve = self._dissolve(transition.upper(), length, record_length)
        if record_length == 0:
            return
        event = Event(
            camera=None if reel == BLACK else reel[:100],
            source_in=0 if reel == BLACK else source_in,
            length=record_length,
            record_in=record_in,
            dissolve=dissolve,
            name=name,
            line=self.number,
        )
        self.events.append(event)
        self.reel = reel

    def _places(self, times: list[str]) -> tuple[int, int, int, int] | None:
        """Source in and length, record in and length; None after noting what is wrong."""
        assert self.rate is not None  # noqa: S101 – _event has set it
        numbers = []
        for time in times:
            try:
                numbers.append(parse_timecode(time, self.rate, drop=self.drop or None))
            except ValueError as error:
                self._tell("TIMECODE_WRONG", f"{error}.")
                return None
        self.drops |= ";" in times[2]
        day = frames_of_day(self.rate, drop=self.drops and self.rate.drops)
        lengths = [(numbers[1] - numbers[0]) % day, (numbers[3] - numbers[2]) % day]
        for length, first, after in zip(lengths, times[::2], times[1::2], strict=True):
            if length > NOON * self.rate.nominal:
                self._tell("REVERSED", f"{after} is before {first}.")
                return None
        return numbers[0], lengths[0], numbers[2], lengths[1]

    def _dissolve(self, transition: str, length: str | None, shown: int) -> int:
        """Frames of the transition at an event's beginning."""
        if transition == CUT:
            return 0
        if not re.fullmatch(r"D|W\d{3}", transition):
            self._tell("EDIT_UNKNOWN", f"{transition[:20]!r} is neither a cut nor a dissolve.")
            return 0
        frames = int(length or 0)
        if not 0 < frames <= shown:
            self._tell("DISSOLVE_WRONG", f"a transition of {frames} frames in an event of {shown}.")
            return 0
        if transition != DISSOLVE:
            self._tell("TRANSITION_UNKNOWN", f"the wipe {transition} becomes a dissolve.")
        return frames

    def _edl(self, rate: Rate) -> Edl:
        """The events in the programme's order; over 12 hours before the first is after midnight."""
        first = self.events[0].record_in
        day, half = frames_of_day(rate, drop=self.drops and rate.drops), NOON * rate.nominal

        def placed(frame: int) -> int:
            return frame - first + (day if frame < first - half else 0)

        moved = [replace(event, record_in=placed(event.record_in)) for event in self.events]
        start = min(event.record_in for event in moved)
        events = [replace(event, record_in=event.record_in - start) for event in moved]
        return Edl(
            rate=rate,
            name=self.title,
            clock=Clock.SOURCE,
            start=first + start,
            drop=self.drops and rate.drops,
            events=tuple(sorted(events, key=lambda event: (event.record_in, event.line))),
            markers=tuple(_markers((placed(frame) - start, name) for frame, name in self.locators)),
        )


def _markers(locators: Iterable[tuple[int, str]]) -> Iterator[Marker]:
    for frame, name in locators:
        if frame >= 0:
            yield marker_of(frame, 0, name)


def reel_of(camera: str) -> str:
    """A camera's name as a reel: eight letters, digits and low lines, in capitals."""
    return re.sub(r"[^A-Z0-9_]", "_", camera.upper())[:REEL_LENGTH]


def _reels(edl: Edl) -> dict[str | None, str]:
    """A reel for each camera, no two the same."""
    reels: dict[str | None, str] = {None: BLACK}
    for event in edl.events:
        if event.camera is not None and event.camera not in reels:
            reel, number = reel_of(event.camera), 2
            while reel in reels.values() or reel in AUXILIARY:
                reel = f"{reel_of(event.camera)[: REEL_LENGTH - 3]}{number:03}"
                number += 1
            reels[event.camera] = reel
    return reels


def _long_reels(edl: Edl) -> list[str]:
    """Cameras that the comment with the clip's name cannot bring back."""
    return [
        camera for camera, reel in _reels(edl).items() if camera and reel not in {camera, reel_of(camera)}
    ]


def _lines(edl: Edl) -> Iterator[str]:
    yield f"TITLE: {edl.name}".rstrip()
    yield f"FCM: {'DROP FRAME' if edl.drop else 'NON-DROP FRAME'}"
    reels = _reels(edl)
    before: Event | None = None
    for number, event in enumerate(edl.events, 1):
        head = f"{number:03}  {reels[event.camera]:8} V     "
        if event.dissolve:
            touches = before is not None and before.record_out == event.record_in
            reel, source = (reels[before.camera], before.source_out) if before and touches else (BLACK, 0)
            times = _times(edl, source, event.record_in, 0)
            yield f"{number:03}  {reel:8} V     C        {times}"
        kind = f"D    {event.dissolve:03}" if event.dissolve else "C       "
        yield f"{head}{kind} {_times(edl, event.source_in, event.record_in, event.length)}"
        if event.camera is not None:
            yield f"* {'TO' if event.dissolve else 'FROM'} CLIP NAME: {event.camera}"
        before = event
    for marker in edl.markers:
        if marker.kind is not MarkerKind.NOTE:
            yield f"* LOC: {_timecode(edl, edl.start + marker.frame)} RED     {marker.name}".rstrip()


def _times(edl: Edl, source: int, record: int, length: int) -> str:
    places = (source, source + length, edl.start + record, edl.start + record + length)
    return " ".join(_timecode(edl, place) for place in places)


def _timecode(edl: Edl, number: int) -> str:
    return format_timecode(number, edl.rate, drop=edl.drop)
