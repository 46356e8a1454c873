"""The relight renderer: an order on a template becomes pictures from any side, without path tracing.
Keeps between orders what they share (views, plain cloth, inks), each bounded, least recently used out.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from tirage.media.values import Colour
from tirage.mockup.ink import Layer, box_factor, ink_seen, make_layer, texels
from tirage.mockup.light import build_light
from tirage.mockup.mesh import expand
from tirage.mockup.model import Template
from tirage.mockup.placement import Print
from tirage.mockup.shade import finish_frame, make_look, plain_pixels
from tirage.mockup.view import Scene, View, Workspace, build_scene, build_view, pixels_per_cm

Picture = NDArray[np.uint8]
T = TypeVar("T")

RENDERER, VERSION = "relight", "1"
"""Written into every manifest; the version changes whenever pictures do."""

STILL_SAMPLES, TURNTABLE_SAMPLES = 4, 3
"""Sub-samples a pixel and axis at silhouettes, seams and print."""

_VIEW_BYTES, _PLAIN_BYTES, _INK_BYTES, _TEXEL_BYTES = (n << 20 for n in (256, 96, 64, 96))


class _Kept(Generic[T]):
    """Results by key within a budget of bytes; two threads that want the same one compute it once."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._lock = threading.Lock()
        self._found: OrderedDict[Hashable, tuple[Future[T], int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable, make: Callable[[], T], size: Callable[[T], int]) -> T:
        with self._lock:
            hit = self._found.get(key)
            if hit is not None:
                self._found.move_to_end(key)
                future = hit[0]
            else:
                future = Future()
                self._found[key] = (future, 0)
        if hit is not None:
            return future.result()
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                self._found.pop(key, None)
            future.set_exception(error)
            raise
        future.set_result(value)
        self._account(key, future, size(value))
        return value

    def _account(self, key: Hashable, future: Future[T], size: int) -> None:
        with self._lock:
            if key in self._found:
                self._found[key] = (future, size)
                self._bytes += size
            while self._bytes > self._budget and len(self._found) > 1:
                oldest = next((k for k, (f, _) in self._found.items() if f.done() and k != key), None)
                if oldest is None:
                    return
                self._bytes -= self._found.pop(oldest)[1]


class Renderer:
    """Renders one template.  Safe to call from several threads; `threads` work at a time."""

    def __init__(self, template: Template, *, threads: int | None = None) -> None:
        self.template = template
        shell = expand(template.garment)
        self._scene: Scene = build_scene(template, shell, build_light(template, shell))
        self._threads = threads or len(os.sched_getaffinity(0))
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="relight")
        self._local = threading.local()
        self._views: _Kept[View] = _Kept(_VIEW_BYTES)
        self._plain: _Kept[Picture] = _Kept(_PLAIN_BYTES)
        self._inks: _Kept[NDArray[np.float16]] = _Kept(_INK_BYTES)
        self._texels: _Kept[NDArray[np.uint16]] = _Kept(_TEXEL_BYTES)

    def stills(
        self,
        *,
        prints: Sequence[Print],
        colour: Colour,
        azimuths: Sequence[float],
        size: int,
        background: Colour | None,
    ) -> Iterator[Picture]:
        """Pictures in the order of the azimuths: (size, size, 3) RGB, or RGBA with straight alpha on no background."""

        def render(azimuth: float) -> Picture:
            return self.still(prints=prints, colour=colour, azimuth=azimuth, size=size, background=background)

        return self._pool.map(render, azimuths)

    def still(
        self, *, prints: Sequence[Print], colour: Colour, azimuth: float, size: int, background: Colour | None
    ) -> Picture:
        """One picture, in the calling thread."""
        wide = any(self._beyond_print_area(p) for p in prints)
        key = (azimuth % 360, size, wide)
        view = self._views.get(key, lambda: self._view(azimuth, size, STILL_SAMPLES, wide), lambda v: v.nbytes)
        look = make_look(self.template, colour, background)
        plain = self._plain.get(
            (key, colour, background), lambda: plain_pixels(view, look), lambda pixels: pixels.nbytes
        )
        if not prints:
            return finish_frame(view, look, plain, None)
        layers = self._layers(prints, size, STILL_SAMPLES)
        ink = self._inks.get((key, _identity(prints)), lambda: ink_seen(view, layers), lambda seen: seen.nbytes)
        return finish_frame(view, look, plain, ink)

    def turntable(
        self, *, prints: Sequence[Print], colour: Colour, size: int, frames: int, background: Colour
    ) -> Iterator[Picture]:
        """Frames (size, size, 3) of one turn from the front, towards the wearer's left; rendered a few ahead."""
        wide = any(self._beyond_print_area(p) for p in prints)
        look = make_look(self.template, colour, background)
        layers = self._layers(prints, size, TURNTABLE_SAMPLES)

        def render(azimuth: float) -> Picture:
            view = self._view(azimuth, size, TURNTABLE_SAMPLES, wide)
            return finish_frame(view, look, plain_pixels(view, look), ink_seen(view, layers) if layers else None)

        azimuths = [360 * i / frames for i in range(frames)]
        ahead: list[Future[Picture]] = []
        try:
            for i in range(frames + 2 * self._threads):
                if i < frames:
                    ahead.append(self._pool.submit(render, azimuths[i]))
                if i >= 2 * self._threads or i >= frames:
                    if ahead:
                        yield ahead.pop(0).result()
        finally:
            for future in ahead:
                future.cancel()

    def _view(self, azimuth: float, size: int, k: int, wide: bool) -> View:
        work = getattr(self._local, "work", None)
        if work is None:
            work = self._local.work = Workspace(self._scene.light)
        return build_view(self._scene, work, azimuth=azimuth, size=size, k=k, whole_panels=wide)

    def _layers(self, prints: Sequence[Print], size: int, k: int) -> list[Layer]:
        density = k * pixels_per_cm(self.template.camera, size)
        return [self._layer(p, box_factor(p, density)) for p in prints]

    def _layer(self, print_: Print, factor: int) -> Layer:
        found = self._texels.get(
            (print_.design.sha256, factor), lambda: texels(print_.design.pixels, factor), lambda pixels: pixels.nbytes
        )
        return make_layer(self.template, print_, factor, found)

    def _beyond_print_area(self, print_: Print) -> bool:
        panel = self.template.panel(print_.art.panel)
        if panel is None or panel.print_area is None:
            return True
        reach = max(print_.art.width, print_.art.height) if print_.art.rotation else 0.0
        half_x, half_y = max(print_.art.width, reach) / 2, max(print_.art.height, reach) / 2
        left, top, right, bottom = panel.print_area
        art = print_.art
        return art.x - half_x < left or art.x + half_x > right or art.y - half_y < top or art.y + half_y > bottom


def _identity(prints: Sequence[Print]) -> Hashable:
    return tuple((p.design.sha256, p.art) for p in prints)
