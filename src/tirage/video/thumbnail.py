"""The thumbnail: the frame that a marker names, else the sharpest of one from each shot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tirage.errors import BadInput
from tirage.media.rates import Rate
from tirage.video.filters import lut_name, opened, shot_filters
from tirage.video.plan import Plan
from tirage.video.segment import Run, Shot
from tirage.video.timeline import Edl, MarkerKind
from tirage.video.workshop import Workshop

__all__ = ["make_thumbnail", "sharpness"]

CANDIDATES = 12
QUALITY = 92
DARKEST, BRIGHTEST = 24, 232
"""Means of 8-bit luma outside of which a frame is black or blown out: chosen only where all are."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One frame of a shot."""

    frame: int
    """Of the output."""
    shot: Shot


def make_thumbnail(plan: Plan, edl: Edl, *, workshop: Workshop, out: Path) -> int:
    """Writes the picture as JPEG; the output's frame that it shows.

    BadInput: NO_PICTURE, where an edit shows nothing but gaps.  Errors as those of FFmpeg.run.
    """
    marked = _marked(plan, edl)
    candidates = [marked] if marked else list(_spread(plan))
    if not candidates:
        raise BadInput("NO_PICTURE", "The edit shows no camera that a thumbnail could be taken from.")
    pictures = [_pixels(candidate, plan, workshop) for candidate in candidates]
    best = max(range(len(pictures)), key=lambda index: sharpness(pictures[index]))
    done, data = cv2.imencode(".jpg", pictures[best], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert done  # noqa: S101 – 8-bit BGR can always be coded
    out.write_bytes(data.tobytes())
    return candidates[best].frame


def sharpness(picture: NDArray[np.uint8]) -> float:
    """The variance of the Laplacian of luma; negative for what is nearly black or white."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    value = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    return value if DARKEST < grey.mean() < BRIGHTEST else -1 / (1 + value)


def _marked(plan: Plan, edl: Edl) -> Candidate | None:
    """The first thumbnail marker that lies in what is shown."""
    at = 0
    for stretch in plan.ranges:
        for marker in edl.markers:
            if marker.kind is MarkerKind.THUMBNAIL and stretch.start <= marker.frame < stretch.end:
                return _candidate(plan, at + marker.frame - stretch.start)
        at += stretch.length
    return None


def _spread(plan: Plan) -> Iterator[Candidate]:
    """Frames from the middle of evenly chosen segments that show a camera."""
    shown = [placed for placed in plan.segments if placed.segment.shot is not None]
    for index in sorted(
        {len(shown) * (2 * i + 1) // (2 * CANDIDATES) for i in range(CANDIDATES)} if shown else ()
    ):
        placed = shown[index]
        found = _candidate(plan, placed.start + placed.segment.length // 2)
        if found is not None:
            yield found


def _candidate(plan: Plan, frame: int) -> Candidate | None:
    for placed in plan.segments:
        shot, inside = placed.segment.shot, frame - placed.start
        if 0 <= inside < placed.segment.length and shot is not None:
            return Candidate(frame, _one_frame(shot, inside))
    return None


def _one_frame(shot: Shot, inside: int) -> Shot:
    frames: Sequence[int] = [frame for run in shot.runs for frame in range(run.start, run.end)]
    path = tuple((0, box) for at, box in shot.framing.path if at <= inside)[-1:]
    run = Run(start=frames[inside], length=1)
    return Shot(source=shot.source, runs=(run,), framing=type(shot.framing)(path))


def _pixels(candidate: Candidate, plan: Plan, workshop: Workshop) -> NDArray[np.uint8]:
    """The frame as the output shows it, without graphics: (height, width, 3), blue first."""
    shot, rate = candidate.shot, plan.rate
    size = (plan.spec.height, plan.spec.width, 3)
    with workshop.shelf.room() as room:
        if shot.source.lut:
            (room / lut_name(shot)).write_bytes(Path(shot.source.lut).read_bytes())
        words = _words(shot, plan, rate)
        workshop.ffmpeg.run(words, folder=room, readable=[Path(shot.source.path)], name="The thumbnail")
        return np.fromfile(room / "frame.raw", np.uint8).reshape(size)


def _words(shot: Shot, plan: Plan, rate: Rate) -> list[str]:
    first = shot.runs[0].start
    source, begin = opened(shot.source, first, rate)
    shown = f"{shot_filters(shot, plan.spec)},scale=in_color_matrix=bt709:in_range=tv,format=bgr24"
    filters = f"trim=start_frame={first - begin},{shown}"
    return [*source, "-map", "0:v:0", "-vf", filters, "-frames:v", "1", "-f", "rawvideo", "frame.raw"]
