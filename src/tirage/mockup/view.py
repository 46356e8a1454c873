"""One camera's view of a template at one size: per-pixel light terms, and what a print needs to be laid into it.
Independent of design and colour, so it is what is worth keeping between orders.
"""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tirage.mockup import kernels
from tirage.mockup.kernels import EDGE, PRINT, TERMS, TILE, pointer
from tirage.mockup.light import Light, light_seen
from tirage.mockup.mesh import Shell
from tirage.mockup.model import Camera, Template

Array = NDArray[Any]

_BUSY = 256
"""Resolution of the map that says where the albedo detail varies."""
_BORDER = 2
"""Pixels around the silhouette that the filter can reach."""
_STEEP = 6.0
"""Atlas steps beyond this many times a frontal pixel are a fold's edge, not one surface."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What every view of a template shares, as the kernels want it."""

    template: Template
    shell: Shell
    light: Light
    uv: NDArray[np.float32]
    """(n, 2) atlas units 0..1."""
    flags: NDArray[np.uint8]
    """(m,) panel of each triangle, with INSIDE."""
    busy: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One finished view; row y holds columns x0[y]..x1[y] from offset[y] of terms (pixels, TERMS)."""

    size: int
    k: int
    x0: NDArray[np.int32]
    x1: NDArray[np.int32]
    offset: NDArray[np.int64]
    terms: NDArray[np.float16]
    tiles: NDArray[np.uint8]
    slot: NDArray[np.int32]
    samples: NDArray[np.uint16]
    surface: NDArray[np.float16]
    left: int
    top: int
    atlas: NDArray[np.uint16]
    """(height, width, 2) kept atlas positions (kernels.h) where a print can lie."""

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        arrays = (self.x0, self.x1, self.offset, self.terms, self.tiles, self.slot, self.samples, self.surface, self.atlas)
        return sum(array.nbytes for array in arrays)


class Workspace:
    """Scratch of one thread: light textures and full-frame buffers, reused from view to view."""

    def __init__(self, light: Light) -> None:
        self.outside = np.zeros((light.outside.size, light.outside.size, TERMS), np.float16)
        self.inside = np.zeros((light.inside.size, light.inside.size, TERMS), np.float16)
        self._frames: dict[str, Array] = {}

    def frame(self, name: str, shape: tuple[int, ...], dtype: type[np.generic]) -> Array:
        """A buffer of that shape; its contents are whatever was there."""
        found = self._frames.get(name)
        if found is None or found.shape != shape:
            found = self._frames[name] = np.empty(shape, dtype)
        return found


def camera_position(camera: Camera, azimuth: float) -> NDArray[np.float32]:
    """Where the camera stands, metres (3,); azimuth in degrees from the front towards the wearer's left."""
    t = math.radians(azimuth)
    d = camera.distance_m
    return np.array([d * math.sin(t), -d * math.cos(t), camera.target_z_m + camera.height_m], np.float32)


def project(position: NDArray[np.float32], camera: Camera, azimuth: float, size: int) -> NDArray[np.float32]:
    """Vertices (n, 3) in metres to x, y in pixels (y down) and 1 / depth, (n, 3)."""
    eye = camera_position(camera, azimuth).astype(np.float64)
    back = eye - (0, 0, camera.target_z_m)
    back /= np.linalg.norm(back)
    right = np.cross((0, 0, 1), back)
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(back, right), -back]).astype(np.float32)
    focal = camera.lens_mm / camera.sensor_mm * size
    corner = np.empty((len(position), 3), np.float32)
    kernels.call(
        "project",
        pointer(position, np.float32, -1, 3),
        len(position),
        pointer(eye.astype(np.float32), np.float32, 3),
        pointer(rotation, np.float32, 3, 3),
        ctypes.c_float(focal),
        ctypes.c_float(size / 2),
        pointer(corner, np.float32, -1, 3),
    )
    return corner


def pixels_per_cm(camera: Camera, size: int) -> float:
    """Scale of a picture at the camera's target."""
    return camera.lens_mm / camera.sensor_mm * size / camera.distance_m / 100


def filter_taps(k: int) -> NDArray[np.float32]:
    """Blackman-Harris over ±1.5 pixels at k samples a pixel, as Cycles filters; (3k,), sum 1."""
    phase = 2 * np.pi * (np.arange(3 * k) + 0.5) / (3 * k)
    weights = 0.35875 - 0.48829 * np.cos(phase) + 0.14128 * np.cos(2 * phase) - 0.01168 * np.cos(3 * phase)
    return (weights / weights.sum()).astype(np.float32)


def build_scene(template: Template, shell: Shell, light: Light) -> Scene:
    """Prepare what all views share."""
    flags = shell.panel[shell.triangle[:, 0]].astype(np.uint8)
    flags[shell.inside] |= kernels.INSIDE
    side = template.detail.shape[0] // _BUSY
    blocks = template.detail[: side * _BUSY, : side * _BUSY].reshape(_BUSY, side, _BUSY, side)
    busy = (blocks.max(axis=(1, 3)) - blocks.min(axis=(1, 3)) > 1).astype(np.uint8)
    uv = np.ascontiguousarray(shell.uv / template.atlas_cm, np.float32)
    return Scene(template=template, shell=shell, light=light, uv=uv, flags=flags, busy=busy)


def _row_spans(rows: NDArray[np.int32], size: int) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Covered columns of each row, grown by the filter's reach, and where each row starts."""
    padded = np.pad(rows, ((_BORDER, _BORDER), (0, 0)), mode="constant")
    padded[:_BORDER] = padded[-_BORDER:] = (size, -1)
    near = np.stack([padded[i : i + size] for i in range(2 * _BORDER + 1)])
    x0 = np.maximum(near[:, :, 0].min(axis=0) - _BORDER, 0)
    x1 = np.minimum(near[:, :, 1].max(axis=0) + 1 + _BORDER, size)
    x1 = np.maximum(x0, x1)
    offset = np.concatenate([[0], np.cumsum(x1 - x0)]).astype(np.int64)
    return x0.astype(np.int32), x1.astype(np.int32), offset


def _regions(template: Template, *, whole_panels: bool) -> tuple[NDArray[np.float32], list[int]]:
    """Atlas rectangles by chart that prints may reach: the print areas with a margin, or all of each panel."""
    regions = np.zeros((128, 4), np.float32)
    printable = []
    for index, panel in enumerate(template.panels):
        if panel.print_area is None:
            continue
        printable.append(index)
        x, y = panel.origin
        left, top, right, bottom = panel.bounds if whole_panels else panel.print_area
        margin = 1.0
        box = (x + left - margin, y + top - margin, x + right + margin, y + bottom + margin)
        regions[index] = np.array(box) / template.atlas_cm
    return regions, printable


def _cloths(scene: Scene, work: Workspace) -> kernels.Cloths:
    detail = scene.template.detail
    return kernels.Cloths(
        outside=pointer(work.outside, np.float16, -1, -1, TERMS),
        inside=pointer(work.inside, np.float16, -1, -1, TERMS),
        outside_size=work.outside.shape[0],
        inside_size=work.inside.shape[0],
        detail=pointer(detail, np.uint8, -1, -1),
        busy=pointer(scene.busy, np.uint8, _BUSY, _BUSY),
        detail_size=detail.shape[0],
        busy_size=_BUSY,
    )


def build_view(scene: Scene, work: Workspace, *, azimuth: float, size: int, k: int, whole_panels: bool = False) -> View:
    """See the garment from one side.

    k: sub-samples a pixel and axis where they matter; whole_panels: keep what prints outside the print areas need.
    """
    template, light = scene.template, scene.light
    eye = camera_position(template.camera, azimuth)
    light_seen(light, light.outside, eye, work.outside)
    light_seen(light, light.inside, eye, work.inside)
    corner = project(scene.shell.position, template.camera, azimuth, size)
    count = len(scene.flags)
    camera = kernels.View(
        corner=pointer(corner, np.float32, -1, 3),
        uv=pointer(scene.uv, np.float32, len(corner), 2),
        tri=pointer(scene.shell.triangle, np.int32, count, 3),
        flags=pointer(scene.flags, np.uint8, count),
        tri_count=count,
        size=size,
    )
    ids = work.frame("ids", (size, size), np.int32)
    depth = work.frame("depth", (size, size), np.float32)
    rows = np.empty((size, 2), np.int32)
    kernels.call("visibility", ctypes.byref(camera), pointer(depth, np.float32, size, size), pointer(ids, np.int32, size, size), pointer(rows, np.int32, size, 2))
    x0, x1, offset = _row_spans(rows, size)
    atlas = work.frame("atlas", (size, size, 2), np.float32)
    kernels.call("pixel_atlas", ctypes.byref(camera), pointer(ids, np.int32, size, size), pointer(atlas, np.float32, size, size, 2))
    cloths = _cloths(scene, work)
    across = -(-size // TILE)
    tiles = np.zeros((across, across), np.uint8)
    jump = _STEEP / pixels_per_cm(template.camera, size) / template.atlas_cm
    kernels.call("classify", ctypes.byref(camera), ctypes.byref(cloths), pointer(ids, np.int32, size, size), pointer(atlas, np.float32, size, size, 2), ctypes.c_float(jump), pointer(tiles, np.uint8, across, across))
    return _fill(scene, camera, cloths, ids, atlas, tiles, (x0, x1, offset), k, whole_panels)


def _fill(
    scene: Scene,
    camera: kernels.View,
    cloths: kernels.Cloths,
    ids: NDArray[np.int32],
    atlas: NDArray[np.float32],
    tiles: NDArray[np.uint8],
    spans: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]],
    k: int,
    whole_panels: bool,
) -> View:
    x0, x1, offset = spans
    size, across = len(x0), len(tiles)
    regions, printable = _regions(scene.template, whole_panels=whole_panels)
    box = np.zeros(4, np.int32)
    seen = (ctypes.byref(camera), pointer(ids, np.int32, size, size), pointer(regions, np.float32, 128, 4), pointer(atlas, np.float32, size, size, 2))
    kernels.call("printable_pixels", *seen, pointer(tiles, np.uint8, across, across), pointer(box, np.int32, 4))
    if box[2] <= box[0]:
        box[:] = (0, 0, 1, 1)
    left, top, right, bottom = (int(v) for v in box)
    crop = np.empty((bottom - top, right - left, 2), np.uint16)
    kernels.call("crop_atlas", *seen, pointer(box, np.int32, 4), pointer(crop, np.uint16, -1, -1, 2))
    both = (tiles & (EDGE | PRINT)) == (EDGE | PRINT)
    slot = np.where(both, np.cumsum(both).reshape(both.shape) - 1, -1).astype(np.int32)
    slots = int(both.sum())
    side = (TILE + 2) * k
    samples = np.full((slots, side, side, 2), 65535, np.uint16)
    surface = np.zeros((slots, TILE, TILE, TERMS), np.float16)
    terms = np.zeros((int(offset[-1]), TERMS), np.float16)
    prints = kernels.Prints(slot=pointer(slot, np.int32, across, across), samples=pointer(samples, np.uint16, slots, side, side, 2), surface=pointer(surface, np.float16, slots, TILE, TILE, TERMS))
    for chart in printable:
        prints.printable[chart] = 1
    out = kernels.Spans(x0=pointer(x0, np.int32, size), x1=pointer(x1, np.int32, size), offset=pointer(offset, np.int64, size + 1), terms=pointer(terms, np.float16, -1, TERMS))
    taps = filter_taps(k)
    if kernels.call("terms", ctypes.byref(camera), ctypes.byref(cloths), pointer(ids, np.int32, size, size), pointer(atlas, np.float32, size, size, 2), pointer(tiles, np.uint8, across, across), ctypes.byref(out), ctypes.byref(prints), pointer(taps, np.float32, 3 * k), k):
        raise MemoryError("not enough memory to render a view")
    return View(size=size, k=k, x0=x0, x1=x1, offset=offset, terms=terms, tiles=tiles, slot=slot, samples=samples, surface=surface, left=left, top=top, atlas=crop)
