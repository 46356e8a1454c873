"""The outlines of the flat panels, taken from the mesh's UVs: what is cloth, and what would be cut off."""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakKeyDictionary

import cv2
import numpy as np
from numpy.typing import NDArray

from tirage.mockup.model import Panel, Template

SUBPIXEL_BITS = 6
FEWEST_CORNERS = 3
Outline = tuple[NDArray[np.float64], ...]
_outlines: WeakKeyDictionary[Template, dict[str, Outline]] = WeakKeyDictionary()
"""By panel, for as long as the template is in use: its maps must not stay in memory for a few polygons."""


def outline(template: Template, name: str) -> Outline:
    """The closed border polygons (k, 2) of a panel in its own centimetres, the first point not repeated."""
    known = _outlines.setdefault(template, {})
    if name not in known:
        known[name] = _traced(template, name)
    return known[name]


def _traced(template: Template, name: str) -> Outline:
    index = next(i for i, panel in enumerate(template.panels) if panel.name == name)
    garment = template.garment
    triangle = garment.triangle[garment.panel[garment.triangle[:, 0]] == index]
    cm = garment.uv.astype(np.float64) - template.panels[index].origin
    return tuple(cm[loop] for loop in _loops(_border_edges(triangle, len(garment.uv))))


def panel_mask(
    template: Template,
    panel: Panel,
    *,
    pixels_per_cm: float,
    offset: tuple[float, float],
    size: tuple[int, int],
) -> NDArray[np.uint8]:
    """Coverage (height, width) 0 … 255 of a panel's cloth; `offset` is where its (0, 0) lies, in pixels."""
    width, height = size
    image = np.zeros((height, width), np.uint8)
    fixed = [
        np.rint((points * pixels_per_cm + offset - 0.5) * 2**SUBPIXEL_BITS).astype(np.int32)
        for points in outline(template, panel.name)
    ]
    cv2.fillPoly(image, fixed, (255,), lineType=cv2.LINE_AA, shift=SUBPIXEL_BITS)
    return image


def _border_edges(triangle: NDArray[np.int32], vertices: int) -> Iterable[tuple[int, int]]:
    """Directed edges that belong to one triangle only."""
    start = triangle.ravel().astype(np.int64)
    end = triangle[:, [1, 2, 0]].ravel().astype(np.int64)
    edge = np.minimum(start, end) * vertices + np.maximum(start, end)
    order = np.argsort(edge)
    shared = np.diff(edge[order]) == 0
    lonely = order[~(np.append(shared, False) | np.append(False, shared))]
    return zip(start[lonely].tolist(), end[lonely].tolist(), strict=True)


def _loops(edges: Iterable[tuple[int, int]]) -> list[list[int]]:
    following = dict(edges)
    loops = []
    while following:
        vertex, after = following.popitem()
        loop = [vertex]
        while after in following:
            vertex, after = after, following.pop(after)
            loop.append(vertex)
        if len(loop) >= FEWEST_CORNERS:
            loops.append(loop)
    return loops
