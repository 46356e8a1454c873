"""Orders as they are timed: the pipeline's own steps from the design's file to files on disk.
`composited` and `print` are left out here, because their time is no part of the pictures' targets.
"""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from bench.clock import Spent, timed
from tirage.media.encode import ImageFormat
from tirage.media.files import staged
from tirage.media.intake import Design, read_design
from tirage.mockup.catalogue import Preset
from tirage.mockup.order import Art, MockupOrder, Mode, resolve_look
from tirage.mockup.pipeline import Run, Studio, Work, check, make_animation, make_views, place, workers
from tirage.mockup.relight import Renderer

Make = Callable[[Work], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is timed: the order of one design, without its design."""

    colour: str = "white"
    size: int = 2048
    format: ImageFormat = ImageFormat.JPEG
    preset: Preset = Preset.CHEST_LARGE


class Bench:
    """A warm renderer, and a folder that orders are made in."""

    def __init__(self, renderer: Renderer, folder: Path) -> None:
        self.renderer = renderer
        self._folder = folder
        self._count = 0

    def views(self, design: Path, job: Job) -> Spent:
        """Time for six pictures, the design's decoding and the pictures' encoding included."""
        return self._timed(design, job, Mode.IMAGES_ONLY, make_views)

    def film(self, design: Path, job: Job) -> Spent:
        """Time for a turntable, from the design's file to the MP4."""
        return self._timed(design, job, Mode.ANIMATION_ONLY, make_animation)

    def catalogue(self, designs: Sequence[Path], colours: Sequence[str], job: Job) -> None:
        """Six pictures of every design in every colour, two orders at a time as a matrix does."""
        flying: deque[Future[None]] = deque()
        with workers() as pool, ThreadPoolExecutor(2) as cells:
            studio = Studio(renderer=self.renderer, pool=pool)
            for path in designs:
                reading = pool.submit(read_design, path)
                for colour in colours:
                    order = self._order(path, replace(job, colour=colour), Mode.IMAGES_ONLY)
                    flying.append(cells.submit(_make, order, reading, studio, make_views))
                    while len(flying) > 2:
                        flying.popleft().result()
            while flying:
                flying.popleft().result()

    def _timed(self, design: Path, job: Job, mode: Mode, make: Make) -> Spent:
        order = self._order(design, job, mode)
        with workers() as pool:
            studio = Studio(renderer=self.renderer, pool=pool)
            return timed(lambda: _make(order, pool.submit(read_design, design), studio, make))

    def _order(self, design: Path, job: Job, mode: Mode) -> MockupOrder:
        self._count += 1
        return MockupOrder(
            arts=(Art(design, job.preset),),
            out=self._folder / f"{self._count:04}",
            colour=job.colour,
            size=job.size,
            format=job.format,
            mode=mode,
        )


def _make(order: MockupOrder, reading: Future[Design], studio: Studio, make: Make) -> None:
    design, template = reading.result(), studio.renderer.template
    look = resolve_look(order, template)
    prints = [place(art, design, template) for art in order.arts]
    check(prints, look, template)
    with staged(order.out) as stage:
        work = Work(order=order, look=look, prints=prints, stage=stage, studio=studio, run=Run())
        try:
            make(work)
        finally:
            work.settle()
    shutil.rmtree(order.out)
