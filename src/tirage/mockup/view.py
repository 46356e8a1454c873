"""One camera's view of a template at one size: per-pixel light terms, and what prints need to be laid in.
Independent of design and colour, so it is what is worth keeping between orders.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from tirage.mockup import kernels
from tirage.mockup.camera import pixels_per_cm, position, project
from tirage.mockup.kernels import ATLAS_STEPS, EDGE, NOWHERE, PRINT, TERMS, TILE, pointer
from tirage.mockup.light import light_seen
from tirage.mockup.scene import Scene, Workspace, print_regions, surfaces

_REACH = 2
"""Pixels around the silhouette that the filter can reach."""
_STEEP = 6.0
"""Neighbours farther apart on the atlas than this many frontal pixels lie on both sides of a fold's edge."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A finished view; row y holds columns x0[y] to x1[y] from offset[y] of terms (pixels, TERMS)."""

    size: int
    k: int
    x0: NDArray[np.int32]
    x1: NDArray[np.int32]
    offset: NDArray[np.int64]
    terms: NDArray[np.float16]
    tiles: NDArray[np.uint8]
    slot: NDArray[np.int32]
    """Index of each tile into the next two, or -1."""
    samples: NDArray[np.uint16]
    surface: NDArray[np.float16]
    block: NDArray[np.int32]
    """Index of each tile that prints can reach into the next, or -1."""
    atlas: NDArray[np.uint16]
    """(blocks, TILE, TILE, 2) kept atlas positions (kernels.h)."""

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        values = (getattr(self, field.name) for field in fields(self))
        return sum(value.nbytes for value in values if isinstance(value, np.ndarray))


@dataclass(frozen=True, slots=True, eq=False)
class _Sight:
    """A view in the making: the camera, the cloth in its light, and what each pixel's centre shows."""

    scene: Scene
    corner: NDArray[np.float32]
    camera: kernels.View
    cloths: kernels.Cloths
    ids: NDArray[np.int32]
    atlas: NDArray[np.uint16]
    rows: NDArray[np.int32]
    tiles: NDArray[np.uint8]


def filter_taps(k: int) -> NDArray[np.float32]:
    """Blackman-Harris over ±1.5 pixels at k samples a pixel, as Cycles filters; (3k,), sum 1."""
    phase = 2 * np.pi * (np.arange(3 * k) + 0.5) / (3 * k)
    weights = 0.35875 - 0.48829 * np.cos(phase) + 0.14128 * np.cos(2 * phase) - 0.01168 * np.cos(3 * phase)
    taps: NDArray[np.float32] = (weights / weights.sum()).astype(np.float32)
    return taps


def build_view(
    scene: Scene, work: Workspace, *, azimuth: float, size: int, k: int, whole_panels: bool = False
) -> View:
    """See the garment from one side.

    k: sub-samples a pixel and axis where they matter; whole_panels: keep what prints beyond print areas need.
    """
    eye = position(scene.template.camera, azimuth)
    light_seen(scene.light, scene.light.outside, eye, azimuth, work.outside)
    light_seen(scene.light, scene.light.inside, eye, azimuth, work.inside)
    sight = _look(scene, work, azimuth, size)
    regions, printable = print_regions(scene.template, whole_panels=whole_panels)
    block, atlas = _print_blocks(sight, regions)
    slot, samples, surface = _slots(sight.tiles, k)
    x0, x1, offset = _row_spans(sight.rows)
    view = View(
        size=size,
        k=k,
        x0=x0,
        x1=x1,
        offset=offset,
        terms=np.zeros((int(offset[-1]), TERMS), np.float16),
        tiles=sight.tiles,
        slot=slot,
        samples=samples,
        surface=surface,
        block=block,
        atlas=atlas,
    )
    _fill(view, sight, printable)
    return view


def _look(scene: Scene, work: Workspace, azimuth: float, size: int) -> _Sight:
    """What each pixel's centre shows, and which tiles need more than that."""
    camera = scene.template.camera
    corner = project(scene.shell.position, camera, azimuth, size)
    across = -(-size // TILE)
    sight = _Sight(
        scene=scene,
        corner=corner,
        camera=kernels.View(
            corner=pointer(corner, np.float32),
            uv=pointer(scene.uv, np.float32),
            tri=pointer(scene.shell.triangle, np.int32),
            flags=pointer(scene.flags, np.uint8),
            tri_count=len(scene.flags),
            size=size,
        ),
        cloths=surfaces(scene, work, size=size),
        ids=work.frame("ids", (size, size), np.int32),
        atlas=work.frame("atlas", (size, size, 2), np.uint16),
        rows=np.empty((size, 2), np.int32),
        tiles=np.zeros((across, across), np.uint8),
    )
    view, rows = ctypes.byref(sight.camera), pointer(sight.rows, np.int32)
    ids, atlas = pointer(sight.ids, np.int32), pointer(sight.atlas, np.uint16)
    depth = pointer(work.frame("depth", (size, size), np.float32), np.float32)
    kernels.call("visibility", view, depth, ids, rows)
    kernels.call("pixel_atlas", view, ids, rows, atlas)
    jump = round(_STEEP / pixels_per_cm(camera, size) / scene.template.atlas_cm * ATLAS_STEPS)
    tiles = pointer(sight.tiles, np.uint8)
    kernels.call("classify", view, ctypes.byref(sight.cloths), ids, rows, atlas, jump, tiles)
    return sight


def _row_spans(
    rows: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Covered columns of each row, grown by the filter's reach, and where each row starts."""
    size = len(rows)
    padded = np.pad(rows, ((_REACH, _REACH), (0, 0)))
    padded[:_REACH] = padded[-_REACH:] = (size, -1)
    near = np.stack([padded[i : i + size] for i in range(2 * _REACH + 1)])
    x0 = np.maximum(near[:, :, 0].min(axis=0) - _REACH, 0)
    x1 = np.maximum(np.minimum(near[:, :, 1].max(axis=0) + 1 + _REACH, size), x0)
    offset = np.concatenate([[0], np.cumsum(x1 - x0)]).astype(np.int64)
    return x0.astype(np.int32), x1.astype(np.int32), offset


def _print_blocks(
    sight: _Sight, regions: NDArray[np.float32]
) -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
    """Marks the tiles that prints can reach; their numbers, and the kept atlas positions of their pixels."""
    view, rows = ctypes.byref(sight.camera), pointer(sight.rows, np.int32)
    ids, atlas = pointer(sight.ids, np.int32), pointer(sight.atlas, np.uint16)
    reach = pointer(regions, np.float32)
    kernels.call("printable_tiles", view, ids, rows, reach, atlas, pointer(sight.tiles, np.uint8))
    block, count = _numbered((sight.tiles & PRINT) > 0)
    kept = np.empty((count, TILE, TILE, 2), np.uint16)
    kernels.call("print_blocks", view, ids, reach, atlas, pointer(block, np.int32), pointer(kept, np.uint16))
    return block, kept


def _numbered(chosen: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int]:
    """Each chosen tile's number, -1 for the others, and how many there are."""
    numbers = np.where(chosen, np.cumsum(chosen).reshape(chosen.shape) - 1, -1).astype(np.int32)
    return numbers, int(chosen.sum())


def _slots(
    tiles: NDArray[np.uint8], k: int
) -> tuple[NDArray[np.int32], NDArray[np.uint16], NDArray[np.float16]]:
    """Room for what tiles keep that both need sub-samples and can show prints."""
    slot, count = _numbered((tiles & (EDGE | PRINT)) == (EDGE | PRINT))
    side = (TILE + 2) * k
    samples = np.full((count, side, side, 2), NOWHERE, np.uint16)
    return slot, samples, np.zeros((count, TILE, TILE, TERMS), np.float16)


def _fill(view: View, sight: _Sight, printable: list[int]) -> None:
    """Compute the terms of every pixel."""
    spans = kernels.Spans(
        x0=pointer(view.x0, np.int32),
        x1=pointer(view.x1, np.int32),
        offset=pointer(view.offset, np.int64),
        terms=pointer(view.terms, np.float16),
    )
    prints = kernels.Prints(
        slot=pointer(view.slot, np.int32),
        samples=pointer(view.samples, np.uint16),
        surface=pointer(view.surface, np.float16),
    )
    for chart in printable:
        prints.printable[chart] = 1
    failed = kernels.call(
        "terms",
        ctypes.byref(sight.camera),
        ctypes.byref(sight.cloths),
        pointer(sight.ids, np.int32),
        pointer(sight.atlas, np.uint16),
        pointer(sight.tiles, np.uint8),
        ctypes.byref(spans),
        ctypes.byref(prints),
        pointer(filter_taps(view.k), np.float32),
        view.k,
    )
    if failed:
        raise MemoryError("no memory for a view")
