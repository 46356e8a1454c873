"""From a segment to FFmpeg's words: pure functions, so that a test can read what will run.
Every stream's clock counts frames: `settb` and `setpts=N` make it exact, which seconds would not be.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from tirage.media.ffmpeg import media_input, still_input
from tirage.media.media_facts import VideoFacts
from tirage.media.rates import Rate
from tirage.video.framing import keeps_size, shown_size
from tirage.video.segment import Box, Framing, Layer, Segment, Shot, Source
from tirage.video.spec import ENCODERS, Options, Spec

__all__ = [
    "CAPTIONS",
    "FONTS",
    "OUT",
    "Still",
    "coder_words",
    "lut_name",
    "opened",
    "segment_words",
    "shot_filters",
]

CAPTIONS, FONTS, OUT = "captions.ass", "fonts", "segment.mp4"
"""Names in the folder that FFmpeg runs in: filters get no path that would have to be quoted."""
MICRO = 1_000_000
SMOOTH = "bicubic"
TAGS = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
TO_709 = "out_color_matrix=bt709:out_range=tv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """A drawn graphic: a PNG, and where its left upper corner lies."""

    path: str
    x: int
    y: int


def segment_words(
    segment: Segment, stills: Mapping[str, Still], *, spec: Spec, rate: Rate, options: Options
) -> list[str]:
    """The words that make a segment's file, OUT; `stills` by their pictures' keys."""
    graph = _Graph(spec, rate)
    seen = graph.picture(segment.shot, segment.length)
    if segment.mix[1]:
        below = graph.picture(segment.under, segment.length)
        seen = graph.chain([below, seen], _dissolve(segment.mix, rate))
    for layer in segment.layers:
        seen = graph.layer(seen, layer, stills[layer.picture])
    if segment.captions:
        seen = graph.chain([seen], _captions(segment.captions))
    graph.chain([seen], f"{graph.clock},{TAGS}", out="out")
    return [
        *graph.inputs,
        *("-filter_complex", ";".join(graph.chains), "-map", "[out]"),
        *("-frames:v", str(segment.length), "-fps_mode", "cfr", "-r", _ratio(rate.fps)),
        *coder_words(options),
        *("-map_metadata", "-1", "-fflags", "+bitexact", "-f", "mp4", OUT),
    ]


def coder_words(options: Options) -> list[str]:
    """The words that say how pictures are coded."""
    row = ENCODERS[options.coder]
    if options.bitrate is not None:
        amount = ["-b:v", f"{options.bitrate}k", "-maxrate", f"{options.bitrate * 3 // 2}k"]
        amount += ["-bufsize", f"{options.bitrate * 2}k"]
    else:
        amount = [row.quality, str(row.crf if options.crf is None else options.crf)]
    preset = options.preset or row.preset
    fixed = [*row.fixed, *(row.sparing if preset == row.preset else ())]
    return ["-c:v", options.coder, "-preset", preset, *amount, *fixed, "-pix_fmt", "yuv420p"]


def opened(source: Source, frame: int, rate: Rate) -> tuple[list[str], int]:
    """The words of an input that begins at or before a frame, and at which frame it begins.

    With tables that can be trusted it begins at a key frame, a quarter of a frame after which is asked for,
    and all that follows is counted.  Else a quarter of a frame before `frame` is, which decodes what lies
    before, from the key frame before that.
    """
    facts = source.facts
    if source.indexed and facts.keys:
        key = facts.keys[max(bisect_right(facts.keys, frame) - 1, 0)]
        return media_input(source.path, seek=_seconds(facts, key, 1, rate), exact=False), key
    return media_input(source.path, seek=_seconds(facts, frame, -1, rate)), frame


def _seconds(facts: VideoFacts, frame: int, quarters: int, rate: Rate) -> str:
    """A frame's time on the file's clock and quarters of a frame; empty for the first."""
    if frame == 0:
        return ""
    micro = (facts.start + (frame + Fraction(quarters, 4)) / rate.fps) * MICRO // 1
    return f"{'-' if micro < 0 else ''}{abs(micro) // MICRO}.{abs(micro) % MICRO:06}"


def lut_name(shot: Shot) -> str:
    """A camera's LUT in the folder that FFmpeg runs in."""
    return f"{shot.source.lut_sha256[:16]}.cube"


class _Graph:
    """Inputs and chains of filters, as they come up; every chain's end has a label."""

    def __init__(self, spec: Spec, rate: Rate) -> None:
        self.inputs: list[str] = []
        self.chains: list[str] = []
        self._spec, self._rate = spec, rate
        self._count = 0
        self.clock = f"settb={_ratio(1 / rate.fps)},setpts=N"

    def chain(self, sources: Sequence[str], filters: str, *, out: str = "") -> str:
        """Adds a chain; the label of what comes out."""
        label = out or f"s{len(self.chains)}"
        self.chains.append(f"{''.join(f'[{source}]' for source in sources)}{filters}[{label}]")
        return label

    def picture(self, shot: Shot | None, length: int) -> str:
        """A shot in the output's size, or black."""
        size = f"{self._spec.width}x{self._spec.height}"
        if shot is None:
            black = f"color=black:s={size}:r={_ratio(self._rate.fps)},trim=end_frame={length}"
            return self.chain([], f"{black},{self.clock},format=yuv420p")
        first = min(run.start for run in shot.runs)
        words, begin = opened(shot.source, first, self._rate)
        stream = self._input(words)
        filters = shot_filters(shot, self._spec)
        if len(shot.runs) == 1:
            part = f"trim=start_frame={first - begin}:end_frame={first - begin + length}"
            return self.chain([stream], f"{part},{self.clock},{filters}")
        return self.chain([self._runs(stream, shot, begin)], f"{self.clock},{filters}")

    def layer(self, below: str, layer: Layer, still: Still) -> str:
        """A graphic over a picture."""
        stream = self._input(still_input(still.path))
        end, shown = "repeat", f"scale={TO_709},format=yuva420p"
        if layer.fade:
            end = "pass"
            leave = layer.total - layer.fade
            part = f"start_frame={layer.done}:end_frame={layer.done + layer.length}"
            shown += (
                f",loop=loop=-1:size=1,{self.clock},trim=end_frame={layer.total}"
                f",fade=t=in:start_frame=0:nb_frames={layer.fade}:alpha=1"
                f",fade=t=out:start_frame={leave}:nb_frames={layer.fade}:alpha=1"
                f",trim={part},setpts=N+{layer.at}"
            )
        over = self.chain([stream], shown)
        when = f"enable='between(n,{layer.at},{layer.at + layer.length - 1})'"
        return self.chain([below, over], f"overlay={still.x}:{still.y}:eof_action={end}:format=yuv420:{when}")

    def _input(self, words: list[str]) -> str:
        self.inputs += words
        self._count += 1
        return f"{self._count - 1}:v:0"

    def _runs(self, stream: str, shot: Shot, first: int) -> str:
        """Several runs of one input, decoded once."""
        count = len(shot.runs)
        begin = len(self.chains)
        labels = [f"r{begin}x{index}" for index in range(count)]
        self.chains.append(f"[{stream}]split={count}{''.join(f'[{label}]' for label in labels)}")
        parts = [
            self.chain(
                [label], f"trim=start_frame={run.start - first}:end_frame={run.end - first},{self.clock}"
            )
            for label, run in zip(labels, shot.runs, strict=True)
        ]
        return self.chain(parts, f"concat=n={count}:v=1:a=0")


def shot_filters(shot: Shot, spec: Spec) -> str:
    """What makes a camera's picture the output's: its box, size, colour, LUT."""
    facts = shot.source.facts
    filters = [] if facts.matrix else ["setparams=colorspace=bt709"]
    filters += _boxed(shot.framing, facts)
    plain = facts.matrix in {"", "bt709"} and facts.colour_range in {"", "tv", "mpeg"}
    if not (plain and keeps_size(shot.framing, spec)):
        filters.append(_scaled(shot.framing, spec))
    if not shot.framing.still:
        filters.append(_moving(shot.framing, spec))
    if shot.source.lut:
        filters += ["format=gbrp10le", f"lut3d={lut_name(shot)}:interp=tetrahedral", f"scale={TO_709}"]
    return ",".join([*filters, "format=yuv420p", "setsar=1"])


def _boxed(framing: Framing, facts: VideoFacts) -> list[str]:
    """The part that is needed of the picture: the box, or all its places together."""
    hull = _hull(framing)
    width, height, _ = shown_size(facts)
    if (hull.width, hull.height) == (width, height):
        return []
    return [f"crop={hull.width}:{hull.height}:{hull.x}:{hull.y}:exact=1"]


def _hull(framing: Framing) -> Box:
    boxes = [box for _, box in framing.path]
    x, y = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = max(box.x + box.width for box in boxes), max(box.y + box.height for box in boxes)
    return Box(x, y, right - x, bottom - y)


def _scaled(framing: Framing, spec: Spec) -> str:
    hull, box = _hull(framing), framing.path[0][1]
    width = max(spec.width, -(-hull.width * spec.width // box.width // 2) * 2)
    height = max(spec.height, -(-hull.height * spec.height // box.height // 2) * 2)
    return f"scale={width}:{height}:flags={SMOOTH}:{TO_709}"


def _moving(framing: Framing, spec: Spec) -> str:
    """The box's way over the enlarged picture: its steps are the output's pixels, not the source's."""
    hull, box = _hull(framing), framing.path[0][1]
    across = [(frame, (one.x - hull.x) * spec.width / box.width) for frame, one in framing.path]
    down = [(frame, (one.y - hull.y) * spec.height / box.height) for frame, one in framing.path]
    return f"crop={spec.width}:{spec.height}:x='{_way(across)}':y='{_way(down)}'"


def _way(points: Sequence[tuple[int, float]]) -> str:
    """An expression of `n` that goes evenly from point to point."""
    text = f"{points[-1][1]:.3f}"
    for (first, low), (last, high) in reversed(list(pairwise(points))):
        if last > first:
            text = f"if(lt(n,{last}),{low:.3f}+(n-{first})*{(high - low) / (last - first):.6f},{text})"
    return text


def _dissolve(mix: tuple[int, int], rate: Rate) -> str:
    """The second picture comes over the first: at frame k of d with k + 1 of d + 1 parts."""
    done, total = mix
    duration, offset = ((part / rate.fps) * MICRO // 1 for part in (Fraction(total + 1), Fraction(done + 1)))
    return f"xfade=transition=fade:duration={duration}us:offset=-{offset}us"


def _captions(script: str) -> str:
    ahead = int(script.partition("\n")[0].removeprefix("; ahead "))
    return f"setpts=N+{ahead},ass={CAPTIONS}:fontsdir={FONTS},setpts=N"


def _ratio(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"
