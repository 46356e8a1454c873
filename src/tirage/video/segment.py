"""A segment: what a second or so of the output shows, in exact frames, and the key that its pixels have.
Plain values without places in the output: the same content is the same segment wherever it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from tirage.media.media_facts import VideoFacts
from tirage.video.lock import Plain, canonical, plain

__all__ = ["Box", "Framing", "Layer", "Picture", "Run", "Segment", "Shot", "Source", "digest", "key_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file that is rendered from."""

    path: str
    sha256: str
    facts: VideoFacts
    indexed: bool = False
    """Whether its container finds a key frame by the time at which it is shown."""
    lut: str = ""
    lut_sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Frames of a file, one after another."""

    start: int
    length: int

    @property
    def end(self) -> int:
        """The frame after the last."""
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a picture, in its pixels; all even, as 4:2:0 wants it."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Framing:
    """What is seen of a picture: a box of one size, whose place may change."""

    path: tuple[tuple[int, Box], ...]
    """The segment's frame and the box then, in order; evenly in between. One for a box that stays."""

    @property
    def still(self) -> bool:
        """Whether it stays where it is."""
        return len(self.path) == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A stretch of one camera."""

    source: Source
    runs: tuple[Run, ...]
    """More than one where a drifting recorder's frame is left out or shown twice."""
    framing: Framing

    @property
    def length(self) -> int:
        """Frames."""
        return sum(run.length for run in self.runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A graphic as it will be drawn, for a size of the output."""

    template: str
    fields: tuple[tuple[str, str], ...]
    width: int
    height: int
    sha256: str = ""
    """Of the template's file, of a user's own."""

    @property
    def key(self) -> str:
        """Names its pixels."""
        kept = replace(self, template="") if self.sha256 else self
        return digest(plain(kept))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A graphic over a segment."""

    picture: str
    """A picture's key."""
    at: int
    """The segment's frame that first shows it."""
    length: int
    """Frames that show it here."""
    done: int = 0
    """Frames that have shown it before."""
    total: int = 0
    """Frames that show it altogether; 0 where it neither fades in nor out here."""
    fade: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """What is shown, for `length` frames."""

    length: int
    shot: Shot | None
    """None is black."""
    under: Shot | None = None
    """What fades away below it, in a dissolve."""
    mix: tuple[int, int] = (0, 0)
    """Frames of the dissolve before this segment, and altogether; 0 altogether is no dissolve."""
    layers: tuple[Layer, ...] = ()
    """From the lowest up."""
    captions: str = ""
    """Its captions as ASS, whose clock begins with the segment; empty without."""

    @property
    def plain_copy(self) -> bool:
        """Whether nothing but frames of one file, one after another, is seen."""
        return (
            self.shot is not None
            and len(self.shot.runs) == 1
            and not (self.mix[1] or self.layers or self.captions or self.shot.source.lut)
        )


def key_of(segment: Segment, *, how: Plain) -> str:
    """What the segment's coded frames depend on, as a name; `how` says how it is coded, by which version."""
    value: Mapping[str, Plain] = {
        "length": segment.length,
        "shot": _content(segment.shot),
        "under": _content(segment.under),
        "mix": plain(segment.mix),
        "layers": plain(segment.layers),
        "captions": segment.captions,
        "how": how,
    }
    return digest(dict(value))


def digest(value: Plain) -> str:
    """sha256 of a JSON value, as hexadecimal digits."""
    return sha256(canonical(value)).hexdigest()


def _content(shot: Shot | None) -> Plain:
    if shot is None:
        return None
    runs: Plain = [[run.start, run.length] for run in shot.runs]
    framing: Plain = [[frame, box.x, box.y, box.width, box.height] for frame, box in shot.framing.path]
    return {"file": shot.source.sha256, "lut": shot.source.lut_sha256, "runs": runs, "framing": framing}
