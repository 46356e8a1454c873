"""The relight renderer: an order on a template becomes pictures from any side, without path tracing.
Keeps between orders what they share (views, plain cloth, inks), each bounded, least recently used out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from tirage.media.values import Colour
from tirage.mockup.camera import pixels_per_cm
from tirage.mockup.canvas import Box, Canvas, Reach, make_canvas
from tirage.mockup.ink import Ink, Layer, box_factor, ink_seen, make_layer, texels
from tirage.mockup.kept import Kept
from tirage.mockup.kernels import Look
from tirage.mockup.memory import give_back_holes, give_back_large_blocks
from tirage.mockup.model import RendererInfo, Template
from tirage.mockup.placement import Print
from tirage.mockup.scene import Workspace, beyond_regions, build_scene
from tirage.mockup.shade import Plain, cloth_frame, lay_ink, make_look, plain_cloth
from tirage.mockup.view import View, build_view
from tirage.settings import usable_cores

Picture = NDArray[np.uint8]

RELIGHT = RendererInfo("relight", "1")
"""Written into its manifests; the version changes whenever pictures do."""

TURNTABLE_SAMPLES = 3
"""Sub-samples a pixel and axis at silhouettes, seams and print."""

SEEN_BYTES, INK_BYTES, TEXEL_BYTES = (n << 20 for n in (264, 32, 48))
"""Kept between orders, as measured on a tee with art across the chest.  Seen: six views of 2048² take 188 MB,
their canvases 39 and their cloth 30; a turntable's canvases and cloth take 198, and find room beside those of
the six, but not beside the views.  Inks of six views take 18 to 20 MB, with art on both sides 27 to 31.
Texels take 46 MB, serve one design's views, one after another, and go when the order is done."""

VIEW_BYTES = 9
"""What the largest view of 2048² takes a pixel of the picture; small ones have more samples, but fit."""

Shot = tuple[float, int, int, bool]
"""What a view depends on: azimuth, size, sub-samples, whether prints reach beyond the print areas."""
T = TypeVar("T", bound=View | Canvas | Plain)


def still_samples(size: int) -> int:
    """The same of a still: small pictures are cheap, and fine art has more to lose in them."""
    return 8 if size <= 768 else 6 if size <= 1280 else 4


class Renderer:
    """Renders one template.  Safe to call from several threads; `threads` work at a time."""

    def __init__(self, template: Template, *, threads: int | None = None, keep: bool = True) -> None:
        """`keep`: whether more orders follow; for a single one nothing is worth keeping."""
        give_back_large_blocks()
        self.template = template
        self.renderer = RELIGHT
        self._scene = build_scene(template)
        self._threads = threads or usable_cores()
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="relight")
        self._spare: list[Workspace] = []
        self._seen: Kept[View | Canvas | Plain] = Kept(SEEN_BYTES * keep)
        self._reach = Reach(template)
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

        boxes, shots = (
            self._boxes(prints),
            [self._shot(azimuth, size, still_samples(size), prints) for azimuth in azimuths],
        )
        made_of_views = [key for shot in shots for key in ((shot, boxes), (shot, colour, background))]

        def render(azimuth: float) -> Picture:
            frame = self.still(
                prints=prints, colour=colour, azimuth=azimuth, size=size, background=background
            )
            self._seen.refresh(made_of_views)  # where room is scarce, views go before these
            return frame

        yield from self._ahead(render, azimuths)
        self._texels.clear()

    def still(
        self, *, prints: Sequence[Print], colour: Colour, azimuth: float, size: int, background: Colour | None
    ) -> Picture:
        """One picture, in the calling thread."""
        k = still_samples(size)
        shot = self._shot(azimuth, size, k, prints)
        view = cache(
            lambda: self._keep(shot, lambda: self._view(azimuth, size, k, prints), VIEW_BYTES * size**2)
        )
        look = make_look(self._scene, colour, background)
        frame = cloth_frame(self._cloth((shot, colour, background), view, look), look)
        if prints:
            boxes = self._boxes(prints)
            canvas = self._canvas(shot, boxes, view)
            designs = tuple((p.design.sha256, p.art) for p in prints)
            ink = self._inks.get(
                (shot, boxes, designs), lambda: ink_seen(canvas, self._layers(prints, size, k))
            )
            lay_ink(frame, look, canvas, ink)
        return frame

    def turntable(
        self, *, prints: Sequence[Print], colour: Colour, size: int, frames: int, background: Colour
    ) -> Iterator[Picture]:
        """Frames (size, size, 3) of one turn from the front, towards the wearer's left; rendered ahead."""
        k = TURNTABLE_SAMPLES
        look = make_look(self._scene, colour, background)
        layers, boxes = self._layers(prints, size, k), self._boxes(prints)
        self._texels.clear()

        def render(azimuth: float) -> Picture:
            shot = self._shot(azimuth, size, k, prints)
            view = cache(lambda: self._view(azimuth, size, k, prints, passing=True))
            frame = cloth_frame(self._cloth((shot, colour, background), view, look), look)
            if layers:
                canvas = self._canvas(shot, boxes, view)
                lay_ink(frame, look, canvas, ink_seen(canvas, layers))
            return frame

        return self._ahead(render, [360 * number / frames for number in range(frames)])

    def _shot(self, azimuth: float, size: int, k: int, prints: Sequence[Print]) -> Shot:
        return azimuth % 360, size, k, self._beyond(prints)

    def _keep(self, key: Hashable, make: Callable[[], T], expected: int = 0) -> T:
        """What is kept of views; a key begins with the shot and says what it is of."""
        return cast("T", self._seen.get(key, make, expected=expected))

    def _cloth(
        self, key: tuple[Shot, Colour, Colour | None], view: Callable[[], View], look: Look
    ) -> View | Plain:
        """Finished cloth; where only the view that it is made of has room, that."""
        if key not in self._seen and key[0] in self._seen:
            size = len(view().terms) * look.channels
            if not self._seen.has_room(self._threads * size):  # the others may be about to keep theirs
                return view()
        return self._keep(key, lambda: plain_cloth(view(), look))

    def _boxes(self, prints: Sequence[Print]) -> tuple[Box, ...]:
        """The parts of the atlas that a canvas for these prints shows."""
        arts = [print_.art for print_ in prints]
        return tuple(
            self._reach.of(panel, [art.corners() for art in arts if art.panel == panel.name])
            for panel in self.template.panels
            if any(art.panel == panel.name for art in arts)
        )

    def _canvas(self, shot: Shot, boxes: tuple[Box, ...], view: Callable[[], View]) -> Canvas:
        return self._keep((shot, boxes), lambda: make_canvas(view(), boxes))

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
            self._spare.clear()  # the next pictures may need none, and it takes as much as two views
            give_back_holes()

    def _view(
        self, azimuth: float, size: int, k: int, prints: Sequence[Print], *, passing: bool = False
    ) -> View:
        whole_panels = self._beyond(prints)
        try:
            work = self._spare.pop()
        except IndexError:
            work = Workspace(self._scene.light)
        view = build_view(
            self._scene,
            work,
            azimuth=azimuth,
            size=size,
            k=k,
            whole_panels=whole_panels,
            passing=passing,
        )
        self._spare.append(work)
        return view

    def _layers(self, prints: Sequence[Print], size: int, k: int) -> list[Layer]:
        density = k * pixels_per_cm(self.template.camera, size)
        return [self._layer(p, box_factor(p, density)) for p in prints]

    def _layer(self, print_: Print, factor: int) -> Layer:
        design = print_.design
        found = self._texels.get(
            (design.sha256, factor),
            lambda: texels(design.pixels, factor),
            expected=2 * design.pixels.nbytes // factor**2,
        )
        return make_layer(self.template, print_, factor, found)

    def _beyond(self, prints: Sequence[Print]) -> bool:
        """Whether art reaches beyond what views keep for prints by default."""
        return any(beyond_regions(self.template, p.art.panel, p.art.corners()) for p in prints)
