"""A template made ready for the kernels: what its views share, and the scratch memory they are made in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tirage.mockup import kernels
from tirage.mockup.kernels import pointer
from tirage.mockup.light import Light, build_light, light_texture
from tirage.mockup.mesh import Shell, expand
from tirage.mockup.model import Template

_BUSY = 256
"""Resolution of the map that says where the albedo's detail varies."""
_EVEN = 6
"""Codes of 255 that detail may vary by within a block and still count as even."""
_MARGIN_CM = 1.0
"""Prints may reach this far beyond a print area before a view has to keep whole panels for them."""
CHARTS = 128


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What all views of a template share."""

    template: Template
    shell: Shell
    light: Light
    uv: NDArray[np.float32]
    """(n, 2) atlas units 0..1."""
    flags: NDArray[np.uint8]
    """(m,) panel of each triangle, with kernels.INSIDE."""
    busy: NDArray[np.uint8]
    """1 where the albedo's detail varies."""


class Workspace:
    """Scratch of one thread, reused from view to view: light textures and full-frame buffers."""

    def __init__(self, light: Light) -> None:
        self.outside = light_texture(light.outside)
        self.inside = light_texture(light.inside)
        self._frames: dict[str, NDArray[Any]] = {}

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
    return Scene(
        template=template,
        shell=shell,
        light=build_light(template, shell),
        uv=np.ascontiguousarray(shell.uv / template.atlas_cm, np.float32),
        flags=flags,
        busy=_busy(template.detail),
    )


def _busy(detail: NDArray[np.uint8]) -> NDArray[np.uint8]:
    side = max(1, len(detail) // _BUSY)
    count = len(detail) // side
    blocks = detail[: count * side, : count * side].reshape(count, side, count, side)
    spread = blocks.max(axis=(1, 3)).astype(np.int16) - blocks.min(axis=(1, 3))
    busy: NDArray[np.uint8] = (spread > _EVEN).astype(np.uint8)
    return busy


def surfaces(scene: Scene, work: Workspace) -> kernels.Cloths:
    """What the cloth looks like to the kernels, in the light that the workspace holds."""
    detail, busy = scene.template.detail, scene.busy
    return kernels.Cloths(
        outside=pointer(work.outside, np.float16),
        inside=pointer(work.inside, np.float16),
        outside_size=len(work.outside),
        inside_size=len(work.inside),
        detail=pointer(detail, np.uint8),
        busy=pointer(busy, np.uint8),
        detail_size=len(detail),
        busy_size=len(busy),
    )


def print_regions(template: Template, *, whole_panels: bool) -> tuple[NDArray[np.float32], list[int]]:
    """Atlas rectangles (CHARTS, 4) that prints may reach, and the charts that take prints.

    whole_panels: all of each panel, else its print area with a margin.
    """
    regions = np.zeros((CHARTS, 4), np.float32)
    printable = [i for i, panel in enumerate(template.panels) if panel.print_area is not None]
    for index in printable:
        panel = template.panels[index]
        left, top, right, bottom = (
            panel.bounds if whole_panels or panel.print_area is None else panel.print_area
        )
        x, y = panel.origin
        box = (x + left - _MARGIN_CM, y + top - _MARGIN_CM, x + right + _MARGIN_CM, y + bottom + _MARGIN_CM)
        regions[index] = np.array(box) / template.atlas_cm
    return regions, printable


def beyond_regions(template: Template, panel_name: str, corners: NDArray[np.float64]) -> bool:
    """Whether art with these corners (4, 2) in panel cm reaches beyond the print area and its margin."""
    panel = template.panel(panel_name)
    if panel is None or panel.print_area is None:
        return True
    low, high = np.array(panel.print_area[:2]) - _MARGIN_CM, np.array(panel.print_area[2:]) + _MARGIN_CM
    return bool((corners < low).any() or (corners > high).any())
