"""From a plan to a finished video: segments coded side by side, sound beside them, then one file, proved.
What is on the shelf is not made again; each segment's bytes depend on its key alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from threading import Event, Lock

from tirage.media.fonts import fonts_folder
from tirage.video.assemble import Unfit, assemble
from tirage.video.filters import CAPTIONS, FONTS, OUT, Still, lut_name, segment_words
from tirage.video.plan import Placed, Plan
from tirage.video.segment import Segment, Shot
from tirage.video.session import Asset
from tirage.video.smart import copied
from tirage.video.soundtrack import Soundtrack
from tirage.video.stills import make_stills
from tirage.video.timeline import CaptionTrack
from tirage.video.workshop import Workshop

__all__ = ["render"]


def render(
    plan: Plan, *, master: Asset | None, tracks: tuple[CaptionTrack, ...], workshop: Workshop, out: Path
) -> int:
    """Writes the plan's video to `out`; how many tracks of captions it has.

    None for a master is a video without sound.

    `tracks` are shown by players, where the options want that.
    BadInput, UsageError: as make_stills.  Failed: RENDER_FAILED, PROOF_FAILED.
    TryAgain: TIMEOUT, OUT_OF_MEMORY, DISK_FULL, PROCESS_KILLED.  Cancelled.
    """
    stills = make_stills(plan.pictures, workshop)
    kept = copied(plan)
    sound = Soundtrack(plan, master)
    while True:
        _make(plan, kept, sound, stills, workshop)
        try:
            return assemble(
                plan, copied=kept, sound=sound.find(workshop), tracks=tracks, workshop=workshop, out=out
            )
        except Unfit as unfit:  # such files' frames are coded after all
            kept -= unfit.keys


def _make(
    plan: Plan, kept: frozenset[str], sound: Soundtrack, stills: Mapping[str, Still], workshop: Workshop
) -> None:
    """Makes what is not on the shelf, a few at a time; the first error ends them all."""
    missing = {
        placed.key: placed
        for placed in plan.segments
        if placed.key not in kept and workshop.shelf.find(placed.key, ".mp4") is None
    }
    stop = Event()
    watched = replace(workshop, cancelled=lambda: stop.is_set() or workshop.cancelled())
    count = _Count(sum(placed.segment.length for placed in missing.values()), workshop)
    with ThreadPoolExecutor(workshop.workers) as pool:
        tasks: list[Future[None]] = []
        if sound.find(workshop) is None:
            tasks.append(pool.submit(sound.make, watched))
        tasks += [
            pool.submit(_code, placed, plan, stills, watched, count)
            for placed in sorted(missing.values(), key=lambda placed: -placed.segment.length)
        ]
        try:
            _finish(tasks)
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def _finish(tasks: Iterable[Future[None]]) -> None:
    for task in as_completed(tasks):
        task.result()


def _code(placed: Placed, plan: Plan, stills: Mapping[str, Still], workshop: Workshop, count: _Count) -> None:
    """Codes one segment onto the shelf."""
    segment = placed.segment
    words = segment_words(segment, stills, spec=plan.spec, rate=plan.rate, options=plan.options)
    shots = [shot for shot in (segment.shot, segment.under) if shot is not None]
    readable = [Path(shot.source.path) for shot in shots]
    readable += [Path(stills[layer.picture].path) for layer in segment.layers]
    with workshop.shelf.room() as room:
        readable += _stage(segment, shots, room)
        workshop.ffmpeg.run(
            words,
            folder=room,
            readable=readable,
            name=f"FFmpeg, at frame {placed.start}",
            frames=count.part(),
            cancelled=workshop.cancelled,
        )
        workshop.shelf.put(placed.key, room / OUT)


def _stage(segment: Segment, shots: list[Shot], room: Path) -> list[Path]:
    """Lays what filters read into the folder under names of ours; what links there lead to."""
    for shot in shots:
        if shot.source.lut:
            shutil.copyfile(shot.source.lut, room / lut_name(shot))
    if not segment.captions:
        return []
    (room / CAPTIONS).write_text(segment.captions, encoding="utf-8")
    (room / FONTS).symlink_to(fonts_folder())
    return [fonts_folder()]


class _Count:
    """Adds up the frames that several children have done."""

    def __init__(self, total: int, workshop: Workshop) -> None:
        self._total, self._workshop = total, workshop
        self._done: dict[int, int] = {}
        self._lock = Lock()

    def part(self) -> Callable[[int], None]:
        """Who one child tells."""
        with self._lock:
            number = len(self._done)
            self._done[number] = 0
        return lambda frames: self._set(number, frames)

    def _set(self, number: int, frames: int) -> None:
        with self._lock:
            self._done[number] = frames
            self._workshop.progress("frames", min(sum(self._done.values()), self._total), self._total)
