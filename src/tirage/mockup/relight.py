"""The relight renderer: an order on a template becomes pictures from any side, without path tracing.
Keeps between orders what they share (views, plain cloth, inks), each bounded, least recently used out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from tirage.media.still import Shared, Still, Tiles
from tirage.media.values import Colour
from tirage.mockup.camera import pixels_per_cm
from tirage.mockup.canvas import Box, Canvas, Reach, canvas_codes, make_canvas
from tirage.mockup.fabric import FAINT, Pattern, Yarn, make_pattern, make_yarn
from tirage.mockup.ink import Ink, Layer, box_factor, ink_seen, make_layer, texels
from tirage.mockup.kept import Kept
from tirage.mockup.kernels import Look
from tirage.mockup.memory import give_back_holes, give_back_large_blocks
from tirage.mockup.model import RendererInfo, Template
from tirage.mockup.placement import Print, template_trims
from tirage.mockup.scene import Workspace, beyond_regions, build_scene
from tirage.mockup.shade import Plain, blank_tiles, cloth_frame, lay_ink, make_look, plain_cloth
from tirage.mockup.surroundings import surroundings
from tirage.mockup.view import EVEN, Codes, View, build_view, fabric_seen
from tirage.settings import usable_cores

Picture = NDArray[np.uint8]

RELIGHT = RendererInfo("relight", "3")
"""Written into its manifests; the version changes whenever pictures do."""

TURNTABLE_SAMPLES = 3
"""Sub-samples a pixel and axis at silhouettes, seams and print."""

SEEN_BYTES, INK_BYTES, TEXEL_BYTES = (n << 20 for n in (276, 32, 48))
"""Kept between orders, as measured on a tee with art across the chest.  Seen: six views of 2048² take 198 MB,
their fabric 10, their canvases 40 and their cloth 30; a turntable's canvases and cloth take 198, and find
room beside those of the six, but not beside the views.  Inks of six views take 18 to 20 MB, with art on both
sides 27 to 31.  Texels take 46 MB, serve one design's views, one after another, and go when it is done."""

VIEW_BYTES = 10
"""What the largest view of 2048² takes a pixel of the picture; small ones have more samples, but fit."""

AROUND_BYTES = 1 << 20
"""The prints of the last few orders as what tints bounced light: .26 MB each."""

Shot = tuple[float, int, int, bool]
"""What a view depends on: azimuth, size, sub-samples, and whether prints reach beyond print areas."""
LED_BY_SAMPLE = 768
"""Largest stills in which the yarn leads ink sample by sample: theirs are finer than its waves, pixels are
not.  Larger ones keep a place a pixel; films none, which move and would show edges a tenth of a pixel off."""
PATTERNS = 6
"""Fabrics by size that stay ready: about 3 MB each where they are seen, nothing where not."""
YARNS = 3
"""The same of what leads ink: 2 MB in pictures of 2048²."""
Seen = Callable[[], tuple[View, Codes]]
T = TypeVar("T", bound=View | Codes | Canvas | Plain)
R = TypeVar("R")


def still_samples(size: int) -> int:
    """The same of a still: small pictures are cheap, and fine art has more to lose in them."""
    return 8 if size <= 768 else 6 if size <= 1280 else 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What stills of one order have in common."""

    prints: Sequence[Print]
    colour: Colour
    size: int
    background: Colour | None

    @property
    def k(self) -> int:
        """Sub-samples a pixel and axis."""
        return still_samples(self.size)


class Renderer:
    """Renders one template.  Safe to call from several threads; `threads` work at a time."""

    def __init__(self, template: Template, *, threads: int | None = None, keep: bool = True) -> None:
        """`keep`: whether more orders follow; for a single one nothing is worth keeping."""
        give_back_large_blocks()
        self.template = template
        self.renderer = RELIGHT
        self._scene = build_scene(template)
        self._token = object()
        """Tells its pictures from another renderer's."""
        self._threads = threads or usable_cores()
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="relight")
        self._spare: list[Workspace] = []
        self._seen: Kept[View | Codes | Canvas | Plain] = Kept(SEEN_BYTES * keep)
        self._reach = Reach(template)
        self._inks: Kept[Ink] = Kept(INK_BYTES * keep)
        self._texels: Kept[NDArray[np.uint16]] = Kept(TEXEL_BYTES)
        self._around: Kept[NDArray[np.float32]] = Kept(AROUND_BYTES)
        self._trims = template_trims(template)
        self._pattern = lru_cache(PATTERNS)(self._make_pattern)
        self._yarn = lru_cache(YARNS)(self._make_yarn)

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
        scene = _Asked(prints=prints, colour=colour, size=size, background=background)
        return self._rendered(scene, azimuths, lambda still: still.pixels)

    def sketches(
        self,
        *,
        prints: Sequence[Print],
        colour: Colour,
        azimuths: Sequence[float],
        size: int,
        background: Colour | None,
    ) -> Iterator[Still]:
        """The same, of which only the finishing is left to whoever wants their pixels, and in that thread."""
        scene = _Asked(prints=prints, colour=colour, size=size, background=background)
        return self._rendered(scene, azimuths, lambda still: still)

    def _rendered(
        self, asked: _Asked, azimuths: Sequence[float], finish: Callable[[Still], R]
    ) -> Iterator[R]:
        boxes = self._boxes(asked.prints)
        fabric = self._fabric(asked.colour, asked.size)
        shots = [self._shot(azimuth, asked.size, asked.k, asked.prints) for azimuth in azimuths]
        made_of_views = [
            key
            for shot in shots
            for key in ((shot, boxes), (shot, boxes, fabric), (shot, asked.colour, asked.background))
        ]

        def render(azimuth: float) -> R:
            picture = finish(self._sketch(asked, azimuth))
            self._seen.refresh(made_of_views)  # where room is scarce, views go before these
            return picture

        yield from self._ahead(render, azimuths)
        self._texels.clear()

    def still(
        self, *, prints: Sequence[Print], colour: Colour, azimuth: float, size: int, background: Colour | None
    ) -> Picture:
        """One picture, in the calling thread."""
        asked = _Asked(prints=prints, colour=colour, size=size, background=background)
        return self._sketch(asked, azimuth).pixels

    def _sketch(self, asked: _Asked, azimuth: float) -> Still:
        prints, colour, background = asked.prints, asked.colour, asked.background
        shot = self._shot(azimuth, asked.size, asked.k, prints)
        fabric = self._fabric(colour, asked.size)
        seen = cache(lambda: self._kept_view(shot, fabric))
        look = self._look(colour, size=asked.size, background=background)
        cloth = self._cloth((shot, colour, background), seen, look)
        blank = blank_tiles(cloth[0])
        inked, lay = np.zeros_like(blank), None
        if prints or self._trims:
            boxes = self._boxes(prints)
            canvas, codes = self._canvas(shot, boxes, fabric, seen)
            designs = tuple((p.design.sha256, p.art) for p in prints)  # trims are always the same
            ink = self._inks.get(
                (shot, boxes, designs),
                lambda: self._ink(canvas, designs, self._layers(prints, asked.size, asked.k)),
            )
            inked.ravel()[canvas.tile[ink.blocks]] = True
            lay = partial(lay_ink, look=look, canvas=canvas, fabric=codes, ink=ink)

        def draw(tiles: Tiles | None) -> Picture:  # of a view that finds no room for its cloth, too
            frame = cloth_frame(cloth[0], look, cloth[1], tiles)
            if lay:
                lay(frame)
            return frame

        return Still(asked.size, draw, Shared((self._token, shot, colour, background), inked, blank))

    def turntable(
        self, *, prints: Sequence[Print], colour: Colour, size: int, frames: int, background: Colour
    ) -> Iterator[Picture]:
        """Frames (size, size, 3) of one turn from the front, towards the wearer's left; rendered ahead."""
        k = TURNTABLE_SAMPLES
        look, fabric = (
            self._look(colour, size=size, background=background),
            self._fabric(colour, size, least=FAINT),
        )
        layers, boxes = self._layers(prints, size, k), self._boxes(prints)
        around = self._surroundings(layers)
        self._texels.clear()

        def render(azimuth: float) -> Picture:
            shot = self._shot(azimuth, size, k, prints)
            seen = cache(lambda: self._view(shot, fabric, passing=True))
            cloth, plain = self._cloth((shot, colour, background), seen, look)
            frame = cloth_frame(cloth, look, plain)
            if layers:
                canvas, codes = self._canvas(shot, boxes, fabric, seen)
                lay_ink(frame, look, canvas, codes, ink_seen(canvas, layers, around))
            return frame

        return self._ahead(render, [360 * number / frames for number in range(frames)])

    def _shot(self, azimuth: float, size: int, k: int, prints: Sequence[Print]) -> Shot:
        return azimuth % 360, size, k, self._beyond(prints)

    def _fabric(self, colour: Colour, size: int, *, least: float = 0.0) -> str | None:
        """The fabric of a colour, where pictures of that size show that it varies by as much as `least`."""
        fabric = self.template.fabric_of(colour)
        return fabric if fabric and self._pattern(fabric, size).deviation >= least else None

    def _look(self, colour: Colour, *, size: int, background: Colour | None) -> Look:
        fabric = self.template.fabric_of(colour)
        hidden = self._pattern(fabric, size).hidden if fabric else 0.0
        return make_look(self._scene, colour, background, hidden=hidden)

    def _make_pattern(self, fabric: str, size: int) -> Pattern:
        return make_pattern(self.template, fabric, pixels_per_cm(self.template.camera, size))

    def _make_yarn(self, size: int) -> Yarn | None:
        return make_yarn(self.template, pixels_per_cm(self.template.camera, size))

    def _keep(self, key: Hashable, make: Callable[[], T], expected: int = 0) -> T:
        """What is kept of views; a key begins with the shot and says what it is of."""
        return cast("T", self._seen.get(key, make, expected=expected))

    def _cloth(
        self, key: tuple[Shot, Colour, Colour | None], seen: Seen, look: Look
    ) -> tuple[View | Plain, Codes]:
        """The cloth finished, which is kept, if beside the view it is made of it can; else that view."""
        if key not in self._seen and key[0] in self._seen:
            view, codes = seen()
            size = len(view.terms) * look.channels
            if not self._seen.has_room(self._threads * size):  # the others may be about to keep theirs
                return view, codes
        return self._keep(key, lambda: plain_cloth(*seen(), look)), EVEN

    def _boxes(self, prints: Sequence[Print]) -> tuple[Box, ...]:
        """The parts of the atlas that a canvas for these prints shows."""
        arts = [print_.art for print_ in (*self._trims, *prints)]
        return tuple(
            self._reach.of(panel, [art.corners() for art in arts if art.panel == panel.name])
            for panel in self.template.panels
            if any(art.panel == panel.name for art in arts)
        )

    def _canvas(
        self, shot: Shot, boxes: tuple[Box, ...], fabric: str | None, seen: Seen
    ) -> tuple[Canvas, Codes]:
        """What prints need of a view, and the fabric on it."""
        canvas = self._keep((shot, boxes), lambda: make_canvas(seen()[0], boxes))
        if fabric is None:
            return canvas, EVEN
        return canvas, self._keep((shot, boxes, fabric), lambda: canvas_codes(canvas, *seen()))

    def _ahead(self, render: Callable[[float], R], azimuths: Sequence[float]) -> Iterator[R]:
        """Renders on the threads, a few pictures ahead of what was taken."""
        ahead: deque[Future[R]] = deque()
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

    def _kept_view(self, shot: Shot, fabric: str | None) -> tuple[View, Codes]:
        """A view and a fabric on it; the fabric is cheap while the view is being made."""
        beside: list[Codes] = []

        def make() -> View:
            view, codes = self._view(shot, fabric)
            beside.append(codes)
            return view

        view = self._keep(shot, make, VIEW_BYTES * shot[1] ** 2)
        if fabric is None:
            return view, EVEN
        return view, self._keep(
            (shot, fabric), lambda: beside[0] if beside else self._codes(shot, view, fabric)
        )

    def _codes(self, shot: Shot, view: View, fabric: str) -> Codes:
        pattern, work = self._pattern(fabric, view.size), self._workspace()
        codes = fabric_seen(self._scene, work, view, azimuth=shot[0], pattern=pattern)
        self._spare.append(work)
        return codes

    def _workspace(self) -> Workspace:
        try:
            return self._spare.pop()
        except IndexError:
            return Workspace(self._scene.light)

    def _view(self, shot: Shot, fabric: str | None, *, passing: bool = False) -> tuple[View, Codes]:
        azimuth, size, k, whole_panels = shot
        work = self._workspace()
        seen = build_view(
            self._scene,
            work,
            azimuth=azimuth,
            size=size,
            k=k,
            pattern=self._pattern(fabric, size) if fabric else None,
            yarn=None if passing or size <= LED_BY_SAMPLE else self._yarn(size),
            whole_panels=whole_panels,
            passing=passing,
        )
        self._spare.append(work)
        return seen

    def _ink(self, canvas: Canvas, designs: Hashable, layers: Sequence[Layer]) -> Ink:
        around = self._around.get((designs, canvas.size), lambda: self._surroundings(layers))
        by_sample = canvas.size <= LED_BY_SAMPLE
        return ink_seen(canvas, layers, around, self._yarn(canvas.size * canvas.k) if by_sample else None)

    def _surroundings(self, layers: Sequence[Layer]) -> NDArray[np.float32]:
        """What tints bounced light: all ink, but where bounces are those of the material alone."""
        return surroundings([] if self.template.trims_bounce else layers, self.template.atlas_cm)

    def _layers(self, prints: Sequence[Print], size: int, k: int) -> list[Layer]:
        density = k * pixels_per_cm(self.template.camera, size)
        return [self._layer(p, box_factor(p, density)) for p in (*self._trims, *prints)]

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
