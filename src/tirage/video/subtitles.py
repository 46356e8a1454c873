"""Captions burnt into the picture: a track as Advanced SubStation lines, and the part that a segment shows.
Captions of SRT, VTT and the edit itself get our style; those of ASS files keep theirs.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from tirage.media.rates import Rate
from tirage.video.spec import Spec
from tirage.video.timeline import CaptionTrack

__all__ = [
    "FAMILY",
    "Line",
    "Subtitles",
    "TimedSubtitles",
    "in_frames",
    "slice_of",
    "soft",
    "styled",
    "within",
]

FAMILY = "Source Sans Pro"
HEIGHT = 1080
"""The script's height: sizes below are parts of it, whatever the output's."""
SIZE, NARROW_SIZE = 54, 40
"""Letters: 5 % of the height for pictures that are wide, less where lines are short."""
NARROWEST_WIDE = 1.2
HEADER = """[Script Info]
ScriptType: v4.00+
PlayResX: {width}
PlayResY: {height}
WrapStyle: 0
ScaledBorderAndShadow: yes
YCbCr Matrix: TV.709

[V4+ Styles]
Format: Name,Fontname,Fontsize,PrimaryColour,SecondaryColour,OutlineColour,BackColour,Bold,Italic,Underline,\
StrikeOut,ScaleX,ScaleY,Spacing,Angle,BorderStyle,Outline,Shadow,Alignment,MarginL,MarginR,MarginV,Encoding
Style: caption,{family},{size},&H00FFFFFF,&H00FFFFFF,&H50101010,&H50101010,-1,0,0,0,100,100,0,0,4,0,{pad},2,\
{margin},{margin},{bottom},1
"""
EVENTS = "\n[Events]\nFormat: Layer,Start,End,Style,Name,MarginL,MarginR,MarginV,Effect,Text\n"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a script: when, in milliseconds or frames, what stands before and behind its times."""

    start: int
    end: int
    before: str
    behind: str


@dataclass(frozen=True, slots=True)
class Subtitles:
    """A script: styles, and lines by their beginning in milliseconds of the programme."""

    header: str
    lines: tuple[Line, ...]
    moves: bool
    """Whether lines may change while they are seen, so that it matters how long they have been."""


@dataclass(frozen=True, slots=True)
class TimedSubtitles:
    """The same with times in frames of the programme: seen from `start` until before `end`."""

    header: str
    lines: tuple[Line, ...]
    """By their first frame."""
    longest: int
    """Frames of the longest line."""
    moves: bool
    rate: Rate


def styled(track: CaptionTrack, spec: Spec) -> Subtitles:
    """A track as a script for a size of the output.  OSError, ValueError: its ASS file is gone or broken."""
    if track.path.lower().endswith((".ass", ".ssa")):
        return _own_styles(Path(track.path))
    width = round(HEIGHT * spec.width / spec.height)
    narrow = spec.width < spec.height * NARROWEST_WIDE
    header = HEADER.format(
        width=width,
        height=HEIGHT,
        family=FAMILY,
        size=NARROW_SIZE if narrow else SIZE,
        pad=10,
        margin=round(width * 0.08),
        bottom=220 if spec.width < spec.height else 64,
    )
    lines = [
        Line(cue.start, cue.end, "0,", f",caption,,0,0,0,,{_escaped(cue.text, narrow=narrow)}")
        for cue in track.cues
    ]
    return Subtitles(header, tuple(sorted(lines, key=lambda line: line.start)), moves=False)


def in_frames(subtitles: Subtitles, rate: Rate) -> TimedSubtitles:
    """The script with its times as the frames that first show it, and no longer."""
    lines = tuple(
        Line(_frame(line.start, rate), _frame(line.end, rate), line.before, line.behind)
        for line in subtitles.lines
    )
    longest = max((line.end - line.start for line in lines), default=0)
    return TimedSubtitles(subtitles.header, lines, longest, subtitles.moves, rate)


def slice_of(subtitles: TimedSubtitles, start: int, length: int) -> str:
    """The script for some frames of the programme, its clock beginning with them; empty when none is seen.

    Lines that began before begin with it: what moves has a comment with the frames that its clock is ahead.
    """
    first, after = (
        bisect_left(subtitles.lines, frame, key=lambda line: line.start)
        for frame in (start - subtitles.longest, start + length)
    )
    seen = [line for line in subtitles.lines[first:after] if line.end > start]
    if not seen:
        return ""
    ahead = max(0, start - min(line.start for line in seen)) if subtitles.moves else 0
    origin = start - ahead
    text = "".join(
        f"Dialogue: {line.before}{_time(line.start - origin, subtitles.rate)},"
        f"{_time(min(line.end - origin, ahead + length), subtitles.rate)}{line.behind}\n"
        for line in seen
    )
    return f"; ahead {ahead}\n{subtitles.header}{EVENTS}{text}"


def soft(track: CaptionTrack, ranges: Iterator[tuple[int, int, int]]) -> str:
    """A track as SubRip: `ranges` are milliseconds of the programme, from, to, and where they begin here."""
    return "".join(
        f"{number}\n{_srt(begin)} --> {_srt(end)}\n{text.strip()}\n\n"
        for number, (begin, end, text) in enumerate(within(track, ranges), start=1)
    )


def within(track: CaptionTrack, ranges: Iterator[tuple[int, int, int]]) -> list[tuple[int, int, str]]:
    """What ranges show of a track, in order: milliseconds of the output, from and to, and the text."""
    return sorted(
        (max(cue.start, start) - start + at, min(cue.end, end) - start + at, cue.text)
        for start, end, at in ranges
        for cue in track.cues
        if cue.start < end and cue.end > start
    )


def _own_styles(path: Path) -> Subtitles:
    import pysubs2

    script = pysubs2.SSAFile.load(str(path), format_="ass")
    text = script.to_string("ass")
    header, _, body = text.partition("[Events]")
    lines: list[Line] = []
    for event, written in zip(
        script.events,
        (line for line in body.splitlines() if line.startswith(("Dialogue:", "Comment:"))),
        strict=True,
    ):
        if event.is_comment:
            continue
        layer, _, _, rest = written.removeprefix("Dialogue: ").split(",", 3)
        lines.append(Line(event.start, event.end, f"{layer},", f",{rest}"))
    return Subtitles(header.rstrip() + "\n", tuple(sorted(lines, key=lambda line: line.start)), moves=True)


def _escaped(text: str, *, narrow: bool) -> str:
    """Plain text as a script's: braces would be commands; narrow pictures break lines elsewhere."""
    text = " ".join(text.split()) if narrow else text.strip()
    return text.replace("\\", "\\\u2060").replace("{", "\\{").replace("}", "\\}").replace("\n", "\\N")


def _frame(milliseconds: int, rate: Rate) -> int:
    """The first frame at or after a time."""
    return -(-milliseconds * rate.fps.numerator // (1000 * rate.fps.denominator))


def _time(frame: int, rate: Rate) -> str:
    """Half a frame before a frame, in hundredths: no rounding makes it another frame."""
    hundredths = max(0, round((frame - Fraction(1, 2)) * 100 / rate.fps))
    minutes, rest = divmod(hundredths, 6000)
    return f"{minutes // 60}:{minutes % 60:02}:{rest // 100:02}.{rest % 100:02}"


def _srt(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02},{rest:03}"
