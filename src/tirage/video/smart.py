"""Which segments need no coding: whole closed groups of pictures that are shown as they are.
The muxer has the last word: it copies only what has the same parameter sets, byte for byte, as what is coded.
"""

from __future__ import annotations

from tirage.video.filters import filters_keep_size
from tirage.video.plan import Plan
from tirage.video.segment import Segment
from tirage.video.spec import Codec

__all__ = ["copied"]


def copied(plan: Plan) -> frozenset[str]:
    """The keys of segments that can be copied out of their files.

    Only where nobody asked for another quality than ingest has: a copy cannot have another bit rate."""
    options = plan.options
    asked = options.crf is not None or options.preset is not None or options.bitrate is not None
    if asked or options.encoder or options.codec is not Codec.H264:
        return frozenset()
    return frozenset(placed.key for placed in plan.segments if _whole(placed.segment, plan))


def _whole(segment: Segment, plan: Plan) -> bool:
    """Whether a segment is whole groups of pictures of a file that is what comes out."""
    if not segment.plain_copy or segment.shot is None:
        return False
    facts, run = segment.shot.source.facts, segment.shot.runs[0]
    fits = (facts.width, facts.height) == (plan.spec.width, plan.spec.height)
    return (
        fits
        and filters_keep_size(segment.shot.framing, plan.spec)
        and facts.codec == "h264"
        and facts.pixel_format == "yuv420p"
        and facts.rotation == 0
        and facts.aspect == 1
        and facts.matrix == "bt709"
        and facts.fps == plan.rate.fps
        and _borders(facts.keys, facts.frames, run.start, run.end)
    )


def _borders(keys: tuple[int, ...], frames: int, start: int, end: int) -> bool:
    return start in keys and (end == frames or end in keys)
