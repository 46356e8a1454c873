"""What a probe finds out about a media file: plain values that can be stored and compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

__all__ = ["AudioFacts", "MediaFacts", "VideoFacts", "facts_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFacts:
    """A file's first moving picture stream."""

    codec: str
    """As libav calls it: h264, prores …"""
    pixel_format: str
    width: int
    """Pixels as stored, before rotation."""
    height: int
    fps: Fraction
    """Frames over the time they last: 0 when there is no frame."""
    frames: int
    start: Fraction
    """Seconds; the time of the first frame."""
    steady: bool
    """Whether all frames last equally long, within a tick of the container's clock."""
    rotation: int = 0
    """Degrees clockwise that players turn it: 0, 90, 180 or 270."""
    aspect: Fraction = Fraction(1)
    """A pixel's width over its height."""
    primaries: str = ""
    transfer: str = ""
    matrix: str = ""
    colour_range: str = ""
    """Colour tags by their names in H.273; empty where there is none."""
    keys: tuple[int, ...] = ()
    """Frames that can be decoded without those before, in the order they are shown; none where all can."""
    intra: bool = False
    """Whether every frame can be decoded by itself."""
    closed: bool = False
    """Whether it is known that no frame after a key frame needs one before it."""
    decodes: bool = True
    """Whether its first frame could be decoded."""
    parameters: str = ""
    """sha256 of the codec's parameter sets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFacts:
    """A file's first sound stream."""

    codec: str
    sample_rate: int
    channels: int
    start: Fraction
    """Seconds; the time of the first sample."""
    duration: Fraction
    """Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFacts:
    """What is in a file."""

    container: str
    duration: Fraction
    """Seconds, as the streams have it."""
    video: VideoFacts | None = None
    audio: AudioFacts | None = None
    timecode: str = ""
    """Of the first frame, as the file says; empty where it says nothing."""
    streams: int = 1
    complete: bool = True
    """Whether the file is as long as its tables say."""


def facts_of(value: Mapping[str, Any]) -> MediaFacts:
    """Facts from JSON values as the probe writes them.  KeyError, ValueError, TypeError: not so."""
    video, audio = value["video"], value["audio"]
    return MediaFacts(
        **{
            **value,
            "duration": Fraction(value["duration"]),
            "video": VideoFacts(**{**video, **_exact(video, "fps", "start", "aspect")}) if video else None,
            "audio": AudioFacts(**{**audio, **_exact(audio, "start", "duration")}) if audio else None,
        }
    )


def _exact(value: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Fractions as such, and frames as a tuple."""
    exact: dict[str, Any] = {name: Fraction(value[name]) for name in names}
    return exact | ({"keys": tuple(value["keys"])} if "keys" in value else {})
