"""Remotion instead of our own coding: a plan as props for its composition, its pictures with our sound.
The file is put together and proved as any other; nothing of it is kept but as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from tirage.errors import BadInput
from tirage.media.rates import Rate
from tirage.media.remotion import Remotion
from tirage.video.assemble import assemble, in_milliseconds
from tirage.video.filters import Still
from tirage.video.framing import shown_size
from tirage.video.lock import Plain
from tirage.video.plan import Placed, Plan, replace_segments
from tirage.video.segment import Segment, Shot
from tirage.video.session import Asset
from tirage.video.soundtrack import Soundtrack
from tirage.video.spec import ENCODERS, Codec
from tirage.video.stills import make_stills
from tirage.video.subtitles import within
from tirage.video.timeline import CaptionTrack
from tirage.video.workshop import Workshop

__all__ = ["props_of", "render"]

VERSION = 1
"""Of the props."""


def render(
    plan: Plan,
    remotion: Remotion,
    *,
    master: Asset | None,
    burnt: CaptionTrack | None,
    tracks: tuple[CaptionTrack, ...],
    workshop: Workshop,
    out: Path,
) -> int:
    """Writes the plan's video to `out`; how many tracks of captions it has.

    Errors as those of render.render.  BadInput: INVALID_OPTION, for what Remotion does not do.
    """
    _refuse(plan)
    sound = Soundtrack(plan, master)
    if sound.find(workshop) is None:
        sound.make(workshop)
    if workshop.shelf.find(plan.key, ".mp4") is None:
        _draw(plan, remotion, burnt, workshop)
    whole = Placed(start=0, segment=Segment(length=plan.length, shot=None), key=plan.key)
    return assemble(
        replace_segments(plan, (whole,)),
        copied=frozenset(),
        sound=sound.find(workshop),
        tracks=tracks,
        workshop=workshop,
        out=out,
    )


def props_of(plan: Plan, stills: Mapping[str, Still], burnt: CaptionTrack | None) -> dict[str, Plain]:
    """What the composition is given: frames of the output throughout, pixels of the source and of the output.

    Files are named by `file_names`.
    """
    names = file_names(plan, stills)
    return {
        "tirage_remotion": VERSION,
        "fps": float(plan.rate.fps),
        "width": plan.spec.width,
        "height": plan.spec.height,
        "length": plan.length,
        "shots": [shot for placed in plan.segments for shot in _shots(placed, names)],
        "stills": [still for placed in plan.segments for still in _stills(placed, stills, names)],
        "captions": list(_captions(plan, burnt)) if burnt else [],
    }


def file_names(plan: Plan, stills: Mapping[str, Still]) -> dict[str, str]:
    """A name for every file that is read: what is in it, and how it ends."""
    shots = [shot for placed in plan.segments for shot in (placed.segment.under, placed.segment.shot) if shot]
    names = {
        shot.source.path: f"{shot.source.sha256[:32]}{Path(shot.source.path).suffix.lower()}"
        for shot in shots
    }
    return names | {still.path: f"{key[:32]}.png" for key, still in stills.items()}


def _refuse(plan: Plan) -> None:
    options = plan.options
    if options.codec is not Codec.H264 or options.encoder or options.bitrate is not None:
        raise BadInput("INVALID_OPTION", "Remotion codes H.264 with a constant quality here, nothing else.")
    if any(shot.source.lut for placed in plan.segments if (shot := placed.segment.shot)):
        raise BadInput("INVALID_OPTION", "Remotion applies no LUT.")


def _draw(plan: Plan, remotion: Remotion, burnt: CaptionTrack | None, workshop: Workshop) -> None:
    stills = make_stills(plan.pictures, workshop)
    files = {name: Path(path) for path, name in file_names(plan, stills).items()}
    row = ENCODERS[plan.options.coder]
    words = [
        f"--crf={row.crf if plan.options.crf is None else plan.options.crf}",
        f"--x264-preset={plan.options.preset or row.preset}",
        f"--concurrency={workshop.workers}",
        *("--codec=h264", "--pixel-format=yuv420p", "--color-space=bt709"),
    ]
    with workshop.shelf.room() as room:
        made = room / "video.mp4"
        remotion.render(
            props_of(plan, stills, burnt),
            files,
            words,
            room=room,
            out=made,
            frames=lambda done: workshop.progress("frames", min(done, plan.length), plan.length),
            cancelled=workshop.cancelled,
        )
        workshop.shelf.put(plan.key, made)


def _shots(placed: Placed, names: Mapping[str, str]) -> Iterator[Plain]:
    """What fades away first, so that the rest lies over it; each run of a recorder that drifts is a shot."""
    segment = placed.segment
    if segment.under is not None:
        yield from _runs(segment.under, placed.start, names, fade=None)
    if segment.shot is not None:
        fade: Plain = list(segment.mix) if segment.mix[1] else None
        yield from _runs(segment.shot, placed.start, names, fade=fade)


def _runs(shot: Shot, at: int, names: Mapping[str, str], *, fade: Plain) -> Iterator[Plain]:
    width, height, _ = shown_size(shot.source.facts)
    done = 0
    for run in shot.runs:
        yield {
            "at": at + done,
            "length": run.length,
            "file": names[shot.source.path],
            "frame": run.start,
            "width": width,
            "height": height,
            "box": [[frame - done, box.x, box.y, box.width, box.height] for frame, box in shot.framing.path],
            "fade": fade,
        }
        done += run.length


def _stills(placed: Placed, stills: Mapping[str, Still], names: Mapping[str, str]) -> Iterator[Plain]:
    for layer in placed.segment.layers:
        still = stills[layer.picture]
        yield {
            "at": placed.start + layer.at,
            "length": layer.length,
            "file": names[still.path],
            "x": still.x,
            "y": still.y,
            "done": layer.done,
            "total": layer.total,
            "fade": layer.fade,
        }


def _captions(plan: Plan, track: CaptionTrack) -> Iterator[Plain]:
    for begin, end, text in within(track, in_milliseconds(plan.ranges, plan.rate)):
        first, after = (_frame(time, plan.rate) for time in (begin, end))
        if after > first:
            yield {"at": first, "length": after - first, "text": text.strip()}


def _frame(milliseconds: int, rate: Rate) -> int:
    """The first frame at or after a time."""
    return -(-milliseconds * rate.fps.numerator // (1000 * rate.fps.denominator))
