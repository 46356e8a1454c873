"""The relight renderer: an order on a template becomes pictures from any side, without path tracing.
Keeps between orders what they share (views, plain cloth, inks), each bounded, least recently used out.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from tirage.media.values import Colour
from tirage.mockup.camera import pixels_per_cm
from tirage.mockup.ink import Ink, Layer, box_factor, ink_seen, make_layer, texels
from tirage.mockup.kept import Kept
from tirage.mockup.memory import give_back_large_blocks
from tirage.mockup.model import Template
from tirage.mockup.placement import Print
from tirage.mockup.scene import Workspace, beyond_regions, build_scene
from tirage.mockup.shade import finish_frame, make_look, plain_pixels
from tirage.mockup.view import View, build_view
from tirage.settings import usable_cores

Picture = NDArray[np.uint8]

RENDERER, VERSION = "relight", "1"
"""Written into every manifest; the version changes whenever pictures do."""

TURNTABLE_SAMPLES = 3
"""Sub-samples a pixel and axis at silhouettes, seams and print."""

VIEW_BYTES, PLAIN_BYTES, INK_BYTES, TEXEL_BYTES = (n << 20 for n in (240, 64, 48, 64))
"""Kept between orders: views of a size, plain cloth by colour, inks and texels of the latest designs."""


def still_samples(size: int) -> int:
    """The same of a still: small pictures are cheap, and fine art has more to lose in them."""
    return 8 if size <= 768 else 6 if size <= 1280 else 4


class Renderer:
    """Renders one template.  Safe to call from several threads; `threads` work at a time."""

    def __init__(self, template: Template, *, threads: int | None = None, keep: bool = True) -> None:
        """`keep`: whether more orders follow; for a single one nothing is worth keeping."""
        give_back_large_blocks()
        self.template = template
        self._scene = build_scene(template)
        self._threads = threads or usable_cores()
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="relight")
        self._local = threading.local()
        self._views: Kept[View] = Kept(VIEW_BYTES * keep)
        self._plain: Kept[Picture] = Kept(PLAIN_BYTES * keep)
        self._inks: Kept[Ink] = Kept(INK_BYTES * keep)
        self._texels: Kept[NDArray[np.uint16]] = Kept(TEXEL_BYTES)

    def stills(
        self,
        *,
        prints: Sequence[Print],
        colour: Colour,
        azimuths: Sequence[float],
        size: int,
        background: Colour | None,
    ) -> Iterator[Picture]:
        """Pictures in the order of the azimuths, (size, size, 3) RGB; without background straight RGBA."""

        def render(azimuth: float) -> Picture:
            return self.still(prints=prints, colour=colour, azimuth=azimuth, size=size, background=background)

        return self._ahead(render, azimuths)

    def still(
        self, *, prints: Sequence[Print], colour: Colour, azimuth: float, size: int, background: Colour | None
    ) -> Picture:
        """One picture, in the calling thread."""
        key = (azimuth % 360, size, self._beyond(prints))
        view = self._views.get(key, lambda: self._view(azimuth, size, still_samples(size), prints))
        look = make_look(self._scene, colour, background)
        plain = self._plain.get((key, colour, background), lambda: plain_pixels(view, look))
        if not prints:
            return finish_frame(view, look, plain, None)
        designs = tuple((p.design.sha256, p.art) for p in prints)
        ink = self._inks.get(
            (key, designs), lambda: ink_seen(view, self._layers(prints, size, still_samples(size)))
        )
        return finish_frame(view, look, plain, ink)

    def turntable(
        self, *, prints: Sequence[Print], colour: Colour, size: int, frames: int, background: Colour
    ) -> Iterator[Picture]:
        """Frames (size, size, 3) of one turn from the front, towards the wearer's left; rendered ahead."""
        look = make_look(self._scene, colour, background)
        layers = self._layers(prints, size, TURNTABLE_SAMPLES)

        def render(azimuth: float) -> Picture:
            view = self._view(azimuth, size, TURNTABLE_SAMPLES, prints)
            return finish_frame(
                view, look, plain_pixels(view, look), ink_seen(view, layers) if layers else None
            )

        return self._ahead(render, [360 * number / frames for number in range(frames)])

    def _ahead(self, render: Callable[[float], Picture], azimuths: Sequence[float]) -> Iterator[Picture]:
        """Renders on the threads, a few pictures ahead of what was taken."""
        ahead: deque[Future[Picture]] = deque()
        try:
            for azimuth in azimuths:
                ahead.append(self._pool.submit(render, azimuth))
                if len(ahead) > self._threads:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()

    def _view(self, azimuth: float, size: int, k: int, prints: Sequence[Print]) -> View:
        work = getattr(self._local, "work", None)
        if work is None:
            work = self._local.work = Workspace(self._scene.light)
        whole_panels = self._beyond(prints)
        return build_view(self._scene, work, azimuth=azimuth, size=size, k=k, whole_panels=whole_panels)

    def _layers(self, prints: Sequence[Print], size: int, k: int) -> list[Layer]:
        density = k * pixels_per_cm(self.template.camera, size)
        return [self._layer(p, box_factor(p, density)) for p in prints]

    def _layer(self, print_: Print, factor: int) -> Layer:
        design = print_.design
        found = self._texels.get((design.sha256, factor), lambda: texels(design.pixels, factor))
        return make_layer(self.template, print_, factor, found)

    def _beyond(self, prints: Sequence[Print]) -> bool:
        """Whether art reaches beyond what views keep for prints by default."""
        return any(beyond_regions(self.template, p.art.panel, p.art.corners()) for p in prints)
