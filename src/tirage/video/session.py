"""A recording session: its cameras' files, how their clocks fit together, and the revisions of its edit."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from tirage.media.media_facts import MediaFacts
from tirage.media.rates import Rate, nearest
from tirage.video.timeline import Edl

__all__ = ["Asset", "Delivery", "FocusPoint", "MediaFile", "Revision", "Session", "SyncMap"]

MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncMap:
    """From the session's clock to a recorder's own: media = session × (1 + drift / 10⁶) + offset, exactly."""

    offset: Fraction = Fraction(0)
    """Seconds: what the recorder's clock says when the session's says 0."""
    drift: Fraction = Fraction(0)
    """Parts per million by which the recorder's clock runs fast."""

    @property
    def speed(self) -> Fraction:
        """Seconds of the recorder per second of the session."""
        return 1 + self.drift / MILLION

    def media_frame(self, session_frame: int, rate: Rate) -> int:
        """The media's frame that is nearest to a frame of the session; halves go up."""
        return nearest(session_frame * self.speed + self.offset * rate.fps)

    def session_frame(self, media_frame: int, rate: Rate) -> int:
        """The session's frame that is nearest to a frame of the media; halves go down, as the way back."""
        return -nearest(-(media_frame - self.offset * rate.fps) / self.speed)

    def media_time(self, session_time: Fraction) -> Fraction:
        """Seconds to seconds, for sound."""
        return session_time * self.speed + self.offset


@dataclass(frozen=True, slots=True, kw_only=True)
class FocusPoint:
    """What has to stay in the picture when it is cut to another shape, from this frame of the session on."""

    frame: int
    x: float
    """0 at the left edge of the picture, 1 at the right."""
    y: float
    """0 at the top, 1 at the bottom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What ingest made of a file: H.264 at the session's rate, closed GOPs, one parameter set."""

    path: str
    sha256: str
    facts: MediaFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """One file of a recorder."""

    path: str
    """Absolute."""
    sha256: str = ""
    """Empty until it was ingested, as `facts` is None."""
    facts: MediaFacts | None = None
    delivery: Delivery | None = None
    """None where the file itself can be delivered from."""

    @property
    def played(self) -> str:
        """The path to render from."""
        return self.delivery.path if self.delivery else self.path

    @property
    def played_facts(self) -> MediaFacts | None:
        """What is in it."""
        return self.delivery.facts if self.delivery else self.facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One recorder: a camera, or what recorded the master audio."""

    camera: str
    files: tuple[MediaFile, ...]
    """One after another, where a card was full."""
    sync: SyncMap = SyncMap()
    start: int | None = None
    """The timecode number of its first frame; None is what its file says, or else 0."""
    focus: tuple[FocusPoint, ...] = ()
    """By frame; none is the middle. Between two the point moves evenly."""
    lut: str = ""
    """A .cube file; empty for none."""
    lut_sha256: str = ""

    @property
    def frames(self) -> int:
        """Frames of all its files together; 0 before it was ingested, or without pictures."""
        return sum(map(_frames, self.files))

    def locate(self, media_frame: int) -> tuple[int, int]:
        """A frame of the asset as a file's index and the frame in it; IndexError outside."""
        if media_frame >= 0:
            for index, file in enumerate(self.files):
                if media_frame < _frames(file):
                    return index, media_frame
                media_frame -= _frames(file)
        raise IndexError


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """An edit as it was at some time."""

    number: int
    """From 1 on."""
    edl: Edl
    lock: str = ""
    """The hash that it was locked with (lock.py); empty while it is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What was recorded together."""

    id: str
    rate: Rate
    assets: tuple[Asset, ...]
    master: str
    """The asset whose sound is the session's; its own sync map applies to it too."""
    revisions: tuple[Revision, ...] = ()

    def asset(self, camera: str) -> Asset | None:
        """The asset of a camera, by its exact name."""
        return next((asset for asset in self.assets if asset.camera == camera), None)

    @property
    def current(self) -> Revision | None:
        """The newest revision."""
        return self.revisions[-1] if self.revisions else None


def _frames(file: MediaFile) -> int:
    facts = file.played_facts
    return facts.video.frames if facts and facts.video else 0
