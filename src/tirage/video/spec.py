"""What comes out: the formats' sizes and loudness, and the options of a render. Data tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from tirage.errors import BadInput
from tirage.video.timeline import Format

__all__ = [
    "ENCODERS",
    "SPECS",
    "CaptionStyle",
    "Codec",
    "Options",
    "Spec",
    "checked",
    "spec_of",
]


class Codec(StrEnum):
    """How pictures are coded."""

    H264 = "h264"
    AV1 = "av1"


class CaptionStyle(StrEnum):
    """Where captions go: nowhere, into the picture, beside it as a track that players show, or both."""

    NONE = "none"
    BURNT = "burnt"
    SOFT = "soft"
    BOTH = "both"

    @property
    def burnt(self) -> bool:
        """Whether they are part of the picture."""
        return self in {CaptionStyle.BURNT, CaptionStyle.BOTH}

    @property
    def soft(self) -> bool:
        """Whether they are a track of their own."""
        return self in {CaptionStyle.SOFT, CaptionStyle.BOTH}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What a format asks for."""

    width: int
    height: int
    loudness: float = -14.0
    """LUFS, integrated (EBU R128): what the platforms of short videos play at."""
    peak: float = -1.5
    """dBTP at most; leaves half a decibel for what lossy coding adds."""


SPECS: Mapping[Format, Spec] = MappingProxyType(
    {
        Format.FULL: Spec(width=1920, height=1080, loudness=-16.0),
        Format.SHORT: Spec(width=1080, height=1920),
        Format.CLIP: Spec(width=1080, height=1080),
        Format.THUMBNAIL: Spec(width=1280, height=720),
    }
)


@dataclass(frozen=True, slots=True)
class Encoder:
    """A codec's program for coding, and how its quality is said."""

    codec: Codec
    crf: int
    preset: str
    presets: tuple[str, ...]
    worst: int
    """The largest crf."""
    quality: str
    """The option that takes the crf."""
    fixed: tuple[str, ...]
    sparing: tuple[str, ...] = ()
    """With its own preset alone: what saves memory."""


X264_PRESETS = (
    "ultrafast",
    "superfast",
    "veryfast",
    "faster",
    "fast",
    "medium",
    "slow",
    "slower",
    "veryslow",
)
# One thread a piece, since pieces run side by side; headers that do not depend on the content.
X264_FIXED = (
    *("-profile:v", "high", "-bf", "2", "-flags", "+cgop"),
    *("-x264-params", "stitchable=1:threads=1:lookahead-threads=1:sliced-threads=0"),
)
# Six frames ahead instead of ten: 20 to 30 MB less of full HD; what it costs in quality was not measured.
X264_SPARING = ("-rc-lookahead", "6")
NVENC = ("p1", "p2", "p3", "p4", "p5", "p6", "p7")
QSV = ("veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
ENCODERS: Mapping[str, Encoder] = MappingProxyType(
    {
        "libx264": Encoder(Codec.H264, 18, "veryfast", X264_PRESETS, 51, "-crf", X264_FIXED, X264_SPARING),
        "libsvtav1": Encoder(
            Codec.AV1, 28, "8", tuple(map(str, range(14))), 63, "-crf", ("-svtav1-params", "lp=1")
        ),
        "h264_nvenc": Encoder(Codec.H264, 19, "p5", NVENC, 51, "-cq", ("-rc", "vbr", "-bf", "2")),
        "av1_nvenc": Encoder(Codec.AV1, 26, "p5", NVENC, 63, "-cq", ("-rc", "vbr")),
        "h264_qsv": Encoder(Codec.H264, 19, "medium", QSV, 51, "-global_quality", ("-bf", "2")),
        "av1_qsv": Encoder(Codec.AV1, 24, "medium", QSV, 63, "-global_quality", ()),
    }
)
"""What can code, by FFmpeg's names. Qualities look alike: about 45 dB on talks."""
SOFTWARE: Mapping[Codec, str] = MappingProxyType({Codec.H264: "libx264", Codec.AV1: "libsvtav1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a render is made; what is None follows the encoder's row."""

    codec: Codec = Codec.H264
    encoder: str = ""
    """FFmpeg's name for it; empty is the codec's software encoder."""
    crf: int | None = None
    preset: str | None = None
    bitrate: int | None = None
    """Kilobits a second, instead of a constant quality."""
    short_side: int | None = None
    """Pixels of the shorter side, for drafts and for less; even."""
    captions: CaptionStyle = CaptionStyle.BURNT
    smart: bool = True
    """Copies what needs no coding, where that is possible."""

    @property
    def coder(self) -> str:
        """FFmpeg's name of the encoder."""
        return self.encoder or SOFTWARE[self.codec]


def checked(options: Options) -> Options:
    """The options, when they fit together; BadInput: INVALID_OPTION."""
    row = ENCODERS.get(options.coder)
    if row is None or row.codec is not options.codec:
        fitting = ", ".join(name for name, row in ENCODERS.items() if row.codec is options.codec)
        raise _wrong(f"There is no encoder {options.coder[:40]!r} for {options.codec}; there is {fitting}.")
    if options.crf is not None and not 0 <= options.crf <= row.worst:
        raise _wrong(f"The crf of {options.coder} is 0 to {row.worst}, not {options.crf}.")
    if options.preset is not None and options.preset not in row.presets:
        raise _wrong(f"The presets of {options.coder} are {', '.join(row.presets)}.")
    if options.bitrate is not None and not 50 <= options.bitrate <= 400_000:
        raise _wrong("A bit rate is 50 to 400000 kilobits a second.")
    if options.short_side is not None and (options.short_side % 2 or not 90 <= options.short_side <= 2160):
        raise _wrong("The shorter side has 90 to 2160 pixels, and an even number.")
    return options


def spec_of(format: Format, options: Options) -> Spec:  # noqa: A002 – what it is called everywhere
    """A format's row, at the size that the options ask for."""
    row = SPECS[format]
    if options.short_side is None:
        return row
    short = min(row.width, row.height)
    width, height = (side * options.short_side // short // 2 * 2 for side in (row.width, row.height))
    return Spec(width=width, height=height, loudness=row.loudness, peak=row.peak)


def _wrong(message: str) -> BadInput:
    return BadInput("INVALID_OPTION", message)
