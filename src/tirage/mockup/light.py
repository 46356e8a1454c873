"""A template's light in texture space: where texels lie on the cloth, what a camera sees of each lamp there.
The maps hold Lambert light; the cloth's own reflection is put on top per camera (cloth.py, native/light.c).
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tirage.mockup import kernels
from tirage.mockup.cloth import cloth_tables
from tirage.mockup.kernels import LANES, pointer
from tirage.mockup.mesh import Shell
from tirage.mockup.model import Lamp, Template

F32 = NDArray[np.float32]

GUTTER = 2
"""Texels around an island that a bilinear look-up at its border can reach."""
OTHERS = ("world", "indirect_a", "indirect_b")
"""The light maps beside the lamps'."""
_LAMP_FIELDS, _OTHER_FIELDS = 4, 4


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side of the cloth over an atlas of size x size texels; n lie on islands or in their gutter."""

    size: int
    texel: NDArray[np.int32]
    """(n,) flat indices."""
    position: F32
    """(n, 3) metres."""
    normal: F32
    """(n, 3)"""
    records: NDArray[np.float16]
    """(n, fields) what no camera changes: native/light.c."""


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """Everything that lights one template."""

    cloth: kernels.Cloth
    lamp_count: int
    bounce_ratio: float
    """Light that bounced again over light that bounced once, at albedo 1: the mean over the outside."""
    outside: Side
    inside: Side


def build_light(template: Template, shell: Shell) -> Light:
    """Prepare a template's light; about 0.1 s, once per process."""
    cloth = cloth_tables(template.material)
    names = (*(lamp.name for lamp in template.lamps), *OTHERS)
    maps = [template.light[name] for name in names]
    outside, inside = (
        _side(template, shell, cloth, inside=side, maps=[m.inside if side else m.outside for m in maps])
        for side in (False, True)
    )
    once, again = (float(template.light[name].outside.mean()) for name in OTHERS[1:])
    return Light(
        cloth=cloth,
        lamp_count=len(template.lamps),
        bounce_ratio=again / max(once, 1e-6),
        outside=outside,
        inside=inside,
    )


def light_seen(light: Light, side: Side, camera: F32, out: NDArray[np.float16]) -> None:
    """One side's light for a camera at (3,) metres, into out (size, size, LANES)."""
    kernels.call(
        "light_view",
        ctypes.byref(light.cloth),
        light.lamp_count,
        pointer(side.records, np.float16),
        pointer(camera, np.float32),
        pointer(side.position, np.float32),
        pointer(side.normal, np.float32),
        pointer(side.texel, np.int32),
        len(side.texel),
        pointer(out, np.float16),
    )


def light_texture(side: Side) -> NDArray[np.float16]:
    """An empty target for `light_seen`."""
    return np.zeros((side.size, side.size, LANES), np.float16)


def _side(
    template: Template, shell: Shell, cloth: kernels.Cloth, *, inside: bool, maps: Sequence[F32]
) -> Side:
    size = len(maps[0])
    texel, position, normal = _texels(shell, inside=inside, size=size, atlas_cm=template.atlas_cm)
    lamps = (kernels.Lamp * len(template.lamps))(*(_lamp(lamp) for lamp in template.lamps))
    records = np.empty((len(texel), len(lamps) * _LAMP_FIELDS + _OTHER_FIELDS), np.float16)
    kernels.call(
        "light_records",
        ctypes.byref(cloth),
        lamps,
        len(lamps),
        (ctypes.c_void_p * len(maps))(*(pointer(m, np.float32).value for m in maps)),
        pointer(position, np.float32),
        pointer(normal, np.float32),
        pointer(texel, np.int32),
        len(texel),
        pointer(records, np.float16),
    )
    return Side(size=size, texel=texel, position=position, normal=normal, records=records)


def _texels(shell: Shell, *, inside: bool, size: int, atlas_cm: float) -> tuple[NDArray[np.int32], F32, F32]:
    """The islands' texels with their gutter: flat index, position, unit normal."""
    triangle = np.ascontiguousarray(shell.triangle[shell.inside == inside], np.int32)
    uv = np.ascontiguousarray(shell.uv * (size / atlas_cm), np.float32)
    position, normal = (np.zeros((size, size, 3), np.float32) for _ in range(2))
    mask = np.zeros((size, size), np.uint8)
    kernels.call(
        "texel_geometry",
        pointer(uv, np.float32),
        pointer(triangle, np.int32),
        len(triangle),
        pointer(np.ascontiguousarray(shell.position, np.float32), np.float32),
        pointer(np.ascontiguousarray(shell.normal, np.float32), np.float32),
        size,
        pointer(position, np.float32),
        pointer(normal, np.float32),
        pointer(mask, np.uint8),
    )
    for _ in range(GUTTER):
        _grow(mask, position, normal)
    texel = np.flatnonzero(mask).astype(np.int32)
    unit = normal.reshape(-1, 3)[texel]
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-9)
    return texel, position.reshape(-1, 3)[texel], unit


def _grow(mask: NDArray[np.uint8], *values: F32) -> None:
    """Give the texels right around the islands the mean of their neighbours, in place."""
    kernel = np.ones((3, 3), np.uint8)
    new = np.nonzero(cv2.dilate(mask, kernel) - mask)
    count = cv2.boxFilter(mask.astype(np.float32), -1, (3, 3), normalize=False)[new]
    for value in values:
        value[new] = cv2.boxFilter(value, -1, (3, 3), normalize=False)[new] / count[:, None]
    mask[new] = 1


def _lamp(lamp: Lamp) -> kernels.Lamp:
    """Blender's area light: a square facing its target, sampled at the centres of its four quarters."""
    at, target = np.array(lamp.position), np.array(lamp.target)
    axis = (target - at) / np.linalg.norm(target - at)
    right = np.cross(axis, (0, 0, 1) if abs(axis[2]) < np.cos(np.radians(3)) else (0, 1, 0))
    right /= np.linalg.norm(right)
    up = np.cross(right, axis)
    out = kernels.Lamp()
    out.axis[:] = axis.tolist()
    for point, (x, y) in zip(out.point, ((-1, -1), (1, -1), (-1, 1), (1, 1)), strict=True):
        point[:] = (at + (x * right + y * up) * lamp.size_m / 4).tolist()
    return out
