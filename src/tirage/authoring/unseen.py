"""What a camera can ever see: of cloth's inside through the neck, the sleeves, below the hem; of a solid what
nothing covers.

Inner triangles that it cannot stay in the mesh, for baking, but the renderer leaves them out."""

from __future__ import annotations

import ctypes
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tirage.mockup import kernels
from tirage.mockup.camera import project
from tirage.mockup.kernels import ATLAS_STEPS, CHARTS, FACE, INSIDE, MARKS, TILE, pointer
from tirage.mockup.mesh import Garment, Shell, expand
from tirage.mockup.model import Camera

SIZE = 2048
"""Pixels of the pictures that are drawn to find out, and cells of the atlas that remember."""
STEP = 2
"""Degrees between them: what comes into view in between is less than 4 mm wide."""
WIDE_STEP = 5
"""The same, of what is wide."""
MARGIN_CM = 0.8


def with_inner(garment: Garment, camera: Camera, atlas_cm: float) -> Garment:
    """The garment, knowing the triangles whose inner side is seen from anywhere on the camera's circle."""
    if garment.solid:
        return replace(garment, inner=np.empty(0, np.int32))
    shell = expand(garment)
    seen = np.zeros((SIZE, SIZE), np.uint8)
    for azimuth in range(0, 360, STEP):
        places = _seen(shell, camera, azimuth, atlas_cm, inside=True) * (SIZE / (ATLAS_STEPS + 1))
        column, row = places.astype(int).T
        seen[row, column] = 1
    around = 2 * round(MARGIN_CM / atlas_cm * SIZE) + 1
    near = cv2.dilate(seen, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (around, around)))
    column, row = (garment.uv * (SIZE / atlas_cm)).astype(int).clip(0, SIZE - 1).T
    kept = near[row, column][garment.triangle].any(axis=1)
    return replace(garment, inner=np.flatnonzero(kept).astype(np.int32))


def cells_seen(garment: Garment, camera: Camera, atlas_cm: float) -> NDArray[np.bool_]:
    """The cells of the atlas, (SIZE, SIZE), whose outside is seen from anywhere on the camera's circle.

    Light in what other parts cover is dark, and must not reach what lies beside it by interpolation."""
    shell = expand(garment)
    seen = np.zeros((SIZE, SIZE), np.uint8)
    for azimuth in range(0, 360, WIDE_STEP):
        places = _seen(shell, camera, azimuth, atlas_cm, inside=False) * (SIZE / (ATLAS_STEPS + 1))
        column, row = places.astype(int).T
        seen[row, column] = 1
    closed = cv2.morphologyEx(seen, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))  # between pixels' centres
    return closed.astype(np.bool_)


def _seen(
    shell: Shell, camera: Camera, azimuth: float, atlas_cm: float, *, inside: bool
) -> NDArray[np.uint16]:
    """The atlas positions (n, 2) of the pixels that show the inside, or the outside."""
    corner = project(shell.position, camera, azimuth, SIZE)
    uv = np.ascontiguousarray(shell.uv / atlas_cm, np.float32)
    flags = np.where(shell.inside, np.uint8(INSIDE), np.uint8(0))
    view = kernels.View(
        corner=pointer(corner, np.float32),
        uv=pointer(uv, np.float32),
        tri=pointer(shell.triangle, np.int32),
        flags=pointer(flags, np.uint8),
        tri_count=len(flags),
        size=SIZE,
    )
    shown, atlas = np.empty((SIZE, SIZE), np.uint8), np.empty((SIZE, SIZE, 2), np.uint16)
    edges, faces = np.zeros((SIZE, SIZE // MARKS), np.uint64), np.empty((len(flags), FACE), np.int32)
    frame = kernels.Frame(
        shown=pointer(shown, np.uint8), atlas=pointer(atlas, np.uint16), edges=pointer(edges, np.uint64)
    )
    kernels.call_with_memory(
        "look",
        ctypes.byref(view),
        pointer(faces, np.int32),
        kernels.call("faces", ctypes.byref(view), pointer(faces, np.int32)),
        ctypes.byref(kernels.Cloths()),
        pointer(np.zeros((CHARTS, 4), np.uint16), np.uint16),
        int(ATLAS_STEPS),
        ctypes.byref(frame),
        pointer(np.empty((SIZE, 2), np.int32), np.int32),
        pointer(np.zeros((SIZE // TILE, SIZE // TILE), np.uint8), np.uint8),
    )
    places: NDArray[np.uint16] = atlas[shown == INSIDE if inside else shown < INSIDE]
    return places
