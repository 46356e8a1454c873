"""A template's light in texture space: where each texel lies on the cloth, and what a camera sees of each lamp there.
The maps hold Lambert light; the cloth's own reflection is put on top per camera (cloth.py, native/light.c).
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tirage.mockup import kernels
from tirage.mockup.cloth import cloth_tables
from tirage.mockup.kernels import pointer
from tirage.mockup.mesh import Shell
from tirage.mockup.model import Lamp, Template

Floats = NDArray[np.float32]

_GUTTER = 2
"""Texels around an island that a bilinear look-up at its border can reach."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side of the cloth over its atlas, size texels square."""

    size: int
    position: Floats
    """(size, size, 3) metres."""
    normal: Floats
    """(size, size, 3)"""
    texels: NDArray[np.int32]
    """(n,) flat indices of the islands' texels with their gutter."""
    maps: tuple[Floats, ...]
    """(size, size) each: the lamps, the world, the indirect pair."""


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """Everything that lights one template."""

    cloth: kernels.Cloth
    lamps: ctypes.Array[kernels.Lamp]
    outside: Side
    inside: Side


def _spread(values: Floats, mask: NDArray[np.uint8]) -> tuple[Floats, NDArray[np.uint8]]:
    """Give the texels around an island the mean of their neighbours."""
    known = mask.astype(np.float32)
    total = cv2.boxFilter(values * known[..., None], -1, (3, 3), normalize=False)
    count = cv2.boxFilter(known, -1, (3, 3), normalize=False)
    grown = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    new = (grown > 0) & (mask == 0)
    values = values.copy()
    values[new] = total[new] / count[new][:, None]
    return values, grown


def _side(shell: Shell, *, inside: bool, atlas_cm: float, maps: tuple[Floats, ...]) -> Side:
    size = maps[0].shape[0]
    triangle = np.ascontiguousarray(shell.triangle[shell.inside == inside], np.int32)
    uv = np.ascontiguousarray(shell.uv * (size / atlas_cm), np.float32)
    position, normal = (np.zeros((size, size, 3), np.float32) for _ in range(2))
    mask = np.zeros((size, size), np.uint8)
    kernels.call(
        "texel_geometry",
        pointer(uv, np.float32, -1, 2),
        pointer(triangle, np.int32, -1, 3),
        len(triangle),
        pointer(np.ascontiguousarray(shell.position, np.float32), np.float32, len(uv), 3),
        pointer(np.ascontiguousarray(shell.normal, np.float32), np.float32, len(uv), 3),
        size,
        pointer(position, np.float32, size, size, 3),
        pointer(normal, np.float32, size, size, 3),
        pointer(mask, np.uint8, size, size),
    )
    for _ in range(_GUTTER):
        position, _grown = _spread(position, mask)
        normal, mask = _spread(normal, mask)
    length = np.linalg.norm(normal, axis=2, keepdims=True)
    normal = np.ascontiguousarray(normal / np.maximum(length, 1e-9), np.float32)
    return Side(
        size=size,
        position=np.ascontiguousarray(position, np.float32),
        normal=normal,
        texels=np.flatnonzero(mask).astype(np.int32),
        maps=tuple(np.ascontiguousarray(m, np.float32) for m in maps),
    )


def _lamp(lamp: Lamp) -> kernels.Lamp:
    """Blender's area light: a square facing its target, sampled at the centres of its four quarters."""
    at, target = np.array(lamp.position), np.array(lamp.target)
    axis = (target - at) / np.linalg.norm(target - at)
    right = np.cross(axis, (0, 0, 1)) if abs(axis[2]) < 0.999 else np.array((1.0, 0, 0))
    right /= np.linalg.norm(right)
    up = np.cross(right, axis)
    out = kernels.Lamp()
    out.axis[:] = axis.tolist()
    for point, (x, y) in zip(out.point, ((-1, -1), (1, -1), (-1, 1), (1, 1)), strict=True):
        point[:] = (at + (x * right + y * up) * lamp.size_m / 4).tolist()
    return out


def build_light(template: Template, shell: Shell) -> Light:
    """Prepare a template's light; ≈ 0.1 s, once per process."""
    names = [lamp.name for lamp in template.lamps] + ["world", "indirect_a", "indirect_b"]
    maps = [template.light[name] for name in names]
    lamps = (kernels.Lamp * len(template.lamps))(*(_lamp(lamp) for lamp in template.lamps))
    sides = [
        _side(shell, inside=inside, atlas_cm=template.atlas_cm, maps=tuple(m.inside if inside else m.outside for m in maps))
        for inside in (False, True)
    ]
    return Light(cloth=cloth_tables(template.material), lamps=lamps, outside=sides[0], inside=sides[1])


def light_seen(light: Light, side: Side, camera: Floats, out: NDArray[np.float16]) -> None:
    """Light of one side for a camera at `camera` (3,) metres, into out (size, size, TERMS); texels turned away stay."""
    maps = (ctypes.c_void_p * len(side.maps))(*(m.ctypes.data for m in side.maps))
    size = side.size
    kernels.call(
        "light_view",
        ctypes.byref(light.cloth),
        light.lamps,
        len(light.lamps),
        maps,
        pointer(camera, np.float32, 3),
        pointer(side.position, np.float32, size, size, 3),
        pointer(side.normal, np.float32, size, size, 3),
        pointer(side.texels, np.int32, -1),
        len(side.texels),
        pointer(out, np.float16, size, size, kernels.TERMS),
    )
