"""A template made ready for the kernels: what its views share, and the scratch memory they are made in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tirage.mockup import kernels
from tirage.mockup.camera import pixels_per_cm
from tirage.mockup.coat import coat_seen
from tirage.mockup.kernels import ATLAS_STEPS, CHARTS, pointer
from tirage.mockup.light import Light, build_light, edge_uv, light_texture
from tirage.mockup.mesh import Shell, drawn, expand
from tirage.mockup.model import Template
from tirage.mockup.placement import template_trims

_BUSY = 256
"""Resolution of the map that says where the albedo's detail varies."""
_COARSEST = 2048
"""Of detail: coarser texels would hold ribs no better than the pixels of small pictures, whose samples do."""
_EVEN = 6
"""Codes of 255 that detail may vary by within a block and still count as even."""
_COAT_PX, _FINEST = 3.0, 4
"""Pixels that a texel of what is mirrored may take, and texels a side for one of the light at most."""
_MARGIN_CM = 0.5
"""Prints may reach this far beyond a print area before a view has to keep whole panels for them."""


@dataclass(frozen=True, slots=True, eq=False)
class Detail:
    """One level of the albedo's detail."""

    factor: NDArray[np.uint8]
    """(size, size), 255 = plain cloth."""
    busy: NDArray[np.uint8]
    """1 where it varies so much that sub-samples are needed."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What all views of a template share."""

    template: Template
    shell: Shell
    light: Light
    uv: NDArray[np.float32]
    """(n, 2) atlas units 0..1."""
    triangle: NDArray[np.int32]
    """(m, 3) the shell's triangles that a camera can see."""
    flags: NDArray[np.uint8]
    """(m,) panel of each triangle, with kernels.INSIDE or kernels.RIM."""
    detail: tuple[Detail, ...]
    """The finest level first, each half as wide as the one before."""


class Workspace:
    """Scratch of one thread, reused from view to view: light textures and full-frame buffers."""

    def __init__(self, light: Light) -> None:
        self.outside = light_texture(light.outside)
        self.inside = light_texture(light.inside)
        self.coat: NDArray[np.float16] | None = None
        """What a smooth material mirrors, once `mirror` was called."""
        self._frames: dict[str, NDArray[Any]] = {}

    def mirror(self, scene: Scene, camera: NDArray[np.float32], *, size: int, passing: bool) -> None:
        """What the coat reflects to a camera, for pictures of that size; nothing where there is none.

        passing: looked at once, so that its own image in it may be less sharp.
        """
        coat = scene.light.coat
        if coat is None:
            return
        texel_px = pixels_per_cm(scene.template.camera, size) * scene.template.atlas_cm / coat.size
        fine = min(max(math.ceil(texel_px / _COAT_PX), 1), _FINEST)
        self.coat = self.frame("coat", (coat.size * fine, coat.size * fine), np.float16)
        coat_seen(coat, camera, self.coat, coarse=passing)

    def frame(self, name: str, shape: tuple[int, ...], dtype: type[np.generic]) -> NDArray[Any]:
        """A buffer of that shape; its contents are whatever was there."""
        found = self._frames.get(name)
        if found is None or found.shape != shape:
            found = self._frames[name] = np.empty(shape, dtype)
        return found


def build_scene(template: Template) -> Scene:
    """Prepare a template; about 0.15 s, once per process."""
    shell = expand(template.garment)
    flags = shell.panel[shell.triangle[:, 0]].astype(np.uint8)
    flags[shell.inside] |= kernels.INSIDE
    flags[len(flags) - 2 * len(template.garment.rim) :] |= kernels.RIM
    chosen = drawn(template.garment)
    return Scene(
        template=template,
        shell=shell,
        triangle=np.ascontiguousarray(shell.triangle[chosen]),
        light=build_light(template, shell),
        uv=np.ascontiguousarray(edge_uv(shell, len(template.garment.rim)) / template.atlas_cm, np.float32),
        flags=flags[chosen],
        detail=_levels(template.detail),
    )


def _busy(detail: NDArray[np.uint8]) -> NDArray[np.uint8]:
    side = max(1, len(detail) // _BUSY)
    count = len(detail) // side
    rows = detail[: count * side, : count * side].reshape(count, side, count * side)
    low, high = (rows.min(axis=1), rows.max(axis=1))  # by rows first: that is one sweep over memory
    low, high = low.reshape(count, count, side).min(axis=2), high.reshape(count, count, side).max(axis=2)
    busy: NDArray[np.uint8] = (high.astype(np.int16) - low > _EVEN).astype(np.uint8)
    return busy


def _levels(detail: NDArray[np.uint8]) -> tuple[Detail, ...]:
    levels = [detail]
    while len(levels[-1]) > _COARSEST:
        half = len(levels[-1]) // 2
        levels.append(
            np.asarray(cv2.resize(levels[-1], (half, half), interpolation=cv2.INTER_AREA), np.uint8)
        )
    return tuple(Detail(level, _busy(level)) for level in levels)


def surfaces(scene: Scene, work: Workspace, *, size: int) -> kernels.Cloths:
    """What the cloth looks like to the kernels, in the workspace's light, in pictures of that size.

    The level of detail is the one whose texels are nearest to a pixel, or the coarsest.
    """
    template = scene.template
    texels_per_pixel = len(template.detail) / template.atlas_cm / pixels_per_cm(template.camera, size)
    level = min(max(round(math.log2(texels_per_pixel)), 0), len(scene.detail) - 1)
    detail = scene.detail[level]
    coat = work.coat
    return kernels.Cloths(
        outside=pointer(work.outside, np.float16),
        inside=pointer(work.inside, np.float16),
        outside_size=len(work.outside),
        inside_size=len(work.inside),
        detail=pointer(detail.factor, np.uint8),
        busy=pointer(detail.busy, np.uint8),
        detail_size=len(detail.factor),
        busy_size=len(detail.busy),
        coat=None if coat is None else pointer(coat, np.float16),
        coat_size=0 if coat is None else len(coat),
    )


def print_regions(template: Template, *, whole_panels: bool) -> tuple[NDArray[np.uint16], list[int]]:
    """Atlas rectangles (CHARTS, 4) that prints and trims may reach, as kept positions; the charts with one.

    whole_panels: all of each panel that takes prints, else its print area with a margin.
    """
    regions = np.zeros((CHARTS, 4), np.uint16)
    trims = template_trims(template)
    printable = []
    for index, panel in enumerate(template.panels):
        corners = [trim.art.corners() for trim in trims if trim.art.panel == panel.name]
        if panel.print_area is not None:
            area = panel.bounds if whole_panels else panel.print_area
            corners.append(np.reshape(area, (2, 2)))
        if not corners:
            continue
        printable.append(index)
        points = np.concatenate(corners) + panel.origin
        box = np.concatenate([points.min(axis=0) - _MARGIN_CM, points.max(axis=0) + _MARGIN_CM])
        regions[index] = (box * (ATLAS_STEPS / template.atlas_cm)).round().clip(0, ATLAS_STEPS)
    return regions, printable


def beyond_regions(template: Template, panel_name: str, corners: NDArray[np.float64]) -> bool:
    """Whether art with these corners (4, 2) in panel cm reaches beyond the print area and its margin."""
    panel = template.panel(panel_name)
    if panel is None or panel.print_area is None:
        return True
    low, high = np.array(panel.print_area[:2]) - _MARGIN_CM, np.array(panel.print_area[2:]) + _MARGIN_CM
    return bool((corners < low).any() or (corners > high).any())
