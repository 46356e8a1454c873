"""The part of a view that prints on some panels can reach: all that an order's ink needs of it.
A view serves every colour and place; a canvas and finished cloth serve the next design, in half the room.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tirage.mockup import kernels
from tirage.mockup.kept import Arrays
from tirage.mockup.kernels import ATLAS_STEPS, NOWHERE, TILE, pointer
from tirage.mockup.model import Panel, Template
from tirage.mockup.view import EVEN, Codes, View

_SMOOTH = -1
"""The slot of tiles without samples: one smooth surface (native/canvas.h)."""
_MARGIN_CM = 0.3
"""Cloth beyond a panel's outline that still counts as its own: the atlas goes on there."""
_FRINGE_CM, _GRID_CM = 0.5, 2.0
"""How far pixels beside art may show it, as views allow for (scene.py); the steps in which a reach grows."""

Box = tuple[float, float, float, float]
D = TypeVar("D", np.float16, np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Canvas(Arrays):
    """Tiles as blocks; shapes begin with the number of blocks or of slots."""

    size: int
    k: int
    tile: NDArray[np.int32]
    """(blocks,) the tile's number, by rows."""
    slot: NDArray[np.int32]
    """(blocks,) an index into first, stored and surface, or -1 where there are no samples."""
    block: NDArray[np.int32]
    """(across, across) each tile's block, or -1."""
    atlas: NDArray[np.uint16]
    terms: NDArray[np.float16]
    first: NDArray[np.int32]
    stored: NDArray[np.uint32]
    samples: NDArray[np.uint16]
    surface: NDArray[np.float16]

    def for_kernels(self, fabric: Codes = EVEN) -> kernels.Canvas:
        """The same as the kernels take it, with a fabric on it."""
        return kernels.Canvas(
            tile=pointer(self.tile, np.int32),
            slot=pointer(self.slot, np.int32),
            block=pointer(self.block, np.int32),
            atlas=pointer(self.atlas, np.uint16),
            terms=pointer(self.terms, np.float16),
            fabric=fabric.for_kernels(),
            first=pointer(self.first, np.int32),
            stored=pointer(self.stored, np.uint32),
            samples=pointer(self.samples, np.uint16),
            surface=pointer(self.surface, np.float16),
            count=len(self.tile),
            size=self.size,
        )


def panel_box(template: Template, panel: Panel) -> Box:
    """Where a panel lies on the atlas, in its units: left, top, right, bottom."""
    left, top, right, bottom = panel.bounds
    return _on_atlas(
        template, panel, (left - _MARGIN_CM, top - _MARGIN_CM, right + _MARGIN_CM, bottom + _MARGIN_CM)
    )


class Reach:
    """How far on each panel the art of all orders so far reached, on a grid.

    A canvas for all of it serves the next design of the same preset too, which is as wide but rarely as tall.
    """

    def __init__(self, template: Template) -> None:
        self._template = template
        self._boxes: dict[str, Box] = {}
        self._lock = threading.Lock()

    def of(self, panel: Panel, corners: Sequence[NDArray[np.float64]]) -> Box:
        """A box of the atlas for art with these corners (4, 2) in panel cm, and for all before it."""
        points = np.concatenate(corners)
        low = np.floor((points.min(axis=0) - _FRINGE_CM) / _GRID_CM) * _GRID_CM
        high = np.ceil((points.max(axis=0) + _FRINGE_CM) / _GRID_CM) * _GRID_CM
        box = _on_atlas(self._template, panel, (low[0], low[1], high[0], high[1]))
        with self._lock:
            left, top, right, bottom = self._boxes.get(panel.name, box)
            box = (min(left, box[0]), min(top, box[1]), max(right, box[2]), max(bottom, box[3]))
            self._boxes[panel.name] = box
        return box


def _on_atlas(template: Template, panel: Panel, box: Box) -> Box:
    (x, y), scale = panel.origin, template.atlas_cm
    left, top, right, bottom = box
    return (x + left) / scale, (y + top) / scale, (x + right) / scale, (y + bottom) / scale


def make_canvas(view: View, boxes: Collection[Box]) -> Canvas:
    """What prints within these boxes of the atlas need of a view."""
    reached = np.zeros(view.block.size, np.bool_)
    reached[view.block.ravel() >= 0] = _within(view.atlas, boxes)
    reached[view.slot.ravel() >= 0] |= np.logical_or.reduceat(_within(view.samples, boxes), view.first)
    tile = np.flatnonzero(reached).astype(np.int32)
    block = np.full(view.block.shape, -1, np.int32)
    block.ravel()[tile] = np.arange(len(tile))
    slots = view.slot.ravel()[tile]
    slot = np.where(slots >= 0, np.cumsum(slots >= 0) - 1, _SMOOTH).astype(np.int32)
    first, samples = _samples(view, slots[slots >= 0])
    return Canvas(
        size=view.size,
        k=view.k,
        tile=tile,
        slot=slot,
        block=block,
        atlas=view.atlas[view.block.ravel()[tile]],
        terms=_pixels(view, tile, view.terms),
        first=first,
        stored=view.stored[slots[slots >= 0]],
        samples=samples,
        surface=view.surface[slots[slots >= 0]],
    )


def canvas_codes(canvas: Canvas, view: View, codes: Codes) -> Codes:
    """A view's fabric on a canvas of it."""
    return Codes(_pixels(view, canvas.tile, codes.codes)) if codes.codes.size else codes


def _within(places: NDArray[np.uint16], boxes: Collection[Box]) -> NDArray[np.bool_]:
    """Which blocks of kept atlas positions (n, side, side, 2) have one in a box."""
    edges = np.floor(np.reshape(list(boxes), (-1, 4)) * ATLAS_STEPS).clip(0, NOWHERE - 2)
    edges[:, 2:] += 1
    within = np.empty(len(places), np.bool_)
    kernels.call(
        "blocks_within",
        pointer(places, np.uint16),
        len(places),
        places[0].size // 2 if len(places) else 0,
        pointer(edges.astype(np.uint16), np.uint16),
        len(edges),
        pointer(within, np.bool_),
    )
    return within


def _samples(view: View, slots: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
    """Where the samples of these slots begin when nothing lies between them, and the samples."""
    counts = np.diff(view.first, append=len(view.samples))[slots]
    first = (np.cumsum(counts) - counts).astype(np.int32)
    chosen = np.repeat(view.first[slots] - first, counts) + np.arange(counts.sum())
    return first, view.samples[chosen]


def _pixels(view: View, tile: NDArray[np.int32], values: NDArray[D]) -> NDArray[D]:
    """What a view has for its pixels (pixels, …), for those of some tiles: (tiles, TILE, TILE, …)."""
    out = np.empty((len(tile), TILE, TILE, *values.shape[1:]), values.dtype)
    kernels.call(
        "tile_pixels",
        pointer(tile, np.int32),
        len(tile),
        view.size,
        pointer(view.x0, np.int32),
        pointer(view.x1, np.int32),
        pointer(view.offset, np.int64),
        pointer(values, values.dtype.type),
        values[:1].nbytes,
        pointer(out, out.dtype.type),
    )
    return out
