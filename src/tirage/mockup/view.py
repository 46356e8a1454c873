"""One camera's view of a template at one size: per-pixel light terms, and what prints need to be laid in.
Independent of design and colour, so it is what is worth keeping between orders.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tirage.mockup import kernels
from tirage.mockup.camera import pixels_per_cm, position, project
from tirage.mockup.fabric import Pattern, Yarn
from tirage.mockup.kept import Arrays
from tirage.mockup.kernels import ATLAS_STEPS, EDGE, FACE, MARKS, NOWHERE, PRINT, TERMS, TILE, pointer
from tirage.mockup.light import light_seen
from tirage.mockup.memory import picture
from tirage.mockup.scene import Scene, Workspace, print_regions, surfaces

_REACH = 2
"""Pixels around the silhouette that the filter can reach."""
_FLAT_K = 2
"""Samples a pixel and axis where detail varies on smooth cloth."""
_STEEP = 6.0
"""Neighbours farther apart on the atlas than this many frontal pixels lie on both sides of a fold's edge."""
_APART = 3.0
"""The same of a pixel's samples that lie on two pieces of cloth: narrow strips have light of their own."""


@dataclass(frozen=True, slots=True, eq=False)
class View(Arrays):
    """A finished view; row y holds columns x0[y] to x1[y] from offset[y] of terms (pixels, TERMS)."""

    size: int
    k: int
    x0: NDArray[np.int32]
    x1: NDArray[np.int32]
    offset: NDArray[np.int64]
    terms: NDArray[np.float16]
    slot: NDArray[np.int32]
    """Index of each tile into the next three, or -1."""
    first: NDArray[np.int32]
    """Where each tile's samples begin."""
    stored: NDArray[np.uint32]
    """(slots, TILE + 2) a bit for each pixel of the tile and its border whose samples are kept."""
    surface: NDArray[np.float16]
    """(slots, TILE, TILE, TERMS) terms of the printable surface alone."""
    samples: NDArray[np.uint16]
    """(pixels, k, k, 2) kept atlas positions of the samples."""
    block: NDArray[np.int32]
    """Index of each tile that prints can reach into the next, or -1."""
    atlas: NDArray[np.uint16]
    """(blocks, TILE, TILE, 2) kept atlas positions (kernels.h)."""


@dataclass(frozen=True, slots=True, eq=False)
class Codes(Arrays):
    """A fabric's factor on the pixels of a view, or of a canvas."""

    codes: NDArray[np.uint8]
    """(pixels,) or (blocks, TILE, TILE), kernels.h says how; empty where the fabric would look even."""

    def for_kernels(self) -> ctypes.c_void_p | None:
        """The same as the kernels take it."""
        return pointer(self.codes, np.uint8) if self.codes.size else None


EVEN = Codes(np.empty(0, np.uint8))


@dataclass(frozen=True, slots=True, eq=False)
class _Sight:
    """A view in the making: the camera, the cloth in its light, and what each pixel's centre shows."""

    scene: Scene
    camera: kernels.View
    faces: NDArray[np.int32]
    face_count: int
    cloths: kernels.Cloths
    frame: kernels.Frame
    regions: NDArray[np.uint16]
    printable: list[int]
    edges: NDArray[np.uint64]
    rows: NDArray[np.int32]
    tiles: NDArray[np.uint8]


def filter_taps(k: int) -> NDArray[np.float32]:
    """Blackman-Harris over ±1.5 pixels at k samples a pixel, as Cycles filters; (3k,), sum 1."""
    phase = 2 * np.pi * (np.arange(3 * k) + 0.5) / (3 * k)
    weights = 0.35875 - 0.48829 * np.cos(phase) + 0.14128 * np.cos(2 * phase) - 0.01168 * np.cos(3 * phase)
    taps: NDArray[np.float32] = (weights / weights.sum()).astype(np.float32)
    return taps


def _flat_taps(k: int) -> NDArray[np.float32]:
    """The same at _FLAT_K samples a pixel, each pixel's share as it is at k: their sums are mixed."""
    taps, shares = filter_taps(_FLAT_K).reshape(3, _FLAT_K), filter_taps(k).reshape(3, k).sum(axis=1)
    return np.asarray(taps * (shares / taps.sum(axis=1))[:, None], np.float32)


def build_view(
    scene: Scene,
    work: Workspace,
    *,
    azimuth: float,
    size: int,
    k: int,
    pattern: Pattern | None = None,
    yarn: Yarn | None = None,
    whole_panels: bool = False,
    passing: bool = False,
) -> tuple[View, Codes]:
    """See the garment from one side, and a fabric on it.

    pattern, yarn: the fabric's, and what leads ink, for pictures of that size; k: sub-samples a pixel and
    axis where they matter; whole_panels: keep what prints beyond print areas need; passing: looked at once
    and not kept.
    """
    eye = position(scene.template.camera, azimuth)
    light_seen(scene.light, scene.light.outside, eye, azimuth, work.outside)
    light_seen(scene.light, scene.light.inside, eye, azimuth, work.inside)
    work.mirror(scene, eye, size=size, passing=passing)
    sight = _sight(scene, work, azimuth, size, whole_panels=whole_panels)
    _look(sight)
    block, atlas = _print_blocks(sight)
    slot, first, stored, samples = _slots(sight, k)
    x0, x1, offset = _row_spans(sight.rows)
    view = View(
        size=size,
        k=k,
        x0=x0,
        x1=x1,
        offset=offset,
        terms=_blank(int(offset[-1]), size) if passing else np.zeros((int(offset[-1]), TERMS), np.float16),
        slot=slot,
        first=first,
        stored=stored,
        surface=np.zeros((len(first), TILE, TILE, TERMS), np.float16),
        samples=samples,
        block=block,
        atlas=atlas,
    )
    _fill(view, sight)
    if yarn is not None:
        _lead(view, yarn)
    return view, _woven(view, sight, pattern)


def fabric_seen(scene: Scene, work: Workspace, view: View, *, azimuth: float, pattern: Pattern) -> Codes:
    """Another fabric on a view that was made before."""
    sight = _sight(scene, work, azimuth, view.size, whole_panels=False)
    _look(sight)
    return _woven(view, sight, pattern)


def _blank(pixels: int, size: int) -> NDArray[np.float16]:
    """Room for a passing view's terms, all zero: blocks are of one length, and so used again."""
    terms = picture((size * size, 2 * TERMS)).view(np.float16)[:pixels]
    terms[:] = 0
    return terms


def _sight(scene: Scene, work: Workspace, azimuth: float, size: int, *, whole_panels: bool) -> _Sight:
    """Room for what a camera sees, and the triangles that face it."""
    corner = project(scene.shell.position, scene.template.camera, azimuth, size)
    camera = kernels.View(
        corner=pointer(corner, np.float32),
        uv=pointer(scene.uv, np.float32),
        tri=pointer(scene.triangle, np.int32),
        flags=pointer(scene.flags, np.uint8),
        tri_count=len(scene.flags),
        size=size,
    )
    faces = work.frame("faces", (len(scene.flags), FACE), np.int32)
    across, (edges, busy) = -(-size // TILE), np.zeros((2, size, -(-size // MARKS)), np.uint64)
    regions, printable = print_regions(scene.template, whole_panels=whole_panels)
    return _Sight(
        scene=scene,
        camera=camera,
        faces=faces,
        face_count=kernels.call("faces", ctypes.byref(camera), pointer(faces, np.int32)),
        cloths=surfaces(scene, work, size=size),
        frame=kernels.Frame(
            shown=pointer(work.frame("shown", (size, size), np.uint8), np.uint8),
            atlas=pointer(work.frame("atlas", (size, size, 2), np.uint16), np.uint16),
            edges=pointer(edges, np.uint64),
            busy=pointer(busy, np.uint64),
        ),
        regions=regions,
        printable=printable,
        edges=edges,
        rows=np.empty((size, 2), np.int32),
        tiles=np.zeros((across, across), np.uint8),
    )


def _look(sight: _Sight) -> None:
    """What each pixel's centre shows, which pixels need more than that, and which tiles prints can reach."""
    kernels.call_with_memory(
        "look",
        ctypes.byref(sight.camera),
        pointer(sight.faces, np.int32),
        sight.face_count,
        ctypes.byref(sight.cloths),
        pointer(sight.regions, np.uint16),
        _atlas_steps(sight, _STEEP),
        ctypes.byref(sight.frame),
        pointer(sight.rows, np.int32),
        pointer(sight.tiles, np.uint8),
    )


def _atlas_steps(sight: _Sight, pixels: float) -> int:
    """So many frontal pixels in steps of kept atlas positions."""
    template = sight.scene.template
    density = pixels_per_cm(template.camera, sight.camera.size)
    return round(pixels / density / template.atlas_cm * ATLAS_STEPS)


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


def _print_blocks(sight: _Sight) -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
    """The numbers of the tiles that prints can reach, and the kept atlas positions of their pixels."""
    block, count = _numbered((sight.tiles & PRINT) > 0)
    atlas = np.empty((count, TILE, TILE, 2), np.uint16)
    kernels.call(
        "print_blocks",
        ctypes.byref(sight.camera),
        ctypes.byref(sight.frame),
        pointer(sight.regions, np.uint16),
        pointer(block, np.int32),
        pointer(atlas, np.uint16),
    )
    return block, atlas


def _numbered(chosen: NDArray[np.bool_]) -> tuple[NDArray[np.int32], int]:
    """Each chosen tile's number, -1 for the others, and how many there are."""
    numbers = np.where(chosen, np.cumsum(chosen).reshape(chosen.shape) - 1, -1).astype(np.int32)
    return numbers, int(chosen.sum())


def _slots(
    sight: _Sight, k: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint32], NDArray[np.uint16]]:
    """Slot, first, stored and samples of a view: for tiles that both have marks and can show prints."""
    slot, count = _numbered((sight.tiles & (EDGE | PRINT)) == (EDGE | PRINT))
    first, stored = np.empty(count, np.int32), np.empty((count, TILE + 2), np.uint32)
    pixels = kernels.call(
        "stored_blocks",
        pointer(sight.edges, np.uint64),
        sight.camera.size,
        pointer(slot, np.int32),
        pointer(stored, np.uint32),
        pointer(first, np.int32),
    )
    return slot, first, stored, np.full((pixels, k, k, 2), NOWHERE, np.uint16)


def _fill(view: View, sight: _Sight) -> None:
    """Compute the terms of every pixel."""
    spans = kernels.Spans(
        x0=pointer(view.x0, np.int32),
        x1=pointer(view.x1, np.int32),
        offset=pointer(view.offset, np.int64),
        terms=pointer(view.terms, np.float16),
    )
    prints = kernels.Prints(
        slot=pointer(view.slot, np.int32),
        first=pointer(view.first, np.int32),
        stored=pointer(view.stored, np.uint32),
        samples=pointer(view.samples, np.uint16),
        surface=pointer(view.surface, np.float16),
    )
    for chart in sight.printable:
        prints.printable[chart] = 1
    kernels.call_with_memory(
        "terms",
        ctypes.byref(sight.camera),
        pointer(sight.faces, np.int32),
        sight.face_count,
        ctypes.byref(sight.cloths),
        ctypes.byref(sight.frame),
        pointer(sight.tiles, np.uint8),
        ctypes.byref(spans),
        ctypes.byref(prints),
        _atlas_steps(sight, _APART),
        pointer(filter_taps(view.k), np.float32),
        view.k,
        pointer(_flat_taps(view.k), np.float32),
        _FLAT_K,
    )


def _woven(view: View, sight: _Sight, pattern: Pattern | None) -> Codes:
    """The fabric's pattern on every pixel."""
    if pattern is None:
        return EVEN
    codes = np.empty(len(view.terms), np.uint8)
    kernels.call(
        "fabric_seen",
        ctypes.byref(sight.frame),
        view.size,
        ctypes.byref(pattern.levels),
        pointer(view.x0, np.int32),
        pointer(view.x1, np.int32),
        pointer(view.offset, np.int64),
        pointer(codes, np.uint8),
    )
    return Codes(codes)


def _lead(view: View, yarn: Yarn) -> None:
    """Lead what prints need along the yarn."""
    for places in (view.atlas, view.samples):
        kernels.call(
            "follow_yarn",
            pointer(places, np.uint16),
            ctypes.c_int64(places.size // 2),
            pointer(yarn.field, np.int8),
            len(yarn.field),
            ctypes.c_float(yarn.tiles),
        )
