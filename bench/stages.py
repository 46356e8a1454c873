"""What each step of a picture costs, in CPU milliseconds, so that other work on the machine does not blur it.
Kernels count their own thread; decoding, encoding and loading count all threads that work for them.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.targets import Measured
from tirage.media.encode import ImageFormat, encode_image
from tirage.media.intake import Design, read_design
from tirage.media.values import Colour
from tirage.mockup import kernels
from tirage.mockup.catalogue import VIEWS, Preset
from tirage.mockup.model import Template
from tirage.mockup.placement import Print, resolve
from tirage.mockup.relight import Renderer
from tirage.mockup.template import load

GREY = Colour(242, 242, 242)
UNUSED = Colour(51, 85, 119)
"""A fabric that nothing else here is rendered in."""
FRAMES = 6
SIZE = 2048


class Clock:
    """CPU time by name: of the calling thread, or of the whole process."""

    def __init__(self, *, now: Callable[[], float] = time.process_time) -> None:
        self._now = now
        self.seconds: dict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Counts a block."""
        start = self._now()
        yield
        spent = self._now() - start
        with self._lock:
            self.seconds[name] += spent


@contextmanager
def watched_kernels(clock: Clock) -> Iterator[None]:
    """Counts every kernel by its name."""
    plain = kernels.call

    def counted(name: str, *arguments: object) -> int:
        with clock.of(name):
            return plain(name, *arguments)

    kernels.call = counted
    try:
        yield
    finally:
        kernels.call = plain


def stages(package: str | Path, designs: list[Path]) -> list[Measured]:
    """One thread through everything once: milliseconds per design, per view, per frame, per picture."""
    return [*_start(package), *_views(package, designs), *_encoders(package, designs[0])]


def _start(package: str | Path) -> Iterator[Measured]:
    clock = Clock()
    with clock.of("load"):
        template = load(package)
    with clock.of("renderer"):
        Renderer(template, threads=1)
    yield Measured("load the package", "ms", _per(clock, "load", 1))
    yield Measured("prepare mesh and light", "ms", _per(clock, "renderer", 1))


def _views(package: str | Path, paths: list[Path]) -> Iterator[Measured]:
    template, designs, decoding = load(package), [], Clock()
    for path in paths:
        with decoding.of(path.name):
            designs.append(read_design(path))
        found, spent = designs[-1], _per(decoding, path.name, 1)
        yield Measured(f"decode a {found.kind}", "ms", spent, f"{found.width} × {found.height}")
    renderer, clock = Renderer(template, threads=1), Clock(now=time.thread_time)
    with watched_kernels(clock):
        yield from _pass(renderer, clock, designs[0], "new view", colour="white")
        yield from _pass(renderer, clock, designs[1], "new design", colour="white")
        yield from _pass(renderer, clock, designs[1], "new colour", colour="red")
        clock.seconds.clear()
        frames = renderer.turntable(
            prints=[_placed(designs[2], template)], colour=GREY, size=1024, frames=FRAMES, background=GREY
        )
        assert sum(1 for _ in frames) == FRAMES
        yield from _table(clock, "frame", FRAMES)


def _pass(renderer: Renderer, clock: Clock, design: Design, name: str, *, colour: str) -> Iterator[Measured]:
    """Six stills, everything they do by kernel; what is kept from before is not done again."""
    clock.seconds.clear()
    template = renderer.template
    fabric, prints = Colour.parse(colour, named=template.colours), [_placed(design, template)]
    total = Clock(now=time.thread_time)
    for view in VIEWS:
        with total.of("whole"):
            renderer.still(prints=prints, colour=fabric, azimuth=view.azimuth, size=SIZE, background=GREY)
    clock.seconds["python and memory"] = total.seconds["whole"] - sum(clock.seconds.values())
    yield from _table(clock, name, len(VIEWS))


def _table(clock: Clock, name: str, count: int) -> Iterator[Measured]:
    for kernel in list(clock.seconds):
        yield Measured(f"{name}: {kernel}", "ms", _per(clock, kernel, count))


def _encoders(package: str | Path, path: Path) -> Iterator[Measured]:
    """Each format twice: encoders may keep what pictures have in common."""
    template = load(package)
    prints = [_placed(read_design(path), template)]
    picture = Renderer(template, threads=1).still(
        prints=prints, colour=UNUSED, azimuth=0, size=SIZE, background=GREY
    )
    for kind in ImageFormat:
        for name in (f"encode {kind}", f"encode {kind}, the same again"):
            clock = Clock()
            with clock.of("encode"):
                data = encode_image(pixels=picture, kind=kind)
            yield Measured(name, "ms", _per(clock, "encode", 1), f"{len(data) / 1e6:.2f} MB")


def _per(clock: Clock, name: str, count: int) -> float:
    return clock.seconds[name] / count * 1000


def _placed(design: Design, template: Template) -> Print:
    where = Preset.CHEST_LARGE
    return Print(
        art=resolve(width=design.width, height=design.height, where=where, template=template), design=design
    )
