"""An edit decision list (EDL): which camera is seen when, and what lies over it, in whole frames.
Formats read and write it, preflight judges it, the plan follows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tirage.media.rates import Rate

__all__ = [
    "BUILT_IN",
    "CaptionTrack",
    "Clock",
    "Cue",
    "Edl",
    "Event",
    "Format",
    "Graphic",
    "Marker",
    "MarkerKind",
    "Output",
    "Range",
]


class Format(StrEnum):
    """What a session becomes (R130)."""

    FULL = "full_16_9"
    SHORT = "short_9_16"
    CLIP = "clip_1_1"
    THUMBNAIL = "thumbnail"


class Clock(StrEnum):
    """What an event's source frames count.

    `session`: frames of the session's one clock, to which every camera's sync map leads.
    `source`: the timecode of the event's own source, as other programs' files have it; `conform.py` turns
    these into the session's, and only such an EDL can be planned.
    """

    SESSION = "session"
    SOURCE = "source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One shot: a stretch of one camera, or of nothing (a gap: black), at a place of the programme."""

    camera: str | None
    """None: a gap. The master audio goes on below unless `gain` silences it."""
    source_in: int
    """The first frame, by the EDL's clock; 0 for a gap."""
    length: int
    """Frames in the programme, and of the source: speed is always 100 %."""
    record_in: int
    """The first frame in the programme, which begins at 0."""
    dissolve: int = 0
    """Frames at the beginning in which the event before, going on, fades into this one; without an event
    that ends where this one begins it fades from black."""
    gain: float = 0.0
    """Decibels on the master audio while this event lasts."""
    name: str = ""
    """As its file calls it, for findings: a number or a clip's name."""
    line: int = 0
    """Where it stands in its file; 0 when lines say nothing."""

    @property
    def source_out(self) -> int:
        """The frame after the last, by the EDL's clock."""
        return self.source_in + self.length

    @property
    def record_out(self) -> int:
        """The frame after the last in the programme."""
        return self.record_in + self.length

    @property
    def where(self) -> str:
        """What findings call it."""
        name = f"event {self.name}" if self.name else f"event at frame {self.record_in}"
        return f"{name}, line {self.line}" if self.line else name


class MarkerKind(StrEnum):
    """What a marker is for."""

    CHAPTER = "chapter"
    THUMBNAIL = "thumbnail"
    RANGE = "range"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A named place or stretch of the programme."""

    kind: MarkerKind
    frame: int
    """In the programme."""
    name: str = ""
    length: int = 0
    """Frames; of ranges."""


BUILT_IN = frozenset({"title", "lower-third", "end-card"})
"""Templates of graphics that need no file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graphic:
    """A title, lower third or end card over the picture."""

    template: str
    """A built-in one by name, or a user's own by its file."""
    fields: tuple[tuple[str, str], ...]
    """Name and text, by name."""
    record_in: int
    length: int
    fade: int = 0
    """Frames of fading in, and of fading out."""

    @property
    def record_out(self) -> int:
        """The frame after its last."""
        return self.record_in + self.length


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """One caption: milliseconds of the programme, and its lines."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionTrack:
    """Captions in one language."""

    language: str
    """BCP 47."""
    cues: tuple[Cue, ...]
    path: str = ""
    """The file that they came from, with its styles; empty for captions of the EDL itself."""
    sha256: str = ""
    """Of that file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Frames of the programme from `start` until before `end`."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """Frames."""
        return self.end - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What one format shows: these ranges one after another, or the whole programme when there are none."""

    format: Format
    ranges: tuple[Range, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edl:
    """One revision of an edit."""

    rate: Rate
    events: tuple[Event, ...]
    """By `record_in`."""
    name: str = ""
    clock: Clock = Clock.SESSION
    start: int = 0
    """The programme's first frame as a timecode number: 108000 for 01:00:00:00 at 30."""
    drop: bool = False
    """Whether timecodes are written as drop-frame."""
    markers: tuple[Marker, ...] = ()
    graphics: tuple[Graphic, ...] = ()
    captions: tuple[CaptionTrack, ...] = ()
    outputs: tuple[Output, ...] = ()
    """At most one of each format; a format that is not among them shows the whole programme."""

    @property
    def length(self) -> int:
        """Frames of the programme."""
        return max((event.record_out for event in self.events), default=0)

    def ranges(self, format: Format) -> tuple[Range, ...]:  # noqa: A002 – what it is called everywhere
        """What a format shows."""
        for output in self.outputs:
            if output.format is format and output.ranges:
                return output.ranges
        return (Range(start=0, end=self.length),)
