"""What can be copied out of a file as it is: whole closed groups of pictures, shown unchanged.
The muxer has the last word: it copies only what has the same parameter sets, byte for byte, as what is coded.
"""

from __future__ import annotations

from tirage.media.rates import Rate
from tirage.video.framing import keeps_size
from tirage.video.segment import Segment
from tirage.video.spec import Codec, Options, Spec

__all__ = ["may_copy", "whole"]


def may_copy(options: Options) -> bool:
    """Whether frames may be copied at all.

    Only where nobody asked for another quality than ingest has: a copy cannot have another bit rate.
    """
    asked = options.crf is not None or options.preset is not None or options.bitrate is not None
    return options.smart and not asked and not options.encoder and options.codec is Codec.H264


def whole(segment: Segment, *, spec: Spec, rate: Rate) -> bool:
    """Whether a segment is whole groups of pictures of a file that is what comes out."""
    if not segment.plain_copy or segment.shot is None:
        return False
    facts, run = segment.shot.source.facts, segment.shot.runs[0]
    return (
        (facts.width, facts.height) == (spec.width, spec.height)
        and keeps_size(segment.shot.framing, spec)
        and facts.codec == "h264"
        and facts.pixel_format == "yuv420p"
        and facts.rotation == 0
        and facts.aspect == 1
        and facts.matrix == "bt709"
        and facts.fps == rate.fps
        and _borders(facts.keys, facts.frames, run.start, run.end)
    )


def _borders(keys: tuple[int, ...], frames: int, start: int, end: int) -> bool:
    return start in keys and (end == frames or end in keys)
